// isoloir seats FILE.json: votes in, seats out, by the rules of election/result_rules.hpp and
// election/two_round_rule.hpp. "rule" says which; any key that is not named here is refused, so
// that a misspelt one is never a rule left out.
//
// Published files may also carry "title", "note", "src" and, in a list, "seats": they are not read.
//
// "proportional-highest-average". Input: "seats", "lists"; optional
// "valid_votes" (must be the sum of the lists' votes), "lots" (names in the order drawn). A list:
// "name", "votes"; optional "candidates" (number presented), "sigle" (true: stands on a bare union
// name), "members" of a common list ("name", and "share", a whole number, for all of them or none).
// Output: {"lists": [{"name", "votes", "seats"}…], "unfilled", "ties": [{"seats", "between",
// "reason"}]}; a common list also has "members": [{"name", "votes"}], where votes that do not
// divide are text: "33 + 1/3". With --working: "valid_votes", "quota", and in "steps" each seat
// given by highest average.
//
// "two-round-majority". Input: "registered", "candidates" ("name", "votes", and "birth_date" as
// YYYY-MM-DD, which may be absent); optional "round" (1, which is meant when it is absent, or 2),
// "valid_votes" (must be the sum of the candidates' votes), "seats" (1). Output: {"round",
// "valid_votes", "candidates": [{"name", "votes"}…], "elected" (name or null), "second_round"
// [name…], "articles" of the Code électoral, "reason", "ties": [{"places", "between", "reason"}]}.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/canonical_json.hpp"
#include "base/limits.hpp"
#include "cli/commands.hpp"
#include "cli/object_reader.hpp"
#include "election/result_rules.hpp"
#include "election/two_round_rule.hpp"

namespace isoloir::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

Expected<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(limits::result_file_bytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return fail("seats.file", "cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > limits::result_file_bytes) return fail("seats.file", "is too large");
  return text;
}

Expected<ListVotes> read_list(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  reader.allow({"name", "votes", "candidates", "sigle", "members", "seats"});
  ListVotes list;
  list.name = reader.text("name");
  list.votes = reader.number("votes", true, std::uint64_t{1} << 53).value_or(0);
  list.candidates = reader.small_number("candidates", false);
  list.bare_union_name = reader.flag("sigle");
  for (const auto& item : reader.array("members", false)) {
    ObjectReader member(item, where + ", member " + std::to_string(list.members.size() + 1));
    member.allow({"name", "share"});
    list.members.push_back({member.text("name"), member.small_number("share", false)});
    if (auto good = member.status(); !good) return tl::make_unexpected(good.error());
  }
  if (auto good = reader.status(); !good) return tl::make_unexpected(good.error());
  return list;
}

Status check_sum(const std::optional<std::uint64_t>& said, std::uint64_t sum,
                 const std::string& of) {
  if (!said || *said == sum) return {};
  return fail("seats.valid_votes", "valid_votes is " + std::to_string(*said) + ", the " + of +
                                       "' votes add up to " + std::to_string(sum));
}

Expected<SeatQuestion> read_question(const Json& json) {
  ObjectReader reader(json, "the file");
  reader.allow({"rule", "seats", "lists", "valid_votes", "lots", "title", "note", "src"});
  SeatQuestion question;
  question.seats = reader.small_number("seats", true).value_or(0);
  const auto valid_votes = reader.number("valid_votes", false, UINT64_MAX);
  const Json lists = reader.array("lists", true);
  const Json lots = reader.array("lots", false);
  if (auto good = reader.status(); !good) return tl::make_unexpected(good.error());
  std::uint64_t sum = 0;
  for (const auto& item : lists) {
    auto list = read_list(item, "list " + std::to_string(question.lists.size() + 1));
    if (!list) return tl::make_unexpected(list.error());
    sum += list->votes;
    question.lists.push_back(std::move(*list));
  }
  if (auto good = check_sum(valid_votes, sum, "lists"); !good) {
    return tl::make_unexpected(good.error());
  }
  for (const auto& name : lots) {
    if (!name.is_string()) return fail("seats.form", "lots: a name is no text");
    question.lots.push_back(name.get<std::string>());
  }
  return question;
}

Expected<MajorityQuestion> read_majority(const Json& json) {
  ObjectReader reader(json, "the file");
  reader.allow({"rule", "round", "registered", "candidates", "valid_votes", "seats", "title",
                "note", "src"});
  MajorityQuestion question;
  question.round = reader.small_number("round", false).value_or(1);
  question.registered = reader.number("registered", true, UINT64_MAX).value_or(0);
  const auto seats = reader.small_number("seats", false);
  const auto valid_votes = reader.number("valid_votes", false, UINT64_MAX);
  const Json candidates = reader.array("candidates", true);
  if (auto good = reader.status(); !good) return tl::make_unexpected(good.error());
  if (seats.value_or(1) != 1) return fail("seats.count", "this rule fills one seat");
  std::uint64_t sum = 0;
  for (const auto& item : candidates) {
    ObjectReader candidate(item, "candidate " + std::to_string(question.candidates.size() + 1));
    candidate.allow({"name", "votes", "birth_date"});
    CandidateVotes read;
    read.name = candidate.text("name");
    read.votes = candidate.number("votes", true, std::uint64_t{1} << 53).value_or(0);
    read.birth_date = candidate.optional_text("birth_date");
    if (auto good = candidate.status(); !good) return tl::make_unexpected(good.error());
    sum += read.votes;
    question.candidates.push_back(std::move(read));
  }
  if (auto good = check_sum(valid_votes, sum, "candidates"); !good) {
    return tl::make_unexpected(good.error());
  }
  return question;
}

OrderedJson members_json(const std::vector<MemberVotes>& members) {
  OrderedJson array = OrderedJson::array();
  for (const auto& member : members) {
    OrderedJson votes = member.votes;
    if (member.rest.numerator != 0) {
      votes = std::to_string(member.votes) + " + " + in_text(member.rest);
    }
    array.push_back({{"name", member.name}, {"votes", std::move(votes)}});
  }
  return array;
}

void add_working(OrderedJson& out, const SeatAnswer& answer) {
  static constexpr const char* reasons[] = {"average", "votes", "candidates", "one each", "lot"};
  out["valid_votes"] = answer.valid_votes;
  out["quota"] = in_text(answer.quota);
  for (std::size_t i = 0; i < answer.lists.size(); ++i) {
    out["lists"][i]["by_quota"] = answer.lists[i].by_quota;
    out["lists"][i]["by_average"] = answer.lists[i].by_average;
  }
  out["steps"] = OrderedJson::array();
  for (const auto& step : answer.steps) {
    OrderedJson averages = OrderedJson::array();
    for (const auto& average : step.averages) averages.push_back(in_text(average));
    out["steps"].push_back({{"averages", std::move(averages)},
                            {"winner", answer.lists[step.winner].name},
                            {"decided_by", reasons[static_cast<int>(step.decided_by)]},
                            {"unfilled", step.unfilled}});
  }
}

OrderedJson answer_json(const SeatAnswer& answer, bool working) {
  OrderedJson out = {{"lists", OrderedJson::array()}};
  for (const auto& list : answer.lists) {
    OrderedJson item = {{"name", list.name}, {"votes", list.votes}, {"seats", list.seats}};
    if (!list.members.empty()) item["members"] = members_json(list.members);
    out["lists"].push_back(std::move(item));
  }
  out["unfilled"] = answer.unfilled;
  out["ties"] = OrderedJson::array();
  for (const auto& tie : answer.ties) {
    OrderedJson between = OrderedJson::array();
    for (const std::size_t index : tie.between) between.push_back(answer.lists[index].name);
    out["ties"].push_back(
        {{"seats", tie.seats}, {"between", std::move(between)}, {"reason", tie.reason}});
  }
  if (working) add_working(out, answer);
  return out;
}

OrderedJson names_json(const MajorityQuestion& question, const std::vector<std::size_t>& indexes) {
  OrderedJson names = OrderedJson::array();
  for (const std::size_t i : indexes) names.push_back(question.candidates[i].name);
  return names;
}

OrderedJson majority_json(const MajorityQuestion& question, const MajorityAnswer& answer) {
  OrderedJson candidates = OrderedJson::array();
  for (const auto& one : question.candidates) {
    candidates.push_back({{"name", one.name}, {"votes", one.votes}});
  }
  OrderedJson out = {{"round", question.round},
                     {"valid_votes", answer.valid_votes},
                     {"candidates", std::move(candidates)},
                     {"elected", nullptr},
                     {"second_round", names_json(question, answer.second_round)},
                     {"articles", answer.articles},
                     {"reason", answer.reason},
                     {"ties", OrderedJson::array()}};
  if (answer.elected) out["elected"] = question.candidates[*answer.elected].name;
  for (const auto& tie : answer.ties) {
    out["ties"].push_back({{"places", tie.places},
                           {"between", names_json(question, tie.between)},
                           {"reason", tie.reason}});
  }
  return out;
}

Expected<OrderedJson> answer_to(const Json& json, bool working) {
  ObjectReader reader(json, "the file");
  const std::string rule = reader.text("rule");
  if (auto good = reader.status(); !good) return tl::make_unexpected(good.error());
  if (rule == highest_average_rule) {
    return read_question(json).and_then(attribute_seats).map([&](const SeatAnswer& answer) {
      return answer_json(answer, working);
    });
  }
  if (rule == two_round_majority_rule) {
    return read_majority(json).and_then([](const MajorityQuestion& question) {
      return decide_majority(question).map(
          [&](const MajorityAnswer& answer) { return majority_json(question, answer); });
    });
  }
  return fail("seats.rule", "the rule \"" + rule + "\" is unknown");
}

int run_seats(const std::string& path, bool working) {
  const auto answer = read_text(path)
                          .and_then([](const std::string& text) { return parse_json(text); })
                          .and_then([&](const Json& json) { return answer_to(json, working); });
  if (!answer) {
    std::fprintf(stderr, "isoloir seats: %s: %s (%s)\n", path.c_str(),
                 answer.error().message.c_str(), answer.error().code.c_str());
    return 2;
  }
  const std::string text = answer->dump(2) + "\n";
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    std::fputs("isoloir seats: the result cannot be written\n", stderr);
    return 1;
  }
  return 0;
}

}  // namespace

void add_seats(Command app) {
  struct Options {
    std::string path;
    bool working = false;
  };
  auto options = std::make_shared<Options>();
  Command command = app.add("seats", "Attribute seats from published votes (JSON)");
  command.option("file", options->path, "the votes, as JSON").required();
  command.flag("--working", options->working, "add the quota and every average");
  command.runs([options] { return run_seats(options->path, options->working); });
}

}  // namespace isoloir::cli
