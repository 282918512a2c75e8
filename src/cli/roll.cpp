// isoloir roll: what the organiser's decision on a claim (réclamation) changes on the roll of an
// installed election. It works beside a running server.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>

#include "cli/bureau_desk.hpp"
#include "cli/commands.hpp"
#include "service/roll_correction.hpp"
#include "web/assets.hpp"
#include "web/message_texts.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct RollOptions : BureauOptions {
  std::string voter;
  std::string portal;
  std::string claim;
  std::map<std::string, std::optional<std::string>> cells;  // by column of docs/roll.md
};

// What the organiser can do something about, in French; the rest is for the operator.
std::string roll_error_in_french(const std::string& code) {
  static const std::map<std::string, std::string> texts = {
      {"roll.unknown_voter",
       "Personne n'a cet identifiant sur la liste ; isoloir voter le trouve par le nom ou "
       "l'adresse. Rien n'est changé."},
      {"roll.invalid", "Cette valeur n'est pas admise sur la liste ; rien n'est changé."},
      {"roll.email_taken", "Un autre électeur se connecte avec cette adresse ; rien n'est changé."},
      {"roll.unchanged", "La liste le dit déjà : rien n'est changé."},
      {"roll.closed", "Le vote est clos : la liste reste celle qui a voté."},
      {"roll.claim",
       "La référence de la réclamation : 64 lettres sans accents, chiffres, points, tirets ou "
       "barres au plus, et aucun nom."},
      {"roll.nothing", "Rien n'est à corriger : nommez ce qui change (--email, --birth-name…)."},
      {"bureau.unconfirmed", "Le mot n'a pas été tapé : rien n'est changé."},
      {"state.missing",
       "Il n'y a pas d'élection dans ce dossier : isoloir election install l'y installe, une fois "
       "scellée."},
  };
  const auto found = texts.find(code);
  return found == texts.end() ? std::string() : found->second;
}

// ---- correct

struct CorrectableOption {
  const char* option;
  const char* column;  // of docs/roll.md
  const char* french;
  const char* english;
  const char* what;
};
constexpr CorrectableOption correctable_options[] = {
    {"--civility", "civilite", "civilité", "civility", "M. or Mme; empty: none"},
    {"--birth-name", "nom_naissance", "nom de naissance", "birth name", "birth name"},
    {"--usage-name", "nom_usage", "nom d'usage", "usage name", "usage name; empty: none"},
    {"--given-names", "prenoms", "prénoms", "given names", "given names"},
    {"--email", "courriel", "e-mail", "e-mail", "e-mail address"},
    {"--phone", "telephone", "téléphone", "telephone", "telephone number; empty: none"}};

void say_changes(const Screen& screen, const Correction& correction) {
  screen.say(fmt::format("Électeur {}, {}", correction.voter, correction.name),
             fmt::format("Voter {}, {}", correction.voter, correction.name));
  for (const auto& cell : correction.cells) {
    const auto* known =
        std::find_if(std::begin(correctable_options), std::end(correctable_options),
                     [&](const CorrectableOption& one) { return one.column == cell.column; });
    const auto shown = [&](const std::string& value) {
      return value.empty() ? screen.pick("(rien)", "(none)") : printable(value);
    };
    screen.say(fmt::format("  {} : {} → {}", known->french, shown(cell.before), shown(cell.after)),
               fmt::format("  {}: {} → {}", known->english, shown(cell.before), shown(cell.after)));
  }
}

void say_corrected(const Screen& screen, const Correction& correction) {
  screen.say("Fait : la liste est corrigée.", "Done: the roll is corrected.");
  if (!correction.of_address) return;
  screen.say(
      "Les liens et les codes de confirmation envoyés avant ne servent plus ; avec une autre "
      "adresse e-mail, les sessions de l'électeur sont terminées.",
      "Links and confirmation codes that were sent before are good for nothing; with another "
      "e-mail address the voter's sessions have ended.");
  if (correction.told == 0) {
    screen.say("Aucun message n'a pu partir : prévenez l'électeur.",
               "No message could leave: tell the voter.");
  } else {
    screen.say(fmt::format("Messages qui l'en informent : {}.", correction.told),
               fmt::format("Messages that tell the voter: {}.", correction.told));
  }
}

// The words of the portal, where the server that was last started on this state sends messages.
struct Words {
  Portal portal;
  web::Renderer renderer;
  web::MessageTexts texts;
  explicit Words(Portal of)
      : portal(std::move(of)),
        renderer(web::asset, overrides_of(portal)),
        texts(renderer, portal) {}
};
Expected<std::unique_ptr<Words>> words_of(const RollOptions& options) {
  if (!carries_links(options.state)) return nullptr;
  auto portal = read_portal(options.portal.empty() ? options.state : options.portal);
  if (!portal) return fail(portal.error());
  return std::make_unique<Words>(std::move(*portal));
}

Status run_correct(Desk& desk, const RollOptions& options) {
  RollCells cells;
  for (const auto& [column, value] : options.cells) {
    if (value) cells[column] = *value;
  }
  if (cells.empty()) return fail("roll.nothing", "nothing to correct is named");
  const auto words = words_of(options);
  if (!words) return fail(words.error());
  const auto plan = plan_correction(*desk.state, options.voter, cells);
  if (!plan) return fail(plan.error());
  say_changes(desk.screen, *plan);
  std::fflush(stdout);
  const Question question{"La liste électorale sera corrigée ainsi.",
                          "The electoral roll will be corrected like this.", "corriger", "correct"};
  if (auto sure = confirm(desk.screen, options.yes, question); !sure) return sure;
  const auto done = correct_roll(*desk.state, plan->voter, cells, options.claim,
                                 *words ? &(*words)->texts : nullptr);
  if (!done) return fail(done.error());
  say_corrected(desk.screen, *done);
  return {};
}

// ---- The subcommand

int run_roll(const RollOptions& options, Status (*step)(Desk&, const RollOptions&)) {
  Desk desk(options.language == "en");
  auto done = desk.open(options.state);
  if (done) done = step(desk, options);
  if (done) return std::fflush(stdout) == 0 ? 0 : 1;
  std::fflush(stdout);
  const auto& error = done.error();
  if (const auto french = roll_error_in_french(error.code);
      !french.empty() && options.language != "en") {
    std::fprintf(stderr, "%s\n", french.c_str());
  }
  std::fprintf(stderr, "isoloir roll: %s (%s)\n", error.message.c_str(), error.code.c_str());
  const bool refused = error.code == "bureau.unconfirmed" || error.code == "roll.closed" ||
                       error.code.starts_with("bureau.");
  return refused ? 1 : 2;
}

}  // namespace

void add_roll(Command app) {
  const Command roll =
      app.add("roll", "Decisions on claims about the electoral roll, once it is installed");
  const auto add = [&](const char* name, const char* what,
                       Status (*step)(Desk&, const RollOptions&)) {
    const auto options = std::make_shared<RollOptions>();
    const Command command = roll.add(name, what);
    command.option("voter", options->voter, "identifier on the roll").required();
    command.option("--state", options->state, "folder of the election's state").required();
    command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
    command.flag("--yes", options->yes, "for scripts: do not ask for a word first");
    command.runs([options, step] { return run_roll(*options, step); });
    return std::pair(command, options);
  };
  const auto [correct, options] =
      add("correct", "correct a voter's names, civility, e-mail address or telephone number",
          run_correct);
  for (const auto& one : correctable_options) {
    correct.option(one.option, options->cells[one.column], one.what);
  }
  correct.option("--claim", options->claim, "reference of the claim, for the journal");
  correct.option("--portal", options->portal,
                 "folder of the portal, for the words of messages; else the state's");
}

}  // namespace isoloir::cli
