// Small discrete logarithms by baby-step giant-step (Shanks 1971): from m times the generator back
// to m, where m is at most a number of ballots.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "crypto/group.hpp"

namespace isoloir {

// The table is built once, about sqrt(largest) additions, and serves every search; const use is
// thread-safe. Of public values only: the time depends on the result.
class DiscreteLog {
 public:
  explicit DiscreteLog(std::uint64_t largest);

  // The m <= bound with m times the generator = point, or nothing. bound <= largest.
  std::optional<std::uint64_t> find(const Point& point, std::uint64_t bound) const;

 private:
  struct Hash {
    std::size_t operator()(const Point& point) const;
  };
  std::uint64_t largest_;
  std::uint64_t steps_;  // baby steps: 0 ... steps_ - 1
  std::unordered_map<Point, std::uint64_t, Hash> baby_;
  Point giant_;  // steps_ times the generator
};

}  // namespace isoloir
