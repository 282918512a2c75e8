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
// free, and holds no more than a core judges in some 8 ms.
class BallotWindows {
 public:
  // Verdicts on ballots of one place.
  using Judge =
      std::function<std::vector<Status>(const BallotPlace&, std::span<const ByteView> ballots)>;

  // As many windows at once as the machine has cores. `random` outlives this.
  explicit BallotWindows(Random& random);
  // For tests.
  BallotWindows(Judge judge, std::size_t windows_at_once, std::size_t options_in_window);

  // The verdict of judge_ballot, when it is there. The place names no district: ballots of all
  // districts of a contest are judged together, and what the ballot says of its own is believed.
  // Blocks. Rethrows what the judging of its window threw.
  Status judge(const BallotPlace& place, ByteView ballot);

  std::size_t waiting() const;  // ballots that are in no window yet

 private:
  struct Arrival {
    const BallotPlace* place;
    ByteView ballot;
    bool taken = false;  // into a window
    std::optional<Status> verdict{};
    std::exception_ptr failure{};
  };
  struct Judged {
    std::vector<Status> verdicts;
    std::exception_ptr failure;
  };

  std::vector<Arrival*> take_window(const BallotPlace& place);
  Judged judge_window(const std::vector<Arrival*>& window) const;

  const Judge judge_;
  const std::size_t windows_at_once_, options_in_window_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Arrival*> waiting_;  // in the order in which they came
  std::size_t under_way_ = 0;     // windows
};

}  // namespace isoloir
