#include "multiexp/straus.hpp"

#include <algorithm>
#include <vector>

#include "multiexp/curve.hpp"
#include "multiexp/recoding.hpp"

namespace isoloir::multiexp {
namespace {

struct Row {
  NonAdjacentForm form;
  std::array<CachedPoint, 8> odd;  // 1, 3, ... 15 times the point
};

template <typename Scalar>
Row row_of(const AffinePoint& point, const Scalar& scalar) {
  Row row{non_adjacent_form(scalar), {}};
  const CachedAffine once = cached(point);
  ExtendedPoint multiple = extended(once);
  const CachedPoint two = cached(twice(multiple));
  for (std::size_t i = 0;; ++i) {
    row.odd[i] = cached(multiple);
    if (i + 1 == row.odd.size()) return row;
    multiple = add_cached<false>(multiple, two);
  }
}

void add_digit(ExtendedPoint& total, const Row& row, unsigned place) {
  const int digit = row.form[place];
  if (digit > 0) total = add_cached<false>(total, row.odd[static_cast<std::size_t>(digit / 2)]);
  if (digit < 0) total = add_cached<true>(total, row.odd[static_cast<std::size_t>(-digit / 2)]);
}

}  // namespace

ExtendedPoint straus(const Terms& terms) {
  std::vector<Row> rows;
  rows.reserve(terms.full_points.size() + terms.half_points.size());
  for (std::size_t i = 0; i < terms.full_points.size(); ++i) {
    rows.push_back(row_of(terms.full_points[i], terms.full_scalars[i]));
  }
  for (std::size_t i = 0; i < terms.half_points.size(); ++i) {
    rows.push_back(row_of(terms.half_points[i], terms.half_scalars[i]));
  }
  ExtendedPoint total = identity_point;
  const unsigned highest = terms.full_points.empty() ? half_bits + 1 : form_digits;
  for (unsigned place = highest; place-- > 0;) {
    if (place + 1 != highest) total = twice(total);
    const std::size_t count = place > half_bits ? terms.full_points.size() : rows.size();
    for (std::size_t i = 0; i < count; ++i) add_digit(total, rows[i], place);
  }
  return total;
}

}  // namespace isoloir::multiexp
