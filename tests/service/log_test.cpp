#include "board/log.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "service/schema.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir {
namespace {

struct LogTest : testing::Test {
  LogTest() {
    std::filesystem::create_directories(folder);
    database = store::open_sqlite({.path = folder / "log.sqlite"});
    EXPECT_TRUE(store::migrate(*database, schema_migrations()));
  }
  ~LogTest() override {
    database.reset();
    std::filesystem::remove_all(folder);
  }
  std::unique_ptr<Log> open(std::uint64_t seed = 5) {
    SeededRandom keys(seed);
    return std::make_unique<Log>(*database, "log.example/1", Ed25519KeyPair::generate(keys),
                                 random);
  }
  void wait_in_line(const Bytes& entry) {
    ASSERT_TRUE(database->write([&](store::Transaction& transaction) -> Status {
      transaction.execute("INSERT INTO pending_leaf (leaf) VALUES ($1)",
                          {ByteView(leaf_hash(entry))});
      return {};
    }));
  }
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("isoloir-log-" + std::to_string(::getpid()));
  SystemRandom random;
  std::unique_ptr<store::Database> database;
};

TEST_F(LogTest, RoundsHideHowManyWait) {
  auto log = open();
  log->append_round(false);
  EXPECT_EQ(log->size(), 0u);
  log->append_round(true);
  EXPECT_EQ(log->size(), 16u);
  wait_in_line(pad_entry({}));
  log->append_round(true);
  EXPECT_EQ(log->size(), 32u);
  for (std::uint8_t i = 1; i <= 17; ++i) wait_in_line(Bytes{1, i});
  log->append_round(true);
  EXPECT_EQ(log->size(), 32u + 64u);
}

TEST_F(LogTest, ReceiptsHoldAndSurviveARestart) {
  const Tracker tracker{random.array<32>()};
  const Bytes entry = ballot_entry(random.array<32>(), tracker);
  SeededRandom keys(5);
  const auto key = Ed25519KeyPair::generate(keys).key;
  {
    auto log = open();
    log->append_round(true);
    wait_in_line(entry);
    EXPECT_FALSE(log->receipt(entry));
    log->append_round(true);
    const auto receipt = log->receipt(entry);
    ASSERT_TRUE(receipt);
    EXPECT_EQ(check_receipt(*receipt, "log.example/1", key).value(), tracker);
  }
  auto log = open();
  EXPECT_EQ(log->size(), 32u);
  EXPECT_EQ(check_receipt(*log->receipt(entry), "log.example/1", key).value(), tracker);
  EXPECT_EQ(log->tile(0, 0, 32)->size(), 32u * 32u);
  EXPECT_FALSE(log->tile(0, 0, 33));
  EXPECT_FALSE(log->tile(1, 0, 1));
}

// A backup restored under a log that has signed more must not sign a second history.
TEST_F(LogTest, ALogBehindItsCheckpointRefusesToStart) {
  open()->append_round(true);
  ASSERT_TRUE(database->write([&](store::Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM log_leaf WHERE position = 15");
    return {};
  }));
  EXPECT_THROW(open(), std::runtime_error);
  EXPECT_THROW(open(6), std::runtime_error);  // another key
}

TEST_F(LogTest, ASecondSequencerIsFencedOff) {
  auto first = open();
  auto second = open();
  first->append_round(true);
  EXPECT_THROW(second->append_round(true), std::runtime_error);
  EXPECT_EQ(second->size(), 0u);
}

}  // namespace
}  // namespace isoloir
