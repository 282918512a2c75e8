// Voters' accounts on the portal: importing the roll, the account password, the challenge question,
// and signing in.
#pragma once

#include "election/registrar.hpp"
#include "election/roll.hpp"
#include "service/account_secrets.hpp"
#include "service/session.hpp"
#include "service/sign_in_tries.hpp"
#include "service/state.hpp"

namespace isoloir {

// Writes voters, their contests, their voting codes' public keys, the public roster and, under the
// link key, which ballot key is whose. All or nothing. Errors: import.voters (the two lists do not
// name the same voters), import.identifiers (some voters have none, or two the same), import.roster
// (the keys are not those of the manifest's rosters).
Status import_roll(State& state, const Roll& roll, const std::vector<VoterKeys>& keys);

// What of it needs no state: each voter of the roll has keys, for her own contests, and nobody else
// has. Errors: import.voters, import.identifiers.
Status check_import(const Roll& roll, const std::vector<VoterKeys>& keys);

// Of who comes to the roll: by the import, or later (service/enrolment). The row of the table
// voter, with the column of docs/roll.md that each field is of; `address_signs_in`: else the
// address may be shared, and is no key.
struct RollField {
  std::string_view name;
  std::string_view column;
  store::Value value;
};
using RollFields = std::vector<RollField>;
RollFields roll_fields(State& state, const Voter& voter, bool address_signs_in);
void insert_voter(State& state, store::Transaction& transaction, const Voter& voter,
                  bool address_signs_in);
// The identifier and the recovery key, where the voter has one.
void insert_identity(State& state, store::Transaction& transaction, const Voter& voter,
                     const VoterKeys& keys);
void insert_code(State& state, store::Transaction& transaction, const VoterKeys& keys);
// A contest of hers, and her link to her key there.
void insert_place(State& state, store::Transaction& transaction, const std::string& voter,
                  const BallotKey& place);
// In force from now on; whose it is stands nowhere beside it.
void insert_roster_key(store::Transaction& transaction, const BallotKey& place);

// Takes over the accounts of a state of the same server's keys, for who is on the roll under the
// same names, birth date and address. Gives how many. One call, on a state without accounts.
std::size_t carry_accounts(State& state, store::Database& from);

struct NewAccount {
  std::string voter;
  std::string password;
  std::string question;
  std::string answer;
};
// What create_account asks of an account by itself, before anything is written. Errors: those of
// check_account_password and check_question.
Status check_account(const NewAccount& account);
// An account made by the organiser. Error: account.unknown_voter, and those of check_account.
Status create_account(State& state, const NewAccount& account);
// All of them or none, in one transaction; an account that is there already gets the new password,
// question and answer. `progress` hears how many are prepared: each takes some 60 ms.
Status create_accounts(State& state, const std::vector<NewAccount>& accounts,
                       const std::function<void(std::size_t done)>& progress);

bool answer_matches(State& state, const std::string& voter, std::string_view answer);

// Errors: sign_in.refused (unknown pair, or an account that its owner has blocked;
// never says which), sign_in.delayed (too
// many failures from this network for this address: wait). An attacker elsewhere never delays the
// voter (requirement 25).
Expected<SignedIn> sign_in(State& state, const SignInPolicy& policy, std::string_view email,
                           std::string_view password, std::string_view client_address);

struct VoterProfile {
  std::string id;
  std::string display_name;  // "M. ÉLECTEUR CAMILLE"
  std::string question;
};
// The folded address, by which an account is found; empty for what is no text.
std::string email_key(std::string_view email);

std::optional<VoterProfile> voter_profile(State& state, const std::string& voter);

// What the roll holds about a voter, for her own eyes. NUMEN and social security number are there
// as keyed hashes alone.
struct PersonalData {
  std::string title, usage_name, birth_name, given_names;
  std::string birth_date;     // YYYY-MM-DD
  std::string birth_place;    // COG code of the commune; empty when born abroad
  std::string birth_country;  // COG code
  std::string email, phone;
  bool has_numen = false;
  bool has_nir = false;
};
PersonalData personal_data(State& state, const std::string& voter);

}  // namespace isoloir
