// Ballots by libsodium, one sum of multiples a ballot, and batches: the same verdict on each.
#include "verification/ballot_judge.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/hash.hpp"
#include "verification/ballot_batch.hpp"
#include "verification/forger.hpp"

namespace isoloir {
namespace {

std::string text_of(const Status& status) {
  return status ? "good" : status.error().code + ": " + status.error().message;
}

std::vector<JudgeEngine> engines_there() {
  std::vector<JudgeEngine> engines{JudgeEngine::portable};
  for (const auto engine : {JudgeEngine::fma, JudgeEngine::ifma}) {
    if (name_of(engine)) engines.push_back(engine);
  }
  return engines;
}

struct Election {
  explicit Election(std::uint64_t seed) : random(seed) {}

  SeededRandom random;
  Fingerprint fingerprint{random.array<32>()};
  KeyPair key = KeyPair::generate(random);
  Forger forger{fingerprint, 2, 1, key.key, random};

  BallotPlace place(std::size_t options) const { return {fingerprint, 2, 1, options, key.key}; }
  Bytes honest(std::size_t options) {
    const KeyPair voter = KeyPair::generate(random);
    const auto choice = random.below(static_cast<std::uint32_t>(options));
    return make_ballot(fingerprint, 2, 1, options, choice, key.key, voter.secret.reveal(), random)
        .encode();
  }
  Bytes forged(std::size_t options, const Forgery& forgery) {
    const auto choice = random.below(static_cast<std::uint32_t>(options));
    return forger.make(options, choice, forgery).encode();
  }
};

std::vector<ByteView> views_of(const std::vector<Bytes>& ballots) {
  return {ballots.begin(), ballots.end()};
}

// Every way to judge gives this of each ballot, and the same sums.
std::vector<std::string> agreed_verdicts(const BallotPlace& place,
                                         const std::vector<Bytes>& ballots) {
  std::vector<std::string> expected;
  Aggregate sums(place.options);
  for (const auto& ballot : ballots) {
    const auto verdict = judge_ballot(place, ballot);
    expected.push_back(text_of(verdict));
    const std::string code = verdict ? "" : verdict.error().code;
    if (code != "ballot.length" && code != "ballot.encoding" && code != "ballot.fingerprint" &&
        code != "ballot.place") {
      sums.add(Ballot::decode(ballot, place.options)->options);
    }
  }
  SystemRandom random;
  for (const auto engine : engines_there()) {
    BallotJudge singles(place, random, engine), batch(place, random, engine);
    BallotJudge fast(place, random, engine);
    const auto views = views_of(ballots);
    const auto verdicts = batch.judge(views);
    const auto good = fast.find_good(views);  // without libsodium, which would cover for the engine
    for (std::size_t i = 0; i < ballots.size(); ++i) {
      EXPECT_EQ(text_of(verdicts[i]), expected[i]) << i << " of " << ballots.size();
      EXPECT_EQ(good[i], expected[i] == "good") << *name_of(engine) << " " << expected[i];
      EXPECT_EQ(text_of(singles.judge(std::span(views).subspan(i, 1))[0]), expected[i]);
    }
    BallotJudge twice(place, random, engine);
    twice.add_sums_of(batch);
    for (const auto* judge : {&singles, &batch, &twice}) {
      EXPECT_EQ(judge->sums().ballots, sums.ballots);
      EXPECT_EQ(judge->sums().sums, sums.sums);
    }
  }
  return expected;
}

// Of these ballots, whether the equations hold under these coefficients.
struct Ones final : verification::CoefficientSource {
  verification::Words2 next() override { return {1, 0}; }
};
bool hold_under(verification::CoefficientSource& coefficients, const BallotPlace& place,
                const std::vector<Bytes>& ballots) {
  verification::BallotBatch batch(place, multiexp::best_engine());
  const auto views = views_of(ballots);
  batch.load(views);
  EXPECT_EQ(batch.numbers().size(), ballots.size());
  batch.weigh(coefficients);
  return batch.holds(0, ballots.size());
}

// ---- Good ones

TEST(BallotJudge, TakesEveryGoodBallotAndNoneAtAll) {
  Election election(1);
  for (const std::size_t options : {1u, 2u, 3u, 11u}) {
    std::vector<Bytes> ballots;
    EXPECT_EQ(agreed_verdicts(election.place(options), ballots), std::vector<std::string>{});
    for (int i = 0; i < 5; ++i) ballots.push_back(election.honest(options));
    for (const auto& verdict : agreed_verdicts(election.place(options), ballots)) {
      EXPECT_EQ(verdict, "good");
    }
  }
}

// Protocol section 1: zero is an ordinary scalar, and computed values may be the identity.
TEST(BallotJudge, TakesScalarsAtTheirEdges) {
  Election election(2);
  const Scalar zero, highest = Scalar() - Scalar::from_u64(1);
  std::vector<Bytes> ballots;
  for (const auto& edge : {zero, highest}) {
    Forgery with_e, with_z;
    with_e.simulated_e = edge;  // e0 = 0 of the option chosen, e1 = 0 of the others
    with_z.simulated_z = edge;  // z0 and z1 likewise
    ballots.push_back(election.forged(3, with_e));
    ballots.push_back(election.forged(3, with_z));
  }
  Forgery without_randomness;
  without_randomness.randomness_sums_to_zero = true;
  ballots.push_back(election.forged(3, without_randomness));
  for (const auto& verdict : agreed_verdicts(election.place(3), ballots)) {
    EXPECT_EQ(verdict, "good");
  }
}

// ---- Bad ones

enum class Tampering { byte, resigned_byte, scalar, point, other_point, swapped_options };

Bytes tampered(Election& election, std::size_t options, Tampering how) {
  const KeyPair voter = KeyPair::generate(election.random);
  Ballot ballot = make_ballot(election.fingerprint, 2, 1, options, 0, election.key.key,
                              voter.secret.reveal(), election.random);
  auto& random = election.random;
  const auto option = random.below(static_cast<std::uint32_t>(options));
  auto& proof = ballot.proofs[option];
  Point* const points[] = {&ballot.options[option].alpha,
                           &ballot.options[option].beta,
                           &proof.a0,
                           &proof.b0,
                           &proof.a1,
                           &proof.b1,
                           &ballot.sum_proof.a,
                           &ballot.sum_proof.b};
  Scalar* const scalars[] = {&proof.e0, &proof.z0, &proof.z1, &ballot.sum_proof.z};
  switch (how) {
    case Tampering::byte:
      break;
    case Tampering::scalar:
      *scalars[random.below(4)] = Scalar::random(random);
      break;
    case Tampering::point:
      *points[random.below(8)] = base_multiply(Scalar::random(random));
      break;
    case Tampering::other_point:
      std::swap(*points[random.below(8)], *points[random.below(8)]);
      break;
    case Tampering::swapped_options:
      std::swap(ballot.options[0], ballot.options[option]);
      break;
    case Tampering::resigned_byte: {
      Bytes bytes = ballot.encode();
      bytes[76 + random.below(static_cast<std::uint32_t>(bytes.size() - 140))] ^=
          static_cast<std::uint8_t>(1u << random.below(8));
      const auto changed = Ballot::decode(bytes, options);
      if (!changed) return bytes;
      ballot = *changed;
      break;
    }
  }
  if (random.below(4) != 0) election.forger.sign(ballot, voter.secret.reveal());
  Bytes bytes = ballot.encode();
  if (how == Tampering::byte) {
    bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] ^=
        static_cast<std::uint8_t>(1u << random.below(8));
  }
  return bytes;
}

RC_GTEST_PROP(BallotJudgeProperties, AgreesWithSodiumOnWhateverIsTampered, (std::uint64_t seed)) {
  Election election(seed);
  const auto options = *rc::gen::inRange<std::size_t>(1, 4);
  const auto count = *rc::gen::inRange<std::size_t>(1, 6);
  std::vector<Bytes> ballots;
  for (std::size_t i = 0; i < count; ++i) {
    const auto how = static_cast<Tampering>(*rc::gen::inRange(0, 6));
    const bool good = *rc::gen::inRange(0, 3) == 0;
    ballots.push_back(good ? election.honest(options) : tampered(election, options, how));
  }
  agreed_verdicts(election.place(options), ballots);
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(BallotJudge, NamesWhatEachBallotFailsBy) {
  Election election(3);
  const auto place = election.place(2);
  const auto with = [&](const std::function<void(Bytes&)>& change) {
    Bytes bytes = election.honest(2);
    change(bytes);
    return bytes;
  };
  Forgery repeated;
  repeated.repeats_alpha = true;
  Forgery option;
  option.spoil = [](Ballot& b) { b.proofs[1].b1 = b.proofs[1].b1 + Point::generator(); };
  Forgery sum;
  sum.spoil = [](Ballot& b) { b.sum_proof.a = b.sum_proof.a + Point::generator(); };
  const std::vector<std::pair<std::string, Bytes>> cases = {
      {"good", election.honest(2)},
      {"ballot.length", with([](Bytes& b) { b.pop_back(); })},
      {"ballot.length", {}},
      {"ballot.length", election.honest(3)},
      {"ballot.encoding", with([](Bytes& b) { b[0] = 'X'; })},
      {"ballot.encoding", with([](Bytes& b) { b[75] |= 0x80; })},  // C, its highest bit
      {"ballot.fingerprint", with([](Bytes& b) { b[4] ^= 1; })},
      {"ballot.place", with([](Bytes& b) { b[39] ^= 1; })},
      {"ballot.place", with([](Bytes& b) { b[43] ^= 1; })},
      {"ballot.signature", with([](Bytes& b) { b[b.size() - 32] ^= 1; })},
      {"ballot.option_proof", election.forged(2, option)},
      {"ballot.sum_proof", election.forged(2, sum)},
      {"ballot.alpha", election.forged(2, repeated)},
      {"good", election.honest(2)}};
  std::vector<Bytes> ballots;
  for (const auto& [code, bytes] : cases) ballots.push_back(bytes);
  const auto verdicts = agreed_verdicts(place, ballots);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(verdicts[i].substr(0, verdicts[i].find(':')), cases[i].first) << i;
  }
}

// The identity in both its spellings, points of small order of the curve, points with their highest
// bit set, odd ones, values above p: at the place of every point.
TEST(BallotJudge, TakesNoEncodingThatIsNotCanonical) {
  Election election(4);
  const Bytes good = election.honest(1);
  std::vector<std::size_t> places{44, 76, 108, 140, 172, 204, 236, 364, 396, 460};
  const char* const bad[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                             "0000000000000000000000000000000000000000000000000000000000000080",
                             "0100000000000000000000000000000000000000000000000000000000000000",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                             "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                             "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2df6"};
  std::vector<Bytes> ballots;
  for (const auto at : places) {
    for (const char* hex : bad) {
      ballots.push_back(good);
      const auto encoding = *hex_decode(hex);
      std::copy(encoding.begin(), encoding.end(),
                ballots.back().begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  for (const auto& verdict : agreed_verdicts(election.place(1), ballots)) {
    EXPECT_EQ(verdict, "ballot.encoding: a point or scalar is not canonical");
  }
}

// ---- Forgeries that cancel out where coefficients are not random

// Both off by X and -X: two equations of one ballot, whichever they are.
TEST(BallotJudge, ErrorsThatCancelInOneBallotAreSeen) {
  Election election(5);
  const Point x = base_multiply(Scalar::random(election.random));
  const auto place = election.place(2);
  const std::vector<std::pair<std::string, std::function<void(Ballot&)>>> pairs = {
      {"ballot.option_proof",
       [&](Ballot& b) {
         b.proofs[0].a0 = b.proofs[0].a0 + x;
         b.proofs[0].b0 = b.proofs[0].b0 - x;
       }},
      {"ballot.option_proof",
       [&](Ballot& b) {
         b.proofs[0].a1 = b.proofs[0].a1 + x;
         b.proofs[1].a1 = b.proofs[1].a1 - x;
       }},
      {"ballot.option_proof",
       [&](Ballot& b) {
         b.proofs[1].b1 = b.proofs[1].b1 + x;
         b.sum_proof.b = b.sum_proof.b - x;
       }},
      {"ballot.sum_proof",
       [&](Ballot& b) {
         b.sum_proof.a = b.sum_proof.a + x;
         b.sum_proof.b = b.sum_proof.b - x;
       }},
  };
  for (const auto& [code, spoil] : pairs) {
    Forgery forgery;
    forgery.spoil = spoil;
    const Bytes ballot = election.forged(2, forgery);
    const auto verdicts = agreed_verdicts(place, {election.honest(2), ballot, election.honest(2)});
    EXPECT_EQ(verdicts[0], "good");
    EXPECT_EQ(verdicts[1].substr(0, code.size()), code);
    EXPECT_EQ(verdicts[2], "good");
    // This test would fail if coefficients were all 1: the forgery then passes.
    Ones ones;
    EXPECT_TRUE(hold_under(ones, place, {ballot}));
    verification::CoefficientStream stream(election.random, election.fingerprint, {});
    EXPECT_FALSE(hold_under(stream, place, {ballot}));
  }
  Forgery signature;
  signature.signature_error = x;
  signature.spoil = [&](Ballot& b) { b.sum_proof.a = b.sum_proof.a - x; };
  const Bytes ballot = election.forged(2, signature);
  EXPECT_EQ(agreed_verdicts(place, {ballot})[0].substr(0, 16), "ballot.signature");
  Ones ones;
  EXPECT_TRUE(hold_under(ones, place, {ballot}));
}

TEST(BallotJudge, ErrorsThatCancelBetweenTwoBallotsAreSeen) {
  Election election(6);
  const Point x = base_multiply(Scalar::random(election.random));
  const auto place = election.place(2);
  Forgery more, less;
  more.spoil = [&](Ballot& b) { b.proofs[1].a0 = b.proofs[1].a0 + x; };
  less.spoil = [&](Ballot& b) { b.proofs[1].a0 = b.proofs[1].a0 - x; };
  const std::vector<Bytes> ballots{election.forged(2, more), election.forged(2, less)};
  for (const auto& verdict : agreed_verdicts(place, ballots)) {
    EXPECT_EQ(verdict, "ballot.option_proof: option 1 is not proven 0 or 1");
  }
  Ones ones;
  EXPECT_TRUE(hold_under(ones, place, ballots));
  EXPECT_FALSE(hold_under(ones, place, {ballots[0]}));
  verification::CoefficientStream stream(election.random, election.fingerprint, {});
  EXPECT_FALSE(hold_under(stream, place, ballots));
}

// A coefficient of 0 leaves its equation out: whatever is spoiled there passes. The stream has
// none.
TEST(Coefficients, AreNeverZeroAndDifferByBallotsAndByDraw) {
  struct Zero final : verification::CoefficientSource {
    verification::Words2 next() override { return {0, 0}; }
  } zero;
  Election election(7);
  EXPECT_TRUE(hold_under(zero, election.place(1), {tampered(election, 1, Tampering::scalar)}));

  SeededRandom same(8), again(8), other(9);
  const Tracker one{{1}}, two{{2}};
  const std::vector<Tracker> first{one}, second{two}, both{one, two};
  using verification::CoefficientStream;
  CoefficientStream a(same, election.fingerprint, first), b(again, election.fingerprint, first);
  std::set<verification::Words2> drawn;
  for (int i = 0; i < 1000; ++i) {  // across several blocks of the stream
    const auto coefficient = a.next();
    EXPECT_NE(coefficient, verification::Words2{});
    EXPECT_EQ(coefficient, b.next());
    EXPECT_TRUE(drawn.insert(coefficient).second);
  }
  for (const auto& ballots : {second, both}) {
    SeededRandom random(8);
    EXPECT_FALSE(drawn.contains(CoefficientStream(random, election.fingerprint, ballots).next()));
  }
  SeededRandom random(8);
  EXPECT_FALSE(drawn.contains(CoefficientStream(random, Fingerprint{}, first).next()));
  EXPECT_FALSE(drawn.contains(CoefficientStream(other, election.fingerprint, first).next()));
}

// The bad ones of a whole batch are found wherever they stand, and only they.
TEST(BallotJudge, HalvesDownToTheBadOnes) {
  Election election(10);
  std::vector<Bytes> some;
  for (int i = 0; i < 8; ++i) some.push_back(election.honest(1));
  Forgery forgery;
  forgery.spoil = [](Ballot& b) { b.sum_proof.a = b.sum_proof.a + Point::generator(); };
  const Bytes bad = election.forged(1, forgery);
  SystemRandom random;
  for (const std::set<std::size_t>& places :
       {std::set<std::size_t>{}, {0}, {127}, {63, 64}, {1, 2, 3, 100}}) {
    std::vector<ByteView> ballots;
    for (std::size_t i = 0; i < BallotJudge::ballots_at_once; ++i) {
      ballots.push_back(places.contains(i) ? bad : some[i % some.size()]);
    }
    BallotJudge judge(election.place(1), random);
    const auto verdicts = judge.judge(ballots);
    for (std::size_t i = 0; i < ballots.size(); ++i) {
      EXPECT_EQ(verdicts[i].has_value(), !places.contains(i)) << i;
    }
  }
}

TEST(WideScalar, IsAScalarBelowTheOrderOfTheGroup) {
  using namespace verification;
  const auto expect_agreed = [](const ByteArray<32>& bytes) {
    EXPECT_EQ(is_scalar(words_of<4>(bytes.data())), Scalar::decode(bytes).has_value())
        << hex_encode(bytes);
  };
  const Scalar highest = Scalar() - Scalar::from_u64(1);
  SeededRandom random(12);
  for (int byte = 0; byte < 32; ++byte) {
    for (const int change : {-1, 0, 1}) {
      auto bytes = highest.encoded();
      bytes[static_cast<std::size_t>(byte)] =
          static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(byte)] + change);
      expect_agreed(bytes);
    }
    auto bytes = random.array<32>();
    bytes[31] &= 0x1f;
    expect_agreed(bytes);
  }
  EXPECT_TRUE(is_scalar(words_of(highest)));
}

TEST(WideScalar, AgreesWithScalars) {
  SeededRandom random(11);
  const Scalar highest = Scalar() - Scalar::from_u64(1);
  using namespace verification;
  for (int round = 0; round < 20; ++round) {
    WideScalar wide, parts[2];
    Scalar expected;
    for (std::size_t i = 0; i < 50; ++i) {
      const Scalar a = round == 0 ? highest : Scalar::random(random);
      const Scalar b = round == 0 ? Scalar() : Scalar::random(random);
      ByteArray<64> half{};
      for (std::size_t byte = 0; byte < 16; ++byte) {
        half[byte] = round == 0 ? 0xff : static_cast<std::uint8_t>(random.below(256));
      }
      const Scalar coefficient = Scalar::reduce(half);
      const auto words = words_of<2>(half.data());
      wide.add_product(words, difference(words_of(a), words_of(b)));
      parts[i % 2].add_product(words, words_of(a));
      expected = expected + coefficient * (a - b);
      if (round == 0) {
        EXPECT_EQ(wide.reduced(), expected);
      }
    }
    EXPECT_EQ(wide.reduced(), expected);
    if (round == 0) {
      parts[0].add(parts[1]);
      EXPECT_EQ(parts[0].reduced(), expected);
    }
  }
}

}  // namespace
}  // namespace isoloir
