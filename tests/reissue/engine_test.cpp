#include "reissue/engine.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace isoloir {
// Stands for the verifier of the service, which alone may make evidence.
struct EvidenceVerifier {
  template <typename E>
  static E make() {
    return E();
  }
};
}  // namespace isoloir

namespace isoloir::reissue {
namespace {

template <typename E>
E evidence() {
  return EvidenceVerifier::make<E>();
}

static_assert(!std::is_default_constructible_v<SecretAnswer>);
static_assert(!std::is_default_constructible_v<PersonNumber>);
static_assert(!std::is_default_constructible_v<LinkToken>);
static_assert(!std::is_default_constructible_v<KeyPossession>);
static_assert(!std::is_default_constructible_v<CancelToken>);
static_assert(!std::is_default_constructible_v<AddressOnFile>);
static_assert(!std::is_default_constructible_v<KnownIdentifier>);
static_assert(!std::is_default_constructible_v<KnownPassword>);
static_assert(!std::is_default_constructible_v<AccountOpener>);
static_assert(!std::is_default_constructible_v<CivilIdentity>);
static_assert(!std::is_convertible_v<LinkToken, KeyPossession>);

constexpr TimeMs now = 1'000'000;
constexpr TimeMs later = now + 500;

std::string name_of(const FlowState& state) {
  constexpr const char* names[] = {
      "Started",        "MethodChosen",   "Proven",           "LinkQueued", "Opened",
      "Armed",          "Issued",         "Acknowledged",     "Expired",    "Superseded",
      "Cancelled",      "Matched",        "IdentifierProven", "KeyMatched", "Sent",
      "PasswordChosen", "ProviderChosen", "IdentityProven"};
  return names[state.index()];
}

std::vector<FlowState> all_states() {
  return {Started{},
          MethodChosen{},
          Proven{later},
          LinkQueued{now - 100, later},
          Opened{now - 50, later},
          Armed{later},
          Issued{now - 20, later},
          Acknowledged{now - 20},
          Expired{now - 10, std::nullopt},
          Superseded{now - 10},
          Cancelled{now - 10},
          Matched{},
          IdentifierProven{later},
          KeyMatched{},
          Sent{},
          PasswordChosen{now - 50, later},
          ProviderChosen{},
          IdentityProven{}};
}
std::vector<std::pair<std::string, FlowEvent>> all_events() {
  return {{"ChooseQuestion", ChooseQuestion{}},
          {"Prove", Prove{evidence<SecretAnswer>(), evidence<PersonNumber>(), 600}},
          {"QueueLink", QueueLink{7200}},
          {"RelayAccepted", RelayAccepted{now, 7200}},
          {"OpenLink", OpenLink{evidence<LinkToken>(), false, 1800}},
          {"OpenLinkAgain", OpenLink{evidence<LinkToken>(), true, 1800}},
          {"Arm", Arm{evidence<KeyPossession>()}},
          {"Issue", Issue{600}},
          {"Repeat", Repeat{true, {}}},
          {"RepeatOther", Repeat{false, {}}},
          {"RepeatOutdated", Repeat{true, now - 5}},
          {"Acknowledge", Acknowledge{}},
          {"Supersede", Supersede{}},
          {"Cancel", Cancel{evidence<CancelToken>()}},
          {"Match", Match{evidence<ConsularNumber>(), evidence<AddressOnFile>()}},
          {"ProveIdentifier", ProveIdentifier{evidence<KnownIdentifier>()}},
          {"MatchKey", MatchKey{evidence<ConsularNumber>(), evidence<KnownPassword>()}},
          {"SendIdentifier", SendIdentifier{}},
          {"MatchAddress", MatchAddress{evidence<AddressOnFile>()}},
          {"ChoosePassword", ChoosePassword{evidence<AccountOpener>()}},
          {"Withdraw", Withdraw{}},
          {"ChooseProvider", ChooseProvider{}},
          {"ProveIdentity", ProveIdentity{evidence<CivilIdentity>()}},
          {"OpenIdentified", OpenIdentified{1800}}};
}

// Requirement 2: every State x Event pair; only the table's transitions succeed.
TEST(ReissueEngine, R02OnlyTheTransitionsOfTheTableSucceed) {
  const std::map<std::pair<std::string, std::string>, std::string> table = {
      {{"Started", "ChooseQuestion"}, "MethodChosen"},
      {{"MethodChosen", "Prove"}, "Proven"},
      {{"Proven", "QueueLink"}, "LinkQueued"},
      {{"LinkQueued", "RelayAccepted"}, "LinkQueued"},
      {{"LinkQueued", "OpenLink"}, "Opened"},
      {{"LinkQueued", "OpenLinkAgain"}, "Opened"},
      {{"LinkQueued", "Supersede"}, "Superseded"},
      {{"Opened", "OpenLinkAgain"}, "Opened"},
      {{"Opened", "Arm"}, "Armed"},
      {{"Opened", "Supersede"}, "Superseded"},
      {{"Armed", "Issue"}, "Issued"},
      {{"Armed", "Supersede"}, "Superseded"},
      {{"Issued", "Repeat"}, "Issued"},
      {{"Issued", "Acknowledge"}, "Acknowledged"},
      {{"Issued", "Cancel"}, "Cancelled"},
      {{"Acknowledged", "Cancel"}, "Cancelled"},
      {{"Cancelled", "Cancel"}, "Cancelled"},
      {{"Started", "Match"}, "Matched"},
      {{"Matched", "QueueLink"}, "LinkQueued"},
      {{"Opened", "ProveIdentifier"}, "IdentifierProven"},
      {{"IdentifierProven", "Issue"}, "Issued"},
      {{"Started", "MatchKey"}, "KeyMatched"},
      {{"KeyMatched", "SendIdentifier"}, "Sent"},
      {{"Started", "MatchAddress"}, "Matched"},
      {{"Opened", "ChoosePassword"}, "PasswordChosen"},
      {{"PasswordChosen", "ChoosePassword"}, "PasswordChosen"},
      {{"PasswordChosen", "OpenLinkAgain"}, "PasswordChosen"},
      {{"PasswordChosen", "Issue"}, "Issued"},
      {{"PasswordChosen", "Supersede"}, "Superseded"},
      {{"LinkQueued", "Withdraw"}, "Expired"},
      {{"Opened", "Withdraw"}, "Expired"},
      {{"Armed", "Withdraw"}, "Expired"},
      {{"PasswordChosen", "Withdraw"}, "Expired"},
      {{"Started", "ChooseProvider"}, "ProviderChosen"},
      {{"ProviderChosen", "ProveIdentity"}, "IdentityProven"},
      {{"IdentityProven", "OpenIdentified"}, "Opened"},
  };
  const std::map<std::string, std::set<std::string_view>> refusals = {
      {"Started", {"reissue.not_proven"}},
      {"MethodChosen", {"reissue.not_proven"}},
      {"Proven", {"reissue.not_proven"}},
      {"LinkQueued", {"reissue.link_not_opened"}},
      {"Opened", {"reissue.order", "reissue.link_elsewhere"}},
      {"Armed", {"reissue.order"}},
      {"Issued", {"reissue.link_used", "reissue.outdated"}},
      {"Acknowledged", {"reissue.link_used"}},
      {"Expired", {"reissue.link_expired"}},
      {"Superseded", {"reissue.link_superseded"}},
      {"Cancelled", {"reissue.link_cancelled"}},
      {"Matched", {"reissue.order"}},
      {"IdentifierProven", {"reissue.order"}},
      {"KeyMatched", {"reissue.order"}},
      {"Sent", {"reissue.order"}},
      {"PasswordChosen", {"reissue.order", "reissue.link_elsewhere"}},
      {"ProviderChosen", {"reissue.not_proven"}},
      {"IdentityProven", {"reissue.order"}},
  };
  std::size_t succeeded = 0;
  for (const auto& state : all_states()) {
    for (const auto& [event_name, event] : all_events()) {
      SCOPED_TRACE(name_of(state) + " x " + event_name);
      const auto result = step(state, event, now);
      const auto expected = table.find({name_of(state), event_name});
      ASSERT_EQ(result.has_value(), expected != table.end());
      if (result) {
        EXPECT_EQ(name_of(*result), expected->second);
        ++succeeded;
      } else {
        EXPECT_TRUE(refusals.at(name_of(state)).contains(result.error().code))
            << result.error().code;
      }
    }
  }
  EXPECT_EQ(succeeded, table.size());
}

// Requirements 2 and 19: at the deadline every way forward is shut, and Expire alone succeeds.
TEST(ReissueEngine, R19PastItsTimeNothingGoesOn) {
  const std::set<std::string> timed = {"LinkQueued", "Opened", "Armed", "Issued", "PasswordChosen"};
  for (const auto& state : all_states()) {
    SCOPED_TRACE(name_of(state));
    EXPECT_FALSE(step(state, Expire{}, later - 1));
    const auto expired = step(state, Expire{}, later);
    EXPECT_EQ(expired.has_value(), timed.contains(name_of(state)));
    if (expired) {
      EXPECT_EQ(name_of(*expired), "Expired");
    }
    if (!std::holds_alternative<Matched>(state)) {  // which lasts no longer than its transaction
      EXPECT_FALSE(step(state, QueueLink{1}, later));
    }
    EXPECT_FALSE(step(state, OpenLink{evidence<LinkToken>(), true, 1}, later));
    EXPECT_FALSE(step(state, Arm{evidence<KeyPossession>()}, later));
    EXPECT_FALSE(step(state, ProveIdentifier{evidence<KnownIdentifier>()}, later));
    EXPECT_FALSE(step(state, Issue{1}, later));
    EXPECT_FALSE(step(state, ChoosePassword{evidence<AccountOpener>()}, later));
    EXPECT_FALSE(step(state, Repeat{true, {}}, later));
  }
}

// The new code can be blocked after the answer can no longer be repeated; a link that merely
// expired blocks nothing.
TEST(ReissueEngine, R47CancelStaysPossibleAfterIssue) {
  const Cancel cancel{evidence<CancelToken>()};
  EXPECT_TRUE(step(Expired{now - 10, now - 20}, cancel, now));
  EXPECT_FALSE(step(Expired{now - 10, std::nullopt}, cancel, now));
}

TEST(ReissueEngine, TheLinkLivesFromTheRelaysAcceptance) {
  const auto accepted = step(LinkQueued{now, now + 100}, RelayAccepted{now + 80, 100}, now + 90);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(std::get<LinkQueued>(*accepted).expires_at, now + 180);
}

TEST(ReissueEngine, RefusalsSayWhen) {
  const auto at = [](const FlowState& state, const FlowEvent& event) {
    const auto result = step(state, event, now);
    return result ? TimeMs{-1} : result.error().at;
  };
  const OpenLink open{evidence<LinkToken>(), false, 1};
  EXPECT_EQ(at(Opened{now - 50, later}, open), now - 50);
  EXPECT_EQ(at(Issued{now - 20, later}, open), now - 20);
  EXPECT_EQ(at(Issued{now - 20, later}, Repeat{true, now - 5}), now - 5);
  EXPECT_EQ(at(Superseded{now - 10}, open), now - 10);
  EXPECT_EQ(at(LinkQueued{now - 100, now}, open), now);
}

}  // namespace
}  // namespace isoloir::reissue
