// isoloir registrar: the offline work before an election, and for who is enrolled late
// (docs/roll.md).
//
// issue reads an election draft (isoloir election draft) and the roll. Everything is written into a
// folder beside DIR, which takes DIR's name when it is complete. sign adds the registrar's
// signature to events that enrol whom the import holds.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "base/files.hpp"
#include "base/unicode.hpp"
#include "cli/bureau_desk.hpp"
#include "cli/commands.hpp"
#include "cli/folder_in_making.hpp"
#include "cli/notice.hpp"
#include "cli/screen.hpp"
#include "cli/trustee.hpp"
#include "cli/trustee_sign.hpp"
#include "cli/typed_code.hpp"
#include "crypto/hash.hpp"
#include "election/csv.hpp"
#include "election/registrar.hpp"
#include "web/locale.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct IssueOptions {
  std::string draft;
  std::string roll;
  std::string out;
  std::string key;
  std::string replaces;
  bool one_file = false;
  bool late = false;
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

void write_notices(const FolderInMaking& folder, const ElectionDraft& draft, const Roll& roll,
                   const Issued& issued) {
  const auto& codes = issued.codes;
  const std::string head = notice_head(draft), foot = notice_foot();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto page = notice_page(draft, roll.voters[i], codes[i], issued.keys[i].replaced);
    Secret<std::string> file;
    file.reveal().reserve(head.size() + page.reveal().size() + foot.size());
    file.reveal().append(head).append(page.reveal()).append(foot);
    folder.write(fs::path("notices") / (roll.voters[i].id + ".html"), file.reveal());
    if ((i + 1) % 10'000 == 0) fmt::print(stderr, "{} of {} notices\n", i + 1, codes.size());
  }
}

// Piece by piece, since all notices together may be larger than the memory.
void write_notices_as_one(const FolderInMaking& folder, const ElectionDraft& draft,
                          const Roll& roll, const Issued& issued) {
  const auto& codes = issued.codes;
  auto file = folder.create("all-notices.html");
  file << notice_head(draft);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    file << notice_page(draft, roll.voters[i], codes[i], issued.keys[i].replaced).reveal();
  }
  file << notice_foot();
  folder.finish("all-notices.html", file);
}

// What a sender can use, and a spreadsheet that opens the file cannot take for a formula.
bool is_destination(const std::string& text, Handover by) {
  if (by == Handover::email)
    return !text.empty() && std::string_view("=+-@").find(text[0]) == text.npos;
  const auto digits =
      std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits >= 6 && text.find_first_not_of("+0123456789 .-()") == text.npos && text[0] != '-';
}

// What is sent leaves in one file for each channel, so that nobody has to hold both (L1):
// `email.csv` and `sms.csv`, each with where it goes and what it carries, ready for who sends it. A
// voter whom a channel cannot reach stands in unreached.csv, with the channel: what she cannot be
// sent must be handed over. Gives how many lines that has.
std::size_t write_deliveries(const FolderInMaking& folder, const CredentialForms& forms,
                             const Roll& roll, const Issued& issued) {
  std::string unreached = "identifiant_electeur;canal\n";
  std::size_t count = 0;
  const auto write = [&](Handover by, const std::string& what, const std::vector<Code>& codes) {
    if (by == Handover::post) return;
    const bool mail = by == Handover::email;
    Secret<std::string> file(
        fmt::format("identifiant_electeur;{};{}\n", mail ? "courriel" : "telephone", what));
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const auto& voter = roll.voters[i];
      const auto& written = mail ? voter.email : voter.phone;
      const auto destination = is_destination(written, by) ? written : std::string();
      if (destination.empty()) {
        unreached += fmt::format("{};{}\n", voter.id, name_of(by));
        ++count;
      }
      append_csv_cell(file.reveal(), voter.id, ';');
      file.reveal() += ';';
      append_csv_cell(file.reveal(), destination, ';');
      file.reveal() += ";" + codes[i].shown().reveal() + "\n";
    }
    folder.write(fmt::format("{}.csv", name_of(by)), file.reveal());
  };
  if (forms.identifier) write(forms.identifier_by, "identifiant", issued.identifiers);
  write(forms.code_by, forms.roll_number ? "code_de_vote" : "mot_de_passe", issued.codes);
  if (count != 0) folder.write("unreached.csv", unreached);
  return count;
}

// Under the code on standard input.
Expected<KeyPair> read_registrar_key(const std::string& path) {
  const auto file = read_file(path);
  if (!file) return fail(file.error());
  const auto code = typed_code("Code of " + path);
  if (!code) return fail(code.error());
  return open_registrar_key(*file, *code);
}

// The key of --key, or nothing when a new one is to be made.
Expected<std::optional<KeyPair>> given_key(const IssueOptions& options) {
  if (options.key.empty()) return std::nullopt;
  auto key = read_registrar_key(options.key);
  if (!key) return fail(key.error());
  return std::move(*key);
}

// Late electors' rosters would be a second document of the registrar's, beside the manifest's.
Status check_late(const IssueOptions& options) {
  if (!options.late) return {};
  if (options.key.empty()) {
    return fail("registrar.late",
                "--late wants --key: the registrar's of this election, who signs "
                "for each elector");
  }
  if (options.replaces.empty()) return {};
  return fail("registrar.late", "--late replaces no code: leave --replaces out");
}

// What the registrar sees, and passes on to who sends.
std::string replacement_told(const Issued& issued, TimeMs at, bool printed) {
  const auto count = std::count_if(issued.keys.begin(), issued.keys.end(),
                                   [](const VoterKeys& voter) { return !voter.replaced.empty(); });
  std::string told = both(fmt::format("Électeurs dont le code est remplacé : {}, {}.", count,
                                      moment(at, web::Language::french)),
                          fmt::format("Voters whose code is replaced: {}, {}.", count,
                                      moment(at, web::Language::english)));
  if (!printed) {
    told += both("En tête de chaque message : « Annule et remplace ce que vous avez reçu avant. »",
                 "At the head of every message: “This cancels and replaces what you received "
                 "before.”");
  }
  return told;
}

// Only what is wrong with the input is returned; what goes wrong with the disk is thrown.
Status issue(const IssueOptions& options) {
  if (auto good = check_late(options); !good) return good;
  const fs::path target = folder_name(options.out);
  if (fs::exists(fs::symlink_status(target))) {
    return fail("registrar.out", target.string() + " exists already; nothing was changed");
  }
  const auto draft_text = read_file(options.draft);
  if (!draft_text) return fail(draft_text.error());
  const auto draft = ElectionDraft::parse(*draft_text);
  if (!draft) return fail(draft.error());
  const auto districts = districts_per_contest(draft->contests);
  const auto csv = read_file(options.roll);
  if (!csv) return fail(csv.error());
  const auto& forms = draft->credentials;
  const bool accounts = !forms.identifier && !forms.roll_number;
  const auto roll =
      parse_roll(*csv, districts, accounts ? RollAddress::signs_in : RollAddress::optional);
  if (!roll) return fail(roll.error().code, options.roll + ": " + roll.error().message);
  if (forms.roll_number) {
    if (auto good = check_roll_numbers(*roll); !good) return good;
  }
  auto given = given_key(options);
  if (!given) return fail(given.error());
  auto before = options.replaces.empty() ? Expected<std::vector<VoterKeys>>()
                                         : read_import(options.replaces, draft->id, districts);
  if (!before) return fail(before.error());

  SystemRandom random;
  const bool new_key = !*given;
  const KeyPair registrar = new_key ? KeyPair::generate(random) : std::move(**given);
  const Code key_code = Code::generate(random), transport_code = Code::generate(random);
  FolderInMaking folder(target);
  Issued issued = issue_codes(*roll, draft->id, forms, random, progress_on_stderr());
  const TimeMs now = SystemClock().now();
  carry_replaced(issued.keys, *before, now);
  const auto carried = std::any_of(issued.keys.begin(), issued.keys.end(),
                                   [](const VoterKeys& voter) { return !voter.replaced.empty(); });
  if (!options.replaces.empty() && !carried) {
    return fail("registrar.replaces", options.replaces + ": nobody of this roll has a code there");
  }
  const auto rosters = collect_rosters(issued.keys, draft->id, districts);
  if (!rosters) return fail(rosters.error());

  if (!options.late) {
    auto document = roster_document(*rosters, draft->id);
    document.sign(registrar, draft->id, random);
    for (const auto& [path, content] : roster_files(document, *rosters)) {
      folder.write("server/" + path, content);
    }
  }
  folder.write("server/import.sealed", seal_import(issued.keys, draft->id, transport_code, random));
  if (new_key) folder.write("registrar.key", seal_registrar_key(registrar, key_code, random));
  const bool printed = forms.code_by == Handover::post;
  if (printed) write_notices(folder, *draft, *roll, issued);
  if (printed && options.one_file) write_notices_as_one(folder, *draft, *roll, issued);
  const auto unreached = write_deliveries(folder, forms, *roll, issued);

  // The codes first: a folder whose codes were not shown would be of no use.
  fmt::print("voters: {}\nregistrar: {}\n", roll->voters.size(),
             hex_encode(registrar.key.encoded()));
  if (options.late) fmt::print("SHA-256 of the roll: {}\n", hex_encode(sha256(as_bytes(*csv))));
  if (new_key) fmt::print("code of registrar.key: {}\n", key_code.shown().reveal());
  fmt::print("transport code of import.sealed: {}\n", transport_code.shown().reveal());
  if (unreached != 0) {
    fmt::print("without address or number: {} (unreached.csv)\n", unreached);
  }
  if (!options.replaces.empty()) fmt::print("{}", replacement_told(issued, now, printed));
  if (std::fflush(stdout) != 0) throw std::runtime_error("standard output cannot be written");
  folder.keep();
  return {};
}

// ---- sign

struct RegistrarSignOptions : SignOptions {
  std::string key;
  std::string import;
  std::string language = "fr";
  bool yes = false;
};

// Whose place the event is about, among the import's; it is shown beside the event. Error:
// registrar.event.
Expected<std::string> elector_of(const std::vector<VoterKeys>& keys, const Json& body) {
  if (text_field(body, "event") != "enrol") {
    return fail("registrar.event", "the registrar signs no other event than that of an enrolment");
  }
  const BallotKey wanted{*u32_field(body, "contest"), *u32_field(body["data"], "district"),
                         *point_field(body["data"], "key")};
  for (const auto& voter : keys) {
    const auto& own = voter.ballot_keys;
    if (std::find(own.begin(), own.end(), wanted) != own.end()) return voter.id;
  }
  return fail("registrar.event",
              "it enrols a key of nobody in this import, or in another contest or district");
}

Expected<std::string> sign_enrolments(const RegistrarSignOptions& options) {
  SystemRandom random;
  auto all = read_to_sign(options);
  if (!all) return fail(all.error());
  const auto& manifest = all->manifest;
  const auto key = read_registrar_key(options.key);
  if (!key) return fail(key.error());
  if (key->key != manifest.registrar_key) {
    return fail("registrar.key", "the manifest names another registrar's key");
  }
  const auto keys =
      read_import(options.import, manifest.election_id, districts_per_contest(manifest.contests));
  if (!keys) return fail(keys.error());
  for (auto& one : all->documents) {
    const auto elector = elector_of(*keys, one.document.body());
    if (!elector) return fail(elector.error());
    one.words += both("Identifiant sur la liste : " + printable(*elector),
                      "Identifier on the roll: " + printable(*elector));
  }
  show_to_sign(*all);
  const Question question{"Ces inscriptions seront signées.", "These enrolments will be signed.",
                          "signer", "sign"};
  if (auto sure = confirm(Screen(options.language == "en"), options.yes, question); !sure) {
    return fail(sure.error());
  }
  return add_signature(std::move(*all), *key, random);
}

void add_sign(Command registrar) {
  const Command command =
      registrar.add("sign", "See enrolments of late electors in words, then sign them");
  const auto options = std::make_shared<RegistrarSignOptions>();
  options->declare(command);
  command.option("--key", options->key, "the registrar's; its code is read from standard input")
      .required();
  command
      .option("--import", options->import,
              "the late electors' import.sealed; its transport code is read after the key's")
      .required();
  command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
  command.flag("--yes", options->yes, "for scripts: do not ask for a word first");
  command.runs([options] { return report_step(sign_enrolments(*options), "registrar"); });
}

}  // namespace

void add_registrar(Command app) {
  const Command registrar = app.add("registrar", "Make the voting codes from the roll, offline");
  add_sign(registrar);
  const Command command =
      registrar.add("issue", "From a roll: voting notices, rosters and the server's import");
  const auto options = std::make_shared<IssueOptions>();
  command.option("--draft", options->draft, "the election draft (JSON)").required();
  command.option("--roll", options->roll, "the roll (CSV, see docs/roll.md)").required();
  command.option("--out", options->out, "folder to make; must not exist").required();
  command.option("--key", options->key,
                 "sign with this registrar key; its code is read from standard input");
  command.option("--replaces", options->replaces,
                 "replace every code of this import.sealed (“annule et remplace”); its transport "
                 "code is read from standard input, after the registrar key's");
  command.flag("--one-file", options->one_file, "all notices in one file as well");
  command.flag("--late", options->late,
               "for who is enrolled after the seal: with --key, and no rosters");
  command.runs([options] {
    umask(077);  // notices and keys are for their owner alone
    try {
      const auto status = issue(*options);
      if (!status) {
        if (status.error().code == "roll.invalid") {
          fmt::print(stderr, "La liste électorale est à corriger ; rien n'a été écrit.\n");
        }
        fmt::print(stderr, "isoloir registrar: {}\n{}\n", status.error().code,
                   status.error().message);
      }
      return status ? 0 : 2;
    } catch (const std::exception& error) {
      fmt::print(stderr, "isoloir registrar: {}; nothing was kept\n", error.what());
      return 1;
    }
  });
}

}  // namespace isoloir::cli
