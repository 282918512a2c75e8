// Where a message goes, as coarse as an organiser needs it to see where delivery fails.
#pragma once

#include <string>
#include <string_view>

#include "courier/transport.hpp"

namespace isoloir {

// Of an address its domain; of a number its country (ISO 3166-1, two letters), empty where unknown.
std::string place_of(MessageChannel channel, std::string_view destination);

}  // namespace isoloir
