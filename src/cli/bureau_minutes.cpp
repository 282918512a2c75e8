// What is killed leaves the minutes as they were or as they will be, and at worst an index that
// does not know them yet: the next call verifies the export under the index that fits, and writes
// it.
#include "cli/bureau_minutes.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/files.hpp"
#include "cli/anchors.hpp"
#include "cli/minutes_page.hpp"
#include "cli/screen.hpp"
#include "cli/trustee.hpp"
#include "crypto/hash.hpp"
#include "election/minutes.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct MinutesOptions {
  fs::path folder;
  AnchorFiles anchors;
  std::uint32_t bureau = 0;
  fs::path page;
  HolderOptions holder;
};

// ---- The folder

// What write_file leaves of a file when it is killed.
void sweep(const fs::path& folder) {
  std::error_code none;
  fs::remove(folder / (std::string(export_path::index) + ".part"), none);
  const auto minutes = folder / export_path::minutes_folder;
  for (fs::directory_iterator entry(minutes, none), end; !none && entry != end;
       entry.increment(none)) {
    if (entry->path().extension() == ".part") fs::remove(entry->path(), none);
  }
}

// The export under an index that has the minutes as they lie there.
Expected<ExportReader> open_export(const fs::path& folder) {
  sweep(folder);
  auto reader = ExportReader::of_folder(folder);
  if (!reader) return reader;
  const auto text = reader->read(export_path::index);
  if (!text) return fail("export.folder", folder.string() + ": no export, without index.json");
  auto index = parse_export_index(*text);
  if (!index) return reader;  // which V1 will say
  for (const auto& path : reader->paths()) {
    if (!path.starts_with(export_path::minutes_folder)) continue;
    if (const auto content = reader->read(path)) (*index)[path] = digest_of(*content);
  }
  reader->put(std::string(export_path::index), export_index(*index));
  return reader;
}

void write_changed(const fs::path& path, const std::string& content) {
  const auto before = read_file(path);
  if (before && *before == content) return;
  fs::create_directories(path.parent_path());
  write_file_durably(path, content, FileMode::shared);
}

// ---- What is signed

Expected<SignedDocument> minutes_to_sign(const CheckedResult& checked, std::uint32_t bureau) {
  if (bureau >= checked.manifest.bureaus.size()) {
    return fail("minutes.bureau", fmt::format("there is no bureau {}", bureau));
  }
  const auto closed_at = count_closed_at(checked.events, bureau);
  if (!closed_at) return fail("minutes.count", "this bureau has not closed its count yet");
  if (const auto given = checked.minutes.find(bureau); given != checked.minutes.end()) {
    return given->second;
  }
  const TimeMs now = SystemClock().now();
  if (now < *closed_at) {
    return fail("minutes.clock", "this machine's clock stands before the close of the count, " +
                                     moment(*closed_at, web::Language::english));
  }
  return SignedDocument(minutes_body(
      {checked.manifest, checked.result, checked.events, checked.batches}, bureau, now));
}

void show(const CheckedResult& checked, const Json& minutes) {
  const auto say = [](const std::string& french, const std::string& english) {
    std::fputs(both(french, english).c_str(), stdout);
  };
  const auto& name = checked.manifest.bureaus[minutes["bureau"].get<std::size_t>()].name;
  say("L'export est vérifié. Ce que vous allez signer : le procès-verbal de « " + name + " ».",
      "The export is verified. What you are about to sign: the minutes of \"" + name + "\".");
  for (const auto& contest : minutes["contests"]) {
    const auto k = contest["contest"].get<std::uint32_t>();
    const auto number = [&](const char* field) { return contest[field].get<std::uint64_t>(); };
    say(fmt::format("Scrutin {}, {} : {} inscrits, {} émargements, {} blancs, {} exprimés", k,
                    checked.manifest.contests[k].name.fr, number("registered"), number("sign_offs"),
                    number("blank"), number("valid")),
        fmt::format("Contest {}, {}: {} registered, {} sign-offs, {} blank, {} valid", k,
                    checked.manifest.contests[k].name.en, number("registered"), number("sign_offs"),
                    number("blank"), number("valid")));
  }
  const auto result = sha256(as_bytes(checked.result));
  say("SHA-256 du résultat, celui de la clôture du dépouillement :",
      "SHA-256 of the result, that of the close of the count:");
  std::fputs(in_lines(result).c_str(), stdout);
  std::fflush(stdout);
}

// The first signature is an officer's; any member may add hers.
Status sign(SignedDocument& minutes, const CheckedResult& checked, std::uint32_t bureau,
            const HolderFile& holder, Random& random) {
  const auto own = bureau_of(checked.manifest, holder.state);
  if (!own) return fail(own.error());
  if (*own != bureau) {
    return fail("minutes.bureau",
                fmt::format("this private file is of bureau {}: --bureau {}", *own, *own));
  }
  minutes.sign(holder.state.signing(), checked.manifest.fingerprint(), random);
  if (!signed_as_minutes(checked.manifest.bureaus[bureau], minutes.signers())) {
    return fail("trustee.role", "a president or a secretary signs first");
  }
  return {};
}

Expected<std::string> run_minutes(const MinutesOptions& options) {
  SystemRandom random;
  const auto anchors = read_anchors(options.anchors);
  if (!anchors) return fail(anchors.error());
  const auto reader = open_export(options.folder);
  if (!reader) return fail(reader.error());
  ProgressLine progress;
  auto checked = verify_for_minutes(*reader, *anchors, std::ref(progress));
  progress.finish();
  if (!checked) return fail(checked.error());
  auto minutes = minutes_to_sign(*checked, options.bureau);
  if (!minutes) return fail(minutes.error());
  show(*checked, minutes->body());
  const auto holder = options.holder.open();
  if (!holder) return fail(holder.error());
  if (auto good = sign(*minutes, *checked, options.bureau, *holder, random); !good) {
    return fail(good.error());
  }
  const auto path = export_path::minutes(options.bureau);
  checked->index[path] = digest_of(minutes->text());
  write_changed(options.folder / path, minutes->text());
  write_changed(options.folder / export_path::index, export_index(checked->index));
  write_file(options.page, minutes_page(*checked, options.bureau, *minutes), FileMode::shared);
  const auto signatures = minutes->signers().size();
  return both(
      fmt::format("Le procès-verbal est signé dans l'export ({} : {}). À imprimer et à "
                  "signer : {}",
                  signatures == 1 ? "signature" : "signatures", signatures, options.page.string()),
      fmt::format("The minutes are signed in the export ({}: {}). To print and sign: {}",
                  signatures == 1 ? "signature" : "signatures", signatures, options.page.string()));
}

}  // namespace

void add_bureau_minutes(Command bureau) {
  const auto options = std::make_shared<MinutesOptions>();
  const Command minutes = bureau.add(
      "minutes",
      "on a member's own machine: verify the final export, sign its minutes, print them");
  minutes.option("export", options->folder, "the export's folder; gains the signed minutes")
      .required();
  minutes.option("--fingerprint", options->anchors.fingerprint, "from the minutes of the sealing")
      .required();
  minutes
      .option("--checkpoint", options->anchors.checkpoint,
              "file with the log's last checkpoint, from the public board")
      .required();
  minutes.option("--page", options->page, "write the page to print here").required();
  minutes.option("--bureau", options->bureau, "its number, where there are several");
  options->holder.declare(minutes, true);
  minutes.runs([options] { return report_step(run_minutes(*options), "bureau minutes"); });
}

}  // namespace isoloir::cli
