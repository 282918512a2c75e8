#include "store/fault_vfs.hpp"

namespace isoloir {

// The real file follows in the same block of memory.
struct FaultFile {
  sqlite3_file base;
  FaultVfs* faults;

  static FaultFile* of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }
  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(of(file) + 1);
  }
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* faults = static_cast<FaultVfs*>(vfs->pAppData);
    of(file)->faults = faults;
    file->pMethods = nullptr;
    const int code = faults->real_->xOpen(faults->real_, name, real(file), flags, out);
    if (real(file)->pMethods != nullptr) file->pMethods = &methods;
    return code;
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    FaultVfs& faults = *of(file)->faults;
    if (!faults.fails()) return real(file)->pMethods->xWrite(real(file), data, size, offset);
    if (faults.code_ == SQLITE_FULL) return SQLITE_FULL;
    real(file)->pMethods->xWrite(real(file), data, size / 2, offset);
    return SQLITE_IOERR_WRITE;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (of(file)->faults->fails()) return SQLITE_IOERR_TRUNCATE;
    return real(file)->pMethods->xTruncate(real(file), size);
  }
  static int sync(sqlite3_file* file, int) {
    FaultVfs& faults = *of(file)->faults;
    if (faults.code_ == SQLITE_IOERR && faults.fails()) return SQLITE_IOERR_FSYNC;
    ++faults.syncs_;  // counted, not done: the machine stays up, and thousands would take minutes
    return SQLITE_OK;
  }
  static const sqlite3_io_methods methods;
};

template <auto method, typename... Arguments>
int forward(sqlite3_file* file, Arguments... arguments) {
  auto* real = FaultFile::real(file);
  return (real->pMethods->*method)(real, arguments...);
}

const sqlite3_io_methods FaultFile::methods = {
    .iVersion = 2,
    .xClose = forward<&sqlite3_io_methods::xClose>,
    .xRead = forward<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = forward<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = forward<&sqlite3_io_methods::xLock, int>,
    .xUnlock = forward<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = forward<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = forward<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = forward<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = forward<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = forward<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>,
    .xShmLock = forward<&sqlite3_io_methods::xShmLock, int, int, int>,
    .xShmBarrier =
        [](sqlite3_file* file) {
          FaultFile::real(file)->pMethods->xShmBarrier(FaultFile::real(file));
        },
    .xShmUnmap = forward<&sqlite3_io_methods::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

FaultVfs::FaultVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  vfs_.zName = "fault";
  vfs_.pNext = nullptr;
  vfs_.szOsFile = int(sizeof(FaultFile)) + real_->szOsFile;
  vfs_.pAppData = this;
  vfs_.xOpen = FaultFile::open;
  sqlite3_vfs_register(&vfs_, 1);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

void FaultVfs::arm(int operation, int code, Lasting lasting) {
  code_ = code;
  lasts_ = lasting == Lasting::until_healed;
  triggered_ = false;
  countdown_ = operation;
}

bool FaultVfs::fails() {
  if (countdown_ == 0) return false;
  if (countdown_ > 1) {
    --countdown_;
    return false;
  }
  if (!lasts_) countdown_ = 0;
  triggered_ = true;
  return true;
}

}  // namespace isoloir
