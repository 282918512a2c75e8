#include "verification/verification.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/temporary_folder.hpp"
#include "crypto/hash.hpp"
#include "verification/export_makers.hpp"

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

TEST(Verification, AnyTreeOfTheLogAnchorsThatHoldsTheFreeze) {
  const auto& e = good();
  const auto freeze = leaf_hash(document_entry(entry_event, e.files.at(export_path::event(6))));
  const auto place = static_cast<std::size_t>(std::find(e.leaves.begin(), e.leaves.end(), freeze) -
                                              e.leaves.begin());
  ASSERT_LT(place, e.leaves.size());
  for (const bool holds : {true, false}) {
    const auto tree = std::span(e.leaves).first(place + (holds ? 1 : 0));
    Anchors anchors = anchors_of(e);
    anchors.checkpoint =
        sign_checkpoint({e.manifest.log_origin, tree.size(), merkle_root(tree)}, e.checkpoint_key);
    const auto report = verify(e.files, anchors);
    EXPECT_TRUE(report.consistent()) << details(report);
    EXPECT_EQ(report.anchored, holds) << details(report);
  }
}

TEST(Verification, TheCountIsClosedByTheBureausThatHaveAContest) {
  TestElection::Hooks hooks;
  hooks.two_bureaus = true;
  hooks.setup = [](TestElection& e) { e.manifest.contests[1].bureau = 0; };
  const auto said = [](const TestElection::Hooks& by) {
    const auto report = verify(TestElection(by).files);
    EXPECT_TRUE(report.consistent()) << details(report);
    return check(report, 22).detail;
  };
  EXPECT_EQ(said(hooks), "2 contests, the count is closed");
  hooks.after = [counts = 0](TestElection& e, const std::string& name) mutable {
    if (name != "count" || ++counts > 1) return;
    const Json data = {{"bijection", true}, {"tally", hex_encode(e.tally->hash)}};
    e.emit({"count", nullptr, data, e.opening(1), 1});
  };
  hooks.closed_by = {1};
  EXPECT_EQ(said(hooks), "2 contests, the count is not closed by every bureau");
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

TEST(Verification, V1AnyByte) {
  SeededRandom random(1);
  for (const auto& [path, content] : good().files) {
    if (content.empty()) continue;
    for (int n = 0; n < (path == "index.json" ? 60 : 2); ++n) {
      const std::size_t i = random.below(static_cast<std::uint32_t>(content.size()));
      Files files = good().files;
      files[path][i] = static_cast<char>(files[path][i] ^ (1 << random.below(8)));
      EXPECT_EQ(refusals(verify(files)), "V1") << path << ", byte " << i;
    }
  }
}

// One holder's messages stand for the others'.
bool stands_for_others(const std::string& path) {
  return !path.starts_with("ceremony/") || path.ends_with("-01-02.json");
}

// An index that agrees does not help: what is not signed is computed again.
TEST(Verification, AnyByteUnderAFreshIndexIsRefused) {
  SeededRandom random(2);
  for (const auto& [path, content] : good().files) {
    if (content.empty() || path == "index.json" || !stands_for_others(path)) continue;
    const std::size_t i = random.below(static_cast<std::uint32_t>(content.size()));
    Files files = good().files;
    files[path][i] = static_cast<char>(files[path][i] ^ (1 << random.below(8)));
    files["index.json"] = TestElection::index_of(files);
    EXPECT_NE(refusals(verify(files)), "") << path << ", byte " << i;
  }
}

// `change` comes in before the last manifest is sealed.
TestElection::Hooks broken_twice(std::function<void(TestElection&)> change = {}) {
  TestElection::Hooks hooks;
  hooks.setup = [=](TestElection& e) {
    test::seal_and_break_twice(e);
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

  refused("broken/0: not the fingerprint",
          [](TestElection& e) { e.manifest.broken_seals[0].fingerprint.bytes[0] ^= 1; });
  refused("broken/1: not the seal.json that is named", [](TestElection& e) {
    e.files[export_path::broken_seal(1)] = e.files[export_path::broken_seal(0)];
  });
  refused("broken/1: seal.json: of another manifest", [](TestElection& e) {
    e.files[export_path::broken_seal(1)] = e.files[export_path::broken_seal(0)];
    e.manifest.broken_seals[1].seal = e.manifest.broken_seals[0].seal;
  });
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

// Two rounds: 2 and 1 of 3 valid votes, 4 electors on the roll.
TEST(Verification, V22Majority) {
  TestElection::Hooks hooks;
  hooks.setup = [](TestElection& e) { test::hold_in_two_rounds(e, 1); };
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
}

TEST(Verification, ATieThatWaitsIsTold) {
  TestElection::Hooks hooks;
  hooks.setup = [](TestElection& e) { e.manifest.contests[0].seats = 1; };
  hooks.box = [](TestElection& e) { e.box[{0, 0}].erase(e.voters[1][0].key); };
  hooks.unclosed = true;
  const auto report = verify(TestElection(hooks).files);
  ASSERT_EQ(refusals(report), "") << details(report);
  EXPECT_NE(details(report).find("a tie waits for its lot"), std::string::npos) << details(report);
  EXPECT_EQ(report.trust[0].margin, 0u);
}

TEST(Verification, TheFirstOffenderIsNamed) {
  TestElection::Hooks hooks;
  hooks.box = [](TestElection& e) {
    const auto& key = e.voters[3][0];
    e.box[{0, 1}][key.key] = test::forge_ballot(
        e, 0, 1, 1, key, [](test::ForgedBallot& ballot) { ballot.off_sum_a = Point::generator(); });
  };
  const auto report = verify(TestElection(hooks).files);
  EXPECT_EQ(check(report, 13).detail.find("box/0-1.bin, ballot 0: "), 0u) << details(report);
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
    if (!path.ends_with(".json") || !stands_for_others(path)) continue;
    for (int n = 0; n < 2; ++n) {
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
  for (int n = 0; n < 20; ++n) {
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
  for (int n = 0; n < 20; ++n) {
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
  const TemporaryFolder own;
  const fs::path folder = own / "export";
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
