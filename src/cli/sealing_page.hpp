// The minutes of the sealing (CGFP R211-541, R211-550 to 552): one printable A4 document of HTML,
// French with English beside, that loads nothing from anywhere. It says nothing that was not read
// from what was sealed, so the same files give the same bytes. Pure; thread-safe.
#pragma once

#include <string>

#include "verification/sealing.hpp"

namespace isoloir::cli {

// `seal`: the text of seal.json, whose digest the page holds.
std::string sealing_page(const Sealing& sealing, std::string_view seal);

}  // namespace isoloir::cli
