#include "multiexp/ifma_kernels.hpp"

#ifdef __x86_64__

#include "multiexp/ifma_curve.hpp"
#include "multiexp/lane_root.hpp"

namespace isoloir::multiexp::ifma {
namespace {

// Registers of eight values that go through the long chain together: rows, whose operations the
// processor finds to be independent, of columns, whose instructions are written in step.
template <int rows, int columns>
struct Registers {
  Factor8 at[rows][columns];
};

template <int rows, int columns>
ISOLOIR_LANES_INLINE void square_times(Registers<rows, columns>& a, int times) {
  for (int i = 0; i < times; ++i) {
    for (int row = 0; row < rows; ++row) square_each(a.at[row]);
  }
}
template <int rows, int columns>
ISOLOIR_LANES_INLINE void multiply_all(Registers<rows, columns>& a,
                                       const Registers<rows, columns>& b) {
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      a.at[row][column] = multiply(a.at[row][column], b.at[row][column]);
    }
  }
}

constexpr Limbs52 minus_one{{bits_52 - 19, bits_52, bits_52, bits_52, bits_47}};
constexpr Limbs52 curve_d_52 = limbs_52(curve_d);
constexpr Limbs52 square_root_of_minus_one_52 = limbs_52(square_root_of_minus_one);

// What decoding has worked out before the root, for eight encodings.
struct Halfway8 {
  Factor8 s, u1, u2, v, radicand;
  __mmask8 good;
};

// Below p = 2^255 - 19 and even, as 64-bit words; the identity is 0.
ISOLOIR_LANES_INLINE __mmask8 canonical(const Lanes (&word)[4], bool identity_allowed) {
  const Lanes ones = all_lanes(~std::uint64_t{0}), top = all_lanes(~std::uint64_t{0} >> 1);
  const __mmask8 below_top = _mm512_cmplt_epu64_mask(word[3], top);
  __mmask8 high = _mm512_cmpeq_epi64_mask(word[3], top);
  const __mmask8 lower_differ = _mm512_cmpneq_epi64_mask(_mm512_and_si512(word[1], word[2]), ones);
  const __mmask8 lowest_below = _mm512_cmplt_epu64_mask(word[0], all_lanes(~std::uint64_t{18}));
  high = static_cast<__mmask8>(high & (lower_differ | lowest_below));
  const __mmask8 even = _mm512_testn_epi64_mask(word[0], all_lanes(1));
  const Lanes any =
      _mm512_or_si512(_mm512_or_si512(word[0], word[1]), _mm512_or_si512(word[2], word[3]));
  const __mmask8 present = identity_allowed ? 0xff : _mm512_test_epi64_mask(any, any);
  return static_cast<__mmask8>((below_top | high) & even & present);
}

ISOLOIR_LANES_INLINE Halfway8 begin(const std::uint8_t* const* encodings, bool identity_allowed) {
  Lanes word[4];
  load_rows(encodings, 0, word);
  Halfway8 half;
  half.good = canonical(word, identity_allowed);
  Field8 s;
  s.limb[0] = masked(word[0], bits_52);
  for (unsigned i = 1; i < 4; ++i) {
    s.limb[i] =
        masked(_mm512_or_si512(above(word[i - 1], 64 - 12 * i), shifted(word[i], 12 * i)), bits_52);
  }
  s.limb[4] = masked(above(word[3], 16), bits_47);
  half.s = s;
  const Wide8 one = wide(small(1)), ss = square_wide(s);
  half.u1 = carried(subtract(one, ss));
  half.u2 = carried(add(one, ss));
  const Wide8 u2u2 = square_wide(half.u2);
  const Wide8 du1u1 = multiply_wide(in_all_lanes(curve_d_52), square(half.u1));
  half.v = carried(subtract(wide(small(0)), add(du1u1, u2u2)));
  half.radicand = multiply(half.v, carried(u2u2));
  return half;
}

// From power = (radicand^7)^((p - 5) / 8). The candidate root's square times the radicand is a
// fourth root of one: where it is neither 1 nor -1 there is no root. Which of the two roots it is
// does not matter: x is made non-negative and y has the root squared.
ISOLOIR_LANES_INLINE __mmask8 finish(const Halfway8& half, const Factor8& power, Field8& x,
                                     Field8& y) {
  const Factor8 cubed = multiply(square(half.radicand), half.radicand);
  Factor8 root = multiply(cubed, power);
  const Field8 check = least(multiply(half.radicand, square(root)));
  const __mmask8 turned = equal(check, in_all_lanes(minus_one));
  const std::uint32_t square_found = turned | equal(check, small(1));
  root = chosen(turned, root, multiply(root, in_all_lanes(square_root_of_minus_one_52)));
  const Factor8 x_denominator = multiply(root, half.u2);
  const Factor8 y_denominator = multiply(multiply(root, x_denominator), half.v);
  const Wide8 half_x = multiply_wide(half.s, x_denominator);
  const Field8 either = least(carried(add(half_x, half_x)));
  const Factor8 other = carried(subtract(wide(small(0)), wide(either)));
  x = least(chosen(negative(either), either, other));
  y = least(multiply(half.u1, y_denominator));
  const __mmask8 bad = negative(least(multiply(x, y))) | equal(y, small(0));
  return static_cast<__mmask8>(half.good & square_found & ~bad);
}

template <int rows, int columns>
ISOLOIR_LANES_INLINE std::uint32_t decode_registers(const std::uint8_t* const* encodings,
                                                    std::size_t wanted, AffinePoint* points,
                                                    bool identity_allowed) {
  Halfway8 half[rows * columns];
  Registers<rows, columns> power;
  for (int j = 0; j < rows * columns; ++j) {
    half[j] = begin(encodings + 8 * j, identity_allowed);
    const Factor8 cubed = multiply(square(half[j].radicand), half[j].radicand);
    power.at[j / columns][j % columns] = multiply(square(cubed), half[j].radicand);
  }
  power_for_root(power);
  std::uint32_t bad = 0;
  for (int j = 0; j < rows * columns; ++j) {
    Field8 x, y;
    const __mmask8 good = finish(half[j], power.at[j / columns][j % columns], x, y);
    const auto active = static_cast<__mmask8>(((std::uint64_t{1} << wanted) - 1) >> (8 * j));
    scatter(x, points[8 * j].x, sizeof(AffinePoint), active);
    scatter(y, points[8 * j].y, sizeof(AffinePoint), active);
    bad |= static_cast<std::uint32_t>(static_cast<__mmask8>(~good) & active) << (8 * j);
  }
  return bad;
}

ISOLOIR_LANES_INLINE __mmask8 first_lanes(std::size_t count) {
  return count >= lanes ? __mmask8{0xff} : static_cast<__mmask8>((1u << count) - 1);
}

ISOLOIR_LANES_INLINE void store_field(const Factor8& a, std::uint64_t* words) {
  for (int i = 0; i < 5; ++i) _mm512_storeu_si512(words + 8 * i, a.limb[i]);
}

ISOLOIR_LANES_INLINE void store_in_lanes(const Point8& p, std::uint64_t* words) {
  Lanes columns[point_words];
  columns_of(p, columns);
  for (int i = 0; i < point_words; ++i) _mm512_storeu_si512(words + 8 * i, columns[i]);
}
ISOLOIR_LANES_INLINE Point8 load_from_lanes(const std::uint64_t* words) {
  Lanes columns[point_words];
  for (int i = 0; i < point_words; ++i) columns[i] = _mm512_loadu_si512(words + 8 * i);
  return point_of(columns);
}
ISOLOIR_LANES_INLINE Point8 permuted(const Point8& p, Lanes from) {
  Lanes columns[point_words];
  columns_of(p, columns);
  for (auto& column : columns) column = _mm512_permutexvar_epi64(from, column);
  return point_of(columns);
}

// 2^times p, times not 0.
Point8 twice_times(Point8 p, unsigned times) {
  for (unsigned i = 1; i < times; ++i) p = twice8<false>(p);
  return twice8<true>(p);
}

ISOLOIR_LANES_INLINE Factor8 broadcast(const std::uint64_t* words) {
  Factor8 r;
  for (int i = 0; i < 5; ++i) r.limb[i] = all_lanes(words[8 * i]);
  return r;
}

// Where each lane's bucket is for its digit of the scalar; and in which the digit is negative.
struct Targets {
  alignas(64) std::uint64_t* place[lanes];
  __mmask8 negative;
};

struct DigitReader {
  Lanes low_word, high_word, right, left, mask, bias, base;

  ISOLOIR_LANES_INLINE DigitReader(const DigitLanes<lanes>& digits, std::uint64_t* buckets) {
    const Lanes bit = _mm512_loadu_si512(digits.bit);
    low_word = _mm512_srli_epi64(bit, 6);
    high_word = _mm512_add_epi64(low_word, all_lanes(1));
    right = _mm512_and_si512(bit, all_lanes(63));
    left = _mm512_sub_epi64(all_lanes(64), right);  // a shift by 64 gives 0
    mask = _mm512_loadu_si512(digits.mask);
    bias = _mm512_loadu_si512(digits.bias);
    base = _mm512_add_epi64(
        all_lanes(reinterpret_cast<std::uint64_t>(buckets)),
        _mm512_mullo_epi64(lane_numbers(), all_lanes(point_words * sizeof(std::uint64_t))));
  }

  ISOLOIR_LANES_INLINE void read(const BiasedScalar& scalar, Targets& targets) const {
    const Lanes words = _mm512_loadu_si512(scalar.word);
    const Lanes lower = _mm512_srlv_epi64(_mm512_permutexvar_epi64(low_word, words), right);
    const Lanes upper = _mm512_sllv_epi64(_mm512_permutexvar_epi64(high_word, words), left);
    const Lanes value = _mm512_and_si512(_mm512_or_si512(lower, upper), mask);
    const Lanes digit = _mm512_sub_epi64(value, bias);
    targets.negative = _mm512_movepi64_mask(digit);
    const Lanes offset =
        _mm512_mul_epu32(_mm512_abs_epi64(digit), all_lanes(bucket_words * sizeof(std::uint64_t)));
    _mm512_store_si512(targets.place, _mm512_add_epi64(base, offset));
  }
};

// Wide digits have more buckets than the nearest cache holds; a tenth of the time at 11 bits.
ISOLOIR_LANES_INLINE void fetch_ahead(const Targets& targets) {
  for (const auto* place : targets.place) {
    for (int word = 0; word < point_words; word += 8) __builtin_prefetch(place + word, 1);
  }
}

ISOLOIR_LANES_INLINE void add_to_buckets(const Targets& targets, const std::uint64_t* addend) {
  const Point8 point = load_points(targets.place);
  const Factor8 sum = broadcast(addend), difference = broadcast(addend + 5 * lanes);
  const Factor8 product = broadcast(addend + 10 * lanes);
  const Factor8 negative_product = broadcast(addend + 15 * lanes);
  store_points(add_affine(point, chosen(targets.negative, sum, difference),
                          chosen(targets.negative, difference, sum),
                          chosen(targets.negative, product, negative_product)),
               targets.place);
}

}  // namespace

std::uint32_t decode_some(const std::uint8_t* const* encodings, std::size_t count,
                          AffinePoint* points, bool identity_allowed) {
  static constexpr std::uint8_t nothing[32] = {};
  const std::uint8_t* filled[decoded_at_once];
  for (std::size_t i = 0; i < decoded_at_once; ++i) {
    filled[i] = i < count ? encodings[i] : nothing;
  }
  if (count <= lanes) return decode_registers<1, 1>(filled, count, points, identity_allowed);
  if (count <= 2 * lanes) return decode_registers<1, 2>(filled, count, points, identity_allowed);
  return decode_registers<2, 2>(filled, count, points, identity_allowed);
}

void make_addends(const AffinePoint* points, std::size_t count, std::uint64_t* addends) {
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask8 active = first_lanes(count - i);
    const Addend8 made = addend(gather(points[i].x, sizeof(AffinePoint), active),
                                gather(points[i].y, sizeof(AffinePoint), active));
    store_field(made.sum, addends);
    store_field(made.difference, addends + 5 * lanes);
    store_field(made.product, addends + 10 * lanes);
    store_field(made.negative_product, addends + 15 * lanes);
    addends += addend_words;
  }
}

// All buckets are alike, and two of their lanes are five registers.
void empty_buckets(std::uint64_t* buckets, std::size_t most) {
  std::uint64_t* places[lanes];
  for (std::size_t lane = 0; lane < lanes; ++lane) places[lane] = buckets + lane * point_words;
  store_points(identity8(), places);
  Lanes pair[5];
  for (int i = 0; i < 5; ++i) pair[i] = _mm512_load_si512(buckets + 8 * i);
  for (std::size_t i = 0; i < (most + 1) * lanes / 2; ++i) {
    for (const auto& words : pair) {
      _mm512_store_si512(buckets, words);
      buckets += 8;
    }
  }
}

void fill_buckets(std::uint64_t* buckets, const DigitLanes<lanes>& digits,
                  const std::uint64_t* addends, const BiasedScalar* scalars, std::size_t count) {
  const DigitReader reader(digits, buckets);
  Targets targets[2];
  if (count != 0) reader.read(scalars[0], targets[0]);
  for (std::size_t i = 0; i < count; ++i) {
    if (i + 1 < count) {
      reader.read(scalars[i + 1], targets[(i + 1) % 2]);
      fetch_ahead(targets[(i + 1) % 2]);
    }
    add_to_buckets(targets[i % 2], addends + i / lanes * addend_words + i % lanes);
  }
}

void drain_buckets(const std::uint64_t* buckets, std::size_t most, std::uint64_t* sums) {
  Point8 passed = identity8(), total = identity8();
  for (std::size_t i = most; i > 0; --i) {
    const std::uint64_t* places[lanes];
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      places[lane] = buckets + i * bucket_words + lane * point_words;
    }
    passed = add_points(passed, load_points(places));
    total = add_points(total, passed);
  }
  store_in_lanes(total, sums);
}

// Each group is as high above the one below as eight places. Then lanes are added to lanes: in
// three steps those a half, a quarter, an eighth of the eight places above.
ExtendedPoint combine(const std::uint64_t* sums, std::size_t groups, unsigned width) {
  Point8 total = identity8();
  for (std::size_t group = groups; group-- > 0;) {
    if (group + 1 < groups) total = twice_times(total, lanes * width);
    total = add_points(total, load_from_lanes(sums + group * bucket_words));
  }
  for (unsigned step = lanes / 2; step > 0; step /= 2) {
    const Lanes from = plus(lane_numbers(), all_lanes(step));  // beyond the last, any lane
    total = add_points(total, twice_times(permuted(total, from), step * width));
  }
  ExtendedPoint result;
  scatter_points(total, result, 1);
  return result;
}

void add_each(ExtendedPoint* sums, const AffinePoint* points, std::size_t count) {
  constexpr int stride = sizeof(ExtendedPoint);
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask8 active = first_lanes(count - i);
    const Field8 x = gather(sums[i].x, stride, active), y = gather(sums[i].y, stride, active);
    const Point8 before{carried(add(wide(y), wide(x))), carried(subtract(wide(y), wide(x))),
                        gather(sums[i].z, stride, active), gather(sums[i].t, stride, active)};
    const Addend8 q = addend(gather(points[i].x, sizeof(AffinePoint), active),
                             gather(points[i].y, sizeof(AffinePoint), active));
    scatter_points(add_affine(before, q.sum, q.difference, q.product), sums[i], active);
  }
}

void field_operations(const FieldLanes& a, const FieldLanes& b, FieldResults& results) {
  Factor8 x, y;
  for (int i = 0; i < 5; ++i) {
    x.limb[i] = _mm512_loadu_si512(a.limb[i]);
    y.limb[i] = _mm512_loadu_si512(b.limb[i]);
  }
  store_field(exact(multiply(x, y)), results.product.limb[0]);
  store_field(exact(square(x)), results.square.limb[0]);
  const Wide8 of_x = wide(exact(x)), of_y = wide(exact(y));
  store_field(carried_exactly(add(of_x, of_y)), results.sum.limb[0]);
  store_field(carried_exactly(subtract(of_x, of_y)), results.difference.limb[0]);
  store_field(least(multiply(x, y)), results.least_product.limb[0]);
  const Wide8 xy = multiply_wide(x, y), xy2 = add(xy, xy), xx = square_wide(x);
  store_field(carried_exactly(subtract(wide(small(0)), xy2)), results.less_two.limb[0]);
  store_field(carried_exactly(subtract(add(xy2, xy2), add(xx, xx))), results.four_less_two.limb[0]);
  Lanes in_51[5];
  to_51(exact(x), in_51);
  store_field(carried_exactly(from_51(in_51)), results.there_and_back.limb[0]);
}

}  // namespace isoloir::multiexp::ifma

#endif
