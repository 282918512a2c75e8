#include "courier/workers.hpp"

#include <fmt/format.h>

#include <chrono>

namespace isoloir {

MessageWorkers::MessageWorkers(std::function<Outbox()> outbox, std::function<TimeMs()> now,
                               Transport& transport, Settings settings,
                               std::function<void(std::string_view)> say)
    : say_(std::move(say)), budget_(settings.rates, 1) {
  // One message at a time, so that each is judged by the clock of its own moment: none leaves that
  // is of no use any more.
  const auto work = [this, outbox, now, &transport](MessageChannel channel) {
    return outbox().deliver(transport, now(), &budget_, 1, channel) > 0;
  };
  const auto start = [&](MessageChannel channel, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      threads_.emplace_back([this, work, channel, pause = settings.poll_ms] {
        repeat([&] { return work(channel); }, pause, "messages to voters");
      });
    }
  };
  start(MessageChannel::email, settings.mail_workers);
  start(MessageChannel::sms, settings.sms_workers);
  if (!settings.beat) return;
  threads_.emplace_back([this, beat = std::move(settings.beat), pause = settings.beat_ms] {
    repeat(
        [&] {
          beat();
          return false;
        },
        pause, "what became of messages");
  });
}

MessageWorkers::~MessageWorkers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

// Until the end; at once again while there is work, else after a pause.
void MessageWorkers::repeat(const std::function<bool()>& work, std::int64_t pause_ms,
                            std::string_view name) {
  std::uint64_t failures = 0;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    bool again = false;
    try {
      again = work();
    } catch (const std::exception& error) {
      // A full disk should not be filled by telling so.
      if (++failures == 1 || failures % 100 == 0) {
        say_(fmt::format("{}: failed {} time{} since the start, tried again: {}", name, failures,
                         failures == 1 ? "" : "s", error.what()));
      }
    }
    lock.lock();
    if (!again) {
      wake_.wait_for(lock, std::chrono::milliseconds(pause_ms), [this] { return stopping_; });
    }
  }
}

}  // namespace isoloir
