// Sums of products of scalars, reduced modulo l once, at the end.
#pragma once

#include <array>

#include "crypto/group.hpp"

namespace isoloir::verification {

using Words4 = std::array<std::uint64_t, 4>;  // 256 bits, least first
using Words2 = std::array<std::uint64_t, 2>;  // 128 bits

// Holds numbers below 2^512. A product is below 2^382 (a factor below 2^254, the other of 128
// bits), so no sum that fits in memory overflows.
class WideScalar {
 public:
  void add_product(const Words2& coefficient, const Words4& scalar);
  void add(const WideScalar& other);
  Scalar reduced() const;

 private:
  std::array<std::uint64_t, 8> words_{};
};

template <std::size_t Count>
std::array<std::uint64_t, Count> words_of(const std::uint8_t* little_endian) {
  std::array<std::uint64_t, Count> words{};
  for (std::size_t i = 0; i < 8 * Count; ++i) {
    words[i / 8] |= std::uint64_t{little_endian[i]} << (8 * (i % 8));
  }
  return words;
}
inline Words4 words_of(const Scalar& scalar) {
  return words_of<4>(scalar.encoded().data());
}

// a + l - b, below 2 l, for a and b below l: their difference modulo l, but for a last reduction.
Words4 difference(const Words4& a, const Words4& b);

}  // namespace isoloir::verification
