// isoloir seats FILE.json: votes in, seats out, by the rules of election/result_rules.hpp.
//
// Input, one JSON object: "rule" ("proportional-highest-average"), "seats", "lists"; optional
// "valid_votes" (must be the sum of the lists' votes), "lots" (names in the order drawn). A list:
// "name", "votes"; optional "candidates" (number presented), "sigle" (true: stands on a bare union
// name), "members" of a common list ("name", and "share", a whole number, for all of them or none).
// Published files may also carry "title", "note", "src" and, in a list, "seats": they are not read.
// Any other key is refused, so that a misspelt one is never a rule left out.
//
// Output: {"lists": [{"name", "votes", "seats"}…], "unfilled", "ties": [{"seats", "between",
// "reason"}]}; a common list also has "members": [{"name", "votes"}], where votes that do not
// divide are text: "33 + 1/3". With --working: "valid_votes", "quota", and in "steps" each seat
// given by highest average.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/canonical_json.hpp"
#include "base/limits.hpp"
#include "cli/commands.hpp"
#include "election/result_rules.hpp"

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

// Reads one object: what is missing, of the wrong kind or unknown becomes the first error, said
// with its place.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) refuse("is no object");
  }

  void allow(std::initializer_list<std::string_view> keys) {
    if (!object_.is_object()) return;
    for (const auto& [key, unused] : object_.items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        refuse("has the unknown key \"" + key + "\"");
      }
    }
  }

  std::string text(const char* key) {
    const Json* value = get(key, true);
    if (value && !value->is_string()) refuse(std::string(key) + " is no text");
    return value && value->is_string() ? value->get<std::string>() : std::string();
  }

  std::optional<std::uint64_t> number(const char* key, bool required, std::uint64_t largest) {
    const Json* value = get(key, required);
    if (!value) return std::nullopt;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > largest) {
      refuse(std::string(key) + " is no whole number from 0 to " + std::to_string(largest));
      return std::nullopt;
    }
    return value->get<std::uint64_t>();
  }

  std::optional<std::uint32_t> small_number(const char* key, bool required) {
    const auto value = number(key, required, UINT32_MAX);
    return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
  }

  bool flag(const char* key) {
    const Json* value = get(key, false);
    if (value && !value->is_boolean()) refuse(std::string(key) + " is neither true nor false");
    return value && value->is_boolean() && value->get<bool>();
  }

  Json array(const char* key, bool required) {
    const Json* value = get(key, required);
    if (value && !value->is_array()) refuse(std::string(key) + " is no array");
    return value && value->is_array() ? *value : Json::array();
  }

  Status status() const { return error_.empty() ? Status() : fail("seats.form", error_); }

 private:
  const Json* get(const char* key, bool required) {
    const auto found = object_.is_object() ? object_.find(key) : object_.end();
    if (found != object_.end()) return &*found;
    if (required) refuse("has no " + std::string(key));
    return nullptr;
  }

  void refuse(const std::string& reason) {
    if (error_.empty()) error_ = where_ + ": " + reason;
  }

  const Json& object_;
  std::string where_;
  std::string error_;
};

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

Expected<SeatQuestion> read_question(const Json& json) {
  ObjectReader reader(json, "the file");
  reader.allow({"rule", "seats", "lists", "valid_votes", "lots", "title", "note", "src"});
  const std::string rule = reader.text("rule");
  SeatQuestion question;
  question.seats = reader.small_number("seats", true).value_or(0);
  const auto valid_votes = reader.number("valid_votes", false, UINT64_MAX);
  const Json lists = reader.array("lists", true);
  const Json lots = reader.array("lots", false);
  if (auto good = reader.status(); !good) return tl::make_unexpected(good.error());
  if (rule != "proportional-highest-average") {
    return fail("seats.rule", "the rule \"" + rule + "\" is unknown");
  }
  std::uint64_t sum = 0;
  for (const auto& item : lists) {
    auto list = read_list(item, "list " + std::to_string(question.lists.size() + 1));
    if (!list) return tl::make_unexpected(list.error());
    sum += list->votes;
    question.lists.push_back(std::move(*list));
  }
  if (valid_votes && *valid_votes != sum) {
    return fail("seats.valid_votes", "valid_votes is " + std::to_string(*valid_votes) +
                                         ", the lists' votes add up to " + std::to_string(sum));
  }
  for (const auto& name : lots) {
    if (!name.is_string()) return fail("seats.form", "lots: a name is no text");
    question.lots.push_back(name.get<std::string>());
  }
  return question;
}

std::string in_text(const Fraction& fraction) {
  return std::to_string(fraction.numerator) + "/" + std::to_string(fraction.denominator);
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

int run_seats(const std::string& path, bool working) {
  const auto answer = read_text(path)
                          .and_then([](const std::string& text) { return parse_json(text); })
                          .and_then(read_question)
                          .and_then(attribute_seats);
  if (!answer) {
    std::fprintf(stderr, "isoloir seats: %s: %s (%s)\n", path.c_str(),
                 answer.error().message.c_str(), answer.error().code.c_str());
    return 2;
  }
  const std::string text = answer_json(*answer, working).dump(2) + "\n";
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
