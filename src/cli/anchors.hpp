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

// Errors: anchor.form (no fingerprint), file.missing, file.read, receipts.folder.
Expected<Anchors> read_anchors(const AnchorFiles& files);

// Four times a second on a terminal, every five seconds in a log: a large election takes hours.
class ProgressLine {
 public:
  void operator()(int check, std::uint64_t done, std::uint64_t total);
  void finish() const;

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool open_ = false;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

}  // namespace isoloir::cli
