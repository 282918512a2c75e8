// A bounded queue of jobs and the threads that run them. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace isoloir::http {

class LaneThreads {
 public:
  // queue: jobs that may wait, besides those that run.
  LaneThreads(unsigned threads, std::size_t queue);
  ~LaneThreads();  // runs what is queued, then joins

  // False, at once, when the queue is full. A job must not throw.
  bool try_submit(std::function<void()> job);

 private:
  void run();

  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::size_t idle_ = 0;  // threads without a job
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace isoloir::http
