// isoloir election unseal: the bureau breaks the seal before the opening (L34). What was sealed is
// kept, and the next seal names it.
#include <fmt/format.h>

#include <algorithm>

#include "base/canonical_json.hpp"
#include "base/files.hpp"
#include "base/unicode.hpp"
#include "cli/election.hpp"
#include "cli/folder_in_making.hpp"
#include "cli/screen.hpp"
#include "crypto/hash.hpp"
#include "election/signed_document.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* reason_file = "reason.json";
constexpr std::size_t reason_max = 500;

fs::path folder_of(const fs::path& election, std::size_t number) {
  return election / "broken" / std::to_string(number);
}

Expected<BrokenSealing> read_broken(const fs::path& folder) {
  const auto manifest = read_file(folder / std::string(export_path::manifest));
  if (!manifest) return fail(manifest.error());
  const auto seal = read_file(folder / std::string(export_path::seal));
  if (!seal) return fail(seal.error());
  const auto text = read_file(folder / reason_file);
  if (!text) return fail(text.error());
  const auto json = parse_canonical_json(*text);
  const auto at = json ? integer_field(*json, "at") : std::nullopt;
  const auto reason = json ? text_field(*json, "reason") : std::nullopt;
  const auto digest = [&](const char* name) {
    return json ? hex_decode_array<32>(text_field(*json, name).value_or("")) : std::nullopt;
  };
  const auto fingerprint = digest("fingerprint"), sealed = digest("seal");
  if (!at || !reason || !fingerprint || !sealed) {
    return fail("seal.broken", (folder / reason_file).string() + ": damaged");
  }
  return BrokenSealing{{{*fingerprint}, *sealed, *at, *reason}, *manifest, *seal};
}

// Printable, of one line, so that it reads the same in the minutes, on every screen and aloud.
Status check_reason(const std::string& reason) {
  const bool good = !reason.empty() && reason.size() <= reason_max && printable(reason) == reason &&
                    nfkc_casefold(reason) && reason.find_first_not_of(' ') != reason.npos;
  if (good) return {};
  return fail("unseal.reason",
              fmt::format("the reason stands in the minutes: one line of at most {} bytes of UTF-8",
                          reason_max));
}

// What belongs to the seal alone: draft and ceremony stay.
std::vector<fs::path> parts_of(const fs::path& folder, const Manifest& manifest) {
  // The manifest first: without it nothing is sealed, and the next seal writes over what is left.
  std::vector<fs::path> parts{std::string(export_path::manifest), std::string(export_path::seal),
                              std::string(export_path::roster_document)};
  for (const auto& roster : manifest.rosters) {
    parts.emplace_back(export_path::roster(roster.contest, roster.district));
  }
  if (fs::exists(folder / sealing_page_file)) parts.emplace_back(sealing_page_file);
  return parts;
}

}  // namespace

Expected<std::vector<BrokenSealing>> read_broken_seals(const fs::path& folder) {
  std::vector<BrokenSealing> seals;
  while (fs::exists(folder_of(folder, seals.size()))) {
    auto one = read_broken(folder_of(folder, seals.size()));
    if (!one) return fail(one.error());
    seals.push_back(std::move(*one));
  }
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder / "broken", none)) {
    const auto name = entry.path().filename().string();
    const bool number = name.find_first_not_of("0123456789") == name.npos;
    if (number && name.size() < 6 && std::stoul(name) >= seals.size()) {
      return fail("seal.broken", folder_of(folder, seals.size()).string() +
                                     ": missing, though a later broken seal is there");
    }
  }
  return seals;
}

Expected<std::string> run_unseal(const UnsealOptions& options) {
  SystemClock clock;
  if (auto good = check_reason(options.reason); !good) return fail(good.error());
  const auto files = read_sealed_files(options.folder);
  if (!files) return fail(files.error());
  const auto sealing = check_sealing(ExportReader::of_files(*files));
  if (!sealing) return fail(sealing.error());
  if (clock.now() >= sealing->manifest.opens_at) {
    return fail("unseal.open", "the opening hour is past: what is sealed stays sealed");
  }
  const auto broken = read_broken_seals(options.folder);
  if (!broken) return fail(broken.error());
  const auto parts = parts_of(options.folder, sealing->manifest);
  // Killed between the copy and the removal: only the removal is left to be done.
  const bool copied = !broken->empty() && broken->back().named.fingerprint == sealing->fingerprint;
  const auto kept = folder_of(options.folder, broken->size() - (copied ? 1 : 0));
  if (!copied) {
    TimeMs at = std::max(clock.now(), sealing->sealed_at);
    if (!broken->empty()) at = std::max(at, broken->back().named.at);
    const auto& seal = files->at(std::string(export_path::seal));
    fs::create_directories(kept.parent_path());
    FolderInMaking copy(kept);
    for (const auto& part : parts) {
      const auto content = read_file(options.folder / part);
      if (!content) return fail(content.error());
      copy.write(part, *content);
    }
    copy.write(reason_file, canonical_json({{"at", at},
                                            {"fingerprint", hex_encode(sealing->fingerprint.bytes)},
                                            {"reason", options.reason},
                                            {"seal", hex_encode(sha256(as_bytes(seal)))}}));
    copy.keep();
  }
  for (const auto& part : parts) fs::remove(options.folder / part);
  return both("Sceau rompu, gardé dans " + kept.string() + ". Le prochain sceau le nommera.",
              "Seal broken, kept in " + kept.string() + ". The next seal will name it.") +
         both("Empreinte du sceau rompu :", "Fingerprint of the broken seal:") + "    " +
         in_groups(sealing->fingerprint) + "\n" +
         both(
             "Si un serveur tient cette élection, arrêtez-le maintenant : il ouvrirait le vote à "
             "son heure.",
             "If a server holds this election, stop it now: it would open the vote at its hour.") +
         both(
             "Suite : si tous les codes changent, registrar issue --replaces ; puis election seal, "
             "sign par chaque membre, et install.",
             "Next: if all codes change, registrar issue --replaces; then election seal, sign by "
             "every member, and install.");
}

}  // namespace isoloir::cli
