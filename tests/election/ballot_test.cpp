#include "election/ballot.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"

#include "election/credential.hpp"
#include "election/crockford.hpp"

namespace isoloir {
namespace {

struct BallotTest : testing::Test {
  SeededRandom random{7};
  Fingerprint fingerprint{random.array<32>()};
  KeyPair election = KeyPair::generate(random);
  KeyPair voter = KeyPair::generate(random);

  Ballot make(std::size_t options, std::size_t choice) {
    return make_ballot(fingerprint, 2, 1, options, choice, election.key, voter.secret.reveal(),
                       random);
  }
  std::string verdict(const Bytes& bytes, std::size_t options) {
    const auto ballot = Ballot::decode(bytes, options);
    if (!ballot) return ballot.error().code;
    const auto status = verify_ballot(*ballot, election.key);
    return status ? "good" : status.error().code;
  }
};

TEST_F(BallotTest, EveryChoiceVerifiesAndDecrypts) {
  for (const std::size_t options : {1u, 2u, 11u}) {
    for (std::size_t choice = 0; choice < options; ++choice) {
      const Ballot ballot = make(options, choice);
      EXPECT_EQ(verdict(ballot.encode(), options), "good");
      for (std::size_t i = 0; i < options; ++i) {
        const Point plain =
            ballot.options[i].beta - election.secret.reveal() * ballot.options[i].alpha;
        EXPECT_EQ(plain, i == choice ? Point::generator() : Point());
      }
    }
  }
}

// Every byte of a ballot is covered: a flipped bit anywhere is refused.
TEST_F(BallotTest, EveryFlippedByteIsRefused) {
  const Bytes good = make(2, 1).encode();
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes changed = good;
    changed[i] ^= 0x01;
    EXPECT_NE(verdict(changed, 2), "good") << "byte " << i;
  }
  EXPECT_EQ(verdict(Bytes(good.begin(), good.end() - 1), 2), "ballot.length");
  EXPECT_EQ(verdict(good, 3), "ballot.length");
}

// Each proof is needed: a ballot re-signed by its own voter after one proof was spoiled names that
// proof.
TEST_F(BallotTest, EachProofIsJudged) {
  const auto resigned = [&](Ballot ballot) {
    const Bytes bytes = ballot.encode();
    // The signature covers all before it; signing again is what a dishonest voter would do.
    Transcript statement(SealedRole::ballot_signature, fingerprint);
    statement.add(ByteView(sha512(ByteView(bytes).first(bytes.size() - 64))));
    ballot.signature = schnorr_prove(statement, voter.secret.reveal(), random);
    return verdict(ballot.encode(), ballot.options.size());
  };
  const Scalar one = Scalar::from_u64(1);
  const Ballot good = make(3, 0);
  EXPECT_EQ(resigned(good), "good");
  for (auto field : {&OptionProof::e0, &OptionProof::z0, &OptionProof::z1}) {
    Ballot bad = good;
    bad.proofs[1].*field = bad.proofs[1].*field + one;
    EXPECT_EQ(resigned(bad), "ballot.option_proof");
  }
  for (auto field : {&OptionProof::a0, &OptionProof::b0, &OptionProof::a1, &OptionProof::b1}) {
    Ballot bad = good;
    bad.proofs[2].*field = bad.proofs[2].*field + Point::generator();
    EXPECT_EQ(resigned(bad), "ballot.option_proof");
  }
  Ballot bad = good;
  bad.sum_proof.z = bad.sum_proof.z + one;
  EXPECT_EQ(resigned(bad), "ballot.sum_proof");
  bad = good;
  bad.sum_proof.b = bad.sum_proof.b + Point::generator();
  EXPECT_EQ(resigned(bad), "ballot.sum_proof");
  bad = good;
  std::swap(bad.options[0], bad.options[1]);
  EXPECT_EQ(resigned(bad), "ballot.option_proof");
  bad = good;
  bad.contest = 3;
  EXPECT_EQ(resigned(bad), "ballot.option_proof");
}

TEST_F(BallotTest, AVoteForTwoOrForNoneCannotBeProven) {
  // Two honest one-choice halves glued together: each option is 0 or 1, the sum is not 1.
  Ballot two = make(2, 0);
  const Ballot other = make(2, 1);
  two.options[1] = other.options[1];
  two.proofs[1] = other.proofs[1];
  EXPECT_NE(verdict(two.encode(), 2), "good");
}

TEST(Tracker, TextRoundTrip) {
  SeededRandom random(9);
  for (int i = 0; i < 50; ++i) {
    const Tracker tracker{random.array<32>()};
    const auto text = tracker_text(tracker);
    EXPECT_EQ(text.size(), 64u);
    EXPECT_EQ(parse_tracker(text), tracker);
    EXPECT_EQ(parse_tracker(hex_encode(tracker.bytes)), tracker);
    EXPECT_FALSE(parse_tracker(text.substr(1)));
  }
}

TEST(Code, EverySingleErrorAndTranspositionIsCaught) {
  SeededRandom random(11);
  for (int round = 0; round < 5; ++round) {
    const std::string good = Code::generate(random).normalised();
    ASSERT_TRUE(Code::parse(good));
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const char c : crockford_alphabet) {
        if (c == good[i]) continue;
        std::string typed = good;
        typed[i] = c;
        EXPECT_EQ(Code::parse(typed).error().code, "code.check");
      }
      for (std::size_t j = i + 1; j < good.size(); ++j) {
        if (good[i] == good[j]) continue;
        std::string typed = good;
        std::swap(typed[i], typed[j]);
        EXPECT_EQ(Code::parse(typed).error().code, "code.check");
      }
    }
  }
}

TEST(Code, WhatPeopleTypeIsNormalised) {
  SeededRandom random(12);
  const Code code = Code::generate(random);
  const std::string shown = code.shown().reveal();
  std::string lower;
  for (const char c : shown) lower.push_back(static_cast<char>(std::tolower(c)));
  EXPECT_EQ(Code::parse(lower)->normalised(), code.normalised());
  EXPECT_EQ(Code::parse(" " + shown + "\n")->normalised(), code.normalised());
  EXPECT_EQ(crockford_normalise("oO iI lL 1-0\u2013\u00a07"), "001111107");
  EXPECT_EQ(crockford_normalise("\uff21\uff10"), "A0");
  EXPECT_FALSE(crockford_normalise("U"));
  EXPECT_FALSE(crockford_normalise("é"));
  EXPECT_FALSE(crockford_normalise("\xff"));
  EXPECT_EQ(Code::parse("").error().code, "code.form");
  EXPECT_EQ(Code::parse(shown + "0").error().code, "code.form");
}

TEST(Code, OtherForms) {
  SeededRandom random(14);
  const CodeForm twelve{12, false}, twelve_checked{12, true};
  const Code code = Code::generate(random, twelve),
             checked = Code::generate(random, twelve_checked);
  EXPECT_EQ(code.groups().size(), 3u);
  EXPECT_EQ(code.shown().reveal().size(), 14u);
  EXPECT_EQ(checked.groups().back().size(), 5u) << "the check character joins the last group";
  EXPECT_EQ(Code::parse(code.shown().reveal(), twelve)->normalised(), code.normalised());
  EXPECT_EQ(Code::parse(checked.shown().reveal(), twelve_checked)->normalised(),
            checked.normalised());
  EXPECT_EQ(Code::parse(code.normalised()).error().code, "code.form");
  EXPECT_EQ(Code::parse(code.normalised().substr(1), twelve).error().code, "code.form");
  EXPECT_EQ(Code::parse(code.normalised() + "0", twelve).error().code, "code.form");
  std::string mistyped = checked.normalised();
  mistyped[3] = mistyped[3] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Code::parse(mistyped, twelve_checked).error().code, "code.check");
  EXPECT_EQ(twelve.bits(), 60u);
}

TEST(Credential, KeysDifferByContestHandleCodeAndElection) {
  SeededRandom random(13);
  const Code code = Code::generate(random);
  const ElectionId election{random.array<16>()};
  const auto credential = derive_credential(code, "E1", election);
  EXPECT_EQ(credential.ballot_key(0).key,
            derive_credential(code, "E1", election).ballot_key(0).key);
  EXPECT_NE(credential.ballot_key(0).key, credential.ballot_key(1).key);
  EXPECT_NE(credential.ballot_key(0).key, credential.sign_in_key().key);
  EXPECT_NE(credential.sign_in_key().key,
            derive_credential(code, "E2", election).sign_in_key().key);
  EXPECT_NE(credential.sign_in_key().key,
            derive_credential(Code::generate(random), "E1", election).sign_in_key().key);
  EXPECT_NE(credential.sign_in_key().key,
            derive_credential(code, "E1", ElectionId{random.array<16>()}).sign_in_key().key);
}

}  // namespace
}  // namespace isoloir
