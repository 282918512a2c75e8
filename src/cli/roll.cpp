// isoloir roll: what the organiser's decision on a claim (réclamation) changes on the roll of an
// installed election. It works beside a running server.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "base/unicode.hpp"
#include "cli/commands.hpp"
#include "cli/roll.hpp"
#include "service/accounts.hpp"
#include "service/roll_correction.hpp"
#include "web/assets.hpp"
#include "web/message_texts.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct RollOptions : BureauOptions {
  std::string voter;
  std::string claim;
  std::vector<std::uint32_t> contests;
  bool all = false;
  std::map<std::string, std::optional<std::string>> cells;  // by column of docs/roll.md
};

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
  if (correction.invited) {
    screen.say(
        "Son compte prend fin, car qui lit l'ancienne adresse a pu l'ouvrir : un lien pour "
        "l'ouvrir de nouveau part à la nouvelle, dès que le portail ouvre les comptes.",
        "The account ends, because whoever reads the address before may have opened it: a link to "
        "open it anew leaves for the new one, once the portal opens accounts.");
  }
  screen.say(
      "Un code de vote ou un mot de passe déjà arrivé à l'ancienne adresse ou à l'ancien numéro "
      "reste bon : s'ils n'étaient pas les siens, qu'elle ou il en demande un autre.",
      "A voting code or a password that reached the address or the number before stays good: if "
      "they were not the voter's own, she or he is to ask for another.");
  if (correction.told == 0) {
    screen.say("Aucun message n'a pu partir : prévenez l'électeur.",
               "No message could leave: tell the voter.");
  } else {
    screen.say(fmt::format("Messages qui l'en informent : {}.", correction.told),
               fmt::format("Messages that tell the voter: {}.", correction.told));
  }
}

// Whoever reads an address may have opened an account by it, whatever channel the server has now.
bool opens_accounts(const RollOptions& options) {
  const auto portal = read_portal(options.state);
  return portal && portal->account;
}

Status run_correct(Desk& desk, const RollOptions& options) {
  RollCells cells;
  for (const auto& [column, value] : options.cells) {
    if (value) cells[column] = *value;
  }
  if (cells.empty()) return fail("roll.nothing", "nothing to correct is named");
  const auto plan = plan_correction(*desk.state, options.voter, cells);
  if (!plan) return fail(plan.error());
  say_changes(desk.screen, *plan);
  std::fflush(stdout);
  const Question question{"La liste électorale sera corrigée ainsi.",
                          "The electoral roll will be corrected like this.", "corriger", "correct"};
  if (auto sure = confirm(desk.screen, options.yes, question); !sure) return sure;
  const auto done = correct_roll(*desk.state, plan->voter, cells, options.claim, desk.texts(),
                                 opens_accounts(options));
  if (!done) return fail(done.error());
  say_corrected(desk.screen, *done);
  return {};
}

// ---- strike-off

struct PlannedStrikeOff {
  std::string voter;  // as the roll has it
  std::vector<RollPlace> places;
};
// Errors: roll.unknown_voter, roll.nothing, those of place_of.
Expected<PlannedStrikeOff> plan_strike_off(State& state, const RollOptions& options) {
  return state.database().read([&](store::Transaction& t) -> Expected<PlannedStrikeOff> {
    const auto voter = voter_on_roll(t, options.voter);
    if (!voter) return fail(voter.error());
    std::vector<std::uint32_t> contests = options.contests;
    if (options.all) {
      for (const auto& row :
           t.query("SELECT contest FROM voter_contest WHERE voter = $1", {*voter})) {
        contests.push_back(static_cast<std::uint32_t>(row.integer(0)));
      }
    }
    std::sort(contests.begin(), contests.end());
    contests.erase(std::unique(contests.begin(), contests.end()), contests.end());
    if (contests.empty() && options.all) {
      return fail("roll.not_registered", *voter + " is on the roll of no contest");
    }
    if (contests.empty()) return fail("roll.nothing", "name the contests: --contest K, or --all");
    PlannedStrikeOff plan{*voter, {}};
    for (const auto contest : contests) {
      const auto place = place_of(state, t, *voter, contest);
      if (!place) {
        return fail(place.error().code,
                    fmt::format("contest {}: {}", contest, place.error().message));
      }
      plan.places.push_back(*place);
    }
    return plan;
  });
}

void say_who(Desk& desk, const PlannedStrikeOff& plan) {
  const auto name = voter_profile(*desk.state, plan.voter)->display_name;
  desk.screen.say(fmt::format("Radiation de l'électeur {}, {}", plan.voter, name),
                  fmt::format("Striking off voter {}, {}", plan.voter, name));
}

Status run_strike_off(Desk& desk, const RollOptions& options) {
  if (!desk.state->held_link_key() || phases_of(*desk.state).grace_ends_at) {
    return fail("roll.closed", "the vote is over: the roll stays as it voted");
  }
  const auto plan = plan_strike_off(*desk.state, options);
  if (!plan) return fail(plan.error());
  say_who(desk, *plan);
  const Question question{
      "Cette personne ne pourra plus voter dans ces scrutins, à moins d'être inscrite à nouveau, "
      "avec un autre code (isoloir roll enrol). Sa clé publique s'affiche ensuite : tant que "
      "l'événement n'est pas publié, elle est à garder secrète, car si cette personne votait quand "
      "même, elle désignerait son bulletin.",
      "This person will not be able to vote in these contests, unless enrolled anew with another "
      "code (isoloir roll enrol). The public key is shown next: until the event is published it is "
      "to be kept secret, because if this person voted after all, it would name the ballot.",
      "radier", "strike off"};
  if (auto sure = confirm(desk.screen, options.yes, question); !sure) return sure;
  note_strike_off(*desk.state, plan->voter, plan->places);
  for (const auto& place : plan->places) say_place(desk, place);
  std::vector<EventDraft> drafts;
  for (const auto& place : plan->places) {
    drafts.push_back({"strike-off",
                      desk.state->manifest().contests.at(place.contest).bureau,
                      place.contest,
                      {{"district", place.district}, {"key", hex_encode(place.key.encoded())}},
                      plan->voter,
                      desk.texts()});
  }
  return draft_or_sign(desk, options, drafts);
}

}  // namespace

// ---- The subcommand

int run_roll(const BureauOptions& options, const std::function<Status(Desk&)>& step) {
  Desk desk(options.language == "en");
  auto done = desk.open(options.state);
  if (done) done = step(desk);
  if (done) return std::fflush(stdout) == 0 ? 0 : 1;
  const auto& error = done.error();
  say_refusal(desk.screen, "roll", error);
  const bool refused = error.code.starts_with("bureau.") || error.code == "roll.closed" ||
                       error.code == "roll.voted" || error.code == "roll.not_registered" ||
                       error.code == "roll.registered";
  return refused && error.code != "bureau.holders" ? 1 : 2;
}

void say_place(const Desk& desk, const RollPlace& place) {
  const auto& contest = desk.state->manifest().contests.at(place.contest);
  const auto district =
      contest.districts.size() > 1 ? ", " + contest.districts.at(place.district) : "";
  desk.screen.say(
      fmt::format("Scrutin {} : {}{}. Clé publique, à comparer par qui signe :", place.contest,
                  contest.name.fr, district),
      fmt::format("Contest {}: {}{}. Public key, which who signs compares:", place.contest,
                  contest.name.en, district));
  std::fputs(in_lines(place.key.encoded()).c_str(), stdout);
  std::fflush(stdout);
}

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
    command.runs([options, step] {
      return run_roll(*options, [&](Desk& desk) { return step(desk, *options); });
    });
    return std::pair(command, options);
  };
  const auto [correct, options] =
      add("correct", "correct a voter's names, civility, e-mail address or telephone number",
          run_correct);
  for (const auto& one : correctable_options) {
    correct.option(one.option, options->cells[one.column], one.what);
  }
  correct.option("--claim", options->claim, "reference of a claim that was made, for the journal");
  const auto [strike_off, struck] =
      add("strike-off", "strike a voter off the roll of contests in which she has not voted",
          run_strike_off);
  const auto contest =
      strike_off.option("--contest", struck->contests, "number of a contest; once for each");
  strike_off.flag("--all", struck->all, "every contest of the voter's").excludes(contest);
  strike_off.option("--draft", struck->draft,
                    "in earnest: write here what an officer signs by `isoloir trustee sign`, then "
                    "bring it back by `bureau post`; several contests: FILE-K each");
  add_holders(strike_off, *struck);
  add_roll_enrol(roll);
}

}  // namespace isoloir::cli
