// What `isoloir witness URL` does with a log: looks at it again and again, cosigns what has only
// grown, and raises the alarm over a log that shows two histories. It asks and sends; nobody calls
// it.
#pragma once

#include "cli/witness_state.hpp"
#include "election/cosignature.hpp"

namespace isoloir::cli {

// Exit codes of the commands of a witness.
inline constexpr int exit_stopped = 0, exit_trouble = 1, exit_bad_use = 2, exit_fork = 3;

struct WatchOptions {
  std::string url;
  std::string fingerprint;  // hex, or empty
  std::string language = "fr";
  std::uint32_t every = 10;  // seconds
  bool once = false;
};

// To the next time that is a multiple of `every` seconds: witnesses who look at the same moments
// see the same checkpoints, and only one that enough of them have signed serves for receipts.
std::int64_t ms_to_next_look(TimeMs now, std::uint32_t every);

// Until SIGINT or SIGTERM, which are blocked, or a fork. `memory`: what `state` holds. Gives the
// exit code.
int watch_log(const WatchOptions& options, WitnessKey key, WitnessState state,
              std::optional<WitnessMemory> memory);

}  // namespace isoloir::cli
