// Crockford's base 32 alphabet and the normalisation of what people type (docs/protocol.md section
// 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace isoloir {

inline constexpr std::string_view crockford_alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Upper case; white space, hyphens and dashes out; full-width forms folded (what NFKC does to the
// characters that can be typed for this alphabet); O to 0, I and L to 1. Nothing when a character
// is left that is not of the alphabet.
std::optional<std::string> crockford_normalise(std::string_view utf8);

// Value 0..31 of a normalised character.
int crockford_value(char c);

}  // namespace isoloir
