// A box as large as a country's, verified by the code that `isoloir verify` runs for it: on all
// cores, from a file. Says how long it took and the most memory that the program held.
//
//   bench_verification [BALLOTS [OPTIONS [FOLDER]]]      1 200 000, 11, build/bench
//
// To make so many ballots would take half an hour, so a few thousand are repeated in the file, each
// as often as the others. A judge keeps nothing of a ballot but sums, so that costs what different
// ones would; of the checks only V14 finds that keys vote more than once, and notes it once.
#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bench/made_ballots.hpp"
#include "crypto/sha256.hpp"

namespace isoloir::bench {
namespace {

constexpr std::size_t distinct_most = 4096;

void require(bool good, std::string_view what) {
  if (!good) throw std::runtime_error("not so: " + std::string(what));
}

double processor_seconds() {
  return seconds_on(CLOCK_PROCESS_CPUTIME_ID);
}

// The file, gone at the end.
class BoxFile {
 public:
  BoxFile(std::filesystem::path folder, const MadeBallots& made, std::size_t ballots)
      : folder_(std::move(folder)), path_(folder_ / export_path::box(0, 0)) {
    require(!std::filesystem::exists(folder_), folder_.string() + " is not there yet");
    std::filesystem::create_directories(path_.parent_path());
    std::ofstream out(path_, std::ios::binary);
    Sha256 hash;
    const std::size_t distinct = made.ballots.size();
    for (std::size_t i = 0; i < ballots; ++i) {
      const Bytes& bytes = made.ballots[i * distinct / ballots].bytes;
      hash.add(bytes);
      out.write(reinterpret_cast<const char*>(bytes.data()),
                static_cast<std::streamsize>(bytes.size()));
      digest_.size += bytes.size();
    }
    out.close();
    require(out.good(), "the box can be written");
    digest_.sha256 = hash.digest();
    leave_the_cache();
  }
  BoxFile(const BoxFile&) = delete;
  BoxFile& operator=(const BoxFile&) = delete;
  ~BoxFile() { std::filesystem::remove_all(folder_); }

  const std::filesystem::path& folder() const { return folder_; }
  const FileDigest& digest() const { return digest_; }

 private:
  // So that it is the disk that is read, the first time.
  void leave_the_cache() const {
    const int file = open(path_.c_str(), O_RDONLY);
    fsync(file);
    (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
  }

  const std::filesystem::path folder_, path_;
  FileDigest digest_;
};

// What the checks before this one would have left.
void prepare(verification::State& state, const MadeBallots& made, const FileDigest& box,
             std::size_t ballots) {
  state.index[export_path::box(0, 0)] = box;
  state.fingerprint = made.place.fingerprint;
  auto& manifest = state.manifest;
  manifest.contests.resize(1);
  manifest.contests[0].options.resize(made.place.options);
  manifest.bureaus.resize(1);
  manifest.bureaus[0].key = made.place.election_key;
  manifest.rosters.resize(1);
  state.leaves.resize(ballots);
  state.kinds.assign(ballots, verification::LeafKind::ballot);
  state.freeze_checkpoint.size = ballots;
  // A roster as long as the box: the voters' keys and others, which no ballot is by and nobody
  // decodes.
  std::vector<verification::KeyBook::Entry> roster;
  for (const auto& ballot : made.ballots) roster.push_back({key_of(ballot.bytes), {0, 0}});
  SystemRandom random;
  while (roster.size() < ballots) {
    roster.push_back({Point::of_canonical(random.array<32>()), {0, 0}});
  }
  require(state.keys.set_rosters(std::move(roster)), "keys differ");
}

// By the election's secret: that the sums are those of the votes.
void require_sums(const verification::State& state, const MadeBallots& made, std::size_t ballots) {
  std::vector<std::uint64_t> votes(made.place.options);
  const std::size_t distinct = made.ballots.size();
  for (std::size_t i = 0; i < ballots; ++i) ++votes[made.ballots[i * distinct / ballots].choice];
  const auto& aggregate = state.districts.at({0, 0});
  require(aggregate.ballots == ballots, "all ballots are in the sums");
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const auto& sum = aggregate.sums[i];
    require(
        sum.beta - made.election_secret * sum.alpha == base_multiply(Scalar::from_u64(votes[i])),
        "the sums hold the votes");
  }
}

struct Cost {
  double wall = 0, processor = 0;
};

template <typename Work>
Cost cost_of(const Work& work) {
  const double wall = seconds_on(CLOCK_MONOTONIC), processor = processor_seconds();
  work();
  return {seconds_on(CLOCK_MONOTONIC) - wall, processor_seconds() - processor};
}

void print(std::string_view what, const Cost& cost, std::size_t ballots, std::uint64_t bytes) {
  const auto count = static_cast<double>(ballots);
  fmt::print("{:44} {:8.1f} s {:8.1f} s {:9.0f} {:9.0f} {:7.0f}\n", what, cost.wall, cost.processor,
             count / cost.wall, count / cost.processor,
             static_cast<double>(bytes) / cost.wall / 1e6);
  (void)std::fflush(stdout);
}

void verify(const BoxFile& box, const MadeBallots& made, std::size_t ballots) {
  const auto reader = ExportReader::of_folder(box.folder());
  require(reader.has_value(), "the folder can be read");
  Report report;
  const Anchors anchors;
  const VerificationProgress silent;
  verification::State state(*reader, anchors, silent, report);
  prepare(state, made, box.digest(), ballots);
  fmt::print("{:44} {:>10} {:>10} {:>9} {:>9} {:>7}\n", "", "wall", "processor", "ballots/s",
             "a core", "MB/s");
  const auto bytes = box.digest().size;
  const Cost files = cost_of([&] {
    const auto nothing = [](ByteView) { return Status(); };
    require(state.file_in_pieces(export_path::box(0, 0), std::size_t{1} << 20, nothing).has_value(),
            "V1 passes");
  });
  print("V1: read from the disk, file hashed", files, ballots, bytes);
  const Cost judged =
      cost_of([&] { require(verification::check_ballots(state).has_value(), "V10 passes"); });
  print("V10 to V14 and sums: read again, judged", judged, ballots, bytes);
  print("together", {files.wall + judged.wall, files.processor + judged.processor}, ballots, bytes);
  for (const auto& [check, error] : state.found) {
    require(check == 14 && error.code == "ballot.second", error.message);
  }
  require_sums(state, made, ballots);
}

int run(std::size_t ballots, std::size_t options, const std::filesystem::path& folder) {
  const auto made = make_ballots(options, std::min(ballots, distinct_most));
  const BoxFile box(folder / ("verification-" + std::to_string(::getpid())), made, ballots);
  fmt::print(
      "{} ballots of {} options and {} bytes ({} distinct ones, repeated), {:.2f} GB; {}, "
      "engine {}\n"
      "Included: what V1 and V10 to V14 do with a box: reading it twice, SHA-256 of the file twice "
      "and of\neach ballot twice (tracker, leaf), the tree's root, order and keys looked up in a "
      "roster of {} keys,\nall equations, the sums. Not included: the other checks (V2 to V9: "
      "log and rosters; V15 to V25: the\ncount).\n\n",
      ballots, options, made.ballots[0].bytes.size(), made.ballots.size(),
      static_cast<double>(box.digest().size) / 1e9, machine(), *name_of(JudgeEngine::best),
      ballots);
  verify(box, made, ballots);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("most memory held, making ballots and roster included: {:.0f} MiB\n",
             static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}

}  // namespace
}  // namespace isoloir::bench

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  try {
    const std::size_t ballots = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'200'000;
    const std::size_t options = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 11;
    isoloir::bench::require(ballots > 0 && options > 0,
                            "bench_verification [BALLOTS [OPTIONS [FOLDER]]]");
    return isoloir::bench::run(ballots, options, argc > 3 ? argv[3] : "build/bench");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
