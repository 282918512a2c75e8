#include "cli/bureau_desk.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli/screen.hpp"
#include "election/count.hpp"
#include "election/export.hpp"
#include "service/export.hpp"

namespace isoloir::cli {

namespace fs = std::filesystem;

// ---- The state at hand

Status Desk::await_witnesses() {
  const auto& manifest = state->manifest();
  const auto cosigned = [&](store::Transaction& t) {
    return last_checkpoint_witnessed(manifest, t);
  };
  if (ask(cosigned)) return {};
  if (!log) {
    screen.say("En attente des témoins du journal…", "Waiting for the log's witnesses…");
    std::fflush(stdout);
    if (wait_for(cosigned, limits::export_witness_wait_ms)) return {};
  }
  return fail("export.witnesses",
              "the log's last checkpoint has not the cosignatures of " +
                  std::to_string(manifest.witness_threshold) +
                  " witnesses yet: the server and they must run, then try again");
}

Status Desk::open(const fs::path& folder) {
  const StatePaths paths{folder};
  if (!fs::exists(paths.database())) {
    return fail("state.missing", folder.string() + ": there is no election here");
  }
  if (auto taken = StateLock::take(folder)) lock.emplace(std::move(*taken));
  auto opened = State::open(paths, clock, random);
  if (!opened) return fail(opened.error());
  state = std::move(*opened);
  if (lock) {
    log.reset(new Log(open_log(*state, paths.checkpoint())));
    beat();
  }
  return {};
}

const TextSource* Desk::texts() try {
  const auto& folder = state->paths().folder;
  if (!words && carries_links(folder)) {
    if (auto portal = read_portal(folder)) words = std::make_unique<Words>(std::move(*portal));
  }
  return words ? &words->texts : nullptr;
} catch (const std::runtime_error&) {  // words of another version of the program
  return nullptr;
}

bool frozen_and_logged(store::Transaction& transaction) {
  return !events_named(transaction, "freeze").empty() &&
         transaction.query("SELECT 1 FROM event WHERE logged = 0").empty();
}

// ---- Members

namespace {

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

}  // namespace

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

// ---- Where the election stands

Standing standing_of(State& state) {
  Standing standing;
  (void)state.database().read([&](store::Transaction& t) -> Status {
    const auto bureaus = static_cast<std::uint32_t>(state.manifest().bureaus.size());
    standing.phases = read_phases(t);
    standing.sign_offs.resize(state.manifest().contests.size());
    for (const auto& row : t.query("SELECT contest, COUNT(*) FROM sign_off GROUP BY contest")) {
      standing.sign_offs.at(static_cast<std::size_t>(row.integer(0))) = row.integer(1);
    }
    standing.voters = t.query("SELECT COUNT(*) FROM voter")[0].integer(0);
    standing.accounts = t.query(
                             "SELECT (SELECT COUNT(*) FROM account) + (SELECT COUNT(*) FROM "
                             "identifier)")[0]
                            .integer(0);
    standing.inside = voters_inside(t);
    standing.frozen = !events_named(t, "freeze").empty();
    const auto result = t.query("SELECT content FROM public_file WHERE path = 'result.json'");
    standing.has_result = !result.empty();
    if (standing.has_result)
      standing.tied = !check_ties_settled(*parse_json(as_text(result[0].blob(0))));
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

namespace {

// The members whose shares a bureau still waits for; nothing when it has enough.
void say_shares_owed(const Screen& screen, const Manifest& manifest, std::size_t bureau,
                     const Standing& standing) {
  const auto& groups = manifest.bureaus[bureau].groups;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::size_t given = 0;
    std::string names;
    for (std::size_t m = 0; m < groups[g].members.size(); ++m) {
      const auto path = export_path::shares(bureau, g, m + 1);
      if (std::find(standing.shares.begin(), standing.shares.end(), path) !=
          standing.shares.end()) {
        ++given;
      } else {
        names += (names.empty() ? "" : ", ") + groups[g].members[m].name;
      }
    }
    if (given >= groups[g].threshold) continue;
    const auto owed = groups[g].threshold - given;
    screen.say(fmt::format("  - {} : encore {} de : {}", groups[g].name, owed, names),
               fmt::format("  - {}: {} more of: {}", groups[g].name, owed, names));
  }
}

// What keeps voters from voting that somebody here can end.
void say_vote_wants(const Screen& screen, const std::string& who, const Standing& standing) {
  if (standing.accounts < standing.voters) {
    screen.say(fmt::format("Électeurs qui ont un compte, et peuvent se connecter : {} sur {}. Les "
                           "autres : isoloir election accounts, par l'exploitant.",
                           standing.accounts, standing.voters),
               fmt::format("Voters who have an account and can sign in: {} of {}. For the others: "
                           "isoloir election accounts, by the operator.",
                           standing.accounts, standing.voters));
  }
  for (std::size_t k = 0; k < standing.phases.contests.size(); ++k) {
    if (standing.phases.contests[k] != "suspended") continue;
    screen.say(
        fmt::format("Scrutin {} suspendu, jusqu'à : resume --contest {}, par {}.", k, k, who),
        fmt::format("Contest {} is suspended, until: resume --contest {}, by {}.", k, k, who));
  }
}

void say_vote_next(const Screen& screen, const Manifest& manifest, const Standing& standing) {
  const auto& phases = standing.phases;
  const auto who = names_of(manifest.bureaus[0], officers);
  say_vote_wants(screen, who, standing);
  const auto opens = screen.moment(phases.opens_at), closes = screen.moment(phases.closes_at);
  if (phases.all("sealed")) {
    screen.say("Prochaine étape : ouverture automatique le " + opens + ".",
               "Next: the vote opens by itself on " + opens + ".");
    return;
  }
  if (!phases.grace_ends_at) {
    screen.say("Prochaine étape : fermeture automatique le " + closes +
                   ". Avant : suspend, resume, close, par " + who + ".",
               "Next: the vote closes by itself on " + closes +
                   ". Before: suspend, resume, close, by " + who + ".");
    return;
  }
  const auto ends = screen.moment(*phases.grace_ends_at);
  screen.say(fmt::format("Prochaine étape : scellement automatique de l'urne, au plus tard le "
                         "{} ; électeurs encore dans l'espace de vote : {}.",
                         ends, standing.inside),
             fmt::format("Next: the box is sealed by itself, on {} at the latest; voters still "
                         "in the voting space: {}.",
                         ends, standing.inside));
}

void say_count_next(const Screen& screen, const Manifest& manifest, const Standing& standing) {
  if (all_true(standing.counted)) {
    screen.say(
        "Le dépouillement est ouvert. Prochaine étape : prepare-count à nouveau, dans un nouveau "
        "dossier ; puis chaque membre fait ses parts sur sa machine (isoloir trustee share) ; puis "
        "ici count --shares. Parts qui manquent :",
        "The count is open. Next: prepare-count again, into a new folder; then each member makes "
        "its shares on a machine of its own (isoloir trustee share); then here count --shares. "
        "Shares still missing:");
    for (std::size_t b = 0; b < manifest.bureaus.size(); ++b) {
      say_shares_owed(screen, manifest, b, standing);
    }
    return;
  }
  screen.say(
      "Prochaine étape : ouvrir le dépouillement. prepare-count ; puis chaque membre vérifie et "
      "signe sur sa machine (isoloir trustee attest) ; puis ici count, avec toutes les "
      "attestations "
      "(--attestation) d'un bureau à la fois. Doivent signer :",
      "Next: open the count. prepare-count; then each member verifies and signs on a machine of "
      "its own (isoloir trustee attest); then here count with all attestations of a bureau at "
      "once (--attestation). These must sign:");
  for (std::size_t b = 0; b < manifest.bureaus.size(); ++b) {
    if (!standing.counted[b]) say_opening_rule(screen, manifest.bureaus[b]);
  }
}

}  // namespace

// Who must act now, and what is missing.
void say_next(Desk& desk, const Standing& standing) {
  const auto& screen = desk.screen;
  const auto& manifest = desk.state->manifest();
  if (!standing.frozen) return say_vote_next(screen, manifest, standing);
  if (!standing.has_result) return say_count_next(screen, manifest, standing);
  if (all_true(standing.closed)) {
    screen.say("Le dépouillement est clos. Tout le monde peut vérifier l'export.",
               "The count is closed. Anyone can verify the export.");
    return;
  }
  if (standing.tied) {
    screen.say("Une égalité attend un tirage au sort : count --lot, avant la clôture.",
               "A tie waits for a lot: count --lot, before the close.");
  }
  screen.say(
      "Prochaine étape : clôture du dépouillement (close-count --draft, signé par isoloir trustee "
      "sign, rapporté par post), par :",
      "Next: close of the count (close-count --draft, signed by isoloir trustee sign, brought back "
      "by post), by:");
  for (std::size_t b = 0; b < manifest.bureaus.size(); ++b) {
    if (standing.closed[b]) continue;
    std::puts(("  - " + names_of(manifest.bureaus[b], presidents)).c_str());
  }
}

Status confirm(const Screen& screen, bool yes, const Question& question) {
  if (yes || ::isatty(STDIN_FILENO) != 1) return {};
  const std::string word = screen.pick(question.french_word, question.english_word);
  const auto ask = screen.pick(question.french + " Pour le faire, tapez « " + word + " » : ",
                               question.english + " To do it, type \"" + word + "\": ");
  std::fputs(ask.c_str(), stderr);
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == word) return {};
  return fail("bureau.unconfirmed", "the word was not typed: nothing was done (scripts say --yes)");
}

}  // namespace isoloir::cli
