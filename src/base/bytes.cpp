#include "base/bytes.hpp"

#include <sodium.h>

#include <algorithm>

#include "base/result.hpp"

namespace isoloir {

ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Bytes to_bytes(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

std::string hex_encode(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

std::optional<Bytes> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

namespace {

std::string base64_with(ByteView bytes, int variant) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
  text.pop_back();  // the terminating zero that libsodium writes
  return text;
}

std::optional<Bytes> base64_read(std::string_view text, int variant) {
  Bytes bytes(text.size() / 4 * 3 + 3);
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length,
                        &end, variant) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  bytes.resize(length);
  if (base64_with(bytes, variant) != text) return std::nullopt;  // non-zero trailing bits
  return bytes;
}

}  // namespace

std::string base64_encode(ByteView bytes) {
  return base64_with(bytes, sodium_base64_VARIANT_ORIGINAL);
}
std::optional<Bytes> base64_decode(std::string_view text) {
  return base64_read(text, sodium_base64_VARIANT_ORIGINAL);
}
std::string base64url_encode(ByteView bytes) {
  return base64_with(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
std::optional<Bytes> base64url_decode(std::string_view text) {
  return base64_read(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void append(Bytes& target, ByteView bytes) {
  target.insert(target.end(), bytes.begin(), bytes.end());
}
void append_u32(Bytes& target, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    target.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}
void append_u64(Bytes& target, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    target.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}
std::uint32_t read_u32(ByteView four_bytes) {
  ISOLOIR_ASSERT(four_bytes.size() == 4);
  std::uint32_t value = 0;
  for (const auto byte : four_bytes) value = value << 8 | byte;
  return value;
}

std::optional<ByteView> ByteReader::take(std::size_t count) {
  if (rest_.size() < count) return std::nullopt;
  const auto taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}
std::optional<std::uint32_t> ByteReader::take_u32() {
  const auto view = take(4);
  if (!view) return std::nullopt;
  return read_u32(*view);
}

bool equal_constant_time(ByteView left, ByteView right) {
  return left.size() == right.size() && sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace isoloir
