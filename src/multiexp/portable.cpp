// The engine that runs everywhere.
#include "base/result.hpp"
#include "multiexp/curve.hpp"
#include "multiexp/decoding.hpp"
#include "multiexp/pippenger.hpp"
#include "multiexp/straus.hpp"

namespace isoloir::multiexp {
namespace {

constexpr std::size_t straus_most = 80;  // terms, measured; a half one counts half

ExtendedPoint multiply_sum(const Terms& terms) {
  ISOLOIR_ASSERT(terms.full_points.size() == terms.full_scalars.size());
  ISOLOIR_ASSERT(terms.half_points.size() == terms.half_scalars.size());
  const bool few = terms.full_points.size() + terms.half_points.size() / 2 <= straus_most;
  return few ? straus(terms) : pippenger(terms);
}

void add_each(std::span<ExtendedPoint> sums, std::span<const AffinePoint> points) {
  ISOLOIR_ASSERT(sums.size() == points.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto& [x, y, z, t] = sums[i];
    sums[i] = add_cached<false>({carry(x), carry(y), carry(z), carry(t)}, cached(points[i]));
  }
}

}  // namespace

const Engine& portable_engine() {
  static constexpr Engine engine{"portable", decode_points, multiply_sum, add_each};
  return engine;
}

}  // namespace isoloir::multiexp
