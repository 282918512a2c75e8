#include "multiexp/pippenger.hpp"

#include <vector>

#include "multiexp/curve.hpp"
#include "multiexp/recoding.hpp"

namespace isoloir::multiexp {
namespace {

// One bucket for each absolute value of a digit but 0, empty ones marked: the first point of a
// bucket then costs a product instead of an addition.
class Buckets {
 public:
  explicit Buckets(unsigned width)
      : sums_(std::size_t{1} << (width - 1)), filled_(sums_.size(), false) {}

  void add(int digit, const CachedAffine& point) {
    if (digit == 0) return;
    const auto place = static_cast<std::size_t>(digit < 0 ? -digit : digit) - 1;
    auto& sum = sums_[place];
    if (!filled_[place]) {
      filled_[place] = true;
      sum = extended(digit < 0 ? negated(point) : point);
    } else {
      sum = digit < 0 ? add_cached<true>(sum, point) : add_cached<false>(sum, point);
    }
  }

  // Each bucket times its digit, and empties them: from the highest on, what has been passed is
  // added at every step.
  ExtendedPoint drain() {
    ExtendedPoint passed = identity_point, total = identity_point;
    bool any = false;
    for (std::size_t place = sums_.size(); place-- > 0;) {
      if (filled_[place]) {
        passed = any ? multiexp::add(passed, sums_[place]) : sums_[place];
        filled_[place] = false;
        any = true;
      }
      if (any) total = multiexp::add(total, passed);
    }
    return total;
  }

 private:
  std::vector<ExtendedPoint> sums_;
  std::vector<std::uint8_t> filled_;
};

struct Term {
  SignedWindows windows;
  CachedAffine point;
};

// In additions: a window costs one for each term that reaches it, and some 2.5 of them for each
// bucket as it is drained.
unsigned best_width(std::size_t full, std::size_t half) {
  unsigned best = 2;
  double best_cost = 0;
  for (unsigned width = 2; width <= 16; ++width) {
    const double places = SignedWindows::count(full == 0 ? half_bits : full_bits, width);
    const double cost = static_cast<double>(full) * SignedWindows::count(full_bits, width) +
                        static_cast<double>(half) * SignedWindows::count(half_bits, width) +
                        places * 2.5 * static_cast<double>(std::size_t{1} << (width - 1));
    if (width == 2 || cost < best_cost) {
      best = width;
      best_cost = cost;
    }
  }
  return best;
}

template <typename Scalar>
std::vector<Term> terms_of(std::span<const AffinePoint> points, std::span<const Scalar> scalars,
                           unsigned bits, unsigned width) {
  std::vector<Term> terms;
  terms.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    terms.push_back({SignedWindows(scalars[i], bits, width), cached(points[i])});
  }
  return terms;
}

}  // namespace

ExtendedPoint pippenger(const Terms& terms) {
  const unsigned width = best_width(terms.full_points.size(), terms.half_points.size());
  const auto full = terms_of(terms.full_points, terms.full_scalars, full_bits, width);
  const auto half = terms_of(terms.half_points, terms.half_scalars, half_bits, width);
  const unsigned full_places = full.empty() ? 0 : SignedWindows::count(full_bits, width);
  const unsigned half_places = half.empty() ? 0 : SignedWindows::count(half_bits, width);
  Buckets buckets(width);
  ExtendedPoint total = identity_point;
  for (unsigned place = std::max(full_places, half_places); place-- > 0;) {
    for (unsigned i = 0; i < width; ++i) total = twice(total);
    if (place < full_places) {
      for (const auto& term : full) {
        buckets.add(term.windows.digit(place, full_places, width), term.point);
      }
    }
    if (place < half_places) {
      for (const auto& term : half) {
        buckets.add(term.windows.digit(place, half_places, width), term.point);
      }
    }
    total = add(total, buckets.drain());
  }
  return total;
}

}  // namespace isoloir::multiexp
