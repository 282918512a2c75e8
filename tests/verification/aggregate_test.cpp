#include "verification/aggregate.hpp"

#include <gtest/gtest.h>

#include "crypto/schnorr.hpp"

namespace isoloir {
namespace {

TEST(Aggregates, OnAllCoresAreTheSums) {
  SeededRandom random{5};
  const Ciphertext base{KeyPair::generate(random).key, KeyPair::generate(random).key};
  std::vector<std::vector<Ciphertext>> ballots;
  Aggregate one_by_one(2);
  Ciphertext running = base;
  for (int i = 0; i < 700; ++i) {
    running = {running.alpha + base.alpha, running.beta + base.beta};
    ballots.push_back({running, base});
    one_by_one.add(ballots.back());
  }
  const Aggregate parallel = aggregate(2, ballots);
  EXPECT_EQ(parallel.ballots, 700u);
  EXPECT_EQ(parallel.sums, one_by_one.sums);
  EXPECT_EQ(aggregate(2, {}).sums, std::vector<Ciphertext>(2));
}

}  // namespace
}  // namespace isoloir
