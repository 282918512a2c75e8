// From a portal's file to a sealed election: the draft, the manifest, the seal, the public files.
// Pure. docs/first-election.md tells who does what where.
#pragma once

#include "election/ceremony.hpp"
#include "election/registrar.hpp"
#include "portal/portal.hpp"
#include "service/state.hpp"
#include "verification/sealing.hpp"

namespace isoloir {

struct DraftHours {
  TimeMs opens_at = 0;
  TimeMs closes_at = 0;
  std::uint32_t grace_seconds = 0;
};
// As the portal's file says, in its time zone. Errors: those of from_local_time.
Expected<DraftHours> hours_of(const Portal& portal);

// What is fixed before keys exist: the registrar reads it, the ceremonies are planned in it.
struct ElectionDraft {
  ElectionId id;
  BilingualText title;
  std::string origin;  // https://host[:port]
  std::optional<Assistance> assistance;
  CredentialForms credentials;
  DraftHours hours;
  std::vector<Contest>
      contests;  // lists in the order drawn by lot, the blank vote last (R211-564, R211-565)
  std::vector<CeremonyPlan> ceremonies;  // of each bureau
  std::vector<std::string> witnesses;    // of the log, their verifier keys
  std::uint32_t witness_threshold = 0;
  ServerPublicKeys server;

  // Canonical JSON {"assistance": null or {"hours": {en, fr}, "phone"}, "ceremonies": [plan…],
  // "closes_at", "contests": as in the manifest, "credentials": {"code": form,
  // "identifier": null, form, or "roll" where the roll's is typed} with a form {"by": post, email
  // or sms, "characters", "checked"}, "election_id", "grace_seconds", "keys": {"board",
  // "checkpoint"} and, where the portal names witnesses, "witnesses" and "witness_threshold",
  // "opens_at", "origin", "title", "type": "draft"}. Error: draft.form (says what).
  static Expected<ElectionDraft> parse(std::string_view text);
  std::string text() const;
};

// https://host[:port], lower case, or http://localhost:port or http://127.0.0.1:port for practice:
// what the browser calls the portal's origin, to the letter. Error: draft.origin.
Status check_origin(std::string_view origin);

// Draws election id, order of lists and ceremony ids.
ElectionDraft draw_draft(const Portal& portal, std::string origin, const DraftHours& hours,
                         const ServerPublicKeys& server, Random& random);

std::vector<std::uint32_t> districts_per_contest(const std::vector<Contest>& contests);

// Content by export path.
using PublicFiles = std::map<std::string, std::string>;

// What a registrar hands over: roster.json and roster/<k>-<d>.bin.
PublicFiles roster_files(const SignedDocument& document, const std::vector<Roster>& rosters);

// A seal that was broken, whole: what its folder keeps of it.
struct BrokenSealing {
  BrokenSeal named;
  std::string manifest;
  std::string seal;
};

struct SealInput {
  const ElectionDraft& draft;
  PublicFiles rosters;                            // as roster_files
  const std::vector<CeremonyRecord>& ceremonies;  // of each bureau
  std::vector<BoothAsset> assets;
  TimeMs sealed_at = 0;
  std::vector<BrokenSealing> broken = {};  // oldest first
};
// The files of sealing_paths: the manifest, and the seal without a signature, to be signed by every
// member of every bureau (L32: box empty, list and counter blank). Errors: ceremony.plan (not the
// draft's bureau), ceremony.incomplete (names who is missing), roster.missing, roster.signer, and
// those of check_sealing.
Expected<PublicFiles> seal_election(SealInput input);

// Adds a member's signature to the seal among the files.
void sign_seal(PublicFiles& files, const KeyPair& member, Random& random);

}  // namespace isoloir
