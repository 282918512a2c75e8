// A small election whose bureau works by files: the server's commands, and members who have their
// private files on a stick of their own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "base/files.hpp"
#include "base/places.hpp"
#include "cli/holder_file.hpp"
#include "functional/program.hpp"
#include "service/bureau.hpp"
#include "service/voting_fixture.hpp"
#include "verification/verification.hpp"

namespace isoloir::test {

namespace fs = std::filesystem;
using cli::HolderFile;

struct ByFiles : VotingFixture {
  enum Member : std::size_t { president, secretary, delegate1, delegate2, delegate3 };

  ByFiles() { fs::create_directories(stick); }
  ~ByFiles() override { fs::remove_all(stick); }

  std::string at(const std::string& name) const { return (stick / name).string(); }
  void put(const std::string& name, const std::string& content) const {
    write_file(stick / name, content, FileMode::shared);
  }
  std::string get(const std::string& name) const { return *read_file(stick / name); }

  Outcome run(const std::string& arguments, const std::string& input = "") const {
    put("in", input);
    const std::string command = test::binary_dir() + "/isoloir " + arguments + " >" + at("out") +
                                " 2>" + at("err") + " <" + at("in");
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, get("out"), get("err")};
  }
  // What the screen shows to who types `text` at a terminal (util-linux's script); nothing on a
  // machine without terminals, as in a bare chroot.
  std::string at_terminal(const std::string& arguments, const std::string& text) const {
    const std::string command = "printf '%s\\n' '" + text + "' | script -qec '" +
                                test::binary_dir() + "/isoloir " + arguments + "' /dev/null >" +
                                at("screen") + " 2>&1";
    return std::system(command.c_str()) == -1 ? "" : get("screen");
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

  HolderFile opened(Member member) const {
    const std::string number = std::to_string(member);
    return *HolderFile::open(
        stick / ("holder-" + number),
        *Code::parse(get("code-" + number).substr(0, get("code-" + number).find('\n'))));
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
  // Gives what is said; `tally` is the T that is read aloud.
  std::string prepare(const std::string& name) {
    const auto prepared =
        bureau("prepare-count " + at(name) + " --receipts-key " + at("receipts.key"));
    expect_done(prepared);
    std::smatch read;
    EXPECT_TRUE(
        std::regex_search(prepared.out, read, std::regex("([0-9a-f]{4} ){11}[0-9a-f]{4}\n")))
        << prepared.out;
    tally = read.str().substr(0, 59);
    const Json notes = Json::parse(get(name + "/export/log/checkpoints.json"));
    put("checkpoint", notes.back().get<std::string>());
    put("early", notes.front().get<std::string>());
    fingerprint =
        hex_encode(Manifest::parse(get(name + "/export/manifest.json"))->fingerprint().bytes);
    return prepared.out;
  }
  std::string basis_without_tally(const std::string& name, const std::string& key = "receipts.key",
                                  const std::string& checkpoint = "checkpoint") const {
    return at(name + "/export") + " --fingerprint " + fingerprint + " --checkpoint " +
           at(checkpoint) + " --receipts-key " + at(key);
  }
  std::string basis(const std::string& name, const std::string& key = "receipts.key",
                    const std::string& checkpoint = "checkpoint") const {
    return basis_without_tally(name, key, checkpoint) + " --tally '" + tally + "'";
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
  std::string tally;
};

}  // namespace isoloir::test
