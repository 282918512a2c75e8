// Randomness comes in from outside, so that tests can make it repeatable. The product uses
// SystemRandom alone.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace isoloir {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> target) = 0;  // thread-safe in SystemRandom

  Bytes bytes(std::size_t count) {
    Bytes result(count);
    fill(result);
    return result;
  }
  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> result;
    fill(result);
    return result;
  }
  // Uniform in [0, bound), bound > 0, by rejection.
  std::uint32_t below(std::uint32_t bound);
};

// The operating system's generator, through libsodium.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> target) override;
};

// ChaCha20 under a seed: for tests and for the synthetic voters of a rehearsal, never for a real
// election.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : seed_(seed) {}
  void fill(std::span<std::uint8_t> target) override;

 private:
  std::uint64_t seed_;
  std::uint64_t block_ = 0;
};

}  // namespace isoloir
