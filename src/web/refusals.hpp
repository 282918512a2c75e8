// Work that anybody may ask for and that keeps a core busy: so many refused attempts a minute of
// one voter, then that one waits, and nobody else.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace isoloir::web {

// Thread-safe. Outlives its attempts.
class Refusals {
 public:
  explicit Refusals(std::uint32_t most_a_minute) : most_(most_a_minute) {}

  // Counts from its beginning, or many at once would all pass. At its end it is given back, unless
  // it was refused.
  class Attempt {
   public:
    Attempt(Refusals& all, std::string who, TimeMs minute)
        : all_(all), who_(std::move(who)), minute_(minute) {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() {
      if (!refused_) all_.give_back(who_, minute_);
    }
    void refuse() { refused_ = true; }

   private:
    Refusals& all_;
    const std::string who_;
    const TimeMs minute_;
    bool refused_ = false;
  };
  // Nothing: there were too many in this minute.
  std::optional<Attempt> begin(const std::string& who, TimeMs now);

 private:
  void give_back(const std::string& who, TimeMs minute);

  const std::uint32_t most_;
  std::mutex mutex_;
  TimeMs minute_ = 0;
  std::map<std::string, std::uint32_t> by_whom_;
};

}  // namespace isoloir::web
