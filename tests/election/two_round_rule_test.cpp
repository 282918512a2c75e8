#include "election/two_round_rule.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "code_of.hpp"

namespace isoloir {
namespace {

using Who = std::vector<std::size_t>;

MajorityQuestion ballots(std::uint32_t round, std::uint64_t registered,
                         const std::vector<std::uint64_t>& votes) {
  MajorityQuestion question{round, registered, {}};
  for (const auto one : votes) {
    question.candidates.push_back(
        {std::string(1, static_cast<char>('A' + question.candidates.size())), one, std::nullopt});
  }
  return question;
}

MajorityAnswer decided(const MajorityQuestion& question) {
  const auto answer = decide_majority(question);
  EXPECT_TRUE(answer) << code_of(answer);
  return answer.value_or(MajorityAnswer{});
}

TEST(TwoRoundRule, L126FirstRoundWantsMoreThanHalfAndAQuarterOfTheRoll) {
  EXPECT_EQ(decided(ballots(1, 200, {50, 30, 19})).elected, 0u);  // 50 of 99, a quarter of 200
  EXPECT_EQ(decided(ballots(1, 200, {50, 30, 20})).elected, std::nullopt);  // half is not enough
  EXPECT_EQ(decided(ballots(1, 201, {50, 30, 19})).elected, std::nullopt);  // below a quarter
  EXPECT_EQ(decided(ballots(1, 4, {0, 1})).elected, 1u);
  EXPECT_EQ(decided(ballots(1, 5, {0, 1})).elected, std::nullopt);
  EXPECT_EQ(decided(ballots(1, 200, {50, 30, 19})).articles, std::vector<std::string>{"L126"});
  EXPECT_EQ(decided(ballots(1, 200, {50, 30, 19})).second_round, Who{});
}

TEST(TwoRoundRule, L162WhoMayStandAgain) {
  // 12.5 % of 80 is 10.
  EXPECT_EQ(decided(ballots(1, 80, {9, 14, 10, 15})).second_round, (Who{3, 1, 2}));
  EXPECT_EQ(decided(ballots(1, 81, {9, 14, 10, 15})).second_round, (Who{3, 1}));  // 10.125
  // One alone qualifies: the runner-up joins.
  EXPECT_EQ(decided(ballots(1, 80, {9, 8, 7, 16})).second_round, (Who{3, 0}));
  // Nobody does: the first two.
  EXPECT_EQ(decided(ballots(1, 800, {9, 8, 7, 16})).second_round, (Who{3, 0}));
  // A majority without the quarter does not elect.
  const auto alone = decided(ballots(1, 800, {30}));
  EXPECT_EQ(alone.elected, std::nullopt);
  EXPECT_EQ(alone.second_round, Who{0});
  EXPECT_EQ(alone.articles, (std::vector<std::string>{"L126", "L162"}));
}

TEST(TwoRoundRule, L162EqualsForAPlaceAreReportedNotChosen) {
  const auto runners_up = decided(ballots(1, 80, {16, 8, 9, 9}));
  EXPECT_EQ(runners_up.second_round, Who{0});
  ASSERT_EQ(runners_up.ties.size(), 1u);
  EXPECT_EQ(runners_up.ties[0].places, 1u);
  EXPECT_EQ(runners_up.ties[0].between, (Who{2, 3}));

  const auto all_equal = decided(ballots(1, 800, {5, 5, 5}));
  EXPECT_EQ(all_equal.second_round, Who{});
  ASSERT_EQ(all_equal.ties.size(), 1u);
  EXPECT_EQ(all_equal.ties[0].places, 2u);
  EXPECT_EQ(all_equal.ties[0].between, (Who{0, 1, 2}));

  EXPECT_TRUE(decided(ballots(1, 80, {10, 10, 10})).ties.empty());  // all three may stand
  EXPECT_TRUE(decided(ballots(1, 800, {5, 5})).ties.empty());
}

TEST(TwoRoundRule, L126SecondRoundMostVotesThenTheEldest) {
  auto question = ballots(2, 100000, {40, 41, 20});
  EXPECT_EQ(decided(question).elected, 1u);  // no quarter is asked for
  EXPECT_EQ(decided(question).reason, "most votes");

  question.candidates[0].votes = 41;
  const auto unknown = decided(question);
  EXPECT_EQ(unknown.elected, std::nullopt);
  ASSERT_EQ(unknown.ties.size(), 1u);
  EXPECT_EQ(unknown.ties[0].reason, "equal votes, birth dates not given");

  question.candidates[0].birth_date = "1970-02-28";
  question.candidates[1].birth_date = "1969-12-31";
  EXPECT_EQ(decided(question).elected, 1u);
  EXPECT_EQ(decided(question).reason, "equal votes, the eldest");
  question.candidates[0].birth_date = "1969-12-31";
  const auto twins = decided(question);
  EXPECT_EQ(twins.elected, std::nullopt);
  ASSERT_EQ(twins.ties.size(), 1u);
  EXPECT_EQ(twins.ties[0].between, (Who{0, 1}));
  EXPECT_EQ(twins.ties[0].places, 1u);
}

TEST(TwoRoundRule, NobodyVoted) {
  const auto second = decided(ballots(2, 10, {0, 0}));
  EXPECT_EQ(second.elected, std::nullopt);
  EXPECT_EQ(second.reason, "there is no valid vote");
  const auto first = decided(ballots(1, 10, {0, 0, 0}));
  EXPECT_EQ(first.elected, std::nullopt);
  EXPECT_EQ(first.second_round, Who{});
  EXPECT_EQ(first.ties.size(), 1u);
}

TEST(TwoRoundRule, BadQuestionsAreRefused) {
  const auto refusal = [](const MajorityQuestion& question) {
    return code_of(decide_majority(question));
  };
  EXPECT_EQ(refusal(ballots(0, 10, {1})), "majority.round");
  EXPECT_EQ(refusal(ballots(3, 10, {1})), "majority.round");
  EXPECT_EQ(refusal(ballots(1, 0, {0})), "majority.registered");
  EXPECT_EQ(refusal(ballots(1, 10, {6, 5})), "majority.registered");
  EXPECT_EQ(refusal(ballots(1, UINT64_MAX, {1})), "majority.registered");
  EXPECT_EQ(refusal(ballots(1, 10, {})), "majority.candidates");
  EXPECT_EQ(refusal({1, 10, std::vector<CandidateVotes>(limits::options + 1)}),
            "majority.candidates");
  EXPECT_EQ(refusal(ballots(1, 10, {UINT64_MAX, 2})), "majority.votes");
  auto question = ballots(1, 10, {1, 2});
  question.candidates[1].name = "A";
  EXPECT_EQ(refusal(question), "majority.name");
  question.candidates[1].name = "";
  EXPECT_EQ(refusal(question), "majority.name");
  question.candidates[1].name = "B";
  for (const char* date : {"", "1970", "1970-2-28", "1970-02-30", "1970-13-01", "28/02/1970",
                           "1970-02-28 ", "-970-02-28", "1970-02-+1", "197a-01-01"}) {
    question.candidates[1].birth_date = date;
    EXPECT_EQ(refusal(question), "majority.birth_date") << date;
  }
  question.candidates[1].birth_date = "1972-02-29";
  EXPECT_EQ(refusal(question), "good");
}

RC_GTEST_PROP(TwoRoundRule, PlacesAddUpAndOrderOfCandidatesChangesNothing, ()) {
  const auto votes = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 30)));
  RC_PRE(votes.size() <= 12);
  std::uint64_t sum = 0;
  for (const auto one : votes) sum += one;
  const auto question = ballots(1, sum + 1 + *rc::gen::inRange<std::uint64_t>(0, 200), votes);
  const auto answer = decided(question);

  std::uint64_t qualified = 0;
  for (const auto one : votes) qualified += one * 8 >= question.registered;
  const std::size_t places =
      std::min<std::size_t>(votes.size(), std::max<std::size_t>(qualified, 2));
  std::size_t held = answer.second_round.size();
  for (const auto& tie : answer.ties) {
    held += tie.places;
    RC_ASSERT(tie.places < tie.between.size());
  }
  RC_ASSERT(held == (answer.elected ? 0 : places));

  auto turned = question;
  std::reverse(turned.candidates.begin(), turned.candidates.end());
  const auto again = decided(turned);
  const auto names = [](const MajorityQuestion& of, const Who& who) {
    std::set<std::string> result;
    for (const auto i : who) result.insert(of.candidates[i].name);
    return result;
  };
  RC_ASSERT(names(turned, again.second_round) == names(question, answer.second_round));
  RC_ASSERT(again.elected.has_value() == answer.elected.has_value());
}

}  // namespace
}  // namespace isoloir
