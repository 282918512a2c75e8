// The page that a test shares with disk_faults.cpp inside the program that it runs.
#pragma once

#include <atomic>

namespace isoloir {

struct DiskControl {
  std::atomic<long> operations;      // on the files concerned, since the page was made
  std::atomic<int> kill_at;          // SIGKILL just before the n-th operation from now; 0: never
  std::atomic<int> kill_after_sync;  // SIGKILL once the n-th sync from now is done; 0: never
  std::atomic<int> full_at;          // full from the n-th operation from now on; 0: not by count
  std::atomic<bool> full;            // no file grows, none is made
  char prefix[1024];                 // absolute path at which the files concerned begin
};

}  // namespace isoloir
