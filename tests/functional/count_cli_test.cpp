// The count by files alone, as a bureau does it that trusts no single machine: the server never
// sees a holder's private file, and each holder verifies the export before it signs or decrypts.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/files.hpp"
#include "cli/trustee.hpp"
#include "functional/program.hpp"
#include "service/bureau.hpp"
#include "service/voting_fixture.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

using test::Outcome;

class CountByFiles : public VotingFixture {
 protected:
  enum Member : std::size_t { president, secretary, delegate1, delegate2, delegate3 };

  CountByFiles() { fs::create_directories(stick); }
  ~CountByFiles() override { fs::remove_all(stick); }

  std::string at(const std::string& name) const { return (stick / name).string(); }
  void put(const std::string& name, const std::string& content) const {
    write_file(stick / name, content, FileMode::shared);
  }
  std::string get(const std::string& name) const { return *read_file(stick / name); }

  Outcome run(const std::string& arguments) const {
    const std::string command = std::string(ISOLOIR_BINARY_DIR) + "/isoloir " + arguments + " >" +
                                at("out") + " 2>" + at("err") + " </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, get("out"), get("err")};
  }
  Outcome bureau(const std::string& arguments) const {
    return run("bureau " + arguments + " --lang en --state " + folder.string());
  }
  static void expect_refused(const Outcome& outcome, const std::string& code) {
    EXPECT_NE(outcome.code, 0) << outcome.out;
    EXPECT_NE(outcome.err.find("(" + code + ")"), std::string::npos) << code << "\n" << outcome.err;
  }
  static void expect_done(const Outcome& outcome) { EXPECT_EQ(outcome.code, 0) << outcome.err; }

  std::string holder(Member member) const {
    const std::string number = std::to_string(member);
    return " --holder " + at("holder-" + number) + " --code-file " + at("code-" + number);
  }
  void make_holder(Member member, HolderState held) {
    const std::string number = std::to_string(member);
    const Code code = Code::generate(random);
    put("code-" + number, code.shown().reveal() + "\n");
    fs::remove(stick / ("holder-" + number));
    ASSERT_TRUE(
        HolderFile(stick / ("holder-" + number), code.clone(), std::move(held)).create(random));
  }

  // On the server: three votes in the first contest, two in the second. The commands run years
  // later by the machine's clock: closed and frozen at the first of them.
  void vote() {
    clock.set(fixture_opens);
    tick(*state, *log);
    for (std::size_t voter = 0; voter < 3; ++voter) {
      const Session session = in_space(voter);
      EXPECT_EQ(cast(session, ballot(voter, 0, voter == 1 ? 1 : 0)), "recorded");
      if (voter != 2) {
        EXPECT_EQ(cast(session, ballot(voter, 1, voter)), "recorded");
      }
    }
    log->append_round(true);
    log.reset();
    state.reset();
  }
  void prepare(const std::string& name) {
    expect_done(bureau("prepare-count " + at(name) + " --receipts-key " + at("receipts.key")));
    const Json notes = Json::parse(get(name + "/export/log/checkpoints.json"));
    put("checkpoint", notes.back().get<std::string>());
    put("early", notes.front().get<std::string>());
    fingerprint =
        hex_encode(Manifest::parse(get(name + "/export/manifest.json"))->fingerprint().bytes);
  }
  std::string basis(const std::string& name, const std::string& key = "receipts.key",
                    const std::string& checkpoint = "checkpoint") const {
    return at(name + "/export") + " --fingerprint " + fingerprint + " --checkpoint " +
           at(checkpoint) + " --receipts-key " + at(key);
  }
  std::string attest(const std::string& event, const std::string& out) const {
    return "trustee attest " + basis("first") + " --event " + at(event) + " --out " + at(out);
  }
  // The tally as any holder computes it.
  CheckedCount checked(const std::string& name) const {
    Anchors anchors;
    anchors.fingerprint = Fingerprint{*hex_decode_array<32>(fingerprint)};
    anchors.checkpoint = get("checkpoint");
    auto count = verify_before_count(*ExportReader::of_folder(stick / name / "export"), anchors,
                                     *ReceiptKey::read(stick / "receipts.key"));
    EXPECT_TRUE(count) << count.error().message;
    return std::move(*count);
  }

  fs::path stick = fs::path(folder.string() + "-stick");
  std::string fingerprint;
};

// A draft that says another T, signed by everybody who may.
std::string of_another_tally(const std::string& draft, const LocalCeremony& ceremony,
                             const Fingerprint& fingerprint, Random& random) {
  Json body = Json::parse(draft)["body"];
  body["data"]["tally"] = std::string(128, 'a');
  SignedDocument document(body);
  for (const auto& one : ceremony.holders) document.sign(one.signing(), fingerprint, random);
  return document.text();
}

TEST_F(CountByFiles, FromTheBoxToTheVerifiedResult) {
  vote();
  expect_refused(bureau("count --attestation " + at("none")), "bureau.file");
  prepare("first");
  EXPECT_FALSE(fs::exists(stick / "first/receipts.key"));
  struct stat status {};
  ASSERT_EQ(::stat(at("receipts.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  expect_refused(bureau("count"), "bureau.holders");
  const auto count = checked("first");
  for (const auto member : {president, delegate1, delegate3}) {
    make_holder(member, ceremonies[0].holders[member].clone());
  }

  // What a holder's machine refuses before it asks for the private file.
  const std::string nobody = " --holder " + at("nobody");
  const std::string event = " --event " + at("first/count-0.json");
  const auto attest_from = [&](const std::string& from) {
    return run("trustee attest " + from + event + nobody);
  };
  fs::copy_file(paths().link_key(), stick / "link.key");
  expect_refused(attest_from(basis("first", "link.key")), "receipt_key.form");
  ReceiptKey::of_bytes(random.array<32>()).write(stick / "other.key");
  expect_refused(attest_from(basis("first", "other.key")), "count.bijection");
  expect_refused(attest_from(basis("first", "receipts.key", "early")), "count.anchors");
  fs::copy(stick / "first", stick / "spoilt", fs::copy_options::recursive);
  std::string box = get("spoilt/export/box/0-0.bin");
  box.back() = static_cast<char>(box.back() ^ 1);
  put("spoilt/export/box/0-0.bin", box);
  expect_refused(attest_from(basis("spoilt")), "count.verification");

  // Attestations: each on a machine of its own, from the same draft.
  put("wrong.json", of_another_tally(get("first/count-0.json"), ceremonies[0],
                                     count.manifest.fingerprint(), random));
  expect_refused(run(attest("wrong.json", "a-0") + holder(president)), "trustee.tally");
  EXPECT_FALSE(fs::exists(stick / "a-0"));
  for (const auto member : {president, delegate1, delegate3}) {
    const auto name = "a-" + std::to_string(member);
    expect_done(run(attest("first/count-0.json", name) + holder(member)));
  }
  const auto attestations = [&](const std::vector<std::string>& names) {
    std::string arguments = "count";
    for (const auto& name : names) arguments += " --attestation " + at(name);
    return bureau(arguments);
  };
  put("short.json", get("a-0").substr(0, get("a-0").size() / 2));
  expect_refused(attestations({"a-0", "short.json"}), "attestation.form");
  expect_refused(attestations({"a-0", "wrong.json"}), "attestation.tally");
  expect_refused(attestations({"a-0", "first/count-0.json"}), "attestation.signature");
  expect_refused(attestations({"a-0", "a-2", "a-2"}), "bureau.signer");
  // Not opened yet, so nobody makes shares.
  expect_refused(run("trustee share " + basis("first") + " --out " + at("") + holder(president)),
                 "count.not_opened");
  const auto opened = attestations({"a-0", "a-2", "a-4"});
  expect_done(opened);
  EXPECT_NE(opened.out.find("Count opened by 3 members"), std::string::npos) << opened.out;
  expect_refused(attestations({"a-0"}), "attestation.replayed");

  // Shares.
  prepare("second");
  EXPECT_FALSE(fs::exists(stick / "second/count-0.json"));
  fs::create_directory(stick / "shares");
  const auto share = [&](Member member) {
    return run("trustee share " + basis("second") + " --out " + at("shares") + holder(member));
  };
  HolderState used = ceremonies[0].holders[delegate2].clone();
  ByteArray<64> other_tally{};
  ASSERT_TRUE(used.bind_tally(other_tally));
  make_holder(delegate2, used.clone());
  expect_refused(share(delegate2), "holder.second_tally");
  EXPECT_TRUE(fs::is_empty(stick / "shares"));
  for (const auto member : {president, delegate1, delegate3}) expect_done(share(member));

  Tally elsewhere = count.tally;
  elsewhere.hash = other_tally;
  put("replayed.json", *make_shares(count.manifest, elsewhere, 0, used, random));
  put("short.json", get("shares/0-00-01.json").substr(0, 400));
  const auto bring = [&](const std::string& name) { return bureau("count --shares " + at(name)); };
  expect_refused(bring("replayed.json"), "shares.tally");
  expect_refused(bring("short.json"), "shares.form");
  const auto waiting = bring("shares/0-00-01.json");
  expect_done(waiting);
  EXPECT_NE(waiting.out.find("at least 2 of"), std::string::npos) << waiting.out;
  const auto counted = bureau("count --shares " + at("shares/0-01-01.json") + " --shares " +
                              at("shares/0-01-03.json"));
  expect_done(counted);
  EXPECT_NE(counted.out.find("3 registered, 3 sign-offs = 3 valid + 0 blank"), std::string::npos)
      << counted.out;
  expect_done(bring("shares/0-00-01.json"));  // the same again
  HolderState late = ceremonies[0].holders[secretary].clone();
  ASSERT_TRUE(late.bind_tally(count.tally.hash));
  put("late.json", *make_shares(count.manifest, count.tally, 0, late, random));
  expect_refused(bring("late.json"), "count.has_result");

  expect_done(bureau("close-count --export " + at("final") + holder(president)));
  const Json notes = Json::parse(get("final/log/checkpoints.json"));
  put("checkpoint", notes.back().get<std::string>());
  const auto verified = run("verify " + at("final") + " --fingerprint " + fingerprint +
                            " --checkpoint " + at("checkpoint"));
  expect_done(verified);
  EXPECT_EQ(verified.out.find("verified\n"), 0u) << verified.out;
}

}  // namespace
}  // namespace isoloir::cli
