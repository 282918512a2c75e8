// What the engines that work on several points side by side hand to their kernels: the digits of
// scalars. Types alone, as the kernels are compiled for processors that not everybody has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace isoloir::multiexp {

// A scalar to which the biases of its digits (below) have been added, so that digits are read
// without carries. Zeros above.
struct BiasedScalar {
  std::uint64_t word[8];
};

// A digit a lane: digit = (scalar >> bit & mask) - bias. A lane without a digit has mask and bias
// 0.
template <std::size_t lanes>
struct DigitLanes {
  std::uint64_t bit[lanes], mask[lanes], bias[lanes];
};

}  // namespace isoloir::multiexp
