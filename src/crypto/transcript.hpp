// The transcript hash of docs/protocol.md section 2: H(role, items...) with the context fixed by
// the role.
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "crypto/group.hpp"

namespace isoloir {

struct ElectionId {
  ByteArray<16> bytes{};
  friend bool operator==(const ElectionId&, const ElectionId&) = default;
};
struct Fingerprint {
  ByteArray<32> bytes{};
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// Roles by context. A role is one of these and nothing else, so that a statement cannot be hashed
// in the wrong context.
enum class DraftRole {
  credential_salt,
  sign_in_key,
  ballot_key,
  roster_leaf,
  share_box,
  coefficient,
  share_possession,
  ceremony_transcript,
  commitments,
  draft_signature
};
enum class SealedRole {
  ballot_core,
  option_proof,
  sum_proof,
  ballot_signature,
  sign_in_proof,
  key_possession,
  tally,
  decryption_share,
  sealed_signature
};

// Collects the items and hashes them. Not thread-safe; cheap to copy before the last items are
// known.
class Transcript {
 public:
  Transcript(DraftRole role, const ElectionId& context);
  Transcript(SealedRole role, const Fingerprint& context);

  Transcript& add(std::uint32_t integer);
  Transcript& add(const Point& point) { return add(ByteView(point.encoded())); }
  Transcript& add(const Scalar& scalar) { return add(ByteView(scalar.encoded())); }
  Transcript& add(ByteView bytes);
  Transcript& add(std::string_view utf8) { return add(as_bytes(utf8)); }

  ByteView input() const { return input_; }                 // what is hashed
  ByteArray<64> hash() const;                               // H
  Scalar scalar() const { return Scalar::reduce(hash()); }  // Hs

 private:
  Transcript(std::string_view role, ByteView context);
  Bytes input_;
};

// A secret nonce for one statement: Hs("nonce", 32 random bytes, secret, statement). Bad randomness
// alone does not reveal the secret, nor does a repeated statement alone.
SecretScalar hedged_nonce(Random& random, const Scalar& secret, const ByteArray<64>& statement);

}  // namespace isoloir
