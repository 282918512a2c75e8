// How many arriving ballots a server judges in a second, from voters who each wait for the verdict:
// by libsodium, each by itself, and in windows (service/ballot_windows.hpp); with few voters at a
// time and with many. Without database and HTTP. Also how long a voter waited.
//
//   bench_windows [BALLOTS [OPTIONS]]      6 000, 11
#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <thread>

#include "bench/made_ballots.hpp"
#include "service/ballot_windows.hpp"

namespace isoloir::bench {
namespace {

using Way = std::function<Status(const BallotPlace&, ByteView)>;

struct Figures {
  double ballots_a_second, median_ms, p99_ms;
};

Figures cast_all(const Way& judge, const MadeBallots& made, std::size_t ballots,
                 std::size_t voters_at_once) {
  std::atomic<std::size_t> next{0};
  std::vector<double> waited(ballots);
  const double start = seconds_on(CLOCK_MONOTONIC);
  std::vector<std::thread> voters;
  for (std::size_t voter = 0; voter < voters_at_once; ++voter) {
    voters.emplace_back([&] {
      for (std::size_t i = next++; i < ballots; i = next++) {
        const double asked = seconds_on(CLOCK_MONOTONIC);
        if (!judge(made.place, made.ballots[i % made.ballots.size()].bytes)) std::abort();
        waited[i] = 1000 * (seconds_on(CLOCK_MONOTONIC) - asked);
      }
    });
  }
  for (auto& voter : voters) voter.join();
  const double seconds = seconds_on(CLOCK_MONOTONIC) - start;
  std::sort(waited.begin(), waited.end());
  return {static_cast<double>(ballots) / seconds, waited[ballots / 2], waited[ballots * 99 / 100]};
}

int run(std::size_t ballots, std::size_t options) {
  auto made = make_ballots(options, 256);
  made.place.district.reset();
  SystemRandom random;
  BallotWindows windows(random);
  const std::pair<std::string, Way> ways[] = {
      {"libsodium", judge_ballot},
      {"each by itself",
       [&](const BallotPlace& place, ByteView ballot) {
         return BallotJudge(place, random).judge(std::array{ballot})[0];
       }},
      {"in windows",
       [&](const BallotPlace& place, ByteView ballot) { return windows.judge(place, ballot); }}};
  fmt::print("{}, engine {}, {} options\n{:16} {:>8} {:>12} {:>8} {:>10} {:>10}\n", machine(),
             *name_of(JudgeEngine::best), options, "", "at once", "ballots/s", "times", "median ms",
             "p99 ms");
  for (const std::size_t voters : {1u, 4u, 16u, 64u}) {
    double base = 0;
    for (const auto& [name, way] : ways) {
      const std::size_t cast =
          name == "libsodium" ? std::max<std::size_t>(100, ballots / 16) : ballots;
      const auto figures = cast_all(way, made, cast, voters);
      if (base == 0) base = figures.ballots_a_second;
      fmt::print("{:16} {:8} {:12.0f} {:8.1f} {:10.2f} {:10.2f}\n", name, voters,
                 figures.ballots_a_second, figures.ballots_a_second / base, figures.median_ms,
                 figures.p99_ms);
    }
  }
  return 0;
}

}  // namespace
}  // namespace isoloir::bench

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  return isoloir::bench::run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 6000,
                             argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 11);
}
