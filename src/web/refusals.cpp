#include "web/refusals.hpp"

namespace isoloir::web {

std::optional<Refusals::Attempt> Refusals::begin(const std::string& who, TimeMs now) {
  const std::lock_guard lock(mutex_);
  if (whole_minute(now) != minute_) by_whom_.clear();
  minute_ = whole_minute(now);
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
