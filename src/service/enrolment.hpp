// Who is enrolled after the seal (event `enrol`, docs/protocol.md section 8): late electors, for
// whom the registrar made codes from a roll of their own. The events name their keys and nobody;
// names, address, sign-in key and which key is whose come beside them, in the same transaction.
// Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "courier/text_source.hpp"
#include "crypto/merkle.hpp"
#include "election/registrar.hpp"
#include "election/roll.hpp"
#include "service/bureau.hpp"
#include "service/state.hpp"
#include "service/strike_off.hpp"

namespace isoloir {

// As read, for contests and districts that there are; the two may not go together.
struct LateElectors {
  Roll roll;
  std::vector<VoterKeys> keys;  // the registrar's import, opened
  Digest file{};                // SHA-256 of the roll's file
};

// Their places, by contest, district and key: an order that tells nothing of who is who, in which
// their events are drafted.
std::vector<RollPlace> late_places(const LateElectors& late);
// Whose place it is; null for nobody's.
const VoterKeys* holder_among(const LateElectors& late, const RollPlace& place);

// Whether all of them can be enrolled now, by this claim; nothing is written. Errors: roll.claim;
// roll.closed (the vote is over); import.voters, import.identifiers (the roll is not the one that
// the codes were made from, or somebody signs in by such an identifier already, or by none here),
// import.replaces (codes that replace others), import.used (a key that somebody has or had, or that
// stands twice); roll.registered (somebody is on the roll of a contest), roll.unlike (somebody who
// was struck off all of hers comes back with another entry), roll.email_taken, roll.taken (names
// the column).
Status check_enrolment(State& state, const LateElectors& late, std::string_view claim);

// A late elector, and another voter who is or was on the roll, with the same birth name (however it
// is written) and date of birth: perhaps one person under two identifiers.
struct Namesake {
  std::string elector;
  std::string other;
};
std::vector<Namesake> namesakes_of(State& state, const LateElectors& late);

// One event for each place, to be signed, in the order of late_places. The claim's reference goes
// into the journal with each voter's draft, and the roll's file by an HMAC: whoever has seen one
// knows her key. Errors: those of
// check_enrolment and draft_for_officers.
Expected<std::vector<SignedDocument>> draft_enrolments(State& state, const LateElectors& late,
                                                       std::string_view claim);

// All of them, by events that the registrar and an officer have signed, or nobody: one event for
// each place, in any order. A mail by `texts` (null where this server sends none) tells each that
// has an address. Gives the numbers of the events. Errors: roll.incomplete (a place without its
// event, or an event of another place), roll.other (the roll's file is not that of the last draft),
// bureau.event, those of check_enrolment and
// append_signed_event.
Expected<std::vector<std::int64_t>> enrol(State& state, const LateElectors& late,
                                          std::vector<SignedDocument> events,
                                          const TextSource* texts, std::string_view claim);

// What the event does (service/bureau), once the people are on the roll in the same transaction:
// each brings one key into force. Error: roll.incomplete (nobody's of them, or not this place).
Status enrol_at(State& state, store::Transaction& transaction, const LateElectors& late,
                const RollPlace& place);

}  // namespace isoloir
