// Terms for the engines and what libsodium says that they add up to.
#pragma once

#include <sodium.h>

#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "multiexp/engine.hpp"
#include "multiexp/point.hpp"

namespace isoloir::multiexp {

using Encoding = ByteArray<32>;

inline std::vector<const Engine*> engines() {
  std::vector<const Engine*> all{&portable_engine()};
  for (const auto* engine : {fma_engine(), ifma_engine()}) {
    if (engine != nullptr) all.push_back(engine);
  }
  return all;
}

inline std::vector<const std::uint8_t*> places_of(const std::vector<Encoding>& encodings) {
  std::vector<const std::uint8_t*> places;
  for (const auto& encoding : encodings) places.push_back(encoding.data());
  return places;
}

inline Encoding random_point(Random& random) {
  Encoding point;
  crypto_core_ristretto255_from_hash(point.data(), random.array<64>().data());
  return point;
}
inline FullScalar random_scalar(Random& random) {
  FullScalar scalar;
  crypto_core_ristretto255_scalar_reduce(scalar.data(), random.array<64>().data());
  return scalar;
}
inline FullScalar full(const HalfScalar& half) {
  FullScalar scalar{};
  std::copy(half.begin(), half.end(), scalar.begin());
  return scalar;
}
inline FullScalar order_less_one() {
  FullScalar scalar;
  FullScalar one{};
  one[0] = 1;
  crypto_core_ristretto255_scalar_negate(scalar.data(), one.data());
  return scalar;
}

inline Encoding sodium_multiply(const FullScalar& scalar, const Encoding& point) {
  Encoding product;
  if (crypto_scalarmult_ristretto255(product.data(), scalar.data(), point.data()) != 0) return {};
  return product;
}
inline Encoding sodium_add(const Encoding& a, const Encoding& b) {
  Encoding sum;
  crypto_core_ristretto255_add(sum.data(), a.data(), b.data());
  return sum;
}
inline Encoding sodium_negative(const Encoding& a) {
  Encoding difference;
  const Encoding nothing{};
  crypto_core_ristretto255_sub(difference.data(), nothing.data(), a.data());
  return difference;
}

struct EncodedTerms {
  std::vector<Encoding> full_points, half_points;
  std::vector<FullScalar> full_scalars;
  std::vector<HalfScalar> half_scalars;

  Encoding by_sodium() const {
    Encoding total{};
    for (std::size_t i = 0; i < full_points.size(); ++i) {
      total = sodium_add(total, sodium_multiply(full_scalars[i], full_points[i]));
    }
    for (std::size_t i = 0; i < half_points.size(); ++i) {
      total = sodium_add(total, sodium_multiply(full(half_scalars[i]), half_points[i]));
    }
    return total;
  }
  ExtendedPoint sum_by(const Engine& engine) const {
    std::vector<AffinePoint> all[2];
    for (const bool half : {false, true}) {
      const auto places = places_of(half ? half_points : full_points);
      all[half].resize(places.size());
      ISOLOIR_ASSERT(engine.decode(places, all[half].data(), Identity::allowed) == places.size());
    }
    return engine.multiply_sum({all[0], full_scalars, all[1], half_scalars});
  }
  Encoding by(const Engine& engine) const { return encode(sum_by(engine)); }
};

}  // namespace isoloir::multiexp
