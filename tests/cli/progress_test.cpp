#include <gtest/gtest.h>

#include "cli/anchors.hpp"

namespace isoloir::cli {
namespace {

TEST(Progress, SaysTheSpeedOfBallotsAndTheTimeThatIsLeft) {
  EXPECT_EQ(progress_text(10, 0, 1200000, 0), "V10: 0 of 1200000");
  EXPECT_EQ(progress_text(10, 4096, 1200000, 2700),
            "V10: 4096 of 1200000, 2700 ballots a second, 7 min 23 s left");
  EXPECT_EQ(progress_text(10, 1200000, 1200000, 2700),
            "V10: 1200000 of 1200000, 2700 ballots a second, 0 s left");
  EXPECT_EQ(progress_text(10, 5, 1200000, 100.4),
            "V10: 5 of 1200000, 100 ballots a second, 3 h 19 min left");
  EXPECT_EQ(progress_text(1, 100, 200, 50), "V1: 100 of 200, 2 s left");
  EXPECT_EQ(progress_text(10, 20, 10, 1), "V10: 20 of 10, 1 ballots a second, 0 s left");
}

}  // namespace
}  // namespace isoloir::cli
