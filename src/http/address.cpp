#include "http/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace isoloir::http {
namespace {

using AddressBytes = std::array<std::uint8_t, 16>;
constexpr AddressBytes mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned mapped_bits = 96;

bool is_mapped(const AddressBytes& bytes) {
  return std::equal(bytes.begin(), bytes.begin() + 12, mapped.begin());
}

std::optional<AddressBytes> parse_address(std::string_view view) {
  const std::string text(view);  // inet_pton wants a terminator
  if (text.find('\0') != std::string::npos) return std::nullopt;
  AddressBytes bytes = mapped;
  if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return bytes;
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

bool same_prefix(const AddressBytes& left, const AddressBytes& right, unsigned bits) {
  const auto whole = bits / 8;
  if (!std::equal(left.begin(), left.begin() + whole, right.begin())) return false;
  const auto rest = bits % 8;
  return rest == 0 || ((left[whole] ^ right[whole]) >> (8 - rest)) == 0;
}

bool zero_after(const AddressBytes& bytes, unsigned bits) {
  for (unsigned bit = bits; bit < 128; ++bit)
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  return true;
}

}  // namespace

std::optional<std::string> canonical_address(std::string_view text) {
  const auto bytes = parse_address(text);
  if (!bytes) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (is_mapped(*bytes))
    inet_ntop(AF_INET, bytes->data() + 12, buffer.data(), buffer.size());
  else
    inet_ntop(AF_INET6, bytes->data(), buffer.data(), buffer.size());
  return std::string(buffer.data());
}

Expected<AddressRange> AddressRange::parse(std::string_view text) {
  const auto malformed = [&] {
    return fail("address.range", "not an address range: " + std::string(text));
  };
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return malformed();
  AddressRange range;
  range.bytes_ = *address;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const unsigned offset = is_mapped(*address) && text.find(':') > slash ? mapped_bits : 0;
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > 128 - offset)
      return malformed();
    range.prefix_ = prefix + offset;
  }
  if (!zero_after(range.bytes_, range.prefix_)) return malformed();
  return range;
}

bool AddressRange::contains(std::string_view address) const {
  const auto bytes = parse_address(address);
  return bytes && same_prefix(*bytes, bytes_, prefix_);
}

std::string client_address(const std::string& peer, const Headers& headers,
                           const std::vector<AddressRange>& trusted_proxies) {
  if (std::none_of(trusted_proxies.begin(), trusted_proxies.end(),
                   [&](const AddressRange& range) { return range.contains(peer); }))
    return peer;
  std::string_view last;
  for (const auto& header : headers)
    if (equal_ignoring_case(header.name, "X-Forwarded-For")) last = header.value;
  const auto comma = last.rfind(',');
  if (comma != std::string_view::npos) last.remove_prefix(comma + 1);
  return canonical_address(trim(last)).value_or(peer);
}

}  // namespace isoloir::http
