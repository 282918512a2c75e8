#include "crypto/schnorr.hpp"

#include <algorithm>

namespace isoloir {

ByteArray<64> SchnorrProof::encoded() const {
  ByteArray<64> bytes;
  std::copy(commitment.encoded().begin(), commitment.encoded().end(), bytes.begin());
  std::copy(response.encoded().begin(), response.encoded().end(), bytes.begin() + 32);
  return bytes;
}

std::optional<SchnorrProof> SchnorrProof::decode(ByteView encoded) {
  if (encoded.size() != 64) return std::nullopt;
  const auto commitment = Point::decode(encoded.first(32));
  const auto response = Scalar::decode(encoded.last(32));
  if (!commitment || !response) return std::nullopt;
  return SchnorrProof{*commitment, *response};
}

SchnorrProof schnorr_prove(Transcript statement, const Scalar& secret, Random& random) {
  statement.add(base_multiply(secret));
  const SecretScalar nonce = hedged_nonce(random, secret, statement.hash());
  const Point commitment = base_multiply(nonce.reveal());
  const Scalar challenge = statement.add(commitment).scalar();
  return {commitment, nonce.reveal() + challenge * secret};
}

bool schnorr_verify(Transcript statement, const Point& key, const SchnorrProof& proof) {
  const Scalar challenge = statement.add(key).add(proof.commitment).scalar();
  return base_multiply(proof.response) == proof.commitment + challenge * key;
}

KeyPair KeyPair::of(SecretScalar secret) {
  const Point key = base_multiply(secret.reveal());
  return {std::move(secret), key};
}
KeyPair KeyPair::generate(Random& random) {
  return of(SecretScalar(Scalar::random(random)));
}

}  // namespace isoloir
