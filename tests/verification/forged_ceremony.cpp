#include "verification/forged_ceremony.hpp"

namespace isoloir::test {
namespace {

constexpr std::string_view ceremony_message_types[ceremony_rounds] = {
    "ceremony-hello", "ceremony-hash", "ceremony-commitments", "ceremony-agreement",
    "ceremony-possession"};

class CeremonyForger {
 public:
  CeremonyForger(TestElection& e, const std::function<void(ForgedCeremony&)>& change)
      : e_(e), plan_(HeldCeremony::of(e.hooks.ceremony_seed.value_or(e.hooks.seed)).plan) {
    for (const auto& group : plan_.groups) {
      auto& members = forged_.groups.emplace_back(group.members.size());
      for (auto& member : members) {
        for (std::uint32_t p = 0; p < group.threshold; ++p) {
          member.coefficients.push_back(Scalar::random(e.random));
          member.commitments.push_back(base_multiply(member.coefficients.back()));
        }
      }
    }
    if (change) change(forged_);
  }

  void hold() {
    for (std::uint32_t round = 0; round < ceremony_rounds; ++round) {
      if (round == 3) close_transcript();
      std::size_t holder = 0;
      for (std::uint32_t g = 0; g < plan_.groups.size(); ++g) {
        for (std::uint32_t j = 1; j <= plan_.groups[g].members.size(); ++j, ++holder) {
          say({round, g, j}, e_.ceremony.holders[holder].signing());
        }
      }
    }
  }

 private:
  void say(const CeremonySlot& slot, const KeyPair& signer) {
    auto& file = e_.files[export_path::ceremony(0, slot.round, slot.group, slot.index)];
    Json body = slot.round == 0 ? Json::parse(file)["body"] : body_of(slot);
    if (forged_.body) forged_.body(slot, body);
    SignedDocument document(std::move(body));
    document.sign(signer, plan_.election, e_.random);
    file = document.text();
    if (forged_.text) forged_.text(slot, file);
    if (slot.round <= 2) said_.push_back(file);
  }

  Json body_of(const CeremonySlot& slot) {
    Json body = {{"type", ceremony_message_types[slot.round]},
                 {"ceremony", hex_encode(plan_.ceremony)},
                 {"group", slot.group},
                 {"index", slot.index}};
    const auto& member = forged_.groups[slot.group][slot.index - 1];
    const auto transcript = hex_encode(e_.manifest.bureaus[0].ceremony);
    if (slot.round == 1) {
      body["hash"] =
          hex_encode(ceremony::commitments_hash(plan_, slot.group, slot.index, member.commitments));
    } else if (slot.round == 2) {
      add_commitments(slot, member, body);
    } else {
      body["transcript"] = transcript;
    }
    if (slot.round == 4) {
      const auto statement = ceremony::possession_statement(plan_, slot.group, slot.index,
                                                            e_.manifest.bureaus[0].ceremony);
      const Scalar share = share_of(slot.group, slot.index);
      body["share_key"] = hex_encode(base_multiply(share).encoded());
      body["proof"] = hex_encode(schnorr_prove(statement, share, e_.random).encoded());
    }
    return body;
  }

  void add_commitments(const CeremonySlot& slot, const ForgedCeremony::Member& member, Json& body) {
    body["commitments"] = Json::array();
    body["proofs"] = Json::array();
    for (std::uint32_t p = 0; p < member.commitments.size(); ++p) {
      const auto statement =
          ceremony::coefficient_statement(plan_, slot.group, slot.index, p, member.commitments);
      body["commitments"].push_back(hex_encode(member.commitments[p].encoded()));
      body["proofs"].push_back(
          hex_encode(schnorr_prove(statement, member.coefficients[p], e_.random).encoded()));
    }
    body["shares"] = Json::array();  // only their receivers could open the boxes
    for (std::uint32_t j = 1; j <= plan_.groups[slot.group].members.size(); ++j) {
      if (j == slot.index) continue;
      body["shares"].push_back(
          {{"to", j},
           {"key", hex_encode(base_multiply(Scalar::random(e_.random)).encoded())},
           {"box", hex_encode(e_.random.bytes(48))}});
    }
  }

  Scalar share_of(std::uint32_t group, std::uint32_t index) const {
    Scalar share;
    for (const auto& member : forged_.groups[group]) {
      Scalar power = Scalar::from_u64(1);
      for (const auto& coefficient : member.coefficients) {
        share = share + power * coefficient;
        power = power * Scalar::from_u64(index);
      }
    }
    return share;
  }

  void close_transcript() {
    Transcript transcript(DraftRole::ceremony_transcript, plan_.election);
    for (const auto& text : said_) transcript.add(std::string_view(text));
    auto& bureau = e_.manifest.bureaus[0];
    bureau.ceremony = transcript.hash();
    bureau.key = Point();
    for (std::uint32_t g = 0; g < forged_.groups.size(); ++g) {
      auto& group = bureau.groups[g];
      group.key = Point();
      for (const auto& member : forged_.groups[g]) group.key = group.key + member.commitments[0];
      bureau.key = bureau.key + group.key;
      for (std::uint32_t j = 1; j <= group.members.size(); ++j) {
        auto& key = group.members[j - 1].share_key;
        key = Point();
        for (const auto& member : forged_.groups[g]) {
          key = key + ceremony::evaluate(member.commitments, j);
        }
      }
    }
  }

  TestElection& e_;
  const CeremonyPlan& plan_;
  ForgedCeremony forged_;
  std::vector<std::string> said_;
};

}  // namespace

void hold_again(TestElection& e, const std::function<void(ForgedCeremony&)>& change) {
  CeremonyForger(e, change).hold();
}

}  // namespace isoloir::test
