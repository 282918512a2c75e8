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

constexpr Limbs52 curve_2d_52 = limbs_52(curve_2d);

// Y + X, Y - X, Z, T. Z is also added to products.
struct Point8 {
  Factor8 sum, difference;
  Field8 z;
  Factor8 t;
};

// y + x, y - x, 2dxy of points with Z = 1, and the last of their negatives.
struct Addend8 {
  Factor8 sum, difference, product, negative_product;
};

ISOLOIR_LANES_INLINE Point8 identity8() {
  return {small(1), small(1), small(1), small(0)};
}

ISOLOIR_LANES_INLINE Addend8 addend(const Field8& x, const Field8& y) {
  Addend8 r;
  r.sum = carried(add(wide(y), wide(x)));
  r.difference = carried(subtract(wide(y), wide(x)));
  const Wide8 product = multiply_wide(multiply(x, y), in_all_lanes(curve_2d_52));
  r.product = carried(product);
  r.negative_product = carried(subtract(wide(small(0)), product));
  return r;
}

// The last step of all additions: E F, G H, F G, E H. T is not always wanted: a point is doubled
// without it.
template <bool with_t = true>
ISOLOIR_LANES_INLINE Point8 assembled8(const Factor8& e, const Factor8& f, const Factor8& g,
                                       const Factor8& h) {
  const Wide8 x = multiply_wide(e, f), y = multiply_wide(g, h);
  return {carried(add(y, x)), carried(subtract(y, x)), exact(multiply(f, g)),
          with_t ? multiply(e, h) : small(0)};
}

// p + q, of q's first three.
ISOLOIR_LANES_INLINE Point8 add_affine(const Point8& p, const Factor8& q_sum,
                                       const Factor8& q_difference, const Factor8& q_product) {
  const Wide8 a = multiply_wide(p.difference, q_difference);
  const Wide8 b = multiply_wide(p.sum, q_sum);
  const Wide8 c = multiply_wide(p.t, q_product);
  const Wide8 d = add(wide(p.z), wide(p.z));
  return assembled8(carried(subtract(b, a)), carried(subtract(d, c)), carried(add(d, c)),
                    carried(add(b, a)));
}

ISOLOIR_LANES_INLINE Point8 add_points(const Point8& p, const Point8& q) {
  const Wide8 a = multiply_wide(p.difference, q.difference);
  const Wide8 b = multiply_wide(p.sum, q.sum);
  const Wide8 c = multiply_wide(multiply(p.t, in_all_lanes(curve_2d_52)), q.t);
  const Wide8 zz = multiply_wide(p.z, q.z), d = add(zz, zz);
  return assembled8(carried(subtract(b, a)), carried(subtract(d, c)), carried(add(d, c)),
                    carried(add(b, a)));
}

// 2p. With S = Y + X and M = Y - X: S^2 - M^2 = 4XY, S^2 + M^2 = 2(Y^2 + X^2), S M = Y^2 - X^2, so
// these are twice the E, H and G of twice() in curve.hpp, and its F twice with the sign changed.
template <bool with_t>
ISOLOIR_LANES_INLINE Point8 twice8(const Point8& p) {
  const Wide8 ss = square_wide(p.sum), mm = square_wide(p.difference);
  const Wide8 sm = multiply_wide(p.sum, p.difference), g = add(sm, sm);
  const Wide8 zz = square_wide(p.z), zz2 = add(zz, zz);
  return assembled8<with_t>(carried(subtract(ss, mm)), carried(subtract(add(zz2, zz2), g)),
                            carried(g), carried(add(ss, mm)));
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

ISOLOIR_LANES_INLINE Point8 point_of(const Lanes* columns) {
  Point8 p;
  for (int i = 0; i < 5; ++i) {
    p.sum.limb[i] = columns[i];
    p.difference.limb[i] = columns[5 + i];
    p.z.limb[i] = columns[10 + i];
    p.t.limb[i] = columns[15 + i];
  }
  return p;
}
ISOLOIR_LANES_INLINE void columns_of(const Point8& p, Lanes* columns) {
  for (int i = 0; i < 5; ++i) {
    columns[i] = p.sum.limb[i];
    columns[5 + i] = p.difference.limb[i];
    columns[10 + i] = p.z.limb[i];
    columns[15 + i] = p.t.limb[i];
  }
}

ISOLOIR_LANES_INLINE Point8 load_points(const std::uint64_t* const* places) {
  Lanes columns[point_words];
  for (int row = 0; row < point_words; row += 4) load_rows(places, row, columns + row);
  return point_of(columns);
}
ISOLOIR_LANES_INLINE void store_points(const Point8& p, std::uint64_t* const* places) {
  Lanes columns[point_words];
  columns_of(p, columns);
  for (int row = 0; row < point_words; row += 4) store_rows(columns + row, places, row);
}

ISOLOIR_LANES_INLINE Lanes lane_numbers() {
  return _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
}

// A field element of each of eight structures in a row, `stride` bytes apart; of the lanes that
// `active` names, the others are 0 and not touched. For what is done once a point: gathers cost
// more than load_rows.
ISOLOIR_LANES_INLINE Field8 gather(const FieldElement& first, int stride, __mmask8 active) {
  const Lanes offsets = _mm512_mullo_epi64(lane_numbers(), _mm512_set1_epi64(stride));
  Lanes limb[5];
  for (int i = 0; i < 5; ++i) {
    limb[i] =
        _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), active, offsets, first.limb + i, 1);
  }
  return carried_exactly(from_51(limb));
}
ISOLOIR_LANES_INLINE void scatter(const Field8& a, FieldElement& first, int stride,
                                  __mmask8 active) {
  const Lanes offsets = _mm512_mullo_epi64(lane_numbers(), _mm512_set1_epi64(stride));
  Lanes limb[5];
  to_51(a, limb);
  for (int i = 0; i < 5; ++i) {
    _mm512_mask_i64scatter_epi64(first.limb + i, active, offsets, limb[i], 1);
  }
}

// Twice each of the coordinates, which is the same point.
ISOLOIR_LANES_INLINE void scatter_points(const Point8& p, ExtendedPoint& first, __mmask8 active) {
  const Wide8 sum = wide(exact(p.sum)), less = wide(exact(p.difference));
  const Wide8 z = wide(p.z), t = wide(exact(p.t));
  scatter(carried_exactly(subtract(sum, less)), first.x, sizeof(ExtendedPoint), active);
  scatter(carried_exactly(add(sum, less)), first.y, sizeof(ExtendedPoint), active);
  scatter(carried_exactly(add(z, z)), first.z, sizeof(ExtendedPoint), active);
  scatter(carried_exactly(add(t, t)), first.t, sizeof(ExtendedPoint), active);
}

}  // namespace
}  // namespace isoloir::multiexp
