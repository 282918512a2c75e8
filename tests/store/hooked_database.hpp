// A database that lets a test come between: each hook runs once, around the next write.
#pragma once

#include "store/database.hpp"

namespace isoloir::store {

class HookedDatabase final : public Database {
 public:
  explicit HookedDatabase(Database& inner) : inner_(inner) {}
  std::size_t queued_writes() const override { return inner_.queued_writes(); }
  std::optional<StoreError::Kind> trouble() const override { return inner_.trouble(); }
  void erase_traces() override { inner_.erase_traces(); }

  std::function<void()> before_write{}, after_write{};

 protected:
  void run_write(const Step& step) override {
    if (const auto hook = std::exchange(before_write, {})) hook();
    const auto hook = std::exchange(after_write, {});
    (void)inner_.write([&](Transaction& transaction) { return outcome(step(transaction)); });
    if (hook) hook();
  }
  void run_read(const Step& step) override {
    (void)inner_.read([&](Transaction& transaction) { return outcome(step(transaction)); });
  }

 private:
  static Status outcome(bool done) {
    if (done) return {};
    return fail("test.rolled_back", "");
  }
  Database& inner_;
};

}  // namespace isoloir::store
