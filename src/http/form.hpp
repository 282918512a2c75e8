// Strict application/x-www-form-urlencoded (WHATWG URL, section 5), for bodies and query strings
// alike. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"

namespace isoloir::http {

// Fields in the order received. Invariant of a parsed form: names are unique and not empty; names
// and values are valid UTF-8 without control characters other than CR, LF and TAB.
struct Form {
  std::vector<std::pair<std::string, std::string>> fields;

  std::optional<std::string_view> get(std::string_view name) const;
  bool operator==(const Form&) const = default;
};

// Refused, never repaired. Errors: form.syntax (empty pair, no '=', empty name), form.escape (bad
// %XX, raw byte that browsers escape), form.utf8, form.control, form.repeated_field,
// form.too_many_fields (limits::form_fields), form.field_too_large (limits::form_field_bytes,
// decoded). Messages never hold the input.
Expected<Form> parse_form(std::string_view text);

// As browsers write it: parse_form(encode_form(form)) gives the form again.
std::string encode_form(const Form& form);

// The body of a POST; error form.content_type unless it is declared as a form, and those of
// parse_form.
Expected<Form> read_form(const Request& request);
// The query string; errors of parse_form.
Expected<Form> read_query(const Request& request);

}  // namespace isoloir::http
