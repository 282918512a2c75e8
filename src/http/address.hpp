// Network addresses as text, ranges of them, and whose address a request is counted under. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"

namespace isoloir::http {

// "192.0.2.1", "2001:db8::1" (RFC 5952); an IPv4 address mapped into IPv6 is written as IPv4.
// Nothing when the text is not exactly an address (no port, brackets, zone or spaces).
std::optional<std::string> canonical_address(std::string_view text);

// "10.0.0.0/8", "2001:db8::/32", or a single address.
class AddressRange {
 public:
  // Errors: address.range, also when bits are set beyond the prefix (a likely slip of the pen).
  static Expected<AddressRange> parse(std::string_view text);
  bool contains(std::string_view address) const;

 private:
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 as ::ffff:a.b.c.d
  unsigned prefix_ = 128;
};

// The peer's address, unless the peer is a trusted proxy: then the last hop of X-Forwarded-For, the
// one that the proxy itself wrote. Where that is missing or malformed, the peer's.
std::string client_address(const std::string& peer, const Headers& headers,
                           const std::vector<AddressRange>& trusted_proxies);

}  // namespace isoloir::http
