// How far apart two samples of measurements lie, without a word on how they are distributed. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace isoloir::bench {

// The distance of Kolmogorov and Smirnov: the greatest difference between the shares of the two
// samples that are not above a value, over all values; 0 to 1. Neither sample is empty.
inline double ks_distance(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const auto share = [](std::size_t count, const std::vector<double>& of) {
    return static_cast<double>(count) / static_cast<double>(of.size());
  };
  double distance = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const double value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == value) ++i;  // ties are passed in both before they are compared
    while (j < b.size() && b[j] == value) ++j;
    distance = std::max(distance, std::abs(share(i, a) - share(j, b)));
  }
  return distance;
}

// What two samples of n and m of one distribution exceed in a share `alpha` of all cases, when n
// and m are large: the first term of 2 Σ (−1)^(k−1) exp(−2 k² λ²), λ = D √(nm / (n + m)), solved
// for D. N. Smirnov, Table for estimating the goodness of fit of empirical distributions, Annals of
// Mathematical Statistics 19 (1948), 279–281.
inline double ks_critical_value(std::size_t n, std::size_t m, double alpha) {
  const auto sizes = static_cast<double>(n) * static_cast<double>(m) / static_cast<double>(n + m);
  return std::sqrt(-std::log(alpha / 2) / 2 / sizes);
}

}  // namespace isoloir::bench
