#include "cli/bureau_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace isoloir::cli {

namespace fs = std::filesystem;

std::string moment(TimeMs at) {
  const auto seconds = static_cast<std::time_t>(at / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
  return std::string(text, length);
}

// ---- The state at hand

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

}  // namespace isoloir::cli
