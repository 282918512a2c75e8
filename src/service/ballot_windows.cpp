#include "service/ballot_windows.hpp"

#include <algorithm>
#include <thread>

namespace isoloir {
namespace {

// An option costs 0.033 ms by the portable engine and 0.0065 ms by the one of eight lanes, in
// batches (docs/developer-notes.md).
std::size_t options_of_8_ms() {
  return name_of(JudgeEngine::ifma) ? 1200 : 240;
}

}  // namespace

BallotWindows::BallotWindows(Random& random)
    : BallotWindows(
          [&random](const BallotPlace& place, std::span<const ByteView> ballots) {
            return BallotJudge(place, random).judge(ballots);
          },
          std::max(1u, std::thread::hardware_concurrency()), options_of_8_ms()) {}

BallotWindows::BallotWindows(Judge judge, std::size_t windows_at_once,
                             std::size_t options_in_window)
    : judge_(std::move(judge)),
      windows_at_once_(windows_at_once),
      options_in_window_(options_in_window) {}

Status BallotWindows::judge(const BallotPlace& place, ByteView ballot) {
  ISOLOIR_ASSERT(!place.district);
  Arrival own{&place, ballot};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&own);
  while (!own.verdict && !own.failure) {
    if (own.taken || under_way_ == windows_at_once_) {
      changed_.wait(lock);
      continue;
    }
    const auto window = take_window(place);
    ++under_way_;
    lock.unlock();
    const auto judged = judge_window(window);
    lock.lock();
    --under_way_;
    for (std::size_t i = 0; i < window.size(); ++i) {
      window[i]->failure = judged.failure;
      if (!judged.failure) window[i]->verdict = judged.verdicts[i];
    }
    changed_.notify_all();
  }
  if (own.failure) std::rethrow_exception(own.failure);
  return *own.verdict;
}

std::size_t BallotWindows::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

// The oldest of the same contest, as many as a window holds and one at least.
std::vector<BallotWindows::Arrival*> BallotWindows::take_window(const BallotPlace& place) {
  const std::size_t most = std::max<std::size_t>(1, options_in_window_ / place.options);
  std::vector<Arrival*> window;
  std::erase_if(waiting_, [&](Arrival* arrival) {
    if (arrival->place->contest != place.contest || window.size() == most) return false;
    window.push_back(arrival);
    return arrival->taken = true;
  });
  return window;
}

BallotWindows::Judged BallotWindows::judge_window(const std::vector<Arrival*>& window) const {
  try {
    std::vector<ByteView> ballots;
    for (const auto* arrival : window) ballots.push_back(arrival->ballot);
    return {judge_(*window.front()->place, ballots), nullptr};
  } catch (...) {
    return {{}, std::current_exception()};
  }
}

}  // namespace isoloir
