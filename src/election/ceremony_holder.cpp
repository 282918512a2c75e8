// The holder's side of a ceremony: her private state, her messages, her complaint.
#include <algorithm>

#include "base/limits.hpp"
#include "election/ceremony_statements.hpp"

namespace isoloir {

using namespace ceremony;

namespace {

constexpr std::string_view complaint_type = "ceremony-complaint";
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
