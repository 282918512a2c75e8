// Claims on the roll and on candidacies as a browser makes and follows them.
#include "web/site_fixture.hpp"

namespace isoloir::web {
namespace {

struct ClaimHttp : SiteFixture {
  Fields filled(const std::string& page, const std::string& topic = "not_on_roll") {
    const auto id = hidden(page, "captcha_id");
    return {{"csrf", hidden(page, "csrf")},
            {"topic", topic},
            {"contest", "1"},
            {"name", "Camille <V.>"},
            {"email", "camille@example.org"},
            {"phone", ""},
            {"text", "Bonjour,\r\n<b>pas</b> sur la liste."},
            {"captcha_id", id},
            {"captcha", captcha_digits(id)}};
  }
  static std::string location(const http::ClientResponse& answer) {
    const auto* found = http::find_header(answer.headers, "Location");
    return std::to_string(answer.status) + " " + (found ? *found : "");
  }
  static bool says(const http::ClientResponse& answer, const std::string& text) {
    return answer.body.find(text) != std::string::npos;
  }
  static std::string reference_on(const http::ClientResponse& answer) {
    std::smatch found;
    const std::regex reference("<strong class=\"code-text\">([0-9A-Z]{4}-[0-9A-Z]{4})</strong>");
    EXPECT_TRUE(std::regex_search(answer.body, found, reference));
    return found.empty() ? "" : found[1].str();
  }
  http::ClientResponse follow(Browser& device, const std::string& reference,
                              const std::string& email = "camille@example.org") {
    const auto page = device.get("/claim/follow");
    return device.post(
        "/claim/follow",
        {{"csrf", hidden(page.body, "csrf")}, {"reference", reference}, {"email", email}});
  }
};

TEST_F(ClaimHttp, MadeByWhoIsNotOnTheRollFollowedAndAnswered) {
  auto device = browser();
  const auto answer = device.post("/claim", filled(device.get("/claim").body));
  ASSERT_EQ(location(answer), "303 /claim/sent");
  const auto sent = device.get("/claim/sent");
  const auto reference = reference_on(sent);
  EXPECT_EQ(reference_on(device.get("/claim/sent?lang=en")), reference);
  EXPECT_EQ(count_rows("help_request WHERE kind = 'claim' AND voter IS NULL"), 1);

  auto elsewhere = browser("192.0.2.2");
  EXPECT_EQ(location(elsewhere.get("/claim/status")), "303 /claim/follow");
  ASSERT_EQ(location(follow(elsewhere, reference)), "303 /claim/status");
  auto status = elsewhere.get("/claim/status?lang=fr");
  EXPECT_TRUE(says(status, "en cours d’examen"));
  EXPECT_TRUE(says(status, "Académie")) << "the contest";
  EXPECT_TRUE(says(status, "&lt;b&gt;pas&lt;/b&gt; sur la liste."));
  ASSERT_TRUE(answer_claim(*state, *portal.claims, message_texts, reference, ClaimDecision::refused,
                           "Vous n'êtes <i>pas</i> de ce corps."));
  status = elsewhere.get("/claim/status");
  EXPECT_TRUE(says(status, "Refusée"));
  EXPECT_TRUE(says(status, "&lt;i&gt;pas&lt;/i&gt; de ce corps."));
  EXPECT_FALSE(says(elsewhere.get("/claim"), reference)) << "only a voter's session lists hers";
}

TEST_F(ClaimHttp, TheSameWhetherReferenceOrAddressIsWrong) {
  auto device = browser();
  ASSERT_EQ(location(device.post("/claim", filled(device.get("/claim").body))), "303 /claim/sent");
  const auto reference = reference_on(device.get("/claim/sent"));
  const auto unknown = follow(device, "K7QD-2M4X");
  EXPECT_TRUE(says(unknown, "Aucune réclamation ne porte cette référence"));
  auto wrong = follow(device, reference, "c@example.org");
  EXPECT_TRUE(says(wrong, "Aucune réclamation ne porte cette référence"));
  EXPECT_EQ(location(device.get("/claim/status")), "303 /claim/follow");
  for (int i = 0; i < 8; ++i) follow(device, "K7QD-2M4X");
  EXPECT_TRUE(says(follow(device, reference), "Trop d’essais"));
}

TEST_F(ClaimHttp, AVoterIsNamedAndSeesHers) {
  auto device = browser();
  device.sign_in(0);
  const auto page = device.get("/claim");
  EXPECT_TRUE(says(page, "value=\"" + roll.voters[0].email + "\"")) << "her address stands there";
  ASSERT_EQ(location(device.post("/claim", filled(page.body, "roll_error"))), "303 /claim/sent");
  const auto reference = reference_on(device.get("/claim/sent"));
  EXPECT_EQ(count_rows("help_request WHERE voter = 'E1'"), 1);
  EXPECT_TRUE(says(device.get("/claim"), reference));
  auto other = browser("192.0.2.2");
  other.sign_in(1);
  EXPECT_FALSE(says(other.get("/claim"), reference));
}

TEST_F(ClaimHttp, PastTheDeadlineItSaysSoAndTakesNothing) {
  auto device = browser();
  const auto page = device.get("/claim").body;
  clock.advance(5 * minute_ms);
  const auto late = device.post("/claim", filled(page));
  EXPECT_TRUE(says(late, "vient de passer"));
  EXPECT_TRUE(says(late, "sur la liste.")) << "what was typed is kept";
  EXPECT_FALSE(says(late, "value=\"not_on_roll\""));
  EXPECT_TRUE(says(late, "value=\"candidacy\""));
  clock.advance(hour_ms);
  const auto over = device.get("/claim");
  EXPECT_TRUE(says(over, "Le délai pour réclamer est passé"));
  EXPECT_FALSE(says(over, "<form method=\"post\" action=\"/claim\""));
  EXPECT_EQ(count_rows("help_request"), 0);
  EXPECT_EQ(location(follow(device, "K7QD-2M4X")).substr(0, 3), "200") << "followed all the same";
}

TEST_F(ClaimHttp, WithoutAChannelThereIsAnAddressToWriteTo) {
  Site other{*state, *log, portal, renderer, std::nullopt, {}};
  const auto request = [&](const char* path) {
    http::Request asked;
    asked.path = path;
    return other.handle(asked);
  };
  EXPECT_NE(request("/claim").body.find("mailto:claims@portal.example"), std::string::npos);
  EXPECT_EQ(request("/claim/follow").status, 404);
  portal.claims.reset();
  EXPECT_EQ(request("/claim").status, 404) << "policy";
}

TEST_F(ClaimHttp, R37RepeatedAndForeignFieldsAre400) {
  auto device = browser();
  auto twice = filled(device.get("/claim").body);
  twice.push_back({"topic", "candidacy"});
  EXPECT_EQ(device.post("/claim", twice).status, 400);
  auto more = filled(device.get("/claim").body);
  more.push_back({"voter", "E1"});
  EXPECT_EQ(device.post("/claim", more).status, 400);
}

}  // namespace
}  // namespace isoloir::web
