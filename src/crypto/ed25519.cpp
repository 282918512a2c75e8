#include "crypto/ed25519.hpp"

#include <sodium.h>

namespace isoloir {

Ed25519KeyPair Ed25519KeyPair::of(Secret<ByteArray<32>> seed) {
  ByteArray<32> key;
  Secret<ByteArray<64>> secret;
  crypto_sign_ed25519_seed_keypair(key.data(), secret.reveal().data(), seed.reveal().data());
  return {std::move(seed), key};
}
Ed25519KeyPair Ed25519KeyPair::generate(Random& random) {
  return of(Secret<ByteArray<32>>(random.array<32>()));
}

ByteArray<64> ed25519_sign(const Ed25519KeyPair& pair, ByteView message) {
  ByteArray<32> key;
  Secret<ByteArray<64>> secret;
  crypto_sign_ed25519_seed_keypair(key.data(), secret.reveal().data(), pair.seed.reveal().data());
  ByteArray<64> signature;
  crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(),
                               secret.reveal().data());
  return signature;
}

// libsodium's own verification (without ED25519_COMPAT) refuses s >= l, A of small order or not
// canonical, R of small order, and compares encode(sB - hA) with R's bytes; a non-canonical R can
// never equal a canonical encoding. R of small order is stricter than the specification asks; an
// honest signer never makes one.
bool ed25519_verify(const ByteArray<32>& key, ByteView message, ByteView signature) {
  return signature.size() == 64 &&
         crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                             key.data()) == 0;
}

}  // namespace isoloir
