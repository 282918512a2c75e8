// What links, openers and cookies are good for, and for how long (requirements 13 to 21, 54).
#include <fstream>
#include <set>
#include <thread>

#include "reissue/token.hpp"
#include "service/reissue_evidence.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

using ReissueTokens = ReissueFixture;

// Sixteen at once; how often each answer came.
template <typename Post>
std::map<std::string, int> sixteen_at_once(Post post) {
  std::vector<std::string> answers(16);
  std::atomic<int> waiting{16};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      threads.emplace_back([&, i] {
        for (--waiting; waiting > 0;) std::this_thread::yield();
        answers[i] = post(i);
      });
    }
  }
  std::map<std::string, int> counts;
  for (const auto& answer : answers) ++counts[answer];
  return counts;
}
using Counts = std::map<std::string, int>;

// Requirement 13, on SQLite: 16 concurrent POSTs of one token from 16 browsers, exactly one opens.
TEST_F(ReissueTokens, R13Of16ConcurrentPostsOfOneTokenExactlyOneSucceeds) {
  const auto token = link_for(0);
  std::vector<std::string> openers(16);
  for (auto& opener : openers) opener = reissues().new_opener();
  EXPECT_EQ(sixteen_at_once([&](std::size_t i) { return open_code(token, openers[i]); }),
            (Counts{{"opened", 1}, {"reissue.link_elsewhere", 15}}));
  EXPECT_EQ(count_rows("reissue_flow WHERE cookie_mac IS NOT NULL"), 1);
}

// Requirement 13: and of 16 new codes posted at once under the one opened flow, one is made.
TEST_F(ReissueTokens, R13Of16ConcurrentNewCodesExactlyOneIsMade) {
  const auto cookie = cookie_for(0);
  const auto view = *reissues().view(cookie);
  std::vector<NewKeys> keys;
  for (int i = 0; i < 16; ++i) {
    keys.push_back(keys_for(view, new_credential(0, Code::generate(random))));
  }
  EXPECT_EQ(sixteen_at_once([&](std::size_t i) { return issue_code(cookie, keys[i]); }),
            (Counts{{"issued", 1}, {"reissue.link_used", 15}}));
  EXPECT_EQ(count_rows("replaced_code"), 1);
  EXPECT_EQ(count_rows("message WHERE kind = 'reissue-notice'"), 1);
  EXPECT_EQ(count_rows("waiting_key"), 2) << "one key for each contest";
}

// Requirement 13: of 16 requests of one voter at once, from as many sessions, one gets a link.
TEST_F(ReissueTokens, R13Of16ConcurrentRequestsExactlyOneGetsALink) {
  std::vector<Session> sessions;
  std::vector<ReissueRequest> forms;
  for (int i = 0; i < 16; ++i) {
    sessions.push_back(portal_session(0).session);
    forms.push_back(form(0));
    forms.back().client_address = "198.51.100." + std::to_string(i);
  }
  auto service = reissues();
  const auto counts = sixteen_at_once([&](std::size_t i) {
    const auto sent = service.request(sessions[i], forms[i]);
    return sent ? "sent" : sent.error().code;
  });
  EXPECT_EQ(counts.at("sent"), 1);
  EXPECT_EQ(count_rows("message"), 1);
  EXPECT_EQ(count_rows("reissue_flow"), 1);
}

// A second click while the first is looked at: all of one form get one answer.
TEST_F(ReissueTokens, R13OfOneFormSentSixteenTimesThereIsOneRequest) {
  const auto session = portal_session(0).session;
  auto service = reissues();
  std::mutex mutex;
  std::set<std::string> references;
  EXPECT_EQ(sixteen_at_once([&](std::size_t) {
              const auto sent = service.request(session, form(0));
              if (!sent) return sent.error().code;
              const std::lock_guard lock(mutex);
              references.insert(sent->reference + sent->next_session);
              return std::string("sent");
            }),
            (Counts{{"sent", 16}}));
  EXPECT_EQ(references.size(), 1u);
  EXPECT_EQ(count_rows("message"), 1);
}

// The browser has its opener before it spends the link: an answer that never came is asked for
// again and is the same; another browser is still refused.
TEST_F(ReissueTokens, AnAnswerToTheClickThatIsLostLosesNothing) {
  const auto token = link_for(0);
  const auto opener = reissues().new_opener();
  const auto lost = open_link(token, opener);
  ASSERT_TRUE(lost);
  clock.advance(minute);
  const auto again = open_link(token, opener);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->view.token_hash, lost->view.token_hash);
  EXPECT_EQ(again->view.expires_at, lost->view.expires_at) << "not lengthened";
  EXPECT_EQ(open_code(token), "reissue.link_elsewhere");
  EXPECT_EQ(issue_code(opener, keys_for(again->view, new_credential(0, Code::generate(random)))),
            "issued");
}

TEST_F(ReissueTokens, WithoutAnOpenerOfItsOwnNothingIsSpent) {
  const auto first = cookie_for(0);
  clock.advance(2 * minute);
  const auto token = link_for(0);
  EXPECT_EQ(open_code(token, ""), "reissue.opener");
  EXPECT_EQ(open_code(token, "short"), "reissue.opener");
  EXPECT_EQ(open_code(token, first), "reissue.opener") << "that of an older flow";
  EXPECT_EQ(open_code(token, cookie_for(1)), "reissue.opener") << "that of another voter's";
  EXPECT_EQ(open_code(token), "opened");
}

// Requirement 16: a token is good for its purpose alone: as link, as cookie of the flow, as block,
// as cookie of the portal.
TEST_F(ReissueTokens, R16PurposesAreNotExchanged) {
  const auto link = link_for(0);
  EXPECT_EQ(cancel_reissue(*state, link).error().code, "reissue.link_unknown");
  EXPECT_FALSE(reissues().view(link));
  const auto opened = open_link(link);
  EXPECT_EQ(open_code(opened->cookie), "reissue.link_unknown");
  EXPECT_FALSE(reissues().view(link));
  EXPECT_EQ(cancel_reissue(*state, opened->cookie).error().code, "reissue.link_unknown");
  const auto keys = keys_for(opened->view, new_credential(0, Code::generate(random)));
  EXPECT_EQ(issue_code(link, keys), "reissue.link_unknown");
  ASSERT_EQ(issue_code(opened->cookie, keys), "issued");
  const auto cancel = token_in("reissue-notice");
  EXPECT_EQ(open_code(cancel), "reissue.link_unknown");
  EXPECT_FALSE(reissues().view(cancel));
  const auto session = portal_session(0);
  EXPECT_EQ(open_code(session.token.text()), "reissue.link_unknown");
  // What FranceConnect brings back, awaited from this very session.
  const auto awaited = reissue::Token::generate(random);
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    const auto mac = token_mac(*state, reissue::TokenPurpose::identification, awaited);
    t.execute("INSERT INTO identification (state_mac, session, voter, at) VALUES ($1, $2, $3, $4)",
              {ByteView(mac), ByteView(session.session.id), roll.voters[0].id, clock.now()});
    return {};
  }));
  EXPECT_EQ(open_code(awaited.text()), "reissue.link_unknown");
  EXPECT_FALSE(reissues().view(awaited.text()));
  EXPECT_EQ(issue_code(awaited.text(), keys), "reissue.link_unknown");
  EXPECT_EQ(cancel_reissue(*state, awaited.text()).error().code, "reissue.link_unknown");
  for (const auto& token : {link, opened->cookie, cancel, awaited.text()}) {
    EXPECT_FALSE(Sessions(*state, limits).find(token, false)) << "as a portal cookie";
  }
}

// Requirement 16: and in its election alone, even where two elections share key and rows.
TEST_F(ReissueTokens, R16AnotherElectionsTokenIsRefused) {
  const auto token = link_for(0);
  const auto parsed = *reissue::Token::parse(token);
  const auto key = state->peppered("reissue token key", {Bytes{0, 0, 0, 1}});
  const auto stored_as = [&](const ElectionId& election) {
    const auto mac = reissue::token_mac(key, reissue::TokenPurpose::link, election, parsed);
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute("UPDATE reissue_flow SET token_mac = $1", {ByteView(mac)});
      return {};
    }));
  };
  auto other = state->manifest().election_id;
  other.bytes[0] ^= 1;
  stored_as(other);
  EXPECT_EQ(open_code(token), "reissue.link_unknown");
  stored_as(state->manifest().election_id);
  EXPECT_EQ(open_code(token), "opened") << "the row was good otherwise";
}

struct ReissueSecret : ReissueTokens {
  std::string link, cookie, cancel;
  void three_tokens() {
    replace_code(1);
    cancel = token_in("reissue-notice");
    cookie = cookie_for(2);
    link = link_for(0);
  }
  void expect_all_dead() {
    EXPECT_EQ(open_code(link), "reissue.link_unknown");
    EXPECT_FALSE(reissues().view(cookie));
    EXPECT_EQ(cancel_reissue(*state, cancel).error().code, "reissue.link_unknown");
    EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::accepted) << "codes stay";
  }
};

// Requirement 18: rows under another version of the key are links no more.
TEST_F(ReissueSecret, R18AnotherKeyVersionKillsOlderLinks) {
  three_tokens();
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE reissue_flow SET key_version = 0");
    return {};
  }));
  expect_all_dead();
}

// Requirement 18: the server started again with another secret.
TEST_F(ReissueSecret, R18AnotherPepperKillsOlderLinks) {
  three_tokens();
  const auto old = ServerKeys::read(paths().keys());
  ASSERT_TRUE(old);
  auto changed = ServerKeys::generate(random);
  changed.board = KeyPair::of(old->board.secret.clone());
  changed.checkpoint = Ed25519KeyPair::of(old->checkpoint.seed.clone());
  std::filesystem::remove(paths().keys());
  changed.write(paths().keys());
  reopen();
  expect_all_dead();
}

// Requirement 19: at each stage its time ends, to the millisecond.
TEST_F(ReissueTokens, R19PastItsLifetimeRefused) {
  const auto token = link_for(0);
  clock.advance(policy.email_link_ms - 1);
  const auto late = open_link(token);
  ASSERT_TRUE(late) << "one millisecond before";
  clock.advance(2 * minute);
  const auto keys = keys_for(late->view, new_credential(0, Code::generate(random)));
  clock.set(late->view.expires_at - 1);
  EXPECT_TRUE(reissues().view(late->cookie));
  clock.advance(1);
  EXPECT_FALSE(reissues().view(late->cookie));
  EXPECT_EQ(issue_code(late->cookie, keys), "reissue.link_expired");

  const auto second = link_for(0);
  const TimeMs ends = clock.now() + policy.email_link_ms;
  clock.set(ends);
  const auto refused = open_link(second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "reissue.link_expired");
  EXPECT_EQ(refused.error().at, ends);
}

// Requirement 21: the clock is set back to the beginning after each stage's end, with nothing but
// the server's beat to have seen it. `stage` ends at the time that it returns.
struct ReissueClock : ReissueTokens {
  const TimeMs start = clock.now();
  void let_pass_and_set_back(TimeMs ends) {
    clock.set(ends);
    sweep_reissues(*state);
    clock.set(start);
  }
};
TEST_F(ReissueClock, R21ALinkThatWasSentStaysExpired) {
  const auto token = link_for(0);
  let_pass_and_set_back(clock.now() + policy.email_link_ms);
  EXPECT_EQ(open_code(token), "reissue.link_expired");
  EXPECT_EQ(reissues().status("E1").kind, ReissueStatus::Kind::none);
}
TEST_F(ReissueClock, R21ATextMessagesLinkStaysExpired) {
  auto request = form(0);
  request.channel = ReissueChannel::sms;
  request.destination = "06 12 34 56 78";
  ASSERT_EQ(ask_code(0, request), "sent");
  const auto token = token_in("reissue-link");
  let_pass_and_set_back(start + policy.sms_link_ms);
  EXPECT_EQ(open_code(token), "reissue.link_expired");
}
TEST_F(ReissueClock, R21AnOpenedFlowStaysExpired) {
  const auto token = link_for(0);
  const auto opened = open_link(token);
  const auto keys = keys_for(opened->view, new_credential(0, Code::generate(random)));
  let_pass_and_set_back(opened->view.expires_at);
  EXPECT_FALSE(reissues().view(opened->cookie));
  EXPECT_EQ(issue_code(opened->cookie, keys), "reissue.link_expired");
  EXPECT_EQ(open_code(token, opened->cookie), "reissue.link_expired");
}
TEST_F(ReissueClock, R21AnAnswerIsNotGivenAgainAfterItsTime) {
  const auto cookie = cookie_for(0);
  const auto keys = keys_for(*reissues().view(cookie), new_credential(0, Code::generate(random)));
  ASSERT_EQ(issue_code(cookie, keys), "issued");
  let_pass_and_set_back(clock.now() + policy.repeat_ms);
  EXPECT_EQ(issue_code(cookie, keys), "reissue.link_used");
}
TEST_F(ReissueClock, R21WhatTheJournalHasSeenIsNotForgotten) {
  const auto token = link_for(2);
  clock.advance(policy.email_link_ms);
  auto wrong = form(0);
  wrong.answer = "wrong";
  EXPECT_EQ(ask_code(0, wrong), "reissue.wrong_proof");
  clock.set(start + minute);
  EXPECT_EQ(open_code(token), "reissue.link_expired") << "without a beat";
}
// A message that waits for its relay has not begun to live: the beat must not end it.
TEST_F(ReissueClock, ALinkThatIsNotSentYetOutlivesTheBeat) {
  ASSERT_EQ(ask_code(0, form(0)), "sent");
  clock.advance(policy.email_link_ms - minute);
  const auto token = token_in("reissue-link");
  clock.advance(2 * minute);
  sweep_reissues(*state);
  EXPECT_EQ(open_code(token), "opened");
}

// A lost answer must not come back after the code that it tells of was replaced: its page would
// show a code that opens nothing.
TEST_F(ReissueTokens, NoAnswerIsRepeatedForACodeThatIsNoLongerValid) {
  const auto cookie = cookie_for(0);
  const auto keys = keys_for(*reissues().view(cookie), new_credential(0, Code::generate(random)));
  ASSERT_EQ(issue_code(cookie, keys), "issued");
  EXPECT_EQ(issue_code(cookie, keys), "issued") << "the answer was lost";
  clock.advance(2 * minute);
  replace_code(0);
  const auto outdated = reissues().issue(cookie, keys);
  ASSERT_FALSE(outdated);
  EXPECT_EQ(outdated.error().code, "reissue.outdated");
  EXPECT_EQ(outdated.error().at, clock.now());
  EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::accepted) << "the second one is valid";
}

TEST_F(ReissueTokens, NoAnswerIsRepeatedForACodeThatWasInvalidated) {
  const auto cookie = cookie_for(0);
  const auto keys = keys_for(*reissues().view(cookie), new_credential(0, Code::generate(random)));
  ASSERT_EQ(issue_code(cookie, keys), "issued");
  for (int i = 0; i < 5; ++i) (void)try_code(0, credential(1));
  EXPECT_EQ(issue_code(cookie, keys), "reissue.outdated");
}

// Unknown tokens are looked up and nothing more: while the writer is held up they are all answered,
// and nothing waits for it.
TEST_F(ReissueTokens, MadeUpTokensCauseNoWrite) {
  std::atomic<bool> held = false, release = false, answered = false;
  std::jthread writer([&] {
    (void)state->database().write([&](store::Transaction&) -> Status {
      for (held = true; !release;) std::this_thread::yield();
      return {};
    });
  });
  while (!held) std::this_thread::yield();
  std::jthread flood([&] {
    for (int i = 0; i < 100; ++i) {
      const auto made_up = base64url_encode(random.bytes(32));
      EXPECT_EQ(open_code(made_up), "reissue.link_unknown");
      EXPECT_EQ(open_code(made_up, ""), "reissue.link_unknown");
      EXPECT_FALSE(reissues().view(made_up));
      reissues().acknowledge(made_up);
      EXPECT_EQ(cancel_reissue(*state, made_up).error().code, "reissue.link_unknown");
    }
    answered = true;
  });
  while (!answered && state->database().queued_writes() == 0) std::this_thread::yield();
  EXPECT_TRUE(answered) << "something waits for the writer";
  release = true;
}

// Requirement 54: at the swap, not at the next page: every cookie of before is dead; the browser
// that asked goes on under the one that it was given when it asked, outside the voting space.
TEST_F(ReissueTokens, R54OldCookiesDieAtTheSwap) {
  Sessions sessions(*state, limits);
  const auto asking = portal_session(0);
  ASSERT_TRUE(enter(asking.session, credential(0).sign_in_key()));
  const auto other = portal_session(0);
  const auto stranger = portal_session(1);
  const auto sent = reissues().request(asking.session, form(0));
  ASSERT_TRUE(sent);
  EXPECT_FALSE(sessions.find(sent->next_session, false)) << "nothing before the swap";
  const auto opened = open_link(token_in("reissue-link"));
  ASSERT_TRUE(sessions.find(asking.token.text(), false));
  ASSERT_EQ(
      issue_code(opened->cookie, keys_for(opened->view, new_credential(0, Code::generate(random)))),
      "issued");
  EXPECT_FALSE(sessions.find(asking.token.text(), false));
  EXPECT_FALSE(sessions.find(other.token.text(), false));
  EXPECT_TRUE(sessions.find(stranger.token.text(), false)) << "another voter's";
  const auto next = sessions.find(sent->next_session, false);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->voter, "E1");
  EXPECT_NE(next->id, asking.session.id);
  EXPECT_NE(next->csrf, asking.session.csrf);
  EXPECT_FALSE(next->space_opened_at) << "no automatic sign-in to the voting space";
  EXPECT_EQ(next->ends_at, asking.session.ends_at) << "no longer life";
}

// Requirement 54: who has quit, or whose time was over, is not signed in again.
TEST_F(ReissueTokens, R54AnEndedSessionDoesNotComeBack) {
  Sessions sessions(*state, limits);
  const auto asking = portal_session(0);
  const auto sent = reissues().request(asking.session, form(0));
  const auto opened = open_link(token_in("reissue-link"));
  sessions.end(asking.session);
  ASSERT_EQ(
      issue_code(opened->cookie, keys_for(opened->view, new_credential(0, Code::generate(random)))),
      "issued");
  EXPECT_FALSE(sessions.find(sent->next_session, false));
  EXPECT_EQ(count_rows("session WHERE voter = 'E1'"), 0);
}

}  // namespace
}  // namespace isoloir
