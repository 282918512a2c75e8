// Time comes in from outside: modules take a Clock (or a plain time), tests set it.
#pragma once

#include <atomic>
#include <cstdint>

namespace isoloir {

// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
using TimeMs = std::int64_t;

inline constexpr TimeMs minute_ms = 60'000;
inline constexpr TimeMs hour_ms = 60 * minute_ms;
inline constexpr TimeMs day_ms = 24 * hour_ms;

// For what is kept about a person no finer than people need to read it.
constexpr TimeMs whole_minute(TimeMs at) {
  return at - at % minute_ms;
}

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeMs now() const = 0;  // thread-safe
};

// The machine's clock, made monotonic over the life of the process: set back, it stands still until
// time has caught up.
class SystemClock final : public Clock {
 public:
  TimeMs now() const override;

 private:
  mutable std::atomic<TimeMs> latest_{0};
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimeMs start) : now_(start) {}
  TimeMs now() const override { return now_; }
  void set(TimeMs now) { now_ = now; }
  void advance(TimeMs by) { now_ += by; }

 private:
  std::atomic<TimeMs> now_;
};

}  // namespace isoloir
