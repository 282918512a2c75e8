#include "election/result_rules.hpp"

#include <algorithm>
#include <compare>
#include <numeric>
#include <set>

#include "base/limits.hpp"

namespace isoloir {
namespace {

// With these bounds votes x seats and votes x (seats + 1) stay below 2^64: no product here can
// overflow.
constexpr std::uint64_t votes_max = std::uint64_t{1} << 53;
static_assert(limits::result_seats + 1 <= UINT64_MAX / votes_max);
// The same for the remainder of votes by the sum of shares, x a share.
static_assert(limits::options * limits::member_share * limits::member_share < UINT64_MAX / 2);

std::strong_ordering compare(const Fraction& left, const Fraction& right) {
  return left.numerator * right.denominator <=> right.numerator * left.denominator;
}

Status check_names(const std::vector<std::string_view>& names, const std::string& of_what) {
  std::set<std::string_view> seen;
  for (const auto name : names) {
    if (name.empty()) return fail("seats.name", of_what + " has no name");
    if (!seen.insert(name).second) {
      return fail("seats.name", of_what + " \"" + std::string(name) + "\" appears twice");
    }
  }
  return {};
}

Status check_members(const ListVotes& list) {
  if (list.members.empty()) return {};
  const std::string where = "the common list \"" + list.name + "\"";
  if (list.members.size() == 1 || list.members.size() > limits::options) {
    return fail("seats.members", where + " has " + std::to_string(list.members.size()) +
                                     " members; there are 2 to " + std::to_string(limits::options));
  }
  std::vector<std::string_view> names;
  std::uint64_t total = 0;
  std::size_t declared = 0;
  for (const auto& member : list.members) {
    names.push_back(member.name);
    if (member.share.value_or(0) > limits::member_share) {
      return fail("seats.members",
                  where + " has a share above " + std::to_string(limits::member_share));
    }
    total += member.share.value_or(0);
    declared += member.share.has_value();
  }
  if (declared != 0 && declared != list.members.size()) {
    return fail("seats.members", where + " gives the share of some members only");
  }
  if (declared != 0 && total == 0) return fail("seats.members", where + " has shares of nothing");
  return check_names(names, "a member of " + where);
}

Status check_question(const SeatQuestion& question) {
  if (question.seats == 0) return fail("seats.count", "there are no seats to fill");
  if (question.seats > limits::result_seats) {
    return fail("seats.count", "more than " + std::to_string(limits::result_seats) + " seats");
  }
  if (question.lists.empty()) return fail("seats.lists", "there are no lists");
  if (question.lists.size() > limits::options) {
    return fail("seats.lists", "more than " + std::to_string(limits::options) + " lists");
  }
  std::vector<std::string_view> names;
  for (const auto& list : question.lists) {
    names.push_back(list.name);
    if (list.votes > votes_max) {
      return fail("seats.votes", "the votes of \"" + list.name + "\" are above 2^53");
    }
    if (list.bare_union_name && list.candidates) {
      return fail("seats.candidates",
                  "\"" + list.name + "\" stands as a bare union name, yet with candidates");
    }
    if (auto good = check_members(list); !good) return good;
  }
  return check_names(names, "a list");
}

std::vector<MemberVotes> split(const ListVotes& list) {
  std::uint64_t total = 0;
  for (const auto& member : list.members) total += member.share.value_or(1);
  std::vector<MemberVotes> parts;
  for (const auto& member : list.members) {
    // votes x share / total in two parts, so that no product passes 2^64.
    const std::uint64_t share = member.share.value_or(1);
    const std::uint64_t remainder = list.votes % total * share;
    const std::uint64_t whole = list.votes / total * share + remainder / total;
    const std::uint64_t divisor = std::gcd(remainder % total, total);
    parts.push_back({member.name, whole, {remainder % total / divisor, total / divisor}});
  }
  return parts;
}

// The lists that nothing but a lot can tell apart for the next seat.
struct Leaders {
  std::vector<std::size_t> lists;
  DecidedBy decided_by = DecidedBy::average;
  std::string reason;
};

class Attribution {
 public:
  explicit Attribution(const SeatQuestion& question) : question_(question) {}

  Expected<SeatAnswer> run() {
    open();
    if (answer_.valid_votes == 0) {
      answer_.unfilled = question_.seats;
    } else {
      give_by_quota();
      if (auto good = give_by_average(); !good) return tl::make_unexpected(good.error());
      bound_by_candidates();
    }
    if (!question_.lots.empty() && !lot_used_) {
      return fail("seats.lots", "lots are given, yet no tie needs one");
    }
    return std::move(answer_);
  }

 private:
  const ListVotes& list(std::size_t index) const { return question_.lists[index]; }

  std::uint32_t held(std::size_t index) const {
    return answer_.lists[index].by_quota + answer_.lists[index].by_average;
  }

  bool is_full(std::size_t index) const {
    return list(index).candidates && held(index) >= *list(index).candidates;
  }

  Fraction average(std::size_t index) const { return {list(index).votes, held(index) + 1u}; }

  void open() {
    for (const auto& list : question_.lists) {
      answer_.valid_votes += list.votes;
      answer_.lists.push_back({list.name, list.votes, 0, 0, 0, split(list)});
    }
    answer_.quota = {answer_.valid_votes, question_.seats};
    remaining_ = question_.seats;
  }

  void give_by_quota() {
    for (auto& list : answer_.lists) {
      list.by_quota =
          static_cast<std::uint32_t>(list.votes * question_.seats / answer_.valid_votes);
      remaining_ -= list.by_quota;
    }
  }

  Status give_by_average() {
    while (remaining_ > 0) {
      Leaders leaders = leading();
      if (leaders.lists.size() == 1) {
        give(leaders.lists.front(), leaders.decided_by);
      } else if (leaders.lists.size() <= remaining_ ||
                 std::all_of(leaders.lists.begin(), leaders.lists.end(),
                             [this](std::size_t index) { return is_full(index); })) {
        share_out(leaders);
      } else {
        return draw(std::move(leaders));
      }
    }
    return {};
  }

  // Highest average, then votes, then candidates where every one of the equals has presented a
  // known number.
  Leaders leading() const {
    Leaders leaders;
    for (std::size_t i = 0; i < question_.lists.size(); ++i) {
      const auto order = leaders.lists.empty()
                             ? std::strong_ordering::greater
                             : compare(average(i), average(leaders.lists.front()));
      if (order > 0) leaders.lists.clear();
      if (order >= 0) leaders.lists.push_back(i);
    }
    narrow(leaders, DecidedBy::votes, [this](std::size_t i) { return list(i).votes; });
    const auto any = [&](auto predicate) {
      return std::any_of(leaders.lists.begin(), leaders.lists.end(), predicate);
    };
    if (any([this](std::size_t i) { return list(i).bare_union_name; })) {
      leaders.reason = "equal averages and votes, on a bare union name";
    } else if (any([this](std::size_t i) { return !list(i).candidates; })) {
      leaders.reason = "equal averages and votes, numbers of candidates not given";
    } else {
      narrow(leaders, DecidedBy::candidates, [this](std::size_t i) { return *list(i).candidates; });
      leaders.reason = "equal averages, votes and numbers of candidates";
    }
    return leaders;
  }

  template <typename Key>
  static void narrow(Leaders& leaders, DecidedBy criterion, Key key) {
    std::vector<std::size_t> best;
    for (const std::size_t i : leaders.lists) {
      if (!best.empty() && key(i) > key(best.front())) best.clear();
      if (best.empty() || key(i) == key(best.front())) best.push_back(i);
    }
    if (best.size() < leaders.lists.size()) leaders.decided_by = criterion;
    leaders.lists = std::move(best);
  }

  void give(std::size_t index, DecidedBy decided_by) {
    AverageStep step{{}, index, decided_by, is_full(index)};
    for (std::size_t i = 0; i < question_.lists.size(); ++i) step.averages.push_back(average(i));
    answer_.steps.push_back(std::move(step));
    ++answer_.lists[index].by_average;
    --remaining_;
  }

  // One seat to each of the equals: there are enough, or no one can fill it and it matters not
  // whose it is.
  void share_out(const Leaders& leaders) {
    for (const std::size_t index : leaders.lists) {
      if (remaining_ > 0) give(index, DecidedBy::one_each);
    }
  }

  // The lists drawn first win; what no lot has settled yet is a tie.
  Status draw(Leaders leaders) {
    std::vector<std::size_t> drawn;
    for (const auto& name : question_.lots) {
      const auto found = std::find_if(leaders.lists.begin(), leaders.lists.end(),
                                      [&](std::size_t i) { return list(i).name == name; });
      if (found == leaders.lists.end()) {
        return fail("seats.lots", "\"" + name + "\" is drawn twice or is not in the tie");
      }
      drawn.push_back(*found);
      leaders.lists.erase(found);
    }
    lot_used_ = true;
    const std::size_t winners = std::min<std::size_t>(drawn.size(), remaining_);
    for (std::size_t k = 0; k < winners; ++k) give(drawn[k], DecidedBy::lot);
    if (remaining_ > 0) {
      answer_.ties.push_back({remaining_, std::move(leaders.lists), std::move(leaders.reason)});
      remaining_ = 0;
    }
    return {};
  }

  void bound_by_candidates() {
    for (std::size_t i = 0; i < question_.lists.size(); ++i) {
      const std::uint32_t won = held(i);
      const std::uint32_t seats = std::min(won, list(i).candidates.value_or(won));
      answer_.lists[i].seats = seats;
      answer_.unfilled += won - seats;
    }
  }

  const SeatQuestion& question_;
  SeatAnswer answer_;
  std::uint32_t remaining_ = 0;
  bool lot_used_ = false;
};

}  // namespace

std::string in_text(const Fraction& fraction) {
  return std::to_string(fraction.numerator) + "/" + std::to_string(fraction.denominator);
}

Expected<SeatAnswer> attribute_seats(const SeatQuestion& question) {
  if (auto good = check_question(question); !good) return tl::make_unexpected(good.error());
  return Attribution(question).run();
}

Status check_turnout(const Turnout& turnout) {
  const bool balanced =
      turnout.valid <= turnout.sign_offs && turnout.blank == turnout.sign_offs - turnout.valid;
  if (balanced && turnout.sign_offs <= turnout.registered) return {};
  return fail("result.turnout", std::to_string(turnout.valid) + " valid + " +
                                    std::to_string(turnout.blank) + " blank, " +
                                    std::to_string(turnout.sign_offs) + " sign-offs, " +
                                    std::to_string(turnout.registered) + " registered");
}

}  // namespace isoloir
