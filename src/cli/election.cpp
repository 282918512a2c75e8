#include "cli/election.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <map>
#include <memory>

#include "base/files.hpp"
#include "base/unicode.hpp"
#include "cli/anchors.hpp"
#include "cli/commands.hpp"
#include "cli/folder_in_making.hpp"
#include "cli/screen.hpp"
#include "cli/sealing_page.hpp"
#include "cli/server.hpp"
#include "cli/trustee_ceremony.hpp"
#include "cli/trustee_sign.hpp"
#include "crypto/hash.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* draft_file = "draft.json";

fs::path ceremony_folder(const fs::path& folder, std::size_t bureau) {
  return folder / "ceremony" / std::to_string(bureau);
}

std::string opening_is_past() {
  return both("L'heure d'ouverture est passée : le vote ouvrira dès que le serveur tournera.",
              "The opening hour is past: the vote opens as soon as the server runs.");
}

// ---- draft

struct DraftOptions {
  fs::path portal;
  fs::path state;
  fs::path out;
  std::string origin;
  std::uint32_t open_now_hours = 0;
};

Expected<DraftHours> draft_hours(const DraftOptions& options, const Portal& portal, TimeMs now) {
  if (options.open_now_hours > 0) {
    return DraftHours{now, now + options.open_now_hours * hour_ms, portal.grace_minutes * 60};
  }
  auto hours = hours_of(portal);
  if (hours && hours->closes_at <= now) {
    return fail("draft.hours", (options.portal / "portal.toml").string() + ": the vote closes on " +
                                   portal.closes_local + ", which is past: correct [hours]");
  }
  return hours;
}

// The private keys stand in the state from now on and never travel.
Expected<std::string> run_draft(const DraftOptions& options) {
  SystemClock clock;
  SystemRandom random;
  const StatePaths state{options.state};
  if (auto good = check_origin(options.origin); !good) return fail(good.error());
  if (fs::exists(fs::symlink_status(folder_name(options.out)))) {
    return fail("election.out", options.out.string() + " exists already; nothing was changed");
  }
  if (fs::exists(state.keys()) || fs::exists(state.database())) {
    return fail(
        "state.exists",
        options.state.string() + ": a draft or an election is there already; nothing was changed");
  }
  const auto portal = read_portal(options.portal);
  if (!portal) return fail(portal.error());
  if (!portal->assistance) {
    return fail("draft.assistance", (options.portal / "portal.toml").string() +
                                        ": there is no [assistance], and who has lost her voting "
                                        "code must know whom to call");
  }
  const auto hours = draft_hours(options, *portal, clock.now());
  if (!hours) return fail(hours.error());
  const auto keys = ServerKeys::generate(random);
  const auto draft = draw_draft(*portal, options.origin, *hours, keys.published(), random);

  FolderInMaking folder(options.out);
  folder.write(draft_file, draft.text());
  for (std::size_t b = 0; b < draft.ceremonies.size(); ++b) {
    folder.write(ceremony_folder("", b) / "plan.json", draft.ceremonies[b].text());
  }
  fs::create_directories(options.state);
  fs::permissions(options.state, fs::perms::owner_all);
  keys.write(state.keys());
  try {
    folder.keep();
  } catch (...) {
    fs::remove(state.keys());
    throw;
  }
  return both("Élection " + hex_encode(draft.id.bytes) + " préparée dans " + options.out.string() +
                  ", ordre des listes tiré au sort.",
              "Election " + hex_encode(draft.id.bytes) + " drafted in " + options.out.string() +
                  ", order of the lists drawn by lot.") +
         vote_hours(draft.hours.opens_at, draft.hours.closes_at) +
         (options.open_now_hours == 0 && draft.hours.opens_at <= clock.now() ? opening_is_past()
                                                                             : "") +
         both("Les clés privées du serveur restent dans " + options.state.string() + ".",
              "The server's private keys stay in " + options.state.string() + ".") +
         both("Suite : les codes (registrar issue) et la cérémonie des clés (trustee step).",
              "Next: the codes (registrar issue) and the key ceremony (trustee step).");
}

// ---- seal

struct SealOptions {
  fs::path folder;
  fs::path registrar;
};

Expected<ElectionDraft> read_draft(const fs::path& folder) {
  const auto text = read_file(folder / draft_file);
  if (!text) return fail(text.error());
  auto draft = ElectionDraft::parse(*text);
  if (!draft)
    return fail(draft.error().code, (folder / draft_file).string() + ": " + draft.error().message);
  return draft;
}

Expected<std::vector<CeremonyRecord>> read_ceremonies(const fs::path& folder,
                                                      const ElectionDraft& draft) {
  std::vector<CeremonyRecord> records;
  for (std::size_t b = 0; b < draft.ceremonies.size(); ++b) {
    const auto place = ceremony_folder(folder, b);
    const auto files = read_ceremony_folder(place);
    if (!files) return fail(files.error());
    auto record = CeremonyRecord::read(files->plan, files->messages);
    if (!record) return fail(record.error().code, place.string() + ": " + record.error().message);
    records.push_back(std::move(*record));
  }
  return records;
}

Expected<PublicFiles> read_rosters(const fs::path& folder, const ElectionDraft& draft) {
  std::vector<std::string> paths{std::string(export_path::roster_document)};
  for (std::uint32_t k = 0; k < draft.contests.size(); ++k) {
    for (std::uint32_t d = 0; d < draft.contests[k].districts.size(); ++d) {
      paths.push_back(export_path::roster(k, d));
    }
  }
  PublicFiles files;
  for (const auto& path : paths) {
    auto content = read_file(folder / path);
    if (!content) return fail(content.error());
    files[path] = std::move(*content);
  }
  return files;
}

std::string fingerprint_text(const Fingerprint& fingerprint) {
  return both("Empreinte, à lire à voix haute et à comparer :",
              "Fingerprint, to be read aloud and compared:") +
         "    " + in_groups(fingerprint) + "\n";
}

// Who must sign, or the page of the sealing when nobody must.
Expected<std::string> finish_sealing(const fs::path& folder, const Sealing& sealing) {
  if (!sealing.complete()) {
    const auto names = fmt::format("{}", fmt::join(sealing.unsigned_members, ", "));
    return both("Doivent encore signer le sceau (election sign) : " + names + ".",
                "Still to sign the seal (election sign): " + names + ".");
  }
  const auto seal = read_file(folder / std::string(export_path::seal));
  if (!seal) return fail(seal.error());
  const auto page = sealing_page(sealing, *seal);
  write_file(folder / sealing_page_file, page, FileMode::shared);
  const auto path = (folder / sealing_page_file).string();
  return both("Le scellement est complet. Procès-verbal à imprimer et à signer : " + path,
              "The sealing is complete. Minutes to print and sign: " + path) +
         "    SHA-256 " + in_groups(sha256(as_bytes(page))) + "\n" +
         both("Suite : installation sur le serveur (election install).",
              "Next: installation on the server (election install).");
}

// The manifest last: it is what makes a sealed election of the folder.
Expected<std::string> run_seal(const SealOptions& options) {
  SystemClock clock;
  const auto manifest_path = options.folder / std::string(export_path::manifest);
  if (fs::exists(manifest_path)) {
    return fail("election.sealed",
                manifest_path.string() +
                    " is there already: go on with `election sign`, or "
                    "break this seal with `election unseal`; nothing was changed");
  }
  const auto draft = read_draft(options.folder);
  if (!draft) return fail(draft.error());
  const TimeMs now = clock.now();
  if (draft->hours.closes_at <= now) {
    return fail("install.hours", "the closing hour of this election is past");
  }
  const auto ceremonies = read_ceremonies(options.folder, *draft);
  if (!ceremonies) return fail(ceremonies.error());
  auto rosters = read_rosters(options.registrar, *draft);
  if (!rosters) return fail(rosters.error());
  auto broken = read_broken_seals(options.folder);
  if (!broken) return fail(broken.error());
  const auto files = seal_election(
      {*draft, std::move(*rosters), *ceremonies, booth_assets(), now, std::move(*broken)});
  if (!files) return fail(files.error());
  for (const auto& [path, content] : *files) {
    if (path == export_path::manifest || path.starts_with("ceremony/") ||
        path.starts_with("broken/")) {
      continue;
    }
    fs::create_directories((options.folder / path).parent_path());
    write_file(options.folder / path, content, FileMode::shared);
  }
  write_file(manifest_path, files->at(std::string(export_path::manifest)), FileMode::shared);
  const auto sealing = check_sealing(ExportReader::of_files(*files));
  if (!sealing) return fail(sealing.error());
  auto next = finish_sealing(options.folder, *sealing);
  if (!next) return next;
  std::string out = fingerprint_text(sealing->fingerprint);
  if (draft->hours.opens_at <= now) out += opening_is_past();
  return out + *next;
}

// ---- check and sign

Expected<Sealing> read_sealing(const fs::path& folder) {
  const auto files = read_sealed_files(folder);
  if (!files) return fail(files.error());
  return check_sealing(ExportReader::of_files(*files));
}

// What a member signs, on the screen: all of it was read from the manifest and the seal.
std::string describe(const Sealing& sealing) {
  const auto& manifest = sealing.manifest;
  std::string out = both(manifest.title.fr, manifest.title.en) +
                    vote_hours(manifest.opens_at, manifest.closes_at);
  for (std::uint32_t k = 0; k < manifest.contests.size(); ++k) {
    const auto& contest = manifest.contests[k];
    std::uint64_t registered = 0;
    for (const auto& roster : manifest.rosters) {
      if (roster.contest == k) registered += roster.size;
    }
    out += both(fmt::format("Scrutin {} : {}, {} sièges, {} inscrits", k, contest.name.fr,
                            contest.seats, registered),
                fmt::format("Contest {}: {}, {} seats, {} registered", k, contest.name.en,
                            contest.seats, registered));
    for (std::size_t i = 0; i < contest.options.size(); ++i) {
      const auto& option = contest.options[i];
      out += fmt::format("      {}. {}\n", i + 1,
                         option.blank ? std::string("vote blanc / blank vote") : option.name);
    }
  }
  out += both(fmt::format("Sceaux rompus avant celui-ci : {}", manifest.broken_seals.size()),
              fmt::format("Seals broken before this one: {}", manifest.broken_seals.size()));
  for (const auto& seal : manifest.broken_seals) {
    out += both(fmt::format("Remplace un sceau rompu, {} : {}",
                            moment(seal.at, web::Language::french), printable(seal.reason)),
                fmt::format("Replaces a broken seal, {}: {}",
                            moment(seal.at, web::Language::english), printable(seal.reason))) +
           "    " + in_groups(seal.fingerprint) + "\n";
  }
  if (!manifest.broken_seals.empty()) {
    out += sealing.same_codes ? both("Codes : les MÊMES que sous le sceau rompu.",
                                     "Codes: the SAME as under the broken seal.")
                              : both("Codes : autres que sous le sceau rompu.",
                                     "Codes: others than under the broken seal.");
  }
  out += both("Clé de qui a fait les codes, à comparer à la sienne :",
              "The registrar's key, to be compared:") +
         "    " + in_groups(manifest.registrar_key.encoded()) + "\n";
  return out +
         both("Urne vide, aucun émargement, compteur à zéro.",
              "The box is empty, no sign-off, the counter at zero.") +
         fingerprint_text(sealing.fingerprint);
}

struct CheckOptions {
  fs::path folder;
};

Expected<std::string> run_check(const CheckOptions& options) {
  const auto sealing = read_sealing(options.folder);
  if (!sealing) return fail(sealing.error());
  auto next = finish_sealing(options.folder, *sealing);
  if (!next) return next;
  return describe(*sealing) + *next;
}

struct SignOptions {
  fs::path folder;
  std::string fingerprint;
  fs::path holder;
  std::string code_file;
};

Expected<std::string> run_sign(const SignOptions& options) {
  SystemRandom random;
  const auto sealing = read_sealing(options.folder);
  if (!sealing) return fail(sealing.error());
  if (auto same = check_assets(sealing->manifest, booth_assets()); !same) {
    return fail(same.error());
  }
  const auto typed = read_fingerprint(options.fingerprint);
  if (!typed) {
    return fail("anchor.form", "a fingerprint is 64 hexadecimal digits, in groups or not");
  }
  if (*typed != sealing->fingerprint) {
    return fail("seal.fingerprint",
                "the fingerprint of this folder is " + in_groups(sealing->fingerprint));
  }
  std::fputs(describe(*sealing).c_str(), stdout);
  std::fflush(stdout);
  auto code = ask_code(options.code_file);
  if (!code) return fail(code.error());
  const auto holder = HolderFile::open(options.holder, std::move(*code));
  if (!holder) return fail(holder.error());
  const auto seal = options.folder / std::string(export_path::seal);
  auto signable = read_signable(sealing->manifest, seal);
  if (!signable) return fail(signable.error());
  const auto signed_one =
      sign_document(sealing->manifest, std::move(*signable), seal, *holder, random);
  if (!signed_one) return fail(signed_one.error());
  const auto now = read_sealing(options.folder);
  if (!now) return fail(now.error());
  auto next = finish_sealing(options.folder, *now);
  if (!next) return next;
  return both("Sceau signé.", "The seal is signed.") + *next;
}

// ---- The subcommand

// What an organiser can cause, in French; the English line beneath says where.
std::string in_french(const std::string& code) {
  static const std::map<std::string, std::string> texts = {
      {"account.file", "Le fichier des comptes est à corriger ; aucun compte n'a été créé."},
      {"assets.other", "Les programmes du poste de vote ne sont pas ceux qui ont été scellés."},
      {"ceremony.incomplete", "La cérémonie des clés n'est pas terminée."},
      {"ceremony.plan", "Cette cérémonie n'est pas celle du bureau de ce scrutin."},
      {"code.check", "Le code est mal saisi."},
      {"code.form", "Le code n'a pas la bonne forme."},
      {"count.holder", "Ce fichier privé n'est pas celui d'un membre de ce bureau."},
      {"draft.assistance", "Le portail ne dit pas comment joindre l'assistance."},
      {"draft.form", "Le fichier draft.json est endommagé."},
      {"draft.hours", "Les heures du scrutin sont passées."},
      {"draft.origin", "L'adresse du portail n'a pas la bonne forme."},
      {"election.out", "Ce fichier ou ce dossier existe déjà ; rien n'a été changé."},
      {"election.sealed", "L'élection est déjà assemblée ; rien n'a été changé."},
      {"election.unsealed", "L'élection n'est pas encore assemblée (election seal)."},
      {"file.missing", "Un fichier manque ou ne peut pas être lu."},
      {"import.roster", "Les clés ne sont pas celles des listes qui ont été scellées."},
      {"import.voters", "La liste électorale n'est pas celle dont les codes ont été faits."},
      {"install.hours", "L'heure de fermeture est passée."},
      {"portal.invalid", "Le fichier portal.toml est à corriger."},
      {"roll.invalid", "La liste électorale est à corriger ; rien n'a été importé."},
      {"anchor.form", "Une empreinte a 64 chiffres hexadécimaux, groupés ou non."},
      {"seal.broken", "Un sceau rompu, gardé dans broken/, est endommagé."},
      {"state.opened", "Le vote a déjà ouvert sous le sceau rompu ; rien n'a été changé."},
      {"state.aside", "L'élection d'un sceau rompu est déjà gardée à côté ; rien n'a été changé."},
      {"import.renewed",
       "Des codes ont été renouvelés ou bloqués depuis : tous sont à refaire (--replaces)."},
      {"import.replaces",
       "Ces codes ne connaissent pas ceux qui sont installés : refaites-les avec --replaces et "
       "l'import qui a été installé."},
      {"unseal.open", "L'heure d'ouverture est passée : le sceau ne peut plus être rompu."},
      {"unseal.reason", "Le motif figure au procès-verbal : une ligne de texte."},
      {"seal.fingerprint", "Ce n'est pas l'empreinte qui a été lue à voix haute : ne signez pas."},
      {"seal.incomplete", "Le scellement n'est pas complet : il manque des signatures."},
      {"sealed_file.code_or_content", "Code faux, ou fichier endommagé."},
      {"server_keys.missing",
       "Ce serveur n'a pas les clés avec lesquelles l'élection a été préparée."},
      {"server_keys.other", "L'élection a été préparée pour un autre serveur."},
      {"server.running", "Un serveur tourne sur ce dossier : arrêtez-le d'abord."},
      {"state.exists", "Une élection est déjà dans ce dossier ; rien n'a été changé."},
      {"state.link_key", "Une clé des liens sans élection est déjà là."},
      {"state.missing", "Il n'y a pas d'élection dans ce dossier."},
      {"trustee.file", "Un fichier ne peut pas être lu ou écrit."},
  };
  const auto found = texts.find(code);
  return found == texts.end() ? std::string() : found->second + "\n";
}

template <typename Options>
int run_step(const Options& options, Expected<std::string> (*step)(const Options&)) {
  umask(022);
  try {
    const auto done = step(options);
    if (done) return std::fputs(done->c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
    std::fprintf(stderr, "%sisoloir election: %s (%s)\n", in_french(done.error().code).c_str(),
                 done.error().message.c_str(), done.error().code.c_str());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "isoloir election: %s; nothing was kept\n", error.what());
    return 1;
  }
}

template <typename Options>
Command add_step(Command election, const char* name, const char* what,
                 const std::shared_ptr<Options>& options,
                 Expected<std::string> (*step)(const Options&)) {
  const Command command = election.add(name, what);
  command.runs([options, step] { return run_step(*options, step); });
  return command;
}

void add_draft(Command election) {
  const auto draft = std::make_shared<DraftOptions>();
  Command command =
      add_step(election, "draft", "On the server: draw lots, fix the hours, make the keys", draft,
               run_draft);
  command.option("portal", draft->portal, "Folder of the portal").required();
  command.option("--origin", draft->origin, "Where voters will go: https://host[:port]").required();
  command.option("--state", draft->state, "Folder that keeps the server's private keys").required();
  command.option("--out", draft->out, "Folder of the election, to make").required();
  command
      .option("--open-now", draft->open_now_hours,
              "For practice: open at once, for so many hours, whatever the portal says")
      .between(1u, 24u * 8u);
}

void add_sealing(Command election) {
  const auto seal = std::make_shared<SealOptions>();
  Command command =
      add_step(election, "seal", "Put everything together into the manifest", seal, run_seal);
  command.option("election", seal->folder, "Folder of the election").required();
  command.option("--registrar", seal->registrar, "Folder `server` that the registrar made")
      .required();
  const auto unseal = std::make_shared<UnsealOptions>();
  command = add_step(election, "unseal", "The bureau breaks the seal, before the opening", unseal,
                     run_unseal);
  command.option("election", unseal->folder, "Folder of the election").required();
  command.option("--reason", unseal->reason, "Why, as it will stand in the minutes").required();
  const auto sign = std::make_shared<SignOptions>();
  command = add_step(election, "sign", "A member of the bureau looks at the seal and signs it",
                     sign, run_sign);
  command.option("election", sign->folder, "Folder of the election, on the stick").required();
  command.option("--fingerprint", sign->fingerprint, "The one that was read out").required();
  command.option("--holder", sign->holder, "The member's private file").required();
  command.option("--code-file", sign->code_file,
                 "Read the activation code here, for practice; else it is typed");
  const auto check = std::make_shared<CheckOptions>();
  command = add_step(election, "check", "Check the sealing, say who must still sign, make its page",
                     check, run_check);
  command.option("election", check->folder, "Folder of the election").required();
}

void add_installation(Command election) {
  const auto install = std::make_shared<InstallOptions>();
  Command command =
      add_step(election, "install",
               "On the server: check everything, make the state (asks for the transport "
               "code)",
               install, run_install);
  command.option("election", install->folder, "Folder of the election").required();
  command.option("--state", install->state, "The folder that `draft` has made").required();
  command.option("--roll", install->roll, "The roll that the codes were made from").required();
  command.option("--import", install->import, "import.sealed of the registrar").required();
  command.option("--accounts", install->accounts,
                 "Then make an account for every voter, as `accounts --generate` does");
  const auto accounts = std::make_shared<AccountOptions>();
  command = add_step(election, "accounts",
                     "On the server: make voters' accounts, until they can open them", accounts,
                     run_accounts);
  command.option("--state", accounts->state, "Folder of the election's state").required();
  const Option from =
      command.option("--from", accounts->from, "CSV: identifiant;mot_de_passe;question;reponse");
  const Option generate = command.option("--generate", accounts->generate,
                                         "File to make: an account for every voter who has none");
  from.excludes(generate);
}

}  // namespace

Expected<PublicFiles> read_sealed_files(const fs::path& folder) {
  const auto manifest_path = folder / std::string(export_path::manifest);
  if (!fs::exists(manifest_path)) {
    return fail("election.unsealed", folder.string() + ": there is no manifest.json here yet");
  }
  const auto text = read_file(manifest_path);
  if (!text) return fail(text.error());
  const auto manifest = Manifest::parse(*text);
  if (!manifest)
    return fail(manifest.error().code, manifest_path.string() + ": " + manifest.error().message);
  PublicFiles files;
  for (const auto& path : sealing_paths(*manifest)) {
    auto content = read_file(folder / path);
    if (!content) return fail(content.error());
    files[path] = std::move(*content);
  }
  return files;
}

void add_election(Command app) {
  const Command election =
      app.add("election", "Make an election of your own: docs/first-election.md");
  add_draft(election);
  add_sealing(election);
  add_installation(election);
}

}  // namespace isoloir::cli
