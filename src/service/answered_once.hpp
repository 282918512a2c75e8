// A question that a browser asks again, by a second click or because the answer was lost, gets the
// answer of the first time: of one that is still worked on, or was given within a minute. Held in
// memory. Thread-safe.
//
// Whoever asks while it is worked on waits on a thread; where the work itself waits for somebody
// else, a bound on those keeps one question from taking all threads.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <limits>
#include <map>
#include <mutex>
#include <optional>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace isoloir {

template <typename Answer>
class AnsweredOnce {
 public:
  // `waiting`: how many may wait for one answer, beside who works on it.
  explicit AnsweredOnce(unsigned waiting = std::numeric_limits<unsigned>::max())
      : waiting_(waiting) {}

  // `key`: of question and asker, an HMAC. An answer of which `keep` says no is not given again.
  // Nothing where as many wait as may: the same question again, later, will be answered.
  std::optional<Answer> once(
      const ByteArray<32>& key, TimeMs now, const std::function<Answer()>& work,
      const std::function<bool(const Answer&)>& keep = [](const Answer&) { return true; }) {
    std::promise<Answer> promise;
    std::shared_future<Answer> earlier;
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(asked_, [&](const auto& item) {
        return now >= item.second.at + minute_ms || now < item.second.at;
      });
      const auto [found, fresh] = asked_.try_emplace(key, Asked{{}, now});
      if (fresh) {
        found->second.answer = promise.get_future().share();
      } else {
        earlier = found->second.answer;
        if (earlier.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
          if (found->second.waiting == waiting_) return std::nullopt;
          ++found->second.waiting;
        }
      }
    }
    if (earlier.valid()) return earlier.get();
    const auto forget = [&] {
      const std::lock_guard lock(mutex_);
      asked_.erase(key);
    };
    try {
      auto answer = work();
      if (!keep(answer)) forget();
      promise.set_value(answer);
      return answer;
    } catch (...) {
      forget();
      promise.set_exception(std::current_exception());
      throw;
    }
  }

 private:
  struct Asked {
    std::shared_future<Answer> answer;
    TimeMs at = 0;
    unsigned waiting = 0;  // that ever did
  };
  const unsigned waiting_;
  std::mutex mutex_;
  std::map<ByteArray<32>, Asked> asked_;
};

}  // namespace isoloir
