#include "service/ballot_windows.hpp"

#include <algorithm>
#include <thread>

namespace isoloir {
namespace {

// An option costs 0.033 ms by the portable engine and 0.0065 ms by the one of eight lanes, in
// batches (docs/developer-notes.md, bench_ballots).
std::size_t options_of_8_ms() {
  return name_of(JudgeEngine::ifma) ? 1200 : 240;
}

}  // namespace

BallotWindows::BallotWindows(Random& random)
    : BallotWindows({[&random](const BallotPlace& place, std::span<const ByteView> ballots) {
                       return BallotJudge(place, random).find_good(ballots);
                     },
                     judge_ballot},
                    std::max(1u, std::thread::hardware_concurrency()), options_of_8_ms()) {}

BallotWindows::BallotWindows(Judges judges, std::size_t cores, std::size_t options_in_window)
    : judges_(std::move(judges)), cores_(cores), options_in_window_(options_in_window) {}

Status BallotWindows::judge(const BallotPlace& place, ByteView ballot) {
  ISOLOIR_ASSERT(!place.district);
  if (found_good(place, ballot)) return {};
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return busy_ < cores_; });
    ++busy_;
  }
  struct Core {
    BallotWindows& windows;
    ~Core() { windows.free_core(); }
  } core{*this};
  return judges_.alone(place, ballot);
}

void BallotWindows::free_core() {
  const std::lock_guard lock(mutex_);
  --busy_;
  changed_.notify_all();
}

// Whether a window has accepted it, which this thread may be the one to judge.
bool BallotWindows::found_good(const BallotPlace& place, ByteView ballot) {
  Arrival own{&place, ballot};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&own);
  while (!own.good) {
    if (own.taken || busy_ == cores_) {
      changed_.wait(lock);
      continue;
    }
    std::vector<Arrival*> window;
    try {
      window = take_window();
    } catch (...) {
      std::erase(waiting_, &own);
      throw;
    }
    ++busy_;
    lock.unlock();
    const auto good = judge_window(window);
    lock.lock();
    --busy_;
    for (std::size_t i = 0; i < window.size(); ++i) window[i]->good = !good.empty() && good[i];
    changed_.notify_all();
  }
  return *own.good;
}

std::size_t BallotWindows::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

// Of the contest of whoever has waited longest; not all, where other cores are free for the rest.
// What throws has taken nothing.
std::vector<BallotWindows::Arrival*> BallotWindows::take_window() {
  const BallotPlace& place = *waiting_.front()->place;
  const std::size_t free = cores_ - busy_, share = (waiting_.size() + free - 1) / free;
  const std::size_t most = std::clamp<std::size_t>(options_in_window_ / place.options, 1, share);
  std::vector<Arrival*> window;
  window.reserve(most);
  const auto contest = place.contest;
  std::erase_if(waiting_, [&](Arrival* arrival) {
    if (arrival->place->contest != contest || window.size() == most) return false;
    window.push_back(arrival);
    return arrival->taken = true;
  });
  return window;
}

// Nothing where there was no judging them together, as without memory: then each goes by itself.
std::vector<bool> BallotWindows::judge_window(const std::vector<Arrival*>& window) const {
  try {
    std::vector<ByteView> ballots;
    for (const auto* arrival : window) ballots.push_back(arrival->ballot);
    return judges_.together(*window.front()->place, ballots);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace isoloir
