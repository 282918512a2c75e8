// What every engine must do (store/database.hpp), written once. An engine joins with
//   INSTANTIATE_TEST_SUITE_P(Sqlite, DatabaseContract, testing::Values(Engine{...}));
// in its own test program, which includes this header from one file.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "store/database.hpp"
#include "store/migration.hpp"

namespace isoloir::store {

using Opener = std::function<std::unique_ptr<Database>()>;

struct Engine {
  std::string name;
  // Makes an empty database; what it returns opens it, and removes it when destroyed.
  std::function<Opener()> create;
};

inline void PrintTo(const Engine& engine, std::ostream* out) {
  *out << engine.name;
}

// The kind of StoreError that an action throws; a test failure if it throws none.
template <typename Action>
StoreError::Kind error_kind(Action action) {
  try {
    action();
  } catch (const StoreError& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no StoreError";
  return {};
}

inline Status run_script(Database& database, std::string_view sql) {
  return database.write([&](Transaction& transaction) -> Status {
    transaction.script(sql);
    return {};
  });
}

inline Expected<std::int64_t> run_statement(Database& database, std::string_view sql,
                                            const Values& parameters = {}) {
  return database.write([&](Transaction& transaction) -> Expected<std::int64_t> {
    return transaction.execute(sql, parameters);
  });
}

inline Rows read_rows(Database& database, std::string_view sql, const Values& parameters = {}) {
  return *database.read([&](Transaction& transaction) -> Expected<Rows> {
    return transaction.query(sql, parameters);
  });
}

inline std::int64_t read_integer(Database& database, std::string_view sql,
                                 const Values& parameters = {}) {
  return read_rows(database, sql, parameters).at(0).integer(0);
}

class DatabaseContract : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    database_ = open_();
    ASSERT_TRUE(run_script(*database_,
                           "CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, label TEXT,"
                           " content BLOB) STRICT;"
                           "CREATE TABLE part (item INTEGER NOT NULL REFERENCES item (id),"
                           " size INTEGER NOT NULL CHECK (size > 0),"
                           " PRIMARY KEY (item, size)) STRICT, WITHOUT ROWID;"));
  }
  std::int64_t items() { return read_integer(*database_, "SELECT COUNT(*) FROM item"); }
  const Opener open_ = GetParam().create();
  std::unique_ptr<Database> database_;
};

constexpr std::string_view insert_item = "INSERT INTO item (id, label, content) VALUES ($1,$2,$3)";

TEST_P(DatabaseContract, ValuesComeBackAsTheyWere) {
  Bytes every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(std::uint8_t(i));
  const std::vector<Values> all = {
      {0, "", Bytes{}},
      {std::numeric_limits<std::int64_t>::min(), "Œuvré ça, naïf — 投票 🗳", every_byte},
      {std::numeric_limits<std::int64_t>::max(), "1", Bytes{0}},
      {-1, std::nullopt, Bytes{0, 0, '1', 0}},
      {1, "a'b\"c\\d$1;--\n\t", std::nullopt},
      {2, std::string(70'000, 'x'), Bytes(1'000'000, 0)},
  };
  for (const Values& values : all) {
    ASSERT_EQ(*run_statement(*database_, insert_item, values), 1);
    const Rows rows =
        read_rows(*database_, "SELECT id, label, content FROM item WHERE id = $1", {values[0]});
    ASSERT_EQ(rows.size(), 1u);
    ASSERT_EQ(rows[0].size(), 3u);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(rows[0][i], values[i]) << values[0].data().index();
    EXPECT_EQ(read_integer(*database_, "SELECT COUNT(*) FROM item WHERE id = $1 AND content = $2",
                           {values[0], values[2]}),
              values[2] == Value() ? 0 : 1);
  }
}

TEST_P(DatabaseContract, EmptyIsNotNull) {
  run_statement(*database_, insert_item, {1, "", Bytes{}});
  run_statement(*database_, insert_item, {2, std::nullopt, std::nullopt});
  const Rows rows = read_rows(*database_, "SELECT label, content FROM item ORDER BY id");
  EXPECT_FALSE(rows[0].is_null(0));
  EXPECT_FALSE(rows[0].is_null(1));
  EXPECT_EQ(rows[0].optional_text(0), "");
  EXPECT_EQ(rows[0].optional_blob(1), Bytes{});
  EXPECT_TRUE(rows[1].is_null(0));
  EXPECT_EQ(rows[1].optional_text(0), std::nullopt);
  EXPECT_EQ(rows[1].optional_blob(1), std::nullopt);
}

TEST_P(DatabaseContract, ParametersGoByNumber) {
  const Rows rows = read_rows(*database_, "SELECT $2, $1, $2", {"first", Bytes{0, 2}});
  EXPECT_EQ(rows[0].blob(0), (Bytes{0, 2}));
  EXPECT_EQ(rows[0].text(1), "first");
  EXPECT_EQ(rows[0].array<2>(2), (ByteArray<2>{0, 2}));
  std::string sql = "SELECT $1";
  Values values{1};
  for (int i = 2; i <= 12; ++i) {
    sql += ", $" + std::to_string(i);
    values.push_back(i);
  }
  const Rows twelve = read_rows(*database_, sql, values);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(twelve[0].integer(i), std::int64_t(i) + 1);
}

TEST_P(DatabaseContract, TextWithNulIsRefused) {
  using namespace std::string_literals;
  EXPECT_EQ(error_kind([&] {
              run_statement(*database_, insert_item, {1, "a\0b"s, Bytes{}});
            }),
            StoreError::Kind::statement);
  EXPECT_EQ(items(), 0);
}

TEST_P(DatabaseContract, ExecuteCountsItsOwnRows) {
  EXPECT_EQ(
      run_statement(*database_, "INSERT INTO item (id, label) VALUES (1,'a'), (2,'a'), (3,'b')"),
      3);
  EXPECT_EQ(run_statement(*database_, "UPDATE item SET label = $1 WHERE label = $2", {"c", "a"}),
            2);
  EXPECT_EQ(run_statement(*database_, "UPDATE item SET label = 'd' WHERE id = 9"), 0);
  EXPECT_EQ(
      run_statement(*database_, "INSERT INTO item (id) VALUES (1) ON CONFLICT (id) DO NOTHING"), 0);
  EXPECT_EQ(run_statement(*database_, "CREATE TABLE other (id INTEGER) STRICT"), 0);
  EXPECT_EQ(run_statement(*database_, "DELETE FROM item WHERE label = 'c'"), 2);
}

TEST_P(DatabaseContract, ReturningGivesRows) {
  const auto label = database_->write([](Transaction& transaction) -> Expected<std::string> {
    transaction.execute(insert_item, {1, "before", Bytes{}});
    return transaction.query("UPDATE item SET label = $1 WHERE id = 1 RETURNING label", {"after"})
        .at(0)
        .text(0);
  });
  EXPECT_EQ(label, "after");
  EXPECT_EQ(read_rows(*database_, "SELECT label FROM item").at(0).text(0), "after");
}

TEST_P(DatabaseContract, AJobGoesOnAfterAUniqueConflict) {
  run_statement(*database_, insert_item, {5, "old", Bytes{}});
  const auto conflicts = database_->write([](Transaction& transaction) -> Expected<int> {
    int caught = 0;
    transaction.execute(insert_item, {1, "first", Bytes{}});
    try {
      // The whole statement is undone, its first row too.
      transaction.execute("INSERT INTO item (id) VALUES (4), (5)");
    } catch (const UniqueConflict&) {
      ++caught;
    }
    try {
      transaction.query("INSERT INTO item (id) VALUES ($1) RETURNING id", {1});
    } catch (const UniqueConflict&) {
      ++caught;
    }
    transaction.execute(insert_item, {2, "last", Bytes{}});
    return caught;
  });
  EXPECT_EQ(conflicts, 2);
  const Rows rows = read_rows(*database_, "SELECT id, label FROM item ORDER BY id");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].integer(0), 1);
  EXPECT_EQ(rows[1].integer(0), 2);
  EXPECT_EQ(rows[2].text(1), "old");
}

TEST_P(DatabaseContract, AnUncaughtConflictUndoesTheJob) {
  EXPECT_THROW(database_->write([](Transaction& transaction) -> Status {
    transaction.execute(insert_item, {1, "first", Bytes{}});
    transaction.execute(insert_item, {1, "again", Bytes{}});
    return {};
  }),
               UniqueConflict);
  EXPECT_EQ(items(), 0);
}

TEST_P(DatabaseContract, OtherFailuresMayNotBeSwallowed) {
  const auto swallow = [&](std::string_view bad_sql) {
    return error_kind([&] {
      (void)database_->write([&](Transaction& transaction) -> Status {
        transaction.execute(insert_item, {1, "first", Bytes{}});
        try {
          transaction.execute(bad_sql);
        } catch (const StoreError&) {
        }
        try {
          transaction.execute(insert_item, {2, "second", Bytes{}});
        } catch (const StoreError&) {
        }
        return {};
      });
    });
  };
  EXPECT_EQ(swallow("INSERT INTO part (item, size) VALUES (77, 1)"), StoreError::Kind::constraint);
  EXPECT_EQ(swallow("INSERT INTO part (item, size) VALUES (1, 0)"), StoreError::Kind::constraint);
  EXPECT_EQ(swallow("INSERT INTO nowhere (id) VALUES (1)"), StoreError::Kind::statement);
  EXPECT_EQ(swallow("INSERT INTO item (id, label) VALUES (3, \"no such column\")"),
            StoreError::Kind::statement);
  EXPECT_EQ(items(), 0);
}

// It would otherwise fail the commit that the job shares with others.
TEST_P(DatabaseContract, ADeferredForeignKeyIsJudgedWithItsJob) {
  ASSERT_TRUE(run_script(*database_,
                         "CREATE TABLE leaf (id INTEGER NOT NULL REFERENCES item (id)"
                         " DEFERRABLE INITIALLY DEFERRED) STRICT"));
  const auto add = [&](int leaf, int item) {
    return database_->write([&](Transaction& transaction) -> Status {
      transaction.execute("INSERT INTO leaf (id) VALUES ($1)", {leaf});
      transaction.execute(insert_item, {item, "late", Bytes{}});
      return {};
    });
  };
  EXPECT_EQ(error_kind([&] { (void)add(1, 2); }), StoreError::Kind::constraint);
  EXPECT_EQ(items(), 0);
  EXPECT_TRUE(add(3, 3));
  EXPECT_EQ(items(), 1);
}

TEST_P(DatabaseContract, MessagesHoldNoParameter) {
  run_statement(*database_, insert_item, {1, "secret-label", Bytes{}});
  try {
    run_statement(*database_, "INSERT INTO item (id, label) VALUES ($1, $2)", {1, "secret-label"});
    ADD_FAILURE();
  } catch (const UniqueConflict& conflict) {
    EXPECT_THAT(conflict.what(), testing::HasSubstr("item"));
    EXPECT_THAT(conflict.what(), testing::Not(testing::HasSubstr("secret-label")));
  }
}

TEST_P(DatabaseContract, AnErrorUndoesTheJobAndComesBack) {
  const auto refused = database_->write([](Transaction& transaction) -> Expected<int> {
    transaction.execute(insert_item, {1, "first", Bytes{}});
    return fail("test.refused", "no");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "test.refused");
  EXPECT_EQ(items(), 0);
}

TEST_P(DatabaseContract, AThrowingJobIsUndoneAndTheWriterLives) {
  struct Unexpected {
    int number;
  };
  try {
    (void)database_->write([](Transaction& transaction) -> Status {
      transaction.execute(insert_item, {1, "first", Bytes{}});
      throw Unexpected{7};
    });
    ADD_FAILURE();
  } catch (const Unexpected& thrown) {
    EXPECT_EQ(thrown.number, 7);
  }
  EXPECT_EQ(items(), 0);
  EXPECT_EQ(run_statement(*database_, insert_item, {1, "next", Bytes{}}), 1);
}

// Every third job fails in one of two ways, all at once: the others must all be there, those not.
TEST_P(DatabaseContract, JobsDoNotDisturbEachOther) {
  constexpr int threads = 6;
  constexpr int jobs = 60;
  std::atomic<int> failed{0};
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (int job = 0; job < jobs; ++job) {
        const int id = thread * jobs + job;
        try {
          const auto written = database_->write([&](Transaction& transaction) -> Status {
            transaction.execute(insert_item, {2 * id, "one", Bytes{}});
            if (id % 6 == 1) return fail("test.refused", "no");
            if (id % 6 == 4) throw std::runtime_error("no");
            transaction.execute(insert_item, {2 * id + 1, "two", Bytes{}});
            return {};
          });
          if (!written) ++failed;
        } catch (const std::runtime_error&) {
          ++failed;
        }
      }
    });
  }
  for (auto& thread : running) thread.join();
  EXPECT_EQ(failed, threads * jobs / 3);
  EXPECT_EQ(items(), 2 * (threads * jobs - failed));
  EXPECT_EQ(read_integer(*database_, "SELECT COUNT(*) FROM item WHERE id / 2 % 3 = 1"), 0);
}

// Each job reads what the one before it wrote: none lost, none run twice, none beside another.
TEST_P(DatabaseContract, ConcurrentWritersLoseNothing) {
  constexpr int threads = 8;
  constexpr int jobs = 500;
  run_statement(*database_, insert_item, {-1, std::nullopt, std::nullopt});
  std::vector<std::thread> running;
  std::vector<std::vector<std::int64_t>> received(threads);
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (int job = 0; job < jobs; ++job) {
        const auto next = database_->write([](Transaction& transaction) -> Expected<std::int64_t> {
          const auto last = transaction.query("SELECT MAX(id) FROM item").at(0).integer(0);
          transaction.execute(insert_item, {last + 1, "row", Bytes{0}});
          return last + 1;
        });
        received[std::size_t(thread)].push_back(*next);
      }
    });
  }
  for (auto& thread : running) thread.join();
  std::vector<bool> seen(threads * jobs, false);
  for (const auto& own : received) {
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end()));
    for (const auto id : own) seen.at(std::size_t(id)) = true;
  }
  EXPECT_THAT(seen, testing::Each(true));
  EXPECT_EQ(items(), threads * jobs + 1);
}

TEST_P(DatabaseContract, AReadSeesOneSnapshot) {
  run_statement(*database_, insert_item, {1, "before", Bytes{}});
  const auto inside = database_->read([&](Transaction& transaction) -> Expected<int> {
    const auto before = transaction.query("SELECT id FROM item").size();
    std::thread([&] { run_statement(*database_, insert_item, {2, "during", Bytes{}}); }).join();
    EXPECT_EQ(transaction.query("SELECT id FROM item").size(), before);
    return int(before);
  });
  EXPECT_EQ(inside, 1);
  EXPECT_EQ(items(), 2);
}

TEST_P(DatabaseContract, AnOpenWriteIsNotSeen) {
  (void)database_->write([&](Transaction& transaction) -> Status {
    transaction.execute(insert_item, {1, "open", Bytes{}});
    EXPECT_EQ(std::async(std::launch::async, [&] { return items(); }).get(), 0);
    return {};
  });
  EXPECT_EQ(items(), 1);
}

TEST_P(DatabaseContract, AReadMayNotWrite) {
  EXPECT_EQ(error_kind([&] {
              (void)database_->read([](Transaction& transaction) -> Expected<std::int64_t> {
                return transaction.execute(insert_item, {1, "no", Bytes{}});
              });
            }),
            StoreError::Kind::read_only);
  EXPECT_EQ(items(), 0);
}

TEST_P(DatabaseContract, ReadersAreFreedWhateverHappens) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_THROW((void)database_->read([](Transaction&) -> Status { throw 1; }), int);
    EXPECT_FALSE(database_->read([](Transaction&) -> Status { return fail("test.no", ""); }));
    EXPECT_THROW(read_rows(*database_, "SELECT nonsense"), StoreError);
  }
  EXPECT_EQ(items(), 0);
}

TEST_P(DatabaseContract, ManyReadersWhileWriting) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 12; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const Rows sums =
            read_rows(*database_, "SELECT COUNT(*), COUNT(*) - 2 * COUNT(content) FROM item");
        EXPECT_EQ(sums[0].integer(1), 0);  // rows come in pairs, one with content
      }
    });
  }
  for (int id = 0; id < 200; ++id) {
    (void)database_->write([&](Transaction& transaction) -> Status {
      transaction.execute(insert_item, {2 * id, "pair", Bytes{0}});
      transaction.execute(insert_item, {2 * id + 1, "pair", std::nullopt});
      return {};
    });
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(items(), 400);
}

TEST_P(DatabaseContract, StatementsFollowAChangedSchema) {
  run_statement(*database_, insert_item, {1, "row", Bytes{}});
  EXPECT_EQ(read_rows(*database_, "SELECT * FROM item").at(0).size(), 3u);
  ASSERT_TRUE(run_script(*database_, "ALTER TABLE item ADD COLUMN extra TEXT"));
  EXPECT_EQ(read_rows(*database_, "SELECT * FROM item").at(0).size(), 4u);
}

TEST_P(DatabaseContract, ClosingKeepsEverything) {
  run_statement(*database_, insert_item, {1, "row", Bytes{0}});
  database_.reset();
  database_ = open_();
  EXPECT_EQ(items(), 1);
}

constexpr Migration migration_one{1, "people",
                                  "CREATE TABLE person (id INTEGER NOT NULL) STRICT;"
                                  "INSERT INTO person (id) VALUES (1);"};
constexpr Migration migration_two{2, "names",
                                  "ALTER TABLE person ADD COLUMN name TEXT;"
                                  "UPDATE person SET name = 'Zoé';"};

TEST_P(DatabaseContract, MigrationsRunOnce) {
  ASSERT_TRUE(migrate(*database_, std::vector{migration_one}));
  ASSERT_TRUE(migrate(*database_, std::vector{migration_one}));
  EXPECT_EQ(read_integer(*database_, "SELECT COUNT(*) FROM person"), 1);
  database_.reset();
  database_ = open_();
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(migrate(*database_, std::vector{migration_one, migration_two}));
    EXPECT_EQ(read_rows(*database_, "SELECT name FROM person").at(0).text(0), "Zoé");
    EXPECT_EQ(read_integer(*database_, "SELECT MAX(version) FROM schema_version"), 2);
  }
}

TEST_P(DatabaseContract, ANewerDatabaseIsRefused) {
  ASSERT_TRUE(migrate(*database_, std::vector{migration_one, migration_two}));
  const auto older = migrate(*database_, std::vector{migration_one});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, "store.schema_newer");
  const auto other =
      migrate(*database_, std::vector{migration_one, Migration{2, "numbers", "DROP TABLE person"}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "store.schema_differs");
  EXPECT_EQ(read_integer(*database_, "SELECT COUNT(*) FROM person"), 1);
}

TEST_P(DatabaseContract, AFailingMigrationLeavesTheVersionBefore) {
  const Migration bad{2, "bad",
                      "CREATE TABLE half (id INTEGER) STRICT;"
                      "INSERT INTO person (id) VALUES (NULL);"};
  EXPECT_EQ(error_kind([&] {
              (void)migrate(*database_, std::vector{migration_one, bad});
            }),
            StoreError::Kind::constraint);
  EXPECT_EQ(read_integer(*database_, "SELECT MAX(version) FROM schema_version"), 1);
  EXPECT_THROW(read_rows(*database_, "SELECT id FROM half"), StoreError);
  EXPECT_TRUE(migrate(*database_, std::vector{migration_one, migration_two}));
}

TEST_P(DatabaseContract, TwoProgramsMayMigrateAtOnce) {
  const auto other = open_();
  auto first = std::async(std::launch::async, [&] {
    return migrate(*database_, std::vector{migration_one, migration_two}).has_value();
  });
  EXPECT_TRUE(migrate(*other, std::vector{migration_one, migration_two}));
  EXPECT_TRUE(first.get());
  EXPECT_EQ(read_integer(*database_, "SELECT COUNT(*) FROM person"), 1);
}

}  // namespace isoloir::store
