#include "base/service_address.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace isoloir {
namespace {

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

}  // namespace

std::optional<ServicePlace> place_of_service(std::string_view url) {
  const bool visible = std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '#';
  });
  if (!visible || url.size() > limits::service_address_bytes) return std::nullopt;
  const auto scheme = url.substr(0, std::min(url.find("://"), url.size()));
  if (scheme.size() == url.size()) return std::nullopt;
  url.remove_prefix(scheme.size() + 3);
  const auto authority = url.substr(0, url.find_first_of("/?"));
  const auto colon = authority.find(':');
  const auto host = authority.substr(0, colon);
  const bool ported = colon != std::string_view::npos;
  if (!is_host(host) || (ported && !is_port(authority.substr(colon + 1)))) return std::nullopt;
  if (scheme == "https") return ServicePlace::elsewhere;
  const bool here = scheme == "http" && ported && (host == "127.0.0.1" || host == "localhost");
  return here ? std::optional(ServicePlace::this_machine) : std::nullopt;
}

}  // namespace isoloir
