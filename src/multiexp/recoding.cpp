#include "multiexp/recoding.hpp"

#include "base/words.hpp"

namespace isoloir::multiexp {
namespace {

std::array<std::uint64_t, 5> words_of(std::span<const std::uint8_t> scalar) {
  std::array<std::uint64_t, 5> words{};
  for (std::size_t i = 0; i < scalar.size() / 8; ++i) words[i] = word_at(&scalar[8 * i]);
  return words;
}

}  // namespace

SignedWindows::SignedWindows(std::span<const std::uint8_t> scalar, unsigned bits, unsigned width)
    : words_(words_of(scalar)) {
  std::array<std::uint64_t, 5> offset{};
  for (unsigned place = 0; place + 1 < count(bits, width); ++place) {
    const unsigned bit = place * width + width - 1;
    offset[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const std::uint64_t sum = words_[i] + offset[i], total = sum + carry;
    carry = static_cast<std::uint64_t>(sum < offset[i]) + static_cast<std::uint64_t>(total < sum);
    words_[i] = total;
  }
}

NonAdjacentForm non_adjacent_form(std::span<const std::uint8_t> scalar) {
  constexpr unsigned width = 5;
  const auto words = words_of(scalar);
  NonAdjacentForm form{};
  std::uint64_t carry = 0;
  for (unsigned bit = 0; bit < form_digits;) {
    const unsigned word = bit / 64, shift = bit % 64;
    std::uint64_t value = words[word] >> shift;
    if (shift != 0) value |= words[word + 1] << (64 - shift);
    const std::uint64_t window = carry + (value & 31);
    if ((window & 1) == 0) {
      ++bit;
      continue;
    }
    carry = window >= 16 ? 1 : 0;
    form[bit] = static_cast<std::int8_t>(static_cast<int>(window) - static_cast<int>(carry * 32));
    bit += width;
  }
  return form;
}

}  // namespace isoloir::multiexp
