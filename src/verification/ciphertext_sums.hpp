// Running totals of ciphertexts in an engine's coordinates. Internal to this folder.
#pragma once

#include <span>
#include <vector>

#include "election/count.hpp"
#include "multiexp/engine.hpp"

namespace isoloir::verification {

// Not thread-safe.
class CiphertextSums {
 public:
  explicit CiphertextSums(std::size_t options);

  // alpha and beta of each option in turn, decoded.
  void add_ballot(const multiexp::Engine& engine, std::span<const multiexp::AffinePoint> points);
  void add(const CiphertextSums& other);  // of as many options
  Aggregate encoded() const;

 private:
  std::vector<multiexp::ExtendedPoint> sums_;
  std::uint64_t ballots_ = 0;
};

}  // namespace isoloir::verification
