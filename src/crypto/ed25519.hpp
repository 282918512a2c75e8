// Ed25519 (RFC 8032), for log checkpoints only. Verification is the strict rule of docs/protocol.md
// section 8, so that every implementation gives the same verdict on odd encodings.
#pragma once

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace isoloir {

struct Ed25519KeyPair {
  Secret<ByteArray<32>> seed;
  ByteArray<32> key;
  static Ed25519KeyPair generate(Random& random);
  static Ed25519KeyPair of(Secret<ByteArray<32>> seed);
};

ByteArray<64> ed25519_sign(const Ed25519KeyPair& pair, ByteView message);
bool ed25519_verify(const ByteArray<32>& key, ByteView message, ByteView signature);

}  // namespace isoloir
