#include "service/setup.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace isoloir {

ElectionDraft draw_draft(const Portal& portal, std::string origin, const DraftHours& hours,
                         Random& random) {
  ElectionDraft draft;
  draft.id.bytes = random.array<16>();
  draft.title = portal.election;
  draft.origin = std::move(origin);
  draft.opens_at = hours.opens_at;
  draft.closes_at = hours.closes_at;
  draft.grace_seconds = hours.grace_seconds;
  draft.contests = portal.contests;
  for (auto& contest : draft.contests) {
    ISOLOIR_ASSERT(!contest.options.empty() && contest.options.back().blank);
    for (auto left = static_cast<std::uint32_t>(contest.options.size()) - 1; left > 1; --left) {
      std::swap(contest.options[left - 1], contest.options[random.below(left)]);
    }
  }
  return draft;
}

std::vector<std::uint32_t> districts_per_contest(const std::vector<Contest>& contests) {
  std::vector<std::uint32_t> districts;
  for (const auto& contest : contests) {
    districts.push_back(static_cast<std::uint32_t>(contest.districts.size()));
  }
  return districts;
}

CeremonyPlan plan_ceremony(const ElectionDraft& draft, const BureauPlan& bureau, Random& random) {
  CeremonyPlan plan{draft.id, random.array<16>(), bureau.name, {}};
  for (const auto& group : bureau.groups) {
    CeremonyPlan::Group planned{group.name, group.threshold, {}};
    for (const auto& member : group.members) planned.members.push_back({member.name, member.role});
    plan.groups.push_back(std::move(planned));
  }
  return plan;
}

std::string log_origin_of(const ElectionDraft& draft) {
  const auto scheme = draft.origin.find("://");
  return draft.origin.substr(scheme == std::string::npos ? 0 : scheme + 3) + "/log/" +
         hex_encode(draft.id.bytes);
}

Manifest assemble_manifest(const SealInput& input) {
  Manifest manifest;
  manifest.election_id = input.draft.id;
  manifest.title = input.draft.title;
  manifest.origin = input.draft.origin;
  manifest.log_origin = log_origin_of(input.draft);
  manifest.opens_at = input.draft.opens_at;
  manifest.closes_at = input.draft.closes_at;
  manifest.grace_seconds = input.draft.grace_seconds;
  manifest.contests = input.draft.contests;
  manifest.bureaus = input.bureaus;
  manifest.board_key = input.server.board.key;
  manifest.checkpoint_key = input.server.checkpoint.key;
  manifest.registrar_key = input.registrar;
  for (const auto& roster : input.rosters) manifest.rosters.push_back(roster.entry);
  manifest.assets = input.assets;
  std::sort(manifest.assets.begin(), manifest.assets.end(),
            [](const BoothAsset& a, const BoothAsset& b) { return a.path < b.path; });
  return manifest;
}

SignedDocument seal_document(const Manifest& manifest, TimeMs sealed_at) {
  return SignedDocument({{"type", "seal"},
                         {"fingerprint", hex_encode(manifest.fingerprint().bytes)},
                         {"ballots", 0},
                         {"sign_offs", 0},
                         {"sealed_at", sealed_at}});
}

std::map<std::string, std::string> public_files(const Manifest& manifest,
                                                const SignedDocument& seal,
                                                const SignedDocument& roster_document,
                                                const std::vector<Roster>& rosters,
                                                const std::vector<CeremonyRecord>& ceremonies) {
  std::map<std::string, std::string> files;
  files["manifest.json"] = manifest.text();
  files["seal.json"] = seal.text();
  files["roster.json"] = roster_document.text();
  for (const auto& roster : rosters) {
    std::string& content =
        files[fmt::format("roster/{}-{}.bin", roster.entry.contest, roster.entry.district)];
    for (const auto& key : roster.keys) content += as_text(key.encoded());
  }
  for (std::size_t b = 0; b < ceremonies.size(); ++b) {
    for (const auto& [slot, text] : ceremonies[b].messages()) {
      files[fmt::format("ceremony/{}/{}", b, slot.file_name())] = text;
    }
  }
  return files;
}

}  // namespace isoloir
