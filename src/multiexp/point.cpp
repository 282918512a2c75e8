#include "multiexp/point.hpp"

#include "multiexp/curve.hpp"

namespace isoloir::multiexp {
namespace {

ExtendedPoint carried(const ExtendedPoint& p) {
  return {carry(p.x), carry(p.y), carry(p.z), carry(p.t)};
}

}  // namespace

// Of the identity's class are (0, +-1) and (+-i, 0), i^2 = -1. That Z is not 0 as well follows from
// the formulas, and is asked all the same: what a fault has made all zeros must accept nothing.
bool is_identity(const ExtendedPoint& point) {
  const auto [x, y, z, t] = carried(point);
  const FieldElement x2 = square(x), y2 = square(y), z2 = square(z);
  if (is_zero(z2)) return false;
  return (is_zero(x) && is_zero(subtract(y2, z2))) || (is_zero(y) && is_zero(add(x2, z2)));
}

std::array<std::uint8_t, 32> encode(const ExtendedPoint& point) {
  const auto [x, y, z, t] = carried(point);
  const FieldElement u1 = multiply(add(z, y), subtract(z, y)), u2 = multiply(x, y);
  FieldElement root[1] = {multiply(u1, square(u2))};
  bool square_found[1];  // always, or the point is of the identity's class and all becomes 0
  inverse_square_roots(root, square_found);
  const FieldElement d1 = multiply(root[0], u1), d2 = multiply(root[0], u2);
  const FieldElement z_inverse = multiply(multiply(d1, d2), t);
  const bool rotated = is_negative(multiply(t, z_inverse));
  const FieldElement x1 = rotated ? multiply(y, square_root_of_minus_one) : x;
  const FieldElement y1 = rotated ? multiply(x, square_root_of_minus_one) : y;
  const FieldElement d = rotated ? multiply(d1, inverse_root_of_a_minus_d) : d2;
  const FieldElement y2 = is_negative(multiply(x1, z_inverse)) ? negate(y1) : y1;
  const FieldElement s = multiply(d, subtract(z, y2));
  return field_bytes(is_negative(s) ? negate(s) : s);
}

ExtendedPoint sum(const ExtendedPoint& a, const ExtendedPoint& b) {
  return add(carried(a), carried(b));
}

ExtendedPoint identity() {
  return identity_point;
}

}  // namespace isoloir::multiexp
