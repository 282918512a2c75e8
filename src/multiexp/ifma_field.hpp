// Arithmetic modulo p = 2^255 - 19 on eight values side by side, one in each 64-bit lane of a
// register: five limbs of 51 bits a value, products by the 52-bit multiply-and-add instructions of
// AVX-512 IFMA (Gueron, Krasnov, "Accelerating big integer arithmetic using Intel IFMA extensions",
// 2016; the carries of Bernstein and others as in field.hpp).
//
// For ifma_kernels.cpp alone, which is compiled for processors that not everybody has. The linker
// keeps one copy of an inline function that several files emit: were it that file's, the program
// would stop on an older processor, far from here. So all here is in an unnamed namespace, and what
// is included is used for its types and constants, never for a function or a template's instance
// (the test multiexp.ifma_kernels_share_no_code holds it).
//
// Bounds, of every limb:
//   tight  below 2^51 + 2^17: what carry gives
//   whole  below 2^52: what the instructions read of an operand (they ignore what is above)
//   wide   below 267 * 2^52, less than 2^60.1: what products are before their carry
// Sums and differences are made of wide values where possible, so that one carry serves both. Under
// ISOLOIR_CHECK_LIMBS each operation checks all lanes.
#pragma once

#include <immintrin.h>

#include "multiexp/constants.hpp"
#include "multiexp/engine.hpp"

#define ISOLOIR_LANES_INLINE [[gnu::always_inline]] inline

namespace isoloir::multiexp {
namespace {

using Lanes = __m512i;

struct Field8 {
  Lanes limb[5];
};
// The same before its carry; a type of its own, so that none goes into a product by mistake.
struct Wide8 {
  Lanes limb[5];
};

constexpr std::uint64_t lane_limb_mask = (std::uint64_t{1} << 51) - 1;
constexpr std::uint64_t lane_whole_bound = std::uint64_t{1} << 52;
constexpr std::uint64_t lane_tight_bound = (std::uint64_t{1} << 51) + (std::uint64_t{1} << 17);
constexpr std::uint64_t lane_product_bound = std::uint64_t{267} << 52;

ISOLOIR_LANES_INLINE Lanes all_lanes(std::uint64_t value) {
  return _mm512_set1_epi64(static_cast<long long>(value));
}

template <typename Element>
ISOLOIR_LANES_INLINE void check_lanes([[maybe_unused]] const Element& a,
                                      [[maybe_unused]] std::uint64_t bound) {
#ifdef ISOLOIR_CHECK_LIMBS
  for (const Lanes& limb : a.limb) {
    if (_mm512_cmpge_epu64_mask(limb, all_lanes(bound)) != 0) __builtin_trap();
  }
#endif
}

ISOLOIR_LANES_INLINE Field8 in_all_lanes(const FieldElement& a) {
  return {{all_lanes(a.limb[0]), all_lanes(a.limb[1]), all_lanes(a.limb[2]), all_lanes(a.limb[3]),
           all_lanes(a.limb[4])}};
}

ISOLOIR_LANES_INLINE Field8 chosen(__mmask8 second, const Field8& a, const Field8& b) {
  Field8 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = _mm512_mask_blend_epi64(second, a.limb[i], b.limb[i]);
  return r;
}

ISOLOIR_LANES_INLINE Lanes low(Lanes sum, Lanes a, Lanes b) {
  return _mm512_madd52lo_epu64(sum, a, b);
}
ISOLOIR_LANES_INLINE Lanes high(Lanes sum, Lanes a, Lanes b) {
  return _mm512_madd52hi_epu64(sum, a, b);
}
ISOLOIR_LANES_INLINE Lanes doubled(Lanes a) {
  return _mm512_add_epi64(a, a);
}
ISOLOIR_LANES_INLINE Lanes times_19(Lanes a) {
  return _mm512_mullo_epi64(a, all_lanes(19));
}

// One step of carries for all limbs at once. Limbs below 2^63 pass on less than 2^12, the last,
// times 19, less than 2^17.
ISOLOIR_LANES_INLINE Field8 carry(const Wide8& a) {
  check_lanes(a, std::uint64_t{1} << 63);
  const Lanes mask = all_lanes(lane_limb_mask);
  Field8 r;
  r.limb[0] =
      low(_mm512_and_si512(a.limb[0], mask), _mm512_srli_epi64(a.limb[4], 51), all_lanes(19));
  for (int i = 1; i < 5; ++i) {
    r.limb[i] =
        _mm512_add_epi64(_mm512_and_si512(a.limb[i], mask), _mm512_srli_epi64(a.limb[i - 1], 51));
  }
  check_lanes(r, lane_tight_bound);
  return r;
}

// The same value in the other type.
ISOLOIR_LANES_INLINE Wide8 wide(const Field8& a) {
  return {{a.limb[0], a.limb[1], a.limb[2], a.limb[3], a.limb[4]}};
}

// Of two values whose bounds add up to less than 2^63; what comes out goes into carry.
ISOLOIR_LANES_INLINE Wide8 add(const Wide8& a, const Wide8& b) {
  check_lanes(a, std::uint64_t{1} << 62);
  check_lanes(b, std::uint64_t{1} << 62);
  Wide8 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = _mm512_add_epi64(a.limb[i], b.limb[i]);
  return r;
}

// Adds 2^10 p, of limbs 2^61 - 19 * 2^10 and 2^61 - 2^10, so b is below 2^61 - 2^15 (a product is);
// the result is below a's bound + 2^61.
ISOLOIR_LANES_INLINE Wide8 subtract(const Wide8& a, const Wide8& b) {
  constexpr std::uint64_t first = (lane_limb_mask - 18) << 10, other = lane_limb_mask << 10;
  check_lanes(a, std::uint64_t{1} << 62);
  check_lanes(b, first + 1);
  Wide8 r;
  for (int i = 0; i < 5; ++i) {
    r.limb[i] =
        _mm512_sub_epi64(_mm512_add_epi64(a.limb[i], all_lanes(i == 0 ? first : other)), b.limb[i]);
  }
  return r;
}

// Of whole values. The low half of a product of limbs i and j has the weight of limb i + j, the
// high half 2^52 = 2 * 2^51 times that, so twice the weight of limb i + j + 1. Each limb is made in
// one chain: high halves, doubled once, then what wraps around times 19, then low halves on top.
// Limb 5 is the highest sum, of 5 high halves twice and 4 low ones: 14 * 2^52; limb 0 then the
// highest of all, 19 * 14 * 2^52 and one low half more: 267 * 2^52.
ISOLOIR_LANES_INLINE Wide8 multiply_wide(const Field8& x, const Field8& y) {
  check_lanes(x, lane_whole_bound);
  check_lanes(y, lane_whole_bound);
  const Lanes zero = _mm512_setzero_si512();
  const Lanes *a = x.limb, *b = y.limb;
  Lanes t5 = high(high(high(high(high(zero, a[0], b[4]), a[1], b[3]), a[2], b[2]), a[3], b[1]),
                  a[4], b[0]);
  Lanes t6 = high(high(high(high(zero, a[1], b[4]), a[2], b[3]), a[3], b[2]), a[4], b[1]);
  Lanes t7 = high(high(high(zero, a[2], b[4]), a[3], b[3]), a[4], b[2]);
  Lanes t8 = high(high(zero, a[3], b[4]), a[4], b[3]);
  Lanes t9 = doubled(high(zero, a[4], b[4]));
  t5 = low(low(low(low(doubled(t5), a[1], b[4]), a[2], b[3]), a[3], b[2]), a[4], b[1]);
  t6 = low(low(low(doubled(t6), a[2], b[4]), a[3], b[3]), a[4], b[2]);
  t7 = low(low(doubled(t7), a[3], b[4]), a[4], b[3]);
  t8 = low(doubled(t8), a[4], b[4]);
  Lanes r1 = high(zero, a[0], b[0]);
  Lanes r2 = high(high(zero, a[0], b[1]), a[1], b[0]);
  Lanes r3 = high(high(high(zero, a[0], b[2]), a[1], b[1]), a[2], b[0]);
  Lanes r4 = high(high(high(high(zero, a[0], b[3]), a[1], b[2]), a[2], b[1]), a[3], b[0]);
  Lanes r0 = times_19(t5);
  r1 = _mm512_add_epi64(doubled(r1), times_19(t6));
  r2 = _mm512_add_epi64(doubled(r2), times_19(t7));
  r3 = _mm512_add_epi64(doubled(r3), times_19(t8));
  r4 = _mm512_add_epi64(doubled(r4), times_19(t9));
  const Wide8 r{
      {low(r0, a[0], b[0]), low(low(r1, a[0], b[1]), a[1], b[0]),
       low(low(low(r2, a[0], b[2]), a[1], b[1]), a[2], b[0]),
       low(low(low(low(r3, a[0], b[3]), a[1], b[2]), a[2], b[1]), a[3], b[0]),
       low(low(low(low(low(r4, a[0], b[4]), a[1], b[3]), a[2], b[2]), a[3], b[1]), a[4], b[0])}};
  check_lanes(r, lane_product_bound);
  return r;
}

// The same sums with each pair of unlike limbs once and doubled. Limbs are whole, not below 2^51,
// so the sums are doubled, not the limbs.
ISOLOIR_LANES_INLINE Wide8 square_wide(const Field8& x) {
  check_lanes(x, lane_whole_bound);
  const Lanes zero = _mm512_setzero_si512();
  const Lanes* a = x.limb;
  Lanes t5 = doubled(high(high(zero, a[0], a[4]), a[1], a[3]));
  t5 = doubled(low(low(high(t5, a[2], a[2]), a[1], a[4]), a[2], a[3]));
  Lanes t6 = doubled(low(doubled(high(high(zero, a[1], a[4]), a[2], a[3])), a[2], a[4]));
  t6 = low(t6, a[3], a[3]);
  Lanes t7 = doubled(high(zero, a[2], a[4]));
  t7 = doubled(low(high(t7, a[3], a[3]), a[3], a[4]));
  const Lanes t8 = low(doubled(doubled(high(zero, a[3], a[4]))), a[4], a[4]);
  const Lanes t9 = doubled(high(zero, a[4], a[4]));
  Lanes r1 = doubled(low(high(zero, a[0], a[0]), a[0], a[1]));
  Lanes r2 = doubled(low(doubled(high(zero, a[0], a[1])), a[0], a[2]));
  Lanes r3 = high(doubled(high(zero, a[0], a[2])), a[1], a[1]);
  r3 = doubled(low(low(r3, a[0], a[3]), a[1], a[2]));
  Lanes r4 = doubled(high(high(zero, a[0], a[3]), a[1], a[2]));
  r4 = doubled(low(low(r4, a[0], a[4]), a[1], a[3]));
  const Wide8 r{{low(times_19(t5), a[0], a[0]), _mm512_add_epi64(r1, times_19(t6)),
                 low(_mm512_add_epi64(r2, times_19(t7)), a[1], a[1]),
                 _mm512_add_epi64(r3, times_19(t8)),
                 low(_mm512_add_epi64(r4, times_19(t9)), a[2], a[2])}};
  check_lanes(r, lane_product_bound);
  return r;
}

ISOLOIR_LANES_INLINE Field8 multiply(const Field8& a, const Field8& b) {
  return carry(multiply_wide(a, b));
}
ISOLOIR_LANES_INLINE Field8 square(const Field8& a) {
  return carry(square_wide(a));
}

// Tight, of whole values.
ISOLOIR_LANES_INLINE Field8 sum(const Field8& a, const Field8& b) {
  return carry(add(wide(a), wide(b)));
}
ISOLOIR_LANES_INLINE Field8 difference(const Field8& a, const Field8& b) {
  return carry(subtract(wide(a), wide(b)));
}

// The least value, of a tight one, which is below 2^255 + 2^222 and so below 2p: p is taken away
// once or not at all, as the carry out of value + 19 tells; taking p away is adding 19 and dropping
// what passes bit 255.
ISOLOIR_LANES_INLINE Field8 least(const Field8& a) {
  check_lanes(a, lane_tight_bound);
  const Lanes mask = all_lanes(lane_limb_mask);
  Lanes passed = _mm512_srli_epi64(_mm512_add_epi64(a.limb[0], all_lanes(19)), 51);
  for (int i = 1; i < 5; ++i) {
    passed = _mm512_srli_epi64(_mm512_add_epi64(a.limb[i], passed), 51);
  }
  Field8 r;
  passed = low(_mm512_setzero_si512(), passed, all_lanes(19));
  for (int i = 0; i < 5; ++i) {
    const Lanes limb = _mm512_add_epi64(a.limb[i], passed);
    passed = _mm512_srli_epi64(limb, 51);
    r.limb[i] = _mm512_and_si512(limb, mask);
  }
  return r;
}

// -a, tight, of a whole value.
ISOLOIR_LANES_INLINE Field8 negated(const Field8& a) {
  return difference({{_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                      _mm512_setzero_si512(), _mm512_setzero_si512()}},
                    a);
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

}  // namespace
}  // namespace isoloir::multiexp
