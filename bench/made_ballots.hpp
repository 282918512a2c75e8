// Good ballots of as many voters, made by libsodium on all cores: for what measures judging.
#pragma once

#include <algorithm>
#include <ctime>
#include <fstream>
#include <thread>

#include "base/random.hpp"
#include "verification/ballot_judge.hpp"
#include "verification/state.hpp"

namespace isoloir::bench {

inline double seconds_on(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// As the processor calls itself, and how many cores the program may use.
inline std::string machine() {
  std::ifstream file("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) model = line.substr(line.find(':') + 2);
  }
  return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

struct MadeBallot {
  Bytes bytes;
  std::size_t choice = 0;
};

struct MadeBallots {
  BallotPlace place;
  Scalar election_secret;
  std::vector<MadeBallot> ballots;  // ascending by key, as in a box
  double seconds_each = 0;          // of one core

  std::vector<ByteView> views(std::size_t count) const {  // again and again, where there are fewer
    std::vector<ByteView> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(ballots[i % ballots.size()].bytes);
    return result;
  }
};

inline MadeBallots make_ballots(std::size_t options, std::size_t count) {
  SystemRandom random;
  const KeyPair election = KeyPair::generate(random);
  MadeBallots made{{Fingerprint{random.array<32>()}, 0, 0, options, election.key},
                   election.secret.reveal(),
                   std::vector<MadeBallot>(count),
                   0};
  std::mutex mutex;
  const auto make = [&](std::size_t begin, std::size_t end) {
    const double start = seconds_on(CLOCK_THREAD_CPUTIME_ID);
    SystemRandom own;
    for (std::size_t i = begin; i < end; ++i) {
      const KeyPair voter = KeyPair::generate(own);
      made.ballots[i] = {make_ballot(made.place.fingerprint, 0, 0, options, i % options,
                                     election.key, voter.secret.reveal(), own)
                             .encode(),
                         i % options};
    }
    const std::lock_guard lock(mutex);
    made.seconds_each += (seconds_on(CLOCK_THREAD_CPUTIME_ID) - start) / static_cast<double>(count);
  };
  verification::in_ranges(count, 16, make, [](std::size_t) {});
  std::sort(made.ballots.begin(), made.ballots.end(),
            [](const auto& a, const auto& b) { return key_of(a.bytes) < key_of(b.bytes); });
  return made;
}

}  // namespace isoloir::bench
