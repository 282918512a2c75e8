// A whole small election made in memory through the pure modules, up to its export: two contests,
// three voters of whom one abstains, one enrolled late, one whose code was reissued, an empty unit,
// two groups of trustees. Hooks let a test be dishonest at one point, with everything after it made
// consistently.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "election/ballot.hpp"
#include "election/ceremony.hpp"
#include "election/checkpoint.hpp"
#include "election/count.hpp"
#include "election/export.hpp"
#include "election/manifest.hpp"
#include "election/minutes.hpp"

namespace isoloir::test {

using Files = std::map<std::string, std::string>;
using Box = std::map<std::pair<std::uint32_t, std::uint32_t>, std::map<Point, Bytes>>;
using Signers = std::vector<const KeyPair*>;

class TestElection;

struct EventDraft {  // of an event
  std::string name;
  Json contest = nullptr;
  Json data = Json::object();
  Signers signers;
  std::uint32_t bureau = 0;  // where the event has no contest
};
struct BatchUnit {  // of a reissue, keys ascending
  std::uint32_t contest, district;
  std::vector<Point> removed, added;
};
struct ElectionHooks {
  std::function<void(TestElection&)> setup;    // the manifest, before it is sealed
  std::function<void(Json&, Signers&)> seal;   // body
  std::function<void(Json&, Signers&)> event;  // body of each event
  std::function<void(TestElection&, const std::string&)> after;  // an event, by name
  std::function<void(Json&, Signers&)> batch;
  std::function<void(const std::string&, std::string&)> logged;  // "batch" or event, as signed
  std::function<void(TestElection&)> box;      // ballots, before they are accepted
  std::function<void(TestElection&)> counted;  // files of tally and shares, before the result
  std::function<void(TestElection&)> closed;   // all is there but the index
  std::function<void(Files&)> files;           // the same
  std::function<void(std::string&)> note;      // each checkpoint
  bool nobody = false;                         // no voter at all
  bool two_bureaus = false;                    // contest 1 has a bureau of its own
  bool unclosed = false;                       // no close-count
  std::set<std::uint32_t> closed_by;           // close-count of these bureaus, where given
  std::uint64_t seed = 2026;                   // of every key and nonce
  std::optional<std::uint64_t> ceremony_seed;  // of the election's id and the trustees' keys
};

// A third of what an election costs is its ceremony: each is held once.
struct HeldCeremony {
  CeremonyPlan plan;
  LocalCeremony ceremony;

  static const HeldCeremony& of(std::uint64_t seed) { return held(seed, {}); }
  // Of another bureau of the same election.
  static const HeldCeremony& second_of(std::uint64_t seed) {
    return held(seed + 1'000'000, of(seed).plan.election);
  }
  static const HeldCeremony& held(std::uint64_t seed, std::optional<ElectionId> election) {
    static std::map<std::uint64_t, HeldCeremony> all;
    if (const auto found = all.find(seed); found != all.end()) return found->second;
    SeededRandom random(~seed);
    CeremonyPlan plan{{random.array<16>()}, random.array<16>(), "Bureau", {}};
    if (election) plan.election = *election;
    plan.groups.push_back(
        {"P", 1, {{"Ada", BureauRole::president}, {"Blaise", BureauRole::secretary}}});
    plan.groups.push_back({"D", 2, {}});
    for (const char* name : {"Chloé", "David", "Émilie"}) {
      plan.groups[1].members.push_back({name, BureauRole::delegate});
    }
    auto ceremony = run_ceremony_locally(plan, random);
    return all.emplace(seed, HeldCeremony{std::move(plan), std::move(ceremony)}).first->second;
  }
  LocalCeremony clone() const {
    LocalCeremony copy{ceremony.messages, {}, ceremony.result};
    for (const auto& holder : ceremony.holders) copy.holders.push_back(holder.clone());
    return copy;
  }
};

class TestElection {
 public:
  using Hooks = ElectionHooks;

  explicit TestElection(Hooks given = {}) : hooks(std::move(given)) {
    set_up();
    seal();
    vote();
    close();
    count();
    finish();
  }

  // ---- For the hooks

  void emit(EventDraft draft) {
    const std::size_t number = event_number++;
    const auto bureau = draft.contest.is_null()
                            ? draft.bureau
                            : manifest.contests[draft.contest.get<std::size_t>()].bureau;
    Json body = {{"type", "event"},   {"number", number}, {"event", draft.name},
                 {"at", now += 1000}, {"bureau", bureau}, {"contest", draft.contest},
                 {"data", draft.data}};
    if (hooks.event) hooks.event(body, draft.signers);
    now = std::max(now, integer_field(body, "at").value_or(now));
    std::string text = signed_text(std::move(body), draft.signers);
    if (hooks.logged) hooks.logged(draft.name, text);
    files[export_path::event(number)] = text;
    waiting.push_back(document_entry(entry_event, text));
    if (!hold) append_waiting();
    if (draft.name == "freeze") {
      const auto root = Json::parse(text)["body"]["data"].value("box_root", std::string());
      anchors.box_root = hex_decode_array<32>(root).value_or(Digest{});
      anchors.log_size = static_cast<std::uint32_t>(log.size());
      anchors.log_root = log.root();
    }
    if (hooks.after) hooks.after(*this, draft.name);
  }
  void append_waiting() {
    append_round(waiting, {});
    waiting.clear();
  }
  std::string signed_text(Json body, const Signers& signers) {
    SignedDocument document(std::move(body));
    const bool draft = text_field(document.body(), "type") == "roster";
    for (const auto* signer : signers) {
      if (draft) {
        document.sign(*signer, manifest.election_id, random);
      } else {
        document.sign(*signer, fingerprint(), random);
      }
    }
    return document.text();
  }
  Bytes ballot(std::uint32_t k, std::uint32_t d, std::size_t choice, const KeyPair& key) {
    return make_ballot(fingerprint(), k, d, manifest.contests[k].options.size(), choice,
                       manifest.bureau_of(manifest.contests[k]).key, key.secret.reveal(), random)
        .encode();
  }
  // The last option, where a setup has left fewer.
  void cast(std::uint32_t k, std::uint32_t d, std::size_t choice, const KeyPair& key) {
    const auto last = manifest.contests[k].options.size() - 1;
    box[{k, d}][key.key] = ballot(k, d, std::min(choice, last), key);
  }
  Fingerprint fingerprint() const { return manifest.fingerprint(); }
  const KeyPair& member(std::size_t i, std::size_t bureau = 0) const {
    return (bureau == 0 ? ceremony : *second_bureau).holders[i].signing();
  }
  const KeyPair& president(std::size_t bureau = 0) const { return member(0, bureau); }
  const KeyPair& secretary(std::size_t bureau = 0) const { return member(1, bureau); }
  const KeyPair& delegate(std::size_t i, std::size_t bureau = 0) const {
    return member(2 + i, bureau);
  }
  Signers opening(std::size_t bureau = 0) const {
    return {&president(bureau), &delegate(0, bureau), &delegate(1, bureau)};
  }

  // Sorted by key, as the box has them.
  std::vector<Bytes> ballots_of(std::uint32_t contest, std::uint32_t district) {
    std::vector<Bytes> ballots;
    for (const auto& [key, bytes] : box[{contest, district}]) {
      ballots.push_back(bytes);
      auto& second = second_ballots[{contest, district}];
      if (const auto found = second.find(key); found != second.end()) {
        ballots.push_back(found->second);
      }
    }
    return ballots;
  }
  void append_round(const std::vector<Bytes>& documents, std::vector<Digest> ballots) {
    for (const auto& entry : documents) add_leaf(leaf_hash(entry));
    std::map<Digest, Bytes> rest;
    for (const auto& leaf : ballots) rest.emplace(leaf, Bytes());
    while (rest.empty() || (documents.size() + rest.size()) % 16 != 0) {
      const auto pad = random.array<32>();
      rest.emplace(leaf_hash(pad_entry(pad)), Bytes(pad.begin(), pad.end()));
    }
    for (const auto& [leaf, pad] : rest) {
      add_leaf(leaf);
      files["log/pads.bin"] += as_text(pad);
      pads += !pad.empty();
    }
    notes.push_back(sign_checkpoint({manifest.log_origin, log.size(), log.root()}, checkpoint_key));
    if (hooks.note) hooks.note(notes.back());
  }
  // Into the log, unless events wait.
  void publish_batch(const std::vector<BatchUnit>& units, std::uint32_t persons, TimeMs at,
                     const std::function<void(Json&, Signers&)>& change = {}) {
    const auto number = batch_number++;
    Json body = {{"type", "reissue-batch"},
                 {"number", number},
                 {"at", at},
                 {"persons", persons},
                 {"register_root", std::string(64, '0')},
                 {"units", Json::array()}};
    for (const auto& [k, d, removed, added] : units) {
      const auto root = [&, contest = k, district = d](const std::vector<Point>& keys) {
        return hex_encode(roster_root(manifest.election_id, contest, district, keys));
      };
      body["units"].push_back({{"contest", k},
                               {"district", d},
                               {"size", added.size()},
                               {"removed_root", root(removed)},
                               {"added_root", root(added)}});
      files[export_path::batch_removed(number, k, d)] = bytes_of(removed);
      files[export_path::batch_added(number, k, d)] = bytes_of(added);
    }
    Signers signers{&board};
    if (change) change(body, signers);
    auto& text = files[export_path::batch(number)] = signed_text(std::move(body), signers);
    if (hooks.logged) hooks.logged("batch", text);
    waiting.push_back(document_entry(entry_batch, text));
    if (!hold) append_waiting();
  }
  // Of the files as they are, dated now.
  std::string minutes(std::uint32_t bureau, const Signers& signers,
                      const std::function<void(Json&)>& change = {}) {
    const auto read = [&](std::size_t count, std::string (*path)(std::size_t)) {
      std::vector<SignedDocument> documents;
      for (std::size_t n = 0; n < count; ++n) {
        documents.push_back(*SignedDocument::parse(files.at(path(n))));
      }
      return documents;
    };
    const auto events = read(event_number, export_path::event);
    const auto batches = read(batch_number, export_path::batch);
    Json body = minutes_body({manifest, files.at("result.json"), events, batches}, bureau, now);
    if (change) change(body);
    return signed_text(std::move(body), signers);
  }
  void reindex() { files["index.json"] = index_of(files); }
  static std::string index_of(const Files& of) {
    ExportIndex index;
    for (const auto& [path, content] : of) {
      if (path != export_path::index) index.emplace(path, digest_of(content));
    }
    return export_index(index);
  }
  std::string receipt(const Bytes& of) const {
    const auto entry = ballot_entry(receipt_key, tracker_of(of));
    const auto place = static_cast<std::uint64_t>(
        std::find(leaves.begin(), leaves.end(), leaf_hash(entry)) - leaves.begin());
    const auto note = notes.back();
    return Receipt{entry, place, inclusion_proof(leaves, place), note}.text();
  }

  Hooks hooks;
  SeededRandom random{hooks.seed};
  KeyPair board = KeyPair::generate(random);
  KeyPair registrar = KeyPair::generate(random);
  Ed25519KeyPair checkpoint_key = Ed25519KeyPair::generate(random);
  ReceiptKey receipt_key = ReceiptKey::of_bytes(random.array<32>());
  LocalCeremony ceremony;
  std::optional<LocalCeremony> second_bureau;
  Manifest manifest;
  // Keys of the voters: [voter][contest]. Voter 2 abstains; voter 3 is enrolled late in contest 0.
  std::vector<std::vector<KeyPair>> voters;
  KeyPair reissued = KeyPair::generate(random);  // voter 1's new key in contest 1
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Point>> rosters;
  Box box;
  Box second_ballots;  // by keys that have one in the box
  Files files;
  TimeMs now = 1'000'000;
  std::size_t event_number = 0;
  std::size_t batch_number = 0;
  std::uint32_t enrolled_besides = 0;  // by a hook, in contest 1
  bool hold = false;                   // events wait
  std::vector<Bytes> waiting;          // their entries
  std::vector<Digest> leaves;
  MerkleAccumulator log;
  std::uint64_t pads = 0;
  std::vector<std::string> notes;
  std::optional<Tally> tally;
  std::vector<std::uint32_t> lots;           // of contest 0
  std::vector<std::string> shares_left_out;  // reasons, for member (0, 0, 1)

 private:
  void add_leaf(const Digest& leaf) {
    leaves.push_back(leaf);
    log.append(leaf);
    files["log/leaves.bin"] += as_text(leaf);
  }
  static ContestOption list(const std::string& name) {
    ContestOption option;
    option.name = name;
    option.candidates = {name + " 1", name + " 2"};
    return option;
  }
  static Contest contest(std::vector<ContestOption> options, std::uint32_t districts) {
    Contest result;
    result.name = {"Contest", "Scrutin"};
    result.seats = 3;
    result.rule = "proportional-highest-average";
    result.options = std::move(options);
    for (std::uint32_t d = 0; d < districts; ++d) {
      result.districts.push_back("D" + std::to_string(d));
      result.units.push_back({"U" + std::to_string(d), {d}});
    }
    result.reissue_max = 1;
    return result;
  }

  void set_up() {
    const auto& held = HeldCeremony::of(hooks.ceremony_seed.value_or(hooks.seed));
    ceremony = held.clone();
    manifest.election_id = held.plan.election;
    manifest.title = {"Election", "Élection"};
    manifest.origin = "https://vote.example";
    manifest.log_origin = "vote.example/log";
    manifest.opens_at = 1'000'500;
    manifest.closes_at = 1'005'000;
    ContestOption blank;
    blank.blank = true;
    manifest.contests = {contest({list("Alpha"), list("Bêta"), blank}, 3),
                         contest({blank, list("Gamma")}, 1)};
    manifest.bureaus = {to_manifest_bureau(held.plan, ceremony.result)};
    for (const auto& text : ceremony.messages) add_message(0, text);
    if (hooks.two_bureaus) {
      const auto& other = HeldCeremony::second_of(hooks.ceremony_seed.value_or(hooks.seed));
      second_bureau = other.clone();
      manifest.bureaus.push_back(to_manifest_bureau(other.plan, second_bureau->result));
      for (const auto& text : second_bureau->messages) add_message(1, text);
      manifest.contests[1].bureau = 1;
    }
    manifest.board_key = board.key;
    manifest.registrar_key = registrar.key;
    manifest.checkpoint_key = checkpoint_key.key;
    for (int v = 0; v < 4; ++v) {
      voters.emplace_back();
      for (int k = 0; k < 2; ++k) voters.back().push_back(KeyPair::generate(random));
    }
    if (!hooks.nobody) {
      rosters[{0, 0}] = {voters[0][0].key, voters[1][0].key};
      rosters[{0, 1}] = {voters[2][0].key};
      rosters[{1, 0}] = {voters[0][1].key, voters[1][1].key, voters[2][1].key};
    }
    for (std::uint32_t k = 0; k < 2; ++k) {
      for (std::uint32_t d = 0; d < manifest.contests[k].districts.size(); ++d) {
        auto& keys = rosters[{k, d}];
        std::sort(keys.begin(), keys.end());
        manifest.rosters.push_back({k, d, static_cast<std::uint32_t>(keys.size()),
                                    roster_root(manifest.election_id, k, d, keys)});
        files[export_path::roster(k, d)] = bytes_of(keys);
      }
    }
    if (hooks.setup) hooks.setup(*this);
  }
  void add_message(std::size_t bureau, const std::string& text) {
    static const std::map<std::string, std::uint32_t> rounds = {{"ceremony-hello", 0},
                                                                {"ceremony-hash", 1},
                                                                {"ceremony-commitments", 2},
                                                                {"ceremony-agreement", 3},
                                                                {"ceremony-possession", 4}};
    const Json body = Json::parse(text)["body"];
    files[export_path::ceremony(bureau, rounds.at(body["type"].get<std::string>()),
                                body["group"].get<std::size_t>(),
                                body["index"].get<std::size_t>())] = text;
  }
  static std::string bytes_of(const std::vector<Point>& keys) {
    std::string bytes;
    for (const auto& key : keys) bytes += as_text(key.encoded());
    return bytes;
  }

  void seal() {
    files["manifest.json"] = manifest.text();
    Json body = {{"type", "seal"},
                 {"fingerprint", hex_encode(fingerprint().bytes)},
                 {"ballots", 0},
                 {"sign_offs", 0},
                 {"sealed_at", now}};
    Signers signers;
    for (std::size_t b = 0; b < manifest.bureaus.size(); ++b) {
      for (std::size_t i = 0; i < ceremony.holders.size(); ++i) signers.push_back(&member(i, b));
    }
    if (hooks.seal) hooks.seal(body, signers);
    files["seal.json"] = signed_text(std::move(body), signers);
    files["roster.json"] = signed_text({{"type", "roster"},
                                        {"election_id", hex_encode(manifest.election_id.bytes)},
                                        {"rosters", Json::parse(manifest.text())["roster"]}},
                                       {&registrar});
  }

  void reissue() {
    publish_batch({{1, 0, {voters[1][1].key}, {reissued.key}}}, 1, now, hooks.batch);
  }

  void vote() {
    files["log/pads.bin"];
    emit({"open", nullptr, Json::object(), {&board}});
    if (!hooks.nobody) {
      emit({"suspend", 0, {{"reason", "A fire alarm"}}, {&secretary()}});
      emit({"resume", 0, {{"reason", "It was none"}}, {&president()}});
      emit({"enrol",
            0,
            {{"district", 1}, {"key", hex_encode(voters[3][0].key.encoded())}},
            {&registrar, &president()}});
      emit({"strike-off",
            1,
            {{"district", 0}, {"key", hex_encode(voters[2][1].key.encoded())}},
            {&president(manifest.contests[1].bureau)}});
      reissue();
      cast(0, 0, 0, voters[0][0]);
      cast(0, 0, 0, voters[1][0]);
      cast(0, 1, 1, voters[3][0]);
      cast(1, 0, 1, voters[0][1]);
      cast(1, 0, 0, reissued);
    }
    if (hooks.box) hooks.box(*this);
    std::vector<Digest> accepted;
    for (const auto& roster : manifest.rosters) {
      for (const auto& bytes : ballots_of(roster.contest, roster.district)) {
        accepted.push_back(leaf_hash(ballot_entry(receipt_key, tracker_of(bytes))));
      }
    }
    append_round({}, accepted);
  }

  void close() {
    now = std::max(now, manifest.closes_at);
    emit({"close", nullptr, Json::object(), {&board}});
    MerkleAccumulator tree;
    std::vector<std::uint64_t> ballots(2);
    for (const auto& roster : manifest.rosters) {
      auto& file = files[export_path::box(roster.contest, roster.district)];
      for (const auto& bytes : ballots_of(roster.contest, roster.district)) {
        tree.append(leaf_hash(bytes));
        file += as_text(bytes);
        ++ballots[roster.contest];
      }
    }
    emit({"freeze",
          nullptr,
          {{"box_root", hex_encode(tree.root())},
           {"ballots", ballots},
           {"pads", pads},
           {"sign_offs", ballots},
           {"sign_off_root", std::string(64, '0')}},
          {&board}});
    sign_offs = ballots;
  }

  void count() {
    DistrictAggregates districts;
    for (const auto& roster : manifest.rosters) {
      const auto options = manifest.contests[roster.contest].options.size();
      Aggregate sums(options);
      for (const auto& bytes : ballots_of(roster.contest, roster.district)) {
        if (const auto ballot = Ballot::decode(bytes, options)) sums.add(ballot->options);
      }
      districts.emplace(std::pair(roster.contest, roster.district), std::move(sums));
    }
    tally = *make_tally(manifest, anchors, districts);
    const Json data = {{"bijection", true}, {"tally", hex_encode(tally->hash)}};
    for (const auto b : counting()) emit({"count", nullptr, data, opening(b), b});
    for (const auto b : counting()) make_shares_of(b);
    if (hooks.counted) hooks.counted(*this);
    std::vector<ShareDocument> good;
    for (const auto& [path, text] : files) {
      if (!path.starts_with("shares/")) continue;
      if (auto judged = judge_shares(manifest, *tally, text)) good.push_back(std::move(*judged));
    }
    Votes none;
    for (const auto& unit : tally->units) none.emplace_back(unit.total.sums.size(), 0);
    votes = decrypt(manifest, *tally, good).value_or(none);
    files["tally.json"] = tally_json(*tally, votes);
  }

  // Bureaus that have a contest.
  std::set<std::uint32_t> counting() const {
    std::set<std::uint32_t> bureaus;
    for (const auto& one : manifest.contests) bureaus.insert(one.bureau);
    return bureaus;
  }
  void make_shares_of(std::uint32_t bureau) {
    const auto& held = bureau == 0 ? ceremony : *second_bureau;
    std::size_t h = 0;
    for (std::size_t g = 0; g < 2; ++g) {
      for (std::size_t j = 1; j <= manifest.bureaus[bureau].groups[g].members.size(); ++j, ++h) {
        auto holder = held.holders[h].clone();
        if (!holder.bind_tally(tally->hash)) continue;
        const auto shares = make_shares(manifest, *tally, bureau, holder, random);
        if (shares) files[export_path::shares(bureau, g, j)] = *shares;
      }
    }
  }

  void finish() {
    std::vector<ContestFigures> figures(2);
    for (std::uint32_t k = 0; k < 2; ++k) {
      for (const auto& roster : manifest.rosters) {
        if (roster.contest == k) figures[k].registered += roster.size;
      }
      figures[k].sign_offs = sign_offs[k];
    }
    if (!hooks.nobody) {
      figures[0].registered += 1;  // enrolled
      figures[1].registered += enrolled_besides;
      figures[1].registered -= 1;  // struck off
    }
    figures[0].lots = lots;
    std::vector<LeftOut> left_out;
    for (const auto& reason : shares_left_out) left_out.push_back({0, 0, 1, reason});
    files["result.json"] = make_result(manifest, *tally, votes, figures, left_out)
                               .value_or(R"({"contests":[],"left_out":[]})");
    const auto hash = hex_encode(sha256(as_bytes(files["result.json"])));
    if (!hooks.unclosed) {
      for (const auto b : hooks.closed_by.empty() ? counting() : hooks.closed_by) {
        emit({"close-count", nullptr, {{"result", hash}}, {&president(b)}, b});
      }
    }
    Json all = Json::array();
    for (const auto& note : notes) all.push_back(note);
    files["log/checkpoints.json"] = canonical_json(all);
    if (hooks.closed) hooks.closed(*this);
    if (hooks.files) hooks.files(files);
    reindex();
  }

  TallyAnchors anchors;
  std::vector<std::uint64_t> sign_offs;
  Votes votes;
};

}  // namespace isoloir::test
