#include "election/two_round_rule.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <numeric>
#include <set>

#include "base/limits.hpp"

namespace isoloir {
namespace {

// With this bound eight times a number of votes stays below 2^64: no product here can overflow.
constexpr std::uint64_t electors_max = std::uint64_t{1} << 53;

bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int parts[3] = {};
  constexpr std::size_t places[3][2] = {{0, 4}, {5, 2}, {8, 2}};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto digits = text.substr(places[i][0], places[i][1]);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), parts[i]);
    if (error != std::errc() || end != digits.data() + digits.size() || digits[0] == '-') {
      return false;
    }
  }
  return std::chrono::year_month_day(std::chrono::year(parts[0]),
                                     std::chrono::month(static_cast<unsigned>(parts[1])),
                                     std::chrono::day(static_cast<unsigned>(parts[2])))
      .ok();
}

Status check_candidates(const std::vector<CandidateVotes>& candidates) {
  if (candidates.empty()) return fail("majority.candidates", "there are no candidates");
  if (candidates.size() > limits::options) {
    return fail("majority.candidates",
                "more than " + std::to_string(limits::options) + " candidates");
  }
  std::set<std::string_view> names;
  for (const auto& one : candidates) {
    if (one.name.empty()) return fail("majority.name", "a candidate has no name");
    if (!names.insert(one.name).second) {
      return fail("majority.name", "the candidate \"" + one.name + "\" appears twice");
    }
    if (one.votes > electors_max) {
      return fail("majority.votes", "the votes of \"" + one.name + "\" are above 2^53");
    }
    if (one.birth_date && !is_day(*one.birth_date)) {
      return fail("majority.birth_date",
                  "the birth date of \"" + one.name + "\" is no day written as YYYY-MM-DD");
    }
  }
  return {};
}

Status check_question(const MajorityQuestion& question) {
  if (question.round != 1 && question.round != 2) {
    return fail("majority.round", "the round is 1 or 2");
  }
  if (question.registered == 0 || question.registered > electors_max) {
    return fail("majority.registered", "registered electors are 1 to 2^53");
  }
  if (auto good = check_candidates(question.candidates); !good) return good;
  std::uint64_t votes = 0;
  for (const auto& one : question.candidates) {
    votes += one.votes;
    if (votes > question.registered) {
      return fail("majority.registered", "there are more votes than registered electors (" +
                                             std::to_string(question.registered) + ")");
    }
  }
  return {};
}

class Decision {
 public:
  explicit Decision(const MajorityQuestion& question) : question_(question) {
    for (const auto& one : question.candidates) answer_.valid_votes += one.votes;
    by_votes_.resize(question.candidates.size());
    std::iota(by_votes_.begin(), by_votes_.end(), std::size_t{0});
    std::stable_sort(by_votes_.begin(), by_votes_.end(),
                     [&](std::size_t a, std::size_t b) { return votes(a) > votes(b); });
  }

  MajorityAnswer run() {
    question_.round == 1 ? first_round() : second_round();
    return std::move(answer_);
  }

 private:
  std::uint64_t votes(std::size_t i) const { return question_.candidates[i].votes; }

  void first_round() {
    const std::size_t first = by_votes_.front();
    const bool majority = 2 * votes(first) > answer_.valid_votes;
    const bool quarter = 4 * votes(first) >= question_.registered;
    answer_.articles = {"L126"};
    if (majority && quarter) {
      answer_.elected = first;
      answer_.reason =
          "more than half of the valid votes and at least a quarter of the registered electors";
      return;
    }
    answer_.articles.push_back("L162");
    answer_.reason = majority ? "nobody has a quarter of the registered electors"
                              : "nobody has more than half of the valid votes";
    std::size_t standing = 0;
    while (standing < by_votes_.size() && 8 * votes(by_votes_[standing]) >= question_.registered) {
      ++standing;
    }
    if (standing >= 2) {
      answer_.reason += "; these have at least 12.5 % of the registered electors";
    } else if (standing == 1) {
      answer_.reason +=
          "; one alone has at least 12.5 % of the registered electors, the runner-up joins";
    } else {
      answer_.reason += "; nobody has 12.5 % of the registered electors, the first two may stand";
    }
    let_stand(standing >= 2 ? standing : 2);
  }

  // The first `places` by votes; a place that equals contend for is a tie.
  void let_stand(std::size_t places) {
    if (places >= by_votes_.size()) {
      answer_.second_round = by_votes_;
      return;
    }
    const std::uint64_t last = votes(by_votes_[places - 1]);
    if (votes(by_votes_[places]) < last) {
      answer_.second_round.assign(by_votes_.begin(),
                                  by_votes_.begin() + static_cast<std::ptrdiff_t>(places));
      return;
    }
    MajorityTie tie;
    for (const std::size_t i : by_votes_) {
      if (votes(i) > last) answer_.second_round.push_back(i);
      if (votes(i) == last) tie.between.push_back(i);
    }
    tie.places = static_cast<std::uint32_t>(places - answer_.second_round.size());
    tie.reason = "equal votes: article L162 does not say which of them may stand";
    answer_.ties.push_back(std::move(tie));
  }

  void second_round() {
    answer_.articles = {"L126"};
    if (answer_.valid_votes == 0) {
      answer_.reason = "there is no valid vote";
      return;
    }
    std::vector<std::size_t> equals;
    for (const std::size_t i : by_votes_) {
      if (votes(i) == votes(by_votes_.front())) equals.push_back(i);
    }
    if (equals.size() == 1) {
      answer_.elected = equals.front();
      answer_.reason = "most votes";
      return;
    }
    choose_the_eldest(std::move(equals));
  }

  // Dates of this form compare as texts.
  void choose_the_eldest(std::vector<std::size_t> equals) {
    const auto born = [&](std::size_t i) { return question_.candidates[i].birth_date; };
    if (!std::all_of(equals.begin(), equals.end(), [&](std::size_t i) { return born(i); })) {
      answer_.reason = "equal votes";
      answer_.ties.push_back({1, std::move(equals), "equal votes, birth dates not given"});
      return;
    }
    const auto eldest =
        *born(*std::min_element(equals.begin(), equals.end(),
                                [&](std::size_t a, std::size_t b) { return *born(a) < *born(b); }));
    std::erase_if(equals, [&](std::size_t i) { return *born(i) != eldest; });
    if (equals.size() == 1) {
      answer_.elected = equals.front();
      answer_.reason = "equal votes, the eldest";
      return;
    }
    answer_.reason = "equal votes";
    answer_.ties.push_back({1, std::move(equals), "equal votes, born on the same day"});
  }

  const MajorityQuestion& question_;
  std::vector<std::size_t> by_votes_;  // most first
  MajorityAnswer answer_;
};

}  // namespace

Expected<MajorityAnswer> decide_majority(const MajorityQuestion& question) {
  if (auto good = check_question(question); !good) return tl::make_unexpected(good.error());
  return Decision(question).run();
}

}  // namespace isoloir
