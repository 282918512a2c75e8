// Accounts over HTTP; R.. are requirements of the reissue design.
#include "web/account_site.hpp"

namespace isoloir::web {
namespace {

TEST_F(AccountHttp, FromTheLinkToTheSignIn) {
  auto one = device();
  ASSERT_EQ(one.open(token_for(3)), "opened");
  EXPECT_NE(one.get("/account/password").body.find("VOTANTE E4"), std::string::npos);
  EXPECT_EQ(one.choose("Girafe-Tuba-19-Neige"), "/account/question");
  EXPECT_EQ(one.answer("Deux-Chevaux"), "/account/done");
  const auto done = one.get("/account/done");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(Device::leads(one.get("/")), "/sign-in") << "R54: nobody is signed in by a link";
  EXPECT_TRUE(sign_in(*state, {}, "E4@portal.example", "Girafe-Tuba-19-Neige", "192.0.2.1"));
  EXPECT_EQ(done.body.find("Girafe"), std::string::npos);
}

TEST_F(AccountHttp, R32R34R35WhoeverAsksSeesTheSame) {
  const auto known = seen("E1@portal.example");
  EXPECT_NE(known.find("303"), std::string::npos);
  EXPECT_EQ(seen("E9@portal.example"), known) << "nobody";
  EXPECT_EQ(seen("E4@portal.example"), known) << "without an account";
  auto one = device();
  ASSERT_EQ(one.open(token_for(1)), "opened");
  ASSERT_EQ(one.choose("Girafe-Tuba-19-Neige"), "/account/done");
  ASSERT_TRUE(block_account(*state, token_in("account-notice", 1)));
  EXPECT_EQ(seen("E2@portal.example"), known) << "blocked";
  for (int i = 0; i < 4; ++i) (void)token_for(2);
  EXPECT_EQ(seen("E3@portal.example"), known) << "throttled";
}

// Requirement 1: whatever address is typed, who has not come this far is sent to the start, and
// nothing changes.
TEST_F(AccountHttp, R01EveryPageSendsWhoSkipsAStepToTheStart) {
  auto one = device();
  for (const char* path : {"/account/password", "/account/question"}) {
    EXPECT_EQ(Device::leads(one.get(path)), "/account") << path;
    EXPECT_EQ(Device::leads(one.post(path, {{"csrf", "x"}})), "/account") << path;
  }
  EXPECT_EQ(Device::leads(one.get("/account/done")), "/sign-in");
  EXPECT_EQ(Device::leads(one.get("/account-link/requested")), "/account-link");
  ASSERT_EQ(one.open(token_for(3)), "opened");
  EXPECT_EQ(Device::leads(one.get("/account/question")), "/account/password");
  EXPECT_EQ(Device::leads(one.get("/account/done")), "/account/password");
  EXPECT_EQ(count_rows("account"), 3);
}

// Requirements 3 and 54: the steps are those of the browser that opened the link.
TEST_F(AccountHttp, R03AnotherBrowserDoesNotGoOn) {
  auto one = device(), other = device();
  const auto token = token_for(3);
  ASSERT_EQ(one.open(token), "opened");
  EXPECT_EQ(other.open(token), "elsewhere");
  EXPECT_EQ(Device::leads(other.get("/account/password")), "/account");
  EXPECT_EQ(one.choose("Girafe-Tuba-19-Neige"), "/account/question");
}

// No page of an account leads where somebody else says: a target that a link or a form brings along
// is nothing.
TEST_F(AccountHttp, R55NoTargetOfAnotherSite) {
  auto one = device();
  for (const std::string target :
       {"https://attacker.example/", "//attacker.example", "/voting-space"}) {
    for (const std::string path : {"/account", "/account-link", "/account/block"}) {
      const auto answer = one.get(path + "?to=" + target);
      EXPECT_EQ(answer.status, 200) << path;
      EXPECT_EQ(answer.body.find("attacker"), std::string::npos) << path;
    }
    EXPECT_EQ(one.post("/account-link", {{"email", "E1@portal.example"}, {"to", target}}).status,
              400);
  }
  ASSERT_EQ(one.open(token_for(3)), "opened");
  EXPECT_EQ(one.post("/account/password?to=//attacker.example",
                     {{"csrf", "x"}, {"to", "//attacker.example"}})
                .status,
            400);
}

TEST_F(AccountHttp, R14R15R50AskingForTheLinksPageDoesNothing) {
  const auto token = token_for(3);
  auto one = device();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(one.get("/account").status, 200);
  const auto page = one.get("/account");
  EXPECT_EQ(*http::find_header(page.headers, "Referrer-Policy"), "no-referrer");
  EXPECT_NE(
      http::find_header(page.headers, "Content-Security-Policy")->find("frame-ancestors 'none'"),
      std::string::npos)
      << "R52";
  EXPECT_EQ(page.body.find("https://"), std::string::npos) << "no third party";
  EXPECT_EQ(one.open(token), "opened") << "still good";
}

// Requirement 37, and fields that no page sends.
TEST_F(AccountHttp, R37HostileFormsChangeNothing) {
  const auto token = token_for(3);
  auto one = device();
  for (const std::string& body :
       {std::string("{\"token\":[\"") + token + "\"]}", std::string("{\"token\":{}}"),
        std::string("{}"), std::string("[]"), std::string("\"") + token + "\"", std::string()}) {
    EXPECT_EQ(one.post_json("/api/account/open", body).status, 400) << body;
  }
  EXPECT_EQ(one.client
                .request("POST", "/api/account/open", {{"Content-Type", "application/json"}},
                         canonical_json({{"token", token}}))
                ->status,
            400)
      << "from a form of another site";
  ASSERT_EQ(one.open(token), "opened");
  const std::string good = "Girafe-Tuba-19-Neige";
  using Fields = Device::Fields;
  const auto form = one.form("/account/password", {});
  const auto with = [](Fields fields, const Fields& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  };
  for (const Fields& more : {Fields{{"password[]", good}},
                             Fields{{"password", good}, {"password", "Autre-Tuba-19-Neige"}},
                             Fields{{"password", good}, {"voter", "E1"}},
                             Fields{{"password", good}, {"to", "https://evil.example"}}}) {
    EXPECT_EQ(one.post("/account/password", with(form, more)).status, 400) << more.back().first;
  }
  EXPECT_EQ(one.post("/account/password", {{"csrf", "wrong"}, {"password", good}}).status, 200);
  // The form of another link that was opened in this browser.
  const auto other =
      one.post("/account/password", {form[0], {"reference", "K7QD-2M4X"}, {"password", good}});
  EXPECT_EQ(other.status, 200);
  EXPECT_NE(other.body.find("VOTANTE E4"), std::string::npos) << "it says whose account it is";
  EXPECT_EQ(count_rows("reissue_flow WHERE password_mac IS NOT NULL"), 0);
  EXPECT_EQ(one.choose(good), "/account/question");
  const auto question = one.form("/account/question", {});
  EXPECT_EQ(one.post("/account/question", with(question, {{"question", "own"},
                                                          {"own", "<script>alert(1)</script> ?"},
                                                          {"answer", "a"}}))
                .body.find("<script>alert"),
            std::string::npos);
  EXPECT_EQ(one.post("/account/question",
                     with(question, {{"question", "7"}, {"own", ""}, {"answer", "Lyon"}}))
                .status,
            200)
      << "no such question";
  EXPECT_EQ(one.post("/account/question", with(question, {{"question", "own"},
                                                          {"own", std::string("a\0b", 3)},
                                                          {"answer", "Lyon"}}))
                .status,
            400)
      << "NUL";
  EXPECT_EQ(count_rows("account"), 3);
}

// Requirement 44: whatever the request says of itself, the link is the portal's.
TEST_F(AccountHttp, R44ForgedHostsChangeNoLink) {
  auto one = device();
  const auto page = one.get("/account-link").body;
  const auto id = SiteFixture::hidden(page, "captcha_id");
  const auto answer = one.client.post_form("/account-link",
                                           {{{"csrf", SiteFixture::hidden(page, "csrf")},
                                             {"email", "E1@portal.example"},
                                             {"captcha_id", id},
                                             {"captcha", digits(id)}}},
                                           {{"X-Forwarded-Host", "evil.example"},
                                            {"X-Forwarded-Proto", "gopher"},
                                            {"Forwarded", "host=evil.example"}});
  ASSERT_EQ(answer->status, 303);
  accounts.work();
  InboxTransport transport;
  outbox_of(*state).deliver(transport, state->now());
  bool sent = false;
  for (const auto& message : read_inbox(*state)) {
    EXPECT_EQ(message.body.find("evil.example"), std::string::npos);
    sent = sent || message.body.find("http://localhost:8080/account#") != std::string::npos;
  }
  EXPECT_TRUE(sent);
}

TEST_F(AccountHttp, ACaptchaThatIsWrongAsksNothing) {
  auto one = device();
  const auto page = one.get("/account-link").body;
  const auto id = SiteFixture::hidden(page, "captcha_id");
  const auto again = one.post("/account-link", {{"csrf", SiteFixture::hidden(page, "csrf")},
                                                {"email", "E1@portal.example"},
                                                {"captcha_id", id},
                                                {"captcha", "xxxx"}});
  EXPECT_EQ(again.status, 200);
  EXPECT_NE(again.body.find("value=\"E1@portal.example\""), std::string::npos);
  EXPECT_EQ(count_rows("recovery_request"), 0);
}

TEST_F(AccountHttp, TheNoticesLinkBlocks) {
  auto one = device();
  ASSERT_EQ(one.open(token_for(0)), "opened");
  ASSERT_EQ(one.choose("Girafe-Tuba-19-Neige"), "/account/done");
  auto other = device();
  EXPECT_EQ(other.get("/account/block").status, 200);
  EXPECT_TRUE(sign_in(*state, {}, "E1@portal.example", "Girafe-Tuba-19-Neige", "192.0.2.1"))
      << "asking for the page blocks nothing";
  EXPECT_EQ(other.post("/account/block", {{"token", "x"}}).status, 200);
  EXPECT_EQ(other.post("/account/block", {}).status, 400);
  EXPECT_EQ(other.post("/account/block", {{"token", token_in("account-notice", 0)}}).status, 200);
  EXPECT_FALSE(sign_in(*state, {}, "E1@portal.example", "Girafe-Tuba-19-Neige", "192.0.2.1"));
}

// Where no channel carries messages the pages promise nothing.
TEST_F(AccountHttp, WithoutAChannelThePagesNameTheAssistance) {
  Site mute(*state, *log, portal, renderer, std::nullopt, {});
  http::ServerOptions options;
  options.address = "127.0.0.1";
  http::Server quiet(std::move(options), mute);
  ASSERT_TRUE(quiet.start());
  http::Client client("127.0.0.1", quiet.port());
  EXPECT_EQ(client.get("/sign-in", {})->body.find("/account-link"), std::string::npos);
  const auto page = client.get("/account-link", {});
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->body.find("<form method=\"post\" action=\"/account-link\""), std::string::npos);
  EXPECT_EQ(client
                .request("POST", "/api/account/open",
                         {{"Content-Type", "application/json"}, {"X-Requested-With", "isoloir"}},
                         "{\"token\":\"x\"}")
                ->status,
            400);
  quiet.stop();
}

}  // namespace
}  // namespace isoloir::web
