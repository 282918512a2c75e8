#include "courier/workers.hpp"

#include <future>

#include "courier/outbox_fixture.hpp"

namespace isoloir {
namespace {

using test::start;

// Tells when so many messages have been given to it.
struct CountedTransport final : Transport {
  explicit CountedTransport(std::size_t wanted) : wanted_(wanted) {}
  SendOutcome send(const OutgoingMessage& message) override {
    const std::lock_guard lock(mutex_);
    ids.insert(message.id);
    if (++count == wanted_) all_.set_value();
    return Delivery::accepted;
  }
  bool wait() {
    return all_.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready;
  }

  std::size_t count = 0;
  std::set<std::string> ids;

 private:
  const std::size_t wanted_;
  std::mutex mutex_;
  std::promise<void> all_;
};

struct WorkersTest : test::OutboxTest {
  std::unique_ptr<MessageWorkers> work(Transport& to, unsigned workers,
                                       std::function<void()> beat = {}) {
    MessageWorkers::Settings settings{workers, 1, {1000, 1000, 30}, 1, 1, std::move(beat)};
    return std::make_unique<MessageWorkers>([this] { return outbox(); }, [] { return start; }, to,
                                            std::move(settings),
                                            [this](std::string_view line) {
                                              const std::lock_guard lock(mutex);
                                              said.emplace_back(line);
                                              another_said.notify_all();
                                            });
  }
  bool wait_for_saying(std::string_view beginning) {
    std::unique_lock lock(mutex);
    return another_said.wait_for(lock, std::chrono::seconds(60), [&] {
      return std::any_of(said.begin(), said.end(),
                         [&](const std::string& line) { return line.starts_with(beginning); });
    });
  }
  std::mutex mutex;
  std::condition_variable another_said;
  std::vector<std::string> said;
};

TEST_F(WorkersTest, SeveralWorkersSendEachMessageOnce) {
  for (int i = 0; i < 200; ++i) queue("camille@example.org");
  CountedTransport counted(200);
  auto workers = work(counted, 4);
  ASSERT_TRUE(counted.wait());
  workers.reset();
  EXPECT_EQ(counted.count, 200u);
  EXPECT_EQ(counted.ids.size(), 200u);
  EXPECT_EQ(values("SELECT id FROM message WHERE status = 'accepted'").size(), 200u);
}

TEST_F(WorkersTest, ASlowRelayKeepsNoTextMessageWaiting) {
  struct SlowRelay final : Transport {
    SendOutcome send(const OutgoingMessage& message) override {
      if (message.channel == MessageChannel::sms) {
        text.set_value();
      } else {
        go_on.get_future().wait();
      }
      return Delivery::accepted;
    }
    std::promise<void> text, go_on;
  } slow;
  queue("camille@example.org");
  queue("+33612345678");
  auto workers = work(slow, 1);
  EXPECT_EQ(slow.text.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  slow.go_on.set_value();
}

// The database cannot be written for a while: it is said, and the messages leave afterwards.
TEST_F(WorkersTest, TroubleIsSaidAndPasses) {
  queue("camille@example.org");
  const auto script = [&](const char* sql) {
    ASSERT_TRUE(database->write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  };
  script("CREATE TRIGGER broken BEFORE UPDATE ON message BEGIN SELECT RAISE(ABORT, 'broken'); END");
  CountedTransport counted(1);
  auto workers = work(counted, 1, [] { throw std::runtime_error("no Maildir"); });
  EXPECT_TRUE(wait_for_saying(
      "what became of messages: failed 1 time since the start, tried again: no Maildir"));
  EXPECT_TRUE(wait_for_saying("messages to voters: failed 1 time since the start"));
  EXPECT_EQ(counted.count, 0u);
  script("DROP TRIGGER broken");
  EXPECT_TRUE(counted.wait());
}

}  // namespace
}  // namespace isoloir
