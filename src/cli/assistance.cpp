// isoloir assistance [REFERENCE]: what was written to the help desk by the portal's form, for who
// keeps the server, should a mail not have come. It works beside a running server and changes
// nothing.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/commands.hpp"
#include "cli/desk_screen.hpp"
#include "cli/server.hpp"
#include "service/help_request.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct AssistanceOptions {
  std::string reference;
  fs::path state;
  std::string language = "fr";
  bool json = false;
};

constexpr Word topics[] = {
    {"identifier", "identifiant non reçu ou perdu", "identifier lost"},
    {"password", "mot de passe non reçu ou perdu", "password lost"},
    {"code", "code de vote non reçu ou perdu", "voting code lost"},
    {"sign_in", "connexion impossible", "cannot sign in"},
    {"voting", "vote impossible, difficulté technique", "cannot vote, technical difficulty"},
    {"other", "autre chose", "something else"}};

std::string acknowledgement_of(const HelpRequestRow& row, const DeskScreen& screen) {
  if (row.acknowledgement.empty()) {
    return screen.pick("aucun, trop de demandes à cette adresse",
                       "none, too many requests from this address");
  }
  return screen.word(message_statuses, row.acknowledgement);
}

void print(const std::vector<HelpRequestRow>& rows, const DeskScreen& screen) {
  if (rows.empty()) {
    fmt::print("{}\n", screen.pick("Aucune demande d'assistance", "No request to the help desk"));
  }
  for (const auto& row : rows) {
    fmt::print("{}  {}  {} (mail : {})\n", row.reference, screen.time(row.at),
               screen.word(topics, row.topic), screen.word(message_statuses, row.mail));
  }
}

void print(const StoredHelpRequest& request, const DeskScreen& screen) {
  const auto& [row, form] = request;
  const auto line = [&](const char* french, const char* english, std::string_view said) {
    fmt::print("{} : {}\n", screen.pick(french, english),
               said.empty() ? screen.pick("non indiqué", "not given") : said);
  };
  line("Référence", "Reference", row.reference);
  line("Reçue le", "Received on", screen.time(row.at));
  line("Objet", "About", screen.word(topics, row.topic));
  line("Nom saisi", "Name as typed", form.name);
  line("Adresse saisie", "Address as typed", form.email);
  line("Téléphone saisi", "Telephone as typed", form.phone);
  line("Langue", "Language", row.language);
  line("Mail à l'assistance", "Mail to the help desk",
       screen.word(message_statuses, row.mail) + " (" + screen.time(row.mail_at) + ")");
  line("Accusé de réception", "Acknowledgement", acknowledgement_of(row, screen));
  fmt::print("\n{}\n", form.text);
}

Json to_json(const HelpRequestRow& row) {
  return {{"reference", row.reference},
          {"at", row.at},
          {"topic", row.topic},
          {"language", row.language},
          {"mail", row.mail},
          {"mail_at", row.mail_at},
          {"acknowledgement", row.acknowledgement.empty() ? "none" : row.acknowledgement}};
}

int refuse(const Error& error, const DeskScreen& screen, const AssistanceOptions& options) {
  std::string said = error.message;
  if (error.code == "help.unknown") {
    said = options.reference +
           screen.pick(" : aucune demande n'a cette référence", ": no request has this reference");
  } else if (error.code == "state.missing") {
    said = options.state.string() + screen.pick(" : il n'y a pas d'élection dans ce dossier",
                                                ": there is no election in this folder");
  }
  std::fprintf(stderr, "isoloir: %s\n", said.c_str());
  return 2;
}

int list_requests(State& state, const DeskScreen& screen, bool as_json) {
  const auto rows = help_requests(state, "help");
  if (!as_json) {
    print(rows, screen);
    return 0;
  }
  Json list = Json::array();
  for (const auto& row : rows) list.push_back(to_json(row));
  std::puts(canonical_json({{"requests", std::move(list)}}).c_str());
  return 0;
}

int run_assistance(const AssistanceOptions& options) {
  const DeskScreen screen(options.language == "en");
  const StatePaths paths{options.state};
  if (!fs::exists(paths.database())) return refuse({"state.missing", "", {}}, screen, options);
  SystemClock clock;
  SystemRandom random;
  const auto state = State::open(paths, clock, random);
  if (!state) return refuse(state.error(), screen, options);
  if (options.reference.empty()) return list_requests(**state, screen, options.json);
  const auto request = read_help_request(**state, "help", options.reference);
  if (!request) return refuse(request.error(), screen, options);
  if (!options.json) {
    print(*request, screen);
    return 0;
  }
  Json json = to_json(request->row);
  json.update({{"name", request->form.name},
               {"email", request->form.email},
               {"phone", request->form.phone},
               {"text", request->form.text}});
  std::puts(canonical_json(json).c_str());
  return 0;
}

}  // namespace

void add_assistance(Command app) {
  auto options = std::make_shared<AssistanceOptions>();
  const Command command =
      app.add("assistance", "What was written to the help desk by the portal's form");
  command.option("reference", options->reference,
                 "Of one request, to read it; without it, all are listed");
  command.option("--state", options->state, "Folder of the election").required();
  command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
  command.flag("--json", options->json, "For programs; times in milliseconds since 1970");
  command.runs([options] { return run_assistance(*options); });
}

}  // namespace isoloir::cli
