#include "verification/tampered_exports.hpp"

#include <fstream>
#include <stdexcept>

#include "crypto/ed25519.hpp"
#include "verification/export_makers.hpp"

namespace isoloir::test {

Anchors MadeExport::anchors() const {
  Anchors given;
  given.fingerprint = fingerprint;
  given.checkpoint = checkpoint;
  given.receipts = receipts;
  given.receipts_given = !receipts.empty();
  return given;
}

void MadeExport::write(const std::filesystem::path& folder) const {
  for (const auto& [path, content] : files) {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream out(folder / path, std::ios::binary);
    out << content;
    if (!out.flush()) throw std::runtime_error(path + " cannot be written");
  }
  if (on_disk) on_disk(folder);
}

// ---- Elections

TestElection Workshop::election(ElectionHooks hooks) const {
  hooks.seed = seed_;
  return TestElection(std::move(hooks));
}

const TestElection& Workshop::good() const {
  if (!good_) good_.emplace(election());
  return *good_;
}

const TestElection& Workshop::retitled() const {
  if (!retitled_) {
    ElectionHooks hooks;
    hooks.setup = [](TestElection& e) {
      e.manifest.title.en = "Another";
      e.random.bytes(1);  // and from here on other randomness
    };
    retitled_.emplace(election(std::move(hooks)));
  }
  return *retitled_;
}

const TestElection& Workshop::other() const {
  if (!other_) {
    ElectionHooks hooks;
    hooks.ceremony_seed = seed_ + 1;
    other_.emplace(election(std::move(hooks)));
  }
  return *other_;
}

// ---- Makers

namespace {

Maker altered_good(std::function<void(const Workshop&, Files&)> change, bool index) {
  return [=](const Workshop& workshop) {
    MadeExport made{workshop.good().files, {}, {}, {}};
    change(workshop, made.files);
    if (index) made.files["index.json"] = TestElection::index_of(made.files);
    return made;
  };
}

}  // namespace

Maker altered(std::function<void(Files&)> change) {
  return altered_good([=](const Workshop&, Files& files) { change(files); }, true);
}
Maker altered_unlisted(std::function<void(Files&)> change) {
  return altered_good([=](const Workshop&, Files& files) { change(files); }, false);
}
Maker altered_by(std::function<void(const Workshop&, Files&)> change) {
  return altered_good(std::move(change), true);
}
Maker altered_json(std::string path, std::function<void(Json&)> change) {
  return altered([=](Files& files) {
    Json json = Json::parse(files.at(path));
    change(json);
    files[path] = canonical_json(json);
  });
}

std::string resigned(const std::string& text, const std::function<void(Json&)>& change,
                     const Signers& signers, const SigningContext& context) {
  Json body = Json::parse(text)["body"];
  change(body);
  SignedDocument document(std::move(body));
  SeededRandom random(sha256(as_bytes(text))[0]);
  for (const auto* signer : signers) document.sign(*signer, context, random);
  return document.text();
}

Maker anchored(std::function<void(const Workshop&, MadeExport&)> give) {
  return [=](const Workshop& workshop) {
    MadeExport made{workshop.good().files, {}, {}, {}};
    give(workshop, made);
    return made;
  };
}

Maker made(std::function<void(const Workshop&, ElectionHooks&)> prepare) {
  return [=](const Workshop& workshop) {
    ElectionHooks hooks;
    prepare(workshop, hooks);
    return MadeExport{workshop.election(std::move(hooks)).files, {}, {}, {}};
  };
}
Maker on_setup(std::function<void(TestElection&)> change) {
  return made([=](const Workshop&, ElectionHooks& hooks) { hooks.setup = change; });
}
Maker on_box(std::function<void(TestElection&)> change) {
  return made([=](const Workshop&, ElectionHooks& hooks) { hooks.box = change; });
}
Maker on_counted(std::function<void(TestElection&)> change) {
  return made([=](const Workshop&, ElectionHooks& hooks) { hooks.counted = change; });
}
Maker on_closed(std::function<void(TestElection&)> change) {
  return made([=](const Workshop&, ElectionHooks& hooks) { hooks.closed = change; });
}
Maker after_event(std::string name, std::function<void(TestElection&)> then) {
  return made([=](const Workshop&, ElectionHooks& hooks) {
    hooks.after = [=](TestElection& e, const std::string& event) {
      if (event == name) then(e);
    };
  });
}
Maker on_event(std::string name, std::function<void(const Workshop&, Json&, Signers&)> change) {
  return made([=](const Workshop& workshop, ElectionHooks& hooks) {
    hooks.event = [=, &workshop](Json& body, Signers& signers) {
      if (body["event"] == name) change(workshop, body, signers);
    };
  });
}

void seal_and_break_twice(TestElection& e) {
  const auto log_origin = e.manifest.log_origin;
  for (std::size_t n = 0; n < 2; ++n) {
    e.manifest.log_origin = log_origin + (n == 0 ? "" : "/seal-2");
    const auto fingerprint = e.fingerprint();
    e.files[export_path::broken_manifest(n)] = e.manifest.text();
    Signers signers;
    for (const auto& holder : e.ceremony.holders) signers.push_back(&holder.signing());
    if (n == 1) signers.resize(1);
    auto& seal = e.files[export_path::broken_seal(n)];
    seal = e.signed_text({{"type", "seal"},
                          {"fingerprint", hex_encode(fingerprint.bytes)},
                          {"ballots", 0},
                          {"sign_offs", 0},
                          {"sealed_at", e.now}},
                         signers);
    e.manifest.broken_seals.push_back(
        {fingerprint, sha256(as_bytes(seal)), e.now += 100, "Codes remplacés"});
  }
  e.manifest.log_origin = log_origin + "/seal-3";
}

void hold_in_two_rounds(TestElection& e, std::uint32_t round) {
  auto& contest = e.manifest.contests[0];
  contest.rule = two_round_majority_rule;
  contest.round = round;
  contest.seats = 1;
  for (auto& option : contest.options) {
    option.candidate = !option.blank;
    option.candidates.clear();
  }
  contest.options[1].birth_date = "1970-01-31";
  contest.options[1].substitute = "Gamma";
}

void drop_last_event(Files& files) {
  constexpr std::size_t round = 16;
  Json notes = Json::parse(files["log/checkpoints.json"]);
  notes.erase(notes.size() - 1);
  files["log/checkpoints.json"] = canonical_json(notes);
  auto& leaves = files["log/leaves.bin"];
  leaves.resize(leaves.size() - 32 * round);
  auto& pads = files["log/pads.bin"];
  pads.resize(pads.size() - 32 * (round - 1));
  files.erase(std::prev(files.lower_bound("index.json")));
  files["index.json"] = TestElection::index_of(files);
}

void set_roster(TestElection& e, std::uint32_t contest, std::uint32_t district,
                const std::vector<Bytes>& keys) {
  MerkleAccumulator tree;
  auto& file = e.files[export_path::roster(contest, district)];
  file.clear();
  for (const auto& key : keys) {
    file += as_text(key);
    tree.append(leaf_hash(Transcript(DraftRole::roster_leaf, e.manifest.election_id)
                              .add(contest)
                              .add(district)
                              .add(ByteView(key))
                              .hash()));
  }
  for (auto& roster : e.manifest.rosters) {
    if (roster.contest != contest || roster.district != district) continue;
    roster.size = static_cast<std::uint32_t>(keys.size());
    roster.root = tree.root();
  }
}

void forge_document(TestElection& e, std::uint32_t group, std::uint32_t index, const Scalar& off) {
  Json document = Json::parse(e.files.at(export_path::shares(0, 0, 1)));
  document["body"]["group"] = group;
  document["body"]["index"] = index;
  const auto places = document["body"]["shares"].size();
  e.files[export_path::shares(0, group, index)] = canonical_json(document);
  for (std::size_t place = 0; place < places; ++place) {
    forge_share(
        e, group, index, [&](ForgedShare& share) { share.secret = share.secret + off; }, place);
  }
}

TestWitness::TestWitness(std::string name, std::uint64_t seed) : name_(std::move(name)) {
  SeededRandom random(seed);
  key_ = std::make_shared<const Ed25519KeyPair>(Ed25519KeyPair::generate(random));
  Bytes typed{4};
  append(typed, key_->key);
  const ByteArray<1> newline{'\n'};
  const auto digest = sha256({as_bytes(name_), newline, typed});
  id_.assign(digest.begin(), digest.begin() + 4);
  vkey_ = name_ + "+" + hex_encode(id_) + "+" + base64_encode(typed);
}

void TestWitness::cosign(std::string& note, std::uint64_t time,
                         std::optional<std::uint64_t> said) const {
  const auto body = note.substr(0, note.find("\n\n") + 1);
  const auto message = "cosignature/v1\ntime " + std::to_string(said.value_or(time)) + "\n" + body;
  Bytes signature = id_;
  append_u64(signature, time);
  append(signature, ed25519_sign(*key_, as_bytes(message)));
  note += "\u2014 " + name_ + " " + base64_encode(signature) + "\n";
}

MadeExport large_export(std::size_t ballots, std::size_t options) {
  constexpr std::uint32_t contest = 0, district = 2;  // where nobody else votes
  std::vector<KeyPair> voters;
  ElectionHooks hooks;
  hooks.setup = [&](TestElection& e) {
    auto& all = e.manifest.contests[contest].options;
    while (all.size() < options) {
      auto& list = *all.insert(all.begin(), all.front());
      list.name += std::to_string(all.size());
    }
    std::map<Point, Bytes> keys;
    for (std::size_t i = 0; i < ballots; ++i) {
      const auto& key = voters.emplace_back(KeyPair::generate(e.random)).key;
      keys.emplace(key, Bytes(key.encoded().begin(), key.encoded().end()));
    }
    std::vector<Bytes> sorted;
    for (auto& [key, encoded] : keys) sorted.push_back(std::move(encoded));
    set_roster(e, contest, district, sorted);
  };
  hooks.box = [&](TestElection& e) {
    for (std::size_t i = 0; i < ballots; ++i)
      e.cast(contest, district, i % (1 + i % options), voters[i]);
  };
  return {TestElection(hooks).files, {}, {}, {}};
}

// ---- Cases

const std::vector<ExportCase>& export_cases() {
  static const std::vector<ExportCase> all = [] {
    std::vector<ExportCase> cases;
    CaseTable table(cases);
    add_good_exports(table);
    add_tampered_sealing(table);
    add_tampered_board(table);
    add_tampered_box(table);
    add_tampered_count(table);
    return cases;
  }();
  return all;
}

}  // namespace isoloir::test
