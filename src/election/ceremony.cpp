#include "election/ceremony.hpp"

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/sealing.hpp"

namespace isoloir {
namespace {

constexpr std::string_view plan_type = "ceremony-plan";
constexpr std::string_view complaint_type = "ceremony-complaint";
constexpr std::string_view message_types[ceremony_rounds] = {
    "ceremony-hello", "ceremony-hash", "ceremony-commitments", "ceremony-agreement",
    "ceremony-possession"};
constexpr std::size_t share_bytes = 32;
constexpr std::size_t box_key_bytes = 32;
constexpr std::size_t box_nonce_bytes = 24;

tl::unexpected<Error> malformed(std::string why) {
  return fail("ceremony.form", std::move(why));
}

std::string two_digits(std::uint32_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

template <std::size_t N>
std::optional<ByteArray<N>> bytes_field(const Json& body, std::string_view name) {
  const auto text = text_field(body, name);
  return text ? hex_decode_array<N>(*text) : std::nullopt;
}

std::optional<std::vector<Bytes>> hex_array(const Json& body, std::string_view name) {
  std::vector<Bytes> result;
  for (const auto& item : body[name]) {
    auto bytes = item.is_string() ? hex_decode(item.get<std::string>()) : std::nullopt;
    if (!bytes) return std::nullopt;
    result.push_back(std::move(*bytes));
  }
  return result;
}

Scalar small_scalar(std::uint32_t value) {
  return Scalar::from_u64(value);
}

// f(x) and its image: the sum of x^p C_p.
SecretScalar evaluate(const std::vector<SecretScalar>& coefficients, std::uint32_t x) {
  SecretScalar value;
  for (auto c = coefficients.rbegin(); c != coefficients.rend(); ++c) {
    value = SecretScalar(small_scalar(x) * value.reveal() + c->reveal());
  }
  return value;
}
Point evaluate(const std::vector<Point>& commitments, std::uint32_t x) {
  Point value;
  for (auto c = commitments.rbegin(); c != commitments.rend(); ++c) {
    value = small_scalar(x) * value + *c;
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

// The 64 bytes that key a box: XChaCha20-Poly1305 key, then nonce.
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

// The share that one member sent to another of its group, when it is the right one.
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

struct Message {
  SignedDocument document;
  CeremonySlot slot;
};

std::optional<std::uint32_t> round_of(const Json& body) {
  const auto type = text_field(body, "type");
  const auto found = std::find(std::begin(message_types), std::end(message_types), type);
  if (!type || found == std::end(message_types)) return std::nullopt;
  return static_cast<std::uint32_t>(found - std::begin(message_types));
}

// Form, ceremony and place; what every message has in common.
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

}  // namespace

// ---- Plan

Expected<CeremonyPlan> CeremonyPlan::parse(std::string_view text) {
  const auto bad = [](std::string why) { return fail("ceremony.plan", std::move(why)); };
  const auto json = parse_canonical_json(text);
  if (!json) return bad(json.error().message);
  const auto bureau = text_field(*json, "bureau");
  const auto ceremony = bytes_field<16>(*json, "ceremony");
  const auto election = bytes_field<16>(*json, "election_id");
  if (!has_exactly(*json, {"bureau", "ceremony", "election_id", "groups", "type"}) ||
      text_field(*json, "type") != plan_type || !bureau || bureau->empty() || !ceremony ||
      !election || !(*json)["groups"].is_array()) {
    return bad("not a plan of a ceremony");
  }
  CeremonyPlan plan{{*election}, *ceremony, *bureau, {}};
  for (const auto& item : (*json)["groups"]) {
    const auto name = text_field(item, "name");
    const auto threshold = u32_field(item, "threshold");
    if (!has_exactly(item, {"members", "name", "threshold"}) || !name || name->empty() ||
        !threshold || !item["members"].is_array()) {
      return bad("a group is not well-formed");
    }
    Group group{*name, *threshold, {}};
    for (const auto& person : item["members"]) {
      const auto member = text_field(person, "name");
      const auto role = bureau_role(text_field(person, "role").value_or(""));
      if (!has_exactly(person, {"name", "role"}) || !member || member->empty() || !role) {
        return bad("a member of " + *name + " is not well-formed");
      }
      group.members.push_back({*member, *role});
    }
    if (group.members.size() > limits::trustees_per_group || group.threshold < 1 ||
        group.threshold > group.members.size()) {
      return bad(*name + ": the threshold must be between 1 and the number of members, at most " +
                 std::to_string(limits::trustees_per_group));
    }
    plan.groups.push_back(std::move(group));
  }
  if (plan.groups.empty() || plan.groups.size() > limits::trustee_groups) {
    return bad("a bureau has between 1 and " + std::to_string(limits::trustee_groups) + " groups");
  }
  return plan;
}

std::string CeremonyPlan::text() const {
  Json array = Json::array();
  for (const auto& group : groups) {
    Json members = Json::array();
    for (const auto& m : group.members) {
      members.push_back({{"name", m.name}, {"role", name_of(m.role)}});
    }
    array.push_back(
        {{"name", group.name}, {"threshold", group.threshold}, {"members", std::move(members)}});
  }
  return canonical_json({{"type", plan_type},
                         {"bureau", bureau_name},
                         {"ceremony", hex_encode(ceremony)},
                         {"election_id", hex_encode(election.bytes)},
                         {"groups", std::move(array)}});
}

CeremonyPlan CeremonyPlan::of(const ElectionId& election, const ByteArray<16>& ceremony,
                              const Bureau& bureau) {
  CeremonyPlan plan{election, ceremony, bureau.name, {}};
  for (const auto& group : bureau.groups) {
    plan.groups.push_back({group.name, group.threshold, {}});
    for (const auto& m : group.members) plan.groups.back().members.push_back({m.name, m.role});
  }
  return plan;
}

std::string CeremonySlot::file_name() const {
  return std::to_string(round) + "-" + two_digits(group) + "-" + two_digits(index) + ".json";
}

// ---- Record

CeremonyRecord::CeremonyRecord(CeremonyPlan plan) : plan_(std::move(plan)) {
  for (const auto& group : plan_.groups) {
    senders_.emplace_back(group.members.size());
    keys_.groups.push_back({Point(), std::vector<Point>(group.members.size()),
                            std::vector<Point>(group.members.size())});
  }
}

Expected<CeremonyRecord> CeremonyRecord::read(CeremonyPlan plan,
                                              const std::vector<std::string>& texts) {
  std::set<std::pair<CeremonySlot, std::string_view>> ordered;
  for (const auto& text : texts) {
    const auto message = read_message(plan, text);
    if (!message) return fail(message.error());
    ordered.emplace(message->slot, text);
  }
  CeremonyRecord record(std::move(plan));
  for (const auto& [slot, text] : ordered) {
    if (auto added = record.add(text); !added) return fail(added.error());
  }
  return record;
}

Status CeremonyRecord::add(std::string_view text) {
  const auto message = read_message(plan_, text);
  if (!message) return fail(message.error());
  const auto& slot = message->slot;
  const auto named = [&](Error error) {
    error.message = describe(slot) + ", round " + std::to_string(slot.round) + ": " + error.message;
    return fail(std::move(error));
  };
  const auto present = messages_.find(slot);
  if (present != messages_.end() && present->second == text) return {};
  if (present == messages_.end() && slot.round > 0 && !complete(slot.round - 1)) {
    return named({"ceremony.order", "the round before is not complete", {}});
  }
  if (auto good = judge(message->document, slot); !good) return named(good.error());
  messages_.emplace(slot, text);
  if (slot.round == 2 && complete(2)) {
    if (auto derived = derive_keys(); !derived) {
      messages_.erase(slot);
      return named(derived.error());
    }
  }
  return {};
}

// The sender first, so that only a message that its member has signed can be an equivocation.
Status CeremonyRecord::judge(const SignedDocument& document, const CeremonySlot& slot) {
  const bool taken = messages_.count(slot) != 0;
  const auto& body = document.body();
  const auto key = slot.round == 0
                       ? point_field(body, "signing_key")
                       : std::optional<Point>(sender(slot.group, slot.index).signing_key);
  if (!key) return malformed("the signing key is missing or malformed");
  if (document.signers() != std::vector<Point>{*key} || !document.signatures_good(plan_.election)) {
    return fail("ceremony.sender", "the message is not signed by this member alone");
  }
  if (taken) return fail("ceremony.equivocation", "two different messages");
  switch (slot.round) {
    case 0:
      return judge_hello(document, slot);
    case 1:
      return judge_hash(body, slot);
    case 2:
      return judge_commitments(body, slot);
    case 3:
      return judge_agreement(body, slot);
    default:
      return judge_possession(body, slot);
  }
}

Status CeremonyRecord::judge_hello(const SignedDocument& document, const CeremonySlot& slot) {
  const auto& body = document.body();
  const auto& member = plan_.groups[slot.group].members[slot.index - 1];
  const auto signing = point_field(body, "signing_key");
  const auto encryption = point_field(body, "encryption_key");
  if (!has_exactly(body, {"ceremony", "encryption_key", "group", "index", "name", "role",
                          "signing_key", "type"}) ||
      !signing || !encryption) {
    return malformed("a field is missing, malformed or too many");
  }
  if (text_field(body, "name") != member.name || text_field(body, "role") != name_of(member.role)) {
    return fail("ceremony.identity", "name or role is not the one of the plan");
  }
  if (*signing == *encryption) {
    return fail("ceremony.duplicate_sender", "signing and encryption key are the same");
  }
  for (const auto& [other, text] : messages_) {
    const auto& known = sender(other.group, other.index);
    for (const auto& key : {known.signing_key, known.encryption_key}) {
      if (key == *signing || key == *encryption) {
        return fail("ceremony.duplicate_sender", "a key of " + describe(other) + " comes again");
      }
    }
  }
  place(slot).signing_key = *signing;
  place(slot).encryption_key = *encryption;
  keys_.groups[slot.group].signing_keys[slot.index - 1] = *signing;
  return {};
}

Status CeremonyRecord::judge_hash(const Json& body, const CeremonySlot& slot) {
  const auto hash = bytes_field<64>(body, "hash");
  if (!has_exactly(body, {"ceremony", "group", "hash", "index", "type"}) || !hash) {
    return malformed("a field is missing, malformed or too many");
  }
  place(slot).hash = *hash;
  return {};
}

Status CeremonyRecord::judge_commitments(const Json& body, const CeremonySlot& slot) {
  if (!has_exactly(body,
                   {"ceremony", "commitments", "group", "index", "proofs", "shares", "type"}) ||
      !body["commitments"].is_array() || !body["proofs"].is_array() || !body["shares"].is_array()) {
    return malformed("a field is missing, malformed or too many");
  }
  const auto& group = plan_.groups[slot.group];
  if (body["commitments"].size() != group.threshold || body["proofs"].size() != group.threshold) {
    return fail("ceremony.coefficients", "there must be exactly " +
                                             std::to_string(group.threshold) +
                                             " commitments, each with its proof");
  }
  const auto commitment_bytes = hex_array(body, "commitments");
  const auto proof_bytes = hex_array(body, "proofs");
  if (!commitment_bytes || !proof_bytes) return malformed("a commitment or proof is no hex");
  Sender said = sender(slot.group, slot.index);
  for (const auto& bytes : *commitment_bytes) {
    const auto point = Point::decode(bytes);
    if (!point) return malformed("a commitment is not a canonical point");
    said.commitments.push_back(*point);
  }
  if (commitments_hash(plan_, slot.group, slot.index, said.commitments) != said.hash) {
    return fail("ceremony.commitment_hash", "the commitments are not those announced by hash");
  }
  for (std::uint32_t p = 0; p < group.threshold; ++p) {
    const auto proof = SchnorrProof::decode((*proof_bytes)[p]);
    if (!proof ||
        !schnorr_verify(coefficient_statement(plan_, slot.group, slot.index, p, said.commitments),
                        said.commitments[p], *proof)) {
      return fail("ceremony.possession", "coefficient " + std::to_string(p) + " is not proven");
    }
  }
  std::vector<std::uint32_t> receivers;
  for (std::uint32_t j = 1; j <= group.members.size(); ++j) {
    if (j != slot.index) receivers.push_back(j);
  }
  if (body["shares"].size() != receivers.size()) return malformed("not one share a member");
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    const auto& item = body["shares"][i];
    const auto key = point_field(item, "key");
    const auto box = bytes_field<48>(item, "box");
    if (!has_exactly(item, {"box", "key", "to"}) || u32_field(item, "to") != receivers[i] || !key ||
        !box) {
      return malformed("a share is malformed or out of order");
    }
    said.boxes[receivers[i]] = {*key, *box};
  }
  place(slot) = std::move(said);
  return {};
}

Status CeremonyRecord::judge_agreement(const Json& body, const CeremonySlot&) const {
  const auto heard = bytes_field<64>(body, "transcript");
  if (!has_exactly(body, {"ceremony", "group", "index", "transcript", "type"}) || !heard) {
    return malformed("a field is missing, malformed or too many");
  }
  if (*heard != keys_.transcript) {
    return fail("ceremony.transcript", "this member has seen other messages");
  }
  return {};
}

Status CeremonyRecord::judge_possession(const Json& body, const CeremonySlot& slot) const {
  const auto heard = bytes_field<64>(body, "transcript");
  const auto share_key = point_field(body, "share_key");
  const auto bytes = bytes_field<64>(body, "proof");
  if (!has_exactly(body,
                   {"ceremony", "group", "index", "proof", "share_key", "transcript", "type"}) ||
      !heard || !share_key || !bytes) {
    return malformed("a field is missing, malformed or too many");
  }
  if (*heard != keys_.transcript) {
    return fail("ceremony.transcript", "this member has seen other messages");
  }
  const auto& computed = keys_.groups[slot.group].share_keys[slot.index - 1];
  if (*share_key != computed) {
    return fail("ceremony.share_key", "the share key is not the one that the commitments give");
  }
  const auto proof = SchnorrProof::decode(*bytes);
  if (!proof ||
      !schnorr_verify(possession_statement(plan_, slot.group, slot.index, keys_.transcript),
                      computed, *proof)) {
    return fail("ceremony.share_possession", "the share is not proven");
  }
  return {};
}

// Y_j, Y_g and Y are always computed, never received.
Status CeremonyRecord::derive_keys() {
  Transcript transcript(DraftRole::ceremony_transcript, plan_.election);
  for (const auto& [slot, text] : messages_) {
    if (slot.round <= 2) transcript.add(std::string_view(text));
  }
  keys_.transcript = transcript.hash();
  keys_.key = Point();
  bool identity = false;
  for (std::size_t g = 0; g < senders_.size(); ++g) {
    std::vector<Point> total(plan_.groups[g].threshold);
    for (const auto& sender : senders_[g]) {
      for (std::size_t p = 0; p < total.size(); ++p) total[p] = total[p] + sender.commitments[p];
    }
    auto& group = keys_.groups[g];
    group.key = total[0];
    keys_.key = keys_.key + group.key;
    identity |= group.key.is_identity();
    for (std::uint32_t j = 1; j <= senders_[g].size(); ++j) {
      group.share_keys[j - 1] = evaluate(total, j);
      identity |= group.share_keys[j - 1].is_identity();
    }
  }
  if (identity || keys_.key.is_identity()) {
    return fail("ceremony.key", "a key of the result is the identity");
  }
  return {};
}

bool CeremonyRecord::complete(std::uint32_t round) const {
  for (std::uint32_t g = 0; g < plan_.groups.size(); ++g) {
    for (std::uint32_t j = 1; j <= plan_.groups[g].members.size(); ++j) {
      if (messages_.count({round, g, j}) == 0) return false;
    }
  }
  return true;
}

std::uint32_t CeremonyRecord::round() const {
  std::uint32_t round = 0;
  while (round < ceremony_rounds && complete(round)) ++round;
  return round;
}

std::vector<CeremonySlot> CeremonyRecord::missing() const {
  std::vector<CeremonySlot> result;
  const std::uint32_t now = round();
  if (now == ceremony_rounds) return result;
  for (std::uint32_t g = 0; g < plan_.groups.size(); ++g) {
    for (std::uint32_t j = 1; j <= plan_.groups[g].members.size(); ++j) {
      if (messages_.count({now, g, j}) == 0) result.push_back({now, g, j});
    }
  }
  return result;
}

std::string CeremonyRecord::describe(const CeremonySlot& slot) const {
  const auto& group = plan_.groups.at(slot.group);
  return group.name + " " + std::to_string(slot.index) + " (" +
         group.members.at(slot.index - 1).name + ")";
}

const ByteArray<64>& CeremonyRecord::transcript() const {
  ISOLOIR_ASSERT(complete(2));
  return keys_.transcript;
}

const CeremonyRecord::Sender& CeremonyRecord::sender(std::uint32_t group,
                                                     std::uint32_t index) const {
  return senders_.at(group).at(index - 1);
}
CeremonyRecord::Sender& CeremonyRecord::place(const CeremonySlot& slot) {
  return senders_.at(slot.group).at(slot.index - 1);
}

// ---- Holder

namespace {

constexpr std::string_view state_magic = "ISOLOIR-HOLDER-1";

Digest plan_digest(const CeremonyPlan& plan) {
  return sha256(as_bytes(plan.text()));
}

void append_text(Bytes& target, std::string_view text) {
  append_u32(target, static_cast<std::uint32_t>(text.size()));
  append(target, as_bytes(text));
}

}  // namespace

HolderState HolderState::create(const CeremonyPlan& plan, std::uint32_t group, std::uint32_t index,
                                Random& random) {
  ISOLOIR_ASSERT(group < plan.groups.size() && index >= 1 &&
                 index <= plan.groups[group].members.size());
  HolderState state;
  state.election_ = plan.election;
  state.plan_hash_ = plan_digest(plan);
  state.group_ = group;
  state.index_ = index;
  state.signing_ = KeyPair::generate(random);
  state.encryption_ = KeyPair::generate(random);
  for (std::uint32_t p = 0; p < plan.groups[group].threshold; ++p) {
    state.coefficients_.emplace_back(Scalar::random(random));
  }
  return state;
}

const SecretScalar& HolderState::share() const {
  ISOLOIR_ASSERT(share_);
  return *share_;
}

Secret<Bytes> HolderState::encode() const {
  std::size_t size = 1024 + 32 * coefficients_.size();
  for (const auto& text : sent_) size += 4 + text.size();
  Secret<Bytes> result{Bytes{}};
  Bytes& out = result.reveal();
  out.reserve(size);  // so that no secret is left behind by growing
  append(out, as_bytes(state_magic));
  append(out, election_.bytes);
  append(out, plan_hash_);
  append_u32(out, group_);
  append_u32(out, index_);
  append(out, signing_.secret.reveal().encoded());
  append(out, encryption_.secret.reveal().encoded());
  append_u32(out, static_cast<std::uint32_t>(coefficients_.size()));
  for (const auto& c : coefficients_) append(out, c.reveal().encoded());
  append_u32(out, share_ ? 1 : 0);
  if (share_) append(out, share_->reveal().encoded());
  append_u32(out, static_cast<std::uint32_t>(sent_.size()));
  for (const auto& text : sent_) append_text(out, text);
  append_u32(out, tally_ ? 1 : 0);
  if (tally_) append(out, *tally_);
  append_u32(out, abandoned_ ? 1 : 0);
  return result;
}

Expected<HolderState> HolderState::decode(ByteView bytes) {
  ByteReader reader(bytes);
  bool good = true;
  const auto u32 = [&] {
    const auto value = reader.take_u32();
    good &= value.has_value();
    return value.value_or(0);
  };
  const auto scalar = [&] {
    const auto view = reader.take(share_bytes);
    const auto value = view ? Scalar::decode(*view) : std::nullopt;
    good &= value.has_value();
    return SecretScalar(value.value_or(Scalar()));
  };
  const auto flag = [&] {
    const auto value = u32();
    good &= value <= 1;
    return good && value == 1;
  };
  const auto magic = reader.take(state_magic.size());
  const auto election = reader.take_array<16>();
  const auto plan_hash = reader.take_array<32>();
  if (!magic || as_text(*magic) != state_magic || !election || !plan_hash) {
    return fail("holder.form", "not the private file of a holder");
  }
  HolderState state;
  state.election_ = {*election};
  state.plan_hash_ = *plan_hash;
  state.group_ = u32();
  state.index_ = u32();
  state.signing_ = KeyPair::of(scalar());
  state.encryption_ = KeyPair::of(scalar());
  const auto coefficients = u32();
  good &= coefficients <= limits::trustees_per_group;
  for (std::uint32_t p = 0; good && p < coefficients; ++p) state.coefficients_.push_back(scalar());
  if (flag()) state.share_ = scalar();
  const auto sent = u32();
  good &= sent <= ceremony_rounds;
  for (std::uint32_t i = 0; good && i < sent; ++i) {
    const auto text = reader.take(u32());
    good &= text.has_value();
    if (text) state.sent_.emplace_back(as_text(*text));
  }
  if (flag()) {
    state.tally_ = reader.take_array<64>();
    good &= state.tally_.has_value();
  }
  state.abandoned_ = flag();
  if (!good || !reader.empty()) return fail("holder.form", "the private file is damaged");
  return state;
}

HolderState HolderState::clone() const {
  auto copy = decode(encode().reveal());
  ISOLOIR_ASSERT(copy);
  return std::move(*copy);
}

Status HolderState::bind_tally(const ByteArray<64>& tally) {
  if (tally_ && *tally_ != tally) {
    return fail("holder.second_tally",
                "this file is bound to another tally: it signs and opens no second one");
  }
  tally_ = tally;
  return {};
}

// ---- Steps

// One step of one holder; works on a copy of the state that the caller commits.
class HolderStep {
 public:
  HolderStep(const CeremonyRecord& record, HolderState& state, Random& random)
      : record_(record), state_(state), random_(random) {}

  Status check_place() const {
    if (state_.plan_hash_ != plan_digest(record_.plan())) {
      return fail("holder.plan", "the private file belongs to another plan, or the plan changed");
    }
    if (state_.abandoned_) {
      return fail("holder.abandoned", "this holder has complained: start a new ceremony");
    }
    for (std::uint32_t round = 0; round < ceremony_rounds; ++round) {
      const auto found = record_.messages().find({round, state_.group_, state_.index_});
      const bool there = found != record_.messages().end();
      if (round < state_.sent_.size()) {
        ISOLOIR_ASSERT(there);
        if (found->second != state_.sent_[round]) return framed();
      } else if (there) {
        return fail("holder.older_state",
                    "the folder holds a message that this private file has not sent: an old copy");
      }
    }
    return {};
  }

  static tl::unexpected<Error> framed() {
    return fail("holder.framed",
                "a message in this holder's name is not the one that this holder sent");
  }

  Expected<std::string> make() {
    switch (state_.sent_.size()) {
      case 0:
        return sign(hello());
      case 1: {
        Json body = start();
        body["hash"] = hex_encode(commitments_hash(plan(), group(), index(), commitments()));
        return sign(std::move(body));
      }
      case 2:
        return sign(commitments_body());
      case 3: {
        if (auto good = compute_share(); !good) return fail(good.error());
        Json body = start();
        body["transcript"] = hex_encode(record_.transcript());
        return sign(std::move(body));
      }
      default:
        return sign(possession());
    }
  }

  // Members whose share for this holder is wrong.
  std::vector<CeremonySlot> bad_senders(const Scalar& encryption_secret) const {
    std::vector<CeremonySlot> bad;
    for (std::uint32_t i = 1; i <= members(); ++i) {
      if (i != index() && !open_share(record_, group(), i, index(), encryption_secret)) {
        bad.push_back({2, group(), i});
      }
    }
    return bad;
  }

  static bool has_encryption_secret(const HolderState& state) {
    return !state.encryption_.secret.reveal().is_zero();
  }
  static const Scalar& encryption_secret(const HolderState& state) {
    return state.encryption_.secret.reveal();
  }
  static void abandon(HolderState& state) { state.abandoned_ = true; }
  static void keep(HolderState& state, const std::string& message) {
    state.sent_.push_back(message);
  }

 private:
  const CeremonyPlan& plan() const { return record_.plan(); }
  std::uint32_t group() const { return state_.group_; }
  std::uint32_t index() const { return state_.index_; }
  std::uint32_t members() const {
    return static_cast<std::uint32_t>(plan().groups[group()].members.size());
  }
  std::vector<Point> commitments() const {
    std::vector<Point> result;
    for (const auto& c : state_.coefficients_) result.push_back(base_multiply(c.reveal()));
    return result;
  }

  Json start() const {
    return {{"type", message_types[state_.sent_.size()]},
            {"ceremony", hex_encode(plan().ceremony)},
            {"group", group()},
            {"index", index()}};
  }
  std::string sign(Json body) {
    SignedDocument document(std::move(body));
    document.sign(state_.signing_, plan().election, random_);
    return document.text();
  }

  Json hello() const {
    const auto& member = plan().groups[group()].members[index() - 1];
    Json body = start();
    body["name"] = member.name;
    body["role"] = name_of(member.role);
    body["signing_key"] = hex_encode(state_.signing_.key.encoded());
    body["encryption_key"] = hex_encode(state_.encryption_.key.encoded());
    return body;
  }

  Json commitments_body() {
    const auto points = commitments();
    Json body = start();
    body["commitments"] = Json::array();
    body["proofs"] = Json::array();
    for (std::uint32_t p = 0; p < points.size(); ++p) {
      const auto proof = schnorr_prove(coefficient_statement(plan(), group(), index(), p, points),
                                       state_.coefficients_[p].reveal(), random_);
      body["commitments"].push_back(hex_encode(points[p].encoded()));
      body["proofs"].push_back(hex_encode(proof.encoded()));
    }
    body["shares"] = Json::array();
    for (std::uint32_t to = 1; to <= members(); ++to) {
      if (to != index()) body["shares"].push_back(sealed_share(to));
    }
    return body;
  }

  Json sealed_share(std::uint32_t to) {
    const SecretScalar share = evaluate(state_.coefficients_, to);
    const KeyPair once = KeyPair::generate(random_);
    const auto key =
        box_secret(plan(), group(), index(), to, record_.sender(group(), index()).hash, once.key,
                   once.secret.reveal() * record_.sender(group(), to).encryption_key);
    const Bytes box = seal_with_nonce(key_part(key), nonce_part(key), share.reveal().encoded());
    return {{"to", to}, {"key", hex_encode(once.key.encoded())}, {"box", hex_encode(box)}};
  }

  // x_j; the polynomial has then served.
  Status compute_share() {
    const auto& secret = state_.encryption_.secret.reveal();
    if (const auto bad = bad_senders(secret); !bad.empty()) {
      std::string names;
      for (const auto& slot : bad) names += (names.empty() ? "" : ", ") + record_.describe(slot);
      return fail("ceremony.wrong_share", "the share sent by " + names + " is wrong: complain");
    }
    SecretScalar total = evaluate(state_.coefficients_, index());
    for (std::uint32_t i = 1; i <= members(); ++i) {
      if (i == index()) continue;
      const auto share = open_share(record_, group(), i, index(), secret);
      total = SecretScalar(total.reveal() + share->reveal());
    }
    ISOLOIR_ASSERT(base_multiply(total.reveal()) ==
                   record_.keys().groups[group()].share_keys[index() - 1]);
    state_.share_ = std::move(total);
    state_.coefficients_.clear();
    return {};
  }

  // When all have agreed nobody can complain any more: the one-time key has served.
  Json possession() {
    Json body = start();
    body["transcript"] = hex_encode(record_.transcript());
    body["share_key"] = hex_encode(base_multiply(state_.share().reveal()).encoded());
    body["proof"] = hex_encode(
        schnorr_prove(possession_statement(plan(), group(), index(), record_.transcript()),
                      state_.share().reveal(), random_)
            .encoded());
    state_.encryption_.secret = SecretScalar();
    return body;
  }

  const CeremonyRecord& record_;
  HolderState& state_;
  Random& random_;
};

Expected<std::optional<std::string>> next_message(const CeremonyRecord& record, HolderState& state,
                                                  Random& random) {
  HolderState next = state.clone();
  HolderStep step(record, next, random);
  if (auto good = step.check_place(); !good) return fail(good.error());
  const auto round = static_cast<std::uint32_t>(next.sent().size());
  if (round == ceremony_rounds || (round > 0 && !record.complete(round - 1))) return std::nullopt;
  auto message = step.make();
  if (!message) return fail(message.error());
  HolderStep::keep(next, *message);
  state = std::move(next);
  return std::optional<std::string>(std::move(*message));
}

Expected<CeremonyRecord> read_as_holder(CeremonyPlan plan, std::vector<std::string> texts,
                                        const HolderState& state) {
  for (const auto& text : texts) {
    const auto message = read_message(plan, text);
    if (!message) return fail(message.error());
    const auto& slot = message->slot;
    if (slot.group == state.group() && slot.index == state.index() &&
        slot.round < state.sent().size() && state.sent()[slot.round] != text) {
      return HolderStep::framed();
    }
  }
  texts.insert(texts.end(), state.sent().begin(), state.sent().end());
  return CeremonyRecord::read(std::move(plan), texts);
}

// ---- Result

Expected<CeremonyResult> finish(const CeremonyPlan& plan,
                                const std::vector<std::string>& messages) {
  const auto record = CeremonyRecord::read(plan, messages);
  if (!record) return fail(record.error());
  if (const auto missing = record->missing(); !missing.empty()) {
    std::string names;
    for (const auto& slot : missing) names += (names.empty() ? "" : ", ") + record->describe(slot);
    return fail("ceremony.incomplete",
                "round " + std::to_string(record->round()) + " waits for " + names);
  }
  return record->keys();
}

Bureau to_manifest_bureau(const CeremonyPlan& plan, const CeremonyResult& result) {
  Bureau bureau{plan.bureau_name, result.transcript, result.key, {}};
  for (std::size_t g = 0; g < plan.groups.size(); ++g) {
    const auto& group = plan.groups[g];
    const auto& keys = result.groups.at(g);
    bureau.groups.push_back({group.name, group.threshold, keys.key, {}});
    for (std::size_t j = 0; j < group.members.size(); ++j) {
      bureau.groups.back().members.push_back({group.members[j].name, group.members[j].role,
                                              keys.signing_keys.at(j), keys.share_keys.at(j)});
    }
  }
  return bureau;
}

Status verify_ceremony(const ElectionId& election, const Bureau& bureau,
                       const std::vector<std::string>& messages) {
  if (messages.empty()) return fail("ceremony.incomplete", "there is no message");
  const auto first = SignedDocument::parse(messages.front());
  const auto ceremony = first ? bytes_field<16>(first->body(), "ceremony") : std::nullopt;
  if (!ceremony) return malformed("not a message of a ceremony");
  const auto plan = CeremonyPlan::of(election, *ceremony, bureau);
  const auto result = finish(plan, messages);
  if (!result) return fail(result.error());
  const auto differs = [](std::string what) {
    return fail("ceremony.manifest", "the manifest has another " + std::move(what));
  };
  if (result->transcript != bureau.ceremony) return differs("ceremony transcript");
  if (result->key != bureau.key) return differs("election key");
  for (std::size_t g = 0; g < bureau.groups.size(); ++g) {
    const auto& group = bureau.groups[g];
    if (result->groups[g].key != group.key) return differs("key of " + group.name);
    for (std::size_t j = 0; j < group.members.size(); ++j) {
      if (result->groups[g].signing_keys[j] != group.members[j].signing_key) {
        return differs("signing key of " + group.members[j].name);
      }
      if (result->groups[g].share_keys[j] != group.members[j].share_key) {
        return differs("share key of " + group.members[j].name);
      }
    }
  }
  return {};
}

// ---- Complaint

Expected<std::string> complain(const CeremonyRecord& record, HolderState& state) {
  SystemRandom unused;
  const HolderStep step(record, state, unused);
  if (auto good = step.check_place(); !good) return fail(good.error());
  if (!HolderStep::has_encryption_secret(state) || !record.complete(2) ||
      step.bad_senders(HolderStep::encryption_secret(state)).empty()) {
    return fail("ceremony.no_complaint", "no share that this holder has received is wrong");
  }
  HolderStep::abandon(state);
  return canonical_json({{"type", complaint_type},
                         {"ceremony", hex_encode(record.plan().ceremony)},
                         {"group", state.group()},
                         {"index", state.index()},
                         {"secret", hex_encode(HolderStep::encryption_secret(state).encoded())}});
}

Expected<std::vector<CeremonySlot>> judge_complaint(const CeremonyRecord& record,
                                                    std::string_view complaint) {
  const auto json = parse_canonical_json(complaint);
  if (!json) return malformed("the complaint: " + json.error().message);
  const auto secret_bytes = bytes_field<share_bytes>(*json, "secret");
  const auto secret = secret_bytes ? Scalar::decode(*secret_bytes) : std::nullopt;
  if (!has_exactly(*json, {"ceremony", "group", "index", "secret", "type"}) ||
      text_field(*json, "type") != complaint_type || !secret) {
    return malformed("not a complaint");
  }
  const auto slot = read_slot(record.plan(), *json, 2);
  if (!slot) return fail(slot.error());
  if (!record.complete(2)) return fail("ceremony.order", "round 2 is not complete");
  if (base_multiply(*secret) != record.sender(slot->group, slot->index).encryption_key) {
    return fail("ceremony.complaint_key", "the secret is not the one of the complainer's key");
  }
  std::vector<CeremonySlot> liars;
  const auto members = record.plan().groups[slot->group].members.size();
  for (std::uint32_t i = 1; i <= members; ++i) {
    if (i != slot->index && !open_share(record, slot->group, i, slot->index, *secret)) {
      liars.push_back({2, slot->group, i});
    }
  }
  return liars;
}

LocalCeremony run_ceremony_locally(const CeremonyPlan& plan, Random& random) {
  LocalCeremony local;
  for (std::uint32_t g = 0; g < plan.groups.size(); ++g) {
    for (std::uint32_t j = 1; j <= plan.groups[g].members.size(); ++j) {
      local.holders.push_back(HolderState::create(plan, g, j, random));
    }
  }
  CeremonyRecord record(plan);
  for (std::uint32_t round = 0; round < ceremony_rounds; ++round) {
    for (auto& holder : local.holders) {
      const auto message = next_message(record, holder, random);
      ISOLOIR_ASSERT(message && *message);
      ISOLOIR_ASSERT(record.add(**message).has_value());
      local.messages.push_back(**message);
    }
  }
  local.result = record.keys();
  return local;
}

}  // namespace isoloir
