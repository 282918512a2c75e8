#include "verification/aggregate.hpp"

#include "verification/ballot_batch.hpp"
#include "verification/state.hpp"

namespace isoloir {

struct BallotSums::State {
  const std::size_t options;
  verification::CiphertextSums sums{options};
};

BallotSums::BallotSums(std::size_t options) : state_(new State{options}) {}
BallotSums::BallotSums(BallotSums&&) noexcept = default;
BallotSums::~BallotSums() = default;

Status BallotSums::add(std::span<const ByteView> ballots) {
  constexpr std::size_t at_once = 256;
  const std::size_t options = state_->options;
  const verification::BallotLayout layout{options};
  for (const auto ballot : ballots) {
    if (ballot.size() != ballot_bytes(options)) return fail("ballot.length", "of another length");
  }
  const auto& engine = multiexp::best_engine();
  verification::CiphertextSums added(options);
  bool canonical = true;
  std::mutex mutex;
  const auto add_some = [&](std::size_t begin, std::size_t end) {
    std::vector<const std::uint8_t*> encodings;
    for (const auto ballot : ballots.subspan(begin, end - begin)) {
      for (std::size_t i = 0; i < options; ++i) {
        encodings.push_back(ballot.data() + layout.option(i));
        encodings.push_back(ballot.data() + layout.option(i) + 32);
      }
    }
    std::vector<multiexp::AffinePoint> points(encodings.size());
    const bool good =
        engine.decode(encodings, points.data(), multiexp::Identity::refused) == encodings.size();
    verification::CiphertextSums part(options);
    for (std::size_t i = 0; good && i < end - begin; ++i) {
      part.add_ballot(engine, std::span(points).subspan(i * 2 * options, 2 * options));
    }
    const std::lock_guard lock(mutex);
    canonical = canonical && good;
    added.add(part);
  };
  verification::in_ranges(ballots.size(), at_once, add_some, [](std::size_t) {});
  if (!canonical) return fail("ballot.encoding", "a point is not canonical");
  state_->sums.add(added);
  return {};
}

Aggregate BallotSums::aggregate() const {
  return state_->sums.encoded();
}

}  // namespace isoloir
