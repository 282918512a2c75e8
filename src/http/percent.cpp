#include "http/percent.hpp"

#include <cstddef>
#include <cstdint>

namespace isoloir::http {
namespace {

int hex_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  return -1;
}

// Length of the sequence that starts with this byte, and the least second byte and greatest second
// byte it may have (RFC 3629 section 4); length 0 for a byte that starts none.
struct Sequence {
  std::size_t length;
  std::uint8_t low;
  std::uint8_t high;
};

Sequence sequence(std::uint8_t first) {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xC2) return {0, 0, 0};
  if (first < 0xE0) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char character = text[i];
    if (character <= ' ' || character > '~') return std::nullopt;
    if (character == '+' && plus_is_space) {
      result += ' ';
    } else if (character == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      result += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      result += character;
    }
  }
  return result;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto [length, low, high] = sequence(static_cast<std::uint8_t>(text[i]));
    if (length == 0 || text.size() - i < length) return false;
    for (std::size_t j = 1; j < length; ++j) {
      const auto byte = static_cast<std::uint8_t>(text[i + j]);
      if (byte < (j == 1 ? low : 0x80) || byte > (j == 1 ? high : 0xBF)) return false;
    }
    i += length;
  }
  return true;
}

bool has_control(std::string_view utf8, std::string_view allowed) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(utf8[i]);
    if ((byte < 0x20 || byte == 0x7F) && allowed.find(utf8[i]) == std::string_view::npos)
      return true;
    if (byte == 0xC2 && i + 1 < utf8.size() && static_cast<std::uint8_t>(utf8[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

}  // namespace isoloir::http
