// isoloir roll enrol: late electors come to the roll of an installed election, by events that the
// registrar and an officer of the bureau sign on machines of their own.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "base/unicode.hpp"
#include "cli/roll.hpp"
#include "cli/typed_code.hpp"
#include "crypto/hash.hpp"
#include "service/enrolment.hpp"
#include "service/identifier.hpp"
#include "service/setup.hpp"

namespace isoloir::cli {
namespace {

struct EnrolOptions : BureauOptions {
  std::string roll;
  std::string import;
  std::string claim;
  bool post = false;
  std::vector<std::string> events;
};

// The transport code is read from standard input.
Expected<LateElectors> read_late(const Desk& desk, const EnrolOptions& options) {
  const auto& manifest = desk.state->manifest();
  const auto districts = districts_per_contest(manifest.contests);
  const auto csv = read_file(options.roll);
  if (!csv) return fail(csv.error());
  auto keys = read_import(options.import, manifest.election_id, districts);
  if (!keys) return fail(keys.error());
  auto roll = parse_roll(*csv, districts,
                         have_identifiers(*keys) ? RollAddress::optional : RollAddress::signs_in);
  if (!roll) return fail(roll.error().code, options.roll + ": " + roll.error().message);
  return LateElectors{std::move(*roll), std::move(*keys), sha256(as_bytes(*csv))};
}

std::string name_of_elector(const Voter& voter) {
  const auto& name = voter.usage_name.empty() ? voter.birth_name : voter.usage_name;
  return printable(voter.id + ", " + (voter.title.empty() ? "" : voter.title + " ") + name + " " +
                   voter.given_names);
}

void say_electors(const Desk& desk, const LateElectors& late) {
  desk.screen.say("SHA-256 de la liste de ces électeurs :", "SHA-256 of these electors' roll:");
  std::fputs(in_lines(late.file).c_str(), stdout);
  for (const auto& voter : late.roll.voters) {
    const auto name = name_of_elector(voter);
    desk.screen.say("Inscription de l'électeur " + name, "Enrolment of voter " + name);
    for (const auto& place : voter.contests) {
      const auto& contest = desk.state->manifest().contests.at(place.contest);
      const auto district =
          contest.districts.size() > 1 ? ", " + contest.districts.at(place.district) : "";
      desk.screen.say(fmt::format("  scrutin {} : {}{}", place.contest, contest.name.fr, district),
                      fmt::format("  contest {}: {}{}", place.contest, contest.name.en, district));
    }
  }
  std::fflush(stdout);
}

void say_namesakes(const Desk& desk, const LateElectors& late) {
  for (const auto& [elector, other] : namesakes_of(*desk.state, late)) {
    desk.screen.say(
        fmt::format("Attention : {} a le nom de naissance et la date de naissance de {}, qui est "
                    "ou était sur la liste. Vérifiez que ce n'est pas la même personne : elle "
                    "pourrait voter deux fois.",
                    printable(elector), printable(other)),
        fmt::format("Mind: {} has the birth name and the date of birth of {}, who is or was on the "
                    "roll. Make sure that it is not the same person: she could vote twice.",
                    printable(elector), printable(other)));
  }
  std::fflush(stdout);
}

// ---- Drafts

void say_drafted(const Desk& desk, const std::vector<SignedDocument>& drafts,
                 const LateElectors& late, const std::vector<std::string>& files) {
  const auto places = late_places(late);  // in the order of the drafts
  std::map<std::uint32_t, std::string> of_bureau;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    of_bureau[*u32_field(drafts[i].body(), "bureau")] += " " + files[i];
    const auto& voter = holder_among(late, places[i])->id;
    desk.screen.say(fmt::format("{} : {}", files[i], voter),
                    fmt::format("{}: {}", files[i], voter));
    say_place(desk, places[i]);
  }
  const auto minutes = limits::event_age_ms / minute_ms;
  desk.screen.say(
      fmt::format(
          "À rapporter signés dans les {} minutes. Signent, chacun sur sa propre machine et "
          "dans n'importe quel ordre : la personne qui a fait les codes (isoloir registrar "
          "sign) et le bureau (isoloir trustee sign). Puis ici, tous ensemble : isoloir "
          "roll enrol --post",
          minutes),
      fmt::format(
          "To be brought back signed within {} minutes. They sign, each on a machine of its "
          "own and in any order: who made the codes (isoloir registrar sign) and the bureau "
          "(isoloir trustee sign). Then here, all at once: isoloir roll enrol --post",
          minutes));
  for (const auto& [number, of_this] : of_bureau) {
    const auto& bureau = desk.state->manifest().bureaus.at(number);
    const auto who = bureau.name + " (" + names_of(bureau, officers) + ")";
    desk.screen.say("Signe pour le bureau " + who + " :" + of_this,
                    "Signs for the bureau " + who + ":" + of_this);
  }
}

Status draft_them(Desk& desk, const EnrolOptions& options, const LateElectors& late) {
  if (auto good = check_enrolment(*desk.state, late, options.claim); !good) return good;
  say_electors(desk, late);
  say_namesakes(desk, late);
  const Question question{
      "Ces personnes seront inscrites, une fois l'événement de chacune signé. Leurs clés publiques "
      "s'affichent ensuite : qui voit l'une à côté d'un nom connaît le bulletin chiffré de cette "
      "personne, à moins qu'elle ne demande un nouveau code avant de voter.",
      "These persons will be enrolled, once the event of each is signed. Their public keys are "
      "shown next: who sees one beside a name knows that person's encrypted ballot, unless she "
      "asks for a new code before she votes.",
      "inscrire", "enrol"};
  if (auto sure = confirm(desk.screen, options.yes, question); !sure) return sure;
  const auto drafts = draft_enrolments(*desk.state, late, options.claim);
  if (!drafts) return fail(drafts.error());
  std::vector<std::string> files;
  for (std::size_t k = 1; k <= drafts->size(); ++k) {
    files.push_back(drafts->size() == 1 ? options.draft : fmt::format("{}-{}", options.draft, k));
  }
  if (auto written = write_draft_files(*drafts, files); !written) return written;
  say_drafted(desk, *drafts, late, files);
  return {};
}

// ---- What was signed

Status post_them(Desk& desk, const EnrolOptions& options, const LateElectors& late) {
  std::vector<SignedDocument> events;
  for (const auto& path : options.events) {
    const auto taken = take_file(path, [&](const std::string& text) -> Status {
      auto event = SignedDocument::parse(text);
      if (!event) return fail("bureau.event", "truncated, or no signed document");
      events.push_back(std::move(*event));
      return {};
    });
    if (!taken) return taken;
  }
  const auto* const texts = desk.texts();
  const auto numbers = enrol(*desk.state, late, std::move(events), texts, options.claim);
  if (!numbers) return fail(numbers.error());
  say_electors(desk, late);
  if (auto settled = desk.settle(); !settled) return settled;
  desk.screen.say(fmt::format("Fait : électeurs inscrits : {} ; événements n° {}.",
                              late.roll.voters.size(), fmt::join(*numbers, ", ")),
                  fmt::format("Done: voters enrolled: {}; events {}.", late.roll.voters.size(),
                              fmt::join(*numbers, ", ")));
  if (!texts) {
    desk.screen.say("Aucun message n'a pu partir : prévenez ces électeurs.",
                    "No message could leave: tell these voters.");
  }
  desk.screen.say("Détruisez maintenant " + options.import + " ici, et les événements préparés.",
                  "Now destroy " + options.import + " here, and the drafts.");
  say_next(desk, standing_of(*desk.state));
  return {};
}

Status run_enrol(Desk& desk, const EnrolOptions& options) {
  if (options.post == !options.draft.empty() || options.post == options.events.empty()) {
    return fail("roll.use", "--draft EVENT drafts the events, --post EVENT... brings them back");
  }
  const auto late = read_late(desk, options);
  if (!late) return fail(late.error());
  return options.post ? post_them(desk, options, *late) : draft_them(desk, options, *late);
}

}  // namespace

void add_roll_enrol(Command roll) {
  const auto options = std::make_shared<EnrolOptions>();
  const Command command =
      roll.add("enrol", "enrol late electors, for whom `registrar issue --late` made codes");
  command.option("--roll", options->roll, "the late electors' roll (CSV)").required();
  command
      .option("--import", options->import,
              "their import.sealed; its transport code is read from standard input")
      .required();
  command.option("--draft", options->draft,
                 "write here what the registrar and an officer sign; several: FILE-K each");
  command.flag("--post", options->post, "take the signed events, all of them at once");
  command.option("events", options->events, "after --post: the signed events");
  command.option("--claim", options->claim, "reference of a claim that was made, for the journal");
  command.option("--state", options->state, "folder of the election's state").required();
  command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
  command.flag("--yes", options->yes, "for scripts: do not ask for a word first");
  command.runs([options] {
    return run_roll(*options, [&](Desk& desk) { return run_enrol(desk, *options); });
  });
}

}  // namespace isoloir::cli
