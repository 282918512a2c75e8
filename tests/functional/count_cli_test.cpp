// The count by files alone, as a bureau does it that trusts no single machine: the server never
// sees a holder's private file, and each holder verifies the export before it signs or decrypts.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/places.hpp"
#include "cli/screen.hpp"
#include "functional/by_files.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

class CountByFiles : public test::ByFiles {
 protected:
  std::string attest(const std::string& event, const std::string& out) const {
    return "trustee attest " + basis("first") + " --event " + at(event) + " --out " + at(out);
  }
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
  const auto standing = [&](const std::string& words) {
    const auto said = bureau("status");
    EXPECT_TRUE(said.says(words)) << words << "\n" << said.out;
  };
  standing("Contest 0 (National): box sealed");
  standing("Next: open the count. prepare-count;");
  const auto exposed =
      bureau("prepare-count " + at("first") + " --receipts-key " + at("first/keys/receipts.key"));
  expect_refused(exposed, "bureau.receipts_key");
  EXPECT_EQ(exposed.code, 2);
  EXPECT_FALSE(fs::exists(stick / "first"));
  expect_refused(bureau("count --attestation " + at("none")), "bureau.file");
  const auto said = prepare("first");
  for (const char* figures :
       {"Contest 0, National: 3 ballot(s) in the box, 3 sign-off(s)\n", ": 3 ballot(s)\n",
        "Contest 1, Academy: 2 ballot(s) in the box, 2 sign-off(s)\n",
        "everybody reads this same T"}) {
    EXPECT_NE(said.find(figures), std::string::npos) << figures << said;
  }
  EXPECT_EQ(said.find("WARNING"), std::string::npos) << said;
  EXPECT_FALSE(fs::exists(stick / "first/receipts.key"));
  // A key beside the folder is not inside it, though the folder is there by now.
  const auto twice = bureau("prepare-count " + at("first") + " --receipts-key " + at("key"));
  EXPECT_EQ(twice.err.find("bureau.receipts_key"), std::string::npos) << twice.err;
  EXPECT_NE(twice.err.find("is there already"), std::string::npos) << twice.err;
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

  // Without T as it was read aloud nothing is signed: the figures are there to compare.
  const auto silent = run("trustee attest " + basis_without_tally("first") + event + nobody);
  expect_refused(silent, "trustee.tally_needed");
  EXPECT_TRUE(silent.says("Contest 0, National: 3 ballot(s) in the box, 3 sign-off(s)"));
  EXPECT_TRUE(silent.says("entries, root " + in_groups(count.tally.anchors.log_root)));
  EXPECT_TRUE(silent.says("Tally T, to be read aloud: " + tally + "\n")) << silent.out;
  const auto reads = [&](const std::string& typed) {
    return run("trustee attest " + basis_without_tally("first") + event + nobody + " --tally '" +
               typed + "'");
  };
  std::string other = tally;
  other.back() = other.back() == '0' ? '1' : '0';
  expect_refused(reads(other), "trustee.tally_read");
  expect_refused(reads(tally.substr(0, 54)), "trustee.tally_form");
  expect_refused(reads("x" + tally), "trustee.tally_form");
  std::string loud = tally;
  std::transform(loud.begin(), loud.end(), loud.begin(),
                 [](char c) { return c == ' ' ? '-' : static_cast<char>(std::toupper(c)); });
  expect_refused(reads(" " + loud), "code.form");  // compared well; then the code is asked for
  expect_refused(reads(hex_encode(count.tally.hash)), "code.form");

  // On a terminal it is asked for, after the figures (util-linux's script is the terminal).
  const auto typed = [&](const std::string& text) {
    const std::string command = "printf '%s\\n' '" + text + "' | script -qec '" +
                                test::binary_dir() + "/isoloir trustee attest " +
                                basis_without_tally("first") + event + nobody + " --code-file " +
                                at("code-0") + "' /dev/null >" + at("screen");
    EXPECT_NE(std::system(command.c_str()), 0);
    return get("screen");
  };
  if (const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY); terminal >= 0) {
    ::close(terminal);
    EXPECT_NE(typed(other).find("(trustee.tally_read)"), std::string::npos);
    const auto screen = typed(tally);
    EXPECT_LT(screen.find("to be read aloud"), screen.find("T as read aloud: ")) << screen;
    EXPECT_NE(screen.find("(trustee.file)"), std::string::npos) << screen;  // nobody's private file
  } else {
    std::puts("no /dev/pts here, as in a bare chroot: the question at a terminal is not tried");
  }

  // Attestations: each on a machine of its own, from the same draft.
  put("wrong.json", of_another_tally(get("first/count-0.json"), ceremonies[0],
                                     count.manifest.fingerprint(), random));
  expect_refused(run(attest("wrong.json", "a-0") + holder(president)), "trustee.tally");
  EXPECT_FALSE(fs::exists(stick / "a-0"));
  for (const auto member : {president, delegate1, delegate3}) {
    const auto name = "a-" + std::to_string(member);
    expect_done(run(attest("first/count-0.json", name) + holder(member)));
  }
  EXPECT_EQ(opened(president).state.bound_tally(), count.tally.hash);
  const auto attestations = [&](const std::vector<std::string>& names) {
    std::string arguments = "count";
    for (const auto& name : names) arguments += " --attestation " + at(name);
    return bureau(arguments);
  };
  put("short.json", get("a-0").substr(0, get("a-0").size() / 2));
  expect_refused(attestations({"a-0", "short.json"}), "attestation.form");
  expect_refused(attestations({"a-0", "wrong.json"}), "attestation.tally");
  expect_refused(attestations({"a-0", "first/count-0.json"}), "attestation.signature");
  auto foreign = *SignedDocument::parse(get("a-2"));
  foreign.sign(KeyPair::generate(random), count.manifest.fingerprint(), random);
  put("foreign.json", foreign.text());
  const auto spoilt = attestations({"a-0", "a-2", "foreign.json", "a-4"});
  expect_refused(spoilt, "attestation.signer");
  EXPECT_NE(spoilt.err.find(at("foreign.json")), std::string::npos) << spoilt.err;
  expect_refused(attestations({"a-0", "a-2", "a-2"}), "bureau.signer");
  // Not opened yet, so nobody makes shares.
  expect_refused(run("trustee share " + basis("first") + " --out " + at("") + holder(president)),
                 "count.not_opened");
  const auto open = attestations({"a-0", "a-2", "a-4"});
  expect_done(open);
  EXPECT_NE(open.out.find("Count opened by 3 members"), std::string::npos) << open.out;
  expect_refused(attestations({"a-0"}), "attestation.replayed");

  // Shares.
  standing("Contest 0 (National): count open");
  standing("Next: prepare-count again, into a new folder;");
  EXPECT_FALSE(bureau("status").says("box sealed"));
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
  expect_refused(bureau("count --export " + at("early") + " --shares " + at("shares/0-00-01.json")),
                 "bureau.holders");
  const auto waiting = bring("shares/0-00-01.json");
  expect_done(waiting);
  EXPECT_NE(waiting.out.find(": 2 more of: "), std::string::npos) << waiting.out;
  EXPECT_EQ(waiting.out.find("1 more of: "), std::string::npos) << waiting.out;
  const auto counted = bureau("count --shares " + at("shares/0-01-01.json") + " --shares " +
                              at("shares/0-01-03.json"));
  expect_done(counted);
  EXPECT_NE(counted.out.find("registered 3, sign-offs 3 = valid 3 + blank 0"), std::string::npos)
      << counted.out;
  expect_done(bring("shares/0-00-01.json"));  // the same again
  HolderState late = ceremonies[0].holders[secretary].clone();
  ASSERT_TRUE(late.bind_tally(count.tally.hash));
  put("late.json", *make_shares(count.manifest, count.tally, 0, late, random));
  expect_refused(bring("late.json"), "count.has_result");
  EXPECT_FALSE(bring("shares/0-00-01.json").says("What is about to be opened"));
  expect_refused(bureau("prepare-count " + at("third") + " --receipts-key " + at("third.key")),
                 "count.has_result");
  EXPECT_FALSE(fs::exists(stick / "third"));

  standing("Contest 0 (National): counted, not closed yet");
  standing("Next: close of the count");
  expect_done(bureau("close-count --export " + at("final") + holder(president)));
  standing("Contest 0 (National): count closed");
  const Json notes = Json::parse(get("final/log/checkpoints.json"));
  put("checkpoint", notes.back().get<std::string>());
  const auto verified = run("verify " + at("final") + " --fingerprint " + fingerprint +
                            " --checkpoint " + at("checkpoint"));
  expect_done(verified);
  EXPECT_EQ(verified.out.find("verified\n"), 0u) << verified.out;
}

// An operator with the board's keys keeps two logs of one election: in one the box holds a single
// voter's ballot. Each shows itself consistent, and neither machine sees the other; the members
// hear it.
TEST_F(CountByFiles, MembersWhoAreShownTwoBoxesReadTwoTallies) {
  clock.set(fixture_opens);
  tick(*state, *log);
  EXPECT_EQ(cast(in_space(2), ballot(2, 0, 1)), "recorded");  // the voter
  log->append_round(true);
  log.reset();
  state.reset();
  const fs::path one = folder;
  const fs::path two = folder.string() + "-two";
  fs::copy(one, two, fs::copy_options::recursive);
  fs::copy(paths().link_key(), StatePaths{two}.link_key());
  folder = two;
  reopen();
  for (const std::size_t voter : {0, 1}) {
    EXPECT_EQ(cast(in_space(voter), ballot(voter, 0, voter)), "recorded");
  }
  log->append_round(true);
  log.reset();
  state.reset();
  for (const auto member : {president, secretary, delegate1, delegate3}) {
    make_holder(member, ceremonies[0].holders[member].clone());
  }

  folder = one;
  EXPECT_NE(prepare("one").find("WARNING: a single ballot"), std::string::npos);
  const auto read_aloud = tally;
  fs::copy_file(at("holder-2"), at("copy-2"));  // of delegate1, before it signs anything
  const auto attest_one = [&](const std::string& from, const std::string& view,
                              const std::string& out) {
    return run("trustee attest " + basis(view) + " --event " + at(view + "/count-0.json") +
               " --out " + at(out) + from);
  };
  const auto seen = attest_one(holder(president), "one", "one-0");
  expect_done(seen);
  EXPECT_TRUE(seen.says("Contest 0, National: 1 ballot(s) in the box, 1 sign-off(s)")) << seen.out;
  EXPECT_TRUE(seen.says("WARNING: a single ballot")) << seen.out;
  expect_done(attest_one(holder(delegate1), "one", "one-2"));

  // The others are shown the other log; the president reads T aloud.
  folder = two;
  prepare("two");
  const auto of_two = tally;
  EXPECT_NE(of_two, read_aloud);
  tally = read_aloud;
  for (const auto member : {secretary, delegate3}) {
    const auto name = "holder-" + std::to_string(member);
    const auto before = get(name);
    expect_refused(attest_one(holder(member), "two", "of-two"), "trustee.tally_read");
    EXPECT_EQ(get(name), before);
    EXPECT_FALSE(opened(member).state.bound_tally());
    EXPECT_FALSE(fs::exists(at("of-two")));
  }
  // Nothing but the comparison stops it; and who has signed for one tally signs for no other, but
  // for a copy of the private file that was made before.
  tally = of_two;
  expect_refused(attest_one(holder(delegate1), "two", "of-two"), "holder.second_tally");
  EXPECT_FALSE(fs::exists(at("of-two")));
  expect_done(attest_one(holder(secretary), "two", "two-1"));
  expect_done(
      attest_one(" --holder " + at("copy-2") + " --code-file " + at("code-2"), "two", "two-2"));
  fs::remove_all(two);
  fs::remove(StatePaths{two}.link_key());
  fs::remove(StatePaths{two}.checkpoint());
  folder = one;
}

}  // namespace
}  // namespace isoloir::cli
