// The code that validates a vote, as the voting space asks for it and gives it (L16, L18).
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <regex>

#include "service/reissue_fixture.hpp"
#include "web/assets.hpp"
#include "web/message_texts.hpp"
#include "web/site.hpp"

namespace isoloir::web {
namespace {

using http::Method;
using testing::ElementsAre;
using testing::HasSubstr;

struct ConfirmationHttp : ReissueFixture {
  ConfirmationHttp() { clock.set(fixture_opens + hour + 12'345); }

  // A voter in the voting space, at a device.
  struct Device {
    std::string cookie, csrf;
  };
  Device device(std::size_t voter) {
    const auto opened = portal_session(voter);
    EXPECT_TRUE(enter(opened.session, credential(voter).sign_in_key()));
    return {"__Host-session=" + opened.token.text(), opened.session.csrf};
  }
  http::Response post(const Device& at, const std::string& path, const std::string& body) {
    return site.handle({Method::post,
                        path,
                        "",
                        {{"Cookie", at.cookie}, {"X-CSRF-Token", at.csrf}},
                        body,
                        "127.0.0.1"});
  }
  Json json(const Device& at, const std::string& path, const Json& body) {
    const auto answer = post(at, path, canonical_json(body));
    EXPECT_EQ(answer.status, 200) << path;
    return Json::parse(answer.body);
  }
  Json ask(const Device& at, std::uint32_t contest = 0, bool another = false) {
    return json(at, "/api/confirmation", {{"contest", contest}, {"another", another}});
  }
  Json cast_with(const Device& at, const Bytes& bytes, const std::string& code) {
    return json(at, "/api/ballot", {{"ballot", base64_encode(bytes)}, {"confirmation", code}});
  }
  std::string received_code() {
    for (const auto& message : inbox()) {
      std::smatch found;
      static const std::regex digits("^([0-9]{6}) ");
      if (message.kind == "confirmation-code" && std::regex_search(message.body, found, digits)) {
        return found[1].str();
      }
    }
    ADD_FAILURE() << "no code came";
    return {};
  }

  Portal portal = *Portal::parse(fixture_portal, "fixture.toml");
  Renderer renderer{asset};
  MessageTexts message_texts{renderer, portal};
  ConfirmationPolicy confirming;
  Confirmations service{*state, confirming, message_texts};
  Site site{*state, *log, portal, renderer, std::nullopt, {.confirmations = &service}};
};

TEST_F(ConfirmationHttp, L16ACodeThatCameValidatesTheVote) {
  const auto at = device(0);
  const auto bytes = ballot(0, 0, 1);
  const auto sent = ask(at);
  EXPECT_EQ(sent["status"], "sent");
  EXPECT_EQ(sent["by"], "email");
  EXPECT_EQ(sent["destination"], "E•••@p•••.example");
  EXPECT_EQ(sent["fresh"], true);
  EXPECT_THAT(std::string(sent["until"]), HasSubstr("h"));
  EXPECT_EQ(sent["waitMinutes"], 2) << "a minute, from the next full one on";
  const auto code = received_code();
  EXPECT_EQ(ask(at)["fresh"], false) << "a reload";

  const auto refused = [&](const std::string& given, const std::string& why, int tries_left) {
    const auto answer = cast_with(at, bytes, given);
    EXPECT_EQ(answer["status"], "confirmation") << given;
    EXPECT_EQ(answer["why"], why) << given;
    EXPECT_EQ(answer["triesLeft"], tries_left) << given;
  };
  refused("", "missing", 5);
  refused("12345", "missing", 5);
  refused(code == "000000" ? "000001" : "000000", "wrong", 4);
  EXPECT_EQ(count_rows("ballot"), 0);
  const auto recorded = cast_with(at, bytes, code);
  EXPECT_EQ(recorded["status"], "recorded");
  EXPECT_EQ(recorded["tracker"], hex_encode(tracker_of(bytes).bytes));
  EXPECT_EQ(cast_with(at, bytes, code), recorded) << "an answer lost on the way";
  EXPECT_EQ(ask(at)["status"], "already_voted");
}

TEST_F(ConfirmationHttp, WhatBecameOfTheCodeIsToldAndAskingSendsNone) {
  const auto at = device(0);
  const auto news = [&] { return json(at, "/api/confirmation/news", {{"contest", 0}}); };
  EXPECT_EQ(news()["status"], "wait");
  EXPECT_EQ(count_rows("message"), 0);
  EXPECT_EQ(ask(at)["message"], "") << "on its way";
  clock.advance(2 * minute);
  EXPECT_THAT(std::string(news()["message"]), HasSubstr("pas encore parti"));
  const auto set = [&](const std::string& what) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute("UPDATE message SET " + what);
      return {};
    }));
  };
  const std::pair<std::string, std::string> told[] = {
      {"unknown_recipient", "cette adresse n’existe pas"},
      {"full", "votre boîte de réception est pleine"},
      {"no_route", "aucun opérateur"},
      {"blocked", "il n’a pas pu être remis"}};
  for (const auto& [reason, words] : told) {
    set("status = 'failed', reason = '" + reason + "'");
    EXPECT_THAT(std::string(news()["message"]), HasSubstr(words));
  }
  confirming.other_channel = true;
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE voter SET phone = '+33 6 12 34 56 78'");
    return {};
  }));
  EXPECT_THAT(std::string(news()["message"]), HasSubstr("un autre code va être envoyé par SMS"));
  service.send_elsewhere();
  EXPECT_EQ(news()["firstDestination"], "E•••@p•••.example");
  EXPECT_EQ(news()["by"], "sms");
  EXPECT_EQ(news()["destination"], "••• 78");
  EXPECT_EQ(count_rows("message"), 2);
  EXPECT_EQ(post(at, "/api/confirmation/news", R"({"contest":9})").status, 400);
}

TEST_F(ConfirmationHttp, L18TheSignOffIsConfirmedInTheLanguageOfThePage) {
  const auto at = device(0);
  ask(at);
  const auto body = canonical_json(
      {{"ballot", base64_encode(ballot(0, 0, 1))}, {"confirmation", received_code()}});
  const auto answer = site.handle(
      {Method::post,
       "/api/ballot",
       "",
       {{"Cookie", at.cookie + "; lang=en"}, {"Accept-Language", "en"}, {"X-CSRF-Token", at.csrf}},
       body,
       "127.0.0.1"});
  EXPECT_THAT(answer.body, HasSubstr("recorded"));
  clock.advance(minute);
  std::vector<std::string> notices;
  for (const auto& message : inbox()) {
    if (message.kind == "sign-off-notice") notices.push_back(message.body);
  }
  EXPECT_THAT(notices, ElementsAre(HasSubstr("You voted on ")));
}

TEST_F(ConfirmationHttp, WhatOurPagesNeverSendIsRefused) {
  const auto at = device(0);
  for (const auto* body :
       {"", "{", "[]", "7", "{}", R"({"contest":"0"})", R"({"contest":-1})", R"({"contest":2})",
        R"({"contest":99999999999})", R"({"contest":0.5})"}) {
    EXPECT_EQ(post(at, "/api/confirmation", body).status, 400) << body;
  }
  EXPECT_EQ(post({at.cookie, "another"}, "/api/confirmation", R"({"contest":0})").status, 401);
  EXPECT_EQ(post({"", ""}, "/api/confirmation", R"({"contest":0})").status, 401);
  EXPECT_EQ(count_rows("confirmation"), 0);
  // Neither a number nor a null byte is a code.
  const auto sealed = base64_encode(ballot(0, 0, 1));
  for (const Json& code : {Json(123456), Json(nullptr), Json(std::string("12345\0", 6))}) {
    EXPECT_EQ(json(at, "/api/ballot", {{"ballot", sealed}, {"confirmation", code}})["why"],
              "missing");
  }
  Site without{*state, *log, portal, renderer, std::nullopt, {}};
  EXPECT_EQ(without
                .handle({Method::post,
                         "/api/confirmation",
                         "",
                         {{"Cookie", at.cookie}, {"X-CSRF-Token", at.csrf}},
                         R"({"contest":0})",
                         "127.0.0.1"})
                .status,
            404);
}

TEST_F(ConfirmationHttp, WhoMayNotCastIsToldWhyAndGetsNoCode) {
  const auto at = device(0);
  set_phase(0, "suspended");
  EXPECT_EQ(ask(at)["status"], "suspended");
  set_phase(0, "open");
  clock.set(fixture_closes - minute);
  const auto late = device(0);  // inside before the close
  set_phase(0, "grace");
  for (const int minutes : {1, 15, 29}) {  // and there all the time
    clock.set(fixture_closes + minutes * minute);
    EXPECT_EQ(ask(late)["status"], "sent") << minutes;
  }
  clock.set(fixture_closes + 30 * minute);
  EXPECT_EQ(ask(late)["status"], "closed");
}

// 45: a text message of two parts may lose one.
TEST_F(ConfirmationHttp, TextMessagesFitOnePart) {
  EXPECT_TRUE(service.check_texts());
  struct Longer final : TextSource {
    explicit Longer(const TextSource& texts) : real(texts) {}
    std::string text(std::string_view id, std::string_view language,
                     const Json& values) const override {
      return real.text(id, language, values) + std::string(80, 'a');
    }
    const TextSource& real;
  };
  const Longer longer(message_texts);
  const auto refused = Confirmations(*state, confirming, longer).check_texts();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "message.too_long");
}

// A voter in a loop is told to wait before the server's core is hers, and is not locked out.
TEST_F(ConfirmationHttp, GuessesAreJudgedSoManyInAMinute) {
  const auto at = device(0);
  const auto bytes = ballot(0, 0, 1);
  ask(at);
  const auto code = received_code();
  for (std::uint32_t i = 1; i <= limits::refused_ballots_per_minute; ++i) {
    const auto guess = fmt::format("{:06}", (std::stoul(code) + i) % 1'000'000);
    EXPECT_EQ(cast_with(at, bytes, guess)["status"], "confirmation");
  }
  EXPECT_EQ(post(at, "/api/ballot",
                 canonical_json({{"ballot", base64_encode(bytes)}, {"confirmation", code}}))
                .status,
            503);
  clock.advance(2 * minute);
  EXPECT_EQ(cast_with(at, bytes, code)["why"], "spent");
  EXPECT_EQ(ask(at)["fresh"], true);
  EXPECT_EQ(cast_with(at, bytes, received_code())["status"], "recorded");
}

}  // namespace
}  // namespace isoloir::web
