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

// Microseconds of one of `count` parts of `work`.
double measure(std::size_t count, const std::function<void()>& work) {
  std::vector<double> times;
  double spent = 0;
  while (times.size() < 3 || (spent < 0.5 && times.size() < 101)) {
    const double start = thread_seconds();
    work();
    times.push_back(thread_seconds() - start);
    spent += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2), times.end());
  return 1e6 * times[times.size() / 2] / static_cast<double>(count);
}

void print(const char* engine, std::string_view operation, std::size_t n, double microseconds,
           double portable, double sodium) {
  fmt::print("{:9} {:22} {:7} {:10.3f}", engine, operation, n, microseconds);
  fmt::print("  {:8.2f}  {:8.2f}\n", portable / microseconds, sodium / microseconds);
}

// One operation by all engines beside libsodium's time of it.
void compare(std::string_view operation, std::size_t n, std::size_t parts, double sodium,
             const std::function<void(const Engine&)>& work) {
  double portable = 0;
  for (const auto* engine : engines()) {
    const double microseconds = measure(parts, [&] { work(*engine); });
    if (engine == &portable_engine()) portable = microseconds;
    print(engine->name, operation, n, microseconds, portable, sodium);
  }
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
  const double sodium_decode = measure(100, [&] {
    for (std::size_t i = 0; i < 100; ++i) crypto_core_ristretto255_is_valid_point(places[i]);
  });
  const double multiply_time = measure(20, [&] {
    for (std::size_t i = 0; i < 20; ++i) {
      sodium_add(inputs.encodings[i], sodium_multiply(inputs.full_scalars[i], inputs.encodings[0]));
    }
  });
  const double sodium_sum = measure(100, [&] {
    for (std::size_t i = 0; i < 100; ++i) sodium_add(inputs.encodings[i], inputs.encodings[0]);
  });
  fmt::print("engine    operation                    n   us a part   x portable  x libsodium\n");
  print("libsodium", "decode", 1, sodium_decode, 0, sodium_decode);
  print("libsodium", "multiply and add", 1, multiply_time, 0, multiply_time);
  print("libsodium", "add", 1, sodium_sum, 0, sodium_sum);
  std::vector<AffinePoint> decoded(Inputs::distinct);
  for (const std::size_t n : {1, 8, 16, 70, 1'000}) {
    compare("decode, a point", n, n, sodium_decode, [&](const Engine& engine) {
      engine.decode({places.data(), n}, decoded.data(), Identity::refused);
    });
  }
  for (const std::size_t n : {1, 10, 20, 30, 50, 100, 300, 1'000, 3'000, 10'000, 100'000}) {
    compare("full terms, a term", n, n, multiply_time,
            [&](const Engine& engine) { result = engine.multiply_sum(inputs.terms(n, 0)); });
  }
  for (const std::size_t n : {20, 100, 1'000, 10'000}) {
    compare("half terms, a term", n, n, multiply_time,
            [&](const Engine& engine) { result = engine.multiply_sum(inputs.terms(0, n)); });
  }
  for (const std::size_t n : {1, 8, 32, 128, 512}) {
    compare("sums, a ballot of 11", n, n, 70 * multiply_time, [&](const Engine& engine) {
      result = engine.multiply_sum(inputs.terms(23 * n, 47 * n));
    });
  }
  std::vector<ExtendedPoint> sums(Inputs::distinct, identity());
  compare("running totals, a sum", sums.size(), sums.size(), sodium_sum, [&](const Engine& engine) {
    engine.add_each(sums, {inputs.points.data(), sums.size()});
  });
}

}  // namespace
}  // namespace isoloir::multiexp

int main() {
  if (sodium_init() < 0) return 1;
  isoloir::multiexp::run();
}
