// Requests to the help desk: judged, stored, mailed, acknowledged. Numbers are those of
// docs/reissue.md.
#include "service/help_request.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

struct HelpTest : ReissueFixture {
  HelpTest() {
    portal.assistance = {"01 99 00 00 02", {"always", "toujours"}, "desk@portal.example"};
    portal.credentials.code = {12, false};
    portal.credentials.identifier = CodeForm{12, false};
  }
  HelpForm form(const std::string& email = "camille@example.org") const {
    return {"password", "Camille V.", email, "+1 212 555 0100",
            "Bonjour,\r\nje n'ai pas reçu le SMS.\r\n"};
  }
  HelpSender sender(const std::string& page = "page 1",
                    const std::string& address = "192.0.2.1") const {
    return {ByteArray<32>{1}, page, address, "fr"};
  }
  HelpRequests help() { return {*state, portal, texts, help_desk(portal)}; }
  // A page of its own each time, from a network of its own.
  HelpSent send(const HelpForm& typed) {
    ++sent_;
    const auto name = std::to_string(sent_);
    const auto sent = help().send(sender("page " + name, "203.0." + name + ".1"), typed);
    EXPECT_TRUE(sent);
    return sent.value_or(HelpSent{});
  }
  std::vector<InboxMessage> of_kind(std::string_view kind) {
    auto messages = inbox();
    std::erase_if(messages, [&](const auto& message) { return message.kind != kind; });
    return messages;
  }
  std::string fault(const HelpForm& typed, const std::string& field) {
    const auto faults = help().judge(typed).by_field;
    const auto found = faults.find(field);
    return found == faults.end() ? "" : found->second;
  }

  Portal portal = *Portal::parse(fixture_portal, "fixture.toml");
  int sent_ = 0;
};

TEST_F(HelpTest, StoredMailedToTheHelpDeskAndAcknowledged) {
  const auto sent = send(form());
  EXPECT_EQ(sent.reference.size(), 9u);
  EXPECT_TRUE(sent.acknowledged);

  const auto to_desk = of_kind("help-request");
  ASSERT_EQ(to_desk.size(), 1u);
  EXPECT_EQ(to_desk[0].destination, "desk@portal.example");
  EXPECT_EQ(to_desk[0].reply_to, "camille@example.org");
  EXPECT_NE(to_desk[0].subject.find(sent.reference), std::string::npos);
  for (const std::string& text :
       {sent.reference, std::string("help.topic_password"), std::string("Camille V."),
        std::string("camille@example.org"), std::string("+1 212 555 0100"),
        std::string("Bonjour,\nje n'ai pas reçu le SMS.")}) {
    EXPECT_NE(to_desk[0].body.find(text), std::string::npos) << text << " in " << to_desk[0].body;
  }

  const auto acknowledgement = of_kind("help-ack");
  ASSERT_EQ(acknowledgement.size(), 1u);
  EXPECT_EQ(acknowledgement[0].destination, "camille@example.org");
  EXPECT_EQ(acknowledgement[0].reply_to, "");
  EXPECT_NE(acknowledgement[0].body.find(sent.reference), std::string::npos);

  const auto stored = read_help_request(*state, "help", sent.reference);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->form.text, "Bonjour,\nje n'ai pas reçu le SMS.");
  EXPECT_EQ(stored->form.email, "camille@example.org");
  EXPECT_EQ(stored->row.topic, "password");
  EXPECT_EQ(stored->row.mail, "delivered");
  EXPECT_EQ(stored->row.acknowledgement, "delivered");
}

// What was typed goes to the help desk alone: the form is no relay.
TEST_F(HelpTest, TheAcknowledgementHoldsNothingThatWasTyped) {
  auto typed = form("victim@example.org");
  typed.name = "Buy now";
  typed.text = "https://evil.example/pills";
  typed.phone = "+44 7700 900123";
  (void)send(typed);
  const auto acknowledgement = of_kind("help-ack");
  ASSERT_EQ(acknowledgement.size(), 1u);
  for (const std::string text : {"Buy", "evil", "7700 9", "77009", "victim"}) {
    EXPECT_EQ((acknowledgement[0].subject + acknowledgement[0].body).find(text), std::string::npos)
        << text;
  }
}

// Requirement 9: with either, the form is refused, at the field.
TEST_F(HelpTest, R09NoIdentifierAndNoPasswordGoesWithIt) {
  for (const std::string secret : {"K7QD2M4XPR9T", "k7qd-2m4x-pr9t", "K7QD 2M4X PR9T"}) {
    auto typed = form();
    typed.text = "Mon identifiant est " + secret + ", merci";
    EXPECT_EQ(fault(typed, "text"), "help.error_secret");
    EXPECT_EQ(help().judge(typed).piece, secret);
    typed = form();
    typed.name = "Camille " + secret;
    EXPECT_EQ(fault(typed, "name"), "help.error_secret");
  }
  portal.credentials = {};
  auto typed = form();
  typed.text = "K7QD-2M4X-PR9T-W3HN8";
  typed.topic = "code";
  EXPECT_EQ(fault(typed, "text"), "help.error_secret_code");
}

TEST_F(HelpTest, FaultsAreToldByField) {
  const HelpForm empty;
  EXPECT_EQ(help().judge(empty).by_field,
            (std::map<std::string, std::string>{{"topic", "help.error_topic"},
                                                {"email", "reissue.email_form"},
                                                {"text", "help.error_empty"}}));
  EXPECT_TRUE(help().judge(form()).by_field.empty());
  auto typed = form();
  typed.name = typed.phone = "";
  EXPECT_TRUE(help().judge(typed).by_field.empty()) << "both may be left out";
  for (const auto* topic : {"code", "identifier ", "Password", "x"}) {
    typed = form();
    typed.topic = topic;
    EXPECT_EQ(fault(typed, "topic"), "help.error_topic") << topic;
  }
  for (const auto* phone : {"+33 6 12 34 56 78", "(0)6.12.34.56.78", "5550", "00442079460958"}) {
    typed.phone = phone;
    EXPECT_EQ(fault(typed, "phone"), "") << phone;
  }
  for (const auto* phone :
       {"call me", "06\r\n12345678", "1", "+33 6 12 34 56 78 / +44 20 7946 0958"}) {
    typed.phone = phone;
    EXPECT_EQ(fault(typed, "phone"), "help.error_phone") << phone;
  }
  typed = form();
  typed.name = "A\r\nNom : B";
  EXPECT_EQ(fault(typed, "name"), "help.error_name");
  typed.name = std::string(101, 'a');
  EXPECT_EQ(fault(typed, "name"), "help.error_name");
}

// In characters as a person counts them, line breaks as one.
TEST_F(HelpTest, TheLimitIsToTheCharacter) {
  auto typed = form();
  std::string lines;
  for (int i = 0; i < 1499; ++i) lines += "é\r\n";
  typed.text = lines + "xy";  // 1499 * 2 + 2
  EXPECT_EQ(help().judge(typed).characters, 3000u);
  EXPECT_EQ(fault(typed, "text"), "");
  typed.text += "z";
  EXPECT_EQ(fault(typed, "text"), "help.error_long");
  EXPECT_EQ(help().judge(typed).characters, 3001u);
}

// Requirement 38, the parser's half: nothing that could become a header, or a second address.
TEST_F(HelpTest, R38OnePlainAddress) {
  for (const std::string& address :
       {std::string("a@example.org\r\nBcc: b@example.org"), std::string("a@example.org\n"),
        std::string("a@example.org,b@example.org"), std::string("a@example.org;b@example.org"),
        std::string("a@example.org b@example.org"), std::string("\"a\"@example.org"),
        std::string("a@example.org(comment)"), std::string("A <a@example.org>"),
        std::string("a\0b@example.org", 15), std::string("a%b@example.org"), std::string("a@b"),
        std::string("@example.org"), std::string("a@"), std::string(250, 'a') + "@example.org",
        std::string()}) {
    EXPECT_EQ(fault(form(address), "email"), "reissue.email_form") << address;
  }
  EXPECT_EQ(fault(form("a@ex\u0430mple.org"), "email"), "reissue.email_script");
  EXPECT_EQ(fault(form(" a+b@example.org "), "email"), "") << "blanks come from pasting";
}

// Two clicks, a reload, an answer that was lost: one request.
TEST_F(HelpTest, TheSameFormOfTheSamePageIsOneRequest) {
  EXPECT_FALSE(help().earlier(sender(), form()));
  const auto first = help().send(sender(), form());
  ASSERT_TRUE(first);
  clock.advance(hour);
  EXPECT_EQ(help().send(sender(), form())->reference, first->reference);
  ASSERT_TRUE(help().earlier(sender(), form()));
  EXPECT_EQ(help().earlier(sender(), form())->reference, first->reference);
  EXPECT_EQ(count_rows("help_request"), 1);
  EXPECT_EQ(count_rows("message"), 2);
  auto other = form();
  other.text += "!";
  EXPECT_FALSE(help().earlier(sender(), other));
  EXPECT_FALSE(help().earlier(sender("page 2"), form()));
  auto elsewhere = sender();
  elsewhere.session = ByteArray<32>{2};
  EXPECT_FALSE(help().earlier(elsewhere, form())) << "nobody reads another's reference";
}

// To whom it is not may have been typed: few acknowledgements; the help desk still has each
// request.
TEST_F(HelpTest, AnAddressHasOneAcknowledgementAMinuteThreeAnHourFiveADay) {
  std::vector<bool> acknowledged;
  const auto ask = [&](const std::string& email) {
    auto typed = form(email);
    acknowledged.push_back(send(typed).acknowledged);
  };
  ask("camille@example.org");
  ask("Camille+x@example.org");  // the same mailbox
  ask("other@example.org");
  for (int i = 0; i < 3; ++i) {
    clock.advance(minute);
    ask("camille@example.org");
  }
  EXPECT_EQ(acknowledged, (std::vector<bool>{true, false, true, true, true, false}));
  for (int i = 0; i < 3; ++i) {
    clock.advance(hour);
    ask("camille@example.org");
  }
  EXPECT_EQ(std::count(acknowledged.begin(), acknowledged.end(), true), 4 + 2) << "five a day";
  EXPECT_EQ(count_rows("help_request"), 9);
  EXPECT_EQ(count_rows("message WHERE kind = 'help-request'"), 9);
  clock.advance(24 * hour);
  ask("camille@example.org");
  EXPECT_TRUE(acknowledged.back());
}

TEST_F(HelpTest, ANetworkThatSendsTooManyIsToldUntilWhen) {
  const TimeMs began = clock.now();
  int page = 0;
  const auto try_from = [&](const std::string& address) {
    const auto number = std::to_string(++page);
    return help().send(sender("page " + number, address), form("v" + number + "@example.org"));
  };
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(try_from("192.0.2.1"));
  const auto refused = try_from("192.0.2.1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), began + minute);
  EXPECT_EQ(count_rows("help_request"), 10) << "nothing is stored";
  EXPECT_EQ(count_rows("message"), 20);
  EXPECT_TRUE(try_from("198.51.100.7")) << "another network";
  for (int m = 1; m <= 5; ++m) {
    clock.advance(minute);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(try_from("192.0.2.1"));
  }
  clock.advance(minute);
  EXPECT_EQ(try_from("192.0.2.1").error(), began + hour) << "60 an hour";
  reopen();
  EXPECT_FALSE(try_from("192.0.2.1")) << "counters outlive a restart";
  clock.advance(25 * hour);
  help().sweep();
  EXPECT_EQ(count_rows("attempt"), 0);
}

// Requirements 12, 61: what was typed is nowhere in clear, database files included.
TEST_F(HelpTest, R12R61NothingTypedIsInClear) {
  auto typed = form("camille.plaintext@example.org");
  typed.name = "Nom Plaintext";
  typed.text = "Texte plaintext";
  const auto sent = send(typed);
  (void)inbox();
  const auto journal_rows =
      *state->database().read([](store::Transaction& t) -> Expected<std::string> {
        return t.query("SELECT group_concat(row) FROM journal")[0].text(0);
      });
  EXPECT_NE(journal_rows.find(sent.reference), std::string::npos);
  EXPECT_NE(journal_rows.find("\"topic\":\"password\""), std::string::npos);
  EXPECT_NE(journal_rows.find("\"network\":\"203.0.1.0/24\""), std::string::npos) << journal_rows;
  EXPECT_EQ(journal_rows.find("laintext"), std::string::npos);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto bytes = read_file(entry.path());
    ASSERT_TRUE(bytes) << entry.path();
    for (const std::string text : {"laintext", "555 0100"}) {
      EXPECT_EQ(bytes->find(text), std::string::npos) << text << " in " << entry.path();
    }
  }
}

// Requirement 46 for the mails; the request stays, as does what became of its mails.
TEST_F(HelpTest, R46MailsArePurgedTheRequestIsKept) {
  const auto sent = send(form());
  (void)inbox();
  clock.advance(hour);
  outbox_of(*state).purge(state->now());
  EXPECT_EQ(count_rows("message WHERE sealed IS NOT NULL"), 0);
  const auto stored = read_help_request(*state, "help", sent.reference);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->form.name, "Camille V.");
  EXPECT_EQ(stored->row.mail, "delivered");
}

// As it is said on the telephone.
TEST_F(HelpTest, FoundByItsReferenceListedNewestFirst) {
  const auto first = send(form());
  clock.advance(minute);
  const auto second = send(form("other@example.org"));
  const auto rows = help_requests(*state, "help");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].reference, second.reference);
  EXPECT_EQ(rows[1].reference, first.reference);
  EXPECT_EQ(rows[1].mail, "queued");
  std::string said;
  for (const char c : first.reference) {
    if (c == '-') continue;
    said += c >= 'A' ? static_cast<char>(c + 32) : c == '0' ? 'o' : c == '1' ? 'l' : c;
  }
  ASSERT_TRUE(read_help_request(*state, "help", said)) << said;
  EXPECT_EQ(read_help_request(*state, "help", "0000-0000").error().code, "help.unknown");
  EXPECT_EQ(read_help_request(*state, "help", "' OR 1=1").error().code, "help.unknown");
}

}  // namespace
}  // namespace isoloir
