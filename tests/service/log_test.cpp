#include "board/log.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/temporary_folder.hpp"
#include "service/schema.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir {
namespace {

struct LogTest : testing::Test {
  LogTest() {
    database = store::open_sqlite({.path = folder / "log.sqlite"});
    EXPECT_TRUE(store::migrate(*database, schema_migrations()));
  }
  std::unique_ptr<Log> open(std::uint64_t seed = 5, const std::filesystem::path& signed_file = {}) {
    SeededRandom keys(seed);
    return std::make_unique<Log>(*database, "log.example/1", Ed25519KeyPair::generate(keys), random,
                                 clock, take_leaves, signed_file);
  }
  // In clear, in the place of what service/election_log keeps under the link key.
  void wait_in_line(const Bytes& entry) {
    ASSERT_TRUE(database->write([&](store::Transaction& transaction) -> Status {
      transaction.execute("INSERT INTO pending_leaf (id, sealed) VALUES ($1, $1)",
                          {ByteView(leaf_hash(entry))});
      return {};
    }));
  }
  static std::vector<Digest> take_leaves(store::Transaction& transaction) {
    std::vector<Digest> leaves;
    for (const auto& row : transaction.query("SELECT sealed FROM pending_leaf")) {
      leaves.push_back(row.array<32>(0));
    }
    transaction.execute("DELETE FROM pending_leaf");
    return leaves;
  }
  const TemporaryFolder own;
  const std::filesystem::path folder = own.path();
  SystemRandom random;
  ManualClock clock{1'000};
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
  const Bytes entry = ballot_entry(ReceiptKey::of_bytes(random.array<32>()), tracker);
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

// The rows are committed, the answer is lost on its way: as after an I/O error of the commit.
class LosesAnswers final : public store::Database {
 public:
  explicit LosesAnswers(store::Database& database) : database_(database) {}
  bool before = false;
  bool after = false;
  std::size_t queued_writes() const override { return 0; }
  std::optional<store::StoreError::Kind> trouble() const override { return std::nullopt; }
  void erase_traces() override {}

 protected:
  void run_write(const Step& step) override {
    const auto lost = [] { return store::StoreError(store::StoreError::Kind::io, "no answer"); };
    (void)database_.write([&](store::Transaction& transaction) -> Status {
      if (!step(transaction) || before) return fail("rolled.back", "");
      return {};
    });
    if (before || after) throw lost();
  }
  void run_read(const Step& step) override {
    (void)database_.read([&](store::Transaction& transaction) -> Status {
      if (!step(transaction)) return fail("rolled.back", "");
      return {};
    });
  }

 private:
  store::Database& database_;
};

TEST_F(LogTest, ARoundWhoseAnswerWasLostIsTakenUp) {
  LosesAnswers faulty(*database);
  SeededRandom keys(5);
  const auto pair = Ed25519KeyPair::generate(keys);
  Log log(faulty, "log.example/1", Ed25519KeyPair::of(pair.seed.clone()), random, clock,
          take_leaves);
  log.append_round(true);
  const Tracker tracker{random.array<32>()};
  const Bytes entry = ballot_entry(ReceiptKey::of_bytes(random.array<32>()), tracker);
  wait_in_line(entry);

  faulty.before = true;  // nothing was written
  EXPECT_THROW(log.append_round(true), store::StoreError);
  EXPECT_EQ(log.size(), 16u);
  faulty.before = false;
  faulty.after = true;  // everything was
  EXPECT_THROW(log.append_round(true), store::StoreError);
  EXPECT_EQ(log.size(), 16u);
  EXPECT_FALSE(log.receipt(entry));
  faulty.after = false;
  log.append_round(false);
  EXPECT_EQ(log.size(), 32u);
  const auto receipt = log.receipt(entry);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(check_receipt(*receipt, "log.example/1", pair.key).value(), tracker);
  log.append_round(true);
  EXPECT_EQ(log.size(), 48u);
  EXPECT_EQ(open()->size(), 48u);  // and the same from disk

  // Another's round is not taken for the lost one.
  faulty.before = true;
  EXPECT_THROW(log.append_round(true), store::StoreError);
  faulty.before = false;
  open()->append_round(true);
  EXPECT_THROW(log.append_round(true), std::runtime_error);
}

// A whole and consistent copy, but an older one: what the log has signed since is told by the file.
TEST_F(LogTest, AnOlderCopyOfTheDatabaseRefusesToStart) {
  const auto signed_file = folder / "signed";
  const auto copy = [&](const char* from, const char* to) {
    database.reset();
    std::filesystem::copy_file(folder / from, folder / to,
                               std::filesystem::copy_options::overwrite_existing);
    database = store::open_sqlite({.path = folder / "log.sqlite"});
  };
  open(5, signed_file)->append_round(true);
  copy("log.sqlite", "older.sqlite");
  open(5, signed_file)->append_round(true);
  copy("log.sqlite", "newest.sqlite");
  copy("older.sqlite", "log.sqlite");
  EXPECT_THROW(open(5, signed_file), std::runtime_error);
  // A second history of the same length is none either.
  open()->append_round(true);
  EXPECT_THROW(open(5, signed_file), std::runtime_error);
  copy("newest.sqlite", "log.sqlite");
  EXPECT_EQ(open(5, signed_file)->size(), 32u);
  EXPECT_EQ(open(5, folder / "absent")->size(), 32u);
}

// The round counts although the file could not be written; the next one writes it.
TEST_F(LogTest, AFileThatCannotBeWrittenStopsNoRound) {
  const auto signed_file = folder / "missing" / "signed";
  auto log = open(5, signed_file);
  EXPECT_THROW(log->append_round(true), std::filesystem::filesystem_error);
  EXPECT_EQ(log->size(), 16u);
  std::filesystem::create_directory(signed_file.parent_path());
  log->append_round(true);
  EXPECT_EQ(log->size(), 32u);
  EXPECT_TRUE(std::filesystem::exists(signed_file));
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
