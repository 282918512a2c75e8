// Loaded into the program by LD_PRELOAD, so that a test can take its disk away or kill it at one
// exact operation: SQLite and the program reach the disk through these functions of libc. Files
// whose path begins with the prefix of the control page are concerned, everything else passes.
#include "functional/preload/disk_faults.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using isoloir::DiskControl;

DiskControl* map_control() {
  const char* path = std::getenv("ISOLOIR_TEST_DISK");
  const int file = path ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return nullptr;
  void* page = ::mmap(nullptr, sizeof(DiskControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  return page == MAP_FAILED ? nullptr : static_cast<DiskControl*>(page);
}

DiskControl* control() {
  static DiskControl* const page = map_control();
  return page;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool concerns(const char* path) {
  return control() && std::strncmp(path, control()->prefix, std::strlen(control()->prefix)) == 0;
}

bool concerns(int file) {
  struct stat about {};
  if (!control() || ::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) return false;
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size < 0) return false;
  path[size] = '\0';
  return concerns(path);
}

// Whether this is the operation to which the countdown leads.
bool reached(std::atomic<int>& countdown) {
  int left = countdown.load();
  while (left > 0 && !countdown.compare_exchange_weak(left, left - 1)) {
  }
  return left == 1;
}

// Each operation on the disk passes here, before it is done.
void count_operation() {
  ++control()->operations;
  if (reached(control()->full_at)) control()->full = true;
  if (reached(control()->kill_at)) ::kill(::getpid(), SIGKILL);
}

// What is on the disk then is there for good, and nobody has been told.
int synced(int file, int (*real)(int)) {
  if (!concerns(file)) return real(file);
  count_operation();
  const int result = real(file);
  if (reached(control()->kill_after_sync)) ::kill(::getpid(), SIGKILL);
  return result;
}

// A full disk still takes what it has room for: only what makes a file longer is refused.
bool refused(int file, off64_t end) {
  struct stat about {};
  if (!control()->full || ::fstat(file, &about) != 0 || end <= about.st_size) return false;
  errno = ENOSPC;
  return true;
}

}  // namespace

extern "C" {

ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  if (concerns(file)) {
    count_operation();
    if (refused(file, offset + static_cast<off64_t>(size))) return -1;
  }
  return real(file, data, size, offset);
}
ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  return pwrite64(file, data, size, offset);
}

ssize_t write(int file, const void* data, size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  if (concerns(file)) {
    count_operation();
    if (refused(file, ::lseek64(file, 0, SEEK_CUR) + static_cast<off64_t>(size))) return -1;
  }
  return real(file, data, size);
}

int ftruncate64(int file, off64_t size) {
  static const auto real = next<int (*)(int, off64_t)>("ftruncate64");
  if (concerns(file)) {
    count_operation();
    if (refused(file, size)) return -1;
  }
  return real(file, size);
}
int ftruncate(int file, off_t size) {
  return ftruncate64(file, size);
}

int fsync(int file) {
  static const auto real = next<int (*)(int)>("fsync");
  return synced(file, real);
}
int fdatasync(int file) {
  static const auto real = next<int (*)(int)>("fdatasync");
  return synced(file, real);
}

int unlink(const char* path) {
  static const auto real = next<int (*)(const char*)>("unlink");
  if (concerns(path)) count_operation();
  return real(path);
}
int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  if (concerns(to)) count_operation();
  return real(from, to);
}

int open64(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open64");
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list rest;
    va_start(rest, flags);
    mode = static_cast<mode_t>(va_arg(rest, unsigned));
    va_end(rest);
    if (concerns(path)) {
      count_operation();
      if (control()->full && ::access(path, F_OK) != 0) {
        errno = ENOSPC;
        return -1;
      }
    }
  }
  return real(path, flags, mode);
}
int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list rest;
    va_start(rest, flags);
    mode = static_cast<mode_t>(va_arg(rest, unsigned));
    va_end(rest);
  }
  return open64(path, flags, mode);
}

}  // extern "C"
