// The program itself, as anybody runs it: isoloir verify EXPORT
#include <gtest/gtest.h>

#include "functional/program.hpp"
#include "verification/election_fixture.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;
using test::Files;
using test::Outcome;
using test::TestElection;

const TestElection& good() {
  static const TestElection election;
  return election;
}

class VerifyCommand : public test::ProgramTest {
 protected:
  VerifyCommand() {
    put(good().files);
    write("checkpoint", good().notes.back());
  }

  void put(const Files& files) const {
    for (const auto& [path, content] : files) write("export/" + path, content);
  }
  std::string fingerprint() const { return hex_encode(good().fingerprint().bytes); }

  Outcome run(const std::string& arguments) const { return program("verify " + arguments); }
  Outcome run_anchored(const std::string& more = "") const {
    return run(path("export") + " --fingerprint " + fingerprint() + " --checkpoint " +
               path("checkpoint") + more);
  }
};

TEST_F(VerifyCommand, AnchoredAndGood) {
  const auto result = run_anchored();
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_EQ(result.first_line(), "verified");
  EXPECT_TRUE(result.says("no guardian: up to 1 of the ballots rest on the server's honesty"))
      << result.out;
  EXPECT_TRUE(
      result.says("contest 0: 0 keys added during the vote have voted; votes that another "
                  "outcome lacked: 1"));
  EXPECT_TRUE(result.says("no witness"));
  std::string root;  // as the minutes print it
  for (const char digit : hex_encode(good().log.root())) {
    if (root.size() % 9 == 8) root += ' ';
    root += digit;
  }
  EXPECT_TRUE(result.says("public log of " + std::to_string(good().log.size()) + " entries, root " +
                          root + "\n"))
      << result.out;
  const auto counted = Json::parse(good().files.at("result.json"))["contests"][0];
  EXPECT_TRUE(result.says("Result, " + good().manifest.title.en + ":")) << result.out;
  EXPECT_TRUE(result.says("Contest 0, " + good().manifest.contests[0].name.en + ": registered " +
                          counted["registered"].dump()))
      << result.out;
  for (const auto& list : counted["seats"]["lists"]) {
    const auto& name = good().manifest.contests[0].options[list["option"]].name;
    EXPECT_TRUE(result.says("  - " + name + ": votes " + list["votes"].dump() + ", seats " +
                            list["seats"].dump() + "\n"))
        << name << result.out;
  }
  for (int n = 0; n <= 25; ++n) {
    std::string start = "\nV" + std::to_string(n);
    start.resize(6, ' ');
    EXPECT_TRUE(result.says(start + "ok ")) << n << result.out;
  }
}

TEST_F(VerifyCommand, WithoutBothAnchorsItNeverSaysTheWord) {
  std::string upper = fingerprint();
  for (auto& c : upper) c = static_cast<char>(std::toupper(c));
  upper.insert(32, " ");
  for (const std::string& anchors :
       {std::string(), " --fingerprint '" + upper + "'", " --checkpoint " + path("checkpoint")}) {
    const auto result = run(path("export") + anchors);
    EXPECT_EQ(result.code, 0) << result.out << result.err;
    EXPECT_EQ(result.first_line().find("consistent, not anchored"), 0u) << result.out;
    EXPECT_FALSE(result.says("verified"));
  }
  write("export/Verified.txt", "");  // a name in the export does not say it either
  const auto named = run(path("export"));
  EXPECT_EQ(named.code, 1);
  EXPECT_FALSE(named.says("erified")) << named.out;
}

// The election's own names are anybody's as well, and stand in the result.
TEST_F(VerifyCommand, NoNameOfTheElectionSaysTheWordOrBeginsALine) {
  test::ElectionHooks hooks;
  hooks.setup = [](TestElection& election) {
    election.manifest.title = {"Verified\u202e", "veri\u200bfied"};
    election.manifest.contests[0].options[0].name = "A\u2028verified\u0085VERIFIED";
  };
  const TestElection named(hooks);
  fs::remove_all(folder_ / "export");
  put(named.files);
  const auto result = run(path("export"));
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_TRUE(result.says("Résultat, veri?fied :\n    Result, ?????????:\n")) << result.out;
  EXPECT_TRUE(result.says("  - A" + std::string(18, '?') + ": votes ")) << result.out;
  EXPECT_FALSE(result.says("erified")) << result.out;
  EXPECT_FALSE(result.says("ERIFIED")) << result.out;
}

TEST_F(VerifyCommand, NothingReissuedNothingRestsOnTheServer) {
  test::ElectionHooks hooks;
  hooks.nobody = true;
  const TestElection empty(hooks);
  fs::remove_all(folder_ / "export");
  put(empty.files);
  const auto result = run(path("export"));
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_TRUE(result.says("no guardian: up to 0 of the ballots")) << result.out;
  EXPECT_TRUE(result.says("are no errors: they say what is left to trust")) << result.out;
}

TEST_F(VerifyCommand, TheFirstOffenderIsNamed) {
  write("export/tally.json", good().files.at("tally.json") + " ");
  const auto changed = run_anchored();
  EXPECT_EQ(changed.code, 1);
  EXPECT_EQ(changed.first_line(),
            "refused at V1, files: tally.json is not the file that the index describes "
            "(export.changed)");
  Files files = good().files;
  files["box/0-1.bin"].back() ^= 1;
  files["index.json"] = TestElection::index_of(files);
  put(files);
  const auto forged = run_anchored();
  EXPECT_EQ(forged.code, 1);
  EXPECT_TRUE(forged.first_line().find("box/0-1.bin, ballot 0") != std::string::npos) << forged.out;
  EXPECT_FALSE(forged.says("verified"));
}

TEST_F(VerifyCommand, AnotherFingerprintOrCheckpointIsRefused) {
  const auto other = run(path("export") + " --fingerprint " + std::string(64, 'a'));
  EXPECT_EQ(other.code, 1);
  EXPECT_EQ(other.first_line().find("refused at V0"), 0u) << other.out;
  write("checkpoint", "nothing\n");
  EXPECT_EQ(run_anchored().code, 1);
}

TEST_F(VerifyCommand, Receipts) {
  for (const auto& [place, ballots] : good().box) {
    for (const auto& [key, bytes] : ballots) {
      write("receipts/" + hex_encode(key.encoded()) + ".txt", good().receipt(bytes));
    }
  }
  const auto result = run_anchored(" --receipts " + path("receipts"));
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(result.says("5 receipts"));
  // A folder holds other things; one receipt may be named by itself.
  write("receipts/.DS_Store", "nothing");
  const auto beside = run_anchored(" --receipts " + path("receipts"));
  EXPECT_EQ(beside.first_line(), "verified") << beside.out;
  EXPECT_NE(beside.err.find(".DS_Store is not a receipt, passed over"), std::string::npos);
  const auto& one = good().box.begin()->second.begin()->first;
  const auto alone =
      run_anchored(" --receipts " + path("receipts/" + hex_encode(one.encoded()) + ".txt"));
  EXPECT_TRUE(alone.says("1 receipt")) << alone.out << alone.err;
  write("receipts/odd.txt", "c2sp.org/tlog-proof@v1\nnothing");
  const auto odd = run_anchored(" --receipts " + path("receipts"));
  EXPECT_EQ(odd.code, 1);
  EXPECT_EQ(odd.first_line().find("refused at V24, receipts: odd.txt: "), 0u) << odd.out;
  EXPECT_TRUE(odd.says("verify again without receipts to judge the election alone")) << odd.out;
}

TEST_F(VerifyCommand, BadUse) {
  for (const std::string& arguments :
       {std::string(), path("nowhere"), path("checkpoint"), path(""),
        path("export") + " --fingerprint 12",
        path("export") + " --fingerprint " + std::string(64, 'x'),
        path("export") + " --checkpoint " + path("nowhere"),
        path("export") + " --receipts " + path("nowhere"), path("export") + " --unknown"}) {
    const auto result = run(arguments);
    EXPECT_EQ(result.code, 2) << arguments;
    EXPECT_EQ(result.out, "") << arguments;
    EXPECT_NE(result.err, "") << arguments;
  }
}

}  // namespace
}  // namespace isoloir
