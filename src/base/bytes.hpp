// Byte strings and their encodings: hex, base64 (RFC 4648 section 4, padded), base64url (section 5,
// unpadded). Decoders are strict: they accept only what the encoder would have written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isoloir {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

ByteView as_bytes(std::string_view text);
std::string_view as_text(ByteView bytes);
Bytes to_bytes(std::string_view text);

std::string hex_encode(ByteView bytes);  // lower case
std::optional<Bytes> hex_decode(std::string_view text);
std::string base64_encode(ByteView bytes);
std::optional<Bytes> base64_decode(std::string_view text);
std::string base64url_encode(ByteView bytes);
std::optional<Bytes> base64url_decode(std::string_view text);

// Exactly N bytes, or nothing.
template <std::size_t N>
std::optional<ByteArray<N>> to_array(ByteView bytes) {
  if (bytes.size() != N) return std::nullopt;
  ByteArray<N> result;
  std::copy(bytes.begin(), bytes.end(), result.begin());
  return result;
}
template <std::size_t N>
std::optional<ByteArray<N>> hex_decode_array(std::string_view text) {
  auto bytes = hex_decode(text);
  return bytes ? to_array<N>(*bytes) : std::nullopt;
}

void append(Bytes& target, ByteView bytes);
void append_u32(Bytes& target, std::uint32_t value);  // big-endian
void append_u64(Bytes& target, std::uint64_t value);  // big-endian
std::uint32_t read_u32(ByteView four_bytes);          // big-endian

// Reads a byte string from front to back; every read that would pass the end gives nothing and
// consumes nothing.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}
  std::optional<ByteView> take(std::size_t count);
  template <std::size_t N>
  std::optional<ByteArray<N>> take_array() {
    auto view = take(N);
    return view ? to_array<N>(*view) : std::nullopt;
  }
  std::optional<std::uint32_t> take_u32();
  bool empty() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }

 private:
  ByteView rest_;
};

// Comparison in constant time for equal lengths.
bool equal_constant_time(ByteView left, ByteView right);

}  // namespace isoloir
