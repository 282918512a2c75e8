// The threads that bring messages to their carriers, apart from the server's beat: a relay that is
// slow holds up nothing but its own queue.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "courier/message_budget.hpp"

namespace isoloir {

class MessageWorkers {
 public:
  struct Settings {
    // Of each channel, so that a slow relay keeps no text message waiting.
    unsigned mail_workers = 1;
    unsigned sms_workers = 1;
    MessageRates rates;
    std::int64_t poll_ms = 500;  // between two looks at an empty queue
    std::int64_t beat_ms = 10'000;
    std::function<void()> beat{};  // from a thread of its own: what is heard of messages
  };
  // `say`: one line for the operator when a worker fails, as when the database cannot be written;
  // it goes on. All that is given outlives this.
  MessageWorkers(std::function<Outbox()> outbox, std::function<TimeMs()> now, Transport& transport,
                 Settings settings, std::function<void(std::string_view)> say);
  MessageWorkers(const MessageWorkers&) = delete;
  MessageWorkers& operator=(const MessageWorkers&) = delete;
  ~MessageWorkers();  // waits for what is being sent

 private:
  void repeat(const std::function<bool()>& work, std::int64_t pause_ms, std::string_view name);

  const std::function<void(std::string_view)> say_;
  MessageBudget budget_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace isoloir
