// A receipt log with a database and a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <charconv>

#include "base/temporary_folder.hpp"
#include "board/log.hpp"
#include "service/schema.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir::test {

inline constexpr std::string_view test_origin = "log.example/1";

inline Ed25519KeyPair key_of(std::uint64_t seed) {
  SeededRandom keys(seed);
  return Ed25519KeyPair::generate(keys);
}

// A log with a database of its own, in which what `wait` names waits for the next round.
struct TestLog {
  explicit TestLog(std::uint64_t pads, std::uint64_t key = 5) : random(pads) {
    database = store::open_sqlite({.path = folder.file("log.sqlite")});
    EXPECT_TRUE(store::migrate(*database, schema_migrations()));
    log = std::make_unique<Log>(*database, std::string(test_origin), key_of(key), random, clock,
                                [this](store::Transaction&) { return std::exchange(waiting, {}); });
  }
  void round(std::size_t entries, const std::vector<Bytes>& known = {}) {
    for (const auto& entry : known) waiting.push_back(leaf_hash(entry));
    while (waiting.size() < entries) waiting.push_back(random.array<32>());
    log->append_round(true);
  }
  // Full tiles of level 0 and partial ones, as follow() asks for them.
  Expected<std::string> tile(const std::string& path) const {
    if (!path.starts_with("tile/0/")) return fail("test.path", path);
    std::uint64_t index = 0;
    std::size_t width = 256;
    std::from_chars(path.data() + 7, path.data() + 10, index);
    if (path.size() > 10) std::from_chars(path.data() + 13, path.data() + path.size(), width);
    const auto tile = log->tile(0, index, width);
    if (!tile) return fail("test.missing", path);
    return std::string(as_text(*tile));
  }

  TemporaryFolder folder;
  SeededRandom random;
  ManualClock clock{1'000};
  std::vector<Digest> waiting;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Log> log;
};

}  // namespace isoloir::test
