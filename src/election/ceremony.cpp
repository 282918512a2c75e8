#include "election/ceremony.hpp"

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "election/ceremony_statements.hpp"

namespace isoloir {

using namespace ceremony;

namespace {

constexpr std::string_view plan_type = "ceremony-plan";

std::string two_digits(std::uint32_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
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

}  // namespace isoloir
