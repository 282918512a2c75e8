#include "base/clock.hpp"

#include <chrono>

namespace isoloir {

TimeMs SystemClock::now() const {
  const TimeMs machine = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
  TimeMs latest = latest_.load();
  while (machine > latest && !latest_.compare_exchange_weak(latest, machine)) {
  }
  return machine > latest ? machine : latest;
}

}  // namespace isoloir
