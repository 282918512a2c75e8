#include "crypto/transcript.hpp"

#include <limits>

#include "base/result.hpp"
#include "crypto/hash.hpp"

namespace isoloir {
namespace {

std::string_view name(DraftRole role) {
  switch (role) {
    case DraftRole::credential_salt:
      return "credential salt";
    case DraftRole::sign_in_key:
      return "sign-in key";
    case DraftRole::ballot_key:
      return "ballot key";
    case DraftRole::roster_leaf:
      return "roster leaf";
    case DraftRole::share_box:
      return "share box";
    case DraftRole::coefficient:
      return "coefficient";
    case DraftRole::share_possession:
      return "share possession";
    case DraftRole::ceremony_transcript:
      return "ceremony transcript";
    case DraftRole::commitments:
      return "commitments";
    case DraftRole::draft_signature:
      return "draft signature";
  }
  ISOLOIR_ASSERT(false);
}

std::string_view name(SealedRole role) {
  switch (role) {
    case SealedRole::ballot_core:
      return "ballot core";
    case SealedRole::option_proof:
      return "option proof";
    case SealedRole::sum_proof:
      return "sum proof";
    case SealedRole::ballot_signature:
      return "ballot signature";
    case SealedRole::sign_in_proof:
      return "sign-in proof";
    case SealedRole::key_possession:
      return "key possession";
    case SealedRole::tally:
      return "tally";
    case SealedRole::decryption_share:
      return "decryption share";
    case SealedRole::sealed_signature:
      return "sealed signature";
  }
  ISOLOIR_ASSERT(false);
}

void add_framed(Bytes& input, ByteView bytes) {
  ISOLOIR_ASSERT(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  append_u32(input, static_cast<std::uint32_t>(bytes.size()));
  append(input, bytes);
}

}  // namespace

Transcript::Transcript(std::string_view role, ByteView context) {
  input_.reserve(256);
  add_framed(input_, as_bytes("isoloir/1"));
  add_framed(input_, as_bytes(role));
  add_framed(input_, context);
}
Transcript::Transcript(DraftRole role, const ElectionId& context)
    : Transcript(name(role), ByteView(context.bytes)) {}
Transcript::Transcript(SealedRole role, const Fingerprint& context)
    : Transcript(name(role), ByteView(context.bytes)) {}

Transcript& Transcript::add(std::uint32_t integer) {
  append_u32(input_, 4);
  append_u32(input_, integer);
  return *this;
}
Transcript& Transcript::add(ByteView bytes) {
  add_framed(input_, bytes);
  return *this;
}
ByteArray<64> Transcript::hash() const {
  return sha512(input_);
}

SecretScalar hedged_nonce(Random& random, const Scalar& secret, const ByteArray<64>& statement) {
  Secret<Bytes> input{Bytes{}};
  Bytes& bytes = input.reveal();
  bytes.reserve(256);
  add_framed(bytes, as_bytes("isoloir/1"));
  add_framed(bytes, as_bytes("nonce"));
  add_framed(bytes, {});
  const Secret<ByteArray<32>> fresh(random.array<32>());
  add_framed(bytes, fresh.reveal());
  add_framed(bytes, secret.encoded());
  add_framed(bytes, statement);
  const Secret<ByteArray<64>> digest(sha512(bytes));
  return SecretScalar(Scalar::reduce(digest.reveal()));
}

}  // namespace isoloir
