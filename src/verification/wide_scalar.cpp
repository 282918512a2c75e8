#include "verification/wide_scalar.hpp"

#include <algorithm>

namespace isoloir::verification {
namespace {

constexpr Words4 group_order_words = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0,
                                      0x1000000000000000};

// Adds to words[at] and carries on.
template <std::size_t Count>
void add_at(std::array<std::uint64_t, Count>& words, std::size_t at, std::uint64_t value) {
  for (; value != 0 && at < Count; ++at) {
    words[at] += value;
    value = words[at] < value ? 1 : 0;
  }
}

}  // namespace

void WideScalar::add_product(const Words2& coefficient, const Words4& scalar) {
  __extension__ using Wide = unsigned __int128;
  for (std::size_t i = 0; i < coefficient.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < scalar.size(); ++j) {
      const Wide total = Wide{coefficient[i]} * scalar[j] + words_[i + j] + carry;
      words_[i + j] = static_cast<std::uint64_t>(total);
      carry = static_cast<std::uint64_t>(total >> 64);
    }
    add_at(words_, i + scalar.size(), carry);
  }
}

void WideScalar::add(const WideScalar& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) add_at(words_, i, other.words_[i]);
}

Scalar WideScalar::reduced() const {
  return Scalar::reduce(bytes_of(words_));
}

bool is_scalar(const Words4& words) {
  return std::lexicographical_compare(words.rbegin(), words.rend(), group_order_words.rbegin(),
                                      group_order_words.rend());
}

Words4 difference(const Words4& a, const Words4& b) {
  Words4 result = a;
  for (std::size_t i = 0; i < result.size(); ++i) add_at(result, i, group_order_words[i]);
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::uint64_t less = result[i] - b[i], least = less - borrow;
    borrow =
        static_cast<std::uint64_t>(result[i] < b[i]) + static_cast<std::uint64_t>(less < borrow);
    result[i] = least;
  }
  return result;
}

}  // namespace isoloir::verification
