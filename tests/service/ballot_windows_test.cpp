// Which ballots are judged together, with a judge that is told when to begin; each verdict goes to
// whom it is of.
#include "service/ballot_windows.hpp"

#include <gtest/gtest.h>

#include <future>
#include <semaphore>
#include <thread>

#include "election/election_fixture.hpp"

namespace isoloir {
namespace {

BallotPlace contest(std::uint32_t number, std::size_t options = 1) {
  BallotPlace place;
  place.contest = number;
  place.options = options;
  return place;
}

// A ballot here is a byte; 'x' is bad.
class Judged {
 public:
  explicit Judged(std::size_t windows_at_once = 1, std::size_t options_in_window = 100)
      : windows_([this](const BallotPlace& place,
                        std::span<const ByteView> ballots) { return judge(place, ballots); },
                 windows_at_once, options_in_window) {}

  // Comes, and is in a window or waits when this returns.
  std::future<std::string> arrives(char ballot, BallotPlace place = contest(0)) {
    const auto before = windows_.waiting();
    const auto begun = windows_begun();
    auto verdict = std::async(std::launch::async, [this, ballot, place]() -> std::string {
      const Bytes bytes{static_cast<std::uint8_t>(ballot)};
      try {
        const auto status = windows_.judge(place, bytes);
        return status ? "good" : status.error().message;
      } catch (const std::runtime_error& error) {
        return error.what();
      }
    });
    while (windows_.waiting() == before && windows_begun() == begun) std::this_thread::yield();
    return verdict;
  }
  void go_on(std::ptrdiff_t windows = 1) { may_end_.release(windows); }
  std::size_t windows_begun() const {
    const std::lock_guard lock(mutex_);
    return said_.size();
  }
  // Contest and ballots of each window, in the order in which they began.
  std::vector<std::string> windows() const {
    const std::lock_guard lock(mutex_);
    return said_;
  }

 private:
  std::vector<Status> judge(const BallotPlace& place, std::span<const ByteView> ballots) {
    std::string said = std::to_string(place.contest) + " ";
    std::vector<Status> verdicts;
    for (const auto ballot : ballots) {
      said += static_cast<char>(ballot[0]);
      verdicts.push_back(ballot[0] == 'x' ? fail("ballot.signature", said) : Status());
    }
    {
      const std::lock_guard lock(mutex_);
      said_.push_back(said);
    }
    may_end_.acquire();
    if (said.ends_with('!')) throw std::runtime_error("the judge failed");
    return verdicts;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> said_;
  std::counting_semaphore<> may_end_{0};
  BallotWindows windows_;
};

TEST(BallotWindows, TheFirstIsJudgedAtOnceAndTheNextTogether) {
  Judged judged;
  auto first = judged.arrives('a');
  EXPECT_EQ(judged.windows(), (std::vector<std::string>{"0 a"}));
  auto second = judged.arrives('b'), third = judged.arrives('x'), fourth = judged.arrives('d');
  EXPECT_EQ(judged.windows_begun(), 1u);
  judged.go_on(2);
  EXPECT_EQ(first.get(), "good");
  EXPECT_EQ(second.get(), "good");
  EXPECT_EQ(third.get(), "0 bx");
  EXPECT_EQ(fourth.get(), "good");
  EXPECT_EQ(judged.windows(), (std::vector<std::string>{"0 a", "0 bxd"}));
}

TEST(BallotWindows, AWindowHoldsOneContestAndNoMoreThanItsOptions) {
  Judged judged(1, 10);
  std::vector<std::future<std::string>> verdicts;
  verdicts.push_back(judged.arrives('a', contest(0, 5)));
  for (const char ballot : {'b', 'c', 'd'}) {
    verdicts.push_back(judged.arrives(ballot, contest(0, 5)));
    verdicts.push_back(judged.arrives(ballot, contest(1, 50)));
  }
  judged.go_on(6);
  for (auto& verdict : verdicts) EXPECT_EQ(verdict.get(), "good");
  auto windows = judged.windows();
  std::sort(windows.begin(), windows.end());  // contests take turns as they come to it
  EXPECT_EQ(windows, (std::vector<std::string>{"0 a", "0 bc", "0 d", "1 b", "1 c", "1 d"}));
}

TEST(BallotWindows, AsManyWindowsAtOnceAsCores) {
  Judged judged(2);
  auto first = judged.arrives('a'), second = judged.arrives('b'), third = judged.arrives('c');
  EXPECT_EQ(judged.windows(), (std::vector<std::string>{"0 a", "0 b"}));
  judged.go_on(3);
  for (auto* verdict : {&first, &second, &third}) EXPECT_EQ(verdict->get(), "good");
}

TEST(BallotWindows, AFailureOfTheJudgeIsToldToAllOfItsWindowAndToNobodyElse) {
  Judged judged;
  auto first = judged.arrives('a'), second = judged.arrives('b'), third = judged.arrives('!');
  judged.go_on(2);
  EXPECT_EQ(first.get(), "good");
  EXPECT_EQ(second.get(), "the judge failed");
  EXPECT_EQ(third.get(), "the judge failed");
  auto later = judged.arrives('d');
  judged.go_on();
  EXPECT_EQ(later.get(), "good");
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
    ballots.push_back(make_ballot(fingerprint, 3, i % 2, 4, i % 4, election.key,
                                  voter.secret.reveal(), random)
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
