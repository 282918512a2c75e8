#include "verification/ciphertext_sums.hpp"

#include "multiexp/point.hpp"

namespace isoloir::verification {

CiphertextSums::CiphertextSums(std::size_t options) : sums_(2 * options, multiexp::identity()) {}

void CiphertextSums::add_ballot(const multiexp::Engine& engine,
                                std::span<const multiexp::AffinePoint> points) {
  engine.add_each(sums_, points);
  ++ballots_;
}

void CiphertextSums::add(const CiphertextSums& other) {
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    sums_[i] = multiexp::sum(sums_[i], other.sums_[i]);
  }
  ballots_ += other.ballots_;
}

Aggregate CiphertextSums::encoded() const {
  Aggregate aggregate(sums_.size() / 2);
  aggregate.ballots = ballots_;
  const auto point = [&](std::size_t i) { return Point::of_canonical(multiexp::encode(sums_[i])); };
  for (std::size_t i = 0; i < aggregate.sums.size(); ++i) {
    aggregate.sums[i] = {point(2 * i), point(2 * i + 1)};
  }
  return aggregate;
}

}  // namespace isoloir::verification
