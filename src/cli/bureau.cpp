// isoloir bureau: the bureau's steps from the opening to the close of the count, each saying who
// must act and what is still missing. It works on the server's state: beside a running server,
// whose sequencer then takes events into the log, or alone.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "cli/commands.hpp"
#include "cli/server.hpp"
#include "cli/trustee.hpp"
#include "election/verification.hpp"
#include "service/bureau.hpp"
#include "service/count.hpp"
#include "service/export.hpp"
#include "service/freeze.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct BureauOptions {
  std::string state;
  std::string language = "fr";
  std::vector<std::string> holders;  // FILE or FILE:CODEFILE
  std::string code_file;
  bool practice = false;
  std::uint32_t contest = 0;
  std::string reason;
  std::vector<std::string> lots;
  std::string export_folder;
};

// What people read: the language they asked for, French by default.
class Screen {
 public:
  explicit Screen(bool english) : english_(english) {}
  void say(const std::string& french, const std::string& english) const {
    std::puts((english_ ? english : french).c_str());
  }
  const std::string& pick(const std::string& french, const std::string& english) const {
    return english_ ? english : french;
  }

 private:
  bool english_;
};

std::string moment(TimeMs at) {
  const auto seconds = static_cast<std::time_t>(at / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
  return std::string(text, length);
}

// Refusals that a bureau member can cause, in French; the rest is for the operator.
std::string in_french(const std::string& code) {
  static const std::map<std::string, std::string> texts = {
      {"bureau.phase", "Cette étape n'est pas possible maintenant."},
      {"bureau.hours", "L'heure n'est pas venue, ou n'est pas bonne."},
      {"bureau.signer", "Les personnes présentes n'ont pas pouvoir de signer cette étape."},
      {"bureau.contest", "Ce scrutin n'est pas du ressort de ce bureau."},
      {"bureau.data", "Il manque le motif, ou une donnée n'est pas celle attendue."},
      {"bureau.server", "Le serveur n'a pas porté l'événement au journal public à temps."},
      {"bureau.holders", "Il manque les fichiers privés des membres du bureau (--holder)."},
      {"bureau.verification", "La vérification avant dépouillement a échoué : rien n'est ouvert."},
      {"count.not_frozen", "L'urne n'est pas encore scellée."},
      {"count.threshold", "Il manque des membres pour ouvrir l'urne."},
      {"count.closed", "Le dépouillement est clos : le résultat ne change plus."},
      {"count.no_result", "Il n'y a pas encore de résultat."},
      {"count.holder", "Ce fichier privé n'est pas celui d'un membre de ce bureau."},
      {"count.link_key", "Le dépouillement est clos : la clé des liens est détruite."},
      {"holder.second_tally", "Ce fichier privé a déjà servi à un autre décompte."},
      {"sealed_file.code_or_content", "Code d'activation faux, ou fichier endommagé."},
      {"code.form", "Le code d'activation n'a pas la bonne forme."},
      {"code.check", "Le code d'activation est mal saisi."},
      {"export.folder", "Le dossier d'export existe déjà et n'est pas vide."},
      {"export.not_frozen", "L'export n'existe qu'une fois l'urne scellée."},
      {"state.missing", "Il n'y a pas d'élection dans ce dossier."},
      {"trustee.file", "Un fichier ne peut pas être lu."},
  };
  const auto found = texts.find(code);
  return found == texts.end() ? std::string() : found->second;
}

// ---- The state at hand

// The one who sequences the log is the server where one runs, else this program.
struct Desk {
  Screen screen;
  SystemClock clock;
  SystemRandom random;
  std::optional<StateLock> lock;
  std::unique_ptr<State> state;
  std::unique_ptr<Log> log;  // without a server

  explicit Desk(bool english) : screen(english) {}

  Status open(const fs::path& folder) {
    const StatePaths paths{folder};
    if (!fs::exists(paths.database())) {
      return fail("state.missing", folder.string() + ": there is no election here");
    }
    if (auto taken = StateLock::take(folder)) lock.emplace(std::move(*taken));
    auto opened = State::open(paths, clock, random);
    if (!opened) return fail(opened.error());
    state = std::move(*opened);
    if (lock) {
      log =
          std::make_unique<Log>(state->database(), state->manifest().log_origin,
                                Ed25519KeyPair::of(state->keys().checkpoint.seed.clone()), random);
      beat();
    }
    return {};
  }
  void beat() {
    tick(*state, *log);
    log->append_round(is_voting(*state));
  }
  template <typename Query>
  bool ask(Query query) {
    return *state->database().read(
        [&](store::Transaction& t) -> Expected<bool> { return query(t); });
  }
  // Until the condition holds: at once without a server, else within a few of its rounds.
  template <typename Query>
  bool wait_for(Query condition) {
    if (log) {
      beat();
      return ask(condition);
    }
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(limits::bureau_server_wait_ms);
    while (!ask(condition)) {
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(limits::bureau_poll_ms));
    }
    return true;
  }
  Status settle() {
    const bool logged = wait_for([](store::Transaction& t) {
      return t.query("SELECT 1 FROM event WHERE logged = 0").empty();
    });
    if (logged) return {};
    return fail("bureau.server", "the server has not taken the event into the log");
  }
};

bool frozen_and_logged(store::Transaction& transaction) {
  return !events_named(transaction, "freeze").empty() &&
         transaction.query("SELECT 1 FROM event WHERE logged = 0").empty();
}

// ---- Members

struct Present {
  HolderFile file;
  MemberPlace place;
};

// FILE:CODEFILE, or FILE with --code-file or a typed code.
Expected<Present> open_present(const Manifest& manifest, const std::string& argument,
                               const std::string& default_code_file) {
  std::string path = argument;
  std::string code_file = default_code_file;
  std::error_code ignored;
  if (const auto colon = argument.rfind(':');
      colon != std::string::npos && !fs::exists(argument, ignored)) {
    path = argument.substr(0, colon);
    code_file = argument.substr(colon + 1);
  }
  if (code_file.empty()) std::fprintf(stderr, "%s\n", path.c_str());
  auto code = ask_code(code_file);
  if (!code) return fail(code.error());
  auto file = HolderFile::open(path, std::move(*code));
  if (!file) return fail(file.error());
  const auto place = member_of(manifest, file->state.signing().key);
  if (!place) return fail("count.holder", path + ": its holder is no member of a bureau");
  return Present{std::move(*file), *place};
}

// In practice: the holders that `isoloir demo` keeps beside the state, codes included.
Expected<std::vector<Present>> who_is_present(const Desk& desk, const BureauOptions& options) {
  std::vector<std::string> arguments = options.holders;
  if (options.practice && arguments.empty()) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(fs::path(options.state) / "holders", ignored)) {
      if (entry.path().extension() != ".holder") continue;
      auto code = entry.path();
      code.replace_extension(".code");
      arguments.push_back(entry.path().string() + ":" + code.string());
    }
    std::sort(arguments.begin(), arguments.end());
  }
  std::vector<Present> present;
  for (const auto& argument : arguments) {
    auto one = open_present(desk.state->manifest(), argument, options.code_file);
    if (!one) return fail(one.error());
    present.push_back(std::move(*one));
  }
  if (present.empty()) return fail("bureau.holders", "no holder's private file is given");
  return present;
}

using Roles = std::initializer_list<BureauRole>;

const Present* find_role(const std::vector<Present>& present, std::uint32_t bureau, Roles roles) {
  for (const auto role : roles) {
    for (const auto& one : present) {
      if (one.place.bureau == bureau && one.place.role == role) return &one;
    }
  }
  return nullptr;
}

std::string names_of(const Bureau& bureau, Roles roles) {
  std::string names;
  for (const auto& group : bureau.groups) {
    for (const auto& member : group.members) {
      if (std::find(roles.begin(), roles.end(), member.role) == roles.end()) continue;
      names += (names.empty() ? "" : ", ") + member.name;
    }
  }
  return names;
}
constexpr Roles officers = {BureauRole::president, BureauRole::secretary};
constexpr Roles presidents = {BureauRole::president};

// ---- Where the election stands

std::string phase_name(const Screen& screen, const std::string& phase) {
  if (phase == "sealed") return screen.pick("scellé, pas encore ouvert", "sealed, not open yet");
  if (phase == "open") return screen.pick("ouvert", "open");
  if (phase == "suspended") return screen.pick("suspendu", "suspended");
  if (phase == "grace") return screen.pick("fermé, délai de grâce", "closed, grace period");
  return screen.pick("urne scellée", "box sealed");
}

struct Standing {
  VotePhases phases;
  std::vector<std::int64_t> sign_offs;
  std::int64_t inside = 0;
  bool frozen = false;
  bool has_result = false;
  std::vector<bool> counted;  // by bureau
  std::vector<bool> closed;
  std::vector<std::string> shares;
};

Standing standing_of(State& state) {
  Standing standing;
  (void)state.database().read([&](store::Transaction& t) -> Status {
    const auto bureaus = static_cast<std::uint32_t>(state.manifest().bureaus.size());
    standing.phases = read_phases(t);
    standing.sign_offs.resize(state.manifest().contests.size());
    for (const auto& row : t.query("SELECT contest, COUNT(*) FROM sign_off GROUP BY contest")) {
      standing.sign_offs.at(static_cast<std::size_t>(row.integer(0))) = row.integer(1);
    }
    standing.inside = voters_inside(t);
    standing.frozen = !events_named(t, "freeze").empty();
    standing.has_result = !t.query("SELECT 1 FROM public_file WHERE path = 'result.json'").empty();
    for (std::uint32_t b = 0; b < bureaus; ++b) {
      standing.counted.push_back(!events_named(t, "count", b).empty());
      standing.closed.push_back(!events_named(t, "close-count", b).empty());
    }
    for (const auto& row :
         t.query("SELECT path FROM public_file WHERE path LIKE 'shares/%' ORDER BY path")) {
      standing.shares.push_back(row.text(0));
    }
    return {};
  });
  return standing;
}

bool all_true(const std::vector<bool>& values) {
  return std::find(values.begin(), values.end(), false) == values.end();
}

// The opening rule in words: who must be there.
void say_opening_rule(const Screen& screen, const Bureau& bureau) {
  for (const auto& group : bureau.groups) {
    std::string names;
    for (const auto& member : group.members) names += (names.empty() ? "" : ", ") + member.name;
    screen.say(fmt::format("  - {} : au moins {} de : {}", group.name, group.threshold, names),
               fmt::format("  - {}: at least {} of: {}", group.name, group.threshold, names));
  }
}

// Who must act now, and what is missing.
void say_next(Desk& desk, const Standing& standing) {
  const auto& screen = desk.screen;
  const auto& manifest = desk.state->manifest();
  const auto& phases = standing.phases;
  const auto& first = manifest.bureaus[0];
  if (phases.all("sealed")) {
    const auto at = moment(phases.opens_at);
    screen.say("Prochaine étape : ouverture automatique le " + at + ".",
               "Next: the vote opens by itself on " + at + ".");
  } else if (!phases.grace_ends_at) {
    const auto at = moment(phases.closes_at);
    screen.say("Prochaine étape : fermeture automatique le " + at +
                   ". Avant : suspend, resume, close, par " + names_of(first, officers) + ".",
               "Next: the vote closes by itself on " + at +
                   ". Before: suspend, resume, close, by " + names_of(first, officers) + ".");
  } else if (!standing.frozen) {
    const auto at = moment(*phases.grace_ends_at);
    screen.say(fmt::format("Prochaine étape : scellement automatique de l'urne, au plus tard le "
                           "{} ; électeurs encore dans l'espace de vote : {}.",
                           at, standing.inside),
               fmt::format("Next: the box is sealed by itself, on {} at the latest; voters still "
                           "in the voting space: {}.",
                           at, standing.inside));
  } else if (!standing.has_result) {
    screen.say("Prochaine étape : dépouillement (count). Doivent être présents :",
               "Next: the count (count). Present must be:");
    for (const auto& bureau : manifest.bureaus) say_opening_rule(screen, bureau);
  } else if (!all_true(standing.closed)) {
    screen.say("Prochaine étape : clôture du dépouillement (close-count), par :",
               "Next: close of the count (close-count), by:");
    for (std::size_t b = 0; b < manifest.bureaus.size(); ++b) {
      if (standing.closed[b]) continue;
      std::puts(("  - " + names_of(manifest.bureaus[b], presidents)).c_str());
    }
  } else {
    screen.say("Le dépouillement est clos. Tout le monde peut vérifier l'export.",
               "The count is closed. Anyone can verify the export.");
  }
}

Status run_status(Desk& desk, const BureauOptions&) {
  const auto& screen = desk.screen;
  const auto& manifest = desk.state->manifest();
  const auto standing = standing_of(*desk.state);
  const auto fingerprint = hex_encode(desk.state->fingerprint().bytes);
  screen.say(manifest.title.fr, manifest.title.en);
  screen.say("Empreinte : " + fingerprint, "Fingerprint: " + fingerprint);
  screen.say(desk.lock ? "Aucun serveur ne tourne." : "Le serveur tourne.",
             desk.lock ? "No server is running." : "The server is running.");
  for (std::size_t k = 0; k < manifest.contests.size(); ++k) {
    const auto phase = phase_name(screen, standing.phases.contests[k]);
    screen.say(fmt::format("Scrutin {} ({}) : {}, {} émargements", k, manifest.contests[k].name.fr,
                           phase, standing.sign_offs[k]),
               fmt::format("Contest {} ({}): {}, {} sign-offs", k, manifest.contests[k].name.en,
                           phase, standing.sign_offs[k]));
  }
  if (!standing.shares.empty()) {
    screen.say(fmt::format("Parts de déchiffrement reçues : {}", standing.shares.size()),
               fmt::format("Decryption shares received: {}", standing.shares.size()));
  }
  say_next(desk, standing);
  return {};
}

// ---- Steps

Status run_open(Desk& desk, const BureauOptions&) {
  const bool open = desk.wait_for([&](store::Transaction& t) {
    const auto phases = read_phases(t);
    return !phases.all("sealed") || desk.state->now() < phases.opens_at;
  });
  const auto phases = phases_of(*desk.state);
  if (!open) return fail("bureau.server", "the server has not opened the vote");
  if (phases.all("sealed")) {
    return fail("bureau.hours", "the vote opens by itself on " + moment(phases.opens_at));
  }
  desk.screen.say("Le vote est ouvert depuis le " + moment(phases.opens_at) + ".",
                  "The vote has been open since " + moment(phases.opens_at) + ".");
  return {};
}

// An event that one president or secretary signs.
Status sign_as_officer(Desk& desk, const BureauOptions& options, EventDraft draft) {
  const auto present = who_is_present(desk, options);
  if (!present) return fail(present.error());
  const auto* officer = find_role(*present, draft.bureau, officers);
  if (!officer) {
    return fail("bureau.signer",
                "one of these must sign: " +
                    names_of(desk.state->manifest().bureaus.at(draft.bureau), officers));
  }
  const auto posted = post_event(*desk.state, draft, {&officer->file.state.signing()});
  if (!posted) return fail(posted.error());
  if (auto settled = desk.settle(); !settled) return settled;
  desk.screen.say(
      fmt::format("Fait : événement n° {}, signé par {}.", *posted, officer->place.name),
      fmt::format("Done: event {}, signed by {}.", *posted, officer->place.name));
  say_next(desk, standing_of(*desk.state));
  return {};
}

Status run_contest_event(Desk& desk, const BureauOptions& options, const char* name) {
  const auto* contest = desk.state->manifest().contest(options.contest);
  if (!contest) return fail("bureau.contest", "there is no such contest");
  Json data = Json::object();
  data["reason"] = options.reason;
  return sign_as_officer(desk, options, {name, contest->bureau, options.contest, std::move(data)});
}
Status run_close(Desk& desk, const BureauOptions& options) {
  return sign_as_officer(desk, options, {"close", 0, {}, Json::object()});
}

Status await_freeze(Desk& desk) {
  const auto phases = phases_of(*desk.state);
  const auto due = [&] {
    const auto standing = standing_of(*desk.state);
    return phases.grace_ends_at &&
           (standing.inside == 0 || desk.state->now() >= *phases.grace_ends_at);
  };
  if (desk.ask(frozen_and_logged) || (due() && desk.wait_for(frozen_and_logged))) return {};
  say_next(desk, standing_of(*desk.state));
  return fail("count.not_frozen", "the box is not sealed yet");
}

Status run_freeze(Desk& desk, const BureauOptions&) {
  if (auto frozen = await_freeze(desk); !frozen) return frozen;
  desk.screen.say("L'urne, la liste d'émargement et le compteur sont figés et scellés.",
                  "The box, the list of sign-offs and the counter are frozen and sealed.");
  say_next(desk, standing_of(*desk.state));
  return {};
}

// ---- Count

constexpr int checks_before_the_count = 15;  // V0 to V15 need no tally, shares or result

// The verification knows whole exports only; what the count will bring stands there empty, and
// no verdict on it is asked for.
Status fill_in(const fs::path& folder) {
  const auto text = read_file(folder / export_path::index);
  if (!text) return fail(text.error());
  auto index = parse_export_index(*text);
  if (!index) return fail(index.error());
  for (const auto path : {export_path::tally, export_path::result}) {
    if (!index->emplace(path, digest_of("{}")).second) continue;
    write_file(folder / path, "{}", FileMode::shared);
  }
  write_file(folder / export_path::index, export_index(*index), FileMode::shared);
  return {};
}

// Nothing is ever decrypted that was not verified: all proofs of all ballots, from an export.
Status verify_before_the_count(Desk& desk) {
  desk.screen.say("Vérification de l'urne…", "Verifying the box…");
  std::fflush(stdout);
  const fs::path folder =
      desk.state->paths().folder / ("check-" + hex_encode(desk.random.array<8>()));
  struct Remove {
    const fs::path& folder;
    ~Remove() {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
    }
  } remove{folder};
  if (auto written = write_export(*desk.state, folder); !written) return written;
  if (auto filled = fill_in(folder); !filled) return filled;
  const auto reader = ExportReader::of_folder(folder);
  if (!reader) return fail(reader.error());
  Anchors anchors;
  anchors.fingerprint = desk.state->fingerprint();
  const Report report = verify_export(*reader, anchors);
  for (const auto& check : report.checks) {
    if (check.number <= checks_before_the_count && check.verdict != Verdict::passed) {
      return fail("bureau.verification",
                  fmt::format("V{} {}: {} {}", check.number, check.name, check.code, check.detail));
    }
  }
  return {};
}

Status open_counts(Desk& desk, const Tally& tally, const std::vector<Present>& present) {
  const auto& bureaus = desk.state->manifest().bureaus;
  for (std::uint32_t b = 0; b < bureaus.size(); ++b) {
    if (standing_of(*desk.state).counted[b]) continue;
    std::vector<const KeyPair*> keys;
    for (const auto& one : present) {
      if (one.place.bureau == b) keys.push_back(&one.file.state.signing());
    }
    if (keys.empty()) continue;
    if (const auto posted = open_count(*desk.state, tally, b, keys); !posted) {
      say_opening_rule(desk.screen, bureaus[b]);
      return fail(posted.error());
    }
  }
  return desk.settle();
}

// The private file is bound to this tally, and written so, before any share leaves it.
Status give_shares(Desk& desk, const Tally& tally, Present& one) {
  auto& holder = one.file.state;
  const auto b = one.place.bureau;
  if (!standing_of(*desk.state).counted[b]) return {};
  if (auto opened = count_opened(*desk.state, tally, b); !opened) return opened;
  const auto path = export_path::shares(b, one.place.group, one.place.index);
  const bool given = desk.ask([&](store::Transaction& t) {
    return !t.query("SELECT 1 FROM public_file WHERE path = $1", {path}).empty();
  });
  if (given) return {};
  if (auto bound = holder.bind_tally(tally.hash); !bound) return bound;
  if (auto saved = one.file.save(desk.random); !saved) return saved;
  const auto shares = make_shares(desk.state->manifest(), tally, b, holder, desk.random);
  if (!shares) return fail(shares.error());
  const auto imported = import_shares(*desk.state, tally, *shares);
  if (!imported) return fail(imported.error());
  desk.screen.say("Parts de déchiffrement de " + one.place.name + ".",
                  "Decryption shares of " + one.place.name + ".");
  return {};
}

// "K:OPTION,OPTION…"
Expected<Lots> parse_lots(const std::vector<std::string>& texts) {
  Lots lots;
  for (const auto& text : texts) {
    std::vector<std::uint32_t> numbers;
    std::uint64_t number = 0;
    bool digits = false;
    for (const char c : text + ",") {
      if (c >= '0' && c <= '9' && number < 1'000'000) {
        number = number * 10 + static_cast<std::uint64_t>(c - '0');
        digits = true;
      } else if (digits && c == (numbers.empty() ? ':' : ',')) {
        numbers.push_back(static_cast<std::uint32_t>(number));
        number = 0;
        digits = false;
      } else {
        return fail("bureau.lots", "a lot is written CONTEST:OPTION,OPTION");
      }
    }
    lots[numbers.front()].assign(numbers.begin() + 1, numbers.end());
  }
  return lots;
}

void say_result(const Screen& screen, const Manifest& manifest, const Json& result) {
  for (const auto& figures : result["contests"]) {
    const auto& contest = manifest.contests.at(figures["contest"].get<std::size_t>());
    const auto number = [&](const char* name) { return figures[name].get<std::int64_t>(); };
    screen.say(
        fmt::format("{} : {} inscrits, {} émargements = {} valables + {} blancs", contest.name.fr,
                    number("registered"), number("sign_offs"), number("valid"), number("blank")),
        fmt::format("{}: {} registered, {} sign-offs = {} valid + {} blank", contest.name.en,
                    number("registered"), number("sign_offs"), number("valid"), number("blank")));
    for (const auto& list : figures["seats"]["lists"]) {
      const auto& name = contest.options.at(list["option"].get<std::size_t>()).name;
      const auto votes = list["votes"].get<std::int64_t>();
      const auto seats = list["seats"].get<std::int64_t>();
      screen.say(fmt::format("  {} : {} voix, {} sièges", name, votes, seats),
                 fmt::format("  {}: {} votes, {} seats", name, votes, seats));
    }
    for (const auto& tie : figures["seats"]["ties"]) {
      const auto seats = tie["seats"].get<std::int64_t>();
      screen.say(fmt::format("  Égalité pour {} siège(s) : tirage au sort, puis count --lot {}:…",
                             seats, number("contest")),
                 fmt::format("  A tie for {} seat(s): draw lots, then count --lot {}:…", seats,
                             number("contest")));
    }
  }
}

Status run_count(Desk& desk, const BureauOptions& options) {
  const auto lots = parse_lots(options.lots);
  if (!lots) return fail(lots.error());
  if (auto frozen = await_freeze(desk); !frozen) return frozen;
  auto present = who_is_present(desk, options);
  if (!present) return fail(present.error());
  if (auto good = verify_before_the_count(desk); !good) return good;
  const auto tally = prepare_count(*desk.state);
  if (!tally) return fail(tally.error());
  desk.screen.say("Décompte T : " + hex_encode(tally->hash), "Tally T: " + hex_encode(tally->hash));
  if (auto opened = open_counts(desk, *tally, *present); !opened) return opened;
  for (auto& one : *present) {
    if (auto given = give_shares(desk, *tally, one); !given) return given;
  }
  const auto result = finish_count(*desk.state, *tally, *lots);
  if (!result) {
    if (result.error().code == "count.threshold" || result.error().code == "count.not_opened") {
      for (const auto& bureau : desk.state->manifest().bureaus) {
        say_opening_rule(desk.screen, bureau);
      }
    }
    return fail(result.error());
  }
  say_result(desk.screen, desk.state->manifest(), *parse_json(*result));
  say_next(desk, standing_of(*desk.state));
  return {};
}

Status export_to(Desk& desk, const std::string& folder) {
  if (auto settled = desk.settle(); !settled) return settled;
  if (auto written = write_export(*desk.state, folder); !written) return written;
  const auto fingerprint = hex_encode(desk.state->fingerprint().bytes);
  desk.screen.say("Export écrit dans " + folder + ". Pour vérifier :",
                  "Export written to " + folder + ". To verify it:");
  std::puts(("  isoloir verify " + folder + " --fingerprint " + fingerprint).c_str());
  return {};
}

Status run_close_count(Desk& desk, const BureauOptions& options) {
  const auto present = who_is_present(desk, options);
  if (!present) return fail(present.error());
  const auto standing = standing_of(*desk.state);
  bool signed_one = false;
  for (std::uint32_t b = 0; b < standing.closed.size(); ++b) {
    const auto* president = find_role(*present, b, presidents);
    if (!president || (standing.closed[b] && !all_true(standing.closed))) continue;
    const auto closed = close_count(*desk.state, b, president->file.state.signing());
    if (!closed) return fail(closed.error());
    signed_one = true;
    desk.screen.say("Dépouillement clos par " + president->place.name + ".",
                    "Count closed by " + president->place.name + ".");
  }
  if (!signed_one) return fail("bureau.signer", "a president of the bureau must sign");
  if (auto settled = desk.settle(); !settled) return settled;
  pay_duties(*desk.state);
  if (!desk.state->held_link_key()) {
    desk.screen.say("La clé des liens est détruite.", "The link key is destroyed.");
  }
  if (!options.export_folder.empty()) return export_to(desk, options.export_folder);
  return {};
}

Status run_export(Desk& desk, const BureauOptions& options) {
  return export_to(desk, options.export_folder);
}

// ---- The subcommand

using Step = Status (*)(Desk&, const BureauOptions&);

int run(const BureauOptions& options, Step step) {
  Desk desk(options.language == "en");
  auto done = desk.open(options.state);
  const int refused = done ? 1 : 2;
  if (done) done = step(desk, options);
  if (done) return std::fflush(stdout) == 0 ? 0 : 1;
  std::fflush(stdout);
  const auto& error = done.error();
  if (const auto french = in_french(error.code); !french.empty() && options.language != "en") {
    std::fprintf(stderr, "%s\n", french.c_str());
  }
  std::fprintf(stderr, "isoloir bureau: %s (%s)\n", error.message.c_str(), error.code.c_str());
  const bool bad_use = error.code == "bureau.holders" || error.code == "bureau.lots" ||
                       error.code == "bureau.contest" || error.code == "export.folder";
  return bad_use ? 2 : refused;
}

}  // namespace

void add_bureau(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<BureauOptions>();
  CLI::App* bureau = app.add_subcommand("bureau", "the bureau's steps, opening to close of count");
  bureau->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, Step step, bool holders) {
    CLI::App* command = bureau->add_subcommand(name, what);
    command->add_option("--state", options->state, "folder of the election's state")->required();
    command->add_option("--lang", options->language, "fr or en")
        ->check(CLI::IsMember({"fr", "en"}));
    if (holders) {
      command->add_option("--holder", options->holders,
                          "a member's private file, or FILE:CODEFILE; once for each member");
      command->add_option("--code-file", options->code_file, "its code; else the code is typed");
      command->add_flag("--practice", options->practice,
                        "with the holders that a demonstration keeps in STATE/holders");
    }
    command->callback([options, &exit_code, step] { exit_code = run(*options, step); });
    return command;
  };
  add("status", "where the election stands, and who must act", run_status, false);
  add("open", "the opening: by itself, at the hour", run_open, false);
  for (const bool suspend : {true, false}) {
    const Step step = suspend ? Step([](Desk& desk, const BureauOptions& o) {
      return run_contest_event(desk, o, "suspend");
    })
                              : Step([](Desk& desk, const BureauOptions& o) {
                                  return run_contest_event(desk, o, "resume");
                                });
    auto* command = add(suspend ? "suspend" : "resume",
                        suspend ? "suspend one contest" : "resume a suspended contest", step, true);
    command->add_option("--contest", options->contest, "number of the contest")->required();
    command->add_option("--reason", options->reason, "for the board and the minutes")->required();
  }
  add("close", "close the vote now", run_close, true);
  add("freeze", "the sealing of the box: by itself, after the grace period", run_freeze, false);
  add("count", "verify, open the box, count", run_count, true)
      ->add_option("--lot", options->lots, "CONTEST:OPTION,OPTION as drawn, to settle a tie");
  add("close-count", "close the count, destroy the link key", run_close_count, true)
      ->add_option("--export", options->export_folder, "then write the final export here");
  add("export", "write the export", run_export, false)
      ->add_option("folder", options->export_folder, "new or empty")
      ->required();
}

}  // namespace isoloir::cli
