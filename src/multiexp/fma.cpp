// The engine for processors with AVX2 and FMA: four lanes (lane_engine.hpp), whose loops are in
// fma_kernels.cpp.
#include "multiexp/engine.hpp"

#ifdef __x86_64__

#include <cstring>

#include "multiexp/curve.hpp"
#include "multiexp/fma_kernels.hpp"
#include "multiexp/lane_engine.hpp"

namespace isoloir::multiexp {
namespace fma {
namespace {

// The sum over all places of sums[place] times 2^(width * place), an ExtendedPoint each. One point
// at a time is doubled as fast by the portable code as four are in lanes.
ExtendedPoint combine(const std::uint64_t* sums, std::size_t groups, unsigned width) {
  ExtendedPoint total = identity_point;
  for (std::size_t place = groups * lanes; place-- > 0;) {
    for (unsigned i = 0; i < width; ++i) total = twice(total);
    ExtendedPoint sum;
    std::memcpy(&sum, sums + place * sizeof sum / sizeof *sums, sizeof sum);
    total = add(total, {carry(sum.x), carry(sum.y), carry(sum.z), carry(sum.t)});
  }
  return total;
}

struct Kernels {
  static constexpr std::size_t lanes = fma::lanes, decoded_at_once = fma::decoded_at_once;
  static constexpr std::size_t addend_words = fma::addend_words, bucket_words = fma::bucket_words;
  static constexpr auto decode_some = fma::decode_some;
  static constexpr auto make_addends = fma::make_addends;
  static constexpr auto empty_buckets = fma::empty_buckets;
  static constexpr auto fill_buckets = fma::fill_buckets;
  static constexpr auto drain_buckets = fma::drain_buckets;
  static constexpr auto combine = fma::combine;
  static constexpr auto add_each = fma::add_each;

  static constexpr std::size_t fewest_decoded = 2, fewest_terms = 16;
  static constexpr double bucket_cost = 2.5;
};

// What fma_kernels.cpp is compiled for; the compiler's library asks the system too, which must keep
// the registers.
bool supported() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

}  // namespace
}  // namespace fma

const Engine* fma_engine() {
  static constexpr Engine engine = LaneEngine<fma::Kernels>::named("fma");
  static const bool present = fma::supported();
  return present ? &engine : nullptr;
}

}  // namespace isoloir::multiexp

#else

namespace isoloir::multiexp {

const Engine* fma_engine() {
  return nullptr;
}

}  // namespace isoloir::multiexp

#endif
