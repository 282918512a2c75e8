#include "crypto/group.hpp"

#include <sodium.h>

#include <algorithm>

#include "base/result.hpp"

namespace isoloir {
namespace {

// The group order l, little-endian (RFC 9496 section 4).
constexpr ByteArray<32> group_order = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

}  // namespace

Scalar Scalar::from_u64(std::uint64_t value) {
  Scalar result;
  for (std::size_t i = 0; i < 8; ++i) {
    result.bytes_[i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  return result;
}

Scalar Scalar::random(Random& random) {
  auto wide = random.array<64>();
  const Scalar result = reduce(wide);
  wipe(wide.data(), wide.size());
  return result;
}

Scalar Scalar::reduce(const ByteArray<64>& wide) {
  Scalar result;
  crypto_core_ristretto255_scalar_reduce(result.bytes_.data(), wide.data());
  return result;
}

std::optional<Scalar> Scalar::decode(ByteView encoded) {
  const auto bytes = to_array<32>(encoded);
  if (!bytes) return std::nullopt;
  if (!std::lexicographical_compare(bytes->rbegin(), bytes->rend(), group_order.rbegin(),
                                    group_order.rend())) {
    return std::nullopt;
  }
  Scalar result;
  result.bytes_ = *bytes;
  return result;
}

bool Scalar::is_zero() const {
  return sodium_is_zero(bytes_.data(), bytes_.size()) != 0;
}

Scalar Scalar::inverse() const {
  Scalar result;
  ISOLOIR_ASSERT(crypto_core_ristretto255_scalar_invert(result.bytes_.data(), bytes_.data()) == 0);
  return result;
}

Scalar operator+(const Scalar& a, const Scalar& b) {
  Scalar result;
  crypto_core_ristretto255_scalar_add(result.bytes_.data(), a.bytes_.data(), b.bytes_.data());
  return result;
}
Scalar operator-(const Scalar& a, const Scalar& b) {
  Scalar result;
  crypto_core_ristretto255_scalar_sub(result.bytes_.data(), a.bytes_.data(), b.bytes_.data());
  return result;
}
Scalar operator*(const Scalar& a, const Scalar& b) {
  Scalar result;
  crypto_core_ristretto255_scalar_mul(result.bytes_.data(), a.bytes_.data(), b.bytes_.data());
  return result;
}

const Point& Point::generator() {
  static const Point point = base_multiply(Scalar::from_u64(1));
  return point;
}

// libsodium 1.0.18 does not look at the top bit, which no canonical encoding has: with it each
// point would have a second name, and one key be two.
std::optional<Point> Point::decode_or_identity(ByteView encoded) {
  const auto bytes = to_array<32>(encoded);
  if (!bytes || bytes->back() >= 0x80 ||
      crypto_core_ristretto255_is_valid_point(bytes->data()) != 1) {
    return std::nullopt;
  }
  return Point(*bytes);
}

std::optional<Point> Point::decode(ByteView encoded) {
  auto point = decode_or_identity(encoded);
  if (point && point->is_identity()) return std::nullopt;
  return point;
}

bool Point::is_identity() const {
  return sodium_is_zero(bytes_.data(), bytes_.size()) != 0;
}

Point operator+(const Point& a, const Point& b) {
  Point result;
  ISOLOIR_ASSERT(
      crypto_core_ristretto255_add(result.bytes_.data(), a.bytes_.data(), b.bytes_.data()) == 0);
  return result;
}
Point operator-(const Point& a, const Point& b) {
  Point result;
  ISOLOIR_ASSERT(
      crypto_core_ristretto255_sub(result.bytes_.data(), a.bytes_.data(), b.bytes_.data()) == 0);
  return result;
}

// libsodium answers -1 for an identity result; in a group of prime order that is a zero scalar or
// an identity point, and it is an ordinary value here.
Point operator*(const Scalar& a, const Point& b) {
  Point result;
  if (crypto_scalarmult_ristretto255(result.bytes_.data(), a.encoded().data(), b.bytes_.data()) !=
      0) {
    ISOLOIR_ASSERT(a.is_zero() || b.is_identity());
    return Point();
  }
  return result;
}

Point base_multiply(const Scalar& a) {
  Point result;
  if (crypto_scalarmult_ristretto255_base(result.bytes_.data(), a.encoded().data()) != 0) {
    ISOLOIR_ASSERT(a.is_zero());
    return Point();
  }
  return result;
}

Point sum(std::span<const Point> points) {
  Point total;
  for (const auto& point : points) total = total + point;
  return total;
}

}  // namespace isoloir
