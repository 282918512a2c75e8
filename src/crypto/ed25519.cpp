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

// The rule of docs/protocol.md section 8 is what libsodium 1.0.18 verifies when it is built without
// ED25519_COMPAT: it refuses s >= l, A not canonical, A or R of small order, and compares
// encode(sB - hA) with R's bytes, which a non-canonical R can never equal. Libraries change here;
// tests/data/ed25519_vectors.json holds the edges, accepts and rejects.
bool ed25519_verify(const ByteArray<32>& key, ByteView message, ByteView signature) {
  return signature.size() == 64 &&
         crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                             key.data()) == 0;
}

}  // namespace isoloir
