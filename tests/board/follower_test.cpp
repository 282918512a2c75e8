#include "board/follower.hpp"

#include "board/test_log.hpp"

namespace isoloir::test {
namespace {

struct FollowerTest : testing::Test {
  FollowerTest() {
    memory.origin = test_origin;
    memory.log_key = key_of(5).key;
    memory.witness = "w.example+00000000+BA==";
  }
  // The error's code, or empty.
  std::string look(TestLog& shown) {
    asked = 0;
    const auto done = follow(memory, shown.log->checkpoint_note(), 1'000, [&](const auto& path) {
      ++asked;
      return change(path, shown.tile(path));
    });
    return done ? "" : done.error().code;
  }
  void expect_kept() {
    const auto again = WitnessMemory::parse(memory.text());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->text(), memory.text());
    EXPECT_EQ(again->tree.root(), memory.tree.root());
    EXPECT_EQ(again->fork, memory.fork);
    EXPECT_EQ(again->witness, memory.witness);
  }

  std::function<Expected<std::string>(const std::string&, Expected<std::string>)> change =
      [](const std::string&, Expected<std::string> tile) { return tile; };
  WitnessMemory memory;
  int asked = 0;
};

TEST(Follower, NamesTiles) {
  EXPECT_EQ(tile_path(0, 0, 256), "tile/0/000");
  EXPECT_EQ(tile_path(1, 7, 5), "tile/1/007.p/5");
  EXPECT_EQ(tile_path(0, 1'234'067, 8), "tile/0/x001/x234/067.p/8");
  EXPECT_EQ(tile_path(0, 1000, 256), "tile/0/x001/000");
}

TEST_F(FollowerTest, FollowsALogThatGrowsAndReadsOnlyWhatIsNew) {
  TestLog log(1);
  for (const std::size_t entries : {1u, 200u, 1u, 300u, 1u, 1u}) {
    log.round(entries);
    EXPECT_EQ(look(log), "");
    EXPECT_EQ(memory.tree.size(), log.log->size());
    EXPECT_EQ(memory.note, log.log->checkpoint_note());
    expect_kept();
    EXPECT_EQ(look(log), "");
    EXPECT_EQ(asked, 0);
  }
  log.round(1);
  EXPECT_EQ(look(log), "");
  EXPECT_EQ(asked, 1);  // of the seven tiles that there are
}

TEST_F(FollowerTest, AForkIsRememberedForEver) {
  for (const std::string how : {"fork.root", "fork.inconsistent", "fork.smaller"}) {
    memory = WitnessMemory{{}, std::string(test_origin), key_of(5).key, "w", {}, {}, {}};
    TestLog ours(1), fork(2);
    ours.round(1);
    ours.round(1);
    EXPECT_EQ(look(ours), "");
    const auto before = memory.note;
    fork.round(1);
    if (how != "fork.smaller") fork.round(1);
    if (how == "fork.inconsistent") fork.round(300);
    const auto as_served = change;
    if (how == "fork.smaller") {  // beside the tiles of the first history
      change = [&](const std::string& path, const Expected<std::string>&) {
        return ours.tile(path);
      };
    }
    EXPECT_EQ(look(fork), how);
    change = as_served;
    ASSERT_TRUE(memory.fork);
    EXPECT_EQ(memory.fork->reason, how);
    EXPECT_EQ(memory.fork->shown, fork.log->checkpoint_note());
    EXPECT_EQ(memory.note, before);
    expect_kept();
    ours.round(1);
    EXPECT_EQ(look(ours), how);  // the first history is not taken up again
    EXPECT_EQ(memory.note, before);
  }
}

TEST_F(FollowerTest, AnOldCheckpointIsNoForkAndIsNotTakenUp) {
  TestLog log(1);
  log.round(1);
  const auto old = log.log->checkpoint_note();
  log.round(300);
  EXPECT_EQ(look(log), "");
  const auto before = memory.text();
  const auto replayed = [&] {
    const auto done =
        follow(memory, old, 1'000, [&](const auto& path) { return change(path, log.tile(path)); });
    return done ? "" : done.error().code;
  };
  EXPECT_EQ(replayed(), "follow.stale");
  EXPECT_EQ(replayed(), "follow.stale");
  change = [](const std::string& path, Expected<std::string> tile) {
    if (path == "tile/0/001") (*tile)[70] = static_cast<char>((*tile)[70] ^ 1);
    return tile;
  };
  EXPECT_EQ(replayed(), "follow.tiles");
  EXPECT_EQ(memory.text(), before);
}

// As after a back-up was put back: what was seen is gone, so nothing shows which history this is.
TEST_F(FollowerTest, ALogThatHasLostEntriesIsNeitherForkNorFollowed) {
  TestLog ours(1), cut(2);
  ours.round(1);
  ours.round(1);
  EXPECT_EQ(look(ours), "");
  const auto before = memory.text();
  cut.round(1);
  EXPECT_EQ(look(cut), "test.missing");
  EXPECT_EQ(memory.text(), before);
  cut.round(1);
  cut.round(1);
  EXPECT_EQ(look(cut), "fork.inconsistent");  // once it has grown past what was seen
}

TEST_F(FollowerTest, WhatIsNotSignedOrDamagedIsNoFork) {
  TestLog log(1), stranger(1, 6);
  log.round(1);
  stranger.round(1);
  EXPECT_EQ(look(stranger), "checkpoint.signature");
  EXPECT_EQ(look(log), "");
  log.round(300);
  const auto good = change;
  change = [](const std::string& path, Expected<std::string> tile) {
    if (path == "tile/0/001") (*tile)[70] = static_cast<char>((*tile)[70] ^ 1);
    return tile;
  };
  EXPECT_EQ(look(log), "follow.tiles");
  change = [](const std::string&, Expected<std::string> tile) { return tile->substr(32); };
  EXPECT_EQ(look(log), "follow.tile");
  change = [](const std::string&, Expected<std::string>) -> Expected<std::string> {
    return fail("fetch.network", "");
  };
  EXPECT_EQ(look(log), "fetch.network");
  EXPECT_FALSE(memory.fork);
  EXPECT_EQ(memory.tree.size(), 16u);
  change = good;
  EXPECT_EQ(look(log), "");
  EXPECT_EQ(memory.tree.size(), log.log->size());
}

TEST_F(FollowerTest, AMemoryThatWasChangedIsRefused) {
  TestLog log(1);
  log.round(1);
  EXPECT_EQ(look(log), "");
  const auto text = memory.text();
  EXPECT_TRUE(WitnessMemory::parse(text));
  for (const std::string from : {"\"size\":16", "\"peaks\":[\"", "log.example"}) {
    auto changed = text;
    changed[changed.find(from) + from.size() - 1] ^= 1;
    EXPECT_EQ(WitnessMemory::parse(changed).error().code, "witness.state") << from;
  }
  EXPECT_FALSE(WitnessMemory::parse("{}"));
  EXPECT_FALSE(WitnessMemory::parse(text.substr(0, text.size() - 1)));
}

}  // namespace
}  // namespace isoloir::test
