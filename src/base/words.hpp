// Numbers in 64-bit words, least first, and their little-endian bytes.
#pragma once

#include <array>
#include <bit>
#include <cstring>

#include "base/bytes.hpp"

namespace isoloir {

inline std::uint64_t word_at(const std::uint8_t* eight_bytes) {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, eight_bytes, sizeof word);
  } else {
    for (std::size_t i = 0; i < 8; ++i) word |= std::uint64_t{eight_bytes[i]} << (8 * i);
  }
  return word;
}

template <std::size_t Count>
std::array<std::uint64_t, Count> words_of(const std::uint8_t* bytes) {
  std::array<std::uint64_t, Count> words;
  for (std::size_t i = 0; i < Count; ++i) words[i] = word_at(bytes + 8 * i);
  return words;
}

template <std::size_t Count>
ByteArray<8 * Count> bytes_of(const std::array<std::uint64_t, Count>& words) {
  ByteArray<8 * Count> bytes;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(bytes.data(), words.data(), bytes.size());
  } else {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
    }
  }
  return bytes;
}

}  // namespace isoloir
