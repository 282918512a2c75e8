// The group of the protocol: ristretto255 (RFC 9496) through libsodium. docs/protocol.md section 1
// says what is judged: bytes from outside are decoded strictly here, computed values are never
// refused.
#pragma once

#include <compare>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace isoloir {

// An integer mod l, 32 bytes little-endian, always reduced. Zero is an ordinary scalar.
class Scalar {
 public:
  Scalar() = default;  // zero
  static Scalar from_u64(std::uint64_t value);
  static Scalar random(Random& random);                   // uniform
  static Scalar reduce(const ByteArray<64>& wide);        // little-endian, mod l
  static std::optional<Scalar> decode(ByteView encoded);  // exactly 32 bytes, < l

  const ByteArray<32>& encoded() const { return bytes_; }
  bool is_zero() const;
  Scalar inverse() const;  // of a non-zero scalar

  // For Secret<Scalar>.
  std::uint8_t* data() { return bytes_.data(); }
  static constexpr std::size_t size() { return 32; }

  friend Scalar operator+(const Scalar& a, const Scalar& b);
  friend Scalar operator-(const Scalar& a, const Scalar& b);
  friend Scalar operator*(const Scalar& a, const Scalar& b);
  friend bool operator==(const Scalar&, const Scalar&) = default;

 private:
  ByteArray<32> bytes_{};
};

using SecretScalar = Secret<Scalar>;

// A group element as its canonical encoding; the default is the identity (32 zero bytes).
class Point {
 public:
  Point() = default;
  static const Point& generator();
  static std::optional<Point> decode(ByteView encoded);  // canonical and not the identity
  static std::optional<Point> decode_or_identity(ByteView encoded);
  // Of what a strict decoder has accepted, or a strict encoder written, a moment ago, where looking
  // once more would cost more than the work itself. Never of bytes that nobody has judged.
  static Point of_canonical(const ByteArray<32>& encoded) { return Point(encoded); }

  const ByteArray<32>& encoded() const { return bytes_; }
  bool is_identity() const;

  friend Point operator+(const Point& a, const Point& b);
  friend Point operator-(const Point& a, const Point& b);
  friend Point operator*(const Scalar& a, const Point& b);  // constant time in a
  friend bool operator==(const Point&, const Point&) = default;
  friend std::strong_ordering operator<=>(const Point& a, const Point& b) = default;

 private:
  explicit Point(const ByteArray<32>& bytes) : bytes_(bytes) {}
  friend Point base_multiply(const Scalar& a);
  ByteArray<32> bytes_{};
};

Point base_multiply(const Scalar& a);  // a times the generator, constant time

Point sum(std::span<const Point> points);

}  // namespace isoloir
