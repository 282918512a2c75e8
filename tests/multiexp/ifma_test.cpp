// The engine in eight lanes: its field against the slowest arithmetic there is, each lane's results
// against the portable engine's, sums with digits of every width. What all engines have in common
// is in engine_test.cpp.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/result.hpp"
#include "multiexp/field.hpp"
#include "multiexp/ifma_kernels.hpp"
#include "multiexp/sodium_terms.hpp"

namespace isoloir::multiexp {
namespace {

#define SKIP_WITHOUT_IFMA()                                                             \
  if (ifma_engine() == nullptr) {                                                       \
    GTEST_SKIP() << "this processor or its system has no AVX-512 IFMA: nothing tested"; \
  }

// A value in limbs of 52 bits.
struct Limbs {
  std::uint64_t limb[5];
};
constexpr std::uint64_t bits_52 = (std::uint64_t{1} << 52) - 1;
constexpr std::uint64_t bits_47 = (std::uint64_t{1} << 47) - 1;
constexpr std::uint64_t most_of_last = bits_47 + (1 << 13);

// A number below 2^320 in words of 32 bits, and what is left of one modulo p: bit by bit.
using Number = std::array<std::uint32_t, 20>;

Number number_of(const Limbs& a) {
  Number sum{};
  for (std::size_t limb = 0; limb < 5; ++limb) {
    for (std::size_t bit = 0; bit < 64; ++bit) {
      if ((a.limb[limb] >> bit & 1) == 0) continue;
      const std::size_t place = 52 * limb + bit;
      std::uint64_t carry = std::uint64_t{1} << (place % 32);
      for (std::size_t word = place / 32; carry != 0; ++word) {
        carry += sum[word];
        sum[word] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
    }
  }
  return sum;
}

Number product_of(const Number& a, const Number& b) {
  Number product{};
  for (std::size_t i = 0; i < 10; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; i + j < product.size(); ++j) {
      carry += std::uint64_t{a[i]} * b[j] + product[i + j];
      product[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  return product;
}

// a - p where a is not below it, else a.
FieldBytes less_p(const std::array<std::uint8_t, 33>& a) {
  std::array<std::uint8_t, 33> rest{};
  int borrow = 0;
  for (std::size_t i = 0; i < 33; ++i) {
    const int of_p = i == 0 ? 0xed : i < 31 ? 0xff : i == 31 ? 0x7f : 0;
    const int difference = a[i] - of_p - borrow;
    rest[i] = static_cast<std::uint8_t>(difference);
    borrow = difference < 0 ? 1 : 0;
  }
  FieldBytes result;
  std::copy_n(borrow != 0 ? a.begin() : rest.begin(), 32, result.begin());
  return result;
}

FieldBytes slow_modulo(const Number& a) {
  FieldBytes value{};
  for (std::size_t bit = 32 * a.size(); bit-- > 0;) {
    std::array<std::uint8_t, 33> twice{};
    unsigned carry = a[bit / 32] >> (bit % 32) & 1;
    for (std::size_t i = 0; i < 32; ++i) {
      carry += 2u * value[i];
      twice[i] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    value = less_p(twice);
  }
  return value;
}

FieldBytes slow_sum(const FieldBytes& a, const FieldBytes& b) {
  std::array<std::uint8_t, 33> sum{};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned>(a[i]) + b[i];
    sum[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return less_p(sum);
}

// What products see: the highest 12 bits of all limbs but the last are anything.
Limbs lane_of(const ifma::FieldLanes& lanes, std::size_t lane) {
  Limbs a;
  for (int i = 0; i < 4; ++i) a.limb[i] = lanes.limb[i][lane] & bits_52;
  a.limb[4] = lanes.limb[4][lane];
  return a;
}

std::uint64_t edge_limb(Random& random, bool last) {
  const std::uint64_t most = last ? bits_47 : bits_52;
  const std::uint64_t edges[] = {0,         1,        18,   19,       most - 19,
                                 most - 18, most - 1, most, most / 2, most / 2 + 1};
  const auto choice = random.below(std::size(edges) + 2);
  const std::uint64_t limb =
      choice < std::size(edges)
          ? edges[choice]
          : ((std::uint64_t{random.below(1u << 26)} << 26) + random.below(1u << 26)) & most;
  if (last) return random.below(4) == 0 ? most_of_last : limb;
  return limb | std::uint64_t{random.below(1u << 12)} << 52;
}

void expect_lane(const ifma::FieldResults& results, std::size_t lane, const Limbs& a,
                 const Limbs& b) {
  const auto slow = [](const Limbs& value) { return slow_modulo(number_of(value)); };
  const FieldBytes product = slow_modulo(product_of(number_of(a), number_of(b)));
  EXPECT_EQ(slow(lane_of(results.product, lane)), product);
  const Number least = number_of(lane_of(results.least_product, lane));
  for (std::size_t i = 0; i < product.size(); ++i) {
    EXPECT_EQ(static_cast<std::uint8_t>(least[i / 4] >> (8 * (i % 4))), product[i]);
  }
  EXPECT_EQ(slow(lane_of(results.square, lane)),
            slow_modulo(product_of(number_of(a), number_of(a))));
  EXPECT_EQ(slow(lane_of(results.sum, lane)), slow_sum(slow(a), slow(b)));
  EXPECT_EQ(slow_sum(slow(lane_of(results.difference, lane)), slow(b)), slow(a));
  EXPECT_EQ(slow(lane_of(results.there_and_back, lane)), slow(a));
  const FieldBytes square = slow(lane_of(results.square, lane)), xy2 = slow_sum(product, product);
  EXPECT_EQ(slow_sum(slow(lane_of(results.less_two, lane)), xy2), FieldBytes{});
  EXPECT_EQ(slow_sum(slow(lane_of(results.four_less_two, lane)), slow_sum(square, square)),
            slow_sum(xy2, xy2));
  for (const auto* result : {&results.product, &results.square, &results.sum, &results.difference,
                             &results.least_product, &results.there_and_back, &results.less_two,
                             &results.four_less_two}) {
    for (int i = 0; i < 4; ++i) EXPECT_LE(result->limb[i][lane], bits_52);
    EXPECT_LE(result->limb[4][lane], result == &results.least_product ? bits_47 : most_of_last);
  }
}

// Limbs at the bounds and around multiples of p, other ones in each lane; first the largest of all,
// then those whose products have the largest halves, low and high: (2^52 - x)(2^52 - x) with x x
// next to 2^52.
TEST(Ifma, FieldAtItsBounds) {
  SKIP_WITHOUT_IFMA();
  SeededRandom random(31);
  for (int round = 0; round < 20; ++round) {
    ifma::FieldLanes a, b;
    for (int limb = 0; limb < 5; ++limb) {
      const std::uint64_t largest = limb == 4 ? most_of_last : ~std::uint64_t{0};
      const std::uint64_t halves = limb == 4 ? 1 : bits_52 - (1u << 26) + 2;
      for (std::size_t lane = 0; lane < ifma::lanes; ++lane) {
        a.limb[limb][lane] = round == 0   ? largest
                             : round == 1 ? halves
                                          : edge_limb(random, limb == 4);
        b.limb[limb][lane] = round < 2 ? a.limb[limb][lane] : edge_limb(random, limb == 4);
      }
    }
    ifma::FieldResults results;
    ifma::field_operations(a, b, results);
    for (std::size_t lane = 0; lane < ifma::lanes; ++lane) {
      expect_lane(results, lane, lane_of(a, lane), lane_of(b, lane));
    }
  }
}

// The products whose least value is next to 0 or p: of a small number and 1.
TEST(Ifma, LeastValuesAtTheEdges) {
  SKIP_WITHOUT_IFMA();
  for (std::uint64_t first = 0; first < 64; first += ifma::lanes) {
    ifma::FieldLanes above{}, below{}, one{};
    for (std::size_t lane = 0; lane < ifma::lanes; ++lane) {
      one.limb[0][lane] = 1;
      above.limb[0][lane] = first + lane;
      below.limb[0][lane] = bits_52 - (first + lane);
      for (int limb = 1; limb < 5; ++limb) below.limb[limb][lane] = limb < 4 ? bits_52 : bits_47;
    }
    for (const auto& value : {above, below}) {
      ifma::FieldResults results;
      ifma::field_operations(value, one, results);
      for (std::size_t lane = 0; lane < ifma::lanes; ++lane) {
        expect_lane(results, lane, lane_of(value, lane), lane_of(one, lane));
      }
    }
  }
}

std::uint32_t expected_verdicts(const std::vector<Encoding>& encodings, Identity identity,
                                std::vector<AffinePoint>& points) {
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    const auto place = encodings[i].data();
    if (portable_engine().decode({&place, 1}, &points[i], identity) == 0) {
      bad |= std::uint32_t{1} << i;
    }
  }
  return bad;
}

Encoding some_encoding(Random& random) {
  Encoding encoding = random_point(random);
  switch (random.below(8)) {
    case 0:
      return {};
    case 1:  // negative
      encoding[0] |= 1;
      return encoding;
    case 2:  // as likely of no point as of one
      encoding = random.array<32>();
      encoding[0] &= 0xfe;
      encoding[31] &= 0x7f;
      return encoding;
    case 3:  // next to p on either side
      encoding.fill(0xff);
      encoding[0] = static_cast<std::uint8_t>(0xe0 + random.below(32));
      encoding[31] = 0x7f;
      if (random.below(2) == 0) encoding[1 + random.below(31)] ^= 1;
      return encoding;
    case 4:
      encoding[31] |= 0x80;
      return encoding;
    default:
      return encoding;
  }
}

// Good and bad encodings in every lane beside every other kind: each lane's verdict and coordinates
// are those of the portable engine, and what lies behind the last is not written.
RC_GTEST_PROP(IfmaProperties, EachLaneDecodesForItself, (std::uint64_t seed)) {
  if (ifma_engine() == nullptr) return;
  SeededRandom random(seed);
  std::vector<Encoding> encodings(1 + random.below(ifma::decoded_at_once));
  for (auto& encoding : encodings) encoding = some_encoding(random);
  for (const auto identity : {Identity::refused, Identity::allowed}) {
    std::vector<AffinePoint> expected(encodings.size()), points(ifma::decoded_at_once + 1);
    const auto bad = expected_verdicts(encodings, identity, expected);
    const auto places = places_of(encodings);
    RC_ASSERT(ifma::decode_some(places.data(), places.size(), points.data(),
                                identity == Identity::allowed) == bad);
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (i >= encodings.size()) {
        RC_ASSERT(points[i].x.limb[0] + points[i].y.limb[4] == 0u);
      } else if ((bad >> i & 1) == 0) {
        RC_ASSERT(equal(points[i].x, expected[i].x));
        RC_ASSERT(equal(points[i].y, expected[i].y));
      }
    }
  }
}

// So many terms on a few points of known logarithms, with scalars at the edges among them: one
// multiplication by libsodium tells the sum. The counts make digits of every width.
class KnownTerms {
 public:
  explicit KnownTerms(Random& random) : random_(random) {
    std::vector<Encoding> encodings(logarithms_.size());
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      logarithms_[i] = i == 0 ? FullScalar{} : random_scalar(random);
      if (i == 0) continue;  // the identity
      crypto_scalarmult_ristretto255_base(encodings[i].data(), logarithms_[i].data());
    }
    EXPECT_EQ(ifma_engine()->decode(places_of(encodings), points_.data(), Identity::allowed),
              encodings.size());
  }

  void expect_sum(std::size_t full_count, std::size_t half_count) {
    FullScalar total{};
    std::vector<AffinePoint> points[2];
    std::vector<FullScalar> full_scalars(full_count);
    std::vector<HalfScalar> half_scalars(half_count);
    for (auto& scalar : full_scalars) {
      scalar = edge_scalar();
      points[0].push_back(take(scalar, total));
    }
    for (auto& scalar : half_scalars) {
      scalar = random_.array<16>();
      if (random_.below(4) == 0) scalar.fill(random_.below(2) == 0 ? 0xff : 0x80);
      points[1].push_back(take(full(scalar), total));
    }
    const auto sum =
        ifma_engine()->multiply_sum({points[0], full_scalars, points[1], half_scalars});
    Encoding expected{};
    crypto_scalarmult_ristretto255_base(expected.data(), total.data());
    EXPECT_EQ(encode(sum), expected) << full_count << " " << half_count;
  }

 private:
  FullScalar edge_scalar() {
    const auto choice = random_.below(8);
    return choice == 0   ? FullScalar{}
           : choice == 1 ? FullScalar{1}
           : choice == 2 ? order_less_one()
                         : random_scalar(random_);
  }
  AffinePoint take(const FullScalar& scalar, FullScalar& total) {
    const auto i = random_.below(distinct);
    FullScalar product;
    crypto_core_ristretto255_scalar_mul(product.data(), logarithms_[i].data(), scalar.data());
    crypto_core_ristretto255_scalar_add(total.data(), total.data(), product.data());
    return points_[i];
  }

  Random& random_;
  static constexpr std::uint32_t distinct = 20;
  std::array<FullScalar, distinct> logarithms_;
  std::array<AffinePoint, distinct> points_;
};

TEST(Ifma, SumsOfAnyNumberOfTerms) {
  SKIP_WITHOUT_IFMA();
  SeededRandom random(32);
  KnownTerms terms(random);
  for (std::size_t count = 0; count < 70; ++count) {
    terms.expect_sum(count, 0);
    terms.expect_sum(0, count);
    terms.expect_sum(count, 70 - count);
  }
  for (const std::size_t count : {100u, 200u, 300u, 500u, 700u, 1'000u, 2'000u}) {
    terms.expect_sum(count, 0);
    terms.expect_sum(0, 2 * count + 1);
    terms.expect_sum(count / 3, count);
  }
  terms.expect_sum(5'000, 0);
  terms.expect_sum(20'000, 0);
  terms.expect_sum(0, 20'000);
}

std::vector<HalfScalar> monotonous_scalars() {
  std::vector<HalfScalar> scalars;
  for (const int byte : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
    scalars.emplace_back().fill(static_cast<std::uint8_t>(byte));
  }
  // The upper word and the biases of its digits, of 4 and of 8 bits, add up to ones alone, so that
  // what the lower word carries passes through.
  for (const auto& [highest, others] : {std::pair{0xf7, 0x77}, {0xff, 0x7f}}) {
    auto& scalar = scalars.emplace_back();
    scalar.fill(static_cast<std::uint8_t>(others));
    std::fill_n(scalar.begin(), 8, std::uint8_t{0xff});
    scalar.back() = static_cast<std::uint8_t>(highest);
  }
  return scalars;
}

// Where the digits are all of one kind, a bucket takes everything, or its neighbours nothing.
TEST(Ifma, SumsOfOneScalarOnly) {
  SKIP_WITHOUT_IFMA();
  SeededRandom random(33);
  const auto encoding = random_point(random);
  for (const std::size_t count : {24u, 100u, 1'000u}) {
    for (const auto& scalar : monotonous_scalars()) {
      EncodedTerms terms;
      terms.half_points.assign(count, encoding);
      terms.half_scalars.assign(count, scalar);
      FullScalar times{}, total;
      times[0] = static_cast<std::uint8_t>(count);
      times[1] = static_cast<std::uint8_t>(count >> 8);
      crypto_core_ristretto255_scalar_mul(total.data(), full(scalar).data(), times.data());
      EXPECT_EQ(terms.by(*ifma_engine()), sodium_multiply(total, encoding))
          << count << " " << hex_encode(scalar);
      for (std::size_t i = 0; i < count; i += 2) {
        terms.half_points[i] = sodium_negative(encoding);
      }
      EXPECT_TRUE(is_identity(terms.sum_by(*ifma_engine()))) << count << " " << hex_encode(scalar);
    }
  }
}

}  // namespace
}  // namespace isoloir::multiexp
