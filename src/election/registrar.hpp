// The registrar's work, offline: a code for each voter of the roll, the keys that the server needs,
// the rosters and their signature (docs/protocol.md sections 4 and 5).
//
// Pure: randomness comes in from outside, files are made and read as bytes. The codes leave on the
// notices alone; the import ties voters to keys, so it is only ever written sealed.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "election/credential.hpp"
#include "election/manifest.hpp"
#include "election/roll.hpp"
#include "election/signed_document.hpp"

namespace isoloir {

struct BallotKey {
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  Point key;  // C_k
  friend bool operator==(const BallotKey&, const BallotKey&) = default;
};

// S of a code that was replaced before the opening, and when.
struct ReplacedKey {
  Point sign_in_key;
  TimeMs at = 0;
  friend bool operator==(const ReplacedKey&, const ReplacedKey&) = default;
};

// What the server learns of a voter's code.
struct VoterKeys {
  std::string id;
  std::string identifier;                  // that she types, normalised; or empty
  Point sign_in_key;                       // S
  std::vector<BallotKey> ballot_keys;      // ascending by contest
  std::optional<Point> recovery_key;       // of code and consular number, for a lost identifier
  std::vector<ReplacedKey> replaced = {};  // oldest first
  friend bool operator==(const VoterKeys&, const VoterKeys&) = default;
};

struct Issued {
  std::vector<Code> codes;        // in the order of the roll
  std::vector<Code> identifiers;  // likewise, no two alike; empty where the forms have none
  std::vector<VoterKeys> keys;    // in the order of the roll
};

// done of total voters; called from several threads, one call at a time.
using IssueProgress = std::function<void(std::size_t done, std::size_t total)>;

// The roll's identifier as the handle of who types it: capitals and digits, without the hyphens,
// dots and underscores that it is written with (docs/protocol.md section 4).
std::string roll_handle(std::string_view id);
// Whether no two of the roll are the same as handles. Error: roll.number (names both).
Status check_roll_numbers(const Roll& roll);

// About 10 ms of one core a voter; uses all cores. Codes are drawn in the order of the roll by the
// calling thread alone, so that a seeded generator gives the same codes again.
Issued issue_codes(const Roll& roll, const ElectionId& election, const CredentialForms& forms,
                   Random& random, const IssueProgress& progress = {});

// Every code is replaced (L34, "annule et remplace"): each voter of `keys` is given what she had in
// the import before, as replaced `at`. Who is on one of the two rolls alone has nothing to carry.
void carry_replaced(std::vector<VoterKeys>& keys, std::span<const VoterKeys> before, TimeMs at);

struct Roster {
  RosterEntry entry;
  std::vector<Point> keys;  // sorted
};

// One for each (contest, district), empty ones too, ascending. Contests and districts of the keys
// exist. Error: roster.duplicate, when two voters have one key.
Expected<std::vector<Roster>> collect_rosters(std::span<const VoterKeys> keys,
                                              const ElectionId& election,
                                              ContestDistricts districts);

// The body of type "roster", unsigned.
SignedDocument roster_document(std::span<const Roster> rosters, const ElectionId& election);

// What a server checks before it believes an import: the document is signed by `registrar` and
// names exactly these rosters. Errors: those of SignedDocument::parse_and_verify, roster.signer,
// roster.content.
Status check_roster_document(std::string_view text, const Point& registrar,
                             std::span<const Roster> rosters, const ElectionId& election);

// The import for the server, sealed under a transport code. Inside: lines of canonical JSON,
//   {"election_id": hex, "format": "isoloir-import/1", "voters": n}
// and for each voter, in the order of the roll,
//   {"ballot_keys": [{"contest", "district", "key"}...], "id": text, "sign_in_key": hex}
// with "identifier": text too where voters have one, "recovery_key": hex where the roll has
// their consular number, and "replaced": [{"at", "key"}...] where there were codes before these.
std::string seal_import(std::span<const VoterKeys> keys, const ElectionId& election,
                        const Code& transport_code, Random& random);
// Errors: those of open_sealed_file and of parse_import.
Expected<std::vector<VoterKeys>> open_import(std::string_view file, const ElectionId& election,
                                             const Code& transport_code,
                                             ContestDistricts districts);
// What is inside. Error: import.form (with the line).
Expected<std::vector<VoterKeys>> parse_import(std::string_view content, const ElectionId& election,
                                              ContestDistricts districts);

// The registrar's own key, good for several elections, sealed under its code. Errors: those of
// open_sealed_file.
std::string seal_registrar_key(const KeyPair& registrar, const Code& code, Random& random);
Expected<KeyPair> open_registrar_key(std::string_view file, const Code& code);

}  // namespace isoloir
