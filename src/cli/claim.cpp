// isoloir claim [REFERENCE]: the claims on the roll and on candidacies, for the organiser, who
// reads and answers them. It works beside a running server; an answer is mailed by that server.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/desk_screen.hpp"
#include "cli/server.hpp"
#include "service/claim.hpp"
#include "web/assets.hpp"
#include "web/message_texts.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct ClaimOptions {
  std::string reference;
  fs::path state;
  fs::path answer;
  std::string decision;
  std::string language = "fr";
  bool json = false;
};

constexpr Word claim_topics[] = {
    {"not_on_roll", "inscription manquante", "entry missing"},
    {"roll_error", "inscription erronée", "entry wrong"},
    {"other_voter", "inscription d'une autre personne", "entry of another person"},
    {"candidacy", "candidature", "candidacy"}};
constexpr Word decisions[] = {{"granted", "acceptée", "granted"},
                              {"partly", "acceptée en partie", "granted in part"},
                              {"refused", "refusée", "refused"}};

std::string state_of(const StoredClaim& claim, const DeskScreen& screen) {
  if (!claim.answer) return screen.pick("à traiter", "to be answered");
  return screen.word(decisions, name_of(claim.answer->decision));
}

// What somebody wrote, so that no line of it passes for one of this program's.
std::string as_quotation(std::string_view text) {
  std::string lines = "> ";
  for (const char c : text) lines += c == '\n' ? std::string("\n> ") : std::string(1, c);
  return lines;
}

Json claim_json(const StoredClaim& claim) {
  const auto& [row, form] = claim.request;
  Json json = {{"reference", row.reference}, {"at", row.at},      {"topic", row.topic},
               {"voter", claim.voter},       {"name", form.name}, {"email", form.email},
               {"phone", form.phone},        {"text", form.text}, {"contest", form.contest},
               {"language", row.language},   {"mail", row.mail},  {"answer", nullptr}};
  if (claim.answer) {
    json["answer"] = {{"decision", name_of(claim.answer->decision)},
                      {"at", claim.answer->at},
                      {"text", claim.answer->text},
                      {"mail", claim.answer->mail}};
  }
  return json;
}

void print_claim(const StoredClaim& claim, const State& state, const DeskScreen& screen) {
  const auto& [row, form] = claim.request;
  const auto line = [&](const char* french, const char* english, std::string_view said) {
    fmt::print("{} : {}\n", screen.pick(french, english),
               said.empty() ? screen.pick("non indiqué", "not given") : said);
  };
  const auto* contest = contest_of(state.manifest(), form);
  line("Référence", "Reference", row.reference);
  line("Reçue le", "Received on", screen.time(row.at));
  line("Objet", "About", screen.word(claim_topics, row.topic));
  line("Scrutin", "Contest", contest ? contest->name.fr : "");
  line("Électeur connecté", "Voter who was signed in", claim.voter);
  line("Nom saisi", "Name as typed", form.name);
  line("Adresse saisie", "Address as typed", form.email);
  line("Téléphone saisi", "Telephone as typed", form.phone);
  line("Langue", "Language", row.language);
  line("État", "State", state_of(claim, screen));
  fmt::print("\n{}\n", as_quotation(form.text));
  if (!claim.answer) return;
  fmt::print("\n{} ({} ; {}) :\n\n{}\n", screen.pick("Réponse", "Answer"),
             screen.time(claim.answer->at), screen.word(message_statuses, claim.answer->mail),
             claim.answer->text);
}

int refuse_claim(const Error& error, const DeskScreen& screen, const ClaimOptions& options) {
  std::string said = error.message;
  if (error.code == "help.unknown") {
    said = options.reference + screen.pick(" : aucune réclamation n'a cette référence",
                                           ": no claim has this reference");
  } else if (error.code == "state.missing") {
    said = options.state.string() + screen.pick(" : il n'y a pas d'élection dans ce dossier",
                                                ": there is no election in this folder");
  } else if (error.code == "claim.answered") {
    said = screen.pick("cette réclamation a déjà une réponse ; rien n'a été changé",
                       "this claim has an answer already; nothing was changed");
  } else if (error.code == "claim.arguments") {
    said = screen.pick("une réponse veut la référence, --decision et --answer",
                       "an answer wants the reference, --decision and --answer");
  } else if (error.code == "claim.none") {
    said = screen.pick(
        "ce portail ne reçoit pas de réclamations, ou ce serveur n'envoie aucun message",
        "this portal takes no claims, or this server sends no messages");
  }
  std::fprintf(stderr, "isoloir: %s\n", said.c_str());
  return 2;
}

int list_claims(State& state, const DeskScreen& screen, bool as_json) {
  Json list = Json::array();
  const auto rows = help_requests(state, "claim");
  if (rows.empty() && !as_json) fmt::print("{}\n", screen.pick("Aucune réclamation", "No claim"));
  for (const auto& row : rows) {
    const auto claim = read_claim(state, row.reference);
    if (!claim) return report(claim.error());
    if (as_json) {
      list.push_back(claim_json(*claim));
    } else {
      fmt::print("{}  {}  {} : {}\n", row.reference, screen.time(row.at),
                 screen.word(claim_topics, row.topic), state_of(*claim, screen));
    }
  }
  if (as_json) std::puts(canonical_json({{"claims", std::move(list)}}).c_str());
  return 0;
}

Status answer_from_file(State& state, const ClaimOptions& options) {
  const auto decision = claim_decision(options.decision);
  if (options.reference.empty() || options.answer.empty() || !decision) {
    return fail("claim.arguments", "");
  }
  const auto portal = read_portal(options.state);  // as the server keeps it
  if (!portal || !portal->claims || !carries_links(options.state)) return fail("claim.none", "");
  const auto text = read_file(options.answer);
  if (!text) return fail(text.error());
  const web::Renderer renderer(web::asset, overrides_of(*portal));
  const web::MessageTexts texts(renderer, *portal);
  return answer_claim(state, *portal->claims, texts, options.reference, *decision, *text);
}

int run_claim(const ClaimOptions& options) {
  const DeskScreen screen(options.language == "en");
  const StatePaths paths{options.state};
  if (!fs::exists(paths.database())) {
    return refuse_claim({"state.missing", "", {}}, screen, options);
  }
  SystemClock clock;
  SystemRandom random;
  const auto state = State::open(paths, clock, random);
  if (!state) return refuse_claim(state.error(), screen, options);
  if (!options.answer.empty() || !options.decision.empty()) {
    const auto answered = answer_from_file(**state, options);
    if (!answered) return refuse_claim(answered.error(), screen, options);
    fmt::print("{}\n", screen.pick("Réponse enregistrée : elle part par mail dans la minute.",
                                   "Answer recorded: it leaves by mail within the minute."));
    return 0;
  }
  if (options.reference.empty()) return list_claims(**state, screen, options.json);
  const auto claim = read_claim(**state, options.reference);
  if (!claim) return refuse_claim(claim.error(), screen, options);
  if (options.json) {
    std::puts(canonical_json(claim_json(*claim)).c_str());
  } else {
    print_claim(*claim, **state, screen);
  }
  return 0;
}

}  // namespace

void add_claim(Command app) {
  auto options = std::make_shared<ClaimOptions>();
  const Command command =
      app.add("claim", "Claims on the roll and on candidacies: read them, answer them");
  command.option("reference", options->reference, "Of one claim; without it, all are listed");
  command.option("--state", options->state, "Folder of the election").required();
  command.option("--decision", options->decision, "granted, partly or refused: with --answer")
      .one_of({"granted", "partly", "refused"});
  command.option("--answer", options->answer,
                 "File with the answer, plain text: mailed to who made the claim, once");
  command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
  command.flag("--json", options->json, "For programs; times in milliseconds since 1970");
  command.runs([options] { return run_claim(*options); });
}

}  // namespace isoloir::cli
