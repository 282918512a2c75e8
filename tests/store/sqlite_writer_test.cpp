// The writer's queue and commits, and what SQLite leaves on the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "base/temporary_folder.hpp"
#include "store/fault_vfs.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir::store {
namespace {

using Kind = StoreError::Kind;

Status insert(Transaction& transaction, int id) {
  transaction.execute("INSERT INTO item (id) VALUES ($1)", {id});
  return {};
}

template <typename Action>
std::optional<Kind> error_kind(Action action) {
  try {
    action();
  } catch (const StoreError& error) {
    return error.kind();
  }
  return std::nullopt;
}

class SqliteWriter : public testing::Test {
 protected:
  void open() {
    options_.path = folder_.file("writer.db");
    database_ = open_sqlite(options_);
    (void)database_->write([](Transaction& transaction) -> Status {
      transaction.script(
          "CREATE TABLE IF NOT EXISTS item (id INTEGER NOT NULL PRIMARY KEY, body BLOB) STRICT");
      return {};
    });
  }

  // Keeps the writer inside a job, so that what follows is queued behind it.
  void hold_writer() {
    std::promise<void> entered;
    threads_.emplace_back([&, release = release_.get_future().share()] {
      (void)database_->write([&](Transaction&) -> Status {
        entered.set_value();
        release.wait();
        return {};
      });
    });
    entered.get_future().wait();
  }

  // Returns once the action, on a thread of its own, has queued its write.
  void queue(std::function<void()> action) {
    const auto before = database_->queued_writes();
    threads_.emplace_back(std::move(action));
    while (database_->queued_writes() == before) std::this_thread::yield();
  }

  void release_writer() {
    release_.set_value();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  std::vector<std::int64_t> ids() {
    std::vector<std::int64_t> found;
    (void)database_->read([&](Transaction& transaction) -> Status {
      for (const Row& row : transaction.query("SELECT id FROM item ORDER BY id")) {
        found.push_back(row.integer(0));
      }
      return {};
    });
    return found;
  }

  bool on_disk(std::string_view text) {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.file(""))) {
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::string content(std::istreambuf_iterator<char>(stream), {});
      if (content.find(text) != std::string::npos) return true;
    }
    return false;
  }

  TemporaryFolder folder_;
  SqliteOptions options_;
  FaultVfs faults_;
  std::unique_ptr<Database> database_;
  std::promise<void> release_;
  std::vector<std::thread> threads_;
};

TEST_F(SqliteWriter, EveryAnswerFollowsASync) {
  open();
  for (int id = 0; id < 5; ++id) {
    const int before = faults_.syncs();
    (void)database_->write([&](Transaction& transaction) { return insert(transaction, id); });
    EXPECT_GT(faults_.syncs(), before);
  }
}

TEST_F(SqliteWriter, QueuedJobsShareOneCommitInOrder) {
  options_.writer_batch = 20;
  open();
  hold_writer();
  std::vector<int> order;
  std::vector<int> expected;
  for (int id = 0; id < 20; ++id) {
    expected.push_back(id);
    queue([&, id] {
      (void)database_->write([&](Transaction& transaction) {
        order.push_back(id);
        return insert(transaction, id);
      });
    });
  }
  const int before = faults_.syncs();
  release_writer();
  EXPECT_EQ(order, expected);
  EXPECT_EQ(faults_.syncs() - before, 1);  // the job that held the writer wrote nothing
  EXPECT_EQ(ids().size(), 20u);
}

TEST_F(SqliteWriter, ABatchHasItsLimit) {
  options_.writer_batch = 4;
  open();
  hold_writer();
  for (int id = 0; id < 20; ++id) {
    queue([&, id] {
      (void)database_->write([&](Transaction& transaction) { return insert(transaction, id); });
    });
  }
  const int before = faults_.syncs();
  release_writer();
  EXPECT_EQ(faults_.syncs() - before, 5);
}

TEST_F(SqliteWriter, AFullQueueIsBusy) {
  options_.writer_queue = 3;
  open();
  hold_writer();
  const auto write = [&](int id) {
    (void)database_->write([&](Transaction& transaction) { return insert(transaction, id); });
  };
  for (int id = 0; id < 3; ++id) queue([&, id] { write(id); });
  EXPECT_EQ(error_kind([&] { write(3); }), Kind::busy);
  release_writer();
  write(4);
  EXPECT_THAT(ids(), testing::ElementsAre(0, 1, 2, 4));
}

TEST_F(SqliteWriter, AFailedCommitFailsAllItsJobs) {
  open();
  hold_writer();
  std::optional<Kind> kept, refused, thrown;
  queue([&] {
    kept = error_kind([&] {
      (void)database_->write([&](Transaction& transaction) {
        faults_.arm(1, SQLITE_FULL, FaultVfs::Lasting::until_healed);
        return insert(transaction, 1);
      });
    });
  });
  queue([&] {
    refused = error_kind([&] {
      (void)database_->write([&](Transaction& transaction) -> Status {
        EXPECT_EQ(transaction.query("SELECT id FROM item").size(), 1u);  // judged by row 1
        return fail("test.taken", "");
      });
    });
  });
  queue([&] {
    thrown = error_kind([&] {
      (void)database_->write([](Transaction&) -> Status { throw std::runtime_error("own"); });
    });
  });
  release_writer();
  EXPECT_EQ(kept, Kind::full);
  EXPECT_EQ(refused, Kind::full);
  EXPECT_EQ(thrown, Kind::full);
  EXPECT_TRUE(ids().empty());
  faults_.heal();
  (void)database_->write([](Transaction& transaction) { return insert(transaction, 2); });
  EXPECT_THAT(ids(), testing::ElementsAre(2));
}

// SQLite judges a deferred foreign key at the commit alone, which here belongs to several jobs.
TEST_F(SqliteWriter, ADeferredForeignKeyFailsItsOwnJob) {
  open();
  (void)database_->write([](Transaction& transaction) -> Status {
    transaction.script(
        "CREATE TABLE leaf (id INTEGER NOT NULL REFERENCES item (id)"
        " DEFERRABLE INITIALLY DEFERRED) STRICT");
    return {};
  });
  hold_writer();
  std::optional<Kind> guilty, innocent;
  queue([&] {
    guilty = error_kind([&] {
      (void)database_->write([](Transaction& transaction) -> Status {
        transaction.execute("INSERT INTO leaf (id) VALUES (7)");
        return {};
      });
    });
  });
  queue([&] {
    innocent = error_kind([&] {
      (void)database_->write([](Transaction& transaction) { return insert(transaction, 1); });
    });
  });
  release_writer();
  EXPECT_EQ(guilty, Kind::constraint);
  EXPECT_EQ(innocent, std::nullopt);
  EXPECT_THAT(ids(), testing::ElementsAre(1));
}

TEST_F(SqliteWriter, ClosingDrainsTheQueue) {
  options_.writer_batch = 1;
  open();
  hold_writer();
  std::atomic<int> acknowledged{0};
  for (int id = 0; id < 50; ++id) {
    queue([&, id, database = database_.get()] {
      if (database->write([&](Transaction& transaction) { return insert(transaction, id); })) {
        ++acknowledged;
      }
    });
  }
  release_.set_value();
  database_.reset();
  for (auto& thread : threads_) thread.join();
  EXPECT_EQ(acknowledged, 50);
  open();
  EXPECT_EQ(ids().size(), 50u);
}

TEST_F(SqliteWriter, AWriteInsideAWriteAsserts) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto nested = [&] {
    open();
    (void)database_->write([&](Transaction&) {
      return database_->write([](Transaction& inner) { return insert(inner, 1); });
    });
  };
  EXPECT_DEATH(nested(), "assertion failed");
}

TEST_F(SqliteWriter, ErasedSecretsLeaveTheFiles) {
  open();
  const std::string deleted = "a-secret-that-is-deleted-" + std::string(6000, 's');
  const std::string changed = "a-secret-that-is-overwritten";
  (void)database_->write([&](Transaction& transaction) -> Status {
    for (int id = 0; id < 200; ++id) {
      transaction.execute("INSERT INTO item (id, body) VALUES ($1, $2)",
                          {id, as_bytes(id % 2 == 0 ? deleted : changed)});
    }
    return {};
  });
  database_->erase_traces();  // into the main file
  EXPECT_TRUE(on_disk("a-secret-that-is-deleted"));
  EXPECT_TRUE(on_disk(changed));
  (void)database_->write([](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM item WHERE id % 2 = 0");
    transaction.execute("UPDATE item SET body = $1", {Bytes{1, 2, 3}});
    return {};
  });
  database_->erase_traces();
  EXPECT_FALSE(on_disk("a-secret-that-is-deleted"));
  EXPECT_FALSE(on_disk("ssssssss"));
  EXPECT_FALSE(on_disk(changed));
  EXPECT_EQ(ids().size(), 100u);
}

TEST_F(SqliteWriter, ErasingWaitsNoLongerThanTheBusyTimeout) {
  options_.busy_timeout_ms = 1;
  open();
  (void)database_->read([&](Transaction& transaction) -> Status {
    EXPECT_EQ(transaction.query("SELECT id FROM item").size(), 0u);
    std::thread([&] {
      (void)database_->write([](Transaction& inner) { return insert(inner, 1); });
    }).join();
    EXPECT_EQ(error_kind([&] { database_->erase_traces(); }), Kind::locked);
    return {};
  });
  database_->erase_traces();
}

// The writer moves its log into the main file after a commit, beside whoever erases.
TEST_F(SqliteWriter, ErasingWaitsForACheckpointUnderWay) {
  options_.checkpoint_pages = 1;
  open();
  const Bytes body(1 << 20);
  for (int id = 0; id < 50; ++id) {
    (void)database_->write([&](Transaction& transaction) -> Status {
      transaction.execute("INSERT INTO item (id, body) VALUES ($1, $2)", {id, body});
      return {};
    });
    ASSERT_NO_THROW(database_->erase_traces());
  }
}

TEST_F(SqliteWriter, TheLogIsCheckpointedAndReused) {
  options_.checkpoint_pages = 20;
  open();
  for (int id = 0; id < 500; ++id) {
    (void)database_->write([&](Transaction& transaction) { return insert(transaction, id); });
  }
  EXPECT_LT(std::filesystem::file_size(options_.path + "-wal"), 40u * 4200u);
}

TEST_F(SqliteWriter, FilesAreTheOwnersAlone) {
  const auto mask = ::umask(0);
  std::ofstream(folder_.file("writer.db")).close();  // as another tool would have left it
  for (int start = 0; start < 2; ++start) {
    open();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      struct stat status {};
      ASSERT_EQ(::stat((options_.path + suffix).c_str(), &status), 0);
      EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
    }
    database_.reset();
    std::filesystem::remove(options_.path);
  }
  ::umask(mask);
}

TEST_F(SqliteWriter, WhatCannotBeOpenedIsSaid) {
  const auto open_at = [](const std::string& path) {
    return error_kind([&] {
      SqliteOptions options;
      options.path = path;
      (void)open_sqlite(options);
    });
  };
  EXPECT_EQ(open_at(folder_.file("missing/writer.db")), Kind::io);
  std::ofstream(folder_.file("text.db")) << std::string(5000, 'x');
  EXPECT_EQ(open_at(folder_.file("text.db")), Kind::corrupt);
}

}  // namespace
}  // namespace isoloir::store
