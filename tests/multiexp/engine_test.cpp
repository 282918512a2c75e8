#include "multiexp/engine.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/result.hpp"
#include "multiexp/sodium_terms.hpp"

namespace isoloir::multiexp {
namespace {

// Before 1.0.19 libsodium does not look at the highest bit, which RFC 9496 wants to be 0.
bool sodium_accepts(const Encoding& encoding) {
  return encoding.back() < 0x80 && crypto_core_ristretto255_is_valid_point(encoding.data()) == 1;
}
// Of four copies, as engines of several lanes leave fewer to the portable one.
bool accepts(const Engine& engine, const Encoding& encoding) {
  const std::vector<Encoding> copies(4, encoding);
  AffinePoint points[4];
  const auto good = engine.decode(places_of(copies), points, Identity::allowed);
  EXPECT_TRUE(good == 0 || good == copies.size()) << engine.name << " " << good;
  return good != 0;
}
Encoding round_trip(const Engine& engine, const Encoding& encoding) {
  EncodedTerms terms;
  terms.full_points.assign(16, encoding);
  terms.full_scalars.assign(16, {});
  terms.full_scalars.back() = {1};
  return terms.by(engine);
}
void expect_same_verdict(const Encoding& encoding) {
  for (const auto* engine : engines()) {
    EXPECT_EQ(accepts(*engine, encoding), sodium_accepts(encoding))
        << engine->name << " " << hex_encode(encoding);
    if (sodium_accepts(encoding)) {
      EXPECT_EQ(round_trip(*engine, encoding), encoding) << engine->name;
    }
  }
}
Encoding encoding_of(const char* hex) {
  return *hex_decode_array<32>(hex);
}

TEST(Engines, TheBestIsTheOneOfMostLanes) {
  EXPECT_EQ(&best_engine(), engines().back());
}

// RFC 9496 appendices A.1 and A.2, and what lies at the edges of the field.
TEST(Decoding, Rfc9496) {
  for (const char* good : {"0000000000000000000000000000000000000000000000000000000000000000",
                           "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
                           "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
                           "e0c418f7c8d9c4cdd7395b93ea124f3ad99021bb681dfc3302a9d99a2e53e64e"}) {
    for (const auto* engine : engines()) EXPECT_TRUE(accepts(*engine, encoding_of(good)));
    expect_same_verdict(encoding_of(good));
  }
  for (const char* bad : {"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
                          "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
                          "c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
                          "47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
                          "f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
                          "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
                          "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
                          "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
                          "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b",
                          "bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
                          "2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
                          "f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
                          "8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
                          "2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
                          "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
                          "a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
                          "d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
                          "8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
                          "32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
                          "227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
                          "5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
                          "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    for (const auto* engine : engines()) EXPECT_FALSE(accepts(*engine, encoding_of(bad))) << bad;
    expect_same_verdict(encoding_of(bad));
  }
}

// The encodings of edwards25519's points of small order, and all 64 values nearest to 0 and p, with
// the highest bit and without.
TEST(Decoding, EdgesOfTheField) {
  for (const char* small : {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"}) {
    expect_same_verdict(encoding_of(small));
  }
  for (int value = 0; value < 64; ++value) {
    for (const int highest : {0x00, 0x80}) {
      Encoding low{}, high;
      low[0] = static_cast<std::uint8_t>(value);
      low[31] = static_cast<std::uint8_t>(highest);
      high.fill(0xff);
      high[0] = static_cast<std::uint8_t>(0xff - value);
      high[31] = static_cast<std::uint8_t>(0x7f | highest);
      expect_same_verdict(low);
      expect_same_verdict(high);
    }
  }
}

RC_GTEST_PROP(DecodingProperties, AcceptsExactlyWhatSodiumDoes, (std::uint64_t seed)) {
  SeededRandom random(seed);
  for (int i = 0; i < 4; ++i) {
    Encoding encoding = i == 0 ? random_point(random) : random.array<32>();
    if (i > 1) encoding[31] &= 0x7f;
    if (i > 2) encoding[0] &= 0xfe;
    const bool valid = sodium_accepts(encoding);
    for (const auto* engine : engines()) {
      RC_ASSERT(accepts(*engine, encoding) == valid);
      if (valid) RC_ASSERT(round_trip(*engine, encoding) == encoding);
    }
  }
}

// Of any number of encodings the first bad one is named, wherever it stands; the identity is bad
// only where it is refused.
RC_GTEST_PROP(DecodingProperties, NamesTheFirstThatIsNotGood, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const auto count = *rc::gen::inRange<std::size_t>(0, 40);
  const auto bad = *rc::gen::inRange<std::size_t>(0, 45);
  const auto second = *rc::gen::inRange<std::size_t>(0, 45);
  std::vector<Encoding> encodings;
  for (std::size_t i = 0; i < count; ++i) encodings.push_back(random_point(random));
  for (const bool identity : {false, true}) {
    auto changed = encodings;
    for (const auto place : {bad, second}) {
      if (place < count) changed[place] = identity ? Encoding{} : Encoding{1};
    }
    const auto first = std::min({bad, second, count});
    for (const auto* engine : engines()) {
      std::vector<AffinePoint> points(count);
      RC_ASSERT(engine->decode(places_of(changed), points.data(), Identity::refused) == first);
      RC_ASSERT(engine->decode(places_of(changed), points.data(), Identity::allowed) ==
                (identity ? count : first));
    }
  }
}

// Every kind of scalar and point that could be special, in any mixture.
FullScalar some_scalar(Random& random) {
  switch (random.below(8)) {
    case 0:
      return {};
    case 1:
      return FullScalar{1};
    case 2:
      return order_less_one();
    case 3:
      return full(random.array<16>());
    default:
      return random_scalar(random);
  }
}
HalfScalar some_half(Random& random) {
  HalfScalar half{};
  switch (random.below(8)) {
    case 0:
      return half;
    case 1:
      return HalfScalar{1};
    case 2:
      half.fill(0xff);
      return half;
    case 3:
      half[15] = 0x80;
      return half;
    default:
      return random.array<16>();
  }
}
Encoding some_point(Random& random, const std::vector<Encoding>& before) {
  switch (random.below(6)) {
    case 0:
      return {};
    case 1:
      if (!before.empty()) return before.back();
      break;
    case 2:
      if (!before.empty()) return sodium_negative(before.back());
      break;
  }
  return random_point(random);
}
EncodedTerms some_terms(Random& random, std::size_t full_count, std::size_t half_count) {
  EncodedTerms terms;
  for (std::size_t i = 0; i < full_count; ++i) {
    terms.full_points.push_back(some_point(random, terms.full_points));
    terms.full_scalars.push_back(some_scalar(random));
  }
  for (std::size_t i = 0; i < half_count; ++i) {
    terms.half_points.push_back(some_point(random, terms.half_points));
    terms.half_scalars.push_back(some_half(random));
  }
  return terms;
}

RC_GTEST_PROP(SumProperties, AgreesWithSodium, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const auto terms = some_terms(random, *rc::gen::inRange<std::size_t>(0, 24),
                                *rc::gen::inRange<std::size_t>(0, 24));
  const Encoding expected = terms.by_sodium();
  for (const auto* engine : engines()) RC_ASSERT(terms.by(*engine) == expected);
}

// Across the sizes at which an engine changes its way.
TEST(Sum, OfManyTermsAgreesWithSodium) {
  SeededRandom random(21);
  for (const auto& [full_count, half_count] : std::vector<std::pair<std::size_t, std::size_t>>{
           {0, 0}, {0, 1}, {1, 0}, {80, 1}, {80, 2}, {0, 161}, {0, 162}, {200, 100}, {3, 800}}) {
    const auto terms = some_terms(random, full_count, half_count);
    const Encoding expected = terms.by_sodium();
    for (const auto* engine : engines()) {
      EXPECT_EQ(terms.by(*engine), expected)
          << engine->name << " " << full_count << " " << half_count;
    }
  }
}

// Points of known logarithms, so that one multiplication by libsodium tells the sum.
TEST(Sum, OfThousandsOfTermsIsThatOfTheirLogarithms) {
  SeededRandom random(22);
  for (const std::size_t count : {1000u, 5000u}) {
    EncodedTerms terms;
    FullScalar total{};
    const auto add = [&](const FullScalar& scalar, std::vector<Encoding>& points) {
      const auto logarithm = random_scalar(random);
      FullScalar product;
      crypto_scalarmult_ristretto255_base(points.emplace_back().data(), logarithm.data());
      crypto_core_ristretto255_scalar_mul(product.data(), logarithm.data(), scalar.data());
      crypto_core_ristretto255_scalar_add(total.data(), total.data(), product.data());
    };
    for (std::size_t i = 0; i < count / 3; ++i) {
      add(terms.full_scalars.emplace_back(random_scalar(random)), terms.full_points);
    }
    for (std::size_t i = count / 3; i < count; ++i) {
      add(full(terms.half_scalars.emplace_back(random.array<16>())), terms.half_points);
    }
    Encoding expected;
    crypto_scalarmult_ristretto255_base(expected.data(), total.data());
    for (const auto* engine : engines()) EXPECT_EQ(terms.by(*engine), expected) << engine->name;
  }
}

// What a verification asks: whether the sum is the identity, in whatever representative of its
// class.
RC_GTEST_PROP(SumProperties, TheIdentityIsSeenAndNothingElse, (std::uint64_t seed)) {
  SeededRandom random(seed);
  auto terms = some_terms(random, *rc::gen::inRange<std::size_t>(0, 30),
                          *rc::gen::inRange<std::size_t>(0, 30));
  terms.full_points.push_back(sodium_negative(terms.by_sodium()));
  terms.full_scalars.push_back(FullScalar{1});
  for (const auto* engine : engines()) RC_ASSERT(is_identity(terms.sum_by(*engine)));
  terms.half_points.push_back(random_point(random));
  terms.half_scalars.push_back(HalfScalar{1});
  for (const auto* engine : engines()) RC_ASSERT(!is_identity(terms.sum_by(*engine)));
}

RC_GTEST_PROP(SumProperties, RunningTotalsAgreeWithSodium, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const auto width = *rc::gen::inRange<std::size_t>(0, 20);
  for (const auto* engine : engines()) {
    std::vector<Encoding> expected(width);
    std::vector<ExtendedPoint> sums(width, identity());
    for (int round = 0; round < 3; ++round) {
      std::vector<Encoding> row;
      for (std::size_t i = 0; i < width; ++i) {
        row.push_back(some_point(random, expected));
        expected[i] = sodium_add(expected[i], row[i]);
      }
      std::vector<AffinePoint> points(width);
      RC_ASSERT(engine->decode(places_of(row), points.data(), Identity::allowed) == width);
      engine->add_each(sums, points);
    }
    for (std::size_t i = 0; i < width; ++i) {
      RC_ASSERT(encode(sums[i]) == expected[i]);
      RC_ASSERT(encode(sum(sums[i], sums[0])) == sodium_add(expected[i], expected[0]));
    }
  }
}

}  // namespace
}  // namespace isoloir::multiexp
