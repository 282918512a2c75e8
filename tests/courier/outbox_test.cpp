#include "courier/outbox.hpp"

#include <map>

#include "courier/message_budget.hpp"
#include "courier/outbox_fixture.hpp"

namespace isoloir {
namespace {

using test::minute;
using test::OutboxTest;
using test::ScriptedTransport;
using test::start;

TEST_F(OutboxTest, SendsOnceAndKeepsTheStatus) {
  const auto id = queue("camille@example.org");
  EXPECT_EQ(status(id), "queued");
  EXPECT_TRUE(outbox().inbox().empty());
  outbox().deliver(transport, start);
  outbox().deliver(transport, start + minute);
  ASSERT_EQ(transport.sent.size(), 1u);
  EXPECT_EQ(transport.sent[0].destination, "camille@example.org");
  EXPECT_EQ(transport.sent[0].subject, "Subject");
  EXPECT_EQ(transport.sent[0].body, "body with a secret link");
  EXPECT_EQ(transport.sent[0].reply_to, "answers@example.org");
  EXPECT_EQ(transport.sent[0].useful_ms, 120 * minute);
  EXPECT_EQ(status(id), "accepted");
  ASSERT_EQ(outbox().inbox().size(), 1u);
  EXPECT_EQ(outbox().inbox()[0].body, "body with a secret link");
  EXPECT_EQ(outbox().inbox()[0].reply_to, "answers@example.org");
}

// A message that an older version queued has none.
TEST_F(OutboxTest, AMessageWithoutAReplyAddressIsSent) {
  const auto id = random.array<16>();
  ASSERT_TRUE(database->write([&](store::Transaction& t) -> Status {
    const std::string content = R"({"body":"b","destination":"camille@example.org","subject":"s"})";
    t.execute(
        "INSERT INTO message (id, created_at, voter, kind, channel, sealed, status, status_at, "
        "expires_at, next_at, tries, cut_short, by_minute) VALUES ($1, $2, 'E1', 'k', 'email', $3, "
        "'queued', $2, $4, $2, 0, 0, 0)",
        {ByteView(id), start, seal(SymmetricKey(ByteArray<32>{7}), as_bytes(content), id, random),
         start + minute});
    return {};
  }));
  outbox().deliver(transport, start);
  ASSERT_EQ(transport.sent.size(), 1u);
  EXPECT_EQ(transport.sent[0].reply_to, "");
}

// Requirement 34: without a relay messages wait, and go when it is back.
TEST_F(OutboxTest, R34WaitsForTheRelay) {
  transport.answer = Delivery::later;
  const auto id = queue("camille@example.org");
  outbox().deliver(transport, start);
  EXPECT_EQ(status(id), "queued");
  outbox().deliver(transport, start + minute - 1);
  EXPECT_EQ(transport.sent.size(), 1u);
  outbox().deliver(transport, start + minute + minute / 4);
  EXPECT_EQ(transport.sent.size(), 2u);
  EXPECT_EQ(transport.sent[1].useful_ms, 120 * minute - (minute + minute / 4));
  // A quarter of the wait more at most: what was refused together does not come back together.
  outbox().deliver(transport, start + minute + minute / 4 + 2 * minute - 1);
  EXPECT_EQ(transport.sent.size(), 2u);
  transport.answer = Delivery::delivered;
  outbox().deliver(transport, start + 5 * minute);
  EXPECT_EQ(status(id), "delivered");
}

TEST_F(OutboxTest, WaitsAreSpread) {
  transport.answer = Delivery::later;
  for (int i = 0; i < 20; ++i) queue("camille@example.org");
  outbox().deliver(transport, start);
  EXPECT_GT(values("SELECT DISTINCT next_at FROM message").size(), 10u);
  EXPECT_EQ(
      values("SELECT id FROM message WHERE next_at BETWEEN " + std::to_string(start + minute) +
             " AND " + std::to_string(start + minute + minute / 4))
          .size(),
      20u);
}

TEST_F(OutboxTest, ExpiresWhenOfNoUseAnyMore) {
  transport.answer = Delivery::later;
  const auto id = queue("camille@example.org");
  outbox().deliver(transport, start);
  outbox().deliver(transport, start + 120 * minute);
  EXPECT_EQ(status(id), "expired");
  EXPECT_EQ(transport.sent.size(), 1u);
}

// Requirement 48.
TEST_F(OutboxTest, R48APoisonMessageDoesNotBlockTheQueue) {
  const auto damaged = queue("damaged@example.org");
  ASSERT_TRUE(database->write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE message SET sealed = $1", {random.bytes(40)});
    return {};
  }));
  const auto poison = queue("poison@example.org");
  const auto good = queue("camille@example.org", start + 1);
  outbox().deliver(transport, start + 1);
  EXPECT_EQ(status(damaged), "failed");
  EXPECT_EQ(status(poison), "queued");
  EXPECT_EQ(status(good), "accepted");
}

// Requirement 49: handed over, then killed before the answer was written down.
TEST_F(OutboxTest, R49AtMostOneDuplicateWithTheSameContent) {
  struct Killed {};
  struct KilledTransport final : Transport {
    explicit KilledTransport(ScriptedTransport& inner) : inner_(inner) {}
    SendOutcome send(const OutgoingMessage& message) override {
      inner_.send(message);
      throw Killed{};  // no std::exception: nobody settles it
    }
    ScriptedTransport& inner_;
  } killed(transport);
  const auto id = queue("camille@example.org");
  EXPECT_THROW(outbox().deliver(killed, start), Killed);
  EXPECT_EQ(status(id), "sent");
  EXPECT_NO_THROW(outbox().deliver(killed, start + minute));  // another process may still be at it
  EXPECT_THROW(outbox().deliver(killed, start + 10 * minute), Killed);
  outbox().deliver(killed, start + 30 * minute);
  EXPECT_EQ(status(id), "failed");
  ASSERT_EQ(transport.sent.size(), 2u);
  EXPECT_EQ(transport.sent[0].id, transport.sent[1].id);
  EXPECT_EQ(transport.sent[0].body, transport.sent[1].body);
}

// Requirement 46.
TEST_F(OutboxTest, R46DestinationAndTextArePurgedWithinAnHourOfTheEnd) {
  const auto id = queue("camille@example.org");
  outbox().deliver(transport, start);
  outbox().purge(start + minute);
  EXPECT_EQ(outbox().inbox().size(), 1u);
  outbox().purge(start + 60 * minute - 1);
  EXPECT_TRUE(outbox().inbox().empty());
  EXPECT_TRUE(*database->read([&](store::Transaction& t) -> Expected<bool> {
    return t.query("SELECT sealed FROM message")[0].is_null(0);
  }));
  EXPECT_EQ(status(id), "accepted");
  transport.answer = Delivery::later;
  queue("dominique@example.org");
  outbox().deliver(transport, start);
  outbox().purge(start + 60 * minute);
  EXPECT_TRUE(*database->read([&](store::Transaction& t) -> Expected<bool> {
    return !t.query("SELECT 1 FROM message WHERE sealed IS NOT NULL").empty();
  })) << "what still waits keeps its text";
}

// Requirement 43: the budget is spent by flows in which nobody has proven anything; the others are
// served, at once and to the last.
TEST_F(OutboxTest, R43ProvenFlowsAreServedWhenTheBudgetIsSpent) {
  const auto queue_some = [&](MessageChannel channel, bool proven, int count) {
    ASSERT_TRUE(database->write([&](store::Transaction& t) -> Status {
      for (int i = 0; i < count; ++i) {
        NewMessage message{"E1", "k", channel, proven ? "proven" : "new", "", "b", start + hour_ms};
        message.proven = proven;
        outbox().queue(t, start, message);
      }
      return {};
    }));
  };
  const auto left = [&](TimeMs now, MessageBudget& budget) {
    transport.sent.clear();
    outbox().deliver(transport, now, &budget);
    std::map<std::pair<MessageChannel, std::string>, int> counts;
    for (const auto& message : transport.sent) ++counts[{message.channel, message.destination}];
    return counts;
  };
  constexpr auto sms = MessageChannel::sms, email = MessageChannel::email;
  MessageBudget budget({20, 10, 30});
  queue_some(sms, false, 1000);
  EXPECT_EQ(left(start, budget), (decltype(left(start, budget)){{{sms, "new"}, 70}}));
  EXPECT_TRUE(left(start, budget).empty()) << "the flood is held";
  queue_some(sms, true, 12);
  queue_some(email, false, 5);
  EXPECT_EQ(left(start, budget),
            (decltype(left(start, budget)){{{sms, "proven"}, 12}, {{email, "new"}, 5}}))
      << "another channel's budget is its own";
  queue_some(sms, true, 100);
  EXPECT_EQ(left(start, budget), (decltype(left(start, budget)){{{sms, "proven"}, 18}}))
      << "no more than the bucket holds";
  EXPECT_EQ(left(start + 2000, budget), (decltype(left(start, budget)){{{sms, "proven"}, 20}}))
      << "two seconds' worth, and all of it";
  EXPECT_TRUE(left(start + 1000, budget).empty()) << "a clock set back fills nothing";
  EXPECT_EQ(left(start + 3000, budget), (decltype(left(start, budget)){{{sms, "proven"}, 20}}));
  EXPECT_EQ(left(start + 13'000, budget),
            (decltype(left(start, budget)){{{sms, "proven"}, 42}, {{sms, "new"}, 28}}))
      << "those that are proven first";
}

// Requirement 45.
TEST(ShortMessage, R45OneSegmentOfGsmSevenBit) {
  EXPECT_TRUE(fits_one_sms(std::string(160, 'a')));
  EXPECT_FALSE(fits_one_sms(std::string(161, 'a')));
  EXPECT_TRUE(fits_one_sms("réf. à où Ç É https://x.example/r#A_b-c ?"));
  for (const auto* bad : {"ê", "ç", "’", "\u00a0", "`", "\t", "û", "😀"}) {
    EXPECT_FALSE(fits_one_sms(bad)) << bad;
  }
  EXPECT_TRUE(fits_one_sms(std::string(158, 'a') + "€"));
  EXPECT_FALSE(fits_one_sms(std::string(159, 'a') + "€"));
}

// What workers ask before each message that leaves: whoever reads the whole queue for it takes a
// hundred times as long for each of 20 000 (bench/outbox.cpp).
TEST_F(OutboxTest, ALongQueueIsNotReadForEachOfItsMessages) {
  const auto plan = [&](const std::string& condition) {
    const auto rows = *database->read([&](store::Transaction& t) -> Expected<store::Rows> {
      return t.query(
          "EXPLAIN QUERY PLAN SELECT 1 FROM message WHERE status IN ('queued', 'sent') "
          "AND " +
              condition + " LIMIT 1",
          {start});
    });
    return rows.at(0).text(3);
  };
  EXPECT_EQ(plan("expires_at <= $1"), "SEARCH message USING INDEX message_expiry (expires_at<?)");
  EXPECT_EQ(plan("channel IN ('email') AND proven IN (0, 1) AND next_at <= $1"),
            "SEARCH message USING INDEX message_due (channel=? AND proven=? AND next_at<?)");
}

}  // namespace
}  // namespace isoloir
