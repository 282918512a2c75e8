#include "election/discrete_log.hpp"

#include <cstring>

#include "base/result.hpp"

namespace isoloir {

// An encoding is as good as random in its first bytes.
std::size_t DiscreteLog::Hash::operator()(const Point& point) const {
  std::size_t hash;
  std::memcpy(&hash, point.encoded().data(), sizeof hash);
  return hash;
}

DiscreteLog::DiscreteLog(std::uint64_t largest) : largest_(largest), steps_(1) {
  while (steps_ * steps_ <= largest) ++steps_;
  baby_.reserve(steps_);
  for (std::uint64_t i = 0; i < steps_; ++i) {
    baby_.emplace(giant_, i);
    giant_ = giant_ + Point::generator();
  }
}

std::optional<std::uint64_t> DiscreteLog::find(const Point& point, std::uint64_t bound) const {
  ISOLOIR_ASSERT(bound <= largest_);
  Point rest = point;
  for (std::uint64_t taken = 0; taken <= bound; taken += steps_) {
    const auto found = baby_.find(rest);
    if (found != baby_.end()) {
      const std::uint64_t value = taken + found->second;
      return value <= bound ? std::optional(value) : std::nullopt;
    }
    rest = rest - giant_;
  }
  return std::nullopt;
}

}  // namespace isoloir
