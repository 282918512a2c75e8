#include "courier/received_mail.hpp"

#include <algorithm>
#include <cstdint>

#include "base/ascii.hpp"
#include "base/limits.hpp"

namespace isoloir {
namespace {

constexpr std::string_view mail_blanks = " \t\r\n";

std::string_view trim_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(mail_blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(mail_blanks) - first + 1);
}

// The next line without its end, which `text` then begins after.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool names_field(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > ' ' && c <= '~' && c != ':'; });
}

void add_bounded(std::string& value, std::string_view more) {
  const auto room = limits::mail_field_bytes - std::min(value.size(), limits::mail_field_bytes);
  value += more.substr(0, room);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = ascii_lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// What is no escape stays as it is (RFC 2045 section 6.7 leaves that to the reader).
std::string decode_quoted_printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text[0] == '=') {
      const auto after = text.substr(1);
      if (after.starts_with("\n") || after.starts_with("\r\n")) {
        text.remove_prefix(after[0] == '\n' ? 2 : 3);
        continue;
      }
      if (after.size() >= 2 && hex_digit(after[0]) >= 0 && hex_digit(after[1]) >= 0) {
        out += static_cast<char>(hex_digit(after[0]) * 16 + hex_digit(after[1]));
        text.remove_prefix(3);
        continue;
      }
    }
    out += text[0];
    text.remove_prefix(1);
  }
  return out;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Unlike base64_decode: what is no digit is passed over (RFC 2045 section 6.8), and a text that was
// cut gives what it has.
std::string decode_mail_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const int digit = base64_digit(c);
    if (digit < 0) continue;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffffU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return out;
}

// One value of a parameter: a token, or a quoted string without its quotes. `text` goes beyond it.
std::string take_parameter_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const auto end = std::min(text.find_first_of("; \t"), text.size());
    value = text.substr(0, end);
    text.remove_prefix(end);
    return value;
  }
  text.remove_prefix(1);
  while (!text.empty() && text[0] != '"') {
    if (text[0] == '\\' && text.size() > 1) text.remove_prefix(1);
    value += text[0];
    text.remove_prefix(1);
  }
  return value;
}

enum class BoundaryLine { none, between, last };

BoundaryLine read_boundary_line(std::string_view line, std::string_view boundary) {
  if (!line.starts_with("--") || !line.substr(2).starts_with(boundary)) return BoundaryLine::none;
  auto rest = line.substr(2 + boundary.size());
  const bool last = rest.starts_with("--");
  if (last) rest.remove_prefix(2);
  if (!trim_blanks(rest).empty()) return BoundaryLine::none;
  return last ? BoundaryLine::last : BoundaryLine::between;
}

}  // namespace

MailHead MailHead::read(std::string_view& text) {
  MailHead head;
  bool open = false;  // whether a folded line goes on with the last field
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.empty()) break;
    if (line[0] == ' ' || line[0] == '\t') {
      if (!open) continue;
      add_bounded(head.fields_.back().value, " ");
      add_bounded(head.fields_.back().value, trim_blanks(line));
      continue;
    }
    const auto colon = line.find(':');
    const auto name = trim_blanks(line.substr(0, colon));
    open = colon != std::string_view::npos && names_field(name) &&
           name.size() <= limits::mail_field_bytes && head.fields_.size() < limits::mail_fields;
    if (!open) continue;
    head.fields_.push_back({ascii_lower(name), {}});
    add_bounded(head.fields_.back().value, trim_blanks(line.substr(colon + 1)));
  }
  for (auto& field : head.fields_) field.value = std::string(trim_blanks(field.value));
  return head;
}

const std::string* MailHead::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const MailField& field) { return field.name == name; });
  return found == fields_.end() ? nullptr : &found->value;
}

MailPart MailPart::read(std::string_view text) {
  MailPart part;
  part.head = MailHead::read(text);
  part.body = text;
  return part;
}

std::string MailPart::type() const {
  const auto* value = head.find("content-type");
  if (value == nullptr) return "text/plain";
  return ascii_lower(trim_blanks(std::string_view(*value).substr(0, value->find(';'))));
}

std::string MailPart::type_parameter(std::string_view name) const {
  const auto* value = head.find("content-type");
  if (value == nullptr) return {};
  std::string_view text = *value;
  text.remove_prefix(std::min(text.find(';'), text.size()));
  while (!text.empty()) {
    if (text[0] == ';' || mail_blanks.find(text[0]) != std::string_view::npos || text[0] == '"') {
      text.remove_prefix(1);
      continue;
    }
    const auto end = std::min(text.find_first_of("=;"), text.size());
    const auto key = ascii_lower(trim_blanks(text.substr(0, end)));
    text.remove_prefix(end);
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of(mail_blanks), text.size()));
    auto given = take_parameter_value(text);
    if (key == name) return given;
  }
  return {};
}

std::string MailPart::decoded() const {
  const auto* value = head.find("content-transfer-encoding");
  const auto encoding = value == nullptr ? std::string{} : ascii_lower(*value);
  if (encoding == "base64") return decode_mail_base64(body);
  if (encoding == "quoted-printable") return decode_quoted_printable(body);
  return std::string(body);
}

std::vector<std::string_view> MailPart::parts(std::size_t most) const {
  std::vector<std::string_view> found;
  const auto boundary = type_parameter("boundary");
  if (boundary.empty()) return found;
  const char* begin = nullptr;  // of the part that is being read
  auto rest = body;
  while (!rest.empty()) {
    const char* at = rest.data();
    const auto kind = read_boundary_line(take_line(rest), boundary);
    if (kind == BoundaryLine::none) continue;
    if (begin != nullptr) found.emplace_back(begin, static_cast<std::size_t>(at - begin));
    begin = kind == BoundaryLine::last ? nullptr : rest.data();
    if (begin == nullptr || found.size() >= most) return found;
  }
  if (begin != nullptr && found.size() < most) {
    found.emplace_back(begin, static_cast<std::size_t>(body.data() + body.size() - begin));
  }
  return found;
}

}  // namespace isoloir
