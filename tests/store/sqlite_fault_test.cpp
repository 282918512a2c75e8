// The disk fails at every single write of a workload, the process is killed in the middle of one:
// acknowledged rows are there, others wholly or not at all, and writing goes on.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "base/temporary_folder.hpp"
#include "store/fault_vfs.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir::store {
namespace {

using Ids = std::set<std::int64_t>;
using Kind = StoreError::Kind;

SqliteOptions options_for(const std::string& path) {
  SqliteOptions options;
  options.path = path;
  options.checkpoint_pages = 8;  // so that faults fall into checkpoints too
  return options;
}

void create_tables(Database& database) {
  (void)database.write([](Transaction& transaction) -> Status {
    transaction.script(
        "CREATE TABLE IF NOT EXISTS one (id INTEGER NOT NULL PRIMARY KEY, body BLOB) STRICT;"
        "CREATE TABLE IF NOT EXISTS two (id INTEGER NOT NULL PRIMARY KEY, body BLOB) STRICT;");
    return {};
  });
}

void write_pair(Database& database, std::int64_t id) {
  (void)database.write([&](Transaction& transaction) -> Status {
    const Bytes body(5000, std::uint8_t(id));
    transaction.execute("INSERT INTO one (id, body) VALUES ($1, $2)", {id, body});
    transaction.execute("INSERT INTO two (id, body) VALUES ($1, $2)", {id, body});
    return {};
  });
}

// Every pair is whole, every acknowledged one is there, the file is sound.
void check(Database& database, const Ids& acknowledged) {
  (void)database.read([&](Transaction& transaction) -> Status {
    Ids found;
    for (const Row& row : transaction.query("SELECT id, body FROM one")) {
      found.insert(row.integer(0));
      EXPECT_EQ(row.blob(1), Bytes(5000, std::uint8_t(row.integer(0))));
    }
    const Rows unpaired = transaction.query(
        "SELECT COUNT(*) FROM one FULL JOIN two ON one.id = two.id AND one.body = two.body"
        " WHERE one.id IS NULL OR two.id IS NULL");
    EXPECT_EQ(unpaired.at(0).integer(0), 0);
    EXPECT_TRUE(std::includes(found.begin(), found.end(), acknowledged.begin(), acknowledged.end()))
        << acknowledged.size() << " acknowledged, " << found.size() << " found";
    EXPECT_EQ(transaction.query("PRAGMA integrity_check").at(0).text(0), "ok");
    return {};
  });
}

// What a crash at this moment would leave. The writer thread copies, so nothing else writes.
void copy_files(Database& database, const std::string& from, const std::string& to) {
  (void)database.write([&](Transaction&) -> Status {
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(from + suffix, to + suffix);
    }
    return {};
  });
}

struct Fault {
  const char* name;
  int code;
  FaultVfs::Lasting lasting;
  Kind kind;
};

class SqliteFault : public testing::TestWithParam<Fault> {
 protected:
  // Returns whether the workload reached the n-th operation.
  bool workload(int operation) {
    const TemporaryFolder folder;
    const std::string path = folder.file("fault.db");
    const std::string crashed = folder.file("crashed.db");
    Ids acknowledged;
    auto database = open_sqlite(options_for(path));
    create_tables(*database);
    faults_.arm(operation, GetParam().code, GetParam().lasting);
    for (std::int64_t id = 1; id <= 5; ++id) {
      try {
        write_pair(*database, id);
        acknowledged.insert(id);
      } catch (const StoreError& error) {
        EXPECT_EQ(error.kind(), GetParam().kind) << error.what();
        EXPECT_TRUE(faults_.triggered());
      }
    }
    copy_files(*database, path, crashed);
    const bool reached = faults_.triggered();
    faults_.heal();
    check(*open_sqlite(options_for(crashed)), acknowledged);
    check(*database, acknowledged);
    write_pair(*database, 100);
    acknowledged.insert(100);
    check(*database, acknowledged);
    database.reset();
    check(*open_sqlite(options_for(path)), acknowledged);
    return reached;
  }

  FaultVfs faults_;
};

TEST_P(SqliteFault, AtEveryWrite) {
  int operation = 1;
  while (workload(operation) && !HasFailure()) ++operation;
  EXPECT_GT(operation, 40);  // the workload did reach the disk
}

INSTANTIATE_TEST_SUITE_P(
    Disk, SqliteFault,
    testing::Values(
        Fault{"full_once", SQLITE_FULL, FaultVfs::Lasting::once, Kind::full},
        Fault{"full_until_space", SQLITE_FULL, FaultVfs::Lasting::until_healed, Kind::full},
        Fault{"torn_once", SQLITE_IOERR, FaultVfs::Lasting::once, Kind::io},
        Fault{"torn_until_healed", SQLITE_IOERR, FaultVfs::Lasting::until_healed, Kind::io}),
    [](const auto& fault) { return fault.param.name; });

// What the last failure was stays until something has been written again: a job that changes
// nothing proves nothing, and the engine finds out by itself.
TEST(SqliteTrouble, StandsUntilSomethingIsWritten) {
  FaultVfs faults;
  const TemporaryFolder folder;
  const auto database = open_sqlite(options_for(folder.file("trouble.db")));
  create_tables(*database);
  EXPECT_EQ(database->trouble(), std::nullopt);
  faults.arm(1, SQLITE_FULL, FaultVfs::Lasting::until_healed);
  EXPECT_THROW(write_pair(*database, 1), StoreError);
  EXPECT_EQ(database->trouble(), Kind::full);
  (void)database->write([](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM one WHERE id = -1");
    return {};
  });
  EXPECT_EQ(database->trouble(), Kind::full);
  // A job of ours that is wrong is no trouble of the disk.
  EXPECT_THROW((void)database->write([](Transaction& transaction) -> Status {
    transaction.execute("INSERT INTO nothing (id) VALUES (1)");
    return {};
  }),
               StoreError);
  EXPECT_EQ(database->trouble(), Kind::full);
  faults.heal();
  for (int i = 0; i < 200 && database->trouble(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(database->trouble(), std::nullopt);
  check(*database, {});
}

// Four threads write and send each acknowledged id down the pipe, until killed.
[[noreturn]] void write_until_killed(const std::string& path, std::int64_t first, int acks) {
  const auto database = open_sqlite(options_for(path));
  create_tables(*database);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::int64_t id = first + thread;; id += 4) {
        write_pair(*database, id);
        if (::write(acks, &id, sizeof id) != sizeof id) ::_exit(1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ::_exit(1);
}

TEST(SqliteKill, AcknowledgedRowsSurvive) {
  const TemporaryFolder folder;
  const std::string path = folder.file("kill.db");
  Ids acknowledged;
  std::int64_t first = 1;
  for (const int enough : {1, 10, 37, 120, 400}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(path, first, ends[1]);
    }
    ::close(ends[1]);
    std::int64_t id = 0;
    for (int count = 0; ::read(ends[0], &id, sizeof id) == sizeof id; ++count) {
      acknowledged.insert(id);
      if (count == enough) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    first = *acknowledged.rbegin() + 1000;
    check(*open_sqlite(options_for(path)), acknowledged);
  }
  EXPECT_GT(acknowledged.size(), 500u);
}

// Another program: takes the write lock, says so, and holds it until told.
[[noreturn]] void hold_lock(const std::string& path, int tell, int wait) {
  sqlite3* handle = nullptr;
  char byte = 'x';
  const bool held = sqlite3_open(path.c_str(), &handle) == SQLITE_OK &&
                    sqlite3_exec(handle, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == 0 &&
                    ::write(tell, &byte, 1) == 1 && ::read(wait, &byte, 1) == 1;
  ::_exit(held && sqlite3_exec(handle, "COMMIT", nullptr, nullptr, nullptr) == 0 ? 0 : 1);
}

TEST(SqliteLock, AnotherProcessIsWaitedForThenReported) {
  const TemporaryFolder folder;
  SqliteOptions options = options_for(folder.file("lock.db"));
  create_tables(*open_sqlite(options));
  int said[2];
  int told[2];
  ASSERT_EQ(::pipe(said), 0);
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) hold_lock(options.path, said[1], told[0]);
  char byte = 0;
  ASSERT_EQ(::read(said[0], &byte, 1), 1);

  const auto patient = open_sqlite(options);
  options.busy_timeout_ms = 1;
  const auto hasty = open_sqlite(options);
  check(*hasty, {});  // readers do not mind
  try {
    write_pair(*hasty, 1);
    ADD_FAILURE();
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), Kind::locked);
  }
  std::thread waiting([&] { write_pair(*patient, 2); });
  ASSERT_EQ(::write(told[1], &byte, 1), 1);
  waiting.join();
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  write_pair(*hasty, 3);
  check(*hasty, {2, 3});
  for (const int end : {said[0], said[1], told[0], told[1]}) ::close(end);
}

}  // namespace
}  // namespace isoloir::store
