// isoloir bench verify: how fast this machine judges ballots, in each way that it can.
//
// Judges ballots made beforehand on one core and gives the thread's processor time, so that what
// else the machine does counts little. A few hundred ballots are made and judged again and again:
// that costs a judge as much as others would, since it keeps nothing from one batch to the next.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "verification/ballot_judge.hpp"

namespace isoloir::cli {
namespace {

constexpr std::uint32_t distinct_most = 256;

struct BenchOptions {
  std::uint32_t options = 11;
  std::uint32_t ballots = 1024;
  std::uint32_t batch = BallotJudge::ballots_at_once;
  std::string mode = "batch";
  std::string engine = "best";
  bool json = false;
};

JudgeEngine engine_named(const std::string& name) {
  if (name == "portable") return JudgeEngine::portable;
  if (name == "fma") return JudgeEngine::fma;
  if (name == "ifma") return JudgeEngine::ifma;
  return JudgeEngine::best;
}

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct MadeBallots {
  BallotPlace place;
  std::vector<Bytes> distinct;
};

MadeBallots make_ballots(const BenchOptions& options) {
  SystemRandom random;
  const KeyPair election = KeyPair::generate(random);
  MadeBallots made{{Fingerprint{random.array<32>()}, 0, 0, options.options, election.key}, {}};
  for (std::uint32_t i = 0; i < std::min(options.ballots, distinct_most); ++i) {
    const KeyPair voter = KeyPair::generate(random);
    made.distinct.push_back(make_ballot(made.place.fingerprint, 0, 0, options.options,
                                        random.below(options.options), election.key,
                                        voter.secret.reveal(), random)
                                .encode());
  }
  return made;
}

// Processor time of all ballots; nothing when one is refused, which would be a fault of ours.
std::optional<double> judge_all(const BenchOptions& options, JudgeEngine engine,
                                const MadeBallots& made) {
  std::vector<ByteView> ballots;
  for (std::uint32_t i = 0; i < options.ballots; ++i) {
    ballots.push_back(made.distinct[i % made.distinct.size()]);
  }
  SystemRandom random;
  BallotJudge judge(made.place, random, engine);
  const std::size_t size = options.mode == "batch" ? options.batch : 1;
  const auto good = [](const Status& verdict) { return verdict.has_value(); };
  const double start = processor_seconds();
  for (std::size_t at = 0; at < ballots.size(); at += size) {
    const auto some = std::span(ballots).subspan(at, std::min(size, ballots.size() - at));
    if (options.mode == "sodium") {
      if (!judge_ballot(made.place, some[0])) return std::nullopt;
    } else {
      const auto verdicts = judge.judge(some);
      if (!std::all_of(verdicts.begin(), verdicts.end(), good)) return std::nullopt;
    }
  }
  return processor_seconds() - start;
}

void print(const BenchOptions& options, const std::string& engine, std::size_t distinct,
           double seconds) {
  const double ballots = options.ballots;
  const auto batch = options.mode == "batch" ? options.batch : 1;
  if (options.json) {
    const nlohmann::ordered_json line = {{"mode", options.mode},
                                         {"engine", engine},
                                         {"options", options.options},
                                         {"ballots", options.ballots},
                                         {"distinct_ballots", distinct},
                                         {"batch", batch},
                                         {"ballots_per_second_per_core", ballots / seconds},
                                         {"milliseconds_per_ballot", seconds * 1000 / ballots}};
    fmt::print("{}\n", line.dump());
    return;
  }
  fmt::print(
      "{} ballots of {} options ({} distinct ones, repeated), {} by {}: {:.0f} ballots a second "
      "and "
      "core, {:.3f} ms a ballot\n",
      options.ballots, options.options, distinct,
      options.mode == "batch" ? fmt::format("in batches of {}", batch) : "one by one", engine,
      ballots / seconds, seconds * 1000 / ballots);
}

int run_bench_verify(const BenchOptions& options) {
  const auto engine = engine_named(options.engine);
  const auto name = name_of(engine);
  if (!name) {
    std::fprintf(stderr, "isoloir bench verify: this processor has no %s engine\n",
                 options.engine.c_str());
    return 2;
  }
  const auto made = make_ballots(options);
  const auto seconds = judge_all(options, engine, made);
  if (!seconds) {
    std::fputs("isoloir bench verify: a good ballot was refused\n", stderr);
    return 1;
  }
  print(options, options.mode == "sodium" ? "libsodium" : *name, made.distinct.size(), *seconds);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace

void add_bench(Command app) {
  const Command bench = app.add("bench", "Measure what this machine can do");
  auto options = std::make_shared<BenchOptions>();
  Command command = bench.add("verify", "How many ballots one core verifies a second");
  command.option("--options", options->options, "options of a ballot").between(1u, 1000u);
  command.option("--ballots", options->ballots, "how many to judge").between(1u, 10'000'000u);
  command.option("--mode", options->mode, "equation by equation, ballot by ballot, or by the batch")
      .one_of({"sodium", "single", "batch"});
  command.option("--batch", options->batch, "ballots of a batch").between(1u, 100'000u);
  command.option("--engine", options->engine, "the code that multiplies")
      .one_of({"best", "portable", "fma", "ifma"});
  command.flag("--json", options->json, "For programs: one line");
  command.runs([options] { return run_bench_verify(*options); });
}

}  // namespace isoloir::cli
