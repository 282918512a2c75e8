// The coefficients by which many equations become one (docs/protocol.md section 6): the small
// exponents of Bellare, Garay, Rabin, "Fast batch verification", 1998.
#pragma once

#include <span>

#include "base/random.hpp"
#include "crypto/transcript.hpp"
#include "election/ballot.hpp"
#include "verification/wide_scalar.hpp"

namespace isoloir::verification {

// Where coefficients come from; an interface so that a test can show that a forgery passes those
// that are not random.
class CoefficientSource {
 public:
  virtual ~CoefficientSource() = default;
  virtual Words2 next() = 0;  // not 0
};

// ChaCha20 under SHA-512 of 32 fresh random bytes, the fingerprint, the count (4 bytes big-endian)
// and the SHA-256 of each whole ballot, its tracker: whoever made the ballots cannot have known,
// and where the system's randomness were bad, could only have known after making them.
class CoefficientStream final : public CoefficientSource {
 public:
  CoefficientStream(Random& random, const Fingerprint& fingerprint,
                    std::span<const Tracker> ballots);
  Words2 next() override;

 private:
  static constexpr std::size_t block_bytes = 4096;

  ByteArray<32> key_;
  std::uint64_t block_ = 0;
  std::size_t at_ = block_bytes;
  std::array<std::uint8_t, block_bytes> bytes_;
};

}  // namespace isoloir::verification
