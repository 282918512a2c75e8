#include "courier/kannel_route.hpp"

#include "courier/kannel_gateway.hpp"

namespace isoloir {
namespace {

using test::KannelGateway;
using test::Reports;
using test::wait_until;

std::string new_id() {
  SystemRandom random;
  return hex_encode(random.bytes(16));
}

OutgoingMessage message(std::string number,
                        std::string text = "Votre lien : https://vote.example/r#x") {
  return {new_id(), MessageChannel::sms, std::move(number), "", std::move(text), ""};
}

std::unique_ptr<KannelRoute> route(KannelSettings settings) {
  auto made = KannelRoute::make(std::move(settings));
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

using Verdict = std::pair<Delivery, Reason>;
Verdict verdict(const SendOutcome& outcome) {
  return {outcome.result, outcome.reason};
}

// Every character of the GSM alphabet and of its extension, but for the page break.
constexpr std::string_view alphabet =
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ "
    "!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖ"
    "ÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€";

TEST(KannelRoute, R36R45TextNumberAndSenderArriveAsTheyAre) {
  KannelGateway kannel;
  const auto kannel_route = route(kannel.settings());
  std::string longest;
  for (int i = 0; i < 80; ++i) longest += "€";
  const std::vector<std::string> texts = {"é è Ç à € £\nsecond line, 100 % {sans}: no", " spaces ",
                                          std::string(alphabet), longest, std::string(160, 'e')};
  int number = 0;
  for (const auto& text : texts) {
    const auto to = "+3361234" + std::to_string(1000 + ++number) + "7";
    const auto outcome = kannel_route->carry(message(to, text));
    EXPECT_EQ(verdict(outcome), Verdict(Delivery::accepted, Reason::none));
    EXPECT_EQ(outcome.carrier, "kannel-1");
    ASSERT_TRUE(wait_until([&] { return !kannel.reached(to).empty(); })) << text;
    ASSERT_EQ(kannel.reached(to).size(), 1U) << "in one part";
    const auto reached = kannel.reached(to)[0];
    EXPECT_EQ(reached["text"], text);
    EXPECT_EQ(reached["number_type"], 1) << "international";
    EXPECT_EQ(reached["sender"], "Scrutin2026");
    EXPECT_EQ(reached["sender_type"], 5) << "alphanumeric";
    EXPECT_EQ(reached["coding"], 0);
    EXPECT_EQ(reached["reports"], 0) << "none asked";
  }
}

// The operator is told after which minute a message is of no use (SMPP 3.4, section 7.1.1).
TEST(KannelRoute, AMessageIsValidAsLongAsItIsOfUse) {
  KannelGateway kannel;
  const auto kannel_route = route(kannel.settings());
  int number = 0;
  for (const std::int64_t minutes : {10, 120, 20'000}) {
    auto sent = message("+3361234" + std::to_string(2000 + ++number) + "7");
    sent.useful_ms = minutes * 60'000 + 59'999;
    const auto before = SystemClock().now();
    EXPECT_EQ(kannel_route->carry(sent).result, Delivery::accepted);
    ASSERT_TRUE(wait_until([&] { return !kannel.reached(sent.destination).empty(); }));
    const auto after = SystemClock().now();
    const auto until = kannel.reached(sent.destination)[0]["valid_until"].get<std::int64_t>();
    const auto expected = std::min<std::int64_t>(minutes, 7 * 24 * 60) * 60'000;
    // Whole seconds, by time(), which follows the clock of `before` by a tick of the kernel.
    EXPECT_GE(until, before + expected - 2000) << minutes;
    EXPECT_LE(until, after + expected) << minutes;
  }
  const auto forever = message("+33612342997");
  kannel_route->carry(forever);
  ASSERT_TRUE(wait_until([&] { return !kannel.reached(forever.destination).empty(); }));
  EXPECT_EQ(kannel.reached(forever.destination)[0]["valid_until"], 0);
}

TEST(KannelRoute, R45WhatFitsNoMessageIsNotSent) {
  KannelGateway kannel;
  const auto kannel_route = route(kannel.settings());
  for (const auto* text : {"", "français", "\xC3", "\xA9\xC3", "№"}) {
    EXPECT_EQ(verdict(kannel_route->carry(message("+33612345607", text))),
              Verdict(Delivery::refused, Reason::other))
        << text;
  }
  EXPECT_EQ(verdict(kannel_route->carry(message("+33612345607", std::string(161, 'a')))),
            Verdict(Delivery::refused, Reason::other));
  for (const auto* number : {"", "+", "0612345607", "33612345607", "+0612345607", "+336 12345607",
                             "+33612345607,+33612345608", "+33612345607\r\nX-Kannel-UDH: 00",
                             "+3361234560712345", "camille@example.org"}) {
    EXPECT_EQ(verdict(kannel_route->carry(message(number))),
              Verdict(Delivery::refused, Reason::unknown_recipient))
        << number;
  }
  EXPECT_EQ(verdict(kannel_route->carry(message("+33612345699", "the only one"))),
            Verdict(Delivery::accepted, Reason::none));
  ASSERT_TRUE(wait_until([&] { return !kannel.reached("+33612345699").empty(); }));
  EXPECT_TRUE(kannel.reached("+33612345607").empty());
}

struct Expectation {
  std::string ending;  // of the number: smpp_centre.mjs
  SmsState state;
  Reason reason;
};

TEST(KannelRoute, EveryKindOfReportComesForItsMessage) {
  KannelGateway kannel;
  Reports reports;
  const auto kannel_route = route(kannel.settings(reports.url()));
  const std::vector<Expectation> expectations = {
      {"01", SmsState::delivered, Reason::none},
      {"02", SmsState::undelivered, Reason::unknown_recipient},
      {"03", SmsState::rejected, Reason::unknown_recipient},
      {"04", SmsState::delivered, Reason::none},  // once the operator is less busy
      {"05", SmsState::delivered, Reason::none},  // after another message
      {"06", SmsState::delivered, Reason::none},  // reported twice
      {"08", SmsState::buffered, Reason::no_answer},
      {"08", SmsState::delivered, Reason::none},
      {"09", SmsState::undelivered, Reason::no_answer},
      {"10", SmsState::rejected, Reason::other},  // always too busy
  };
  std::map<std::string, std::string> ids;
  for (const auto& expected : expectations) {
    if (ids.contains(expected.ending)) continue;
    const auto sent = message("+336123456" + expected.ending);
    ids[expected.ending] = sent.id;
    EXPECT_EQ(verdict(kannel_route->carry(sent)), Verdict(Delivery::accepted, Reason::none));
  }
  for (const auto& expected : expectations) {
    const auto& id = ids[expected.ending];
    ASSERT_TRUE(wait_until([&] { return reports.of(id, expected.state).has_value(); }))
        << expected.ending;
    EXPECT_EQ(reports.of(id, expected.state)->reason, expected.reason) << expected.ending;
    EXPECT_EQ(reports.of(id)[0].route, "kannel-1");
  }
  for (const auto& [ending, id] : ids) {
    if (ending == "03" || ending == "10") continue;
    ASSERT_TRUE(wait_until([&, &id = id] {
      return reports.of(id, SmsState::accepted).has_value();
    })) << ending;
  }
  EXPECT_EQ(reports.of(ids["06"]).size(), 2U) << "accepted, and delivered once";
  EXPECT_EQ(kannel.reached("+33612345604").size(), 2U);
}

TEST(KannelRoute, AReportThatNobodyTakesIsBroughtAgain) {
  KannelGateway kannel;
  Reports reports;
  const auto kannel_route = route(kannel.settings(reports.url()));
  reports.refuse_one();
  const auto sent = message("+33612345601");
  kannel_route->carry(sent);
  ASSERT_TRUE(wait_until([&] { return reports.of(sent.id).size() == 2; }));
}

TEST(KannelRoute, R61NothingOfAMessageIsInAnyLog) {
  KannelGateway kannel;
  Reports reports;
  auto settings = kannel.settings(reports.url());
  const auto kannel_route = route(std::move(settings));
  settings = kannel.settings();
  settings.smsc = "unknown";
  const auto unknown_operator = route(std::move(settings));
  settings = kannel.settings("http://127.0.0.1:" + std::to_string(test::unused_port()) + "/report");
  const auto deaf = route(std::move(settings));
  std::vector<OutgoingMessage> sent;
  for (const auto* ending : {"01", "02", "03", "06", "09", "10"}) {
    sent.push_back(message(std::string("+336123456") + ending, "the secret is ZQ7K-4M2P"));
    kannel_route->carry(sent.back());
  }
  EXPECT_EQ(verdict(unknown_operator->carry(message("+33612345611", "the secret is ZQ7K-4M2P"))),
            Verdict(Delivery::later, Reason::other));
  deaf->carry(message("+33612345601", "the secret is ZQ7K-4M2P"));
  for (const auto& one : sent) {
    ASSERT_TRUE(wait_until([&] {
      return reports.of(one.id, SmsState::delivered) || reports.of(one.id, SmsState::undelivered) ||
             reports.of(one.id, SmsState::rejected);
    })) << one.destination;
  }
  const auto logs = kannel.logs() + reports.queries();
  for (const auto& secret :
       {std::string("ZQ7K-4M2P"), std::string("ZQ7K%2D"), std::string("the secret"),
        std::string("the+secret"), std::string("the%20secret"), std::string("336123456"),
        std::string("06123456"), std::string(KannelGateway::password),
        std::string(KannelGateway::operator_password)}) {
    EXPECT_EQ(logs.find(secret), std::string::npos) << secret << "\n" << logs;
  }
  EXPECT_TRUE(wait_until([&] { return kannel.store().find("ZQ7K") == std::string::npos; }))
      << "what has gone is kept";
}

TEST(KannelRoute, WhatAWrongConfigurationMeans) {
  KannelGateway kannel;
  auto settings = kannel.settings();
  settings.password = Secret<std::string>("another");
  EXPECT_EQ(verdict(route(std::move(settings))->carry(message("+33612345601"))),
            Verdict(Delivery::unreachable, Reason::credentials));
  settings = kannel.settings();
  settings.user = "nobody";
  EXPECT_EQ(verdict(route(std::move(settings))->carry(message("+33612345601"))),
            Verdict(Delivery::unreachable, Reason::credentials));
  settings = kannel.settings();
  settings.url += "/elsewhere";
  EXPECT_EQ(verdict(route(std::move(settings))->carry(message("+33612345601"))),
            Verdict(Delivery::unreachable, Reason::other));
  settings = kannel.settings();
  settings.smsc.clear();
  EXPECT_EQ(verdict(route(std::move(settings))->carry(message("+33612345601"))),
            Verdict(Delivery::accepted, Reason::none))
      << "the default operator";
  ASSERT_TRUE(wait_until([&] { return kannel.reached("+33612345601").size() == 1; }));
}

TEST(KannelRoute, AMessageWaitsForAnOperatorWhoIsAway) {
  KannelGateway kannel(false);
  const auto kannel_route = route(kannel.settings());
  EXPECT_EQ(verdict(kannel_route->carry(message("+33612345601", "waits"))),
            Verdict(Delivery::accepted, Reason::none));
  EXPECT_TRUE(wait_until([&] { return kannel.store().find("waits") != std::string::npos; }));
  kannel.start_centre();
  ASSERT_TRUE(wait_until([&] { return kannel.reached("+33612345601").size() == 1; }));
  EXPECT_TRUE(wait_until([&] { return kannel.store().find("waits") == std::string::npos; }));
}

TEST(KannelRoute, R34ADeadOrFrozenKannelIsToldApart) {
  KannelGateway kannel;
  auto settings = kannel.settings();
  settings.answer_timeout_ms = 1000;
  const auto kannel_route = route(std::move(settings));
  kannel.bearerbox().send(SIGSTOP);
  EXPECT_EQ(verdict(kannel_route->carry(message("+33612345601"))),
            Verdict(Delivery::later, Reason::other));
  kannel.bearerbox().send(SIGCONT);
  EXPECT_TRUE(wait_until([&] { return kannel.reached("+33612345601").size() == 1; }))
      << "so it was not known";
  kannel.bearerbox().stop(SIGKILL);
  EXPECT_TRUE(wait_until([&] {
    const auto outcome = kannel_route->carry(message("+33612345607"));
    EXPECT_NE(outcome.result, Delivery::accepted);
    return verdict(outcome) == Verdict(Delivery::unreachable, Reason::other);
  }));
  EXPECT_TRUE(kannel.reached("+33612345607").empty());
}

// What a real one does not say at will.
struct ScriptedSmsbox final : http::Handler {
  http::Lane lane(const http::Request&) override { return http::Lane::light; }
  http::Response busy_page(const http::Request&) override { return http::Response::text(""); }
  http::Response error_page(int, const http::Request*) override { return http::Response::text(""); }
  http::Response handle(const http::Request&) override {
    return http::Response::text(words, status);
  }
  int status = 0;
  std::string words;
};

TEST(KannelRoute, EveryOtherAnswer) {
  ScriptedSmsbox smsbox;
  http::Server server({}, smsbox);
  ASSERT_TRUE(server.start());
  KannelSettings settings;
  settings.name = "scripted";
  settings.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/cgi-bin/sendsms";
  settings.user = "isoloir";
  settings.password = Secret<std::string>("password");
  settings.sender = "Scrutin";
  const auto kannel_route = route(std::move(settings));
  const auto says = [&](int status, const std::string& words) {
    smsbox.status = status;
    smsbox.words = words;
    return verdict(kannel_route->carry(message("+33612345601")));
  };
  EXPECT_EQ(says(202, "0: Accepted for delivery"), Verdict(Delivery::accepted, Reason::none));
  EXPECT_EQ(says(202, "3: Queued for later delivery"), Verdict(Delivery::accepted, Reason::none));
  EXPECT_EQ(says(202, "Sent."), Verdict(Delivery::accepted, Reason::none));
  EXPECT_EQ(says(202, "<html>welcome</html>"), Verdict(Delivery::later, Reason::other));
  EXPECT_EQ(says(200, "0: Accepted for delivery"), Verdict(Delivery::later, Reason::other));
  EXPECT_EQ(says(400, "Missing receiver number, rejected"),
            Verdict(Delivery::refused, Reason::other));
  EXPECT_EQ(says(401, ""), Verdict(Delivery::unreachable, Reason::credentials));
  EXPECT_EQ(says(403, "Authorization failed for sendsms"),
            Verdict(Delivery::unreachable, Reason::credentials));
  EXPECT_EQ(says(403, "Not routable. Do not try again."), Verdict(Delivery::later, Reason::other));
  EXPECT_EQ(says(500, "Sending failed."), Verdict(Delivery::later, Reason::other));
  EXPECT_EQ(says(502, ""), Verdict(Delivery::unreachable, Reason::other));
  EXPECT_EQ(says(503, "Temporal failure, try again later."),
            Verdict(Delivery::unreachable, Reason::other));
  EXPECT_EQ(says(202, std::string(100'000, '0')), Verdict(Delivery::later, Reason::other));
  server.stop();
  EXPECT_EQ(says(202, ""), Verdict(Delivery::unreachable, Reason::other));
}

TEST(KannelRoute, SettingsThatCannotWorkAreRefused) {
  const auto refused = [](const std::function<void(KannelSettings&)>& change) {
    KannelSettings settings;
    settings.name = "route";
    settings.url = "https://sms.example/cgi-bin/sendsms";
    settings.user = "isoloir";
    settings.password = Secret<std::string>("password");
    settings.sender = "Scrutin";
    settings.report_url = "http://127.0.0.1:8082/report";
    change(settings);
    const auto made = KannelRoute::make(std::move(settings));
    if (!made) {
      EXPECT_EQ(made.error().code, "kannel.settings");
    }
    return made ? "" : made.error().message.substr(0, made.error().message.find(':'));
  };
  EXPECT_EQ(refused([](KannelSettings&) {}), "");
  EXPECT_EQ(refused([](auto& s) { s.name = ""; }), "name");
  EXPECT_EQ(refused([](auto& s) { s.name = "a&b"; }), "name");
  EXPECT_EQ(refused([](auto& s) { s.url = "http://sms.example/cgi-bin/sendsms"; }), "url");
  EXPECT_EQ(refused([](auto& s) { s.user = "two words"; }), "user");
  EXPECT_EQ(refused([](auto& s) { s.password = Secret<std::string>("a\r\nb"); }), "password");
  EXPECT_EQ(refused([](auto& s) { s.smsc = "a b"; }), "smsc");
  EXPECT_EQ(refused([](auto& s) { s.sender = "TwelveLetter"; }), "sender");
  EXPECT_EQ(refused([](auto& s) { s.sender = "Élection"; }), "sender");
  for (const auto* url : {"127.0.0.1:8082", "http://u:p@127.0.0.1/report", "http://h/%64",
                          "http://h/r?a=b", "http://h/a b"}) {
    EXPECT_EQ(refused([&](auto& s) { s.report_url = url; }), "report_url") << url;
  }
}

}  // namespace
}  // namespace isoloir
