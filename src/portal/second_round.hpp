// From a first round to the second one (Code électoral, L162): who stands again, the portal of the
// new election and its roll. The second round is an election of its own: its draft and its
// registrar make new identifiers and passwords for everybody (R176-3-7). Pure functions,
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "election/manifest.hpp"

namespace isoloir {

// Of each contest of the first round the names that stand in the second; empty: somebody is
// elected, or nobody is registered.
using StandingAgain = std::vector<std::vector<std::string>>;

// The contests' new numbers, by their old ones; nothing where there is no second round.
std::vector<std::optional<std::uint32_t>> second_round_numbers(const StandingAgain& standing);

// What people decide where the article does not, or against it: a contest's number and a name.
struct StandingChange {
  std::uint32_t contest = 0;
  std::string name;
};

// `result`: result.json of the count. `added`: among equals for a place. `withdrawn`: of those who
// may stand. Errors: second_round.contest (not of two rounds, or its second), second_round.tie
// (equals for a place, of whom `added` names too few or too many), second_round.name (no such
// candidate, or not among those the change is for), second_round.nobody (all have withdrawn).
Expected<StandingAgain> standing_again(const Manifest& manifest, const Json& result,
                                       const std::vector<StandingChange>& added,
                                       const std::vector<StandingChange>& withdrawn);

struct SecondRoundTerms {
  BilingualText election;  // its title
  std::string opens;       // local times, as [hours] has them
  std::string closes;
};

// The file of the first round with other hours and title, without what is decided; comments stay.
// Errors: those of Portal::parse, second_round.layout (the file is written in a way that this
// function cannot edit: one line for each of its keys).
Expected<std::string> second_round_portal(std::string_view toml, std::string_view name,
                                          const StandingAgain& standing,
                                          const SecondRoundTerms& terms);

// The roll (docs/roll.md) with the contests' new numbers, without who has none left. Errors:
// second_round.roll (names the line).
Expected<std::string> second_round_roll(std::string_view csv, const StandingAgain& standing);

}  // namespace isoloir
