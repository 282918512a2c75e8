#include "service/voting.hpp"

#include <thread>

#include "service/journal.hpp"
#include "service/voting_fixture.hpp"
#include "store/fault_vfs.hpp"

namespace isoloir {
namespace {

using VotingTest = VotingFixture;

TEST_F(VotingTest, AVoteIsRecordedOnceWhateverIsRepeated) {
  set_phase(0, "open");
  const Session session = in_space(0);
  const Bytes bytes = ballot(0, 0, 1);
  EXPECT_EQ(cast(session, bytes), "recorded");
  EXPECT_EQ(cast(session, bytes), "recorded");      // a lost answer, a double click
  EXPECT_EQ(cast(in_space(0), bytes), "recorded");  // another session
  EXPECT_EQ(cast(session, ballot(0, 0, 2)), "ballot.already_voted");
  EXPECT_EQ(count_rows("ballot"), 1);
  EXPECT_EQ(count_rows("sign_off"), 1);
  EXPECT_EQ(count_rows("pending_leaf"), 1);
  reopen();
  EXPECT_EQ(count_rows("ballot"), 1);
  log->append_round(true);
  const auto entry = entry_of(*state, tracker_of(bytes));
  ASSERT_TRUE(entry);
  const auto receipt = log->receipt(*entry);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(check_receipt(*receipt, state->manifest().log_origin, state->manifest().checkpoint_key)
                .value(),
            tracker_of(bytes));
}

// The log's rounds come every few seconds: a finer time of a sign-off would point into them.
TEST_F(VotingTest, NothingSaysWhenAVoteCameFinerThanTheMinute) {
  set_phase(0, "open");
  set_phase(1, "open");
  const Session session = in_space(0);
  const auto journal_rows = count_rows("journal");
  clock.set(fixture_opens + 12'345);
  EXPECT_EQ(cast(session, ballot(0, 0, 1)), "recorded");
  clock.set(fixture_opens + 119'999);
  EXPECT_EQ(cast(session, ballot(0, 1, 0)), "recorded");
  const auto contests = contests_of(*state, roll.voters[0].id);
  EXPECT_EQ(contests.at(0).voted_at, fixture_opens);
  EXPECT_EQ(contests.at(1).voted_at, fixture_opens + minute);
  EXPECT_EQ(count_rows("journal"), journal_rows);
}

TEST_F(VotingTest, OnlyOnesOwnKeyInOnesOwnContestCounts) {
  set_phase(0, "open");
  set_phase(1, "open");
  const Session first = in_space(0);
  EXPECT_EQ(cast(first, ballot(1, 0, 0)), "ballot.key");  // another voter's credential
  const auto& manifest = state->manifest();
  const auto key = credential(0).ballot_key(1);
  const Bytes crossed = make_ballot(state->fingerprint(), 0, 0, manifest.contests[0].options.size(),
                                    0, manifest.bureaus[0].key, key.secret.reveal(), random)
                            .encode();
  EXPECT_EQ(cast(first, crossed), "ballot.key");  // the key of the other contest
  const Bytes elsewhere = make_ballot(Fingerprint{}, 0, 0, manifest.contests[0].options.size(), 0,
                                      manifest.bureaus[0].key, key.secret.reveal(), random)
                              .encode();
  EXPECT_EQ(cast(first, elsewhere), "ballot.fingerprint");
  Bytes district = ballot(0, 0, 0);
  district[43] = 1;
  EXPECT_EQ(cast(first, district), "ballot.district");
  Bytes contest = ballot(0, 0, 0);
  contest[39] = 9;
  EXPECT_EQ(cast(first, contest), "ballot.contest");
  EXPECT_EQ(count_rows("ballot"), 0);
  // A voter who has only signed in to the portal has not shown the voting code.
  EXPECT_EQ(cast(portal_session(0).session, ballot(0, 0, 0)), "ballot.key");
}

TEST_F(VotingTest, PhasesAreRowsAndContestsAreIsolated) {
  const auto early = portal_session(0);
  EXPECT_EQ(enter(early.session, credential(0).sign_in_key()).error().code, "voting.not_open");
  set_phase(0, "open");
  set_phase(1, "open");
  const Session inside = in_space(0);
  set_phase(0, "suspended");
  EXPECT_EQ(cast(inside, ballot(0, 0, 0)), "voting.suspended");
  EXPECT_EQ(cast(inside, ballot(0, 1, 0)), "recorded");
  set_phase(0, "grace");
  set_phase(1, "grace");
  // L19: who was inside may finish; nobody new enters.
  EXPECT_EQ(enter(portal_session(1).session, credential(1).sign_in_key()).error().code,
            "voting.closed");
  EXPECT_EQ(cast(inside, ballot(0, 0, 0)), "recorded");
  set_phase(0, "frozen");
  EXPECT_EQ(cast(inside, ballot(0, 0, 1)), "ballot.already_voted");
}

TEST_F(VotingTest, WrongCodesAreCountedThenTheCodeIsInvalidated) {
  set_phase(0, "open");
  const auto session = portal_session(0).session;
  const auto wrong = credential(1).sign_in_key();
  for (std::uint32_t left = 4; left >= 1; --left) {
    const auto verdict = enter(session, wrong);
    EXPECT_EQ(verdict->kind, CodeVerdict::Kind::wrong);
    EXPECT_EQ(verdict->tries_left, left);
  }
  EXPECT_EQ(enter(session, wrong)->kind, CodeVerdict::Kind::invalidated);
  // Requirement 22: the right code comes too late, in whatever session.
  EXPECT_EQ(enter(portal_session(0).session, credential(0).sign_in_key())->kind,
            CodeVerdict::Kind::invalidated);
  EXPECT_FALSE(code_state(*state, {}, "E1").valid);
}

TEST_F(VotingTest, SuccessClearsFailures) {
  set_phase(0, "open");
  const auto session = portal_session(0).session;
  EXPECT_EQ(enter(session, credential(1).sign_in_key())->tries_left, 4u);
  EXPECT_EQ(enter(session, credential(0).sign_in_key())->kind, CodeVerdict::Kind::accepted);
  EXPECT_EQ(enter(session, credential(1).sign_in_key())->tries_left, 4u);
}

TEST_F(VotingTest, ANonceServesOnce) {
  set_phase(0, "open");
  const auto session = portal_session(0).session;
  const auto key = credential(0).sign_in_key();
  const auto nonce = Sessions(*state, limits).new_nonce(session);
  const auto proof = schnorr_prove(
      sign_in_statement(state->fingerprint(), nonce, session.id, state->manifest().origin),
      key.secret.reveal(), random);
  EXPECT_EQ(open_voting_space(*state, {}, session, {nonce, key.key, proof})->kind,
            CodeVerdict::Kind::accepted);
  EXPECT_EQ(open_voting_space(*state, {}, session, {nonce, key.key, proof}).error().code,
            "code.nonce");
  // Nor does a proof made for one session open another.
  const auto other = portal_session(0).session;
  const auto others = Sessions(*state, limits).new_nonce(other);
  EXPECT_EQ(open_voting_space(*state, {}, other, {nonce, key.key, proof}).error().code,
            "code.nonce");
  EXPECT_EQ(open_voting_space(*state, {}, other, {others, key.key, proof})->kind,
            CodeVerdict::Kind::wrong);
}

// A block or a new code that commits while a proof is being judged stands: the session is not let
// in.
TEST_F(VotingTest, ACodeBlockedWhileItIsJudgedOpensNothing) {
  set_phase(0, "open");
  const auto session = portal_session(0).session;
  const auto key = credential(0).sign_in_key();
  std::atomic<bool> stop = false;
  std::thread blocker([&] {
    while (!stop) {
      (void)state->database().write([&](store::Transaction& t) -> Status {
        t.execute(
            "UPDATE voting_code SET state = 'invalidated' WHERE voter = 'E1' AND failures > 0");
        return {};
      });
    }
  });
  const auto verdict = enter(session, key);
  stop = true;
  blocker.join();
  const bool inside = count_rows("session WHERE space_opened_at IS NOT NULL") == 1;
  EXPECT_EQ(inside, verdict->kind == CodeVerdict::Kind::accepted);
  EXPECT_EQ(inside, code_state(*state, {}, "E1").valid);
}

TEST_F(VotingTest, TheJournalNeverGoesBack) {
  const auto write = [&] {
    EXPECT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      journal(t, state->now(), {{"step", "test"}});
      return {};
    }));
  };
  write();
  clock.set(clock.now() - hour);
  write();
  EXPECT_EQ(count_rows("journal a JOIN journal b ON b.number = a.number + 1 WHERE b.at < a.at"), 0);
  EXPECT_FALSE(check_journal(state->database())->has_value());
}

TEST_F(VotingTest, ManyAtOnceLeaveOneVote) {
  set_phase(0, "open");
  const Session session = in_space(0);
  std::vector<Bytes> ballots;
  for (int i = 0; i < 8; ++i) ballots.push_back(ballot(0, 0, static_cast<std::size_t>(i % 3)));
  std::atomic<int> recorded = 0;
  std::vector<std::thread> threads;
  for (const auto& bytes : ballots) {
    threads.emplace_back([&] { recorded += cast(session, bytes) == "recorded" ? 1 : 0; });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(recorded, 1);
  EXPECT_EQ(count_rows("ballot"), 1);
  EXPECT_EQ(count_rows("sign_off"), 1);
}

TEST_F(VotingTest, AccountsAndThrottles) {
  ASSERT_TRUE(create_account(*state, {"E1", "Mot-de-passe-1", "Question ?", "L'École d’été"}));
  EXPECT_EQ(create_account(*state, {"E1", "court", "", ""}).error().code, "account.password_short");
  EXPECT_EQ(create_account(*state, {"E1", "Mot-de-passe-1", "Question ?", " ’ '"}).error().code,
            "account.answer_short");
  EXPECT_FALSE(answer_matches(*state, "E1", "'"));
  EXPECT_EQ(journal_network_of("192.0.2.77"), "192.0.2.0/24");
  EXPECT_EQ(journal_network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
  EXPECT_EQ(journal_network_of("2001:db8::1"), "2001:db8::/48");
  // One network has one name, wherever its address has its zeros.
  for (const auto* address : {"2001:0:0:1::1", "2001:0:0:1:2:3:4:5", "2001::1:0:0:0:9"}) {
    EXPECT_EQ(network_of(address), "2001:0:0:1::/64") << address;
    EXPECT_EQ(journal_network_of(address), "2001::/48") << address;
  }
  EXPECT_NE(network_of("2001:0:0:2::1"), network_of("2001:0:0:1::1"));
  EXPECT_EQ(network_of("192.0.2.77"), "192.0.2.77");
  EXPECT_EQ(create_account(*state, {"E9", "Mot-de-passe-1", "Question ?", "réponse"}).error().code,
            "account.unknown_voter");
  EXPECT_EQ(sign_in(*state, {}, "e1@PORTAL.example", "Mot-de-passe-1", "192.0.2.1")->voter, "E1");
  // Requirement 30.
  EXPECT_TRUE(answer_matches(*state, "E1", " l'ecole d'ete") == false);
  EXPECT_TRUE(answer_matches(*state, "E1", "L'E\u0301COLE D'E\u0301TE\u0301"));
  EXPECT_TRUE(answer_matches(*state, "E1", "lécoledété"));
  EXPECT_FALSE(answer_matches(*state, "E1", "lécοledété"));  // Greek omicron
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(sign_in(*state, {}, "e1@portal.example", "x", "192.0.2.1").error().code,
              "sign_in.refused");
  }
  EXPECT_EQ(sign_in(*state, {}, "e1@portal.example", "Mot-de-passe-1", "192.0.2.1").error().code,
            "sign_in.delayed");
  // Requirement 25: the voter elsewhere is not locked out; nor for ever here.
  EXPECT_TRUE(sign_in(*state, {}, "e1@portal.example", "Mot-de-passe-1", "192.0.2.2"));
  clock.advance(16 * minute);
  EXPECT_TRUE(sign_in(*state, {}, "e1@portal.example", "Mot-de-passe-1", "192.0.2.1"));
}

// Failures at sign-in are of a day; rows of addresses that nobody has go with the sweep.
TEST_F(VotingTest, FailuresAtSignInAreForgottenADayLater) {
  ASSERT_TRUE(create_account(*state, {"E1", "Mot-de-passe-1", "Question ?", "réponse"}));
  const auto attempt = [&](std::string_view email, std::string_view password) {
    const auto voter = sign_in(*state, {}, email, password, "192.0.2.1");
    return voter ? voter->voter : voter.error().code;
  };
  for (int i = 0; i < 4; ++i) EXPECT_EQ(attempt("e1@portal.example", "x"), "sign_in.refused");
  EXPECT_EQ(attempt("made-up@portal.example", "x"), "sign_in.refused");
  clock.advance(24 * hour - 1);
  forget_old_failures(*state);
  EXPECT_EQ(count_rows("throttle"), 2);
  clock.advance(1);
  // The first failure of a new day, though nothing was swept: no wait after it.
  EXPECT_EQ(attempt("e1@portal.example", "x"), "sign_in.refused");
  forget_old_failures(*state);
  EXPECT_EQ(count_rows("throttle"), 1) << "the made-up address is gone";
  EXPECT_EQ(attempt("e1@portal.example", "Mot-de-passe-1"), "E1");
  EXPECT_EQ(count_rows("throttle"), 0);
}

// Reading goes on while the disk is full: that the voter was there is written down another time.
TEST_F(VotingTest, ASessionIsFoundThoughTheDiskIsFull) {
  FaultVfs disk;
  reopen();
  const auto opened = portal_session(0);
  Sessions sessions(*state, limits);
  clock.advance(2 * minute);
  disk.arm(1, SQLITE_FULL, FaultVfs::Lasting::until_healed);
  const auto found = sessions.find(opened.token.text(), true);
  EXPECT_TRUE(disk.triggered());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->ends_at, opened.session.ends_at) << "what is not written does not count";
  disk.heal();
  log.reset();
  state.reset();
}

TEST_F(VotingTest, WhatIsSweptEveryMinuteHasAnIndex) {
  const auto plan = [&](const std::string& statement) {
    return *state->database().read([&](store::Transaction& t) -> Expected<std::string> {
      return t.query("EXPLAIN QUERY PLAN " + statement).at(0).text(3);
    });
  };
  EXPECT_NE(plan("DELETE FROM session WHERE seen_at <= 1").find("INDEX"), std::string::npos);
  EXPECT_NE(plan("DELETE FROM captcha WHERE expires_at <= 1").find("INDEX"), std::string::npos);
}

// A session that was kept busy to its absolute end is swept too.
TEST_F(VotingTest, NoSessionOutlivesItsAbsoluteEnd) {
  const auto opened = portal_session(0);
  Sessions sessions(*state, limits);
  for (TimeMs at = 0; at < 4 * hour; at += 10 * minute) {
    ASSERT_TRUE(sessions.find(opened.token.text(), true)) << at;
    clock.advance(10 * minute);
  }
  EXPECT_FALSE(sessions.find(opened.token.text(), true));
  clock.advance(10 * minute);
  sessions.sweep();
  EXPECT_EQ(count_rows("session"), 0);
}

TEST_F(VotingTest, CaptchasServeOnceInTheirSession) {
  Captchas captchas(*state, 10 * minute);
  const auto mine = portal_session(0).session;
  const auto theirs = portal_session(1).session;
  const auto first = captchas.issue(mine);
  const auto digits = *captchas.digits(mine, first.id);
  EXPECT_FALSE(captchas.digits(theirs, first.id));
  EXPECT_FALSE(captchas.check(theirs, first.id, digits));  // requirement 28: swapped
  EXPECT_TRUE(captchas.check(mine, first.id, digits));
  EXPECT_FALSE(captchas.check(mine, first.id, digits));  // reused
  const auto second = captchas.issue(mine);
  EXPECT_FALSE(captchas.check(mine, second.id, "x"));
  EXPECT_FALSE(captchas.digits(mine, second.id));  // guessed wrong once: burnt
  const auto third = captchas.issue(mine);
  const auto right = *captchas.digits(mine, third.id);
  clock.advance(11 * minute);
  EXPECT_FALSE(captchas.check(mine, third.id, right));  // expired
}

}  // namespace
}  // namespace isoloir
