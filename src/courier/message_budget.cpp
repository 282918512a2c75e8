#include "courier/message_budget.hpp"

#include <algorithm>

namespace isoloir {
namespace {

constexpr std::int64_t one = 1000;

}  // namespace

MessageBudget::MessageBudget(const MessageRates& rates, std::int64_t seconds)
    : kept_percent_(rates.kept_percent),
      capacity_seconds_(std::max<std::int64_t>(10, 2 * seconds)),
      buckets_{{{rates.email, 0}, {rates.sms, 0}}} {
  for (auto& one_of : buckets_) one_of.level = one_of.rate * capacity_seconds_ * one;
}

bool MessageBudget::allows(MessageChannel channel, bool proven, TimeMs now) {
  const std::lock_guard lock(mutex_);
  // A clock that was set back fills nothing, and does not stop the filling from then on.
  const std::int64_t passed =
      filled_at_ == 0 ? 0 : std::clamp<std::int64_t>(now - filled_at_, 0, capacity_seconds_ * 1000);
  filled_at_ = now;
  for (auto& each : buckets_) {
    each.level = std::min(each.level + passed * each.rate, each.rate * capacity_seconds_ * one);
  }
  const auto& chosen = bucket(channel);
  const auto kept = proven ? 0 : chosen.rate * capacity_seconds_ * one * kept_percent_ / 100;
  return chosen.level >= kept + one;
}

void MessageBudget::take(MessageChannel channel) {
  const std::lock_guard lock(mutex_);
  bucket(channel).level -= one;
}

}  // namespace isoloir
