// isoloir bureau: the bureau's steps from the opening to the close of the count, each saying who
// must act and what is still missing. It works on the server's state: beside a running server,
// whose sequencer then takes events into the log, or alone.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>

#include "cli/bureau_desk.hpp"
#include "cli/bureau_minutes.hpp"
#include "cli/commands.hpp"

namespace isoloir::cli {
namespace {

// Refusals that a bureau member or the organiser can cause, in French; the rest is for the
// operator.
std::string error_in_french(const std::string& code) {
  static const std::map<std::string, std::string> texts = {
      {"bureau.phase", "Cette étape n'est pas possible maintenant."},
      {"bureau.hours", "L'heure n'est pas venue, ou n'est pas bonne."},
      {"bureau.signer", "Il manque la signature d'une personne qui en a le pouvoir."},
      {"bureau.contest", "Ce bureau n'a pas de tel scrutin."},
      {"bureau.data", "Il manque le motif, ou une donnée n'est pas celle attendue."},
      {"bureau.server", "Le serveur n'a pas porté l'événement au journal public à temps."},
      {"bureau.holders",
       "Il manque ce que les membres du bureau apportent (--draft, --attestation, --shares ou, "
       "pour un essai, --holder)."},
      {"bureau.event", "Ce fichier n'est pas un événement que le bureau apporte ainsi."},
      {"bureau.stale",
       "Cet événement n'est plus d'actualité : un autre a pris son numéro, ou il a été préparé il "
       "y "
       "a plus de 15 minutes. Rien n'est changé : préparez-le à nouveau (--draft)."},
      {"bureau.replayed", "Cet événement est déjà au journal : rien n'est changé."},
      {"bureau.receipts_key",
       "La clé des preuves n'a pas sa place dans ce dossier, que d'autres que les détenteurs "
       "peuvent voir : donnez-lui un autre endroit. Rien n'est écrit."},
      {"bureau.draft_exists", "Ce fichier existe déjà : donnez un nom nouveau."},
      {"bureau.unconfirmed", "Le mot n'a pas été tapé : rien n'est changé."},
      {"bureau.file", "Un fichier ne peut pas être lu."},
      {"contact.hours",
       "La vérification n'a pas commencé, ou elle est terminée : rien n'est renvoyé."},
      {"contact.none",
       "Ce portail ne prévoit pas de vérification avant le vote ([contact_check])."},
      {"contact.no_server", "Aucun serveur n'a encore servi cette élection."},
      {"attestation.form", "Ce fichier n'est pas une attestation, ou il est tronqué."},
      {"attestation.tally", "Cette attestation porte sur un autre décompte que celui de l'urne."},
      {"attestation.bureau", "Cette attestation n'est pas d'un bureau de cette élection."},
      {"attestation.draft", "Les attestations ne portent pas sur le même événement préparé."},
      {"attestation.signature", "Une signature de l'attestation est fausse."},
      {"attestation.signer", "Une signature de l'attestation n'est d'aucun membre de ce bureau."},
      {"attestation.replayed", "Le dépouillement de ce bureau est déjà ouvert."},
      {"shares.form", "Ce fichier n'est pas un document de parts, ou il est tronqué."},
      {"shares.member", "Ces parts ne sont d'aucun membre de cette élection."},
      {"shares.signature", "Ces parts ne sont pas signées par leur auteur seul."},
      {"shares.tally", "Ces parts ont été faites pour un autre décompte."},
      {"shares.set", "Il manque des parts dans ce document, ou il y en a trop."},
      {"shares.identity", "Une part de ce document est fausse : il est laissé de côté."},
      {"shares.proof", "Une part de ce document est fausse : il est laissé de côté."},
      {"count.shares_given", "De bonnes parts de ce membre sont déjà reçues."},
      {"count.has_result", "Le résultat est établi : rien de plus n'est à préparer ni à apporter."},
      {"count.not_opened", "Le dépouillement n'est pas encore ouvert par le bureau."},
      {"count.bijection", "L'urne ne correspond pas au journal public : rien n'est ouvert."},
      {"count.box", "L'urne n'est pas celle qui a été scellée : rien n'est ouvert."},
      {"bureau.verification", "La vérification avant dépouillement a échoué : rien n'est ouvert."},
      {"count.not_frozen", "L'urne n'est pas encore scellée."},
      {"count.threshold", "Il manque des membres pour ouvrir l'urne."},
      {"count.closed", "Le dépouillement est clos : le résultat ne change plus."},
      {"count.tie", "Une égalité attend son tirage au sort : count --lot, puis la clôture."},
      {"count.no_result", "Il n'y a pas encore de résultat."},
      {"count.holder", "Ce fichier privé n'est pas celui d'un membre de ce bureau."},
      {"count.link_key", "Le dépouillement est clos : la clé des liens est détruite."},
      {"holder.second_tally", "Ce fichier privé a déjà servi à un autre décompte."},
      {"sealed_file.code_or_content", "Code faux, ou fichier endommagé."},
      {"code.form", "Le code n'a pas la bonne forme."},
      {"code.check", "Le code est mal saisi."},
      {"export.folder", "Le dossier d'export existe déjà et n'est pas vide."},
      {"export.witnesses",
       "Le dernier point de contrôle du journal attend ses témoins : le serveur et eux doivent "
       "tourner, puis essayez à nouveau."},
      {"export.not_frozen", "L'export n'existe qu'une fois l'urne scellée."},
      {"state.missing",
       "Il n'y a pas d'élection dans ce dossier : isoloir election install l'y installe, une fois "
       "scellée."},
      {"trustee.file", "Un fichier ne peut pas être lu."},
      {"roll.unknown_voter",
       "Personne n'a cet identifiant sur la liste ; isoloir voter le trouve par le nom ou "
       "l'adresse. Rien n'est changé."},
      {"roll.invalid", "Cette valeur n'est pas admise sur la liste ; rien n'est changé."},
      {"roll.email_taken", "Un autre électeur se connecte avec cette adresse ; rien n'est changé."},
      {"roll.unchanged", "La liste le dit déjà : rien n'est changé."},
      {"roll.closed", "Le vote est clos : la liste reste celle qui a voté."},
      {"roll.claim", "Aucune réclamation n'a cette référence : isoloir claim les donne."},
      {"roll.registered",
       "Cette personne est déjà sur la liste d'un scrutin : son code de vote sert pour tous. "
       "Radiez-la d'abord de ceux où elle n'a pas voté. Rien n'est changé."},
      {"roll.unlike",
       "Cette personne revient sur la liste avec d'autres données qu'avant sa radiation ; rien "
       "n'est changé."},
      {"roll.taken", "Un autre électeur a déjà cette donnée ; rien n'est changé."},
      {"roll.other",
       "Cette liste n'est pas celle du dernier projet : apportez celle-là, ou préparez les "
       "événements à nouveau. Rien n'est changé."},
      {"roll.incomplete",
       "Les événements et l'import ne vont pas ensemble : apportez tous ceux de cet import, et eux "
       "seuls. Rien n'est changé."},
      {"roll.use", "Dites --draft, pour préparer les événements, ou --post, pour les rapporter."},
      {"import.voters", "Cette liste n'est pas celle dont cet import a les codes."},
      {"import.identifiers", "Ces identifiants ne conviennent pas à cette élection."},
      {"import.used", "Une clé de cet import a déjà servi : les codes sont à refaire."},
      {"roll.nothing", "Rien n'est nommé : dites ce qui change (--email…), ou quels scrutins."},
      {"roll.not_registered",
       "Cette personne n'est pas sur la liste de ce scrutin : rien n'est changé."},
      {"roll.voted",
       "Cette personne a déjà voté dans ce scrutin : seul un juge peut en décider. Rien n'est "
       "changé."},
      {"roll.key",
       "Cette clé n'est plus en vigueur : un nouveau code l'a remplacée, ou la radiation est "
       "faite. "
       "Rien n'est changé : préparez l'événement à nouveau."},
      {"witness.use", "Il faut une adresse, --key et --state."},
      {"witness.key", "Cette clé de témoin ne peut être faite, ou lue."},
      {"witness.state", "Le fichier où le témoin garde ce qu'il a vu ne peut être lu."},
      {"witness.no_state",
       "Il n'y a pas de fichier d'état ici. Si ce témoin n'a encore jamais suivi ce journal, dites "
       "--first ; sinon apportez son fichier, sans lequel il pourrait cosigner une autre "
       "histoire."},
      {"witness.not_first", "Ce fichier d'état existe : relancez sans --first."},
      {"witness.other_key", "Ce fichier d'état est celui d'une autre clé de témoin."},
      {"witness.cosigned_before",
       "Cette clé a déjà cosigné ce journal : apportez le fichier d'état de ce témoin."},
      {"witness.running", "Un témoin tourne déjà sur ce fichier."},
      {"witness.other_election",
       "Ce n'est pas l'élection que ce témoin suit : rien n'est cosigné."},
      {"fetch.address", "Cette adresse ne convient pas : elle commence par https://."},
  };
  const auto found = texts.find(code);
  return found == texts.end() ? std::string() : found->second;
}

}  // namespace

void say_refusal(const Screen& screen, const char* command, const Error& error) {
  std::fflush(stdout);
  if (const auto said = screen.pick(error_in_french(error.code), ""); !said.empty()) {
    std::fprintf(stderr, "%s\n", said.c_str());
  }
  std::fprintf(stderr, "isoloir %s: %s (%s)\n", command, error.message.c_str(), error.code.c_str());
}

namespace {

// ---- Status

std::string phase_name(const Screen& screen, const Standing& standing, std::size_t contest,
                       std::uint32_t bureau) {
  const auto& phase = standing.phases.contests[contest];
  if (phase == "sealed") return screen.pick("scellé, pas encore ouvert", "sealed, not open yet");
  if (phase == "open") return screen.pick("ouvert", "open");
  if (phase == "suspended") return screen.pick("suspendu", "suspended");
  if (phase == "grace") return screen.pick("fermé, délai de grâce", "closed, grace period");
  if (standing.closed[bureau]) return screen.pick("dépouillement clos", "count closed");
  if (standing.has_result)
    return screen.pick("dépouillé, pas encore clos", "counted, not closed yet");
  if (standing.counted[bureau]) return screen.pick("dépouillement ouvert", "count open");
  return screen.pick("urne scellée", "box sealed");
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
    const auto phase = phase_name(screen, standing, k, manifest.contests[k].bureau);
    screen.say(fmt::format("Scrutin {} ({}) : {}, {} émargements", k, manifest.contests[k].name.fr,
                           phase, standing.sign_offs[k]),
               fmt::format("Contest {} ({}): {}, {} sign-offs", k, manifest.contests[k].name.en,
                           phase, standing.sign_offs[k]));
  }
  if (!standing.shares.empty() && !standing.has_result) {
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
    return fail("bureau.hours",
                "the vote opens by itself on " + moment(phases.opens_at, web::Language::english));
  }
  desk.screen.say("Le vote est ouvert depuis le " + desk.screen.moment(phases.opens_at) + ".",
                  "The vote has been open since " + desk.screen.moment(phases.opens_at) + ".");
  return {};
}

Status run_freeze(Desk& desk, const BureauOptions&) {
  if (auto frozen = await_freeze(desk); !frozen) return frozen;
  desk.screen.say("L'urne, la liste d'émargement et le compteur sont figés et scellés.",
                  "The box, the list of sign-offs and the counter are frozen and sealed.");
  say_next(desk, standing_of(*desk.state));
  return {};
}
// ---- The subcommand

using Step = Status (*)(Desk&, const BureauOptions&);

int run(const BureauOptions& options, Step step) {
  Desk desk(options.language == "en");
  auto done = desk.open(options.state);
  const int refused = done ? 1 : 2;
  if (done) done = step(desk, options);
  if (done) return std::fflush(stdout) == 0 ? 0 : 1;
  say_refusal(desk.screen, "bureau", done.error());
  const auto& code = done.error().code;
  const bool bad_use = code == "bureau.holders" || code == "bureau.lots" ||
                       code == "bureau.contest" || code == "bureau.receipts_key" ||
                       code == "export.folder";
  return bad_use ? 2 : refused;
}

}  // namespace

void add_holders(const Command& command, BureauOptions& options) {
  command.option("--holder", options.holders,
                 "for a try, on this machine: a member's private file, or FILE:CODEFILE; once for "
                 "each member");
  command.option("--code-file", options.code_file, "its code; else the code is typed");
  command.flag("--practice", options.practice,
               "with the holders that a demonstration keeps in STATE/holders");
}

void add_bureau(Command app) {
  const auto options = std::make_shared<BureauOptions>();
  const Command bureau =
      app.add("bureau", "The bureau's steps, from the opening to the close of the count");
  const auto add = [&](const char* name, const char* what, Step step, bool holders) {
    Command command = bureau.add(name, what);
    command.option("--state", options->state, "folder of the election's state").required();
    command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
    if (holders) add_holders(command, *options);
    command.runs([options, step] { return run(*options, step); });
    return command;
  };
  add("status", "where the election stands, and who must act", run_status, false);
  add("open", "the opening: by itself, at the hour", run_open, false);
  const auto add_draft = [&](const Command& command) {
    command.option("--draft", options->draft,
                   "in earnest: write here what the member signs by `isoloir trustee sign`, "
                   "then bring it back by `bureau post`");
    return command;
  };
  for (const bool suspend : {true, false}) {
    const Command command =
        add_draft(add(suspend ? "suspend" : "resume",
                      suspend ? "suspend one contest" : "resume a suspended contest",
                      suspend ? run_suspend : run_resume, true));
    command.option("--contest", options->contest, "number of the contest").required();
    command.option("--reason", options->reason, "for the board and the minutes").required();
  }
  const Command close = add_draft(add("close", "close the vote now", run_close, true));
  add("freeze", "the sealing of the box: by itself, after the grace period", run_freeze, false);
  const auto add_yes = [&](const Command& command) {
    command.flag("--yes", options->yes,
                 "for scripts: do not ask for a word before what cannot be undone");
  };
  const Command prepare =
      add("prepare-count", "write what the holders verify, each on its own machine",
          run_prepare_count, false);
  prepare.option("folder", options->export_folder, "new: export, and the events to sign")
      .required();
  prepare
      .option("--receipts-key", options->receipts_key,
              "file for the receipt key, which is for the holders alone")
      .required();
  const Command count = add("count", "open the box and count", run_count, true);
  count.option("--attestation", options->attestations,
               "a count event that holders have signed (isoloir trustee attest)");
  count.option("--shares", options->shares, "a holder's shares (isoloir trustee share)");
  count.option("--lot", options->lots, "CONTEST:OPTION,OPTION as drawn, to settle a tie");
  count.option("--export", options->export_folder,
               "for a try, with the president's private file: close the count too, and write the "
               "final export here");
  const Command post =
      add("post", "take an event that was drafted here and signed elsewhere", run_post, false);
  post.option("event", options->event, "as `isoloir trustee sign` has signed it").required();
  const Command close_count =
      add_draft(add("close-count", "close the count, destroy the link key", run_close_count, true));
  for (const Command command : {post, close_count}) {
    command.option("--export", options->export_folder,
                   "after close-count: write the final export here");
  }
  for (const Command& command : {close, post, count, close_count}) add_yes(command);
  add("export", "write the export", run_export, false)
      .option("folder", options->export_folder, "new or empty")
      .required();
  add_bureau_minutes(bureau);
}

}  // namespace isoloir::cli
