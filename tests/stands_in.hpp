// Whether a short word ("E1") stands in a text as a word: within a token or a reference its letters
// may also stand by chance, once in some fifty runs.
#pragma once

#include <regex>
#include <string>

namespace isoloir {

inline bool stands_in(const std::string& text, const std::string& word) {
  return std::regex_search(text, std::regex("\\b" + word + "\\b"));
}

}  // namespace isoloir
