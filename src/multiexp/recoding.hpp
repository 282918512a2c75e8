// Scalars as signed digits, for the portable engine.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace isoloir::multiexp {

inline constexpr unsigned full_bits = 253;
inline constexpr unsigned half_bits = 128;

// Digits of `width` bits, all but the highest from -2^(width-1) to 2^(width-1) - 1, the highest
// from 0 to 2^(width-1). Without carries from digit to digit: 2^(width-1) is added once at each
// lower place, then taken away from each digit as it is read.
class SignedWindows {
 public:
  static constexpr unsigned count(unsigned bits, unsigned width) { return bits / width + 1; }

  // `scalar` is little-endian and below 2^bits; bits at most full_bits, width from 2 to 16.
  SignedWindows(std::span<const std::uint8_t> scalar, unsigned bits, unsigned width);

  int digit(unsigned place, unsigned places, unsigned width) const {
    const unsigned bit = place * width, word = bit / 64, shift = bit % 64;
    std::uint64_t value = words_[word] >> shift;
    if (shift != 0) value |= words_[word + 1] << (64 - shift);
    const auto digit = static_cast<int>(value & ((std::uint64_t{1} << width) - 1));
    return place + 1 == places ? digit : digit - (1 << (width - 1));
  }

 private:
  std::array<std::uint64_t, 5> words_{};
};

// The width-5 non-adjacent form: digits 0 or odd from -15 to 15, of five in a row one not 0 at
// most. Of a scalar below 2^253, little-endian, of up to 32 bytes; from the lowest digit.
inline constexpr unsigned form_digits = full_bits + 1;
using NonAdjacentForm = std::array<std::int8_t, form_digits>;
NonAdjacentForm non_adjacent_form(std::span<const std::uint8_t> scalar);

}  // namespace isoloir::multiexp
