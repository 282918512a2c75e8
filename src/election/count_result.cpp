// result.json: roll-up, seats and their working.
#include <algorithm>
#include <map>
#include <set>

#include "election/count.hpp"
#include "election/result_rules.hpp"

namespace isoloir {

namespace {

std::string_view name_of(DecidedBy decided_by) {
  switch (decided_by) {
    case DecidedBy::average:
      return "average";
    case DecidedBy::votes:
      return "votes";
    case DecidedBy::candidates:
      return "candidates";
    case DecidedBy::one_each:
      return "one-each";
    case DecidedBy::lot:
      return "lot";
  }
  ISOLOIR_ASSERT(false);
}

ListVotes list_votes(const ContestOption& option, std::uint64_t votes) {
  ListVotes list{option.name, votes, std::nullopt, option.sigle, {}};
  if (!option.sigle) list.candidates = static_cast<std::uint32_t>(option.candidates.size());
  const bool declared = std::any_of(option.common.begin(), option.common.end(),
                                    [](const CommonListMember& m) { return m.share != 0; });
  for (const auto& m : option.common) {
    list.members.push_back({m.name, declared ? std::optional(m.share) : std::nullopt});
  }
  return list;
}

// `options`: option number of each list of the answer.
Json seats_json(const SeatAnswer& answer, const std::vector<std::uint32_t>& options,
                const std::vector<std::uint32_t>& lots) {
  Json lists = Json::array();
  for (std::size_t i = 0; i < answer.lists.size(); ++i) {
    const auto& list = answer.lists[i];
    Json members = Json::array();
    for (const auto& m : list.members) {
      members.push_back({{"name", m.name}, {"votes", m.votes}, {"rest", in_text(m.rest)}});
    }
    lists.push_back({{"option", options[i]},
                     {"votes", list.votes},
                     {"by_quota", list.by_quota},
                     {"by_average", list.by_average},
                     {"seats", list.seats},
                     {"members", std::move(members)}});
  }
  Json steps = Json::array();
  for (const auto& step : answer.steps) {
    Json averages = Json::array();
    for (const auto& average : step.averages) averages.push_back(in_text(average));
    steps.push_back({{"averages", std::move(averages)},
                     {"winner", options[step.winner]},
                     {"decided_by", name_of(step.decided_by)},
                     {"unfilled", step.unfilled}});
  }
  Json ties = Json::array();
  for (const auto& tie : answer.ties) {
    Json between = Json::array();
    for (const auto list : tie.between) between.push_back(options[list]);
    ties.push_back({{"seats", tie.seats}, {"between", std::move(between)}, {"reason", tie.reason}});
  }
  return {{"quota", in_text(answer.quota)}, {"lists", std::move(lists)},
          {"steps", std::move(steps)},      {"unfilled", answer.unfilled},
          {"ties", std::move(ties)},        {"lots", lots}};
}

// Only a blank vote stood: nobody can win a seat.
SeatAnswer nobody_stood(std::uint32_t seats) {
  SeatAnswer answer;
  answer.quota = {0, std::max(seats, 1u)};
  answer.unfilled = seats;
  return answer;
}

}  // namespace

MajorityQuestion majority_question(const Contest& contest, std::uint64_t registered,
                                   const std::vector<std::uint64_t>& votes) {
  MajorityQuestion question{contest.round, registered, {}};
  for (std::size_t i = 0; i < contest.options.size(); ++i) {
    const auto& option = contest.options[i];
    if (option.blank) continue;
    question.candidates.push_back(
        {option.name, votes[i],
         option.birth_date.empty() ? std::nullopt : std::optional(option.birth_date)});
  }
  return question;
}

namespace {

Status check_majority(const Contest& contest) {
  if (contest.seats != 1) return fail("result.seats", "this rule fills one seat");
  for (const auto& option : contest.options) {
    if (!option.blank && !option.candidate) {
      return fail("result.options", "this rule wants candidates, not lists");
    }
  }
  const std::vector<std::uint64_t> nobody(contest.options.size());
  const auto question = majority_question(contest, 1, nobody);
  const auto answer = decide_majority(question);
  return answer ? Status() : fail(answer.error());
}

}  // namespace

Status check_attribution(const Contest& contest) {
  if (contest.rule == two_round_majority_rule) return check_majority(contest);
  if (contest.rule != highest_average_rule) {
    return fail("result.rule", "the rule \"" + contest.rule + "\" is unknown");
  }
  SeatQuestion question{contest.seats, {}, {}};
  for (const auto& option : contest.options) {
    if (option.candidate) return fail("result.options", "this rule wants lists, not candidates");
    if (!option.blank) question.lists.push_back(list_votes(option, 0));
  }
  if (question.lists.empty()) return {};
  const auto answer = attribute_seats(question);
  return answer ? Status() : fail(answer.error());
}

namespace {

// The numbers of the options that are not blank.
std::vector<std::uint32_t> standing_options(const Contest& contest) {
  std::vector<std::uint32_t> options;
  for (std::uint32_t i = 0; i < contest.options.size(); ++i) {
    if (!contest.options[i].blank) options.push_back(i);
  }
  return options;
}

Expected<Json> seats_of(const Contest& contest, const std::vector<std::uint64_t>& votes,
                        const std::vector<std::uint32_t>& lots) {
  const auto options = standing_options(contest);
  SeatQuestion question{contest.seats, {}, {}};
  for (const auto i : options) {
    question.lists.push_back(list_votes(contest.options[i], votes[i]));
  }
  for (const auto lot : lots) {
    if (lot >= contest.options.size() || contest.options[lot].blank) {
      return fail("result.lots", "a lot names no list of the contest");
    }
    question.lots.push_back(contest.options[lot].name);
  }
  const auto answer = question.lists.empty() ? Expected<SeatAnswer>(nobody_stood(contest.seats))
                                             : attribute_seats(question);
  if (!answer) return fail(answer.error());
  return seats_json(*answer, options, lots);
}

// Equals of whom the law says nothing are reported, and no lot decides among them.
Expected<Json> majority_of(const Contest& contest, std::uint64_t registered,
                           const std::vector<std::uint64_t>& votes,
                           const std::vector<std::uint32_t>& lots) {
  if (!lots.empty()) return fail("result.lots", "this rule draws no lots");
  const auto options = standing_options(contest);
  MajorityAnswer answer;
  answer.reason = "nobody is registered";
  if (registered != 0) {
    auto decided = decide_majority(majority_question(contest, registered, votes));
    if (!decided) return fail(decided.error());
    answer = std::move(*decided);
  }
  const auto numbers = [&](const std::vector<std::size_t>& candidates) {
    Json array = Json::array();
    for (const auto one : candidates) array.push_back(options[one]);
    return array;
  };
  Json undecided = Json::array();
  for (const auto& tie : answer.ties) {
    undecided.push_back(
        {{"places", tie.places}, {"between", numbers(tie.between)}, {"reason", tie.reason}});
  }
  return Json{{"round", contest.round},
              {"elected", answer.elected ? Json(options[*answer.elected]) : Json()},
              {"second_round", numbers(answer.second_round)},
              {"articles", answer.articles},
              {"reason", answer.reason},
              {"undecided", std::move(undecided)}};
}

Expected<Json> contest_json(const Contest& contest, const std::vector<std::uint64_t>& votes,
                            const ContestFigures& figures) {
  if (auto good = check_attribution(contest); !good) return fail(good.error());
  Turnout turnout{figures.registered, figures.sign_offs, 0, 0};
  for (std::size_t i = 0; i < contest.options.size(); ++i) {
    (contest.options[i].blank ? turnout.blank : turnout.valid) += votes[i];
  }
  if (auto good = check_turnout(turnout); !good) return fail(good.error());
  const bool majority = contest.rule == two_round_majority_rule;
  auto outcome = majority ? majority_of(contest, figures.registered, votes, figures.lots)
                          : seats_of(contest, votes, figures.lots);
  if (!outcome) return fail(outcome.error());
  return Json{{"registered", turnout.registered},
              {"sign_offs", turnout.sign_offs},
              {"ballots", turnout.valid + turnout.blank},
              {"blank", turnout.blank},
              {"valid", turnout.valid},
              {"votes", votes},
              {majority ? "majority" : "seats", std::move(*outcome)}};
}

}  // namespace

// Who may stand in round two, or is elected among equals born on one day, is for those to decide
// whom the law names: such a count is closed.
Status check_ties_settled(const Json& result) {
  for (const auto& contest : result["contests"]) {
    if (contest.contains("seats") && !contest["seats"]["ties"].empty()) {
      return fail("count.tie", "a tie waits for its lot: count --lot, then the close");
    }
  }
  return {};
}

Json left_out_json(std::vector<LeftOut> left_out) {
  std::sort(left_out.begin(), left_out.end(), [](const LeftOut& a, const LeftOut& b) {
    return std::tie(a.bureau, a.group, a.index) < std::tie(b.bureau, b.group, b.index);
  });
  Json list = Json::array();
  for (const auto& l : left_out) {
    list.push_back(
        {{"bureau", l.bureau}, {"group", l.group}, {"index", l.index}, {"reason", l.reason}});
  }
  return list;
}

Expected<std::string> make_result(const Manifest& manifest, const Tally& tally, const Votes& votes,
                                  const std::vector<ContestFigures>& figures,
                                  std::vector<LeftOut> left_out) {
  if (figures.size() != manifest.contests.size()) {
    return fail("result.contests", "the figures are not those of the contests");
  }
  ISOLOIR_ASSERT(votes.size() == tally.units.size());
  Json contests = Json::array();
  for (std::uint32_t k = 0; k < manifest.contests.size(); ++k) {
    std::vector<std::uint64_t> total(manifest.contests[k].options.size());
    Json units = Json::array();
    for (std::size_t u = 0; u < tally.units.size(); ++u) {
      const auto& unit = tally.units[u];
      if (unit.contest != k) continue;
      for (std::size_t i = 0; i < total.size(); ++i) total[i] += votes[u][i];
      units.push_back({{"unit", unit.unit},
                       {"name", unit.where.name},
                       {"districts", unit.where.districts},
                       {"ballots", unit.total.ballots},
                       {"votes", votes[u]}});
    }
    auto contest = contest_json(manifest.contests[k], total, figures[k]);
    if (!contest) {
      return fail(contest.error().code,
                  "contest " + std::to_string(k) + ": " + contest.error().message);
    }
    (*contest)["contest"] = k;
    (*contest)["units"] = std::move(units);
    contests.push_back(std::move(*contest));
  }
  return canonical_json({{"format", "isoloir-result/1"},
                         {"fingerprint", hex_encode(tally.fingerprint.bytes)},
                         {"tally", hex_encode(tally.hash)},
                         {"contests", std::move(contests)},
                         {"left_out", left_out_json(std::move(left_out))}});
}

}  // namespace isoloir
