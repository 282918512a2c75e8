// The model of portal.toml: policy as data. Reading it is strict: a key that is not known is an
// error with its line, so that a misspelt number never silently becomes a default.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "election/credential.hpp"
#include "election/manifest.hpp"
#include "election/roll.hpp"
#include "portal/account_policy.hpp"
#include "portal/confirmation_policy.hpp"
#include "portal/contact_policy.hpp"
#include "portal/franceconnect_policy.hpp"
#include "portal/reissue_policy.hpp"

namespace isoloir {

struct TrusteePlanMember {
  std::string name;
  BureauRole role = BureauRole::delegate;
};
struct TrusteePlanGroup {
  std::string name;
  std::uint32_t threshold = 0;
  std::vector<TrusteePlanMember> members;
};
struct BureauPlan {
  std::string name;
  std::vector<TrusteePlanGroup> groups;
};

// How a voter signs in.
enum class SignInScheme {
  email_password,       // address and account password; the voting code is asked for afterwards
  identifier_password,  // from both the browser derives the keys: signing in opens the vote
  number_code,          // the same, of the roll's identifier and a voting code
};

struct Assistance {
  std::string phone;
  BilingualText hours;
  std::string email{};  // the help desk's, to which the form "AIDE ?" writes; empty: no form
};

// An entry of what the portal tells its voters: a page of its own, in the folder `pages`, or where
// `page` is empty the form to the assistance.
struct Information {
  std::string page;
  BilingualText label;
};

// Claims on the electoral roll and on candidacies.
struct ClaimsPolicy {
  std::string email;      // whom they are mailed to
  TimeMs roll_until = 0;  // exclusive
  TimeMs candidacy_until = 0;
};

struct Portal {
  BilingualText title;     // of the portal
  BilingualText election;  // of the election
  std::string time_zone;   // tz database name
  BilingualText time_zone_name;

  std::optional<Assistance> assistance;  // on every page and on the voting notice

  std::string opens_local;  // "2022-12-01T08:00:00", a time that time_zone has once
  std::string closes_local;
  std::uint32_t grace_minutes = 0;

  SignInScheme scheme = SignInScheme::email_password;
  CredentialForms credentials;
  std::uint32_t captcha_minutes = 0;  // 0: no captcha
  std::uint32_t sign_in_failures = 0;
  std::uint32_t sign_in_first_delay_seconds = 0;

  std::uint32_t session_idle_minutes = 0;
  std::uint32_t session_warning_minutes = 0;
  std::uint32_t session_absolute_minutes = 0;

  std::uint32_t code_tries = 0;  // of a voting code asked for by itself
  std::uint32_t code_proof_minutes = 0;

  // Absent: what is lost is the assistance's business. A voting code, or identifier and password,
  // as the scheme has them.
  std::optional<ReissuePolicy> reissue;
  std::optional<FranceConnectPolicy> franceconnect;  // where a method of it wants one
  std::optional<RecoveryPolicy> recovery;
  std::optional<ConfirmationPolicy> confirmation;  // absent: validating casts at once
  std::optional<AccountPolicy> account;            // absent: accounts are the organiser's business
  std::optional<ContactPolicy> contact_check;      // absent: nobody is asked whether she is reached
  MessagePolicy messages;                          // there when one of the five is

  bool roll_online = false;  // voters may read the electoral rolls of their contests (R211-529)
  std::vector<Information> information;  // in the order of the file
  std::optional<ClaimsPolicy> claims;    // absent: claims are not made online

  std::uint32_t board_interval_seconds = 0;

  std::vector<std::string> witnesses;   // of the log, their verifier keys; distinct, each parses
  std::uint32_t witness_threshold = 0;  // how many must have cosigned before a receipt is given

  std::vector<BureauPlan> bureaus;
  std::vector<Contest>
      contests;  // options in the order of the file, the blank vote last; drawn by lot later

  // Statements (professions de foi), by number of the contest and name of the list or candidate:
  // files in the folder `statements`. They are not in the manifest, which keeps numbers and names.
  std::map<std::pair<std::uint32_t, std::string>, std::string> statements;

  // Shown with the result to who verifies it; each may be empty: where the organiser publishes the
  // export, and a verifier that runs in a browser.
  std::string export_url;
  std::string verifier_url;

  // Texts of this portal by message id, in place of the catalogue's.
  std::map<std::string, BilingualText> texts;

  // `name` appears in messages. Error: portal.invalid, its message one problem a line, each
  // "NAME:LINE: what is wrong".
  static Expected<Portal> parse(std::string_view toml, std::string_view name);
};

// What the scheme asks of the roll's addresses.
inline RollAddress roll_address(const Portal& portal) {
  return portal.scheme == SignInScheme::email_password ? RollAddress::signs_in
                                                       : RollAddress::optional;
}

}  // namespace isoloir
