// A voter's own contests and their electoral rolls (L24, L25).
#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "service/electoral_roll.hpp"
#include "web/site_fixture.hpp"

namespace isoloir::web {
namespace {

// Of list A in the first contest, list C in the second; nobody's is B's.
const decltype(Portal::statements) given_statements = {{{0, "A"}, "liste-a.html"},
                                                       {{1, "C"}, "liste-c.pdf"}};
const std::string html_statement = "<!doctype html>\n<title>A</title><p>Horizon</p>\n";
const std::string pdf_statement = "%PDF-1.4\n" + std::string(1500, ' ');

Statements read_given_statements() {
  const TemporaryFolder folder;
  const auto files = std::filesystem::path(folder.file("")) / "statements";
  std::filesystem::create_directories(files);
  write_file(files / "liste-a.html", html_statement, FileMode::shared);
  write_file(files / "liste-c.pdf", pdf_statement, FileMode::shared);
  Portal named;
  named.statements = given_statements;
  return Statements::read(folder.file(""), named).value();
}

struct ContestHttp : SiteFixture {
  ContestHttp() : SiteFixture(read_given_statements()) {
    portal.roll_online = true;
    portal.statements = given_statements;
    // E3 has the first contest alone; the roll knows names with marks.
    run("DELETE FROM voter_contest WHERE voter = 'E3' AND contest = 1");
    run("DELETE FROM roll_entry");
    run("UPDATE voter SET birth_name = 'L''ÉLECTEUR-VOTANT', given_names = 'Émile', phone = '+33 6 "
        "12' "
        "WHERE id = 'E1'");
    run("UPDATE voter SET usage_name = 'SCRUTIN', birth_name = 'VOTANTE' WHERE id = 'E2'");
    prepare_electoral_roll(*state);
  }
  void run(const std::string& sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  }
  std::size_t found(std::string_view words, std::uint32_t contest = 0) {
    return read_electoral_roll(*state, contest, words, 1).found;
  }
};

TEST_F(ContestHttp, L25OnlyOnesOwnContestsAreOpen) {
  auto device = browser();
  EXPECT_EQ(device.get("/my-contests").status, 303) << "signed in alone";
  EXPECT_EQ(device.get("/electoral-roll").status, 303);
  device.sign_in(2);
  const auto mine = device.get("/my-contests");
  EXPECT_NE(mine.body.find("National"), std::string::npos);
  EXPECT_EQ(mine.body.find("Académie"), std::string::npos);
  EXPECT_NE(mine.body.find("<li>b2</li>"), std::string::npos) << "candidates in their order";
  EXPECT_EQ(device.get("/electoral-roll?contest=0").status, 200);
  for (const char* other : {"1", "2", "-1", "99999999999999999999", "x", ""}) {
    const auto answer = device.get("/electoral-roll?contest=" + std::string(other));
    // What is no number is the first of hers.
    const bool number = std::string_view(other) == "1" || std::string_view(other) == "2";
    EXPECT_EQ(answer.status, number ? 404 : 200) << other;
    EXPECT_EQ(answer.body.find("Académie"), std::string::npos) << other;
  }
  portal.roll_online = false;
  EXPECT_EQ(device.get("/electoral-roll?contest=0").status, 404) << "policy";
}

TEST_F(ContestHttp, L24NoSearchEngineKeepsThem) {
  auto device = browser();
  device.sign_in(0);
  for (const char* path : {"/my-contests", "/electoral-roll"}) {
    const auto answer = device.get(path);
    EXPECT_EQ(*http::find_header(answer.headers, "X-Robots-Tag"), "noindex, nofollow") << path;
    EXPECT_NE(answer.body.find("<meta name=\"robots\" content=\"noindex, nofollow\">"),
              std::string::npos);
  }
}

// Each answer's field; fails where it stands twice, so that one policy alone is in force.
std::string only_header(const http::ClientResponse& answer, std::string_view name) {
  std::string found;
  int times = 0;
  for (const auto& [field, value] : answer.headers) {
    if (!http::equal_ignoring_case(field, name)) continue;
    found = value;
    ++times;
  }
  EXPECT_LE(times, 1) << name;
  return found;
}

TEST_F(ContestHttp, L24StatementsAreForTheContestsVotersAndNoSearchEngine) {
  auto device = browser();
  EXPECT_EQ(device.get("/statements/liste-a.html").status, 303) << "signed in alone";
  EXPECT_EQ(device.get("/statements/no.html").status, 303);
  device.sign_in(2);
  const auto hers = device.get("/statements/liste-a.html");
  EXPECT_EQ(hers.status, 200);
  EXPECT_EQ(hers.body, html_statement);
  EXPECT_EQ(only_header(hers, "X-Robots-Tag"), "noindex, nofollow");
  EXPECT_EQ(device.get("/statements/liste-c.pdf").status, 404) << "of another contest (L25)";
  for (const char* name : {"", "no.html", "LISTE-A.HTML", "liste-a.html/", "liste-a", "liste-a.pdf",
                           "..%2fliste-a.html", "%2e%2e/liste-a.html", "../portal.toml",
                           "liste-a.html%00", "./liste-a.html", "liste-a.html%2f"}) {
    const auto answer = device.get("/statements/" + std::string(name));
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << name << " " << answer.status;
  }
  auto other = browser();
  other.sign_in(0);
  EXPECT_EQ(other.get("/statements/liste-c.pdf").status, 200);
  EXPECT_EQ(other.get("/statements/liste-c.pdf").body, pdf_statement);
  portal.statements.clear();
  EXPECT_EQ(other.get("/statements/liste-a.html").status, 404) << "nobody's any more";
}

TEST_F(ContestHttp, AStatementIsServedSoThatItCanDoNothing) {
  auto device = browser();
  device.sign_in(0);
  for (const char* name : {"liste-a.html", "liste-c.pdf"}) {
    const auto answer = device.get("/statements/" + std::string(name));
    EXPECT_EQ(only_header(answer, "Content-Security-Policy"),
              "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
              "form-action 'none'; frame-ancestors 'none'; base-uri 'none'");
    EXPECT_EQ(only_header(answer, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(only_header(answer, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(only_header(answer, "Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_EQ(only_header(answer, "Cross-Origin-Opener-Policy"), "unsafe-none");
    EXPECT_EQ(only_header(answer, "X-Frame-Options"), "DENY");
    EXPECT_EQ(only_header(answer, "Cache-Control"), "no-store");
  }
  const auto html = device.get("/statements/liste-a.html");
  EXPECT_EQ(only_header(html, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(only_header(html, "Content-Disposition"), "");
  const auto pdf = device.get("/statements/liste-c.pdf");
  EXPECT_EQ(only_header(pdf, "Content-Type"), "application/pdf");
  EXPECT_EQ(only_header(pdf, "Content-Disposition"), "attachment; filename=\"liste-c.pdf\"");
}

TEST_F(ContestHttp, StatementsStandBesideTheirLists) {
  auto device = browser();
  device.sign_in(0);
  const auto page = device.get("/my-contests").body;
  EXPECT_NE(page.find("href=\"/statements/liste-a.html\" target=\"_blank\" rel=\"noopener "
                      "noreferrer\">Profession de foi (s’ouvre dans un nouvel onglet)<span "
                      "class=\"govuk-visually-hidden\"> A</span>"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("href=\"/statements/liste-c.pdf\">Profession de foi (PDF, 2\u00a0ko, "
                      "téléchargement)<span class=\"govuk-visually-hidden\"> C</span>"),
            std::string::npos);
  EXPECT_EQ(page.find("> B</span>"), std::string::npos) << "B has none";
  // The manifest's names hold: a later portal.toml gives none to a list that is not there.
  portal.statements = {{{0, "C"}, "liste-c.pdf"}, {{2, "A"}, "liste-a.html"}};
  EXPECT_EQ(device.get("/my-contests").body.find("/statements/"), std::string::npos);
}

TEST_F(ContestHttp, TheRollHoldsNamesAndNothingElse) {
  auto device = browser();
  device.sign_in(1);
  const auto page = device.get("/electoral-roll?contest=0").body;
  EXPECT_NE(page.find("ÉLECTEUR-VOTANT"), std::string::npos);
  EXPECT_NE(page.find("SCRUTIN"), std::string::npos);
  EXPECT_NE(page.find("(VOTANTE)"), std::string::npos) << "the name at birth beside that in use";
  for (const char* secret : {"portal.example", "+33 6 12", "E1@", ">E1<"}) {
    EXPECT_EQ(page.find(secret), std::string::npos) << secret;
  }
}

TEST_F(ContestHttp, NamesAreFoundHoweverTheyAreTyped) {
  EXPECT_EQ(found(""), 3u);
  EXPECT_EQ(found("electeur"), 1u);
  EXPECT_EQ(found("ÉLECTEUR votant"), 1u);
  EXPECT_EQ(found("votant emile l'electeur"), 1u) << "in any order";
  EXPECT_EQ(found("scrutin"), 1u);
  EXPECT_EQ(found("votante"), 2u) << "by the name at birth too";
  EXPECT_EQ(found("personne"), 0u);
  EXPECT_EQ(found("", 1), 2u) << "who votes in that contest";
  // The signs of LIKE are letters, and what is long or no text finds nobody.
  for (const std::string odd : {"%", "_", "\\", "a%b", "'; DROP TABLE voter; --"}) {
    EXPECT_EQ(found(odd), 0u) << odd;
  }
  EXPECT_EQ(found("L\u2019\u00c9LECTEUR"), 1u) << "as a telephone types it";
  EXPECT_EQ(found("l'electeur, emile"), 1u);
  EXPECT_EQ(found("\xff\xfe"), 0u) << "no text at all";
  EXPECT_EQ(count_rows("voter"), 3);
}

TEST_F(ContestHttp, PagesHaveFiftyLinesAndSayWhichTheyAre) {
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    for (int i = 0; i < 117; ++i) {
      const auto id = "Z" + std::to_string(1000 + i);
      t.execute(
          "INSERT INTO voter (id, title, birth_name, usage_name, given_names, gender, birth_date, "
          "birth_place, birth_country, email, phone) VALUES ($1, 'Mme', $2, '', 'Zoé', 'F', '', "
          "'', "
          "'', '', '')",
          {id, "ZÈBRE " + std::to_string(1000 + i)});
      t.execute("INSERT INTO voter_contest (voter, contest, district) VALUES ($1, 0, 0)", {id});
      insert_roll_entries(t, id, roll_names("", "ZÈBRE " + std::to_string(1000 + i), "Zoé"));
    }
    return {};
  }));
  const auto second = read_electoral_roll(*state, 0, "zebre", 2);
  EXPECT_EQ(second.found, 117u);
  EXPECT_EQ(second.pages, 3u);
  ASSERT_EQ(second.lines.size(), 50u);
  EXPECT_EQ(second.lines.front().name, "ZÈBRE 1050");
  EXPECT_EQ(read_electoral_roll(*state, 0, "zebre", 3).lines.size(), 17u);
  EXPECT_EQ(read_electoral_roll(*state, 0, "zebre", 99).number, 3u) << "the last";
  EXPECT_EQ(read_electoral_roll(*state, 0, "zebre", 0).number, 1u);
  auto device = browser();
  device.sign_in(0);
  const auto page =
      device.get("/electoral-roll?contest=0&name=z%C3%A8bre%20%26%20zo%C3%A9&page=1").body;
  EXPECT_NE(page.find("value=\"zèbre &amp; zoé\""), std::string::npos);
  EXPECT_EQ(read_electoral_roll(*state, 0, "zèbre zoé", 1).found, 117u);
  EXPECT_NE(device.get("/electoral-roll?contest=0&name=z%C3%A8bre&page=2")
                .body.find("name=z%C3%A8bre&amp;page=3"),
            std::string::npos);
}

TEST_F(ContestHttp, OnesOwnDataAndSessions) {
  auto device = browser(), other = browser("198.51.100.7"), stranger = browser("203.0.113.9");
  EXPECT_EQ(device.get("/my-account").status, 303);
  device.sign_in(0);
  other.sign_in(0);
  stranger.sign_in(1);
  const auto page = device.get("/my-account").body;
  for (const char* held : {"ÉLECTEUR-VOTANT", "Émile", "E1@portal.example", "+33 6 12", "National",
                           "Première voiture ?", "Fermer mes autres sessions"}) {
    EXPECT_NE(page.find(held), std::string::npos) << held;
  }
  EXPECT_EQ(page.find(right_number(0)), std::string::npos);
  EXPECT_EQ(page.find("E2@"), std::string::npos);
  EXPECT_EQ(device.post("/my-account/sessions", {{"csrf", "wrong"}}).status, 303);
  EXPECT_EQ(other.get("/my-account").status, 200) << "nothing without the page's token";
  EXPECT_EQ(device.post("/my-account/sessions", {{"csrf", hidden(page, "csrf")}}).status, 303);
  EXPECT_EQ(other.get("/my-account").status, 303);
  EXPECT_EQ(stranger.get("/my-account").status, 200) << "another voter's";
  EXPECT_EQ(device.get("/my-account").body.find("Fermer mes autres sessions"), std::string::npos);
}

}  // namespace
}  // namespace isoloir::web
