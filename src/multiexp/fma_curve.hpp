// Points of the curve in four lanes, and their way from memory to lanes and back. As fma_field.hpp,
// on which it rests: for fma_kernels.cpp alone.
//
// The additions are those of ifma_curve.hpp, on points kept in the same way, as Y + X, Y - X, Z and
// T. Bounds (fma_field.hpp), in products: sums and differences are of two products, or of one and 2
// Z, or of three; a carry takes eight.
#pragma once

#include "multiexp/fma_field.hpp"

namespace isoloir::multiexp {
namespace {

constexpr Constant balanced_2d = balanced(curve_2d);

struct Point4 {
  Factor4 sum, difference, z, t;
};

// y + x, y - x, 2dxy of points with Z = 1.
struct Addend4 {
  Factor4 sum, difference, product;
};

ISOLOIR_LANES_INLINE Point4 identity4() {
  const Factor4 zero = in_all_lanes({}), one = in_all_lanes({{1}});
  return {one, one, one, zero};
}

ISOLOIR_LANES_INLINE Addend4 addend(const Field4& x, const Field4& y) {
  return {carried(add(y, x)), carried(subtract(y, x)),
          multiply(multiply(carried(x), carried(y)), in_all_lanes(balanced_2d))};
}

// The last step of both additions: E F, G H, F G, E H.
ISOLOIR_LANES_INLINE Point4 assembled4(const Factor4& e, const Factor4& f, const Factor4& g,
                                       const Factor4& h) {
  const Wide4 x = multiply_wide(e, f), y = multiply_wide(g, h);
  return {carried(add(y, x)), carried(subtract(y, x)), multiply(f, g), multiply(e, h)};
}

ISOLOIR_LANES_INLINE Point4 add_affine(const Point4& p, const Addend4& q) {
  const Wide4 a = multiply_wide(p.difference, q.difference);
  const Wide4 b = multiply_wide(p.sum, q.sum);
  const Wide4 c = multiply_wide(p.t, q.product);
  const Wide4 z = wide(p.z), d = add(z, z);
  return assembled4(carried(subtract(b, a)), carried(subtract(d, c)), carried(add(d, c)),
                    carried(add(b, a)));
}

[[gnu::noinline]] Point4 add_points(const Point4& p, const Point4& q) {
  const Wide4 a = multiply_wide(p.difference, q.difference);
  const Wide4 b = multiply_wide(p.sum, q.sum);
  const Wide4 c = multiply_wide(multiply(p.t, in_all_lanes(balanced_2d)), q.t);
  const Wide4 zz = multiply_wide(p.z, q.z), d = add(zz, zz);
  return assembled4(carried(subtract(b, a)), carried(subtract(d, c)), carried(add(d, c)),
                    carried(add(b, a)));
}

template <typename Word>
ISOLOIR_LANES_INLINE Lanes load_lanes(const Word* words) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
}
template <typename Word>
ISOLOIR_LANES_INLINE void store_lanes(Lanes lanes, Word* words) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(words), lanes);
}

// `count` numbers in a row, an even number, from each of four places: the first of all four, the
// second, ... Loads of 16 bytes fill a register from the places i and i + 2, so that the shuffles,
// which know only such blocks, end with the lanes in order.
template <typename Word>
ISOLOIR_LANES_INLINE Lanes two_rows(const Word* first, const Word* second) {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(first))),
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(second)), 1);
}
template <int count, typename Word>
ISOLOIR_LANES_INLINE void load_rows(const Word* const* places, Lanes* columns) {
  constexpr int step = 8 / static_cast<int>(sizeof(Word));
  for (int i = 0; i < count; i += 2) {
    const Lanes m0 = two_rows(places[0] + i * step, places[2] + i * step);
    const Lanes m1 = two_rows(places[1] + i * step, places[3] + i * step);
    columns[i] = _mm256_unpacklo_epi64(m0, m1);
    columns[i + 1] = _mm256_unpackhi_epi64(m0, m1);
  }
}

// The way back.
ISOLOIR_LANES_INLINE void store_two_rows(Lanes rows, std::uint64_t* first, std::uint64_t* second) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(first), _mm256_castsi256_si128(rows));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(second), _mm256_extracti128_si256(rows, 1));
}
template <int count>
ISOLOIR_LANES_INLINE void store_rows(const Lanes* columns, std::uint64_t* const* places) {
  for (int i = 0; i < count; i += 2) {
    store_two_rows(_mm256_unpacklo_epi64(columns[i], columns[i + 1]), places[0] + i, places[2] + i);
    store_two_rows(_mm256_unpackhi_epi64(columns[i], columns[i + 1]), places[1] + i, places[3] + i);
  }
}

// A point in memory is its 20 limbs in a row; each lane has a place of its own.
constexpr int point_words = 20;

ISOLOIR_LANES_INLINE Point4 load_points(const std::uint64_t* const* places) {
  Lanes columns[point_words];
  load_rows<point_words>(places, columns);
  Point4 p;
  for (int i = 0; i < 5; ++i) {
    p.sum.limb[i] = double_of(columns[i]);
    p.difference.limb[i] = double_of(columns[5 + i]);
    p.z.limb[i] = double_of(columns[10 + i]);
    p.t.limb[i] = double_of(columns[15 + i]);
  }
  return p;
}
ISOLOIR_LANES_INLINE void store_points(const Point4& p, std::uint64_t* const* places) {
  Lanes columns[point_words];
  for (int i = 0; i < 5; ++i) {
    columns[i] = bits(p.sum.limb[i]);
    columns[5 + i] = bits(p.difference.limb[i]);
    columns[10 + i] = bits(p.z.limb[i]);
    columns[15 + i] = bits(p.t.limb[i]);
  }
  store_rows<point_words>(columns, places);
}

// Points as they pass through engine.hpp are numbers in a row too: FieldElement's limbs, below
// 2^52, in the order of the coordinates.
static_assert(sizeof(AffinePoint) == 10 * 8 && sizeof(ExtendedPoint) == point_words * 8);

ISOLOIR_LANES_INLINE Field4 field_of(const Lanes* columns) {
  Wide4 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = columns[i];
  return carried_positive(r);
}
template <int coordinates>
ISOLOIR_LANES_INLINE void store_fields(const Field4 (&fields)[coordinates],
                                       std::uint64_t* const* places) {
  Lanes columns[5 * coordinates];
  for (int i = 0; i < 5 * coordinates; ++i) columns[i] = fields[i / 5].limb[i % 5];
  store_rows<5 * coordinates>(columns, places);
}

// Twice each of the coordinates, which is the same point.
ISOLOIR_LANES_INLINE void store_extended(const Point4& p, std::uint64_t* const* places) {
  const Wide4 sum = wide(p.sum), less = wide(p.difference), z = wide(p.z), t = wide(p.t);
  store_fields<4>({carried_positive(subtract(sum, less)), carried_positive(add(sum, less)),
                   carried_positive(add(z, z)), carried_positive(add(t, t))},
                  places);
}

}  // namespace
}  // namespace isoloir::multiexp
