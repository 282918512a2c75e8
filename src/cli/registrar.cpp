// isoloir registrar issue: the offline work before an election (docs/roll.md).
//
// Reads an election draft, of which it needs {"election_id": hex, "title": {en, fr}, "origin",
// "contests": [{"name": {en, fr}, "districts": [{"name"}...]}...], "opens_at", "closes_at"}, and
// the roll. Everything is written into a folder beside DIR, which takes DIR's name when it is
// complete.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "cli/commands.hpp"
#include "cli/notice.hpp"
#include "election/registrar.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct IssueOptions {
  std::string draft;
  std::string roll;
  std::string out;
  std::string key;
  bool one_file = false;
};

tl::unexpected<Error> bad_draft(std::string_view what) {
  return fail("draft.form", fmt::format("the draft {}", what));
}

std::optional<BilingualText> bilingual(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name)) return std::nullopt;
  const auto en = text_field(object[name], "en"), fr = text_field(object[name], "fr");
  if (!en || !fr) return std::nullopt;
  return BilingualText{*en, *fr};
}

Expected<NoticeElection::Contest> read_contest(const Json& json, std::size_t number) {
  const auto name = bilingual(json, "name");
  if (!name) return bad_draft(fmt::format("has no name in en and fr for contest {}", number));
  NoticeElection::Contest contest{*name, {}};
  if (!json.contains("districts") || !json["districts"].is_array() || json["districts"].empty() ||
      json["districts"].size() > limits::districts) {
    return bad_draft(fmt::format("has no list of districts for contest {}", number));
  }
  for (const auto& district : json["districts"]) {
    const auto district_name = text_field(district, "name");
    if (!district_name) {
      return bad_draft(fmt::format("has a district without a name in contest {}", number));
    }
    contest.districts.push_back(*district_name);
  }
  return contest;
}

Expected<NoticeElection> read_draft(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return bad_draft("is no JSON: " + json.error().message);
  NoticeElection draft;
  const auto id = hex_decode_array<16>(text_field(*json, "election_id").value_or(""));
  if (!id) return bad_draft("has no election_id of 32 hexadecimal digits");
  draft.id.bytes = *id;
  const auto title = bilingual(*json, "title");
  if (!title) return bad_draft("has no title in en and fr");
  draft.title = *title;
  const auto origin = text_field(*json, "origin");
  if (!origin || origin->empty()) return bad_draft("has no origin");
  draft.origin = *origin;
  const auto opens_at = integer_field(*json, "opens_at");
  const auto closes_at = integer_field(*json, "closes_at");
  if (!opens_at || !closes_at || *opens_at >= *closes_at) {
    return bad_draft("has no opens_at before its closes_at");
  }
  draft.opens_at = *opens_at;
  draft.closes_at = *closes_at;
  const auto contests = json->find("contests");
  if (contests == json->end() || !contests->is_array() || contests->empty() ||
      contests->size() > limits::contests) {
    return bad_draft("has no list of contests");
  }
  for (const auto& contest : *contests) {
    auto read = read_contest(contest, draft.contests.size());
    if (!read) return fail(read.error());
    draft.contests.push_back(std::move(*read));
  }
  return draft;
}

// A folder with a name of its own beside `target`; gone again unless keep() gave it that name.
class FolderInMaking {
 public:
  explicit FolderInMaking(const fs::path& target) : target_(target) {
    std::string pattern = target.string() + ".part-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(),
                              "cannot make a folder beside " + target.string());
    }
    path_ = pattern;
  }
  FolderInMaking(const FolderInMaking&) = delete;
  FolderInMaking& operator=(const FolderInMaking&) = delete;
  ~FolderInMaking() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  std::ofstream create(const fs::path& name) const {
    return std::ofstream(path_ / name, std::ios::binary);
  }
  void finish(const fs::path& name, std::ofstream& file) const {
    file.close();
    if (!file) throw fs::filesystem_error("cannot write", path_ / name, last_error());
  }
  void write(const fs::path& name, std::string_view content) const {
    auto file = create(name);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    finish(name, file);
  }
  void make_folder(const fs::path& name) const { fs::create_directory(path_ / name); }

  // All content on the disk before the name: one call, where a call for each of 100 000 files would
  // take minutes.
  void keep() {
    const int folder = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = folder >= 0 && syncfs(folder) == 0;
    const auto error = last_error();
    if (folder >= 0) close(folder);
    if (!synced) throw fs::filesystem_error("cannot write", path_, error);
    fs::rename(path_, target_);
    path_.clear();
  }

 private:
  static std::error_code last_error() { return {errno, std::generic_category()}; }

  fs::path target_;
  fs::path path_;
};

// At most one line in five seconds.
IssueProgress progress_on_stderr() {
  using Steady = std::chrono::steady_clock;
  const auto start = Steady::now();
  return [start, last = start](std::size_t done, std::size_t total) mutable {
    const auto now = Steady::now();
    if (now - last < std::chrono::seconds(5) && done != total) return;
    last = now;
    const double seconds = std::chrono::duration<double>(now - start).count();
    fmt::print(stderr, "{} of {} codes made, about {:.0f} s left\n", done, total,
               seconds / static_cast<double>(done) * static_cast<double>(total - done));
  };
}

void write_notices(const FolderInMaking& folder, const NoticeElection& draft, const Roll& roll,
                   std::span<const Code> codes) {
  folder.make_folder("notices");
  const std::string head = notice_head(draft), foot = notice_foot();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto page = notice_page(draft, roll.voters[i], codes[i]);
    const Secret<std::string> file(head + page.reveal() + foot);
    folder.write(fs::path("notices") / (roll.voters[i].id + ".html"), file.reveal());
    if ((i + 1) % 10'000 == 0) fmt::print(stderr, "{} of {} notices\n", i + 1, codes.size());
  }
}

// Piece by piece, since all notices together may be larger than the memory.
void write_notices_as_one(const FolderInMaking& folder, const NoticeElection& draft,
                          const Roll& roll, std::span<const Code> codes) {
  auto file = folder.create("all-notices.html");
  file << notice_head(draft);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    file << notice_page(draft, roll.voters[i], codes[i]).reveal();
  }
  file << notice_foot();
  folder.finish("all-notices.html", file);
}

void write_rosters(const FolderInMaking& folder, std::span<const Roster> rosters) {
  folder.make_folder("server/roster");
  for (const auto& roster : rosters) {
    Bytes keys;
    for (const auto& key : roster.keys) append(keys, key.encoded());
    folder.write(
        fmt::format("server/roster/{}-{}.bin", roster.entry.contest, roster.entry.district),
        as_text(keys));
  }
}

// The key of --key under the code on standard input, or nothing when a new one is to be made.
Expected<std::optional<KeyPair>> given_key(const IssueOptions& options) {
  if (options.key.empty()) return std::nullopt;
  const auto file = read_file(options.key);
  if (!file) return fail(file.error());
  if (isatty(STDIN_FILENO) != 0) fmt::print(stderr, "Code of {}: ", options.key);
  Secret<std::string> typed;
  std::getline(std::cin, typed.reveal());
  const auto code = Code::parse(typed.reveal());
  if (!code) return fail(code.error());
  auto key = open_registrar_key(*file, *code);
  if (!key) return fail(key.error());
  return std::move(*key);
}

// Only what is wrong with the input is returned; what goes wrong with the disk is thrown.
Status issue(const IssueOptions& options) {
  fs::path target = fs::path(options.out).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  if (fs::exists(fs::symlink_status(target))) {
    return fail("registrar.out", target.string() + " exists already; nothing was changed");
  }
  const auto draft_text = read_file(options.draft);
  if (!draft_text) return fail(draft_text.error());
  const auto draft = read_draft(*draft_text);
  if (!draft) return fail(draft.error());
  std::vector<std::uint32_t> districts;
  for (const auto& contest : draft->contests) {
    districts.push_back(static_cast<std::uint32_t>(contest.districts.size()));
  }
  const auto csv = read_file(options.roll);
  if (!csv) return fail(csv.error());
  const auto roll = parse_roll(*csv, districts);
  if (!roll) return fail(roll.error());
  auto given = given_key(options);
  if (!given) return fail(given.error());

  SystemRandom random;
  const bool new_key = !*given;
  const KeyPair registrar = new_key ? KeyPair::generate(random) : std::move(**given);
  const Code key_code = Code::generate(random), transport_code = Code::generate(random);
  FolderInMaking folder(target);
  const Issued issued = issue_codes(*roll, draft->id, random, progress_on_stderr());
  const auto rosters = collect_rosters(issued.keys, draft->id, districts);
  if (!rosters) return fail(rosters.error());

  folder.make_folder("server");
  auto document = roster_document(*rosters, draft->id);
  document.sign(registrar, draft->id, random);
  folder.write("server/roster.json", document.text());
  write_rosters(folder, *rosters);
  folder.write("server/import.sealed", seal_import(issued.keys, draft->id, transport_code, random));
  if (new_key) folder.write("registrar.key", seal_registrar_key(registrar, key_code, random));
  write_notices(folder, *draft, *roll, issued.codes);
  if (options.one_file) write_notices_as_one(folder, *draft, *roll, issued.codes);

  // The codes first: a folder whose codes were not shown would be of no use.
  fmt::print("voters: {}\nregistrar: {}\n", roll->voters.size(),
             hex_encode(registrar.key.encoded()));
  if (new_key) fmt::print("code of registrar.key: {}\n", key_code.shown().reveal());
  fmt::print("transport code of import.sealed: {}\n", transport_code.shown().reveal());
  if (std::fflush(stdout) != 0) throw std::runtime_error("standard output cannot be written");
  folder.keep();
  return {};
}

}  // namespace

void add_registrar(CLI::App& app, int& exit_code) {
  auto* registrar = app.add_subcommand("registrar", "make voting codes and keys, offline");
  registrar->require_subcommand(1);
  auto* command = registrar->add_subcommand(
      "issue", "from a roll: voting notices, rosters and the server's import");
  const auto options = std::make_shared<IssueOptions>();
  command->add_option("--draft", options->draft, "the election draft (JSON)")->required();
  command->add_option("--roll", options->roll, "the roll (CSV, see docs/roll.md)")->required();
  command->add_option("--out", options->out, "folder to make; must not exist")->required();
  command->add_option("--key", options->key,
                      "sign with this registrar key; its code is read from standard input");
  command->add_flag("--one-file", options->one_file, "all notices in one file as well");
  command->callback([options, &exit_code] {
    umask(077);  // notices and keys are for their owner alone
    try {
      const auto status = issue(*options);
      exit_code = status ? 0 : 2;
      if (!status) {
        fmt::print(stderr, "isoloir registrar: {}\n{}\n", status.error().code,
                   status.error().message);
      }
    } catch (const std::exception& error) {
      fmt::print(stderr, "isoloir registrar: {}; nothing was kept\n", error.what());
      exit_code = 1;
    }
  });
}

}  // namespace isoloir::cli
