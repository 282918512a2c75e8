// From a portal's file to a sealed election: the draft, the manifest, the seal, the public files.
// Pure.
#pragma once

#include "election/ceremony.hpp"
#include "election/registrar.hpp"
#include "portal/portal.hpp"
#include "service/state.hpp"

namespace isoloir {

// What is fixed before keys exist. Its canonical JSON is what `isoloir registrar issue --draft`
// reads.
struct ElectionDraft {
  ElectionId id;
  BilingualText title;
  std::string origin;  // https://host[:port]
  TimeMs opens_at = 0;
  TimeMs closes_at = 0;
  std::uint32_t grace_seconds = 0;
  std::vector<Contest>
      contests;  // lists in the order drawn by lot, the blank vote last (R211-564, R211-565)
};

struct DraftHours {
  TimeMs opens_at = 0;
  TimeMs closes_at = 0;
  std::uint32_t grace_seconds = 0;
};

// Draws election id and order of lists.
ElectionDraft draw_draft(const Portal& portal, std::string origin, const DraftHours& hours,
                         Random& random);

std::vector<std::uint32_t> districts_per_contest(const std::vector<Contest>& contests);

CeremonyPlan plan_ceremony(const ElectionDraft& draft, const BureauPlan& bureau, Random& random);

// The log's origin line: the portal's host and the election, without scheme (tlog-checkpoint).
std::string log_origin_of(const ElectionDraft& draft);

struct SealInput {
  const ElectionDraft& draft;
  const std::vector<Bureau>& bureaus;
  const ServerKeys& server;
  const Point& registrar;
  const std::vector<Roster>& rosters;
  std::vector<BoothAsset> assets;
};
Manifest assemble_manifest(const SealInput& input);

// The body of the seal, to be signed by every member of every bureau (L32: box empty, list and
// counter blank).
SignedDocument seal_document(const Manifest& manifest, TimeMs sealed_at);

// What State::create takes, by export path. `ceremonies`: each bureau's.
std::map<std::string, std::string> public_files(const Manifest& manifest,
                                                const SignedDocument& seal,
                                                const SignedDocument& roster_document,
                                                const std::vector<Roster>& rosters,
                                                const std::vector<CeremonyRecord>& ceremonies);

}  // namespace isoloir
