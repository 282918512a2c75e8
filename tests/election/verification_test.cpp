#include "verification/verification.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "crypto/ed25519.hpp"
#include "crypto/hash.hpp"
#include "election/election_fixture.hpp"

namespace isoloir {
namespace {

using test::Files;
using test::Signers;
using test::TestElection;

Report verify(const Files& files, const Anchors& anchors = {}) {
  return verify_export(ExportReader::of_files(files), anchors);
}

// The checks that refuse, by number: "V5 V6".
std::string refusals(const Report& report) {
  std::string result;
  for (const auto& check : report.checks) {
    if (check.verdict != Verdict::failed) continue;
    result += (result.empty() ? "V" : " V") + std::to_string(check.number);
  }
  return result;
}
std::string details(const Report& report) {
  std::string result;
  for (const auto& check : report.checks) {
    result += "V" + std::to_string(check.number) + " " + check.code + " " + check.detail + "\n";
  }
  return result;
}

const CheckReport& check(const Report& report, std::size_t number) {
  return report.checks.at(number);
}

void expect_refused(const TestElection::Hooks& hooks, const std::string& by) {
  const TestElection election(hooks);
  const auto report = verify(election.files);
  EXPECT_EQ(refusals(report), by) << details(report);
}

// Changes the files after everything, with an index that agrees.
TestElection::Hooks on_files(std::function<void(Files&)> change) {
  TestElection::Hooks hooks;
  hooks.files = std::move(change);
  return hooks;
}
TestElection::Hooks on_event(const std::string& name, std::function<void(Json&, Signers&)> change) {
  TestElection::Hooks hooks;
  hooks.event = [=](Json& body, Signers& signers) {
    if (body["event"] == name) change(body, signers);
  };
  return hooks;
}
TestElection::Hooks on_box(std::function<void(TestElection&)> change) {
  TestElection::Hooks hooks;
  hooks.box = std::move(change);
  return hooks;
}

// The one election that most tests start from.
const TestElection& good() {
  static const TestElection election;
  return election;
}

Anchors anchors_of(const TestElection& election) {
  Anchors anchors;
  anchors.fingerprint = election.fingerprint();
  anchors.checkpoint = election.notes.back();
  return anchors;
}

TEST(Verification, AGoodElection) {
  const auto report = verify(good().files);
  ASSERT_TRUE(report.consistent()) << details(report);
  ASSERT_EQ(report.checks.size(), 26u);
  for (std::size_t n = 0; n < 26; ++n) {
    EXPECT_EQ(check(report, n).number, static_cast<int>(n));
    EXPECT_EQ(check(report, n).verdict, Verdict::passed);
  }
  EXPECT_FALSE(report.anchored);
  EXPECT_EQ(report.anchoring, "no fingerprint given, no checkpoint given");
  const Json result = Json::parse(good().files.at("result.json"));
  EXPECT_EQ(result["contests"][0]["votes"], Json({2, 1, 0}));
  EXPECT_EQ(result["contests"][1]["votes"], Json({1, 1}));
}

TEST(Verification, WhatRestsOnTheServer) {
  const auto report = verify(good().files);
  ASSERT_EQ(report.trust.size(), 2u);
  EXPECT_EQ(report.guardian, false);
  EXPECT_EQ(report.witness_threshold, 0u);
  EXPECT_EQ(report.trust[0].reissued_that_voted, 0u);
  EXPECT_EQ(report.trust[1].reissued_that_voted, 1u);
  // Alpha 2, Bêta 1, three seats: one vote more and Bêta is level for the last.
  EXPECT_EQ(report.trust[0].margin, 1u);
  EXPECT_FALSE(report.trust[1].margin);
}

TEST(Verification, AnElectionWithoutVoters) {
  TestElection::Hooks hooks;
  hooks.nobody = true;
  const TestElection election(hooks);
  const auto report = verify(election.files, anchors_of(election));
  ASSERT_TRUE(report.consistent()) << details(report);
  EXPECT_TRUE(report.anchored);
  EXPECT_EQ(report.trust[0].reissued_that_voted, 0u);
}

TEST(Verification, BothAnchorsOrNotAnchored) {
  const Anchors both = anchors_of(good());
  EXPECT_TRUE(verify(good().files, both).anchored);
  Anchors one = both;
  one.checkpoint.reset();
  EXPECT_FALSE(verify(good().files, one).anchored);
  one = both;
  one.fingerprint.reset();
  EXPECT_FALSE(verify(good().files, one).anchored);
  // A checkpoint before the freeze says nothing of the box.
  one = both;
  one.checkpoint = good().notes.front();
  const auto early = verify(good().files, one);
  EXPECT_TRUE(early.consistent());
  EXPECT_FALSE(early.anchored);
}

TEST(Verification, V0TheAnchorsAreOfAnotherElection) {
  Anchors anchors = anchors_of(good());
  anchors.fingerprint->bytes[0] ^= 1;
  EXPECT_EQ(refusals(verify(good().files, anchors)), "V0");
  anchors = anchors_of(good());
  // A wholly self-made export, consistent in itself.
  TestElection::Hooks hooks;
  hooks.setup = [](TestElection& e) { e.manifest.title.en = "Another"; };
  const TestElection other(hooks);
  EXPECT_EQ(refusals(verify(other.files)), "");
  EXPECT_EQ(refusals(verify(other.files, anchors)), "V0");
  // A split view: signed by the log, of a tree that is not the export's.
  const auto& log = good();
  anchors = anchors_of(good());
  anchors.checkpoint =
      sign_checkpoint({log.manifest.log_origin, log.log.size(), Digest{1}}, log.checkpoint_key);
  EXPECT_EQ(refusals(verify(log.files, anchors)), "V0");
  anchors.checkpoint = "no checkpoint\n";
  EXPECT_EQ(refusals(verify(log.files, anchors)), "V0");
}

TEST(Verification, V1EveryFileIsListedAndAsListed) {
  for (const auto& [path, content] : good().files) {
    Files files = good().files;
    files.erase(path);
    EXPECT_EQ(refusals(verify(files)), "V1") << path << " missing";
    files = good().files;
    files[path] += '\n';
    EXPECT_EQ(refusals(verify(files)), "V1") << path << " longer";
  }
  Files files = good().files;
  files["box/extra.bin"] = "";
  EXPECT_EQ(refusals(verify(files)), "V1");
  files["index.json"] = TestElection::index_of(files);
  EXPECT_EQ(refusals(verify(files)), "V1") << "listed, but no file of an export";
  expect_refused(on_files([](Files& f) { f["result.json"].insert(1, " "); }), "V1");
  expect_refused(on_files([](Files& f) { f.erase("box/0-2.bin"); }), "V1");
  expect_refused(on_files([](Files& f) { f["shares/0-0-3.json"] = f["shares/0-0-1.json"]; }), "V1");
  EXPECT_EQ(refusals(verify({})), "V1");
}

TEST(Verification, V1EveryByte) {
  SeededRandom random(1);
  for (const auto& [path, content] : good().files) {
    const bool all = content.size() <= 300 || path == "index.json";
    const std::size_t flips = all ? std::min<std::size_t>(content.size(), 600) : 20;
    for (std::size_t n = 0; n < flips; ++n) {
      const bool each = flips == content.size();
      const std::size_t i = each ? n : random.below(static_cast<std::uint32_t>(content.size()));
      Files files = good().files;
      files[path][i] = static_cast<char>(files[path][i] ^ (1 << random.below(8)));
      EXPECT_EQ(refusals(verify(files)), "V1") << path << ", byte " << i;
    }
  }
}

// An index that agrees does not help: what is not signed is computed again.
TEST(Verification, AnyByteUnderAFreshIndexIsRefused) {
  SeededRandom random(2);
  for (const auto& [path, content] : good().files) {
    if (content.empty() || path == "index.json") continue;
    for (int n = 0; n < 2; ++n) {
      const std::size_t i = random.below(static_cast<std::uint32_t>(content.size()));
      Files files = good().files;
      files[path][i] = static_cast<char>(files[path][i] ^ (1 << random.below(8)));
      files["index.json"] = TestElection::index_of(files);
      EXPECT_NE(refusals(verify(files)), "") << path << ", byte " << i;
    }
  }
}

TEST(Verification, V2Seal) {
  TestElection::Hooks hooks;
  hooks.seal = [](Json&, Signers& signers) { signers.pop_back(); };
  expect_refused(hooks, "V2");
  hooks.seal = [](Json& body, Signers&) { body["ballots"] = 1; };
  expect_refused(hooks, "V2");
  hooks.seal = [](Json& body, Signers&) { body["fingerprint"] = std::string(64, '0'); };
  expect_refused(hooks, "V2");
  SeededRandom random(3);
  const KeyPair stranger = KeyPair::generate(random);
  hooks.seal = [&](Json&, Signers& signers) { signers.push_back(&stranger); };
  expect_refused(hooks, "V2");
  TestElection::Hooks witness;
  witness.setup = [](TestElection& e) { e.manifest.witnesses = {"nobody"}; };
  expect_refused(witness, "V2");
  witness.setup = [](TestElection& e) { e.manifest.guardian_required = true; };
  expect_refused(witness, "V2");
}

// Seals two elections before the one that stands, and breaks both; `change` comes in before the
// last manifest is sealed.
TestElection::Hooks broken_twice(std::function<void(TestElection&)> change = {}) {
  TestElection::Hooks hooks;
  hooks.setup = [=](TestElection& e) {
    const auto log_origin = e.manifest.log_origin;
    for (std::size_t n = 0; n < 2; ++n) {
      e.manifest.log_origin = log_origin + (n == 0 ? "" : "/seal-2");
      const auto fingerprint = e.fingerprint();
      e.files[export_path::broken_manifest(n)] = e.manifest.text();
      // The first was signed by everybody, the second by the president alone.
      Signers signers;
      for (const auto& holder : e.ceremony.holders) signers.push_back(&holder.signing());
      if (n == 1) signers.resize(1);
      e.files[export_path::broken_seal(n)] =
          e.signed_text({{"type", "seal"},
                         {"fingerprint", hex_encode(fingerprint.bytes)},
                         {"ballots", 0},
                         {"sign_offs", 0},
                         {"sealed_at", e.now}},
                        signers);
      const auto seal = sha256(as_bytes(e.files[export_path::broken_seal(n)]));
      e.manifest.broken_seals.push_back({fingerprint, seal, e.now += 100, "Codes remplacés"});
    }
    e.manifest.log_origin = log_origin + "/seal-3";
    if (change) change(e);
  };
  return hooks;
}

TEST(Verification, V2BrokenSeals) {
  const TestElection election(broken_twice());
  const auto report = verify(election.files);
  EXPECT_EQ(refusals(report), "") << details(report);
  EXPECT_EQ(Manifest::parse(election.files.at("manifest.json"))->broken_seals.size(), 2u);

  const auto refused = [](const std::string& why,
                          const std::function<void(TestElection&)>& change) {
    const TestElection changed(broken_twice(change));
    const auto told = verify(changed.files);
    EXPECT_EQ(refusals(told), "V2") << details(told);
    EXPECT_NE(check(told, 2).detail.find(why), std::string::npos) << check(told, 2).detail;
  };
  const auto again = [](TestElection& e, const std::function<void(Manifest&)>& change) {
    auto first = *Manifest::parse(e.files[export_path::broken_manifest(0)]);
    change(first);
    e.files[export_path::broken_manifest(0)] = first.text();
    auto seal = SignedDocument::parse(e.files[export_path::broken_seal(0)])->body();
    seal["fingerprint"] = hex_encode(first.fingerprint().bytes);
    SignedDocument document(seal);
    document.sign(e.president(), first.fingerprint(), e.random);
    e.files[export_path::broken_seal(0)] = document.text();
    e.manifest.broken_seals[0].fingerprint = first.fingerprint();
    e.manifest.broken_seals[0].seal = sha256(as_bytes(document.text()));
    e.manifest.broken_seals.pop_back();
    e.files.erase(export_path::broken_manifest(1));
    e.files.erase(export_path::broken_seal(1));
  };
  const TestElection once(broken_twice([&](TestElection& e) { again(e, [](Manifest&) {}); }));
  EXPECT_EQ(refusals(verify(once.files)), "") << details(verify(once.files));

  refused("broken/0: not the fingerprint", [](TestElection& e) {
    std::swap(e.manifest.broken_seals[0], e.manifest.broken_seals[1]);
  });
  refused("broken/0: not the fingerprint",
          [](TestElection& e) { e.manifest.broken_seals[0].fingerprint.bytes[0] ^= 1; });
  refused("broken/1: broken before it was sealed",
          [](TestElection& e) { e.manifest.broken_seals[1].at = 1; });
  refused("broken/1: names other seals before it",
          [](TestElection& e) { e.manifest.broken_seals[0].reason = "another reason"; });
  refused("broken/0: its log is another seal's too", [](TestElection& e) {
    e.manifest.log_origin = Manifest::parse(e.files[export_path::broken_manifest(0)])->log_origin;
  });
  refused("broken/1: not the seal.json that is named", [](TestElection& e) {
    e.files[export_path::broken_seal(1)] = e.files[export_path::broken_seal(0)];
  });
  refused("broken/1: seal.json: of another manifest", [](TestElection& e) {
    e.files[export_path::broken_seal(1)] = e.files[export_path::broken_seal(0)];
    e.manifest.broken_seals[1].seal = e.manifest.broken_seals[0].seal;
  });
  refused("broken/1: broken after the opening hour",
          [](TestElection& e) { e.manifest.broken_seals[1].at = e.manifest.opens_at; });
  refused("broken/0: of another election, or of another draft", [&](TestElection& e) {
    again(e, [](Manifest& first) { first.contests[0].seats += 1; });
  });
  refused("broken/0: of another election", [&](TestElection& e) {
    again(e, [](Manifest& first) { first.election_id.bytes[0] ^= 1; });
  });
  refused("broken/0: names other seals before it", [&](TestElection& e) {
    again(e, [&](Manifest& first) { first.broken_seals.push_back({{}, {}, 1, "before"}); });
  });
  // Without the manifest's word nothing of it belongs to the export, and with it all of it does.
  expect_refused(on_files([](Files& f) { f["broken/0/seal.json"] = "{}"; }), "V1");
  auto hooks = broken_twice();
  hooks.files = [](Files& f) { f.erase(export_path::broken_manifest(1)); };
  expect_refused(hooks, "V1");
}

TEST(Verification, ANamedBrokenSealHasAReasonAndIsNoEmptyList) {
  const TestElection election(broken_twice());
  const auto parse = [](Json json) {
    const auto parsed = Manifest::parse(canonical_json(json));
    return parsed ? "good" : parsed.error().code;
  };
  const auto good = Json::parse(election.files.at("manifest.json"));
  EXPECT_EQ(parse(good), "good");
  auto json = good;
  json["broken_seals"] = Json::array();
  EXPECT_EQ(parse(json), "manifest.form");
  json = good;
  json["broken_seals"][0]["reason"] = "";
  EXPECT_EQ(parse(json), "manifest.form");
  json = good;
  json["broken_seals"][0]["why"] = "more";
  EXPECT_EQ(parse(json), "manifest.form");
  json = good;
  json["more"] = 1;
  EXPECT_EQ(parse(json), "manifest.form");
  json = good;
  json.erase("broken_seals");
  EXPECT_EQ(parse(json), "good");
  json.erase("assets");
  json["more"] = 1;
  EXPECT_EQ(parse(json), "manifest.form");
}

TEST(Verification, V3Ceremony) {
  expect_refused(on_files([](Files& f) {
                   std::swap(f["ceremony/0/3-01-01.json"], f["ceremony/0/3-01-02.json"]);
                 }),
                 "V3");
  TestElection::Hooks hooks;
  hooks.setup = [](TestElection& e) { e.manifest.bureaus[0].ceremony[0] ^= 1; };
  expect_refused(hooks, "V3");
  // One key for signing and for encryption (protocol section 9).
  const auto one_key =
      verify(TestElection(on_files([](Files& f) {
               auto& hello = f["ceremony/0/0-01-02.json"];
               Json body = Json::parse(hello)["body"];
               body["encryption_key"] = body["signing_key"];
               SignedDocument document(body);
               SeededRandom random(1);
               document.sign(good().delegate(1), good().manifest.election_id, random);
               hello = document.text();
             })).files);
  EXPECT_EQ(check(one_key, 3).code, "ceremony.duplicate_sender") << details(one_key);
  // A threshold that the ceremony did not make: one delegate could open.
  hooks.setup = [](TestElection& e) { e.manifest.bureaus[0].groups[1].threshold = 1; };
  const auto report = verify(TestElection(hooks).files);
  EXPECT_EQ(check(report, 3).verdict, Verdict::failed) << details(report);
}

TEST(Verification, V4Rosters) {
  TestElection::Hooks hooks;
  hooks.setup = [](TestElection& e) { e.manifest.rosters[0].root[0] ^= 1; };
  expect_refused(hooks, "V4");
  hooks.setup = [](TestElection& e) { e.registrar = KeyPair::generate(e.random); };
  const auto unsigned_roster = verify(TestElection(hooks).files);
  EXPECT_EQ(check(unsigned_roster, 4).code, "roster.signer");
  // One key in two districts.
  hooks.setup = [](TestElection& e) {
    const Point key = e.rosters[{0, 0}][0];
    e.manifest.rosters[2].size = 1;
    e.manifest.rosters[2].root = roster_root(e.manifest.election_id, 0, 2, {{key}});
    e.files[export_path::roster(0, 2)] = as_text(key.encoded());
  };
  const auto twice = verify(TestElection(hooks).files);
  EXPECT_EQ(check(twice, 4).code, "roster.unique");
  // The identity is no key.
  hooks.setup = [](TestElection& e) {
    e.manifest.rosters[2].size = 1;
    e.manifest.rosters[2].root = roster_root(e.manifest.election_id, 0, 2, {{Point()}});
    e.files[export_path::roster(0, 2)] = std::string(32, '\0');
  };
  EXPECT_EQ(check(verify(TestElection(hooks).files), 4).code, "keys.form");
}

TEST(Verification, V4OtherRostersThanTheManifests) {
  TestElection::Hooks hooks;
  hooks.after = [](TestElection& e, const std::string& name) {
    if (name != "close-count") return;
    Json body = Json::parse(e.files["roster.json"])["body"];
    body["rosters"][0]["size"] = 3;
    e.files["roster.json"] = e.signed_text(std::move(body), {&e.registrar});
  };
  expect_refused(hooks, "V4");
}

TEST(Verification, V5Log) {
  const auto edit = [](const std::function<void(Json&)>& change) {
    return on_files([=](Files& f) {
      Json notes = Json::parse(f["log/checkpoints.json"]);
      change(notes);
      f["log/checkpoints.json"] = canonical_json(notes);
    });
  };
  expect_refused(edit([](Json& notes) { std::swap(notes[0], notes[1]); }), "V5");
  expect_refused(edit([](Json& notes) { notes.erase(notes.size() - 1); }), "V5");
  expect_refused(edit([](Json& notes) { notes.push_back(notes.back()); }), "V5");
  expect_refused(edit([](Json& notes) { notes = Json::array(); }), "V5");
  expect_refused(
      edit([](Json& notes) {
        const auto& e = good();
        notes[2] = sign_checkpoint({e.manifest.log_origin, 48, Digest{7}}, e.checkpoint_key);
      }),
      "V5");
}

// Cosignatures as tlog-cosignature describes them.
TEST(Verification, V5Witnesses) {
  SeededRandom random(6);
  const auto witness = Ed25519KeyPair::generate(random);
  const std::string name = "witness.example/w";
  Bytes typed{4};
  append(typed, witness.key);
  const ByteArray<1> newline{'\n'};
  const auto digest = sha256({as_bytes(name), newline, typed});
  const Bytes id(digest.begin(), digest.begin() + 4);
  const auto cosign = [&](std::string& note, const std::string& message_start) {
    const auto body = note.substr(0, note.find("\n\n") + 1);
    Bytes signature = id;
    append_u64(signature, 1'000'000'123'456);
    append(signature, ed25519_sign(witness, as_bytes(message_start + body)));
    note += "\u2014 " + name + " " + base64_encode(signature) + "\n";
  };
  TestElection::Hooks hooks;
  hooks.setup = [&](TestElection& e) {
    e.manifest.witnesses = {name + "+" + hex_encode(id) + "+" + base64_encode(typed)};
    e.manifest.witness_threshold = 1;
  };
  expect_refused(hooks, "V5");
  hooks.note = [&](std::string& note) { cosign(note, "cosignature/v1\ntime 1000000123456\n"); };
  expect_refused(hooks, "");
  hooks.note = [&](std::string& note) { cosign(note, "cosignature/v1\ntime 1000000123457\n"); };
  expect_refused(hooks, "V5");
  // A witness may have been away: what counts is the last checkpoint, which holds all.
  int count = 0;
  hooks.note = [&](std::string& note) {
    if (++count != 3) cosign(note, "cosignature/v1\ntime 1000000123456\n");
  };
  expect_refused(hooks, "");
  const int last = count;
  count = 0;
  hooks.note = [&](std::string& note) {
    if (++count == last) cosign(note, "cosignature/v1\ntime 1000000123456\n");
  };
  expect_refused(hooks, "");
  count = 0;
  hooks.note = [&](std::string& note) {
    if (++count != last) cosign(note, "cosignature/v1\ntime 1000000123456\n");
  };
  expect_refused(hooks, "V5");
}

TEST(Verification, V6Leaves) {
  expect_refused(
      on_files([](Files& f) { f["log/pads.bin"].resize(f["log/pads.bin"].size() - 32); }), "V6");
  expect_refused(on_files([](Files& f) {
                   auto& pads = f["log/pads.bin"];
                   pads = pads.substr(32) + pads.substr(0, 32);
                 }),
                 "V6");
  // A ballot was accepted and is not in the box.
  TestElection::Hooks hooks;
  hooks.box = [](TestElection& e) { e.append_round({}, {leaf_hash(e.random.bytes(65))}); };
  expect_refused(hooks, "V6");
  // A ballot in the box was never accepted: put in after the log was written.
  hooks.box = nullptr;
  hooks.after = [](TestElection& e, const std::string& name) {
    if (name == "close") e.cast(0, 1, 0, e.voters[2][0]);
  };
  expect_refused(hooks, "V6");
}

TEST(Verification, V6DocumentsAreInTheLogOnce) {
  TestElection::Hooks hooks;
  hooks.after = [](TestElection& e, const std::string& name) {
    if (name == "close") {
      e.append_round({document_entry(entry_event, e.files[export_path::event(0)])}, {});
    }
  };
  expect_refused(hooks, "V6");
  hooks.after = [](TestElection& e, const std::string& name) {  // made, and never shown
    if (name == "open") e.hold = true;
    if (name == "suspend") e.waiting.clear();
    e.hold = name == "open";
  };
  expect_refused(hooks, "V6");
}

TEST(Verification, V7OrderInTheLog) {
  TestElection::Hooks hooks;
  hooks.after = [](TestElection& e, const std::string& name) {
    if (name == "open") e.hold = true;
    if (name != "resume") return;
    std::swap(e.waiting[0], e.waiting[1]);
    e.append_waiting();
    e.hold = false;
  };
  expect_refused(hooks, "V7");
  hooks.after = [](TestElection& e, const std::string& name) {  // one round for both is good
    e.hold = name == "open";
  };
  expect_refused(hooks, "");
}

TEST(Verification, V7TheClosingHour) {
  const auto close_at = [](TimeMs at, const KeyPair& by) {
    return on_event("close", [=, &by](Json& b, Signers& s) {
      b["at"] = at;
      s = {&by};
    });
  };
  const auto& keys = good();
  const TimeMs hour = keys.manifest.closes_at;
  const TimeMs after_all = hour + 5000;
  auto hooks = close_at(after_all, keys.board);
  expect_refused(hooks, "");
  hooks.setup = [=](TestElection& e) { e.manifest.closes_at = after_all + 1; };
  expect_refused(hooks, "V7");
  hooks.event = close_at(after_all, keys.secretary()).event;  // persons may close earlier
  expect_refused(hooks, "");
  // Extended, the hour is the later one.
  hooks = {};
  hooks.after = [=](TestElection& e, const std::string& name) {
    if (name == "enrol") {
      e.emit({"extend", nullptr, {{"closes_at", after_all + 100'000}}, {&e.secretary()}});
    }
  };
  expect_refused(hooks, "V7");
  hooks.event = close_at(after_all + 100'000, keys.board).event;
  expect_refused(hooks, "");
}

TEST(Verification, V7Events) {
  const auto& keys = good();
  expect_refused(on_event("suspend", [&](Json&, Signers& s) { s = {&keys.delegate(0)}; }), "V7");
  expect_refused(on_event("open", [&](Json&, Signers& s) { s = {&keys.president()}; }), "V7");
  expect_refused(on_event("open", [&](Json& b, Signers&) { b["at"] = 1000; }), "V7");
  expect_refused(on_event("close", [](Json& b, Signers&) { b["at"] = 900'000; }), "V7");
  expect_refused(on_event("resume", [](Json& b, Signers&) { b["at"] = 1'001'999; }), "V7");
  expect_refused(on_event("resume", [](Json& b, Signers&) { b["event"] = "suspend"; }), "V7");
  expect_refused(on_event("resume", [](Json& b, Signers&) { b["contest"] = 1; }), "V7");
  expect_refused(on_event("suspend", [](Json& b, Signers&) { b["data"]["reason"] = ""; }), "V7");
  expect_refused(on_event("suspend", [](Json& b, Signers&) { b["number"] = 7; }), "V7");
  expect_refused(on_event("suspend", [](Json& b, Signers&) { b["event"] = "pause"; }), "V7");
  expect_refused(on_event("freeze", [](Json& b, Signers&) { b["data"].erase("pads"); }), "V7");
  expect_refused(on_event("close-count", [&](Json&, Signers& s) { s = {&keys.secretary()}; }),
                 "V7");
  expect_refused(on_event("strike-off", [&](Json&, Signers& s) { s = {&keys.delegate(0)}; }), "V7");
  expect_refused(on_event("strike-off", [&](Json&, Signers& s) { s = {&keys.board}; }), "V7");
  // The registrar and an officer enrol, neither alone nor anybody in the place of one.
  const auto enrolled_by = [&](const Signers& signers) {
    return on_event("enrol", [=](Json&, Signers& s) { s = signers; });
  };
  expect_refused(enrolled_by({&keys.registrar, &keys.secretary()}), "");
  expect_refused(enrolled_by({&keys.president()}), "V7");
  expect_refused(enrolled_by({&keys.registrar}), "V7");
  expect_refused(enrolled_by({&keys.registrar, &keys.delegate(0)}), "V7");
  expect_refused(enrolled_by({&keys.registrar, &keys.board}), "V7");
  expect_refused(enrolled_by({&keys.board, &keys.president()}), "V7");
  TestElection::Hooks hooks;
  hooks.after = [](TestElection& e, const std::string& name) {
    if (name == "close") e.emit({"extend", nullptr, {{"closes_at", 2'000'000}}, {&e.president()}});
  };
  expect_refused(hooks, "V7");
  // A ballot accepted after the freeze.
  hooks.after = [](TestElection& e, const std::string& name) {
    if (name != "freeze") return;
    const auto ballot = e.ballot(0, 1, 0, e.voters[2][0]);
    e.append_round({}, {leaf_hash(ballot_entry(e.receipt_key, tracker_of(ballot)))});
    e.files[export_path::box(0, 1)] += as_text(ballot);
  };
  const auto report = verify(TestElection(hooks).files);
  EXPECT_EQ(check(report, 7).verdict, Verdict::failed) << details(report);
}

TEST(Verification, V8Reissues) {
  TestElection::Hooks hooks;
  const auto& keys = good();
  hooks.batch = [&](Json&, Signers& s) { s = {&keys.president()}; };
  expect_refused(hooks, "V8");
  hooks.batch = [](Json& body, Signers&) { body["units"][0]["size"] = 2; };
  expect_refused(hooks, "V8");
  hooks.batch = [](Json& body, Signers&) {
    body["units"][0]["added_root"] = body["units"][0]["removed_root"];
  };
  expect_refused(hooks, "V8");
  hooks.batch = [](Json& body, Signers&) { body["number"] = 1; };
  expect_refused(hooks, "V8");
  // Above the maximum the bureau signs too.
  hooks.batch = nullptr;
  hooks.setup = [](TestElection& e) { e.manifest.contests[1].reissue_max = 0; };
  expect_refused(hooks, "V8");
  hooks.batch = [&](Json&, Signers& s) { s.push_back(&keys.secretary()); };
  expect_refused(hooks, "");
  // A guardian is named and has not signed.
  hooks.batch = nullptr;
  SeededRandom random(4);
  const KeyPair guardian = KeyPair::generate(random);
  hooks.setup = [&](TestElection& e) { e.manifest.guardian_key = guardian.key; };
  expect_refused(hooks, "V8");
  hooks.batch = [&](Json&, Signers& s) { s.push_back(&guardian); };
  expect_refused(hooks, "");
  // A key used before is given out again; its former holder could vote with it.
  hooks = {};
  hooks.setup = [](TestElection& e) { e.reissued = KeyPair::of(e.voters[0][0].secret.clone()); };
  EXPECT_EQ(check(verify(TestElection(hooks).files), 8).code, "reissue.added");
}

TEST(Verification, V8AfterTheFreeze) {
  Bytes batch;
  TestElection::Hooks hooks;
  hooks.after = [&](TestElection& e, const std::string& name) {
    if (name == "strike-off") e.hold = true;
    if (name == "close") {
      batch = e.waiting[0];
      e.waiting.erase(e.waiting.begin());
      e.append_waiting();
      e.hold = false;
    }
    if (name == "freeze") e.append_round({batch}, {});
  };
  expect_refused(hooks, "V8");
}

TEST(Verification, V8Lists) {
  const auto edit = [](const std::string& path, const std::function<void(std::string&)>& change) {
    return on_files([=](Files& f) { change(f[path]); });
  };
  const auto removed = export_path::batch_removed(0, 1, 0);
  const auto added = export_path::batch_added(0, 1, 0);
  expect_refused(edit(removed, [](std::string& s) { s += s; }), "V8");
  expect_refused(edit(removed, [](std::string& s) { s.clear(); }), "V8");
  expect_refused(edit(added, [](std::string& s) { s = std::string(32, '\0'); }), "V8");
  expect_refused(edit(export_path::batch_added(0, 0, 2), [](std::string&) {}), "V8");
  // A key that was never in force is replaced: a voter out of nothing.
  TestElection::Hooks hooks;
  hooks.batch = [](Json& body, Signers&) {
    std::swap(body["units"][0]["removed_root"], body["units"][0]["added_root"]);
  };
  hooks.files = [=](Files& f) { std::swap(f[removed], f[added]); };
  EXPECT_EQ(check(verify(TestElection(hooks).files), 8).code, "reissue.removed");
}

// Neither after the close, nor by a second event, nor of a key that a batch has taken away since.
TEST(Verification, V9StrikeOffsInTheirPlace) {
  const auto off = [](TestElection& e, const KeyPair& key) {
    e.emit({"strike-off",
            1,
            {{"district", 0}, {"key", hex_encode(key.key.encoded())}},
            {&e.president()}});
  };
  const auto after = [&](const std::string& event, const std::function<void(TestElection&)>& then) {
    TestElection::Hooks hooks;
    hooks.after = [=](TestElection& e, const std::string& name) {
      if (name == event) then(e);
    };
    return hooks;
  };
  expect_refused(after("close", [&](TestElection& e) { off(e, e.voters[2][1]); }), "V7");
  expect_refused(after("strike-off",
                       [&, done = std::make_shared<bool>()](TestElection& e) {
                         if (!std::exchange(*done, true)) off(e, e.voters[2][1]);
                       }),
                 "V9");
  expect_refused(after("enrol", [&](TestElection& e) { off(e, e.voters[1][1]); }), "V9");
  // Of one whose ballot is in the box.
  expect_refused(after("enrol", [&](TestElection& e) { off(e, e.voters[0][1]); }), "V14 V22");
}

TEST(Verification, V9EnrolmentsAndStrikeOffs) {
  const auto& keys = good();
  const auto enrolled_after = [](const std::string& event, std::uint32_t district) {
    TestElection::Hooks hooks;
    hooks.after = [=](TestElection& e, const std::string& name) {
      if (name != event) return;
      e.emit({"enrol",
              0,
              {{"district", district}, {"key", hex_encode(e.voters[3][0].key.encoded())}},
              {&e.registrar, &e.president()}});
    };
    return hooks;
  };
  expect_refused(enrolled_after("strike-off", 1), "V9");  // a second time
  expect_refused(enrolled_after("close", 1), "V7");
  const auto hex = [](const KeyPair& key) { return hex_encode(key.key.encoded()); };
  expect_refused(
      on_event("strike-off", [&](Json& b, Signers&) { b["data"]["key"] = hex(keys.voters[2][0]); }),
      "V9");
  expect_refused(
      on_event("strike-off", [&](Json& b, Signers&) { b["data"]["key"] = hex(keys.voters[1][1]); }),
      "V9");  // reissued: no longer in force
  expect_refused(on_event("strike-off", [&](Json& b, Signers&) { b["data"]["district"] = 9; }),
                 "V9");
  expect_refused(
      on_event("enrol", [&](Json& b, Signers&) { b["data"]["key"] = hex(keys.voters[2][0]); }),
      "V9");
}

// Takes a key of contest 1 out of its roster, for an event to enrol it.
void out_of_roster(TestElection& e, const KeyPair& key) {
  auto keys = e.rosters[{1, 0}];
  std::erase(keys, key.key);
  auto& entry = e.manifest.rosters.back();
  entry.size = static_cast<std::uint32_t>(keys.size());
  entry.root = roster_root(e.manifest.election_id, 1, 0, keys);
  auto& file = e.files[export_path::roster(1, 0)];
  file.clear();
  for (const auto& one : keys) file += as_text(one.encoded());
}
void enrol(TestElection& e, const KeyPair& key) {
  ++e.enrolled_besides;
  e.emit({"enrol",
          1,
          {{"district", 0}, {"key", hex_encode(key.key.encoded())}},
          {&e.registrar, &e.president()}});
}

TEST(Verification, V9AStrikeOffStandsAfterTheEnrolmentOfItsKey) {
  const auto enrolled_after = [](const std::string& event) {
    TestElection::Hooks hooks;
    hooks.setup = [](TestElection& e) { out_of_roster(e, e.voters[2][1]); };
    hooks.after = [=](TestElection& e, const std::string& name) {
      if (name == event) enrol(e, e.voters[2][1]);
    };
    return hooks;
  };
  expect_refused(enrolled_after("resume"), "");
  const auto report = verify(TestElection(enrolled_after("strike-off")).files);
  EXPECT_EQ(refusals(report), "V9") << details(report);
  EXPECT_EQ(check(report, 9).code, "roll.strike_off");
}

TEST(Verification, V8ABatchStandsAfterTheEnrolmentOfWhatItRemoves) {
  const auto in_one_round = [](bool enrolment_first) {
    TestElection::Hooks hooks;
    hooks.setup = [](TestElection& e) { out_of_roster(e, e.voters[1][1]); };
    hooks.after = [](TestElection& e, const std::string& name) {
      if (name != "strike-off") return;
      e.hold = true;  // until both wait
      enrol(e, e.voters[1][1]);
    };
    hooks.box = [=](TestElection& e) {
      EXPECT_EQ(e.waiting.size(), 2u);
      if (!enrolment_first) std::swap(e.waiting[0], e.waiting[1]);
      e.hold = false;
      e.append_waiting();
    };
    return hooks;
  };
  expect_refused(in_one_round(true), "");
  const auto report = verify(TestElection(in_one_round(false)).files);
  EXPECT_EQ(refusals(report), "V8") << details(report);
  EXPECT_EQ(check(report, 8).code, "reissue.removed");
}

TEST(Verification, V10BallotsOutOfPlace) {
  const auto replace = [](TestElection& e, Bytes bytes) {
    e.box[{0, 1}][e.voters[3][0].key] = std::move(bytes);
  };
  expect_refused(on_box([&](TestElection& e) { replace(e, e.ballot(0, 0, 1, e.voters[3][0])); }),
                 "V10");
  expect_refused(on_box([&](TestElection& e) {
                   replace(e, make_ballot({}, 0, 1, 3, 0, e.manifest.bureaus[0].key,
                                          e.voters[3][0].secret.reveal(), e.random)
                                  .encode());
                 }),
                 "V10");
  expect_refused(on_box([&](TestElection& e) {
                   Bytes bytes = e.ballot(0, 1, 1, e.voters[3][0]);
                   std::fill(bytes.begin() + 76, bytes.begin() + 108, std::uint8_t{0xff});
                   replace(e, bytes);
                 }),
                 "V10");
  // Two ballots exchanged: their order would tell which came first.
  TestElection::Hooks hooks = on_box([](TestElection& e) {
    auto& box = e.box[{0, 0}];
    std::swap(box.begin()->second, box.rbegin()->second);
  });
  expect_refused(hooks, "V10");
}

TEST(Verification, V10ABoxWithARest) {
  TestElection::Hooks hooks = on_files([](Files& f) { f["box/0-1.bin"] += "x"; });
  expect_refused(hooks, "V10");
}

// A ballot whose sender is dishonest: changed, and signed again.
Bytes resigned(TestElection& e, Ballot ballot, const KeyPair& key) {
  const Bytes bytes = ballot.encode();
  Transcript statement(SealedRole::ballot_signature, e.fingerprint());
  statement.add(ByteView(sha512(ByteView(bytes).first(bytes.size() - 64))));
  ballot.signature = schnorr_prove(statement, key.secret.reveal(), e.random);
  return ballot.encode();
}
TestElection::Hooks on_ballot(std::function<void(Ballot&)> change, bool sign) {
  return on_box([=](TestElection& e) {
    auto& bytes = e.box[{0, 1}][e.voters[3][0].key];
    Ballot ballot = *Ballot::decode(bytes, 3);
    change(ballot);
    bytes = sign ? resigned(e, ballot, e.voters[3][0]) : ballot.encode();
  });
}

TEST(Verification, V11ToV13EachProof) {
  const Scalar one = Scalar::from_u64(1);
  expect_refused(
      on_ballot([&](Ballot& b) { b.signature.response = b.signature.response + one; }, false),
      "V11");
  expect_refused(on_ballot([&](Ballot& b) { b.proofs[2].z1 = b.proofs[2].z1 + one; }, true), "V12");
  expect_refused(on_ballot([&](Ballot& b) { b.sum_proof.z = b.sum_proof.z + one; }, true), "V13");
  const TestElection election(on_ballot([&](Ballot& b) { b.sum_proof.z = one; }, true));
  EXPECT_EQ(check(verify(election.files), 13).detail.find("box/0-1.bin, ballot 0: "), 0u);
}

TEST(Verification, V14Keys) {
  // By a key that was reissued, by one struck off, by a stranger.
  const auto by = [](const std::function<const KeyPair&(TestElection&)>& key) {
    return on_box([=](TestElection& e) {
      e.box[{1, 0}].erase(e.reissued.key);
      e.cast(1, 0, 1, key(e));
    });
  };
  expect_refused(by([](TestElection& e) -> const KeyPair& { return e.voters[1][1]; }), "V14");
  expect_refused(by([](TestElection& e) -> const KeyPair& { return e.voters[2][1]; }), "V14");
  expect_refused(by([](TestElection& e) -> const KeyPair& { return e.board; }), "V14");
  expect_refused(by([](TestElection& e) -> const KeyPair& { return e.reissued; }), "");
  // Voter 0 of district 0 votes in district 2 of the same contest.
  expect_refused(on_box([](TestElection& e) {
                   e.box[{0, 0}].erase(e.voters[0][0].key);
                   e.cast(0, 2, 0, e.voters[0][0]);
                 }),
                 "V14");
  // Twice with one key.
  TestElection::Hooks hooks;
  hooks.box = [](TestElection& e) {
    const KeyPair& key = e.voters[3][0];
    Bytes both = e.ballot(0, 1, 1, key);
    e.append_round({}, {leaf_hash(ballot_entry(e.receipt_key, tracker_of(both)))});
    append(both, e.ballot(0, 1, 1, key));
    e.box[{0, 1}][key.key] = both;
  };
  const auto report = verify(TestElection(hooks).files);
  EXPECT_EQ(check(report, 14).code, "ballot.second") << details(report);
}

// Draws the same bytes twice, then goes on.
struct Stutter final : Random {
  explicit Stutter(Random& source) : inner(source) {}
  void fill(std::span<std::uint8_t> target) override {
    if (++calls == 2) {
      std::copy(first.begin(), first.end(), target.begin());
      return;
    }
    inner.fill(target);
    if (calls == 1) first.assign(target.begin(), target.end());
  }
  Random& inner;
  int calls = 0;
  Bytes first;
};

// The same randomness for two options: only the check of the alphas sees it, all proofs are good.
TEST(Verification, V14Alphas) {
  expect_refused(on_box([](TestElection& e) {
                   const KeyPair& key = e.voters[3][0];
                   Stutter stutter(e.random);
                   const Ballot ballot =
                       make_ballot(e.fingerprint(), 0, 1, 3, 1, e.manifest.bureaus[0].key,
                                   key.secret.reveal(), stutter);
                   ASSERT_EQ(ballot.options[0].alpha, ballot.options[1].alpha);
                   e.box[{0, 1}][key.key] = ballot.encode();
                 }),
                 "V14");
}

TEST(Verification, V15BoxAndCounts) {
  expect_refused(
      on_event("freeze", [](Json& b, Signers&) { b["data"]["box_root"] = std::string(64, '1'); }),
      "V15");
  expect_refused(on_event("freeze",
                          [](Json& b, Signers&) {
                            b["data"]["ballots"] = {4, 1};
                          }),
                 "V15");
  expect_refused(on_event("freeze", [](Json& b, Signers&) { b["data"]["pads"] = 1; }), "V15");
}

TEST(Verification, V16Bijection) {
  const auto& keys = good();
  expect_refused(on_event("count", [](Json& b, Signers&) { b["data"]["bijection"] = false; }),
                 "V16");
  expect_refused(on_event("count", [&](Json&, Signers& s) { s = {&keys.president()}; }), "V16");
}

TEST(Verification, V17Aggregates) {
  const auto edit = [](const std::function<void(Json&)>& change) {
    return on_files([=](Files& f) {
      Json tally = Json::parse(f["tally.json"]);
      change(tally["units"]);
      f["tally.json"] = canonical_json(tally);
    });
  };
  expect_refused(edit([](Json& u) { u[0]["alpha"][0] = u[0]["alpha"][1]; }), "V17");
  expect_refused(edit([](Json& u) { u[1]["ballots"] = 2; }), "V17");
  expect_refused(edit([](Json& u) { u[1]["districts"] = {2}; }), "V17");
  expect_refused(edit([](Json& u) { u.erase(3); }), "V17");
}

TEST(Verification, V18OneTally) {
  expect_refused(
      on_event("count", [](Json& b, Signers&) { b["data"]["tally"] = std::string(128, '0'); }),
      "V18");
  TestElection::Hooks hooks;  // a second count, of a slightly different box
  hooks.after = [](TestElection& e, const std::string& name) {
    if (name == "freeze") {
      e.emit(
          {"count", nullptr, {{"bijection", true}, {"tally", std::string(128, '0')}}, e.opening()});
    }
  };
  expect_refused(hooks, "V18");
}

// Changes member (0, 0, 1)'s document, signed again by it.
TestElection::Hooks on_shares(std::function<void(Json&)> change, std::string published) {
  TestElection::Hooks hooks;
  hooks.counted = [=](TestElection& e) {
    auto& text = e.files[export_path::shares(0, 0, 1)];
    Json body = Json::parse(text)["body"];
    change(body);
    text = e.signed_text(std::move(body), {&e.president()});
    if (!published.empty()) e.shares_left_out = {published};
  };
  return hooks;
}

TEST(Verification, V19Shares) {
  const auto spoil = [](Json& body) { body["shares"][0]["z"] = body["shares"][1]["z"]; };
  expect_refused(on_shares(spoil, ""), "V19");
  expect_refused(on_shares(spoil, "shares.proof"), "");  // published, and left out
  expect_refused(on_shares(spoil, "shares.set"), "V19");
  expect_refused(on_shares([](Json&) {}, "shares.proof"), "V19");  // good, and left out
  // What is not the member's word for this tally is not held against her.
  expect_refused(
      on_shares([](Json& body) { body["tally"] = std::string(128, '0'); }, "shares.tally"), "V19");
}

TEST(Verification, V19SharesThatAreNotThere) {
  TestElection::Hooks hooks;
  hooks.counted = [](TestElection& e) { e.files.erase(export_path::shares(0, 0, 1)); };
  expect_refused(hooks, "");
  hooks.counted = [](TestElection& e) {
    e.files.erase(export_path::shares(0, 0, 1));
    e.shares_left_out = {"shares.proof"};
  };
  expect_refused(hooks, "V19");
}

TEST(Verification, V20Decryption) {
  TestElection::Hooks hooks;  // the delegates have one share, two are needed
  hooks.counted = [](TestElection& e) {
    e.files.erase(export_path::shares(0, 1, 1));
    e.files.erase(export_path::shares(0, 1, 2));
  };
  expect_refused(hooks, "V20");
  expect_refused(on_files([](Files& f) {
                   Json tally = Json::parse(f["tally.json"]);
                   tally["units"][0]["votes"] = {1, 1, 0};
                   f["tally.json"] = canonical_json(tally);
                 }),
                 "V20");
}

// Two votes in one ballot: the proofs refuse it, and so do the sums alone.
TEST(Verification, V21Sums) {
  const auto two = [](Ballot& b) { b.options[0].beta = b.options[0].beta + Point::generator(); };
  expect_refused(on_ballot(two, true), "V12 V21");
}

TEST(Verification, V22Result) {
  const auto edit = [](const std::function<void(Json&)>& change) {
    return on_files([=](Files& f) {
      Json result = Json::parse(f["result.json"]);
      change(result);
      f["result.json"] = canonical_json(result);
    });
  };
  expect_refused(edit([](Json& r) { r["contests"][0]["seats"]["lists"][0]["seats"] = 3; }), "V22");
  expect_refused(edit([](Json& r) { r["contests"][0]["registered"] = 9; }), "V22");
  expect_refused(edit([](Json& r) { r["contests"][0]["seats"]["lots"] = {0}; }), "V22");
  expect_refused(edit([](Json& r) { r["more"] = 1; }), "V22");
  expect_refused(edit([](Json& r) { r["contests"] = 1; }), "V22");
  expect_refused(on_event("close-count",
                          [](Json& b, Signers&) { b["data"]["result"] = std::string(64, '0'); }),
                 "V22");
}

// Two rounds: 2 and 1 of 3 valid votes, 4 electors on the roll.
TEST(Verification, V22Majority) {
  TestElection::Hooks hooks;
  hooks.setup = [](TestElection& e) {
    auto& contest = e.manifest.contests[0];
    contest.rule = two_round_majority_rule;
    contest.round = 1;
    contest.seats = 1;
    for (auto& option : contest.options) {
      option.candidate = !option.blank;
      option.candidates.clear();
    }
    contest.options[1].birth_date = "1970-01-31";
    contest.options[1].substitute = "Gamma";
  };
  const TestElection election(hooks);
  const auto manifest = Manifest::parse(election.manifest.text());
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->text(), election.manifest.text());
  EXPECT_EQ(manifest->contests[0].options[1].substitute, "Gamma");
  for (const char* field : {"substitute", "birth_date", "name", "kind"}) {  // hostile, or damaged
    for (const Json& value : {Json("absent"), Json(7), Json::array()}) {
      Json damaged = Json::parse(election.manifest.text());
      auto& option = damaged["contests"][0]["options"][1];
      if (value == "absent") {
        option.erase(field);
      } else {
        option[field] = value;
      }
      EXPECT_FALSE(Manifest::parse(canonical_json(damaged))) << field << value.dump();
    }
  }
  for (const Json& round : {Json(), Json(0), Json(3), Json("1")}) {
    Json damaged = Json::parse(election.manifest.text());
    damaged["contests"][0]["round"] = round;
    EXPECT_FALSE(Manifest::parse(canonical_json(damaged))) << round.dump();
  }
  const auto report = verify(election.files);
  ASSERT_TRUE(report.consistent()) << details(report);
  const Json result = Json::parse(election.files.at("result.json"));
  EXPECT_EQ(result["contests"][0]["majority"]["elected"], 0);
  EXPECT_FALSE(result["contests"][0].contains("seats"));
  EXPECT_EQ(report.trust[0].margin, 1u) << "one vote more for the other: no majority";
  const auto edit = [&](const std::function<void(Json&)>& change) {
    auto changed = hooks;
    changed.files = [=](Files& files) {
      Json other = Json::parse(files["result.json"]);
      change(other["contests"][0]);
      files["result.json"] = canonical_json(other);
    };
    expect_refused(changed, "V22");
  };
  edit([](Json& c) { c["majority"]["elected"] = 1; });
  edit([](Json& c) { c["majority"]["undecided"] = 1; });
  edit([](Json& c) { c.erase("majority"); });
}

// One seat, one vote each: people draw a lot, and a president signs what they drew.
TEST(Verification, V22Lots) {
  TestElection::Hooks hooks;
  hooks.setup = [](TestElection& e) { e.manifest.contests[0].seats = 1; };
  hooks.box = [](TestElection& e) { e.box[{0, 0}].erase(e.voters[1][0].key); };
  expect_refused(hooks, "V22");  // closed over the tie
  hooks.unclosed = true;
  const TestElection tied(hooks);
  const auto report = verify(tied.files);
  ASSERT_EQ(refusals(report), "") << details(report);
  EXPECT_NE(details(report).find("a tie waits for its lot"), std::string::npos) << details(report);
  EXPECT_EQ(report.trust[0].margin, 0u);
  hooks.unclosed = false;
  hooks.counted = [](TestElection& e) { e.lots = {1}; };
  const TestElection drawn(hooks);
  EXPECT_EQ(Json::parse(drawn.files.at("result.json"))["contests"][0]["seats"]["lists"][1]["seats"],
            1);
  EXPECT_EQ(refusals(verify(drawn.files)), "");
  hooks.unclosed = true;
  expect_refused(hooks, "V22");
  hooks.counted = nullptr;  // without a lot the count may still be open
  expect_refused(hooks, "");
}

TEST(Verification, V23SignOffs) {
  expect_refused(on_event("freeze",
                          [](Json& b, Signers&) {
                            b["data"]["sign_offs"] = {4, 2};
                          }),
                 "V23");
}

TEST(Verification, V24Receipts) {
  const auto& e = good();
  const auto& box = e.box.at({1, 0});
  Anchors anchors;
  anchors.receipts_given = true;
  for (const auto& [key, bytes] : box) {
    anchors.receipts[hex_encode(key.encoded())] = e.receipt(bytes);
  }
  EXPECT_EQ(refusals(verify(e.files, anchors)), "");
  const auto with = [&](const std::string& text) {
    Anchors one = anchors;
    one.receipts["x"] = text;
    return refusals(verify(e.files, one));
  };
  EXPECT_EQ(with("no receipt"), "V24");
  // A good ballot's receipt under another tree that the log has signed: two views.
  auto other_leaves = e.leaves;
  other_leaves.back()[0] ^= 1;
  auto split = *Receipt::parse(e.receipt(box.begin()->second));
  split.proof = inclusion_proof(other_leaves, split.index);
  split.checkpoint_note = sign_checkpoint(
      {e.manifest.log_origin, other_leaves.size(), merkle_root(other_leaves)}, e.checkpoint_key);
  EXPECT_EQ(with(split.text()), "V24");
  // The log accepted a ballot, gave a receipt, and the box has another: shown by the receipt alone.
  Bytes dropped;
  std::string receipt;
  TestElection::Hooks hooks;
  hooks.after = [&](TestElection& other, const std::string& name) {
    if (name != "close") return;
    const Point key = other.voters[3][0].key;
    dropped = other.box[{0, 1}][key];
    receipt = other.receipt(dropped);
    other.cast(0, 1, 0, other.voters[3][0]);
  };
  const TestElection other(hooks);
  EXPECT_EQ(refusals(verify(other.files)), "");
  Anchors held;
  held.receipts_given = true;
  held.receipts["mine"] = receipt;
  const auto report = verify(other.files, held);
  EXPECT_EQ(refusals(report), "V24");
  EXPECT_EQ(check(report, 24).code, "receipt.box");
}

// Replaces one value of a document by another kind of value.
void spoil(Json& json, Random& random) {
  static const std::vector<Json> values = {nullptr,
                                           true,
                                           0,
                                           4'000'000'000,
                                           "",
                                           "00",
                                           Json::array(),
                                           {{"a", 1}},
                                           -1,
                                           Json::array({Json::array()})};
  Json* place = &json;
  while (place->is_structured() && !place->empty() && random.below(5) != 0) {
    auto item = place->begin();
    std::advance(item, random.below(static_cast<std::uint32_t>(place->size())));
    place = &*item;
  }
  if (place->is_object() && !place->empty() && random.below(2) == 0) {
    place->erase(place->begin());
  } else {
    *place = values[random.below(static_cast<std::uint32_t>(values.size()))];
  }
}

// Whatever a JSON document says, there is a verdict and it is no.
TEST(Verification, SpoiledDocumentsAreRefused) {
  SeededRandom random(8);
  for (const auto& [path, content] : good().files) {
    if (!path.ends_with(".json")) continue;
    for (int n = 0; n < 3; ++n) {
      Files files = good().files;
      Json json = Json::parse(content);
      spoil(json, random);
      files[path] = canonical_json(json);
      if (files[path] == content) continue;
      if (path != "index.json") files["index.json"] = TestElection::index_of(files);
      EXPECT_NE(refusals(verify(files)), "") << path << " " << files[path].substr(0, 500);
    }
  }
}

// Nor do signatures under nonsense help, nor does it stop the program.
TEST(Verification, SignedNonsenseIsRefused) {
  SeededRandom random(9);
  for (int n = 0; n < 40; ++n) {
    TestElection::Hooks hooks;
    const auto number = random.below(9);
    Json was, is;
    hooks.event = [&](Json& body, Signers&) {
      if (body["number"] != number) return;
      was = body;
      Json changed = body;
      spoil(changed, random);
      if (changed.is_object()) body = changed;
      is = body;
    };
    const TestElection election(hooks);
    const auto report = verify(election.files);
    const bool same = was == is || was["at"] != is.value("at", Json());
    EXPECT_TRUE(same || !report.consistent()) << is.dump();
  }
  for (int n = 0; n < 30; ++n) {
    TestElection::Hooks hooks;
    bool same = false;
    hooks.batch = [&](Json& body, Signers&) {
      Json changed = body;
      spoil(changed, random);
      same = !changed.is_object() || changed == body || changed["at"] != body["at"] ||
             changed["persons"] != body["persons"];
      if (changed.is_object()) body = changed;
    };
    EXPECT_TRUE(!verify(TestElection(hooks).files).consistent() || same);
  }
}

// What a holder judges before it signs: no tally, no shares, no result are there yet.
TEST(Verification, BeforeTheCount) {
  Files files = good().files;
  std::erase_if(files, [](const auto& file) {
    return file.first == "tally.json" || file.first == "result.json" ||
           file.first.starts_with("shares/");
  });
  files["index.json"] = TestElection::index_of(files);
  const auto judge = [](const Files& of, const Anchors& anchors, const ReceiptKey& key) {
    return verify_before_count(ExportReader::of_files(of), anchors, key);
  };
  const Anchors anchors = anchors_of(good());
  const auto counted = judge(files, anchors, good().receipt_key);
  ASSERT_TRUE(counted) << counted.error().message;
  EXPECT_EQ(counted->tally.hash, good().tally->hash);
  EXPECT_EQ(counted->events.size(), good().event_number);
  EXPECT_TRUE(judge(good().files, anchors, good().receipt_key));

  SeededRandom random(3);
  const auto other = ReceiptKey::of_bytes(random.array<32>());
  EXPECT_EQ(judge(files, anchors, other).error().code, "count.bijection");
  EXPECT_EQ(judge(files, {}, good().receipt_key).error().code, "count.anchors");
  Anchors early = anchors;
  early.checkpoint = good().notes.front();
  EXPECT_EQ(judge(files, early, good().receipt_key).error().code, "count.anchors");
  // One bit of a signature, under a fresh index.
  TestElection::Hooks hooks;
  hooks.box = [](TestElection& e) {
    auto& bytes = e.box[{0, 0}].begin()->second;
    bytes.back() ^= 1;
  };
  const TestElection spoilt(hooks);
  const auto refused = judge(spoilt.files, anchors_of(spoilt), spoilt.receipt_key);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "count.verification");
}

TEST(ExportReader, AFolderAsItLies) {
  namespace fs = std::filesystem;
  std::string pattern = (fs::temp_directory_path() / "isoloir-export-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const fs::path folder = pattern;
  for (const auto& [path, content] : good().files) {
    fs::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::binary) << content;
  }
  const auto verdict = [&] {
    return refusals(verify_export(*ExportReader::of_folder(folder), anchors_of(good())));
  };
  EXPECT_EQ(verdict(), "");
  std::ofstream(folder / ".hidden") << "";
  EXPECT_EQ(verdict(), "V1");
  fs::remove(folder / ".hidden");
  // A link is no file of an export, whatever it leads to.
  fs::rename(folder / "result.json", folder.string() + "-moved");
  fs::create_symlink(folder.string() + "-moved", folder / "result.json");
  EXPECT_EQ(verdict(), "V1");
  fs::remove_all(folder);
  fs::remove(folder.string() + "-moved");
  EXPECT_FALSE(ExportReader::of_folder(folder));
}

TEST(ExportIndex, IsReadStrictly) {
  const std::string text = export_index({{"a", digest_of("1")}, {"b", digest_of("")}});
  const auto index = parse_export_index(text);
  ASSERT_TRUE(index);
  EXPECT_EQ(index->at("a"), digest_of("1"));
  const auto with = [&](const std::function<void(Json&)>& change) {
    Json json = Json::parse(text);
    change(json);
    const auto parsed = parse_export_index(canonical_json(json));
    return parsed ? "good" : parsed.error().code;
  };
  EXPECT_EQ(with([](Json&) {}), "good");
  EXPECT_EQ(with([](Json& j) { j["format"] = "isoloir-export/2"; }), "export.index");
  EXPECT_EQ(with([](Json& j) { j["more"] = 1; }), "export.index");
  EXPECT_EQ(with([](Json& j) { std::swap(j["files"][0], j["files"][1]); }), "export.index");
  EXPECT_EQ(with([](Json& j) { j["files"][1]["path"] = "a"; }), "export.index");
  EXPECT_EQ(with([](Json& j) { j["files"][1]["path"] = "index.json"; }), "export.index");
  EXPECT_EQ(with([](Json& j) { j["files"][1]["size"] = -1; }), "export.index");
  EXPECT_EQ(with([](Json& j) { j["files"][1]["sha256"] = "00"; }), "export.index");
}

}  // namespace
}  // namespace isoloir
