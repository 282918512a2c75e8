// The code that validates a vote, and the message that confirms the sign-off (L16, L18; R176-3-9).
// Requirement numbers are those of the reissue design.
#include "service/confirmation.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/files.hpp"
#include "service/help_desk.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

struct ConfirmationTest : ReissueFixture {
  ConfirmationTest() {
    confirming.digits = 8;  // so that no other number in a dump looks like one
    clock.set(fixture_opens + hour + 12'345);
  }
  Confirmations confirmations() { return {*state, confirming, texts}; }

  std::string ask(const Session& session, std::uint32_t contest = 0, bool another = false) {
    const auto sent = confirmations().ask(session, contest, another, "fr");
    if (!sent) return sent.error().code;
    using Kind = ConfirmationSent::Kind;
    return sent->kind == Kind::no_address ? "no address"
           : sent->kind == Kind::wait     ? "wait"
           : sent->fresh                  ? "sent"
                                          : "good already";
  }
  // The newest to that voter; PlainTexts puts the values behind the id.
  std::string code_of(std::size_t voter, const std::string& contest = "National") {
    for (const auto& message : inbox()) {
      if (message.kind != "confirmation-code" || message.destination != roll.voters[voter].email ||
          message.body.find("contest=" + contest) == std::string::npos) {
        continue;
      }
      return message.body.substr(message.body.find("code=") + 5, confirming.digits);
    }
    ADD_FAILURE() << "no code came";
    return {};
  }
  std::string wrong(std::string code) {
    code[0] = code[0] == '9' ? '0' : static_cast<char>(code[0] + 1);
    return code;
  }
  std::string cast_with(const Session& session, ByteView bytes, const std::string& code) {
    auto service = confirmations();
    const GivenConfirmation given{service, code, "fr"};
    const auto tracker = cast_ballot(*state, session, bytes, &given);
    return tracker ? "recorded" : tracker.error().code;
  }
  std::size_t count_messages(std::string_view kind) {
    const auto all = inbox();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const auto& message) { return message.kind == kind; }));
  }
  void set_address(std::size_t voter, std::string_view email, std::string_view phone) {
    (void)state->database().write([&](store::Transaction& t) -> Status {
      t.execute("UPDATE voter SET email = $2, phone = $3 WHERE id = $1",
                {roll.voters[voter].id, email, phone});
      return {};
    });
  }

  ConfirmationPolicy confirming;
};

TEST_F(ConfirmationTest, L16NoVoteIsTakenWithoutTheCodeAndItServesOnce) {
  const auto session = in_space(0);
  const auto bytes = ballot(0, 0, 1);
  EXPECT_EQ(cast_with(session, bytes, ""), "confirmation.missing");
  EXPECT_EQ(cast_with(session, bytes, "12345678"), "confirmation.none");
  EXPECT_EQ(ask(session), "sent");
  const auto code = code_of(0);
  EXPECT_EQ(cast_with(session, bytes, code.substr(1)), "confirmation.missing");
  EXPECT_EQ(cast_with(session, bytes, wrong(code)), "confirmation.wrong");
  EXPECT_EQ(count_rows("ballot"), 0);
  EXPECT_EQ(count_rows("sign_off"), 0);
  EXPECT_EQ(cast_with(session, bytes, code), "recorded");
  EXPECT_EQ(count_rows("confirmation"), 0) << "used up with the cast";
  // The answer was lost: the same bytes, whatever comes with them.
  EXPECT_EQ(cast_with(session, bytes, code), "recorded");
  EXPECT_EQ(cast_with(session, bytes, ""), "recorded");
  EXPECT_EQ(cast_with(session, ballot(0, 0, 2), code), "ballot.already_voted");
  EXPECT_EQ(ask(session), "ballot.already_voted");
  EXPECT_EQ(count_rows("ballot"), 1);
}

TEST_F(ConfirmationTest, ACodeIsOfItsVoterAndContestAndOfNoBallot) {
  const auto first = in_space(0);
  const auto second = in_space(1);
  EXPECT_EQ(ask(first, 0), "sent");
  EXPECT_EQ(ask(first, 1), "sent");
  EXPECT_EQ(ask(second, 0), "sent");
  const auto national = code_of(0);
  const auto academy = code_of(0, "Académie");
  EXPECT_EQ(cast_with(second, ballot(1, 0, 0), national), "confirmation.wrong") << "a stranger's";
  EXPECT_EQ(cast_with(first, ballot(0, 0, 0), academy), "confirmation.wrong");
  // She has changed her mind, or votes in another tab: another ballot, the same code.
  EXPECT_EQ(cast_with(first, ballot(0, 0, 2), national), "recorded");
  EXPECT_EQ(cast_with(first, ballot(0, 1, 0), academy), "recorded");
}

TEST_F(ConfirmationTest, AReloadOrAnotherTabIsSentNoSecondCodeAndAResendLeavesTheFirstGood) {
  EXPECT_EQ(ask(in_space(0)), "sent");
  const auto code = code_of(0);
  const auto session = in_space(0);  // signed in again
  EXPECT_EQ(ask(session), "good already");
  EXPECT_EQ(ask(session, 0, true), "good already") << "the wait is not over";
  EXPECT_EQ(count_messages("confirmation-code"), 1u);
  clock.advance(2 * minute);
  EXPECT_EQ(ask(session), "good already");
  EXPECT_EQ(ask(session, 0, true), "sent");
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), code), "recorded") << "its mail came late";
  EXPECT_EQ(count_rows("confirmation"), 0) << "the newer one is of no use any more";
}

// However many codes are alive, each is guessed at as often as policy says.
TEST_F(ConfirmationTest, ATryCountsAgainstEveryCodeThatIsAlive) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  const auto first = code_of(0);
  const auto other = [&](int i) {
    return fmt::format("{:08}", (std::stol(first) + i) % 100'000'000);
  };
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(cast_with(session, ballot(0, 0, 0), other(i)), "confirmation.wrong");
  }
  clock.advance(2 * minute);
  EXPECT_EQ(ask(session, 0, true), "sent");
  EXPECT_EQ(confirmations().left(roll.voters[0].id, 0).tries, confirming.tries);
  for (int i = 4; i <= 5; ++i) {
    EXPECT_EQ(cast_with(session, ballot(0, 0, 0), other(i)), "confirmation.wrong");
  }
  EXPECT_EQ(confirmations().left(roll.voters[0].id, 0).tries, confirming.tries - 2);
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), first), "confirmation.older")
      << "it has had its tries, and the second one has not";
}

// Whoever has her password and not her mail guesses at a code in the contest that it is of, or
// nowhere: no other contest says what it is, nor gives tries of its own.
TEST_F(ConfirmationTest, ACodeCannotBeGuessedThroughAnotherContest) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session, 1), "sent");
  const auto academy = code_of(0, "Académie");
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), academy), "confirmation.none");
  EXPECT_EQ(ask(session, 0), "sent");
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), academy), "confirmation.wrong");
  EXPECT_EQ(confirmations().left(roll.voters[0].id, 0).tries, confirming.tries - 1);
}

// An answer is lost and the browser sends the same again: it was one try.
TEST_F(ConfirmationTest, TheSameWrongCodeIsOneTry) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  const auto code = code_of(0);
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(cast_with(session, ballot(0, 0, 0), wrong(code)), "confirmation.wrong");
  }
  EXPECT_EQ(confirmations().left(roll.voters[0].id, 0).tries, confirming.tries - 1);
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), code), "recorded");
}

// Whoever had her password may have used up codes and waits; with new keys she starts anew.
TEST_F(ConfirmationTest, NewKeysBeginTheCountAnew) {
  confirming.resend = {1, 1, 1};
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  EXPECT_EQ(ask(in_space(1)), "sent");
  clock.advance(3 * hour);
  EXPECT_EQ(ask(in_space(0)), "wait");
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    forget_confirmations(*state, t, roll.voters[0].id);
    return {};
  }));
  EXPECT_EQ(ask(in_space(0)), "sent");
  EXPECT_EQ(ask(in_space(1)), "wait") << "hers alone";
}

// Nothing can be validated after the grace, and no message says otherwise.
TEST_F(ConfirmationTest, NoCodeOutlivesTheGrace) {
  clock.set(fixture_closes - 10 * minute);
  const auto sent = confirmations().ask(in_space(0), 0, false, "fr");
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->expires_at, fixture_closes + 30 * minute);
  EXPECT_THAT(inbox().at(0).body, testing::HasSubstr("minutes=40"));
}

// 24: the counter is raised first, and kept although nothing was recorded.
TEST_F(ConfirmationTest, TooManyTriesWantAnotherCodeAndLockNobodyOut) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  const auto code = code_of(0);
  const auto bytes = ballot(0, 0, 0);
  const auto other = [&](std::uint32_t i) {
    return fmt::format("{:08}", (std::stoul(code) + i) % 100'000'000);
  };
  for (std::uint32_t i = 1; i < confirming.tries; ++i) {
    EXPECT_EQ(cast_with(session, bytes, other(i)), "confirmation.wrong");
    EXPECT_EQ(confirmations().left(roll.voters[0].id, 0).tries, confirming.tries - i);
    if (i == 2) reopen();  // killed: the tries are still counted
  }
  EXPECT_EQ(cast_with(session, bytes, other(confirming.tries)), "confirmation.spent");
  EXPECT_EQ(cast_with(session, bytes, code), "confirmation.spent") << "the right one, too late";
  EXPECT_EQ(ask(session), "wait");
  const auto at = confirmations().left(roll.voters[0].id, 0).another_at;
  EXPECT_LE(at, clock.now() + 2 * minute);
  clock.set(at);
  EXPECT_EQ(ask(session), "sent");
  EXPECT_EQ(cast_with(session, bytes, code_of(0)), "recorded");
}

// 23: asking again gives no more tries in a day than policy allows codes.
TEST_F(ConfirmationTest, ResendsAreThrottledByMinuteHourAndDay) {
  limits = {20 * hour, 40 * hour};
  const auto session = in_space(0);
  confirming.resend = {1, 3, 4};
  std::vector<TimeMs> sent;
  const TimeMs start = clock.now();
  while (clock.now() < start + 10 * hour) {
    if (ask(session, 0, true) == "sent") sent.push_back(clock.now());
    clock.advance(30'000);
  }
  ASSERT_EQ(sent.size(), 4u) << "a day";
  EXPECT_GE(sent[1] - sent[0], minute);
  EXPECT_GE(sent[3] - sent[0], hour);
  EXPECT_EQ(ask(in_space(1)), "sent") << "nobody else waits";
}

TEST_F(ConfirmationTest, ExpiryHoldsAndAClockSetBackRevivesNothing) {
  const auto session = in_space(0);
  const auto asked = confirmations().ask(session, 0, false, "fr");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->expires_at, whole_minute(clock.now()) + confirming.life_ms);
  const auto code = code_of(0);
  const auto bytes = ballot(0, 0, 0);
  const TimeMs before = clock.now();
  clock.set(asked->expires_at);
  confirmations().sweep();
  clock.set(before);
  reopen();
  EXPECT_EQ(cast_with(session, bytes, code), "confirmation.expired") << "21";
  clock.set(asked->expires_at);
  EXPECT_EQ(cast_with(session, bytes, code), "confirmation.expired");
  clock.set(asked->expires_at + minute);
  EXPECT_EQ(ask(session), "sent");
  EXPECT_EQ(cast_with(session, bytes, code), "confirmation.older")
      << "over, while the newer one is good: not wrong";
  EXPECT_EQ(cast_with(session, bytes, code_of(0)), "recorded");
  clock.advance(25 * hour);
  confirmations().sweep();
  EXPECT_EQ(count_rows("confirmation"), 0);
}

TEST_F(ConfirmationTest, WhenNobodyMayCastNoCodeIsSent) {
  EXPECT_EQ(ask(portal_session(0).session), "ballot.key");
  const auto session = in_space(0);
  set_phase(0, "suspended");
  EXPECT_EQ(ask(session), "voting.suspended");
  set_phase(0, "frozen");
  EXPECT_EQ(ask(session), "voting.closed");
  (void)state->database().write([&](store::Transaction& t) -> Status {
    t.execute("DELETE FROM voter_contest WHERE voter = $1 AND contest = 1", {roll.voters[0].id});
    return {};
  });
  EXPECT_EQ(ask(session, 1), "ballot.not_registered");
  EXPECT_EQ(count_rows("message"), 0);
}

TEST_F(ConfirmationTest, WhoHasNoAddressGetsATextMessageAndWhoHasNeitherIsToldSo) {
  set_address(0, "", "+33 6 12 34 56 78");
  set_address(1, "", "no number");
  const auto session = in_space(0);
  const auto sent = confirmations().ask(session, 0, false, "en");
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->channel, MessageChannel::sms);
  EXPECT_EQ(sent->destination, "••• 78");
  const auto message = inbox().at(0);
  EXPECT_EQ(message.destination, "+33612345678");
  EXPECT_TRUE(message.body.starts_with("en message.confirmation_sms"));
  EXPECT_EQ(ask(in_space(1)), "no address");
  const auto code = message.body.substr(message.body.find("code=") + 5, confirming.digits);
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), code), "recorded");
  clock.advance(minute);
  EXPECT_TRUE(inbox().at(0).body.starts_with("fr message.sign_off_sms") ||
              inbox().at(1).body.starts_with("fr message.sign_off_sms"));
}

// A carrier that answers mails as it is told, and takes every text message.
struct MailsAnsweredBy final : Transport {
  explicit MailsAnsweredBy(SendOutcome outcome) : of_mail(std::move(outcome)) {}
  SendOutcome send(const OutgoingMessage& message) override {
    return message.channel == MessageChannel::email ? of_mail : SendOutcome(Delivery::accepted);
  }
  SendOutcome of_mail;
};

struct ElsewhereTest : ConfirmationTest {
  ElsewhereTest() {
    confirming.other_channel = true;
    set_address(0, "camille@example.org", "+33 6 12 34 56 78");
  }
  void deliver(SendOutcome of_mail) {
    MailsAnsweredBy transport(std::move(of_mail));
    outbox_of(*state).deliver(transport, state->now());
  }
  std::vector<std::string> channels() {
    std::vector<std::string> all;
    (void)state->database().read([&](store::Transaction& t) -> Status {
      for (const auto& row : t.query("SELECT channel FROM message WHERE kind = 'confirmation-code' "
                                     "ORDER BY created_at, channel")) {
        all.push_back(row.text(0));
      }
      return {};
    });
    return all;
  }
  // As the beat does, minute by minute.
  void beats(int minutes) {
    for (int i = 0; i < minutes; ++i) {
      clock.advance(minute);
      confirmations().send_elsewhere();
    }
  }
  ConfirmationSent news(const Session& session) { return *confirmations().news(session, 0); }
  const std::vector<std::string> mail_alone{"email"}, mail_then_sms{"email", "sms"};
};

TEST_F(ElsewhereTest, ACodeWhoseMailIsRefusedIsFollowedByATextMessage) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  deliver({Delivery::refused, Reason::unknown_recipient, "relay"});
  EXPECT_TRUE(news(session).moves);
  EXPECT_EQ(news(session).message->reason, "unknown_recipient");
  beats(3);
  EXPECT_EQ(channels(), mail_then_sms) << "once";
  const auto told = news(session);
  EXPECT_TRUE(told.elsewhere);
  EXPECT_FALSE(told.moves);
  EXPECT_EQ(told.destination, "••• 78");
  EXPECT_EQ(told.first_destination, "c•••@e•••.org");
  InboxTransport phone;
  outbox_of(*state).deliver(phone, state->now());
  const auto message = read_inbox(*state).at(0);
  EXPECT_EQ(message.channel, MessageChannel::sms);
  // She asks for another: by the way that works.
  beats(2);
  EXPECT_EQ(ask(session, 0, true), "sent");
  EXPECT_EQ(channels().back(), "sms");
  const auto code = message.body.substr(message.body.find("code=") + 5, confirming.digits);
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), code), "recorded") << "any of them is good";
}

TEST_F(ElsewhereTest, AMailThatDoesNotLeaveIsFollowedAfterThreeMinutes) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  deliver({Delivery::later, Reason::greylisted, "relay"});
  beats(2);
  EXPECT_EQ(channels(), mail_alone);
  beats(1);
  EXPECT_EQ(channels(), mail_then_sms);
}

TEST_F(ElsewhereTest, WhatLeftAndIsNotHeardOfIsNotFollowed) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  deliver(Delivery::accepted);
  beats(30);
  EXPECT_EQ(channels(), mail_alone);
  EXPECT_FALSE(news(session).moves);
}

TEST_F(ElsewhereTest, ATextMessageWithoutReportIsNotFollowedByAMailThatIsNotOnFile) {
  set_address(0, "", "+33 6 12 34 56 78");
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  deliver(Delivery::accepted);
  (void)state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE message SET reason = 'no_report'", {});
    return {};
  });
  beats(3);
  EXPECT_EQ(channels(), std::vector<std::string>{"sms"});
  EXPECT_FALSE(news(session).moves);
  EXPECT_EQ(news(session).message->reason, "no_report");
}

TEST_F(ElsewhereTest, NothingFollowsWherePolicyDoesNotSayOrTheLimitIsReachedOrSheHasVoted) {
  const auto session = in_space(0);
  confirming.other_channel = false;
  EXPECT_EQ(ask(session), "sent");
  deliver({Delivery::refused, Reason::full, "relay"});
  beats(3);
  EXPECT_EQ(channels(), mail_alone) << "policy";
  confirming.other_channel = true;
  confirming.resend = {1, 1, 10};
  EXPECT_FALSE(news(session).moves) << "said only where it is near";
  beats(3);
  EXPECT_EQ(channels(), mail_alone) << "the limit";
  const auto code = [&] {
    MailsAnsweredBy nobody(Delivery::delivered);
    set_address(1, "claude@example.org", "+33 6 12 34 56 79");
    EXPECT_EQ(ask(in_space(1)), "sent");
    outbox_of(*state).deliver(nobody, state->now());
    const auto body = read_inbox(*state).at(0).body;
    return body.substr(body.find("code=") + 5, confirming.digits);
  }();
  confirming.resend = {1, 5, 10};
  EXPECT_EQ(cast_with(in_space(1), ballot(1, 0, 0), code), "recorded");
  (void)state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE message SET status = 'failed' WHERE voter = $1", {roll.voters[1].id});
    return {};
  });
  beats(3);
  const auto all = channels();
  EXPECT_EQ(std::count(all.begin(), all.end(), "sms"), 1) << "hers alone, who has not voted";
}

TEST_F(ElsewhereTest, NewsSendsNothing) {
  const auto session = in_space(0);
  EXPECT_EQ(news(session).kind, ConfirmationSent::Kind::wait);
  EXPECT_EQ(count_rows("message"), 0);
  EXPECT_EQ(ask(session), "sent");
  EXPECT_EQ(news(session).kind, ConfirmationSent::Kind::sent);
  clock.advance(2 * hour);
  EXPECT_EQ(news(in_space(0)).kind, ConfirmationSent::Kind::wait) << "past its time";
  EXPECT_EQ(count_rows("message"), 1);
}

TEST(ConfirmationMask, TheOwnerKnowsItNobodyElseCanWriteToIt) {
  EXPECT_EQ(masked_email("camille.electrice@example.org"), "c•••@e•••.org");
  EXPECT_EQ(masked_email("x@sub.example.co.uk"), "x•••@s•••.uk");
  EXPECT_EQ(masked_email("élodie@example.org"), "é•••@e•••.org");
  EXPECT_EQ(masked_phone("+12025550101"), "••• 01");
}

TEST_F(ConfirmationTest, L18TheSignOffIsConfirmedOnceAndSaysNeitherChoiceNorTracker) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  const auto bytes = ballot(0, 0, 1);
  const auto code = code_of(0);
  EXPECT_EQ(cast_with(session, bytes, code), "recorded");
  EXPECT_EQ(cast_with(session, bytes, code), "recorded");
  const TimeMs voted_at = whole_minute(clock.now());
  EXPECT_EQ(count_messages("sign-off-notice"), 0u) << "a relay would see the second";
  clock.set(voted_at + minute);
  EXPECT_EQ(count_messages("sign-off-notice"), 1u);
  for (const auto& message : inbox()) {
    if (message.kind != "sign-off-notice") continue;
    EXPECT_EQ(message.destination, roll.voters[0].email);
    EXPECT_EQ(message.body,
              "fr message.sign_off_body contest=National voted_at=" + std::to_string(voted_at));
  }
  confirming.sign_off_mail = false;
  const auto other = in_space(1);
  EXPECT_EQ(ask(other), "sent");
  EXPECT_EQ(cast_with(other, ballot(1, 0, 1), code_of(1)), "recorded");
  clock.advance(minute);
  EXPECT_EQ(count_messages("sign-off-notice"), 1u) << "policy wants none";
}

// Whoever helps her must not learn that she has voted.
TEST_F(ConfirmationTest, TheHelpDeskSeesTheCodeAndNotTheSignOff) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), code_of(0)), "recorded");
  clock.advance(minute);
  EXPECT_EQ(count_messages("sign-off-notice"), 1u);
  const auto desk = desk_of(*state, {&policy, nullptr}, {}, roll.voters[0].id);
  ASSERT_TRUE(desk);
  ASSERT_EQ(desk->messages.size(), 1u);
  EXPECT_EQ(desk->messages[0].kind, "confirmation-code");
  EXPECT_EQ(desk->messages[0].status, "delivered");
}

// 12, 61: neither the database nor its log nor the journal shows a code, with the pepper kept
// apart.
TEST_F(ConfirmationTest, ADumpYieldsNoCode) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  const auto code = code_of(0);
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), wrong(code)), "confirmation.wrong");
  std::string dump;
  for (const char* name : {"isoloir.sqlite", "isoloir.sqlite-wal"}) {
    if (std::filesystem::exists(folder / name)) dump += *read_file(folder / name);
  }
  ASSERT_NE(dump.find(roll.voters[0].email), std::string::npos) << "the test reads the dump";
  EXPECT_EQ(dump.find(code), std::string::npos);
  EXPECT_EQ(dump.find(wrong(code)), std::string::npos);
}

// Section 12 of the protocol: beside the minute of the sign-off nothing about a voter's vote is
// told.
TEST_F(ConfirmationTest, NoTimeIsFinerThanTheMinute) {
  const auto session = in_space(0);
  EXPECT_EQ(ask(session), "sent");
  const auto code = code_of(0);
  clock.advance(7'777);
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), wrong(code)), "confirmation.wrong");
  EXPECT_EQ(cast_with(session, ballot(0, 0, 0), code), "recorded");
  EXPECT_EQ(ask(session, 1), "sent");
  clock.advance(minute + 3'333);
  EXPECT_EQ(inbox().size(), 3u);
  (void)state->database().read([&](store::Transaction& t) -> Status {
    for (const char* column :
         {"created_at FROM message", "status_at FROM message", "next_at FROM message",
          "expires_at FROM message", "at FROM attempt", "expires_at FROM confirmation",
          "at FROM journal WHERE row LIKE '%confirmation%'", "at FROM sign_off"}) {
      const auto rows = t.query(std::string("SELECT ") + column);
      EXPECT_FALSE(rows.empty()) << column;
      for (const auto& row : rows) EXPECT_EQ(row.integer(0) % minute, 0) << column;
    }
    return {};
  });
}

}  // namespace
}  // namespace isoloir
