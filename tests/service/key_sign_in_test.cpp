// Signing in with identifier and password, from which the browser makes the keys.
#include "service/key_sign_in.hpp"

#include <fstream>

#include "service/bureau.hpp"
#include "service/identifier.hpp"
#include "service/voting_fixture.hpp"

namespace isoloir {
namespace {

using Kind = KeyVerdict::Kind;

struct KeySignInTest : VotingFixture {
  KeySignInTest() : VotingFixture(3, identifier_and_password()) {
    clock.set(fixture_opens);
    tick(*state, *log);
  }

  Sessions sessions() { return Sessions(*state, limits); }
  CodeProof proof(const Session& session, const KeyPair& key) {
    const auto nonce = sessions().new_nonce(session);
    const auto statement =
        sign_in_statement(state->fingerprint(), nonce, session.id, state->manifest().origin);
    return {nonce, key.key, schnorr_prove(statement, key.secret.reveal(), random)};
  }
  Expected<KeyVerdict> sign_in(const Session& session, std::string_view identifier,
                               const KeyPair& key, std::string_view from = "192.0.2.1") {
    return sign_in_by_keys(*state, {}, session, {std::string(identifier), proof(session, key)},
                           from);
  }
  // Of a voter, from a session of her own.
  KeyVerdict right(std::size_t voter, std::string_view from = "192.0.2.1") {
    const auto verdict =
        sign_in(sessions().open().session, id_of(voter), credential(voter).sign_in_key(), from);
    EXPECT_TRUE(verdict) << verdict.error().code;
    return verdict.value_or(KeyVerdict{});
  }
  KeyVerdict wrong(std::string_view identifier, std::string_view from = "192.0.2.1") {
    const auto verdict =
        sign_in(sessions().open().session, identifier, KeyPair::generate(random), from);
    EXPECT_TRUE(verdict) << verdict.error().code;
    return verdict.value_or(KeyVerdict{});
  }
  const std::string& id_of(std::size_t voter) const { return identifiers[voter].normalised(); }
};

TEST_F(KeySignInTest, TheRightPairSignsInAndOpensTheVote) {
  const auto anonymous = sessions().open();
  const auto verdict = sign_in(anonymous.session, id_of(1), credential(1).sign_in_key());
  ASSERT_TRUE(verdict) << verdict.error().code;
  ASSERT_EQ(verdict->kind, Kind::accepted);
  EXPECT_EQ(verdict->voter, roll.voters[1].id);
  const auto opened =
      sessions().enter(anonymous.session, verdict->voter, credential(1).sign_in_key().key);
  ASSERT_TRUE(opened);
  EXPECT_FALSE(sessions().find(anonymous.token.text(), false)) << "54: the old session is gone";
  const auto session = *sessions().find(opened->token.text(), false);
  EXPECT_EQ(cast(session, ballot(1, 0, 0)), "recorded");
  EXPECT_EQ(cast(session, ballot(2, 1, 0)), "ballot.key") << "another voter's keys";
}

// Struck off the roll of every contest: her right pair is told so, a wrong one nothing.
TEST_F(KeySignInTest, WhoIsOnTheRollOfNoContestIsToldSo) {
  for (const std::uint32_t contest : {0, 1}) {
    const auto key = hex_encode(credential(0).ballot_key(contest).key.encoded());
    ASSERT_TRUE(post_event(*state, {"strike-off", 0, contest, {{"district", 0}, {"key", key}}},
                           {&ceremonies[0].holders[0].signing()}));
  }
  const auto verdict = sign_in(sessions().open().session, id_of(0), credential(0).sign_in_key());
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code, "voting.no_contest");
  EXPECT_EQ(wrong(id_of(0)).kind, Kind::refused);
  EXPECT_EQ(right(1).kind, Kind::accepted);
}

TEST_F(KeySignInTest, R32UnknownIdentifierAndWrongPasswordAreOneAnswer) {
  for (const std::string_view identifier :
       {std::string_view(id_of(0)), std::string_view("000000000000")}) {
    const auto verdict = wrong(identifier);
    EXPECT_EQ(verdict.kind, Kind::refused);
    EXPECT_EQ(verdict.voter, "");
    EXPECT_EQ(verdict.at, 0);
  }
  // Another voter's password, a key with a proof for another session, a key without a good proof.
  const auto session = sessions().open().session;
  EXPECT_EQ(sign_in(session, id_of(0), credential(1).sign_in_key())->kind, Kind::refused);
  const auto other = sessions().open().session;
  auto stolen = proof(other, credential(0).sign_in_key());
  stolen.nonce = sessions().new_nonce(session);
  EXPECT_EQ(sign_in_by_keys(*state, {}, session, {id_of(0), stolen}, "192.0.2.1")->kind,
            Kind::refused);
}

// Requirement 33: nobody's identifier costs the reads of a voter next to it, and opens nothing of
// hers, whoever she is: neither with her password nor with an older one.
TEST_F(KeySignInTest, R33NobodysIdentifierWithAVotersPasswordIsRefused) {
  const auto old = KeyPair::generate(random);
  for (std::size_t v = 0; v < roll.voters.size(); ++v) {
    for (int i = 0; i < 8; ++i) {  // each voter is next to some of them
      const auto nobody = Code::generate(random, *identifier_and_password().identifier);
      const auto in = sessions().open().session;
      const auto verdict = sign_in(in, nobody.normalised(), credential(v).sign_in_key());
      ASSERT_TRUE(verdict);
      EXPECT_EQ(verdict->kind, Kind::refused);
      ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
        t.execute("DELETE FROM replaced_code");
        t.execute("INSERT INTO replaced_code (sign_in_key, voter, replaced_at) VALUES ($1, $2, 1)",
                  {ByteView(old.key.encoded()), roll.voters[v].id});
        return {};
      }));
      EXPECT_EQ(sign_in(in, nobody.normalised(), old)->kind, Kind::refused);
    }
  }
}

// L34: identifier and password both were replaced before the opening, and who still has the old
// pair is told so. Nobody learns it without the pair, and it gives back no try under another's
// identifier.
TEST_F(KeySignInTest, AWithdrawnPairIsToldWhenItWasReplaced) {
  const auto old = KeyPair::generate(random);
  const TimeMs replaced = state->now() - 240 * hour;
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("INSERT INTO replaced_code (sign_in_key, voter, replaced_at) VALUES ($1, $2, $3)",
              {ByteView(old.key.encoded()), roll.voters[0].id, replaced});
    t.execute("INSERT INTO replacement (at) VALUES ($1)", {replaced});
    return {};
  }));
  EXPECT_EQ(codes_replaced_at(*state), replaced);
  constexpr std::string_view former = "0123456789AB";
  const auto session = sessions().open().session;
  const auto told = sign_in(session, former, old);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->kind, Kind::withdrawn);
  EXPECT_EQ(told->at, replaced);
  EXPECT_EQ(told->voter, "");
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("INSERT INTO replacement (at) VALUES ($1)", {replaced + hour});
    return {};
  }));
  EXPECT_EQ(sign_in(session, "CCCCCCCCCCCC", old)->at, replaced + hour)
      << "what came in between is of no use either";
  auto unproven = proof(session, old);
  unproven.proof = proof(session, KeyPair::generate(random)).proof;
  unproven.nonce = sessions().new_nonce(session);
  EXPECT_EQ(
      sign_in_by_keys(*state, {}, session, {std::string(former), unproven}, "192.0.2.1")->kind,
      Kind::refused);
  for (const std::size_t voter :
       {0, 1}) {  // hers of now, and another voter's: no answer of its own
    EXPECT_EQ(sign_in(sessions().open().session, id_of(voter), old)->kind, Kind::withdrawn);
  }
  for (int i = 0; i < 4; ++i) EXPECT_EQ(wrong(id_of(1), "198.51.100.9").kind, Kind::refused) << i;
  EXPECT_EQ(sign_in(sessions().open().session, id_of(1), old, "198.51.100.9")->kind,
            Kind::withdrawn);
  EXPECT_EQ(wrong(id_of(1), "198.51.100.9").kind, Kind::delayed) << "nothing was forgiven";

  for (int i = 0; i < 4; ++i) EXPECT_EQ(wrong("BBBBBBBBBBBB").kind, Kind::refused) << i;
  EXPECT_EQ(sign_in(sessions().open().session, "BBBBBBBBBBBB", old)->kind, Kind::withdrawn);
  EXPECT_EQ(wrong("BBBBBBBBBBBB").kind, Kind::delayed) << "nothing was forgiven";
  EXPECT_EQ(right(0).kind, Kind::accepted) << "her new pair";
}

// Requirement 25: where the identifier is known to others, whoever fails in her name from her own
// network delays those who guess, and never her.
TEST_F(KeySignInTest, R25TheRightCodePassesADelayWhereItAloneIsSecret) {
  const KeySignInPolicy alone{{}, 600'000, true};
  const auto attempt = [&](const KeyPair& key) {
    const auto session = sessions().open().session;
    return sign_in_by_keys(*state, alone, session, {id_of(0), proof(session, key)}, "192.0.2.1")
        ->kind;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(attempt(KeyPair::generate(random)), Kind::refused) << i;
  EXPECT_EQ(attempt(KeyPair::generate(random)), Kind::delayed);
  EXPECT_EQ(attempt(credential(0).sign_in_key()), Kind::accepted);
  EXPECT_EQ(attempt(KeyPair::generate(random)), Kind::refused) << "counted from the first again";
}

TEST_F(KeySignInTest, ANonceServesOnceInItsSessionAndLife) {
  const auto session = sessions().open().session, other = sessions().open().session;
  const auto key = credential(0).sign_in_key();
  const auto given = proof(session, key);
  const auto code = [&](const Session& in, const CodeProof& with) {
    const auto verdict = sign_in_by_keys(*state, {}, in, {id_of(0), with}, "192.0.2.1");
    return verdict ? "judged" : verdict.error().code;
  };
  EXPECT_EQ(code(other, given), "code.nonce");
  EXPECT_EQ(code(session, given), "judged");
  EXPECT_EQ(code(session, given), "code.nonce");
  const auto late = proof(session, key);
  clock.advance(11 * minute);
  EXPECT_EQ(code(session, late), "code.nonce");
}

// Requirement 25: wrong passwords delay, never lock out; and not her who is elsewhere.
TEST_F(KeySignInTest, R25WrongPasswordsDelayAndNeverLockOut) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(wrong(id_of(0), "198.51.100.7").kind, Kind::refused) << i;
  const auto delayed = wrong(id_of(0), "198.51.100.7");
  EXPECT_EQ(delayed.kind, Kind::delayed);
  EXPECT_EQ(delayed.at, state->now() + minute);
  EXPECT_EQ(right(0, "198.51.100.7").kind, Kind::delayed) << "the right one too";
  EXPECT_EQ(right(0).kind, Kind::accepted) << "from her own network";
  EXPECT_EQ(right(1, "198.51.100.7").kind, Kind::accepted) << "another voter from there";
  for (int i = 0; i < 1000; ++i) (void)wrong(id_of(0), "198.51.100.7");
  EXPECT_EQ(right(0).kind, Kind::accepted);
  clock.advance(16 * minute);  // the longest delay
  EXPECT_EQ(right(0, "198.51.100.7").kind, Kind::accepted);
  EXPECT_EQ(count_rows("throttle"), 0) << "27: success clears the counters";
}

TEST_F(KeySignInTest, AnOlderPasswordIsToldWhenItWasReplaced) {
  const auto old = credential(0).sign_in_key();
  const TimeMs at = state->now();
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("INSERT INTO replaced_code (sign_in_key, voter, replaced_at) VALUES ($1, $2, $3)",
              {ByteView(old.key.encoded()), roll.voters[0].id, at});
    t.execute("UPDATE voting_code SET sign_in_key = $2 WHERE voter = $1",
              {roll.voters[0].id, ByteView(KeyPair::generate(random).key.encoded())});
    return {};
  }));
  for (int i = 0; i < 7; ++i) {  // that is no try
    const auto verdict = right(0);
    EXPECT_EQ(verdict.kind, Kind::replaced);
    EXPECT_EQ(verdict.at, at);
  }
  EXPECT_EQ(count_rows("throttle"), 0);
  // Who does not prove it, but names the key, learns nothing.
  const auto session = sessions().open().session;
  auto unproven = proof(session, KeyPair::generate(random));
  unproven.key = old.key;
  EXPECT_EQ(sign_in_by_keys(*state, {}, session, {id_of(0), unproven}, "192.0.2.1")->kind,
            Kind::refused);
}

TEST_F(KeySignInTest, ABlockedPasswordIsToldToWhoHasIt) {
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE voting_code SET state = 'invalidated' WHERE voter = $1", {roll.voters[0].id});
    return {};
  }));
  for (int i = 0; i < 7; ++i) EXPECT_EQ(right(0).kind, Kind::blocked);
  EXPECT_EQ(wrong(id_of(0)).kind, Kind::refused);
}

// A block, or a new password, between the verdict and the session: nobody is inside.
TEST_F(KeySignInTest, KeysThatFellMeanwhileOpenNothing) {
  const auto key = credential(0).sign_in_key().key;
  const auto anonymous = sessions().open();
  ASSERT_EQ(right(0).kind, Kind::accepted);
  EXPECT_FALSE(
      sessions().enter(anonymous.session, roll.voters[0].id, credential(1).sign_in_key().key));
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE voting_code SET state = 'invalidated' WHERE voter = $1", {roll.voters[0].id});
    return {};
  }));
  EXPECT_FALSE(sessions().enter(anonymous.session, roll.voters[0].id, key));
  EXPECT_TRUE(sessions().find(anonymous.token.text(), false)) << "who asked stays where she was";
  EXPECT_EQ(count_rows("session"), 2);
}

TEST_F(KeySignInTest, APortalsFileThatAsksForOtherFormsIsRefused) {
  const auto code = [&](const CredentialForms& forms) {
    const auto fits = check_forms(*state, forms);
    return fits ? "good" : fits.error().code;
  };
  auto forms = identifier_and_password();
  EXPECT_EQ(code(forms), "good");
  forms.identifier = CodeForm{13, false};
  EXPECT_EQ(code(forms), "portal.other");
  EXPECT_EQ(code({}), "portal.other");
}

TEST_F(KeySignInTest, TheCloseHoldsAndWhoWasInsideComesBack) {
  const auto inside = sessions().enter(sessions().open().session, roll.voters[0].id,
                                       credential(0).sign_in_key().key);
  const auto session = *sessions().find(inside->token.text(), false);
  clock.set(fixture_closes);
  tick(*state, *log);
  const auto code = [&](const Session& in, std::size_t voter) {
    const auto verdict = sign_in(in, id_of(voter), credential(voter).sign_in_key());
    return verdict ? std::string("accepted") : verdict.error().code;
  };
  EXPECT_EQ(code(sessions().open().session, 0), "voting.closed");
  EXPECT_EQ(code(session, 0), "accepted") << "R211-563: a reload in the grace period";
  EXPECT_EQ(code(session, 1), "voting.closed") << "nobody else by her session";
  EXPECT_EQ(wrong(id_of(1)).kind, Kind::refused) << "what a wrong pair hears does not depend on it";
}

// Requirement 12, and L1: what is in the database alone tells no identifier.
TEST_F(KeySignInTest, R12ADumpHoldsNoIdentifier) {
  (void)right(0);
  (void)wrong(id_of(1));
  log.reset();
  state.reset();
  std::string dump;
  for (const char* part : {"", "-wal"}) {
    std::ifstream file(paths().database().string() + part, std::ios::binary);
    dump.append(std::istreambuf_iterator<char>(file), {});
  }
  ASSERT_GT(dump.size(), 10'000u);
  for (const auto& identifier : identifiers) {
    EXPECT_EQ(dump.find(identifier.normalised()), std::string::npos);
    EXPECT_EQ(dump.find(identifier.shown().reveal()), std::string::npos);
  }
}

TEST(Identifiers, AllVotersHaveOneOrNobody) {
  SystemRandom random;
  const auto key = KeyPair::generate(random).key;
  const auto code = [](const std::vector<VoterKeys>& keys) {
    const auto good = check_identifiers(keys);
    return good ? "good" : good.error().code;
  };
  EXPECT_EQ(code({}), "good");
  EXPECT_EQ(code({{"a", "", key, {}, {}}, {"b", "", key, {}, {}}}), "good");
  EXPECT_EQ(code({{"a", "X", key, {}, {}}, {"b", "Y", key, {}, {}}}), "good");
  EXPECT_EQ(code({{"a", "X", key, {}, {}}, {"b", "", key, {}, {}}}), "import.identifiers");
  EXPECT_EQ(code({{"a", "", key, {}, {}}, {"b", "Y", key, {}, {}}}), "import.identifiers");
  EXPECT_EQ(code({{"a", "X", key, {}, {}}, {"b", "X", key, {}, {}}}), "import.identifiers");
}

}  // namespace
}  // namespace isoloir
