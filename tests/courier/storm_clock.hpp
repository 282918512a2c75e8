// A clock that a test and the programs it has started share: ten times as fast as the machine's,
// and moved on by the test where all that is left to do is to wait.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <new>
#include <stdexcept>
#include <string>

#include "base/clock.hpp"

namespace isoloir::test {

class StormClock final : public Clock {
 public:
  static constexpr std::int64_t speed = 10;

  // Made with the file if there is none, else the one that others look at too.
  explicit StormClock(const std::string& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const bool sized = ::ftruncate(descriptor, sizeof(Shared)) == 0;
    auto* memory =
        sized ? ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
              : MAP_FAILED;
    ::close(descriptor);
    if (memory == MAP_FAILED) throw std::runtime_error("the clock cannot be shared");
    shared_ = static_cast<Shared*>(memory);
    std::int64_t unset = 0;
    shared_->begun.compare_exchange_strong(unset, machine_ms());
  }
  StormClock(const StormClock&) = delete;
  StormClock& operator=(const StormClock&) = delete;
  ~StormClock() override { ::munmap(shared_, sizeof(Shared)); }

  TimeMs now() const override {
    return 1'700'000'000'000 + shared_->moved_on + speed * (machine_ms() - shared_->begun);
  }
  void advance(TimeMs by) { shared_->moved_on += by; }

 private:
  struct Shared {  // an empty file's zeros are its first value
    std::atomic<std::int64_t> begun, moved_on;
  };
  static_assert(std::atomic<std::int64_t>::is_always_lock_free);

  // The same to every process.
  static std::int64_t machine_ms() {
    const auto time = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  }

  Shared* shared_ = nullptr;
};

}  // namespace isoloir::test
