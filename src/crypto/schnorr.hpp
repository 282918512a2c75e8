// Schnorr signatures and proofs of knowledge over the transcript (docs/protocol.md section 2).
#pragma once

#include <optional>

#include "crypto/transcript.hpp"

namespace isoloir {

// R and s; 64 bytes on the wire.
struct SchnorrProof {
  Point commitment;
  Scalar response;

  ByteArray<64> encoded() const;
  static std::optional<SchnorrProof> decode(
      ByteView encoded);  // R canonical and not the identity, s < l
};

// `statement` holds the role and all items before X and R.
SchnorrProof schnorr_prove(Transcript statement, const Scalar& secret, Random& random);
bool schnorr_verify(Transcript statement, const Point& key, const SchnorrProof& proof);

struct KeyPair {
  SecretScalar secret;
  Point key;
  static KeyPair generate(Random& random);
  static KeyPair of(SecretScalar secret);
};

}  // namespace isoloir
