// How many messages may leave: so many a second for each channel, a share of them kept for flows
// that have proven something, so that whoever asks for messages by the thousand holds up nobody who
// is on the way (reissue requirement 43). A bucket of tokens for each channel. Thread-safe; workers
// that ask at the same moment may take one each too many.
#pragma once

#include <array>
#include <mutex>

#include "base/clock.hpp"
#include "courier/outbox.hpp"
#include "portal/reissue_policy.hpp"

namespace isoloir {

class MessageBudget {
 public:
  // `seconds` pass between two beats: a bucket holds what two of them bring, ten seconds' worth at
  // least.
  explicit MessageBudget(const MessageRates& rates, std::int64_t seconds = 5);

  // Whether one may leave now; a message of a flow that has proven nothing only while more than the
  // kept share is left.
  bool allows(MessageChannel channel, bool proven, TimeMs now);
  // One has left. It was allowed.
  void take(MessageChannel channel);

 private:
  // In thousandths of a message, so that a rate a second fills by the millisecond.
  struct Bucket {
    std::int64_t rate = 0;
    std::int64_t level = 0;
  };
  Bucket& bucket(MessageChannel channel) { return buckets_.at(static_cast<std::size_t>(channel)); }

  std::mutex mutex_;
  std::int64_t kept_percent_;
  std::int64_t capacity_seconds_;
  std::array<Bucket, 2> buckets_;  // by MessageChannel
  TimeMs filled_at_ = 0;
};

}  // namespace isoloir
