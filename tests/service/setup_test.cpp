#include "service/setup.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/places.hpp"
#include "election/cosignature.hpp"

namespace isoloir {
namespace {

TEST(Setup, HoursAreThoseOfThePortalsZone) {
  Portal portal;
  portal.time_zone = "Europe/Paris";
  portal.opens_local = "2022-12-01T08:00:00";
  portal.closes_local = "2022-12-08T17:00:00";
  portal.grace_minutes = 30;
  const auto hours = hours_of(portal);
  ASSERT_TRUE(hours);
  EXPECT_EQ(hours->opens_at, 1'669'878'000'000);
  EXPECT_EQ(hours->closes_at, 1'670'515'200'000);
  EXPECT_EQ(hours->grace_seconds, 1800u);
  portal.time_zone = "Paris";
  EXPECT_EQ(hours_of(portal).error().code, "time.zone");
}

// The clocks go back between opening and closing: an hour more of vote, told as such.
TEST(Setup, HoursAcrossTheEndOfSummerTime) {
  Portal portal;
  portal.time_zone = "Europe/Paris";
  portal.opens_local = "2022-10-28T12:00:00";
  portal.closes_local = "2022-11-02T12:00:00";
  const auto autumn = hours_of(portal);
  ASSERT_TRUE(autumn);
  EXPECT_EQ(autumn->closes_at - autumn->opens_at, (5 * 24 + 1) * hour_ms);
  portal.opens_local = "2022-03-25T12:00:00";
  portal.closes_local = "2022-03-30T12:00:00";
  const auto spring = hours_of(portal);
  ASSERT_TRUE(spring);
  EXPECT_EQ(spring->closes_at - spring->opens_at, (5 * 24 - 1) * hour_ms);
}

ElectionDraft draft_of_association() {
  const auto toml = read_file(test::source_dir() + "/portals/association/portal.toml");
  const auto portal = Portal::parse(toml.value(), "portal.toml");
  SeededRandom random(1);
  return draw_draft(portal.value(), "https://vote.example", {1, 2, 0}, {Point::generator(), {}},
                    random);
}

// The form that the registrar works by travels in the draft.
TEST(Setup, CredentialsTravelInTheDraft) {
  auto draft = draft_of_association();
  const auto read = ElectionDraft::parse(draft.text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->credentials.roll_number);
  EXPECT_EQ(read->credentials, draft.credentials);
  draft.credentials.code = {12, false};  // 60 bits beside a number that others know
  EXPECT_EQ(ElectionDraft::parse(draft.text()).error().code, "draft.form");
}

// Whatever portal it was made of: the sealing reads the draft alone.
TEST(Setup, ADraftNamesAWitnessOnce) {
  auto draft = draft_of_association();
  SeededRandom random(2);
  const auto name = [&](const char* witness) {
    draft.witnesses.push_back(Witness::of(witness, Ed25519KeyPair::generate(random).key)->vkey());
    return ElectionDraft::parse(draft.text());
  };
  EXPECT_TRUE(name("one.example"));
  const auto two = name("two.example");
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(two->witnesses, draft.witnesses);
  const auto again = name("one.example");
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("two witnesses are named one.example"), std::string::npos)
      << again.error().message;
}

// What a browser calls the origin, to the letter: proofs are bound to it.
TEST(Setup, OriginsAreWrittenInOneWay) {
  for (const auto* good : {"https://vote.example", "https://vote.example:8443", "https://a",
                           "https://xn--lections-b1a.example", "http://localhost:8080"}) {
    EXPECT_TRUE(check_origin(good)) << good;
  }
  for (const auto* bad : {"",
                          "vote.example",
                          "http://vote.example",
                          "https://Vote.example",
                          "https://vote.example/",
                          "https://vote.example:443",
                          "https://vote..example",
                          "https://-vote.example",
                          "https://vote.example:0",
                          "https://vote.example:",
                          "https://vote.example:123456",
                          "https://vote.example:80a",
                          "https://vote-.example",
                          "https://vote.example-",
                          "https://vote.-example",
                          "https://vote.example.",
                          "https://",
                          "http://localhost",
                          "http://localhost:80/",
                          "https://élections.example",
                          "https://a@vote.example"}) {
    EXPECT_FALSE(check_origin(bad)) << bad;
  }
}

// Every order of three lists comes up; the blank vote stays last.
TEST(Setup, TheOrderOfTheListsIsDrawn) {
  Portal portal;
  Contest contest;
  contest.options.resize(4);
  contest.options[0].name = "A";
  contest.options[1].name = "B";
  contest.options[2].name = "C";
  contest.options[3].blank = true;
  portal.contests = {contest};
  SeededRandom random(1);
  std::map<std::string, int> orders;
  for (int i = 0; i < 600; ++i) {
    const auto draft = draw_draft(portal, "https://vote.example", {1, 2, 0}, {}, random);
    std::string order;
    for (const auto& option : draft.contests[0].options) order += option.name;
    EXPECT_TRUE(draft.contests[0].options[3].blank);
    ++orders[order];
  }
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, count] : orders) EXPECT_GT(count, 60) << order;
}

}  // namespace
}  // namespace isoloir
