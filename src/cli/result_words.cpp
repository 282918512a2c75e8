#include "cli/result_words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace isoloir::cli {
namespace {

std::string joined_names(const Contest& contest, const Json& options) {
  std::string joined;
  for (const auto& option : options) {
    joined += (joined.empty() ? "" : ", ") + contest.options.at(option.get<std::size_t>()).name;
  }
  return joined;
}

void say_option(const Contest& contest, const Json& counted, std::size_t option,
                const std::string& french, const std::string& english, const Say& say) {
  const auto votes = counted["votes"][option].get<std::uint64_t>();
  const auto& name = contest.options.at(option).name;
  say(fmt::format("  - {} : voix {}{}", name, votes, french),
      fmt::format("  - {}: votes {}{}", name, votes, english));
}

void say_candidates(const Contest& contest, const Json& counted, const Say& say) {
  const auto& majority = counted["majority"];
  const auto& second = majority["second_round"];
  for (std::size_t i = 0; i < contest.options.size(); ++i) {
    if (contest.options[i].blank) continue;
    const bool elected = majority["elected"] == i;
    const bool stands = std::find(second.begin(), second.end(), Json(i)) != second.end();
    say_option(contest, counted, i,
               elected  ? ", élu(e) (article L126)"
               : stands ? ", peut se présenter au second tour (article L162)"
                        : "",
               elected  ? ", elected (article L126)"
               : stands ? ", may stand in round two (article L162)"
                        : "",
               say);
  }
  for (const auto& tie : majority["undecided"]) {
    const auto places = tie["places"].get<int>();
    const auto names = joined_names(contest, tie["between"]);
    say(fmt::format("  Égalité que le Code électoral ne tranche pas, place(s) {} : {}.", places,
                    names),
        fmt::format("  Equal votes that the Code électoral does not settle, place(s) {}: {}.",
                    places, names));
  }
}

void say_lists(const Contest& contest, const Json& counted, const Say& say) {
  for (const auto& list : counted["seats"]["lists"]) {
    const auto seats = list["seats"].get<std::uint64_t>();
    say_option(contest, counted, list["option"].get<std::size_t>(),
               fmt::format(", sièges {}", seats), fmt::format(", seats {}", seats), say);
  }
  for (const auto& tie : counted["seats"]["ties"]) {
    const auto seats = tie["seats"].get<std::uint64_t>();
    const auto names = joined_names(contest, tie["between"]);
    say(fmt::format("  Égalité pour {} siège(s) : {} ; le sort les départage.", seats, names),
        fmt::format("  A tie for {} seat(s): {}; a lot decides.", seats, names));
  }
}

}  // namespace

void say_result(const Contest& contest, const Json& counted, const Say& say) {
  const auto k = counted["contest"].get<std::uint32_t>();
  const auto number = [&](const char* field) { return counted[field].get<std::uint64_t>(); };
  say(fmt::format("Scrutin {}, {} : inscrits {}, émargements {} = exprimés {} + blancs {}", k,
                  contest.name.fr, number("registered"), number("sign_offs"), number("valid"),
                  number("blank")),
      fmt::format("Contest {}, {}: registered {}, sign-offs {} = valid {} + blank {}", k,
                  contest.name.en, number("registered"), number("sign_offs"), number("valid"),
                  number("blank")));
  if (counted.contains("majority")) {
    say_candidates(contest, counted, say);
  } else {
    say_lists(contest, counted, say);
  }
}

}  // namespace isoloir::cli
