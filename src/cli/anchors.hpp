// What `isoloir verify` and the holders' checks share: anchors as people give them, and a line that
// says how far a verification is.
#pragma once

#include <unistd.h>

#include <chrono>
#include <string>

#include "verification/verification.hpp"

namespace isoloir::cli {

struct AnchorFiles {
  std::string fingerprint;  // as people copy it; may be empty
  std::string checkpoint;   // a file; may be empty
  std::string receipts;     // a folder, or one receipt; may be empty
};
// As people copy it: groups of hex digits in either case.
std::optional<Fingerprint> read_fingerprint(std::string_view typed);

// "V10: 4096 of 1200000, 2700 ballots a second, 7 min 23 s left". The rate is not known at first:
// 0.
std::string progress_text(int check, std::uint64_t done, std::uint64_t total,
                          double done_per_second);

// Errors: anchor.form (no fingerprint), file.missing, file.read, receipts.folder.
Expected<Anchors> read_anchors(const AnchorFiles& files);

// How far a check is, at what speed where it is ballots, and how long it takes still. Four times a
// second on a terminal, every five seconds in a log: a large election takes a while.
class ProgressLine {
 public:
  void operator()(int check, std::uint64_t done, std::uint64_t total);
  void finish() const;

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool open_ = false;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
  // Of the check that is told of: when its first report came, and of how much.
  int check_ = -1;
  std::chrono::steady_clock::time_point started_;
  std::uint64_t started_done_ = 0;
};

}  // namespace isoloir::cli
