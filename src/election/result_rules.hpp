// From votes to seats: proportional representation by lists, electoral quota then highest average,
// as the Code général de la fonction publique wants it for the professional elections (articles
// R211-118 to R211-123).
//
// Exact: every quota and average is a fraction of integers, nothing is rounded, nothing depends on
// the order in which lists are given. Pure functions without state, thread-safe. Blank votes are no
// valid votes (R211-565, R211-574): they never enter here, save in check_turnout.
//
// The law's rules, as they are applied:
//  1. Quota (R211-118, R211-119): valid votes / titular seats. A list has right to as many seats as
//  its votes contain
//     the quota whole.
//  2. Highest average (R211-119): each seat that remains goes to the list with the highest votes /
//  (seats held + 1).
//  3. Equal averages (R211-122): more votes, then more candidates presented, then a lot. On a bare
//  union name (sigle,
//     R211-123): more votes, then a lot. A lot is drawn by people in public: this code never draws
//     one. It reports the tie, and takes what was drawn as input. Lists that tie for at least as
//     many seats as they are each win one, and lists that tie while all are out of candidates win
//     none: there is nothing to draw. A list whose number of candidates is not given cannot be
//     ranked by it, so its tie is reported as one for the lot.
//  4. A list wins no more seats than it presented candidates (R211-121). A seat beyond them, by
//  quota or by average,
//     stays unfilled. It does not pass to another list: the article settles who may fill a seat,
//     after quota and averages have settled whose it is, and what is left is not attributed. So the
//     list keeps its rank in the averages, and presenting few candidates never changes what the
//     others win.
//  5. Nobody voted: the quota is zero, no list has a right to anything, every seat stays unfilled.
//  6. A common list (R211-120): its votes are split among its members by the declared shares, else
//  equally. This serves
//     to measure each union's audience and moves no seat. Where shares do not divide the votes, the
//     member's part is the whole number and an exact fraction of a vote: rounding would need a rule
//     that the law does not give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace isoloir {

inline constexpr std::string_view highest_average_rule = "proportional-highest-average";

struct Fraction {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;  // never 0; not necessarily in lowest terms
  friend bool operator==(const Fraction&, const Fraction&) = default;
};
std::string in_text(const Fraction& fraction);  // "3/8"

struct ListMember {
  std::string name;
  std::optional<std::uint32_t>
      share;  // a weight (60 and 40, or 3 and 2): all members of a list declare one, or none
};

struct ListVotes {
  std::string name;
  std::uint64_t votes = 0;  // at most 2^53
  std::optional<std::uint32_t>
      candidates;  // presented; not given: no bound, and unknown when a tie asks for it
  bool bare_union_name = false;     // stood as a sigle: has no candidates
  std::vector<ListMember> members;  // of a common list, at least two; else empty
};

struct SeatQuestion {
  std::uint32_t seats = 0;
  std::vector<ListVotes> lists;
  std::vector<std::string>
      lots;  // names in the order they were drawn, when a tie has been put to the lot
};

struct MemberVotes {
  std::string name;
  std::uint64_t votes = 0;  // whole votes
  Fraction rest;            // what is left, below one vote, in lowest terms
};

struct ListSeats {
  std::string name;
  std::uint64_t votes = 0;
  std::uint32_t by_quota = 0;    // before the bound of rule 4, as is
  std::uint32_t by_average = 0;  // this one
  std::uint32_t seats = 0;       // surely won: what a tie still holds is in SeatAnswer::ties
  std::vector<MemberVotes> members;
};

enum class DecidedBy { average, votes, candidates, one_each, lot };

// One seat given by highest average.
struct AverageStep {
  std::vector<Fraction>
      averages;            // of every list, in the order of the question: votes / (seats held + 1)
  std::size_t winner = 0;  // index of the list
  DecidedBy decided_by = DecidedBy::average;
  bool unfilled = false;  // the winner has no candidate left
};

struct SeatTie {
  std::uint32_t seats = 0;  // at stake, fewer than the lists
  std::vector<std::size_t>
      between;         // indexes of the lists; each can win one of these seats at most
  std::string reason;  // in English
};

struct SeatAnswer {
  std::uint64_t valid_votes = 0;
  Fraction quota;                // valid votes / seats
  std::vector<ListSeats> lists;  // in the order of the question
  std::vector<AverageStep> steps;
  std::uint32_t unfilled = 0;
  std::vector<SeatTie>
      ties;  // at most one: equals share every seat until fewer seats than equals remain
};

// Seats won + unfilled + at stake in ties = seats. Errors: seats.count (zero or too many seats),
// seats.lists (none or too many), seats.name (empty or twice), seats.votes (above 2^53),
// seats.candidates (on a bare union name), seats.members (a single member, shares given by some
// only, or worth nothing), seats.lots (a name that does not tie or comes twice, or no tie to
// break).
Expected<SeatAnswer> attribute_seats(const SeatQuestion& question);

// Valid votes + blanks = sign-offs, and no more sign-offs than registered electors (R211-574).
// Error: result.turnout, with the figures.
struct Turnout {
  std::uint64_t registered = 0;
  std::uint64_t sign_offs = 0;
  std::uint64_t valid = 0;
  std::uint64_t blank = 0;
};
Status check_turnout(const Turnout& turnout);

}  // namespace isoloir
