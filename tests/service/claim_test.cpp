// Claims: until when they are made, how they are followed and answered.
#include "service/claim.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

struct ClaimTest : ReissueFixture {
  ClaimTest() {
    const TimeMs now = clock.now();
    portal.claims = ClaimsPolicy{"claims@portal.example", now + hour_ms, now + 2 * hour_ms};
  }
  Claims claims() { return {*state, portal, texts}; }
  static HelpForm form(const std::string& topic = "not_on_roll") {
    return {
        topic, "Camille V.", "Camille@Example.org", "", "Bonjour,\r\nje ne suis pas sur la liste.",
        "0"};
  }
  std::string send(const HelpForm& typed, const std::string& voter = "") {
    ++sent_;
    auto all = claims();
    EXPECT_TRUE(all.judge(typed).by_field.empty());
    const auto sent = all.requests().send(
        {{}, std::to_string(sent_), "203.0." + std::to_string(sent_) + ".1", "fr", voter}, typed);
    EXPECT_TRUE(sent);
    return sent ? sent->reference : "";
  }
  std::string fault(const HelpForm& typed, const std::string& field) {
    const auto faults = claims().judge(typed).by_field;
    const auto found = faults.find(field);
    return found == faults.end() ? "" : found->second;
  }
  std::optional<StoredClaim> find(const std::string& reference, const std::string& email,
                                  const std::string& address = "192.0.2.1") {
    TimeMs wait = 0;
    auto found = claims().find(reference, email, address, wait);
    waits = wait > 0;
    return found;
  }
  Status answer(const std::string& reference, std::string_view text,
                ClaimDecision decision = ClaimDecision::granted) {
    return answer_claim(*state, *portal.claims, texts, reference, decision, text);
  }
  std::vector<InboxMessage> of_kind(std::string_view kind) {
    auto messages = inbox();
    std::erase_if(messages, [&](const auto& message) { return message.kind != kind; });
    return messages;
  }

  Portal portal = *Portal::parse(fixture_portal, "fixture.toml");
  bool waits = false;
  int sent_ = 0;
};

TEST_F(ClaimTest, MailedToWhoDecidesAndAcknowledged) {
  const auto reference = send(form(), "E1");
  const auto to_desk = of_kind("claim");
  ASSERT_EQ(to_desk.size(), 1u);
  EXPECT_EQ(to_desk[0].destination, "claims@portal.example");
  EXPECT_EQ(to_desk[0].reply_to, "Camille@example.org");
  for (const std::string& text :
       {reference, std::string("claim.topic_not_on_roll"), std::string("Camille V."),
        state->manifest().contests[0].name.fr, std::string("E1"),
        std::string("Bonjour,\nje ne suis pas sur la liste.")}) {
    EXPECT_NE(to_desk[0].body.find(text), std::string::npos) << text << " in " << to_desk[0].body;
  }
  const auto acknowledgement = of_kind("claim-ack");
  ASSERT_EQ(acknowledgement.size(), 1u);
  EXPECT_EQ(acknowledgement[0].destination, "Camille@example.org");
  EXPECT_NE(acknowledgement[0].body.find(reference), std::string::npos);
  EXPECT_EQ(acknowledgement[0].body.find("liste."), std::string::npos) << "nothing that was typed";
  EXPECT_TRUE(of_kind("help-request").empty());
  EXPECT_TRUE(help_requests(*state, "help").empty()) << "no business of the help desk";
  EXPECT_FALSE(read_help_request(*state, "help", reference));
}

TEST_F(ClaimTest, EachKindHasItsDeadline) {
  EXPECT_EQ(claims().topics().size(), 4u);
  clock.advance(hour_ms - 1);
  EXPECT_EQ(fault(form(), "topic"), "");
  clock.advance(1);
  EXPECT_EQ(claims().topics(), std::vector{HelpTopic::candidacy});
  EXPECT_EQ(fault(form(), "topic"), "claim.error_late");
  EXPECT_EQ(fault(form("candidacy"), "topic"), "");
  clock.advance(hour_ms);
  EXPECT_TRUE(claims().topics().empty());
  EXPECT_EQ(fault(form("candidacy"), "topic"), "claim.error_late");
}

TEST_F(ClaimTest, FaultsAreToldByField) {
  auto typed = form();
  typed.name = "  ";
  EXPECT_EQ(fault(typed, "name"), "help.error_name_missing");
  EXPECT_EQ(fault(form("password"), "topic"), "help.error_topic") << "of the help desk";
  typed = form();
  typed.text = "";
  EXPECT_EQ(fault(typed, "text"), "help.error_empty");
}

TEST_F(ClaimTest, AContestThatDoesNotExistIsNone) {
  for (const char* contest : {"7", "-1", "x", "", "0x", "99999999999999"}) {
    auto typed = form();
    typed.contest = contest;
    EXPECT_EQ(contest_of(state->manifest(), typed), nullptr) << contest;
    EXPECT_EQ(contest_of(state->manifest(), read_claim(*state, send(typed))->request.form),
              nullptr);
  }
  EXPECT_EQ(contest_of(state->manifest(), form()), &state->manifest().contests[0]);
}

TEST_F(ClaimTest, FoundByReferenceAndAddressTogether) {
  const auto reference = send(form());
  for (const std::string& said : {reference, " " + reference.substr(0, 4) + reference.substr(5)}) {
    EXPECT_TRUE(find(said, "camille@example.org")) << said;
  }
  EXPECT_FALSE(find(reference, "other@example.org"));
  EXPECT_FALSE(find("K7QD-2M4X", "camille@example.org"));
  EXPECT_FALSE(find(reference, ""));
  EXPECT_FALSE(waits);
}

TEST_F(ClaimTest, WhoGuessesWaitsAndNobodyElse) {
  const auto reference = send(form());
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(find(reference, "other@example.org"));
    EXPECT_FALSE(waits) << i;
  }
  EXPECT_FALSE(find(reference, "camille@example.org"));
  EXPECT_TRUE(waits);
  EXPECT_TRUE(find(reference, "camille@example.org", "198.51.100.7"));
  clock.advance(minute_ms);
  EXPECT_TRUE(find(reference, "camille@example.org"));
}

TEST_F(ClaimTest, AnsweredOnceByMail) {
  const auto reference = send(form());
  ASSERT_TRUE(answer(reference, "\nBonjour,\n\nvotre inscription est faite.\n"));
  const auto mails = of_kind("claim-answer");
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].destination, "Camille@example.org");
  EXPECT_EQ(mails[0].reply_to, "claims@portal.example");
  for (const std::string& text : {reference, std::string("claim.decision_granted"),
                                  std::string("Bonjour,\n\nvotre inscription est faite.")}) {
    EXPECT_NE(mails[0].body.find(text), std::string::npos) << text << " in " << mails[0].body;
  }
  const auto claim = find(reference, "camille@example.org");
  ASSERT_TRUE(claim && claim->answer);
  EXPECT_EQ(claim->answer->decision, ClaimDecision::granted);
  EXPECT_EQ(claim->answer->text, "Bonjour,\n\nvotre inscription est faite.");
  EXPECT_EQ(claim->answer->mail, "delivered");
  const auto again = answer(reference, "Non.", ClaimDecision::refused);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "claim.answered");
  EXPECT_EQ(of_kind("claim-answer").size(), 1u);
  EXPECT_EQ(find(reference, "camille@example.org")->answer->decision, ClaimDecision::granted);
}

TEST_F(ClaimTest, AnAnswerThatIsNoTextIsRefused) {
  const auto reference = send(form());
  for (const std::string& text : {std::string(" \n"), std::string("\xff"),
                                  std::string("Oui\x1b[2J"), std::string(3001, 'a')}) {
    const auto answered = answer(reference, text);
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().code, "claim.text");
  }
  const auto unknown = answer("K7QD-2M4X", "Oui");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, "help.unknown");
  EXPECT_FALSE(find(reference, "camille@example.org")->answer);
}

TEST_F(ClaimTest, AVotersOwnAreListedNewestFirst) {
  const auto first = send(form(), "E1");
  clock.advance(1000);
  const auto second = send(form("candidacy"), "E1");
  send(form(), "E2");
  send(form());
  const auto mine = claims().of_voter("E1");
  ASSERT_EQ(mine.size(), 2u);
  EXPECT_EQ(mine[0].request.row.reference, second);
  EXPECT_EQ(mine[1].request.row.reference, first);
}

TEST_F(ClaimTest, R12R61NothingTypedAndNoAnswerIsInClear) {
  const auto reference = send(form());
  ASSERT_TRUE(answer(reference, "une réponse bien particulière"));
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const auto bytes = read_file(entry.path()).value_or("");
    for (const char* text : {"Camille", "xample.org", "pas sur la liste", "particulière"}) {
      EXPECT_EQ(bytes.find(text), std::string::npos) << text << " in " << entry.path();
    }
  }
}

}  // namespace
}  // namespace isoloir
