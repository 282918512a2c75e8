#include "courier/routing.hpp"

#include <gmock/gmock.h>

#include "base/limits.hpp"

namespace isoloir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct SetClock final : Clock {
  TimeMs now() const override { return at; }
  TimeMs at = 1'700'000'000'000;
};

struct ScriptedCarrier final : Carrier {
  ScriptedCarrier(std::string name, std::vector<std::string>& asked)
      : name_(std::move(name)), asked_(asked) {}
  std::string_view name() const override { return name_; }
  SendOutcome carry(const OutgoingMessage&) override {
    asked_.push_back(name_);
    return answer;
  }
  SendOutcome answer = Delivery::accepted;

 private:
  std::string name_;
  std::vector<std::string>& asked_;
};

struct RoutingTest : testing::Test {
  RoutingTest() {
    const auto add = [&](const std::string& name) {
      auto carrier = std::make_unique<ScriptedCarrier>(name, asked);
      carriers[name] = carrier.get();
      return carrier;
    };
    std::vector<std::unique_ptr<Carrier>> relays;
    relays.push_back(add("relay-1"));
    relays.push_back(add("relay-2"));
    std::vector<SmsRoute> routes;
    routes.push_back({add("france"), {"33", "262"}, true});
    routes.push_back({add("world"), {}, true});
    routes.push_back({add("silent"), {}, false});
    routing.emplace(std::move(relays), std::move(routes), RouteFloor{}, clock,
                    [&](std::string_view line) { said.emplace_back(line); });
  }
  SendOutcome mail() {
    return routing->send({"", MessageChannel::email, "camille@example.org", "", "", ""});
  }
  SendOutcome text(const std::string& number, std::vector<std::string> carried_by = {}) {
    return routing->send({"", MessageChannel::sms, number, "", "", "", std::move(carried_by)});
  }
  Carriage of(const std::string& carrier, std::int64_t delivered, std::int64_t failed,
              std::int64_t unreported) {
    return {0,      MessageChannel::sms, carrier, "FR", delivered + failed + unreported, delivered,
            failed, unreported};
  }

  SetClock clock;
  std::map<std::string, ScriptedCarrier*> carriers;
  std::vector<std::string> asked, said;
  std::optional<Routing> routing;
};

TEST_F(RoutingTest, TheNextRelayTakesOverWhileOneIsDown) {
  EXPECT_EQ(mail().carrier, "relay-1");
  carriers["relay-1"]->answer = {Delivery::unreachable, Reason::credentials};
  EXPECT_EQ(mail().carrier, "relay-2");
  asked.clear();
  EXPECT_EQ(mail().carrier, "relay-2");
  EXPECT_THAT(asked, ElementsAre("relay-2")) << "nobody waits for the one that is down";
  EXPECT_THAT(said, ElementsAre("relay-1 does not take messages: credentials"));
  clock.at += limits::carrier_down_ms;
  carriers["relay-1"]->answer = Delivery::accepted;
  EXPECT_EQ(mail().carrier, "relay-1");
  EXPECT_THAT(said.back(), HasSubstr("relay-1 takes messages again"));
}

TEST_F(RoutingTest, WithAllDownTheMessageWaits) {
  carriers["relay-1"]->answer = carriers["relay-2"]->answer = Delivery::unreachable;
  EXPECT_EQ(mail().result, Delivery::unreachable);
  asked.clear();
  EXPECT_EQ(mail().result, Delivery::unreachable);
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(RoutingTest, WhatARelaySaysOfTheMessageIsNotAskedOfAnother) {
  carriers["relay-1"]->answer = {Delivery::later, Reason::greylisted};
  EXPECT_EQ(mail().carrier, "relay-1");
  carriers["relay-1"]->answer = {Delivery::refused, Reason::unknown_recipient};
  EXPECT_EQ(mail().result, Delivery::refused);
  EXPECT_THAT(asked, ElementsAre("relay-1", "relay-1"));
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(RoutingTest, RoutesGoByCallingCode) {
  EXPECT_EQ(text("+33612345678").carrier, "france");
  EXPECT_EQ(text("+262692123456").carrier, "france");
  EXPECT_EQ(text("+541112345678").carrier, "world");
  EXPECT_EQ(text("+33612345678", {"france"}).carrier, "world");
  EXPECT_EQ(text("+33612345678", {"france", "world"}).carrier, "silent");
  EXPECT_TRUE(
      routing->elsewhere({"", MessageChannel::sms, "+33612345678", "", "", "", {"france"}}));
  EXPECT_FALSE(routing->elsewhere(
      {"", MessageChannel::sms, "+33612345678", "", "", "", {"france", "world", "silent"}}));
  EXPECT_FALSE(routing->elsewhere({"", MessageChannel::email, "a@example.org", "", "", ""}));
}

TEST_F(RoutingTest, WhereNoRouteGoesIsToldAsSuch) {
  const auto outcome = text("+33612345678", {"france", "world", "silent"});
  EXPECT_EQ(outcome.result, Delivery::refused);
  EXPECT_EQ(outcome.reason, Reason::no_route);
}

TEST_F(RoutingTest, ARouteThatDoesNotDeliverIsSetAsideForThatCountry) {
  routing->judge({of("france", 9, 5, 5)});
  EXPECT_THAT(said, IsEmpty()) << "too few to tell";
  routing->judge({of("france", 9, 6, 5), of("silent", 0, 0, 50)});
  EXPECT_THAT(said, ElementsAre("france is set aside for FR: 9 of 20 messages arrived"));
  EXPECT_EQ(routing->standings()[2].set_aside, std::set<std::string>{"FR"});
  EXPECT_THAT(routing->standings()[4].set_aside, IsEmpty()) << "it never says what arrived";
  EXPECT_EQ(text("+33612345678").carrier, "world");
  EXPECT_EQ(text("+262692123456").carrier, "france") << "another country";
  EXPECT_EQ(text("+33612345678", {"world", "silent"}).carrier, "france") << "better than none";
  routing->judge({of("france", 10, 5, 5)});
  EXPECT_THAT(said.back(), HasSubstr("france is tried again for FR"));
}

TEST_F(RoutingTest, AtTheFloorARouteStays) {
  routing->judge({of("france", 10, 10, 0)});
  EXPECT_THAT(said, IsEmpty());
}

}  // namespace
}  // namespace isoloir
