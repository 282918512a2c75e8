#include "election/crockford.hpp"

#include <cstdint>

namespace isoloir {
namespace {

// Next code point, or nothing at malformed UTF-8.
std::optional<char32_t> next_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  char32_t point = length == 1 ? lead : lead & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return std::nullopt;
    point = point << 6 | (next & 0x3f);
  }
  text.remove_prefix(length);
  return point;
}

bool is_separator(char32_t c) {
  return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0 || (c >= 0x2000 && c <= 0x200d) ||
         c == 0x202f || c == 0x205f || c == 0x3000 || c == 0xfeff || c == '-' || c == 0xad ||
         (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xff0d;
}

}  // namespace

int crockford_value(char c) {
  const auto place = crockford_alphabet.find(c);
  return place == std::string_view::npos ? -1 : static_cast<int>(place);
}

std::optional<std::string> crockford_normalise(std::string_view utf8) {
  std::string result;
  while (!utf8.empty()) {
    const auto point = next_point(utf8);
    if (!point) return std::nullopt;
    if (is_separator(*point)) continue;
    char32_t c = *point;
    if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;  // full-width form
    if (c >= 'a' && c <= 'z') c -= 32;
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    if (c >= 0x80 || crockford_value(static_cast<char>(c)) < 0) return std::nullopt;
    result.push_back(static_cast<char>(c));
  }
  return result;
}

}  // namespace isoloir
