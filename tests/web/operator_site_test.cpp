// The operator's page: what it tells of what happened, and its form.
#include "web/operator_site.hpp"

#include <regex>
#include <set>

#include "base/limits.hpp"
#include "web/locale.hpp"
#include "web/operator_fixture.hpp"

namespace isoloir::web {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Cells = std::vector<std::string>;

TEST_F(OperatorSiteTest, TheTokenIsWantedForAllButReports) {
  for (const auto* path : {"/", "/metrics", "/assets/portal.css", "/nowhere"}) {
    const auto answer = get(path, "", false);
    ASSERT_EQ(answer.status, 401) << path;
    EXPECT_THAT(*http::find_header(answer.headers, "WWW-Authenticate"), HasSubstr("Basic realm="));
    EXPECT_THAT(answer.body, Not(HasSubstr("relay-1")));
  }
  EXPECT_EQ(get("/reports/sms", "m=00", false).status, 200);
  EXPECT_EQ(get("/nowhere").status, 404);
  EXPECT_EQ(get("/assets/nothing.css").status, 404);
  EXPECT_EQ(get("/assets/portal.css").status, 200);
  EXPECT_EQ(get("/metrics").status, 200);
}

TEST_F(OperatorSiteTest, ThePageLoadsNothingFromElsewhereAndCanStandStill) {
  const auto answer = get("/");
  EXPECT_THAT(*http::find_header(answer.headers, "Content-Security-Policy"),
              HasSubstr("default-src 'none'; style-src 'self'; img-src 'self';"));
  EXPECT_EQ(*http::find_header(answer.headers, "Refresh"), "60");
  EXPECT_FALSE(http::find_header(get("/", "live=no").headers, "Refresh"));
  EXPECT_THAT(answer.body, Not(HasSubstr("<script")));
  EXPECT_THAT(answer.body, HasSubstr("href=\"/?lang=fr&amp;since=day&amp;live=no\""));
  EXPECT_THAT(page("since=hour&live=no"),
              HasSubstr("href=\"/?lang=en&amp;since=hour&amp;live=no\""));
}

TEST_F(OperatorSiteTest, WithNothingWrongItSaysSo) {
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme"));
  EXPECT_THAT(alarms("lang=en"), HasSubstr("No alarm"));
  EXPECT_THAT(page(), HasSubstr("<title>Acheminement des messages – Élections 2022</title>"));
}

TEST_F(OperatorSiteTest, ACountryInWhichLittleArrivesIsTold) {
  queue(40, "+54911");
  leave();
  say("route-a", 4, DeliveryReport::State::delivered);
  say("route-a", 15, DeliveryReport::State::failed);
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme")) << "19 are too few to tell";
  say("route-a", 17, DeliveryReport::State::failed);
  EXPECT_THAT(alarms(), HasSubstr("Argentine" + nbsp + ": 11" + nbsp + "% remis (4 sur 36)"));
  EXPECT_THAT(alarms("lang=en"), HasSubstr("Argentina: 11% delivered (4 of 36)"));
  EXPECT_THAT(page(), HasSubstr("<title>(1) Acheminement"));
  EXPECT_THAT(alarms(), HasSubstr("jeudi 1 décembre 2022 à 14h20"));

  // Long ago, and few since: it is still what is known.
  clock.advance(3 * hour_ms);
  EXPECT_THAT(alarms(), HasSubstr("(4 sur 36)"));
  // What was sent since arrives: those that went wrong are no longer the last.
  queue(20, "+54911");
  leave();
  say("route-a", 20, DeliveryReport::State::delivered);
  EXPECT_THAT(alarms(), Not(HasSubstr("Argentine")));
}

TEST_F(OperatorSiteTest, AtTheFloorNothingIsWrong) {
  queue(20, "+54911");
  leave();
  say("route-a", 10, DeliveryReport::State::delivered);
  say("route-a", 10, DeliveryReport::State::failed);
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme"));
}

TEST_F(OperatorSiteTest, WitnessesAreShownAndToldOfWhenTheyAreOverdue) {
  EXPECT_THAT(page(), Not(HasSubstr("Témoins du registre public"))) << "an election without any";
  const auto since = clock.now();
  log_standing = {1, 64, 16, since, 3, since, {{"one.example", since, 3}, {"two.example", {}, 4}}};
  clock.advance(minute_ms);
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme"));
  EXPECT_EQ(row(page(), "Témoins du registre public", "one.example"),
            (Cells{"jeudi 1 décembre 2022 à 14h25", "3"}));
  EXPECT_EQ(row(page("lang=en"), "Witnesses of the public register", "two.example"),
            (Cells{"None", "4"}));
  clock.advance(1);
  EXPECT_THAT(alarms(), HasSubstr("Points de contrôle du registre public qui attendent leurs "
                                  "témoins" +
                                  nbsp + ": 3</strong>"));
  EXPECT_THAT(alarms("lang=en"), HasSubstr("Signatures that each needs: 1."));
  EXPECT_THAT(page(), HasSubstr("<title>(1) "));
}

TEST_F(OperatorSiteTest, AWitnessThatIsBehindIsToldOfWhileEnoughOthersSign) {
  const auto since = clock.now();
  log_standing = {
      1,
      64,
      64,
      since,
      0,
      {},
      {{"one.example", since, 0}, {"two.example", {}, 4, since}, {"three.example", {}, 4, since}}};
  clock.advance(minute_ms);
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme"));
  clock.advance(1);
  EXPECT_THAT(alarms(), HasSubstr("Témoins du registre public en retard" + nbsp +
                                  ": two.example, three.example</strong>"));
  EXPECT_THAT(alarms(), Not(HasSubstr("one.example")));
  EXPECT_THAT(alarms("lang=en"), HasSubstr("they have signed nothing"));
  EXPECT_THAT(page(), HasSubstr("<title>(1) "));
}

TEST_F(OperatorSiteTest, TheWorstIsToldFirst) {
  carriers["relay-1"]->answer = {Delivery::unreachable, Reason::credentials};
  argentina();
  queue(20, "+55119");
  leave();
  say("route-a", 1, DeliveryReport::State::delivered);
  say("route-a", 19, DeliveryReport::State::failed);
  queue(1, "@example.org");
  leave();
  const auto told = alarms();
  const auto at = [&](const std::string& what) {
    EXPECT_THAT(told, HasSubstr(what));
    return told.find(what);
  };
  EXPECT_LT(at("relay-1 ne prend plus"), at("Brésil" + nbsp + ": 5" + nbsp + "%"));
  EXPECT_LT(at("Brésil"), at("Argentine"));
}

TEST_F(OperatorSiteTest, ACarrierThatIsDownIsToldWithItsReason) {
  carriers["relay-1"]->answer = {Delivery::unreachable, Reason::credentials};
  queue(1, "@example.org");
  leave();
  EXPECT_THAT(
      alarms(),
      HasSubstr("relay-1 ne prend plus de messages depuis le jeudi 1 décembre 2022 à 14h25"));
  EXPECT_THAT(alarms(), HasSubstr("Notre mot de passe est refusé"));
  clock.advance(limits::carrier_down_ms);
  carriers["relay-1"]->answer = Delivery::unreachable;
  leave();
  EXPECT_THAT(alarms("lang=en"), HasSubstr("relay-1 has taken no messages since Thursday"));
  EXPECT_THAT(alarms("lang=en"), HasSubstr("No answer, or no TLS."));
  clock.advance(limits::carrier_down_ms);
  carriers["relay-1"]->answer = Delivery::accepted;
  leave();
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme"));
}

TEST_F(OperatorSiteTest, ARouteSetAsideIsTold) {
  argentina();
  routing->judge(outbox_of(*state).carriages(clock.now() - 30 * minute_ms));
  EXPECT_THAT(alarms(), HasSubstr("route-a est mise à l’écart pour" + nbsp + ": Argentine"));
  routing->judge({});
  EXPECT_THAT(alarms(), Not(HasSubstr("mise à l’écart")));
}

// Also while a carrier that is down puts all off by a few seconds, over and over.
TEST_F(OperatorSiteTest, MessagesThatWaitTooLongAreTold) {
  carriers["relay-1"]->answer = Delivery::unreachable;
  queue(3, "@example.org");
  queue(1, "later@example.org", clock.now() + hour_ms);
  clock.advance(limits::message_overdue_ms);
  leave();
  EXPECT_THAT(alarms(), Not(HasSubstr("Courriels en attente")));
  clock.advance(1);
  EXPECT_THAT(alarms(), HasSubstr("Courriels en attente" + nbsp +
                                  ": 4, le plus ancien depuis le "
                                  "jeudi 1 décembre 2022 à 14h25"));
  EXPECT_EQ(row(page(), "Ce qui attend", "Courriels"),
            (Cells{"4", "jeudi 1 décembre 2022 à 14h25", "0"}));
  clock.advance(limits::carrier_down_ms);
  carriers["relay-1"]->answer = Delivery::accepted;
  leave();
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme"));
  EXPECT_EQ(row(page(), "Ce qui attend", "Courriels"), (Cells{"1", "–", "3"}));
}

TEST_F(OperatorSiteTest, TextMessagesWithoutReportAreTold) {
  queue(30, "+33612");
  leave();
  say("route-a", 8, DeliveryReport::State::delivered);
  const auto accepted_at = clock.now();
  clock.advance(8 * minute_ms);
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme"));
  clock.advance(1);
  EXPECT_THAT(alarms(),
              HasSubstr("SMS acceptés et sans nouvelles" + nbsp + ": 22, le plus ancien"));
  // As the server's beat does.
  outbox_of(*state).follow_up({"route-a"}, accepted_at, clock.now(),
                              [](const OutgoingMessage&) { return false; });
  EXPECT_THAT(alarms(), Not(HasSubstr("SMS acceptés et sans nouvelles")));
  EXPECT_THAT(alarms(), HasSubstr("route-a" + nbsp + ": 22 SMS sur 30 sans accusé de réception"));
  EXPECT_THAT(alarms(), HasSubstr("France" + nbsp + ": 26" + nbsp + "% remis (8 sur 30)"));
  say("route-a", 22, DeliveryReport::State::delivered);
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme")) << "late reports count";
}

TEST_F(OperatorSiteTest, ACountryThatEveryRouteRefusesIsTold) {
  carriers["route-a"]->answer = {Delivery::refused, Reason::other};
  queue(24, "+54911");
  leave();
  EXPECT_THAT(alarms(), HasSubstr("Argentine" + nbsp + ": 24 SMS refusés sur 24"));
  EXPECT_THAT(alarms("lang=en"), HasSubstr("Argentina: 24 of 24 text messages refused"));
}

// Hardly any relay confirms a delivery: what was accepted and did not come back is no failure.
TEST_F(OperatorSiteTest, MailWithoutReturnIsNotShownAsUndelivered) {
  queue(25, "@univ.example");
  leave();
  EXPECT_THAT(alarms(), HasSubstr("Aucune alarme"));
  //                share, bar, accepted, confirmed, no return, returned, refused, put off
  const Cells whole{"100" + nbsp + "%25 sur 25", "", "25", "0", "25", "0", "0", "0"};
  EXPECT_EQ(row(page(), "Par domaine", "univ.example"), whole);
  EXPECT_EQ(row(page(), "Par relais", "relay-1"), whole);
  EXPECT_THAT(page(), HasSubstr("Acceptés, aucun retour" + nbsp + ": 25"));

  say("relay-1", 15, DeliveryReport::State::failed);
  EXPECT_EQ(row(page(), "Par domaine", "univ.example"),
            (Cells{"40" + nbsp + "%10 sur 25", "", "25", "0", "10", "15", "0", "0"}));
  EXPECT_THAT(alarms(),
              HasSubstr("univ.example" + nbsp + ": 40" + nbsp + "% sans échec (10 sur 25)"));
}

TEST_F(OperatorSiteTest, FiguresByRouteCountryHourAndPeriod) {
  clock.set(*from_hour("2022-12-01T11:05:00"));
  queue(5, "+33612");
  leave();
  say("route-a", 5, DeliveryReport::State::delivered);
  clock.set(*from_hour("2022-12-01T14:25:00"));
  argentina();
  carriers["route-a"]->answer = {Delivery::refused, Reason::unknown_recipient};
  queue(2, "+33612");
  leave();
  carriers["route-a"]->answer = {Delivery::later, Reason::other};
  queue(3, "+33612");
  leave();
  //    share, bar, accepted, delivered, awaited, no report, failed, refused, put off
  const auto day = page();
  EXPECT_EQ(row(day, "Par route", "route-a"),
            (Cells{"21" + nbsp + "%9 sur 41", "", "45", "9", "4", "0", "32", "2", "3"}));
  EXPECT_EQ(row(day, "Par pays", "Argentine"),
            (Cells{"11" + nbsp + "%4 sur 36", "", "40", "4", "4", "0", "32", "0", "0"}));
  EXPECT_EQ(row(day, "Par pays", "France"),
            (Cells{"100" + nbsp + "%5 sur 5", "", "5", "5", "0", "0", "0", "2", "3"}));
  const std::string by_hour = "Par heure de prise en charge (Paris), 24 dernières heures";
  EXPECT_EQ(row(day, by_hour, "14h00"),
            (Cells{"11" + nbsp + "%4 sur 36", "", "40", "4", "4", "0", "32", "2", "3"}));
  EXPECT_EQ(row(day, by_hour, "11h00"),
            (Cells{"100" + nbsp + "%5 sur 5", "", "5", "5", "0", "0", "0", "0", "0"}));
  EXPECT_EQ(row(day, by_hour, "12h00"), (Cells{"–", "", "0", "0", "0", "0", "0", "0", "0"}));
  const auto hour = page("since=hour");
  EXPECT_EQ(row(hour, "Par pays", "France"), (Cells{"–", "", "0", "0", "0", "0", "0", "2", "3"}));
  EXPECT_EQ(row(hour, by_hour, "11h00").at(2), "5") << "the hours are a day's in any case";

  clock.advance(26 * hour_ms);
  EXPECT_THAT(row(page(), "Par pays", "Argentine"), IsEmpty());
  EXPECT_EQ(row(page("since=week"), "Par pays", "Argentine").at(2), "40");
}

TEST_F(OperatorSiteTest, ADomainOfFewIsNotNamed) {
  queue(19, "@camille.example");
  leave();
  EXPECT_THAT(page(), Not(HasSubstr("camille.example")));
  EXPECT_EQ(row(page(), "Par domaine", "Autres (domaines de moins de 20 messages)").at(2), "19");
}

TEST_F(OperatorSiteTest, ManyDomainsAreSummedUp) {
  const auto domains = static_cast<int>(limits::delivery_places) + 2;
  for (int i = 0; i < domains; ++i) queue(20 + i, "@d" + std::to_string(i) + ".example");
  leave();
  EXPECT_EQ(row(page(), "Par domaine", "d2.example").at(2), "22");
  EXPECT_THAT(row(page(), "Par domaine", "d1.example"), IsEmpty());
  EXPECT_EQ(row(page(), "Par domaine", "Tous les autres").at(2), "41");
}

TEST_F(OperatorSiteTest, NothingPersonalIsShown) {
  argentina();
  queue(25, "@univ.example");
  leave();
  // Without the process's own, whose bytes and seconds may hold any digits.
  const auto metrics =
      std::regex_replace(get("/metrics").body, std::regex("process_\\w+ [^\n]*\n"), "");
  for (const auto& text : {page(), page("lang=en"), metrics}) {
    EXPECT_THAT(text, HasSubstr("relay-1"));
    for (const auto* told : {"+54911", "54911", "10000000", "@univ", "24@", "E1", "nobody else"}) {
      EXPECT_THAT(text, Not(HasSubstr(told)));
    }
  }
}

// ---- Form

// Every element closed in order, every attribute quoted and once, no id twice: as a browser reads
// it without repairing.
std::string malformed(const std::string& html) {
  static const std::set<std::string> empty{"meta", "link", "br"};
  static const std::regex attribute("([a-zA-Z][a-zA-Z0-9:-]*)(=\"([^\"<>]*)\")?");
  std::vector<std::string> open;
  std::set<std::string> ids;
  if (!html.starts_with("<!DOCTYPE html>")) return "doctype";
  for (std::size_t at = 15; at < html.size();) {
    const auto tag = html.find('<', at);
    const auto text = html.substr(at, tag - at);
    if (text.find('>') != std::string::npos) return "a bare >: " + text;
    if (std::regex_search(text, std::regex("&(?!(amp|lt|gt|quot|#39);)"))) return "a bare &";
    if (tag == std::string::npos) break;
    const auto end = html.find('>', tag);
    if (end == std::string::npos) return "an open tag";
    std::string inside = html.substr(tag + 1, end - tag - 1);
    at = end + 1;
    if (inside.starts_with("/")) {
      if (open.empty() || "/" + open.back() != inside) return "<" + inside + ">";
      open.pop_back();
      continue;
    }
    const bool closed = inside.ends_with("/");
    if (closed) inside.pop_back();
    const auto name = inside.substr(0, inside.find_first_of(" \n"));
    std::set<std::string> names;
    auto rest = inside.substr(name.size());
    for (std::smatch found; std::regex_search(rest, found, attribute); rest = found.suffix()) {
      if (found.prefix().str().find_first_not_of(" \n") != std::string::npos) return inside;
      if (!names.insert(found[1]).second) return inside;
      if (found[1] == "id" && !ids.insert(found[3]).second) return "twice: " + inside;
    }
    if (rest.find_first_not_of(" \n") != std::string::npos) return inside;
    if (!closed && !empty.contains(name)) open.push_back(name);
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

TEST_F(OperatorSiteTest, ThePageIsWellFormedAndComplete) {
  EXPECT_EQ(malformed("<!DOCTYPE html><p>a</p>"), "");
  EXPECT_NE(malformed("<!DOCTYPE html><p>a</b></p>"), "");
  EXPECT_NE(malformed("<!DOCTYPE html><p a=1>a</p>"), "");
  argentina();
  queue(25, "@univ.example");
  queue(3, "+881612");
  queue(3, "+12015");
  queue(3, "+99999");
  leave();
  const std::regex raw_id("(delivery|layout|courier)\\.[a-z_]+|\\{[a-z_]+\\}");
  for (const auto* query :
       {"", "lang=en", "lang=fr&since=week", "lang=xx&since=never&live=maybe", "=&&%zz"}) {
    const auto text = page(query);
    EXPECT_EQ(malformed(text), "") << query;
    EXPECT_FALSE(std::regex_search(text, raw_id)) << query;
  }
  EXPECT_THAT(page(), HasSubstr("États-Unis / Canada"));
  EXPECT_THAT(page("lang=en"), HasSubstr("United States / Canada"));
  EXPECT_THAT(page(), HasSubstr("Réseaux sans pays (satellites)"));
  EXPECT_THAT(page(), HasSubstr("Pays inconnu"));
}

// Who does not see a drawing, or no colour, has the same in words, and patterns.
TEST_F(OperatorSiteTest, EveryDrawingHasItsWords) {
  argentina();
  queue(25, "@univ.example");
  leave();
  const auto text = page();
  const std::regex drawing("<svg[^>]* role=\"img\"[^>]*>\\s*<title>([^<]+)</title>");
  const auto drawings = std::distance(std::sregex_iterator(text.begin(), text.end(), drawing), {});
  const std::regex any("<svg[^>]* role=\"img\"");
  EXPECT_EQ(drawings, std::distance(std::sregex_iterator(text.begin(), text.end(), any), {}));
  EXPECT_THAT(text, HasSubstr("<title>Remis" + nbsp + ": 4, Accusé attendu" + nbsp +
                              ": 4, Échoués" + nbsp + ": 32</title>"));
  EXPECT_THAT(text, HasSubstr("<desc>Remis" + nbsp + ": 4, Accusé attendu" + nbsp + ": 4, Échoués" +
                              nbsp + ": 32. Heure la plus chargée" + nbsp + ": 14h00, 40.</desc>"));
  std::set<std::string> patterns, used;
  const std::regex pattern("<pattern id=\"([a-z]+)\""), use("fill=\"url\\(#([a-z]+)\\)\"");
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    patterns.insert(it->str(1));
  }
  for (std::sregex_iterator it(text.begin(), text.end(), use), end; it != end; ++it) {
    used.insert(it->str(1));
  }
  EXPECT_EQ(patterns, used) << "all stand in the legend";
  // 4, 4 and 32 of 40, on 200 units.
  EXPECT_THAT(text, HasSubstr("<rect x=\"0\" y=\"0.5\" width=\"20\" height=\"19\" "
                              "fill=\"url(#delivered)\" stroke=\"#1b2733\"/>"
                              "<rect x=\"20\" y=\"0.5\" width=\"20\" height=\"19\" "
                              "fill=\"url(#silent)\" stroke=\"#1b2733\"/>"
                              "<rect x=\"40\" y=\"0.5\" width=\"160\" height=\"19\" "
                              "fill=\"url(#failed)\" stroke=\"#1b2733\"/>"));
}

TEST(DeliveryNames, OfCountriesAndHours) {
  EXPECT_EQ(country_name("AR", Language::french), "Argentine");
  EXPECT_EQ(country_name("AR", Language::english), "Argentina");
  EXPECT_EQ(country_name("CI", Language::french), "Côte d’Ivoire");
  EXPECT_EQ(format_hour(1669878000000, Language::french), "08h00");
  EXPECT_EQ(format_hour(1669878000000, Language::english), "08:00");
}

TEST_F(OperatorSiteTest, ANameOfACarrierIsEscaped) {
  rename_relay("a \"quoted\" \\ <relay>");
  EXPECT_EQ(malformed(page()), "");
  EXPECT_THAT(page(), HasSubstr("a &quot;quoted&quot; \\ &lt;relay&gt;"));
}

}  // namespace
}  // namespace isoloir::web
