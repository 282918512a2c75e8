#include "election/ceremony.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "code_of.hpp"
#include "crypto/sealing.hpp"

namespace isoloir {
namespace {

CeremonyPlan plan_of(Random& random) {
  CeremonyPlan plan{{random.array<16>()}, random.array<16>(), "Bureau national", {}};
  plan.groups.push_back(
      {"Présidence", 1, {{"Ada", BureauRole::president}, {"Blaise", BureauRole::secretary}}});
  plan.groups.push_back({"Délégués",
                         2,
                         {{"Chloé", BureauRole::delegate},
                          {"David", BureauRole::delegate},
                          {"Émilie", BureauRole::delegate},
                          {"Farid", BureauRole::substitute},
                          {"Gaëlle", BureauRole::substitute}}});
  return plan;
}

// A ceremony whose members are driven one by one, so that one of them can cheat.
struct CeremonyTest : testing::Test {
  SeededRandom random{21};
  CeremonyPlan plan = plan_of(random);
  CeremonyRecord record{plan};
  std::vector<HolderState> holders;

  CeremonyTest() {
    for (std::uint32_t g = 0; g < plan.groups.size(); ++g) {
      for (std::uint32_t j = 1; j <= plan.groups[g].members.size(); ++j) {
        holders.push_back(HolderState::create(plan, g, j, random));
      }
    }
  }

  HolderState& holder(std::uint32_t group, std::uint32_t index) {
    return *std::find_if(holders.begin(), holders.end(), [&](const HolderState& h) {
      return h.group() == group && h.index() == index;
    });
  }

  std::string next(HolderState& who) {
    const auto message = next_message(record, who, random);
    EXPECT_TRUE(message && *message) << code_of(message);
    return message && *message ? **message : "";
  }

  // All members of all rounds before `round` have sent.
  void run_until(std::uint32_t round) {
    while (record.round() < round) {
      for (auto& who : holders) ASSERT_EQ(code_of(record.add(next(who))), "good");
    }
  }

  // The message changed and signed again by the one who made it: what a dishonest member can do.
  std::string altered(const HolderState& signer, const std::string& text,
                      const std::function<void(Json&)>& change) {
    Json body = Json::parse(text)["body"];
    change(body);
    SignedDocument document(std::move(body));
    document.sign(signer.signing(), plan.election, random);
    return document.text();
  }

  std::string verdict(const std::string& text) { return code_of(record.add(text)); }
};

TEST_F(CeremonyTest, TwoGroupsEndWithOneKeyThatEveryQualifyingSetHolds) {
  const auto local = run_ceremony_locally(plan, random);
  ASSERT_EQ(local.messages.size(), 35u);
  ASSERT_EQ(local.holders.size(), 7u);
  EXPECT_EQ(local.result.key, local.result.groups[0].key + local.result.groups[1].key);

  // 1 of 2: each share alone is the key of the group.
  for (int i : {0, 1}) {
    EXPECT_EQ(base_multiply(local.holders[static_cast<std::size_t>(i)].share().reveal()),
              local.result.groups[0].key);
  }
  // 2 of 5: every pair gives the key of the group by Lagrange; no share alone is it.
  for (std::uint32_t a = 1; a <= 5; ++a) {
    const auto& share_a = local.holders[1 + a].share().reveal();
    EXPECT_EQ(base_multiply(share_a), local.result.groups[1].share_keys[a - 1]);
    EXPECT_NE(base_multiply(share_a), local.result.groups[1].key);
    for (std::uint32_t b = a + 1; b <= 5; ++b) {
      const auto& share_b = local.holders[1 + b].share().reveal();
      const Scalar sa = Scalar::from_u64(a);
      const Scalar sb = Scalar::from_u64(b);
      const Scalar secret = sb * (sb - sa).inverse() * share_a + sa * (sa - sb).inverse() * share_b;
      EXPECT_EQ(base_multiply(secret), local.result.groups[1].key) << a << " and " << b;
    }
  }
}

TEST_F(CeremonyTest, AnyoneFinishesFromTheMessagesInAnyOrder) {
  auto local = run_ceremony_locally(plan, random);
  std::reverse(local.messages.begin(), local.messages.end());
  local.messages.push_back(local.messages.front());  // the same file twice is one message
  const auto result = finish(plan, local.messages);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->transcript, local.result.transcript);
  EXPECT_EQ(result->key, local.result.key);

  const Bureau bureau = to_manifest_bureau(plan, *result);
  EXPECT_EQ(bureau.groups[1].threshold, 2u);
  EXPECT_EQ(bureau.groups[1].members[4].name, "Gaëlle");
  EXPECT_EQ(code_of(verify_ceremony(plan.election, bureau, local.messages)), "good");
}

TEST_F(CeremonyTest, EveryFieldOfTheManifestsBureauIsChecked) {
  const auto local = run_ceremony_locally(plan, random);
  const Bureau good = to_manifest_bureau(plan, local.result);
  const auto with = [&](const std::function<void(Bureau&)>& change) {
    Bureau bureau = good;
    change(bureau);
    return code_of(verify_ceremony(plan.election, bureau, local.messages));
  };
  const Point other = base_multiply(Scalar::from_u64(7));
  EXPECT_EQ(with([](Bureau& b) { b.ceremony[0] ^= 1; }), "ceremony.manifest");
  EXPECT_EQ(with([&](Bureau& b) { b.key = other; }), "ceremony.manifest");
  EXPECT_EQ(with([&](Bureau& b) { b.groups[1].key = other; }), "ceremony.manifest");
  EXPECT_EQ(with([&](Bureau& b) { b.groups[1].members[2].share_key = other; }),
            "ceremony.manifest");
  EXPECT_EQ(with([&](Bureau& b) { b.groups[0].members[1].signing_key = other; }),
            "ceremony.manifest");
  EXPECT_EQ(with([&](Bureau& b) { b.groups[0].members[1].role = BureauRole::president; }),
            "ceremony.identity");
  EXPECT_EQ(with([&](Bureau& b) { b.groups[1].threshold = 3; }), "ceremony.coefficients");
  EXPECT_EQ(with([&](Bureau& b) { b.groups[1].members.pop_back(); }), "ceremony.slot");
}

TEST_F(CeremonyTest, AMissingMessageIsNamed) {
  auto local = run_ceremony_locally(plan, random);
  local.messages.pop_back();
  const auto result = finish(plan, local.messages);
  ASSERT_EQ(code_of(result), "ceremony.incomplete");
  EXPECT_NE(result.error().message.find("Délégués 5 (Gaëlle)"), std::string::npos);
  EXPECT_EQ(code_of(finish(plan, {})), "ceremony.incomplete");
  // A hole in an earlier round is not passed over.
  local.messages.erase(local.messages.begin() + 8);
  EXPECT_EQ(code_of(finish(plan, local.messages)), "ceremony.order");
}

TEST_F(CeremonyTest, NobodyRunsAhead) {
  ASSERT_EQ(code_of(record.add(next(holders[0]))), "good");
  const auto waiting = next_message(record, holders[0], random);
  ASSERT_TRUE(waiting);
  EXPECT_FALSE(*waiting);
  EXPECT_EQ(record.missing().size(), 6u);
  EXPECT_EQ(holders[0].sent().size(), 1u);
}

TEST_F(CeremonyTest, TruncatedOrMalformed) {
  const std::string hello = next(holders[0]);
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, hello.size() / 2, hello.size() - 1}) {
    EXPECT_EQ(verdict(hello.substr(0, length)), "ceremony.form") << length;
  }
  EXPECT_EQ(verdict(hello + "\n"), "ceremony.form");
  EXPECT_EQ(verdict("{}"), "ceremony.form");
  const auto& who = holders[0];
  EXPECT_EQ(verdict(altered(who, hello, [](Json& b) { b["type"] = "seal"; })), "ceremony.form");
  EXPECT_EQ(verdict(altered(who, hello, [](Json& b) { b["more"] = 1; })), "ceremony.form");
  EXPECT_EQ(verdict(altered(who, hello, [](Json& b) { b.erase("encryption_key"); })),
            "ceremony.form");
  EXPECT_EQ(
      verdict(altered(who, hello, [](Json& b) { b["encryption_key"] = std::string(64, '0'); })),
      "ceremony.form");  // the identity
  EXPECT_EQ(verdict(altered(who, hello, [](Json& b) { b["group"] = 2; })), "ceremony.slot");
  EXPECT_EQ(verdict(altered(who, hello, [](Json& b) { b["index"] = 0; })), "ceremony.slot");
  EXPECT_EQ(verdict(altered(who, hello, [](Json& b) { b["index"] = 3; })), "ceremony.slot");
  EXPECT_EQ(verdict(hello), "good");
}

// A refused message leaves nothing behind: the good one is still accepted.
TEST_F(CeremonyTest, ReplayedFromAnotherCeremony) {
  CeremonyPlan earlier = plan;
  earlier.ceremony = random.array<16>();
  const auto local = run_ceremony_locally(earlier, random);
  run_until(2);
  for (const auto& message : local.messages) {
    EXPECT_EQ(verdict(message), "ceremony.replayed");
  }
  // Another election with the same ceremony number: the context of the signature differs.
  CeremonyPlan elsewhere = plan;
  elsewhere.election.bytes[0] ^= 1;
  const auto other = run_ceremony_locally(elsewhere, random);
  for (const auto& message : other.messages) EXPECT_NE(verdict(message), "good");
}

TEST_F(CeremonyTest, AnotherMembersMessageUnderOnesOwnName) {
  run_until(2);
  const std::string stolen = next(holder(1, 3));
  // Moved to the slot of member 1 and signed by it: the hash of round 1 is not its own.
  EXPECT_EQ(verdict(altered(holder(1, 1), stolen, [](Json& b) { b["index"] = 1; })),
            "ceremony.commitment_hash");
}

TEST_F(CeremonyTest, FramedSender) {
  run_until(1);
  const std::string own = next(holder(1, 2));
  // Another member signs in its name, or adds its own signature to it.
  EXPECT_EQ(verdict(altered(holder(1, 1), own, [](Json&) {})), "ceremony.sender");
  auto both = SignedDocument::parse(own);
  ASSERT_TRUE(both);
  both->sign(holder(1, 1).signing(), plan.election, random);
  EXPECT_EQ(verdict(both->text()), "ceremony.sender");
  Json unsigned_message = Json::parse(own);
  unsigned_message["signatures"] = Json::array();
  EXPECT_EQ(verdict(canonical_json(unsigned_message)), "ceremony.sender");

  // A hello in its name, by whoever carries the stick: the holder sees that it is not its own.
  const auto impostor = HolderState::create(plan, 1, 2, random);
  CeremonyRecord empty(plan);
  HolderState copy = impostor.clone();
  const auto forged = next_message(empty, copy, random);
  ASSERT_TRUE(forged && *forged);
  EXPECT_EQ(code_of(read_as_holder(plan, {**forged}, holder(1, 2))), "holder.framed");
  CeremonyRecord misled(plan);
  ASSERT_EQ(code_of(misled.add(**forged)), "good");
  HolderState fresh = HolderState::create(plan, 1, 2, random);
  EXPECT_EQ(code_of(next_message(misled, fresh, random)), "holder.older_state");
}

TEST_F(CeremonyTest, DuplicateSender) {
  const std::string first = next(holder(1, 1));
  ASSERT_EQ(verdict(first), "good");
  const std::string second = next(holder(1, 2));
  const std::string first_key = Json::parse(first)["body"]["signing_key"];
  const std::string first_encryption = Json::parse(first)["body"]["encryption_key"];
  // One person at two places.
  EXPECT_EQ(verdict(altered(holder(1, 1), second, [&](Json& b) { b["signing_key"] = first_key; })),
            "ceremony.duplicate_sender");
  // Another's encryption key, so that a box could be handed on.
  EXPECT_EQ(verdict(altered(holder(1, 2), second,
                            [&](Json& b) { b["encryption_key"] = first_encryption; })),
            "ceremony.duplicate_sender");
  // Its own signing key, whose secret a complaint would publish.
  EXPECT_EQ(verdict(altered(holder(1, 2), second,
                            [](Json& b) { b["encryption_key"] = b["signing_key"]; })),
            "ceremony.duplicate_sender");
  EXPECT_EQ(verdict(altered(holder(1, 2), second, [](Json& b) { b["name"] = "Chloé"; })),
            "ceremony.identity");
  EXPECT_EQ(verdict(altered(holder(1, 2), second, [](Json& b) { b["role"] = "president"; })),
            "ceremony.identity");
}

TEST_F(CeremonyTest, TwoDifferentMessagesForOneSlot) {
  run_until(1);
  auto& who = holder(0, 1);
  const std::string hash = next(who);
  ASSERT_EQ(verdict(hash), "good");
  EXPECT_EQ(verdict(hash), "good");
  EXPECT_EQ(verdict(altered(who, hash, [](Json& b) { b["hash"] = std::string(128, '0'); })),
            "ceremony.equivocation");
  // Even the same words signed twice: everybody must hold the same bytes.
  EXPECT_EQ(verdict(altered(who, hash, [](Json&) {})), "ceremony.equivocation");
}

TEST_F(CeremonyTest, CommitmentsOtherThanAnnounced) {
  run_until(2);
  const auto other = HolderState::create(plan, 1, 1, random);
  const std::string good = next(holder(1, 1));
  const std::string point = hex_encode(base_multiply(Scalar::from_u64(5)).encoded());
  EXPECT_EQ(verdict(altered(holder(1, 1), good, [&](Json& b) { b["commitments"][1] = point; })),
            "ceremony.commitment_hash");
  EXPECT_EQ(verdict(good), "good");
}

// Announces any hash it likes for member (1, 1), then the given commitments with the good hash.
struct RogueTest : CeremonyTest {
  std::string announce_and_send(const std::vector<Point>& commitments, const std::string& good,
                                const std::function<void(Json&)>& change) {
    CeremonyRecord rogue(plan);
    Transcript hash(DraftRole::commitments, plan.election);
    hash.add(ByteView(plan.ceremony)).add(1u).add(1u);
    for (const auto& c : commitments) hash.add(c);
    for (const auto& [slot, text] : record.messages()) {
      const bool own = slot == CeremonySlot{1, 1, 1};
      EXPECT_EQ(
          code_of(rogue.add(own ? altered(holder(1, 1), text,
                                          [&](Json& b) { b["hash"] = hex_encode(hash.hash()); })
                                : text)),
          "good");
    }
    return code_of(rogue.add(altered(holder(1, 1), good, [&](Json& b) {
      b["commitments"] = Json::array();
      for (const auto& c : commitments) b["commitments"].push_back(hex_encode(c.encoded()));
      change(b);
    })));
  }
};

// The classic attack: commit to X - (sum of the others' first commitments), so that the group's key
// is X, whose secret the attacker knows. It cannot prove the coefficient.
TEST_F(RogueTest, RogueKeyIsNotProven) {
  run_until(2);
  const std::string good = next(holder(1, 1));
  const Point known = base_multiply(Scalar::from_u64(42));
  Point others;
  for (std::uint32_t j = 2; j <= 5; ++j) {
    const std::string text = next(holder(1, j));
    const auto c0 = hex_decode(Json::parse(text)["body"]["commitments"][0].get<std::string>());
    others = others + *Point::decode(*c0);
  }
  const auto second = hex_decode(Json::parse(good)["body"]["commitments"][1].get<std::string>());
  EXPECT_EQ(announce_and_send({known - others, *Point::decode(*second)}, good, [](Json&) {}),
            "ceremony.possession");
}

// A coefficient too many raises the threshold of the whole group: three would be needed, not two.
TEST_F(RogueTest, ExtraCoefficientIsRefused) {
  run_until(2);
  const std::string good = next(holder(1, 1));
  const auto point = [&](std::size_t i) {
    return *Point::decode(
        *hex_decode(Json::parse(good)["body"]["commitments"][i].get<std::string>()));
  };
  const Point extra = base_multiply(Scalar::from_u64(9));
  EXPECT_EQ(announce_and_send({point(0), point(1), extra}, good,
                              [](Json& b) { b["proofs"].push_back(b["proofs"][0]); }),
            "ceremony.coefficients");
  EXPECT_EQ(announce_and_send({point(0), point(1), extra}, good, [](Json&) {}),
            "ceremony.coefficients");
  EXPECT_EQ(announce_and_send({point(0)}, good, [](Json& b) { b["proofs"].erase(1); }),
            "ceremony.coefficients");
  EXPECT_EQ(announce_and_send({point(0), point(1)}, good, [](Json& b) { b["proofs"].erase(1); }),
            "ceremony.coefficients");
  EXPECT_EQ(announce_and_send({point(0), Point()}, good, [](Json&) {}), "ceremony.form");
  EXPECT_EQ(announce_and_send({point(0), point(1)}, good,
                              [](Json& b) { std::swap(b["proofs"][0], b["proofs"][1]); }),
            "ceremony.possession");
  EXPECT_EQ(announce_and_send({point(0), point(1)}, good, [](Json&) {}), "good");
}

TEST_F(CeremonyTest, SharesAreOnePerReceiverInOrder) {
  run_until(2);
  const std::string good = next(holder(1, 1));
  const auto with = [&](const std::function<void(Json&)>& change) {
    return verdict(altered(holder(1, 1), good, [&](Json& b) { change(b["shares"]); }));
  };
  EXPECT_EQ(with([](Json& s) { s.erase(0); }), "ceremony.form");
  EXPECT_EQ(with([](Json& s) { std::swap(s[0], s[1]); }), "ceremony.form");
  EXPECT_EQ(with([](Json& s) { s.push_back(s[0]); }), "ceremony.form");
  EXPECT_EQ(with([](Json& s) { s[0]["box"] = "00"; }), "ceremony.form");
  EXPECT_EQ(with([](Json& s) { s[0]["to"] = 1; }), "ceremony.form");
}

// Sends bad boxes in member (1, 2)'s message; everything else is good.
struct WrongShareTest : CeremonyTest {
  void run_with_bad_boxes(const std::function<void(Json&)>& change) {
    run_until(2);
    for (auto& who : holders) {
      std::string text = next(who);
      if (&who == &holder(1, 2)) text = altered(who, text, change);
      ASSERT_EQ(verdict(text), "good");
    }
  }
};

TEST_F(WrongShareTest, IsNamedAndTheComplaintShowsWhoLied) {
  // The box of member 4 goes to member 3 too: well-formed, but not its share.
  run_with_bad_boxes([](Json& b) {
    b["shares"][1]["box"] = b["shares"][2]["box"];
    b["shares"][1]["key"] = b["shares"][2]["key"];
  });
  auto& victim = holder(1, 3);
  const auto step = next_message(record, victim, random);
  ASSERT_EQ(code_of(step), "ceremony.wrong_share");
  EXPECT_NE(step.error().message.find("Délégués 2 (David)"), std::string::npos);
  EXPECT_EQ(victim.sent().size(), 3u);

  const auto complaint = complain(record, victim);
  ASSERT_TRUE(complaint) << complaint.error().message;
  const auto liars = judge_complaint(record, *complaint);
  ASSERT_TRUE(liars) << liars.error().message;
  EXPECT_EQ(*liars, (std::vector<CeremonySlot>{{2, 1, 2}}));
  EXPECT_EQ(code_of(next_message(record, victim, random)), "holder.abandoned");
  auto reopened = HolderState::decode(victim.encode().reveal());
  ASSERT_TRUE(reopened);
  EXPECT_EQ(code_of(next_message(record, *reopened, random)), "holder.abandoned");

  // Whoever received a good share has nothing to complain of.
  EXPECT_EQ(code_of(complain(record, holder(1, 4))), "ceremony.no_complaint");
  // A complaint with another secret says nothing; one in another's name neither.
  Json forged = Json::parse(*complaint);
  forged["secret"] = hex_encode(Scalar::from_u64(3).encoded());
  EXPECT_EQ(code_of(judge_complaint(record, canonical_json(forged))), "ceremony.complaint_key");
  forged = Json::parse(*complaint);
  forged["index"] = 4;
  EXPECT_EQ(code_of(judge_complaint(record, canonical_json(forged))), "ceremony.complaint_key");
  forged["ceremony"] = std::string(32, '0');
  EXPECT_EQ(code_of(judge_complaint(record, canonical_json(forged))), "ceremony.replayed");
  EXPECT_EQ(code_of(judge_complaint(record, "{}")), "ceremony.form");
}

// The box opens well, to a scalar that is not on the sender's polynomial.
TEST_F(WrongShareTest, AShareThatTheCommitmentsDoNotGive) {
  run_until(2);
  const auto& sender = record.sender(1, 2);
  const KeyPair once = KeyPair::generate(random);
  const Point shared = once.secret.reveal() * record.sender(1, 1).encryption_key;
  const auto h = Transcript(DraftRole::share_box, plan.election)
                     .add(ByteView(plan.ceremony))
                     .add(1u)
                     .add(2u)
                     .add(1u)
                     .add(ByteView(sender.hash))
                     .add(once.key)
                     .add(shared)
                     .hash();
  const Bytes box = seal_with_nonce(ByteView(h).first(32), ByteView(h).subspan(32, 24),
                                    Scalar::from_u64(4).encoded());
  run_with_bad_boxes([&](Json& b) {
    b["shares"][0]["key"] = hex_encode(once.key.encoded());
    b["shares"][0]["box"] = hex_encode(box);
  });
  EXPECT_EQ(code_of(next_message(record, holder(1, 1), random)), "ceremony.wrong_share");
  EXPECT_EQ(code_of(next_message(record, holder(1, 3), random)), "good");
}

TEST_F(WrongShareTest, ABoxThatDoesNotOpen) {
  run_with_bad_boxes([](Json& b) { b["shares"][0]["box"] = std::string(96, '0'); });
  EXPECT_EQ(code_of(next_message(record, holder(1, 1), random)), "ceremony.wrong_share");
  EXPECT_EQ(code_of(next_message(record, holder(1, 3), random)), "good");
}

// The complainer that lies: its boxes are good, so its complaint names nobody.
TEST_F(WrongShareTest, AFalseComplaintNamesNobody) {
  run_until(2);
  // The state of a liar is as good as any: take the secret out of a true complaint against a
  // record in which one box is bad, and judge it by the record in which all are good.
  std::vector<std::string> texts;
  for (const auto& [slot, text] : record.messages()) texts.push_back(text);
  auto bad = CeremonyRecord::read(plan, texts);
  ASSERT_TRUE(bad);
  for (auto& who : holders) {
    const std::string text = next(who);
    ASSERT_EQ(code_of(record.add(text)), "good");
    const bool culprit = &who == &holder(1, 2);
    ASSERT_EQ(code_of(bad->add(
                  culprit ? altered(who, text,
                                    [](Json& b) { b["shares"][0]["box"] = std::string(96, '0'); })
                          : text)),
              "good");
  }
  auto liar = holder(1, 1).clone();
  const auto complaint = complain(*bad, liar);
  ASSERT_TRUE(complaint) << complaint.error().message;
  const auto liars = judge_complaint(record, *complaint);
  ASSERT_TRUE(liars);
  EXPECT_TRUE(liars->empty());
}

TEST_F(CeremonyTest, TranscriptMismatch) {
  run_until(3);
  auto& who = holder(1, 1);
  const std::string agreement = next(who);
  EXPECT_EQ(
      verdict(altered(who, agreement, [](Json& b) { b["transcript"] = std::string(128, '0'); })),
      "ceremony.transcript");
  EXPECT_EQ(verdict(agreement), "good");
}

TEST_F(CeremonyTest, AShareKeyThatDisagreesOrIsNotProven) {
  run_until(4);
  auto& who = holder(1, 1);
  const std::string good = next(who);
  EXPECT_EQ(verdict(altered(who, good,
                            [](Json& b) {
                              b["share_key"] =
                                  hex_encode(base_multiply(Scalar::from_u64(5)).encoded());
                            })),
            "ceremony.share_key");
  const std::string other_proof = Json::parse(next(holder(1, 2)))["body"]["proof"];
  EXPECT_EQ(verdict(altered(who, good, [&](Json& b) { b["proof"] = other_proof; })),
            "ceremony.share_possession");
  EXPECT_EQ(verdict(altered(who, good, [](Json& b) { b["transcript"] = std::string(128, '0'); })),
            "ceremony.transcript");
  EXPECT_EQ(verdict(good), "good");
}

// Two members of a 1-of-2 group whose secrets cancel out would leave the group without a key.
TEST_F(CeremonyTest, AGroupKeyThatIsTheIdentity) {
  constexpr std::size_t coefficient_at = 140;  // in the bytes of a state, the first one
  const auto first = holder(0, 1).encode();
  auto second = holder(0, 2).encode();
  const auto secret = Scalar::decode(ByteView(first.reveal()).subspan(coefficient_at, 32));
  ASSERT_TRUE(secret);
  const Scalar negated = Scalar() - *secret;
  std::copy(negated.encoded().begin(), negated.encoded().end(),
            second.reveal().begin() + coefficient_at);
  auto accomplice = HolderState::decode(second.reveal());
  ASSERT_TRUE(accomplice);
  holder(0, 2) = std::move(*accomplice);
  run_until(2);
  std::string last;
  for (auto& who : holders) last = verdict(next(who));
  EXPECT_EQ(last, "ceremony.key");
  EXPECT_FALSE(record.complete(2));
}

TEST_F(CeremonyTest, AStateGoesOnAfterEveryRoundFromItsBytes) {
  for (std::uint32_t round = 0; round < ceremony_rounds; ++round) {
    for (auto& who : holders) {
      auto reopened = HolderState::decode(who.encode().reveal());
      ASSERT_TRUE(reopened);
      who = std::move(*reopened);
      ASSERT_EQ(verdict(next(who)), "good");
    }
  }
  EXPECT_TRUE(holders[0].finished());
  const auto last = next_message(record, holders[0], random);
  ASSERT_TRUE(last);
  EXPECT_FALSE(*last);
}

TEST_F(CeremonyTest, ADamagedStateIsRefused) {
  run_until(3);
  const auto bytes = holders[3].encode();
  const Bytes& good = bytes.reveal();
  for (std::size_t length = 0; length < good.size(); length += 7) {
    EXPECT_EQ(code_of(HolderState::decode(ByteView(good).first(length))), "holder.form");
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(code_of(HolderState::decode(longer)), "holder.form");
}

TEST_F(CeremonyTest, AChangedPlanOrAnOldStateIsRefused) {
  run_until(1);
  CeremonyPlan lower = plan;
  lower.groups[1].threshold = 1;
  std::vector<std::string> texts;
  for (const auto& [slot, text] : record.messages()) texts.push_back(text);
  const auto changed = CeremonyRecord::read(lower, texts);
  ASSERT_TRUE(changed);
  EXPECT_EQ(code_of(next_message(*changed, holders[0], random)), "holder.plan");

  HolderState old = holders[0].clone();
  ASSERT_EQ(verdict(next(holders[0])), "good");
  EXPECT_EQ(code_of(next_message(record, old, random)), "holder.older_state");
}

TEST_F(CeremonyTest, AHolderBindsItselfToOneTally) {
  HolderState& who = holders[0];
  ByteArray<64> first{};
  ByteArray<64> second{};
  second[0] = 1;
  EXPECT_EQ(code_of(who.bind_tally(first)), "good");
  EXPECT_EQ(code_of(who.bind_tally(first)), "good");
  EXPECT_EQ(code_of(who.bind_tally(second)), "holder.second_tally");
  auto reopened = HolderState::decode(who.encode().reveal());
  ASSERT_TRUE(reopened);
  EXPECT_EQ(code_of(reopened->bind_tally(second)), "holder.second_tally");
}

TEST_F(CeremonyTest, ThePlanIsReadStrictly) {
  const auto parsed = CeremonyPlan::parse(plan.text());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, plan);
  const auto with = [&](const std::function<void(Json&)>& change) {
    Json json = Json::parse(plan.text());
    change(json);
    return code_of(CeremonyPlan::parse(canonical_json(json)));
  };
  EXPECT_EQ(with([](Json&) {}), "good");
  EXPECT_EQ(with([](Json& p) { p["groups"][1]["threshold"] = 0; }), "ceremony.plan");
  EXPECT_EQ(with([](Json& p) { p["groups"][1]["threshold"] = 6; }), "ceremony.plan");
  EXPECT_EQ(with([](Json& p) { p["groups"][1]["threshold"] = 5; }), "good");
  EXPECT_EQ(with([](Json& p) { p["groups"] = Json::array(); }), "ceremony.plan");
  EXPECT_EQ(with([](Json& p) { p["groups"][0]["members"][0]["role"] = "king"; }), "ceremony.plan");
  EXPECT_EQ(with([](Json& p) { p["ceremony"] = "00"; }), "ceremony.plan");
  EXPECT_EQ(with([](Json& p) { p["more"] = 1; }), "ceremony.plan");
  EXPECT_EQ(with([](Json& p) {
              const Json one = p["groups"][1]["members"][0];
              while (p["groups"][1]["members"].size() < 65)
                p["groups"][1]["members"].push_back(one);
            }),
            "ceremony.plan");
  EXPECT_EQ(code_of(CeremonyPlan::parse(plan.text() + " ")), "ceremony.plan");
}

TEST_F(CeremonyTest, AGroupOfOne) {
  CeremonyPlan alone{{random.array<16>()}, random.array<16>(), "B", {}};
  alone.groups.push_back({"G", 1, {{"Ada", BureauRole::president}}});
  const auto local = run_ceremony_locally(alone, random);
  EXPECT_EQ(base_multiply(local.holders[0].share().reveal()), local.result.key);
}

}  // namespace
}  // namespace isoloir
