// isoloir voter ID: what the help desk reads to a voter on the phone. It works beside a running
// server and changes nothing.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/commands.hpp"
#include "cli/server.hpp"
#include "service/help_desk.hpp"
#include "web/locale.hpp"

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

// A name of the program's and how it is said.
struct Word {
  std::string_view name;
  const char* french;
  const char* english;
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
constexpr Word statuses[] = {{"queued", "en attente d'envoi", "waiting to be sent"},
                             {"sent", "en cours d'envoi", "being sent"},
                             {"accepted", "accepté par le relais", "accepted by the relay"},
                             {"delivered", "remis", "delivered"},
                             {"failed", "échec de l'envoi", "sending failed"},
                             {"expired", "abandonné, trop tard", "given up, too late"}};
constexpr Word nexts[] = {
    {"ask", "peut demander un nouveau code", "may ask for a new code"},
    {"closed", "ne peut pas demander de nouveau code : le vote n'est pas ouvert",
     "cannot ask for a new code: the vote is not open"},
    {"limit", "a obtenu tous les codes possibles en ligne : parcours assisté",
     "has had every code that can be made online: assisted path"},
    {"blocked", "a bloqué le réassort en ligne : parcours assisté",
     "has blocked online reissue: assisted path"},
    {"no_service", "ce portail n'a pas de réassort en ligne : parcours assisté",
     "this portal has no online reissue: assisted path"}};

class Screen {
 public:
  explicit Screen(bool english) : english_(english) {}
  const char* pick(const char* french, const char* english) const {
    return english_ ? english : french;
  }
  template <std::size_t n>
  std::string word(const Word (&words)[n], std::string_view name) const {
    for (const auto& word : words) {
      if (word.name == name) return pick(word.french, word.english);
    }
    return std::string(name);
  }
  std::string time(TimeMs at) const {
    return web::format_time(at, english_ ? web::Language::english : web::Language::french);
  }

 private:
  bool english_;
};

std::string_view name_of(VoterDesk::Code code) {
  return codes[static_cast<std::size_t>(code)].name;
}
std::string_view name_of(VoterDesk::Next next) {
  return nexts[static_cast<std::size_t>(next)].name;
}

void print(const VoterDesk& desk, const Screen& screen) {
  fmt::print("{} {}\n", screen.pick("Électeur", "Voter"), desk.voter);
  fmt::print("{} : {} ({} {})\n", screen.pick("Code de vote", "Voting code"),
             screen.word(codes, name_of(desk.code)), screen.pick("depuis le", "since"),
             screen.time(desk.code_since));
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
               screen.word(statuses, item.status), screen.time(item.status_at));
  }
  std::string when;
  if (desk.next == VoterDesk::Next::ask) {
    when = desk.next_at <= desk.now
               ? screen.pick(", dès maintenant", ", at once")
               : std::string(screen.pick(", à partir du ", ", from ")) + screen.time(desk.next_at);
  }
  fmt::print("{} {}{}\n", screen.pick("Ensuite : l'électeur", "Next: the voter"),
             screen.word(nexts, name_of(desk.next)), when);
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
  if (desk.next == VoterDesk::Next::ask) next["at"] = std::max(desk.next_at, desk.now);
  return {{"voter", desk.voter},
          {"code", {{"state", name_of(desk.code)}, {"since", desk.code_since}}},
          {"replaced_at", desk.replaced_at},
          {"reissues", std::move(reissues)},
          {"messages", std::move(messages)},
          {"next", std::move(next)},
          {"now", desk.now}};
}

// In the language asked for where the help desk can do something about it.
int refuse(const Error& error, const Screen& screen, const VoterOptions& options) {
  std::string said = error.message;
  if (error.code == "desk.unknown_voter") {
    said = options.voter + screen.pick(" : aucun électeur de ce nom sur la liste",
                                       ": there is no such voter on the roll");
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

int run_voter(const VoterOptions& options) {
  const Screen screen(options.language == "en");
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
  const auto desk = desk_of(**state, portal->reissue ? &*portal->reissue : nullptr, options.voter);
  if (!desk) return refuse(desk.error(), screen, options);
  if (options.json) {
    std::puts(canonical_json(to_json(*desk)).c_str());
  } else {
    print(*desk, screen);
  }
  return 0;
}

}  // namespace

void add_voter(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<VoterOptions>();
  auto* command = app.add_subcommand("voter", "What the help desk may know of a voter");
  command->add_option("voter", options->voter, "Identifier on the roll")->required();
  command->add_option("--state", options->state, "Folder of the election")->required();
  command->add_option("--portal", options->portal,
                      "Folder of the portal; without it, what the server was last started with");
  command->add_option("--lang", options->language, "fr or en")->check(CLI::IsMember({"fr", "en"}));
  command->add_flag("--json", options->json, "For programs; times in milliseconds since 1970");
  command->callback([options, &exit_code] { exit_code = run_voter(*options); });
}

}  // namespace isoloir::cli
