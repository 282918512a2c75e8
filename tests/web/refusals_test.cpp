#include "web/refusals.hpp"

#include <gtest/gtest.h>

namespace isoloir::web {
namespace {

TEST(Refusals, AnAttemptCountsWhileItLastsAndStaysWhereItIsRefused) {
  Refusals refusals(2);
  {
    const auto first = refusals.begin("a", 0), second = refusals.begin("a", 1);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(refusals.begin("a", 2));
    EXPECT_TRUE(refusals.begin("b", 2));
  }
  for (int i = 0; i < 2; ++i) {
    auto refused = refusals.begin("a", 3);
    ASSERT_TRUE(refused);
    refused->refuse();
  }
  EXPECT_FALSE(refusals.begin("a", 59'999));
  EXPECT_TRUE(refusals.begin("b", 59'999));
  EXPECT_TRUE(refusals.begin("a", 60'000));
}

TEST(Refusals, WhatEndsInAnotherMinuteGivesNothingBackThere) {
  Refusals refusals(1);
  auto old = refusals.begin("a", 0), other = refusals.begin("b", 0);
  const auto now = refusals.begin("a", 60'000);
  ASSERT_TRUE(now);
  old.reset();
  other.reset();
  EXPECT_FALSE(refusals.begin("a", 60'000));
  const auto b = refusals.begin("b", 60'000);
  EXPECT_TRUE(b);
  EXPECT_FALSE(refusals.begin("b", 60'000));
}

TEST(Refusals, AClockThatWasReadBeforeTheMinuteTurnedForgetsNothing) {
  Refusals refusals(1);
  const auto now = refusals.begin("a", 60'000);
  EXPECT_TRUE(now);
  EXPECT_FALSE(refusals.begin("a", 59'999));
  EXPECT_FALSE(refusals.begin("a", 60'001));
}

}  // namespace
}  // namespace isoloir::web
