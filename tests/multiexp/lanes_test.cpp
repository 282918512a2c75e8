// The engines of several lanes: each lane's results against the portable engine's, sums with digits
// of every width. What all engines have in common is in engine_test.cpp, their fields in tests of
// their own.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/result.hpp"
#include "multiexp/field.hpp"
#include "multiexp/fma_kernels.hpp"
#include "multiexp/ifma_kernels.hpp"
#include "multiexp/sodium_terms.hpp"

namespace isoloir::multiexp {
namespace {

// Those that this processor has.
struct LaneEngine {
  const Engine* engine;
  std::size_t decoded_at_once;
  decltype(&ifma::decode_some) decode_some;
};
std::vector<LaneEngine> lane_engines() {
  std::vector<LaneEngine> there;
  for (const auto& engine : {LaneEngine{fma_engine(), fma::decoded_at_once, fma::decode_some},
                             LaneEngine{ifma_engine(), ifma::decoded_at_once, ifma::decode_some}}) {
    if (engine.engine != nullptr) there.push_back(engine);
  }
  return there;
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
void expect_each_lane_decodes_for_itself(const LaneEngine& lanes, Random& random) {
  std::vector<Encoding> encodings(1 +
                                  random.below(static_cast<std::uint32_t>(lanes.decoded_at_once)));
  for (auto& encoding : encodings) encoding = some_encoding(random);
  for (const auto identity : {Identity::refused, Identity::allowed}) {
    std::vector<AffinePoint> expected(encodings.size()), points(lanes.decoded_at_once + 1);
    const auto bad = expected_verdicts(encodings, identity, expected);
    const auto places = places_of(encodings);
    RC_ASSERT(lanes.decode_some(places.data(), places.size(), points.data(),
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
RC_GTEST_PROP(LanesProperties, EachDecodesForItself, (std::uint64_t seed)) {
  SeededRandom random(seed);
  for (const auto& lanes : lane_engines()) expect_each_lane_decodes_for_itself(lanes, random);
}

// So many terms on a few points of known logarithms, with scalars at the edges among them: one
// multiplication by libsodium tells the sum. The largest make the widest digits.
class KnownTerms {
 public:
  KnownTerms(Random& random, const Engine& engine) : random_(random), engine_(engine) {
    std::vector<Encoding> encodings(logarithms_.size());
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      logarithms_[i] = i == 0 ? FullScalar{} : random_scalar(random);
      if (i == 0) continue;  // the identity
      crypto_scalarmult_ristretto255_base(encodings[i].data(), logarithms_[i].data());
    }
    EXPECT_EQ(engine_.decode(places_of(encodings), points_.data(), Identity::allowed),
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
    const auto sum = engine_.multiply_sum({points[0], full_scalars, points[1], half_scalars});
    Encoding expected{};
    crypto_scalarmult_ristretto255_base(expected.data(), total.data());
    EXPECT_EQ(encode(sum), expected) << engine_.name << " " << full_count << " " << half_count;
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
  const Engine& engine_;
  static constexpr std::uint32_t distinct = 20;
  std::array<FullScalar, distinct> logarithms_;
  std::array<AffinePoint, distinct> points_;
};

TEST(Lanes, SumsOfAnyNumberOfTerms) {
  for (const auto& lanes : lane_engines()) {
    SeededRandom random(32);
    KnownTerms terms(random, *lanes.engine);
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
    terms.expect_sum(36'000, 0);
    terms.expect_sum(36'000, 1'000);
    terms.expect_sum(0, 20'000);
  }
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
TEST(Lanes, SumsOfOneScalarOnly) {
  SeededRandom random(33);
  const auto encoding = random_point(random);
  for (const std::size_t count : {40u, 100u, 1'000u}) {
    for (const auto& scalar : monotonous_scalars()) {
      EncodedTerms terms;
      terms.half_points.assign(count, encoding);
      terms.half_scalars.assign(count, scalar);
      FullScalar times{}, total;
      times[0] = static_cast<std::uint8_t>(count);
      times[1] = static_cast<std::uint8_t>(count >> 8);
      crypto_core_ristretto255_scalar_mul(total.data(), full(scalar).data(), times.data());
      const auto expected = sodium_multiply(total, encoding);
      for (const auto& lanes : lane_engines()) {
        EXPECT_EQ(terms.by(*lanes.engine), expected)
            << lanes.engine->name << " " << count << " " << hex_encode(scalar);
      }
      for (std::size_t i = 0; i < count; i += 2) {
        terms.half_points[i] = sodium_negative(encoding);
      }
      for (const auto& lanes : lane_engines()) {
        EXPECT_TRUE(is_identity(terms.sum_by(*lanes.engine)))
            << lanes.engine->name << " " << count << " " << hex_encode(scalar);
      }
    }
  }
}

}  // namespace
}  // namespace isoloir::multiexp
