#include "crypto/sha256.hpp"

#include <sodium.h>

namespace isoloir {

struct Sha256::State {
  crypto_hash_sha256_state state;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  crypto_hash_sha256_init(&state_->state);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(ByteView piece) {
  crypto_hash_sha256_update(&state_->state, piece.data(), piece.size());
}

ByteArray<32> Sha256::digest() {
  ByteArray<32> digest;
  crypto_hash_sha256_final(&state_->state, digest.data());
  return digest;
}

}  // namespace isoloir
