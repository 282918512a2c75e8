#include "base/random.hpp"

#include <sodium.h>

#include <cstring>

#include "base/result.hpp"

namespace isoloir {

std::uint32_t Random::below(std::uint32_t bound) {
  ISOLOIR_ASSERT(bound > 0);
  const std::uint32_t limit = UINT32_MAX - (UINT32_MAX % bound + 1) % bound;
  for (;;) {
    const auto raw = array<4>();
    const std::uint32_t value = read_u32(raw);
    if (value <= limit) return value % bound;
  }
}

void SystemRandom::fill(std::span<std::uint8_t> target) {
  randombytes_buf(target.data(), target.size());
}

void SeededRandom::fill(std::span<std::uint8_t> target) {
  ByteArray<randombytes_SEEDBYTES> seed{};
  std::memcpy(seed.data(), &seed_, sizeof seed_);
  std::memcpy(seed.data() + sizeof seed_, &block_, sizeof block_);
  ++block_;
  if (target.empty()) return;  // of which libsodium takes no pointer to nothing
  randombytes_buf_deterministic(target.data(), target.size(), seed.data());
}

}  // namespace isoloir
