#include "verification/aggregate.hpp"

#include "verification/ciphertext_sums.hpp"
#include "verification/state.hpp"

namespace isoloir {

Aggregate aggregate(std::size_t options, std::span<const std::vector<Ciphertext>> ballots) {
  constexpr std::size_t at_once = 256;
  const auto& engine = multiexp::best_engine();
  verification::CiphertextSums total(options);
  std::mutex mutex;
  const auto add = [&](std::size_t begin, std::size_t end) {
    std::vector<const std::uint8_t*> encodings;
    for (const auto& ballot : ballots.subspan(begin, end - begin)) {
      ISOLOIR_ASSERT(ballot.size() == options);
      for (const auto& option : ballot) {
        encodings.push_back(option.alpha.encoded().data());
        encodings.push_back(option.beta.encoded().data());
      }
    }
    std::vector<multiexp::AffinePoint> points(encodings.size());
    ISOLOIR_ASSERT(engine.decode(encodings, points.data(), multiexp::Identity::allowed) ==
                   encodings.size());
    verification::CiphertextSums part(options);
    for (std::size_t i = 0; i < end - begin; ++i) {
      part.add_ballot(engine, std::span(points).subspan(i * 2 * options, 2 * options));
    }
    const std::lock_guard lock(mutex);
    total.add(part);
  };
  verification::in_ranges(ballots.size(), at_once, add, [](std::size_t) {});
  return total.encoded();
}

}  // namespace isoloir
