// What the site answers by phase and language, on a real election whose clock is set by hand.
#include "web/site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "service/bureau.hpp"
#include "service/export.hpp"
#include "service/voting_fixture.hpp"
#include "web/assets.hpp"

namespace isoloir::web {
namespace {

using http::Method;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct SiteTest : VotingFixture {
  struct Browser {
    std::string cookie;
    std::string csrf;
  };

  SiteTest() : portal(*Portal::parse(fixture_portal, "fixture.toml")), renderer(asset) {}

  Site site() { return Site(*state, *log, portal, renderer, std::nullopt, {}); }
  void tick_at(TimeMs now) {
    clock.set(now);
    tick(*state, *log);
    log->append_round(is_voting(*state));
  }
  // Signed in to the portal, not to the voting space.
  Browser browser(std::size_t voter) {
    const auto opened = portal_session(voter);
    return {"__Host-session=" + opened.token.text(), opened.session.csrf};
  }
  http::Response get(const std::string& path, const std::string& cookie = "",
                     const std::string& query = "") {
    return handle({Method::get, path, query, {{"Cookie", cookie}}, "", "127.0.0.1"});
  }
  http::Response handle(const http::Request& request) {
    auto made = site();
    return made.handle(request);
  }
  http::Response receipt(const Browser& at, const Tracker& tracker) {
    const std::string body = canonical_json({{"tracker", hex_encode(tracker.bytes)}});
    return handle({Method::post,
                   "/api/receipt",
                   "",
                   {{"Cookie", at.cookie}, {"X-CSRF-Token", at.csrf}},
                   body,
                   "127.0.0.1"});
  }

  Portal portal;
  Renderer renderer;
};

TEST_F(SiteTest, ATrackerNeverStandsInAnAddress) {
  tick_at(fixture_opens);
  const auto at = browser(0);
  const std::string tracker(64, 'a');
  EXPECT_EQ(get("/api/receipt", at.cookie, "tracker=" + tracker).status, 404);
  EXPECT_EQ(receipt(at, Tracker{}).body, R"({"status":"unknown"})");
  EXPECT_EQ(receipt({at.cookie, "another"}, Tracker{}).status, 401);
}

TEST_F(SiteTest, WhoseSessionHasEndedIsToldSo) {
  tick_at(fixture_opens);
  const auto at = browser(0);
  const auto leads_to = [&](const std::string& cookie) {
    return *http::find_header(get("/reissue/question", cookie).headers, "Location");
  };
  EXPECT_EQ(leads_to(""), "/sign-in?to=/reissue/question");
  const auto unsigned_session = Sessions(*state, limits).open();
  EXPECT_EQ(leads_to("__Host-session=" + unsigned_session.token.text()),
            "/sign-in?to=/reissue/question");
  clock.set(fixture_opens + 2 * 60 * minute);
  EXPECT_EQ(leads_to(at.cookie), "/sign-in?ended=1&to=/reissue/question");
  EXPECT_THAT(get("/sign-in", at.cookie, "ended=1").body, HasSubstr("Votre session a pris fin"));
  EXPECT_THAT(get("/sign-in").body, Not(HasSubstr("Votre session a pris fin")));
}

TEST_F(SiteTest, OnceTheLinkKeyIsDestroyedABallotIsHeldAndAnotherUnknown) {
  tick_at(fixture_opens);
  const auto bytes = ballot(0, 0, 1);
  EXPECT_EQ(cast(in_space(0), bytes), "recorded");
  const auto tracker = tracker_of(bytes);
  EXPECT_EQ(receipt(browser(0), tracker).body, R"({"status":"pending"})");
  tick_at(fixture_closes);
  EXPECT_THAT(receipt(browser(0), tracker).body, HasSubstr(R"("status":"ready")"));
  tick_at(fixture_closes + 30 * minute);
  EXPECT_THAT(receipt(browser(0), tracker).body, HasSubstr(R"("status":"ready")"));
  state->destroy_link_key();
  EXPECT_EQ(receipt(browser(0), tracker).body, R"({"status":"held"})");
  EXPECT_EQ(receipt(browser(0), Tracker{}).body, R"({"status":"unknown"})");
}

// Proofs are dear: who sends ballot after ballot keeps nobody else waiting.
TEST_F(SiteTest, RefusedBallotsAreJudgedSoManyInAMinute) {
  tick_at(fixture_opens);
  const auto opened = portal_session(0);
  EXPECT_TRUE(enter(opened.session, credential(0).sign_in_key()));
  auto made = site();
  const auto send = [&](const Bytes& bytes) {
    return made.handle({Method::post,
                        "/api/ballot",
                        "",
                        {{"Cookie", "__Host-session=" + opened.token.text()},
                         {"X-CSRF-Token", opened.session.csrf}},
                        canonical_json({{"ballot", base64_encode(bytes)}}),
                        "127.0.0.1"});
  };
  for (std::uint32_t i = 0; i < limits::refused_ballots_per_minute; ++i) {
    EXPECT_THAT(send(Bytes(8)).body, HasSubstr("refused"));
  }
  EXPECT_EQ(send(ballot(0, 0, 1)).status, 503);
  clock.advance(minute);
  EXPECT_THAT(send(ballot(0, 0, 1)).body, HasSubstr("recorded"));
}

// An export shows everybody the trackers of all: from then on a receipt would tell anybody where in
// the log a stranger's ballot stands.
TEST_F(SiteTest, NoReceiptComesOnceTheBoxHasLeft) {
  tick_at(fixture_opens);
  const auto bytes = ballot(0, 0, 1);
  EXPECT_EQ(cast(in_space(0), bytes), "recorded");
  tick_at(fixture_closes);
  tick_at(fixture_closes + 30 * minute);
  EXPECT_THAT(receipt(browser(0), tracker_of(bytes)).body, HasSubstr(R"("status":"ready")"));
  ASSERT_TRUE(write_export(*state, folder / "export"));
  EXPECT_EQ(receipt(browser(0), tracker_of(bytes)).body, R"({"status":"held"})");
}

TEST_F(SiteTest, TheVotingSpaceSaysWhyItIsShut) {
  const auto space = [&](const Browser& at) { return get("/voting-space", at.cookie).body; };
  const auto open = HasSubstr("id=\"voting-space\"");
  clock.set(fixture_opens - minute);
  EXPECT_THAT(space(browser(0)), AllOf(HasSubstr("pas encore ouvert"), Not(open)));
  tick_at(fixture_opens);
  EXPECT_THAT(space(browser(0)), open);
  set_phase(0, "suspended");
  EXPECT_THAT(space(browser(0)), open) << "the other contest is open";
  set_phase(1, "suspended");
  EXPECT_THAT(space(browser(0)), AllOf(HasSubstr("a suspendu le vote"), Not(open)));
  set_phase(0, "open");
  set_phase(1, "open");

  tick_at(fixture_closes);
  EXPECT_THAT(space(browser(0)), AllOf(HasSubstr("Le vote est clos"), Not(open)));
  // Had the bureau closed an hour before the hour, no page would say the hour.
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE hours SET grace_ends_at = grace_ends_at - $1", {60 * minute});
    return {};
  }));
  for (const auto& page :
       {space(browser(0)), get("/", browser(0).cookie).body, get("/sign-in").body}) {
    EXPECT_THAT(page, AllOf(HasSubstr("8 décembre 2022 à 16h00"), Not(HasSubstr("à 17h00"))));
  }
}

// A page that reads nothing from the database says how the vote stood at the last beat.
TEST_F(SiteTest, EveryPageSaysHowTheVoteStands) {
  auto made = site();
  const auto strip = [&](const std::string& path) {
    const auto page = made.handle({Method::get, path, "", {}, "", "127.0.0.1"}).body;
    const auto from = page.find("<div class=\"vote-strip");
    EXPECT_NE(from, std::string::npos) << path;
    return page.substr(from, page.find("<main") - from);
  };
  const auto everywhere = [&](const auto& wanted) {
    made.read_standing();  // as every beat does
    for (const char* path :
         {"/signed-out", "/no-such-page", "/both-lost", "/sign-in", "/tracker", "/result"}) {
      EXPECT_THAT(strip(path), wanted) << path;
    }
  };
  const auto until_opening = HasSubstr("data-until=\"" + std::to_string(fixture_opens));
  const auto until_closing = HasSubstr("data-until=\"" + std::to_string(fixture_closes));
  clock.set(fixture_opens - minute);
  everywhere(AllOf(HasSubstr("Le vote ouvre le jeudi 1 décembre 2022 à 08h00"), until_opening));
  tick_at(fixture_opens);
  everywhere(AllOf(HasSubstr("ouvert jusqu’au jeudi 8 décembre 2022 à 17h00"), until_closing,
                   Not(HasSubstr("halted"))));
  set_phase(1, "suspended");
  everywhere(AllOf(HasSubstr("ouvert jusqu’au"), HasSubstr("vote-strip--halted"),
                   HasSubstr("vote-strip__name\">Académie<"), Not(HasSubstr(">National<"))));
  set_phase(0, "suspended");
  everywhere(AllOf(HasSubstr("est suspendu par le bureau"), Not(HasSubstr("ouvert jusqu’au")),
                   Not(HasSubstr("data-countdown"))));
  set_phase(0, "open");
  set_phase(1, "open");
  clock.set(fixture_closes);  // before the beat that acts on it
  everywhere(HasSubstr("Le vote est clos depuis le jeudi 8 décembre 2022 à 17h00"));
  const auto opened = portal_session(1);
  tick_at(fixture_closes - 1);
  EXPECT_TRUE(enter(opened.session, credential(1).sign_in_key()));
  tick_at(fixture_closes);
  everywhere(AllOf(HasSubstr("clos depuis le jeudi 8 décembre 2022 à 17h00"),
                   HasSubstr("finir jusqu’au jeudi 8 décembre 2022 à 17h30")));
  set_phase(1, "suspended");
  everywhere(HasSubstr("vote-strip__name\">Académie<"));
  set_phase(0, "suspended");
  everywhere(AllOf(HasSubstr("Le vote est clos depuis"), HasSubstr(">National<"),
                   Not(HasSubstr("finir jusqu’au"))));
  set_phase(0, "grace");
  set_phase(1, "grace");
  tick_at(fixture_closes + 30 * minute);
  everywhere(AllOf(HasSubstr("Le vote est clos depuis"), Not(HasSubstr("finir jusqu’au"))));
}

// Struck off while she stood in the voting space: she is told so, and not that the vote is over.
TEST_F(SiteTest, WhoIsStruckOffIsToldSo) {
  portal.roll_online = true;
  tick_at(fixture_opens);
  const auto opened = portal_session(0);
  const auto key = credential(0).sign_in_key();
  EXPECT_TRUE(enter(opened.session, key));
  const Browser at{"__Host-session=" + opened.token.text(), opened.session.csrf};
  const auto send = [&](std::uint32_t contest) {
    return handle({Method::post,
                   "/api/ballot",
                   "",
                   {{"Cookie", at.cookie}, {"X-CSRF-Token", at.csrf}},
                   canonical_json({{"ballot", base64_encode(ballot(0, contest, 0))}}),
                   "127.0.0.1"})
        .body;
  };
  const auto strike = [&](std::uint32_t contest) {
    const auto ballot_key = credential(0).ballot_key(contest).key;
    ASSERT_TRUE(post_event(
        *state,
        {"strike-off", 0, contest, {{"district", 0}, {"key", hex_encode(ballot_key.encoded())}}},
        {&ceremonies[0].holders[0].signing()}));
  };
  strike(0);
  EXPECT_EQ(send(0), R"({"status":"not_registered"})");
  EXPECT_THAT(get("/", at.cookie).body, HasSubstr("/voting-space"));
  strike(1);
  EXPECT_EQ(send(1), R"({"status":"not_registered"})");
  EXPECT_THAT(get("/api/contests", at.cookie).body, HasSubstr(R"("contests":[])"));
  const auto told = HasSubstr("sur la liste électorale d’aucun scrutin");
  EXPECT_THAT(get("/", at.cookie).body,
              AllOf(told, Not(HasSubstr("Le vote est clos")), Not(HasSubstr("/electoral-roll"))));
  EXPECT_THAT(get("/my-contests", at.cookie).body, told);
  EXPECT_EQ(get("/my-account", at.cookie).status, 200);
  EXPECT_EQ(*http::find_header(get("/voting-space", at.cookie).headers, "Location"), "/");
  EXPECT_EQ(get("/electoral-roll", at.cookie).status, 404);
  tick_at(fixture_closes);
  EXPECT_THAT(get("/", browser(0).cookie).body, HasSubstr("Le vote est clos"));
}

// Between the hour and the beat that acts on it, and wherever no script counts down.
TEST_F(SiteTest, HomeSaysThatItsHourHasPassed) {
  const auto home = [&] { return get("/", browser(0).cookie).body; };
  const auto counting = HasSubstr("data-part=\"counting\">");
  const auto reached = HasSubstr("data-part=\"reached\">");
  clock.set(fixture_opens - 1);
  EXPECT_THAT(home(), AllOf(HasSubstr("Ouverture du vote dans"), counting, Not(reached)));
  EXPECT_THAT(home(), HasSubstr("data-slot=\"minutes\">01<")) << "zeros stand for the hour itself";
  clock.set(fixture_opens);
  EXPECT_THAT(home(), AllOf(HasSubstr("le vote ouvre."), reached, Not(counting)));
  tick_at(fixture_closes - 1);
  EXPECT_THAT(home(), AllOf(HasSubstr("Fermeture du vote dans"), counting, Not(reached)));
  EXPECT_THAT(home(), Not(HasSubstr("/reissue"))) << "no message leaves this server";
  clock.set(fixture_closes);
  EXPECT_THAT(home(), AllOf(HasSubstr("L’heure de fermeture du vote est passée"), reached));
}

TEST_F(SiteTest, WhoWasInsideAtTheCloseFinishesAfterAReloadToo) {
  tick_at(fixture_closes - minute);
  const auto opened = portal_session(1);
  const auto key = credential(1).sign_in_key();
  EXPECT_TRUE(enter(opened.session, key));
  const Browser inside{"__Host-session=" + opened.token.text(), opened.session.csrf};
  tick_at(fixture_closes);
  EXPECT_THAT(get("/", inside.cookie).body,
              HasSubstr("vous pouvez finir de voter jusqu’au jeudi 8"));
  EXPECT_THAT(get("/voting-space", inside.cookie).body, HasSubstr("id=\"voting-space\""));
  const auto again = Sessions(*state, limits).find(opened.token.text(), true);
  ASSERT_TRUE(again);
  EXPECT_TRUE(enter(*again, key));
  EXPECT_EQ(cast(*again, ballot(1, 0, 0)), "recorded");
  EXPECT_EQ(enter(portal_session(2).session, credential(2).sign_in_key()).error().code,
            "voting.closed");
  tick_at(fixture_closes + 30 * minute);
  EXPECT_FALSE(enter(*again, key));
}

TEST_F(SiteTest, PagesOfErrorsSpeakTheLanguageToo) {
  EXPECT_THAT(get("/nowhere", "__Host-lang=en").body, HasSubstr("<html lang=\"en\""));
  const auto chosen = get("/nowhere", "", "lang=en");
  EXPECT_THAT(chosen.body, HasSubstr("<html lang=\"en\""));
  ASSERT_NE(http::find_header(chosen.headers, "Set-Cookie"), nullptr);
  auto made = site();
  const auto busy = made.busy_page(
      {Method::post, "/sign-out", "", {{"Cookie", "__Host-lang=en"}}, "", "127.0.0.1"});
  EXPECT_EQ(busy.status, 503);
  EXPECT_THAT(busy.body, HasSubstr("<html lang=\"en\""));
  // A form's address has no page to come back to.
  EXPECT_THAT(busy.body, AllOf(HasSubstr("href=\"/?lang=fr\""), Not(HasSubstr("/sign-out\""))));
}

// The page asks for the contests by itself: that must not keep a session alive beside an empty
// chair.
TEST_F(SiteTest, AskingForTheContestsIsNoSignOfAPerson) {
  tick_at(fixture_opens);
  const auto at = browser(0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(get("/api/contests", at.cookie).status, 200);
    clock.advance(7 * minute);
  }
  EXPECT_EQ(get("/api/contests", at.cookie).status, 401);
}

// Chosen in one tab, the language changes no date on a page that stands open in another.
TEST_F(SiteTest, AnAnswerSpeaksTheLanguageOfThePageThatAsked) {
  tick_at(fixture_opens);
  EXPECT_EQ(cast(in_space(0), ballot(0, 0, 1)), "recorded");
  const auto at = browser(0);
  auto made = site();
  const auto contests = [&](const std::string& accepted) {
    return made
        .handle({Method::get,
                 "/api/contests",
                 "",
                 {{"Cookie", at.cookie + "; __Host-lang=en"}, {"Accept-Language", accepted}},
                 "",
                 "127.0.0.1"})
        .body;
  };
  EXPECT_THAT(contests("fr"), HasSubstr("jeudi 1 décembre 2022"));
  EXPECT_THAT(contests("en"), HasSubstr("Thursday 1 December 2022"));
  EXPECT_THAT(contests("de,fr;q=0.5"), HasSubstr("Thursday")) << "the browser's own: the cookie's";
}

// The messages that voters would receive, and their secrets, are for a demonstration alone.
TEST_F(SiteTest, NothingOfADemonstrationIsServedInEarnest) {
  for (const char* path : {"/demo", "/inbox", "/inbox/1"}) EXPECT_EQ(get(path).status, 404) << path;
}

TEST_F(SiteTest, TheResultIsNotThereBeforeTheCountIsClosed) {
  tick_at(fixture_opens);
  const auto early = get("/result");
  EXPECT_EQ(early.status, 404);
  EXPECT_THAT(early.body, HasSubstr("pas encore publiés"));
  // Counted, not closed: neither shown nor announced (R211-575).
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("INSERT INTO public_file (path, content) VALUES ('result.json', $1)",
              {as_bytes("{}")});
    return {};
  }));
  set_phase(0, "frozen");
  set_phase(1, "frozen");
  EXPECT_EQ(get("/result").status, 404);
  EXPECT_THAT(get("/", browser(0).cookie).body,
              AllOf(HasSubstr("Le vote est clos."), Not(HasSubstr("/result"))));
}

}  // namespace
}  // namespace isoloir::web
