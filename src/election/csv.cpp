#include "election/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/limits.hpp"

namespace isoloir {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Length of the well-formed UTF-8 character (RFC 3629) at the front, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned a = byte(0), b = byte(1);
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a <= 0xDF) return tail(1) ? 2 : 0;
  if ((a & 0xF0u) == 0xE0) {
    const bool shortest = a != 0xE0 || b >= 0xA0;
    const bool no_surrogate = a != 0xED || b < 0xA0;
    return tail(1) && tail(2) && shortest && no_surrogate ? 3 : 0;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    const bool in_range = (a != 0xF0 || b >= 0x90) && (a != 0xF4 || b < 0x90);
    return tail(1) && tail(2) && tail(3) && in_range ? 4 : 0;
  }
  return 0;
}

}  // namespace

void CsvProblems::add(std::size_t line, std::string_view column, std::string_view what) {
  if (++count_ > limits::roll_problems) return;
  text_ += column.empty() ? fmt::format("line {}: {}\n", line, what)
                          : fmt::format("line {}, column {}: {}\n", line, column, what);
}

tl::unexpected<Error> CsvProblems::error() const {
  std::string text = text_;
  if (count_ > limits::roll_problems) {
    text += fmt::format("and {} more\n", count_ - limits::roll_problems);
  }
  text.pop_back();
  return fail(code_, std::move(text));
}

void check_csv_encoding(std::string_view csv, CsvProblems& problems) {
  if (csv.starts_with("\xFF\xFE") || csv.starts_with("\xFE\xFF")) {
    return problems.add(1, "", "the file is in UTF-16: save it again as \"CSV UTF-8\"");
  }
  std::size_t line = 1;
  for (std::size_t i = 0; i < csv.size();) {
    const std::size_t length = utf8_length(csv.substr(i));
    if (length == 0) {
      return problems.add(
          line, "",
          fmt::format("the file is not in UTF-8 (byte {:02X}), but probably in Latin-1 or "
                      "Windows-1252: save it again as \"CSV UTF-8\"",
                      static_cast<unsigned char>(csv[i])));
    }
    if (csv[i] == '\0') {
      return problems.add(line, "", "the file holds a NUL byte: it is no text in UTF-8");
    }
    line += csv[i] == '\n' ? 1 : 0;
    i += length;
  }
}

char csv_separator(std::string_view csv) {
  return csv.substr(0, csv.find('\n')).find(';') != std::string_view::npos ? ';' : ',';
}

std::string csv_column_name(std::string_view header) {
  std::string out;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto rest = header.substr(i, 2);
    if (rest == "é" || rest == "É") {
      out += 'e';
      ++i;
    } else {
      out += header[i] == ' ' || header[i] == '-' ? '_' : ascii_lower(header[i]);
    }
  }
  return out;
}

std::string_view csv_trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void append_csv_cell(std::string& out, std::string_view cell, char separator) {
  if (cell.find_first_of("\"\r\n") == std::string_view::npos &&
      cell.find(separator) == std::string_view::npos) {
    out += cell;
    return;
  }
  out += '"';
  for (const char c : cell) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

CsvReader::CsvReader(std::string_view text, char separator) : rest_(text), separator_(separator) {
  if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
}

bool CsvReader::next() {
  record_line_ = line_;
  cells_ = 0;
  if (rest_.empty()) return false;
  for (;;) {
    if (cells_ == cell_.size()) cell_.emplace_back();
    cell_[cells_].clear();
    if (!(rest_.starts_with('"') ? quoted() : plain())) return false;
    ++cells_;
    if (rest_.starts_with(separator_)) {
      rest_.remove_prefix(1);
      continue;
    }
    end_of_line();
    return true;
  }
}

bool CsvReader::at_end_of_cell() const {
  return rest_.empty() || rest_[0] == separator_ || rest_[0] == '\n' || rest_.starts_with("\r\n");
}

void CsvReader::end_of_line() {
  if (rest_.starts_with('\r')) rest_.remove_prefix(1);
  if (rest_.empty()) return;
  rest_.remove_prefix(1);
  ++line_;
}

bool CsvReader::append(std::string_view part) {
  cell_[cells_] += part;
  if (cell_[cells_].size() <= limits::roll_field_bytes) return true;
  broken_ = fmt::format("cell {} is over {} bytes; is a quotation mark not closed?", cells_ + 1,
                        limits::roll_field_bytes);
  return false;
}

bool CsvReader::plain() {
  std::size_t length = 0;
  while (length < rest_.size() && rest_[length] != separator_ && rest_[length] != '\n' &&
         rest_[length] != '"') {
    ++length;
  }
  if (length < rest_.size() && rest_[length] == '"') {
    broken_ = fmt::format("cell {} has a quotation mark in its middle", cells_ + 1);
    return false;
  }
  const bool carriage_return =
      length > 0 && rest_[length - 1] == '\r' && (length == rest_.size() || rest_[length] == '\n');
  if (carriage_return) --length;
  const bool good = append(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return good;
}

bool CsvReader::quoted() {
  rest_.remove_prefix(1);
  for (;;) {
    const auto quote = rest_.find('"');
    const std::string_view part = rest_.substr(0, quote);
    line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    if (!append(part)) return false;
    if (quote == std::string_view::npos) {
      broken_ = fmt::format("cell {} opens a quotation mark that is not closed", cells_ + 1);
      return false;
    }
    rest_.remove_prefix(quote + 1);
    if (rest_.starts_with('"')) {
      if (!append("\"")) return false;
      rest_.remove_prefix(1);
      continue;
    }
    if (at_end_of_cell()) return true;
    broken_ = fmt::format("cell {} goes on after its closing quotation mark", cells_ + 1);
    return false;
  }
}

}  // namespace isoloir
