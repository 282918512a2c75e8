// The contact check over HTTP; R.. are requirements of the reissue design.
#include "web/recovery_site.hpp"

namespace isoloir::web {
namespace {

struct ContactHttp : VotingFixture {
  ContactHttp() : VotingFixture(3, identifier_and_password()) {
    clock.set(policy.from);
    http::ServerOptions options;
    options.address = "127.0.0.1";
    server = std::make_unique<http::Server>(std::move(options), site);
    EXPECT_TRUE(server->start());
    check.work();
  }
  ~ContactHttp() override { server->stop(); }

  std::string token(MessageChannel channel) {
    InboxTransport transport;
    outbox_of(*state).deliver(transport, state->now());
    for (const auto& message : read_inbox(*state)) {
      if (message.channel != channel) continue;
      return message.body.substr(message.body.find('#') + 1, 43);
    }
    ADD_FAILURE() << "no message";
    return {};
  }
  http::ClientResponse post(std::string_view body, const http::Headers& headers = json_headers()) {
    http::Client client{"127.0.0.1", server->port()};
    const auto answer = client.request("POST", "/api/contact", headers, body);
    EXPECT_TRUE(answer);
    return *answer;
  }
  static http::Headers json_headers() {
    return {{"Content-Type", "application/json"}, {"X-Requested-With", "isoloir"}};
  }
  http::ClientResponse say(const std::string& token, std::string_view answer) {
    return post(canonical_json({{"token", token}, {"answer", answer}}));
  }
  http::ClientResponse get(std::string_view target) {
    http::Client client{"127.0.0.1", server->port()};
    const auto answer = client.get(target, {});
    EXPECT_TRUE(answer);
    return *answer;
  }

  ContactPolicy policy{fixture_opens - 50 * minute, fixture_opens - 10 * minute, true, true};
  Portal portal = *Portal::parse(keys_portal(), "keys.toml");
  Renderer renderer{asset};
  MessageTexts texts{renderer, portal};
  ContactCheck check{*state, policy, &texts};
  Site site{*state, *log, portal, renderer, std::nullopt, {.contact = &check}};
  std::unique_ptr<http::Server> server;
};

TEST_F(ContactHttp, R14R15AskingForThePageHoweverOftenChangesNothing) {
  const auto link = "/contact?token=" + token(MessageChannel::email);
  const auto first = get("/contact");
  EXPECT_EQ(first.status, 200);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(get(i % 2 ? link : "/contact").status, 200);
  EXPECT_EQ(count_rows("contact WHERE answer IS NOT NULL"), 0);
  EXPECT_EQ(get("/api/contact").status, 404);
  // One page for everybody: which election, and nothing of a voter.
  EXPECT_NE(first.body.find("Élection d&apos;essai"), std::string::npos) << first.body;
  for (const char* hers : {"VOTANTE", "portal.example\"", "E1@", "+33"}) {
    EXPECT_EQ(first.body.find(hers), std::string::npos) << hers;
  }
  // What this election sends by each channel, and nothing else.
  const auto mail = first.body.find("data-part=\"email\""),
             sms = first.body.find("data-part=\"sms\"");
  ASSERT_LT(mail, sms);
  ASSERT_NE(sms, std::string::npos);
  EXPECT_NE(first.body.substr(mail, sms - mail).find("votre identifiant"), std::string::npos);
  EXPECT_EQ(first.body.substr(mail, sms - mail).find("votre mot de passe"), std::string::npos);
  EXPECT_NE(first.body.substr(sms).find("votre mot de passe"), std::string::npos);
  EXPECT_EQ(first.body.find("votre code de vote"), std::string::npos);
  EXPECT_EQ(first.body.find("compte électeur"), std::string::npos);
}

TEST_F(ContactHttp, R50R52ThePageAndItsAnswerAreKeptNowhere) {
  for (const auto& answer : {get("/contact"), say(token(MessageChannel::email), "confirmed")}) {
    EXPECT_EQ(*http::find_header(answer.headers, "Cache-Control"), "no-store");
    EXPECT_EQ(*http::find_header(answer.headers, "Referrer-Policy"), "no-referrer");
    EXPECT_NE(http::find_header(answer.headers, "Content-Security-Policy")->find("frame-ancestors"),
              std::string::npos);
    EXPECT_EQ(http::find_header(answer.headers, "Set-Cookie"), nullptr) << "none is needed";
  }
}

TEST_F(ContactHttp, EachAnswerIsTrue) {
  const auto by_mail = token(MessageChannel::email), by_sms = token(MessageChannel::sms);
  const auto said = say(by_mail, "confirmed");
  EXPECT_EQ(said.status, 200);
  auto json = Json::parse(said.body);
  EXPECT_EQ(json["status"], "confirmed");
  EXPECT_EQ(json["channel"], "email");
  EXPECT_EQ(json["at"], "jeudi 1 décembre 2022 à 07h10");
  EXPECT_EQ(json.size(), 3u) << "nothing of the voter: " << said.body;
  clock.advance(minute);
  EXPECT_EQ(say(by_mail, "confirmed").body, said.body) << "again, by another device";
  json = Json::parse(say(by_sms, "not_mine").body);
  EXPECT_EQ(json["status"], "not_mine");
  EXPECT_EQ(json["channel"], "sms");

  EXPECT_EQ(say(std::string(43, 'A'), "confirmed").body, R"({"status":"unknown"})");
  EXPECT_EQ(say("x", "confirmed").body, R"({"status":"unknown"})");
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    for (const char* voter : {"E1", "E2", "E3"}) {
      restart_contact_check(t, voter, MessageChannel::email, 1);
    }
    return {};
  }));
  EXPECT_EQ(say(by_mail, "confirmed").body, R"({"status":"moved"})");
  clock.set(policy.until);
  json = Json::parse(say(by_sms, "confirmed").body);
  EXPECT_EQ(json["status"], "over");
  EXPECT_EQ(json["at"], "jeudi 1 décembre 2022 à 07h50");
}

// Requirement 37, and what no page of ours sends.
TEST_F(ContactHttp, R37WhatIsMalformedIsRefusedAndNothingIsWritten) {
  const auto good = token(MessageChannel::email);
  const auto body = "{\"answer\":\"confirmed\",\"token\":\"" + good + "\"}";
  for (const auto& wrong :
       {std::string(), std::string("[]"), std::string("{}"), "{\"token\":\"" + good + "\"}",
        "{\"answer\":\"confirmed\",\"answer\":\"not_mine\",\"token\":\"" + good + "\"}",
        "{\"answer\":\"confirmed\",\"token\":\"" + good + "\",\"token\":\"" + good + "\"}",
        "{\"answer\":\"yes\",\"token\":\"" + good + "\"}",
        "{\"answer\":\"confirmed\",\"token\":[\"" + good + "\"]}",
        "{\"answer\":\"confirmed\",\"to\":\"x\",\"token\":\"" + good + "\"}",
        "answer=confirmed&token=" + good}) {
    EXPECT_EQ(post(wrong).status, 400) << wrong;
  }
  // A form of another site sends neither.
  EXPECT_EQ(post(body, {{"Content-Type", "application/json"}}).status, 400);
  EXPECT_EQ(post(body, {{"Content-Type", "text/plain"}, {"X-Requested-With", "isoloir"}}).status,
            400);
  EXPECT_EQ(count_rows("contact WHERE answer IS NOT NULL"), 0);
  EXPECT_EQ(post(body).status, 200);
}

TEST_F(ContactHttp, TheMailSaysWhatItIsAndNothingThatIsAsked) {
  InboxTransport transport;
  outbox_of(*state).deliver(transport, state->now());
  for (const auto& message : read_inbox(*state)) {
    if (message.channel == MessageChannel::sms) {
      EXPECT_TRUE(fits_one_sms(message.body)) << message.body;
      EXPECT_NE(message.body.find("Please confirm"), std::string::npos) << message.body;
      continue;
    }
    for (const char* words :
         {"jeudi 1 décembre 2022 à 08h00", "ni identifiant, ni mot de passe, ni code", "———",
          "Thursday 1 December 2022", "no identifier, no password and no code",
          "http://localhost:8080, ou"}) {
      EXPECT_NE(message.body.find(words), std::string::npos) << words << "\n" << message.body;
    }
    EXPECT_EQ(message.body.find("VOTANTE"), std::string::npos);
  }
}

// A portal without it has no such page.
TEST_F(ContactHttp, WithoutThePolicyThereIsNoSuchPage) {
  Site other{*state, *log, portal, renderer, std::nullopt, {}};
  http::ServerOptions options;
  options.address = "127.0.0.1";
  server->stop();
  server = std::make_unique<http::Server>(std::move(options), other);
  ASSERT_TRUE(server->start());
  EXPECT_EQ(get("/contact").status, 404);
  EXPECT_EQ(say(std::string(43, 'A'), "confirmed").status, 400);
  server->stop();
}

}  // namespace
}  // namespace isoloir::web
