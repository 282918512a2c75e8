// Accounts that voters activate, and passwords that they have forgotten; R.. are requirements of
// the reissue design.
#include "service/account_links.hpp"

#include <fstream>
#include <sstream>
#include <thread>

#include "base/limits.hpp"
#include "service/reissue_fixture.hpp"
#include "stands_in.hpp"

namespace isoloir {
namespace {

constexpr std::string_view good_password = "Girafe-Tuba-19-Neige";
constexpr std::string_view other_password = "Cactus-Voile-27-Drap";
const std::string a_question = "Première voiture ?";
constexpr std::string_view an_answer = "Deux-Chevaux";
const RecoveryPlace here{"192.0.2.1", "fr"};

struct AccountTest : VotingFixture {
  AccountTest() {
    policy.invitations_from = fixture_opens + hour;
    policy.activation_link_ms = 2 * day_ms;
    clock.set(fixture_opens + 2 * hour);
  }
  AccountLinks service() { return AccountLinks(*state, policy, SignInPolicy{}, texts); }
  void work() { links.work(); }

  std::vector<InboxMessage> inbox() {
    outbox_of(*state).deliver(transport, state->now());
    return read_inbox(*state);
  }
  std::vector<InboxMessage> inbox(std::string_view kind) {
    auto all = inbox();
    std::erase_if(all, [&](const InboxMessage& message) { return message.kind != kind; });
    return all;
  }
  std::string email(std::size_t voter) const { return roll.voters[voter].email; }
  // Of the newest message to a voter.
  std::string token_in(std::string_view kind, std::size_t voter = 0) {
    for (const auto& message : inbox(kind)) {
      if (message.destination != email(voter)) continue;
      return message.body.substr(message.body.find('#') + 1, 43);
    }
    ADD_FAILURE() << "no message " << kind;
    return std::string(43, 'A');
  }
  void ask(std::string_view typed, std::string_view from = "192.0.2.1") {
    clock.advance(minute);
    EXPECT_EQ(links.ask(typed, {std::string(from), "fr"}).size(), 9u);
    work();
  }
  std::string invited(std::size_t voter = 0) {
    work();
    return token_in("account-link", voter);
  }
  std::string open_code(std::string_view token, std::string_view opener) {
    const auto view = links.open(token, opener, "fr");
    if (view) references[std::string(opener)] = view->reference;
    return view ? "opened" : view.error().code;
  }
  // The opener of a link that is opened.
  std::string opened(std::string_view token) {
    const auto opener = links.new_opener();
    EXPECT_EQ(open_code(token, opener), "opened");
    return opener;
  }
  static std::string said(const ReissueResult<AccountView>& result) {
    if (!result) return result.error().code;
    constexpr const char* steps[] = {"password", "question", "done"};
    return steps[static_cast<int>(result->step)];
  }
  std::string choose(std::string_view opener, std::string_view password) {
    return said(links.choose_password(opener, references[std::string(opener)], password, here));
  }
  std::string ask_question(std::string_view opener, std::string_view answer = an_answer) {
    return said(links.choose_question(opener, references.at(std::string(opener)), a_question,
                                      answer, here));
  }
  void activate(std::size_t voter) {
    const auto opener = opened(invited(voter));
    EXPECT_EQ(choose(opener, good_password), "question");
    EXPECT_EQ(ask_question(opener), "done");
  }
  bool signs_in(std::size_t voter, std::string_view password) {
    return sign_in(*state, SignInPolicy{}, email(voter), password, "192.0.2.9").has_value();
  }
  void script(const std::string& sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  }

  struct ChosenTransport final : Transport {
    SendOutcome send(const OutgoingMessage&) override { return mail; }
    Delivery mail = Delivery::delivered;
  } transport;
  AccountPolicy policy;
  PlainTexts texts;
  AccountLinks links = service();
  std::map<std::string, std::string, std::less<>> references;  // in the form, by opener
};

TEST_F(AccountTest, EverybodyWithoutAnAccountIsInvitedOnceWhenTheTimeHasCome) {
  ASSERT_TRUE(create_account(*state, {"E2", std::string(good_password), a_question, "Lyon"}));
  clock.set(policy.invitations_from - 1);
  EXPECT_EQ(links.shut(), AccountLinks::Shut::before);
  work();
  EXPECT_TRUE(inbox().empty());
  clock.set(policy.invitations_from);
  EXPECT_EQ(links.shut(), AccountLinks::Shut::no);
  work();
  work();
  const auto mails = inbox("account-link");
  ASSERT_EQ(mails.size(), 2u);
  std::set<std::string> to = {mails[0].destination, mails[1].destination};
  EXPECT_EQ(to, (std::set<std::string>{email(0), email(2)})) << "R36: the stored strings";
  EXPECT_NE(mails[0].body.find("link=http://localhost:8080/account#"), std::string::npos)
      << "R44: the configured origin";
  EXPECT_NE(mails[0].body.find("en message.account_activation_body"), std::string::npos)
      << "nobody knows her language yet: both";
}

TEST_F(AccountTest, WhoAsksBeforeHerInvitationGetsOneLink) {
  (void)links.ask(email(0), here);
  work();
  work();
  const auto mails = inbox("account-link");
  EXPECT_EQ(mails.size(), 3u) << "one each";
  EXPECT_EQ(open_code(token_in("account-link"), links.new_opener()), "opened");
}

TEST_F(AccountTest, NobodyIsInvitedOnceTheVoteIsClosed) {
  clock.set(fixture_closes);
  EXPECT_EQ(links.shut(), AccountLinks::Shut::closed);
  work();
  ask(email(0));
  EXPECT_TRUE(inbox().empty());
}

TEST_F(AccountTest, ALinkAPasswordAndAQuestionMakeAnAccount) {
  const auto opener = opened(invited());
  const auto view = links.view(opener);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->activation);
  EXPECT_EQ(view->name, "Mme VOTANTE E1");
  EXPECT_EQ(view->at, clock.now() + policy.opened_ms);
  EXPECT_EQ(choose(opener, good_password), "question");
  EXPECT_FALSE(signs_in(0, good_password)) << "not before the question";
  EXPECT_EQ(ask_question(opener), "done");
  EXPECT_TRUE(signs_in(0, good_password));
  EXPECT_TRUE(answer_matches(*state, "E1", "deux chevaux"));
  EXPECT_EQ(voter_profile(*state, "E1")->question, a_question);
  const auto notices = inbox("account-notice");
  ASSERT_EQ(notices.size(), 1u) << "R47";
  EXPECT_EQ(notices[0].destination, email(0));
  EXPECT_TRUE(links.view(opener)->activation);
  EXPECT_FALSE(signs_in(1, good_password)) << "nobody else";
}

TEST_F(AccountTest, AForgottenPasswordIsReplacedAndEndsEverySession) {
  activate(0);
  const auto cookie = portal_session(0).token.text();
  ask("e1@PORTAL.example");
  const auto opener = opened(token_in("account-link"));
  EXPECT_FALSE(links.view(opener)->activation);
  EXPECT_TRUE(signs_in(0, good_password)) << "nothing has changed yet";
  EXPECT_EQ(choose(opener, other_password), "done");
  EXPECT_FALSE(signs_in(0, good_password));
  EXPECT_TRUE(signs_in(0, other_password));
  EXPECT_FALSE(Sessions(*state, limits).find(cookie, false)) << "R54";
  EXPECT_TRUE(answer_matches(*state, "E1", an_answer)) << "the question stays";
  EXPECT_EQ(inbox("account-notice").size(), 2u) << "R47";
}

TEST_F(AccountTest, R01R02NothingWithoutTheStepBefore) {
  EXPECT_EQ(choose(links.new_opener(), good_password), "reissue.link_unknown");
  EXPECT_EQ(choose("", good_password), "reissue.link_unknown");
  EXPECT_EQ(said(links.choose_question(links.new_opener(), "", a_question, an_answer, here)),
            "reissue.link_unknown");
  EXPECT_FALSE(links.view(links.new_opener()));
  const auto token = invited();
  EXPECT_EQ(choose(token, good_password), "reissue.link_unknown") << "a link is no opener";
  const auto opener = opened(token);
  EXPECT_EQ(ask_question(opener), "reissue.order") << "a question before its password";
  EXPECT_EQ(count_rows("account"), 0);
  EXPECT_EQ(inbox("account-notice").size(), 0u);
}

TEST_F(AccountTest, R03TheLinkOpensOnAnyDeviceAndThenOnThatAlone) {
  const auto token = invited();
  const auto opener = opened(token);
  EXPECT_EQ(open_code(token, links.new_opener()), "reissue.link_elsewhere");
  EXPECT_EQ(open_code(token, opener), "opened") << "an answer that was lost";
  EXPECT_EQ(choose(opener, good_password), "question");
  EXPECT_EQ(open_code(token, links.new_opener()), "reissue.link_elsewhere");
  const auto again = links.open(token, opener, "fr");
  EXPECT_EQ(said(again), "question") << "goes on where it was";
  EXPECT_EQ(open_code(invited(1), opener), "reissue.opener") << "one browser, one link each";
}

TEST_F(AccountTest, R04R13OfSixteenBrowsersOneOpensTheLink) {
  const auto token = invited();
  std::vector<std::string> openers(16), answers(16);
  for (auto& opener : openers) opener = links.new_opener();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 16; ++i) {
      threads.emplace_back([&, i] { answers[i] = open_code(token, openers[i]); });
    }
  }
  EXPECT_EQ(std::count(answers.begin(), answers.end(), "opened"), 1);
  EXPECT_EQ(std::count(answers.begin(), answers.end(), "reissue.link_elsewhere"), 15);
}

TEST_F(AccountTest, R04OfTwoTabsOneWinsAndTheOtherIsToldSo) {
  const auto opener = opened(invited());
  ASSERT_EQ(choose(opener, good_password), "question");
  std::vector<std::string> answers(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      threads.emplace_back(
          [&, i] { answers[i] = ask_question(opener, "Réponse " + std::to_string(i)); });
    }
  }
  EXPECT_EQ(std::count(answers.begin(), answers.end(), "done"), 1);
  EXPECT_EQ(std::count(answers.begin(), answers.end(), "reissue.link_used"), 7);
  EXPECT_EQ(inbox("account-notice").size(), 1u);
}

// A lost answer loses nothing: the same again is answered the same, and counted once.
TEST_F(AccountTest, TheSameAgainGetsTheSameAnswerAndAnotherDoesNot) {
  auto opener = opened(invited());
  EXPECT_EQ(choose(opener, good_password), "question");
  EXPECT_EQ(choose(opener, other_password), "question") << "she has changed her mind";
  EXPECT_EQ(ask_question(opener), "done");
  EXPECT_EQ(ask_question(opener), "done");
  EXPECT_EQ(ask_question(opener, "autre chose"), "reissue.link_used");
  EXPECT_TRUE(signs_in(0, other_password));
  ask(email(0));
  opener = opened(token_in("account-link"));
  EXPECT_EQ(choose(opener, good_password), "done");
  EXPECT_EQ(choose(opener, good_password), "done");
  EXPECT_EQ(choose(opener, other_password), "reissue.link_used");
  EXPECT_TRUE(signs_in(0, good_password));
  EXPECT_EQ(inbox("account-notice").size(), 2u);
  clock.advance(11 * minute);
  EXPECT_EQ(choose(opener, good_password), "reissue.link_used") << "for ten minutes";
  EXPECT_FALSE(links.view(opener));
}

TEST_F(AccountTest, R05NothingOnceTheVoteIsClosed) {
  clock.set(fixture_closes - 2 * minute);
  const auto token = invited(0);
  const auto other = token_in("account-link", 1);
  const auto opener = opened(token);
  ASSERT_EQ(choose(opener, good_password), "question");
  clock.set(fixture_closes);
  EXPECT_EQ(open_code(other, links.new_opener()), "reissue.closed");
  EXPECT_EQ(ask_question(opener), "reissue.closed");
  EXPECT_FALSE(links.view(opener));
  EXPECT_EQ(count_rows("account"), 0);
}

TEST_F(AccountTest, R09WhatOpensAnAccountDoesNotSayWhose) {
  (void)invited();
  ask(email(0));
  for (const auto& message : inbox()) {
    const auto text = message.subject + " " + message.body;
    for (const auto& word : {email(0), roll.voters[0].birth_name}) {
      EXPECT_EQ(text.find(word), std::string::npos) << message.kind;
    }
    EXPECT_FALSE(stands_in(text, roll.voters[0].id)) << message.kind;
  }
  EXPECT_GE(inbox().size(), 2u);
}

TEST_F(AccountTest, R11R16ATokenIsGoodForItsPurposeAlone) {
  const auto link = invited();
  EXPECT_EQ(base64url_decode(link)->size(), 32u) << "R11: 256 bits";
  const auto opener = opened(link);
  EXPECT_EQ(open_code(opener, links.new_opener()), "reissue.link_unknown");
  EXPECT_FALSE(links.view(link));
  ASSERT_EQ(choose(opener, good_password), "question");
  ASSERT_EQ(ask_question(opener), "done");
  const auto block = token_in("account-notice");
  for (const auto& token : {link, opener, block}) {
    EXPECT_FALSE(Sessions(*state, limits).find(token, false)) << "as a portal cookie";
    EXPECT_EQ(cancel_reissue(*state, token).error().code, "reissue.link_unknown")
        << "as the block of a voting code";
  }
  EXPECT_EQ(block_account(*state, link).error().code, "reissue.link_unknown");
  EXPECT_EQ(block_account(*state, opener).error().code, "reissue.link_unknown");
  EXPECT_EQ(open_code(block, links.new_opener()), "reissue.link_unknown");
  // Under another version of the key they are nothing.
  script("UPDATE reissue_flow SET key_version = 0");
  EXPECT_EQ(block_account(*state, block).error().code, "reissue.link_unknown") << "R18";
}

TEST_F(AccountTest, R17R18ANewerLinkAndAChangeKillTheOlderOne) {
  const auto first = invited();
  ask(email(0));
  const auto second = token_in("account-link");
  ASSERT_NE(first, second);
  EXPECT_EQ(open_code(first, links.new_opener()), "reissue.link_superseded") << "R17";
  const auto opener = opened(second);
  ASSERT_EQ(choose(opener, good_password), "question");
  clock.advance(2 * minute);
  ask(email(0));
  EXPECT_EQ(choose(opener, other_password), "question")
      << "whoever knows her address takes no form from her hands";
  (void)opened(token_in("account-link"));
  EXPECT_EQ(ask_question(opener), "reissue.link_superseded") << "once the newer one is opened";
  EXPECT_EQ(count_rows("reissue_flow WHERE password_mac IS NOT NULL"), 0)
      << "what was chosen there is forgotten";
  activate(1);
  clock.advance(2 * hour);
  ask(email(1));
  const auto older = token_in("account-link", 1);
  ASSERT_TRUE(create_account(*state, {"E3", std::string(good_password), a_question, "Lyon"}));
  ask(email(2));
  EXPECT_EQ(open_code(older, links.new_opener()), "opened") << "another's does nothing to hers";
}

TEST_F(AccountTest, R19R21PastItsTimeALinkIsOverWhateverTheClockSays) {
  const auto token = invited();
  const auto start = clock.now();
  clock.advance(policy.activation_link_ms - 1);
  EXPECT_EQ(open_code(token, ""), "reissue.opener") << "still good";
  clock.advance(1);
  EXPECT_EQ(open_code(token, links.new_opener()), "reissue.link_expired");
  clock.set(start);
  EXPECT_EQ(open_code(token, links.new_opener()), "reissue.link_expired") << "R21";

  clock.set(start + policy.activation_link_ms);
  ask(email(1));
  const auto opener = opened(token_in("account-link", 1));
  ASSERT_EQ(choose(opener, good_password), "question");
  clock.advance(policy.opened_ms);
  EXPECT_FALSE(links.view(opener));
  sweep_reissues(*state);
  EXPECT_EQ(count_rows("reissue_flow WHERE password_mac IS NOT NULL"), 0)
      << "a password that was never used is forgotten";
  EXPECT_EQ(ask_question(opener), "reissue.link_expired");
}

TEST_F(AccountTest, TheLinkOfAForgottenPasswordLivesFromTheRelaysAcceptance) {
  activate(0);
  transport.mail = Delivery::later;
  ask(email(0));
  (void)inbox();
  clock.advance(hour);
  transport.mail = Delivery::accepted;
  outbox_of(*state).deliver(transport, state->now());
  transport.mail = Delivery::delivered;
  const auto flow = *state->database().read([&](store::Transaction& t) -> Expected<TimeMs> {
    return t
        .query(
            "SELECT status_at FROM message WHERE kind = 'account-link' ORDER BY created_at "
            "DESC LIMIT 1")[0]
        .integer(0);
  });
  EXPECT_EQ(flow, clock.now());
}

TEST_F(AccountTest, R20ACrashAtTheLastStepLeavesEverythingAsItWas) {
  const auto opener = opened(invited());
  ASSERT_EQ(choose(opener, good_password), "question");
  script("CREATE TRIGGER crash BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'crash'); END");
  EXPECT_ANY_THROW((void)ask_question(opener));
  EXPECT_EQ(count_rows("account"), 0);
  script("DROP TRIGGER crash");
  reopen();
  auto after = service();
  EXPECT_EQ(said(after.choose_question(opener, references[opener], a_question, an_answer, here)),
            "done");
}

TEST_F(AccountTest, R23R35AskingAgainIsLimitedAndResetsNothing) {
  work();
  const auto invitations = inbox("account-link").size();
  for (int i = 0; i < 10; ++i) ask(email(0));
  // One that a newer one replaced before it left is there, and never leaves.
  const auto links = [&] {
    return static_cast<std::size_t>(count_rows("message WHERE kind = 'account-link'"));
  };
  EXPECT_EQ(links(), invitations + 3) << "three in an hour";
  for (int i = 0; i < 20; ++i) {
    clock.advance(hour);
    ask(email(0));
  }
  EXPECT_EQ(links(), invitations + 6) << "six a day from one network";
  ask(email(0), "198.51.100.1");
  EXPECT_EQ(links(), invitations + 7) << "R25: a stranger's requests do not use up the voter's own";
}

TEST_F(AccountTest, R35OfStrangersNothingLeavesAndTheyAreCountedTheSame) {
  work();
  const auto before = inbox().size();
  ask("nobody@portal.example");
  ask("");
  ask("E1@portal.example.org");
  EXPECT_EQ(inbox().size(), before);
  EXPECT_EQ(count_rows("recovery_request"), 0) << "what was typed is gone";
}

TEST_F(AccountTest, R27SuccessForgetsTheFailuresOfThatNetwork) {
  activate(0);
  const auto fails = [&] {
    return sign_in(*state, SignInPolicy{}, email(0), "Faux-Mot-De-Passe-1", here.client_address)
        .error()
        .code;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fails(), "sign_in.refused");
  EXPECT_EQ(fails(), "sign_in.delayed");
  ask(email(0));
  EXPECT_EQ(choose(opened(token_in("account-link")), other_password), "done");
  EXPECT_TRUE(
      sign_in(*state, SignInPolicy{}, email(0), other_password, here.client_address).has_value());
}

TEST_F(AccountTest, R47WhoDidNotDoItBlocksTheAccountAndTheAssistanceLiftsThat) {
  activate(0);
  const auto block = token_in("account-notice");
  const auto cookie = portal_session(0).token.text();
  ask(email(0));
  const auto link = token_in("account-link");
  ASSERT_TRUE(block_account(*state, block));
  EXPECT_TRUE(block_account(*state, block)) << "again is no error";
  EXPECT_FALSE(signs_in(0, good_password));
  EXPECT_FALSE(Sessions(*state, limits).find(cookie, false));
  EXPECT_EQ(open_code(link, links.new_opener()), "reissue.blocked");
  ask(email(0));
  EXPECT_EQ(inbox("account-refused").size(), 1u);

  ASSERT_TRUE(send_account_link(*state, "E1"));
  work();
  const auto opener = opened(token_in("account-link"));
  EXPECT_TRUE(links.view(opener)->activation) << "password and question anew";
  EXPECT_FALSE(signs_in(0, good_password)) << "whoever knew it";
  EXPECT_EQ(choose(opener, other_password), "question");
  EXPECT_EQ(ask_question(opener, "autre réponse"), "done");
  EXPECT_TRUE(signs_in(0, other_password));
  EXPECT_FALSE(answer_matches(*state, "E1", an_answer));
  EXPECT_EQ(block_account(*state, block).error().code, "reissue.link_unknown")
      << "an earlier notice is of an account that is no more";
  EXPECT_TRUE(signs_in(0, other_password));
  EXPECT_EQ(open_code(link, links.new_opener()), "reissue.link_expired");
  EXPECT_EQ(send_account_link(*state, "E9").error().code, "account.unknown_voter");
  clock.set(fixture_closes);
  EXPECT_EQ(send_account_link(*state, "E1").error().code, "account.closed");
}

// A colleague's link in the same browser: the form that stands open in another tab is of the first
// voter, the browser's cookie of the second.
TEST_F(AccountTest, AFormOfAnotherLinkSetsNobodysPassword) {
  const auto opener = opened(invited(0));
  auto& reference = references[opener];
  const auto first = reference;
  reference = "K7QD-2M4X";
  EXPECT_EQ(choose(opener, good_password), "account.other_link");
  reference = first;
  ASSERT_EQ(choose(opener, good_password), "question");
  reference = "K7QD-2M4X";
  EXPECT_EQ(ask_question(opener), "account.other_link");
  EXPECT_EQ(count_rows("account"), 0);
}

// The organiser's own accounts: whatever rested on what was there is over.
TEST_F(AccountTest, AccountsMadeByTheOrganiserLiftBlocksAndEndLinksAndSessions) {
  activate(0);
  const auto invitation = token_in("account-link", 1);
  ASSERT_TRUE(block_account(*state, token_in("account-notice")));
  ASSERT_TRUE(create_account(*state, {"E1", std::string(other_password), a_question, "Lyon"}));
  EXPECT_TRUE(signs_in(0, other_password));
  EXPECT_FALSE(block_account(*state, token_in("account-notice"))) << "a notice of the old account";
  const auto cookie = portal_session(1).token.text();
  ASSERT_TRUE(create_account(*state, {"E2", std::string(other_password), a_question, "Lyon"}));
  EXPECT_FALSE(Sessions(*state, limits).find(cookie, false));
  EXPECT_EQ(open_code(invitation, links.new_opener()), "reissue.link_expired")
      << "not a month's way to change her password";
}

// Requirement 54, between the judgement of a password and the session: 60 ms.
TEST_F(AccountTest, R54NoSessionOfAPasswordThatWasChangedMeanwhile) {
  activate(0);
  const auto judged = sign_in(*state, SignInPolicy{}, email(0), good_password, "192.0.2.9");
  ASSERT_TRUE(judged);
  Sessions sessions(*state, limits);
  EXPECT_TRUE(sessions.rotate(sessions.open().session, *judged));
  ask(email(0));
  ASSERT_EQ(choose(opened(token_in("account-link")), other_password), "done");
  EXPECT_FALSE(sessions.rotate(sessions.open().session, *judged));
  const auto again = sign_in(*state, SignInPolicy{}, email(0), other_password, "192.0.2.9");
  ASSERT_TRUE(block_account(*state, token_in("account-notice")));
  EXPECT_FALSE(sessions.rotate(sessions.open().session, *again));
}

TEST_F(AccountTest, NoMailPromisesALinkBeyondTheClose) {
  clock.set(fixture_closes - hour);
  work();
  const auto mails = inbox("account-link");
  ASSERT_EQ(mails.size(), 3u);
  EXPECT_NE(mails[0].body.find("expires_at=" + std::to_string(fixture_closes)), std::string::npos)
      << mails[0].body;
  clock.set(fixture_closes - minute);
  const auto opener = opened(token_in("account-link"));
  EXPECT_EQ(links.view(opener)->at, fixture_closes);
}

// A slow relay: who asks for a link must not wait for everybody's invitation.
TEST_F(AccountTest, InvitationsWaitWhileAsManyAreStillToLeave) {
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    for (std::size_t i = 0; i < limits::invitations_per_beat; ++i) {
      NewMessage mail{"E1", "account-link",    MessageChannel::email, email(0), "s",
                      "b",  clock.now() + hour};
      mail.proven = false;
      outbox_of(*state).queue(t, clock.now(), mail);
    }
    return {};
  }));
  work();
  EXPECT_EQ(count_rows("voter WHERE invited_at IS NOT NULL"), 0);
  transport.mail =
      Delivery::later;  // full mailboxes: what waits for another try is in nobody's way
  (void)inbox();
  work();
  EXPECT_EQ(count_rows("voter WHERE invited_at IS NOT NULL"), 3);
}

// Who was in the account may have asked for a voting code to a destination of his own.
TEST_F(ReissueFixture, R18LinksForACodeDieWithTheAccountTheyWereAskedForIn) {
  const AccountPolicy accounts;
  AccountLinks links(*state, accounts, SignInPolicy{}, texts);
  const auto change = [&](std::size_t voter) {
    clock.advance(minute);
    (void)links.ask(roll.voters[voter].email, here);
    links.work();
    const auto opener = links.new_opener();
    const auto view = links.open(token_in("account-link"), opener, "fr");
    ASSERT_TRUE(view);
    ASSERT_TRUE(links.choose_password(opener, view->reference, good_password, here));
  };
  ASSERT_EQ(ask_code(0, form(0)), "sent");
  const auto first = token_in("reissue-link");
  change(0);
  EXPECT_EQ(reissues().open(first, reissues().new_opener()).error().code, "reissue.link_expired");
  clock.advance(2 * minute);
  ASSERT_EQ(ask_code(0, form(0)), "sent");
  const auto second = token_in("reissue-link");
  ASSERT_TRUE(block_account(*state, token_in("account-notice")));
  EXPECT_EQ(reissues().open(second, reissues().new_opener()).error().code, "reissue.link_expired");
}

// An agent may send a link as often as callers need one; nobody but its owner sees it (R10).
TEST_F(AccountTest, R10TheAssistanceSendsALinkWhateverWasAskedBefore) {
  work();
  for (int i = 0; i < 4; ++i) ask(email(0));
  const auto before = inbox("account-link").size();
  ASSERT_TRUE(send_account_link(*state, "E1"));
  work();
  EXPECT_EQ(inbox("account-link").size(), before + 1);
}

TEST_F(AccountTest, PasswordsThatAreGuessedFirstAreRefused) {
  const auto opener = opened(invited());
  const std::map<std::string, std::string> refused = {
      {"Court-1", "account.password_short"},
      {"Éléphant-1", "account.password_short"},
      {"girafe-tuba-19-neige", "account.password_classes"},
      {"GIRAFE-TUBA-19-NEIGE", "account.password_classes"},
      {"Girafe-Tuba-Neige", "account.password_classes"},
      {"GirafeTuba19Neige", "account.password_classes"},
      {"Motdepasse2022!", "account.password_common"},
      {"M0tdep@sse2022!", "account.password_common"},
      {"Azertyuiop123!", "account.password_common"},
      {"Password-2026", "account.password_common"},
      {"Votante-E1-2026", "account.password_own"},
      {"Votante2022!!", "account.password_own"},
      {std::string(300, 'a') + "A1-", "account.password_long"}};
  for (const auto& [password, code] : refused)
    EXPECT_EQ(choose(opener, password), code) << password;
  EXPECT_EQ(choose(opener, good_password), "question");
}

// Two keyboards write é in two ways: it is one password.
TEST_F(AccountTest, APasswordWithAccentsIsTheSameOnEveryKeyboard) {
  const auto opener = opened(invited());
  ASSERT_EQ(choose(opener, "Girafe-Tuba-19-N\u00e9ige"), "question");
  ASSERT_EQ(ask_question(opener), "done");
  EXPECT_TRUE(signs_in(0, "Girafe-Tuba-19-Ne\u0301ige"));
}

TEST_F(AccountTest, QuestionsAndAnswersThatProtectNothingAreRefused) {
  const auto opener = opened(invited());
  ASSERT_EQ(choose(opener, good_password), "question");
  const auto refused = [&](const std::string& question, std::string_view answer) {
    return said(links.choose_question(opener, references[opener], question, answer, here));
  };
  EXPECT_EQ(refused("", "Lyon"), "account.question_empty");
  EXPECT_EQ(refused(std::string(201, 'a'), "Lyon"), "account.question_long");
  EXPECT_EQ(refused(a_question, "'- "), "account.answer_short");
  EXPECT_EQ(refused(a_question, "ab"), "account.answer_short");
  EXPECT_EQ(refused(a_question, std::string(2000, 'a')), "account.answer_long");
  EXPECT_EQ(refused("Ma ville est Lyon ?", "lyon"), "account.answer_in_question");
  EXPECT_EQ(count_rows("account"), 0);
}

TEST_F(AccountTest, R12R61NoSecretRemains) {
  const auto link = invited();
  const auto opener = opened(link);
  ASSERT_EQ(choose(opener, good_password), "question");
  ASSERT_EQ(ask_question(opener), "done");
  const auto block = token_in("account-notice");
  clock.advance(hour);
  outbox_of(*state).purge(clock.now());
  state->database().erase_traces();
  std::string everything;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (!file.path().filename().string().starts_with("isoloir.sqlite")) continue;
    std::ifstream stream(file.path(), std::ios::binary);
    std::stringstream content;
    content << stream.rdbuf();
    everything += content.str();
  }
  ASSERT_NE(everything.find("account activated"), std::string::npos) << "the scan reads";
  for (const std::string& secret : std::vector<std::string>{
           link, opener, block, std::string(good_password), std::string(an_answer)}) {
    EXPECT_EQ(everything.find(secret), std::string::npos) << secret;
    const auto raw = base64url_decode(secret);
    if (raw && raw->size() == 32) {
      EXPECT_EQ(everything.find(std::string(as_text(*raw))), std::string::npos);
    }
  }
}

// A kill between two beats: what was asked is answered by the next server.
TEST_F(AccountTest, WhatWasAskedOutlivesAKill) {
  work();
  const auto before = inbox("account-link").size();
  clock.advance(minute);
  (void)links.ask(email(0), here);
  reopen();
  auto after = service();
  after.work();
  EXPECT_EQ(inbox("account-link").size(), before + 1);
}

}  // namespace
}  // namespace isoloir
