#include "election/contract_vectors.hpp"

#include <functional>
#include <map>

#include "crypto/hash.hpp"
#include "crypto/sealing.hpp"
#include "election/ceremony.hpp"
#include "election/checkpoint.hpp"
#include "election/count.hpp"

namespace isoloir::test {
namespace {

using Messages = std::map<std::string, std::string>;

template <typename Bytes>
std::string hex(const Bytes& bytes) {
  return hex_encode(ByteView(bytes));
}
std::string hex(const Point& point) {
  return hex_encode(point.encoded());
}
std::string hex(const Scalar& scalar) {
  return hex_encode(scalar.encoded());
}

template <typename T>
Json refusal(const Expected<T>& result) {
  return result ? Json(nullptr) : Json(result.error().code);
}

// ---- Ceremony: one group of one, one of two in three.

struct Ceremony {
  SeededRandom random{9};
  CeremonyPlan plan;
  std::vector<Bytes> drawn;  // each holder's state as it was made
  std::vector<HolderState> holders;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places;
  Messages messages;
  CeremonyResult result;

  Ceremony() {
    plan = {{random.array<16>()}, random.array<16>(), "Bureau", {}};
    plan.groups.push_back({"Présidence", 1, {{"Ada", BureauRole::president}}});
    plan.groups.push_back({"Délégués",
                           2,
                           {{"Blaise", BureauRole::delegate},
                            {"Chloé", BureauRole::delegate},
                            {"David", BureauRole::substitute}}});
    for (std::uint32_t g = 0; g < 2; ++g) {
      for (std::uint32_t j = 1; j <= plan.groups[g].members.size(); ++j) {
        places.emplace_back(g, j);
        holders.push_back(HolderState::create(plan, g, j, random));
        drawn.push_back(holders.back().encode().reveal());
      }
    }
    CeremonyRecord record(plan);
    for (std::uint32_t round = 0; round < ceremony_rounds; ++round) {
      for (std::size_t h = 0; h < holders.size(); ++h) {
        const auto text = **next_message(record, holders[h], random);
        ISOLOIR_ASSERT(record.add(text).has_value());
        messages[name(round, h)] = text;
      }
    }
    result = record.keys();
  }

  std::string name(std::uint32_t round, std::size_t h) const {
    return CeremonySlot{round, places[h].first, places[h].second}.file_name();
  }
  Json body(const std::string& of) const { return Json::parse(messages.at(of))["body"]; }
  std::string signed_by(std::size_t h, Json body) {
    SignedDocument document(std::move(body));
    document.sign(holders[h].signing(), plan.election, random);
    return document.text();
  }
  std::string changed(std::uint32_t round, std::size_t h,
                      const std::function<void(Json&)>& change) {
    Json altered = body(name(round, h));
    change(altered);
    return signed_by(h, std::move(altered));
  }
  // The hash of round 1 for other commitments.
  std::string announced(std::size_t h, const Json& commitments) {
    Transcript transcript(DraftRole::commitments, plan.election);
    transcript.add(ByteView(plan.ceremony)).add(places[h].first).add(places[h].second);
    for (const auto& c : commitments) {
      transcript.add(*Point::decode(*hex_decode(c.get<std::string>())));
    }
    return changed(1, h, [&](Json& b) { b["hash"] = hex(transcript.hash()); });
  }
};

Json member_of(const Ceremony& ceremony, std::size_t h) {
  constexpr std::size_t signing_offset = 16 + 16 + 32 + 4 + 4;  // see HolderState::encode
  ByteReader reader(ByteView(ceremony.drawn[h]).subspan(signing_offset));
  Json member = {{"group", ceremony.places[h].first}, {"index", ceremony.places[h].second}};
  member["signing_secret"] = hex(*reader.take(32));
  member["encryption_secret"] = hex(*reader.take(32));
  member["coefficients"] = Json::array();
  for (auto left = *reader.take_u32(); left > 0; --left) {
    member["coefficients"].push_back(hex(*reader.take(32)));
  }
  member["share"] = hex(ceremony.holders[h].share().reveal());
  return member;
}

Json result_of(const CeremonyResult& result) {
  Json groups = Json::array();
  for (const auto& group : result.groups) {
    Json keys = Json::array();
    for (const auto& key : group.share_keys) keys.push_back(hex(key));
    groups.push_back({{"key", hex(group.key)}, {"share_keys", std::move(keys)}});
  }
  return {{"transcript", hex(result.transcript)}, {"key", hex(result.key)}, {"groups", groups}};
}

std::vector<std::string> texts_of(Messages messages, const Json& vector, bool early) {
  for (const auto& [name, text] : vector["with"].items()) messages[name] = text;
  if (vector.contains("without")) {
    for (const auto& name : vector["without"]) messages.erase(name.get<std::string>());
  }
  std::vector<std::string> texts;
  for (const auto& [name, text] : messages) {
    if (!early || name < "3") texts.push_back(text);
  }
  return texts;
}

// A box that opens to a scalar off the polynomial: of member 2 for member 1, in group 1.
Json off_the_polynomial(Ceremony& c) {
  const auto record =
      *CeremonyRecord::read(c.plan, texts_of(c.messages, {{"with", Json::object()}}, true));
  const KeyPair once = KeyPair::generate(c.random);
  const Point shared = once.secret.reveal() * record.sender(1, 1).encryption_key;
  const auto h = Transcript(DraftRole::share_box, c.plan.election)
                     .add(ByteView(c.plan.ceremony))
                     .add(1u)
                     .add(2u)
                     .add(1u)
                     .add(ByteView(record.sender(1, 2).hash))
                     .add(once.key)
                     .add(shared)
                     .hash();
  const Bytes box = seal_with_nonce(ByteView(h).first(32), ByteView(h).subspan(32, 24),
                                    Scalar::from_u64(7).encoded());
  return {{"to", 1}, {"key", hex(once.key)}, {"box", hex(box)}};
}

// One more commitment and proof, announced in round 1.
Json one_more(Ceremony& c) {
  const auto sent = c.changed(2, 1, [](Json& b) {
    b["commitments"].push_back(hex(base_multiply(Scalar::from_u64(9))));
    b["proofs"].push_back(b["proofs"][0]);
  });
  return {{c.name(1, 1), c.announced(1, Json::parse(sent)["body"]["commitments"])},
          {c.name(2, 1), sent}};
}
// C_0 less another member's, so that the sum is the sender's own: no proof can be made.
Json rogue(Ceremony& c) {
  const auto sent = c.changed(2, 1, [&](Json& b) {
    const auto point = [](const Json& text) {
      return *Point::decode(*hex_decode(text.get<std::string>()));
    };
    b["commitments"][0] =
        hex(point(b["commitments"][0]) - point(c.body(c.name(2, 2))["commitments"][0]));
  });
  return {{c.name(1, 1), c.announced(1, Json::parse(sent)["body"]["commitments"])},
          {c.name(2, 1), sent}};
}

Json ceremony_cases(Ceremony& c) {
  Json cases = Json::array();
  const auto add = [&](const std::string& what, Json with, Json without = Json::array()) {
    cases.push_back({{"what", what}, {"with", std::move(with)}, {"without", std::move(without)}});
  };
  const auto change = [&](const std::string& what, std::uint32_t round, std::size_t h,
                          const std::function<void(Json&)>& how) {
    add(what, {{c.name(round, h), c.changed(round, h, how)}});
  };
  add("good", Json::object());
  add("a message is missing", Json::object(), {c.name(4, 3)});
  add("a round has a hole", Json::object(), {c.name(1, 2)});
  change("of another ceremony", 0, 1, [](Json& b) { b["ceremony"] = std::string(32, '0'); });
  change("a member that the plan does not have", 0, 1, [](Json& b) { b["index"] = 4; });
  change("another name than the plan's", 0, 1, [](Json& b) { b["name"] = "Ada"; });
  change("one key for signing and encryption", 0, 1,
         [](Json& b) { b["encryption_key"] = b["signing_key"]; });
  change("another member's encryption key", 0, 2,
         [&](Json& b) { b["encryption_key"] = c.body(c.name(0, 1))["encryption_key"]; });
  add("signed by another member", {{c.name(1, 1), c.signed_by(2, c.body(c.name(1, 1)))}});
  change("commitments that were not announced", 2, 1,
         [](Json& b) { std::swap(b["commitments"][0], b["commitments"][1]); });
  add("one coefficient more", one_more(c));
  add("a rogue key", rogue(c));
  change("proofs exchanged", 2, 1, [](Json& b) { std::swap(b["proofs"][0], b["proofs"][1]); });
  change("a commitment is the identity", 2, 1,
         [](Json& b) { b["commitments"][1] = std::string(64, '0'); });
  change("a receiver without a share", 2, 1, [](Json& b) { b["shares"].erase(1); });
  change("agreement to another transcript", 3, 1,
         [](Json& b) { b["transcript"] = std::string(128, '0'); });
  change("another share key", 4, 1, [&](Json& b) { b["share_key"] = hex(c.result.key); });
  change("the share is not proven", 4, 1,
         [&](Json& b) { b["proof"] = c.body(c.name(4, 2))["proof"]; });
  change("a field too many", 4, 1, [](Json& b) { b["more"] = 1; });
  for (auto& one : cases)
    one["refused"] = refusal(finish(c.plan, texts_of(c.messages, one, false)));
  return cases;
}

Json complaint_cases(Ceremony& c, const Json& members) {
  Json cases = Json::array();
  const auto complaint = [&](std::uint32_t index, const Json& secret) {
    return canonical_json({{"type", "ceremony-complaint"},
                           {"ceremony", hex(c.plan.ceremony)},
                           {"group", 1},
                           {"index", index},
                           {"secret", secret}});
  };
  const auto shares = [&](const std::function<void(Json&)>& how) -> Json {
    return {{c.name(2, 2), c.changed(2, 2, [&](Json& b) { how(b["shares"]); })}};
  };
  const Json own = members[1]["encryption_secret"];
  const Json off = off_the_polynomial(c);
  const auto add = [&](const std::string& what, Json with, const std::string& text) {
    Json one = {{"what", what}, {"with", std::move(with)}, {"complaint", text}};
    const auto record = *CeremonyRecord::read(c.plan, texts_of(c.messages, one, true));
    const auto liars = judge_complaint(record, text);
    if (liars) {
      one["liars"] = Json::array();
      for (const auto& slot : *liars) one["liars"].push_back({slot.group, slot.index});
    } else {
      one["refused"] = liars.error().code;
    }
    cases.push_back(std::move(one));
  };
  add("every share is good: the complainer lied", Json::object(), complaint(1, own));
  add("a share that is off the polynomial", shares([&](Json& s) { s[0] = off; }),
      complaint(1, own));
  add("a box that does not open", shares([](Json& s) { s[0]["box"] = std::string(96, '0'); }),
      complaint(1, own));
  add("another member's box", shares([](Json& s) {
        s[0]["box"] = s[1]["box"];
        s[0]["key"] = s[1]["key"];
      }),
      complaint(1, own));
  add("not the secret of its key", Json::object(), complaint(3, own));
  return cases;
}

}  // namespace

Json ceremony_vectors() {
  Ceremony c;
  Json members = Json::array();
  for (std::size_t h = 0; h < c.holders.size(); ++h) members.push_back(member_of(c, h));
  Json cases = ceremony_cases(c);
  Json complaints = complaint_cases(c, members);
  return {{"plan", c.plan.text()},     {"members", std::move(members)},
          {"messages", c.messages},    {"result", result_of(c.result)},
          {"cases", std::move(cases)}, {"complaints", std::move(complaints)}};
}

// ---- Count

namespace {

Manifest count_manifest(Ceremony& c) {
  Manifest manifest;
  manifest.election_id = c.plan.election;
  manifest.title = {"Election", "Élection"};
  manifest.origin = "https://vote.example";
  manifest.log_origin = "vote.example/log";
  manifest.opens_at = 1;
  manifest.closes_at = 2;
  Contest contest;
  contest.name = {"Contest", "Scrutin"};
  contest.seats = 2;
  contest.rule = "proportional-highest-average";
  contest.options.resize(3);
  contest.options[0].name = "Alpha";
  contest.options[0].candidates = {"Alpha 1", "Alpha 2"};
  contest.options[1].name = "Bêta";
  contest.options[1].candidates = {"Bêta 1", "Bêta 2"};
  contest.options[2].blank = true;
  contest.districts = {"D0", "D1", "D2", "D3"};
  contest.units = {{"U0", {0}}, {"U1", {1}}, {"U2", {2}}, {"U3", {3}}};
  contest.unit_minimum = 2;
  manifest.contests = {contest};
  manifest.bureaus = {to_manifest_bureau(c.plan, c.result)};
  manifest.board_key = base_multiply(Scalar::from_u64(2));
  manifest.registrar_key = base_multiply(Scalar::from_u64(3));
  for (std::uint32_t d = 0; d < 4; ++d) {
    manifest.rosters.push_back({0, d, 0, roster_root(manifest.election_id, 0, d, {})});
  }
  return manifest;
}

// Ballots as sums of ciphertexts: choices and blinding factors, as the voters drew them.
Aggregate ballots(Ceremony& c, const std::vector<std::size_t>& choices, bool cancelling) {
  Aggregate sum(3);
  Scalar blinding[3];
  for (std::size_t b = 0; b < choices.size(); ++b) {
    std::vector<Ciphertext> ballot;
    for (std::size_t i = 0; i < 3; ++i) {
      Scalar r = Scalar::random(c.random);
      if (cancelling && i == 1 && b + 1 == choices.size()) r = Scalar() - blinding[i];
      blinding[i] = blinding[i] + r;
      Point beta = r * c.result.key;
      if (choices[b] == i) beta = beta + Point::generator();
      ballot.push_back({base_multiply(r), beta});
    }
    sum.add(ballot);
  }
  return sum;
}

struct Count {
  Ceremony c;
  Manifest manifest = count_manifest(c);
  TallyAnchors anchors{48, c.random.array<32>(), c.random.array<32>()};
  DistrictAggregates districts;
  Tally tally;
  Json shares = Json::array();

  Count() {
    districts.emplace(std::pair(0u, 0u), ballots(c, {0, 0, 1}, false));
    districts.emplace(std::pair(0u, 1u), ballots(c, {2}, false));  // joins the next unit
    districts.emplace(std::pair(0u, 2u), ballots(c, {1, 0}, false));
    districts.emplace(std::pair(0u, 3u), ballots(c, {0, 2}, true));  // alpha of option 1: identity
    tally = *make_tally(manifest, anchors, districts);
  }
  std::string document(std::size_t h, const Tally& of) {
    auto holder = c.holders[h].clone();
    ISOLOIR_ASSERT(holder.bind_tally(of.hash).has_value());
    return *make_shares(manifest, of, 0, holder, c.random);
  }
  std::string changed(std::size_t h, const std::function<void(Json&)>& change) {
    Json body = Json::parse(document(h, tally))["body"];
    change(body);
    SignedDocument altered(body);
    altered.sign(c.holders[h].signing(), manifest.fingerprint(), c.random);
    return altered.text();
  }
  void add(const std::string& what, const std::string& text) {
    shares.push_back({{"what", what},
                      {"document", text},
                      {"refused", refusal(judge_shares(manifest, tally, text))}});
  }
};

void add_shares(Count& count) {
  const char* names[] = {"good, group 0", "good, group 1, member 1", "good, group 1, member 2",
                         "good, group 1, member 3"};
  for (std::size_t h = 0; h < 4; ++h) count.add(names[h], count.document(h, count.tally));
  Tally elsewhere = count.tally;
  elsewhere.hash[0] ^= 1;
  count.add("of another tally", count.document(1, elsewhere));
  const auto identity = std::string(64, '0');
  const auto change = [&](const std::string& what, const std::function<void(Json&)>& how) {
    count.add(what, count.changed(1, [&](Json& b) { how(b); }));
  };
  change("a share is missing", [](Json& b) { b["shares"].erase(0); });
  change("a share twice", [](Json& b) { b["shares"].push_back(b["shares"][0]); });
  change("out of order", [](Json& b) { std::swap(b["shares"][0], b["shares"][1]); });
  change("D and D exchanged", [](Json& b) { std::swap(b["shares"][0]["D"], b["shares"][1]["D"]); });
  change("D the identity where alpha is not", [&](Json& b) { b["shares"][0]["D"] = identity; });
  change("z of another share", [](Json& b) { b["shares"][0]["z"] = b["shares"][1]["z"]; });
  change("z is the order", [](Json& b) {
    b["shares"][0]["z"] = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
  });
  change("z zero", [&](Json& b) { b["shares"][0]["z"] = identity; });
  change("A not canonical", [](Json& b) { b["shares"][0]["A"] = "01" + std::string(62, '0'); });
  // Unit 2 after merging, option 1: place 7 of the document.
  change("D is not the identity where alpha is",
         [](Json& b) { b["shares"][7]["D"] = b["shares"][6]["D"]; });
  change("a field too many", [](Json& b) { b["more"] = 1; });
  change("a member that the manifest does not have", [](Json& b) { b["index"] = 4; });
  Json body = Json::parse(count.document(1, count.tally))["body"];
  SignedDocument foreign(body);
  foreign.sign(count.c.holders[2].signing(), count.manifest.fingerprint(), count.c.random);
  count.add("signed by another member", foreign.text());
}

Json count_cases(const Count& count) {
  Json cases = Json::array();
  const auto add = [&](const std::string& what, const std::vector<std::size_t>& documents) {
    std::vector<ShareDocument> good;
    for (const auto i : documents) {
      auto judged =
          judge_shares(count.manifest, count.tally, count.shares[i]["document"].get<std::string>());
      if (judged) good.push_back(std::move(*judged));
    }
    const auto votes = decrypt(count.manifest, count.tally, good);
    Json one = {{"what", what}, {"documents", documents}};
    (votes ? one["votes"] : one["refused"]) = votes ? Json(*votes) : Json(votes.error().code);
    cases.push_back(std::move(one));
  };
  add("all", {0, 1, 2, 3});
  add("members 1 and 2", {0, 1, 2});
  add("members 3 and 1, in this order", {3, 1, 0});
  add("one of them twice", {0, 1, 1, 3});
  add("one alone of the second group", {0, 1, 1});
  add("nobody of the first group", {1, 2, 3});
  add("what is not good does not count", {0, 1, 8});
  return cases;
}

}  // namespace

Json count_vectors() {
  Count count;
  add_shares(count);
  Json districts = Json::array();
  for (const auto& [place, sum] : count.districts) {
    Json sums = Json::array();
    for (const auto& one : sum.sums) sums.push_back({hex(one.alpha), hex(one.beta)});
    districts.push_back({{"contest", place.first},
                         {"district", place.second},
                         {"ballots", sum.ballots},
                         {"sums", std::move(sums)}});
  }
  std::vector<ShareDocument> good;
  for (std::size_t h = 0; h < 4; ++h) {
    good.push_back(
        *judge_shares(count.manifest, count.tally, count.shares[h]["document"].get<std::string>()));
  }
  const auto votes = *decrypt(count.manifest, count.tally, good);
  const std::vector<ContestFigures> figures{{10, 8, {}}};
  return {{"manifest", count.manifest.text()},
          {"anchors",
           {{"log_size", count.anchors.log_size},
            {"log_root", hex(count.anchors.log_root)},
            {"box_root", hex(count.anchors.box_root)}}},
          {"districts", std::move(districts)},
          {"tally", hex(count.tally.hash)},
          {"tally_json", tally_json(count.tally, votes)},
          {"result_json", *make_result(count.manifest, count.tally, votes, figures, {})},
          {"registered", 10},
          {"shares", count.shares},
          {"counts", count_cases(count)}};
}

// ---- Log

namespace {

Json proof_of(const std::vector<Digest>& proof) {
  Json hashes = Json::array();
  for (const auto& hash : proof) hashes.push_back(hex(hash));
  return hashes;
}

Json log_entries(const ReceiptKey& receipt_key, Random& random, std::vector<Digest>& leaves) {
  Json entries = Json::array();
  const auto add = [&](std::uint8_t kind, const std::string& content, const Bytes& entry) {
    leaves.push_back(leaf_hash(entry));
    entries.push_back({{"kind", kind},
                       {"content", content},
                       {"entry", hex(entry)},
                       {"leaf", hex(leaves.back())}});
  };
  for (int i = 0; i < 3; ++i) {
    const Tracker tracker{random.array<32>()};
    add(entry_ballot, hex(tracker.bytes), ballot_entry(receipt_key, tracker));
  }
  for (int i = 0; i < 6; ++i) {
    const auto pad = random.array<32>();
    add(entry_pad, hex(pad), pad_entry(pad));
  }
  for (const std::uint8_t kind : {entry_event, entry_batch}) {
    const std::string text = R"({"body":{"type":"event"},"signatures":[]})";
    add(kind, text, document_entry(kind, text));
  }
  return entries;
}

Json inclusion_cases(const std::vector<Digest>& leaves) {
  Json cases = Json::array();
  const auto add = [&](const std::string& what, std::size_t index, std::size_t size,
                       const std::vector<Digest>& proof) {
    const auto root = merkle_root(std::span(leaves).first(size));
    cases.push_back({{"what", what},
                     {"index", index},
                     {"size", size},
                     {"proof", proof_of(proof)},
                     {"accept", verify_inclusion(leaves.at(std::min(index, leaves.size() - 1)),
                                                 index, size, proof, root)}});
  };
  for (const std::size_t size : {1u, 2u, 3u, 7u, 8u, 11u}) {
    for (const std::size_t index : {std::size_t{0}, size / 2, size - 1}) {
      add("good", index, size, inclusion_proof(std::span(leaves).first(size), index));
    }
  }
  auto proof = inclusion_proof(leaves, 4);
  add("of another leaf", 5, 11, proof);
  add("of another size", 4, 10, proof);
  add("index beyond the tree", 11, 11, proof);
  std::swap(proof[0], proof[1]);
  add("out of order", 4, 11, proof);
  std::swap(proof[0], proof[1]);
  proof.push_back(proof[0]);
  add("too long", 4, 11, proof);
  proof.resize(proof.size() - 2);
  add("too short", 4, 11, proof);
  return cases;
}

Json note_cases(const Ed25519KeyPair& key, const std::vector<Digest>& leaves) {
  const std::string origin = "vote.example/log";
  const Checkpoint checkpoint{origin, leaves.size(), merkle_root(leaves)};
  const std::string good = sign_checkpoint(checkpoint, key);
  const std::string unknown = "\xe2\x80\x94 witness.example AAAAAAAA\n";
  SeededRandom others(77);
  const auto other = Ed25519KeyPair::generate(others);
  const std::string forged = sign_checkpoint(checkpoint, other);
  Json cases = Json::array();
  const auto add = [&](const std::string& what, const std::string& note) {
    Json one = {{"what", what}, {"note", note}};
    const auto opened = open_checkpoint(note, origin, key.key);
    if (opened) {
      one["size"] = opened->size;
      one["root"] = hex(opened->root);
    } else {
      one["refused"] = opened.error().code;
    }
    cases.push_back(std::move(one));
  };
  add("good", good);
  add("an unknown signature beside", good + unknown);
  add("an unknown signature alone", checkpoint.body() + "\n" + unknown);
  add("by another key", forged);
  add("of another log", sign_checkpoint({"other.example/log", 11, checkpoint.root}, key));
  std::string changed = good;
  changed[changed.find("\n11\n") + 2] = '2';
  add("another size", changed);
  changed = good;
  changed.insert(changed.find("\n11\n") + 1, "0");
  add("a leading zero", changed);
  add("no newline at the end", good.substr(0, good.size() - 1));
  add("no signature", checkpoint.body());
  add("a carriage return", good.substr(0, good.find('\n')) + "\r" + good.substr(good.find('\n')));
  return cases;
}

}  // namespace

Json log_vectors() {
  SeededRandom random(6962);
  const SymmetricKey link_key(random.array<32>());
  const auto receipt_key = ReceiptKey::of_link_key(link_key);
  const auto key = Ed25519KeyPair::generate(random);
  std::vector<Digest> leaves;
  Json entries = log_entries(receipt_key, random, leaves);
  Json roots = Json::array();
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    roots.push_back(hex(merkle_root(std::span(leaves).first(size))));
  }
  return {{"link_key", hex(link_key.reveal())},
          {"receipt_key", hex(hmac_sha256(link_key.reveal(), {as_bytes("receipt")}))},
          {"entries", std::move(entries)},
          {"roots", std::move(roots)},
          {"inclusions", inclusion_cases(leaves)},
          {"checkpoint",
           {{"seed", hex(key.seed.reveal())},
            {"key", hex(key.key)},
            {"origin", "vote.example/log"},
            {"notes", note_cases(key, leaves)}}}};
}

}  // namespace isoloir::test
