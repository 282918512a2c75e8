// Reissue as a browser, a scanner and an attacker see it over HTTP. Numbers are those of
// docs/reissue.md.
#include "web/site_fixture.hpp"

namespace isoloir::web {
namespace {

using ReissueHttp = SiteFixture;

std::string location(const http::ClientResponse& answer) {
  const auto* found = http::find_header(answer.headers, "Location");
  return std::to_string(answer.status) + " " + (found ? *found : "");
}

// Requirement 1: whatever comes after an unproven step leads back to the start, and changes
// nothing.
TEST_F(ReissueHttp, R01LaterEndpointsLeadToTheStart) {
  auto nobody = browser();
  EXPECT_EQ(location(nobody.get("/reissue")), "303 /sign-in?to=/reissue");
  EXPECT_EQ(location(nobody.get("/reissue/question")), "303 /sign-in?to=/reissue/question");
  EXPECT_EQ(location(nobody.post("/reissue/question", {{"answer", "x"}})),
            "303 /sign-in?to=/reissue/question");
  EXPECT_EQ(nobody.get("/api/reissue/status").status, 401);

  auto signed_in = browser();
  signed_in.sign_in(0);
  const auto rows = count_rows("journal");
  const Json keys = new_keys(
      {{"tokenHash", std::string(64, '0')}, {"handle", "E1"}, {"contests", Json::array({0, 1})}});
  for (auto* device : {&nobody, &signed_in}) {
    EXPECT_EQ(device->post_json("/api/reissue/resume", Json::object())["status"], "no_link");
    EXPECT_EQ(device->post_json("/api/reissue/issue", keys)["status"], "no_link");
    device->client.cookies()["__Host-reissue"] = base64url_encode(random.bytes(32));
    EXPECT_EQ(device->post_json("/api/reissue/resume", Json::object())["status"], "no_link");
    EXPECT_EQ(device->post_json("/api/reissue/issue", keys)["status"], "unknown");
    EXPECT_EQ(device->post_json("/api/reissue/noted", Json::object())["status"], "ok");
  }
  EXPECT_EQ(count_rows("journal"), rows);
  EXPECT_EQ(count_rows("reissue_flow"), 0);
  EXPECT_EQ(count_rows("replaced_code"), 0);
}

// The click on the link: whatever is lost on the way, the link stays this browser's.
TEST_F(ReissueHttp, TheLinkIsBoundBeforeItIsSpent) {
  const auto token = link_for(0);
  auto device = browser();
  const Json click = {{"token", token}};
  EXPECT_EQ(device.post_json("/api/reissue/open", click)["status"], "again");
  EXPECT_EQ(count_rows("reissue_flow WHERE state = 'link-queued'"), 1) << "nothing is spent yet";
  EXPECT_EQ(device.client.cookies()["__Host-reissue"].size(), 43u);
  const auto first = device.post_json("/api/reissue/open", click);  // this answer is lost
  EXPECT_EQ(first["status"], "opened");
  clock.advance(minute);
  EXPECT_EQ(device.post_json("/api/reissue/open", click), first);
  auto elsewhere = browser("192.0.2.2");
  EXPECT_EQ(elsewhere.open_link(token)["status"], "elsewhere");
  auto refuses_cookies = browser("192.0.2.3");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(refuses_cookies.post_json("/api/reissue/open", click)["status"],
              i == 0 ? "again" : "elsewhere");
  }
  EXPECT_EQ(device.post_json("/api/reissue/issue", new_keys(first))["status"], "issued");
}

// Requirement 25: an attacker who is not signed in fails 1 000 times at each form that is open to
// all; the voter, from another address, signs in at the first try and has the code replaced.
TEST_F(ReissueHttp, R25AThousandFailuresAtEveryOpenFormDoNotLockTheVoterOut) {
  const auto token = link_for(0);
  auto attacker = browser("198.51.100.7");
  auto page = attacker.get("/sign-in").body;
  for (int i = 0; i < 1000; ++i) {
    const auto answer = attacker.send_sign_in(page, "E1@portal.example", "Wrong-1234-abcd");
    ASSERT_EQ(answer.status, 200);
    page = answer.body;
    const auto made_up = base64url_encode(random.bytes(32));
    EXPECT_EQ(attacker.open_link(made_up)["status"], "unknown");
    EXPECT_EQ(attacker.post("/reissue/cancel", {{"token", made_up}}).status, 200);
    EXPECT_EQ(attacker.post("/tracker", {{"tracker", made_up}}).status, 200);
  }
  EXPECT_EQ(try_code(0, credential(0)), CodeVerdict::Kind::accepted);
  auto phone = browser("192.0.2.2");
  const auto old_link = phone.open_link(token);
  ASSERT_EQ(old_link["status"], "opened") << "the link from before";
  EXPECT_EQ(phone.post_json("/api/reissue/issue", new_keys(old_link))["status"], "issued");
  auto voter = browser("192.0.2.1");
  voter.sign_in(0);
  clock.advance(2 * minute);
  EXPECT_NE(voter.ask(voter.question_form(0)).body.find(personal_email(0)), std::string::npos);
  const auto opened = phone.open_link(token_in("reissue-link"));
  ASSERT_EQ(opened["status"], "opened");
  EXPECT_EQ(phone.post_json("/api/reissue/issue", new_keys(opened))["status"], "issued");
}

// Requirement 25, from the voter's own address (a school shares one): it costs a wait of at most 16
// minutes after the attacker's last failure.
TEST_F(ReissueHttp, R25FromTheSameAddressTheWaitEnds) {
  const auto attempt = [&](std::string_view password) {
    return sign_in(*state, {}, "E1@portal.example", password, "192.0.2.1").has_value();
  };
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(attempt("Wrong-1234-abcd"));
    if (i % 100 == 0) clock.advance(16 * minute);
  }
  clock.advance(16 * minute);
  EXPECT_TRUE(attempt("Isoloir-1234-abcd"));
}

// Requirement 28: a captcha used twice, of another session, expired, or guessed wrong once is
// refused and burnt, though the password is right.
TEST_F(ReissueHttp, R28ACaptchaServesOnceInItsSessionAndTime) {
  auto device = browser();
  const auto try_with = [&](const std::string& id, const std::string& digits) {
    const auto page = device.get("/sign-in").body;
    const auto answer = device.post("/sign-in", {{"csrf", hidden(page, "csrf")},
                                                 {"email", "E1@portal.example"},
                                                 {"password", "Isoloir-1234-abcd"},
                                                 {"captcha_id", id},
                                                 {"captcha", digits}});
    return answer.status == 303;
  };
  const auto fresh = [&](Browser& where) {
    const auto id = hidden(where.get("/sign-in").body, "captcha_id");
    return std::pair(id, captcha_digits(id));
  };
  auto elsewhere = browser();
  const auto foreign = fresh(elsewhere);
  EXPECT_FALSE(try_with(foreign.first, foreign.second)) << "another session's";
  const auto guessed = fresh(device);
  EXPECT_FALSE(try_with(guessed.first, guessed.second == "0000" ? "0001" : "0000"));
  EXPECT_FALSE(try_with(guessed.first, guessed.second)) << "guessed wrong once";
  const auto old = fresh(device);
  clock.advance(10 * minute);
  EXPECT_FALSE(try_with(old.first, old.second)) << "expired";
  const auto good = fresh(device);
  EXPECT_TRUE(try_with(good.first, good.second));
  device.client.cookies().clear();
  EXPECT_FALSE(try_with(good.first, good.second)) << "used";
}

// Requirements 28 and 29 at the form of a request: asked of a busy network, seen and heard, and
// burnt by whatever is answered.
TEST_F(ReissueHttp, R28R29ABusyNetworkIsAskedForACaptcha) {
  policy.network.per_minute = 1;
  auto first = browser();
  first.sign_in(1);
  EXPECT_NE(first.ask(first.question_form(1)).body.find(personal_email(1)), std::string::npos);
  auto device = browser();
  device.sign_in(0);
  auto form = device.question_form(0);
  const auto captcha_of = [](const std::string& page) { return hidden(page, "captcha_id"); };
  auto page = device.ask(form).body;
  auto id = captcha_of(page);
  for (const std::string end : {".png", ".wav"}) {
    EXPECT_NE(page.find("/captcha/" + id + end), std::string::npos);
    EXPECT_EQ(device.get("/captcha/" + id + end).status, 200);
  }
  const auto answer = [&](const std::string& with, const std::string& digits) {
    auto filled = form;
    filled.push_back({"captcha_id", with});
    filled.push_back({"captcha", digits});
    page = device.ask(filled).body;
    return page.find(personal_email(0)) != std::string::npos &&
           page.find("error-summary") == std::string::npos;
  };
  const auto right = captcha_digits(id);
  EXPECT_FALSE(answer(id, right == "0000" ? "0001" : "0000")) << "guessed wrong";
  EXPECT_FALSE(answer(id, right)) << "burnt";
  const auto foreign = hidden(browser("192.0.2.9").get("/sign-in").body, "captcha_id");
  EXPECT_FALSE(answer(foreign, captcha_digits(foreign))) << "another session's";
  EXPECT_EQ(count_rows("message WHERE voter = 'E1'"), 0);
  id = captcha_of(page);
  EXPECT_TRUE(answer(id, captcha_digits(id)));
  EXPECT_EQ(count_rows("message WHERE voter = 'E1'"), 1);
}

// Requirement 29: what is drawn is also spoken, from a link beside it.
TEST_F(ReissueHttp, R29TheCaptchaCanBeHeard) {
  auto device = browser();
  const auto page = device.get("/sign-in").body;
  const auto id = hidden(page, "captcha_id");
  for (const auto& [end, type] : {std::pair("png", "image/png"), std::pair("wav", "audio/wav")}) {
    const auto path = "/captcha/" + id + "." + end;
    EXPECT_NE(page.find(path), std::string::npos) << path;
    const auto file = device.get(path);
    EXPECT_EQ(file.status, 200) << path;
    EXPECT_EQ(*http::find_header(file.headers, "Content-Type"), type);
  }
}

// Requirement 32: whoever the identifier belongs to, the answers are the same: status, headers,
// body, cookies, length, over as many tries as it takes to be told to wait, and then too. Sign-in
// is the one page that takes an identifier from who is not signed in.
TEST_F(ReissueHttp, R32SignInTellsNothingOfWhoExists) {
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute("UPDATE voter SET phone = '0612345678' WHERE id IN ('E1', 'E3')");
    t.execute("UPDATE voting_code SET state = 'invalidated' WHERE voter = 'E3'");
    return {};
  }));
  const auto answers = [&](const std::string& email, std::string_view last_password,
                           const std::string& address = "192.0.2.1") {
    auto device = browser(address);
    auto page = device.get("/sign-in").body;
    std::vector<std::string> seen;
    for (int i = 0; i < 8; ++i) {
      const auto answer =
          device.send_sign_in(page, email, i == 7 ? last_password : "Wrong-1234-abcd");
      page = answer.body;
      auto text = comparable(answer);
      for (auto at = text.find(email); at != std::string::npos; at = text.find(email)) {
        text.replace(at, email.size(), email.size(), '*');
      }
      seen.push_back(text);
    }
    return seen;
  };
  const auto unknown = answers("E9@portal.example", "Wrong-1234-abcd");
  EXPECT_NE(unknown[0], unknown[7]) << "told to wait in the end";
  EXPECT_EQ(answers("E1@portal.example", "Wrong-1234-abcd"), unknown) << "known";
  EXPECT_EQ(answers("E2@portal.example", "Isoloir-1234-abcd"), unknown)
      << "no phone; while the wait lasts the right password gets the same answer";
  EXPECT_EQ(answers("E3@portal.example", "Wrong-1234-abcd"), unknown) << "code locked";
  for (int i = 0; i < 20; ++i) {
    (void)sign_in(*state, {}, "E4@portal.example", "Wrong-1234-abcd", "198.51.100.7");
  }
  EXPECT_EQ(answers("E4@portal.example", "Wrong-1234-abcd"), unknown) << "throttled elsewhere";
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute("DELETE FROM account WHERE voter = 'E2'", {});
    return {};
  }));
  EXPECT_EQ(answers("E2@portal.example", "Wrong-1234-abcd", "192.0.2.2"), unknown)
      << "on the roll, without an account";
  EXPECT_EQ(answers("E1@PORTAL.EXAMPLE", "Isoloir-1234-abcd")[0], unknown[7])
      << "throttled here already: in another spelling too";
}

// Requirement 34: with the relay down the page is the same, and the message waits.
TEST_F(ReissueHttp, R34TheRelayDownThePageIsTheSame) {
  struct Down final : Transport {
    SendOutcome send(const OutgoingMessage&) override {
      throw std::runtime_error("connection refused");
    }
  } down;
  InboxTransport up;
  std::vector<std::string> pages;
  for (const std::size_t v : {0u, 1u}) {
    Transport& transport = v == 0 ? static_cast<Transport&>(up) : down;
    outbox_of(*state).deliver(transport, state->now());
    auto device = browser();
    device.sign_in(v);
    auto form = device.question_form(v);
    form.back().second = v == 0 ? "a@example.org" : "b@example.org";
    auto answer = device.ask(form);
    EXPECT_EQ(answer.status, 200);
    const auto at = answer.body.find(form.back().second);
    ASSERT_NE(at, std::string::npos) << "a link was sent";
    answer.body[at] = '*';
    pages.push_back(comparable(answer));
    outbox_of(*state).deliver(transport, state->now());
    EXPECT_EQ(Json::parse(device.get("/api/reissue/status").body)["state"], "sent");
  }
  EXPECT_EQ(pages[0], pages[1]);
  EXPECT_EQ(count_rows("message WHERE status = 'queued'"), 1) << "not lost";
}

// What became of her message is said on her page, by the server and to the browser that asks again,
// in words that fit channel and cause.
TEST_F(ReissueHttp, WhatBecameOfTheMessageIsSaid) {
  auto device = browser();
  device.sign_in(0);
  ASSERT_EQ(device.ask(device.question_form(0)).status, 200);
  const std::string fr = "/reissue/sent?lang=fr", en = "/reissue/sent?lang=en";
  const auto told = [&] { return Json::parse(device.get("/api/reissue/status").body)["message"]; };
  EXPECT_EQ(told(), Json({{"text", ""}, {"failed", false}})) << "it has only just been asked for";
  clock.advance(limits::message_late_ms);
  EXPECT_NE(told()["text"].get<std::string>().find("n’est pas encore parti"), std::string::npos);
  struct Fate {
    const char *columns, *french, *english;
    bool failed;
  };
  for (const auto& [columns, french, english, failed] : {
           Fate{"channel = 'email', status = 'accepted'", "parti le", "sent on", false},
           Fate{"channel = 'email', status = 'delivered'", "remis à votre boîte", "your mailbox",
                false},
           Fate{"channel = 'sms', status = 'accepted'", "l’opérateur téléphonique le",
                "the telephone operator on", false},
           Fate{"channel = 'sms', status = 'delivered'", "arrivé sur le téléphone le",
                "delivered to the phone", false},
           Fate{"channel = 'sms', status = 'accepted', reason = 'no_report'",
                "n’a pas confirmé l’arrivée", "has not confirmed", false},
           Fate{"channel = 'email', status = 'failed', reason = 'unknown_recipient'",
                "cette adresse n’existe pas", "this address does not exist", true},
           Fate{"channel = 'sms', status = 'failed', reason = 'unknown_recipient'",
                "ce numéro n’est pas attribué", "this number is not in use", true},
           Fate{"channel = 'email', status = 'failed', reason = 'full'", "est pleine",
                "mailbox is full", true},
           Fate{"channel = 'sms', status = 'failed', reason = 'no_route'", "aucun opérateur",
                "no operator", true},
           Fate{"channel = 'email', status = 'failed', reason = 'blocked'", "n’a pas pu être remis",
                "could not be delivered", true},
       }) {
    ASSERT_TRUE(state->database().write([&, set = columns](store::Transaction& t) -> Status {
      t.execute("UPDATE message SET reason = '' WHERE kind = 'reissue-link'");
      t.execute("UPDATE message SET " + std::string(set) + " WHERE kind = 'reissue-link'");
      return {};
    }));
    const auto page = device.get(en).body;
    EXPECT_NE(page.find(english), std::string::npos) << columns;
    EXPECT_NE(device.get(fr).body.find(french), std::string::npos) << columns;
    EXPECT_NE(told()["text"].get<std::string>().find(french), std::string::npos) << columns;
    EXPECT_EQ(told()["failed"], failed) << columns;
  }
}

TEST_F(ReissueHttp, R55ASignInGoesOnWhereSheWasGoingAndNowhereElse) {
  const std::pair<std::string, std::string> ways[] = {
      {"/reissue", "303 /reissue"},
      {"/voting-space", "303 /voting-space"},
      {"", "303 /"},
      {"//evil.example", "303 /"},
      {"/sign-out", "303 /"},
  };
  for (const auto& [asked, led] : ways) {
    auto device = browser();
    const auto page = device.get("/sign-in?to=" + asked).body;
    EXPECT_EQ(hidden(page, "to"), led.substr(4)) << asked;
    const auto id = hidden(page, "captcha_id");
    EXPECT_EQ(location(device.post("/sign-in", {{"csrf", hidden(page, "csrf")},
                                                {"to", asked},
                                                {"email", roll.voters[0].email},
                                                {"password", "Isoloir-1234-abcd"},
                                                {"captcha_id", id},
                                                {"captcha", captcha_digits(id)}})),
              led)
        << asked;
  }
}

// Requirement 24: what counts is the form sent, not the page shown: a reload, a change of language
// and Back ask by GET.
TEST_F(ReissueHttp, AReloadedAnswerCostsNoTryAndSaysTheSame) {
  auto device = browser();
  device.sign_in(0);
  auto form = device.question_form(0);
  form[1].second = "wrong";
  const auto has = [](const http::ClientResponse& page, std::string_view text) {
    return page.body.find(text) != std::string::npos;
  };
  EXPECT_TRUE(has(device.ask(form), "Il vous reste 4 essais"));
  const auto tries = count_rows("attempt");
  EXPECT_FALSE(has(device.get("/reissue/question"), "Il vous reste")) << "said once";
  clock.advance(10 * minute);
  EXPECT_TRUE(has(device.ask(form), "Il vous reste 3 essais"));
  EXPECT_TRUE(has(device.get("/reissue/question"), "form"));
  EXPECT_EQ(count_rows("attempt"), tries + 2) << "one of the network, one of the voter";

  clock.advance(10 * minute);
  EXPECT_TRUE(has(device.ask(device.question_form(0)), personal_email(0)));
  for (const auto* again : {"/reissue/sent", "/reissue/sent?lang=en"}) {
    EXPECT_TRUE(has(device.get(again), personal_email(0))) << again;
  }
  EXPECT_EQ(count_rows("message"), 1);
  for (const auto* page : {"/reissue", "/reissue/question"}) {
    EXPECT_TRUE(has(device.get(page), "href=\"/reissue/sent\"")) << page;
  }
  auto other = browser();
  other.sign_in(0);
  other.client.cookies()["__Host-reissue-sent"] = device.client.cookies()["__Host-reissue-sent"];
  const auto elsewhere = other.get("/reissue/sent");
  EXPECT_EQ(elsewhere.status, 200);
  EXPECT_FALSE(has(elsewhere, personal_email(0))) << "sealed for the session that asked";
  auto stranger = browser();
  stranger.sign_in(1);
  EXPECT_EQ(location(stranger.get("/reissue/sent")), "303 /reissue");
}

// Requirement 37: one value for each field, and no field that the page does not have.
TEST_F(ReissueHttp, R37RepeatedAndArrayParametersAre400) {
  auto device = browser();
  device.sign_in(0);
  const auto good = http::encode_form({device.question_form(0)});
  for (const std::string_view more :
       {"&email=b%40example.org", "&answer=x", "&channel=sms", "&csrf=x",
        "&email[]=b%40example.org", "&email%5B%5D=b%40example.org", "&email%5B0%5D=b%40example.org",
        "&phone[]=0612345678", "&email.1=b%40example.org", "&cc=b%40example.org"}) {
    EXPECT_EQ(device.post_text("/reissue/question", good + std::string(more)).status, 400) << more;
  }
  EXPECT_EQ(device.post_text("/reissue/question", "{}", "application/json").status, 400);
  EXPECT_EQ(count_rows("message"), 0);
  EXPECT_EQ(count_rows("attempt"), 0) << "and costs no try";

  const auto token = link_for(1);
  for (const auto& body :
       {R"({"token":[")" + token + R"("]})", R"({"token":")" + token + R"(","token":"x"})",
        R"({"token":{"0":")" + token + R"("}})", std::string("{}"), "[\"" + token + "\"]",
        std::string("token=x")}) {
    EXPECT_EQ(device.post_text("/api/reissue/open", body, "application/json").status, 400) << body;
  }
  for (const std::string_view body :
       {"token=a&token=b", "token[]=a", "", "token=a&csrf=b", "token=a&token[]=b"}) {
    EXPECT_EQ(device.post_text("/reissue/cancel", body).status, 400) << body;
  }
  EXPECT_EQ(device.post_text("/sign-in", "email=a%40b.fr&email=c%40d.fr").status, 400);
  EXPECT_EQ(count_rows("reissue_flow WHERE state = 'link-queued'"), 1);
  EXPECT_EQ(device.post_text("/reissue/question", good).status, 303) << "as the page sends it";
  EXPECT_EQ(count_rows("message"), 2);
}

// Requirement 44: whatever a request says of host and scheme, links use the sealed origin, in the
// message, in the notice and in redirections.
TEST_F(ReissueHttp, R44ForgedHostAndForwardedChangeNoLink) {
  auto device = browser();
  device.more = {{"Host", "evil.example"},
                 {"X-Forwarded-Host", "evil.example"},
                 {"X-Forwarded-Proto", "gopher"},
                 {"X-Forwarded-Server", "evil.example"},
                 {"X-Forwarded-Port", "666"},
                 {"X-Original-URL", "http://evil.example/"},
                 {"Forwarded", "for=192.0.2.9;host=evil.example;proto=gopher"}};
  EXPECT_EQ(location(device.get("/reissue")), "303 /sign-in?to=/reissue");
  device.sign_in(0);
  const auto page = device.ask(device.question_form(0));
  EXPECT_NE(page.body.find(personal_email(0)), std::string::npos) << "sent";
  EXPECT_EQ(page.body.find("evil.example"), std::string::npos);
  const auto opened = device.open_link(token_in("reissue-link"));
  ASSERT_EQ(device.post_json("/api/reissue/issue", new_keys(opened))["status"], "issued");
  const auto messages = inbox();
  ASSERT_EQ(messages.size(), 2u);
  for (const auto& message : messages) {
    const std::string start = message.kind == "reissue-link"
                                  ? "http://localhost:8080/r#"
                                  : "http://localhost:8080/reissue/cancel#";
    EXPECT_NE(message.body.find(start), std::string::npos) << message.body;
    EXPECT_EQ(message.body.find("evil.example"), std::string::npos);
    EXPECT_EQ(message.body.find("gopher"), std::string::npos);
  }
}

// Requirements 3 and 54: when the code is replaced on the phone, the old cookie opens nothing any
// more, and the page on the computer goes on under the one that it was given when it asked.
TEST_F(ReissueHttp, R54TheOldCookieIsDeadAtOnceAndTheAskingPageGoesOn) {
  auto computer = browser();
  computer.sign_in(0);
  auto thief = browser("198.51.100.7");
  thief.client.cookies() = computer.client.cookies();
  EXPECT_EQ(thief.get("/reissue").status, 200) << "the copy serves as long as the session does";
  ASSERT_EQ(computer.ask(computer.question_form(0)).status, 200);
  const auto old_cookie = computer.client.cookies()["__Host-session"];
  auto phone = browser("192.0.2.2");
  const auto opened = phone.open_link(token_in("reissue-link"));
  ASSERT_EQ(phone.post_json("/api/reissue/issue", new_keys(opened))["status"], "issued");

  EXPECT_EQ(thief.get("/api/reissue/status").status, 401);
  EXPECT_EQ(location(thief.get("/reissue")), "303 /sign-in?ended=1&to=/reissue");
  EXPECT_EQ(location(thief.get("/voting-space")), "303 /sign-in?ended=1&to=/voting-space");
  const auto said = computer.get("/api/reissue/status");
  EXPECT_EQ(said.status, 200);
  EXPECT_EQ(Json::parse(said.body)["state"], "issued");
  EXPECT_NE(computer.client.cookies()["__Host-session"], old_cookie);
  EXPECT_FALSE(computer.client.cookies().contains("__Host-session-next"));
  EXPECT_EQ(computer.get("/voting-space").status, 200);
  EXPECT_EQ(phone.client.cookies().contains("__Host-session"), false)
      << "nor to the portal where the code was made";
}

// Requirement 54: Quitter, pressed on a page from before the code was replaced elsewhere, leaves no
// session, in the browser or on the server; whether or not the page had asked for news meanwhile.
TEST_F(ReissueHttp, R54WhoLeavesAfterTheSwapIsSignedOut) {
  for (const bool asked_for_news : {false, true}) {
    auto computer = browser();
    computer.sign_in(0);
    const auto page = computer.ask(computer.question_form(0)).body;
    auto phone = browser("192.0.2.2");
    const auto opened = phone.open_link(token_in("reissue-link"));
    ASSERT_EQ(phone.post_json("/api/reissue/issue", new_keys(opened))["status"], "issued");
    if (asked_for_news) {
      EXPECT_EQ(computer.get("/api/reissue/status").status, 200);
    }
    EXPECT_EQ(location(computer.post("/sign-out", {{"csrf", hidden(page, "csrf")}})),
              "303 /signed-out");
    EXPECT_FALSE(computer.client.cookies().contains("__Host-session"));
    EXPECT_FALSE(computer.client.cookies().contains("__Host-session-next"));
    EXPECT_EQ(count_rows("session WHERE voter = 'E1'"), 0);
    EXPECT_EQ(location(computer.get("/")), "303 /sign-in");
    clock.advance(hour);
  }
}

// Requirement 54: to a voting page from before the swap its session is over, which its browser
// knows how to tell; "try again" would be for ever. Nothing of it counts.
TEST_F(ReissueHttp, R54APageOfAnotherSessionIsToldThatItsSessionIsOver) {
  auto computer = browser();
  computer.sign_in(0);
  auto page = computer.code_page();
  ASSERT_EQ(computer.ask(computer.question_form(0)).status, 200);
  auto phone = browser("192.0.2.2");
  const auto opened = phone.open_link(token_in("reissue-link"));
  ASSERT_EQ(phone.post_json("/api/reissue/issue", new_keys(opened))["status"], "issued");
  const auto code_answer = computer.send_code(page, credential(0).sign_in_key());
  EXPECT_EQ(code_answer.status, 401);
  EXPECT_EQ(code_answer.body, R"({"status":"signed_out"})");
  for (const auto* path : {"/api/ballot", "/api/receipt", "/api/session/extend"}) {
    EXPECT_EQ(computer.post_as(page, path, {{"ballot", ""}, {"tracker", ""}}).status, 401) << path;
  }
  EXPECT_EQ(count_rows("voting_code WHERE failures > 0"), 0);
  EXPECT_EQ(computer.get("/voting-space").status, 200) << "signed in under the new id";
}

// Requirement 26: the code page open in two tabs costs no try: the older one is asked once more.
TEST_F(ReissueHttp, R26TheRightCodeOnTheOlderOfTwoTabsIsNeverCountedAsWrong) {
  auto device = browser();
  device.sign_in(0);
  auto older = device.code_page();
  const auto key = credential(0).sign_in_key();
  for (int i = 0; i < 6; ++i) {
    (void)device.code_page();  // opened or reloaded in the other tab
    const auto answer = Json::parse(device.send_code(older, key).body);
    EXPECT_EQ(answer["status"], "page_old") << answer.dump();
  }
  EXPECT_EQ(count_rows("voting_code WHERE failures > 0"), 0);
  EXPECT_EQ(Json::parse(device.send_code(older, key).body)["status"], "ok");
  auto wrong = device.code_page();
  EXPECT_EQ(Json::parse(device.send_code(wrong, credential(1).sign_in_key()).body)["triesLeft"], 4)
      << "a wrong one does count";
}

// Requirement 26: who types the old code is told since when it is the old one; it costs no try of
// the new one, which it would have invalidated.
TEST_F(ReissueHttp, R26TheReplacedCodeCostsNoTryOfTheNewOne) {
  const auto old = credential(0).sign_in_key();
  replace_code(0);
  auto device = browser();
  device.sign_in(0);
  auto page = device.code_page();
  for (int i = 0; i < 6; ++i) {
    const auto answer = Json::parse(device.send_code(page, old).body);
    EXPECT_EQ(answer["status"], "code_replaced");
    EXPECT_EQ(answer["triesLeft"], 5);
  }
  EXPECT_EQ(Json::parse(device.send_code(page, credential(0).sign_in_key()).body)["status"], "ok");
  // Its public key, without the code behind it, is a wrong try like any other.
  auto other = device.code_page();
  const KeyPair forged{KeyPair::generate(random).secret, old.key};
  EXPECT_EQ(Json::parse(device.send_code(other, forged).body)["status"], "code_wrong");
}

// Whoever gets a mail sees of which election it is, and whom to call.
TEST_F(ReissueHttp, MailsAreSigned) {
  const auto body = [&] {
    return message_texts.text("message.code_invalidated_body", "en", {{"link", "x"}});
  };
  const auto names = portal.election.en + "\n" + portal.title.en;
  portal.assistance.reset();
  EXPECT_TRUE(body().ends_with("\n\n" + names)) << body();
  portal.assistance = {"01 99 00 00 01", {"at any time", "à toute heure"}};
  EXPECT_TRUE(body().ends_with(names + "\nHelp desk: 01 99 00 00 01 (at any time)")) << body();
}

// Blocking needs neither session nor cookie: the page may stand open for hours.
TEST_F(ReissueHttp, R47TheBlockingPageDoesNotGrowOld) {
  replace_code(0);
  const auto token = token_in("reissue-notice");
  auto owner = browser("192.0.2.3");
  const auto page = owner.get("/reissue/cancel");
  EXPECT_EQ(page.body.find("csrf"), std::string::npos);
  EXPECT_TRUE(owner.client.cookies().empty());
  clock.advance(5 * hour);
  Sessions(*state, limits).sweep();
  const auto answer = owner.post("/reissue/cancel", {{"token", token}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("Le nouveau code est bloqué"), std::string::npos);
  EXPECT_EQ(reissues().status("E1").kind, ReissueStatus::Kind::blocked);
}

// Home offers a new code where the code page does: while the vote is open, to whom it is not
// blocked; who blocked it is told since when, and has no field to type it in.
TEST_F(ReissueHttp, HomeOffersANewCodeWhereTheCodePageDoes) {
  auto device = browser();
  device.sign_in(0);
  const auto offered = [&](std::string_view path) {
    return device.get(path).body.find("href=\"/reissue\"") != std::string::npos;
  };
  EXPECT_TRUE(offered("/"));
  EXPECT_TRUE(offered("/voting-space"));
  for (const auto* phase : {"sealed", "suspended", "grace"}) {
    set_phase(0, phase);
    set_phase(1, phase);
    EXPECT_EQ(offered("/"), phase == std::string("grace")) << phase;
  }
  set_phase(0, "open");
  set_phase(1, "open");
  const auto home_says = [&](std::string_view words) {
    return device.get("/").body.find(words) != std::string::npos;
  };
  EXPECT_FALSE(home_says("n’est plus valable"));
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute("UPDATE voting_code SET state = 'invalidated' WHERE voter = 'E1'", {});
    return {};
  }));
  EXPECT_TRUE(home_says("n’est plus valable"));
  EXPECT_NE(device.get("/voting-space").body.find("<form data-form=\"code\" novalidate hidden>"),
            std::string::npos)
      << "a form that would refuse whatever is typed";
  replace_code(0);
  EXPECT_FALSE(home_says("n’est plus valable"));
  const auto blocked_at = clock.now();
  EXPECT_EQ(browser().post("/reissue/cancel", {{"token", token_in("reissue-notice")}}).status, 200);
  clock.advance(hour);
  device.sign_in(0);
  EXPECT_FALSE(offered("/"));
  EXPECT_TRUE(home_says("est bloqué"));
  EXPECT_FALSE(offered("/voting-space"));
  const auto page = device.get("/voting-space").body;
  EXPECT_NE(page.find("bloqué le " + format_time(blocked_at, Language::french)), std::string::npos);
  EXPECT_EQ(page.find("id=\"code\""), std::string::npos);
}

// Requirement 47, read the morning after: whether a vote was cast, and whom to tell.
TEST_F(ReissueHttp, R47AfterTheFreezeThePageNamesTheBureau) {
  replace_code(0);
  const auto token = token_in("reissue-notice");
  const auto page = [&] { return browser().post("/reissue/cancel", {{"token", token}}).body; };
  ASSERT_EQ(cast(in_space(0), ballot(0, 0, 1)), "recorded");
  set_phase(0, "frozen");
  set_phase(1, "frozen");
  const auto late = page();
  EXPECT_NE(late.find("il n’y a plus rien à bloquer"), std::string::npos) << late;
  EXPECT_NE(late.find("Un vote a été enregistré en votre nom"), std::string::npos);
  EXPECT_NE(late.find("Bureau"), std::string::npos);
  EXPECT_EQ(late.find("Un nouveau code ne peut être demandé"), std::string::npos);
  EXPECT_EQ(late.find("Pour voter, appelez"), std::string::npos);
}

// The second click on VALIDER, on its way while the first is looked at, or after it: the same
// answer, with the cookie that goes on, and nothing sent or counted twice.
TEST_F(ReissueHttp, TheSameFormAgainGetsTheSameAnswer) {
  auto device = browser();
  device.sign_in(0);
  const auto form = device.question_form(0);
  const auto first = device.ask(form);
  const auto next = device.client.cookies()["__Host-session-next"];
  device.client.cookies().erase("__Host-session-next");  // the answer was never read
  const auto attempts = count_rows("attempt");
  clock.advance(minute - 1);
  // But for the hour of the page itself.
  static const std::regex now("data-now=\"[0-9]+\"");
  EXPECT_EQ(std::regex_replace(device.ask(form).body, now, ""),
            std::regex_replace(first.body, now, ""));
  EXPECT_EQ(device.client.cookies()["__Host-session-next"], next);
  EXPECT_EQ(count_rows("attempt"), attempts);
  EXPECT_EQ(count_rows("message"), 1);
  // Another form is another request, and so is the same one later.
  auto other = form;
  other.back().second = "other@example.org";
  EXPECT_NE(device.ask(other).body.find("error-summary"), std::string::npos);
  clock.advance(1);
  EXPECT_EQ(device.ask(form).body.find("error-summary"), std::string::npos);
  EXPECT_EQ(count_rows("message"), 2);
  // Nor does a wrong answer get away uncounted.
  auto wrong = form;
  wrong[1].second = "wrong";
  for (int i = 0; i < 2; ++i) {
    clock.advance(2 * minute);
    EXPECT_NE(device.ask(wrong).body.find("error-summary"), std::string::npos);
  }
  EXPECT_EQ(count_rows("attempt"), attempts + 3 + 4);
}

// What no page of ours sends is a bad request, never an error of the server.
TEST_F(ReissueHttp, ANulInAFieldIsNoValue) {
  auto device = browser();
  device.sign_in(0);
  const auto page = device.code_page();
  const auto answer =
      device.post_as(page, "/api/voting-code", {{"captchaId", std::string("a\0b", 3)}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Json::parse(answer.body)["status"], "captcha_wrong");
}

// Looking a tracker up needs no session, and writes nothing.
TEST_F(ReissueHttp, ATrackerIsLookedUpWithoutASession) {
  auto nobody = browser();
  EXPECT_EQ(nobody.get("/tracker").status, 200);
  EXPECT_EQ(nobody.post("/tracker", {{"tracker", std::string(64, 'a')}}).status, 200);
  EXPECT_TRUE(nobody.client.cookies().empty());
  EXPECT_EQ(count_rows("session"), 0);
}

// Requirement 45 with the words that are sent: they fit at a long origin, and where they would not,
// the server does not start.
TEST_F(ReissueHttp, R45TheWordsInUseFitOneTextMessage) {
  struct At final : TextSource {
    At(const TextSource& texts, std::string origin) : real(texts), at(std::move(origin)) {}
    std::string text(std::string_view id, std::string_view language,
                     const Json& values) const override {
      Json moved = values;
      const auto link = values.at("link").get<std::string>();
      moved["link"] = at + link.substr(link.find("/r#"));
      return real.text(id, language, moved);
    }
    const TextSource& real;
    std::string at;
  };
  EXPECT_TRUE(check_message_texts(*state, message_texts));
  const std::string origin = "https://elections-professionnelles.gouv.fr";
  EXPECT_TRUE(check_message_texts(*state, At(message_texts, origin)));
  const auto refused =
      check_message_texts(*state, At(message_texts, origin + std::string(60, 'a')));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "message.too_long");
}

// What a refusal says of the last link is true: only its destination was busy, there is none.
TEST_F(ReissueHttp, ARefusalSpeaksOfALinkOnlyIfOneLives) {
  policy.destination.per_minute = 1;
  const auto asked = [&](std::size_t voter) {
    auto device = browser("192.0.2." + std::to_string(voter + 1));
    device.sign_in(voter);
    auto form = device.question_form(voter);
    form.back().second = "shared@example.org";
    device.ask(form);
    form.back().second = voter == 0 ? "other@example.org" : "shared@example.org";
    clock.advance(1);
    return device.ask(form).body;
  };
  const std::string busy = "Une demande a déjà été faite il y a peu";
  const std::string last_link = "le dernier lien que vous avez demandé reste valable";
  const auto own = asked(0);
  EXPECT_NE(own.find(busy), std::string::npos);
  EXPECT_NE(own.find(last_link), std::string::npos);
  const auto others = asked(1);
  EXPECT_NE(others.find(busy), std::string::npos);
  EXPECT_EQ(others.find(last_link), std::string::npos);
}

// Requirements 50 and 52: what the page of a link may do is said with it.
TEST_F(ReissueHttp, R50R52TheLinksPageSendsNoReferrerAndIsNotFramed) {
  for (const auto* path : {"/r", "/reissue/cancel"}) {
    const auto page = browser().get(path);
    const auto header = [&](std::string_view name) {
      const auto* found = http::find_header(page.headers, name);
      return found ? *found : std::string();
    };
    EXPECT_EQ(header("Referrer-Policy"), "no-referrer") << path;
    EXPECT_EQ(header("Cache-Control"), "no-store") << path;
    EXPECT_NE(header("Content-Security-Policy").find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_NE(header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
    EXPECT_EQ(header("X-Frame-Options"), "DENY") << path;
    EXPECT_EQ(page.body.find("http://"), std::string::npos) << path << " names no other host";
    EXPECT_EQ(page.body.find("https://"), std::string::npos) << path;
  }
}

}  // namespace
}  // namespace isoloir::web
