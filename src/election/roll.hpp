// The roll: who may vote, and in what (docs/roll.md). One CSV file, read whole or not at all.
//
// Pure functions without state, thread-safe. 100 000 rows are read in well under a second.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace isoloir {

// The number of districts of each contest, index = contest number.
using ContestDistricts = std::span<const std::uint32_t>;

struct VoterContest {
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  friend auto operator<=>(const VoterContest&, const VoterContest&) = default;
};

// Texts are UTF-8 without control characters or white space at their ends; what is not known is
// empty.
struct Voter {
  std::string id;     // permanent identifier, the handle of the credential: 1 to 64 of A-Za-z0-9._-
  std::string title;  // M., Mme
  std::string birth_name;
  std::string usage_name;
  std::string given_names;
  std::string gender;         // F or M
  std::string birth_date;     // YYYY-MM-DD; a presumed date has 00 for day, or for month and day
  std::string birth_place;    // COG code of the commune, empty when born abroad
  std::string birth_country;  // COG code of the country, 99100 for France
  std::string email;          // professional address, as written
  std::string phone;          // as written
  std::string numen;          // 13 upper-case letters and digits; contract staff have none
  std::string nir10;  // first 10 characters of the social security number; may hold 2A or 2B
  std::string numic;  // digits; who votes abroad (election/consular_number.hpp)
  std::string numel;
  std::vector<VoterContest> contests;  // at least one, ascending, no contest twice

  friend bool operator==(const Voter&, const Voter&) = default;
};

// 1 to 64 letters without accents, digits, dots, hyphens, underscores, the first a letter or digit:
// a file name, and nothing that a spreadsheet takes for a formula.
bool is_roll_identifier(std::string_view text);

// Whether voters sign in with their address: then each has one, and no two the same. Else it may be
// absent, and a couple may share one.
enum class RollAddress { signs_in, optional };

struct Roll {
  std::vector<Voter> voters;  // in the order of the file; ids, NUMEN, NUMIC, NUMEL unique
  friend bool operator==(const Roll&, const Roll&) = default;
};

// RFC 4180 with `;` or `,`, header, UTF-8 with or without byte order mark, LF or CRLF. Error:
// roll.invalid, whose message has one line for each problem, up to limits::roll_problems of them:
// "line 12, column courriel: ...". It holds no e-mail and none of the numbers.
Expected<Roll> parse_roll(std::string_view csv, ContestDistricts districts,
                          RollAddress address = RollAddress::signs_in);

// One cell of the roll, as parse_roll takes it: without white space at its ends. `column`: of
// docs/roll.md, one that holds a text of the voter's own (not scrutins, not circonscription);
// whether another voter has the same is for the caller. Error: roll.invalid, whose message names
// the column and not the value.
Expected<std::string> read_roll_cell(std::string_view column, std::string_view cell,
                                     RollAddress address);

// What parse_roll reads back as the same roll.
std::string write_roll(const Roll& roll, char separator = ';');

}  // namespace isoloir
