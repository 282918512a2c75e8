// isoloir contact: the contact check, for the organiser: how it stands, who is not reached, holding
// it back and sending again. It works beside a running server, whose beats send what is queued.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <memory>

#include "cli/bureau_desk.hpp"
#include "cli/commands.hpp"
#include "election/csv.hpp"
#include "service/contact_check.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct ContactOptions {
  fs::path state;
  std::string channel;
  std::string language = "fr";
  bool undelivered = false;
  bool yes = false;
  bool json = false;
};

// The check of an election, with the policy that its server was last started with.
struct ContactDesk {
  Screen screen;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<State> state{};
  ContactPolicy policy{};
  std::optional<ContactCheck> check{};

  explicit ContactDesk(bool english) : screen(english) {}

  // Errors: state.missing, contact.no_server, contact.none, those of State::open.
  Status open(const fs::path& folder) {
    const StatePaths paths{folder};
    if (!fs::exists(paths.database())) {
      return fail("state.missing", folder.string() + ": there is no election here");
    }
    const auto portal = read_portal(folder);  // as the server keeps it
    if (!portal) {
      return fail("contact.no_server",
                  "no server has served this election yet: " + portal.error().message);
    }
    if (!portal->contact_check) {
      return fail("contact.none", "portal.toml has no [contact_check]");
    }
    policy = *portal->contact_check;
    auto opened = State::open(paths, clock, random);
    if (!opened) return fail(opened.error());
    state = std::move(*opened);
    check.emplace(*state, policy, nullptr);
    return {};
  }
};

const char* phase_of(const ContactDesk& desk, TimeMs end, bool paused) {
  const TimeMs now = desk.clock.now();
  return now < desk.policy.from ? "before" : now >= end ? "over" : paused ? "paused" : "running";
}

void say_contact_count(const Screen& screen, const ContactCount& one) {
  const bool mail = one.channel == MessageChannel::email;
  screen.say(fmt::format("{}, électeurs : {}", mail ? "E-mail" : "SMS", one.voters),
             fmt::format("{}, voters: {}", mail ? "E-mail" : "Text message", one.voters));
  const auto line = [&](const char* french, const char* english, std::int64_t number) {
    screen.say(fmt::format("  {} : {}", french, number), fmt::format("  {}: {}", english, number));
  };
  line("confirmé", "confirmed", one.confirmed);
  line("remis, pas confirmé", "delivered, not confirmed", one.delivered);
  line("parti, pas confirmé", "sent, not confirmed", one.sent);
  line("en attente d'envoi", "waiting to be sent", one.waiting);
  line("échec de l'envoi", "sending failed", one.failed);
  line("« pas pour moi »", "\"not meant for me\"", one.not_mine);
  line("aucune adresse, aucun numéro", "no address, no number", one.no_destination);
}

Status run_contact_status(ContactDesk& desk, const ContactOptions& options) {
  const TimeMs end = desk.check->end();
  const auto paused = desk.check->paused_since();
  const std::string phase = phase_of(desk, end, paused.has_value());
  const bool sends = carries_links(options.state);
  const auto counts = desk.check->count();
  if (options.json) {
    Json channels = Json::array();
    for (const auto& one : counts) {
      channels.push_back({{"channel", name_of(one.channel)},
                          {"voters", one.voters},
                          {"confirmed", one.confirmed},
                          {"delivered", one.delivered},
                          {"sent", one.sent},
                          {"waiting", one.waiting},
                          {"failed", one.failed},
                          {"not_mine", one.not_mine},
                          {"no_destination", one.no_destination}});
    }
    std::puts(canonical_json({{"from", desk.policy.from},
                              {"end", end},
                              {"phase", phase},
                              {"paused_since", paused ? Json(*paused) : Json()},
                              {"sends", sends},
                              {"channels", std::move(channels)}})
                  .c_str());
    return {};
  }
  const auto& screen = desk.screen;
  const auto from = screen.moment(desk.policy.from), until = screen.moment(end);
  if (phase == "before") {
    screen.say("La vérification commence : " + from + ".", "The check begins: " + from + ".");
  } else if (phase == "over") {
    screen.say("La vérification est terminée : " + until + ".",
               "The check is over: " + until + ".");
  } else if (phase == "paused") {
    screen.say("Les envois sont suspendus depuis : " + screen.moment(*paused) +
                   " (isoloir contact resume).",
               "Sending has been held back since: " + screen.moment(*paused) +
                   " (isoloir contact resume).");
  } else {
    screen.say("La vérification dure jusqu'à : " + until + ".",
               "The check lasts until: " + until + ".");
  }
  if (!sends) {
    screen.say("Ce serveur n'envoie aucun message (isoloir serve --channels).",
               "This server sends no messages (isoloir serve --channels).");
  }
  for (const auto& one : counts) say_contact_count(screen, one);
  return {};
}

std::string utc_minute(TimeMs at) {
  if (at == 0) return "";
  const auto seconds = static_cast<std::time_t>(at / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min);
}

// A spreadsheet that opens the file takes nothing of it for a formula.
std::string no_formula(const std::string& text) {
  return !text.empty() && std::string_view("=+-@\t").find(text[0]) != std::string_view::npos
             ? "'" + text
             : text;
}

Status run_contact_report(ContactDesk& desk, const ContactOptions&) {
  std::puts("identifier;channel;state;reason;since");
  desk.check->each_gap([](const ContactGap& gap) {
    std::string line;
    append_csv_cell(line, no_formula(gap.voter), ';');
    fmt::print("{};{};{};{};{}\n", line, name_of(gap.channel), gap.state, gap.reason,
               utc_minute(gap.since));
  });
  return {};
}

Status run_contact_pause(ContactDesk& desk, const ContactOptions&) {
  desk.check->pause();
  desk.screen.say("Envois suspendus : ce qui est déjà dans la file part encore.",
                  "Held back: what is queued already still leaves.");
  return {};
}

Status run_contact_resume(ContactDesk& desk, const ContactOptions&) {
  desk.check->resume();
  desk.screen.say("Les envois reprennent à l'instant.", "Sending goes on at once.");
  return {};
}

Status run_contact_resend(ContactDesk& desk, const ContactOptions& options) {
  const auto channel = options.channel == "sms" ? MessageChannel::sms : MessageChannel::email;
  const auto voters = desk.check->to_resend(channel, options.undelivered);
  const auto& screen = desk.screen;
  if (voters > 0) {
    screen.say(fmt::format("Électeurs à qui le message serait renvoyé : {}", voters),
               fmt::format("Voters to whom the message would be sent again: {}", voters));
    std::fflush(stdout);
    const Question question{"Le message leur sera renvoyé.",
                            "The message will be sent to them again.", "renvoyer", "send"};
    if (auto sure = confirm(screen, options.yes, question); !sure) return sure;
  }
  const auto again = desk.check->resend(channel, options.undelivered);
  if (!again) return fail(again.error());
  screen.say(fmt::format("Messages à renvoyer : {}, dès que le serveur les envoie.", *again),
             fmt::format("Messages to send again: {}, as soon as the server sends them.", *again));
  return {};
}

}  // namespace

void add_contact(Command app) {
  const Command contact =
      app.add("contact", "Before the vote: whether each voter is reached by e-mail and telephone");
  const auto add = [&](const char* name, const char* what,
                       Status (*step)(ContactDesk&, const ContactOptions&)) {
    const auto options = std::make_shared<ContactOptions>();
    const Command command = contact.add(name, what);
    command.option("--state", options->state, "Folder of the election").required();
    command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
    command.runs([options, step] {
      ContactDesk desk(options->language == "en");
      auto done = desk.open(options->state);
      if (done) done = step(desk, *options);
      if (done) return std::fflush(stdout) == 0 ? 0 : 1;
      say_refusal(desk.screen, "contact", done.error());
      return 2;
    });
    return std::pair(command, options);
  };
  const auto [status, asked] = add("status", "How it stands, by channel", run_contact_status);
  status.flag("--json", asked->json, "For programs; times in milliseconds since 1970");
  add("report", "Who has not confirmed: CSV, a line for each voter and channel",
      run_contact_report);
  add("pause", "Holds its messages back", run_contact_pause);
  add("resume", "Lets them go on", run_contact_resume);
  const auto [resend, again] =
      add("resend", "Sends the message again to who has not answered", run_contact_resend);
  resend.option("--channel", again->channel, "email or sms").required().one_of({"email", "sms"});
  resend.flag("--undelivered", again->undelivered,
              "only where it failed, or the carrier reported nothing");
  resend.flag("--yes", again->yes, "for scripts: do not ask for a word first");
}

}  // namespace isoloir::cli
