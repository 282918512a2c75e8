// Lost passwords and identifiers over HTTP; R.. are requirements of the reissue design.
#include "web/recovery_site.hpp"

namespace isoloir::web {
namespace {

struct RecoveryHttp : RecoverySite {
  RecoveryHttp() : RecoverySite(4) {}

  void set_blocked(std::size_t voter) {
    const auto link = [&] {
      EXPECT_EQ(renew(token_for(voter), identifier(voter)), "renewed");
      const auto notice = value_of(inbox("reissue-notice")[0], "link");
      return notice.substr(notice.find('#') + 1);
    }();
    EXPECT_TRUE(cancel_reissue(*state, link));
  }
  // All that somebody sees who asks, from a browser of her own: the answer, and the page that it
  // leads to.
  std::string seen(const std::string& typed_number, const std::string& typed) {
    http::Client client{"127.0.0.1", server->port()};
    const auto page = get(client, "/password-renewal").body;
    const auto answer =
        client.post_form("/password-renewal", {form(page, typed_number, typed)}, {});
    EXPECT_EQ(answer->status, 303);
    const auto requested = get(client, "/password-renewal/requested");
    EXPECT_EQ(requested.status, 200);
    static const std::regex sealed("__Host-password-requested=[A-Za-z0-9_-]+");
    const auto length =
        std::to_string(http::find_header(answer->headers, "Set-Cookie") != nullptr
                           ? http::find_header(answer->headers, "Set-Cookie")->size()
                           : 0);
    return length + std::regex_replace(SiteFixture::comparable(*answer), sealed, "*") +
           SiteFixture::comparable(requested);
  }
  http::ClientResponse renew_over_http(http::Client& client, const std::string& page,
                                       const std::string& token, const std::string& typed) {
    const auto id = SiteFixture::hidden(page, "captcha_id");
    const auto answer = client.request(
        "POST", "/api/password-renewal",
        {{"Content-Type", "application/json"},
         {"X-Requested-With", "isoloir"},
         {"X-CSRF-Token", SiteFixture::data(page, "csrf")}},
        canonical_json(
            {{"token", token}, {"identifier", typed}, {"captchaId", id}, {"captcha", digits(id)}}));
    EXPECT_TRUE(answer);
    return *answer;
  }
};

TEST_F(RecoveryHttp, R32R34R35WhoeverAsksSeesTheSame) {
  set_blocked(2);
  transport.mail = Delivery::later;  // R34: nothing leaves
  const auto known = seen(number(0), email(0));
  EXPECT_NE(known.find("303"), std::string::npos);
  EXPECT_EQ(seen("999999999", email(0)), known) << "no such number";
  EXPECT_EQ(seen(number(1), email(0)), known) << "another's address";
  set("phone", 1, "");
  EXPECT_EQ(seen(number(1), email(1)), known) << "without a phone";
  EXPECT_EQ(seen(number(2), email(2)), known) << "blocked";
  service->work();
  service->ask_password(number(3), email(3), {"192.0.2.1", "en"});
  service->work();
  EXPECT_EQ(seen(number(3), email(3)), known) << "throttled";
}

TEST_F(RecoveryHttp, R37FormsThatOurPageDoesNotSend) {
  http::Client client{"127.0.0.1", server->port()};
  const auto page = get(client, "/password-renewal").body;
  auto twice = form(page, number(0), email(0));
  twice.push_back({"email", "attacker@example.org"});
  EXPECT_EQ(client.post_form("/password-renewal", {twice}, {})->status, 400);
  auto array = form(page, number(0), email(0));
  array.push_back({"email[]", "attacker@example.org"});
  EXPECT_EQ(client.post_form("/password-renewal", {array}, {})->status, 400);
  EXPECT_EQ(count_rows("recovery_request"), 0);
}

TEST_F(RecoveryHttp, R28ACaptchaServesOnceAndIsBurnt) {
  http::Client client{"127.0.0.1", server->port()};
  const auto page = get(client, "/password-renewal").body;
  auto fields = form(page, number(0), email(0));
  const auto right = fields.back().second;
  fields.back().second = right == "0000" ? "0001" : "0000";
  EXPECT_EQ(client.post_form("/password-renewal", {fields}, {})->status, 200) << "wrong";
  fields.back().second = right;
  EXPECT_EQ(client.post_form("/password-renewal", {fields}, {})->status, 200) << "burnt";
  EXPECT_EQ(count_rows("recovery_request"), 0);
}

TEST_F(RecoveryHttp, R38AnAddressThatIsNoneIsToldAndNotTaken) {
  http::Client client{"127.0.0.1", server->port()};
  for (const std::string wrong : {"nobody", "a@b.example, c@d.example",
                                  "a@b.example\r\nBcc: x@y.example", "\"a b\"@c.example", ""}) {
    const auto page = get(client, "/password-renewal").body;
    const auto answer = client.post_form("/password-renewal", {form(page, number(0), wrong)}, {});
    EXPECT_EQ(answer->status, 200) << wrong;
    EXPECT_NE(answer->body.find("email-error"), std::string::npos) << wrong;
  }
  EXPECT_EQ(count_rows("recovery_request"), 0);
}

TEST_F(RecoveryHttp, R14R15R50LookingAtALinkDoesNothing) {
  const auto token = token_for(0);
  http::Client client{"127.0.0.1", server->port()};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(get(client, "/password-renewal/link").status, 200);
  const auto page = get(client, "/password-renewal/link");
  EXPECT_EQ(*http::find_header(page.headers, "Referrer-Policy"), "no-referrer");
  EXPECT_NE(
      http::find_header(page.headers, "Content-Security-Policy")->find("frame-ancestors 'none'"),
      std::string::npos)
      << "R52";
  const auto answer = renew_over_http(client, page.body, token, identifier(0));
  EXPECT_EQ(Json::parse(answer.body)["status"], "renewed");
  EXPECT_EQ(answer.body.find(token), std::string::npos);
  const auto password = sent_password();
  EXPECT_EQ(answer.body.find(password.normalised()), std::string::npos) << "R53";
  EXPECT_EQ(answer.body.find(password.shown().reveal()), std::string::npos);
}

TEST_F(RecoveryHttp, R03AnotherSiteCannotUseALink) {
  const auto token = token_for(0);
  http::Client client{"127.0.0.1", server->port()};
  const auto page = get(client, "/password-renewal/link").body;
  const auto id = SiteFixture::hidden(page, "captcha_id");
  const auto body = canonical_json({{"token", token},
                                    {"identifier", identifier(0)},
                                    {"captchaId", id},
                                    {"captcha", digits(id)}});
  const auto foreign =
      client.request("POST", "/api/password-renewal", {{"Content-Type", "text/plain"}}, body);
  EXPECT_EQ(foreign->status, 400);
  const auto without_csrf =
      client.request("POST", "/api/password-renewal",
                     {{"Content-Type", "application/json"}, {"X-Requested-With", "isoloir"}}, body);
  EXPECT_EQ(Json::parse(without_csrf->body)["status"], "page_old");
  EXPECT_EQ(renew(token, identifier(0)), "renewed") << "the link is as it was";
}

TEST_F(RecoveryHttp, R44TheHostHeaderGoesNowhere) {
  http::Client client{"127.0.0.1", server->port()};
  const auto page = get(client, "/password-renewal").body;
  const auto answer =
      client.post_form("/password-renewal", {form(page, number(0), email(0))},
                       {{"X-Forwarded-Host", "evil.example"}, {"Forwarded", "host=evil.example"}});
  EXPECT_EQ(answer->status, 303);
  service->work();
  EXPECT_EQ(inbox("password-link")[0].body.find("evil"), std::string::npos);
  EXPECT_NE(inbox("password-link")[0].body.find("http://localhost:8080/"), std::string::npos);
}

TEST_F(RecoveryHttp, R05ClosedSaysSoToEverybody) {
  clock.set(fixture_closes);
  http::Client client{"127.0.0.1", server->port()};
  for (const auto* path : {"/password-renewal", "/identifier-recovery"}) {
    const auto page = get(client, path);
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body.find("<form method=\"post\" action=\"/password-renewal\""),
              std::string::npos);
    EXPECT_NE(page.body.find("Le vote est fermé"), std::string::npos) << path;
  }
}

// Requirement 45, with the words that voters get.
TEST_F(RecoveryHttp, R45TextMessagesFitOneSegment) {
  EXPECT_TRUE(check_recovery_texts(message_texts, portal.credentials));
  auto longest = portal.credentials;
  longest.code.characters = 100;
  EXPECT_EQ(check_recovery_texts(message_texts, longest).error().code, "message.too_long");
}

// A portal of addresses and account passwords has neither identifiers nor their recovery.
struct OtherScheme : SiteFixture {};
TEST_F(OtherScheme, HasNothingOfTheRecovery) {
  auto device = browser();
  for (const auto* path : {"/password-renewal", "/identifier-recovery", "/both-lost"}) {
    EXPECT_EQ(device.get(path).status, 404) << path;
  }
}

}  // namespace
}  // namespace isoloir::web
