#include "bench/ks_distance.hpp"

#include <gtest/gtest.h>

namespace isoloir::bench {
namespace {

TEST(KsDistance, SmallSamplesByHand) {
  EXPECT_DOUBLE_EQ(ks_distance({1, 2, 3, 4}, {3, 4, 5, 6}), 0.5) << "after 2: 2/4 - 0";
  EXPECT_DOUBLE_EQ(ks_distance({6, 3, 5, 4}, {1, 2, 3, 4}), 0.5) << "in any order, either way";
  EXPECT_DOUBLE_EQ(ks_distance({1, 2}, {1, 2, 3}), 1.0 / 3) << "after 2: 2/2 - 2/3";
  EXPECT_DOUBLE_EQ(ks_distance({1, 2}, {3, 4}), 1);
  EXPECT_DOUBLE_EQ(ks_distance({2}, {2}), 0);
}

// What timers bring: counting one sample's before the other's would find 1 here.
TEST(KsDistance, TiesAreNoDistance) {
  EXPECT_DOUBLE_EQ(ks_distance({7, 7, 7}, {7, 7, 7}), 0);
  EXPECT_DOUBLE_EQ(ks_distance({1, 1, 2}, {1, 2, 2}), 1.0 / 3);
}

// R 4.2: ks.test(a, b)$statistic
TEST(KsDistance, AsRHasIt) {
  const std::vector<double> a = {512, 498, 530, 505, 511, 620, 499, 505, 507, 515, 503, 498};
  const std::vector<double> b = {520, 505, 541, 511, 533, 519, 702, 511, 505, 528};
  EXPECT_NEAR(ks_distance(a, b), 0.433333333333333, 1e-12);
}

// The tables' 1.36 √(2/n) at 5 %, 1.63 √(2/n) at 1 %.
TEST(KsDistance, CriticalValuesAreTheTables) {
  EXPECT_NEAR(ks_critical_value(1000, 1000, 0.05), 1.36 * std::sqrt(2.0 / 1000), 2e-4);
  EXPECT_NEAR(ks_critical_value(1000, 1000, 0.01), 1.63 * std::sqrt(2.0 / 1000), 2e-4);
  EXPECT_NEAR(ks_critical_value(100, 300, 0.05), 1.36 * std::sqrt(400.0 / 30000), 3e-4);
}

}  // namespace
}  // namespace isoloir::bench
