#include "reissue/throttle.hpp"

#include <algorithm>
#include <set>

namespace isoloir::reissue {
namespace {

std::span<const TimeMs> within(std::span<const TimeMs> times, TimeMs window, TimeMs now) {
  const auto first = std::upper_bound(times.begin(), times.end(), now - window);
  return times.subspan(static_cast<std::size_t>(first - times.begin()));
}

}  // namespace

std::optional<TimeMs> retry_at(std::span<const TimeMs> earlier, const RateLimit& limit,
                               TimeMs now) {
  std::optional<TimeMs> latest;
  const auto check = [&](std::uint32_t most, TimeMs window) {
    const auto recent = within(earlier, window, now);
    if (most == 0 || recent.size() < most) return;
    const TimeMs at = recent[recent.size() - most] + window;
    latest = std::max(latest.value_or(at), at);
  };
  check(limit.per_minute, minute_ms);
  check(limit.per_hour, hour_ms);
  check(limit.per_day, day_ms);
  return latest;
}

std::optional<TimeMs> proof_retry_at(std::span<const TimeMs> wrong, const ProofLimit& limit,
                                     TimeMs now) {
  const auto recent = within(wrong, day_ms, now);
  if (recent.empty()) return std::nullopt;
  const auto doublings = std::min<std::size_t>(recent.size() - 1, 10);
  TimeMs at = recent.back() + (limit.first_delay_ms << doublings);
  if (recent.size() >= limit.per_day) {
    at = std::max(at, recent[recent.size() - limit.per_day] + day_ms);
  }
  if (at <= now) return std::nullopt;
  return at;
}

std::uint32_t proofs_left(std::span<const TimeMs> wrong, const ProofLimit& limit, TimeMs now) {
  const auto used = within(wrong, day_ms, now).size();
  return used >= limit.per_day ? 0 : limit.per_day - static_cast<std::uint32_t>(used);
}

bool too_many_voters(std::span<const ByteArray<32>> voters_of_destination,
                     const ByteArray<32>& voter, std::uint32_t most) {
  const std::set<ByteArray<32>> others(voters_of_destination.begin(), voters_of_destination.end());
  return !others.contains(voter) && others.size() >= most;
}

}  // namespace isoloir::reissue
