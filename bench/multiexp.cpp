// What the engines of src/multiexp cost: decoding, sums of so many multiples, running totals, and
// the sums of a batch of ballots of 11 options (23 points with full scalars, 47 with half ones; the
// hashes are not here). Thread CPU time, the median of several runs; the ratios are to the portable
// engine and to libsodium in the same run, as a loaded machine is slow for all.

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <functional>

#include "base/result.hpp"
#include "multiexp/sodium_terms.hpp"

namespace isoloir::multiexp {
namespace {

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

using Work = std::function<void()>;

// Microseconds of one of `count` parts of each work: the medians of runs that take turns, as
// whatever else the machine does slows all alike then.
std::vector<double> measure(std::size_t count, const std::vector<Work>& works) {
  std::vector<std::vector<double>> times(works.size());
  double spent = 0;
  while (times[0].size() < 3 || (spent < 1 && times[0].size() < 101)) {
    for (std::size_t i = 0; i < works.size(); ++i) {
      const double start = thread_seconds();
      works[i]();
      times[i].push_back(thread_seconds() - start);
      spent += times[i].back();
    }
  }
  std::vector<double> medians;
  for (auto& own : times) {
    std::nth_element(own.begin(), own.begin() + static_cast<long>(own.size() / 2), own.end());
    medians.push_back(1e6 * own[own.size() / 2] / static_cast<double>(count));
  }
  return medians;
}

// One operation of n parts by all engines, beside so many of libsodium's that do the same as a
// part: `sodium` does one.
void compare(const char* operation, std::size_t n, double sodium_per_part, const Work& sodium,
             const std::function<void(const Engine&)>& work) {
  std::vector<Work> works;
  for (const auto* engine : engines()) works.push_back([&work, engine] { work(*engine); });
  const std::size_t repeated = std::max<std::size_t>(1, n / 100);
  works.push_back([&] {
    for (std::size_t i = 0; i < repeated; ++i) sodium();
  });
  const auto medians = measure(n, works);
  const double by_sodium =
      medians.back() * static_cast<double>(n) / static_cast<double>(repeated) * sodium_per_part;
  fmt::print("{:20} {:7}", operation, n);
  for (std::size_t i = 0; i + 1 < medians.size(); ++i) {
    fmt::print(" {:8} {:9.3f} us x{:6.2f} x{:7.2f}", engines()[i]->name, medians[i],
               medians[0] / medians[i], by_sodium / medians[i]);
  }
  fmt::print("\n");
}

struct Inputs {
  static constexpr std::size_t most = 100'000, distinct = 1'000;
  Inputs() {
    SystemRandom random;
    for (std::size_t i = 0; i < distinct; ++i) encodings.push_back(random_point(random));
    std::vector<AffinePoint> decoded(distinct);
    portable_engine().decode(places_of(encodings), decoded.data(), Identity::refused);
    for (std::size_t i = 0; i < most; ++i) {
      points.push_back(decoded[i % distinct]);
      full_scalars.push_back(random_scalar(random));
      half_scalars.push_back(random.array<16>());
    }
  }
  Terms terms(std::size_t full, std::size_t half) const {
    return {{points.data(), full},
            {full_scalars.data(), full},
            {points.data(), half},
            {half_scalars.data(), half}};
  }
  std::vector<Encoding> encodings;
  std::vector<AffinePoint> points;
  std::vector<FullScalar> full_scalars;
  std::vector<HalfScalar> half_scalars;
};

void run() {
  const Inputs inputs;
  const auto places = places_of(inputs.encodings);
  ExtendedPoint result;
  const Work sodium_decode = [&] { crypto_core_ristretto255_is_valid_point(places[0]); };
  const Work sodium_multiply = [&] {
    sodium_add(inputs.encodings[0],
               multiexp::sodium_multiply(inputs.full_scalars[0], inputs.encodings[1]));
  };
  const Work sodium_sum = [&] { sodium_add(inputs.encodings[0], inputs.encodings[1]); };
  fmt::print("Time of a part; times as fast as the portable engine, and as libsodium\n\n");
  std::vector<AffinePoint> decoded(Inputs::distinct);
  for (const std::size_t n : {1u, 8u, 16u, 70u, 1'000u}) {
    compare("decode, a point", n, 1, sodium_decode, [&](const Engine& engine) {
      engine.decode({places.data(), n}, decoded.data(), Identity::refused);
    });
  }
  for (const std::size_t n :
       {1u, 10u, 20u, 30u, 50u, 100u, 300u, 1'000u, 3'000u, 10'000u, 100'000u}) {
    compare("full terms, a term", n, 1, sodium_multiply,
            [&](const Engine& engine) { result = engine.multiply_sum(inputs.terms(n, 0)); });
  }
  for (const std::size_t n : {20u, 100u, 1'000u, 10'000u}) {
    compare("half terms, a term", n, 1, sodium_multiply,
            [&](const Engine& engine) { result = engine.multiply_sum(inputs.terms(0, n)); });
  }
  for (const std::size_t n : {1u, 8u, 32u, 128u, 512u}) {
    compare("sums, a ballot of 11", n, 70, sodium_multiply, [&](const Engine& engine) {
      result = engine.multiply_sum(inputs.terms(23 * n, 47 * n));
    });
  }
  std::vector<ExtendedPoint> sums(Inputs::distinct, identity());
  compare("running totals, a sum", sums.size(), 1, sodium_sum, [&](const Engine& engine) {
    engine.add_each(sums, {inputs.points.data(), sums.size()});
  });
}

}  // namespace
}  // namespace isoloir::multiexp

int main() {
  if (sodium_init() < 0) return 1;
  isoloir::multiexp::run();
}
