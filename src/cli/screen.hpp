// What the organisers' commands say: French first, English beneath.
#pragma once

#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "election/manifest.hpp"
#include "web/locale.hpp"

namespace isoloir::cli {

// Two lines, the English one set back.
std::string both(const std::string& french, const std::string& english);

// "jeudi 1 décembre 2022 à 08h00 (heure de Paris)"
std::string moment(TimeMs at, web::Language language);

// From when to when, in both languages.
std::string vote_hours(TimeMs opens_at, TimeMs closes_at);

// In French, in English.
std::pair<const char*, const char*> role_words(BureauRole role);

// Hex digits in groups, as people read them aloud and compare them: of eight, but the election's
// fingerprint of four, as every page of the portal shows it.
std::string in_groups(ByteView bytes, std::size_t digits = 8);
std::string in_groups(const Fingerprint& fingerprint);
// Set back beneath what says it is, four groups of eight a line.
std::string in_lines(ByteView bytes);

}  // namespace isoloir::cli
