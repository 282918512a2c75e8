#include "multiexp/fma_kernels.hpp"

#ifdef __x86_64__

#include "multiexp/fma_curve.hpp"
#include "multiexp/lane_root.hpp"

namespace isoloir::multiexp::fma {
namespace {

// Registers of four values that go through the long chain together.
template <int count>
struct Registers {
  Factor4 at[count];
};

// A loop for all of the chain's squarings: together they would be more than the cache of
// instructions holds.
template <int count>
[[gnu::noinline]] void square_times(Registers<count>& a, int times) {
  for (int i = 0; i < times; ++i) {
    for (auto& factor : a.at) factor = square(factor);
  }
}
template <int count>
[[gnu::noinline]] void multiply_all(Registers<count>& a, const Registers<count>& b) {
  for (int i = 0; i < count; ++i) a.at[i] = multiply(a.at[i], b.at[i]);
}

constexpr Constant balanced_d = balanced(curve_d);
constexpr Constant balanced_root_of_minus_one = balanced(square_root_of_minus_one);

// What decoding has worked out before the root, for four encodings.
struct Halfway4 {
  Factor4 s, u1, u2, v, radicand;
  unsigned good;
};

ISOLOIR_LANES_INLINE Halfway4 begin(const std::uint8_t* const* encodings, bool identity_allowed) {
  Lanes word[4];
  load_rows<4>(encodings, word);
  Field4 s;
  s.limb[0] = masked(word[0], bits_51);
  for (int i = 1; i < 4; ++i) {
    s.limb[i] =
        masked(_mm256_or_si256(above(word[i - 1], 64 - 13 * i), shifted(word[i], 13 * i)), bits_51);
  }
  s.limb[4] = masked(above(word[3], 12), bits_51);
  // Below p, even, without bit 255; the identity is 0.
  Halfway4 half;
  half.good = lanes_of(equal(s, least(s))) & ~lanes_of(negative(s)) & ~lanes_of(word[3]);
  if (!identity_allowed) half.good &= ~lanes_of(equal(s, small(0)));
  half.s = carried(s);
  const Wide4 one = small(1), ss = square_wide(half.s);
  half.u1 = carried(subtract(one, ss));
  half.u2 = carried(add(one, ss));
  const Wide4 u2u2 = square_wide(half.u2);
  const Wide4 du1u1 = multiply_wide(in_all_lanes(balanced_d), square(half.u1));
  half.v = carried(subtract(small(0), add(du1u1, u2u2)));
  half.radicand = multiply(half.v, carried(u2u2));
  return half;
}

// As in ifma_kernels.cpp.
ISOLOIR_LANES_INLINE unsigned finish(const Halfway4& half, const Factor4& power, Field4& x,
                                     Field4& y) {
  const Factor4 cubed = multiply(square(half.radicand), half.radicand);
  Factor4 root = multiply(cubed, power);
  const Field4 check = least(multiply_wide(half.radicand, square(root)));
  const Lanes turned = equal(check, least(subtract(small(0), small(1))));
  const unsigned square_found = lanes_of(turned) | lanes_of(equal(check, small(1)));
  const Factor4 other_root = multiply(root, in_all_lanes(balanced_root_of_minus_one));
  for (int i = 0; i < 5; ++i) {
    root.limb[i] = double_of(chosen(turned, bits(root.limb[i]), bits(other_root.limb[i])));
  }
  const Factor4 x_denominator = multiply(root, half.u2);
  const Factor4 y_denominator = multiply(multiply(root, x_denominator), half.v);
  const Wide4 half_x = multiply_wide(half.s, x_denominator);
  const Field4 either = least(add(half_x, half_x)), other = least(subtract(small(0), either));
  const Lanes turn = negative(either);
  for (int i = 0; i < 5; ++i) x.limb[i] = chosen(turn, either.limb[i], other.limb[i]);
  y = least(multiply_wide(half.u1, y_denominator));
  const Lanes negative_t = negative(least(multiply_wide(carried(x), carried(y))));
  return half.good & square_found & ~lanes_of(negative_t) & ~lanes_of(equal(y, small(0)));
}

// Of all registers' lanes, those that are good.
template <int count>
ISOLOIR_LANES_INLINE std::uint32_t decode_registers(const std::uint8_t* const* encodings,
                                                    std::uint64_t* const* places,
                                                    bool identity_allowed) {
  Halfway4 half[count];
  Registers<count> power;
#pragma GCC unroll 1
  for (int i = 0; i < count; ++i) {
    half[i] = begin(encodings + 4 * i, identity_allowed);
    const Factor4 cubed = multiply(square(half[i].radicand), half[i].radicand);
    power.at[i] = multiply(square(cubed), half[i].radicand);
  }
  power_for_root(power);
  std::uint32_t good = 0;
#pragma GCC unroll 1
  for (int i = 0; i < count; ++i) {
    Field4 point[2];
    good |= finish(half[i], power.at[i], point[0], point[1]) << (4 * i);
    store_fields(point, places + 4 * i);
  }
  return good;
}

// Where each lane's bucket is for its digit of the scalar; and a mask of those in which the digit
// is negative.
struct Targets {
  alignas(32) std::uint64_t* place[lanes];
  Lanes negative;
};

// A digit is at most 14 bits, so it is in the eight bytes from the one in which it begins.
struct DigitReader {
  std::uint64_t byte[lanes];
  Lanes right, mask, bias, base;

  ISOLOIR_LANES_INLINE DigitReader(const DigitLanes<lanes>& digits, std::uint64_t* buckets) {
    for (std::size_t lane = 0; lane < lanes; ++lane) byte[lane] = digits.bit[lane] / 8;
    right = masked(load_lanes(digits.bit), 7);
    mask = load_lanes(digits.mask);
    bias = load_lanes(digits.bias);
    constexpr long long step = point_words * sizeof(std::uint64_t);
    base = plus(all_lanes(reinterpret_cast<std::uint64_t>(buckets)),
                _mm256_setr_epi64x(0, step, 2 * step, 3 * step));
  }

  ISOLOIR_LANES_INLINE void read(const BiasedScalar& scalar, Targets& targets) const {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(scalar.word);
    const auto from = [&](std::size_t lane) __attribute__((always_inline)) {
      return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + byte[lane]));
    };
    const Lanes words =
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi64(from(0), from(1))),
                                _mm_unpacklo_epi64(from(2), from(3)), 1);
    const Lanes value = _mm256_and_si256(_mm256_srlv_epi64(words, right), mask);
    const Lanes digit = minus(value, bias);
    targets.negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), digit);
    const Lanes size = minus(_mm256_xor_si256(digit, targets.negative), targets.negative);
    const Lanes offset = _mm256_mul_epu32(size, all_lanes(bucket_words * sizeof(std::uint64_t)));
    store_lanes(plus(base, offset), targets.place);
  }
};

ISOLOIR_LANES_INLINE void fetch_ahead(const Targets& targets) {
  for (const auto* place : targets.place) {
    for (int word = 0; word < point_words; word += 8) __builtin_prefetch(place + word, 1);
  }
}

ISOLOIR_LANES_INLINE Lanes broadcast(const std::uint64_t* word) {
  return all_lanes(*word);
}

// Where the digit is negative the addend's sum and difference change places, and its product the
// sign.
ISOLOIR_LANES_INLINE void add_to_buckets(const Targets& targets, const std::uint64_t* words) {
  const Lanes sign = shifted(targets.negative, 63);
  Addend4 q;
  for (std::size_t i = 0; i < 5; ++i) {
    const Lanes sum = broadcast(words + lanes * i), less = broadcast(words + lanes * (5 + i));
    const Lanes change = _mm256_and_si256(_mm256_xor_si256(sum, less), targets.negative);
    q.sum.limb[i] = double_of(_mm256_xor_si256(sum, change));
    q.difference.limb[i] = double_of(_mm256_xor_si256(less, change));
    q.product.limb[i] = double_of(_mm256_xor_si256(broadcast(words + lanes * (10 + i)), sign));
  }
  store_points(add_affine(load_points(targets.place), q), targets.place);
}

// Places for a lane each of what begins at `first`; lanes beyond the last have the last one's.
template <typename Structure, typename Word>
ISOLOIR_LANES_INLINE void places_of(Structure* first, std::size_t count, Word** places) {
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    places[lane] = reinterpret_cast<Word*>(first + (lane < count ? lane : count - 1));
  }
}

ISOLOIR_LANES_INLINE Addend4 addend_of(const AffinePoint* points, std::size_t count) {
  const std::uint64_t* places[lanes];
  places_of(points, count, places);
  Lanes columns[10];
  load_rows<10>(places, columns);
  return addend(field_of(columns), field_of(columns + 5));
}

}  // namespace

std::uint32_t decode_some(const std::uint8_t* const* encodings, std::size_t count,
                          AffinePoint* points, bool identity_allowed) {
  static constexpr std::uint8_t nothing[32] = {};
  AffinePoint spare;
  const std::uint8_t* filled[decoded_at_once];
  std::uint64_t* places[decoded_at_once];
  for (std::size_t i = 0; i < decoded_at_once; ++i) {
    filled[i] = i < count ? encodings[i] : nothing;
    places[i] = reinterpret_cast<std::uint64_t*>(i < count ? points + i : &spare);
  }
  const auto good = count <= lanes ? decode_registers<1>(filled, places, identity_allowed)
                                   : decode_registers<2>(filled, places, identity_allowed);
  return ~good & ((std::uint32_t{1} << count) - 1);
}

void make_addends(const AffinePoint* points, std::size_t count, std::uint64_t* addends) {
  for (std::size_t i = 0; i < count; i += lanes) {
    const Addend4 made = addend_of(points + i, count - i);
    for (const auto* factor : {&made.sum, &made.difference, &made.product}) {
      for (const auto& limb : factor->limb) {
        store_lanes(bits(limb), addends);
        addends += lanes;
      }
    }
  }
}

void empty_buckets(std::uint64_t* buckets, std::size_t most) {
  for (std::size_t i = 0; i <= most; ++i, buckets += bucket_words) {
    std::uint64_t* places[lanes];
    for (std::size_t lane = 0; lane < lanes; ++lane) places[lane] = buckets + lane * point_words;
    store_points(identity4(), places);
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
  Point4 passed = identity4(), total = identity4();
  for (std::size_t i = most; i > 0; --i) {
    const std::uint64_t* places[lanes];
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      places[lane] = buckets + i * bucket_words + lane * point_words;
    }
    passed = add_points(passed, load_points(places));
    total = add_points(total, passed);
  }
  std::uint64_t* places[lanes];
  for (std::size_t lane = 0; lane < lanes; ++lane) places[lane] = sums + lane * point_words;
  store_extended(total, places);
}

void add_each(ExtendedPoint* sums, const AffinePoint* points, std::size_t count) {
  for (std::size_t i = 0; i < count; i += lanes) {
    std::uint64_t* places[lanes];
    places_of(sums + i, count - i, places);
    Lanes columns[point_words];
    load_rows<point_words>(places, columns);
    const Field4 x = field_of(columns), y = field_of(columns + 5);
    const Point4 before{carried(add(y, x)), carried(subtract(y, x)),
                        carried(field_of(columns + 10)), carried(field_of(columns + 15))};
    store_extended(add_affine(before, addend_of(points + i, count - i)), places);
  }
}

void field_operations(const FactorLanes& a, const FactorLanes& b, const FieldLanes& to_carry,
                      FieldResults& results) {
  Factor4 x, y;
  Wide4 wanted;
  for (int i = 0; i < 5; ++i) {
    x.limb[i] = _mm256_loadu_pd(a.limb[i]);
    y.limb[i] = _mm256_loadu_pd(b.limb[i]);
    wanted.limb[i] = load_lanes(to_carry.limb[i]);
  }
  const auto store = [](const Wide4& value, FieldLanes& result) __attribute__((always_inline)) {
    const Field4 positive = carried_positive(value);
    for (int i = 0; i < 5; ++i) {
      store_lanes(positive.limb[i], result.limb[i]);
    }
  };
  const Wide4 xy = multiply_wide(x, y), xy2 = add(xy, xy), xx = square_wide(x);
  store(xy, results.product);
  store(xx, results.square);
  store(add(wide(x), wide(y)), results.sum);
  store(subtract(wide(x), wide(y)), results.difference);
  store(subtract(small(0), xy2), results.less_two);
  store(subtract(add(xy2, xy2), add(xx, xx)), results.four_less_two);
  store(wide(carried(wanted)), results.there_and_back);
  const Field4 least_value = least(wanted);
  for (int i = 0; i < 5; ++i) {
    store_lanes(least_value.limb[i], results.least.limb[i]);
  }
}

}  // namespace isoloir::multiexp::fma

#endif
