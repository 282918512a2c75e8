// The disk under the running program is full, the database is locked by another program: voters are
// told to come back, nothing acknowledged is lost, and once it is over all goes on without a
// restart.
#include <sqlite3.h>

#include <chrono>
#include <csignal>

#include "functional/election.hpp"

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

constexpr int patience = 12'000;  // looks, 5 ms apart: what is awaited ends the wait

class Trouble : public Election {
 protected:
  Answer health() { return people_.at(0)->get("/healthz"); }
  std::string health_status() { return health().body.value("status", std::string("no status")); }
  // Until the server has found out, or has recovered: it tries once a second.
  void await_health(const std::string& status) {
    for (int i = 0; i < 200 && health_status() != status; ++i) {
      ::usleep(50'000);
    }
    EXPECT_EQ(health_status(), status);
  }
  void expect_goes_on(Voter& one, const std::string& ballot) {
    await_health("ok");
    EXPECT_EQ(health().status, 200);
    const auto answer = one.cast(ballot);
    EXPECT_EQ(answer.is, "recorded") << answer.page;
    EXPECT_EQ(receipt(one, ballot).is, "ready");
  }
  std::vector<std::unique_ptr<Voter>> people_;
};

TEST_F(Trouble, DiskFullInMidVote) {
  start();
  people_ = everybody_inside();
  auto& one = *people_[0];
  const auto kept = one.ballot(one.places()[0], 0);
  ASSERT_EQ(one.cast(kept).is, "recorded");
  ASSERT_EQ(health_status(), "ok");

  (*disk_)->full = true;
  const auto refused = one.ballot(one.places()[1], 1);
  const auto answer = one.cast(refused);
  EXPECT_EQ(answer.is, "busy");
  EXPECT_EQ(answer.body, Json({{"status", "busy"}}));
  EXPECT_EQ(health_status(), "full");
  EXPECT_EQ(health().is, "busy");
  // A page for people, where a page is asked for; what needs no disk is served.
  const auto page = voter(1)->get("/sign-in");
  EXPECT_EQ(page.is, "busy");
  EXPECT_NE(page.page.find("<h1"), std::string::npos);
  EXPECT_EQ(one.get("/assets/portal.css").status, 200);
  EXPECT_EQ(one.get("/api/contests").status, 200) << "reading goes on";
  EXPECT_EQ(one.receipt(kept).body.value("status", ""), one.receipt(kept).is);
  EXPECT_EQ(one.cast(kept).is, "recorded") << "what is held needs no room";
  EXPECT_EQ(one.receipt(refused).is, "unknown");
  EXPECT_NE(server().err().find("disk is full"), std::string::npos) << server().err();

  (*disk_)->full = false;
  expect_goes_on(one, refused);
  EXPECT_EQ(receipt(one, kept).is, "ready");
  EXPECT_EQ(stop(SIGTERM).code, 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM sign_off"), 2);
}

TEST_F(Trouble, LockedByAnotherProgram) {
  start();
  people_ = everybody_inside();
  auto& one = *people_[0];
  const auto ballot = one.ballot(one.places()[0], 0);
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((state_ / "isoloir.sqlite").c_str(), &handle), SQLITE_OK);
  sqlite3_busy_timeout(handle, 5'000);
  ASSERT_EQ(sqlite3_exec(handle, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(one.cast(ballot).is, "busy");
  EXPECT_EQ(health_status(), "locked");
  // Who comes later does not wait behind the others: thirty answers within one deadline of a page.
  const auto start_of_rush = std::chrono::steady_clock::now();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(one.cast(ballot).is, "busy");
  EXPECT_LT(std::chrono::steady_clock::now() - start_of_rush, std::chrono::seconds(60));
  EXPECT_EQ(one.get("/api/contests").status, 200) << "reading goes on";
  sqlite3_exec(handle, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  expect_goes_on(one, ballot);
}

// A copy made beside the running server, by SQLite's own back-up.
TEST_F(Trouble, ABackUpIsACopyAndAnOldOneIsRefused) {
  start();
  people_ = everybody_inside();
  auto& one = *people_[0];
  const auto first = one.ballot(one.places()[0], 0);
  ASSERT_EQ(one.cast(first).is, "recorded");
  ASSERT_EQ(receipt(one, first).is, "ready");

  sqlite3 *from = nullptr, *to = nullptr;
  const auto copy = folder_ / "copy.sqlite";
  ASSERT_EQ(sqlite3_open((state_ / "isoloir.sqlite").c_str(), &from), SQLITE_OK);
  ASSERT_EQ(sqlite3_open(copy.c_str(), &to), SQLITE_OK);
  auto* work = sqlite3_backup_init(to, "main", from, "main");
  ASSERT_NE(work, nullptr);
  while (sqlite3_backup_step(work, 5) == SQLITE_OK) {
  }
  ASSERT_EQ(sqlite3_backup_finish(work), SQLITE_OK);
  sqlite3_close(from);
  sqlite3_close(to);

  const auto second = one.ballot(one.places()[1], 0);
  ASSERT_EQ(one.cast(second).is, "recorded");
  ASSERT_EQ(receipt(one, second).is, "ready");
  EXPECT_EQ(stop(SIGTERM).code, 0);

  // The old copy would sign a second history over the second vote: refused, and left as it is.
  fs::rename(state_ / "isoloir.sqlite", folder_ / "newest.sqlite");
  for (const char* suffix : {"-wal", "-shm"})
    fs::remove(state_ / ("isoloir.sqlite" + std::string(suffix)));
  fs::copy_file(copy, state_ / "isoloir.sqlite");
  const auto refused = ServerProcess(folder_, {serve_, {}, 0}).wait();
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("older than what its log has signed"), std::string::npos)
      << refused.err;

  // The newest is taken.
  fs::remove(state_ / "isoloir.sqlite");
  fs::rename(folder_ / "newest.sqlite", state_ / "isoloir.sqlite");
  start();
  EXPECT_EQ(one.receipt(second).is, "ready");
}

// ---- The freeze, cut short at each operation

class FreezeCutShort : public Election {
 protected:
  // Closed, some ballots in, nobody inside any more: the next beat of any server freezes.
  void prepare() {
    start();
    const auto people = everybody_inside();
    for (std::size_t i = 0; i + 1 < people.size(); ++i) {
      for (const auto& place : people[i]->places()) {
        ASSERT_EQ(people[i]->cast(people[i]->ballot(place, i)).is, "recorded");
        ++cast_[place.contest];
      }
    }
    EXPECT_EQ(stop(SIGTERM).code, 0);
    const auto closed = bureau("close --practice");
    EXPECT_EQ(closed.code, 0) << closed.err;
    EXPECT_EQ(number("SELECT COUNT(*) FROM event WHERE text LIKE '%\"freeze\"%'"), 0);
    sqlite3* handle = nullptr;
    sqlite3_open((state_ / "isoloir.sqlite").c_str(), &handle);
    ASSERT_EQ(sqlite3_exec(handle, "DELETE FROM session", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
    copy(state_.string(), (folder_ / "before").string());
  }
  void copy(const std::string& from, const std::string& to) {
    for (const char* part : {"", ".link-key", ".checkpoint"}) {
      fs::remove_all(to + part);
      if (fs::exists(from + part)) fs::copy(from + part, to + part, fs::copy_options::recursive);
    }
  }
  void restore() { copy((folder_ / "before").string(), state_.string()); }
  // Frozen, all erased, and nothing waits.
  void expect_frozen() {
    EXPECT_EQ(number("SELECT COUNT(*) FROM box"), cast_[0] + cast_[1] + cast_[2]);
    EXPECT_EQ(number("SELECT COUNT(*) FROM ballot"), 0);
    EXPECT_EQ(number("SELECT COUNT(*) FROM link"), 0);
    EXPECT_EQ(number("SELECT COUNT(*) FROM event WHERE text LIKE '%\"event\":\"freeze\"%'"), 1);
    EXPECT_EQ(number("SELECT COUNT(*) FROM event WHERE logged = 0"), 0);
    EXPECT_EQ(number("SELECT COUNT(*) FROM duty WHERE done_at IS NULL"), 0);
  }
  void await_frozen() {
    for (int i = 0; i < patience; ++i) {
      if (number("SELECT COUNT(*) FROM duty WHERE done_at IS NOT NULL") == 1 &&
          number("SELECT COUNT(*) FROM event WHERE logged = 0") == 0) {
        return;
      }
      ::usleep(5'000);
    }
    ADD_FAILURE() << "not frozen in time: " << server().err();
  }
  std::vector<std::int64_t> cast_ = std::vector<std::int64_t>(3);
};

TEST_F(FreezeCutShort, ByAKill) {
  prepare();
  int kills = 0;
  for (int at = 1;; at += 1 + at / 6) {
    restore();
    (*disk_)->kill_at = at;
    // It may die before it listens, or after.
    ServerProcess server(folder_, {serve_, disk_->page(), 0});
    if (server.listening() != 0) {
      for (int i = 0; i < patience && (*disk_)->kill_at != 0; ++i) {
        if (number("SELECT COUNT(*) FROM duty WHERE done_at IS NOT NULL") == 1) break;
        ::usleep(5'000);
      }
    }
    const bool killed = (*disk_)->kill_at == 0;
    (*disk_)->kill_at = 0;
    if (!killed) break;  // beyond the last operation
    EXPECT_EQ(server.wait().signal, SIGKILL);
    ++kills;
    start();
    await_frozen();
    EXPECT_EQ(stop(SIGTERM).code, 0);
    expect_frozen();
    if (HasFailure()) FAIL() << "killed at operation " << at;
  }
  EXPECT_GT(kills, 12);
  EXPECT_EQ(finish_count(), cast_);
}

TEST_F(FreezeCutShort, ByAFullDisk) {
  prepare();
  int times = 0;
  for (int at = 1;; at += 1 + at / 4) {
    restore();
    (*disk_)->full_at = at;
    (*disk_)->full = false;
    auto server =
        std::make_unique<ServerProcess>(folder_, ServerProcess::Setting{serve_, disk_->page(), 0});
    if (server->listening() == 0) {
      const auto ended = server->wait();
      EXPECT_EQ(ended.code, 2) << ended.err;
      EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
      (*disk_)->full = false;
      server = std::make_unique<ServerProcess>(folder_,
                                               ServerProcess::Setting{serve_, disk_->page(), 0});
      ASSERT_NE(server->listening(), 0);
    } else {
      for (int i = 0; i < patience && server->err().find("tried again") == std::string::npos; ++i) {
        if (number("SELECT COUNT(*) FROM duty WHERE done_at IS NOT NULL") == 1) break;
        ::usleep(5'000);
      }
    }
    const bool met = (*disk_)->full_at == 0;
    (*disk_)->full_at = 0;
    (*disk_)->full = false;
    for (int i = 0; i < patience; ++i) {
      if (number("SELECT COUNT(*) FROM duty WHERE done_at IS NOT NULL") == 1) break;
      ::usleep(5'000);
    }
    server->send(SIGTERM);
    EXPECT_EQ(server->wait().code, 0);
    expect_frozen();
    if (HasFailure()) FAIL() << "full from operation " << at;
    if (!met) break;
    ++times;
  }
  EXPECT_GT(times, 8);
  EXPECT_EQ(finish_count(), cast_);
}

}  // namespace
}  // namespace isoloir::test
