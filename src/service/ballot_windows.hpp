// Ballots that arrive, judged together where they come faster than one by one (docs/protocol.md
// section 6): the first at once, whatever comes while it is judged as the next window.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "verification/ballot_judge.hpp"

namespace isoloir {

// Thread-safe. Nobody waits for a window to fill: a window is what has gathered when a core is
// free, and no more than a core judges in some 8 ms. Who sends a bad ballot does not keep a window
// waiting: what a window does not accept is judged again, by libsodium and by itself, with the
// cores shared among all.
class BallotWindows {
 public:
  struct Judges {
    // Those of ballots of one place that are good.
    std::function<std::vector<bool>(const BallotPlace&, std::span<const ByteView> ballots)>
        together;
    std::function<Status(const BallotPlace&, ByteView ballot)> alone;
  };

  // As many at work as the machine has cores. `random` is thread-safe and outlives this.
  explicit BallotWindows(Random& random);
  // For tests.
  BallotWindows(Judges judges, std::size_t cores, std::size_t options_in_window);

  // The verdict of judge_ballot, when it is there. The place names no district: ballots of all
  // districts of a contest are judged together, and what the ballot says of its own is believed.
  // Blocks.
  Status judge(const BallotPlace& place, ByteView ballot);

  std::size_t waiting() const;  // ballots that are in no window yet

 private:
  struct Arrival {
    const BallotPlace* place;
    ByteView ballot;
    bool alone = false;              // after a window that did not accept it
    bool has_core = false;           // handed over by who had it before
    std::optional<bool> good{};      // what its window found
    std::condition_variable told{};  // of either
  };
  class Core;

  void wait(Arrival& own, std::unique_lock<std::mutex>& lock);
  void pass_core();
  std::vector<Arrival*> take_window(Arrival& own);
  std::vector<bool> judge_window(const std::vector<Arrival*>& window) const;

  const Judges judges_;
  const std::size_t cores_, options_in_window_;
  mutable std::mutex mutex_;
  std::deque<Arrival*> waiting_;  // in the order in which they came; only while no core is free
  std::size_t busy_ = 0;          // cores
};

}  // namespace isoloir
