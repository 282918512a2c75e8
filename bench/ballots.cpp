// What a ballot costs on this machine, in one table: its bytes, making it, decoding one of its
// points, and judging it in every way that the program has, beside libsodium one by one. "fma" is
// what a processor with AVX2 alone does, wherever this runs: its challenges are hashed one by one,
// as hashing eight side by side takes AVX-512.
//
// Thread processor time of one core, the best of rounds in which all ways take turns: what else the
// machine does (a core's other thread, the caches) can only slow a round, and it does not slow all
// ways alike. The ratio to libsodium is the figure to compare.
#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <functional>
#include <limits>
#include <optional>

#include "bench/made_ballots.hpp"
#include "multiexp/engine.hpp"

namespace isoloir::bench {
namespace {

constexpr std::array<std::size_t, 3> option_counts{2, 11, 50};
constexpr std::size_t batches[] = {1, 8, 32, 128, 512};
constexpr std::size_t distinct = 128, rounds = 9;
constexpr double round_seconds = 0.06;

void require(bool good, std::string_view what) {
  if (!good) throw std::runtime_error("not so: " + std::string(what));
}

struct Way {
  std::string name;
  std::size_t at_once;         // parts of one call
  std::function<void()> call;  // on ballots of the option count at hand
};

// Seconds of a part of each way.
std::vector<double> measure(const std::vector<Way>& ways) {
  std::vector<double> best(ways.size(), std::numeric_limits<double>::infinity());
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const double start = seconds_on(CLOCK_THREAD_CPUTIME_ID);
      double spent = 0;
      std::size_t calls = 0;
      for (; spent < round_seconds; ++calls) {
        ways[i].call();
        spent = seconds_on(CLOCK_THREAD_CPUTIME_ID) - start;
      }
      best[i] = std::min(best[i], spent / static_cast<double>(calls * ways[i].at_once));
    }
  }
  return best;
}

std::vector<JudgeEngine> engines() {
  std::vector<JudgeEngine> there{JudgeEngine::portable};
  for (const auto engine : {JudgeEngine::fma, JudgeEngine::ifma}) {
    if (name_of(engine)) there.push_back(engine);
  }
  return there;
}

// libsodium first.
std::vector<Way> ways_to_judge(const MadeBallots& made, Random& random) {
  std::vector<Way> ways{{"libsodium, one by one", 1, [&made, next = std::size_t{0}]() mutable {
                           const auto& ballot = made.ballots[next++ % made.ballots.size()];
                           require(judge_ballot(made.place, ballot.bytes).has_value(), "good");
                         }}};
  for (const auto engine : engines()) {
    const auto judge = std::make_shared<BallotJudge>(made.place, random, engine);
    for (const auto batch : batches) {
      const auto name = *name_of(engine) +
                        (batch == 1 ? ", one by one" : ", batches of " + std::to_string(batch));
      ways.push_back({name, batch, [judge, ballots = made.views(batch)] {
                        for (const auto& verdict : judge->judge(ballots)) {
                          require(verdict.has_value(), "good");
                        }
                      }});
    }
  }
  return ways;
}

// Of the keys and first alphas of the ballots.
std::vector<Way> ways_to_decode(const MadeBallots& made) {
  std::vector<const std::uint8_t*> places;
  for (const auto& ballot : made.ballots) {
    for (const std::size_t at : {44u, 76u}) places.push_back(ballot.bytes.data() + at);
  }
  std::vector<Way> ways{{"libsodium", places.size(), [places] {
                           for (const auto* place : places) {
                             require(crypto_core_ristretto255_is_valid_point(place) == 1, "point");
                           }
                         }}};
  for (const auto* engine :
       {&multiexp::portable_engine(), multiexp::fma_engine(), multiexp::ifma_engine()}) {
    if (!engine) continue;
    ways.push_back({engine->name, places.size(), [engine, places] {
                      std::vector<multiexp::AffinePoint> points(places.size());
                      require(engine->decode(places, points.data(), multiexp::Identity::refused) ==
                                  places.size(),
                              "points");
                    }});
  }
  return ways;
}

struct Column {
  std::size_t bytes = 0;
  double making = 0;
  std::vector<double> judging;
};

void print_judging(const std::vector<Way>& ways, const std::vector<Column>& columns) {
  for (std::size_t i = 0; i < ways.size(); ++i) {
    fmt::print("{:32}", ways[i].name);
    for (const auto& column : columns) {
      const double seconds = column.judging[i];
      fmt::print("{:9.3f} ms x{:6.1f}", 1e3 * seconds, column.judging[0] / seconds);
    }
    fmt::print("\n");
  }
}

int run() {
  SystemRandom random;
  std::vector<Column> columns;
  std::vector<Way> ways;
  fmt::print("{}\n", machine());
  for (const auto options : option_counts) {
    const auto made = make_ballots(options, distinct);
    ways = ways_to_judge(made, random);
    columns.push_back({made.ballots[0].bytes.size(), made.seconds_each, measure(ways)});
    if (options != option_counts.back()) continue;
    const auto decoding = ways_to_decode(made);
    const auto seconds = measure(decoding);
    fmt::print("decoding a point:");
    for (std::size_t i = 0; i < decoding.size(); ++i) {
      fmt::print("  {} {:.2f} us (x{:.1f})", decoding[i].name, 1e6 * seconds[i],
                 seconds[0] / seconds[i]);
    }
    fmt::print("\n\n");
  }
  const auto line = [&](const char* name, const std::function<std::string(std::size_t)>& cell) {
    fmt::print("{:32}", name);
    for (std::size_t i = 0; i < columns.size(); ++i) fmt::print("{:>20}", cell(i));
    fmt::print("\n");
  };
  line("options of a ballot", [](std::size_t i) { return std::to_string(option_counts[i]); });
  line("its bytes", [&](std::size_t i) { return std::to_string(columns[i].bytes); });
  line("making it, by libsodium",
       [&](std::size_t i) { return fmt::format("{:.3f} ms        ", 1e3 * columns[i].making); });
  fmt::print("judging it (x: as fast as libsodium, in this run)\n");
  print_judging(ways, columns);
  return 0;
}

}  // namespace
}  // namespace isoloir::bench

int main() {
  if (sodium_init() < 0) return 1;
  try {
    return isoloir::bench::run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
