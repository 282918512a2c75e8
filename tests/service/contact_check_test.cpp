// Whether voters are reached, before the vote; R.. are requirements of the reissue design.
#include "service/contact_check.hpp"

#include <fstream>
#include <sstream>

#include "base/limits.hpp"
#include "code_of.hpp"
#include "reissue/token.hpp"
#include "service/help_desk.hpp"
#include "service/journal.hpp"
#include "service/plain_texts.hpp"
#include "service/reissue_evidence.hpp"
#include "service/roll_correction.hpp"
#include "service/voting_fixture.hpp"

namespace isoloir {
namespace {

using Kind = ContactHeard::Kind;

struct ContactTest : VotingFixture {
  ContactTest() : VotingFixture(4, identifier_and_password()) { clock.set(policy.from); }

  std::vector<InboxMessage> inbox(MessageChannel channel) {
    outbox_of(*state).deliver(transport, state->now());
    auto all = read_inbox(*state);
    std::erase_if(all, [&](const InboxMessage& message) {
      return message.kind != "contact-check" || message.channel != channel;
    });
    return all;
  }
  std::size_t mails() { return inbox(MessageChannel::email).size(); }
  static constexpr std::string_view phone_of_first = "+33600000011";  // as it is sent to
  std::string email(std::size_t voter) const { return roll.voters[voter].email; }
  // Of the newest message to this destination.
  std::string token_at(std::string_view destination) {
    for (const auto channel : {MessageChannel::email, MessageChannel::sms}) {
      for (const auto& message : inbox(channel)) {
        if (message.destination != destination) continue;
        return message.body.substr(message.body.find('#') + 1, 43);
      }
    }
    ADD_FAILURE() << "no message to " << destination;
    return std::string(43, 'A');
  }
  std::string said(std::string_view token, ContactAnswer answer = ContactAnswer::confirmed) {
    constexpr const char* kinds[] = {"heard", "over", "moved", "unknown"};
    return kinds[static_cast<int>(check.hear(token, answer).kind)];
  }
  // By channel: confirmed, delivered, sent, waiting, failed, not mine, no destination.
  std::string counts(MessageChannel channel) {
    for (const auto& one : check.count()) {
      if (one.channel != channel) continue;
      const auto sum = one.confirmed + one.delivered + one.sent + one.waiting + one.failed +
                       one.not_mine + one.no_destination;
      EXPECT_EQ(sum, one.voters) << "each is counted once";
      std::string text;
      for (const auto number : {one.confirmed, one.delivered, one.sent, one.waiting, one.failed,
                                one.not_mine, one.no_destination}) {
        text += std::to_string(number);
      }
      return text;
    }
    return "";
  }
  std::string gaps() {
    std::string text;
    check.each_gap([&](const ContactGap& gap) {
      text += gap.voter + " " + std::string(name_of(gap.channel)) + " " + gap.state + " " +
              gap.reason + "\n";
    });
    return text;
  }
  void script(const std::string& sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  }
  void correct(const std::string& voter, const RollCells& cells) {
    ASSERT_EQ(code_of(correct_roll(*state, voter, cells, "", nullptr, false)), "good");
  }

  struct ByDestination final : Transport {
    SendOutcome send(const OutgoingMessage& message) override {
      const auto found = outcomes.find(message.destination);
      return found == outcomes.end() ? SendOutcome(Delivery::delivered) : found->second;
    }
    std::map<std::string, SendOutcome> outcomes;
  } transport;
  ContactPolicy policy{fixture_opens - 50 * minute, fixture_opens - 10 * minute, true, true};
  PlainTexts texts;
  ContactCheck check{*state, policy, &texts};
};

TEST_F(ContactTest, EverybodyIsAskedOnceByEachChannelInItsTime) {
  clock.set(policy.from - 1);
  check.work();
  EXPECT_EQ(count_rows("message"), 0);
  clock.set(policy.from);
  check.work();
  check.work();
  EXPECT_EQ(count_rows("message"), 8);
  EXPECT_EQ(count_rows("message WHERE proven = 1"), 0) << "R43: they hold nobody up";
  const auto mail = inbox(MessageChannel::email).at(0);
  EXPECT_NE(mail.body.find("link=http://localhost:8080/contact#"), std::string::npos) << "R44";
  EXPECT_NE(mail.body.find("en message.contact_body"), std::string::npos)
      << "nobody knows her language: both";
  const auto sms = inbox(MessageChannel::sms).at(0);
  EXPECT_NE(sms.body.find("fr message.contact_sms / en message.contact_sms, http"),
            std::string::npos)
      << sms.body;
  EXPECT_EQ(sms.destination.substr(0, 5), "+3360") << "in international form";
  EXPECT_EQ(counts(MessageChannel::sms), "0400000");
}

TEST_F(ContactTest, NobodyIsAskedOnceTheTimeIsOverOrTheVoteOpen) {
  clock.set(policy.until);
  check.work();
  EXPECT_EQ(count_rows("message"), 0);
  policy.until = fixture_opens + 5 * day_ms;  // the file was written for other hours
  clock.set(fixture_opens);
  check.work();
  EXPECT_EQ(count_rows("message"), 0);
  EXPECT_EQ(check.end(), fixture_opens);
}

// A late elector is on the roll from then on; who is on the roll of no contest is left alone.
TEST_F(ContactTest, WhoIsOnTheRollOfNoContestIsNotAsked) {
  script("DELETE FROM voter_contest WHERE voter = 'E3'");
  check.work();
  EXPECT_EQ(mails(), 3u);
  EXPECT_EQ(counts(MessageChannel::email), "0300000");
  script("INSERT INTO voter_contest (voter, contest, district) VALUES ('E3', 0, 0)");
  check.work();
  EXPECT_EQ(mails(), 4u);
}

TEST_F(ContactTest, PausedNothingLeavesUntilItGoesOn) {
  check.pause();
  check.pause();
  EXPECT_EQ(check.paused_since(), policy.from);
  check.work();
  EXPECT_EQ(count_rows("message"), 0);
  reopen();
  ContactCheck again(*state, policy, &texts);
  again.work();
  EXPECT_EQ(count_rows("message"), 0) << "after a restart too";
  again.resume();
  again.resume();
  EXPECT_FALSE(again.paused_since());
  again.work();
  EXPECT_EQ(count_rows("message"), 8);
}

// Beside a long queue of what others asked for, and never more than a part of the roll at a time.
TEST_F(ContactTest, TheQueueStaysShort) {
  script("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
         std::to_string(limits::invitations_per_beat) +
         ") INSERT INTO message (id, created_at, voter, kind, channel, status, status_at, "
         "expires_at, next_at, tries, cut_short, proven) SELECT CAST(i AS BLOB), 1, '', 'x', "
         "'email', 'queued', 1, " +
         std::to_string(fixture_closes) + ", 1, 0, 0, 0 FROM n");
  check.work();
  EXPECT_EQ(count_rows("message WHERE kind = 'contact-check' AND channel = 'email'"), 0);
  EXPECT_EQ(count_rows("message WHERE kind = 'contact-check' AND channel = 'sms'"), 4);
}

TEST_F(ContactTest, AnAnswerCountsOnceAndMayBeCorrected) {
  check.work();
  const auto token = token_at(email(0));
  const auto rows = count_rows("journal");
  const auto first = check.hear(token, ContactAnswer::confirmed);
  EXPECT_EQ(first.kind, Kind::heard);
  EXPECT_EQ(first.channel, MessageChannel::email);
  EXPECT_EQ(first.at, clock.now());
  clock.advance(minute);
  const auto again = check.hear(token, ContactAnswer::confirmed);
  EXPECT_EQ(again.kind, Kind::heard);
  EXPECT_EQ(again.at, first.at) << "another device, a reload: the same answer";
  EXPECT_EQ(count_rows("journal"), rows + 1);
  EXPECT_EQ(counts(MessageChannel::email), "1300000");
  EXPECT_EQ(counts(MessageChannel::sms), "0400000") << "each channel by itself";

  EXPECT_EQ(said(token, ContactAnswer::not_mine), "heard");
  EXPECT_EQ(counts(MessageChannel::email), "0300010");
  EXPECT_EQ(said(token), "heard") << "whoever has the mailbox corrects herself";
  EXPECT_EQ(counts(MessageChannel::email), "1300000");
  EXPECT_EQ(*check_journal(state->database()), std::nullopt);
}

TEST_F(ContactTest, R16WhatIsNoLinkOfItIsUnknownAndWritesNothing) {
  check.work();
  const auto token = reissue::Token::generate(random);
  for (const auto purpose : {reissue::TokenPurpose::link, reissue::TokenPurpose::account,
                             reissue::TokenPurpose::cancel}) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute("INSERT INTO contact_link (token_mac, voter, channel) VALUES ($1, 'E1', 'email')",
                {ByteView(token_mac(*state, purpose, token))});
      return {};
    }));
  }
  const auto rows = count_rows("journal");
  const auto mails_token = token_at(email(0));
  for (const auto& text : {token.text(), std::string(43, 'A'), mails_token.substr(1),
                           mails_token + "A", std::string("x"), std::string()}) {
    EXPECT_EQ(said(text), "unknown") << text;
  }
  EXPECT_EQ(count_rows("journal"), rows);
  EXPECT_EQ(counts(MessageChannel::email), "0400000");
}

TEST_F(ContactTest, AnotherAddressOnTheRollBeginsAnew) {
  check.work();
  const auto before = token_at(email(0)), phone = token_at(phone_of_first);
  ASSERT_EQ(said(before), "heard");
  ASSERT_EQ(said(phone), "heard");
  correct("E1", {{"courriel", "camille@autre.example"}});
  EXPECT_EQ(counts(MessageChannel::email), "0301000") << "what was said was of the one before";
  EXPECT_EQ(said(before), "moved");
  EXPECT_EQ(said(before, ContactAnswer::not_mine), "moved");
  check.work();
  EXPECT_EQ(counts(MessageChannel::email), "0301000");
  const auto after = token_at("camille@autre.example");
  EXPECT_EQ(said(before), "moved") << "the address before confirms nothing of the one after";
  EXPECT_EQ(counts(MessageChannel::email), "0400000");
  EXPECT_EQ(said(after), "heard");
  EXPECT_EQ(counts(MessageChannel::email), "1300000");
  EXPECT_EQ(counts(MessageChannel::sms), "1300000") << "the number is the same";
  correct("E1", {{"prenoms", "Camille"}});
  EXPECT_EQ(counts(MessageChannel::email), "1300000") << "and so is the address";
}

TEST_F(ContactTest, WhatHasNotLeftForTheAddressBeforeNeverDoes) {
  check.work();
  correct("E1", {{"courriel", "camille@autre.example"}});
  check.work();
  const auto sent = inbox(MessageChannel::email);
  EXPECT_EQ(sent.size(), 4u);
  for (const auto& mail : sent) EXPECT_NE(mail.destination, email(0));
}

TEST_F(ContactTest, SentAgainToWhoHasNotAnswered) {
  transport.outcomes.emplace(email(1), SendOutcome(Delivery::refused, Reason::unknown_recipient));
  check.work();
  const auto confirmed = token_at(email(0)), strangers = token_at(email(2)),
             older = token_at(email(3));
  ASSERT_EQ(said(confirmed), "heard");
  ASSERT_EQ(said(strangers, ContactAnswer::not_mine), "heard");
  EXPECT_EQ(counts(MessageChannel::email), "1100110");
  EXPECT_EQ(gaps().substr(0, gaps().find("E1 sms")),
            "E2 email failed unknown_recipient\nE3 email not_mine \nE4 email delivered \n");

  EXPECT_EQ(check.to_resend(MessageChannel::email, true), 1);
  EXPECT_EQ(check.to_resend(MessageChannel::email, false), 2);
  EXPECT_EQ(code_of(check.resend(MessageChannel::email, true)), "good");
  EXPECT_EQ(counts(MessageChannel::email), "1101010");
  EXPECT_EQ(check.to_resend(MessageChannel::email, false), 1) << "E2's is on its way";
  transport.outcomes.clear();
  check.work();
  EXPECT_EQ(check.to_resend(MessageChannel::email, false), 1);
  EXPECT_EQ(said(token_at(email(1))), "heard");

  EXPECT_EQ(*check.resend(MessageChannel::email, false), 1);
  clock.advance(minute);
  check.work();
  const auto newer = token_at(email(3));
  EXPECT_NE(newer, older);
  EXPECT_EQ(said(older), "heard") << "the older link proves that the channel works";
  EXPECT_EQ(*check.resend(MessageChannel::email, false), 0);
  EXPECT_EQ(counts(MessageChannel::email), "3000010");
  EXPECT_EQ(counts(MessageChannel::sms), "0400000") << "the other channel is left alone";
}

TEST_F(ContactTest, WhoAnswersBeforeItIsSentAgainGetsNoSecond) {
  check.work();
  const auto token = token_at(email(0));
  ASSERT_EQ(*check.resend(MessageChannel::email, false), 4);
  ASSERT_EQ(said(token), "heard");
  check.work();
  EXPECT_EQ(mails(), 7u);
  EXPECT_EQ(counts(MessageChannel::email), "1300000");
}

TEST_F(ContactTest, NothingIsSentAgainOutsideItsTime) {
  clock.set(policy.from - 1);
  EXPECT_EQ(code_of(check.resend(MessageChannel::email, false)), "contact.hours");
  clock.set(policy.until);
  EXPECT_EQ(code_of(check.resend(MessageChannel::email, false)), "contact.hours");
}

TEST_F(ContactTest, OverEveryLinkSaysSoAndIsWipedWhatWasSaidStays) {
  check.work();
  const auto token = token_at(email(0)), other = token_at(email(1));
  ASSERT_EQ(said(token), "heard");
  clock.set(policy.until - 1);
  check.work();
  EXPECT_EQ(said(token), "heard");
  clock.set(policy.until);
  const auto late = check.hear(other, ContactAnswer::confirmed);
  EXPECT_EQ(late.kind, Kind::over);
  EXPECT_EQ(late.at, policy.until);
  EXPECT_EQ(said(token), "over");
  EXPECT_EQ(said("no link at all"), "over") << "true whoever asks";
  check.work();
  EXPECT_EQ(count_rows("contact_link"), 8) << "the end may be put off";
  clock.advance(day_ms);
  check.work();
  EXPECT_EQ(count_rows("contact_link"), 0);
  EXPECT_EQ(said(other), "over");
  EXPECT_EQ(counts(MessageChannel::email), "1300000");
}

TEST_F(ContactTest, WhoHasNoNumberIsTold) {
  script("UPDATE voter SET phone = '' WHERE id = 'E2'");
  script("UPDATE voter SET email = '' WHERE id = 'E4'");
  check.work();
  (void)mails();
  EXPECT_EQ(counts(MessageChannel::email), "0300001");
  EXPECT_EQ(counts(MessageChannel::sms), "0300001");
  EXPECT_NE(gaps().find("E4 email no_destination \n"), std::string::npos) << gaps();
  EXPECT_NE(gaps().find("E2 sms no_destination \n"), std::string::npos) << gaps();
  EXPECT_EQ(check.to_resend(MessageChannel::sms, false), 3);
  correct("E2", {{"telephone", "06 12 34 56 78"}});
  check.work();
  EXPECT_EQ(said(token_at("+33612345678")), "heard");
}

TEST_F(ContactTest, WithoutAChannelNothingLeavesAndAnswersAreHeard) {
  check.work();
  const auto token = token_at(email(0));
  ASSERT_EQ(*check.resend(MessageChannel::email, false), 4);
  ContactCheck silent(*state, policy, nullptr);
  silent.work();
  EXPECT_EQ(mails(), 4u);
  EXPECT_EQ(silent.hear(token, ContactAnswer::confirmed).kind, Kind::heard);
  EXPECT_TRUE(silent.check_texts());
}

// Requirement 45.
TEST_F(ContactTest, R45OneTextMessageInBothLanguagesWhereTheyFit) {
  struct Words final : TextSource {
    std::string text(std::string_view, std::string_view language, const Json&) const override {
      return std::string(language == "fr" ? french : 20, language == "fr" ? 'f' : 'e');
    }
    std::size_t french = 70;
  } words;
  ContactCheck worded(*state, policy, &words);
  EXPECT_TRUE(worded.check_texts());
  worded.work();
  EXPECT_TRUE(inbox(MessageChannel::sms)[0].body.starts_with(std::string(70, 'f') + ", http"))
      << "no room for both";
  words.french = 120;
  EXPECT_EQ(code_of(worded.check_texts()), "message.too_long");
}

TEST_F(ContactTest, R12R46R61ADumpHoldsNoTokenAndNoAddressOfIt) {
  check.work();
  const auto token = token_at(email(0)), phone = token_at(phone_of_first);
  ASSERT_EQ(said(token), "heard");
  ASSERT_EQ(said(phone, ContactAnswer::not_mine), "heard");
  std::string dump;
  for (const char* name : {"isoloir.sqlite", "isoloir.sqlite-wal"}) {
    std::ostringstream bytes;
    bytes << std::ifstream(folder / name, std::ios::binary).rdbuf();
    dump += bytes.str();
  }
  EXPECT_GT(dump.size(), 100'000u);
  for (const auto& one : {token, phone}) {
    EXPECT_EQ(dump.find(one), std::string::npos);
    const auto raw = *base64url_decode(one);
    EXPECT_EQ(dump.find(std::string(raw.begin(), raw.end())), std::string::npos);
  }
  const auto rows = *state->database().read([](store::Transaction& t) -> Expected<std::string> {
    std::string text;
    for (const auto& row : t.query("SELECT row FROM journal")) text += row.text(0) + "\n";
    for (const auto& row : t.query(
             "SELECT voter || ' ' || channel || ' ' || COALESCE(answer, '') FROM contact UNION ALL "
             "SELECT voter || ' ' || channel FROM contact_link")) {
      text += row.text(0) + "\n";
    }
    return text;
  });
  EXPECT_NE(rows.find(R"("step":"contact confirmed")"), std::string::npos) << rows;
  EXPECT_NE(rows.find(R"("step":"contact not hers")"), std::string::npos);
  for (const char* hers : {"@", "+33", "00000011"}) {
    EXPECT_EQ(rows.find(hers), std::string::npos) << hers;
  }
}

TEST_F(ContactTest, TheHelpDeskSeesEachChannel) {
  check.work();
  ASSERT_EQ(said(token_at(email(0))), "heard");
  const auto desk = desk_of(*state, {}, {5, 0}, "E1");
  ASSERT_TRUE(desk);
  ASSERT_EQ(desk->contacts.size(), 2u);
  EXPECT_EQ(desk->contacts[0].channel, MessageChannel::email);
  EXPECT_EQ(desk->contacts[0].answer, ContactAnswer::confirmed);
  EXPECT_EQ(desk->contacts[1].answer, std::nullopt);
  EXPECT_TRUE(desk->contacts[1].destination);
}

}  // namespace
}  // namespace isoloir
