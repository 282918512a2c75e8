// The result page, from result.json: figures, seats and the working of each quota and average.
#include <algorithm>
#include <charconv>

#include "service/bureau.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

// "n/d" as a decimal number, for the eye; the exact fraction stays in result.json.
double decimal(const std::string& fraction) {
  const auto slash = fraction.find('/');
  const auto number = [](std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return static_cast<double>(value);
  };
  return number(std::string_view(fraction).substr(0, slash)) /
         number(std::string_view(fraction).substr(slash + 1));
}

struct Names {
  const Contest& contest;
  std::string of(const Json& option) const {
    return contest.options.at(option.get<std::size_t>()).name;
  }
};

Json rounds_of(const Json& seats, const Names& names) {
  Json rounds = Json::array();
  const auto& lists = seats["lists"];
  std::int64_t number = 0;
  std::vector<std::int64_t> held;
  for (const auto& list : lists) {
    held.push_back(list["by_quota"].get<std::int64_t>());
    number += held.back();
  }
  for (const auto& step : seats["steps"]) {
    Json averages = Json::array();
    std::size_t winner = 0;
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (lists[i]["option"] == step["winner"]) winner = i;
      averages.push_back({{"name", names.of(lists[i]["option"])},
                          {"average", decimal(step["averages"][i].get<std::string>())}});
    }
    Json round = {{"seat", ++number},
                  {"winner", names.of(step["winner"])},
                  {"votes", lists[winner]["votes"]},
                  {"divisor", ++held[winner]},
                  {"average", decimal(step["averages"][winner].get<std::string>())},
                  {"averages", std::move(averages)}};
    round["decided_" + step["decided_by"].get<std::string>()] = true;
    rounds.push_back(std::move(round));
  }
  return rounds;
}

Json lists_of(const Json& figures, const Names& names) {
  const auto& seats = figures["seats"];
  Json lists = Json::array();
  const double quota = decimal(seats["quota"].get<std::string>());
  for (const auto& list : seats["lists"]) {
    Json shown = {{"name", names.of(list["option"])}, {"votes", list["votes"]},
                  {"quota_seats", list["by_quota"]},  {"average_seats", list["by_average"]},
                  {"seats", list["seats"]},           {"seats_to_fill", names.contest.seats},
                  {"valid", figures["valid"]}};
    const auto& option = names.contest.options.at(list["option"].get<std::size_t>());
    if (list["by_quota"].get<std::int64_t>() + list["by_average"].get<std::int64_t>() >
        list["seats"].get<std::int64_t>()) {
      shown["bounded"] = !option.sigle;
      shown["candidates"] = option.candidates.size();
    }
    // Without a valid vote there is no quota to divide by.
    if (quota > 0) shown["ratio"] = list["votes"].get<double>() / quota;
    lists.push_back(std::move(shown));
  }
  return lists;
}

// By the seats of lists, as proportional representation gives them.
Json proportional_of(const Contest& contest, const Json& figures) {
  const Names names{contest};
  const auto& seats = figures["seats"];
  Json shown = {{"seats", contest.seats},
                {"quota", decimal(seats["quota"].get<std::string>())},
                {"lists", lists_of(figures, names)},
                {"rounds", rounds_of(seats, names)}};
  shown["has_rounds"] = !shown["rounds"].empty();
  if (seats["unfilled"] != 0) shown["unfilled"] = seats["unfilled"];
  Json ties = Json::array();
  for (const auto& tie : seats["ties"]) {
    std::string joined;
    for (const auto& option : tie["between"]) {
      joined += (joined.empty() ? "" : ", ") + names.of(option);
    }
    ties.push_back({{"names", joined}});
  }
  shown["ties"] = std::move(ties);
  return shown;
}

Json named(const Json& options, const Names& names) {
  Json list = Json::array();
  for (const auto& option : options) list.push_back({{"name", names.of(option)}});
  return list;
}

double percentage(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// By the votes of candidates, most first, and what the two articles make of them.
Json majority_of(const Contest& contest, const Json& figures) {
  const Names names{contest};
  const auto& majority = figures["majority"];
  const auto votes = figures["votes"].get<std::vector<std::uint64_t>>();
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < contest.options.size(); ++i) {
    if (!contest.options[i].blank) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return votes[a] > votes[b]; });
  Json candidates = Json::array();
  for (const auto i : order) {
    Json shown = {
        {"name", contest.options[i].name},
        {"votes", votes[i]},
        {"of_valid", percentage(votes[i], figures["valid"].get<std::uint64_t>())},
        {"of_registered", percentage(votes[i], figures["registered"].get<std::uint64_t>())}};
    if (!contest.options[i].substitute.empty()) {
      shown["substitute"] = contest.options[i].substitute;
    }
    candidates.push_back(std::move(shown));
  }
  Json shown = {{"first_round", contest.round == 1},
                {"candidates", std::move(candidates)},
                {"second_round", named(majority["second_round"], names)}};
  shown["goes_on"] = !shown["second_round"].empty();
  if (const auto& elected = majority["elected"]; !elected.is_null()) {
    const auto won = votes[elected.get<std::size_t>()];
    shown["elected"] = {{"name", names.of(elected)}};
    const bool equals =
        std::count_if(order.begin(), order.end(), [&](auto i) { return votes[i] == won; }) > 1;
    shown["elected"][contest.round == 1 ? "outright" : equals ? "eldest" : "most"] = true;
  }
  Json undecided = Json::array();
  for (const auto& tie : majority["undecided"]) {
    std::string joined;
    for (const auto& option : tie["between"]) {
      joined += (joined.empty() ? "" : ", ") + names.of(option);
    }
    undecided.push_back({{"names", joined}, {"places", tie["places"]}});
  }
  shown["undecided"] = std::move(undecided);
  if (figures["valid"] == 0) {  // all are equal, and that is all there is to say
    shown["nobody"] = true;
    shown["goes_on"] = false;
    shown["undecided"] = Json::array();
  }
  return shown;
}

}  // namespace

Json result_of_contest(const Contest& contest, const Json& figures, Language language) {
  Json shown = {{"title", language == Language::french ? contest.name.fr : contest.name.en},
                {"registered", figures["registered"]},
                {"signed_off", figures["sign_offs"]},
                {"valid", figures["valid"]},
                {"blank", figures["blank"]},
                {"equality_holds",
                 figures["valid"].get<std::int64_t>() + figures["blank"].get<std::int64_t>() ==
                     figures["sign_offs"].get<std::int64_t>()}};
  const bool majority = figures.contains("majority");
  shown[majority ? "majority" : "proportional"] =
      majority ? majority_of(contest, figures) : proportional_of(contest, figures);
  return shown;
}

// Shown once the president of every bureau that counts has closed it (R211-575), never a partial
// figure (R211-570).
std::optional<PublishedResult> published_result(State& state) {
  const auto published =
      state.database().read([&](store::Transaction& t) -> Expected<std::optional<PublishedResult>> {
        auto awaited = counting_bureaus(state.manifest());
        for (const auto bureau : bureaus_closed(t)) awaited.erase(bureau);
        if (!awaited.empty()) return std::nullopt;
        const auto rows = t.query("SELECT content FROM public_file WHERE path = 'result.json'");
        return PublishedResult{std::string(as_text(rows.at(0).blob(0))),
                               *integer_field(events_named(t, "close-count").back().body(), "at")};
      });
  return *published;
}

http::Response Site::result(Visit& visit) {
  const auto published = published_result(state_);
  if (!published) return page(visit, "result_later", Json::object(), 404);
  const auto result = parse_json(published->text);
  Json contests = Json::array();
  for (const auto& figures : (*result)["contests"]) {
    const auto& contest = state_.manifest().contests.at(figures["contest"].get<std::size_t>());
    contests.push_back(result_of_contest(contest, figures, visit.language));
  }
  Json data = {
      {"closed_at", published->closed_at},
      {"checkpoint_url", state_.manifest().origin + state_.manifest().log_path() + "/checkpoint"},
      {"verify_command", "isoloir verify EXPORT --fingerprint " +
                             hex_encode(state_.fingerprint().bytes) + " --checkpoint CHECKPOINT"},
      {"contests", std::move(contests)}};
  if (!portal_.export_url.empty()) data["export_url"] = portal_.export_url;
  if (!portal_.verifier_url.empty()) data["verifier_url"] = portal_.verifier_url;
  return page(visit, "result", data);
}

}  // namespace isoloir::web
