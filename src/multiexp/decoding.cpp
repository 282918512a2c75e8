#include "multiexp/decoding.hpp"

#include <algorithm>
#include <cstring>

#include "multiexp/constants.hpp"
#include "multiexp/field.hpp"

namespace isoloir::multiexp {
namespace {

constexpr std::size_t at_once = 4;

// Below p = 2^255 - 19 and even. The identity is 32 zero bytes and nothing else.
bool canonical(const std::uint8_t* bytes, Identity identity) {
  if ((bytes[0] & 1) != 0) return false;
  const bool high = bytes[31] >= 0x7f && bytes[0] >= 0xed &&
                    std::all_of(bytes + 1, bytes + 31, [](std::uint8_t b) { return b == 0xff; });
  if (bytes[31] > 0x7f || high) return false;
  return identity == Identity::allowed ||
         std::any_of(bytes, bytes + 32, [](std::uint8_t b) { return b != 0; });
}

struct Halfway {
  FieldElement s, u1, u2, v;
};

Halfway begin(const std::uint8_t* bytes) {
  Halfway half;
  half.s = field_from_bytes(bytes);
  const FieldElement ss = square(half.s);
  half.u1 = carry(subtract(field_one, ss));
  half.u2 = add(field_one, ss);
  const FieldElement u2u2 = square(half.u2);
  half.v = carry(subtract(negate(multiply(curve_d, square(half.u1))), u2u2));
  return half;
}

// False when T is negative or Y is 0.
bool finish(const Halfway& half, const FieldElement& root, AffinePoint& point) {
  const FieldElement x_denominator = multiply(root, half.u2);
  const FieldElement y_denominator = multiply(multiply(root, x_denominator), half.v);
  const FieldElement x = multiply(add(half.s, half.s), x_denominator);
  point.x = is_negative(x) ? negate(x) : x;
  point.y = multiply(half.u1, y_denominator);
  return !is_negative(multiply(point.x, point.y)) && !is_zero(point.y);
}

// Gives the number of the first that is not good, or Count.
template <std::size_t Count>
std::size_t decode_some(const std::uint8_t* const* encodings, AffinePoint* points,
                        Identity identity) {
  Halfway half[Count];
  FieldElement roots[Count];
  bool square_found[Count];
  for (std::size_t i = 0; i < Count; ++i) {
    half[i] = begin(encodings[i]);
    roots[i] = multiply(half[i].v, square(half[i].u2));
  }
  inverse_square_roots(roots, square_found);
  for (std::size_t i = 0; i < Count; ++i) {
    if (!canonical(encodings[i], identity) || !square_found[i] ||
        !finish(half[i], roots[i], points[i])) {
      return i;
    }
  }
  return Count;
}

}  // namespace

std::size_t decode_points(std::span<const std::uint8_t* const> encodings, AffinePoint* points,
                          Identity identity) {
  std::size_t done = 0;
  while (encodings.size() - done >= at_once) {
    const auto good = decode_some<at_once>(encodings.data() + done, points + done, identity);
    done += good;
    if (good < at_once) return done;
  }
  while (done < encodings.size() &&
         decode_some<1>(encodings.data() + done, points + done, identity) == 1) {
    ++done;
  }
  return done;
}

}  // namespace isoloir::multiexp
