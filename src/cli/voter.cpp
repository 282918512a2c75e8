// isoloir voter WHO: what the help desk reads to a voter on the phone. It works beside a running
// server and changes nothing.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/commands.hpp"
#include "cli/desk_screen.hpp"
#include "cli/server.hpp"
#include "service/account_links.hpp"
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
  bool send_link = false;
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
constexpr Word password_states[] = {
    {"sent", "lien envoyé, pas encore suivi", "link sent, not followed yet"},
    {"issued", "nouveau mot de passe envoyé", "new password sent"},
    {"done", "nouveau mot de passe envoyé", "new password sent"},
    {"expired", "lien expiré, rien n'a changé", "link expired, nothing has changed"},
    {"superseded", "remplacée par une demande plus récente", "superseded by a newer request"},
    {"blocked", "mot de passe bloqué par l'électeur", "password blocked by the voter"}};
constexpr Word accounts[] = {
    {"none", "pas encore activé", "not activated yet"},
    {"active", "activé", "activated"},
    {"blocked", "bloqué par l'électeur : vérifiez son identité, puis --send-link",
     "blocked by the voter: check who it is, then --send-link"}};
constexpr Word account_links[] = {
    {"sent", "lien envoyé, pas encore ouvert", "link sent, not opened yet"},
    {"opened", "lien ouvert, pas encore terminé", "link opened, not finished yet"},
    {"issued", "mot de passe choisi", "password chosen"},
    {"done", "mot de passe choisi", "password chosen"},
    {"expired", "lien expiré, rien n'a changé", "link expired, nothing has changed"},
    {"superseded", "remplacé par un lien plus récent", "superseded by a newer link"},
    {"blocked", "compte bloqué par l'électeur", "account blocked by the voter"}};
constexpr Word kinds[] = {
    {"account-link", "lien pour le compte", "link for the account"},
    {"contact-check", "vérification avant le vote : ce message arrive-t-il",
     "check before the vote: does this message arrive"},
    {"account-notice", "avis de compte activé ou de mot de passe changé",
     "notice of an activated account or a changed password"},
    {"account-refused", "avis : compte bloqué, pas de lien", "notice: account blocked, no link"},
    {"reissue-link", "lien pour un nouveau code", "link for a new code"},
    {"reissue-notice", "avis de création d'un code ou d'un mot de passe",
     "notice of a new code or password"},
    {"code-invalidated", "avis de code invalidé", "notice of an invalidated code"},
    {"password-link", "lien pour un nouveau mot de passe", "link for a new password"},
    {"password", "nouveau mot de passe", "new password"},
    {"password-silence", "avis : le SMS du mot de passe n'est pas confirmé",
     "notice: nothing is heard of the password's text message"},
    {"password-lost", "avis : le SMS du mot de passe n'est pas arrivé",
     "notice: the text message with the password did not arrive"},
    {"password-refused", "avis : pas de nouveau mot de passe, et pourquoi",
     "notice: no new password, and why"},
    {"identifier", "identifiant", "identifier"},
    {"identifier-notice", "avis d'envoi de l'identifiant", "notice that the identifier was sent"},
    {"identifier-refused", "avis : identifiant non envoyé, et pourquoi",
     "notice: identifier not sent, and why"},
    {"struck-off", "avis de radiation", "notice of a strike-off"},
    {"enrolled", "avis d'inscription", "notice of an enrolment"},
    {"confirmation-code", "code de confirmation d'un vote", "confirmation code of a vote"},
    {"roll-corrected", "avis de coordonnées corrigées sur la liste",
     "notice of an address or a number corrected on the roll"}};
constexpr Word channels[] = {{"email", "e-mail", "e-mail"}, {"sms", "SMS", "text message"}};
constexpr Word reasons[] = {
    {"unknown_recipient", "cette adresse ou ce numéro n'existe pas",
     "there is no such address or number"},
    {"full", "boîte aux lettres pleine", "the mailbox is full"},
    {"blocked", "refusé par un filtre", "refused by a filter"},
    {"greylisted", "le serveur du destinataire demande de revenir",
     "the recipient's server asks to come back"},
    {"no_answer", "serveur ou téléphone injoignable", "server or phone cannot be reached"},
    {"credentials", "le relais refuse notre accès", "the relay does not let us in"},
    {"no_report", "aucun accusé de réception de l'opérateur", "no report from the operator"},
    {"no_route", "aucune route vers ce pays", "no route to this country"},
    {"other", "autre cause", "another cause"}};
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
     "ne peut pas demander de nouveau code en ligne : ce portail ne le prévoit pas, ou ce serveur "
     "n'envoie aucun message",
     "cannot ask for a new code online: this portal has no such thing, or this server sends no "
     "messages"}};
// Where voters sign in with identifier and password: of the one, of the other.
constexpr Word lost[] = {
    {"ask", "peut en demander l'envoi, dès maintenant", "may ask for it, at once"},
    {"open_link", "suit le lien reçu", "follows the link received"},
    {"not_yet", "ne peut pas encore : le vote n'est pas ouvert",
     "cannot yet: the vote is not open"},
    {"over", "ne peut plus : le vote est clos", "cannot any more: the vote is closed"},
    {"closed", "ne peut pas en ce moment", "cannot at this time"},
    {"limit", "ne peut plus en ligne : nombre d'envois atteint",
     "cannot online any more: as many were sent as can be"},
    {"blocked", "ne peut pas : bloqué par l'électeur", "cannot: blocked by the voter"},
    {"no_service", "ne peut pas en ligne : ce serveur n'envoie aucun message",
     "cannot online: this server sends no messages"},
    {"apart", "ne peut pas : l'autre vient d'être renvoyé, et jamais les deux",
     "cannot: the other was sent not long ago, and never both"},
    {"no_phone", "ne peut pas : aucun téléphone pour un SMS sur la liste",
     "cannot: no telephone for a text message on the roll"},
    {"no_email", "ne peut pas : aucune adresse e-mail sur la liste",
     "cannot: no e-mail address on the roll"},
    {"no_number", "ne peut pas : ni NUMIC ni NUMEL sur la liste",
     "cannot: neither NUMIC nor NUMEL on the roll"}};
// What the help desk can do where the voter alone cannot: nothing yet.
constexpr const char* no_help_french =
    "L'assistance ne peut rien créer dans cette version : prévenez le bureau de vote";
constexpr const char* no_help_english =
    "The help desk cannot make anything in this version: tell the bureau";

std::string_view name_of(VoterDesk::Code code) {
  return codes[static_cast<std::size_t>(code)].name;
}
std::string_view name_of(DeskAccount::State state) {
  return accounts[static_cast<std::size_t>(state)].name;
}
std::string_view name_of(VoterDesk::Next next) {
  constexpr std::string_view names[] = {"ask",      "open_link", "finish",   "not_yet",    "over",
                                        "closed",   "limit",     "blocked",  "no_service", "apart",
                                        "no_phone", "no_email",  "no_number"};
  return names[static_cast<std::size_t>(next)];
}
bool may_ask(const VoterDesk& desk) {
  using Next = VoterDesk::Next;
  return desk.next == Next::ask || desk.next == Next::open_link || desk.next == Next::finish;
}

std::string when_of(const DeskReissue& item, const DeskScreen& screen) {
  if (item.until > 0) return screen.pick("jusqu'au ", "until ") + screen.time(item.until);
  return screen.pick("le ", "on ") + screen.time(item.at);
}

// What is known beyond the status: when it left, when it arrived, by whom, why not.
void print_way(const MessageTrace& item, const DeskScreen& screen) {
  std::string said;
  const auto add = [&](const std::string& what) { said += (said.empty() ? "" : " ; ") + what; };
  if (item.accepted_at) {
    add(std::string(screen.pick("remis à ", "handed to ")) +
        (item.carrier.empty() ? screen.pick("l'opérateur", "the carrier") : item.carrier) + " " +
        screen.time(*item.accepted_at));
  }
  if (item.delivered_at)
    add(std::string(screen.pick("arrivé ", "arrived ")) + screen.time(*item.delivered_at));
  if (!item.reason.empty()) add(screen.word(reasons, item.reason));
  if (item.opened) {
    add(*item.opened ? screen.pick("lien ouvert", "link opened")
                     : screen.pick("lien pas encore ouvert", "link not opened yet"));
  }
  if (item.superseded_at) {
    add(std::string(
            screen.pick("remplacé par un message plus récent ", "replaced by a newer message ")) +
        screen.time(*item.superseded_at));
  }
  if (!said.empty()) fmt::print("      {}\n", said);
}

// What she, or who has her link, said of each channel before the vote.
void print_contacts(const std::vector<ContactTrace>& contacts, const DeskScreen& screen) {
  if (contacts.empty()) return;
  fmt::print("{} :\n", screen.pick("Vérification avant le vote", "Check before the vote"));
  for (const auto& one : contacts) {
    const auto said =
        !one.destination ? screen.pick("aucune adresse ou aucun numéro où écrire, depuis le",
                                       "no address or number to write to, since")
        : !one.answer    ? screen.pick("pas confirmé, message du", "not confirmed, message of")
        : *one.answer == ContactAnswer::confirmed
            ? screen.pick("confirmé le", "confirmed on")
            : screen.pick("« ce message ne m'est pas destiné », dit le",
                          "\"this message is not meant for me\", said on");
    fmt::print("  {} : {} {}\n", screen.word(channels, name_of(one.channel)), said,
               screen.time(one.at));
  }
}

void print_account(const DeskAccount& account, const DeskScreen& screen) {
  fmt::print("{} : {}\n", screen.pick("Compte sur le portail", "Account on the portal"),
             screen.word(accounts, name_of(account.state)));
  for (const auto& item : account.links) {
    fmt::print("  {}  {} {} : {} ({})\n", item.reference, screen.pick("du", "of"),
               screen.time(item.requested_at), screen.word(account_links, item.state),
               when_of(item, screen));
  }
}

void print_lost(std::string_view what, VoterDesk::Next next, TimeMs at, TimeMs until,
                const DeskScreen& screen) {
  std::string when;
  if (next == VoterDesk::Next::apart)
    when = screen.pick(", à partir du ", ", from ") + screen.time(at);
  if (until > 0) when = screen.pick(", jusqu'au ", ", until ") + screen.time(until);
  fmt::print("{} : {}{}\n", what, screen.word(lost, name_of(next)), when);
}

// Both, because the agent does not know which of the two is lost.
void print_lost(const VoterDesk& desk, const DeskScreen& screen) {
  using Next = VoterDesk::Next;
  print_lost(screen.pick("Mot de passe perdu", "A lost password"), desk.next, desk.next_at,
             desk.next_until, screen);
  if (may_ask(desk)) {
    fmt::print("  {} : {}\n",
               screen.pick("essais d'identifiant encore permis aujourd'hui",
                           "tries of the identifier still allowed today"),
               desk.proofs_left);
  }
  print_lost(screen.pick("Identifiant perdu", "A lost identifier"), desk.identifier_next,
             desk.identifier_next_at, 0, screen);
  const auto helpless = [](Next next) {
    return next != Next::ask && next != Next::open_link && next != Next::not_yet &&
           next != Next::over;
  };
  if (helpless(desk.next) || helpless(desk.identifier_next)) {
    fmt::print("  {}\n", screen.pick(no_help_french, no_help_english));
  }
}

void print_next(const VoterDesk& desk, const DeskScreen& screen) {
  if (desk.code_alone) {
    fmt::print("{}\n",
               screen.pick("Code perdu ou non reçu : qui garde email.csv (ou sms.csv) sous clé lui "
                           "renvoie le même ; bloqué : prévenez le bureau de vote",
                           "Code lost or not received: who keeps email.csv (or sms.csv) under lock "
                           "sends the same again; blocked: tell the bureau"));
    return;
  }
  if (desk.with_keys) return print_lost(desk, screen);
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
  const bool keys = desk.with_keys;
  fmt::print(
      "{} : {} ({} {})\n",
      keys ? screen.pick("Mot de passe", "Password") : screen.pick("Code de vote", "Voting code"),
      screen.word(codes, name_of(desk.code)), screen.pick("depuis le", "since"),
      screen.time(desk.code_since));
  if (desk.code == VoterDesk::Code::valid &&
      desk.code_tries_left > 0) {  // none are counted with keys
    fmt::print("  {} : {}\n", screen.pick("essais restants", "tries left"), desk.code_tries_left);
  }
  for (const auto at : desk.replaced_at) {
    fmt::print("  {} {}\n",
               keys ? screen.pick("remplacé le", "replaced on")
                    : screen.pick("un code a été remplacé le", "a code was replaced on"),
               screen.time(at));
  }
  if (desk.account) print_account(*desk.account, screen);
  print_contacts(desk.contacts, screen);
  fmt::print("{} :{}\n",
             keys ? screen.pick("Demandes de nouveau mot de passe", "Requests for a new password")
                  : screen.pick("Demandes de nouveau code", "Requests for a new code"),
             desk.reissues.empty() ? screen.pick(" aucune", " none") : "");
  for (const auto& item : desk.reissues) {
    fmt::print(
        "  {}  {} {} : {} ({})\n", item.reference, screen.pick("du", "of"),
        screen.time(item.requested_at),
        keys ? screen.word(password_states, item.state) : screen.word(reissue_states, item.state),
        when_of(item, screen));
  }
  fmt::print("{} :{}\n", screen.pick("Messages", "Messages"),
             desk.messages.empty() ? screen.pick(" aucun", " none") : "");
  for (const auto& item : desk.messages) {
    fmt::print("  {} : {}, {} {} {} : {} ({})\n", screen.time(item.created_at),
               screen.word(kinds, item.kind), screen.word(channels, name_of(item.channel)),
               screen.pick("à", "to"),
               item.destination.empty() ? screen.pick("(effacé)", "(wiped)") : item.destination,
               screen.word(message_statuses, item.status), screen.time(item.status_at));
    print_way(item, screen);
  }
  print_next(desk, screen);
}

Json to_json(const std::vector<DeskReissue>& items) {
  Json list = Json::array();
  for (const auto& item : items) {
    Json entry = {{"reference", item.reference},
                  {"state", item.state},
                  {"requested_at", item.requested_at},
                  {"at", item.at}};
    if (item.until > 0) entry["until"] = item.until;
    list.push_back(std::move(entry));
  }
  return list;
}

Json to_json(const VoterDesk& desk) {
  Json messages = Json::array();
  for (const auto& item : desk.messages) {
    messages.push_back(
        {{"created_at", item.created_at},
         {"kind", item.kind},
         {"channel", name_of(item.channel)},
         {"status", item.status},
         {"status_at", item.status_at},
         {"destination", item.destination},
         {"carrier", item.carrier},
         {"reason", item.reason},
         {"accepted_at", item.accepted_at ? Json(*item.accepted_at) : Json()},
         {"delivered_at", item.delivered_at ? Json(*item.delivered_at) : Json()},
         {"opened", item.opened ? Json(*item.opened) : Json()},
         {"superseded_at", item.superseded_at ? Json(*item.superseded_at) : Json()}});
  }
  Json contacts = Json::array();
  for (const auto& one : desk.contacts) {
    contacts.push_back({{"channel", name_of(one.channel)},
                        {"answer", one.answer ? Json(name_of(*one.answer)) : Json()},
                        {"destination", one.destination},
                        {"at", one.at}});
  }
  Json next = {{"step", name_of(desk.next)}};
  if (may_ask(desk)) {
    next["at"] = std::max(desk.next_at, desk.now);
    next["proofs_left"] = desk.proofs_left;
  }
  if (desk.next_until > 0) next["until"] = desk.next_until;
  Json code = {{"state", name_of(desk.code)}, {"since", desk.code_since}};
  if (desk.code == VoterDesk::Code::valid) code["tries_left"] = desk.code_tries_left;
  return {
      {"voter", desk.voter},
      {"name", desk.name},
      {"code", std::move(code)},
      {"replaced_at", desk.replaced_at},
      {"reissues", to_json(desk.reissues)},
      {"account", desk.account ? Json{{"state", name_of(desk.account->state)},
                                      {"links", to_json(desk.account->links)}}
                               : Json()},
      {"contacts", std::move(contacts)},
      {"messages", std::move(messages)},
      {"next", std::move(next)},
      {"identifier_next", desk.with_keys ? Json{{"step", name_of(desk.identifier_next)},
                                                {"at", std::max(desk.identifier_next_at, desk.now)}}
                                         : Json()},
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

// Requirement 10: nobody but the voter sees the link.
int send_link(State& state, const std::string& voter, bool possible, const DeskScreen& screen) {
  if (!possible) {
    std::fprintf(stderr, "isoloir: %s\n",
                 screen.pick("aucun lien ne peut partir : ce portail n'a pas de comptes à activer, "
                             "ou ce serveur n'envoie aucun message",
                             "no link can leave: this portal has no accounts to activate, or this "
                             "server sends no messages"));
    return 2;
  }
  if (const auto sent = send_account_link(state, voter); !sent) return report(sent.error());
  fmt::print(
      "{}\n",
      screen.pick("Un lien part dans la minute à l'adresse professionnelle de la liste. Il "
                  "remplace les précédents ; un blocage éventuel est levé.",
                  "A link leaves within the minute for the professional address on the roll. "
                  "It replaces earlier ones; a block, if there was one, is lifted."));
  return 0;
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
  const bool online = carries_links(options.state);
  if (options.send_link)
    return send_link(**state, matches[0].voter, online && portal->account, screen);
  const DeskPolicy policy{online && portal->reissue ? &*portal->reissue : nullptr,
                          online && portal->recovery ? &*portal->recovery : nullptr};
  auto desk = desk_of(**state, policy, {portal->code_tries, 0}, matches[0].voter);
  if (!desk) return refuse(desk.error(), screen, options);
  desk->code_alone = portal->credentials.roll_number;
  if (desk->code_alone) desk->with_keys = false;  // nothing else to lose
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
  command.flag(
      "--send-link", options->send_link,
      "Has a link for the account sent to the address on the roll, once you know who is calling");
  command.flag("--json", options->json, "For programs; times in milliseconds since 1970");
  command.runs([options] { return run_voter(*options); });
}

}  // namespace isoloir::cli
