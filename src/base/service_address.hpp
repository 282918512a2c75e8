// The address of a service that this one calls: https://, or http:// of this very machine. One
// reading for everything that asks, narrower than any library's, so that no two of them can differ
// about the host: no user or password, no escapes in the host, no backslash, no fragment. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace isoloir {

enum class ServicePlace {
  elsewhere,     // https://
  this_machine,  // http://127.0.0.1:PORT or http://localhost:PORT
};
// Nothing for every other address.
std::optional<ServicePlace> place_of_service(std::string_view url);

}  // namespace isoloir
