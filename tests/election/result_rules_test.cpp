#include "election/result_rules.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/limits.hpp"

namespace isoloir {
namespace {

ListVotes list(std::string name, std::uint64_t votes,
               std::optional<std::uint32_t> candidates = {}) {
  return {std::move(name), votes, candidates, false, {}};
}

ListVotes union_name(std::string name, std::uint64_t votes) {
  return {std::move(name), votes, {}, true, {}};
}

std::vector<std::uint32_t> seats_of(const SeatAnswer& answer) {
  std::vector<std::uint32_t> seats;
  for (const auto& list : answer.lists) seats.push_back(list.seats);
  return seats;
}

using Seats = std::vector<std::uint32_t>;
using Indexes = std::vector<std::size_t>;

SeatAnswer answer_to(const SeatQuestion& question) {
  const auto answer = attribute_seats(question);
  EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
  return answer.value_or(SeatAnswer{});
}

std::string refusal_of(const SeatQuestion& question) {
  const auto answer = attribute_seats(question);
  return answer ? "accepted" : answer.error().code;
}

// The published CCMMEP 2022 result: quotas give 3, 2, 2, 0 and three seats go by highest average.
TEST(ResultRules, PublishedResultWithItsWorking) {
  const auto answer =
      answer_to({10,
                 {list("CFDT", 14273), list("SPELC", 11893), list("CFTC", 11041), list("CGT", 4303),
                  list("SUNDEP", 1124), list("CGC", 760), list("UNSA", 687), list("SNALC", 669),
                  list("FO", 664), list("STC", 126), list("CNMEP", 78)},
                 {}});
  EXPECT_EQ(seats_of(answer), (Seats{3, 3, 3, 1, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(answer.quota, (Fraction{45618, 10}));
  EXPECT_EQ(answer.lists[0].by_quota, 3u);
  EXPECT_EQ(answer.lists[1].by_quota, 2u);
  EXPECT_EQ(answer.lists[2].by_quota, 2u);
  EXPECT_EQ(answer.lists[3].by_quota, 0u);
  ASSERT_EQ(answer.steps.size(), 3u);
  // 14273/4 = 3568.25, 11893/3 = 3964.3, 11041/3 = 3680.3, 4303/1
  EXPECT_EQ(answer.steps[0].winner, 3u);
  EXPECT_EQ(answer.steps[0].averages[0], (Fraction{14273, 4}));
  EXPECT_EQ(answer.steps[0].averages[3], (Fraction{4303, 1}));
  EXPECT_EQ(answer.steps[1].winner, 1u);
  EXPECT_EQ(answer.steps[1].averages[3], (Fraction{4303, 2}));
  EXPECT_EQ(answer.steps[2].winner, 2u);
  EXPECT_EQ(answer.steps[2].decided_by, DecidedBy::average);
  EXPECT_EQ(answer.unfilled, 0u);
  EXPECT_TRUE(answer.ties.empty());
}

// R211-122: averages 90/3 = 60/2 = 30/1 for the one seat left.
TEST(ResultRules, EqualAveragesGoToMoreVotes) {
  const auto answer = answer_to({4, {list("C", 30), list("B", 60), list("A", 90)}, {}});
  // quota 45: 2, 1, 0; one left; 90/3 = 60/2 = 30/1
  EXPECT_EQ(seats_of(answer), (Seats{0, 1, 3}));
  ASSERT_EQ(answer.steps.size(), 1u);
  EXPECT_EQ(answer.steps[0].decided_by, DecidedBy::votes);
}

TEST(ResultRules, EqualVotesGoToMoreCandidates) {
  const auto answer = answer_to({3, {list("A", 50, 4), list("B", 50, 6)}, {}});
  EXPECT_EQ(seats_of(answer), (Seats{1, 2}));
  ASSERT_EQ(answer.steps.size(), 1u);
  EXPECT_EQ(answer.steps[0].decided_by, DecidedBy::candidates);
}

TEST(ResultRules, EqualInAllIsReportedAndNeverBroken) {
  const auto answer = answer_to({3, {list("A", 50, 4), list("B", 50, 4)}, {}});
  EXPECT_EQ(seats_of(answer), (Seats{1, 1}));
  EXPECT_EQ(answer.unfilled, 0u);
  ASSERT_EQ(answer.ties.size(), 1u);
  EXPECT_EQ(answer.ties[0].seats, 1u);
  EXPECT_EQ(answer.ties[0].between, (Indexes{0, 1}));
  EXPECT_EQ(answer.ties[0].reason, "equal averages, votes and numbers of candidates");
}

// R211-123: on a bare union name candidates never break a tie.
TEST(ResultRules, BareUnionNamesGoFromVotesToTheLot) {
  const auto tie = answer_to({1, {union_name("A", 5), union_name("B", 5), list("C", 5, 9)}, {}});
  ASSERT_EQ(tie.ties.size(), 1u);
  EXPECT_EQ(tie.ties[0].between, (Indexes{0, 1, 2}));
  EXPECT_EQ(tie.ties[0].reason, "equal averages and votes, on a bare union name");
  // Seats 3 for 60, 30, 30: quota 40 gives 1, 0, 0; then 60/2 = 30/1 = 30/1: votes first, then one
  // seat for two.
  const auto votes =
      answer_to({3, {union_name("A", 30), union_name("B", 60), union_name("C", 30)}, {}});
  EXPECT_EQ(seats_of(votes), (Seats{0, 2, 0}));
  ASSERT_EQ(votes.ties.size(), 1u);
  EXPECT_EQ(votes.ties[0].between, (Indexes{0, 2}));
}

TEST(ResultRules, UnknownNumbersOfCandidatesAreNotGuessed) {
  const auto answer = answer_to({3, {list("A", 50, 4), list("B", 50)}, {}});
  ASSERT_EQ(answer.ties.size(), 1u);
  EXPECT_EQ(answer.ties[0].reason, "equal averages and votes, numbers of candidates not given");
}

TEST(ResultRules, EqualsShareTheSeatsThatSufficeForAll) {
  const auto answer =
      answer_to({5, {list("A", 41, 5), list("B", 20, 5), list("C", 20, 5), list("D", 20, 5)}, {}});
  EXPECT_EQ(seats_of(answer), (Seats{2, 1, 1, 1}));
  EXPECT_TRUE(answer.ties.empty());
  ASSERT_EQ(answer.steps.size(), 3u);
  EXPECT_EQ(answer.steps.back().decided_by, DecidedBy::one_each);
}

TEST(ResultRules, TheLotSettlesWhatItNames) {
  SeatQuestion question{2, {list("A", 7, 3), list("B", 7, 3), list("C", 7, 3)}, {}};
  const auto open = answer_to(question);
  ASSERT_EQ(open.ties.size(), 1u);
  EXPECT_EQ(open.ties[0].seats, 2u);
  EXPECT_EQ(seats_of(open), (Seats{0, 0, 0}));

  question.lots = {"C"};
  const auto partly = answer_to(question);
  EXPECT_EQ(seats_of(partly), (Seats{0, 0, 1}));
  ASSERT_EQ(partly.ties.size(), 1u);
  EXPECT_EQ(partly.ties[0].seats, 1u);
  EXPECT_EQ(partly.ties[0].between, (Indexes{0, 1}));

  question.lots = {"C", "A", "B"};  // the whole order may be drawn
  const auto settled = answer_to(question);
  EXPECT_EQ(seats_of(settled), (Seats{1, 0, 1}));
  EXPECT_TRUE(settled.ties.empty());
  EXPECT_EQ(settled.steps[0].decided_by, DecidedBy::lot);

  question.lots = {"C", "C"};
  EXPECT_EQ(refusal_of(question), "seats.lots");
  question.lots = {"C", "A", "Z"};
  EXPECT_EQ(refusal_of(question), "seats.lots");
  question.lists[1].votes = 9;
  question.lists[2].votes = 8;
  question.lots = {"B"};  // B and C win: nothing to draw
  EXPECT_EQ(refusal_of(question), "seats.lots");
}

// R211-121: seats beyond the candidates presented stay unfilled, by quota and by average, and
// nobody else wins by it.
TEST(ResultRules, SeatsBeyondTheCandidatesStayUnfilled) {
  const auto quota = answer_to({10, {list("A", 800, 5), list("B", 200)}, {}});
  EXPECT_EQ(seats_of(quota), (Seats{5, 2}));
  EXPECT_EQ(quota.lists[0].by_quota, 8u);
  EXPECT_EQ(quota.unfilled, 3u);

  // quota 50: 1, 0; 70/2 > 30: A again, who presented one.
  const auto average = answer_to({2, {list("A", 70, 1), list("B", 30, 2)}, {}});
  EXPECT_EQ(seats_of(average), (Seats{1, 0}));
  EXPECT_EQ(average.unfilled, 1u);
  ASSERT_EQ(average.steps.size(), 1u);
  EXPECT_EQ(average.steps[0].winner, 0u);
  EXPECT_TRUE(average.steps[0].unfilled);
}

TEST(ResultRules, NoLotForSeatsThatNobodyCanFill) {
  const auto answer = answer_to({3, {list("A", 50, 1), list("B", 50, 1)}, {}});
  EXPECT_EQ(seats_of(answer), (Seats{1, 1}));
  EXPECT_EQ(answer.unfilled, 1u);
  EXPECT_TRUE(answer.ties.empty());
}

TEST(ResultRules, NoVotesNoSeats) {
  const auto answer = answer_to({4, {list("A", 0, 4), list("B", 0, 4)}, {}});
  EXPECT_EQ(seats_of(answer), (Seats{0, 0}));
  EXPECT_EQ(answer.unfilled, 4u);
  EXPECT_TRUE(answer.ties.empty());
}

TEST(ResultRules, OneListTakesAll) {
  EXPECT_EQ(seats_of(answer_to({4, {list("A", 1)}, {}})), (Seats{4}));
  const auto short_list = answer_to({4, {list("A", 1, 3)}, {}});
  EXPECT_EQ(seats_of(short_list), (Seats{3}));
  EXPECT_EQ(short_list.unfilled, 1u);
}

// At the bounds no product overflows: a hundred lists of 2^53 votes for 1000 seats, one of them one
// vote short.
TEST(ResultRules, Bounds) {
  constexpr std::uint64_t most = std::uint64_t{1} << 53;
  SeatQuestion question{static_cast<std::uint32_t>(limits::result_seats), {}, {}};
  for (std::size_t i = 0; i < limits::options; ++i) {
    question.lists.push_back(list("L" + std::to_string(i), most));
  }
  question.lists[7].votes = most - 1;
  const auto answer = answer_to(question);
  EXPECT_EQ(answer.lists[7].by_quota, 9u);
  EXPECT_EQ(answer.lists[7].seats, 10u);  // (2^53-1)/10 > 2^53/11
  EXPECT_EQ(answer.lists[8].by_quota, 10u);

  const auto near = answer_to({3, {list("A", most), list("B", most - 1)}, {}});
  EXPECT_EQ(seats_of(near), (Seats{2, 1}));  // a single vote in 2^53 decides: no floating point

  question.lists.push_back(list("one too many", 1));
  EXPECT_EQ(refusal_of(question), "seats.lists");
  EXPECT_EQ(refusal_of({1, {list("A", most + 1)}, {}}), "seats.votes");
  EXPECT_EQ(refusal_of({limits::result_seats + 1, {list("A", 1)}, {}}), "seats.count");
}

TEST(ResultRules, RefusesWhatIsNoElection) {
  EXPECT_EQ(refusal_of({0, {list("A", 1)}, {}}), "seats.count");
  EXPECT_EQ(refusal_of({1, {}, {}}), "seats.lists");
  EXPECT_EQ(refusal_of({1, {list("A", 1), list("A", 2)}, {}}), "seats.name");
  EXPECT_EQ(refusal_of({1, {list("", 1)}, {}}), "seats.name");
  EXPECT_EQ(refusal_of({1, {{"A", 1, 3, true, {}}}, {}}), "seats.candidates");
}

// R211-120
TEST(ResultRules, CommonListsSplitTheirVotesExactly) {
  const auto split = [](std::uint64_t votes, std::vector<ListMember> members) {
    return answer_to({1, {{"A", votes, {}, false, std::move(members)}}, {}}).lists[0].members;
  };
  const auto equal = split(100, {{"X", {}}, {"Y", {}}, {"Z", {}}});
  ASSERT_EQ(equal.size(), 3u);
  for (const auto& part : equal) {
    EXPECT_EQ(part.votes, 33u);
    EXPECT_EQ(part.rest, (Fraction{1, 3}));
  }
  const auto declared = split(1001, {{"X", 60}, {"Y", 40}, {"Z", 0}});
  EXPECT_EQ(declared[0].votes, 600u);
  EXPECT_EQ(declared[0].rest, (Fraction{3, 5}));
  EXPECT_EQ(declared[1].votes, 400u);
  EXPECT_EQ(declared[1].rest, (Fraction{2, 5}));
  EXPECT_EQ(declared[2].votes, 0u);
  EXPECT_EQ(declared[2].rest, (Fraction{0, 1}));

  const auto refusal = [](std::vector<ListMember> members) {
    return refusal_of({1, {{"A", 1, {}, false, std::move(members)}}, {}});
  };
  EXPECT_EQ(refusal({{"X", 1}, {"Y", {}}}), "seats.members");
  EXPECT_EQ(refusal({{"X", 0}, {"Y", 0}}), "seats.members");
  EXPECT_EQ(refusal({{"X", 1}}), "seats.members");
  EXPECT_EQ(refusal({{"X", 1}, {"Y", limits::member_share + 1}}), "seats.members");
  EXPECT_EQ(refusal({{"X", 1}, {"X", 1}}), "seats.name");
}

// R211-574
TEST(ResultRules, TurnoutMustBalance) {
  EXPECT_TRUE(check_turnout({100, 60, 50, 10}));
  EXPECT_FALSE(check_turnout({100, 60, 50, 9}));
  EXPECT_FALSE(check_turnout({100, 60, 61, UINT64_MAX}));  // 61 + (2^64 - 1) would wrap round to 60
  EXPECT_FALSE(check_turnout({59, 60, 50, 10}));
}

// Properties, over small numbers so that equal averages and votes abound.
SeatQuestion any_question(bool with_candidates) {
  const auto seats = *rc::gen::inRange<std::uint32_t>(1, 13);
  const auto votes = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 25)));
  SeatQuestion question{seats, {}, {}};
  for (std::size_t i = 0; i < std::min<std::size_t>(votes.size(), 8); ++i) {
    question.lists.push_back(list("L" + std::to_string(i), votes[i]));
    if (with_candidates && *rc::gen::arbitrary<bool>()) {
      question.lists.back().candidates = *rc::gen::inRange<std::uint32_t>(0, 8);
    }
  }
  return question;
}

std::uint32_t at_stake(const SeatAnswer& answer) {
  return answer.ties.empty() ? 0 : answer.ties[0].seats;
}

RC_GTEST_PROP(ResultRulesProperty, EverySeatIsAccountedFor, ()) {
  const auto question = any_question(true);
  const auto answer = answer_to(question);
  const auto seats = seats_of(answer);
  RC_ASSERT(std::accumulate(seats.begin(), seats.end(), 0u) + answer.unfilled + at_stake(answer) ==
            question.seats);
  for (std::size_t i = 0; i < seats.size(); ++i) {
    RC_ASSERT(seats[i] <= question.lists[i].candidates.value_or(question.seats));
  }
  if (!answer.ties.empty()) RC_ASSERT(at_stake(answer) < answer.ties[0].between.size());
}

RC_GTEST_PROP(ResultRulesProperty, MoreVotesNeverFewerSeats, ()) {
  auto question = any_question(true);
  const auto index = *rc::gen::inRange<std::size_t>(0, question.lists.size());
  const auto before = answer_to(question);
  question.lists[index].votes += *rc::gen::inRange<std::uint64_t>(1, 20);
  RC_ASSERT(answer_to(question).lists[index].seats >= before.lists[index].seats);
}

RC_GTEST_PROP(ResultRulesProperty, OrderOfListsChangesNothing, ()) {
  auto question = any_question(true);
  const auto by_name = [](const SeatAnswer& answer) {
    std::map<std::string, std::pair<std::uint32_t, bool>> result;
    for (const auto& list : answer.lists) result[list.name] = {list.seats, false};
    for (const auto& tie : answer.ties) {
      for (const auto i : tie.between) result[answer.lists[i].name].second = true;
    }
    return result;
  };
  const auto before = answer_to(question);
  for (std::size_t i = question.lists.size(); i > 1; --i) {
    std::swap(question.lists[i - 1], question.lists[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  const auto after = answer_to(question);
  RC_ASSERT(by_name(before) == by_name(after));
  RC_ASSERT(before.unfilled == after.unfilled);
  RC_ASSERT(at_stake(before) == at_stake(after));
}

RC_GTEST_PROP(ResultRulesProperty, MembersAddUpToTheirList, ()) {
  const auto votes = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 53);
  const auto shares = *rc::gen::container<std::vector<std::uint32_t>>(
      4, rc::gen::inRange<std::uint32_t>(1, limits::member_share));
  ListVotes common = list("A", votes);
  for (const auto share : shares)
    common.members.push_back({std::to_string(common.members.size()), share});
  const auto answer = answer_to({1, {common}, {}});
  const std::uint64_t total = std::accumulate(shares.begin(), shares.end(), std::uint64_t{0});
  std::uint64_t whole = 0;
  std::uint64_t parts = 0;  // in units of 1 / total
  for (const auto& part : answer.lists[0].members) {
    RC_ASSERT(part.rest.numerator < part.rest.denominator);
    whole += part.votes;
    parts += part.rest.numerator * (total / part.rest.denominator);
  }
  RC_ASSERT(parts % total == 0u);
  RC_ASSERT(whole + parts / total == votes);
}

// D'Hondt by its definition: all quotients votes / k in one pile, the greatest first; equal
// quotients by votes. Without bounds on candidates, quota and highest average come to the same.
struct Pile {
  std::vector<std::uint32_t> sure;
  std::vector<std::size_t> tied;
};

Pile dhondt(const SeatQuestion& question) {
  struct Quotient {
    std::uint64_t votes;
    std::uint64_t divisor;
    std::size_t list;
  };
  const auto above = [](const Quotient& a, const Quotient& b) {
    const auto left = a.votes * b.divisor;
    const auto right = b.votes * a.divisor;
    return left != right ? left > right : a.votes > b.votes;
  };
  std::vector<Quotient> pile;
  for (std::size_t i = 0; i < question.lists.size(); ++i) {
    for (std::uint64_t k = 1; k <= question.seats + 1; ++k) {
      if (question.lists[i].votes > 0) pile.push_back({question.lists[i].votes, k, i});
    }
  }
  std::stable_sort(pile.begin(), pile.end(), above);
  Pile result{std::vector<std::uint32_t>(question.lists.size()), {}};
  if (pile.empty()) return result;
  const auto& last = pile[question.seats - 1];
  const auto& next = pile[question.seats];
  const bool is_tie = !above(last, next);
  for (std::size_t k = 0; k < pile.size(); ++k) {
    const bool at_the_edge = !above(pile[k], last) && !above(last, pile[k]);
    if (is_tie && at_the_edge) {
      result.tied.push_back(pile[k].list);
    } else if (k < question.seats) {
      ++result.sure[pile[k].list];
    }
  }
  return result;
}

RC_GTEST_PROP(ResultRulesProperty, AgreesWithDHondt, ()) {
  const auto question = any_question(false);
  const auto answer = answer_to(question);
  const auto pile = dhondt(question);
  RC_ASSERT(seats_of(answer) == pile.sure);
  const auto between = answer.ties.empty() ? Indexes{} : answer.ties[0].between;
  RC_ASSERT(between == pile.tied);
}

}  // namespace
}  // namespace isoloir
