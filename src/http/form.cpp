#include "http/form.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "http/percent.hpp"

namespace isoloir::http {
namespace {

// Any encoded text longer than this decodes to more than the limit.
constexpr std::size_t encoded_bytes_max = limits::form_field_bytes * 3;

Expected<std::string> decode(std::string_view text) {
  if (text.size() > encoded_bytes_max) return fail("form.field_too_large", "form field too large");
  auto decoded = percent_decode(text, true);
  if (!decoded) return fail("form.escape", "bad percent-encoding in a form");
  if (decoded->size() > limits::form_field_bytes)
    return fail("form.field_too_large", "form field too large");
  if (!is_utf8(*decoded)) return fail("form.utf8", "form field is not UTF-8");
  if (has_control(*decoded, "\r\n\t")) return fail("form.control", "control character in a form");
  return std::move(*decoded);
}

Status add_pair(Form& form, std::string_view pair) {
  const auto equals = pair.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return fail("form.syntax", "form field without name or '='");
  if (form.fields.size() == limits::form_fields)
    return fail("form.too_many_fields", "too many form fields");
  auto name = decode(pair.substr(0, equals));
  if (!name) return fail(std::move(name.error()));
  auto value = decode(pair.substr(equals + 1));
  if (!value) return fail(std::move(value.error()));
  if (form.get(*name)) return fail("form.repeated_field", "form field given twice");
  form.fields.emplace_back(std::move(*name), std::move(*value));
  return {};
}

void encode(std::string& target, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == ' ')
      target += '+';
    else if (plain.find(character) != std::string_view::npos)
      target += character;
    else
      target.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
}

}  // namespace

std::optional<std::string_view> Form::get(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return std::nullopt;
}

Expected<Form> parse_form(std::string_view text) {
  Form form;
  if (text.empty()) return form;
  while (true) {
    const auto end = text.find('&');
    if (auto added = add_pair(form, text.substr(0, end)); !added)
      return fail(std::move(added.error()));
    if (end == std::string_view::npos) return form;
    text.remove_prefix(end + 1);
  }
}

std::string encode_form(const Form& form) {
  std::string result;
  for (const auto& [name, value] : form.fields) {
    if (!result.empty()) result += '&';
    encode(result, name);
    result += '=';
    encode(result, value);
  }
  return result;
}

Expected<Form> read_form(const Request& request) {
  const auto type = request.header("Content-Type").value_or("");
  if (!equal_ignoring_case(trim(type.substr(0, type.find(';'))),
                           "application/x-www-form-urlencoded"))
    return fail("form.content_type", "the body is not declared as a form");
  return parse_form(request.body);
}

Expected<Form> read_query(const Request& request) {
  return parse_form(request.query);
}

}  // namespace isoloir::http
