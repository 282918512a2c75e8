// What is about to be opened, in words, and the tally T as members read it aloud: the bureau and
// each holder see the same lines, so that who is shown another box hears it.
//
// As long as no witness co-signs the log's checkpoints, that T is the only one of its election
// rests on this comparison (docs/threat-model.md). One thread.
#pragma once

#include <string>
#include <vector>

#include "cli/result_words.hpp"
#include "election/count.hpp"

namespace isoloir::cli {

// Read aloud are the first 192 bits of T, in hexadecimal. Who makes two boxes chooses both, so
// what must be out of reach is any pair that begins alike: 2^96 tries.
inline constexpr std::size_t tally_digits_read = 48;
std::string tally_read_aloud(const ByteArray<64>& tally);  // "0123 4567 …"

// As a person types it: blanks, hyphens and capitals do not matter, digits beyond those that are
// read do. Gives the digits. Error: trustee.tally_form.
Expected<std::string> parse_read_tally(std::string_view typed);
// Error: trustee.tally_read.
Status compare_tally(const ByteArray<64>& tally, const std::string& digits);

// Contest by contest the turnout and each unit's ballots, the log's place and root, T, and what
// the members must compare. `events` are those of the log, the freeze among them.
void say_tally(const Manifest& manifest, const Tally& tally,
               const std::vector<SignedDocument>& events, const Say& say);

}  // namespace isoloir::cli
