#include "verification/coefficients.hpp"

#include <sodium.h>

#include <algorithm>

#include "crypto/hash.hpp"

namespace isoloir::verification {

CoefficientStream::CoefficientStream(Random& random, const Fingerprint& fingerprint,
                                     std::span<const Tracker> ballots) {
  Bytes input = random.bytes(32);
  append(input, fingerprint.bytes);
  append_u32(input, static_cast<std::uint32_t>(ballots.size()));
  for (const auto ballot : ballots) append(input, ballot.bytes);
  const auto digest = sha512(input);
  std::copy_n(digest.begin(), key_.size(), key_.begin());
}

Words2 CoefficientStream::next() {
  for (;;) {
    if (at_ == block_bytes) {
      // A nonce for each block of the stream: they are never so many that the nonce comes again.
      static_assert(crypto_stream_chacha20_NONCEBYTES == 8);
      const auto nonce = bytes_of(std::array{block_});
      crypto_stream_chacha20(bytes_.data(), bytes_.size(), nonce.data(), key_.data());
      ++block_;
      at_ = 0;
    }
    const auto words = words_of<2>(bytes_.data() + at_);
    at_ += 16;
    if (words != Words2{}) return words;
  }
}

}  // namespace isoloir::verification
