// Arithmetic modulo p = 2^255 - 19 on eight values side by side, one in each 64-bit lane of a
// register, by the 52-bit multiply-and-add instructions of AVX-512 IFMA (Gueron, Krasnov,
// "Accelerating big integer arithmetic using Intel IFMA extensions", 2016).
//
// For ifma_kernels.cpp alone, which is compiled for processors that not everybody has. The linker
// keeps one copy of an inline function that several files emit: were it that file's, the program
// would stop on an older processor, far from here. So all here is in an unnamed namespace, and what
// is included is used for its types and constants, never for a function or a template's instance
// (the test multiexp.ifma_kernels_share_no_code holds it).
//
// A value is limb[0] + 2^52 limb[1] + ... + 2^208 limb[4], not the 51 bits a limb of engine.hpp:
// the low and the high half of a product of two limbs then have the weights of two limbs, so that
// nothing is doubled, and the instructions themselves drop what a limb has above 52 bits, so that
// nothing is masked. The price is that sums must be carried from limb to limb before they go into a
// product. Bounds:
//   Field8   limbs 0 to 3 below 2^52, limb 4 below 2^47 + 2^13; so the value is below 2p
//   Factor8  the same once bits 52 and above of limbs 0 to 3 are dropped, whatever they are: what
//            products take
//   Wide8    below 2^63, limb 4 below 2^59: what carries take. Products give limbs below 11 * 2^52.
// Under ISOLOIR_CHECK_LIMBS (builds for tests) each operation checks what it takes and gives, in
// all lanes.
#pragma once

#include <immintrin.h>

#include "multiexp/constants.hpp"
#include "multiexp/engine.hpp"

#define ISOLOIR_LANES_INLINE [[gnu::always_inline]] inline

namespace isoloir::multiexp {
namespace {

using Lanes = __m512i;

struct Factor8 {
  Lanes limb[5];
};
struct Field8 : Factor8 {};
struct Wide8 {
  Lanes limb[5];
};

constexpr std::uint64_t bits_47 = (std::uint64_t{1} << 47) - 1;
constexpr std::uint64_t bits_51 = (std::uint64_t{1} << 51) - 1;
constexpr std::uint64_t bits_52 = (std::uint64_t{1} << 52) - 1;

ISOLOIR_LANES_INLINE Lanes all_lanes(std::uint64_t value) {
  return _mm512_set1_epi64(static_cast<long long>(value));
}
ISOLOIR_LANES_INLINE Lanes low(Lanes sum, Lanes a, Lanes b) {
  return _mm512_madd52lo_epu64(sum, a, b);
}
ISOLOIR_LANES_INLINE Lanes high(Lanes sum, Lanes a, Lanes b) {
  return _mm512_madd52hi_epu64(sum, a, b);
}
ISOLOIR_LANES_INLINE Lanes plus(Lanes a, Lanes b) {
  return _mm512_add_epi64(a, b);
}
ISOLOIR_LANES_INLINE Lanes doubled(Lanes a) {
  return _mm512_add_epi64(a, a);
}
ISOLOIR_LANES_INLINE Lanes masked(Lanes a, std::uint64_t mask) {
  return _mm512_and_si512(a, all_lanes(mask));
}
ISOLOIR_LANES_INLINE Lanes above(Lanes a, unsigned bits) {
  return _mm512_srli_epi64(a, bits);
}
ISOLOIR_LANES_INLINE Lanes shifted(Lanes a, unsigned bits) {
  return _mm512_slli_epi64(a, bits);
}

ISOLOIR_LANES_INLINE void check_lanes([[maybe_unused]] Lanes a,
                                      [[maybe_unused]] std::uint64_t most) {
#ifdef ISOLOIR_CHECK_LIMBS
  if (_mm512_cmpgt_epu64_mask(a, all_lanes(most)) != 0) __builtin_trap();
#endif
}
ISOLOIR_LANES_INLINE void check_limbs(const Lanes (&limb)[5], std::uint64_t most,
                                      std::uint64_t most_of_last) {
  for (int i = 0; i < 5; ++i) check_lanes(limb[i], i < 4 ? most : most_of_last);
}
ISOLOIR_LANES_INLINE void check_factor(const Factor8& a) {
  check_lanes(a.limb[4], bits_47 + (1 << 13));
}

constexpr std::uint64_t product_most = (std::uint64_t{11} << 52) - 1;
constexpr std::uint64_t wide_most = (std::uint64_t{1} << 63) - 1;
constexpr std::uint64_t wide_most_of_last = (std::uint64_t{1} << 59) - 1;

// What limb 4 has above 2^255 goes to limb 0, times 19: below 2^12 * 19. From there each limb
// passes on what it has above 52 bits, at most 2^11, to the next. Limb 4 is left with at most 2^47
// + 2^11.
ISOLOIR_LANES_INLINE Factor8 carried(const Wide8& a) {
  check_limbs(a.limb, wide_most, wide_most_of_last);
  Factor8 r;
  r.limb[0] = low(a.limb[0], above(a.limb[4], 47), all_lanes(19));
  r.limb[1] = plus(a.limb[1], above(r.limb[0], 52));
  r.limb[2] = plus(a.limb[2], above(r.limb[1], 52));
  r.limb[3] = plus(a.limb[3], above(r.limb[2], 52));
  r.limb[4] = plus(masked(a.limb[4], bits_47), above(r.limb[3], 52));
  check_factor(r);
  return r;
}
ISOLOIR_LANES_INLINE Field8 exact(const Factor8& a) {
  check_factor(a);
  Field8 r;
  for (int i = 0; i < 4; ++i) r.limb[i] = masked(a.limb[i], bits_52);
  r.limb[4] = a.limb[4];
  return r;
}
ISOLOIR_LANES_INLINE Field8 carried_exactly(const Wide8& a) {
  return exact(carried(a));
}

ISOLOIR_LANES_INLINE Wide8 wide(const Field8& a) {
  check_limbs(a.limb, bits_52, bits_47 + (1 << 13));
  return {{a.limb[0], a.limb[1], a.limb[2], a.limb[3], a.limb[4]}};
}
ISOLOIR_LANES_INLINE Field8 small(std::uint64_t value) {
  const Lanes zero = _mm512_setzero_si512();
  return {{{all_lanes(value), zero, zero, zero, zero}}};
}

// Of values whose bounds add up to those of Wide8: any few products.
ISOLOIR_LANES_INLINE Wide8 add(const Wide8& a, const Wide8& b) {
  Wide8 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = plus(a.limb[i], b.limb[i]);
  check_limbs(r.limb, wide_most, wide_most_of_last);
  return r;
}

// Adds 2^10 p, whose limbs are 2^62 - 19 * 2^10, 2^62 - 2^10 and, limb 4, 2^57 - 2^10. So much b
// may be: one product or two, below 22 * 2^52, but no difference. And a may be four products: limb
// 4 is then below (44 + 32) * 2^52.
ISOLOIR_LANES_INLINE Wide8 subtract(const Wide8& a, const Wide8& b) {
  constexpr std::uint64_t of_first = (bits_52 - 18) << 10, of_others = bits_52 << 10;
  constexpr std::uint64_t of_last = bits_47 << 10;
  check_limbs(b.limb, of_first, of_last);
  Wide8 r;
  for (int i = 0; i < 5; ++i) {
    const Lanes more = all_lanes(i == 0 ? of_first : i < 4 ? of_others : of_last);
    r.limb[i] = _mm512_sub_epi64(plus(a.limb[i], more), b.limb[i]);
  }
  check_limbs(r.limb, wide_most, wide_most_of_last);
  return r;
}

// The low half of a product of limbs i and j has the weight of limb i + j, the high half of limb
// i + j + 1; so 10 limbs. Limb 5 stands for 2^260 = 608 modulo p. Halves are below 2^52, high ones
// with a limb 4 below 2^47 and a little: limb 5 is below 7.1, limb 6 below 5.1, limb 7 below 3.1,
// limb 8 below 1.1 times 2^52, and limb 9 below 2^42 + 2^9 + 2^4. Each passes on what it has above
// 52 bits, at most 7; the rest times 608 is a low half and a high one, below 608, and of limb 9 a
// low one alone.
// In r are then at most 5 low halves, 4 high ones, one more low one and 608: below 11 * 2^52.
ISOLOIR_LANES_INLINE Wide8 folded(const Lanes (&r)[5], const Lanes (&t)[5]) {
  const Lanes by = all_lanes(608);
  const Lanes t6 = plus(t[1], above(t[0], 52)), t7 = plus(t[2], above(t6, 52));
  const Lanes t8 = plus(t[3], above(t7, 52)), t9 = plus(t[4], above(t8, 52));
  check_lanes(t9, (std::uint64_t{1} << 42) + (1 << 10));
  const Wide8 sum{{low(r[0], t[0], by), low(high(r[1], t[0], by), t6, by),
                   low(high(r[2], t6, by), t7, by), low(high(r[3], t7, by), t8, by),
                   low(high(r[4], t8, by), t9, by)}};
  check_limbs(sum.limb, product_most, product_most);
  return sum;
}

ISOLOIR_LANES_INLINE Wide8 multiply_wide(const Factor8& x, const Factor8& y) {
  check_factor(x);
  check_factor(y);
  const Lanes *a = x.limb, *b = y.limb;
  Lanes r[5], t[5];
  for (int i = 0; i < 5; ++i) r[i] = t[i] = _mm512_setzero_si512();
#pragma GCC unroll 5
  for (int i = 0; i < 5; ++i) {
#pragma GCC unroll 5
    for (int j = 0; j < 5; ++j) {
      auto& of_low = i + j < 5 ? r[i + j] : t[i + j - 5];
      of_low = low(of_low, a[i], b[j]);
      auto& of_high = i + j < 4 ? r[i + j + 1] : t[i + j - 4];
      of_high = high(of_high, a[i], b[j]);
    }
  }
  return folded(r, t);
}

// The same sums with each pair of unlike limbs once and doubled; of several registers of eight in
// step, so that neighbouring instructions do not wait for each other (g++ leaves them in order).
template <int count>
ISOLOIR_LANES_INLINE void square_each(Factor8 (&x)[count]) {
  Lanes r[count][5], t[count][5];
  for (int c = 0; c < count; ++c) {
    check_factor(x[c]);
    for (int i = 0; i < 5; ++i) r[c][i] = t[c][i] = _mm512_setzero_si512();
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
#pragma GCC unroll 4
    for (int j = i + 1; j < 5; ++j) {
#pragma GCC unroll 2
      for (int c = 0; c < count; ++c) {
        auto& sum = i + j < 5 ? r[c][i + j] : t[c][i + j - 5];
        sum = low(sum, x[c].limb[i], x[c].limb[j]);
      }
#pragma GCC unroll 2
      for (int c = 0; c < count; ++c) {
        auto& sum = i + j < 4 ? r[c][i + j + 1] : t[c][i + j - 4];
        sum = high(sum, x[c].limb[i], x[c].limb[j]);
      }
    }
  }
#pragma GCC unroll 5
  for (int i = 0; i < 5; ++i) {
#pragma GCC unroll 2
    for (int c = 0; c < count; ++c) {
      auto& even = 2 * i < 5 ? r[c][2 * i] : t[c][2 * i - 5];
      even = low(doubled(even), x[c].limb[i], x[c].limb[i]);
      auto& odd = 2 * i < 4 ? r[c][2 * i + 1] : t[c][2 * i - 4];
      odd = high(doubled(odd), x[c].limb[i], x[c].limb[i]);
    }
  }
  for (int c = 0; c < count; ++c) x[c] = carried(folded(r[c], t[c]));
}
// The same sums with each pair of unlike limbs once and doubled.
ISOLOIR_LANES_INLINE Wide8 square_wide(const Factor8& x) {
  check_factor(x);
  const Lanes* a = x.limb;
  Lanes r[5], t[5];
  for (int i = 0; i < 5; ++i) r[i] = t[i] = _mm512_setzero_si512();
#pragma GCC unroll 5
  for (int i = 0; i < 5; ++i) {
#pragma GCC unroll 5
    for (int j = i + 1; j < 5; ++j) {
      auto& of_low = i + j < 5 ? r[i + j] : t[i + j - 5];
      of_low = low(of_low, a[i], a[j]);
      auto& of_high = i + j < 4 ? r[i + j + 1] : t[i + j - 4];
      of_high = high(of_high, a[i], a[j]);
    }
  }
  for (int i = 1; i < 5; ++i) r[i] = doubled(r[i]);
  for (int i = 0; i < 4; ++i) t[i] = doubled(t[i]);
  r[0] = low(r[0], a[0], a[0]);
  r[1] = high(r[1], a[0], a[0]);
  r[2] = low(r[2], a[1], a[1]);
  r[3] = high(r[3], a[1], a[1]);
  r[4] = low(r[4], a[2], a[2]);
  t[0] = high(t[0], a[2], a[2]);
  t[1] = low(t[1], a[3], a[3]);
  t[2] = high(t[2], a[3], a[3]);
  t[3] = low(t[3], a[4], a[4]);
  t[4] = high(t[4], a[4], a[4]);
  return folded(r, t);
}

ISOLOIR_LANES_INLINE Factor8 multiply(const Factor8& a, const Factor8& b) {
  return carried(multiply_wide(a, b));
}
ISOLOIR_LANES_INLINE Factor8 square(const Factor8& a) {
  return carried(square_wide(a));
}

ISOLOIR_LANES_INLINE Factor8 chosen(__mmask8 second, const Factor8& a, const Factor8& b) {
  Factor8 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = _mm512_mask_blend_epi64(second, a.limb[i], b.limb[i]);
  return r;
}

// The least value. It is below 2p before, so p is taken away once or not at all, as the carry out
// of value + 19 tells; taking p away is adding 19 and dropping bit 255.
ISOLOIR_LANES_INLINE Field8 least(const Factor8& a) {
  const Field8 value = exact(a);
  Lanes passed = all_lanes(19);
  for (int i = 0; i < 5; ++i) passed = above(plus(value.limb[i], passed), i < 4 ? 52 : 47);
  passed = low(_mm512_setzero_si512(), passed, all_lanes(19));
  Field8 r;
  for (int i = 0; i < 5; ++i) {
    const Lanes limb = plus(value.limb[i], passed);
    passed = above(limb, 52);
    r.limb[i] = masked(limb, i < 4 ? bits_52 : bits_47);
  }
  return r;
}

// Lanes in which two least values are the same.
ISOLOIR_LANES_INLINE __mmask8 equal(const Field8& a, const Field8& b) {
  __mmask8 same = _mm512_cmpeq_epi64_mask(a.limb[0], b.limb[0]);
  for (int i = 1; i < 5; ++i) same = _mm512_mask_cmpeq_epi64_mask(same, a.limb[i], b.limb[i]);
  return same;
}

// Lanes whose least value is odd, as RFC 9496 section 3 has it.
ISOLOIR_LANES_INLINE __mmask8 negative(const Field8& a) {
  return _mm512_test_epi64_mask(a.limb[0], all_lanes(1));
}

// From limbs of 51 bits, below 2^52, and back: limb i moves down by i bits.
ISOLOIR_LANES_INLINE Wide8 from_51(const Lanes (&limb)[5]) {
  check_limbs(limb, bits_52, bits_52);
  Wide8 r{{limb[0], above(limb[1], 1), above(limb[2], 2), above(limb[3], 3), above(limb[4], 4)}};
  for (unsigned i = 1; i < 5; ++i) {
    r.limb[i - 1] = plus(r.limb[i - 1], masked(shifted(limb[i], 52 - i), bits_52));
  }
  return r;
}
ISOLOIR_LANES_INLINE void to_51(const Field8& a, Lanes (&limb)[5]) {
  check_limbs(a.limb, bits_52, bits_47 + (1 << 13));
  limb[0] = masked(a.limb[0], bits_51);
  for (unsigned i = 1; i < 5; ++i) {
    limb[i] = _mm512_or_si512(above(a.limb[i - 1], 52 - i), shifted(a.limb[i], i));
    if (i < 4) limb[i] = masked(limb[i], bits_51);
  }
  check_limbs(limb, bits_51, bits_52);
}

// A constant of limbs of 51 bits, each below 2^51.
struct Limbs52 {
  std::uint64_t limb[5];
};
constexpr Limbs52 limbs_52(const FieldElement& a) {
  Limbs52 r{{a.limb[0], a.limb[1] >> 1, a.limb[2] >> 2, a.limb[3] >> 3, a.limb[4] >> 4}};
  for (int i = 1; i < 5; ++i) r.limb[i - 1] += a.limb[i] << (52 - i) & bits_52;
  return r;
}
ISOLOIR_LANES_INLINE Field8 in_all_lanes(const Limbs52& a) {
  return {{{all_lanes(a.limb[0]), all_lanes(a.limb[1]), all_lanes(a.limb[2]), all_lanes(a.limb[3]),
            all_lanes(a.limb[4])}}};
}

}  // namespace
}  // namespace isoloir::multiexp
