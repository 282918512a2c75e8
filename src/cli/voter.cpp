// isoloir voter WHO: what the help desk reads to a voter on the phone. It works beside a running
// server and changes nothing.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/commands.hpp"
#include "cli/desk_screen.hpp"
#include "cli/server.hpp"
#include "service/help_desk.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct VoterOptions {
  std::string voter;
  fs::path state;
  fs::path portal;
  std::string language = "fr";
  bool json = false;
};

constexpr Word codes[] = {{"valid", "valable", "valid"},
                          {"invalidated", "invalidé", "invalidated"},
                          {"blocked", "bloqué par l'électeur", "blocked by the voter"}};
constexpr Word reissue_states[] = {
    {"sent", "lien envoyé, pas encore ouvert", "link sent, not opened yet"},
    {"opened", "lien ouvert, code pas encore créé", "link opened, code not made yet"},
    {"issued", "nouveau code créé", "new code made"},
    {"done", "nouveau code créé", "new code made"},
    {"expired", "lien expiré, rien n'a été créé", "link expired, nothing was made"},
    {"superseded", "remplacée par une demande plus récente", "superseded by a newer request"},
    {"blocked", "code bloqué par l'électeur", "code blocked by the voter"}};
constexpr Word kinds[] = {
    {"reissue-link", "lien pour un nouveau code", "link for a new code"},
    {"reissue-notice", "avis de création d'un code", "notice of a new code"},
    {"code-invalidated", "avis de code invalidé", "notice of an invalidated code"}};
constexpr Word channels[] = {{"email", "e-mail", "e-mail"}, {"sms", "SMS", "text message"}};
constexpr Word nexts[] = {
    {"ask", "peut demander un nouveau code", "may ask for a new code"},
    {"open_link", "ouvre le lien reçu", "opens the link received"},
    {"finish", "termine dans le navigateur où le lien a été ouvert",
     "goes on in the browser that opened the link"},
    {"not_yet", "ne peut pas demander de nouveau code : le vote n'est pas encore ouvert",
     "cannot ask for a new code: the vote is not open yet"},
    {"over", "ne peut pas demander de nouveau code : le vote est clos",
     "cannot ask for a new code: the vote is closed"},
    {"closed", "ne peut pas demander de nouveau code pour ce scrutin en ce moment",
     "cannot ask for a new code in this election at this time"},
    {"limit", "a obtenu tous les codes possibles en ligne",
     "has had every code that can be made online"},
    {"blocked", "a bloqué le réassort en ligne", "has blocked online reissue"},
    {"no_service",
     "ne peut pas demander de nouveau code en ligne : ce serveur n'envoie aucun message",
     "cannot ask for a new code online: this server sends no messages"}};
// What the help desk can do where the voter alone cannot: nothing yet.
constexpr const char* no_help_french =
    "L'assistance ne peut pas créer de code dans cette version : prévenez le bureau de vote";
constexpr const char* no_help_english =
    "The help desk cannot make a code in this version: tell the bureau";

std::string_view name_of(VoterDesk::Code code) {
  return codes[static_cast<std::size_t>(code)].name;
}
std::string_view name_of(VoterDesk::Next next) {
  return nexts[static_cast<std::size_t>(next)].name;
}
bool may_ask(const VoterDesk& desk) {
  using Next = VoterDesk::Next;
  return desk.next == Next::ask || desk.next == Next::open_link || desk.next == Next::finish;
}

void print_next(const VoterDesk& desk, const DeskScreen& screen) {
  using Next = VoterDesk::Next;
  const std::string from =
      desk.next_at <= desk.now
          ? screen.pick(", dès maintenant", ", at once")
          : std::string(screen.pick(", à partir du ", ", from ")) + screen.time(desk.next_at);
  std::string when;
  if (desk.next == Next::ask) when = from;
  if (desk.next == Next::open_link || desk.next == Next::finish) {
    when = screen.pick(", jusqu'au ", ", until ") + screen.time(desk.next_until) +
           screen.pick(" ; ou demande un autre code", "; or asks for another code") + from;
  }
  fmt::print("{} {}{}\n", screen.pick("Ensuite : l'électeur", "Next: the voter"),
             screen.word(nexts, name_of(desk.next)), when);
  if (may_ask(desk)) {
    fmt::print("  {} : {}\n",
               screen.pick("preuves fausses encore permises aujourd'hui",
                           "wrong proofs still allowed today"),
               desk.proofs_left);
  } else if (desk.next != Next::not_yet && desk.next != Next::over) {
    fmt::print("  {}\n", screen.pick(no_help_french, no_help_english));
  }
}

void print(const VoterDesk& desk, const DeskScreen& screen) {
  fmt::print("{} {}, {}\n", screen.pick("Électeur", "Voter"), desk.voter, desk.name);
  fmt::print("{} : {} ({} {})\n", screen.pick("Code de vote", "Voting code"),
             screen.word(codes, name_of(desk.code)), screen.pick("depuis le", "since"),
             screen.time(desk.code_since));
  if (desk.code == VoterDesk::Code::valid &&
      desk.code_tries_left > 0) {  // none are counted with keys
    fmt::print("  {} : {}\n", screen.pick("essais restants", "tries left"), desk.code_tries_left);
  }
  for (const auto at : desk.replaced_at) {
    fmt::print("  {} {}\n", screen.pick("un code a été remplacé le", "a code was replaced on"),
               screen.time(at));
  }
  fmt::print("{} :{}\n", screen.pick("Demandes de nouveau code", "Requests for a new code"),
             desk.reissues.empty() ? screen.pick(" aucune", " none") : "");
  for (const auto& item : desk.reissues) {
    fmt::print("  {}  {} {} : {} ({})\n", item.reference, screen.pick("du", "of"),
               screen.time(item.requested_at), screen.word(reissue_states, item.state),
               item.until > 0
                   ? std::string(screen.pick("jusqu'au ", "until ")) + screen.time(item.until)
                   : std::string(screen.pick("le ", "on ")) + screen.time(item.at));
  }
  fmt::print("{} :{}\n", screen.pick("Messages", "Messages"),
             desk.messages.empty() ? screen.pick(" aucun", " none") : "");
  for (const auto& item : desk.messages) {
    fmt::print("  {} : {}, {} {} {} : {} ({})\n", screen.time(item.created_at),
               screen.word(kinds, item.kind), screen.word(channels, name_of(item.channel)),
               screen.pick("à", "to"),
               item.destination.empty() ? screen.pick("(effacé)", "(wiped)") : item.destination,
               screen.word(message_statuses, item.status), screen.time(item.status_at));
  }
  print_next(desk, screen);
}

Json to_json(const VoterDesk& desk) {
  Json reissues = Json::array();
  for (const auto& item : desk.reissues) {
    Json entry = {{"reference", item.reference},
                  {"state", item.state},
                  {"requested_at", item.requested_at},
                  {"at", item.at}};
    if (item.until > 0) entry["until"] = item.until;
    reissues.push_back(std::move(entry));
  }
  Json messages = Json::array();
  for (const auto& item : desk.messages) {
    messages.push_back({{"created_at", item.created_at},
                        {"kind", item.kind},
                        {"channel", name_of(item.channel)},
                        {"status", item.status},
                        {"status_at", item.status_at},
                        {"destination", item.destination}});
  }
  Json next = {{"step", name_of(desk.next)}};
  if (may_ask(desk)) {
    next["at"] = std::max(desk.next_at, desk.now);
    next["proofs_left"] = desk.proofs_left;
  }
  if (desk.next_until > 0) next["until"] = desk.next_until;
  Json code = {{"state", name_of(desk.code)}, {"since", desk.code_since}};
  if (desk.code == VoterDesk::Code::valid) code["tries_left"] = desk.code_tries_left;
  return {{"voter", desk.voter},
          {"name", desk.name},
          {"code", std::move(code)},
          {"replaced_at", desk.replaced_at},
          {"reissues", std::move(reissues)},
          {"messages", std::move(messages)},
          {"next", std::move(next)},
          {"now", desk.now}};
}

// In the language asked for where the help desk can do something about it.
int refuse(const Error& error, const DeskScreen& screen, const VoterOptions& options) {
  std::string said = error.message;
  if (error.code == "desk.unknown_voter") {
    said = options.voter +
           screen.pick(
               " : personne ne correspond sur la liste. Donnez l'identifiant, l'adresse e-mail "
               "professionnelle, le nom et le prénom, ou la référence d'une demande (K7QD-2M4X)",
               ": nobody on the roll fits. Give the identifier, the professional e-mail address, "
               "the name, or the reference of a request (K7QD-2M4X)");
  } else if (error.code == "file.missing") {
    said = screen.pick(
        "aucun serveur n'a encore servi cette élection ; indiquez le dossier du portail "
        "par --portal",
        "no server has served this election yet; name the portal's folder by --portal");
  } else if (error.code == "state.missing") {
    said = options.state.string() + screen.pick(" : il n'y a pas d'élection dans ce dossier",
                                                ": there is no election in this folder");
  }
  std::fprintf(stderr, "isoloir: %s\n", said.c_str());
  return 2;
}

// Of several, who it is must be asked: what tells namesakes apart, and no more.
int list_matches(std::vector<DeskMatch> matches, const DeskScreen& screen, bool as_json) {
  const bool more = matches.size() > desk_matches;
  if (more) matches.pop_back();
  if (as_json) {
    Json list = Json::array();
    for (const auto& match : matches) {
      list.push_back(
          {{"voter", match.voter}, {"name", match.name}, {"birth_year", match.birth_year}});
    }
    std::puts(canonical_json({{"matches", std::move(list)}, {"more", more}}).c_str());
    return 1;
  }
  fmt::print("{}\n", screen.pick("Plusieurs personnes correspondent ; donnez l'identifiant :",
                                 "Several persons fit; give the identifier:"));
  for (const auto& match : matches) {
    fmt::print("  {}  {}  {}\n", match.voter, match.name, match.birth_year);
  }
  if (more) fmt::print("  {}\n", screen.pick("… et d'autres : précisez", "… and more: be precise"));
  return 1;
}

int run_voter(const VoterOptions& options) {
  const DeskScreen screen(options.language == "en");
  const StatePaths paths{options.state};
  if (!fs::exists(paths.database())) {
    return refuse({"state.missing", "there is no election here", {}}, screen, options);
  }
  const auto portal = read_portal(options.portal.empty() ? options.state : options.portal);
  if (!portal) return refuse(portal.error(), screen, options);
  SystemClock clock;
  SystemRandom random;
  const auto state = State::open(paths, clock, random);
  if (!state) return refuse(state.error(), screen, options);
  auto matches = find_voters(**state, options.voter);
  if (matches.empty()) return refuse({"desk.unknown_voter", "", {}}, screen, options);
  if (matches.size() > 1) return list_matches(std::move(matches), screen, options.json);
  // The portal may offer what this server has no way to send.
  const bool online = portal->reissue && carries_links(options.state);
  const auto desk = desk_of(**state, online ? &*portal->reissue : nullptr, {portal->code_tries, 0},
                            matches[0].voter);
  if (!desk) return refuse(desk.error(), screen, options);
  if (options.json) {
    std::puts(canonical_json(to_json(*desk)).c_str());
  } else {
    print(*desk, screen);
  }
  return 0;
}

}  // namespace

void add_voter(Command app) {
  auto options = std::make_shared<VoterOptions>();
  const Command command = app.add("voter", "What the help desk may know of a voter");
  command
      .option("voter", options->voter,
              "Identifier on the roll, professional e-mail, name, or reference of a request")
      .required();
  command.option("--state", options->state, "Folder of the election").required();
  command.option("--portal", options->portal,
                 "Folder of the portal; without it, what the server was last started with");
  command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
  command.flag("--json", options->json, "For programs; times in milliseconds since 1970");
  command.runs([options] { return run_voter(*options); });
}

}  // namespace isoloir::cli
