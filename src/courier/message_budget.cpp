#include "courier/message_budget.hpp"

#include <algorithm>

namespace isoloir {
namespace {

// What a bucket holds: more than a beat's worth, or the beats would be the limit.
constexpr std::int64_t capacity_seconds = 10;
constexpr std::int64_t one = 1000;

}  // namespace

MessageBudget::MessageBudget(const MessageRates& rates)
    : kept_percent_(rates.kept_percent), buckets_{{{rates.email, 0}, {rates.sms, 0}}} {
  for (auto& one_of : buckets_) one_of.level = one_of.rate * capacity_seconds * one;
}

bool MessageBudget::allows(MessageChannel channel, bool proven, TimeMs now) {
  // A clock that was set back fills nothing, and does not stop the filling from then on.
  const std::int64_t passed =
      filled_at_ == 0 ? 0 : std::clamp<std::int64_t>(now - filled_at_, 0, capacity_seconds * 1000);
  filled_at_ = now;
  for (auto& each : buckets_) {
    each.level = std::min(each.level + passed * each.rate, each.rate * capacity_seconds * one);
  }
  const auto& chosen = bucket(channel);
  const auto kept = proven ? 0 : chosen.rate * capacity_seconds * one * kept_percent_ / 100;
  return chosen.level >= kept + one;
}

void MessageBudget::take(MessageChannel channel) {
  bucket(channel).level -= one;
}

}  // namespace isoloir
