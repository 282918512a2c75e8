#include "service/ballot_windows.hpp"

#include <algorithm>
#include <thread>

namespace isoloir {
namespace {

// An option costs 0.031 ms by the portable engine, 0.016 ms by the one of four lanes and 0.0062 ms
// by the one of eight, in batches (docs/developer-notes.md, bench_ballots).
std::size_t options_of_8_ms() {
  return name_of(JudgeEngine::ifma) ? 1200 : name_of(JudgeEngine::fma) ? 480 : 240;
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

// A core that this thread has, passed on at the end to whoever has waited longest. Leaves the lock
// as it finds it, but for the moment of passing.
class BallotWindows::Core {
 public:
  Core(BallotWindows& windows, std::unique_lock<std::mutex>& lock)
      : windows_(windows), lock_(lock) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() {
    if (!lock_.owns_lock()) lock_.lock();
    windows_.pass_core();
  }

 private:
  BallotWindows& windows_;
  std::unique_lock<std::mutex>& lock_;
};

Status BallotWindows::judge(const BallotPlace& place, ByteView ballot) {
  ISOLOIR_ASSERT(!place.district);
  Arrival own{&place, ballot};
  std::unique_lock lock(mutex_);
  wait(own, lock);
  if (own.has_core) {
    const Core core(*this, lock);
    const auto window = take_window(own);
    lock.unlock();
    const auto good = judge_window(window);
    lock.lock();
    for (std::size_t i = 0; i < window.size(); ++i) {
      window[i]->good = !good.empty() && good[i];
      window[i]->told.notify_one();  // under the lock: it is gone soon after
    }
  }
  if (*own.good) return {};
  own.alone = true;
  own.has_core = false;
  own.good.reset();
  wait(own, lock);
  const Core core(*this, lock);
  lock.unlock();
  return judges_.alone(place, ballot);
}

// Until it has a core, or has been judged in another's window.
void BallotWindows::wait(Arrival& own, std::unique_lock<std::mutex>& lock) {
  if (busy_ < cores_) {
    ++busy_;
    own.has_core = true;
    return;
  }
  waiting_.push_back(&own);
  own.told.wait(lock, [&] { return own.has_core || own.good; });
}

void BallotWindows::pass_core() {
  if (waiting_.empty()) {
    --busy_;
    return;
  }
  Arrival& next = *waiting_.front();
  waiting_.pop_front();
  next.has_core = true;
  next.told.notify_one();
}

std::size_t BallotWindows::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

// Its own ballot and, of its contest, those that have waited longest. What throws has taken none.
std::vector<BallotWindows::Arrival*> BallotWindows::take_window(Arrival& own) {
  const BallotPlace& place = *own.place;
  const std::size_t most = std::max<std::size_t>(1, options_in_window_ / place.options);
  std::vector<Arrival*> window;
  window.reserve(std::min(most, waiting_.size() + 1));
  window.push_back(&own);
  std::erase_if(waiting_, [&](Arrival* arrival) {
    if (arrival->alone || arrival->place->contest != place.contest || window.size() == most) {
      return false;
    }
    window.push_back(arrival);
    return true;
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
