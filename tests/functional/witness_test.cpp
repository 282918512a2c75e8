// isoloir witness beside a running election: receipts that wait for it, a log that forks.
#include <algorithm>
#include <csignal>
#include <thread>

#include "base/files.hpp"
#include "election/checkpoint.hpp"
#include "election/cosignature.hpp"
#include "functional/election.hpp"

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

struct WitnessedElection : Election {
  // Two witnesses, one of whom a receipt wants.
  void SetUp() override {
    std::string keys;
    for (const std::string name : {"one", "two"}) {
      const auto made = program("witness key " + name + ".example --lang en --out " + key(name));
      ASSERT_EQ(made.code, 0) << made.err;
      vkeys.push_back(made.out.substr(made.out.find('\n') + 1));
      vkeys.back().pop_back();
      keys += (keys.empty() ? "\"" : ", \"") + vkeys.back() + "\"";
    }
    const auto portal = folder_ / "portal" / "portal.toml";
    const auto text = contents(portal);
    std::ofstream(portal) << text << "\n[witnesses]\nkeys = [" << keys << "]\nthreshold = 1\n";
  }
  std::string key(const std::string& name) const { return path("witness-" + name); }
  std::string memory(const std::string& name) const { return path("seen-" + name); }
  std::string arguments(const std::string& name, const std::string& more = "--once") const {
    return "witness http://localhost:" + std::to_string(port()) + " --lang en --key " + key(name) +
           " --state " + memory(name) + " " + more;
  }
  Outcome first_look(const std::string& name) const { return witness(name, "--once --first"); }
  Outcome witness(const std::string& name, const std::string& more = "--once") const {
    return program(arguments(name, more));
  }
  // Runs in the background until stopped.
  std::unique_ptr<ServerProcess> keeps_watching(const std::string& name) {
    if (!fs::exists(memory(name))) {
      EXPECT_EQ(first_look(name).code, 0);
    }
    const auto folder = folder_ / ("watch-" + name);
    fs::create_directories(folder);
    return std::make_unique<ServerProcess>(
        folder,
        ServerProcess::Setting{{"witness", "http://localhost:" + std::to_string(port()), "--key",
                                key(name), "--state", memory(name), "--every", "1"},
                               {},
                               0});
  }
  std::vector<std::string> vkeys;
};

TEST_F(WitnessedElection, AReceiptComesWhenAWitnessHasSigned) {
  start();
  const auto voter = this->voter(0);
  ASSERT_EQ(voter->enter().is, "ok");
  const auto ballot = voter->ballot(voter->places()[0], 0);
  ASSERT_EQ(voter->cast(ballot).is, "recorded");
  Answer answer;
  for (int i = 0; i < 200 && !answer.body.contains("witnesses"); ++i) {
    answer = voter->receipt(ballot);
    if (!answer.body.contains("witnesses")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  EXPECT_EQ(answer.is, "pending");
  EXPECT_TRUE(answer.body.contains("witnesses")) << answer.page;

  const auto first = first_look("one");
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_TRUE(first.says("WARNING: no fingerprint was given")) << first.out;
  EXPECT_TRUE(first.says("Cosigned: ")) << first.out;
  EXPECT_EQ(fs::status(key("one")).permissions() & fs::perms::mask, fs::perms(0600));
  const auto receipt = this->receipt(*voter, ballot);
  ASSERT_EQ(receipt.is, "ready") << receipt.page;
  const auto text = receipt.body["receipt"].get<std::string>();
  const auto witnesses = parse_witnesses(vkeys);
  ASSERT_EQ(witnesses.size(), 2u);
  EXPECT_EQ(count_cosignatures(Receipt::parse(text)->checkpoint_note, witnesses), 1u);
  fs::create_directories(folder_ / "receipts");
  write("receipts/mine.tlog-proof", text);

  // The peer judges the same over HTTP, cosignature and all.
  const auto manifest = Manifest::parse(voter->get("/election/manifest.json").page).value();
  EXPECT_EQ(manifest.witness_threshold, 1u);
  const auto peer = [&](const std::string& more) {
    const std::string command =
        binary_dir() + "/log_peer -key '" + log_vkey(manifest.log_origin, manifest.checkpoint_key) +
        "' -witness '" + vkeys[0] + "' -witness '" + vkeys[1] + "' " + more + " -receipt " +
        path("receipts/mine.tlog-proof") + " http://localhost:" + std::to_string(port()) +
        manifest.log_path() + " >" + path("peer") + " 2>&1";
    return std::system(command.c_str());
  };
  EXPECT_EQ(peer(""), 0) << contents(path("peer"));
  EXPECT_EQ(peer("-threshold 1 -checkpoint checkpoint-witnessed"), 0) << contents(path("peer"));
  EXPECT_NE(peer("-threshold 2 -checkpoint checkpoint-witnessed"), 0);

  // Without a witness there is no export; with one that was away for some rounds there is.
  voter->leave();
  const auto closed = bureau("close --practice");
  ASSERT_EQ(closed.code, 0) << closed.err;
  auto watching = keeps_watching("two");
  const auto finished = finish_count();
  EXPECT_EQ(std::count(finished.begin(), finished.end(), 1), 1);
  watching->send(SIGTERM);
  EXPECT_EQ(watching->wait().code, 0);
  const auto verified = program("verify " + path("export") + " --receipts " + path("receipts"));
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_FALSE(verified.says("no witness: ")) << verified.out;
}

TEST_F(WitnessedElection, TwoHistoriesRaiseTheAlarmAndNothingIsSignedAgain) {
  start();
  ASSERT_EQ(first_look("one").code, 0);
  (void)stop(SIGTERM);
  const auto aside = folder_ / "other-history";
  fs::copy(state_, aside, fs::copy_options::recursive);
  start();
  const auto entries = [&] { return number("SELECT COUNT(*) FROM log_leaf"); };
  const auto grown = entries() + std::int64_t{8 * 16};  // the copy takes as long to catch up
  for (int i = 0; i < 200 && entries() < grown; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const auto ours = witness("one");
  ASSERT_EQ(ours.code, 0) << ours.err;
  (void)stop(SIGTERM);

  // The copy goes on from where it was, by the same key, with other pads.
  fs::remove_all(state_);
  fs::rename(aside, state_);
  fs::remove(state_.string() + ".checkpoint");  // by which an honest server knows better
  start();
  // Shorter at first than what was seen, with nothing to tell a fork by.
  const auto cosigned = number("SELECT COUNT(*) FROM cosignature");
  const auto shorter = witness("one");
  EXPECT_EQ(shorter.code, 1) << shorter.out << shorter.err;
  EXPECT_NE(shorter.err.find("fewer entries"), std::string::npos) << shorter.err;
  EXPECT_NE(contents(memory("one") + ".aside").find("== shown then\nlocalhost"), std::string::npos);
  EXPECT_FALSE(fs::exists(memory("one") + ".fork"));
  EXPECT_EQ(number("SELECT COUNT(*) FROM cosignature"), cosigned);
  const auto alarm = witness("one", "--every 1");
  EXPECT_EQ(alarm.code, 3) << alarm.out << alarm.err;
  EXPECT_NE(alarm.err.find("ALARM"), std::string::npos) << alarm.err;
  const auto evidence = contents(memory("one") + ".fork");
  EXPECT_NE(evidence.find("== seen first\nlocalhost"), std::string::npos) << evidence;
  EXPECT_NE(evidence.find("== shown then\nlocalhost"), std::string::npos) << evidence;
  EXPECT_NE(evidence.find(" by this witness's clock\n"), std::string::npos) << evidence;
  const auto signed_before = number("SELECT COUNT(*) FROM cosignature");
  EXPECT_EQ(witness("one").code, 3);
  EXPECT_EQ(witness("one", "--every 1").code, 3);  // ends by itself
  EXPECT_EQ(number("SELECT COUNT(*) FROM cosignature"), signed_before);
  EXPECT_EQ(first_look("two").code, 0);  // which has seen one history alone
}

TEST_F(WitnessedElection, AWitnessThatDiedBeforeItSentGoesOn) {
  start();
  ASSERT_EQ(first_look("one").code, 0);
  const auto before = contents(memory("one"));
  // As after a kill between state and sending: what was seen is kept, what was signed is not there.
  (void)stop(SIGTERM);
  ASSERT_EQ(number("DELETE FROM cosignature RETURNING size") > 0, true);
  start();
  EXPECT_EQ(witness("one").code, 0);
  EXPECT_GE(number("SELECT COUNT(*) FROM cosignature"), 1);

  auto watching = keeps_watching("one");
  const auto size_seen = [&] { return contents(memory("one")); };
  const auto then = size_seen();
  for (int i = 0; i < 200 && size_seen() == then; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_NE(size_seen(), then);
  const auto second = witness("one");  // beside it, on the same file
  EXPECT_EQ(second.code, 2);
  EXPECT_NE(second.err.find("witness.running"), std::string::npos) << second.err;
  watching->send(SIGKILL);
  (void)watching->wait();
  EXPECT_EQ(witness("one").code, 0);
}

// Who lost what she has seen could sign another history: she is stopped before she does.
TEST_F(WitnessedElection, AStateThatIsMissingOrOfAnotherKeyIsNotTakenForAFirstLook) {
  start();
  const auto refused = [](const Outcome& outcome, const std::string& code) {
    EXPECT_EQ(outcome.code, 2) << outcome.out << outcome.err;
    EXPECT_NE(outcome.err.find("(" + code + ")"), std::string::npos) << outcome.err;
  };
  refused(witness("one"), "witness.no_state");
  EXPECT_FALSE(fs::exists(memory("one")));
  ASSERT_EQ(first_look("one").code, 0);
  refused(first_look("one"), "witness.not_first");
  EXPECT_EQ(witness("one").code, 0);

  fs::copy_file(memory("one"), memory("two"));
  refused(witness("two"), "witness.other_key");
  fs::remove(memory("two"));

  fs::rename(memory("one"), path("put-away"));
  refused(first_look("one"), "witness.cosigned_before");
  EXPECT_FALSE(fs::exists(memory("one")));
  fs::rename(path("put-away"), memory("one"));
  EXPECT_EQ(witness("one").code, 0);

  // Another name of the same file is the same lock.
  fs::create_symlink(memory("one"), path("seen-alias"));
  const auto then = contents(memory("one"));
  auto watching = keeps_watching("one");
  for (int i = 0; i < 200 && contents(memory("one")) == then; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const auto alias = [&](const std::string& more) {
    return program("witness http://localhost:" + std::to_string(port()) +
                   " --lang en --once --key " + key("one") + " --state " + path("seen-alias") +
                   more);
  };
  refused(alias(""), "witness.running");
  watching->send(SIGTERM);
  EXPECT_EQ(watching->wait().code, 0);
  EXPECT_EQ(alias("").code, 0);
  EXPECT_TRUE(fs::is_symlink(path("seen-alias")));
  fs::remove(memory("one"));
  refused(alias(" --first"), "witness.state");  // leads nowhere
}

TEST_F(WitnessedElection, AnotherElectionAndAServerThatIsAwayAreNoFork) {
  start();
  const std::string other(64, 'a');
  const auto refused = witness("one", "--once --first --manifest " + other);
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("witness.other_election"), std::string::npos) << refused.err;
  const auto mistyped = witness("one", "--once --first --manifest aaaa");
  EXPECT_NE(mistyped.err.find("anchor.form"), std::string::npos) << mistyped.err;
  EXPECT_FALSE(fs::exists(memory("one")));
  // As the minutes print it.
  const auto manifest = Manifest::parse(voter(0)->get("/election/manifest.json").page).value();
  std::string printed;
  for (const char digit : hex_encode(manifest.fingerprint().bytes)) {
    if (printed.size() % 5 == 4) printed += ' ';
    printed += digit;
  }
  ASSERT_EQ(witness("one", "--once --first --manifest '" + printed + "'").code, 0);
  // Whom the election does not name sees and says what it sees.
  ASSERT_EQ(program("witness key three.example --out " + key("three")).code, 0);
  const auto looks_on = first_look("three");
  EXPECT_EQ(looks_on.code, 0) << looks_on.err;
  EXPECT_TRUE(looks_on.says("its log is followed, nothing is sent")) << looks_on.out;
  EXPECT_TRUE(looks_on.says("\nSeen: ")) << looks_on.out;
  EXPECT_FALSE(looks_on.says("Cosigned")) << looks_on.out;
  (void)stop(SIGTERM);
  const auto away = witness("one");
  EXPECT_EQ(away.code, 1);
  EXPECT_NE(away.err.find("fetch."), std::string::npos) << away.err;
  EXPECT_FALSE(fs::exists(memory("one") + ".fork"));
  start();
  EXPECT_EQ(witness("one").code, 0);
  EXPECT_EQ(
      program("witness http://elsewhere.example --key " + key("one") + " --state " + memory("one"))
          .code,
      2);
}

}  // namespace
}  // namespace isoloir::test
