// Whether a short word stands in a text as a word: within a token (base64url), a reference or a
// fingerprint its characters may also stand by chance, those of "E1" once in some fifty runs.
#pragma once

#include <cctype>
#include <string_view>

namespace isoloir {

inline bool stands_in(std::string_view text, std::string_view word) {
  const auto within = [&](std::size_t at) {
    if (at >= text.size()) return false;
    const auto one = static_cast<unsigned char>(text[at]);
    return std::isalnum(one) != 0 || one == '-' || one == '_';
  };
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    if (!within(at - 1) && !within(at + word.size())) return true;
  }
  return false;
}

}  // namespace isoloir
