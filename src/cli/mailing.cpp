// isoloir mailing: the first delivery of identifiers, passwords or voting codes from the file that
// isoloir registrar issue wrote, on the machine of who sends it (docs/operations.md, "Sending the
// codes").
#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>

#include "cli/commands.hpp"
#include "cli/folder_in_making.hpp"
#include "cli/mailing_send.hpp"
#include "cli/mailing_words.hpp"
#include "election/csv.hpp"
#include "reissue/destination.hpp"
#include "service/setup.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct MailingCommand : MailingOptions {
  fs::path portal;
  fs::path draft;
  std::string to;
  bool json = false;
  bool replaces = false;
};

// ---- prepare

// Of a draft, or of the manifest that was made from one.
Expected<MailingElection> read_mailing_election(const fs::path& path, const Portal& portal) {
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  if (const auto manifest = Manifest::parse(*text)) {
    return MailingElection{manifest->title, manifest->origin, manifest->opens_at,
                           manifest->closes_at};
  }
  const auto draft = ElectionDraft::parse(*text);
  if (!draft) {
    return fail(draft.error().code,
                path.string() + " is neither draft nor manifest: " + draft.error().message);
  }
  if (draft->credentials != portal.credentials) {
    return fail("mailing.draft",
                path.string() + " was not made from this portal's file: its [credentials] differ");
  }
  return MailingElection{draft->title, draft->origin, draft->hours.opens_at,
                         draft->hours.closes_at};
}

void say_prepared(const Screen& screen, const MailingCommand& options, const MailingPlan& plan,
                  const MailingFile& file) {
  const auto unusable = static_cast<std::size_t>(
      std::count_if(file.lines.begin(), file.lines.end(),
                    [](const MailingLine& line) { return !line.unusable.empty(); }));
  const auto lines = file.lines.size();
  const bool mail = plan.channel == MessageChannel::email;
  const auto rate = mail ? plan.policy.per_second.email : plan.policy.per_second.sms;
  const auto minutes = (lines - unusable) / rate / 60 + 1;
  screen.say(mail ? "Chacun reçoit ce courriel :" : "Chacun reçoit ce SMS, en un seul segment :",
             mail ? "Each is sent this mail:" : "Each is sent this text message, one segment:");
  const auto body = text_with_code(plan.body, plan.example);
  fmt::print("\n{}{}\n\n", mail ? plan.subject + "\n\n" : "", body);
  screen.say(fmt::format("Lignes : {}, dont sans adresse utilisable : {}", lines, unusable),
             fmt::format("Lines: {}, without an address that can be used: {}", lines, unusable));
  const auto folder = options.folder.string();
  if (unusable > 0) {
    screen.say("  lesquelles : isoloir mailing report " + folder,
               "  which: isoloir mailing report " + folder);
  }
  screen.say(fmt::format("À {} par seconde : {} min environ ; utile jusqu'au {}", rate, minutes,
                         screen.moment(plan.closes_at)),
             fmt::format("At {} a second: about {} min; of use until {}", rate, minutes,
                         screen.moment(plan.closes_at)));
  screen.say(
      "Ensuite, un essai à votre propre adresse : isoloir mailing sample " + folder +
          " --channels … --to …",
      "Next, a try to your own address: isoloir mailing sample " + folder + " --channels … --to …");
}

Expected<int> prepare_mailing(const MailingCommand& options) {
  if (fs::exists(fs::symlink_status(options.folder))) {
    return fail("mailing.out", options.folder.string() + " exists already; nothing was changed");
  }
  const auto portal = read_portal(options.portal);
  if (!portal) return fail(portal.error());
  if (auto good = check_texts(*portal); !good) return fail(good.error());
  auto election = read_mailing_election(options.draft, *portal);
  if (!election) return fail(election.error());
  election->replaces = options.replaces;
  if (SystemClock().now() >= election->closes_at) {
    return fail("mailing.closed", "the vote has closed: nothing is sent any more");
  }
  const auto file = read_mailing_file(options.file, &portal->credentials);
  if (!file) return fail(file.error());
  const auto plan = plan_mailing(*portal, *election, *file);
  if (!plan) return fail(plan.error());
  SystemRandom random;
  FolderInMaking folder(options.folder);
  for (const auto& [name, content] : Mailing::prepare(*plan, *file, random)) {
    folder.write(name, content);
  }
  folder.keep();
  say_prepared(Screen(options.language == "en"), options, *plan, *file);
  return 0;
}

// ---- sample

Expected<std::string> judged_destination(const std::string& to, MessageChannel channel) {
  if (channel == MessageChannel::email) {
    if (const auto email = reissue::judge_email(to, "")) return email->address;
  } else if (const auto phone = reissue::judge_phone(to, {})) {
    return phone->destination.address;
  }
  return fail("mailing.to", "--to is no address that this mailing's channel goes to");
}

// Without the file: no code and no voter can be in it.
Expected<int> send_sample(const MailingCommand& options) {
  const Screen screen(options.language == "en");
  SystemClock clock;
  SystemRandom random;
  const auto mailing = Mailing::open(options.folder, clock, random);
  if (!mailing) return fail(mailing.error());
  const auto& plan = (*mailing)->plan();
  const auto destination = judged_destination(options.to, plan.channel);
  if (!destination) return fail(destination.error());
  auto channels = read_mailing_channels(options.channels, plan.channel);
  if (!channels) return fail(channels.error());
  // Nobody listens for what becomes of it.
  for (auto& route : channels->routes) route.kannel.report_url.clear();
  const auto routing =
      make_routing(*channels, plan.policy, plan.sender, {}, clock,
                   [](std::string_view line) { fmt::print(stderr, "isoloir: {}\n", line); });
  if (!routing) return fail(routing.error());
  const auto outcome =
      (*routing)->send({hex_encode(random.bytes(16)), plan.channel, *destination, plan.try_subject,
                        text_with_code(plan.try_body, plan.example), ""});
  if (outcome.result == Delivery::accepted || outcome.result == Delivery::delivered) {
    screen.say("Parti par " + outcome.carrier + ". Lisez-le là où il arrive avant de continuer.",
               "It left by " + outcome.carrier + ". Read it where it arrives before you go on.");
    return 0;
  }
  const auto why = std::string(name_of(outcome.reason));
  screen.say("Pas parti : " + outcome.carrier + " " + why,
             "Not sent: " + outcome.carrier + " " + why);
  return 1;
}

// ---- status, report

Expected<int> say_status(const MailingCommand& options) {
  SystemClock clock;
  SystemRandom random;
  const auto mailing = Mailing::open(options.folder, clock, random);
  if (!mailing) return fail(mailing.error());
  const auto& plan = (*mailing)->plan();
  const auto counts = (*mailing)->counts();
  if (!options.json) {
    say_counts(Screen(options.language == "en"), plan, counts);
    return 0;
  }
  std::puts(canonical_json({{"accepted", counts.accepted},
                            {"channel", name_of(plan.channel)},
                            {"closes_at", plan.closes_at},
                            {"delivered", counts.delivered},
                            {"expired", counts.expired},
                            {"failed", counts.failed},
                            {"lines", plan.lines},
                            {"no_address", counts.no_address},
                            {"no_report", counts.no_report},
                            {"put_off", counts.put_off},
                            {"to_go", counts.to_go},
                            {"what", name_of(plan.what)}})
                .c_str());
  return 0;
}

Expected<int> write_report(const MailingCommand& options) {
  SystemClock clock;
  SystemRandom random;
  const auto mailing = Mailing::open(options.folder, clock, random);
  if (!mailing) return fail(mailing.error());
  std::string csv = "identifiant_electeur;canal;etat;motif;depuis\n";
  for (const auto& each : (*mailing)->unreached()) {
    csv += fmt::format("{};{};{};{};{}\n", each.voter, name_of((*mailing)->plan().channel),
                       each.state, each.reason,
                       each.since ? web::format_time(*each.since, web::Language::french) : "");
  }
  const bool whole = std::fputs(csv.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return whole ? 0 : 1;
}

int run(const MailingCommand& options, Expected<int> (*step)(const MailingCommand&)) {
  umask(077);
  auto code = step(options);
  if (code) return *code;
  fmt::print(stderr, "{}\nisoloir mailing: ({}); nothing was sent\n", code.error().message,
             code.error().code);
  return 2;
}

Expected<int> send_step(const MailingCommand& options) {
  return send_mailing(options);
}

}  // namespace

void add_mailing(Command app) {
  const Command mailing =
      app.add("mailing", "Send voters their identifier, password or voting code, the first time");
  const auto add = [&](const char* name, const char* what,
                       Expected<int> (*step)(const MailingCommand&),
                       const std::function<void(const Command&, MailingCommand&)>& declare) {
    const Command command = mailing.add(name, what);
    const auto options = std::make_shared<MailingCommand>();
    declare(command, *options);
    command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
    command.runs([options, step] { return run(*options, step); });
  };
  const auto folder = [](const Command& command, MailingCommand& options) {
    command.option("dir", options.folder, "folder of the mailing").required();
  };
  const auto file = [](const Command& command, MailingCommand& options) {
    command.option("file", options.file, "email.csv or sms.csv of registrar issue").required();
  };
  const auto channels = [](const Command& command, MailingCommand& options) {
    command.option("--channels", options.channels, "how messages leave (docs/operations.md)")
        .required();
  };
  const auto sending = [=](const Command& command, MailingCommand& options) {
    folder(command, options);
    file(command, options);
    channels(command, options);
    command.option("--per-second", options.per_second, "at most, where the portal allows more");
    command.flag("--stay", options.stay, "go on listening for what comes back, until Ctrl-C");
  };
  add("prepare", "Check the file and fix what is sent; sends nothing", prepare_mailing,
      [=](const Command& command, MailingCommand& options) {
        file(command, options);
        command.option("--portal", options.portal, "folder of the portal").required();
        command.option("--draft", options.draft, "draft.json or manifest.json").required();
        command.flag("--replaces", options.replaces,
                     "say at the head that it replaces what was sent before (registrar issue "
                     "--replaces)");
        command.option("--out", options.folder, "folder to make; must not exist").required();
      });
  add("sample", "Send one try, with an example in place of a code, to an address of yours",
      send_sample, [=](const Command& command, MailingCommand& options) {
        folder(command, options);
        channels(command, options);
        command.option("--to", options.to, "address or number").required();
      });
  add("send", "Send, or go on; Ctrl-C pauses", send_step,
      [=](const Command& command, MailingCommand& options) {
        sending(command, options);
        command.option("--most", options.most, "a first wave of so many, then a pause");
      });
  add("status", "How many were sent, and what became of them", say_status,
      [=](const Command& command, MailingCommand& options) {
        folder(command, options);
        command.flag("--json", options.json, "for programs; times in milliseconds since 1970");
      });
  add("resend", "Once more, to who was not reached and to nobody else", send_step,
      [=](const Command& command, MailingCommand& options) {
        options.again = true;
        sending(command, options);
        command.option("--corrections", options.corrections,
                       "addresses in place of the file's (CSV: identifiant_electeur, and courriel "
                       "or telephone)");
        command.flag("--yes", options.yes, "for scripts: do not ask for a word first");
      });
  add("report", "Who was not reached, and why, as CSV", write_report, folder);
}

}  // namespace isoloir::cli
