#include "verification/sealing.hpp"

#include <algorithm>
#include <set>

#include "crypto/hash.hpp"
#include "election/ceremony.hpp"
#include "election/signed_document.hpp"
#include "verification/state.hpp"

namespace isoloir {

std::vector<std::string> sealing_paths(const Manifest& manifest) {
  std::vector<std::string> paths;
  for (const auto path : {export_path::manifest, export_path::seal, export_path::roster_document}) {
    paths.emplace_back(path);
  }
  for (std::size_t b = 0; b < manifest.bureaus.size(); ++b) {
    for (std::size_t g = 0; g < manifest.bureaus[b].groups.size(); ++g) {
      for (std::size_t j = 1; j <= manifest.bureaus[b].groups[g].members.size(); ++j) {
        for (std::uint32_t round = 0; round < ceremony_rounds; ++round) {
          paths.push_back(export_path::ceremony(b, round, g, j));
        }
      }
    }
  }
  for (const auto& roster : manifest.rosters) {
    paths.push_back(export_path::roster(roster.contest, roster.district));
  }
  for (std::size_t n = 0; n < manifest.broken_seals.size(); ++n) {
    paths.push_back(export_path::broken_manifest(n));
    paths.push_back(export_path::broken_seal(n));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

namespace {

// https://host[:port], or of a demonstration http://localhost:port or http://127.0.0.1:port.
bool is_origin(std::string_view origin) {
  const auto all_of_rest = [&](std::string_view scheme, auto allowed) {
    if (!origin.starts_with(scheme)) return false;
    const auto rest = origin.substr(scheme.size());
    return !rest.empty() && std::all_of(rest.begin(), rest.end(), allowed);
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return all_of_rest("http://localhost:", digit) || all_of_rest("http://127.0.0.1:", digit) ||
         all_of_rest("https://", [](char c) {
           return c > ' ' && c <= '~' && std::string_view("/?#@").find(c) == std::string_view::npos;
         });
}

}  // namespace

Status check_form(const Manifest& manifest, std::string_view text) {
  const auto malformed = [](std::string why) { return fail("manifest.form", std::move(why)); };
  if (manifest.text() != text) return malformed("it does not read back as it is written");
  if (!is_origin(manifest.origin)) return malformed("the origin is none");
  if (!is_key_name(manifest.log_origin)) return malformed("log_origin is no name of a key");
  const auto& assets = manifest.assets;
  if (std::adjacent_find(assets.begin(), assets.end(), [](const auto& a, const auto& b) {
        return a.path >= b.path;
      }) != assets.end()) {
    return malformed("assets are not ascending by path");
  }
  if (parse_witnesses(manifest.witnesses).size() != manifest.witnesses.size()) {
    return malformed("a witness is no verifier key of cosignatures, or is there twice");
  }
  if (manifest.guardian_required && !manifest.guardian_key) {
    return malformed("a guardian is required and none is named");
  }
  return {};
}

Expected<Sealing> check_seal(const Manifest& manifest, std::string_view text) {
  const auto wrong = [](std::string why) {
    return fail("seal.form", "seal.json: " + std::move(why));
  };
  const auto seal = SignedDocument::parse(text);
  if (!seal) return fail(seal.error().code, "seal.json: " + seal.error().message);
  Sealing sealing{manifest, manifest.fingerprint(), 0, {}, false};
  const auto& body = seal->body();
  const auto sealed_at = integer_field(body, "sealed_at");
  if (!has_exactly(body, {"ballots", "fingerprint", "sealed_at", "sign_offs", "type"}) ||
      text_field(body, "type") != "seal" || !sealed_at || *sealed_at < 0) {
    return wrong("not the fields of a seal");
  }
  sealing.sealed_at = *sealed_at;
  if (text_field(body, "fingerprint") != hex_encode(sealing.fingerprint.bytes)) {
    return wrong("of another manifest");
  }
  if (u32_field(body, "ballots") != 0u || u32_field(body, "sign_offs") != 0u) {
    return wrong("the box or the list was not empty");
  }
  if (!seal->signatures_good(sealing.fingerprint)) {
    return fail("document.signature", "seal.json: a signature is not good");
  }
  std::set<Point> members;
  for (const auto& bureau : manifest.bureaus) {
    for (const auto& group : bureau.groups) {
      for (const auto& member : group.members) {
        members.insert(member.signing_key);
        if (!seal->signed_by(member.signing_key)) sealing.unsigned_members.push_back(member.name);
      }
    }
  }
  for (const auto& signer : seal->signers()) {
    if (!members.contains(signer)) {
      return fail("seal.signer", "seal.json is signed by a key that no bureau has");
    }
  }
  return sealing;
}

namespace {

// What is fixed before keys exist. The ceremony may have been held again, the scripts may be newer.
bool same_draft(const Manifest& broken, Manifest manifest) {
  manifest.bureaus = broken.bureaus;
  manifest.registrar_key = broken.registrar_key;
  manifest.rosters = broken.rosters;
  manifest.assets = broken.assets;
  manifest.log_origin = broken.log_origin;
  manifest.broken_seals = broken.broken_seals;
  return manifest.text() == broken.text();
}

bool same_codes(const Manifest& a, const Manifest& b) {
  return std::equal(a.rosters.begin(), a.rosters.end(), b.rosters.begin(), b.rosters.end(),
                    [](const RosterEntry& x, const RosterEntry& y) { return x.root == y.root; });
}

}  // namespace

Status check_broken_seals(
    const Manifest& manifest,
    const std::function<Expected<std::string>(const std::string& path)>& file) {
  std::set<std::string> logs{manifest.log_origin};
  TimeMs last = 0;
  for (std::size_t n = 0; n < manifest.broken_seals.size(); ++n) {
    const auto& named = manifest.broken_seals[n];
    const auto wrong = [&](const std::string& why) {
      return fail("seal.broken", "broken/" + std::to_string(n) + ": " + why);
    };
    const auto text = file(export_path::broken_manifest(n));
    if (!text) return fail(text.error());
    const auto seal = file(export_path::broken_seal(n));
    if (!seal) return fail(seal.error());
    const auto broken = Manifest::parse(*text);
    if (!broken || !check_form(*broken, *text)) return wrong("not a manifest");
    if (broken->fingerprint() != named.fingerprint)
      return wrong("not the fingerprint that is named");
    if (!same_draft(*broken, manifest)) return wrong("of another election, or of another draft");
    if (!std::equal(broken->broken_seals.begin(), broken->broken_seals.end(),
                    manifest.broken_seals.begin(),
                    manifest.broken_seals.begin() + static_cast<std::ptrdiff_t>(n))) {
      return wrong("names other seals before it");
    }
    if (!logs.insert(broken->log_origin).second) return wrong("its log is another seal's too");
    if (sha256(as_bytes(*seal)) != named.seal) return wrong("not the seal.json that is named");
    const auto sealing = check_seal(*broken, *seal);
    if (!sealing) return wrong(sealing.error().message);
    if (named.at >= broken->opens_at) return wrong("broken after the opening hour");
    if (named.at < sealing->sealed_at || named.at < last)
      return wrong("broken before it was sealed");
    last = named.at;
  }
  return {};
}

Expected<Sealing> check_sealing(const ExportReader& files) {
  Report report;
  const Anchors anchors;
  const VerificationProgress silent;
  verification::State state(files, anchors, silent, report);
  const auto index = [&](const std::string& path) {
    if (const auto content = files.read(path)) state.index[path] = digest_of(*content);
  };
  index(std::string(export_path::manifest));
  if (const auto read = verification::read_manifest(state); !read) return fail(read.error());
  for (const auto& path : sealing_paths(state.manifest)) index(path);
  const auto text = state.file(export_path::seal);
  if (!text) return fail(text.error());
  auto sealing = check_seal(state.manifest, *text);
  if (!sealing) return sealing;
  const auto file = [&](const std::string& path) { return state.file(path); };
  if (const auto good = check_broken_seals(state.manifest, file); !good) return fail(good.error());
  if (const auto count = state.manifest.broken_seals.size(); count > 0) {
    const auto last = state.file(export_path::broken_manifest(count - 1));
    if (!last) return fail(last.error());
    sealing->same_codes = same_codes(*Manifest::parse(*last), state.manifest);
  }
  for (const auto check : {verification::check_ceremony, verification::check_rosters}) {
    if (const auto good = check(state); !good) return fail(good.error());
  }
  return sealing;
}

}  // namespace isoloir
