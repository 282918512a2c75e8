// The electoral roll as its own voters may read it (R211-529; L25): one contest's, by name, in
// pages. Reads only, but for prepare_electoral_roll. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/state.hpp"

namespace isoloir {

inline constexpr std::size_t roll_page_size = 50;

struct RollLine {
  std::string name;        // by which she is known
  std::string birth_name;  // empty where it is that
  std::string given_names;
  std::uint32_t district = 0;
};
struct RollPage {
  std::vector<RollLine> lines;
  std::size_t number = 1;  // of the page, from 1
  std::size_t pages = 1;   // of what was searched for
  std::size_t found = 0;
};

// The lines whose names hold every one of the first `limits::roll_search_words` words of `words`,
// in any order, case and accents apart; all of them for no word, none for what is no UTF-8.
// `number` beyond the last page gives the last.
RollPage read_electoral_roll(State& state, std::uint32_t contest, std::string_view words,
                             std::size_t number);

// The keys by which names are looked up, for a state whose roll was imported without: at the start
// of the server. Does nothing where they are there.
void prepare_electoral_roll(State& state);
// Words apart by blanks alone: case and accents, hyphens, apostrophes and commas as people and
// their telephones type them do not tell names apart. Nothing for what is no text.
std::optional<std::string> folded_names(std::string_view text);
// What a voter is found by: name in use, name of birth, given names.
std::string roll_names(std::string_view usage, std::string_view birth, std::string_view given);
// The same for a voter whose names were `before` and are `after` now; `state` has been prepared.
void replace_roll_entries(store::Transaction& transaction, const std::string& voter,
                          std::string_view before, std::string_view after);
// Of one contest: she is on its roll no longer.
void remove_roll_entry(store::Transaction& transaction, const std::string& voter,
                       std::uint32_t contest);
// Of all contests that the voter has.
void insert_roll_entries(store::Transaction& transaction, const std::string& voter,
                         std::string_view names);

}  // namespace isoloir
