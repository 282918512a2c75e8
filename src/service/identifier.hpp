// The identifier that a voter types to sign in, where the portal's scheme has one: random, a secret
// like the password that goes with it (L1). Looked up by its HMAC; kept sealed, outside a dump's
// reach, so that who has lost it can have it again.
#pragma once

#include "election/registrar.hpp"
#include "service/state.hpp"

namespace isoloir {

bool have_identifiers(const std::vector<VoterKeys>& keys);
// All voters have one, no two the same, or nobody has. Error: import.identifiers.
Status check_identifiers(const std::vector<VoterKeys>& keys);

void insert_identifier(State& state, store::Transaction& transaction, const std::string& voter,
                       const std::string& identifier);
// The voter whose identifier this is, normalised.
std::optional<std::string> voter_of_identifier(State& state, store::Transaction& transaction,
                                               std::string_view identifier);
// That voter, or of nobody's identifier the one next to it in the order of the lookups, so that who
// compares reads the same rows for both (requirement 33). Nothing behind the last of them.
struct NextVoter {
  std::string voter;
  bool named = false;  // by this identifier: else the row is not to be used
};
std::optional<NextVoter> voter_at_identifier(State& state, store::Transaction& transaction,
                                             std::string_view identifier);

// Normalised; empty where there is none, or the row is damaged.
std::string identifier_of(State& state, store::Transaction& transaction, const std::string& voter);

// What the recovery of a lost one rests on: NUMIC, or NUMEL of who has none (L2), by HMAC and
// sealed, and the recovery key of the password (docs/protocol.md section 4).
void insert_recovery(State& state, store::Transaction& transaction, const Voter& voter,
                     const Point& recovery_key);
// Whose consular number this may be, as digits: at most one by a NUMIC and one by a NUMEL.
std::vector<std::string> voters_of_consular_number(State& state, store::Transaction& transaction,
                                                   std::string_view number);
// Who stands on the roll by the same number of the same kind.
std::optional<std::string> voter_of_consular_number(State& state, store::Transaction& transaction,
                                                    const Voter& voter);
// Whether this is the number of the same kind that her recovery rests on; `with_one` false: whether
// it rests on none.
bool recovers_by(State& state, store::Transaction& transaction, const Voter& voter, bool with_one);
// Whether one of these is somebody's recovery key.
bool hold_recovery_key(store::Transaction& transaction, const std::vector<Point>& keys);
std::optional<std::string> consular_number_of(State& state, store::Transaction& transaction,
                                              const std::string& voter);

// Whether this election's voters sign in as `forms` say. Error: portal.other.
Status check_forms(State& state, const CredentialForms& forms);

}  // namespace isoloir
