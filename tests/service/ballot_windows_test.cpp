// Which ballots are judged together, with a judge that is told when to begin; each verdict goes to
// whom it is of.
#include "service/ballot_windows.hpp"

#include <gtest/gtest.h>

#include <future>
#include <semaphore>
#include <thread>

#include "election/ballot.hpp"

namespace isoloir {
namespace {

BallotPlace contest(std::uint32_t number, std::size_t options = 1) {
  BallotPlace place;
  place.contest = number;
  place.options = options;
  return place;
}

// A ballot here is a byte: 'x' is bad, and of a window with '!' nothing can be said.
class Judged {
 public:
  explicit Judged(std::size_t cores = 1, std::size_t options_in_window = 100)
      : windows_({[this](const BallotPlace& place, auto ballots) { return judge(place, ballots); },
                  [this](const BallotPlace& place, ByteView ballot) {
                    return judge(place, std::array{ballot}, true)[0]
                               ? Status()
                               : fail("ballot.signature", "bad");
                  }},
                 cores, options_in_window) {}

  // Comes, and is at work or waits when this returns.
  std::future<std::string> arrives(char ballot, BallotPlace place = contest(0)) {
    const auto before = windows_.waiting();
    const auto begun = said().size();
    auto verdict = std::async(std::launch::async, [this, ballot, place]() -> std::string {
      const Bytes bytes{static_cast<std::uint8_t>(ballot)};
      const auto status = windows_.judge(place, bytes);
      return status ? "good" : status.error().message;
    });
    while (windows_.waiting() == before && said().size() == begun) std::this_thread::yield();
    return verdict;
  }
  void go_on(std::ptrdiff_t judgements = 1) { may_end_.release(judgements); }
  void wait_until_begun(std::size_t judgements) const {
    while (said().size() < judgements) std::this_thread::yield();
  }
  // Contest and ballots of each window and "alone" of each single judgement, as they began.
  std::vector<std::string> said() const {
    const std::lock_guard lock(mutex_);
    return said_;
  }

 private:
  std::vector<bool> judge(const BallotPlace& place, std::span<const ByteView> ballots,
                          bool alone = false) {
    std::string said = alone ? "alone " : std::to_string(place.contest) + " ";
    std::vector<bool> good;
    for (const auto ballot : ballots) {
      said += static_cast<char>(ballot[0]);
      good.push_back(ballot[0] != 'x');
    }
    {
      const std::lock_guard lock(mutex_);
      said_.push_back(said);
    }
    may_end_.acquire();
    if (!alone && said.ends_with('!')) throw std::bad_alloc();
    return good;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> said_;
  std::counting_semaphore<> may_end_{0};
  BallotWindows windows_;
};

using Said = std::vector<std::string>;

TEST(BallotWindows, TheFirstIsJudgedAtOnceAndTheNextTogether) {
  Judged judged;
  auto first = judged.arrives('a');
  EXPECT_EQ(judged.said(), Said{"0 a"});
  auto second = judged.arrives('b'), third = judged.arrives('c');
  EXPECT_EQ(judged.said(), Said{"0 a"});
  judged.go_on(2);
  for (auto* verdict : {&first, &second, &third}) EXPECT_EQ(verdict->get(), "good");
  EXPECT_EQ(judged.said(), (Said{"0 a", "0 bc"}));
}

TEST(BallotWindows, WhoIsInAWindowWithABadBallotDoesNotWaitForItsJudgement) {
  Judged judged;
  auto first = judged.arrives('a'), good = judged.arrives('b'), bad = judged.arrives('x');
  judged.go_on(2);
  EXPECT_EQ(first.get(), "good");
  EXPECT_EQ(good.get(), "good");  // while the bad one's has not ended
  judged.wait_until_begun(3);
  EXPECT_EQ(judged.said(), (Said{"0 a", "0 bx", "alone x"}));
  judged.go_on();
  EXPECT_EQ(bad.get(), "bad");
}

TEST(BallotWindows, AJudgementAloneTakesACoreAsAWindowDoes) {
  Judged judged;
  auto bad = judged.arrives('x');
  judged.go_on();
  judged.wait_until_begun(2);
  auto next = judged.arrives('a');
  EXPECT_EQ(judged.said(), (Said{"0 x", "alone x"}));
  judged.go_on(2);
  EXPECT_EQ(bad.get(), "bad");
  EXPECT_EQ(next.get(), "good");
}

TEST(BallotWindows, AWindowHoldsOneContestInTheOrderOfArrivalAndNoMoreThanItsOptions) {
  Judged judged(1, 10);
  std::vector<std::future<std::string>> verdicts;
  verdicts.push_back(judged.arrives('a', contest(0, 5)));
  for (const char ballot : {'b', 'c', 'd'}) {
    verdicts.push_back(judged.arrives(ballot, contest(0, 5)));
    verdicts.push_back(judged.arrives(ballot, contest(1, 50)));
  }
  judged.go_on(6);
  for (auto& verdict : verdicts) EXPECT_EQ(verdict.get(), "good");
  EXPECT_EQ(judged.said(), (Said{"0 a", "0 bc", "1 b", "1 c", "0 d", "1 d"}));
}

TEST(BallotWindows, AsManyAreAtWorkAsThereAreCores) {
  Judged judged(2);
  auto first = judged.arrives('a'), second = judged.arrives('b');
  EXPECT_EQ(judged.said(), (Said{"0 a", "0 b"}));
  auto third = judged.arrives('c'), fourth = judged.arrives('d');
  EXPECT_EQ(judged.said().size(), 2u);
  judged.go_on(4);  // the cores may become free one after the other, or both at once
  for (auto* verdict : {&first, &second, &third, &fourth}) EXPECT_EQ(verdict->get(), "good");
}

TEST(BallotWindows, WhereTheyCannotBeJudgedTogetherEachGoesByItself) {
  Judged judged;
  auto first = judged.arrives('a'), second = judged.arrives('x'), third = judged.arrives('!');
  judged.go_on(4);
  EXPECT_EQ(first.get(), "good");
  EXPECT_EQ(second.get(), "bad");
  EXPECT_EQ(third.get(), "good");
  EXPECT_EQ(judged.said()[1], "0 x!");
}

// Real ballots of two districts, of which a proof of one is wrong.
TEST(BallotWindows, JudgesAsLibsodiumDoesWhateverComesTogether) {
  SystemRandom random;
  const Fingerprint fingerprint{random.array<32>()};
  const KeyPair election = KeyPair::generate(random);
  const BallotPlace place{fingerprint, 3, {}, 4, election.key};
  std::vector<Bytes> ballots;
  for (std::uint32_t i = 0; i < 12; ++i) {
    const KeyPair voter = KeyPair::generate(random);
    ballots.push_back(
        make_ballot(fingerprint, 3, i % 2, 4, i % 4, election.key, voter.secret.reveal(), random)
            .encode());
  }
  ballots[5][ballots[5].size() - 1] ^= 1;
  ballots[7][40] ^= 1;  // now of another district than it was made for
  BallotWindows windows(random);
  std::vector<std::future<Status>> verdicts;
  for (const auto& ballot : ballots) {
    verdicts.push_back(
        std::async(std::launch::async, [&] { return windows.judge(place, ballot); }));
  }
  for (std::size_t i = 0; i < ballots.size(); ++i) {
    const auto verdict = verdicts[i].get(), expected = judge_ballot(place, ballots[i]);
    EXPECT_EQ(expected.has_value(), i != 5 && i != 7);
    EXPECT_EQ(verdict ? "good" : verdict.error().code, expected ? "good" : expected.error().code);
  }
}

}  // namespace
}  // namespace isoloir
