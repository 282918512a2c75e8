// FranceConnect as browsers see it over HTTP, with a provider that holds answers back; what
// providers may lie about is tests/browser/franceconnect.test.mjs. Numbers are those of
// docs/reissue.md.
#include <gmock/gmock.h>

#include <future>

#include "web/provider_fixture.hpp"

namespace isoloir::web {
namespace {

using IdentificationHttp = ProviderFixture;
using testing::HasSubstr;
using testing::Not;

// ---- A provider that is slow

TEST_F(IdentificationHttp, OneVotersReloadsTakeTwoThreadsAndNobodyElseWaits) {
  auto device = browser();
  device.sign_in(0);
  const auto back = return_for(device);
  provider.hold("token");
  constexpr int reloads = 16;
  std::mutex mutex;
  std::condition_variable answered;
  std::vector<http::ClientResponse> answers;
  std::vector<std::future<void>> threads;
  for (int i = 0; i < reloads; ++i) {
    threads.push_back(std::async(std::launch::async, [&, cookies = device.client.cookies()] {
      auto tab = browser();
      tab.client.cookies() = cookies;
      auto answer = tab.get(back);
      const std::lock_guard lock(mutex);
      answers.push_back(std::move(answer));
      answered.notify_all();
    }));
  }
  {
    std::unique_lock lock(mutex);
    answered.wait(lock, [&] { return answers.size() >= reloads - 2; });
    for (const auto& answer : answers) {
      EXPECT_EQ(answer.status, 503);
      EXPECT_TRUE(http::find_header(answer.headers, "Retry-After"));
      EXPECT_THAT(answer.body, HasSubstr(value(back, "state"))) << "it can be brought again";
    }
  }
  auto other = browser("192.0.2.2");
  other.sign_in(1);
  EXPECT_EQ(other.get("/voting-space").status, 200);
  (void)return_for(other);
  provider.release();
  threads.clear();
  EXPECT_EQ(std::count_if(answers.begin(), answers.end(),
                          [](const auto& answer) { return answer.status == 200; }),
            2);
  EXPECT_EQ(provider.asked("token"), 1u);
  EXPECT_EQ(count_rows("reissue_flow"), 1);
}

// Whichever of its services does not answer: given up, and what would come after is not asked.
TEST_F(IdentificationHttp, OneTimeForAllThatIsAskedOfAProvider) {
  const auto identify = [&](std::chrono::milliseconds patience) {
    openid::Client own(provider.registration(), {Secret(std::string("secret")), {}}, clock,
                       patience);
    const auto identified = own.identify("nonce", "https://vote.example/retour", "nonce");
    return identified ? "identified" : identified.error().code;
  };
  EXPECT_EQ(identify(std::chrono::milliseconds(0)), "openid.network");
  EXPECT_EQ(provider.asked("openid-configuration"), 0u) << "no time was left";
  const std::vector<std::string> places = {"openid-configuration", "token", "jwks", "userinfo"};
  for (auto place = places.begin(); place != places.end(); ++place) {
    provider.hold(*place);
    EXPECT_EQ(identify(std::chrono::milliseconds(200)), "openid.network") << *place;
    for (auto later = place + 1; later != places.end(); ++later) {
      EXPECT_EQ(provider.asked(*later), 0u) << *later;
    }
    provider.release();
  }
  EXPECT_EQ(identify(std::chrono::hours(1)), "identified");
}

TEST_F(IdentificationHttp, UserinfoIsSaidToBeAToken) {
  openid::Client own(provider.registration(), {Secret(std::string("secret")), {}}, clock);
  const auto identify = [&] {
    const auto identified = own.identify("nonce", "https://vote.example/retour", "nonce");
    return identified ? "identified" : identified.error().code;
  };
  EXPECT_EQ(identify(), "identified");
  provider.userinfo_type = "Application/JWT; charset=utf-8";
  EXPECT_EQ(identify(), "identified");
  for (const auto* type : {"application/json", "text/html", "application/jwtx"}) {
    provider.userinfo_type = type;
    EXPECT_EQ(identify(), "openid.answer") << type;
  }
}

// ---- State, session, tokens

TEST_F(IdentificationHttp, R56AReturnServesOnceAndIsRepeatedForAMinute) {
  auto device = browser();
  device.sign_in(0);
  const auto back = return_for(device);
  const auto first = device.get(back);
  EXPECT_EQ(first.status, 200);
  clock.advance(minute - 1);
  EXPECT_EQ(device.get(back).status, 200) << "an answer that was lost";
  clock.advance(1);
  EXPECT_THAT(told(device, device.get(back)), HasSubstr("ne sert plus"));
  EXPECT_EQ(count_rows("reissue_flow"), 1);
  EXPECT_EQ(provider.asked("token"), 1u);
  EXPECT_EQ(count_rows("identification"), 0);
}

TEST_F(IdentificationHttp, R56AnotherSessionOfTheSameVoterIsAnother) {
  auto device = browser(), second = browser();
  device.sign_in(0);
  second.sign_in(0);
  const auto back = return_for(device);
  EXPECT_THAT(told(second, second.get(back)), HasSubstr("ne sert plus"));
  EXPECT_THAT(told(device, device.get(back)), HasSubstr("ne sert plus")) << "others have seen it";
  EXPECT_EQ(count_rows("reissue_flow"), 0);
  EXPECT_EQ(provider.asked("token"), 0u);
}

TEST_F(IdentificationHttp, R56AReturnThatTookTooLongServesNobody) {
  auto device = browser();
  device.sign_in(0);
  const auto early = return_for(device), late = return_for(device);
  clock.advance(limits::openid_round_trip_ms - 1);
  EXPECT_EQ(device.get(early).status, 200);
  clock.advance(1);
  EXPECT_THAT(told(device, device.get(late)), HasSubstr("ne sert plus"));
}

// Requirement 55 too: the way on is one of ours, whatever the address says.
TEST_F(IdentificationHttp, R55R56WithoutASessionItEndsAtTheSignIn) {
  auto device = browser(), nobody = browser("192.0.2.9");
  device.sign_in(0);
  const auto back = return_for(device);
  for (const auto& target : {back, back + "&to=https://evil.example", back + "&to=//evil.example",
                             std::string("/reissue/franceconnect?to=//evil.example"),
                             std::string("/franceconnect/refus?to=//evil.example")}) {
    // Who comes back was signed in when she left.
    const bool back = target.starts_with(Identifications::return_path);
    EXPECT_EQ(location(nobody.get(target)),
              back ? "/sign-in?ended=identification&to=/reissue" : "/sign-in?to=/reissue")
        << target;
  }
  const auto left = nobody.get("/franceconnect/fin?to=https://evil.example&state=x");
  EXPECT_EQ(left.status, 200);
  EXPECT_THAT(left.body, Not(HasSubstr("evil")));
  EXPECT_EQ(location(nobody.get("/franceconnect/deconnexion?to=//evil.example")), "/");
  EXPECT_EQ(device.get(back).status, 200) << "nothing was spent";
}

// Requirement 16: what the provider brings back is no cookie, link or block, and none of those is
// what it brings back.
TEST_F(IdentificationHttp, R16AStateIsNoOtherTokenAndNoOtherTokenIsAState) {
  auto device = browser();
  device.sign_in(0);
  const auto text = value(return_for(device), "state");
  auto thief = browser();
  for (const auto* cookie : {"__Host-session", "__Host-next-session"}) {
    thief.client.cookies() = {{cookie, text}};
    EXPECT_EQ(location(thief.get("/reissue")),
              std::string("/sign-in?") +
                  (std::string(cookie) == "__Host-session" ? "ended=1&to=/reissue" : "to=/reissue"))
        << cookie;
  }
  thief.client.cookies() = {{"__Host-reissue", text}};
  EXPECT_EQ(thief.post_json("/api/reissue/resume", Json::object())["status"], "no_link");
  EXPECT_EQ(browser().open_link(text)["status"], "unknown");
  EXPECT_EQ(cancel_reissue(*state, text).error().code, "reissue.link_unknown");
  EXPECT_EQ(open_code(link_for(1), text), "opened") << "as an opener it is 32 bytes like others";
  EXPECT_EQ(count_rows("identification"), 1) << "and what it is for is still there";

  clock.advance(minute);
  const auto session = device.client.cookies().at("__Host-session");
  replace_code(2);
  for (const auto& other : {session, link_for(0), cookie_for(1), token_in("reissue-notice")}) {
    const auto answer =
        device.get(std::string(Identifications::return_path) + "?state=" + other + "&code=x");
    EXPECT_EQ(location(answer), "/franceconnect/refus") << other;
  }
  EXPECT_EQ(provider.asked("token"), 0u);
}

// ---- Flows

TEST_F(IdentificationHttp, R04TwoTabsAreOneLivingFlowAndTheSecondIsToldWhy) {
  auto device = browser();
  device.sign_in(0);
  const auto one = return_for(device), two = return_for(device);
  EXPECT_EQ(device.get(one).status, 200);
  const auto second = told(device, device.get(two));
  EXPECT_THAT(second, HasSubstr("plusieurs demandes en peu de temps"));
  EXPECT_THAT(second, HasSubstr("Votre identité a été confirmée par FranceConnect"));
  EXPECT_THAT(second, HasSubstr("href=\"/r\"")) << "the first one goes on";
  EXPECT_EQ(device.post_json("/api/reissue/resume", Json::object())["status"], "opened");
  EXPECT_EQ(count_rows("reissue_flow WHERE state = 'opened'"), 1);

  // Later, the newer one is the one: in the same browser it has taken the older one's place.
  clock.advance(minute);
  auto older = browser();
  older.client.cookies() = {{"__Host-reissue", device.client.cookies().at("__Host-reissue")}};
  const auto keys = new_keys(older.post_json("/api/reissue/resume", Json::object()));
  EXPECT_EQ(device.get(return_for(device)).status, 200);
  EXPECT_EQ(count_rows("reissue_flow WHERE state = 'opened'"), 1);
  EXPECT_EQ(count_rows("reissue_flow WHERE state = 'superseded'"), 1);
  EXPECT_EQ(older.post_json("/api/reissue/issue", keys)["status"], "superseded");
  EXPECT_EQ(count_rows("replaced_code"), 0);
}

TEST_F(IdentificationHttp, R03AnOpenedFlowIsOneBrowsersAlone) {
  auto device = browser(), second = browser();
  device.sign_in(0);
  second.sign_in(0);
  EXPECT_EQ(device.get(return_for(device)).status, 200);
  EXPECT_EQ(second.post_json("/api/reissue/resume", Json::object())["status"], "no_link");
  EXPECT_THAT(second.get("/reissue").body,
              HasSubstr("Recommencez ici ; ou, si la page est restée ouverte"));
}

TEST_F(IdentificationHttp, R54TheOldSessionDiesAndAnotherGoesOn) {
  auto device = browser();
  device.sign_in(0);
  auto copy = browser();
  copy.client.cookies() = device.client.cookies();
  const auto before = device.client.cookies().at("__Host-session");
  EXPECT_EQ(device.get(return_for(device)).status, 200);
  const auto opened = device.post_json("/api/reissue/resume", Json::object());
  ASSERT_EQ(opened["status"], "opened");
  ASSERT_EQ(device.post_json("/api/reissue/issue", new_keys(opened))["status"], "issued");
  EXPECT_EQ(location(copy.get("/reissue")), "/sign-in?ended=1&to=/reissue");
  EXPECT_EQ(device.get("/voting-space").status, 200);
  EXPECT_NE(device.client.cookies().at("__Host-session"), before);
}

// ---- Signing out there

TEST_F(IdentificationHttp, SigningOutIsOverWhenTheProviderSendsTheBrowserBack) {
  auto device = browser();
  device.sign_in(0);
  EXPECT_EQ(device.get(return_for(device)).status, 200);
  const auto held = device.client.cookies().at("__Host-franceconnect");
  const auto there = location(device.get("/franceconnect/deconnexion"));
  ASSERT_TRUE(there.starts_with(provider.issuer() + "/session/end?")) << there;
  const auto end = std::string(Identifications::signed_out_path);
  for (const auto& target :
       {end, end + "?state=", end + "?state=" + std::string(43, 'A'), end + "?state=a&state=b"}) {
    const auto page = device.get(target).body;
    EXPECT_THAT(page, Not(HasSubstr("est terminée"))) << target;
    EXPECT_THAT(page, HasSubstr("/franceconnect/deconnexion")) << "it can be tried again";
  }
  EXPECT_EQ(device.client.cookies().at("__Host-franceconnect"), held);
  auto another = browser();
  const auto back = end + "?state=" + value(there, "state");
  EXPECT_THAT(another.get(back).body, Not(HasSubstr("est terminée"))) << "not hers";
  EXPECT_THAT(device.get(back).body, HasSubstr("est terminée"));
  for (const auto* cookie : {"__Host-franceconnect", "__Host-franceconnect-logout"}) {
    EXPECT_FALSE(device.client.cookies().contains(cookie)) << cookie;
  }
  EXPECT_THAT(device.get(back).body, HasSubstr("n’a plus, dans ce navigateur"));
}

TEST_F(IdentificationHttp, ATokenThatNoCookieHoldsIsSaidInWords) {
  auto device = browser();
  device.sign_in(0);
  provider.padding = 4096;
  EXPECT_EQ(device.get(return_for(device)).status, 200);
  EXPECT_LT(device.client.cookies().at("__Host-franceconnect").size(), 100u);
  for (const auto* place : {"/r", "/franceconnect/deconnexion", "/franceconnect/fin"}) {
    const auto page = device.get(place).body;
    EXPECT_THAT(page, HasSubstr("Ce portail ne peut pas vous en déconnecter")) << place;
    EXPECT_THAT(page, Not(HasSubstr("href=\"/franceconnect/deconnexion\""))) << place;
  }
}

TEST_F(IdentificationHttp, TheLongestTokenThatIsHeldFitsACookie) {
  auto device = browser();
  device.sign_in(0);
  provider.padding = 1600;
  EXPECT_EQ(device.get(return_for(device)).status, 200);
  const auto held = device.client.cookies().at("__Host-franceconnect");
  EXPECT_GT(held.size(), 3000u);
  EXPECT_LE(held.size() + std::string("__Host-franceconnect").size(), 4096u);
  EXPECT_THAT(device.get("/r").body, HasSubstr("href=\"/franceconnect/deconnexion\""));
}

TEST_F(IdentificationHttp, SigningOutWhileTheProviderIsSilentIsSaid) {
  auto device = browser();
  device.sign_in(0);
  EXPECT_EQ(device.get(return_for(device)).status, 200);
  // A server that has just started, and cannot have the description.
  clock.advance(limits::openid_stale_ms);
  device.client.cookies().erase("__Host-session");
  provider.down();
  const auto page = device.get("/franceconnect/deconnexion").body;
  EXPECT_THAT(page, HasSubstr("FranceConnect n’a pas répondu"));
  EXPECT_THAT(page, HasSubstr("href=\"/franceconnect/deconnexion\"")) << "to be tried again";
}

}  // namespace
}  // namespace isoloir::web
