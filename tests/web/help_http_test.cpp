// "AIDE ?" as a browser sees it over HTTP. Numbers are those of docs/reissue.md.
#include "web/site_fixture.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view desk_phone = "+33 1 99 00 00 02";

struct HelpHttp : SiteFixture {
  HelpHttp() {
    portal.assistance = {
        std::string(desk_phone), {"every day", "tous les jours"}, "desk@portal.example"};
    portal.credentials.code = {12, false};
    portal.credentials.identifier = CodeForm{12, false};
  }
  // The form as it stands on `page`, filled in, captcha solved.
  Fields filled(const std::string& page, const std::string& email = "camille@example.org") {
    const auto id = hidden(page, "captcha_id");
    return {{"csrf", hidden(page, "csrf")},
            {"topic", "voting"},
            {"name", "Camille V."},
            {"email", email},
            {"phone", "+1 212 555 0100"},
            {"text", "Bonjour,\r\nl'écran reste blanc."},
            {"captcha_id", id},
            {"captcha", captcha_digits(id)}};
  }
  static void set(Fields& form, const std::string& name, const std::string& value) {
    for (auto& field : form) {
      if (field.first == name) field.second = value;
    }
  }
  static std::string location(const http::ClientResponse& answer) {
    const auto* found = http::find_header(answer.headers, "Location");
    return std::to_string(answer.status) + " " + (found ? *found : "");
  }
  // What was typed is in its fields, as HTML writes it.
  static void expect_kept(const std::string& page) {
    for (const auto* text : {"value=\"voting\" checked", "value=\"Camille V.\"",
                             "value=\"camille@example.org\"", "value=\"+1 212 555 0100\""}) {
      EXPECT_NE(page.find(text), std::string::npos) << text;
    }
    EXPECT_NE(page.find("cran reste blanc."), std::string::npos);
  }
  static bool says(const std::string& page, const std::string& text) {
    return page.find(text) != std::string::npos;
  }
  static std::string reference_on(const std::string& page) {
    std::smatch found;
    const std::regex reference("<strong class=\"code-text\">([0-9A-Z]{4}-[0-9A-Z]{4})</strong>");
    EXPECT_TRUE(std::regex_search(page, found, reference));
    return found.empty() ? "" : found[1].str();
  }
  void expect_nothing_sent() {
    EXPECT_EQ(count_rows("help_request"), 0);
    EXPECT_EQ(count_rows("message"), 0);
  }
};

TEST_F(HelpHttp, SentByWhoIsNotSignedIn) {
  auto device = browser();
  const auto page = device.get("/help").body;
  EXPECT_TRUE(says(page, std::string(desk_phone))) << "the telephone stands beside it";
  const auto answer = device.post("/help", filled(page));
  ASSERT_EQ(location(answer), "303 /help/sent");
  const auto sent = device.get("/help/sent").body;
  const auto reference = reference_on(sent);
  EXPECT_TRUE(says(sent, "camille@example.org"));
  EXPECT_EQ(reference_on(device.get("/help/sent").body), reference) << "a reload sends nothing";
  EXPECT_EQ(reference_on(device.get("/help/sent?lang=en").body), reference);
  EXPECT_EQ(count_rows("help_request WHERE reference = '" + reference + "'"), 1);
  const auto messages = inbox();
  ASSERT_EQ(messages.size(), 2u);
  for (const auto& message : messages) {
    EXPECT_NE(message.subject.find(reference), std::string::npos);
    const bool to_desk = message.kind == "help-request";
    EXPECT_EQ(message.destination, to_desk ? "desk@portal.example" : "camille@example.org");
    EXPECT_EQ(message.reply_to, to_desk ? "camille@example.org" : "");
    EXPECT_EQ(says(message.body, "écran"), to_desk) << message.body;
    EXPECT_EQ(says(message.body, "Un vote impossible"), to_desk);
  }
  auto elsewhere = browser("192.0.2.2");
  elsewhere.client.cookies() = device.client.cookies();
  elsewhere.client.cookies().erase("__Host-session");
  EXPECT_EQ(location(elsewhere.get("/help/sent")), "303 /help") << "told to that session alone";
}

// A signed-in voter is not named: neither in the mails nor in what is stored.
TEST_F(HelpHttp, R09WhoIsSignedInIsNotNamed) {
  auto device = browser();
  device.sign_in(0);
  ASSERT_EQ(location(device.post("/help", filled(device.get("/help").body))), "303 /help/sent");
  const auto& voter = roll.voters[0];
  for (const auto& message : inbox()) {
    EXPECT_FALSE(says(message.body, voter.email));
    EXPECT_FALSE(says(message.body, voter.birth_name));
    EXPECT_FALSE(says(message.body, " " + voter.id + "\n"));
  }
  EXPECT_EQ(count_rows("message WHERE voter = ''"), 2);
}

// Nothing is lost whatever was wrong: the captcha, the page's age, the session, a field.
TEST_F(HelpHttp, WhatWasTypedIsKept) {
  auto device = browser();
  auto form = filled(device.get("/help").body);
  set(form, "captcha", "12345");
  auto answer = device.post("/help", form);
  EXPECT_EQ(answer.status, 200);
  expect_kept(answer.body);
  EXPECT_TRUE(says(answer.body, "captcha-error"));

  form = filled(answer.body);
  device.client.cookies().clear();  // the session is over
  answer = device.post("/help", form);
  EXPECT_EQ(answer.status, 200);
  expect_kept(answer.body);
  EXPECT_TRUE(says(answer.body, "rien n’a été envoyé"));

  form = filled(answer.body);
  set(form, "csrf", "of another session");
  answer = device.post("/help", form);
  expect_kept(answer.body);

  form = filled(answer.body);
  set(form, "email", "camille");
  set(form, "phone", "<b>");
  answer = device.post("/help", form);
  EXPECT_TRUE(says(answer.body, "href=\"#email\"") && says(answer.body, "id=\"email-error\""));
  EXPECT_TRUE(says(answer.body, "href=\"#phone\"") && says(answer.body, "id=\"phone-error\""));
  EXPECT_TRUE(says(answer.body, "value=\"&lt;b&gt;\""));
  EXPECT_FALSE(
      says(answer.body, "captcha-error\" class=\"govuk-error-message\" data-error=\"captcha\">"))
      << "the digits were right";
  expect_nothing_sent();

  EXPECT_EQ(location(device.post("/help", filled(answer.body))), "303 /help/sent");
}

// Requirement 9: identifier and password are refused at the field, and nothing is stored.
TEST_F(HelpHttp, R09ATextWithACredentialIsRefused) {
  auto device = browser();
  auto page = device.get("/help").body;
  for (const auto* secret : {"K7QD-2M4X-PR9T", "k7qd2m4xpr9t", "K7QD 2M4X PR9T"}) {
    auto form = filled(page);
    set(form, "text", std::string("Mon mot de passe ") + secret + " est refusé");
    const auto answer = device.post("/help", form);
    EXPECT_EQ(answer.status, 200);
    page = answer.body;
    EXPECT_TRUE(says(page, "id=\"text-error\""));
    EXPECT_TRUE(says(page, std::string(secret) + "\u00a0» ressemble à un identifiant")) << page;
  }
  expect_nothing_sent();
  EXPECT_EQ(count_rows("attempt"), 0);
  EXPECT_EQ(location(device.post("/help", filled(page))), "303 /help/sent");
}

// Requirement 28: one captcha, one try.
TEST_F(HelpHttp, R28ACaptchaServesOnce) {
  auto device = browser();
  auto form = filled(device.get("/help").body);
  ASSERT_EQ(location(device.post("/help", form)), "303 /help/sent");
  set(form, "text", "Autre chose");
  const auto answer = device.post("/help", form);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(count_rows("help_request"), 1);
}

// A double click, a reload of the answer, an answer lost on its way.
TEST_F(HelpHttp, TheSameFormTwiceIsOneRequest) {
  auto device = browser();
  const auto form = filled(device.get("/help").body);
  ASSERT_EQ(location(device.post("/help", form)), "303 /help/sent");
  const auto reference = reference_on(device.get("/help/sent").body);
  ASSERT_EQ(location(device.post("/help", form)), "303 /help/sent");
  EXPECT_EQ(reference_on(device.get("/help/sent").body), reference);
  EXPECT_EQ(count_rows("help_request"), 1);
  EXPECT_EQ(count_rows("message"), 2);
}

// Requirement 37.
TEST_F(HelpHttp, R37RepeatedAndArrayParametersAre400) {
  auto device = browser();
  const auto good = http::encode_form({filled(device.get("/help").body)});
  for (const std::string_view more :
       {"&email=b%40example.org", "&email[]=b%40example.org", "&email%5B%5D=b%40example.org",
        "&email.1=b%40example.org", "&cc=b%40example.org", "&reply_to=b%40example.org", "&text=x",
        "&topic=other", "&voter=E1"}) {
    EXPECT_EQ(device.post_text("/help", good + std::string(more)).status, 400) << more;
  }
  EXPECT_EQ(device.post_text("/help", "{}", "application/json").status, 400);
  expect_nothing_sent();
}

// Requirement 38: a line break, a NUL or a list never reaches the queue.
TEST_F(HelpHttp, R38NothingBecomesAHeader) {
  auto device = browser();
  auto page = device.get("/help").body;
  for (const auto* address :
       {"a@example.org\r\nBcc: b@example.org", "a@example.org\n", "a@example.org,b@example.org",
        "A <a@example.org>", "\"a\r\n\"@example.org"}) {
    auto form = filled(page, address);
    const auto answer = device.post("/help", form);
    EXPECT_EQ(answer.status, 200);
    page = answer.body;
    EXPECT_TRUE(says(page, "id=\"email-error\"")) << address;
  }
  auto form = filled(page, std::string("a@example.org\0", 14));
  EXPECT_EQ(device.post("/help", form).status, 400);
  expect_nothing_sent();
}

// Requirement 44: nothing in the mails comes from a request's headers.
TEST_F(HelpHttp, R44ForgedHostChangesNoMail) {
  auto device = browser();
  device.more = {{"Host", "evil.example"}, {"X-Forwarded-Host", "evil.example"}};
  ASSERT_EQ(location(device.post("/help", filled(device.get("/help").body))), "303 /help/sent");
  const auto messages = inbox();
  ASSERT_EQ(messages.size(), 2u);
  for (const auto& message : messages) {
    EXPECT_FALSE(says(message.subject + message.body + message.reply_to, "evil.example"));
  }
}

// Requirement 52, and no copy of what was typed on a shared computer.
TEST_F(HelpHttp, R52NeitherFramedNorKept) {
  auto device = browser();
  for (const auto* path : {"/help", "/help/sent"}) {
    const auto answer = device.get(path);
    const auto* content_policy = http::find_header(answer.headers, "Content-Security-Policy");
    ASSERT_TRUE(content_policy);
    EXPECT_NE(content_policy->find("frame-ancestors 'none'"), std::string::npos);
    const auto* cache = http::find_header(answer.headers, "Cache-Control");
    ASSERT_TRUE(cache);
    EXPECT_EQ(*cache, "no-store");
  }
}

TEST_F(HelpHttp, TooManyFromANetworkAreToldSoAndLoseNothing) {
  auto device = browser("192.0.2.1");
  auto page = device.get("/help").body;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(
        location(device.post("/help", filled(page, "v" + std::to_string(i) + "@example.org"))),
        "303 /help/sent");
    page = device.get("/help").body;
  }
  const auto answer = device.post("/help", filled(page));
  EXPECT_EQ(answer.status, 200);
  expect_kept(answer.body);
  EXPECT_TRUE(says(answer.body, "Trop de demandes viennent de votre réseau"));
  EXPECT_TRUE(says(answer.body, "appelez l’assistance au " + std::string(desk_phone)));
  EXPECT_EQ(count_rows("help_request"), 10);
}

TEST_F(HelpHttp, AnAddressThatHasHadItsAcknowledgementsIsToldSo) {
  auto device = browser();
  ASSERT_EQ(location(device.post("/help", filled(device.get("/help").body))), "303 /help/sent");
  EXPECT_TRUE(says(device.get("/help/sent").body, "accusé de réception portant la référence"));
  ASSERT_EQ(location(device.post("/help", filled(device.get("/help").body))), "303 /help/sent");
  EXPECT_TRUE(says(device.get("/help/sent").body, "Plusieurs accusés de réception"));
  EXPECT_EQ(count_rows("message WHERE kind = 'help-request'"), 2) << "the help desk has both";
  EXPECT_EQ(count_rows("message WHERE kind = 'help-ack'"), 1);
}

// On every page, errors included, the way there.
TEST_F(HelpHttp, EveryPageLeadsThere) {
  auto device = browser();
  const std::string link = "href=\"/help\"";
  for (const auto* path : {"/sign-in", "/tracker", "/result", "/nowhere", "/signed-out", "/r"}) {
    EXPECT_TRUE(says(device.get(path).body, link)) << path;
  }
  http::Request busy;
  busy.path = "/";
  EXPECT_TRUE(says(site.busy_page(busy).body, link));
  EXPECT_TRUE(says(site.error_page(500, nullptr).body, link));
  device.sign_in(0);
  for (const auto* path : {"/", "/reissue", "/reissue/question"}) {
    EXPECT_TRUE(says(device.get(path).body, link)) << path;
  }
  EXPECT_TRUE(says(device.get("/voting-space").body, "href=\"/help?beside=1\" target=\"_blank\""))
      << "beside what is typed there";
}

// Without a channel for messages nothing is promised; without an address there is no page.
TEST_F(HelpHttp, WhatThisServerCannotDoIsNotPromised) {
  Site silent(*state, *log, portal, renderer, std::nullopt, {});
  const auto ask = [&](http::Method method, const std::string& path) {
    http::Request request;
    request.method = method;
    request.path = path;
    return silent.handle(request);
  };
  const auto page = ask(http::Method::get, "/help");
  EXPECT_EQ(page.status, 200);
  EXPECT_FALSE(says(page.body, "<form method=\"post\" action=\"/help\""));
  EXPECT_TRUE(says(page.body, "mailto:desk@portal.example"));
  EXPECT_TRUE(says(page.body, std::string(desk_phone)));
  EXPECT_EQ(ask(http::Method::post, "/help").status, 303);
  EXPECT_EQ(ask(http::Method::get, "/help/sent").status, 303);

  portal.assistance->email.clear();
  EXPECT_EQ(ask(http::Method::get, "/help").status, 404);
  EXPECT_EQ(ask(http::Method::post, "/help").status, 404);
  EXPECT_FALSE(says(ask(http::Method::get, "/tracker").body, "/help"));
}

}  // namespace
}  // namespace isoloir::web
