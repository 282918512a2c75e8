#include "web/render.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "base/places.hpp"
#include "web/assets.hpp"
#include "web/locale.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

using testing::HasSubstr;
using testing::Not;

const AssetLoader embedded = [](std::string_view name) { return asset(name); };

const Renderer& renderer() {
  static const Renderer made(embedded);
  return made;
}

std::string source(std::string_view name) {
  const auto content = asset(name);
  EXPECT_TRUE(content) << name;
  return std::string(content.value_or(""));
}

Catalogue catalogue(Language language) {
  auto parsed = Catalogue::parse(source("locale/" + std::string(language_code(language)) + ".mo"));
  EXPECT_TRUE(parsed);
  return std::move(*parsed);
}

// The embedded files, with one replaced or added.
AssetLoader with_file(std::string name, std::string content) {
  return [name = std::move(name),
          content = std::move(content)](std::string_view asked) -> std::optional<std::string_view> {
    return asked == name ? std::string_view(content) : asset(asked);
  };
}

std::string failure(const AssetLoader& loader, const TextOverrides& overrides = {}) {
  try {
    Renderer made(loader, overrides);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no failure";
}

std::set<std::string> view_files() {
  std::set<std::string> names;
  for (const auto name : asset_names()) {
    if (name.starts_with("views/")) names.emplace(name);
  }
  return names;
}

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it) {
    found.insert((*it)[1]);
  }
  return found;
}

// Every quoted word of the program's own sources: a text may be asked for there
// (Error::message_id).
std::set<std::string> quoted_in_sources() {
  std::set<std::string> found;
  const std::filesystem::path root(test::source_dir());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "src")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    std::stringstream content;
    content << file.rdbuf();
    found.merge(matches(content.str(), "\"([a-z_]+\\.[a-z_0-9]+)\""));
  }
  return found;
}

std::set<std::string> placeholder_set(const std::string& text) {
  const auto names = placeholders(text);
  return {names.begin(), names.end()};
}

TEST(Catalogues, HoldEveryTextThatIsUsedAndNoOther) {
  std::set<std::string> used;
  for (const auto& view : view_names()) used.insert(view + ".title");
  for (const auto& file : view_files()) {
    used.merge(matches(source(file), "\\{\\{(?:t|booth): *([a-z_]+\\.[a-z_0-9]+) *\\}\\}"));
  }
  const auto in_sources = quoted_in_sources();
  for (const auto language : languages) {
    const auto texts = catalogue(language);
    for (const auto& id : used) EXPECT_TRUE(texts.find(id)) << id << language_code(language);
    for (const auto& [id, text] : texts.texts()) {
      EXPECT_TRUE(used.contains(id) || in_sources.contains(id)) << "unused: " << id;
    }
  }
}

TEST(Catalogues, AgreeOnIdsValuesAndPlurals) {
  const auto french = catalogue(Language::french);
  const auto english = catalogue(Language::english);
  EXPECT_EQ(french.texts().size(), english.texts().size());
  for (const auto& [id, text] : french.texts()) {
    const Text* other = english.find(id);
    ASSERT_TRUE(other) << id;
    EXPECT_EQ(text.counter, other->counter) << id;
    ASSERT_EQ(text.forms.size(), other->forms.size()) << id;
    for (std::size_t form = 0; form < text.forms.size(); ++form) {
      EXPECT_EQ(placeholder_set(text.forms[form]), placeholder_set(other->forms[form])) << id;
    }
  }
}

// Imprimerie nationale: a no-break space before : ; ! ? and inside « ».
TEST(Catalogues, FrenchTypography) {
  const auto french = catalogue(Language::french);
  for (const auto& [id, text] : french.texts()) {
    for (const auto& form : text.forms) {
      EXPECT_FALSE(std::regex_search(form, std::regex(" [:;!?]| »|« |'"))) << id << ": " << form;
    }
  }
}

TEST(Catalogues, PluralsFollowEachLanguage) {
  const auto text = [](Language language, int n) {
    return renderer().text("inbox.count", language, {{"count", n}});
  };
  EXPECT_EQ(text(Language::french, 0), "0 message");
  EXPECT_EQ(text(Language::french, 1), "1 message");
  EXPECT_EQ(text(Language::french, 2), "2 messages");
  EXPECT_EQ(text(Language::english, 0), "0 messages");
  EXPECT_EQ(text(Language::english, 1), "1 message");
  EXPECT_EQ(text(Language::english, 2), "2 messages");
}

TEST(Catalogues, BrokenFilesAreRefused) {
  const std::string whole = source("locale/fr.mo");
  for (std::size_t size = 0; size < 4096; size += 7) {
    EXPECT_FALSE(Catalogue::parse(std::string_view(whole).substr(0, size))) << size;
  }
  std::string other = whole;
  other[0] = 'x';
  EXPECT_FALSE(Catalogue::parse(other));
}

TEST(Locale, TimesAreThoseOfParis) {
  constexpr TimeMs winter = 1669878000000;  // 2022-12-01T07:00:00Z
  constexpr TimeMs summer = 1654326000000;  // 2022-06-04T07:00:00Z
  EXPECT_EQ(format_time(winter, Language::french), "jeudi 1 décembre 2022 à 08h00");
  EXPECT_EQ(format_time(winter, Language::english), "Thursday 1 December 2022 at 08:00");
  EXPECT_EQ(format_time(summer, Language::french), "samedi 4 juin 2022 à 09h00");
  EXPECT_EQ(format_time(winter, Language::french, "America/Cayenne"),
            "jeudi 1 décembre 2022 à 04h00");
  EXPECT_EQ(format_time(summer, Language::english), "Saturday 4 June 2022 at 09:00")
      << "of Paris again";
}

TEST(Locale, ThreadsWriteTheTimesOfTheirOwnZones) {
  constexpr TimeMs time = 1669878000000;  // 2022-12-01T07:00:00Z
  std::vector<std::string> written(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < written.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int again = 0; again < 200; ++again) {
        written[i] = format_time(time, Language::french, i % 2 ? "America/Cayenne" : "Asia/Tokyo") +
                     format_number(45618, Language::english);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(written[i], i % 2 ? "jeudi 1 décembre 2022 à 04h0045,618"
                                : "jeudi 1 décembre 2022 à 16h0045,618");
  }
}

TEST(Locale, NumbersAreGrouped) {
  EXPECT_EQ(format_number(45618, Language::french), "45\u202f618");
  EXPECT_EQ(format_number(45618, Language::english), "45,618");
  EXPECT_EQ(format_number(0, Language::french), "0");
  EXPECT_EQ(format_decimal(4561.8, Language::french), "4\u202f561,80");
  EXPECT_EQ(format_decimal(3964.333333, Language::english), "3,964.33");
}

TEST(Locale, LanguageCodes) {
  for (const auto language : languages) {
    EXPECT_EQ(language_from_code(language_code(language)), language);
  }
  EXPECT_EQ(language_from_code("de"), std::nullopt);
}

TEST(Views, EveryPageSaysItsLanguageAndTitle) {
  for (const auto language : languages) {
    for (const auto& view : view_names()) {
      const auto page = renderer().page(view, {{"portal_title", "P&P"}}, language);
      EXPECT_TRUE(page.starts_with("<!DOCTYPE html>")) << view;
      EXPECT_THAT(page, HasSubstr("<html lang=\"" + std::string(language_code(language)) + "\""));
      EXPECT_THAT(page, HasSubstr(" – P&amp;P</title>")) << view;
      EXPECT_EQ(matches(page, "(<h1)").size(), 1u) << view;
      EXPECT_THAT(page, Not(HasSubstr("{{"))) << view;
    }
  }
}

TEST(Views, ValuesAreEscapedEverywhere) {
  const std::string hostile = "\"><script>alert('1')</script>{{csrf}}";
  const Json data{{"portal_title", hostile},
                  {"email", hostile},
                  {"election_title", hostile},
                  {"path", hostile},
                  {"csrf", "s3cret"},
                  {"signed_in", true},
                  {"captcha", {{"image_url", hostile}, {"id", hostile}}}};
  const auto page = renderer().page("sign_in", data, Language::french);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("value=\"&quot;&gt;&lt;script&gt;"));
  EXPECT_THAT(page, HasSubstr("{{csrf}}"));  // a value is never read as a template
}

TEST(Views, NoInlineScriptStyleOrHandler) {
  for (const auto& file : view_files()) {
    const auto text = source(file);
    EXPECT_FALSE(std::regex_search(text, std::regex("<style|\\sstyle=|\\son[a-z]+=|javascript:")))
        << file;
    EXPECT_FALSE(std::regex_search(text, std::regex("<script(?! src=\"/assets/)"))) << file;
    EXPECT_FALSE(std::regex_search(text, std::regex("(src|href|action)=\"(https?:)?//"))) << file;
  }
}

// What a view prints it has declared in a head comment: its own or the layout's, or that of a view
// it takes in.
TEST(Views, EveryValueIsDocumented) {
  // Searched by hand: std::regex recurses once a character, which overflows a sanitizer's stack.
  std::set<std::string> documented;
  for (const auto& file : view_files()) {
    const auto text = source(file);
    for (auto begin = text.find("{{!"); begin != std::string::npos;
         begin = text.find("{{!", begin)) {
      const auto end = text.find("}}", begin);
      ASSERT_NE(end, std::string::npos) << file;
      for (auto& word : matches(text.substr(begin, end - begin), "([a-z_]+)")) {
        documented.insert(std::move(word));
      }
      begin = end;
    }
  }
  for (const auto& file : view_files()) {
    for (auto name : matches(source(file), "\\{\\{[#^]?([a-z_]+)(?:\\.[a-z_]+)*\\}\\}")) {
      if (name.ends_with("_ms")) name.resize(name.size() - 3);
      EXPECT_TRUE(documented.contains(name)) << file << name;
    }
  }
}

// That of a link's own token needs no session's, nor does the one that changes nothing: the
// tracker.
TEST(Views, FormsOfTheSignedInCarryTheToken) {
  for (const auto& view : view_names()) {
    const auto page = renderer().page(
        view, {{"signed_in", true}, {"csrf", "s3cret"}, {"path", "/"}}, Language::french);
    const std::regex form(
        "<form method=\"post\"[^>]*>\\s*(<input type=\"hidden\" name=\"csrf\" "
        "value=\"s3cret\">|<input type=\"hidden\" name=\"token\" value=\"\">)?");
    for (auto it = std::sregex_iterator(page.begin(), page.end(), form);
         it != std::sregex_iterator(); ++it) {
      const bool changes_nothing = it->str().find("action=\"/tracker\"") != std::string::npos;
      EXPECT_TRUE((*it)[1].matched || changes_nothing) << view;
    }
  }
}

TEST(Views, BoothTextsKeepTheirValues) {
  const auto page = renderer().page("voting_space", Json::object(), Language::english);
  EXPECT_THAT(page, HasSubstr("<template data-text=\"voting.tries_left\" data-plural=\"one\">You "
                              "have {tries_left} try left: after one more mistake"));
  EXPECT_THAT(page, HasSubstr("<template data-text=\"voting.district\">District: {district}<"));
}

TEST(Views, ReissueIsOfferedOnlyWhereItExists) {
  const auto without = renderer().page("voting_space", Json::object(), Language::french);
  const auto with =
      renderer().page("voting_space", {{"reissue_url", "/reissue"}}, Language::french);
  EXPECT_THAT(without, Not(HasSubstr("réassort")));
  EXPECT_THAT(without, HasSubstr("Code de vote perdu ? Un nouveau code ne peut pas être demandé en "
                                 "ligne en ce moment : contactez l’assistance"));
  EXPECT_THAT(with, Not(HasSubstr("Code de vote perdu ?")));
  EXPECT_THAT(with, HasSubstr("href=\"/reissue\">Cliquez ici pour obtenir un réassort"));
}

TEST(Views, QuantitiesTimesAndPluralsInAPage) {
  const auto busy = renderer().page("busy", {{"retry_seconds", 1}}, Language::french);
  EXPECT_THAT(busy, HasSubstr("Attendez 1 seconde,"));
  const auto page = renderer().page(
      "result",
      {{"closed_at", 1669878000000}, {"contests", {{{"valid", 45618}, {"equality_holds", true}}}}},
      Language::french);
  EXPECT_THAT(page, HasSubstr("45\u202f618"));
  EXPECT_THAT(page, HasSubstr("jeudi 1 décembre 2022 à 08h00 (heure de Paris)"));
}

// One is singular everywhere, zero in French; where several numbers meet, none has a noun to agree.
TEST(Views, NumbersOfAResultAgree) {
  const auto result = [](Language language, int n) {
    const Json list{{"name", "A"},        {"votes", n},      {"seats", n},
                    {"seats_to_fill", n}, {"valid", n},      {"ratio", 1},
                    {"candidates", n},    {"bounded", true}, {"quota_seats", n},
                    {"average_seats", n}};
    const Json round{{"seat", 1}, {"winner", "A"}, {"votes", n}, {"divisor", 1}, {"average", 1}};
    const Json seats{{"lists", {list}}, {"rounds", {round}}, {"has_rounds", true}};
    const Json contest{{"proportional", seats}};
    return renderer().page("result", {{"contests", {contest}}}, language);
  };
  EXPECT_THAT(result(Language::french, 1), HasSubstr("que 1 candidat\u00a0: elle a 1 siège."));
  EXPECT_THAT(result(Language::french, 2), HasSubstr("que 2 candidats\u00a0: elle a 2 sièges."));
  EXPECT_THAT(result(Language::english, 1), HasSubstr("only 1 candidate: it has 1 seat."));
  EXPECT_THAT(result(Language::english, 1), HasSubstr("1 vote ÷ 1"));
  EXPECT_THAT(result(Language::english, 2), HasSubstr("2 votes ÷ 1"));
  const std::regex plural("\\b[01] (sièges|candidats|exprimés|blancs|seats|candidates|votes)");
  for (const int n : {0, 1}) {
    EXPECT_FALSE(std::regex_search(result(Language::french, n), plural)) << n;
  }
  EXPECT_FALSE(std::regex_search(result(Language::english, 1), plural));
}

// A blank vote is nobody's equal: "the eldest" is said of candidates alone.
TEST(Views, WhoIsElectedInRoundTwoAndWhy) {
  Contest contest;
  contest.round = 2;
  contest.options.resize(3);
  contest.options[0].name = "ALPHA";
  contest.options[1].name = "BRAVO";
  contest.options[2].blank = true;
  const auto page = [&](const Json& votes, const Json& elected, const Json& undecided) {
    const Json majority{
        {"elected", elected}, {"second_round", Json::array()}, {"undecided", undecided}};
    const Json figures{{"registered", 200}, {"sign_offs", 110}, {"valid", 70},
                       {"blank", 40},       {"votes", votes},   {"majority", majority}};
    const Json shown = result_of_contest(contest, figures, Language::french);
    return renderer().page("result", {{"contests", Json::array({shown})}}, Language::french);
  };
  const auto most = page({40, 30, 40}, 0, Json::array());
  EXPECT_THAT(most, HasSubstr("Élection acquise\u00a0: ALPHA"));
  EXPECT_THAT(most, HasSubstr("Le plus grand nombre de voix au second tour"));
  EXPECT_THAT(most, Not(HasSubstr("égalité")));
  EXPECT_THAT(page({35, 35, 40}, 1, Json::array()), HasSubstr("À égalité de voix au second tour"));
  const Json tie{{{"places", 1}, {"between", {0, 1}}, {"reason", "equal votes"}}};
  const auto undecided = page({35, 35, 40}, nullptr, tie);
  EXPECT_THAT(undecided, HasSubstr("ne tranche pas\u00a0: ALPHA, BRAVO."));
  EXPECT_THAT(undecided, Not(HasSubstr("Élection acquise")));
}

TEST(Renderer, RefusesWhatWouldPrintWrongly) {
  const auto view = [](std::string content) { return with_file("views/busy.mustache", content); };
  EXPECT_THAT(failure(view("{{t: busy.nonsense}}")), HasSubstr("no text \"busy.nonsense\""));
  EXPECT_THAT(failure(view("{{{path}}}")), HasSubstr("without escaping"));
  EXPECT_THAT(failure(view("{{&path}}")), HasSubstr("without escaping"));
  EXPECT_THAT(failure(view("{{=<% %>=}}")), HasSubstr("without escaping"));
  EXPECT_THAT(failure(view("{{> nowhere}}")), HasSubstr("views/nowhere.mustache"));
  EXPECT_THAT(failure(view("{{> busy}}")), HasSubstr("take in each other"));
  for (const auto* sections : {"{{#path}}", "{{/path}}", "{{#path}}{{^csrf}}{{/path}}{{/csrf}}"}) {
    EXPECT_THAT(failure(view(sections)), HasSubstr("view busy")) << sections;
  }
  EXPECT_THAT(failure(with_file("locale/fr.mo", "")), HasSubstr("locale/fr.mo"));
}

TEST(Renderer, APortalHasItsOwnWords) {
  const Renderer own(embedded, {{Language::french, {{"closed.text", "<b>Fin</b> : {closes_at}"}}}});
  const auto page = own.page("closed", {{"closes_at", 1669878000000}}, Language::french);
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;Fin&lt;/b&gt; : jeudi 1 décembre"));
  const Renderer braces(embedded, {{Language::french, {{"closed.title", "{{#csrf}} {&csrf} {"}}}});
  EXPECT_THAT(braces.page("closed", {{"csrf", "s3cret"}}, Language::french),
              HasSubstr("<h1 class=\"govuk-heading-l\">&#123;&#123;#csrf}} "));
  EXPECT_THAT(own.page("closed", Json::object(), Language::english), HasSubstr("The vote ended"));
  const auto refused = [](std::string id, std::string text) {
    return failure(embedded, {{Language::french, {{std::move(id), std::move(text)}}}});
  };
  EXPECT_THAT(refused("closed.nonsense", "x"), HasSubstr("no such text"));
  EXPECT_THAT(refused("closed.text", "Fin"), HasSubstr("same values"));
  EXPECT_THAT(refused("closed.title", "{{portal_title}} {csrf}"), HasSubstr("same values"));
  EXPECT_THAT(refused("busy.wait", "x"), HasSubstr("plural"));
}

TEST(Renderer, ThreadsShareIt) {
  const Json data{{"portal_title", "P"}, {"voter_name", "V"}, {"open", true}, {"closes_at", 0}};
  const auto expected = renderer().page("home", data, Language::french);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        if (renderer().page("home", data, Language::french) != expected) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace isoloir::web
