// The voting notice: one printable A4 page of HTML with a voter's code, French first, complete
// English beside. It loads nothing from anywhere. Pure; thread-safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "election/credential.hpp"
#include "election/roll.hpp"
#include "service/setup.hpp"

namespace isoloir::cli {

// A file is notice_head, then one or many pages, then notice_foot. A page of a voter whose code was
// replaced says so, and since when.
std::string notice_head(const ElectionDraft& election);
Secret<std::string> notice_page(const ElectionDraft& election, const Voter& voter, const Code& code,
                                std::span<const ReplacedKey> replaced = {});
std::string notice_foot();

// Characters as they are read aloud: "sept, Kilo, zéro" / "seven, Kilo, zero". `text` is of the
// Crockford alphabet.
std::string read_aloud(std::string_view text, bool french);

}  // namespace isoloir::cli
