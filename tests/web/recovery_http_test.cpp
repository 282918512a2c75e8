// Lost passwords and identifiers over HTTP; R.. are requirements of the reissue design.
#include <fstream>
#include <functional>

#include "web/recovery_site.hpp"

namespace isoloir::web {
namespace {

using namespace std::string_literals;

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

  // C: what the browser makes of a password and a number on its page, captcha solved.
  Json recovery_of(const std::string& page, const std::string& typed_number, const Code& password) {
    const auto nonce = SiteFixture::data(page, "nonce");
    const auto pair = derive_recovery_key(password, typed_number, state->manifest().election_id);
    const auto statement =
        sign_in_statement(state->fingerprint(), *hex_decode_array<32>(nonce),
                          *hex_decode_array<32>(SiteFixture::data(page, "session-binding")),
                          state->manifest().origin);
    const auto proof = schnorr_prove(statement, pair.secret.reveal(), random);
    const auto captcha = SiteFixture::hidden(page, "captcha_id");
    return {{"number", typed_number}, {"key", hex_encode(pair.key.encoded())},
            {"nonce", nonce},         {"proof", hex_encode(proof.encoded())},
            {"captchaId", captcha},   {"captcha", digits(captcha)}};
  }
  http::ClientResponse post_recovery(http::Client& client, const std::string& page,
                                     std::string_view body,
                                     const std::string& type = "application/json") {
    const auto answer = client.request("POST", "/api/identifier-recovery",
                                       {{"Content-Type", type},
                                        {"X-Requested-With", "isoloir"},
                                        {"X-CSRF-Token", SiteFixture::data(page, "csrf")}},
                                       body);
    EXPECT_TRUE(answer);
    return *answer;
  }
  // From a browser of her own.
  http::ClientResponse recover(const std::string& typed_number, const Code& password) {
    http::Client client{"127.0.0.1", server->port()};
    const auto page = get(client, "/identifier-recovery").body;
    return post_recovery(client, page, canonical_json(recovery_of(page, typed_number, password)));
  }
  static std::string status_of(const http::ClientResponse& answer) {
    return answer.status == 200 ? std::string(Json::parse(answer.body)["status"]) : "";
  }
  void run(const std::string& sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
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

// Requirements 32, 34 and 35 for a lost identifier.
TEST_F(RecoveryHttp, R32R34R35WhoeverAsksForAnIdentifierSeesTheSame) {
  set_blocked(2);
  codes[2] = sent_password();
  for (int i = 0; i < 3; ++i) ask_identifier(number(3), codes[3], "198.51.100.7");
  ASSERT_EQ(inbox("identifier").size(), 3u);
  set("email", 1, "");
  transport.mail = transport.sms = Delivery::later;  // R34: nothing leaves
  const auto first = recover(number(0), codes[0]);
  EXPECT_EQ(status_of(first), "requested");
  const auto known = SiteFixture::comparable(first);
  const auto seen_by = [&](const std::string& typed_number, const Code& password) {
    return SiteFixture::comparable(recover(typed_number, password));
  };
  EXPECT_EQ(seen_by(number(0), codes[1]), known) << "another's password";
  EXPECT_EQ(seen_by("999999999", codes[0]), known) << "no such number";
  EXPECT_EQ(seen_by(number(1), codes[1]), known) << "without an address";
  EXPECT_EQ(seen_by(number(2), codes[2]), known) << "blocked";
  EXPECT_EQ(seen_by(number(3), codes[3]), known) << "throttled";
  service->work();
  EXPECT_EQ(count_rows("identifier_sent"), 4) << "the first asker's, and no more of the throttled";
  EXPECT_EQ(inbox("identifier").size(), 3u) << "the relay is down";
  EXPECT_EQ(seen_by(number(1), codes[1]), known) << "after the beat too";
  transport.mail = transport.sms = Delivery::delivered;
  clock.advance(10 * minute);
  EXPECT_EQ(inbox("identifier").size(), 4u) << "R34: not lost";
}

// Requirement 35: over as many tries as it takes to be told to wait, and then too.
TEST_F(RecoveryHttp, R32R35WhoMustWaitIsToldTheSameWhoeverItIs) {
  set("email", 2, "");
  const auto answers = [&](const std::string& typed_number, const Code& password) {
    std::vector<std::string> seen;
    for (int i = 0; i < 8; ++i) {
      seen.push_back(SiteFixture::comparable(recover(typed_number, password)));
    }
    return seen;
  };
  const auto unknown = answers("999999999", codes[0]);
  EXPECT_NE(unknown[7].find("\"delayed\""), std::string::npos) << unknown[7];
  EXPECT_EQ(answers(number(0), codes[1]), unknown) << "another's password";
  EXPECT_EQ(answers(number(1), codes[1]), unknown) << "the right one";
  EXPECT_EQ(answers(number(2), codes[2]), unknown) << "without an address";
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
  EXPECT_EQ(client
                .request("POST", "/password-renewal", {{"Content-Type", "application/json"}},
                         canonical_json({{"number", number(0)}, {"email", {email(0)}}}))
                ->status,
            400);
  EXPECT_EQ(count_rows("recovery_request"), 0);
}

// Requirement 37 for both answers by script: one text for each name, and nothing is written.
TEST_F(RecoveryHttp, R37BodiesThatOurPagesDoNotSend) {
  http::Client client{"127.0.0.1", server->port()};
  const auto fresh = [&] {
    const auto page = get(client, "/identifier-recovery").body;
    return std::pair(page, recovery_of(page, number(0), codes[0]));
  };
  const auto written = [&] {
    return count_rows("recovery_request") + count_rows("message") + count_rows("throttle") +
           count_rows("attempt");
  };
  const auto journal_rows = count_rows("journal");
  const Json odd[] = {Json(), 1, true, Json::array(), Json::object(), ""};
  for (const auto* name : {"number", "key", "nonce", "proof"}) {
    for (const auto& value : odd) {
      auto [page, body] = fresh();
      body[name] = value;
      EXPECT_EQ(post_recovery(client, page, canonical_json(body)).status, 400) << name << value;
    }
    auto [page, body] = fresh();
    body[name] = Json::array({body[name]});
    EXPECT_EQ(post_recovery(client, page, canonical_json(body)).status, 400) << name;
    const auto text = canonical_json(fresh().second);
    const auto twice = text.substr(0, text.size() - 1) + ",\"" + name + "\":\"1\"}";
    EXPECT_EQ(post_recovery(client, page, twice).status, 400) << twice;
  }
  for (const auto& two : {number(0) + "," + number(1), number(0) + "\n" + number(1), "x"s}) {
    auto [page, body] = fresh();
    body["number"] = two;
    EXPECT_EQ(post_recovery(client, page, canonical_json(body)).status, 400) << two;
  }
  const auto [page, body] = fresh();
  const auto text = canonical_json(body);
  EXPECT_EQ(post_recovery(client, page, "[" + text + "]").status, 400) << "an array";
  EXPECT_EQ(post_recovery(client, page, text, "text/plain").status, 400);
  EXPECT_EQ(post_recovery(client, page, http::encode_form({{{"number", number(0)}}})).status, 400);
  EXPECT_EQ(written(), 0);
  EXPECT_EQ(count_rows("journal"), journal_rows);
  EXPECT_EQ(status_of(post_recovery(client, page, text)), "requested") << "as the page sends it";
}

TEST_F(RecoveryHttp, R37ALinkIsOneText) {
  const auto token = token_for(0);
  const auto attempts = count_rows("attempt");
  http::Client client{"127.0.0.1", server->port()};
  const auto answer = [&](const Json& as_token, const Json& typed, const std::string& more = "") {
    const auto page = get(client, "/password-renewal/link").body;
    const auto captcha = SiteFixture::hidden(page, "captcha_id");
    const auto text = canonical_json({{"token", as_token},
                                      {"identifier", typed},
                                      {"captchaId", captcha},
                                      {"captcha", digits(captcha)}});
    return client
        .request("POST", "/api/password-renewal",
                 {{"Content-Type", "application/json"},
                  {"X-Requested-With", "isoloir"},
                  {"X-CSRF-Token", SiteFixture::data(page, "csrf")}},
                 text.substr(0, text.size() - 1) + more + "}")
        ->status;
  };
  EXPECT_EQ(answer(Json::array({token}), identifier(0)), 400);
  EXPECT_EQ(answer({{"0", token}}, identifier(0)), 400);
  EXPECT_EQ(answer(Json(), identifier(0)), 400);
  EXPECT_EQ(answer(token, Json::array({identifier(0)})), 400);
  EXPECT_EQ(answer(token, 1), 400);
  EXPECT_EQ(answer(token, identifier(0), ",\"token\":\"x\""), 400);
  EXPECT_EQ(answer(token, identifier(0), ",\"identifier\":\"x\""), 400);
  EXPECT_EQ(count_rows("attempt"), attempts) << "and costs no try";
  EXPECT_EQ(answer(token, identifier(0)), 200);
  EXPECT_EQ(inbox("password").size(), 1u) << "as the page sends it";
}

// Requirement 28 at both forms: a captcha of another session, guessed wrong once, expired or used
// is refused and burnt, though all the rest is right.
struct RecoveryCaptcha : RecoveryHttp {
  using Captcha = std::pair<std::string, std::string>;
  // Whether a request with this captcha, right in all else, is taken.
  using Taken = std::function<bool(const Captcha&)>;

  Captcha fresh(http::Client& where, const char* path) {
    const auto captcha = SiteFixture::hidden(get(where, path).body, "captcha_id");
    return {captcha, digits(captcha)};
  }
  static Captcha wrong(const Captcha& captcha) {
    return {captcha.first, captcha.second == "0000" ? "0001" : "0000"};
  }
  void expect_once_in_its_session_and_time(const char* path, const Taken& taken) {
    http::Client elsewhere{"127.0.0.1", server->port()};
    EXPECT_FALSE(taken(fresh(elsewhere, path))) << "another session's";
    const auto guessed = fresh(client, path);
    EXPECT_FALSE(taken(wrong(guessed)));
    EXPECT_FALSE(taken(guessed)) << "guessed wrong once";
    const auto old = fresh(client, path);
    clock.advance(10 * minute);
    EXPECT_FALSE(taken(old)) << "expired";
    const auto last = fresh(client, path);
    clock.advance(10 * minute - 1);
    EXPECT_EQ(count_rows("recovery_request"), 0) << "nothing is taken down";
    EXPECT_TRUE(taken(last));
    EXPECT_FALSE(taken(last)) << "used";
    EXPECT_EQ(count_rows("recovery_request"), 1);
  }
  http::Client client{"127.0.0.1", server->port()};
};

TEST_F(RecoveryCaptcha, R28OfALostPassword) {
  expect_once_in_its_session_and_time("/password-renewal", [&](const Captcha& captcha) {
    auto fields = form(get(client, "/password-renewal").body, number(0), email(0));
    fields[3].second = captcha.first;
    fields[4].second = captcha.second;
    return client.post_form("/password-renewal", {fields}, {})->status == 303;
  });
}

TEST_F(RecoveryCaptcha, R28OfALostIdentifier) {
  expect_once_in_its_session_and_time("/identifier-recovery", [&](const Captcha& captcha) {
    const auto page = get(client, "/identifier-recovery").body;
    auto body = recovery_of(page, number(0), codes[0]);
    body["captchaId"] = captcha.first;
    body["captcha"] = captcha.second;
    const auto status = status_of(post_recovery(client, page, canonical_json(body)));
    EXPECT_TRUE(status == "requested" || status == "captcha_wrong") << status;
    return status == "requested";
  });
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
  EXPECT_EQ(inbox("password-link")[0].body.find("evil.example"), std::string::npos);
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

// Whoever has her codes days before the vote may read how it is done.
TEST_F(RecoveryHttp, TheMenuStandsWhereVotersSignInAndBeforeTheOpeningToo) {
  const auto page = [&] {
    http::Client client{"127.0.0.1", server->port()};
    return get(client, "/").body;
  };
  const std::string link = "href=\"/information/vote\">Comment voter</a>";
  EXPECT_EQ(page().find("Mes informations pratiques"), std::string::npos) << "an empty menu";
  portal.information.push_back({"vote", {.en = "How to vote", .fr = "Comment voter"}});
  const auto open = page();
  EXPECT_NE(open.find(link), std::string::npos);
  EXPECT_GT(open.find(link), open.find("<form data-form=\"code\"")) << "after the form";
  run("UPDATE contest_phase SET phase = 'sealed'");
  const auto before = page();
  EXPECT_EQ(before.find("<form data-form=\"code\""), std::string::npos);
  EXPECT_NE(before.find(link), std::string::npos);
}

// Requirement 45, with the words that voters get.
TEST_F(RecoveryHttp, R45TextMessagesFitOneSegment) {
  EXPECT_TRUE(check_recovery_texts(message_texts, portal.credentials));
  auto longest = portal.credentials;
  longest.code.characters = 100;
  EXPECT_EQ(check_recovery_texts(message_texts, longest).error().code, "message.too_long");
}

// Requirement 61 (and 12): B and C over HTTP, with what goes wrong on the way. Neither the
// database's files, its journal among them, nor what the server says holds a secret, before the
// messages are wiped and after.
TEST_F(RecoveryHttp, R61AFullRunLeavesNoSecretOnTheDiskAndInNoLine) {
  testing::internal::CaptureStderr();
  std::map<std::string, std::string> secrets;
  const auto keep_text = [&](const std::string& name, const std::string& text) {
    ASSERT_GE(text.size(), 8u) << name;
    secrets[name] = text;
    if (const auto bytes = base64url_decode(text); bytes && text.size() == 43) {
      secrets[name + "'s bytes"] = std::string(as_text(*bytes));
    }
  };
  const auto keep_password = [&](const std::string& name, std::size_t voter, const Code& password) {
    keep_text(name, password.normalised());
    keep_text(name + ", shown", password.shown().reveal());
    const auto& election = state->manifest().election_id;
    const auto keep_key = [&](const std::string& key, const KeyPair& pair) {
      secrets[name + key] = std::string(as_text(pair.secret.reveal().encoded()));
    };
    keep_key("'s recovery key", derive_recovery_key(password, number(voter), election));
    const auto credential = derive_credential(password, identifier(voter), election);
    keep_key("'s sign-in key", credential.sign_in_key());
    keep_key("'s ballot key", credential.ballot_key(0));
  };
  for (const std::size_t v : {0u, 1u}) {
    const auto of = " of voter " + std::to_string(v);
    keep_text("identifier" + of, identifier(v));
    keep_text("shown identifier" + of, identifiers[v].shown().reveal());
    keep_text("number" + of, number(v));
    keep_password("password" + of, v, codes[v]);
  }

  (void)seen(number(0), email(0));
  service->work();
  const auto link = token();
  keep_text("link", link);
  http::Client client{"127.0.0.1", server->port()};
  const auto renew_with = [&](const std::string& typed) {
    return renew_over_http(client, get(client, "/password-renewal/link").body, link, typed);
  };
  run("CREATE TRIGGER crash BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'crash'); END");
  EXPECT_EQ(renew_with(identifier(0)).status, 500);
  run("DROP TRIGGER crash");
  EXPECT_EQ(status_of(renew_with(identifier(1))), "wrong");
  clock.advance(minute);
  ASSERT_EQ(status_of(renew_with(identifier(0))), "renewed");
  keep_password("new password", 0, sent_password());
  const auto cancel = value_of(inbox("reissue-notice")[0], "link");
  keep_text("cancel", cancel.substr(cancel.find('#') + 1));
  keep_text("session", client.cookies()["__Host-session"]);

  EXPECT_EQ(status_of(recover(number(1), codes[0])), "requested");
  EXPECT_EQ(status_of(recover(number(1), codes[1])), "requested");
  run("CREATE TRIGGER crash BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'crash'); END");
  std::string lines;
  try {
    service->work();
  } catch (const store::StoreError& failure) {
    lines = failure.what();  // the server's duties report it
  }
  run("DROP TRIGGER crash");
  service->work();
  ASSERT_EQ(inbox("identifier").size(), 1u);

  const auto expect_none = [&](const std::string& where, const std::string& text) {
    for (const auto& [name, secret] : secrets) {
      EXPECT_EQ(text.find(secret), std::string::npos) << name << " in " << where;
      EXPECT_EQ(text.find(hex_encode(as_bytes(secret))), std::string::npos)
          << name << " in " << where;
    }
  };
  const auto files = [&] {
    std::string all;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      if (!file.path().filename().string().starts_with("isoloir.sqlite")) continue;
      std::ifstream stream(file.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(stream), {});
    }
    EXPECT_NE(all.find("password replaced"), std::string::npos) << "the scan reads the journal";
    EXPECT_NE(all.find("identifier sent"), std::string::npos);
    return all;
  };
  expect_none("the files", files());
  clock.advance(hour);
  outbox_of(*state).purge(clock.now());
  ASSERT_TRUE(inbox().empty());
  state->database().erase_traces();
  expect_none("the files, messages wiped", files());
  {
    const std::lock_guard lock(reported_mutex);
    lines += reported;
  }
  EXPECT_NE(reported.find("crash"), std::string::npos) << "the server has said something";
  for (const auto& alert : alerts) lines += alert;
  expect_none("the server's lines", lines + testing::internal::GetCapturedStderr());
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
