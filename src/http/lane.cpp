#include "http/lane.hpp"

#include <algorithm>

namespace isoloir::http {

LaneThreads::LaneThreads(unsigned threads, std::size_t queue)
    : queue_limit_(queue), idle_(std::max(threads, 1U)) {
  for (std::size_t i = idle_; i > 0; --i) threads_.emplace_back([this] { run(); });
}

LaneThreads::~LaneThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool LaneThreads::try_submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    // A queued job that an idle thread is about to take is not one that waits.
    if (queue_.size() >= queue_limit_ + idle_) return false;
    queue_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void LaneThreads::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto job = std::move(queue_.front());
    queue_.pop_front();
    --idle_;
    lock.unlock();
    job();
    job = nullptr;  // what it holds is released outside the lock
    lock.lock();
    ++idle_;
  }
}

}  // namespace isoloir::http
