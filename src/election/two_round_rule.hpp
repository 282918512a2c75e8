// From votes to the deputy elected, or to who may stand in the second round: majority voting in two
// rounds, as the Code électoral wants it for deputies (articles L126 and L162, which hold for the
// deputies elected by citizens abroad too).
//
// Exact: majorities and quarters are compared as products of integers, nothing is rounded, nothing
// depends on the order in which candidates are given. Pure functions without state, thread-safe.
// Blank votes are no valid votes: they never enter here.
//
//  1. First round (L126): elected is who has more than half of the valid votes and at least a
//     quarter of the registered electors.
//  2. Else who may stand again (L162): every candidate with at least 12.5 % of the registered
//     electors; if that is one alone, the runner-up too; if it is none, the first two. The article
//     does not say who is taken among equals: such a place is reported as a tie.
//  3. Second round (L126): most votes; among equals the eldest. Equals born on one day, or whose
//     birth dates are not given, are reported as a tie. Where nobody voted, nobody is elected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace isoloir {

inline constexpr std::string_view two_round_majority_rule = "two-round-majority";

struct CandidateVotes {
  std::string name;
  std::uint64_t votes = 0;                // at most 2^53
  std::optional<std::string> birth_date;  // YYYY-MM-DD
};

struct MajorityQuestion {
  std::uint32_t round = 1;       // 1 or 2
  std::uint64_t registered = 0;  // electors on the roll; at most 2^53, no fewer than the votes
  std::vector<CandidateVotes> candidates;
};

struct MajorityTie {
  std::uint32_t places = 0;          // at stake, fewer than the candidates
  std::vector<std::size_t> between;  // indexes of the candidates
  std::string reason;                // in English
};

struct MajorityAnswer {
  std::uint64_t valid_votes = 0;
  std::optional<std::size_t> elected;     // index of the candidate
  std::vector<std::size_t> second_round;  // who surely may stand, by votes; after a first round
  std::vector<std::string> articles;      // of the Code électoral, that say so
  std::string reason;                     // in English
  std::vector<MajorityTie> ties;          // at most one
};

// Errors: majority.round, majority.registered (none, above 2^53, or fewer than the votes),
// majority.candidates (none or too many), majority.name (empty or twice), majority.votes (above
// 2^53), majority.birth_date (no day of the calendar).
Expected<MajorityAnswer> decide_majority(const MajorityQuestion& question);

}  // namespace isoloir
