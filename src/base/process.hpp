// What the kernel says of this process (Linux, proc(5)). Thread-safe.
#pragma once

#include <cstdint>

namespace isoloir {

// What cannot be read is 0.
struct ProcessFigures {
  double cpu_seconds = 0;    // user and system, of all threads
  double start_seconds = 0;  // since 1970
  std::int64_t resident_bytes = 0;
  std::int64_t virtual_bytes = 0;
  std::int64_t open_files = 0;
  std::int64_t open_files_max = 0;
};

ProcessFigures process_figures();

}  // namespace isoloir
