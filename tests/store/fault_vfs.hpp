// While it lives, SQLite's default file layer, which fails writes on command and counts
// syncs (without doing them).
#pragma once

#include <sqlite3.h>

#include <atomic>

namespace isoloir {

class FaultVfs {
 public:
  enum class Lasting { once, until_healed };

  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  // The n-th operation from now (1 is the next) fails: writes and truncations, for SQLITE_IOERR
  // syncs as well; the failing write of an SQLITE_IOERR is torn in the middle.
  void arm(int operation, int code, Lasting lasting);
  void heal() { countdown_ = 0; }
  bool triggered() const { return triggered_; }  // since armed
  int syncs() const { return syncs_; }

 private:
  friend struct FaultFile;
  bool fails();

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  std::atomic<int> countdown_{0};  // 0: not armed; 1: fails now
  std::atomic<int> code_{0};
  std::atomic<bool> lasts_{false};
  std::atomic<bool> triggered_{false};
  std::atomic<int> syncs_{0};
};

}  // namespace isoloir
