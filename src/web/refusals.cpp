#include "web/refusals.hpp"

namespace isoloir::web {

std::optional<Refusals::Attempt> Refusals::begin(const std::string& who, TimeMs now) {
  const std::lock_guard lock(mutex_);
  const TimeMs minute = whole_minute(now);
  // Who has read the clock just before somebody else who was faster counts with that one.
  if (minute != minute_ && minute + minute_ms != minute_) {
    by_whom_.clear();
    minute_ = minute;
  }
  auto& counted = by_whom_[who];
  if (counted >= most_) return std::nullopt;
  ++counted;
  return std::optional<Attempt>(std::in_place, *this, who, minute_);
}

// What an earlier minute has counted is forgotten already.
void Refusals::give_back(const std::string& who, TimeMs minute) {
  const std::lock_guard lock(mutex_);
  const auto found = by_whom_.find(who);
  if (minute != minute_ || found == by_whom_.end()) return;
  if (--found->second == 0) by_whom_.erase(found);
}

}  // namespace isoloir::web
