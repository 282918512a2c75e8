#include "service/electoral_roll.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/unicode.hpp"

namespace isoloir {

std::optional<std::string> folded_names(std::string_view text) {
  constexpr std::string_view marks[] = {"\u2019", "\u2018", "\u02bc", "\u2010", "\u2011",
                                        "\u2012", "\u2013", "\u2014", "\u2212"};
  std::string folded = casefold_without_accents(text);
  if (folded.empty() && !text.empty()) return std::nullopt;
  for (const auto mark : marks) {
    for (auto at = folded.find(mark); at != std::string::npos; at = folded.find(mark)) {
      folded.replace(at, mark.size(), " ");
    }
  }
  for (char& c : folded) {
    if (c == '-' || c == '\'' || c == ',' || c == '.' || c == '\t') c = ' ';
  }
  return folded;
}

namespace {

using store::Transaction;

// One pattern for each of the first words; a word's own signs of LIKE are letters.
std::vector<std::string> patterns_of(std::string_view folded) {
  std::vector<std::string> patterns;
  std::string pattern;
  for (const char c : std::string(folded) + " ") {
    if (c != ' ') {
      if (c == '%' || c == '_' || c == '\\') pattern.push_back('\\');
      pattern.push_back(c);
    } else if (!pattern.empty() && patterns.size() < limits::roll_search_words) {
      patterns.push_back("%" + pattern + "%");
      pattern.clear();
    }
  }
  return patterns;
}

struct Search {
  std::string condition;
  std::vector<store::Value> values;
};
Search search_of(std::uint32_t contest, std::string_view folded) {
  Search search{"e.contest = $1", {contest}};
  for (auto& pattern : patterns_of(folded)) {
    search.values.emplace_back(std::move(pattern));
    search.condition +=
        " AND e.name_key LIKE $" + std::to_string(search.values.size()) + " ESCAPE '\\'";
  }
  return search;
}

}  // namespace

RollPage read_electoral_roll(State& state, std::uint32_t contest, std::string_view words,
                             std::size_t number) {
  return *state.database().read([&](Transaction& transaction) -> Expected<RollPage> {
    const auto folded = folded_names(words);
    if (!folded) return RollPage();
    auto search = search_of(contest, *folded);
    RollPage page;
    page.found = static_cast<std::size_t>(
        transaction
            .query("SELECT COUNT(*) FROM roll_entry e WHERE " + search.condition, search.values)[0]
            .integer(0));
    page.pages = std::max<std::size_t>(1, (page.found + roll_page_size - 1) / roll_page_size);
    page.number = std::clamp<std::size_t>(number, 1, page.pages);
    const auto at = search.values.size();
    search.values.emplace_back(std::int64_t{roll_page_size});
    search.values.emplace_back(static_cast<std::int64_t>((page.number - 1) * roll_page_size));
    for (const auto& row : transaction.query(
             "SELECT v.usage_name, v.birth_name, v.given_names, c.district FROM (SELECT e.voter, "
             "e.name_key FROM roll_entry e WHERE " +
                 search.condition + " ORDER BY e.name_key, e.voter LIMIT $" +
                 std::to_string(at + 1) + " OFFSET $" + std::to_string(at + 2) +
                 ") f JOIN voter v ON v.id = f.voter JOIN voter_contest c ON c.voter = f.voter AND "
                 "c.contest = $1 ORDER BY f.name_key, f.voter",
             search.values)) {
      const bool usage = !row.text(0).empty() && row.text(0) != row.text(1);
      page.lines.push_back({usage ? row.text(0) : row.text(1), usage ? row.text(1) : "",
                            row.text(2), static_cast<std::uint32_t>(row.integer(3))});
    }
    return page;
  });
}

// The name in use first: by it she is sorted.
std::string roll_names(std::string_view usage, std::string_view birth, std::string_view given) {
  std::string names(usage.empty() ? birth : usage);
  names += " " + std::string(given);
  if (!usage.empty()) names += " " + std::string(birth);
  return names;
}

void insert_roll_entries(Transaction& transaction, const std::string& voter,
                         std::string_view names) {
  transaction.execute(
      "INSERT INTO roll_entry (contest, name_key, voter) SELECT contest, $2, voter FROM "
      "voter_contest WHERE voter = $1",
      {voter, folded_names(names).value_or("")});
}

namespace {

std::string name_key_of(Transaction& transaction, const std::string& voter) {
  const auto row = transaction.query(
      "SELECT usage_name, birth_name, given_names FROM voter WHERE id = $1", {voter})[0];
  return folded_names(roll_names(row.text(0), row.text(1), row.text(2))).value_or("");
}

}  // namespace

void remove_roll_entry(Transaction& transaction, const std::string& voter, std::uint32_t contest) {
  transaction.execute("DELETE FROM roll_entry WHERE contest = $1 AND name_key = $2 AND voter = $3",
                      {contest, name_key_of(transaction, voter), voter});
}

void replace_roll_entries(Transaction& transaction, const std::string& voter,
                          std::string_view before, std::string_view after) {
  transaction.execute(
      "DELETE FROM roll_entry WHERE voter = $1 AND name_key = $2 AND contest IN (SELECT contest "
      "FROM voter_contest WHERE voter = $1)",
      {voter, folded_names(before).value_or("")});
  insert_roll_entries(transaction, voter, after);
}

void prepare_electoral_roll(State& state) {
  (void)state.database().write([&](Transaction& transaction) -> Status {
    if (!transaction.query("SELECT 1 FROM roll_entry LIMIT 1").empty()) return {};
    for (const auto& row :
         transaction.query("SELECT id, usage_name, birth_name, given_names FROM voter")) {
      insert_roll_entries(transaction, row.text(0),
                          roll_names(row.text(1), row.text(2), row.text(3)));
    }
    return {};
  });
}

}  // namespace isoloir
