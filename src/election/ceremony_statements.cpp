#include "election/ceremony_statements.hpp"

#include <algorithm>

namespace isoloir::ceremony {
namespace {

constexpr std::size_t box_key_bytes = 32;
constexpr std::size_t box_nonce_bytes = 24;

std::optional<std::uint32_t> round_of(const Json& body) {
  const auto type = text_field(body, "type");
  const auto found = std::find(std::begin(message_types), std::end(message_types), type);
  if (!type || found == std::end(message_types)) return std::nullopt;
  return static_cast<std::uint32_t>(found - std::begin(message_types));
}

}  // namespace

tl::unexpected<Error> malformed(std::string why) {
  return fail("ceremony.form", std::move(why));
}

SecretScalar evaluate(const std::vector<SecretScalar>& coefficients, std::uint32_t x) {
  SecretScalar value;
  for (auto c = coefficients.rbegin(); c != coefficients.rend(); ++c) {
    value = SecretScalar(Scalar::from_u64(x) * value.reveal() + c->reveal());
  }
  return value;
}
Point evaluate(const std::vector<Point>& commitments, std::uint32_t x) {
  Point value;
  for (auto c = commitments.rbegin(); c != commitments.rend(); ++c) {
    value = Scalar::from_u64(x) * value + *c;
  }
  return value;
}

ByteArray<64> commitments_hash(const CeremonyPlan& plan, std::uint32_t group, std::uint32_t index,
                               const std::vector<Point>& commitments) {
  Transcript transcript(DraftRole::commitments, plan.election);
  transcript.add(ByteView(plan.ceremony)).add(group).add(index);
  for (const auto& c : commitments) transcript.add(c);
  return transcript.hash();
}

Transcript coefficient_statement(const CeremonyPlan& plan, std::uint32_t group, std::uint32_t index,
                                 std::uint32_t position, const std::vector<Point>& commitments) {
  Transcript transcript(DraftRole::coefficient, plan.election);
  transcript.add(ByteView(plan.ceremony))
      .add(static_cast<std::uint32_t>(plan.groups[group].members.size()))
      .add(plan.groups[group].threshold)
      .add(group)
      .add(index)
      .add(position);
  for (const auto& c : commitments) transcript.add(c);
  return transcript;
}

Transcript possession_statement(const CeremonyPlan& plan, std::uint32_t group, std::uint32_t index,
                                const ByteArray<64>& ceremony_transcript) {
  return Transcript(DraftRole::share_possession, plan.election)
      .add(ByteView(plan.ceremony))
      .add(group)
      .add(index)
      .add(ByteView(ceremony_transcript));
}

Secret<ByteArray<64>> box_secret(const CeremonyPlan& plan, std::uint32_t group,
                                 std::uint32_t sender, std::uint32_t receiver,
                                 const ByteArray<64>& sender_hash, const Point& box_key,
                                 const Point& shared) {
  return Secret<ByteArray<64>>(Transcript(DraftRole::share_box, plan.election)
                                   .add(ByteView(plan.ceremony))
                                   .add(group)
                                   .add(sender)
                                   .add(receiver)
                                   .add(ByteView(sender_hash))
                                   .add(box_key)
                                   .add(shared)
                                   .hash());
}
ByteView key_part(const Secret<ByteArray<64>>& secret) {
  return ByteView(secret.reveal()).first(box_key_bytes);
}
ByteView nonce_part(const Secret<ByteArray<64>>& secret) {
  return ByteView(secret.reveal()).subspan(box_key_bytes, box_nonce_bytes);
}

std::optional<SecretScalar> open_share(const CeremonyRecord& record, std::uint32_t group,
                                       std::uint32_t from, std::uint32_t to,
                                       const Scalar& encryption_secret) {
  const auto& sender = record.sender(group, from);
  const auto& box = sender.boxes.at(to);
  const auto key =
      box_secret(record.plan(), group, from, to, sender.hash, box.key, encryption_secret * box.key);
  auto opened = unseal_with_nonce(key_part(key), nonce_part(key), box.sealed);
  if (!opened) return std::nullopt;
  const Secret<Bytes> content(std::move(*opened));
  const auto share = Scalar::decode(content.reveal());
  if (!share || base_multiply(*share) != evaluate(sender.commitments, to)) return std::nullopt;
  return SecretScalar(*share);
}

Expected<CeremonySlot> read_slot(const CeremonyPlan& plan, const Json& body, std::uint32_t round) {
  const auto ceremony = bytes_field<16>(body, "ceremony");
  const auto group = u32_field(body, "group");
  const auto index = u32_field(body, "index");
  if (!ceremony || !group || !index) return malformed("ceremony, group or index is missing");
  if (*ceremony != plan.ceremony) {
    return fail("ceremony.replayed", "the message belongs to ceremony " + hex_encode(*ceremony));
  }
  if (*group >= plan.groups.size() || *index < 1 || *index > plan.groups[*group].members.size()) {
    return fail("ceremony.slot", "the plan has no member " + std::to_string(*index) + " in group " +
                                     std::to_string(*group));
  }
  return CeremonySlot{round, *group, *index};
}

Expected<Message> read_message(const CeremonyPlan& plan, std::string_view text) {
  auto document = SignedDocument::parse(text);
  if (!document) {
    return malformed("truncated or not a signed document: " + document.error().message);
  }
  const auto round = round_of(document->body());
  if (!round) return malformed("not a message of a ceremony");
  const auto slot = read_slot(plan, document->body(), *round);
  if (!slot) return fail(slot.error());
  return Message{std::move(*document), *slot};
}

}  // namespace isoloir::ceremony
