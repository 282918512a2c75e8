#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "base/files.hpp"
#include "base/places.hpp"
#include "election/ceremony.hpp"
#include "election/checkpoint.hpp"
#include "election/contract_vectors.hpp"
#include "election/count.hpp"

namespace isoloir {
namespace {

Json read_vectors(const std::string& name) {
  return Json::parse(*read_file(test::source_dir() + "/tests/data/" + name + ".json"));
}

template <std::size_t N = 32>
ByteArray<N> bytes(const Json& hex) {
  return *hex_decode_array<N>(hex.get<std::string>());
}
template <typename T>
Json refusal(const Expected<T>& result) {
  return result ? Json(nullptr) : Json(result.error().code);
}

TEST(ContractVectors, OnDiskAreWhatTheProgramMakes) {
  const std::map<std::string, Json> made = {{"ceremony_vectors", test::ceremony_vectors()},
                                            {"count_vectors", test::count_vectors()},
                                            {"log_vectors", test::log_vectors()}};
  for (const auto& [name, vectors] : made) {
    const std::string path = test::source_dir() + "/tests/data/" + name + ".json";
    const std::string text = vectors.dump(1) + "\n";
    if (std::getenv("ISOLOIR_UPDATE_VECTORS") != nullptr) {
      write_file(path, text, FileMode::shared);
    }
    EXPECT_TRUE(*read_file(path) == text) << name;
  }
}

// ---- Each entry judged as it stands on disk, and each verdict what its name announces.

std::vector<std::string> messages_of(const Json& vectors, const Json& entry, bool whole) {
  std::map<std::string, std::string> messages = vectors["messages"];
  for (const auto& [name, text] : entry["with"].items()) messages[name] = text;
  if (entry.contains("without")) {
    for (const auto& name : entry["without"]) messages.erase(name.get<std::string>());
  }
  std::vector<std::string> texts;
  for (const auto& [name, text] : messages) {
    if (whole || name < "3") texts.push_back(text);
  }
  return texts;
}

TEST(ContractVectors, Ceremony) {
  const Json vectors = read_vectors("ceremony_vectors");
  const auto plan = *CeremonyPlan::parse(vectors["plan"].get<std::string>());
  std::map<std::string, Json> refused;
  for (const auto& entry : vectors["cases"]) {
    const auto result = finish(plan, messages_of(vectors, entry, true));
    EXPECT_EQ(refusal(result), entry["refused"]) << entry["what"];
    refused[entry["what"]] = entry["refused"];
    if (!result) continue;
    EXPECT_EQ(result->transcript, bytes<64>(vectors["result"]["transcript"]));
    EXPECT_EQ(result->key.encoded(), bytes(vectors["result"]["key"]));
    for (const auto& member : vectors["members"]) {
      const auto g = member["group"].get<std::size_t>();
      const auto j = member["index"].get<std::size_t>();
      const auto& group = vectors["result"]["groups"][g];
      EXPECT_EQ(result->groups[g].key.encoded(), bytes(group["key"]));
      EXPECT_EQ(result->groups[g].share_keys[j - 1].encoded(), bytes(group["share_keys"][j - 1]));
      EXPECT_EQ(base_multiply(*Scalar::decode(bytes(member["share"]))),
                result->groups[g].share_keys[j - 1]);
      EXPECT_EQ(base_multiply(*Scalar::decode(bytes(member["signing_secret"]))),
                result->groups[g].signing_keys[j - 1]);
    }
  }
  const std::map<std::string, Json> announced = {
      {"good", nullptr},
      {"a message is missing", "ceremony.incomplete"},
      {"a round has a hole", "ceremony.order"},
      {"of another ceremony", "ceremony.replayed"},
      {"a member that the plan does not have", "ceremony.slot"},
      {"another name than the plan's", "ceremony.identity"},
      {"one key for signing and encryption", "ceremony.duplicate_sender"},
      {"another member's encryption key", "ceremony.duplicate_sender"},
      {"signed by another member", "ceremony.sender"},
      {"commitments that were not announced", "ceremony.commitment_hash"},
      {"one coefficient more", "ceremony.coefficients"},
      {"a rogue key", "ceremony.possession"},
      {"proofs exchanged", "ceremony.possession"},
      {"a commitment is the identity", "ceremony.form"},
      {"a receiver without a share", "ceremony.form"},
      {"agreement to another transcript", "ceremony.transcript"},
      {"another share key", "ceremony.share_key"},
      {"the share is not proven", "ceremony.share_possession"},
      {"a field too many", "ceremony.form"}};
  EXPECT_EQ(refused, announced);
}

TEST(ContractVectors, Complaints) {
  const Json vectors = read_vectors("ceremony_vectors");
  const auto plan = *CeremonyPlan::parse(vectors["plan"].get<std::string>());
  std::map<std::string, Json> verdicts;
  for (const auto& entry : vectors["complaints"]) {
    const auto record = CeremonyRecord::read(plan, messages_of(vectors, entry, false));
    ASSERT_TRUE(record) << entry["what"];
    const auto liars = judge_complaint(*record, entry["complaint"].get<std::string>());
    Json verdict = liars ? Json::array() : Json(liars.error().code);
    if (liars) {
      for (const auto& slot : *liars) verdict.push_back({slot.group, slot.index});
    }
    EXPECT_EQ(verdict, liars ? entry["liars"] : entry["refused"]) << entry["what"];
    verdicts[entry["what"]] = verdict;
  }
  const Json second = Json::parse("[[1,2]]");
  const std::map<std::string, Json> announced = {
      {"every share is good: the complainer lied", Json::array()},
      {"a share that is off the polynomial", second},
      {"a box that does not open", second},
      {"another member's box", second},
      {"not the secret of its key", "ceremony.complaint_key"}};
  EXPECT_EQ(verdicts, announced);
}

struct CountVectors : testing::Test {
  Json vectors = read_vectors("count_vectors");
  Manifest manifest = *Manifest::parse(vectors["manifest"].get<std::string>());
  Tally tally;

  CountVectors() {
    const auto& anchors = vectors["anchors"];
    DistrictAggregates districts;
    for (const auto& district : vectors["districts"]) {
      Aggregate sum(district["sums"].size());
      sum.ballots = district["ballots"];
      for (std::size_t i = 0; i < sum.sums.size(); ++i) {
        sum.sums[i] = {*Point::decode_or_identity(bytes(district["sums"][i][0])),
                       *Point::decode_or_identity(bytes(district["sums"][i][1]))};
      }
      districts.emplace(std::pair(district["contest"], district["district"]), std::move(sum));
    }
    tally = *make_tally(
        manifest, {anchors["log_size"], bytes(anchors["log_root"]), bytes(anchors["box_root"])},
        districts);
  }
};

TEST_F(CountVectors, TallyAndShares) {
  EXPECT_EQ(tally.hash, bytes<64>(vectors["tally"]));
  EXPECT_TRUE(tally.units.back().total.sums[1].alpha.is_identity());
  std::map<std::string, Json> refused;
  for (const auto& entry : vectors["shares"]) {
    const auto judged = judge_shares(manifest, tally, entry["document"].get<std::string>());
    EXPECT_EQ(refusal(judged), entry["refused"]) << entry["what"];
    if (!entry["refused"].is_null()) refused[entry["what"]] = entry["refused"];
  }
  EXPECT_EQ(vectors["shares"].size(), refused.size() + 4);
  const std::map<std::string, Json> announced = {
      {"of another tally", "shares.tally"},
      {"a share is missing", "shares.set"},
      {"a share twice", "shares.set"},
      {"out of order", "shares.set"},
      {"D and D exchanged", "shares.proof"},
      {"D the identity where alpha is not", "shares.proof"},
      {"z of another share", "shares.proof"},
      {"z is the order", "shares.form"},
      {"z zero", "shares.proof"},
      {"A not canonical", "shares.form"},
      {"D is not the identity where alpha is", "shares.identity"},
      {"a field too many", "shares.form"},
      {"a member that the manifest does not have", "shares.member"},
      {"signed by another member", "shares.signature"}};
  EXPECT_EQ(refused, announced);
}

TEST_F(CountVectors, QualifyingSetsAndResult) {
  std::size_t counted = 0;
  for (const auto& entry : vectors["counts"]) {
    std::vector<ShareDocument> good;
    for (const auto& i : entry["documents"]) {
      const auto text = vectors["shares"][i.get<std::size_t>()]["document"].get<std::string>();
      if (auto judged = judge_shares(manifest, tally, text)) good.push_back(std::move(*judged));
    }
    const auto votes = decrypt(manifest, tally, good);
    EXPECT_EQ(votes ? Json(*votes) : Json(votes.error().code),
              votes ? entry["votes"] : entry["refused"])
        << entry["what"];
    if (!votes) {
      EXPECT_EQ(votes.error().code, "count.threshold");
      continue;
    }
    ++counted;
    EXPECT_EQ(Json(*votes), Json::parse("[[2,1,0],[1,1,1],[1,0,1]]"));
    EXPECT_EQ(tally_json(tally, *votes), vectors["tally_json"]);
    const auto result = make_result(manifest, tally, *votes, {{vectors["registered"], 8, {}}}, {});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(*result, vectors["result_json"]);
  }
  EXPECT_EQ(counted, 4u);
  EXPECT_EQ(vectors["counts"].size(), 7u);
}

TEST(ContractVectors, EntriesRootsAndInclusions) {
  const Json vectors = read_vectors("log_vectors");
  const auto receipt_key = ReceiptKey::of_link_key(SymmetricKey(bytes(vectors["link_key"])));
  const auto handed_out = ReceiptKey::of_bytes(bytes(vectors["receipt_key"]));
  std::vector<Digest> leaves;
  for (const auto& entry : vectors["entries"]) {
    const auto kind = entry["kind"].get<std::uint8_t>();
    const auto content = entry["content"].get<std::string>();
    const Bytes made = kind == entry_ballot ? ballot_entry(receipt_key, {bytes(content)})
                       : kind == entry_pad  ? pad_entry(bytes(content))
                                            : document_entry(kind, content);
    EXPECT_EQ(hex_encode(made), entry["entry"]);
    if (kind == entry_ballot) {
      EXPECT_EQ(ballot_entry(handed_out, {bytes(content)}), made);
    }
    leaves.push_back(leaf_hash(made));
    EXPECT_EQ(hex_encode(leaves.back()), entry["leaf"]);
  }
  ASSERT_EQ(vectors["roots"].size(), leaves.size() + 1);
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    EXPECT_EQ(hex_encode(merkle_root(std::span(leaves).first(size))), vectors["roots"][size]);
  }
  for (const auto& entry : vectors["inclusions"]) {
    std::vector<Digest> proof;
    for (const auto& hash : entry["proof"]) proof.push_back(bytes(hash));
    const auto index = entry["index"].get<std::size_t>();
    const auto size = entry["size"].get<std::size_t>();
    const bool good = verify_inclusion(leaves.at(std::min(index, leaves.size() - 1)), index, size,
                                       proof, bytes(vectors["roots"][size]));
    EXPECT_EQ(good, entry["accept"].get<bool>()) << entry["what"];
    EXPECT_EQ(good, entry["what"] == "good");
  }
}

TEST(ContractVectors, Checkpoints) {
  const Json checkpoint = read_vectors("log_vectors")["checkpoint"];
  const auto key = Ed25519KeyPair::of(Secret(bytes(checkpoint["seed"])));
  EXPECT_EQ(key.key, bytes(checkpoint["key"]));
  std::map<std::string, Json> refused;
  for (const auto& entry : checkpoint["notes"]) {
    const auto opened = open_checkpoint(entry["note"].get<std::string>(),
                                        checkpoint["origin"].get<std::string>(), key.key);
    refused[entry["what"]] = refusal(opened);
    EXPECT_EQ(refusal(opened), entry.value("refused", Json())) << entry["what"];
    if (!opened) continue;
    EXPECT_EQ(opened->size, entry["size"].get<std::uint64_t>());
    EXPECT_EQ(opened->root, bytes(entry["root"]));
    // Ed25519 makes one signature only.
    if (entry["what"] == "good") {
      EXPECT_EQ(sign_checkpoint(*opened, key), entry["note"]);
    }
  }
  const std::map<std::string, Json> announced = {
      {"good", nullptr},
      {"an unknown signature beside", nullptr},
      {"an unknown signature alone", "checkpoint.signature"},
      {"by another key", "checkpoint.signature"},
      {"of another log", "checkpoint.origin"},
      {"another size", "checkpoint.signature"},
      {"a leading zero", "checkpoint.form"},
      {"no newline at the end", "checkpoint.form"},
      {"no signature", "checkpoint.form"},
      {"a carriage return", "checkpoint.form"}};
  EXPECT_EQ(refused, announced);
}

}  // namespace
}  // namespace isoloir
