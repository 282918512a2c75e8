// What an engineer can find in the morning: a state that cannot be served. One line says what and
// what to do, the exit code is 2, and nothing has been changed.
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "functional/election.hpp"

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

constexpr uid_t nobody = 65534;

class Start : public Election {
 protected:
  void SetUp() override {
    start();
    auto one = voter(0);
    ASSERT_EQ(one->enter().is, "ok");
    ASSERT_EQ(one->cast(one->ballot(one->places()[0], 0)).is, "recorded");
    EXPECT_EQ(stop(SIGTERM).code, 0);
    const auto serve_port = std::to_string(port());
    serve_ = {"serve",   (folder_ / "portal").string(), "--state", state_.string(), "--port",
              serve_port};
  }
  // Every file of the election, byte for byte; the lock is nobody's content.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(state_)) {
      // An empty log and its shared memory come and go with every reader.
      const auto name = entry.path().filename().string();
      if (!entry.is_regular_file() || name == "isoloir.sqlite-shm") continue;
      auto content = contents(entry.path());
      if (name == "isoloir.sqlite-wal" && content.empty()) continue;
      all[entry.path().string()] = std::move(content);
    }
    for (const char* beside : {".link-key", ".checkpoint"}) {
      all[beside] = contents(state_.string() + beside);
    }
    return all;
  }
  void expect_refused(const std::string& says, uid_t user = 0) {
    const auto before = files();
    const auto ended = ServerProcess(folder_, {serve_, {}, user}).wait();
    EXPECT_EQ(ended.code, 2) << ended.out << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_TRUE(ended.err.starts_with("isoloir: ")) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    EXPECT_NE(ended.err.find(says), std::string::npos) << ended.err;
    EXPECT_EQ(files(), before);
  }
  void expect_serves() {
    ServerProcess server(folder_, {serve_, {}, 0});
    EXPECT_NE(server.listening(), 0) << server.err();
    server.send(SIGTERM);
    EXPECT_EQ(server.wait().code, 0);
  }
  void sql(const std::string& text) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((state_ / "isoloir.sqlite").c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }
  void damage(const fs::path& file, std::streamoff at, const std::string& bytes) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    stream << bytes;
  }
};

TEST_F(Start, NoElection) {
  serve_[3] = path("elsewhere");
  expect_refused("elsewhere: there is no election here");
  EXPECT_FALSE(fs::exists(path("elsewhere")));
  fs::create_directory(path("elsewhere"));
  expect_refused("elsewhere: there is no election here");
  EXPECT_TRUE(fs::is_empty(path("elsewhere")));
}

// L16: where a code validates the vote and nothing can carry it, nobody could vote.
TEST_F(Start, ACodeForEachVoteWantsAChannel) {
  const auto portal = contents(folder_ / "portal/portal.toml");
  write("portal/portal.toml", portal + R"toml(
[confirmation]
by = "email"
digits = 6
life_minutes = 60
tries = 5
resend = { minute = 1, hour = 5, day = 10 }
sign_off_mail = true
)toml");
  expect_refused("this server has no channel for messages: nobody could vote");
  write("portal/portal.toml", portal);
  expect_serves();
}

TEST_F(Start, KeysMissingOrDamaged) {
  fs::rename(state_ / "server.keys", path("keys"));
  expect_refused("server.keys: cannot be read; bring the copy");
  write("state/server.keys", "{\"board\":\"00\"}");
  expect_refused("server.keys: a server key is missing or damaged; bring the copy");
  write("state/server.keys", "not JSON");
  expect_refused("server.keys: damaged; bring the copy");
  fs::rename(path("keys"), state_ / "server.keys");
  fs::rename(state_.string() + ".link-key", path("link"));
  expect_refused("the link key of this election is not there; bring it from its escrow");
  write("state.link-key", "short");
  expect_refused("not a link key; bring it from its escrow");
  fs::rename(path("link"), state_.string() + ".link-key");
  expect_serves();
}

// Another election's keys: its log would be signed by somebody else.
TEST_F(Start, KeysOfAnotherElection) {
  auto keys = parse_json(contents(state_ / "server.keys")).value();
  const std::string mine = keys.at("checkpoint");
  keys["checkpoint"] = std::string(64, '5');
  write("state/server.keys", canonical_json(keys));
  expect_refused("the log is not the one of its last signed checkpoint");
}

TEST_F(Start, DatabaseDamaged) {
  const auto database = state_ / "isoloir.sqlite";
  fs::copy_file(database, path("good"));
  damage(database, 0, "Not an SQLite database");
  expect_refused("keep the files as they are, and bring the newest good copy");
  fs::copy_file(path("good"), database, fs::copy_options::overwrite_existing);
  // The page of the schema.
  damage(database, 100, std::string(200, '\xff'));
  expect_refused("keep the files as they are, and bring the newest good copy");
  fs::copy_file(path("good"), database, fs::copy_options::overwrite_existing);
  fs::resize_file(database, 8192);
  expect_refused("keep the files as they are, and bring the newest good copy");
  fs::copy_file(path("good"), database, fs::copy_options::overwrite_existing);
  expect_serves();
}

// After a power cut the log may end in the middle of a write: what was acknowledged came before it.
TEST_F(Start, AWriteAheadLogCutShort) {
  start();
  auto one = voter(0);
  ASSERT_EQ(one->enter().is, "ok");
  const auto ballot = one->ballot(one->places()[1], 0);
  ASSERT_EQ(one->cast(ballot).is, "recorded");
  ASSERT_EQ(receipt(*one, ballot).is, "ready");
  stop(SIGKILL);
  const auto wal = state_ / "isoloir.sqlite-wal";
  const auto size = fs::file_size(wal);
  ASSERT_GT(size, 4096u);
  std::ofstream(wal, std::ios::binary | std::ios::app) << std::string(3000, 'x');
  start();
  EXPECT_EQ(one->receipt(ballot).is, "ready");
  stop(SIGKILL);
  // A log that lost what it had: the database is behind what was signed.
  fs::resize_file(wal, 0);
  fs::remove(state_ / "isoloir.sqlite-shm");
  serve_ = {"serve", (folder_ / "portal").string(), "--state", state_.string(), "--port", "0"};
  expect_refused("older than what its log has signed");
}

TEST_F(Start, ANewerProgramWasHere) {
  sql("INSERT INTO schema_version VALUES (999, 'from the future')");
  expect_refused("it has been opened by a newer isoloir, use that one");
}

TEST_F(Start, AFolderThatCannotBeWritten) {
  // Another user's files, as after a restore by root.
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(state_.c_str(), 0755), 0);
  if (::getuid() == 0) {
    expect_refused("the server's user must be able to write here", nobody);
  } else {
    ASSERT_EQ(::chmod((state_ / "server.lock").c_str(), 0444), 0);
    expect_refused("the server's user must be able to write here");
  }
}

// A demonstration makes its own election, and never over anything that is there.
TEST_F(Start, ADemonstrationTakesNobodysPlace) {
  fs::remove(state_ / "demo.json");  // now it is any election's state
  serve_ = {"demo",   "--portal", (folder_ / "portal").string(), "--state", state_.string(),
            "--port", "0"};
  expect_refused("holds something else than a demonstration, nothing was changed");
  fs::create_directory(folder_ / "draft");
  std::ofstream(folder_ / "draft/server.keys") << "keys of a draft";
  serve_[4] = (folder_ / "draft").string();
  expect_refused("holds something else than a demonstration, nothing was changed");
  EXPECT_EQ(contents(folder_ / "draft/server.keys"), "keys of a draft");
}

// As `make demo` starts two, the second by the other name of this machine.
TEST_F(Start, ADemonstrationBesideIsAnElectionOfItsOwn) {
  const auto second = folder_ / "second";
  fs::copy(folder_ / "portal", second, fs::copy_options::recursive);
  const auto made = path("both") + "-second/demo.json";
  ServerProcess both(folder_, {{"demo", "--port", "0", "--state", path("both"), "--portal",
                                (folder_ / "portal").string(), "--beside", second.string()},
                               {},
                               0});
  ASSERT_NE(both.listening(), 0) << both.err();
  for (int i = 0; i < 600 && !fs::exists(made) && both.err().find("isoloir:") == std::string::npos;
       ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_TRUE(fs::exists(made)) << both.err();
  both.send(SIGTERM);
  EXPECT_EQ(both.wait().code, 0);
}

TEST_F(Start, OneServerForAStateAndOneForAPort) {
  ServerProcess first(folder_, {serve_, {}, 0});
  ASSERT_NE(first.listening(), 0) << first.err();
  const auto second_folder = folder_ / "second";
  fs::create_directory(second_folder);
  auto elsewhere = serve_;
  elsewhere[5] = "0";
  const auto second = ServerProcess(second_folder, {elsewhere, {}, 0}).wait();
  EXPECT_EQ(second.code, 2);
  EXPECT_NE(second.err.find("a server is running on this state already"), std::string::npos);
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;

  // Another election on the same port, and nothing is done to it.
  for (const char* beside : {"", ".link-key"}) {
    fs::copy(state_.string() + beside, path("other") + beside, fs::copy_options::recursive);
  }
  elsewhere[3] = path("other");
  elsewhere[5] = serve_[5];
  const auto before = number("SELECT COUNT(*) FROM log_leaf");
  const auto taken = ServerProcess(second_folder, {elsewhere, {}, 0}).wait();
  EXPECT_EQ(taken.code, 2);
  EXPECT_NE(taken.err.find("cannot listen on 127.0.0.1 port " + serve_[5]), std::string::npos)
      << taken.err;
  EXPECT_EQ(std::count(taken.err.begin(), taken.err.end(), '\n'), 1) << taken.err;
  state_ = path("other");
  EXPECT_LE(number("SELECT COUNT(*) FROM log_leaf"), before);
  first.send(SIGTERM);
  EXPECT_EQ(first.wait().code, 0);
}

}  // namespace
}  // namespace isoloir::test
