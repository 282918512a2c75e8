// What is killed leaves the minutes as they were or as they will be, and at worst an index that
// does not know them yet: the next call verifies the export under the index that fits, and writes
// it.
#include "cli/bureau_minutes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "base/files.hpp"
#include "cli/anchors.hpp"
#include "cli/minutes_page.hpp"
#include "cli/result_words.hpp"
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

// What this command writes, by path: the index, and the minutes of every bureau.
using WrittenFiles = std::map<std::string, std::string>;

std::vector<fs::path> minutes_files(const fs::path& folder) {
  const auto minutes = (folder / export_path::minutes_folder).parent_path();
  std::error_code none;
  std::vector<fs::path> files;
  if (!fs::is_directory(fs::symlink_status(minutes, none))) return files;
  for (fs::directory_iterator entry(minutes, none), end; !none && entry != end;
       entry.increment(none)) {
    if (fs::is_regular_file(entry->symlink_status(none))) files.push_back(entry->path());
  }
  return files;
}

// What write_file leaves of a file when it is killed.
void sweep(const fs::path& folder) {
  std::error_code none;
  fs::remove(folder / (std::string(export_path::index) + ".part"), none);
  for (const auto& file : minutes_files(folder)) {
    if (file.extension() == ".part") fs::remove(file, none);
  }
}

WrittenFiles written_files(const fs::path& folder) {
  WrittenFiles files;
  if (auto index = read_file(folder / export_path::index)) {
    files.emplace(export_path::index, std::move(*index));
  }
  for (const auto& file : minutes_files(folder)) {
    if (auto text = read_file(file)) {
      files.emplace(std::string(export_path::minutes_folder) + file.filename().string(),
                    std::move(*text));
    }
  }
  return files;
}

// The export under an index that has the minutes as they lie there.
Expected<ExportReader> open_export(const fs::path& folder, const WrittenFiles& written) {
  auto reader = ExportReader::of_folder(folder);
  if (!reader) return reader;
  auto index = parse_export_index(written.at(std::string(export_path::index)));
  if (!index) return reader;  // which V1 will say
  for (const auto& [path, content] : written) {
    if (path != export_path::index) (*index)[path] = digest_of(content);
  }
  reader->put(std::string(export_path::index), export_index(*index));
  return reader;
}

bool lies_within(const fs::path& file, const fs::path& folder) {
  const auto inner = fs::weakly_canonical(fs::absolute(file));
  const auto outer = fs::canonical(folder);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// That the page can be written is known before anything is signed.
Status check_page(const fs::path& page, const fs::path& folder) {
  if (lies_within(page, folder)) {
    return fail("minutes.page", page.string() +
                                    " would lie in the export, which would be refused for it: "
                                    "write the page elsewhere");
  }
  const auto temporary = page.string() + ".part";  // as write_file has it
  std::error_code none;
  fs::remove(temporary, none);
  const bool good = !fs::is_directory(page, none) && std::ofstream(temporary).good();
  fs::remove(temporary, none);
  if (!good) return fail("minutes.page", page.string() + ": cannot be written");
  return {};
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
  const TimeMs now = SystemClock().now();
  if (const auto given = checked.minutes.find(bureau); given != checked.minutes.end()) {
    constexpr TimeMs clocks_differ = 60'000;
    const auto at = given->second.body()["at"].get<TimeMs>();
    if (at <= now + clocks_differ) return given->second;
    return fail("minutes.future", "these minutes are dated " + moment(at, web::Language::english) +
                                      ", after this machine's clock");
  }
  if (now < *closed_at) {
    return fail("minutes.clock", "this machine's clock stands before the close of the count, " +
                                     moment(*closed_at, web::Language::english));
  }
  return SignedDocument(minutes_body(
      {checked.manifest, checked.result, checked.events, checked.batches}, bureau, now));
}

void say(const std::string& french, const std::string& english) {
  std::fputs(both(french, english).c_str(), stdout);
}

void show_contest(const Contest& contest, const Json& figures, const Json& counted) {
  say_result(contest, counted, say);
  const auto number = [&](const char* field) { return figures[field].get<std::uint64_t>(); };
  say(fmt::format("  Inscriptions : {} ; radiations : {} ; clés remplacées : {}",
                  number("enrolments"), number("strike_offs"), number("reissues")),
      fmt::format("  Enrolments: {}; strike-offs: {}; keys replaced: {}", number("enrolments"),
                  number("strike_offs"), number("reissues")));
}

void show_operations(const Json& operations) {
  const auto at = [&](const char* field, web::Language language) {
    return moment(operations[field].get<TimeMs>(), language);
  };
  using enum web::Language;
  say("Vote ouvert : " + at("opened_at", french), "Vote opened: " + at("opened_at", english));
  say("Vote fermé : " + at("closed_at", french), "Vote closed: " + at("closed_at", english));
  const auto number = [&](const char* field) { return operations[field].get<std::uint64_t>(); };
  say(fmt::format("Prolongations : {} ; suspensions : {}, reprises : {} ; ruptures de scellement : "
                  "{}, nouveaux scellements : {}",
                  number("extensions"), number("suspensions"), number("resumptions"),
                  number("unsealings"), number("resealings")),
      fmt::format("Extensions: {}; suspensions: {}, resumptions: {}; seals broken: {}, sealings "
                  "anew: {}",
                  number("extensions"), number("suspensions"), number("resumptions"),
                  number("unsealings"), number("resealings")));
}

void show_signers(const Bureau& bureau, const SignedDocument& minutes) {
  std::string names;
  for (const auto& group : bureau.groups) {
    for (const auto& member : group.members) {
      if (!minutes.signed_by(member.signing_key)) continue;
      names += (names.empty() ? "" : ", ") + member.name;
    }
  }
  if (names.empty()) {
    say("Personne ne l'a encore signé.", "Nobody has signed them yet.");
  } else {
    say("Déjà signé par : " + names, "Signed already by: " + names);
  }
}

void show(const CheckedResult& checked, const SignedDocument& document) {
  const auto& minutes = document.body();
  const auto& bureau = checked.manifest.bureaus[minutes["bureau"].get<std::size_t>()];
  say("L'export est vérifié. Ce que vous allez signer : le procès-verbal de « " + bureau.name +
          " ».",
      "The export is verified. What you are about to sign: the minutes of \"" + bureau.name +
          "\".");
  const auto at = minutes["at"].get<TimeMs>();
  say("Établi : " + moment(at, web::Language::french),
      "Drawn up: " + moment(at, web::Language::english));
  show_operations(minutes["operations"]);
  const Json counted = Json::parse(checked.result)["contests"];
  for (const auto& figures : minutes["contests"]) {
    const auto k = figures["contest"].get<std::uint32_t>();
    show_contest(checked.manifest.contests[k], figures, counted[k]);
  }
  const auto result = sha256(as_bytes(checked.result));
  say("SHA-256 du résultat, celui de la clôture du dépouillement :",
      "SHA-256 of the result, that of the close of the count:");
  std::fputs(in_lines(result).c_str(), stdout);
  show_signers(bureau, document);
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
  std::error_code none;
  if (!fs::is_regular_file(fs::symlink_status(options.folder / export_path::index, none))) {
    return fail("export.folder", options.folder.string() + ": no export, without index.json");
  }
  if (auto good = check_page(options.page, options.folder); !good) return fail(good.error());
  sweep(options.folder);
  const auto written = written_files(options.folder);
  const auto reader = open_export(options.folder, written);
  if (!reader) return fail(reader.error());
  ProgressLine progress;
  auto checked = verify_for_minutes(*reader, *anchors, std::ref(progress));
  progress.finish();
  if (!checked) return fail(checked.error());
  auto minutes = minutes_to_sign(*checked, options.bureau);
  if (!minutes) return fail(minutes.error());
  show(*checked, *minutes);
  const auto holder = options.holder.open();
  if (!holder) return fail(holder.error());
  if (auto good = sign(*minutes, *checked, options.bureau, *holder, random); !good) {
    return fail(good.error());
  }
  if (written_files(options.folder) != written) {
    return fail("minutes.changed", "somebody has signed meanwhile: give the command again");
  }
  const auto path = export_path::minutes(options.bureau);
  checked->index[path] = digest_of(minutes->text());
  write_changed(options.folder / path, minutes->text());
  write_changed(options.folder / export_path::index, export_index(checked->index));
  try {
    write_file(options.page, minutes_page(*checked, options.bureau, *minutes), FileMode::shared);
  } catch (const fs::filesystem_error& error) {
    return fail("minutes.unprinted", std::string("signed, but the page could not be written: give "
                                                 "the command again; ") +
                                         error.what());
  }
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
