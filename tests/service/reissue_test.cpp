#include "service/reissue_fixture.hpp"

#include <fstream>
#include <sstream>
#include <thread>

#include "service/bureau.hpp"
#include "service/count.hpp"
#include "service/export.hpp"
#include "service/journal.hpp"
#include "stands_in.hpp"
#include "verification/verification.hpp"

namespace isoloir {
namespace {

constexpr TimeMs day = 24 * hour;
using Reissue = ReissueFixture;

TEST_F(Reissue, TheWholeWay) {
  const Credential old = credential(0);
  const auto sent = ask(0, form(0));
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->destination, personal_email(0));
  EXPECT_EQ(sent->link_expires_at, clock.now() + policy.email_link_ms);
  EXPECT_EQ(reissues().status("E1").kind, ReissueStatus::Kind::sent);
  const auto opened = open_link(token_in("reissue-link"));
  ASSERT_TRUE(opened);
  EXPECT_EQ(reissues().status("E1").kind, ReissueStatus::Kind::opened);
  const auto view = reissues().view(opened->cookie);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->handle, "E1");
  EXPECT_EQ(view->contests.size(), 2u);
  EXPECT_EQ(view->reference, sent->reference);
  EXPECT_FALSE(view->issued);
  auto code = Code::generate(random);
  const auto issued = reissues().issue(opened->cookie, keys_for(*view, new_credential(0, code)));
  ASSERT_TRUE(issued) << issued.error().code;
  EXPECT_EQ(issued->reference, sent->reference);
  EXPECT_EQ(reissues().status("E1").kind, ReissueStatus::Kind::issued);
  EXPECT_TRUE(reissues().view(opened->cookie)->issued);
  reissues().acknowledge(opened->cookie);
  EXPECT_FALSE(reissues().view(opened->cookie));

  EXPECT_EQ(try_code(0, old), CodeVerdict::Kind::replaced);
  codes[0] = std::move(code);
  const auto session = in_space(0);
  EXPECT_EQ(cast(session, ballot(0, 0, 1)), "recorded");
  EXPECT_EQ(cast(session, ballot(0, 1, 0)), "recorded");
  EXPECT_EQ(*check_journal(state->database()), std::nullopt);
}

// A page must not send her back to a paper code that is dead.
TEST_F(Reissue, ALaterRequestDoesNotHideTheCodeThatIsGood) {
  replace_code(0);
  const auto made = reissues().status("E1");
  ASSERT_TRUE(made.issued_at);
  clock.advance(hour);
  ASSERT_TRUE(ask(0, form(0)));
  auto status = reissues().status("E1");
  EXPECT_EQ(status.kind, ReissueStatus::Kind::sent);
  EXPECT_EQ(status.issued_at, made.issued_at);
  EXPECT_EQ(status.issued_reference, made.reference);
  EXPECT_NE(status.reference, made.reference);
  clock.advance(day);
  status = reissues().status("E1");
  EXPECT_EQ(status.kind, ReissueStatus::Kind::none) << "its link has passed";
  EXPECT_EQ(status.issued_at, made.issued_at);
}

// Requirements 1 and 3: nothing of a later step without the one before, or from another browser.
TEST_F(Reissue, R01R03NoStepIsSkipped) {
  const auto token = link_for(0);
  const auto code = Code::generate(random);
  const FlowView guessed{"E1", {{0, 0}, {1, 0}}, hex_encode(ByteArray<32>{}), "", "fr", 0, false};
  const auto keys = keys_for(guessed, new_credential(0, code));
  for (const auto& cookie : {std::string(), token, base64url_encode(random.bytes(32))}) {
    EXPECT_FALSE(reissues().view(cookie));
    EXPECT_EQ(issue_code(cookie, keys), "reissue.link_unknown");
  }
  const auto opened = open_link(token);
  ASSERT_TRUE(opened);
  EXPECT_EQ(open_code(token), "reissue.link_elsewhere");
  EXPECT_EQ(open_code(token, base64url_encode(random.bytes(32))), "reissue.link_elsewhere");
  EXPECT_EQ(open_link(token).error().at, clock.now());
  EXPECT_EQ(open_code(token, opened->cookie), "opened") << "the same browser, reloaded";
  EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::accepted) << "nothing has changed";
}

// Requirement 4: of two tabs of one browser, one wins.
TEST_F(Reissue, R04TwoTabsOneCode) {
  const auto cookie = cookie_for(0);
  const auto view = *reissues().view(cookie);
  const auto first = keys_for(view, new_credential(0, Code::generate(random)));
  const auto second = keys_for(view, new_credential(0, Code::generate(random)));
  std::vector<std::string> answers(2);
  {
    std::jthread a([&] { answers[0] = issue_code(cookie, first); });
    std::jthread b([&] { answers[1] = issue_code(cookie, second); });
  }
  std::sort(answers.begin(), answers.end());
  EXPECT_EQ(answers, (std::vector<std::string>{"issued", "reissue.link_used"}));
  EXPECT_EQ(count_rows("replaced_code"), 1);
}

TEST_F(Reissue, TheSameKeysGetTheSameAnswerForTenMinutes) {
  const auto cookie = cookie_for(0);
  const auto view = *reissues().view(cookie);
  const auto keys = keys_for(view, new_credential(0, Code::generate(random)));
  const auto first = reissues().issue(cookie, keys);
  ASSERT_TRUE(first);
  clock.advance(policy.repeat_ms - 1);
  const auto again = reissues().issue(cookie, keys);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->reference, first->reference);
  EXPECT_EQ(again->issued_at, first->issued_at);
  EXPECT_EQ(count_rows("replaced_code"), 1);
  clock.advance(1);
  EXPECT_EQ(issue_code(cookie, keys), "reissue.link_used");
}

// Requirement 5.
TEST_F(Reissue, R05ClosedOrSealedElection) {
  const auto set_both = [&](std::string_view phase) {
    set_phase(0, phase);
    set_phase(1, phase);
  };
  const auto cookie = cookie_for(0);
  const auto keys = keys_for(*reissues().view(cookie), new_credential(0, Code::generate(random)));
  for (const auto* phase : {"sealed", "grace", "frozen"}) {
    set_both(phase);
    EXPECT_EQ(ask_code(1, form(1)), "reissue.closed") << phase;
    EXPECT_EQ(issue_code(cookie, keys), "reissue.closed") << phase;
  }
  policy.before_opening = true;
  EXPECT_EQ(ask_code(1, form(1)), "reissue.closed");
  set_both("sealed");
  EXPECT_EQ(ask_code(1, form(1)), "sent");
  set_both("suspended");
  EXPECT_EQ(issue_code(cookie, keys), "issued");
}

// Requirement 5: the closing hour counts when it strikes, as it does for who wants to enter. Who is
// inside may finish: a new code would throw her out, and let nobody in.
TEST_F(Reissue, R05TheClosingHourDoesNotWaitForTheBeat) {
  clock.set(fixture_closes - minute);
  const auto cookie = cookie_for(0);
  const auto keys = keys_for(*reissues().view(cookie), new_credential(0, Code::generate(random)));
  const auto inside = in_space(0);
  clock.set(fixture_closes);
  EXPECT_EQ(ask_code(1, form(1)), "reissue.closed");
  EXPECT_EQ(issue_code(cookie, keys), "reissue.closed");
  EXPECT_EQ(count_rows("message WHERE kind = 'reissue-link'"), 1);
  EXPECT_EQ(cast(inside, ballot(0, 0, 1)), "recorded");
}

// Requirement 7: after one vote a new code serves the other contest, and no second ballot.
TEST_F(Reissue, R07ASecondBallotStaysImpossible) {
  const auto first = ballot(0, 0, 1);
  ASSERT_EQ(cast(in_space(0), first), "recorded");
  const auto cookie = cookie_for(0);
  const auto view = *reissues().view(cookie);
  ASSERT_EQ(view.contests.size(), 1u);
  EXPECT_EQ(view.contests[0].contest, 1u);
  auto code = Code::generate(random);
  const auto credential_of_both = new_credential(0, code);
  auto both = view;
  both.contests = {{0, 0}, {1, 0}};
  EXPECT_EQ(issue_code(cookie, keys_for(both, credential_of_both)), "reissue.keys");
  ASSERT_EQ(issue_code(cookie, keys_for(view, credential_of_both)), "issued");
  codes[0] = std::move(code);
  const auto session = in_space(0);
  EXPECT_EQ(cast(session, ballot(0, 0, 0)), "ballot.already_voted");
  EXPECT_EQ(cast(session, first), "recorded") << "the same ballot again: its receipt";
  EXPECT_EQ(cast(session, ballot(0, 1, 0)), "recorded");
  EXPECT_EQ(count_rows("ballot"), 2);
}

TEST_F(Reissue, BallotsUnderReplacedKeysAreRefused) {
  const auto old = ballot(0, 0, 1);
  replace_code(0);
  EXPECT_EQ(cast(in_space(0), old), "ballot.key");
}

// Requirement 14, the service's side: looking is not using.
TEST_F(Reissue, R14LookingLeavesTheLinkUsable) {
  const auto token = link_for(0);
  for (int i = 0; i < 100; ++i) {
    (void)reissues().view(token);
    (void)reissues().status("E1");
  }
  EXPECT_EQ(open_code(token), "opened");
}

// Requirement 17.
TEST_F(Reissue, R17ANewerLinkOrCodeKillsTheOlder) {
  const auto first = link_for(0);
  clock.advance(2 * minute);
  const auto second = link_for(0);
  const auto refused = open_link(first);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "reissue.link_superseded");
  EXPECT_EQ(refused.error().at, clock.now());
  const auto opened = open_link(second);
  ASSERT_TRUE(opened);
  const auto keys =
      keys_for(*reissues().view(opened->cookie), new_credential(0, Code::generate(random)));
  clock.advance(2 * minute);
  const auto third = link_for(0);
  EXPECT_EQ(issue_code(opened->cookie, keys), "reissue.link_superseded");
  // A code kills whatever else still lives, however it came to: here a row put back by hand.
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute(
        "UPDATE reissue_flow SET state = 'opened', expires_at = expires_at + 1800000 WHERE state = "
        "'superseded' AND cookie_mac "
        "IS NOT NULL",
        {});
    return {};
  }));
  ASSERT_TRUE(reissues().view(opened->cookie)) << "it lives";
  const auto last = open_link(third);
  ASSERT_TRUE(last);
  auto code = Code::generate(random);
  ASSERT_EQ(issue_code(last->cookie, keys_for(last->view, new_credential(0, code))), "issued");
  codes[0] = std::move(code);
  EXPECT_EQ(issue_code(opened->cookie, keys), "reissue.link_superseded");
  EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::accepted);
}

TEST_F(Reissue, TheLinkLivesFromTheRelaysAcceptance) {
  ASSERT_EQ(ask_code(0, form(0)), "sent");
  clock.advance(100 * minute);  // the relay was down
  const auto token = token_in("reissue-link");
  clock.advance(policy.email_link_ms - 1);
  EXPECT_EQ(open_code(token), "opened");
}

TEST_F(Reissue, TextMessageLinksLiveTenMinutes) {
  auto request = form(0);
  request.channel = ReissueChannel::sms;
  request.destination = "06 12 34 56 78";
  ASSERT_EQ(ask_code(0, request), "sent");
  const auto messages = inbox();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].destination, "+33612345678");
  EXPECT_EQ(messages[0].channel, MessageChannel::sms);
  const auto token = token_in("reissue-link");
  clock.advance(policy.sms_link_ms);
  EXPECT_EQ(open_code(token), "reissue.link_expired");
}

// Requirement 20: what fails after the link is consumed leaves it valid and nothing changed.
TEST_F(Reissue, R20ACrashBeforeTheCommitRollsBack) {
  const auto cookie = cookie_for(0);
  const auto view = *reissues().view(cookie);
  auto code = Code::generate(random);
  const auto keys = keys_for(view, new_credential(0, code));
  const auto script = [&](std::string_view sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  };
  for (const std::string table : {"waiting_key", "replaced_code", "message", "journal"}) {
    script("CREATE TRIGGER crash BEFORE INSERT ON " + table +
           " BEGIN SELECT RAISE(ABORT, 'crash'); END");
    EXPECT_THROW((void)issue_code(cookie, keys), store::StoreError) << table;
    script("DROP TRIGGER crash");
    EXPECT_EQ(count_rows("replaced_code"), 0) << table;
    EXPECT_EQ(count_rows("waiting_key"), 0) << table;
    ASSERT_TRUE(reissues().view(cookie)) << table;
    EXPECT_FALSE(reissues().view(cookie)->issued) << table;
  }
  EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::accepted);
  EXPECT_EQ(issue_code(cookie, keys), "issued");
}

// Requirements 22 and 24: five wrong proofs over sessions and addresses; the sixth, right, waits.
TEST_F(Reissue, R22FiveWrongThenTheRightOneIsRefused) {
  const TimeMs first = clock.now();
  for (int i = 0; i < 5; ++i) {
    auto wrong = form(0);
    (i % 2 == 0 ? wrong.answer : wrong.identity) = "wrong";
    wrong.client_address = "198.51.100." + std::to_string(i);
    const auto refused = ask(0, wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "reissue.wrong_proof");
    EXPECT_EQ(refused.error().tries_left, 4u - static_cast<unsigned>(i));
    EXPECT_EQ(refused.error().at, (i < 4 ? clock.now() + (minute << i) : first + day))
        << "when to come back";
    EXPECT_EQ(ask_code(0, form(0)), "reissue.delayed") << "before the delay is over";
    clock.advance(minute << i);
  }
  EXPECT_EQ(ask_code(0, form(0)), "reissue.delayed");
  EXPECT_EQ(ask_code(1, form(1)), "sent") << "another voter";
  // Requirement 21: the counters are rows; a clock that leaps, a sweep there, and back: all stay.
  const TimeMs there = clock.now();
  clock.set(first + day - 1);
  sweep_reissues(*state);
  EXPECT_EQ(ask_code(0, form(0)), "reissue.delayed");
  clock.set(there);
  sweep_reissues(*state);
  EXPECT_EQ(ask_code(0, form(0)), "reissue.delayed");
  clock.advance(day);
  EXPECT_EQ(ask_code(0, form(0)), "sent");
}

// Requirement 23: sending again wipes no counter; 27: a new code does.
TEST_F(Reissue, R23R27WhatClearsTheCounter) {
  auto wrong = form(0);
  wrong.answer = "wrong";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask_code(0, wrong), "reissue.wrong_proof");
    clock.advance(minute << i);
  }
  const auto cookie = cookie_for(0);
  clock.advance(minute);
  const auto after_link = ask(0, wrong);
  EXPECT_EQ(after_link.error().tries_left, 1u) << "the link sent changed nothing";
  ASSERT_EQ(issue_code(cookie, keys_for(*reissues().view(cookie),
                                        new_credential(0, Code::generate(random)))),
            "issued");
  clock.advance(minute);
  EXPECT_EQ(ask(0, wrong).error().tries_left, 4u);
}

// Requirement 24: the try is counted even if the answer never comes back.
TEST_F(Reissue, R24TheComparisonItselfFindsTheTryCounted) {
  const auto attempts = count_rows("attempt");
  const auto compare_dies = [&](bool dies) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(dies ? "ALTER TABLE account RENAME COLUMN answer_mac TO gone"
                    : "ALTER TABLE account RENAME COLUMN gone TO answer_mac");
      return {};
    }));
  };
  compare_dies(true);
  EXPECT_THROW((void)ask(0, form(0)), store::StoreError) << "killed in the comparison";
  compare_dies(false);
  EXPECT_EQ(count_rows("attempt"), attempts + 2) << "wrong proof and network";
  EXPECT_EQ(ask_code(0, form(0)), "reissue.delayed");
}

// The proof was right and the link could not be written down: no wrong try, and no wait.
TEST_F(Reissue, ALinkThatCouldNotBeWrittenCostsNoTry) {
  const auto run = [&](const char* sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  };
  run("CREATE TRIGGER crash BEFORE INSERT ON reissue_flow BEGIN SELECT RAISE(ABORT, 'crash'); END");
  EXPECT_THROW((void)ask(0, form(0)), store::StoreError);
  EXPECT_EQ(count_rows("attempt"), 1) << "the network's alone";
  run("DROP TRIGGER crash");
  EXPECT_EQ(ask_code(0, form(0)), "sent");
}

// Requirement 24, the proof's half: what follows the comparison finds it counted.
TEST_F(Reissue, R24CountedBeforeItIsCompared) {
  const auto attempts = count_rows("attempt");
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.script(
        "CREATE TRIGGER crash BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'crash'); END");
    return {};
  }));
  auto wrong = form(0);
  wrong.answer = "wrong";
  EXPECT_THROW((void)ask(0, wrong), store::StoreError);
  EXPECT_EQ(count_rows("attempt"), attempts + 2) << "wrong proof and network";
}

// Requirement 26.
TEST_F(Reissue, R26AnInvalidatedCodeIsToldAndReplaced) {
  const auto other = credential(1);
  for (int i = 0; i < 5; ++i) (void)try_code(0, other);
  EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::invalidated);
  reissues().notify_invalidated("E1", "fr");
  reissues().notify_invalidated("E1", "fr");
  reissues().notify_invalidated("E2", "fr");
  const auto messages = inbox();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].kind, "code-invalidated");
  EXPECT_EQ(messages[0].destination, "E1@portal.example");
  replace_code(0);
  EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::accepted);
}

// The message promises no more than self-service gives.
TEST_F(Reissue, R26TheMessageSaysWhatHelps) {
  policy.per_election = 1;
  const auto bodies = [&] {
    std::vector<std::string> found;
    for (const auto& message : inbox()) {
      if (message.kind == "code-invalidated") found.push_back(message.body);
    }
    return found;
  };
  for (const std::size_t v : {0u, 1u}) {
    if (v == 1) replace_code(v);  // the last one allowed
    for (int i = 0; i < 5; ++i) (void)try_code(v, credential(2));
    reissues().notify_invalidated(roll.voters[v].id, "fr");
    ASSERT_EQ(bodies().size(), v + 1);
    EXPECT_EQ(bodies().front().find("code_invalidated_assistance_body") != std::string::npos,
              v == 1);
    clock.advance(minute);
  }
  replace_code(2);
  ASSERT_TRUE(cancel_reissue(*state, token_in("reissue-notice")));
  EXPECT_EQ(try_code(2, credential(2)), CodeVerdict::Kind::invalidated);
  reissues().notify_invalidated("E3", "fr");
  EXPECT_EQ(bodies().size(), 2u) << "its owner blocked it: no tries did";
}

// Requirement 30 as reissue sees it, and both kinds of number.
TEST_F(Reissue, R30SpellingsOfAnswerAndNumber) {
  policy.requests = policy.destination = {0, 0, 0};  // as many as it takes
  auto request = form(0);
  request.answer = " DEUX-chevaux ";
  request.identity = "00x 1234567 abc";
  EXPECT_EQ(ask_code(0, request), "sent");
  request = form(2);
  request.identity = "1 85 05 99 123";
  EXPECT_EQ(ask_code(2, request), "sent");
  clock.advance(2 * minute);
  set_number(2, "nir10", "185052A123");
  request.identity = "1 85 05 2a 123";
  EXPECT_EQ(ask_code(2, request), "sent");
  clock.advance(2 * minute);
  // As it stands on the card: with the number of the birth, and with its key.
  for (const std::string_view whole : {"1 85 05 2A 123 456", "1 85 05 2a 123 456 78"}) {
    request.identity = whole;
    EXPECT_EQ(ask_code(2, request), "sent") << whole;
    clock.advance(2 * minute);
  }
  request.identity = "1 85 05 2A 123 4";  // neither ten, nor a whole one
  EXPECT_EQ(ask_code(2, request), "reissue.wrong_proof");
  // No hyphen counts, of whichever kind.
  for (const std::string_view answer : {"deux chevaux", "deuxchevaux", "Deux\u2010Chevaux",
                                        "DEUX \u2013 CHEVAUX", "deux\u2212chevaux"}) {
    request = form(0);
    request.answer = answer;
    EXPECT_EQ(ask_code(0, request), "sent") << answer;
    clock.advance(hour);
  }
  auto homoglyph = form(1);
  homoglyph.answer = "D\u0435ux-Chevaux";  // Cyrillic
  EXPECT_EQ(ask_code(1, homoglyph), "reissue.wrong_proof");
  clock.advance(minute);
  auto swapped = form(1);
  swapped.identity = right_number(0);
  EXPECT_EQ(ask_code(1, swapped), "reissue.wrong_proof") << "another voter's number";
}

// Requirement 31: Argon2id under a salt of its own, then HMAC under the pepper, which the database
// does not hold.
TEST_F(Reissue, R31TheAnswerIsStoredSaltedAndPeppered) {
  const auto rows = state->database().read([](store::Transaction& t) -> Expected<store::Rows> {
    return t.query("SELECT answer_salt, answer_mac FROM account ORDER BY voter");
  });
  ASSERT_EQ(rows->size(), 3u);
  std::set<ByteArray<16>> salts;
  std::set<ByteArray<32>> macs;
  for (const auto& row : *rows) {
    const auto salt = row.array<16>(0);
    salts.insert(salt);
    macs.insert(row.array<32>(1));
    const auto key = argon2id(as_bytes(fold_answer(right_answer)), salt, argon2_password);
    EXPECT_EQ(state->peppered("answer", {key.reveal()}), row.array<32>(1));
    EXPECT_NE(key.reveal(), row.array<32>(1));
  }
  EXPECT_GE(argon2_password.memory_bytes, 19u * 1024 * 1024) << "OWASP's minimum";
  EXPECT_GE(argon2_password.passes, 2u);
  EXPECT_EQ(salts.size(), 3u) << "three voters with one answer";
  EXPECT_EQ(macs.size(), 3u);
}

// A voter without a number has no empty one that fits.
TEST_F(Reissue, NoNumberOnTheRollMatchesNothing) {
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute("UPDATE voter SET numen_mac = NULL, nir_mac = NULL WHERE id = 'E1'");
    return {};
  }));
  auto request = form(0);
  request.identity = "";
  EXPECT_EQ(ask_code(0, request), "reissue.wrong_proof");
}

// Requirements 32 and 34: the answer does not wait for, or depend on, the relay or the message.
TEST_F(Reissue, R34R42TheAnswerIsTheSameWhateverBecomesOfTheMessage) {
  auto served = form(0);
  served.channel = ReissueChannel::sms;
  served.destination = "+33612345678";
  auto unserved = form(1);
  unserved.channel = ReissueChannel::sms;
  unserved.destination = "+447911123456";
  const auto a = ask(0, served);
  const auto b = ask(1, unserved);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->link_expires_at, b->link_expires_at);
  EXPECT_EQ(a->reference.size(), b->reference.size());
  EXPECT_EQ(reissues().status("E2").kind, ReissueStatus::Kind::sent);
  ASSERT_EQ(inbox().size(), 1u) << "no text message abroad";
  EXPECT_EQ(inbox()[0].destination, "+33612345678");
}

// Requirements 36 to 40 at the door: judged before any try is counted.
TEST_F(Reissue, R39RefusedDestinationsCostNoTry) {
  auto request = form(0);
  request.destination = "e1+perso@Portal.example";
  const auto refused = ask(0, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "reissue.destination");
  EXPECT_EQ(refused.error().message_id, "reissue.email_professional");
  request.destination = "a@example.org\r\nBcc: b@example.org";
  EXPECT_EQ(ask(0, request).error().message_id, "reissue.email_form");
  EXPECT_EQ(count_rows("attempt"), 0);
  EXPECT_EQ(count_rows("message"), 0);
  request.destination = " Camille.Electeur@Example.org";
  ASSERT_EQ(ask_code(0, request), "sent");
  EXPECT_EQ(inbox()[0].destination, "Camille.Electeur@example.org");
}

// Requirement 41: one destination for a third voter in 24 hours: refused and alerted.
TEST_F(Reissue, R41AThirdVoterAtOneDestinationIsRefusedAndAlerted) {
  policy.destination = {};
  EXPECT_EQ(ask_code(0, form(0)), "sent");
  auto same = form(1);
  same.destination = "c.amilleelecteur+x@EXAMPLE.org";
  EXPECT_EQ(ask_code(1, same), "sent");
  auto at_third = form(2);
  at_third.destination = personal_email(0);
  const auto third = ask(2, at_third);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, "reissue.throttled");
  EXPECT_EQ(count_rows("message"), 2) << "nothing goes there";
  // Alerted: one row of the journal, one line for the operator, with nothing of a voter in either.
  const auto rows = state->database().read([](store::Transaction& t) -> Expected<store::Rows> {
    return t.query("SELECT row FROM journal WHERE row LIKE '%\"alert\":1%'");
  });
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_NE(rows->at(0).text(0).find("reissue refused: destination of others"), std::string::npos);
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_TRUE(alerts[0].starts_with("alert: ")) << alerts[0];
  for (const auto& said : {rows->at(0).text(0), alerts[0]}) {
    EXPECT_FALSE(stands_in(said, "E3"));
    EXPECT_EQ(said.find("camille"), std::string::npos);
  }
  EXPECT_EQ(ask_code(2, form(2)), "sent") << "another destination";
  clock.advance(day - 1);
  EXPECT_EQ(ask_code(2, at_third), "reissue.throttled");
  clock.advance(1);
  EXPECT_EQ(ask_code(2, at_third), "sent");
}

TEST_F(Reissue, LimitsOfVoterNetworkAndDestination) {
  EXPECT_EQ(ask_code(0, form(0)), "sent");
  const auto soon = ask(0, form(0));
  EXPECT_EQ(soon.error().code, "reissue.throttled");
  EXPECT_EQ(soon.error().at, clock.now() + minute);
  auto shared = form(1);
  shared.destination = personal_email(0);
  EXPECT_EQ(ask_code(1, shared), "reissue.throttled") << "the destination";
  for (int i = 0; i < 2; ++i) {
    clock.advance(minute);
    EXPECT_EQ(ask_code(0, form(0)), "sent");
  }
  clock.advance(minute);
  EXPECT_EQ(ask_code(0, form(0)), "reissue.throttled") << "three in an hour";
  policy.network = {1, 0, 0};
  EXPECT_EQ(ask_code(2, form(2)), "sent");
  auto crowded = form(1);
  crowded.client_address = form(2).client_address;
  EXPECT_EQ(ask_code(1, crowded), "reissue.captcha");
  crowded.captcha_solved = true;
  EXPECT_EQ(ask_code(1, crowded), "sent");
}

TEST_F(Reissue, SoManyCodesAndNoMore) {
  policy.per_election = 2;
  for (int i = 0; i < 2; ++i) {
    replace_code(0);
    clock.advance(2 * hour);
  }
  EXPECT_EQ(ask_code(0, form(0)), "reissue.limit");
}

TEST_F(Reissue, KeysMustBeNewAndProven) {
  const auto cookie = cookie_for(0);
  const auto view = *reissues().view(cookie);
  const auto good = new_credential(0, Code::generate(random));
  EXPECT_EQ(issue_code(cookie, keys_for(view, credential(0))), "reissue.keys") << "the old ones";
  EXPECT_EQ(issue_code(cookie, keys_for(view, credential(1))), "reissue.keys") << "another voter's";
  auto keys = keys_for(view, good);
  keys.ballot_keys.pop_back();
  EXPECT_EQ(issue_code(cookie, keys), "reissue.keys") << "a contest missing";
  keys = keys_for(view, good);
  std::swap(keys.ballot_keys[0], keys.ballot_keys[1]);
  EXPECT_EQ(issue_code(cookie, keys), "reissue.keys") << "out of order";
  keys = keys_for(view, good);
  std::swap(keys.ballot_keys[0].proof, keys.ballot_keys[1].proof);
  EXPECT_EQ(issue_code(cookie, keys), "reissue.keys") << "proof of another contest";
  auto other_token = view;
  other_token.token_hash = hex_encode(ByteArray<32>{1});
  EXPECT_EQ(issue_code(cookie, keys_for(other_token, good)), "reissue.keys") << "another token";
  keys = keys_for(view, good);
  keys.sign_in_key = keys.ballot_keys[0].key;
  EXPECT_EQ(issue_code(cookie, keys), "reissue.keys") << "one key for two purposes";
  EXPECT_EQ(count_rows("replaced_code"), 0);
  ASSERT_EQ(issue_code(cookie, keys_for(view, good)), "issued");
  clock.advance(2 * minute);
  const auto next = cookie_for(0);
  EXPECT_EQ(issue_code(next, keys_for(*reissues().view(next), credential(0))), "reissue.keys")
      << "keys that were replaced";
}

// Requirement 44: the link has the origin of the manifest.
TEST_F(Reissue, R44TheLinkUsesTheConfiguredOrigin) {
  ASSERT_EQ(ask_code(0, form(0)), "sent");
  EXPECT_NE(inbox()[0].body.find("link=http://localhost:8080/r#"), std::string::npos)
      << inbox()[0].body;
}

// Requirement 47: the notice, and what its link does.
TEST_F(Reissue, R47TheNoticeBlocksTheNewCode) {
  ASSERT_EQ(cast(in_space(0), ballot(0, 1, 0)), "recorded");
  clock.advance(minute);
  replace_code(0);
  const auto notice = inbox();
  const auto found = std::find_if(notice.begin(), notice.end(),
                                  [](const InboxMessage& m) { return m.kind == "reissue-notice"; });
  ASSERT_NE(found, notice.end());
  EXPECT_EQ(found->destination, "E1@portal.example");
  EXPECT_NE(found->body.find("/reissue/cancel#"), std::string::npos);
  ASSERT_EQ(cast(in_space(0), ballot(0, 0, 1)), "recorded");
  const auto token = token_in("reissue-notice");
  for (int again = 0; again < 2; ++again) {
    const auto cancelled = cancel_reissue(*state, token);
    ASSERT_TRUE(cancelled);
    EXPECT_EQ(cancelled->voted_since, std::vector<std::uint32_t>{0});
  }
  EXPECT_EQ(reissues().status("E1").kind, ReissueStatus::Kind::blocked);
  EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::invalidated);
  clock.advance(hour);
  EXPECT_EQ(ask_code(0, form(0)), "reissue.blocked");
  set_phase(0, "frozen");
  set_phase(1, "frozen");
  const auto late = cancel_reissue(*state, token);
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->too_late);
  EXPECT_EQ(count_rows("ballot"), 2) << "the box is not touched";
}

// Requirement 47: an owner who reads the notice once the box is frozen is told whether a vote was
// cast since: nothing else is left to do.
TEST_F(Reissue, R47AfterTheFreezeTheLinkStillTellsOfAVote) {
  for (const std::size_t v : {0u, 1u}) {
    replace_code(v);
    if (v == 0) {
      ASSERT_EQ(cast(in_space(0), ballot(0, 0, 1)), "recorded");
    }
    const auto token = token_in("reissue-notice");
    set_phase(0, "frozen");
    set_phase(1, "frozen");
    const auto late = cancel_reissue(*state, token);
    ASSERT_TRUE(late);
    EXPECT_TRUE(late->too_late);
    EXPECT_EQ(late->voted_since,
              v == 0 ? std::vector<std::uint32_t>{0} : std::vector<std::uint32_t>{});
    EXPECT_TRUE(code_state(*state, {}, roll.voters[v].id).valid) << "nothing was blocked";
    open_vote();
    clock.advance(hour);
  }
}

struct ReissueToTheEnd : Reissue {
  ReissueToTheEnd() : Reissue(11) {}
  const KeyPair& key(std::size_t member) const { return ceremonies[0].holders[member].signing(); }
  void count() {
    const auto tally = prepare_count(*state);
    ASSERT_TRUE(tally) << tally.error().code;
    ASSERT_TRUE(open_count(*state, *tally, 0, {&key(0), &key(2), &key(3)}));
    log->append_round(false);
    for (const std::size_t member : {0, 2, 3}) {
      auto& holder = ceremonies[0].holders[member];
      ASSERT_TRUE(holder.bind_tally(tally->hash));
      ASSERT_TRUE(import_shares(*state, *tally,
                                *make_shares(state->manifest(), *tally, 0, holder, random)));
    }
    ASSERT_TRUE(finish_count(*state, *tally));
    ASSERT_TRUE(close_count(*state, 0, key(0)));
    log->append_round(false);
  }
};

// Protocol section 5, read by the verifier that anybody may run: once a day those that are
// numerous enough to hide whose they are, at the close the others.
TEST_F(ReissueToTheEnd, BatchesAreVerified) {
  set_phase(0, "sealed");
  set_phase(1, "sealed");
  clock.set(fixture_opens);
  tick(*state, *log);
  clock.advance(hour);
  for (std::size_t voter = 0; voter < 9; ++voter) replace_code(voter);
  clock.advance(hour);
  replace_code(0);  // before the first has its batch: one swap, not two
  clock.advance(day);
  tick(*state, *log);
  EXPECT_EQ(count_rows("reissue_batch"), 0) << "nine are too few";
  replace_code(9);
  tick(*state, *log);
  EXPECT_EQ(count_rows("reissue_batch"), 0) << "looked a moment ago";
  ASSERT_EQ(cast(in_space(9), ballot(9, 0, 1)), "recorded") << "in force before it is on the board";
  clock.advance(day);
  tick(*state, *log);
  log->append_round(true);
  EXPECT_EQ(count_rows("reissue_batch"), 1);
  ASSERT_EQ(cast(in_space(0), ballot(0, 0, 1)), "recorded");
  ASSERT_EQ(cast(in_space(10), ballot(10, 0, 0)), "recorded");
  replace_code(10);
  ASSERT_EQ(cast(in_space(10), ballot(10, 1, 0)), "recorded");
  clock.advance(2 * minute);
  replace_code(0);
  clock.set(fixture_closes);
  tick(*state, *log);
  EXPECT_EQ(count_rows("reissue_batch"), 2) << "what waits at the close, however few";
  clock.advance(hour);
  tick(*state, *log);
  EXPECT_EQ(count_rows("waiting_key"), 0) << "nothing under the link key outlives the freeze";
  log->append_round(false);

  count();
  const auto target = folder / "export";
  const auto written = write_export(*state, target);
  ASSERT_TRUE(written) << written.error().code;
  const auto reader = ExportReader::of_folder(target);
  ASSERT_TRUE(reader);
  const auto report = verify_export(*reader, {});
  const auto* failure = report.first_failure();
  ASSERT_FALSE(failure) << "V" << failure->number << " " << failure->code << " " << failure->detail;
  EXPECT_EQ(report.checks.at(8).detail, "2 batches");
  EXPECT_EQ(report.trust.at(0).reissued_that_voted, 2u);
  EXPECT_EQ(report.trust.at(1).reissued_that_voted, 1u);
  const auto batch = [&](const char* path) {
    return SignedDocument::parse_and_verify(*reader->read(path), "reissue-batch",
                                            state->fingerprint())
        ->body();
  };
  EXPECT_EQ(batch("reissue/0.json")["persons"], 10);
  EXPECT_EQ(batch("reissue/1.json")["persons"], 2);
  EXPECT_EQ(batch("reissue/1.json")["units"].size(), 1u)
      << "contest 1 alone: both had voted in contest 0";
  EXPECT_EQ(batch("reissue/1.json")["units"][0]["size"], 2);
  EXPECT_EQ(reader->read("reissue/0-0-0-added.bin")->size(), 10 * 32u);
  EXPECT_EQ(count_rows("reissue_person"), 12);
}

// As many as the manifest allows for a contest: above, the verifier wants the bureau's signature.
// A code replaced twice before its batch counts once.
TEST_F(Reissue, TheMaximumOfAContest) {
  replace_code(1);
  clock.advance(hour);
  replace_code(1);
  const auto maximum = state->manifest().contests[0].reissue_max;
  const auto list = [&](std::uint32_t count) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      for (std::uint32_t i = 0; i < count; ++i) {
        t.execute(
            "INSERT INTO reissue_key (batch, contest, district, added, ballot_key) VALUES (0, 0, "
            "0, 1, $1)",
            {random.bytes(32)});
      }
      return {};
    }));
  };
  list(maximum - 2);
  EXPECT_EQ(issue_code(cookie_for(0), {}), "reissue.keys") << "there is room for one";
  clock.advance(hour);
  list(1);
  const auto cookie = cookie_for(0);
  const auto keys = keys_for(*reissues().view(cookie), new_credential(0, Code::generate(random)));
  EXPECT_EQ(issue_code(cookie, keys), "reissue.limit");
}

// A key that was replaced before its batch appears nowhere, and stays nobody else's.
TEST_F(Reissue, AKeyThatWaitedIsNotGivenAgain) {
  const auto cookie = cookie_for(0);
  const auto first = new_credential(0, Code::generate(random));
  ASSERT_EQ(issue_code(cookie, keys_for(*reissues().view(cookie), first)), "issued");
  clock.advance(hour);
  replace_code(0);
  clock.advance(hour);
  const auto again = cookie_for(0);
  EXPECT_EQ(issue_code(again, keys_for(*reissues().view(again), first)), "reissue.keys");
}

// Requirements 12, 46 and 61: neither journal nor database holds a secret after a full run, save
// what waits to be purged, sealed.
TEST_F(Reissue, R12R46R61NoSecretRemains) {
  auto by_social_security = form(2);
  by_social_security.identity = right_number(2) + "45678";
  ASSERT_EQ(ask_code(2, by_social_security), "sent");
  ASSERT_EQ(ask_code(1, form(2)), "reissue.wrong_proof") << "nor in what is wrong";
  clock.advance(1);
  const auto request = form(0);
  const auto asking = portal_session(0);
  const auto sent = reissues().request(asking.session, request);
  ASSERT_TRUE(sent);
  const auto link = token_in("reissue-link");
  const auto opened = open_link(link);
  const auto code = Code::generate(random);
  ASSERT_EQ(issue_code(opened->cookie,
                       keys_for(*reissues().view(opened->cookie), new_credential(0, code))),
            "issued");
  const auto cancel = token_in("reissue-notice");
  clock.advance(hour);
  outbox_of(*state).purge(clock.now());
  ASSERT_TRUE(inbox().empty());
  state->database().erase_traces();

  std::string everything;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (!file.path().filename().string().starts_with("isoloir.sqlite")) continue;
    std::ifstream stream(file.path(), std::ios::binary);
    std::stringstream content;
    content << stream.rdbuf();
    everything += content.str();
  }
  ASSERT_NE(everything.find("voting code replaced"), std::string::npos) << "the scan reads";
  const auto raw = [](std::string_view token) {
    return std::string(as_text(*base64url_decode(token)));
  };
  std::map<std::string, std::string> secrets = {{"link", link},
                                                {"link's bytes", raw(link)},
                                                {"cookie", opened->cookie},
                                                {"cookie's bytes", raw(opened->cookie)},
                                                {"cancel", cancel},
                                                {"cancel's bytes", raw(cancel)},
                                                {"answer", std::string(right_answer)},
                                                {"folded answer", fold_answer(right_answer)},
                                                {"number", request.identity},
                                                {"social security", right_number(2)},
                                                {"session", asking.token.text()},
                                                {"session's bytes", raw(asking.token.text())},
                                                {"next session", sent->next_session},
                                                {"next session's bytes", raw(sent->next_session)},
                                                {"csrf", asking.session.csrf},
                                                {"csrf's bytes", raw(asking.session.csrf)},
                                                {"destination", request.destination},
                                                {"mailbox", "camille.electeur"},
                                                {"code", code.normalised()},
                                                {"shown code", code.shown().reveal()},
                                                {"password", "Isoloir-1234-abcd"},
                                                {"body", "message.reissue_link_body"}};
  for (const auto& [name, secret] : secrets) {
    EXPECT_EQ(everything.find(secret), std::string::npos) << name;
    EXPECT_EQ(everything.find(hex_encode(as_bytes(secret))), std::string::npos) << name;
  }
}

// Requirement 9: no message ties the identifier to what opens it.
TEST_F(Reissue, R09NoMessageHoldsIdentifierAndSecret) {
  replace_code(0);
  for (const auto& message : inbox()) {
    auto body = message.body;
    if (const auto token = body.find('#'); token != std::string::npos) body.erase(token, 44);
    for (const auto& part : {message.subject, body}) {
      EXPECT_FALSE(stands_in(part, "E1")) << part;
      EXPECT_EQ(part.find("VOTANTE"), std::string::npos);
      EXPECT_EQ(part.find("portal.example"), std::string::npos);
    }
  }
}

TEST_F(Reissue, R45TheTextMessageMustFitWithItsLink) {
  struct Wordy final : TextSource {
    std::string text(std::string_view, std::string_view, const Json& values) const override {
      return "Code de vote : " + values.at("link").get<std::string>() + std::string(padding, 'a');
    }
    std::size_t padding = 0;
  } wordy;
  EXPECT_TRUE(check_message_texts(*state, wordy));
  wordy.padding = 100;
  EXPECT_FALSE(check_message_texts(*state, wordy));
}

}  // namespace
}  // namespace isoloir
