// The engine for processors with AVX-512 IFMA: eight lanes (lane_engine.hpp), whose loops are in
// ifma_kernels.cpp.
#include "multiexp/engine.hpp"

#ifdef __x86_64__

#include "multiexp/ifma_kernels.hpp"
#include "multiexp/lane_engine.hpp"

namespace isoloir::multiexp {
namespace ifma {
namespace {

struct Kernels {
  static constexpr std::size_t lanes = ifma::lanes, decoded_at_once = ifma::decoded_at_once;
  static constexpr std::size_t addend_words = ifma::addend_words, bucket_words = ifma::bucket_words;
  static constexpr auto decode_some = ifma::decode_some;
  static constexpr auto make_addends = ifma::make_addends;
  static constexpr auto empty_buckets = ifma::empty_buckets;
  static constexpr auto fill_buckets = ifma::fill_buckets;
  static constexpr auto drain_buckets = ifma::drain_buckets;
  static constexpr auto combine = ifma::combine;
  static constexpr auto add_each = ifma::add_each;

  static constexpr std::size_t fewest_decoded = 3, fewest_terms = 4;
  static constexpr double bucket_cost = 2.2;
};

// What ifma_kernels.cpp is compiled for; the compiler's library asks the system too, which must
// keep the registers.
bool supported() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512ifma") != 0;
}

}  // namespace
}  // namespace ifma

const Engine* ifma_engine() {
  static constexpr Engine engine = LaneEngine<ifma::Kernels>::named("ifma");
  static const bool present = ifma::supported();
  return present ? &engine : nullptr;
}

}  // namespace isoloir::multiexp

#else

namespace isoloir::multiexp {

const Engine* ifma_engine() {
  return nullptr;
}

}  // namespace isoloir::multiexp

#endif
