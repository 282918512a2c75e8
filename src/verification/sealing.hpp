// The sealing of an election, as anybody can judge it before the opening and forever after: the
// manifest, the seal, the ceremonies and the rosters, which lie in a folder as they will lie in the
// export. Pure; thread-safe.
#pragma once

#include <functional>

#include "election/export.hpp"
#include "election/manifest.hpp"

namespace isoloir {

// Paths of what is public once an election is sealed: manifest, seal, rosters with their signature,
// every message of the ceremonies, manifest and seal of each seal that was broken. Ascending.
std::vector<std::string> sealing_paths(const Manifest& manifest);

struct Sealing {
  Manifest manifest;
  Fingerprint fingerprint;
  TimeMs sealed_at = 0;
  std::vector<std::string> unsigned_members;  // who has not signed the seal yet, by name
  bool same_codes = false;                    // as under the last broken seal
  bool complete() const { return unsigned_members.empty(); }
};

// What Manifest::parse leaves to whoever reads a manifest of others. Error: manifest.form.
Status check_form(const Manifest& manifest, std::string_view text);

// The names of the members who have not signed. Errors: document.form, document.type, seal.form
// (not the seal of an empty box of this manifest), seal.signer (a key that no bureau has),
// document.signature.
Expected<Sealing> check_seal(const Manifest& manifest, std::string_view seal);

// That the seals which the manifest names as broken are there, each of the same draft, naming those
// before it, with the signatures that it had, broken before the opening, and each with a log of its
// own. Errors: export.missing, seal.broken (says which and why).
Status check_broken_seals(
    const Manifest& manifest,
    const std::function<Expected<std::string>(const std::string& path)>& file);

// Checks V2 to V4 of the verification on these files, but the seal may still lack signatures; other
// files there are left aside. Errors: those of the checks.
Expected<Sealing> check_sealing(const ExportReader& files);

}  // namespace isoloir
