// The sums of many ballots, which are public: by the engines of src/multiexp, in whose coordinates
// an addition costs a fraction of what it costs between encodings.
#pragma once

#include <memory>
#include <span>

#include "election/count.hpp"

namespace isoloir {

// Of ballots of one contest and district that have been judged before: nothing but their alphas and
// betas is read. Not thread-safe.
class BallotSums {
 public:
  explicit BallotSums(std::size_t options);
  BallotSums(BallotSums&&) noexcept;
  ~BallotSums();

  // On all cores. Errors, with nothing added: those of Ballot::decode for what is read.
  Status add(std::span<const ByteView> ballots);
  Aggregate aggregate() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace isoloir
