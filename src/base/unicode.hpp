// What people type, to compare and to show: Unicode's normal forms (UAX #15, #31), through ICU.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace isoloir {

bool valid_utf8(std::string_view text);

// With '?' for what is not seen as itself: characters of control and format, separators of lines
// (general categories Cc, Cf, Zl, Zp), bytes that are no UTF-8. Nothing in it moves a terminal's
// cursor, turns the direction of what follows, or parts a word unseen.
std::string printable(std::string_view text);

// NFKC with case folding and without default-ignorable characters; nothing for invalid UTF-8.
std::optional<std::string> nfkc_casefold(std::string_view utf8);

// Form NFC, in which two keyboards type the same letter the same way; invalid UTF-8 as it is.
std::string nfc(std::string_view utf8);

// The first without accents and other marks, to look a name up by; empty for invalid UTF-8.
std::string casefold_without_accents(std::string_view utf8);

// Of that the letters and digits alone, ligatures as their letters (œ, æ), so that spaces, hyphens
// and apostrophes of any kind make no other name; empty for invalid UTF-8.
std::string letters_and_digits(std::string_view utf8);

}  // namespace isoloir
