// The vectors of tests/data/booth_vectors.json, written by the browser's implementation, which
// shares no code with this one. Both read the specification alone; here they must agree byte for
// byte, accepts and rejects alike.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/canonical_json.hpp"
#include "base/places.hpp"
#include "election/ballot.hpp"
#include "election/checkpoint.hpp"
#include "election/credential.hpp"

namespace isoloir {
namespace {

const Json& vectors() {
  static const Json json = [] {
    std::ifstream file(test::source_dir() + "/tests/data/booth_vectors.json");
    std::stringstream text;
    text << file.rdbuf();
    return Json::parse(text.str());
  }();
  return json;
}

template <std::size_t N>
ByteArray<N> bytes(const Json& hex) {
  return *hex_decode_array<N>(hex.get<std::string>());
}
ElectionId election() {
  return {bytes<16>(vectors()["election_id"])};
}
Fingerprint fingerprint() {
  return {bytes<32>(vectors()["fingerprint"])};
}

std::optional<Transcript> transcript(const std::string& role) {
  static const std::map<std::string, DraftRole> drafts = {
      {"credential salt", DraftRole::credential_salt},
      {"sign-in key", DraftRole::sign_in_key},
      {"ballot key", DraftRole::ballot_key},
      {"roster leaf", DraftRole::roster_leaf}};
  static const std::map<std::string, SealedRole> sealed = {
      {"option proof", SealedRole::option_proof},
      {"sign-in proof", SealedRole::sign_in_proof},
      {"key possession", SealedRole::key_possession}};
  if (const auto found = drafts.find(role); found != drafts.end()) {
    return Transcript(found->second, election());
  }
  if (const auto found = sealed.find(role); found != sealed.end()) {
    return Transcript(found->second, fingerprint());
  }
  return std::nullopt;
}

TEST(BoothVectors, Transcripts) {
  std::size_t compared = 0;
  for (const auto& vector : vectors()["transcript"]) {
    auto t = transcript(vector["role"]);
    if (!t) continue;  // "nonce" is each implementation's own affair
    for (const auto& item : vector["items"]) {
      if (item.contains("int")) t->add(item["int"].get<std::uint32_t>());
      if (item.contains("text")) t->add(item["text"].get<std::string>());
      if (item.contains("bytes")) t->add(*hex_decode(item["bytes"].get<std::string>()));
    }
    EXPECT_EQ(hex_encode(t->hash()), vector["hash"]) << vector["role"];
    EXPECT_EQ(hex_encode(t->scalar().encoded()), vector["scalar"]) << vector["role"];
    ++compared;
  }
  EXPECT_GE(compared, 9u);
}

TEST(BoothVectors, Codes) {
  for (const auto& vector : vectors()["codes"]) {
    const auto code = Code::parse(vector["typed"].get<std::string>());
    if (vector.contains("code")) {
      ASSERT_TRUE(code) << vector["typed"];
      EXPECT_EQ(code->normalised(), vector["code"]);
    } else {
      ASSERT_FALSE(code) << vector["typed"];
      EXPECT_EQ(code.error().code, vector["error"] == "check" ? "code.check" : "code.form");
    }
  }
}

TEST(BoothVectors, CredentialAndSignInProof) {
  const auto& vector = vectors()["credential"];
  const auto credential = derive_credential(*Code::parse(vector["code"].get<std::string>()),
                                            vector["handle"].get<std::string>(), election());
  EXPECT_EQ(hex_encode(credential.seed.reveal()), vector["seed"]);
  EXPECT_EQ(hex_encode(credential.sign_in_key().key.encoded()), vector["sign_in"]["public"]);
  for (const auto& item : vector["ballot"]) {
    EXPECT_EQ(hex_encode(credential.ballot_key(item["contest"]).key.encoded()), item["public"]);
  }
  const auto& proof = vector["proof"];
  const auto statement =
      sign_in_statement(fingerprint(), bytes<32>(proof["nonce"]),
                        bytes<32>(proof["session_binding"]), proof["origin"].get<std::string>());
  const auto signature = SchnorrProof::decode(bytes<64>(proof["signature"]));
  ASSERT_TRUE(signature);
  EXPECT_TRUE(schnorr_verify(statement, credential.sign_in_key().key, *signature));
}

TEST(BoothVectors, Ballots) {
  for (const auto& vector : vectors()["ballots"]) {
    const auto what = vector["what"].get<std::string>();
    const auto encoded = *hex_decode(vector["ballot"].get<std::string>());
    const auto ballot = Ballot::decode(encoded, vector["options"]);
    const auto key = *Point::decode(bytes<32>(vector["election_key"]));
    // The server compares the header with what it expects before it verifies; so does this.
    const bool expected_header = ballot && ballot->fingerprint == fingerprint() &&
                                 ballot->contest == vector["contest"] &&
                                 ballot->district == vector["district"];
    EXPECT_EQ(expected_header && verify_ballot(*ballot, key), vector["accept"].get<bool>()) << what;
    if (!vector["accept"].get<bool>()) continue;
    const auto tracker = tracker_of(encoded);
    EXPECT_EQ(hex_encode(tracker.bytes), vector["tracker"]) << what;
    EXPECT_EQ(parse_tracker(vector["tracker_text"].get<std::string>()), tracker) << what;
    EXPECT_EQ(ballot->encode(), encoded) << what;
  }
}

TEST(BoothVectors, Receipts) {
  for (const auto& vector : vectors()["receipts"]) {
    if (vector["witness_threshold"] != 0) continue;  // witnesses come with the standard log
    const auto receipt = Receipt::parse(vector["receipt"].get<std::string>());
    const auto tracker = receipt ? check_receipt(*receipt, vector["origin"].get<std::string>(),
                                                 bytes<32>(vector["checkpoint_key"]))
                                 : Expected<Tracker>(fail(receipt.error()));
    const bool good = tracker && hex_encode(tracker->bytes) == vector["tracker"];
    EXPECT_EQ(good, vector["accept"].get<bool>()) << vector["what"];
  }
}

}  // namespace
}  // namespace isoloir
