// Arithmetic modulo p = 2^255 - 19 on four values side by side, one in each 64-bit lane of a
// register, by the fused multiply-add of doubles, for processors that multiply no wide integers in
// lanes (Emmart, Zheng, Weems, "Faster modular exponentiation using double precision floating point
// arithmetic on the GPU", ARITH 2018).
//
// For fma_kernels.cpp alone, which is compiled for processors that not everybody has, as
// ifma_field.hpp is for its own: all here is in an unnamed namespace, and what is included is used
// for its types and constants (the test multiexp.fma_kernels_share_no_code holds it).
//
// A value is limb[0] + 2^51 limb[1] + ... + 2^204 limb[4], as in engine.hpp, but limbs may be
// negative. A product of two limbs is 2^51 times a high half, plus a low half:
//   h = fma(a, b, 3 * 2^102) is in [2^103, 2^104), where doubles are 2^51 apart: so it is rounded
//       to 3 * 2^102 + 2^51 high, where high is what bits(h) has more than bits(3 * 2^102);
//   fma(a, b, 3 * 2^102 - h + 3 * 2^51) = 3 * 2^51 + low is exact, as low is an integer of at most
//       2^50 either way, and is in [2^52, 2^53), where doubles are 1 apart: low is what its bits
//       have more than bits(3 * 2^51).
// So halves are summed as the integers that the bits are, and what the sums have too much is taken
// away once. This holds where doubles are rounded to the nearest, which nothing in this program
// changes, and where no compiler computes otherwise than is written.
//
// Bounds, of the absolute value of every limb:
//   Factor4  integers as doubles, at most 2^50 + 2^15: what products take
//   Wide4    integers of 64 bits, at most 2^60: what carries take. Products give at most 125 * 2^50
//   Field4   a Wide4 of limbs from 0 to 2^51 + 2^15; so the value is below 2p
// Under ISOLOIR_CHECK_LIMBS (builds for tests) each operation checks what it takes and gives, in
// all lanes.
#pragma once

#include <immintrin.h>

#include "multiexp/constants.hpp"
#include "multiexp/engine.hpp"

#ifdef __FAST_MATH__
#error "the low halves are what fast mathematics would optimize away"
#endif

#define ISOLOIR_LANES_INLINE [[gnu::always_inline]] inline

namespace isoloir::multiexp {
namespace {

using Lanes = __m256i;
using Doubles = __m256d;

struct Factor4 {
  Doubles limb[5];
};
struct Wide4 {
  Lanes limb[5];
};
struct Field4 : Wide4 {};

constexpr std::uint64_t bits_51 = (std::uint64_t{1} << 51) - 1;
constexpr std::int64_t factor_most = (std::int64_t{1} << 50) + (1 << 15);
constexpr std::int64_t field_most = (std::int64_t{1} << 51) + (1 << 15);
constexpr std::int64_t product_most = std::int64_t{125} << 50;
constexpr std::int64_t wide_most = std::int64_t{1} << 60;

// What halves are rounded onto, and its bits.
constexpr double high_base = 0x1.8p103, low_base = 0x1.8p52, both_bases = high_base + low_base;
constexpr std::uint64_t high_base_bits = __builtin_bit_cast(std::uint64_t, high_base);
constexpr std::uint64_t low_base_bits = __builtin_bit_cast(std::uint64_t, low_base);
static_assert(both_bases - high_base == low_base);

ISOLOIR_LANES_INLINE Lanes all_lanes(std::uint64_t value) {
  return _mm256_set1_epi64x(static_cast<long long>(value));
}
ISOLOIR_LANES_INLINE Doubles all_doubles(double value) {
  return _mm256_set1_pd(value);
}
ISOLOIR_LANES_INLINE Lanes bits(Doubles a) {
  return _mm256_castpd_si256(a);
}
ISOLOIR_LANES_INLINE Doubles double_of(Lanes a) {
  return _mm256_castsi256_pd(a);
}
ISOLOIR_LANES_INLINE Lanes plus(Lanes a, Lanes b) {
  return _mm256_add_epi64(a, b);
}
ISOLOIR_LANES_INLINE Lanes minus(Lanes a, Lanes b) {
  return _mm256_sub_epi64(a, b);
}
ISOLOIR_LANES_INLINE Lanes masked(Lanes a, std::uint64_t mask) {
  return _mm256_and_si256(a, all_lanes(mask));
}
ISOLOIR_LANES_INLINE Lanes above(Lanes a, int bits) {
  return _mm256_srli_epi64(a, bits);
}
ISOLOIR_LANES_INLINE Lanes shifted(Lanes a, int bits) {
  return _mm256_slli_epi64(a, bits);
}
ISOLOIR_LANES_INLINE Lanes times_19(Lanes a) {
  return plus(plus(shifted(a, 4), plus(a, a)), a);
}

// A lane of a mask is all ones or 0; bit i of this is lane i.
ISOLOIR_LANES_INLINE unsigned lanes_of(Lanes mask) {
  return static_cast<unsigned>(_mm256_movemask_pd(double_of(mask)));
}

ISOLOIR_LANES_INLINE void check_lanes([[maybe_unused]] Lanes a, [[maybe_unused]] std::int64_t least,
                                      [[maybe_unused]] std::int64_t most) {
#ifdef ISOLOIR_CHECK_LIMBS
  const Lanes beyond = _mm256_or_si256(_mm256_cmpgt_epi64(a, _mm256_set1_epi64x(most)),
                                       _mm256_cmpgt_epi64(_mm256_set1_epi64x(least), a));
  if (lanes_of(beyond) != 0) __builtin_trap();
#endif
}
ISOLOIR_LANES_INLINE void check_limbs(const Lanes (&limb)[5], std::int64_t least,
                                      std::int64_t most) {
  for (const auto& lanes : limb) check_lanes(lanes, least, most);
}
ISOLOIR_LANES_INLINE void check_field(const Field4& a) {
  check_limbs(a.limb, 0, field_most);
}
ISOLOIR_LANES_INLINE Lanes integer_of(Doubles a) {
  return minus(bits(_mm256_add_pd(a, all_doubles(low_base))), all_lanes(low_base_bits));
}
ISOLOIR_LANES_INLINE void check_factor([[maybe_unused]] const Factor4& a) {
#ifdef ISOLOIR_CHECK_LIMBS
  for (const auto& limb : a.limb) check_lanes(integer_of(limb), -factor_most, factor_most);
#endif
}

// 2^10 p, which makes the limbs of every Wide4 positive.
constexpr std::uint64_t positive_limb(int i) {
  return (i == 0 ? bits_51 - 18 : bits_51) << 10;
}

// Of limbs from 0 to 2^60 + 2^61 + 2^50: each passes what it has above 51 bits, at most 3 * 2^9, to
// the next, the last one 19 times that to the first: below 2^15.
ISOLOIR_LANES_INLINE Field4 passed_on(const Lanes (&limb)[5]) {
  check_limbs(limb, 0, wide_most + (std::int64_t{1} << 61) + (std::int64_t{1} << 50));
  const Lanes last = _mm256_mul_epu32(above(limb[4], 51), all_lanes(19));
  Field4 r;
  for (int i = 0; i < 5; ++i) {
    r.limb[i] = plus(masked(limb[i], bits_51), i == 0 ? last : above(limb[i - 1], 51));
  }
  check_field(r);
  return r;
}

// 2^50 is added to each limb before and taken away after, so that limbs are from -2^50. They become
// doubles below an exponent of 52.
ISOLOIR_LANES_INLINE Factor4 carried(const Wide4& a) {
  check_limbs(a.limb, -wide_most, wide_most);
  constexpr std::uint64_t half = std::uint64_t{1} << 50;
  Lanes limb[5];
  for (int i = 0; i < 5; ++i) limb[i] = plus(a.limb[i], all_lanes(positive_limb(i) + half));
  const Field4 passed = passed_on(limb);
  Factor4 r;
  for (int i = 0; i < 5; ++i) {
    const Lanes more = _mm256_or_si256(passed.limb[i], bits(all_doubles(0x1p52)));
    r.limb[i] = _mm256_sub_pd(double_of(more), all_doubles(0x1p52 + 0x1p50));
  }
  check_factor(r);
  return r;
}
ISOLOIR_LANES_INLINE Field4 carried_positive(const Wide4& a) {
  check_limbs(a.limb, -wide_most, wide_most);
  Lanes limb[5];
  for (int i = 0; i < 5; ++i) limb[i] = plus(a.limb[i], all_lanes(positive_limb(i)));
  return passed_on(limb);
}

ISOLOIR_LANES_INLINE Wide4 wide(const Factor4& a) {
  check_factor(a);
  Wide4 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = integer_of(a.limb[i]);
  return r;
}
ISOLOIR_LANES_INLINE Field4 small(std::uint64_t value) {
  const Lanes zero = _mm256_setzero_si256();
  return {{{all_lanes(value), zero, zero, zero, zero}}};
}

// Of values whose bounds add up to those of Wide4: any eight products.
ISOLOIR_LANES_INLINE Wide4 add(const Wide4& a, const Wide4& b) {
  Wide4 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = plus(a.limb[i], b.limb[i]);
  check_limbs(r.limb, -wide_most, wide_most);
  return r;
}
ISOLOIR_LANES_INLINE Wide4 subtract(const Wide4& a, const Wide4& b) {
  Wide4 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = minus(a.limb[i], b.limb[i]);
  check_limbs(r.limb, -wide_most, wide_most);
  return r;
}

// The products of one weight, as sums of what the bits of halves are; `chains` counts the bases in
// each sum.
struct Column {
  Lanes high, low;
  std::uint64_t chains = 0;

  ISOLOIR_LANES_INLINE void take(Doubles h, Doubles l) {
    // A high half beyond 2^51, or a low one, would be of another exponent.
    check_lanes(minus(bits(h), all_lanes(high_base_bits)), -std::int64_t{bits_51}, bits_51);
    check_lanes(minus(bits(l), all_lanes(low_base_bits)), -std::int64_t{bits_51} - 1, bits_51 + 1);
    high = chains == 0 ? bits(h) : plus(high, bits(h));
    low = chains == 0 ? bits(l) : plus(low, bits(l));
    ++chains;
  }
  // Of a product below 2^102.
  ISOLOIR_LANES_INLINE void add(Doubles a, Doubles b) {
    const Doubles h = _mm256_fmadd_pd(a, b, all_doubles(high_base));
    take(h, _mm256_fmadd_pd(a, b, _mm256_sub_pd(all_doubles(both_bases), h)));
  }
  // Two at once, seven instructions and not eight: of products that add up to less than 2^102. The
  // second low half is at most 2^50 either way, so both are at most 2^51.
  ISOLOIR_LANES_INLINE void add(Doubles a, Doubles b, Doubles c, Doubles d) {
    const Doubles h1 = _mm256_fmadd_pd(a, b, all_doubles(high_base));
    const Doubles h = _mm256_fmadd_pd(c, d, h1);
    const Doubles l1 = _mm256_fmadd_pd(a, b, _mm256_sub_pd(all_doubles(both_bases), h1));
    const Doubles l2 = _mm256_fmadd_pd(c, d, _mm256_sub_pd(h1, h));
    take(h, _mm256_add_pd(l1, l2));
  }
};

// A high half has the weight of the next column, and column 5 is 19 times column 0 modulo p. Low
// halves are at most 2^50, high ones at most 2^49 + 2^15: limb k has k + 1 low ones and k high
// ones, and 19 times 4 - k low ones and 5 - k high ones. That is the most where k = 0: 249 * 2^49
// and, of what high ones have more, 95 * 2^15; below 125 * 2^50.
ISOLOIR_LANES_INLINE Wide4 folded(const Column (&c)[9]) {
  Wide4 r;
  for (int k = 0; k < 5; ++k) {
    Lanes low = c[k].low, high = c[k + 4].high;
    std::uint64_t low_bases = c[k].chains * low_base_bits;
    std::uint64_t high_bases = c[k + 4].chains * high_base_bits;
    if (k > 0) {
      low = plus(low, c[k - 1].high);
      low_bases += c[k - 1].chains * high_base_bits;
    }
    if (k < 4) {
      high = plus(high, c[k + 5].low);
      high_bases += c[k + 5].chains * low_base_bits;
    }
    r.limb[k] = minus(plus(low, times_19(high)), all_lanes(low_bases + 19 * high_bases));
  }
  check_limbs(r.limb, -product_most, product_most);
  return r;
}

// Products of factors are at most (2^50 + 2^15)^2, so two of them below 2^101 + 2^67.
ISOLOIR_LANES_INLINE Wide4 multiply_wide(const Factor4& x, const Factor4& y) {
  check_factor(x);
  check_factor(y);
  const Doubles *a = x.limb, *b = y.limb;
  Column c[9];
  c[0].add(a[0], b[0]);
  c[1].add(a[0], b[1], a[1], b[0]);
  c[2].add(a[0], b[2], a[1], b[1]);
  c[2].add(a[2], b[0]);
  c[3].add(a[0], b[3], a[1], b[2]);
  c[3].add(a[2], b[1], a[3], b[0]);
  c[4].add(a[0], b[4], a[1], b[3]);
  c[4].add(a[2], b[2], a[3], b[1]);
  c[4].add(a[4], b[0]);
  c[5].add(a[1], b[4], a[2], b[3]);
  c[5].add(a[3], b[2], a[4], b[1]);
  c[6].add(a[2], b[4], a[3], b[3]);
  c[6].add(a[4], b[2]);
  c[7].add(a[3], b[4], a[4], b[3]);
  c[8].add(a[4], b[4]);
  return folded(c);
}

// The same sums with each pair of unlike limbs once and doubled. Such a product may be 2^101 and
// more, so two of them are not taken at once; with one that is not doubled it is below 3 * 2^100 +
// 2^68.
ISOLOIR_LANES_INLINE Wide4 square_wide(const Factor4& x) {
  check_factor(x);
  const Doubles* a = x.limb;
  Doubles twice[4];
  for (int i = 0; i < 4; ++i) twice[i] = _mm256_add_pd(a[i], a[i]);
  Column c[9];
  c[0].add(a[0], a[0]);
  c[1].add(twice[0], a[1]);
  c[2].add(twice[0], a[2], a[1], a[1]);
  c[3].add(twice[0], a[3]);
  c[3].add(twice[1], a[2]);
  c[4].add(twice[0], a[4], a[2], a[2]);
  c[4].add(twice[1], a[3]);
  c[5].add(twice[1], a[4]);
  c[5].add(twice[2], a[3]);
  c[6].add(twice[2], a[4], a[3], a[3]);
  c[7].add(twice[3], a[4]);
  c[8].add(a[4], a[4]);
  return folded(c);
}

ISOLOIR_LANES_INLINE Factor4 multiply(const Factor4& a, const Factor4& b) {
  return carried(multiply_wide(a, b));
}
ISOLOIR_LANES_INLINE Factor4 square(const Factor4& a) {
  return carried(square_wide(a));
}

ISOLOIR_LANES_INLINE Lanes chosen(Lanes second, Lanes a, Lanes b) {
  return _mm256_blendv_epi8(a, b, second);
}

// The least value. It is below 2p before, so p is taken away once or not at all, as the carry out
// of value + 19 tells; taking p away is adding 19 and dropping bit 255.
ISOLOIR_LANES_INLINE Field4 least(const Wide4& a) {
  const Field4 value = carried_positive(a);
  Lanes passed = all_lanes(19);
  for (const auto& limb : value.limb) passed = above(plus(limb, passed), 51);
  passed = times_19(passed);
  Field4 r;
  for (int i = 0; i < 5; ++i) {
    const Lanes limb = plus(value.limb[i], passed);
    passed = above(limb, 51);
    r.limb[i] = masked(limb, bits_51);
  }
  return r;
}

// Lanes in which two least values are the same.
ISOLOIR_LANES_INLINE Lanes equal(const Field4& a, const Field4& b) {
  Lanes same = _mm256_cmpeq_epi64(a.limb[0], b.limb[0]);
  for (int i = 1; i < 5; ++i) {
    same = _mm256_and_si256(same, _mm256_cmpeq_epi64(a.limb[i], b.limb[i]));
  }
  return same;
}

// Lanes whose least value is odd, as RFC 9496 section 3 has it.
ISOLOIR_LANES_INLINE Lanes negative(const Field4& a) {
  return _mm256_cmpeq_epi64(masked(a.limb[0], 1), all_lanes(1));
}

// A constant of limbs below 2^51, as limbs from -2^50 to 2^50.
struct Constant {
  double limb[5];
};
constexpr Constant balanced(const FieldElement& a) {
  Constant r{};
  std::int64_t passed = 0;
  for (int i = 0; i < 5; ++i) {
    const std::int64_t limb = static_cast<std::int64_t>(a.limb[i]) + passed;
    passed = limb > std::int64_t{1} << 50 ? 1 : 0;
    r.limb[i] = static_cast<double>(limb - (passed << 51));
  }
  r.limb[0] += static_cast<double>(19 * passed);
  return r;
}
ISOLOIR_LANES_INLINE Factor4 in_all_lanes(const Constant& a) {
  Factor4 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = all_doubles(a.limb[i]);
  return r;
}

}  // namespace
}  // namespace isoloir::multiexp
