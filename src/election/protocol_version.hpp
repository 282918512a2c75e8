// The version of docs/protocol.md that this program speaks, as manifests say it.
#pragma once

#include <string_view>

namespace isoloir {

inline constexpr std::string_view protocol_version = "isoloir/1";

}  // namespace isoloir
