// Arithmetic modulo p = 2^255 - 19 in five limbs of 51 bits (Bernstein, Duif, Lange, Schwabe, Yang,
// "High-speed high-security signatures", 2011, section 3), with 128-bit products and lazy carries:
// of the portable engine.
//
// Bounds, of every limb:
//   tight  below 2^51 + 2^13: what multiply, square and carry give
//   whole  below 2^52: what passes through engine.hpp; tight is whole
//   loose  below 2^54: what multiply, square and carry take
// A sum of two loose values is loose as long as the limbs' bounds add up to 2^54; a difference adds
// 2p to stay positive, so it takes whole values away and grows by 2^52. Under ISOLOIR_CHECK_LIMBS
// (builds for tests) every operation asserts what it takes and gives; the formulas of curve.hpp
// argue theirs.
#pragma once

#include "base/result.hpp"
#include "multiexp/engine.hpp"

#ifdef ISOLOIR_CHECK_LIMBS
#define ISOLOIR_FIELD_INLINE inline
#else
#define ISOLOIR_FIELD_INLINE [[gnu::always_inline]] inline
#endif

namespace isoloir::multiexp {

__extension__ using WideProduct = unsigned __int128;

inline constexpr std::uint64_t limb_mask = (std::uint64_t{1} << 51) - 1;
inline constexpr std::uint64_t tight_bound = (std::uint64_t{1} << 51) + (std::uint64_t{1} << 13);
inline constexpr std::uint64_t whole_bound = std::uint64_t{1} << 52;
inline constexpr std::uint64_t loose_bound = std::uint64_t{1} << 54;

inline constexpr FieldElement field_zero{{0, 0, 0, 0, 0}};
inline constexpr FieldElement field_one{{1, 0, 0, 0, 0}};

ISOLOIR_FIELD_INLINE void check_limbs([[maybe_unused]] const FieldElement& a,
                                      [[maybe_unused]] std::uint64_t bound) {
#ifdef ISOLOIR_CHECK_LIMBS
  for (const auto limb : a.limb) ISOLOIR_ASSERT(limb < bound);
#endif
}

ISOLOIR_FIELD_INLINE FieldElement add(const FieldElement& a, const FieldElement& b) {
  const FieldElement sum{{a.limb[0] + b.limb[0], a.limb[1] + b.limb[1], a.limb[2] + b.limb[2],
                          a.limb[3] + b.limb[3], a.limb[4] + b.limb[4]}};
  check_limbs(sum, loose_bound);
  return sum;
}

// b is whole: the limbs of 2p are 2^52 - 38 and 2^52 - 2, so b's must not pass those. Tight values
// are far below; whole ones of another engine go through carry() first.
ISOLOIR_FIELD_INLINE FieldElement subtract(const FieldElement& a, const FieldElement& b) {
  constexpr std::uint64_t low = (std::uint64_t{1} << 52) - 38, high = (std::uint64_t{1} << 52) - 2;
  check_limbs(b, low + 1);
  const FieldElement difference{{a.limb[0] + low - b.limb[0], a.limb[1] + high - b.limb[1],
                                 a.limb[2] + high - b.limb[2], a.limb[3] + high - b.limb[3],
                                 a.limb[4] + high - b.limb[4]}};
  check_limbs(difference, loose_bound);
  return difference;
}

// Of sums below 77 * 2^108, the last below 5 * 2^108 (see multiply). So every carry to the next
// limb is below 2^63.3, and the last one, below 5 * 2^57 and a little, times 19 below 2^64 - 2^51:
// no sum of 64 bits overflows, and what at last passes from the first limb to the second is below
// 2^13.
ISOLOIR_FIELD_INLINE FieldElement carry_products(WideProduct c0, WideProduct c1, WideProduct c2,
                                                 WideProduct c3, WideProduct c4) {
  c1 += static_cast<std::uint64_t>(c0 >> 51);
  c2 += static_cast<std::uint64_t>(c1 >> 51);
  c3 += static_cast<std::uint64_t>(c2 >> 51);
  c4 += static_cast<std::uint64_t>(c3 >> 51);
  FieldElement r{
      {static_cast<std::uint64_t>(c0) & limb_mask, static_cast<std::uint64_t>(c1) & limb_mask,
       static_cast<std::uint64_t>(c2) & limb_mask, static_cast<std::uint64_t>(c3) & limb_mask,
       static_cast<std::uint64_t>(c4) & limb_mask}};
  r.limb[0] += static_cast<std::uint64_t>(c4 >> 51) * 19;
  r.limb[1] += r.limb[0] >> 51;
  r.limb[0] &= limb_mask;
  check_limbs(r, tight_bound);
  return r;
}

// Each sum is of five products of loose limbs, of which at most four are times 19: below
// (1 + 4 * 19) * 2^108; in the last none is, below 5 * 2^108.
ISOLOIR_FIELD_INLINE FieldElement multiply(const FieldElement& a, const FieldElement& b) {
  check_limbs(a, loose_bound);
  check_limbs(b, loose_bound);
  using W = WideProduct;
  const std::uint64_t a0 = a.limb[0], a1 = a.limb[1], a2 = a.limb[2], a3 = a.limb[3],
                      a4 = a.limb[4];
  const std::uint64_t b0 = b.limb[0], b1 = b.limb[1], b2 = b.limb[2], b3 = b.limb[3],
                      b4 = b.limb[4];
  const std::uint64_t b1_19 = b1 * 19, b2_19 = b2 * 19, b3_19 = b3 * 19, b4_19 = b4 * 19;
  return carry_products(W{a0} * b0 + W{a4} * b1_19 + W{a3} * b2_19 + W{a2} * b3_19 + W{a1} * b4_19,
                        W{a1} * b0 + W{a0} * b1 + W{a4} * b2_19 + W{a3} * b3_19 + W{a2} * b4_19,
                        W{a2} * b0 + W{a1} * b1 + W{a0} * b2 + W{a4} * b3_19 + W{a3} * b4_19,
                        W{a3} * b0 + W{a2} * b1 + W{a1} * b2 + W{a0} * b3 + W{a4} * b4_19,
                        W{a4} * b0 + W{a3} * b1 + W{a2} * b2 + W{a1} * b3 + W{a0} * b4);
}

ISOLOIR_FIELD_INLINE FieldElement square(const FieldElement& a) {
  check_limbs(a, loose_bound);
  using W = WideProduct;
  const std::uint64_t a0 = a.limb[0], a1 = a.limb[1], a2 = a.limb[2], a3 = a.limb[3],
                      a4 = a.limb[4];
  const std::uint64_t a0_2 = a0 * 2, a1_2 = a1 * 2, a3_19 = a3 * 19, a4_19 = a4 * 19;
  return carry_products(W{a0} * a0 + (W{a1} * a4_19 + W{a2} * a3_19) * 2,
                        W{a0_2} * a1 + W{a2 * 2} * a4_19 + W{a3} * a3_19,
                        W{a0_2} * a2 + W{a1} * a1 + W{a3 * 2} * a4_19,
                        W{a0_2} * a3 + W{a1_2} * a2 + W{a4} * a4_19,
                        W{a0_2} * a4 + W{a1_2} * a3 + W{a2} * a2);
}

// The same value, tight.
ISOLOIR_FIELD_INLINE FieldElement carry(const FieldElement& a) {
  check_limbs(a, loose_bound);
  return {{(a.limb[0] & limb_mask) + 19 * (a.limb[4] >> 51),
           (a.limb[1] & limb_mask) + (a.limb[0] >> 51), (a.limb[2] & limb_mask) + (a.limb[1] >> 51),
           (a.limb[3] & limb_mask) + (a.limb[2] >> 51),
           (a.limb[4] & limb_mask) + (a.limb[3] >> 51)}};
}

// Of a tight value; tight.
ISOLOIR_FIELD_INLINE FieldElement negate(const FieldElement& a) {
  return carry(subtract(field_zero, a));
}

using FieldBytes = std::array<std::uint8_t, 32>;

// The least value, little-endian, of a loose one.
FieldBytes field_bytes(const FieldElement& a);
// Any 255 bits; the highest of the 256 is ignored. Tight.
FieldElement field_from_bytes(const std::uint8_t* bytes);

bool is_zero(const FieldElement& a);
bool is_negative(const FieldElement& a);  // whether the least value is odd (RFC 9496 section 3)
bool equal(const FieldElement& a, const FieldElement& b);

// Of each value at once, in place: the processor works on several chains of squarings where one
// would wait for itself. True in `good` where 1/value has a root: the value becomes the
// non-negative one of its two roots. RFC 9496 section 4.2, SQRT_RATIO_M1(1, value); else the value
// becomes that function's second result, 0 for 0.
template <std::size_t Count>
void inverse_square_roots(FieldElement (&values)[Count], bool (&good)[Count]);

}  // namespace isoloir::multiexp
