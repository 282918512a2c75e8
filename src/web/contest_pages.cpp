// What a voter may read of her own contests before and besides voting: candidacies (R211-535) and
// the electoral rolls (R211-529), for her alone and for no search engine.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/limits.hpp"
#include "service/electoral_roll.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

// Besides the tag of every page: crawlers of files read headers.
http::Response unlisted(http::Response response) {
  response.set_header("X-Robots-Tag", "noindex, nofollow");
  return response;
}

Json option_of(const ContestOption& option, Json statement) {
  Json common = Json::array();
  for (const auto& member : option.common) common.push_back(member.name);
  return {{"name", option.name},
          {"candidates", option.candidates},
          {"common", std::move(common)},
          {"sigle", option.sigle},
          {"substitute", option.substitute},
          {"blank", option.blank},
          {"statement", std::move(statement)}};
}

// "1985-02-28" as it is written here: "28/02/1985".
std::string written_date(std::string_view iso) {
  if (iso.size() != 10) return std::string(iso);
  return std::string(iso.substr(8)) + "/" + std::string(iso.substr(5, 2)) + "/" +
         std::string(iso.substr(0, 4));
}

std::size_t number_of(std::string_view text, std::size_t otherwise) {
  std::size_t number = otherwise;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : otherwise;
}

}  // namespace

http::Response Site::my_contests(Visit& visit) {
  const bool french = visit.language == Language::french;
  Json contests = Json::array();
  for (const auto& place : contests_of(state_, visit.voter())) {
    const auto& contest = state_.manifest().contests.at(place.contest);
    Json options = Json::array();
    for (const auto& option : contest.options) {
      Json statement;  // null: none
      if (const auto* name = statement_name(place.contest, option)) {
        const auto kilobytes = (statements_.find(*name)->size() + 999) / 1000;
        statement = {{"url", std::string(statement_path) + *name},
                     {"pdf", name->ends_with(".pdf")},
                     {"kilobytes", kilobytes}};
      }
      options.push_back(option_of(option, std::move(statement)));
    }
    contests.push_back(
        {{"number", std::to_string(place.contest)},
         {"title", french ? contest.name.fr : contest.name.en},
         {"district", contest.districts.size() > 1 ? contest.districts.at(place.district) : ""},
         {"bureau", state_.manifest().bureau_of(contest).name},
         {"seats", contest.seats},
         {"options", std::move(options)}});
  }
  return unlisted(page(visit, "my_contests",
                       {{"contests", std::move(contests)},
                        {"with_roll", portal_.roll_online},
                        {"with_claims", portal_.claims.has_value()}}));
}

// By the names in the manifest, which keep their meaning whatever the portal's file says later.
const std::string* Site::statement_name(std::uint32_t contest, const ContestOption& option) const {
  const auto found = portal_.statements.find({contest, option.name});
  return found == portal_.statements.end() ? nullptr : &found->second;
}

// What a candidate has written, under a policy that lets it do nothing: no script, form, request or
// way to this site's pages, whatever the sieve has overlooked.
http::Response Site::statement(Visit& visit) {
  const auto name = std::string_view(visit.request.path).substr(statement_path.size());
  const auto mine = contests_of(state_, visit.voter());
  const bool may_read = std::any_of(mine.begin(), mine.end(), [&](const auto& place) {
    const auto& options = state_.manifest().contests.at(place.contest).options;
    return std::any_of(options.begin(), options.end(), [&](const auto& option) {
      const auto* file = statement_name(place.contest, option);
      return file && *file == name;
    });
  });
  const auto* content = may_read ? statements_.find(name) : nullptr;
  if (!content) return error_page(404, &visit.request);
  http::Response response;
  response.body = *content;
  response.set_header("Content-Security-Policy",
                      "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                      "form-action 'none'; frame-ancestors 'none'; base-uri 'none'");
  // The HTML standard refuses a document that is in a sandbox and itself asks to be apart from its
  // opener. It is apart: the page that opens it asks for that.
  response.set_header("Cross-Origin-Opener-Policy", "unsafe-none");
  if (name.ends_with(".pdf")) {
    // Chromium's own viewer is a script and shows nothing in a sandbox, and what a PDF may do where
    // it is opened is the reader's business: it is saved.
    response.set_header("Content-Type", "application/pdf");
    response.set_header("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
  } else {
    response.set_header("Content-Type", "text/html; charset=utf-8");
  }
  return unlisted(std::move(response));
}

http::Response Site::electoral_roll(Visit& visit) {
  if (!portal_.roll_online) return error_page(404, &visit.request);
  const auto query = http::read_query(visit.request);
  const auto asked = [&](std::string_view name) {
    return query ? query->get(name).value_or("") : std::string_view();
  };
  const bool french = visit.language == Language::french;
  const auto mine = contests_of(state_, visit.voter());
  Json contests = Json::array();
  std::optional<std::uint32_t> chosen;
  const auto wanted = number_of(asked("contest"), mine.empty() ? 0 : mine.front().contest);
  for (const auto& place : mine) {
    if (place.contest == wanted) chosen = place.contest;
    const auto& name = state_.manifest().contests.at(place.contest).name;
    contests.push_back({{"number", std::to_string(place.contest)},
                        {"title", french ? name.fr : name.en},
                        {"here", place.contest == wanted}});
  }
  if (!chosen) return error_page(404, &visit.request);  // another's contest is none (L25)
  const auto& contest = state_.manifest().contests.at(*chosen);
  auto words = asked("name");
  if (words.size() > limits::roll_search_bytes) words = "";  // the field takes no more
  const auto roll = read_electoral_roll(state_, *chosen, words, number_of(asked("page"), 1));
  const auto page_url = [&](std::size_t number) {
    return "/electoral-roll?" + http::encode_form({{{"contest", std::to_string(*chosen)},
                                                    {"name", std::string(words)},
                                                    {"page", std::to_string(number)}}});
  };
  Json lines = Json::array();
  for (const auto& line : roll.lines) {
    lines.push_back(
        {{"name", line.name},
         {"birth_name", line.birth_name},
         {"given_names", line.given_names},
         {"district", contest.districts.size() > 1 ? contest.districts.at(line.district) : ""}});
  }
  return unlisted(page(visit, "electoral_roll",
                       {{"contests", std::move(contests)},
                        {"several", mine.size() > 1},
                        {"contest", std::to_string(*chosen)},
                        {"title", french ? contest.name.fr : contest.name.en},
                        {"with_claims", portal_.claims.has_value()},
                        {"name", words},
                        {"found", roll.found},
                        {"with_districts", contest.districts.size() > 1},
                        {"lines", std::move(lines)},
                        {"number", roll.number},
                        {"pages", roll.pages},
                        {"before_url", roll.number > 1 ? page_url(roll.number - 1) : ""},
                        {"after_url", roll.number < roll.pages ? page_url(roll.number + 1) : ""}}));
}

// ---- What is held about her

http::Response Site::my_account(Visit& visit) {
  if (signs_in_with_keys()) return error_page(404, &visit.request);
  const bool french = visit.language == Language::french;
  const auto person = personal_data(state_, visit.voter());
  Json sessions = Json::array();
  bool others = false;
  for (const auto& one : sessions_.of_voter(*visit.session)) {
    others = others || !one.this_one;
    sessions.push_back(
        {{"opened_at", one.opened_at}, {"seen_at", one.seen_at}, {"here", one.this_one}});
  }
  Json contests = Json::array();
  for (const auto& place : contests_of(state_, visit.voter())) {
    const auto& contest = state_.manifest().contests.at(place.contest);
    const auto& name = french ? contest.name.fr : contest.name.en;
    contests.push_back(
        contest.districts.size() > 1 ? name + ", " + contest.districts.at(place.district) : name);
  }
  return page(visit, "my_account",
              {{"civility", person.title},
               {"name", person.usage_name.empty() ? person.birth_name : person.usage_name},
               {"birth_name", person.birth_name},
               {"given_names", person.given_names},
               {"birth_date", written_date(person.birth_date)},
               {"birth_place", person.birth_place},
               {"birth_country", person.birth_country},
               {"email", person.email},
               {"phone", person.phone},
               {"with_numen", person.has_numen},
               {"with_nir", person.has_nir},
               {"question", voter_profile(state_, visit.voter())->question},
               {"contests", std::move(contests)},
               {"sessions", std::move(sessions)},
               {"others", others},
               {"with_claims", portal_.claims.has_value()},
               {"account_url", accounts_ ? "/account-link" : ""}});
}

http::Response Site::my_sessions_post(Visit& visit) {
  const auto form = http::read_form(visit.request);
  if (!form) return error_page(400, &visit.request);
  if (csrf_error(visit, *form).empty()) sessions_.end_others(*visit.session);
  return http::Response::redirect_303("/my-account");
}

}  // namespace isoloir::web
