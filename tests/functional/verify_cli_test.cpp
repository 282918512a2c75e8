// The program itself, as anybody runs it: isoloir verify EXPORT
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "election/election_fixture.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;
using test::Files;
using test::TestElection;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
  std::string first_line() const { return out.substr(0, out.find('\n')); }
  bool says(const std::string& text) const { return out.find(text) != std::string::npos; }
};

const TestElection& good() {
  static const TestElection election;
  return election;
}

class VerifyCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "isoloir-verify-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    write(good().files);
    put("checkpoint", good().notes.back());
  }
  void TearDown() override { fs::remove_all(folder_); }

  void put(const fs::path& name, const std::string& content) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void write(const Files& files) const {
    for (const auto& [path, content] : files) put("export/" + path, content);
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }
  std::string fingerprint() const { return hex_encode(good().fingerprint().bytes); }

  Outcome run(const std::string& arguments) const {
    const std::string command = std::string(ISOLOIR_BINARY_DIR) + "/isoloir verify " + arguments +
                                " >" + in("out") + " 2>" + in("err");
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(folder_ / "out"),
            contents(folder_ / "err")};
  }
  Outcome run_anchored(const std::string& more = "") const {
    return run(in("export") + " --fingerprint " + fingerprint() + " --checkpoint " +
               in("checkpoint") + more);
  }

  fs::path folder_;
};

TEST_F(VerifyCommand, AnchoredAndGood) {
  const auto result = run_anchored();
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_EQ(result.first_line(), "verified");
  EXPECT_TRUE(result.says("no guardian: up to 1 ballots rest on the server's honesty"))
      << result.out;
  EXPECT_TRUE(
      result.says("contest 0: 0 keys added during the vote have voted; margin of the last "
                  "seat: 1 votes"));
  EXPECT_TRUE(result.says("no witness"));
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
       {std::string(), " --fingerprint '" + upper + "'", " --checkpoint " + in("checkpoint")}) {
    const auto result = run(in("export") + anchors);
    EXPECT_EQ(result.code, 0) << result.out << result.err;
    EXPECT_EQ(result.first_line().find("consistent, not anchored"), 0u) << result.out;
    EXPECT_FALSE(result.says("verified"));
  }
  put("export/Verified.txt", "");  // a name in the export does not say it either
  const auto named = run(in("export"));
  EXPECT_EQ(named.code, 1);
  EXPECT_FALSE(named.says("erified")) << named.out;
}

TEST_F(VerifyCommand, NothingReissuedNothingRestsOnTheServer) {
  test::ElectionHooks hooks;
  hooks.nobody = true;
  const TestElection empty(hooks);
  fs::remove_all(folder_ / "export");
  write(empty.files);
  const auto result = run(in("export"));
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_TRUE(result.says("no guardian: up to 0 ballots")) << result.out;
}

TEST_F(VerifyCommand, TheFirstOffenderIsNamed) {
  put("export/tally.json", good().files.at("tally.json") + " ");
  const auto changed = run_anchored();
  EXPECT_EQ(changed.code, 1);
  EXPECT_EQ(changed.first_line(),
            "refused at V1, files: tally.json is not the file that the index describes "
            "(export.changed)");
  Files files = good().files;
  files["box/0-1.bin"].back() ^= 1;
  files["index.json"] = TestElection::index_of(files);
  write(files);
  const auto forged = run_anchored();
  EXPECT_EQ(forged.code, 1);
  EXPECT_TRUE(forged.first_line().find("box/0-1.bin, ballot 0") != std::string::npos) << forged.out;
  EXPECT_FALSE(forged.says("verified"));
}

TEST_F(VerifyCommand, AnotherFingerprintOrCheckpointIsRefused) {
  const auto other = run(in("export") + " --fingerprint " + std::string(64, 'a'));
  EXPECT_EQ(other.code, 1);
  EXPECT_EQ(other.first_line().find("refused at V0"), 0u) << other.out;
  put("checkpoint", "nothing\n");
  EXPECT_EQ(run_anchored().code, 1);
}

TEST_F(VerifyCommand, Receipts) {
  for (const auto& [place, ballots] : good().box) {
    for (const auto& [key, bytes] : ballots) {
      put("receipts/" + hex_encode(key.encoded()) + ".txt", good().receipt(bytes));
    }
  }
  const auto result = run_anchored(" --receipts " + in("receipts"));
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(result.says("5 receipts"));
  put("receipts/odd.txt", "nothing");
  const auto odd = run_anchored(" --receipts " + in("receipts"));
  EXPECT_EQ(odd.code, 1);
  EXPECT_EQ(odd.first_line().find("refused at V24, receipts: odd.txt: "), 0u) << odd.out;
}

TEST_F(VerifyCommand, BadUse) {
  for (const std::string& arguments :
       {std::string(), in("nowhere"), in("checkpoint"), in("export") + " --fingerprint 12",
        in("export") + " --fingerprint " + std::string(64, 'x'),
        in("export") + " --checkpoint " + in("nowhere"),
        in("export") + " --receipts " + in("nowhere"), in("export") + " --unknown"}) {
    const auto result = run(arguments);
    EXPECT_EQ(result.code, 2) << arguments;
    EXPECT_EQ(result.out, "") << arguments;
    EXPECT_NE(result.err, "") << arguments;
  }
}

}  // namespace
}  // namespace isoloir
