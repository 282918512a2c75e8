// What the holders of a ceremony and who checks it compute alike: statements of the proofs, boxes
// of the shares, form and place of the messages (docs/protocol.md, "The key ceremony"). Inside the
// election module; others use election/ceremony.hpp. Pure functions, thread-safe.
#pragma once

#include "crypto/hash.hpp"
#include "crypto/sealing.hpp"
#include "election/ceremony.hpp"

namespace isoloir::ceremony {

inline constexpr std::string_view message_types[ceremony_rounds] = {
    "ceremony-hello", "ceremony-hash", "ceremony-commitments", "ceremony-agreement",
    "ceremony-possession"};
inline constexpr std::size_t share_bytes = 32;

tl::unexpected<Error> malformed(std::string why);  // ceremony.form

template <std::size_t N>
std::optional<ByteArray<N>> bytes_field(const Json& body, std::string_view name) {
  const auto text = text_field(body, name);
  return text ? hex_decode_array<N>(*text) : std::nullopt;
}

// f(x) and its image: the sum of x^p C_p.
SecretScalar evaluate(const std::vector<SecretScalar>& coefficients, std::uint32_t x);
Point evaluate(const std::vector<Point>& commitments, std::uint32_t x);

ByteArray<64> commitments_hash(const CeremonyPlan& plan, std::uint32_t group, std::uint32_t index,
                               const std::vector<Point>& commitments);
Transcript coefficient_statement(const CeremonyPlan& plan, std::uint32_t group, std::uint32_t index,
                                 std::uint32_t position, const std::vector<Point>& commitments);
Transcript possession_statement(const CeremonyPlan& plan, std::uint32_t group, std::uint32_t index,
                                const ByteArray<64>& ceremony_transcript);

// The 64 bytes that key a box: XChaCha20-Poly1305 key, then nonce.
Secret<ByteArray<64>> box_secret(const CeremonyPlan& plan, std::uint32_t group,
                                 std::uint32_t sender, std::uint32_t receiver,
                                 const ByteArray<64>& sender_hash, const Point& box_key,
                                 const Point& shared);
ByteView key_part(const Secret<ByteArray<64>>& secret);
ByteView nonce_part(const Secret<ByteArray<64>>& secret);

// The share that one member sent to another of its group, when it is the right one.
std::optional<SecretScalar> open_share(const CeremonyRecord& record, std::uint32_t group,
                                       std::uint32_t from, std::uint32_t to,
                                       const Scalar& encryption_secret);

struct Message {
  SignedDocument document;
  CeremonySlot slot;
};

// Form, ceremony and place; what every message has in common. Errors: ceremony.form,
// ceremony.replayed, ceremony.slot.
Expected<CeremonySlot> read_slot(const CeremonyPlan& plan, const Json& body, std::uint32_t round);
Expected<Message> read_message(const CeremonyPlan& plan, std::string_view text);

}  // namespace isoloir::ceremony
