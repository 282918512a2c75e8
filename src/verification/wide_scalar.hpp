// Sums of products of scalars, reduced modulo l once, at the end.
#pragma once

#include <array>

#include "base/words.hpp"
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

using isoloir::words_of;
inline Words4 words_of(const Scalar& scalar) {
  return words_of<4>(scalar.encoded().data());
}

// Whether they are below l, as Scalar::decode asks.
bool is_scalar(const Words4& words);

// a + l - b, below 2 l, for a and b below l: their difference modulo l, but for a last reduction.
Words4 difference(const Words4& a, const Words4& b);

}  // namespace isoloir::verification
