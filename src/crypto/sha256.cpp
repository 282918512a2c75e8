#include "crypto/sha256.hpp"

#include "crypto/hash_state.hpp"

namespace isoloir {

struct Sha256::State : Sha256State {};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(ByteView piece) {
  state_->add(piece);
}

ByteArray<32> Sha256::digest() {
  return state_->digest();
}

}  // namespace isoloir
