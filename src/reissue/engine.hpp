// The procedures of the reissue design as one pure function: which step may follow which, and when.
// Nothing else decides it. Thread-safe, no state of its own.
//
// A, a voting code:
//   Started -> MethodChosen -> Proven -> LinkQueued -> Opened -> Armed -> Issued -> Acknowledged
//   Started -> ProviderChosen -> IdentityProven -> Opened, where FranceConnect replaces both
//   question and link
// B, a password:
//   Started -> Matched -> LinkQueued -> Opened -> IdentifierProven -> Issued
// C, an identifier:
//   Started -> KeyMatched -> Sent
// Accounts on the portal, activated or given another password:
//   Started -> Matched -> LinkQueued -> Opened -> PasswordChosen -> Issued
//
// with Expired, Superseded (a newer link) and Cancelled (the notice's link) as other ends.
#pragma once

#include <optional>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>

#include "base/clock.hpp"

namespace isoloir {
struct EvidenceVerifier;  // src/service/reissue_evidence.hpp
}

namespace isoloir::reissue {

// That something was proven. Only the verifier that has checked it can make one.
template <typename What>
class Evidence {
 private:
  friend struct isoloir::EvidenceVerifier;
  Evidence() = default;
};
using SecretAnswer = Evidence<struct SecretAnswerTag>;
using PersonNumber = Evidence<struct PersonNumberTag>;    // NUMEN or NIR10
using LinkToken = Evidence<struct LinkTokenTag>;          // what the link carried
using KeyPossession = Evidence<struct KeyPossessionTag>;  // of every new key
using CancelToken = Evidence<struct CancelTokenTag>;
using ConsularNumber = Evidence<struct ConsularNumberTag>;  // NUMIC, or NUMEL of who has none
using AddressOnFile = Evidence<struct AddressOnFileTag>;    // that of the roll was typed
using KnownIdentifier = Evidence<struct KnownIdentifierTag>;
using AccountOpener =
    Evidence<struct AccountOpenerTag>;  // the browser that opened an account's link
using CivilIdentity = Evidence<struct CivilIdentityTag>;  // vouched for by FranceConnect
using KnownPassword = Evidence<struct KnownPasswordTag>;  // its recovery key was proven

// ---- States

struct Started {};
struct MethodChosen {};
struct ProviderChosen {};
struct IdentityProven {};
struct Proven {
  TimeMs until = 0;
};
struct LinkQueued {
  TimeMs sent_at = 0;
  TimeMs expires_at = 0;
};
struct Opened {
  TimeMs opened_at = 0;
  TimeMs expires_at = 0;
};
struct Armed {  // the voter asked for the new code and holds its keys
  TimeMs expires_at = 0;
};
struct Matched {};         // B: a voter of the roll asked
struct IdentifierProven {  // B: under an open link
  TimeMs expires_at = 0;
};
struct PasswordChosen {  // of an account, under an open link
  TimeMs opened_at = 0;
  TimeMs expires_at = 0;
};
struct KeyMatched {};  // C: a voter of the roll asked, and knows her password
struct Sent {};        // C
struct Issued {
  TimeMs issued_at = 0;
  TimeMs repeat_until = 0;  // until then a lost answer is given again
};
struct Acknowledged {
  TimeMs issued_at = 0;
};
struct Expired {
  TimeMs since = 0;
  std::optional<TimeMs> issued_at;
};
struct Superseded {
  TimeMs newer_at = 0;  // when the newer link was sent
};
struct Cancelled {
  TimeMs at = 0;
};
using FlowState =
    std::variant<Started, MethodChosen, Proven, LinkQueued, Opened, Armed, Issued, Acknowledged,
                 Expired, Superseded, Cancelled, Matched, IdentifierProven, KeyMatched, Sent,
                 PasswordChosen, ProviderChosen, IdentityProven>;

// ---- Events; lengths of time are policy and come with the event

struct ChooseQuestion {};
struct ChooseProvider {};
struct ProveIdentity {
  CivilIdentity identity;
};
struct OpenIdentified {  // in the browser that has come back from the provider
  TimeMs opened_ms = 0;
};
struct Prove {
  SecretAnswer answer;
  PersonNumber number;
  TimeMs proof_ms = 0;
};
struct QueueLink {
  TimeMs link_ms = 0;
};
struct RelayAccepted {  // the link's life starts when it is on its way
  TimeMs accepted_at = 0;
  TimeMs link_ms = 0;
};
struct OpenLink {
  LinkToken token;
  bool same_browser = false;  // holds the flow's cookie already
  TimeMs opened_ms = 0;
};
struct Arm {
  KeyPossession keys;
};
struct Issue {
  TimeMs repeat_ms = 0;
};
struct Repeat {
  bool same_keys = false;
  std::optional<TimeMs> outdated_at;  // since when they are no longer in force
};
struct Acknowledge {};
struct Expire {};  // looks at the clock
struct Supersede {};
struct Withdraw {};  // what it rested on is no more
struct Cancel {
  CancelToken token;
};
struct Match {
  ConsularNumber number;
  AddressOnFile address;
};
struct ProveIdentifier {
  KnownIdentifier identifier;
};
struct MatchKey {
  ConsularNumber number;
  KnownPassword password;
};
struct SendIdentifier {};
struct MatchAddress {
  AddressOnFile address;
};
struct ChoosePassword {
  AccountOpener opener;
};
using FlowEvent =
    std::variant<ChooseQuestion, Prove, QueueLink, RelayAccepted, OpenLink, Arm, Issue, Repeat,
                 Acknowledge, Expire, Supersede, Cancel, Match, ProveIdentifier, MatchKey,
                 SendIdentifier, MatchAddress, ChoosePassword, Withdraw, ChooseProvider,
                 ProveIdentity, OpenIdentified>;

struct Refusal {
  std::string_view code;  // reissue.*
  TimeMs at = 0;
};

// Refusals: reissue.not_proven (a step before the link is missing), reissue.link_not_opened,
// reissue.link_elsewhere (at: opened), reissue.link_used (at: issued), reissue.link_expired (at:
// since), reissue.outdated (at: since when the code made is no longer valid),
// reissue.link_superseded (at: the newer), reissue.link_cancelled (at), reissue.not_yet (Expire
// before the time), reissue.order (anything else out of its place).
tl::expected<FlowState, Refusal> step(const FlowState& state, const FlowEvent& event, TimeMs now);

}  // namespace isoloir::reissue
