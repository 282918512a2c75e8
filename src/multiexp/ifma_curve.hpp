// Points of the curve in eight lanes, and their way from memory to lanes and back. As
// ifma_field.hpp, on which it rests: for ifma_kernels.cpp alone.
//
// The additions are those of curve.hpp (complete for all pairs of points); between them a point is
// kept as Y + X and Y - X instead of X and Y. An addition wants just those, and they come out of it
// at the price of X and Y, as they are made from products before the carry.
#pragma once

#include "multiexp/ifma_field.hpp"

namespace isoloir::multiexp {
namespace {

// Y + X, Y - X, Z, T; all tight.
struct Point8 {
  Field8 sum, difference, z, t;
};

// y + x, y - x, 2dxy of points with Z = 1, and the last of their negatives; all tight.
struct Addend8 {
  Field8 sum, difference, product, negative_product;
};

ISOLOIR_LANES_INLINE Point8 identity8() {
  const Field8 one = in_all_lanes({{1, 0, 0, 0, 0}}), zero = in_all_lanes({{0, 0, 0, 0, 0}});
  return {one, one, one, zero};
}

ISOLOIR_LANES_INLINE Field8 doubled_carried(const Field8& a) {
  return carry(add(wide(a), wide(a)));
}

// Z = 2: sum - difference is 2x, their sum 2y, T = XY/Z = 2xy.
ISOLOIR_LANES_INLINE Addend8 addend(const Field8& x, const Field8& y) {
  Addend8 r{sum(y, x), difference(y, x), {}, {}};
  r.product = multiply(multiply(x, y), in_all_lanes(curve_2d));
  r.negative_product = negated(r.product);
  return r;
}

// The last step of all additions: E F, G H, F G, E H. Products are below 2^60.1, so the sum of two
// and, with 2^61 added, their difference are below 2^62.
ISOLOIR_LANES_INLINE Point8 assembled8(const Field8& e, const Field8& f, const Field8& g,
                                       const Field8& h) {
  const Wide8 x = multiply_wide(e, f), y = multiply_wide(g, h);
  return {carry(add(y, x)), carry(subtract(y, x)), multiply(f, g), multiply(e, h)};
}

// p + q, of q's first three. The bounds are those of assembled8; 2Z of a tight Z is below 2^53.
ISOLOIR_LANES_INLINE Point8 add_affine(const Point8& p, const Field8& q_sum,
                                       const Field8& q_difference, const Field8& q_product) {
  const Wide8 a = multiply_wide(p.difference, q_difference);
  const Wide8 b = multiply_wide(p.sum, q_sum);
  const Wide8 c = multiply_wide(p.t, q_product);
  const Wide8 d = add(wide(p.z), wide(p.z));
  return assembled8(carry(subtract(b, a)), carry(subtract(d, c)), carry(add(d, c)),
                    carry(add(b, a)));
}

// D is twice a product, below 2^61.1; its sum with C and, with 2^61 added, its difference are below
// 2^63.
ISOLOIR_LANES_INLINE Point8 add_points(const Point8& p, const Point8& q) {
  const Wide8 a = multiply_wide(p.difference, q.difference);
  const Wide8 b = multiply_wide(p.sum, q.sum);
  const Wide8 c = multiply_wide(multiply(p.t, in_all_lanes(curve_2d)), q.t);
  const Wide8 zz = multiply_wide(p.z, q.z), d = add(zz, zz);
  return assembled8(carry(subtract(b, a)), carry(subtract(d, c)), carry(add(d, c)),
                    carry(add(b, a)));
}

// Four numbers in a row from each of eight places: the first of all eight, the second, ...
// Loads of 32 bytes fill a register from the places i and i + 2, so that the shuffles, which know
// only blocks of 16 bytes, end with the lanes in order.
template <typename Word>
ISOLOIR_LANES_INLINE Lanes two_rows(const Word* first, const Word* second) {
  return _mm512_inserti64x4(
      _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(first))),
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(second)), 1);
}
template <typename Word>
ISOLOIR_LANES_INLINE void load_rows(const Word* const* places, int offset, Lanes* columns) {
  const Lanes m0 = two_rows(places[0] + offset, places[2] + offset);
  const Lanes m1 = two_rows(places[1] + offset, places[3] + offset);
  const Lanes m2 = two_rows(places[4] + offset, places[6] + offset);
  const Lanes m3 = two_rows(places[5] + offset, places[7] + offset);
  const Lanes t0 = _mm512_unpacklo_epi64(m0, m1), t1 = _mm512_unpackhi_epi64(m0, m1);
  const Lanes t2 = _mm512_unpacklo_epi64(m2, m3), t3 = _mm512_unpackhi_epi64(m2, m3);
  columns[0] = _mm512_shuffle_i64x2(t0, t2, 0x88);
  columns[1] = _mm512_shuffle_i64x2(t1, t3, 0x88);
  columns[2] = _mm512_shuffle_i64x2(t0, t2, 0xdd);
  columns[3] = _mm512_shuffle_i64x2(t1, t3, 0xdd);
}

// The way back.
ISOLOIR_LANES_INLINE void store_two_rows(Lanes rows, std::uint64_t* first, std::uint64_t* second) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(first), _mm512_castsi512_si256(rows));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(second), _mm512_extracti64x4_epi64(rows, 1));
}
ISOLOIR_LANES_INLINE void store_rows(const Lanes* columns, std::uint64_t* const* places,
                                     int offset) {
  const Lanes lower = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
  const Lanes upper = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  const Lanes u0 = _mm512_unpacklo_epi64(columns[0], columns[1]);
  const Lanes u1 = _mm512_unpackhi_epi64(columns[0], columns[1]);
  const Lanes u2 = _mm512_unpacklo_epi64(columns[2], columns[3]);
  const Lanes u3 = _mm512_unpackhi_epi64(columns[2], columns[3]);
  store_two_rows(_mm512_permutex2var_epi64(u0, lower, u2), places[0] + offset, places[2] + offset);
  store_two_rows(_mm512_permutex2var_epi64(u0, upper, u2), places[4] + offset, places[6] + offset);
  store_two_rows(_mm512_permutex2var_epi64(u1, lower, u3), places[1] + offset, places[3] + offset);
  store_two_rows(_mm512_permutex2var_epi64(u1, upper, u3), places[5] + offset, places[7] + offset);
}

// A point in memory is its 20 limbs in a row; each lane has a place of its own.
constexpr int point_words = 20;

ISOLOIR_LANES_INLINE Point8 load_points(const std::uint64_t* const* places) {
  Lanes columns[point_words];
  for (int row = 0; row < point_words; row += 4) load_rows(places, row, columns + row);
  Point8 p;
  for (int i = 0; i < 5; ++i) {
    p.sum.limb[i] = columns[i];
    p.difference.limb[i] = columns[5 + i];
    p.z.limb[i] = columns[10 + i];
    p.t.limb[i] = columns[15 + i];
  }
  return p;
}
ISOLOIR_LANES_INLINE void store_points(const Point8& p, std::uint64_t* const* places) {
  Lanes columns[point_words];
  for (int i = 0; i < 5; ++i) {
    columns[i] = p.sum.limb[i];
    columns[5 + i] = p.difference.limb[i];
    columns[10 + i] = p.z.limb[i];
    columns[15 + i] = p.t.limb[i];
  }
  for (int row = 0; row < point_words; row += 4) store_rows(columns + row, places, row);
}

// A field element of each of eight structures in a row, `stride` bytes apart; of the lanes that
// `active` names, the others are 0 and not touched. For what is done once a point: gathers cost
// more than load_rows.
ISOLOIR_LANES_INLINE Field8 gather(const FieldElement& first, int stride, __mmask8 active) {
  const Lanes offsets =
      _mm512_mullo_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), _mm512_set1_epi64(stride));
  Field8 r;
  for (int i = 0; i < 5; ++i) {
    r.limb[i] =
        _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), active, offsets, first.limb + i, 1);
  }
  check_lanes(r, lane_whole_bound);
  return r;
}
ISOLOIR_LANES_INLINE void scatter(const Field8& a, FieldElement& first, int stride,
                                  __mmask8 active) {
  const Lanes offsets =
      _mm512_mullo_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), _mm512_set1_epi64(stride));
  for (int i = 0; i < 5; ++i) {
    _mm512_mask_i64scatter_epi64(first.limb + i, active, offsets, a.limb[i], 1);
  }
}

}  // namespace
}  // namespace isoloir::multiexp
