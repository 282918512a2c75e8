// Sums on all cores against sums one after the other.
#include "verification/aggregate.hpp"

#include <gtest/gtest.h>

#include "election/ballot.hpp"

namespace isoloir {
namespace {

class BallotSumsTest : public testing::Test {
 protected:
  static constexpr std::size_t options = 3;

  Bytes ballot(std::uint32_t choice) {
    return make_ballot({}, 0, 0, options, choice, election_.key, voter_.secret.reveal(), random_)
        .encode();
  }

  SeededRandom random_{77};
  const KeyPair election_ = KeyPair::generate(random_), voter_ = KeyPair::generate(random_);
};

TEST_F(BallotSumsTest, AreTheSumsOfEachBallot) {
  std::vector<Bytes> made;
  for (std::uint32_t i = 0; i < 12; ++i) made.push_back(ballot(i % 3));
  std::vector<ByteView> ballots;
  Aggregate expected(options);
  for (std::size_t i = 0; i < 700; ++i) {
    ballots.push_back(made[i * i % made.size()]);
    expected.add(Ballot::decode(ballots.back(), options)->options);
  }
  BallotSums sums(options);
  EXPECT_TRUE(sums.add({}).has_value());
  EXPECT_EQ(sums.aggregate().sums, std::vector<Ciphertext>(options));
  EXPECT_TRUE(sums.add(std::span(ballots).first(300)).has_value());
  EXPECT_TRUE(sums.add(std::span(ballots).subspan(300)).has_value());
  EXPECT_EQ(sums.aggregate().ballots, 700u);
  EXPECT_EQ(sums.aggregate().sums, expected.sums);
}

TEST_F(BallotSumsTest, NothingOfAFewIsAddedWhereOneCannotBeRead) {
  const Bytes good = ballot(0);
  Bytes not_canonical = good, short_one = good;
  not_canonical[76 + 288 + 32 + 31] |= 0x80;
  short_one.pop_back();
  BallotSums sums(options);
  EXPECT_EQ(sums.add(std::array<ByteView, 2>{good, not_canonical}).error().code, "ballot.encoding");
  EXPECT_EQ(sums.add(std::array<ByteView, 2>{good, short_one}).error().code, "ballot.length");
  EXPECT_EQ(sums.aggregate().ballots, 0u);
  EXPECT_EQ(sums.aggregate().sums, std::vector<Ciphertext>(options));
}

}  // namespace
}  // namespace isoloir
