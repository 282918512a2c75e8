#include "election/count.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "code_of.hpp"
#include "election/discrete_log.hpp"

namespace isoloir {
namespace {

using Choices = std::vector<std::size_t>;

ContestOption list_option(std::string name, std::size_t candidates) {
  ContestOption option;
  option.name = std::move(name);
  option.candidates.assign(candidates, "Candidate");
  return option;
}
ContestOption blank() {
  ContestOption option;
  option.blank = true;
  return option;
}

Contest contest(std::vector<ContestOption> options, std::vector<std::string> districts,
                std::vector<TallyUnit> units, std::uint32_t unit_minimum) {
  Contest result;
  result.name = {"Contest", "Scrutin"};
  result.seats = 5;
  result.rule = "proportional-highest-average";
  result.options = std::move(options);
  result.districts = std::move(districts);
  result.units = std::move(units);
  result.unit_minimum = unit_minimum;
  return result;
}

// One bureau of 1-of-2 and 2-of-5; contest 0 has three districts in three units of at least three
// ballots, contest 1 one district.
struct CountTest : testing::Test {
  SeededRandom random{5};
  Manifest manifest;
  LocalCeremony ceremony;
  DistrictAggregates districts;
  TallyAnchors anchors;

  CountTest() {
    manifest.election_id.bytes = random.array<16>();
    manifest.contests = {
        contest({list_option("Alpha", 5), list_option("Bêta", 5), blank()},
                {"North", "South", "Isles"}, {{"North", {0}}, {"South", {1}}, {"Isles", {2}}}, 3),
        contest({blank(), list_option("Gamma", 2)}, {"All"}, {{"All", {0}}}, 0)};
    CeremonyPlan plan{manifest.election_id, random.array<16>(), "Bureau", {}};
    plan.groups.push_back(
        {"P", 1, {{"Ada", BureauRole::president}, {"Blaise", BureauRole::secretary}}});
    plan.groups.push_back({"D", 2, {}});
    for (const char* name : {"Chloé", "David", "Émilie", "Farid", "Gaëlle"}) {
      plan.groups[1].members.push_back({name, BureauRole::delegate});
    }
    ceremony = run_ceremony_locally(plan, random);
    manifest.bureaus = {to_manifest_bureau(plan, ceremony.result)};
    anchors = {64, random.array<32>(), random.array<32>()};
  }

  Ciphertext encrypt(std::uint64_t value, const Scalar& r) const {
    return {base_multiply(r), r * manifest.bureaus[0].key + base_multiply(Scalar::from_u64(value))};
  }
  void vote(std::uint32_t k, std::uint32_t d, std::size_t choice) {
    const std::size_t options = manifest.contests[k].options.size();
    std::vector<Ciphertext> ballot;
    for (std::size_t i = 0; i < options; ++i) {
      ballot.push_back(encrypt(i == choice ? 1 : 0, Scalar::random(random)));
    }
    districts.try_emplace({k, d}, options).first->second.add(ballot);
  }
  void vote_all() {
    for (const auto choice : Choices{0, 0, 1, 2, 0}) vote(0, 0, choice);
    for (const auto choice : Choices{1, 1, 1}) vote(0, 1, choice);
    for (const auto choice : Choices{0, 2}) vote(0, 2, choice);  // below the minimum
    for (const auto choice : Choices{1, 1, 0, 1}) vote(1, 0, choice);
  }

  Tally tally() const {
    auto result = make_tally(manifest, anchors, districts);
    EXPECT_TRUE(result) << code_of(result);
    return std::move(*result);
  }
  // Of holder h, by group then index: 0 and 1 in group 0, 2 ... 6 in group 1.
  std::string shares(const Tally& of, std::size_t h) {
    auto holder = ceremony.holders[h].clone();
    EXPECT_EQ(code_of(holder.bind_tally(of.hash)), "good");
    auto text = make_shares(manifest, of, 0, holder, random);
    EXPECT_TRUE(text) << code_of(text);
    return *text;
  }
  std::vector<ShareDocument> good_shares(const Tally& of, const std::vector<std::size_t>& who) {
    std::vector<ShareDocument> result;
    for (const auto h : who) {
      auto judged = judge_shares(manifest, of, shares(of, h));
      EXPECT_TRUE(judged) << code_of(judged);
      result.push_back(std::move(*judged));
    }
    return result;
  }
  // The document of holder h changed, and signed again by it.
  std::string altered(std::size_t h, const std::string& text,
                      const std::function<void(Json&)>& change) {
    Json body = Json::parse(text)["body"];
    change(body);
    SignedDocument document(std::move(body));
    document.sign(ceremony.holders[h].signing(), manifest.fingerprint(), random);
    return document.text();
  }
};

const Votes expected_votes = {{3, 1, 1}, {1, 3, 1}, {1, 3}};

TEST_F(CountTest, EveryQualifyingSetGivesTheSameVotes) {
  vote_all();
  const Tally t = tally();
  ASSERT_EQ(t.units.size(), 3u);
  EXPECT_EQ(t.units[1].where.districts, (std::vector<std::uint32_t>{1, 2}));  // Isles joined South
  EXPECT_EQ(t.units[1].total.ballots, 5u);
  const auto all = good_shares(t, {0, 1, 2, 3, 4, 5, 6});
  for (std::size_t p = 0; p < 2; ++p) {
    for (std::size_t a = 2; a < 7; ++a) {
      for (std::size_t b = a + 1; b < 7; ++b) {
        const auto votes = decrypt(manifest, t, {all[b], all[p], all[a]});
        ASSERT_TRUE(votes) << code_of(votes);
        EXPECT_EQ(*votes, expected_votes);
      }
    }
  }
  const auto votes = decrypt(manifest, t, all);
  ASSERT_TRUE(votes) << code_of(votes);
  EXPECT_EQ(*votes, expected_votes);
}

TEST_F(CountTest, BallotsOfTheBoothAreCounted) {
  for (std::uint32_t choice : {2u, 0u, 2u, 1u}) {
    const auto voter = KeyPair::generate(random);
    const Ballot ballot = make_ballot(manifest.fingerprint(), 0, 1, 3, choice,
                                      manifest.bureaus[0].key, voter.secret.reveal(), random);
    ASSERT_TRUE(verify_ballot(ballot, manifest.bureaus[0].key));
    districts.try_emplace({0, 1}, 3).first->second.add(ballot.options);
  }
  const Tally t = tally();
  const auto votes = decrypt(manifest, t, good_shares(t, {1, 3, 6}));
  ASSERT_TRUE(votes) << code_of(votes);
  EXPECT_EQ((*votes)[0], (std::vector<std::uint64_t>{1, 1, 2}));
}

TEST_F(CountTest, TooFewInAnyGroupOpenNothing) {
  vote_all();
  const Tally t = tally();
  const auto all = good_shares(t, {0, 1, 2, 3});
  EXPECT_EQ(code_of(decrypt(manifest, t, {})), "count.threshold");
  EXPECT_EQ(code_of(decrypt(manifest, t, {all[0], all[1], all[2]})), "count.threshold");
  EXPECT_EQ(code_of(decrypt(manifest, t, {all[2], all[3]})), "count.threshold");
  // The same member's shares twice are one member.
  EXPECT_EQ(code_of(decrypt(manifest, t, {all[0], all[2], all[2]})), "count.threshold");
  EXPECT_EQ(code_of(decrypt(manifest, t, {all[0], all[2], all[3]})), "good");
}

TEST_F(CountTest, EachWayForAShareToBeBadIsNamed) {
  vote_all();
  const Tally t = tally();
  const std::string good = shares(t, 3);
  const auto with = [&](const std::function<void(Json&)>& change) {
    return code_of(judge_shares(manifest, t, altered(3, good, change)));
  };
  EXPECT_EQ(with([](Json&) {}), "good");
  const std::string point = hex_encode(Point::generator().encoded());
  for (const char* field : {"D", "A", "B"}) {
    EXPECT_EQ(with([&](Json& b) { b["shares"][4][field] = point; }), "shares.proof") << field;
    EXPECT_EQ(with([&](Json& b) { b["shares"][4][field] = std::string(64, 'f'); }), "shares.form");
  }
  EXPECT_EQ(with([](Json& b) { b["shares"][0]["z"] = std::string(64, '0'); }), "shares.proof");
  EXPECT_EQ(with([](Json& b) { b["shares"][0]["z"] = std::string(64, 'f'); }), "shares.form");
  EXPECT_EQ(with([](Json& b) { b["shares"][0]["A"] = std::string(64, '0'); }), "shares.form");
  EXPECT_EQ(with([](Json& b) { b["shares"][0]["more"] = 1; }), "shares.form");
  EXPECT_EQ(with([](Json& b) { b["type"] = "event"; }), "shares.form");
  EXPECT_EQ(with([](Json& b) { b["bureau"] = 1; }), "shares.member");
  EXPECT_EQ(with([](Json& b) { b["group"] = 2; }), "shares.member");
  EXPECT_EQ(with([](Json& b) { b["index"] = 6; }), "shares.member");
  EXPECT_EQ(with([](Json& b) { b["index"] = 0; }), "shares.member");
  EXPECT_EQ(with([](Json& b) { b["tally"] = std::string(128, '0'); }), "shares.tally");
  EXPECT_EQ(with([](Json& b) { b["shares"].erase(7); }), "shares.set");
  EXPECT_EQ(with([](Json& b) { b["shares"].push_back(b["shares"][7]); }), "shares.set");
  EXPECT_EQ(with([](Json& b) { std::swap(b["shares"][0], b["shares"][1]); }), "shares.set");
  EXPECT_EQ(with([](Json& b) { b["shares"][0]["option"] = 1; }), "shares.set");
  EXPECT_EQ(code_of(judge_shares(manifest, t, good.substr(1))), "shares.form");
  // Another member's document as one's own, or one's own under another's name.
  EXPECT_EQ(with([](Json& b) { b["index"] = 3; }), "shares.signature");
  EXPECT_EQ(code_of(judge_shares(manifest, t, altered(4, good, [](Json&) {}))), "shares.signature");
  EXPECT_EQ(code_of(judge_shares(manifest, t, altered(4, good, [](Json& b) { b["index"] = 3; }))),
            "shares.proof");
}

// A holder that may choose its statement after the challenge can open to anything: with D left out
// of the hash it would fix A, B and z first and solve z alpha = B + e D for D. Here D is hashed.
TEST_F(CountTest, AnAdaptedStatementIsRefused) {
  vote_all();
  const Tally t = tally();
  const auto& holder = ceremony.holders[2];
  const auto& member = manifest.bureaus[0].groups[1].members[0];
  const auto& sum = t.units[0].total.sums[0];
  const Scalar w = Scalar::random(random);
  const Point a = base_multiply(w);
  const Point b = base_multiply(Scalar::random(random));  // not w alpha
  const Scalar e = Transcript(SealedRole::decryption_share, t.fingerprint)
                       .add(ByteView(t.hash))
                       .add(0u)
                       .add(0u)
                       .add(0u)
                       .add(1u)
                       .add(1u)
                       .add(member.share_key)
                       .add(sum.alpha)
                       .add(sum.beta)
                       .add(a)
                       .add(b)
                       .scalar();
  const Scalar z = w + e * holder.share().reveal();
  const Point d = e.inverse() * (z * sum.alpha - b);
  ASSERT_EQ(base_multiply(z), a + e * member.share_key);
  ASSERT_EQ(z * sum.alpha, b + e * d);  // both equations hold for the challenge it wanted
  const auto document = altered(2, shares(t, 2), [&](Json& body) {
    auto& share = body["shares"][0];
    share["D"] = hex_encode(d.encoded());
    share["A"] = hex_encode(a.encoded());
    share["B"] = hex_encode(b.encoded());
    share["z"] = hex_encode(z.encoded());
  });
  EXPECT_EQ(code_of(judge_shares(manifest, t, document)), "shares.proof");
}

// The proof is honest about x_j and about D, but D is not x_j alpha: only the second equation sees
// it.
TEST_F(CountTest, AWrongPartialWithAProofMadeForIt) {
  vote_all();
  const Tally t = tally();
  const auto& member = manifest.bureaus[0].groups[1].members[0];
  const auto& sum = t.units[0].total.sums[0];
  const Scalar& x = ceremony.holders[2].share().reveal();
  const auto proven = [&](const Point& d) {
    const Scalar w = Scalar::random(random);
    const Point a = base_multiply(w);
    const Point b = w * sum.alpha;
    const Scalar e = Transcript(SealedRole::decryption_share, t.fingerprint)
                         .add(ByteView(t.hash))
                         .add(0u)
                         .add(0u)
                         .add(0u)
                         .add(1u)
                         .add(1u)
                         .add(member.share_key)
                         .add(sum.alpha)
                         .add(sum.beta)
                         .add(d)
                         .add(a)
                         .add(b)
                         .scalar();
    return code_of(judge_shares(manifest, t, altered(2, shares(t, 2), [&](Json& body) {
                                  auto& share = body["shares"][0];
                                  share["D"] = hex_encode(d.encoded());
                                  share["A"] = hex_encode(a.encoded());
                                  share["B"] = hex_encode(b.encoded());
                                  share["z"] = hex_encode((w + e * x).encoded());
                                })));
  };
  EXPECT_EQ(proven(x * sum.alpha), "good");
  EXPECT_EQ(proven(x * sum.alpha + Point::generator()), "shares.proof");
}

// A box that differs by one ballot would give away that ballot by the difference of two results.
TEST_F(CountTest, NoSecondDecryptionOfASlightlyDifferentBox) {
  vote_all();
  const Tally first = tally();
  vote(0, 0, 2);
  const Tally second = tally();
  ASSERT_NE(first.hash, second.hash);
  auto holder = ceremony.holders[2].clone();
  ASSERT_EQ(code_of(holder.bind_tally(first.hash)), "good");
  EXPECT_EQ(code_of(holder.bind_tally(second.hash)), "holder.second_tally");
  EXPECT_DEATH((void)make_shares(manifest, second, 0, holder, random), "bound_tally");
  EXPECT_EQ(code_of(judge_shares(manifest, second, shares(first, 2))), "shares.tally");
  // Shares of the first with the second's hash written on them do not prove.
  const auto renamed =
      altered(2, shares(first, 2), [&](Json& b) { b["tally"] = hex_encode(second.hash); });
  EXPECT_EQ(code_of(judge_shares(manifest, second, renamed)), "shares.proof");
}

// The machine stops after the tally was recorded and before the shares were out: the same tally
// gives shares again, as good as the first.
TEST_F(CountTest, SharesOfTheRecordedTallyCanBeMadeAgain) {
  vote_all();
  const Tally t = tally();
  auto holder = ceremony.holders[2].clone();
  ASSERT_EQ(code_of(holder.bind_tally(t.hash)), "good");
  auto reopened = HolderState::decode(holder.encode().reveal());
  ASSERT_TRUE(reopened);
  ASSERT_EQ(code_of(reopened->bind_tally(t.hash)), "good");
  const auto again = make_shares(manifest, t, 0, *reopened, random);
  ASSERT_TRUE(again) << code_of(again);
  EXPECT_EQ(code_of(judge_shares(manifest, t, *again)), "good");
}

TEST_F(CountTest, HoldersWaitForTheOneCountEventUnderTheOpeningRule) {
  vote_all();
  const Tally t = tally();
  const auto event = [&](const Json& data, const std::vector<std::size_t>& signers,
                         const char* name = "count", std::uint32_t bureau = 0) {
    SignedDocument document(Json{{"type", "event"},
                                 {"number", 3},
                                 {"event", name},
                                 {"at", 1},
                                 {"bureau", bureau},
                                 {"contest", nullptr},
                                 {"data", data}});
    for (const auto h : signers) {
      document.sign(ceremony.holders[h].signing(), t.fingerprint, random);
    }
    return document;
  };
  const auto opened = [&](const std::vector<SignedDocument>& events) {
    return code_of(count_opened(manifest, t, 0, events));
  };
  const Json data = {{"tally", hex_encode(t.hash)}, {"bijection", true}};
  const auto good = event(data, {1, 3, 4});
  EXPECT_EQ(opened({event({}, {0}, "close"), good, event(data, {0}, "count", 1)}), "good");
  EXPECT_EQ(opened({}), "count.not_opened");
  EXPECT_EQ(opened({event(data, {1, 3, 4}, "count", 1)}), "count.not_opened");
  EXPECT_EQ(opened({good, good}), "count.second_event");
  EXPECT_EQ(opened({event({{"tally", "00"}, {"bijection", true}}, {1, 3, 4})}), "count.tally");
  EXPECT_EQ(opened({event(nullptr, {1, 3, 4})}), "count.tally");
  EXPECT_EQ(opened({event({{"tally", hex_encode(t.hash)}}, {1, 3, 4})}), "count.bijection");
  EXPECT_EQ(opened({event({{"tally", hex_encode(t.hash)}, {"bijection", false}}, {1, 3, 4})}),
            "count.bijection");
  EXPECT_EQ(opened({event(data, {0, 1, 3})}), "count.opening_rule");  // one delegate only
  EXPECT_EQ(opened({event(data, {2, 3, 4, 5, 6})}), "count.opening_rule");
  EXPECT_EQ(opened({event(data, {})}), "count.opening_rule");
  SignedDocument forged = event(data, {1, 3});
  forged.add_signature(ceremony.holders[4].signing().key,
                       {Point::generator(), Scalar::from_u64(1)});
  EXPECT_EQ(opened({forged}), "count.signature");
}

TEST_F(CountTest, OnlyTheManifestsHolderMakesShares) {
  vote_all();
  const Tally t = tally();
  auto holder = ceremony.holders[2].clone();
  ASSERT_EQ(code_of(holder.bind_tally(t.hash)), "good");
  EXPECT_EQ(code_of(make_shares(manifest, t, 1, holder, random)), "count.holder");
  Manifest other = manifest;
  other.bureaus[0].groups[1].members[0].share_key = Point::generator();
  EXPECT_EQ(code_of(make_shares(other, t, 0, holder, random)), "count.holder");
}

// Two ballots whose randomness cancels out leave alpha = identity: an ordinary unit.
TEST_F(CountTest, AlphaMayBeTheIdentity) {
  const Scalar r = Scalar::random(random);
  const Scalar minus_r = Scalar() - r;
  auto& sums = districts.try_emplace({1, 0}, 2).first->second;
  sums.add(std::vector<Ciphertext>{encrypt(0, r), encrypt(1, Scalar::random(random))});
  sums.add(std::vector<Ciphertext>{encrypt(1, minus_r), encrypt(0, Scalar::random(random))});
  const Tally t = tally();
  ASSERT_TRUE(t.units.back().total.sums[0].alpha.is_identity());
  const auto votes = decrypt(manifest, t, good_shares(t, {0, 2, 3}));
  ASSERT_TRUE(votes) << code_of(votes);
  EXPECT_EQ(votes->back(), (std::vector<std::uint64_t>{1, 1}));
  const std::string point = hex_encode(Point::generator().encoded());
  for (const char* field : {"D", "B"}) {
    EXPECT_EQ(code_of(judge_shares(
                  manifest, t,
                  altered(2, shares(t, 2), [&](Json& b) { b["shares"][0][field] = point; }))),
              "shares.identity");
  }
}

TEST_F(CountTest, UnitsWithoutBallotsNeedNoShares) {
  const Tally nothing = tally();
  EXPECT_EQ(nothing.units.size(), 2u);  // contest 0 merged down to one
  const auto votes = decrypt(manifest, nothing, {});
  ASSERT_TRUE(votes) << code_of(votes);
  EXPECT_EQ(*votes, (Votes{{0, 0, 0}, {0, 0}}));
  EXPECT_EQ(code_of(judge_shares(manifest, nothing, shares(nothing, 0))), "good");
  vote(1, 0, 1);
  const Tally one = tally();
  const auto document = judge_shares(manifest, one, shares(one, 0));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->partial.size(), 2u);
}

TEST_F(CountTest, SetsThatDifferAreNoticed) {
  vote_all();
  const Tally t = tally();
  auto all = good_shares(t, {0, 2, 3, 6});
  all[3].partial[5] = all[3].partial[5] + Point::generator();
  const auto votes = decrypt(manifest, t, all);
  ASSERT_EQ(code_of(votes), "count.sets");
  EXPECT_NE(votes.error().message.find("contest 0, unit 1, option 2"), std::string::npos);
}

// Ballots that no proof has let through: the last line of defence.
TEST_F(CountTest, ResultsOutOfRangeOrThatDoNotAddUp) {
  auto& sums = districts.try_emplace({1, 0}, 2).first->second;
  const auto opened = [&](std::uint64_t first, std::uint64_t second) {
    sums = Aggregate(2);
    sums.add(std::vector<Ciphertext>{encrypt(first, Scalar::random(random)),
                                     encrypt(second, Scalar::random(random))});
    const Tally t = tally();
    return code_of(decrypt(manifest, t, good_shares(t, {0, 2, 3})));
  };
  EXPECT_EQ(opened(1, 0), "good");
  EXPECT_EQ(opened(2, 0), "count.range");
  EXPECT_EQ(opened(1, 1), "count.sum");
  EXPECT_EQ(opened(0, 0), "count.sum");
}

TEST_F(CountTest, TheTallyHashCoversItsStatement) {
  vote_all();
  const Tally good = tally();
  EXPECT_EQ(good.hash, tally().hash);
  const auto with = [&](const std::function<void(TallyAnchors&, DistrictAggregates&)>& change) {
    auto a = anchors;
    auto d = districts;
    change(a, d);
    return make_tally(manifest, a, d)->hash;
  };
  EXPECT_NE(with([](auto& a, auto&) { ++a.log_size; }), good.hash);
  EXPECT_NE(with([](auto& a, auto&) { a.log_root[0] ^= 1; }), good.hash);
  EXPECT_NE(with([](auto& a, auto&) { a.box_root[31] ^= 1; }), good.hash);
  EXPECT_NE(with([](auto&, auto& d) { ++d.at({0, 0}).ballots; }), good.hash);
  EXPECT_NE(with([](auto&, auto& d) {
              std::swap(d.at({1, 0}).sums[0], d.at({1, 0}).sums[1]);
            }),
            good.hash);
  manifest.grace_seconds += 1;  // another fingerprint
  EXPECT_NE(tally().hash, good.hash);
}

TEST_F(CountTest, BallotsFromNowhereAreRefused) {
  districts.try_emplace({0, 3}, 3);
  EXPECT_EQ(code_of(make_tally(manifest, anchors, districts)), "count.district");
  districts.clear();
  districts.try_emplace({2, 0}, 3);
  EXPECT_EQ(code_of(make_tally(manifest, anchors, districts)), "count.district");
  districts.clear();
  districts.try_emplace({0, 0}, 2);
  EXPECT_EQ(code_of(make_tally(manifest, anchors, districts)), "count.options");
  districts.clear();
  districts.try_emplace({0, 0}, 3).first->second.ballots = std::uint64_t{1} << 32;
  EXPECT_EQ(code_of(make_tally(manifest, anchors, districts)), "count.ballots");
}

TEST_F(CountTest, TallyJson) {
  vote_all();
  const Tally t = tally();
  const Json json = Json::parse(tally_json(t, expected_votes));
  EXPECT_EQ(canonical_json(json), tally_json(t, expected_votes));
  EXPECT_EQ(json["tally"], hex_encode(t.hash));
  ASSERT_EQ(json["units"].size(), 3u);
  EXPECT_EQ(json["units"][1]["districts"], Json::parse("[1,2]"));
  EXPECT_EQ(json["units"][1]["ballots"], 5);
  EXPECT_EQ(json["units"][1]["votes"], Json::parse("[1,3,1]"));
  EXPECT_EQ(json["units"][2]["beta"][1], hex_encode(t.units[2].total.sums[1].beta.encoded()));
}

// ---- Result

TEST_F(CountTest, TheResultShowsItsWorking) {
  vote_all();
  const Tally t = tally();
  const auto text = make_result(manifest, t, expected_votes, {{20, 10, {}}, {9, 4, {}}},
                                {{0, 1, 5, "shares.proof"}, {0, 0, 2, "shares.tally"}});
  ASSERT_TRUE(text) << code_of(text) << text.error().message;
  const Json result = Json::parse(*text);
  EXPECT_EQ(canonical_json(result), *text);
  EXPECT_EQ(result["fingerprint"], hex_encode(manifest.fingerprint().bytes));
  EXPECT_EQ(result["tally"], hex_encode(t.hash));
  EXPECT_EQ(result["left_out"], Json::parse(R"([
      {"bureau":0,"group":0,"index":2,"reason":"shares.tally"},
      {"bureau":0,"group":1,"index":5,"reason":"shares.proof"}])"));
  const Json& contest = result["contests"][0];
  EXPECT_EQ(contest["registered"], 20);
  EXPECT_EQ(contest["sign_offs"], 10);
  EXPECT_EQ(contest["ballots"], 10);
  EXPECT_EQ(contest["blank"], 2);
  EXPECT_EQ(contest["valid"], 8);
  EXPECT_EQ(contest["votes"], Json::parse("[4,4,2]"));
  EXPECT_EQ(contest["units"][1], Json::parse(R"({"unit":1,"name":"South + Isles",
      "districts":[1,2],"ballots":5,"votes":[1,3,1]})"));
  // 8 votes on 5 seats: two whole quotas of 8/5 each, then a tie for the fifth seat.
  EXPECT_EQ(contest["seats"]["quota"], "8/5");
  EXPECT_EQ(contest["seats"]["lists"][0], Json::parse(R"({"option":0,"votes":4,"by_quota":2,
      "by_average":0,"seats":2,"members":[]})"));
  EXPECT_EQ(contest["seats"]["ties"][0]["between"], Json::parse("[0,1]"));
  EXPECT_EQ(contest["seats"]["lots"], Json::array());
  // Contest 1: option 0 is the blank vote; the only list presented 2 for 5 seats.
  const Json& second = result["contests"][1];
  EXPECT_EQ(second["blank"], 1);
  EXPECT_EQ(second["seats"]["lists"][0]["option"], 1);
  EXPECT_EQ(second["seats"]["lists"][0]["seats"], 2);
  EXPECT_EQ(second["seats"]["unfilled"], 3);

  const auto drawn = make_result(manifest, t, expected_votes, {{20, 10, {1}}, {9, 4, {}}}, {});
  ASSERT_TRUE(drawn) << code_of(drawn);
  const Json settled = Json::parse(*drawn)["contests"][0]["seats"];
  EXPECT_EQ(settled["ties"], Json::array());
  EXPECT_EQ(settled["lots"], Json::parse("[1]"));
  EXPECT_EQ(settled["lists"][1]["seats"], 3);
  EXPECT_EQ(settled["steps"][0], Json::parse(R"({"averages":["4/3","4/3"],"winner":1,
      "decided_by":"lot","unfilled":false})"));
}

TEST_F(CountTest, ValidAndBlankMustBeTheSignOffs) {
  vote_all();
  const Tally t = tally();
  const auto with = [&](ContestFigures first) {
    return code_of(make_result(manifest, t, expected_votes, {first, {9, 4, {}}}, {}));
  };
  EXPECT_EQ(with({20, 10, {}}), "good");
  EXPECT_EQ(with({10, 10, {}}), "good");
  EXPECT_EQ(with({20, 11, {}}), "result.turnout");
  EXPECT_EQ(with({20, 9, {}}), "result.turnout");
  EXPECT_EQ(with({9, 10, {}}), "result.turnout");
  EXPECT_EQ(with({20, 10, {2}}), "result.lots");
  EXPECT_EQ(with({20, 10, {3}}), "result.lots");
  EXPECT_EQ(code_of(make_result(manifest, t, expected_votes, {{20, 10, {}}}, {})),
            "result.contests");
  manifest.contests[0].rule = "another";
  EXPECT_EQ(with({20, 10, {}}), "result.rule");
}

TEST_F(CountTest, CommonListsAndContestsWithoutLists) {
  manifest.contests[0].options[0].common = {{"X", 60}, {"Y", 40}};
  manifest.contests[0].options[1].common = {{"U", 0}, {"V", 0}, {"W", 0}};
  manifest.contests[1].options = {blank()};
  for (const auto choice : Choices{0, 0, 1, 1}) vote(0, 0, choice);
  vote(1, 0, 0);
  const Tally t = tally();
  const auto text = make_result(manifest, t, {{2, 2, 0}, {1}}, {{4, 4, {}}, {1, 1, {}}}, {});
  ASSERT_TRUE(text) << code_of(text);
  const Json result = Json::parse(*text);
  const Json& lists = result["contests"][0]["seats"]["lists"];
  EXPECT_EQ(lists[0]["members"], Json::parse(R"([{"name":"X","votes":1,"rest":"1/5"},
      {"name":"Y","votes":0,"rest":"4/5"}])"));
  EXPECT_EQ(lists[1]["members"][2],
            Json::parse(R"({"name":"W","votes":0,"rest":"2/3"})"));  // no shares declared: equal
  EXPECT_EQ(result["contests"][1]["seats"], Json::parse(R"({"quota":"0/5","lists":[],"steps":[],
      "unfilled":5,"ties":[],"lots":[]})"));
}

// Contest 0 in two rounds; 4 votes each and 2 blank ones.
TEST_F(CountTest, MajorityInTwoRounds) {
  auto& contest = manifest.contests[0];
  const auto proportional = contest;
  contest.rule = two_round_majority_rule;
  contest.round = 1;
  contest.seats = 1;
  EXPECT_EQ(code_of(check_attribution(contest)), "result.options");
  for (auto& option : contest.options) {
    option.candidate = !option.blank;
    option.candidates.clear();
  }
  ASSERT_TRUE(check_attribution(contest));
  vote_all();
  const Tally t = tally();
  const auto outcome = [&](ContestFigures first) {
    const auto text = make_result(manifest, t, expected_votes, {first, {9, 4, {}}}, {});
    return text ? Json::parse(*text)["contests"][0]["majority"] : Json(code_of(text));
  };
  const Json first = outcome({20, 10, {}});
  EXPECT_EQ(first, Json::parse(R"({"round":1,"elected":null,"second_round":[0,1],"undecided":[],
      "articles":["L126","L162"],"reason":"nobody has more than half of the valid votes; these )"
                               R"(have at least 12.5 % of the registered electors"})"));
  EXPECT_EQ(outcome({20, 10, {0}}), "result.lots") << "no lot is drawn under this rule";
  EXPECT_EQ(outcome({9, 10, {}}), "result.turnout");
  contest.round = 2;
  const Json equals = outcome({20, 10, {}});
  EXPECT_EQ(equals["elected"], Json());
  EXPECT_EQ(equals["undecided"][0]["between"], Json::parse("[0,1]"));
  EXPECT_TRUE(check_ties_settled({{"contests", {{{"majority", equals}}}}}))
      << "the count is closed all the same: the law names no lot";
  contest.options[0].birth_date = "1960-02-29";
  contest.options[1].birth_date = "1959-12-31";
  EXPECT_EQ(outcome({20, 10, {}})["elected"], 1) << "the eldest";

  for (const auto& [birth_date, seats, code] :
       {std::tuple{"1960-02-30", 1u, "majority.birth_date"}, {"1960-02-28", 2u, "result.seats"}}) {
    auto wrong = contest;
    wrong.options[0].birth_date = birth_date;
    wrong.seats = seats;
    EXPECT_EQ(code_of(check_attribution(wrong)), code);
  }
  auto mixed = proportional;
  mixed.options[0].candidate = true;
  EXPECT_EQ(code_of(check_attribution(mixed)), "result.options");
}

// ---- Parts

TEST(DiscreteLog, FindsEveryValueUpToTheBoundAndNoOther) {
  for (const std::uint64_t largest : {0u, 1u, 2u, 3u, 4u, 8u, 15u, 16u, 17u, 100u}) {
    const DiscreteLog logarithm(largest);
    Point point;
    for (std::uint64_t m = 0; m <= largest + 12; ++m, point = point + Point::generator()) {
      const auto found = logarithm.find(point, largest);
      EXPECT_EQ(found, m <= largest ? std::optional(m) : std::nullopt) << m << " of " << largest;
      EXPECT_EQ(logarithm.find(point, largest / 2),
                m <= largest / 2 ? std::optional(m) : std::nullopt);
    }
    EXPECT_EQ(logarithm.find(Point() - Point::generator(), largest), std::nullopt);
  }
}

TEST(Lagrange, InterpolatesAnywhere) {
  SeededRandom random(3);
  const Scalar a = Scalar::random(random);
  const Scalar b = Scalar::random(random);
  const Scalar c = Scalar::random(random);
  const auto f = [&](std::uint64_t x) {
    const Scalar s = Scalar::from_u64(x);
    return a + s * (b + s * c);
  };
  const std::vector<std::uint32_t> indices = {2, 5, 64};
  for (const std::uint32_t at : {0u, 1u, 5u, 63u}) {
    Scalar value;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      value = value + lagrange(indices, i, at) * f(indices[i]);
    }
    EXPECT_EQ(value, f(at)) << at;
  }
}

}  // namespace
}  // namespace isoloir
