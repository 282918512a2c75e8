#include "portal/second_round.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "election/csv.hpp"
#include "election/two_round_rule.hpp"
#include "portal/portal.hpp"

namespace isoloir {
namespace {

std::optional<std::size_t> option_named(const Contest& contest, std::string_view name) {
  for (std::size_t i = 0; i < contest.options.size(); ++i) {
    if (!contest.options[i].blank && contest.options[i].name == name) return i;
  }
  return std::nullopt;
}

bool holds(const std::vector<std::size_t>& options, std::size_t option) {
  return std::find(options.begin(), options.end(), option) != options.end();
}

std::string names_of(const Contest& contest, const std::vector<std::size_t>& options) {
  std::string names;
  for (const auto option : options) {
    names += (names.empty() ? "" : ", ") + contest.options.at(option).name;
  }
  return names;
}

// What is asked of one contest, by its options' numbers. Error: second_round.name.
Expected<std::vector<std::size_t>> changes_of(const Manifest& manifest, std::uint32_t contest,
                                              const std::vector<StandingChange>& changes) {
  std::vector<std::size_t> options;
  for (const auto& change : changes) {
    if (change.contest != contest) continue;
    const auto option = option_named(manifest.contests[contest], change.name);
    if (!option) {
      return fail("second_round.name",
                  fmt::format("contest {} has no candidate \"{}\"", contest, change.name));
    }
    options.push_back(*option);
  }
  return options;
}

// Every place of which the article says nothing is given by people, and no other.
Status add_equals(const Contest& contest, std::uint32_t number, const Json& undecided,
                  const std::vector<std::size_t>& added, std::vector<std::size_t>& standing) {
  std::vector<std::size_t> equals;
  std::size_t places = 0;
  for (const auto& tie : undecided) {
    places += tie.at("places").get<std::size_t>();
    for (const auto& option : tie.at("between")) equals.push_back(option.get<std::size_t>());
  }
  for (const auto option : added) {
    if (!holds(equals, option)) {
      return fail("second_round.name", fmt::format("contest {}: {} is not among equals for a place",
                                                   number, contest.options[option].name));
    }
    if (!holds(standing, option)) standing.push_back(option);
  }
  // Who decides may take all of them: no equal is less than another.
  if (added.size() < places) {
    return fail("second_round.tie",
                fmt::format("contest {}: {} place(s) between equals, {}: the article does not say "
                            "who stands; the bureau does (--stand {}:NAME)",
                            number, places, names_of(contest, equals), number));
  }
  return {};
}

Expected<std::vector<std::string>> standing_in(const Manifest& manifest, std::uint32_t number,
                                               const Json& majority,
                                               const std::vector<StandingChange>& added,
                                               const std::vector<StandingChange>& withdrawn) {
  const auto& contest = manifest.contests[number];
  const auto added_here = changes_of(manifest, number, added);
  if (!added_here) return fail(added_here.error());
  const auto withdrawn_here = changes_of(manifest, number, withdrawn);
  if (!withdrawn_here) return fail(withdrawn_here.error());
  std::vector<std::size_t> standing;
  for (const auto& option : majority.at("second_round")) {
    standing.push_back(option.get<std::size_t>());
  }
  const bool decided = !majority.at("elected").is_null();
  if (auto good = add_equals(contest, number, decided ? Json::array() : majority.at("undecided"),
                             *added_here, standing);
      !good) {
    return fail(good.error());
  }
  for (const auto option : *withdrawn_here) {
    if (!holds(standing, option)) {
      return fail("second_round.name", fmt::format("contest {}: {} does not stand again", number,
                                                   contest.options[option].name));
    }
    std::erase(standing, option);
  }
  if (decided) return std::vector<std::string>{};
  if (standing.empty()) {
    return fail("second_round.nobody", fmt::format("contest {}: nobody stands again", number));
  }
  std::vector<std::string> names;
  for (const auto option : standing) names.push_back(contest.options[option].name);
  return names;
}

std::string_view trimmed(std::string_view line) {
  return csv_trimmed(line);
}

bool is_header(std::string_view line) {
  const auto brackets = line.find_first_not_of('[');
  return brackets != std::string_view::npos && brackets > 0 && brackets < 3 &&
         ((line[brackets] >= 'a' && line[brackets] <= 'z') ||
          (line[brackets] >= 'A' && line[brackets] <= 'Z'));
}

bool sets(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return false;
  return trimmed(line.substr(key.size())).starts_with("=");
}

std::string toml_text(std::string_view text) {
  return Json(std::string(text)).dump();  // JSON's escapes are TOML's
}

// Goes through the file line by line; what it does not know it leaves.
class Editor {
 public:
  Editor(const Portal& portal, const StandingAgain& standing, const SecondRoundTerms& terms)
      : portal_(portal), standing_(standing), terms_(terms) {}

  std::string edit(std::string_view toml) {
    while (!toml.empty()) {
      const auto end = std::min(toml.find('\n'), toml.size() - 1) + 1;
      take(toml.substr(0, end));
      toml.remove_prefix(end);
    }
    return std::move(text_);
  }

 private:
  void take(std::string_view whole) {
    const auto line = trimmed(whole);
    if (is_header(line)) enter(line.substr(0, line.find(']')));
    if (!keep_) return;
    if (section_ == "[portal" && sets(line, "election.fr")) {
      text_ += "election.fr = " + toml_text(terms_.election.fr) + "\n";
    } else if (section_ == "[portal" && sets(line, "election.en")) {
      text_ += "election.en = " + toml_text(terms_.election.en) + "\n";
    } else if (section_ == "[hours" && sets(line, "opens")) {
      text_ += "opens = " + terms_.opens + "\n";
    } else if (section_ == "[hours" && sets(line, "closes")) {
      text_ += "closes = " + terms_.closes + "\n";
    } else if (section_ == "[[contest" && sets(line, "round")) {
      text_ += "round = 2\n";
    } else {
      text_ += whole;
    }
  }

  void enter(std::string_view header) {
    section_ = header;
    keep_ = true;
    if (header == "[[contest") {
      ++contests_;
      candidates_ = 0;
    }
    if (header != "[[contest" && !header.starts_with("[[contest.")) return;
    if (contests_ == 0 || contests_ > standing_.size()) return;
    const auto& names = standing_[contests_ - 1];
    keep_ = !names.empty();
    if (header != "[[contest.candidate") return;
    const auto candidate = nth_candidate(portal_.contests[contests_ - 1], candidates_++);
    keep_ = keep_ && candidate && std::find(names.begin(), names.end(), *candidate) != names.end();
  }

  static std::optional<std::string> nth_candidate(const Contest& contest, std::size_t n) {
    for (const auto& option : contest.options) {
      if (!option.blank && n-- == 0) return option.name;
    }
    return std::nullopt;
  }

  const Portal& portal_;
  const StandingAgain& standing_;
  const SecondRoundTerms& terms_;
  std::string section_;
  bool keep_ = true;
  std::size_t contests_ = 0, candidates_ = 0;
  std::string text_;
};

// What the edited file must say.
bool as_wanted(const Portal& second, const StandingAgain& standing, const SecondRoundTerms& terms) {
  if (second.election.fr != terms.election.fr || second.election.en != terms.election.en ||
      second.opens_local != terms.opens || second.closes_local != terms.closes) {
    return false;
  }
  std::size_t k = 0;
  for (auto names : standing) {
    if (names.empty()) continue;
    if (k == second.contests.size() || second.contests[k].round != 2) return false;
    std::vector<std::string> there;
    for (const auto& option : second.contests[k].options) {
      if (!option.blank) there.push_back(option.name);
    }
    std::sort(names.begin(), names.end());
    std::sort(there.begin(), there.end());
    if (names != there) return false;
    ++k;
  }
  return k == second.contests.size();
}

// "0|3:1" with the contests' new numbers; nullopt for what is no such list.
std::optional<std::string> renumbered(std::string_view cell,
                                      const std::vector<std::optional<std::uint32_t>>& numbers) {
  std::string out;
  for (bool more = true; more;) {
    const auto bar = cell.find('|');
    more = bar != std::string_view::npos;
    const auto item = trimmed(cell.substr(0, bar));
    const auto colon = std::min(item.find(':'), item.size());
    const auto digits = trimmed(item.substr(0, colon));
    std::size_t contest = 0;
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, contest);
    if (read.ec != std::errc() || read.ptr != end || contest >= numbers.size()) return std::nullopt;
    if (numbers[contest]) {
      out += fmt::format("{}{}{}", out.empty() ? "" : "|", *numbers[contest], item.substr(colon));
    }
    if (more) cell.remove_prefix(bar + 1);
  }
  return out;
}

}  // namespace

std::vector<std::optional<std::uint32_t>> second_round_numbers(const StandingAgain& standing) {
  std::vector<std::optional<std::uint32_t>> numbers;
  std::uint32_t next = 0;
  for (const auto& names : standing) {
    numbers.push_back(names.empty() ? std::nullopt : std::optional(next++));
  }
  return numbers;
}

Expected<StandingAgain> standing_again(const Manifest& manifest, const Json& result,
                                       const std::vector<StandingChange>& added,
                                       const std::vector<StandingChange>& withdrawn) {
  for (const auto* changes : {&added, &withdrawn}) {
    for (const auto& change : *changes) {
      if (change.contest >= manifest.contests.size()) {
        return fail("second_round.name", fmt::format("there is no contest {}", change.contest));
      }
    }
  }
  StandingAgain standing(manifest.contests.size());
  for (const auto& contest : result.at("contests")) {
    const auto number = contest.at("contest").get<std::uint32_t>();
    const auto& rules = manifest.contests.at(number);
    if (rules.rule != two_round_majority_rule || rules.round != 1) {
      return fail("second_round.contest",
                  fmt::format("contest {} has no second round after it", number));
    }
    if (contest.at("registered") == 0) continue;
    auto names = standing_in(manifest, number, contest.at("majority"), added, withdrawn);
    if (!names) return fail(names.error());
    standing[number] = std::move(*names);
  }
  return standing;
}

Expected<std::string> second_round_portal(std::string_view toml, std::string_view name,
                                          const StandingAgain& standing,
                                          const SecondRoundTerms& terms) {
  const auto first = Portal::parse(toml, name);
  if (!first) return fail(first.error());
  if (first->contests.size() != standing.size()) {
    return fail("second_round.layout", "this is not the portal of that first round");
  }
  auto text = Editor(*first, standing, terms).edit(toml);
  const auto second = Portal::parse(text, "the second round's portal.toml");
  if (!second) return fail(second.error());
  if (!as_wanted(*second, standing, terms)) {
    return fail("second_round.layout",
                "portal.toml could not be edited: it must be that of the first round, each key of "
                "[portal], [hours] and [[contest]] on a line of its own");
  }
  return text;
}

Expected<std::string> second_round_roll(std::string_view csv, const StandingAgain& standing) {
  const auto numbers = second_round_numbers(standing);
  const char separator = csv_separator(csv);
  CsvReader reader(csv, separator);
  std::string out;
  std::optional<std::size_t> column;
  const auto broken = [&](std::string_view why) {
    return fail("second_round.roll", fmt::format("line {}: {}", reader.line(), why));
  };
  while (reader.next()) {
    const auto cells = reader.cells();
    if (cells.size() == 1 && trimmed(cells[0]).empty()) continue;
    if (!column) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (csv_column_name(trimmed(cells[i])) == "scrutins") column = i;
      }
      if (!column) return broken("the header has no column scrutins");
    } else {
      if (*column >= cells.size()) return broken("the column scrutins is missing");
      auto contests = renumbered(cells[*column], numbers);
      if (!contests) return broken("column scrutins: is no list of this portal's contests");
      if (contests->empty()) continue;
      cells[*column] = std::move(*contests);
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out += separator;
      append_csv_cell(out, cells[i], separator);
    }
    out += "\n";
  }
  if (!reader.broken().empty()) return broken(reader.broken());
  return out;
}

}  // namespace isoloir
