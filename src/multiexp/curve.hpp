// Additions on the curve, complete for all pairs of points: Hisil, Wong, Carter, Dawson, "Twisted
// Edwards Curves Revisited", 2008, sections 3.1 and 3.3, for a = -1.
//
// Bounds (field.hpp), limbs in units of 2^51 and a little: coordinates that come in are tight (1),
// so sums are below 2, differences below 1 + 2 = 3 and differences of sums below 2 + 2 = 4; none
// passes 5, loose is 8. Coordinates that go out are products, tight.
#pragma once

#include "multiexp/constants.hpp"
#include "multiexp/field.hpp"

namespace isoloir::multiexp {

inline constexpr ExtendedPoint identity_point{field_zero, field_one, field_one, field_zero};

// What is added often, with Z = 1: y + x, y - x, 2dxy; all tight.
struct CachedAffine {
  FieldElement sum, difference, product;
};
// And with any Z: Y + X, Y - X, 2Z, 2dT; all tight.
struct CachedPoint {
  FieldElement sum, difference, twice_z, product;
};

// Coordinates are whole.
inline CachedAffine cached(const AffinePoint& p) {
  const FieldElement x = carry(p.x), y = carry(p.y);
  return {carry(add(y, x)), carry(subtract(y, x)), multiply(multiply(x, y), curve_2d)};
}
inline CachedPoint cached(const ExtendedPoint& p) {
  return {carry(add(p.y, p.x)), carry(subtract(p.y, p.x)), carry(add(p.z, p.z)),
          multiply(p.t, curve_2d)};
}

ISOLOIR_FIELD_INLINE CachedAffine negated(const CachedAffine& q) {
  return {q.difference, q.sum, negate(q.product)};
}

// With Z = 4: sum - difference is 2x, sum + difference 2y, and T = XY/Z their product.
ISOLOIR_FIELD_INLINE ExtendedPoint extended(const CachedAffine& q) {
  const FieldElement x2 = subtract(q.sum, q.difference), y2 = add(q.sum, q.difference);
  constexpr FieldElement four{{4, 0, 0, 0, 0}};
  return {carry(add(x2, x2)), carry(add(y2, y2)), four, multiply(x2, y2)};
}

// The last step of all: E, F, G, H are loose.
ISOLOIR_FIELD_INLINE ExtendedPoint assembled(const FieldElement& e, const FieldElement& f,
                                             const FieldElement& g, const FieldElement& h) {
  return {multiply(e, f), multiply(g, h), multiply(f, g), multiply(e, h)};
}

template <bool subtracted>
ISOLOIR_FIELD_INLINE ExtendedPoint add_cached(const ExtendedPoint& p, const CachedAffine& q) {
  const FieldElement a = multiply(subtract(p.y, p.x), subtracted ? q.sum : q.difference);
  const FieldElement b = multiply(add(p.y, p.x), subtracted ? q.difference : q.sum);
  const FieldElement c = multiply(p.t, q.product), d = add(p.z, p.z);
  const FieldElement minus = subtract(d, c), plus = add(d, c);
  return assembled(subtract(b, a), subtracted ? plus : minus, subtracted ? minus : plus, add(b, a));
}

template <bool subtracted>
ISOLOIR_FIELD_INLINE ExtendedPoint add_cached(const ExtendedPoint& p, const CachedPoint& q) {
  const FieldElement a = multiply(subtract(p.y, p.x), subtracted ? q.sum : q.difference);
  const FieldElement b = multiply(add(p.y, p.x), subtracted ? q.difference : q.sum);
  const FieldElement c = multiply(p.t, q.product), d = multiply(p.z, q.twice_z);
  const FieldElement minus = subtract(d, c), plus = add(d, c);
  return assembled(subtract(b, a), subtracted ? plus : minus, subtracted ? minus : plus, add(b, a));
}

inline ExtendedPoint add(const ExtendedPoint& p, const ExtendedPoint& q) {
  return add_cached<false>(p, cached(q));
}

// E and the rest with both signs changed: E = (X + Y)^2 - ... is taken away from H, below 2 + 2;
// F = 2Z^2 + G is below 2 + 3.
ISOLOIR_FIELD_INLINE ExtendedPoint twice(const ExtendedPoint& p) {
  const FieldElement a = square(p.x), b = square(p.y), zz = square(p.z);
  const FieldElement h = add(a, b), g = subtract(a, b);
  const FieldElement e = subtract(h, square(add(p.x, p.y)));
  return assembled(e, add(add(zz, zz), g), g, h);
}

}  // namespace isoloir::multiexp
