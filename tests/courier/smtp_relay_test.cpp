#include "courier/smtp_relay.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/canonical_json.hpp"
#include "base/places.hpp"
#include "base/temporary_folder.hpp"
#include "courier/mail_reader.hpp"
#include "courier/peer.hpp"
#include "courier/some_mail.hpp"

namespace isoloir {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

// What another program will do soon; false when it has not after a long time.
template <typename Condition>
bool comes_true(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

// A key, and a certificate for these names that is its own authority.
void make_certificate(const TemporaryFolder& folder, const std::string& file,
                      const std::string& names = "IP:127.0.0.1") {
  const auto command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
      "/CN=relay.test -addext subjectAltName=" +
      names + " -keyout " + folder.file(file + ".key") + " -out " + folder.file(file + ".pem") +
      " 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

SmtpRelaySettings settings_for(std::uint16_t port) {
  SmtpRelaySettings settings;
  settings.name = "relay-1";
  settings.server.host = "127.0.0.1";
  settings.server.port = port;
  settings.server.security = SmtpSecurity::none;
  settings.from = "scrutin@vote.example.org";
  settings.bounces = "bounces@vote.example.org";
  return settings;
}

const ManualClock test_clock(1'700'000'000'000);

std::unique_ptr<SmtpRelay> relay_to(SmtpRelaySettings settings) {
  return std::move(SmtpRelay::make(std::move(settings), test_clock).value());
}

// A program of this folder that tells on its standard output what comes to it.
struct NodePeer {
  NodePeer(const char* program, const Json& options)
      : peer({test::source_dir() + "/scripts/node",
              std::string(test::source_dir() + "/tests/courier/") + program, std::to_string(port),
              options.dump()},
             folder / "log") {
    if (!peer.listens(port)) ADD_FAILURE() << content_of(folder / "log");
  }
  std::vector<Json> events(const char* with) const {
    std::vector<Json> found;
    std::istringstream log(content_of(folder / "log"));
    for (std::string line; std::getline(log, line);) {
      auto event = Json::parse(line);
      if (event.contains(with)) found.push_back(std::move(event));
    }
    return found;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& event : events("line")) lines.push_back(event["line"]);
    return lines;
  }

  TemporaryFolder folder;
  std::uint16_t port = test::unused_port();
  test::Peer peer;
};

// One of tests/courier/faulty_smtp.mjs: what happens at a step.
Json rule(const char* step, std::initializer_list<std::pair<const char*, Json>> what) {
  Json made{{"at", step}};
  for (const auto& [name, value] : what) made[name] = value;
  return made;
}

using Rules = std::vector<Json>;

struct Faulty : NodePeer {
  explicit Faulty(const Rules& rules = {}) : NodePeer("faulty_smtp.mjs", Json(rules)) {
    EXPECT_TRUE(comes_true([&] { return events("open").size() == 1; }));
  }
  // Besides the first, by which the test has asked whether it listens.
  std::size_t connections() const { return events("open").size() - 1; }
};
struct Polite : NodePeer {
  explicit Polite(const Json& options = {{"disabledCommands", {"STARTTLS"}}})
      : NodePeer("polite_smtp.mjs", options) {}
  // Over which mails came.
  std::size_t connections() const {
    std::set<std::string> sessions;
    for (const auto& event : events("mail")) sessions.insert(event["session"]);
    return sessions.size();
  }
};

// ---- What is said

TEST(SmtpRelay, OneRecipientAndAnEnvelopeOfItsOwnForTheBounces) {
  const Faulty peer;
  const auto relay = relay_to(settings_for(peer.port));
  const auto outcome = relay->carry(test::some_mail());
  EXPECT_EQ(outcome.result, Delivery::accepted);
  EXPECT_EQ(outcome.reason, Reason::none);
  EXPECT_EQ(outcome.carrier, "relay-1");
  EXPECT_THAT(
      peer.lines(),
      testing::ElementsAre("EHLO vote.example.org",
                           "MAIL FROM:<bounces+0123456789abcdef0123456789abcdef@vote.example.org>",
                           "RCPT TO:<voter@example.org>", "DATA"));
  ASSERT_EQ(peer.events("mail").size(), 1u);
  EXPECT_EQ(test::read_mail(peer.events("mail")[0]["mail"].get<std::string>()).headers.at("to"),
            "voter@example.org");
}

TEST(SmtpRelay, WithoutAnAddressForBouncesTheyComeToTheSender) {
  const Faulty peer;
  auto settings = settings_for(peer.port);
  settings.bounces.clear();
  EXPECT_EQ(relay_to(std::move(settings))->carry(test::some_mail()).result, Delivery::accepted);
  EXPECT_EQ(peer.lines().at(1), "MAIL FROM:<scrutin@vote.example.org>");
}

TEST(SmtpRelay, ReportsAreAskedForWhereTheRelayAnnouncesThem) {
  const Faulty peer(Rules{rule("EHLO", {{"say", "250-faulty.test\r\n250-dsn\r\n250 SIZE 1\r\n"}})});
  EXPECT_EQ(relay_to(settings_for(peer.port))->carry(test::some_mail()).result, Delivery::accepted);
  EXPECT_THAT(peer.lines().at(1), HasSubstr("> RET=HDRS ENVID=0123456789abcdef0123456789abcdef"));
  EXPECT_EQ(peer.lines().at(2), "RCPT TO:<voter@example.org> NOTIFY=SUCCESS,FAILURE,DELAY");
}

TEST(SmtpRelay, WhatCanBeNoMailIsRefusedWithoutAskingTheRelay) {
  const Faulty peer;
  const auto relay = relay_to(settings_for(peer.port));
  auto message = test::some_mail("a\r\nBcc: x@y.fr");
  EXPECT_EQ(relay->carry(message).result, Delivery::refused);
  message = test::some_mail();
  message.destination = "a@b.fr>\r\nRCPT TO:<c@d.fr";
  EXPECT_EQ(relay->carry(message).result, Delivery::refused);
  EXPECT_EQ(peer.connections(), 0u);
}

TEST(SmtpRelay, SettingsAreJudged) {
  const auto code = [](auto change) {
    auto settings = settings_for(25);
    change(settings);
    const auto made = SmtpRelay::make(std::move(settings), test_clock);
    return made ? std::string("made") : made.error().code;
  };
  using Settings = SmtpRelaySettings;
  EXPECT_EQ(code([](Settings&) {}), "made");
  EXPECT_EQ(code([](Settings& s) { s.server.host = ""; }), "smtp.host");
  EXPECT_EQ(code([](Settings& s) { s.server.host = "relay/x"; }), "smtp.host");
  EXPECT_EQ(code([](Settings& s) { s.server.port = 0; }), "smtp.host");
  EXPECT_EQ(code([](Settings& s) { s.server.host = "::1"; }), "made");
  EXPECT_EQ(code([](Settings& s) { s.server.host = "10.0.0.1"; }), "smtp.security");
  EXPECT_EQ(code([](Settings& s) { s.server.user = "u"; }), "smtp.credentials");
  EXPECT_EQ(code([](Settings& s) { s.server.password = Secret<std::string>("p"); }),
            "smtp.credentials");
  EXPECT_EQ(code([](Settings& s) {
              s.server.user = "u";
              s.server.password = Secret<std::string>("p\r\nRSET");
            }),
            "smtp.credentials");
  EXPECT_EQ(code([](Settings& s) { s.from = "Name <a@b.fr>"; }), "smtp.from");
  EXPECT_EQ(code([](Settings& s) { s.bounces = "b"; }), "smtp.bounces");
  EXPECT_EQ(code([](Settings& s) { s.bounces = std::string(31, 'b') + "@b.fr"; }), "made");
  EXPECT_EQ(code([](Settings& s) { s.bounces = std::string(32, 'b') + "@b.fr"; }), "smtp.bounces");
}

// ---- Faults. Each on a first connection, where nothing can be tried again.

SendOutcome after(const Rules& rules, int timeout_ms = limits::mail_timeout_ms) {
  const Faulty peer(rules);
  auto settings = settings_for(peer.port);
  settings.timeout_ms = timeout_ms;
  const auto outcome = relay_to(std::move(settings))->carry(test::some_mail());
  EXPECT_EQ(peer.connections(), 1u);
  return outcome;
}

Json said(const char* step, const char* say) {
  return rule(step, {{"say", say}});
}

TEST(SmtpRelay, ARelayThatHangsUpBeforeItHasTheMailIsUnreachable) {
  for (const char* step : {"greeting", "EHLO", "MAIL", "RCPT", "DATA"}) {
    const auto outcome = after({rule(step, {{"drop", true}})});
    EXPECT_EQ(outcome.result, Delivery::unreachable) << step;
    EXPECT_EQ(outcome.reason, Reason::none) << step;
  }
}

TEST(SmtpRelay, ARelayThatDoesNotAnswerInTimeIsUnreachable) {
  for (const char* step : {"greeting", "EHLO", "MAIL", "RCPT", "DATA"}) {
    EXPECT_EQ(after({rule(step, {{"silent", true}})}, 300).result, Delivery::unreachable) << step;
  }
}

TEST(SmtpRelay, WhetherAMailIsThereWhoseAnswerIsMissingNobodyKnows) {
  EXPECT_EQ(after({rule(".", {{"drop", true}})}).result, Delivery::later);
  EXPECT_EQ(after({rule(".", {{"silent", true}})}, 3000).result, Delivery::later);
  EXPECT_EQ(after({said(".", "what?\r\n")}).result, Delivery::later);
}

TEST(SmtpRelay, AMailCutBeforeItsEndHasNotLeft) {
  const Faulty peer(Rules{rule("content", {{"drop", true}})});
  auto settings = settings_for(peer.port);
  settings.server.hello = "test.example.org";
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto connection = SmtpConnection::open(settings.server, until);
  ASSERT_TRUE(connection);
  for (const char* line : {"MAIL FROM:<a@b.fr>", "RCPT TO:<c@d.fr>", "DATA"}) {
    ASSERT_TRUE((*connection)->command(line, until));
  }
  // More than the system keeps for a peer that does not read.
  EXPECT_FALSE((*connection)->send(std::string(64 << 20, 'x'), until));
  EXPECT_FALSE((*connection)->usable());
}

TEST(SmtpRelay, GarbageIsNoAnswer) {
  for (const char* step : {"MAIL", "RCPT", "DATA"}) {
    EXPECT_EQ(after({said(step, "HTTP/1.1 400 Bad Request\r\n\r\n")}).result,
              Delivery::unreachable);
    EXPECT_EQ(after({rule(step, {{"endless", true}})}).result, Delivery::unreachable) << step;
  }
  EXPECT_EQ(after({said("greeting", "garbage\r\n")}, 300).result, Delivery::unreachable);
  EXPECT_EQ(after({rule("EHLO", {{"endless", true}})}, 300).result, Delivery::unreachable);
  EXPECT_EQ(after({said("MAIL", "250-a\r\n550 b\r\n")}).result, Delivery::unreachable);
}

TEST(SmtpRelay, AnAnswerThatNothingWasAskedForIsNotTakenForTheNextOne) {
  const Faulty peer(Rules{rule("RCPT", {{"say", "250 ok\r\n354 go on\r\n"}})});
  const auto relay = relay_to(settings_for(peer.port));
  EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::unreachable);
  EXPECT_THAT(peer.lines().back(), HasSubstr("RCPT"));
}

TEST(SmtpRelay, AReplyMayEndInALoneLineFeedAndHoldAnyBytes) {
  EXPECT_EQ(after({said("RCPT", "250 \u00e9\u00ff ok\n")}).result, Delivery::accepted);
  const auto outcome = after({said("RCPT", "550-\u00e9\n550 5.1.1 \u00ff\n")});
  EXPECT_EQ(outcome.result, Delivery::refused);
  EXPECT_EQ(outcome.reason, Reason::unknown_recipient);
}

TEST(SmtpRelay, ARelayThatClosesIsUnreachableWhereverItSaysSo) {
  for (const char* step : {"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."}) {
    const auto outcome = after({rule(step, {{"say", "421 4.3.2 going down\r\n"}, {"drop", true}})});
    EXPECT_EQ(outcome.result, Delivery::unreachable) << step;
    EXPECT_EQ(outcome.reason, Reason::none) << step;
  }
}

TEST(SmtpRelay, WhatTheRelayHasAgainstUsIsNotTheRecipientsDoing) {
  auto outcome = after({said("MAIL", "550 5.7.1 sender rejected\r\n")});
  EXPECT_EQ(outcome.result, Delivery::unreachable);
  EXPECT_EQ(outcome.reason, Reason::blocked);
  outcome = after({said("MAIL", "530 5.7.0 authentication required\r\n")});
  EXPECT_EQ(outcome.result, Delivery::unreachable);
  EXPECT_EQ(outcome.reason, Reason::credentials);
}

TEST(SmtpRelay, TheMailItselfMayBeRefusedOrPutOff) {
  for (const char* step : {"DATA", "."}) {
    auto outcome = after({said(step, "554 5.7.1 looks like spam\r\n")});
    EXPECT_EQ(outcome.result, Delivery::refused) << step;
    EXPECT_EQ(outcome.reason, Reason::blocked) << step;
    outcome = after({said(step, "451 4.3.0 try later\r\n")});
    EXPECT_EQ(outcome.result, Delivery::later) << step;
    EXPECT_EQ(outcome.reason, Reason::other) << step;
  }
}

TEST(SmtpRelay, EveryYesAfterTheDotIsOne) {
  EXPECT_EQ(after({said(".", "251 2.6.0 forwarded\r\n")}).result, Delivery::accepted);
}

TEST(SmtpRelay, WhereNobodyListensNothingIsReached) {
  const auto relay = relay_to(settings_for(test::unused_port()));
  EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::unreachable);
}

// A queue of one that is full: the system answers no further SYN.
TEST(SmtpRelay, AHostThatDoesNotAnswerIsGivenUpSoonerThanASlowRelay) {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(file, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_EQ(::listen(file, 0), 0);
  std::vector<int> callers;
  for (int i = 0; i < 4; ++i) {
    callers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)::connect(callers.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  auto settings = settings_for(ntohs(address.sin_port));
  settings.server.connect_timeout_ms = 100;
  settings.timeout_ms = 20'000;
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(relay_to(std::move(settings))->carry(test::some_mail()).result, Delivery::unreachable);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
  for (const int caller : callers) ::close(caller);
  ::close(file);
}

TEST(SmtpRelay, AGreetingMayTakeLongerThanAConnection) {
  const Faulty peer(Rules{rule("greeting", {{"after_ms", 1500}})});
  auto settings = settings_for(peer.port);
  settings.server.connect_timeout_ms = 200;
  EXPECT_EQ(relay_to(std::move(settings))->carry(test::some_mail()).result, Delivery::accepted);
}

// ---- Connections that are kept

TEST(SmtpRelay, AHundredMailsGoOverOneConnection) {
  const Polite peer;
  const auto relay = relay_to(settings_for(peer.port));
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted);
  }
  EXPECT_EQ(peer.connections(), 1u);
  EXPECT_EQ(peer.events("mail").size(), 100u);
}

TEST(SmtpRelay, ConnectionsAreAsManyAsMailsAtATime) {
  const Polite peer;
  const auto relay = relay_to(settings_for(peer.port));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(peer.events("mail").size(), 100u);
  EXPECT_LE(peer.connections(), 4u);
}

TEST(SmtpRelay, AfterARefusedRecipientTheConnectionServesTheNextOne) {
  const Faulty peer(Rules{rule("RCPT", {{"mail", 1}, {"say", "550 5.1.1 no\r\n"}}),
                          rule(".", {{"mail", 1}, {"say", "554 5.7.1 spam\r\n"}})});
  const auto relay = relay_to(settings_for(peer.port));
  EXPECT_EQ(relay->carry(test::some_mail()).reason, Reason::unknown_recipient);
  EXPECT_EQ(peer.lines().back(), "RSET");
  EXPECT_EQ(relay->carry(test::some_mail()).reason, Reason::unknown_recipient);
  EXPECT_EQ(peer.connections(), 1u);
}

TEST(SmtpRelay, AConnectionThatCannotForgetAMailIsLeft) {
  const Faulty peer(Rules{rule("RCPT", {{"connection", 2}, {"say", "550 5.1.1 no\r\n"}}),
                          rule("RSET", {{"say", "500 what?\r\n"}})});
  const auto relay = relay_to(settings_for(peer.port));
  EXPECT_EQ(relay->carry(test::some_mail()).reason, Reason::unknown_recipient);
  EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted);
  EXPECT_EQ(peer.connections(), 2u);
}

TEST(SmtpRelay, AKeptConnectionThatFailsCountsAsNone) {
  const std::string closing = "421 4.4.2 too long idle\r\n";
  for (const Json& fault : {
           rule(".", {{"mail", 1}, {"say", "250 ok\r\n"}, {"drop", true}}),
           rule(".", {{"mail", 1}, {"say", "250 ok\r\n" + closing}, {"drop", true}}),
           rule(".", {{"mail", 1}, {"say", "250 ok\r\n" + closing}}),
           rule("MAIL", {{"mail", 2}, {"drop", true}}),
           rule("MAIL", {{"mail", 2}, {"say", closing}, {"drop", true}}),
           rule("MAIL", {{"mail", 2}, {"say", "garbage\r\n"}}),
           rule("MAIL", {{"mail", 2}, {"silent", true}}),
           rule("RCPT", {{"mail", 2}, {"drop", true}}),
           rule(".", {{"mail", 2}, {"say", closing}, {"drop", true}}),
       }) {
    auto only_there = fault;
    only_there["connection"] = 2;
    const Faulty peer(Rules{only_there});
    auto settings = settings_for(peer.port);
    settings.kept_answer_ms = 200;
    const auto relay = relay_to(std::move(settings));
    EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted) << fault;
    EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted) << fault;
    EXPECT_EQ(peer.connections(), 2u) << fault;
  }
}

TEST(SmtpRelay, AConnectionThatHasBeenIdleForLongIsLeft) {
  const Polite peer;
  auto settings = settings_for(peer.port);
  settings.idle_ms = 0;
  const auto relay = relay_to(std::move(settings));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted);
  }
  EXPECT_EQ(peer.connections(), 3u);
}

TEST(SmtpRelay, ASecondConnectionThatFailsCounts) {
  const Faulty peer(Rules{rule("MAIL", {{"mail", 2}, {"drop", true}}),
                          rule("MAIL", {{"connection", 3}, {"drop", true}})});
  const auto relay = relay_to(settings_for(peer.port));
  EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted);
  EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::unreachable);
  EXPECT_EQ(peer.connections(), 2u);
}

TEST(SmtpRelay, AKeptConnectionIsNotTriedAgainOnceTheMailIsOut) {
  const Faulty peer(Rules{rule(".", {{"mail", 2}, {"drop", true}})});
  const auto relay = relay_to(settings_for(peer.port));
  EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted);
  EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::later);
  EXPECT_EQ(peer.connections(), 1u);
}

TEST(SmtpRelay, ItTakesItsLeave) {
  const Faulty peer;
  relay_to(settings_for(peer.port))->carry(test::some_mail());
  EXPECT_TRUE(comes_true([&] { return peer.lines().back() == "QUIT"; }));
}

// ---- TLS and login

struct SecurePeer {
  explicit SecurePeer(Json options, const std::string& names = "IP:127.0.0.1")
      : peer(complete(std::move(options), names)) {}
  Json complete(Json options, const std::string& names) {
    make_certificate(folder, "relay", names);
    make_certificate(folder, "other");
    options["key"] = folder / "relay.key";
    options["cert"] = folder / "relay.pem";
    options["login"] = "portal:correct horse";
    return options;
  }
  SmtpRelaySettings settings(SmtpSecurity security) {
    auto settings = settings_for(peer.port);
    settings.server.security = security;
    settings.server.user = "portal";
    settings.server.password = Secret<std::string>("correct horse");
    settings.server.ca_file = folder / "relay.pem";
    return settings;
  }
  void expect_unreachable(SmtpRelaySettings settings, Reason reason = Reason::none) {
    const auto outcome = relay_to(std::move(settings))->carry(test::some_mail());
    EXPECT_EQ(outcome.result, Delivery::unreachable);
    EXPECT_EQ(outcome.reason, reason);
    EXPECT_TRUE(peer.events("mail").empty());
  }
  TemporaryFolder folder;
  Polite peer;
};

TEST(SmtpRelay, LogsInOverTlsOnceForManyMails) {
  for (const bool from_the_first_byte : {false, true}) {
    SecurePeer secure(Json{{"secure", from_the_first_byte}});
    const auto relay =
        relay_to(secure.settings(from_the_first_byte ? SmtpSecurity::tls : SmtpSecurity::starttls));
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(relay->carry(test::some_mail()).result, Delivery::accepted);
    }
    const auto logins = secure.peer.events("login");
    ASSERT_EQ(logins.size(), 1u);
    EXPECT_EQ(logins[0]["secure"], true);
    EXPECT_EQ(secure.peer.events("mail").size(), 3u);
  }
}

TEST(SmtpRelay, NoMailAndNoPasswordToWhoeverHasAnotherCertificate) {
  for (const bool from_the_first_byte : {false, true}) {
    const auto security = from_the_first_byte ? SmtpSecurity::tls : SmtpSecurity::starttls;
    SecurePeer secure(Json{{"secure", from_the_first_byte}});
    auto settings = secure.settings(security);
    settings.server.ca_file = secure.folder / "other.pem";
    secure.expect_unreachable(std::move(settings));
    settings = secure.settings(security);
    settings.server.ca_file.clear();  // the system's authorities have not made it
    secure.expect_unreachable(std::move(settings));
    EXPECT_TRUE(secure.peer.events("login").empty());
  }
}

TEST(SmtpRelay, ACertificateOfAnotherNameIsNone) {
  for (const bool from_the_first_byte : {false, true}) {
    SecurePeer secure(Json{{"secure", from_the_first_byte}}, "DNS:relay.test,IP:127.0.0.2");
    secure.expect_unreachable(
        secure.settings(from_the_first_byte ? SmtpSecurity::tls : SmtpSecurity::starttls));
    EXPECT_TRUE(secure.peer.events("login").empty());
  }
}

TEST(SmtpRelay, NothingIsSentWhereTlsHasBeenTakenAway) {
  SecurePeer stripped(Json{{"hideSTARTTLS", true}, {"allowInsecureAuth", true}});
  stripped.expect_unreachable(stripped.settings(SmtpSecurity::starttls));
  EXPECT_TRUE(stripped.peer.events("login").empty());
}

TEST(SmtpRelay, ALoginThatIsRefusedIsToldApart) {
  SecurePeer secure(Json{{"secure", false}});
  auto settings = secure.settings(SmtpSecurity::starttls);
  settings.server.password = Secret<std::string>("wrong");
  secure.expect_unreachable(std::move(settings), Reason::credentials);
  settings = secure.settings(SmtpSecurity::starttls);
  settings.server.user.clear();
  settings.server.password = {};
  secure.expect_unreachable(std::move(settings), Reason::credentials);
}

TEST(SmtpRelay, ALoginThatMustBeTriedLaterIsNoWrongPassword) {
  const Faulty peer(Rules{rule("EHLO", {{"say", "250-faulty.test\r\n250 AUTH PLAIN\r\n"}}),
                          rule("AUTH", {{"say", "454 4.7.0 database down\r\n"}})});
  auto settings = settings_for(peer.port);
  settings.server.user = "portal";
  settings.server.password = Secret<std::string>("x");
  const auto outcome = relay_to(std::move(settings))->carry(test::some_mail());
  EXPECT_EQ(outcome.result, Delivery::unreachable);
  EXPECT_EQ(outcome.reason, Reason::none);
}

TEST(SmtpRelay, WhereNoLoginIsOfferedNothingIsSentAsNobody) {
  const Faulty peer;
  auto settings = settings_for(peer.port);
  settings.server.user = "portal";
  settings.server.password = Secret<std::string>("x");
  const auto outcome = relay_to(std::move(settings))->carry(test::some_mail());
  EXPECT_EQ(outcome.result, Delivery::unreachable);
  EXPECT_EQ(outcome.reason, Reason::credentials);
  for (const auto& line : peer.lines()) EXPECT_THAT(line, Not(HasSubstr("MAIL")));
}

// ---- Any text

TEST(SmtpRelayProperties, AnyMailArrivesAsItWasWritten) {
  const Polite peer;
  const auto relay = relay_to(settings_for(peer.port));
  std::size_t sent = 0;
  EXPECT_TRUE(rc::check([&] {
    const auto message = test::any_mail();
    RC_ASSERT(relay->carry(message).result == Delivery::accepted);
    const auto events = peer.events("mail");
    RC_ASSERT(events.size() == ++sent);
    const auto& event = events.back();
    RC_ASSERT(event["to"] == Json::array({"voter@example.org"}));
    const auto mail = test::read_mail(event["mail"].get<std::string>());
    RC_ASSERT(test::without_encoded_words(mail.headers.at("subject")) == message.subject);
    RC_ASSERT(mail.parts.size() == 2u);
    RC_ASSERT(mail.parts[0].body == message.body);
  }));
}

// ---- Exim, as root and as anybody

struct Exim {
  Exim() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    make_certificate(folder, "relay");
    const auto* user = ::getpwuid(::geteuid());
    if (::geteuid() == 0) user = ::getpwnam("Debian-exim");
    const std::string name = user ? user->pw_name : "nobody";
    for (const char* sub : {"spool", "mail"}) std::filesystem::create_directory(folder / sub);
    std::ofstream(folder / "exim.conf") << configuration(name, group_of(user));
    if (::geteuid() == 0 && user) {
      for (const char* file : {"", "spool", "mail", "relay.key"}) {
        EXPECT_EQ(::chown((folder / file).c_str(), user->pw_uid, user->pw_gid), 0);
      }
    }
    peer = std::make_unique<test::Peer>(
        std::vector<std::string>{"/usr/sbin/exim4", "-C", folder / "exim.conf", "-bdf", "-oX",
                                 "127.0.0.1." + std::to_string(port)},
        folder / "output");
    if (!peer->listens(port)) ADD_FAILURE() << content_of(folder / "output");
  }
  ~Exim() {
    peer->stop();
    // Its children outlive it, and write into the folder.
    while (::waitpid(-1, nullptr, 0) > 0) continue;
  }
  Exim(const Exim&) = delete;
  Exim& operator=(const Exim&) = delete;
  static std::string group_of(const passwd* user) {
    const auto* group = user ? ::getgrgid(user->pw_gid) : nullptr;
    return group ? group->gr_name : "nogroup";
  }
  std::string configuration(const std::string& user, const std::string& group) const {
    std::string text = R"(
exim_user = USER
exim_group = GROUP
primary_hostname = relay.test
spool_directory = FOLDER/spool
log_file_path = FOLDER/%slog
log_selector = +all
pid_file_path = FOLDER/pid
keep_environment =
local_interfaces = 127.0.0.1
dsn_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = FOLDER/relay.pem
tls_privatekey = FOLDER/relay.key
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = recipient
begin acl
recipient:
  require authenticated = *
          message = 550 5.7.1 relay not permitted
  deny local_parts = nobody
       message = 550 5.1.1 no such mailbox
  defer local_parts = stranger
        message = 451 4.7.1 come back later
  deny local_parts = full
       message = 552 5.2.2 mailbox full
  defer local_parts = fuller
        message = 452 4.2.2 mailbox full for now
  accept
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = FOLDER/mail
  maildir_format
  envelope_to_add
  return_path_add
  user = USER
  group = GROUP
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{portal}}{eq{$auth3}{correct horse}}}}
  server_set_id = $auth2
)";
    for (const auto& [word, value] : std::initializer_list<std::pair<std::string, std::string>>{
             {"FOLDER", folder.path().string()}, {"USER", user}, {"GROUP", group}}) {
      for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
        text.replace(at, word.size(), value);
      }
    }
    return text;
  }
  std::unique_ptr<SmtpRelay> relay(const char* password = "correct horse") const {
    auto settings = settings_for(port);
    settings.server.security = SmtpSecurity::starttls;
    settings.server.ca_file = folder / "relay.pem";
    settings.server.user = "portal";
    settings.server.password = Secret<std::string>(password);
    return relay_to(std::move(settings));
  }
  std::vector<test::MailPart> mailbox() const {
    std::vector<test::MailPart> mails;
    const auto mailbox = folder / "mail" / "new";
    if (!std::filesystem::exists(mailbox)) return mails;
    for (const auto& file : std::filesystem::directory_iterator(mailbox)) {
      std::string wire;  // a mailbox has lone line feeds
      for (const char c : content_of(file.path())) wire += c == '\n' ? "\r\n" : std::string(1, c);
      mails.push_back(test::read_mail(wire));
    }
    return mails;
  }
  std::string log() const {
    return content_of(folder / "mainlog") + content_of(folder / "rejectlog") +
           content_of(folder / "output");
  }

  TemporaryFolder folder;
  std::uint16_t port = test::unused_port();
  std::unique_ptr<test::Peer> peer;
};

TEST(SmtpRelayExim, AMailArrivesAndItsReportAtTheAddressThatTellsWhich) {
  const Exim exim;
  const auto message = test::some_mail("Élection : votre lien");
  EXPECT_EQ(exim.relay()->carry(message).result, Delivery::accepted) << exim.log();
  ASSERT_TRUE(comes_true([&] { return exim.mailbox().size() == 2; })) << exim.log();
  const auto mails = exim.mailbox();
  const bool first = mails[0].headers.at("envelope-to") == "voter@example.org";
  const auto& mail = mails[first ? 0 : 1];
  const auto& report = mails[first ? 1 : 0];
  EXPECT_EQ(mail.headers.at("return-path"),
            "<bounces+0123456789abcdef0123456789abcdef@vote.example.org>");
  EXPECT_EQ(mail.headers.at("to"), "voter@example.org");
  EXPECT_EQ(test::without_encoded_words(mail.headers.at("subject")), message.subject);
  ASSERT_EQ(mail.parts.size(), 2u);
  EXPECT_EQ(mail.parts[0].body, message.body);
  EXPECT_EQ(report.headers.at("envelope-to"),
            "bounces+0123456789abcdef0123456789abcdef@vote.example.org");
  EXPECT_THAT(report.headers.at("content-type"), HasSubstr("report-type=delivery-status"));
  EXPECT_THAT(exim.log(), HasSubstr("X=TLS"));
  EXPECT_THAT(exim.log(), HasSubstr("A=plain:portal"));
  EXPECT_THAT(exim.log(), Not(HasSubstr("correct horse")));
}

TEST(SmtpRelayExim, ItsRefusalsAreUnderstoodAndTheConnectionGoesOn) {
  const Exim exim;
  const auto relay = exim.relay();
  const auto to = [&](const char* destination) {
    auto message = test::some_mail();
    message.destination = destination;
    return relay->carry(message);
  };
  EXPECT_EQ(to("nobody@example.org").result, Delivery::refused);
  EXPECT_EQ(to("nobody@example.org").reason, Reason::unknown_recipient);
  EXPECT_EQ(to("stranger@example.org").result, Delivery::later);
  EXPECT_EQ(to("stranger@example.org").reason, Reason::greylisted);
  EXPECT_EQ(to("full@example.org").result, Delivery::refused);
  EXPECT_EQ(to("full@example.org").reason, Reason::full);
  EXPECT_EQ(to("fuller@example.org").result, Delivery::later);
  EXPECT_EQ(to("fuller@example.org").reason, Reason::full);
  EXPECT_EQ(to("voter@example.org").result, Delivery::accepted);
  // As many as it has seen: ours, and the one that asked whether it listens.
  const auto log = exim.log();
  std::size_t connections = 0;
  for (std::size_t i = 0; (i = log.find("SMTP connection from", i)) != std::string::npos; ++i) {
    connections += log.find("(TCP/IP connection count", i) < log.find('\n', i) ? 1 : 0;
  }
  EXPECT_EQ(connections, 2u) << log;
}

TEST(SmtpRelayExim, WithAWrongPasswordNothingLeaves) {
  const Exim exim;
  const auto outcome = exim.relay("incorrect horse")->carry(test::some_mail());
  EXPECT_EQ(outcome.result, Delivery::unreachable);
  EXPECT_EQ(outcome.reason, Reason::credentials);
  EXPECT_THAT(exim.log(), Not(HasSubstr("incorrect horse")));
  EXPECT_TRUE(exim.mailbox().empty());
}

}  // namespace
}  // namespace isoloir
