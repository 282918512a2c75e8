// SHA-512 (FIPS 180-4) of eight messages of one length, one in each 64-bit lane of AVX-512. A
// ballot's challenges are so many short hashes that one after the other they cost a fifth of its
// judgement. Internal to this folder and its tests.
#pragma once

#include <algorithm>
#include <array>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/hash.hpp"

namespace isoloir::verification {

using EightMessages = std::array<const std::uint8_t*, 8>;
using EightDigests = std::array<ByteArray<64>, 8>;

// Whether processor and system have what sha512_eight takes.
bool has_sha512_eight();

// digests[i] of the `length` bytes at messages[i]; they may overlap. Only where has_sha512_eight().
void sha512_eight(const EightMessages& messages, std::size_t length, EightDigests& digests);

inline constexpr std::size_t lanes_of_sha512 = 8;
inline constexpr std::size_t fewest_lanes_used = 3;  // measured

// take(i, SHA-512 of message(i, place)) for each i below `count`. The messages, views of bytes, are
// of one length. Those of different places, below lanes_of_sha512, must be there at the same time.
template <typename Message, typename Take>
void hash_each(bool eight_at_once, std::size_t count, const Message& message, const Take& take) {
  for (std::size_t first = 0; first < count; first += lanes_of_sha512) {
    const std::size_t some = std::min(lanes_of_sha512, count - first);
    if (!eight_at_once || some < fewest_lanes_used) {
      for (std::size_t i = first; i < first + some; ++i) take(i, sha512(message(i, 0)));
      continue;
    }
    EightMessages messages;
    std::size_t length = 0;
    for (std::size_t place = 0; place < some; ++place) {
      const ByteView bytes = message(first + place, place);
      ISOLOIR_ASSERT(place == 0 || bytes.size() == length);
      length = bytes.size();
      messages[place] = bytes.data();
    }
    std::fill(messages.begin() + some, messages.end(), messages[0]);
    EightDigests digests;
    sha512_eight(messages, length, digests);
    for (std::size_t place = 0; place < some; ++place) take(first + place, digests[place]);
  }
}

}  // namespace isoloir::verification
