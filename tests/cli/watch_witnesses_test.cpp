#include <gtest/gtest.h>

#include "cli/duties.hpp"
#include "cli/witness_watch.hpp"

namespace isoloir::cli {
namespace {

// However far apart they were started.
TEST(WatchWitnesses, AllLookAtTheSameMoments) {
  constexpr TimeMs hour = 1'669'899'600'000;
  for (const std::int64_t started : {0, 1, 4'999, 5'000, 9'999}) {
    const TimeMs now = hour + started;
    EXPECT_EQ(now + ms_to_next_look(now, 10), hour + 10'000);
  }
  EXPECT_EQ(ms_to_next_look(hour, 10), 10'000);
}

TEST(WatchWitnesses, SaysOnceThatCheckpointsWaitAndOnceThatTheyNoLongerDo) {
  ManualClock clock(1'669'900'000'000);
  const auto began = clock.now();
  Log::Standing standing{2, 16, 0, {}, 0, {}, {{"one.example", began, 3}, {"two.example", {}, 4}}};
  std::vector<std::string> said;
  auto duty = watch_witnesses([&] { return standing; }, clock,
                              [&](std::string_view line) { said.emplace_back(line); });
  const auto told = [&](std::int64_t seconds) {
    said.clear();
    clock.set(began + 1000 * seconds);
    duty.work();
    return said.empty() ? "" : said.size() == 1 ? said[0] : "more than once";
  };
  EXPECT_EQ(told(3600), "");
  standing.waiting = 1;
  standing.waiting_since = began + 3'600'000;
  EXPECT_EQ(told(3600 + 60), "");
  standing.waiting = 13;
  EXPECT_EQ(told(3600 + 61),
            "checkpoints wait for witnesses, and new receipts with them: 13, of which each needs 2 "
            "cosignatures; last heard of one.example: Thursday 1 December 2022 at 14:06 (Paris "
            "time), two.example: never");
  EXPECT_EQ(told(3600 + 66), "");
  standing.waiting = 1;
  standing.waiting_since = began + 3'660'000;
  EXPECT_EQ(told(3600 + 71), "checkpoints no longer wait long for witnesses");
  EXPECT_EQ(told(3600 + 76), "");
  EXPECT_TRUE(told(3600 + 121).starts_with("checkpoints wait for witnesses"));
  standing.waiting = 0;
  standing.waiting_since.reset();
  EXPECT_EQ(told(3600 + 126), "checkpoints no longer wait long for witnesses");
}

TEST(WatchWitnesses, SaysWhichOneIsBehindWhileEnoughOthersSign) {
  ManualClock clock(1'669'900'000'000);
  const auto began = clock.now();
  Log::Standing standing{
      1, 16, 16, began, 0, {}, {{"one.example", began, 0}, {"two.example", {}, 1, began}}};
  std::string said;
  auto duty = watch_witnesses([&] { return standing; }, clock,
                              [&](std::string_view line) { said += std::string(line) + "\n"; });
  const auto told = [&](std::int64_t seconds) {
    clock.set(began + 1000 * seconds);
    duty.work();
    return std::exchange(said, {});
  };
  auto& two = standing.witnesses[1];
  EXPECT_EQ(told(60), "");
  EXPECT_EQ(told(61),
            "the witness two.example is behind by more than a minute, 1 checkpoint; last heard of: "
            "never\n");
  EXPECT_EQ(told(66), "");
  two = {"two.example", clock.now(), 0, {}};
  EXPECT_EQ(told(71), "the witness two.example is no longer behind\n");
  EXPECT_EQ(told(76), "");
  two.waiting_since = began + 71'000;
  two.behind = 13;
  EXPECT_EQ(told(132),
            "the witness two.example is behind by more than a minute, 13 checkpoints; last heard "
            "of: Thursday 1 December 2022 at 14:07 (Paris time)\n");
}

}  // namespace
}  // namespace isoloir::cli
