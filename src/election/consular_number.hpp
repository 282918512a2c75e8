// NUMIC (numéro d'identification consulaire) and, failing that, NUMEL (numéro d'électeur): what a
// citizen abroad gives beside one of her secrets to have the other again (L2; Code électoral,
// R176-3-7). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "election/roll.hpp"

namespace isoloir {

// The digits of what was typed or stands in the roll: 5 to 15, read as generously as a code (NFKC,
// white space, hyphens and dots out, O for 0, I and L for 1); nothing for anything else.
std::optional<std::string> read_consular_number(std::string_view typed);

// The NUMIC, or the NUMEL of who has none; empty where the roll has neither.
const std::string& consular_number(const Voter& voter);

// The handle of the recovery key (docs/protocol.md section 4): never that of a credential, whose
// alphabet has no colon.
std::string recovery_handle(std::string_view consular_number);

}  // namespace isoloir
