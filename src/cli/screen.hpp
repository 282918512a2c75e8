// What the organisers' commands say: French first, English beneath.
#pragma once

#include <string>

#include "base/result.hpp"
#include "election/manifest.hpp"

namespace isoloir::cli {

// Two lines, the English one set back.
std::string both(const std::string& french, const std::string& english);

// Hex digits in groups, as people read them aloud and compare them: of eight, but the election's
// fingerprint of four, as every page of the portal shows it.
std::string in_groups(ByteView bytes, std::size_t digits = 8);
std::string in_groups(const Fingerprint& fingerprint);
// Set back beneath what says it is, four groups of eight a line.
std::string in_lines(ByteView bytes);

// Without what could move a terminal's cursor: names of files are anybody's.
std::string printable(std::string_view text);

}  // namespace isoloir::cli
