// A contest's result in words: as the bureau counts it, as its officers sign it, and as anybody's
// verification shows it.
#pragma once

#include <functional>
#include <string>

#include "base/canonical_json.hpp"
#include "election/manifest.hpp"

namespace isoloir::cli {

using Say = std::function<void(const std::string& french, const std::string& english)>;

// The turnout, a line for each list with its votes and seats or for each candidate with her votes
// and what the articles make of them, and what is left undecided. `counted` is the contest's
// object of result.json (docs/protocol.md section 10).
void say_result(const Contest& contest, const Json& counted, const Say& say);

}  // namespace isoloir::cli
