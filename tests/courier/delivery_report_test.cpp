// What becomes of a message after a carrier took it, and what is counted of it.
#include <gmock/gmock.h>

#include "base/limits.hpp"
#include "courier/outbox_fixture.hpp"

namespace isoloir {
namespace {

using test::minute;
using test::start;
using testing::ElementsAre;
using State = DeliveryReport::State;

struct DeliveryReportTest : test::OutboxTest {
  struct NamedTransport final : Transport {
    SendOutcome send(const OutgoingMessage& message) override {
      carried_by.push_back(message.carried_by);
      return {answer, reason, name};
    }
    Delivery answer = Delivery::accepted;
    Reason reason = Reason::none;
    std::string name = "first";
    std::vector<std::vector<std::string>> carried_by;
  } route;

  std::string accepted(const std::string& to = "+33612345678", TimeMs now = start) {
    const auto id = queue(to, now);
    outbox().deliver(route, now);
    return id;
  }
  bool report(const std::string& id, State state, TimeMs now, Reason reason = Reason::none,
              const std::string& carrier = "") {
    DeliveryReport said{{}, carrier, state, reason};
    const auto bytes = *hex_decode(id);
    std::copy(bytes.begin(), bytes.end(), said.message.begin());
    return outbox().report(said, now, [&](const OutgoingMessage& message) {
      asked = message;
      return other_route;
    });
  }
  void follow_up(TimeMs accepted_until) {
    outbox().follow_up({"first"}, accepted_until, accepted_until + minute,
                       [&](const OutgoingMessage& message) {
                         asked = message;
                         return other_route;
                       });
  }
  // accepted, delivered, failed, unreported, refused, postponed; of all slots and places
  std::vector<std::int64_t> counts(const std::string& carrier = "first") {
    std::vector<std::int64_t> sums(6);
    for (const auto& each : outbox().carriages(0)) {
      if (each.carrier != carrier) continue;
      const std::int64_t all[] = {each.accepted,   each.delivered, each.failed,
                                  each.unreported, each.refused,   each.postponed};
      for (std::size_t i = 0; i < 6; ++i) sums[i] += all[i];
    }
    return sums;
  }

  bool other_route = false;
  OutgoingMessage asked;
};

TEST_F(DeliveryReportTest, WhatArrivedStaysSo) {
  const auto id = accepted();
  EXPECT_TRUE(report(id, State::delivered, start + 1));
  EXPECT_EQ(status(id), "delivered");
  EXPECT_TRUE(report(id, State::delivered, start + 2));
  EXPECT_TRUE(report(id, State::failed, start + 3, Reason::no_answer));
  EXPECT_EQ(status(id), "delivered");
  EXPECT_THAT(counts(), ElementsAre(1, 1, 0, 0, 0, 0));
  EXPECT_THAT(values("SELECT delivered_at FROM message"), ElementsAre(std::to_string(start + 1)));
  EXPECT_FALSE(report(std::string(32, 'a'), State::delivered, start)) << "nobody knows it";
}

TEST_F(DeliveryReportTest, WhatFailedGoesAnotherWayWhereThereIsOne) {
  other_route = true;
  const auto id = accepted();
  EXPECT_TRUE(report(id, State::failed, start + 1, Reason::no_answer, "first"));
  EXPECT_EQ(status(id), "queued");
  EXPECT_EQ(asked.destination, "+33612345678");
  EXPECT_THAT(asked.carried_by, ElementsAre("first"));
  route.name = "second";
  outbox().deliver(route, start + 1);
  EXPECT_EQ(status(id), "accepted");
  EXPECT_THAT(route.carried_by.back(), ElementsAre("first"));
  other_route = false;
  EXPECT_TRUE(report(id, State::failed, start + 2, Reason::no_answer, "first"));
  EXPECT_EQ(status(id), "accepted") << "the first route's word is not the last";
  EXPECT_TRUE(report(id, State::failed, start + 3, Reason::unknown_recipient, "second"));
  EXPECT_EQ(status(id), "failed");
  EXPECT_THAT(values("SELECT reason FROM message"), ElementsAre("unknown_recipient"));
  EXPECT_TRUE(report(id, State::delivered, start + 4, Reason::none, "second"));
  EXPECT_EQ(status(id), "delivered") << "late, and true";
  EXPECT_THAT(counts("second"), ElementsAre(1, 1, 0, 0, 0, 0));
}

TEST_F(DeliveryReportTest, ANumberThatDoesNotExistIsTriedNoOtherWay) {
  other_route = true;
  const auto id = accepted();
  EXPECT_TRUE(report(id, State::failed, start + 1, Reason::unknown_recipient));
  EXPECT_EQ(status(id), "failed");
  EXPECT_THAT(counts(), ElementsAre(1, 0, 1, 0, 0, 0));
}

TEST_F(DeliveryReportTest, NothingIsSentAgainPastItsTime) {
  other_route = true;
  const auto id = accepted();
  EXPECT_TRUE(report(id, State::failed, start + 120 * minute, Reason::no_answer));
  EXPECT_EQ(status(id), "failed");
}

// A relay that answers after the telephone has.
TEST_F(DeliveryReportTest, AReportMayComeBeforeTheAnswer) {
  struct Quick final : Transport {
    explicit Quick(DeliveryReportTest& of) : of_(of) {}
    SendOutcome send(const OutgoingMessage& message) override {
      of_.report(message.id, State::delivered, start);
      return {Delivery::accepted, Reason::none, "first"};
    }
    DeliveryReportTest& of_;
  } quick(*this);
  const auto id = queue("+33612345678");
  outbox().deliver(quick, start);
  EXPECT_EQ(status(id), "delivered");
  EXPECT_EQ(counts()[0], 1);
}

// Its way failed before the worker that gave it away has said so: nobody else takes the message
// meanwhile, and it does not go the same way again.
TEST_F(DeliveryReportTest, AnEarlyFailureGoesAnotherWay) {
  other_route = true;
  struct Quick final : Transport {
    explicit Quick(DeliveryReportTest& of) : of_(of) {}
    SendOutcome send(const OutgoingMessage& message) override {
      EXPECT_TRUE(of_.report(message.id, State::failed, start, Reason::no_answer, "first"));
      EXPECT_THAT(of_.asked.carried_by, ElementsAre("first"));
      EXPECT_EQ(of_.outbox().deliver(of_.route, start), 0u) << "it is still held";
      return {Delivery::accepted, Reason::none, "first"};
    }
    DeliveryReportTest& of_;
  } quick(*this);
  const auto id = queue("+33612345678");
  outbox().deliver(quick, start);
  EXPECT_EQ(status(id), "queued");
  route.name = "second";
  outbox().deliver(route, start + limits::carrier_down_ms);
  EXPECT_EQ(status(id), "accepted");
  ASSERT_EQ(route.carried_by.size(), 1u);
  EXPECT_THAT(route.carried_by[0], testing::Contains("first"));
  EXPECT_EQ(counts("first")[2], 1);
}

TEST_F(DeliveryReportTest, SilenceIsFollowedUp) {
  other_route = true;
  const auto id = accepted();
  const auto heard = accepted();
  EXPECT_TRUE(report(heard, State::delivered, start + 1));
  follow_up(start - 1);
  EXPECT_EQ(status(id), "accepted") << "not yet";
  follow_up(start);
  EXPECT_EQ(status(id), "queued");
  EXPECT_EQ(status(heard), "delivered");
  EXPECT_THAT(counts(), ElementsAre(2, 1, 0, 1, 0, 0));
  EXPECT_TRUE(report(id, State::delivered, start + 2 * minute, Reason::none, "first"));
  EXPECT_EQ(status(id), "delivered") << "it had arrived after all: not sent again";
  EXPECT_THAT(counts(), ElementsAre(2, 2, 0, 0, 0, 0));
  outbox().deliver(route, start + 3 * minute);
  EXPECT_EQ(route.carried_by.size(), 2u);
}

TEST_F(DeliveryReportTest, SilenceWithoutAnotherWayIsMarkedOnce) {
  const auto id = accepted();
  follow_up(start);
  follow_up(start + minute);
  EXPECT_EQ(status(id), "accepted");
  EXPECT_THAT(values("SELECT reason FROM message"), ElementsAre("no_report"));
  EXPECT_THAT(counts(), ElementsAre(1, 0, 0, 1, 0, 0));
}

TEST_F(DeliveryReportTest, WhenNothingCanBeReachedNoMessagePays) {
  route.answer = Delivery::unreachable;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(queue("camille@example.org"));
  const auto text = queue("+33612345678");
  outbox().deliver(route, start);
  EXPECT_EQ(route.carried_by.size(), 2u) << "one of each channel was tried";
  for (int i = 1; i < 30; ++i) outbox().deliver(route, start + i * limits::carrier_down_ms);
  route.answer = Delivery::accepted;
  outbox().deliver(route, start + 30 * limits::carrier_down_ms);
  for (const auto& id : ids) EXPECT_EQ(status(id), "accepted");
  EXPECT_EQ(status(text), "accepted");
}

TEST_F(DeliveryReportTest, AMessageThatANewerOneReplacesDoesNotLeave) {
  const auto waiting = queue("camille@example.org");
  const auto gone = queue("dominique@example.org", start - 1);
  outbox().deliver(route, start - 1);
  for (const auto& id : {waiting, gone}) {
    ASSERT_TRUE(database->write([&](store::Transaction& t) -> Status {
      outbox().supersede(t, *hex_decode(id), start);
      return {};
    }));
  }
  outbox().deliver(route, start + minute);
  EXPECT_EQ(status(waiting), "superseded");
  EXPECT_EQ(status(gone), "accepted");
  EXPECT_THAT(values("SELECT DISTINCT superseded_at FROM message"),
              ElementsAre(std::to_string(start)));
}

TEST_F(DeliveryReportTest, RefusalsAndDelaysAreCountedByCarrier) {
  route.answer = Delivery::refused;
  route.reason = Reason::unknown_recipient;
  const auto id = accepted("camille@example.org");
  EXPECT_EQ(status(id), "failed");
  route.answer = Delivery::later;
  accepted("dominique@example.org");
  EXPECT_THAT(counts(), ElementsAre(0, 0, 0, 0, 1, 1));
}

// A domain may be one person's: few messages, and it is neither counted by name nor kept.
TEST_F(DeliveryReportTest, R46ADomainOfFewIsForgotten) {
  for (int i = 0; i < limits::place_messages_min; ++i)
    accepted("e" + std::to_string(i) + "@many.example");
  accepted("camille@her-own.example");
  EXPECT_EQ(values("SELECT DISTINCT place FROM message").size(), 2u);
  outbox().purge(start + 60 * minute);
  const auto left = values("SELECT DISTINCT place FROM message ORDER BY place");
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0], "");
  EXPECT_EQ(left[1].size(), 64u) << "a tag, no name";
  for (const auto& each : outbox().carriages(0)) EXPECT_NE(each.place, "her-own.example");
  accepted("late@many.example", start + minute);
  EXPECT_EQ(outbox().carriages(0).back().place, "many.example");
}

TEST_F(DeliveryReportTest, WhatWaitsIsTold) {
  queue("camille@example.org", start + 5);
  queue("dominique@example.org", start + 2);
  accepted("+33612345678", start - 7);
  const auto waiting = outbox().waiting(start + minute);
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[0].queued, 2);
  EXPECT_EQ(waiting[0].oldest_at, start + 2);
  EXPECT_EQ(waiting[1].unreported, 1);
  EXPECT_EQ(waiting[1].unreported_at, start - 7);
}

}  // namespace
}  // namespace isoloir
