#include "election/roll.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "base/limits.hpp"
#include "election/consular_number.hpp"
#include "election/csv.hpp"

namespace isoloir {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_alphanumeric(char c) {
  return is_digit(c) || is_letter(c);
}
bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_digit);
}
void make_upper(std::string& text) {
  for (char& c : text) c = ascii_upper(c);
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// The rules of the cells: each says what is wrong with a value that is not empty, or nothing, and
// brings letters to one case where case means nothing.
using Rule = std::string_view (*)(std::string& value);

// Valid UTF-8 is known. C1 controls are C2 80 to C2 9F.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

std::string_view rule_text(std::string& value) {
  return has_control(value) ? "holds a line break or another control character" : "";
}

std::string_view rule_id(std::string& value) {
  return is_roll_identifier(value)
             ? ""
             : "must be 1 to 64 letters without accents, digits, dots, hyphens, underscores";
}

std::string_view rule_gender(std::string& value) {
  make_upper(value);
  return value == "F" || value == "M" ? "" : "must be F or M";
}

std::string_view rule_date(std::string& value) {
  constexpr std::string_view wrong =
      "is no date like 1985-02-28 (day, or month and day, 00 where presumed)";
  if (value.size() != 10 || value[4] != '-' || value[7] != '-') return wrong;
  const std::string_view text = value;
  const std::string_view parts[] = {text.substr(0, 4), text.substr(5, 2), text.substr(8, 2)};
  if (!std::all_of(std::begin(parts), std::end(parts), all_digits)) return wrong;
  const auto year = *number(parts[0]), month = *number(parts[1]), day = *number(parts[2]);
  if (year < 1900 || year > 2099 || month > 12) return wrong;
  if (month == 0) return day == 0 ? "" : wrong;
  constexpr std::uint32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap_day = month == 2 && year % 4 == 0 && year != 1900;
  return day <= days[month - 1] + (leap_day ? 1 : 0) ? "" : wrong;
}

// 2A and 2B stand for the departments of Corsica.
bool is_department(std::string_view two) {
  return all_digits(two) || two == "2A" || two == "2B";
}

std::string_view rule_birth_place(std::string& value) {
  make_upper(value);
  const std::string_view text = value;
  const bool good =
      text.size() == 5 && is_department(text.substr(0, 2)) && all_digits(text.substr(2));
  return good ? "" : "is no COG code of a commune (5 characters, like 75056 or 2A004)";
}

std::string_view rule_birth_country(std::string& value) {
  const bool good = value.size() == 5 && value.starts_with("99") && all_digits(value);
  return good ? "" : "is no COG code of a country (99100 for France, 99 and three digits)";
}

// Stricter than RFC 5321: what a mail header could read in two ways is refused.
std::string_view rule_email(std::string& value) {
  constexpr std::string_view wrong = "is no plain e-mail address";
  const std::string_view text = value;
  const auto at = text.find('@');
  if (text.size() > limits::email_bytes || at == std::string_view::npos) return wrong;
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  const auto in_local = [](char c) {
    return is_alphanumeric(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
  };
  if (local.empty() || local.size() > 64 || local.front() == '.' || local.back() == '.' ||
      local.find("..") != std::string_view::npos ||
      !std::all_of(local.begin(), local.end(), in_local)) {
    return wrong;
  }
  std::size_t labels = 0;
  for (std::size_t start = 0; start <= domain.size(); ++labels) {
    const auto end = std::min(domain.find('.', start), domain.size());
    const std::string_view label = domain.substr(start, end - start);
    const auto in_label = [](char c) { return is_alphanumeric(c) || c == '-'; };
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
        !std::all_of(label.begin(), label.end(), in_label)) {
      return wrong;
    }
    start = end + 1;
  }
  return labels >= 2 && !is_digit(domain.back()) ? "" : wrong;
}

std::string_view rule_phone(std::string& value) {
  if (value.size() > limits::roll_phone_bytes) return "is too long for a telephone number";
  return rule_text(value);
}

std::string_view rule_numen(std::string& value) {
  make_upper(value);
  const bool good = value.size() == 13 && std::all_of(value.begin(), value.end(), is_alphanumeric);
  return good ? "" : "is no NUMEN (13 letters and digits)";
}

// Sex (1, 2; 3, 4, 7, 8 while provisional), year, month, department, commune.
std::string_view rule_nir10(std::string& value) {
  make_upper(value);
  const std::string_view text = value;
  const bool good = text.size() == 10 &&
                    std::string_view("123478").find(text[0]) != std::string_view::npos &&
                    all_digits(text.substr(1, 4)) && is_department(text.substr(5, 2)) &&
                    all_digits(text.substr(7));
  return good ? ""
              : "is not the first 10 characters of a social security number (digits without "
                "spaces; 2A or 2B for Corsica)";
}

std::string_view rule_consular_number(std::string& value) {
  const auto digits = read_consular_number(value);
  if (!digits) return "is no number of 5 to 15 digits";
  value = *digits;
  return "";
}

struct Column {
  std::string_view name;
  std::string Voter::*field;  // none for the two that make Voter::contests
  bool required;
  bool unique;
  Rule rule;
};
constexpr std::array<Column, 17> columns{{
    {"identifiant", &Voter::id, true, true, rule_id},
    {"civilite", &Voter::title, false, false, rule_text},
    {"nom_naissance", &Voter::birth_name, true, false, rule_text},
    {"nom_usage", &Voter::usage_name, false, false, rule_text},
    {"prenoms", &Voter::given_names, true, false, rule_text},
    {"sexe", &Voter::gender, false, false, rule_gender},
    {"date_naissance", &Voter::birth_date, false, false, rule_date},
    {"commune_naissance", &Voter::birth_place, false, false, rule_birth_place},
    {"pays_naissance", &Voter::birth_country, false, false, rule_birth_country},
    {"courriel", &Voter::email, true, true, rule_email},
    {"telephone", &Voter::phone, false, false, rule_phone},
    {"numen", &Voter::numen, false, true, rule_numen},
    {"nir10", &Voter::nir10, false, false, rule_nir10},
    {"numic", &Voter::numic, false, true, rule_consular_number},
    {"numel", &Voter::numel, false, true, rule_consular_number},
    {"scrutins", nullptr, true, false, nullptr},
    {"circonscription", nullptr, false, false, nullptr},
}};
constexpr std::size_t email_column = 9;
constexpr std::size_t contests_column = 15;
constexpr std::size_t district_column = 16;

class RollReader {
 public:
  RollReader(std::string_view csv, ContestDistricts districts, RollAddress address)
      : reader_(csv, csv_separator(csv)), districts_(districts), columns_(columns) {
    columns_[email_column].required = columns_[email_column].unique =
        address == RollAddress::signs_in;
  }

  Expected<Roll> read() {
    if (!reader_.next()) {
      problems_.add(1, "", reader_.broken().empty() ? "the file is empty" : reader_.broken());
      return problems_.error();
    }
    read_header();
    if (!problems_.none()) return problems_.error();
    while (reader_.next()) {
      const auto cells = reader_.cells();
      if (cells.size() == 1 && csv_trimmed(cells[0]).empty()) continue;  // a blank line
      if (roll_.voters.size() == limits::roll_rows) {
        problems_.add(reader_.line(), "",
                      fmt::format("the roll has over {} voters", limits::roll_rows));
        break;
      }
      read_row(cells);
    }
    if (!reader_.broken().empty()) problems_.add(reader_.line(), "", reader_.broken());
    if (problems_.none() && roll_.voters.empty()) {
      problems_.add(1, "", "the file has a header and no voter");
    }
    if (!problems_.none()) return problems_.error();
    return std::move(roll_);
  }

 private:
  void read_header() {
    place_.fill(absent);
    const auto cells = reader_.cells();
    width_ = cells.size();
    for (std::size_t i = 0; i < width_; ++i) {
      const std::string name = csv_column_name(csv_trimmed(cells[i]));
      const auto column = std::find_if(columns.begin(), columns.end(),
                                       [&](const Column& one) { return one.name == name; });
      if (column == columns.end()) {
        problems_.add(1, "", fmt::format("unknown column \"{}\"", csv_trimmed(cells[i])));
        continue;
      }
      auto& place = place_[static_cast<std::size_t>(column - columns.begin())];
      if (place != absent) problems_.add(1, name, "stands twice in the header");
      place = i;
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns_[i].required && place_[i] == absent) {
        problems_.add(1, columns[i].name, "is missing from the header");
      }
    }
  }

  void read_row(std::span<const std::string> cells) {
    if (cells.size() != width_) {
      return problems_.add(reader_.line(), "",
                           fmt::format("{} cells, but the header has {}", cells.size(), width_));
    }
    Voter& voter = roll_.voters.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Column& column = columns_[i];
      const std::string_view cell = place_[i] == absent ? "" : csv_trimmed(cells[place_[i]]);
      if (cell.empty()) {
        if (column.required) problems_.add(reader_.line(), column.name, "is empty");
        continue;
      }
      if (column.field == nullptr) continue;
      std::string& value = voter.*column.field;
      value = cell;
      const std::string_view wrong = column.rule(value);
      if (!wrong.empty()) {
        problems_.add(reader_.line(), column.name, wrong);
      } else if (column.unique) {
        check_unique(i, value);
      }
    }
    read_contests(voter, cells);
  }

  // Without case: E0001 and e0001 would be one file name on a USB stick, and one mailbox.
  void check_unique(std::size_t column, const std::string& value) {
    const auto [found, added] = seen_[column].try_emplace(ascii_lower(value), reader_.line());
    if (!added) {
      problems_.add(reader_.line(), columns[column].name,
                    fmt::format("is the same as on line {}", found->second));
    }
  }

  void read_contests(Voter& voter, std::span<const std::string> cells) {
    const auto wrong = [&](std::size_t column, const std::string& what) {
      problems_.add(reader_.line(), columns[column].name, what);
    };
    std::optional<std::uint32_t> row_district;
    if (const auto place = place_[district_column]; place != absent) {
      const auto cell = csv_trimmed(cells[place]);
      row_district = number(cell);
      if (!cell.empty() && !row_district) return wrong(district_column, "is no district number");
    }
    std::string_view rest = csv_trimmed(cells[place_[contests_column]]);
    if (rest.empty()) return;  // already said
    for (bool more = true; more;) {
      const auto bar = rest.find('|');
      more = bar != std::string_view::npos;
      const std::string problem =
          read_contest(voter, csv_trimmed(rest.substr(0, bar)), row_district);
      if (!problem.empty()) return wrong(contests_column, problem);
      if (more) rest.remove_prefix(bar + 1);
    }
    std::sort(voter.contests.begin(), voter.contests.end());
    const auto twice =
        std::adjacent_find(voter.contests.begin(), voter.contests.end(),
                           [](const auto& a, const auto& b) { return a.contest == b.contest; });
    if (twice != voter.contests.end()) {
      wrong(contests_column, fmt::format("names contest {} twice", twice->contest));
    }
  }

  // "contest" or "contest:district"; what is wrong, or nothing.
  std::string read_contest(Voter& voter, std::string_view item,
                           std::optional<std::uint32_t> row_district) const {
    const auto colon = item.find(':');
    const auto contest = number(item.substr(0, colon));
    if (!contest) return "is no list like 0|1|2:5 (contest, or contest:district)";
    if (*contest >= districts_.size()) {
      return fmt::format("contest {} does not exist: they are 0 to {}", *contest,
                         static_cast<std::ptrdiff_t>(districts_.size()) - 1);
    }
    const std::uint32_t count = districts_[*contest];
    std::optional<std::uint32_t> district = count == 1 ? 0 : row_district;
    if (colon != std::string_view::npos) {
      district = number(item.substr(colon + 1));
      if (!district) return "is no list like 0|1|2:5 (contest, or contest:district)";
    }
    if (!district) {
      return fmt::format(
          "contest {} has {} districts, and neither this column nor "
          "circonscription names one",
          *contest, count);
    }
    if (*district >= count) {
      return fmt::format("district {} of contest {} does not exist: they are 0 to {}", *district,
                         *contest, static_cast<std::int64_t>(count) - 1);
    }
    voter.contests.push_back({*contest, *district});
    return {};
  }

  static constexpr std::size_t absent = SIZE_MAX;
  CsvReader reader_;
  ContestDistricts districts_;
  std::array<Column, columns.size()> columns_;  // for this roll
  Roll roll_;
  CsvProblems problems_{"roll.invalid"};
  std::size_t width_ = 0;
  std::array<std::size_t, columns.size()> place_{};  // of each column in the file
  std::array<std::unordered_map<std::string, std::size_t>, columns.size()> seen_;
};

}  // namespace

bool is_roll_identifier(std::string_view text) {
  return !text.empty() && text.size() <= limits::roll_id_bytes && is_alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

Expected<Roll> parse_roll(std::string_view csv, ContestDistricts districts, RollAddress address) {
  CsvProblems problems("roll.invalid");
  check_csv_encoding(csv, problems);
  if (!problems.none()) return problems.error();
  return RollReader(csv, districts, address).read();
}

Expected<std::string> read_roll_cell(std::string_view column, std::string_view cell,
                                     RollAddress address) {
  const auto known = std::find_if(columns.begin(), columns.end(), [&](const Column& one) {
    return one.field != nullptr && one.name == column;
  });
  ISOLOIR_ASSERT(known != columns.end());
  const auto wrong = [&](std::string_view what) {
    return fail("roll.invalid", fmt::format("column {}: {}", column, what));
  };
  CsvProblems problems("roll.invalid");
  check_csv_encoding(cell, problems);
  if (!problems.none()) return wrong("is no text in UTF-8");
  if (cell.size() > limits::roll_field_bytes) return wrong("is too long");
  std::string value(csv_trimmed(cell));
  const bool is_email = known == columns.begin() + email_column;
  const bool required = is_email ? address == RollAddress::signs_in : known->required;
  if (value.empty()) {
    if (required) return wrong("is empty");
    return value;
  }
  if (const auto what = known->rule(value); !what.empty()) return wrong(what);
  return value;
}

std::string write_roll(const Roll& roll, char separator) {
  std::string out;
  for (std::size_t i = 0; i < district_column; ++i) {
    out += columns[i].name;
    out += i == contests_column ? '\n' : separator;
  }
  for (const Voter& voter : roll.voters) {
    for (std::size_t i = 0; i < contests_column; ++i) {
      append_csv_cell(out, voter.*columns[i].field, separator);
      out += separator;
    }
    for (const auto& [contest, district] : voter.contests) {
      out += fmt::format("{}:{}|", contest, district);
    }
    out.back() = '\n';
  }
  return out;
}

}  // namespace isoloir
