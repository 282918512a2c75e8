// CSV as people save it (RFC 4180 with `;` or `,`, UTF-8 with or without byte order mark, LF or
// CRLF), read so that each problem can be told with its line. No state; a reader is for one thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace isoloir {

// What is wrong with a file, up to limits::roll_problems of it, a line each.
class CsvProblems {
 public:
  explicit CsvProblems(std::string_view code) : code_(code) {}
  // `column` may be empty.
  void add(std::size_t line, std::string_view column, std::string_view what);
  bool none() const { return count_ == 0; }
  tl::unexpected<Error> error() const;  // there is at least one problem

 private:
  std::string code_;
  std::size_t count_ = 0;
  std::string text_;
};

// Adds the first thing that is wrong with the bytes, if any.
void check_csv_encoding(std::string_view csv, CsvProblems& problems);

// By the first line.
char csv_separator(std::string_view csv);

// A header as people write it: "Prénoms" is prenoms, "Nom usage" nom_usage.
std::string csv_column_name(std::string_view header);

std::string_view csv_trimmed(std::string_view text);

void append_csv_cell(std::string& out, std::string_view cell, char separator);

// Records one after the other; a record that breaks the form ends the reading.
class CsvReader {
 public:
  // The text outlives the reader; its byte order mark is skipped.
  CsvReader(std::string_view text, char separator);

  // False at the end and when broken() says why the file cannot be read on.
  bool next();

  std::span<std::string> cells() { return {cell_.data(), cells_}; }
  std::size_t line() const { return record_line_; }
  std::string_view broken() const { return broken_; }

 private:
  bool at_end_of_cell() const;
  void end_of_line();
  bool append(std::string_view part);
  bool plain();
  bool quoted();

  std::string_view rest_;
  char separator_;
  std::size_t line_ = 1;
  std::size_t record_line_ = 1;
  std::vector<std::string> cell_;  // kept from record to record for their memory
  std::size_t cells_ = 0;
  std::string broken_;
};

}  // namespace isoloir
