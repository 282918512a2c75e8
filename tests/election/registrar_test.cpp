#include "election/registrar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/canonical_json.hpp"
#include "crypto/sealing.hpp"

namespace isoloir {
namespace {

const std::vector<std::uint32_t> districts{1, 2, 1};

Roll sample_roll(std::size_t voters) {
  Roll roll;
  for (std::size_t i = 0; i < voters; ++i) {
    Voter voter;
    voter.id = "E" + std::to_string(i);
    if (i % 3 != 0) voter.contests.push_back({0, 0});
    voter.contests.push_back({1, static_cast<std::uint32_t>(i % 2)});
    roll.voters.push_back(std::move(voter));
  }
  return roll;
}

struct RegistrarTest : testing::Test {
  SeededRandom random{11};
  ElectionId election{random.array<16>()};
  KeyPair registrar = KeyPair::generate(random);
  Roll roll = sample_roll(7);
  Issued issued = issue_codes(roll, election, {}, random);
  std::vector<Roster> rosters = collect_rosters(issued.keys, election, districts).value();

  std::string signed_rosters(const KeyPair& signer) {
    auto document = roster_document(rosters, election);
    document.sign(signer, election, random);
    return document.text();
  }
};

// What the voter's browser derives from the notice is what the server and the roster hold.
TEST_F(RegistrarTest, TheCodeOnTheNoticeOpensTheKeysOfTheServer) {
  ASSERT_EQ(issued.codes.size(), 7u);
  std::set<std::string> codes;
  for (std::size_t i = 0; i < roll.voters.size(); ++i) {
    const Voter& voter = roll.voters[i];
    const VoterKeys& keys = issued.keys[i];
    codes.insert(issued.codes[i].normalised());
    const auto typed = Code::parse(issued.codes[i].shown().reveal());
    ASSERT_TRUE(typed);
    const auto credential = derive_credential(*typed, voter.id, election);
    EXPECT_EQ(keys.id, voter.id);
    EXPECT_EQ(keys.sign_in_key, credential.sign_in_key().key);
    ASSERT_EQ(keys.ballot_keys.size(), voter.contests.size());
    for (std::size_t c = 0; c < voter.contests.size(); ++c) {
      const auto [contest, district] = voter.contests[c];
      const BallotKey expected{contest, district, credential.ballot_key(contest).key};
      EXPECT_EQ(keys.ballot_keys[c], expected);
      const auto roster = std::find_if(rosters.begin(), rosters.end(), [&](const Roster& one) {
        return one.entry.contest == expected.contest && one.entry.district == expected.district;
      });
      ASSERT_NE(roster, rosters.end());
      EXPECT_TRUE(std::binary_search(roster->keys.begin(), roster->keys.end(), expected.key));
    }
  }
  EXPECT_EQ(codes.size(), 7u);
}

TEST_F(RegistrarTest, RostersAreCompleteSortedAndRooted) {
  ASSERT_EQ(rosters.size(), 4u);
  const std::uint32_t sizes[] = {4, 4, 3, 0};
  for (std::size_t i = 0; i < rosters.size(); ++i) {
    const auto& [entry, keys] = rosters[i];
    EXPECT_EQ(entry.size, sizes[i]);
    EXPECT_EQ(keys.size(), sizes[i]);
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
    EXPECT_EQ(entry.root, roster_root(election, entry.contest, entry.district, keys));
  }
  EXPECT_EQ(rosters[2].entry.contest, 1u);
  EXPECT_EQ(rosters[2].entry.district, 1u);
  EXPECT_EQ(rosters[3].entry.root, sha256(ByteView{}));
}

TEST_F(RegistrarTest, OneSeedOneResultWhateverTheThreadsDo) {
  SeededRandom one(5), two(5);
  EXPECT_EQ(issue_codes(roll, election, {}, one).keys, issue_codes(roll, election, {}, two).keys);
  SeededRandom three(6);
  EXPECT_NE(issue_codes(roll, election, {}, three).keys, issued.keys);
}

TEST_F(RegistrarTest, KeysOfAnIdentifierAndAPassword) {
  const CredentialForms forms{{12, false}, Handover::sms, CodeForm{12, false}, Handover::email};
  const auto both = issue_codes(roll, election, forms, random);
  ASSERT_EQ(both.identifiers.size(), 7u);
  std::set<std::string> identifiers;
  for (std::size_t i = 0; i < 7; ++i) {
    const auto& identifier = both.identifiers[i].normalised();
    identifiers.insert(identifier);
    EXPECT_EQ(both.keys[i].identifier, identifier);
    EXPECT_EQ(both.codes[i].normalised().size(), 12u);
    EXPECT_EQ(both.keys[i].sign_in_key,
              derive_credential(both.codes[i], identifier, election).sign_in_key().key);
  }
  EXPECT_EQ(identifiers.size(), 7u);
  const Code transport = Code::generate(random);
  const auto file = seal_import(both.keys, election, transport, random);
  const auto opened = open_import(file, election, transport, districts);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, both.keys);
}

TEST_F(RegistrarTest, ProgressCountsEveryVoterOnce) {
  std::vector<std::size_t> seen;
  issue_codes(roll, election, {}, random, [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(total, 7u);
    seen.push_back(done);
  });
  EXPECT_EQ(seen, (std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_TRUE(issue_codes(Roll{}, election, {}, random).keys.empty());
}

TEST_F(RegistrarTest, OneKeyForTwoVotersIsRefused) {
  auto keys = issued.keys;
  keys[1].ballot_keys[1].key = keys[0].ballot_keys[0].key;
  const auto result = collect_rosters(keys, election, districts);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "roster.duplicate");
}

TEST_F(RegistrarTest, TheSignedDocumentHasTheFormOfTheSpecification) {
  const auto document = parse_canonical_json(signed_rosters(registrar));
  ASSERT_TRUE(document);
  const Json& body = (*document)["body"];
  EXPECT_EQ(body["type"], "roster");
  EXPECT_EQ(body["election_id"], hex_encode(election.bytes));
  EXPECT_EQ(body["rosters"][2], (Json{{"contest", 1},
                                      {"district", 1},
                                      {"root", hex_encode(rosters[2].entry.root)},
                                      {"size", 3}}));
}

TEST_F(RegistrarTest, TheServerChecksSignatureAndKeys) {
  const auto code_of = [&](const std::string& text, const Point& key, const ElectionId& id) {
    const auto status = check_roster_document(text, key, rosters, id);
    return status ? "good" : status.error().code;
  };
  const KeyPair other = KeyPair::generate(random);
  const std::string text = signed_rosters(registrar);
  EXPECT_EQ(code_of(text, registrar.key, election), "good");
  EXPECT_EQ(code_of(text, other.key, election), "roster.signer");
  EXPECT_EQ(code_of(text, registrar.key, ElectionId{random.array<16>()}), "document.signature");
  rosters[0].entry.size += 1;
  EXPECT_EQ(code_of(text, registrar.key, election), "roster.content");
}

TEST_F(RegistrarTest, TheImportTravelsSealed) {
  const Code code = Code::generate(random), other = Code::generate(random);
  const std::string file = seal_import(issued.keys, election, code, random);
  EXPECT_EQ(file.find("sign_in_key"), std::string::npos);
  const auto keys = open_import(file, election, code, districts);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(*keys, issued.keys);

  const auto error_of = [](const auto& result) { return result ? "none" : result.error().code; };
  EXPECT_EQ(error_of(open_import(file, election, other, districts)), "sealed_file.code_or_content");
  EXPECT_EQ(error_of(open_import(file, ElectionId{}, code, districts)), "sealed_file.form");
  EXPECT_EQ(error_of(open_import(file.substr(0, file.size() / 2), election, code, districts)),
            "sealed_file.form");
  EXPECT_EQ(error_of(open_import(file, election, code, std::vector<std::uint32_t>{1, 1, 1})),
            "import.form");
}

TEST_F(RegistrarTest, AMalformedImportIsRefused) {
  const std::string id = hex_encode(election.bytes);
  const std::string key = hex_encode(registrar.key.encoded());
  const auto head = [&](int voters) {
    return "{\"election_id\":\"" + id +
           "\",\"format\":\"isoloir-import/1\",\"voters\":" + std::to_string(voters) + "}\n";
  };
  const auto ballot = [&](const std::string& contest) {
    return "{\"contest\":" + contest + ",\"district\":0,\"key\":\"" + key + "\"}";
  };
  const auto voter = [&](const std::string& ballots) {
    return "{\"ballot_keys\":[" + ballots + "],\"id\":\"E1\",\"sign_in_key\":\"" + key + "\"}\n";
  };
  const auto opened = [&](const std::string& content) {
    const auto keys = parse_import(content, election, districts);
    return keys ? "good" : keys.error().code;
  };
  EXPECT_EQ(opened(head(1) + voter(ballot("0") + "," + ballot("1"))), "good");
  for (const auto& bad :
       {std::string(), head(1), head(0) + voter(ballot("0")), head(2) + voter(ballot("0")),
        head(1) + voter(ballot("3")), head(1) + voter(ballot("1") + "," + ballot("0")),
        head(1) + voter(ballot("0") + "," + ballot("0")), head(1) + voter("7"),
        head(1) + " " + voter(ballot("0")), head(1) + "[]\n", head(1) + "7\n",
        std::string("7\n")}) {
    EXPECT_EQ(opened(bad), "import.form") << bad;
  }
}

TEST_F(RegistrarTest, TheRegistrarKeyIsKeptUnderItsCode) {
  const Code code = Code::generate(random);
  const std::string file = seal_registrar_key(registrar, code, random);
  const auto opened = open_registrar_key(file, code);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->key, registrar.key);
  EXPECT_FALSE(open_registrar_key(file, Code::generate(random)));
  const auto zero = seal_file("isoloir registrar key", code.normalised(), Bytes(32), random);
  EXPECT_FALSE(open_registrar_key(zero, code));
}

}  // namespace
}  // namespace isoloir
