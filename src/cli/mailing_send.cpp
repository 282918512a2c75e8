#include "cli/mailing_send.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>

#include "base/limits.hpp"
#include "cli/messages_out.hpp"
#include "courier/hearing.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

// Waits at most so long; true when the program is to stop.
bool stopped_within(std::chrono::milliseconds wait) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  const timespec time{wait.count() / 1000, (wait.count() % 1000) * 1'000'000};
  return sigtimedwait(&set, nullptr, &time) > 0;
}

// One line on stderr: in place every second at a terminal, else every ten.
class Progress {
 public:
  Progress(const Screen& screen, const MailingCounts& before, const std::vector<Carriage>& carried)
      : screen_(screen), before_(before), at_start_(sum(carried)) {}

  // What others say stands above it. From any thread.
  void say(std::string_view line) {
    const std::lock_guard lock(mutex_);
    fmt::print(stderr, "{}isoloir: {}\n", at_terminal_ ? "\r\x1b[K" : "", line);
  }
  void show(const std::vector<Carriage>& carried, const std::vector<Routing::Standing>& standings) {
    const auto now = Steady::now();
    if (now - shown_ < std::chrono::seconds(at_terminal_ ? 1 : 10)) return;
    shown_ = now;
    const auto gone = sum(carried).first - at_start_.first;
    const auto failed = before_.failed + sum(carried).second - at_start_.second;
    const auto to_go = std::max<std::int64_t>(0, before_.to_go + before_.put_off - gone);
    samples_.emplace_back(now, gone);
    if (samples_.size() > 10) samples_.pop_front();
    const double seconds = std::chrono::duration<double>(now - samples_.front().first).count();
    const double rate =
        seconds > 0 ? static_cast<double>(gone - samples_.front().second) / seconds : 0;
    auto line = screen_.pick(
        fmt::format("{} partis, {} à envoyer, {:.0f}/s, échecs {}", gone, to_go, rate, failed),
        fmt::format("{} sent, {} to go, {:.0f}/s, failed {}", gone, to_go, rate, failed));
    if (rate > 0 && to_go > 0) {
      const auto minutes = static_cast<std::int64_t>(static_cast<double>(to_go) / rate / 60) + 1;
      line += screen_.pick(fmt::format(", encore {} min", minutes),
                           fmt::format(", {} min left", minutes));
    }
    for (const auto& standing : standings) {
      if (standing.down_since == 0) continue;
      line += screen_.pick(fmt::format(", {} ne répond pas", standing.name),
                           fmt::format(", {} is down", standing.name));
    }
    const std::lock_guard lock(mutex_);
    fmt::print(stderr, "{}{}{}", at_terminal_ ? "\r\x1b[K" : "", line, at_terminal_ ? "" : "\n");
  }
  void end() {
    if (at_terminal_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  // Handed over or refused; refused or failed.
  static std::pair<std::int64_t, std::int64_t> sum(const std::vector<Carriage>& carried) {
    std::pair<std::int64_t, std::int64_t> found;
    for (const auto& each : carried) {
      found.first += each.accepted + each.refused;
      found.second += each.refused + each.failed;
    }
    return found;
  }

  const Screen& screen_;
  const MailingCounts before_;
  const std::pair<std::int64_t, std::int64_t> at_start_;
  const bool at_terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::mutex mutex_;  // of stderr's line
  Steady::time_point shown_ = Steady::now();
  std::deque<std::pair<Steady::time_point, std::int64_t>> samples_{{Steady::now(), 0}};
};

// Until nothing is left to do in this run, or it is stopped.
void work_until_done(Mailing& mailing, const MailingOptions& options, const MessagesOut& out,
                     Progress& progress) {
  auto outbox = mailing.messages().outbox();
  std::size_t to_queue = options.again ? 0 : options.most == 0 ? SIZE_MAX : options.most;
  auto wiped = Steady::now();
  for (;;) {
    const auto left = mailing.left(out.routing()->reporting_routes());
    const auto ahead = static_cast<std::size_t>(left.untried);
    if (ahead <= limits::mailing_ahead / 2 && to_queue > 0) {
      const auto wanted = std::min(to_queue, limits::mailing_ahead - ahead);
      const auto queued = mailing.queue(wanted);
      to_queue = queued < wanted ? 0 : to_queue - queued;
      if (queued > 0) continue;
    }
    if (to_queue == 0 && left.soon == 0 && left.awaited == 0 && !options.stay) return;
    progress.show(outbox.carried(), out.routing()->standings());
    if (Steady::now() - wiped > std::chrono::seconds(10)) {
      mailing.wipe();
      wiped = Steady::now();
    }
    if (stopped_within(std::chrono::milliseconds(100))) return;
  }
}

void say_next(const Screen& screen, const MailingOptions& options, const MailingCounts& counts) {
  const auto folder = options.folder.string();
  if (counts.to_go > 0) {
    return screen.say("En pause : la même commande continue.", "Paused: the same command goes on.");
  }
  if (counts.unreached() == 0) {
    return screen.say(
        "Tout est parti. Des retours peuvent encore arriver : isoloir mailing send, à "
        "nouveau, les lit.",
        "All have left. Some may still come back: isoloir mailing send, again, reads "
        "them.");
  }
  screen.say(fmt::format("Non joints : {}. Lesquels et pourquoi : isoloir mailing report {}\nÀ "
                         "nouveau, à eux seuls : isoloir mailing resend {} …",
                         counts.unreached(), folder, folder),
             fmt::format("Not reached: {}. Who and why: isoloir mailing report {}\nOnce more, to "
                         "them alone: isoloir mailing resend {} …",
                         counts.unreached(), folder, folder));
}

// What is asked of who resends.
Status ask_again(const Screen& screen, Mailing& mailing, const MailingOptions& options,
                 const MailingFile& file) {
  MailingCorrections corrections;
  if (!options.corrections.empty()) {
    const auto csv = read_file(options.corrections);
    if (!csv) return fail(csv.error());
    auto read = parse_mailing_corrections(*csv, file);
    if (!read) {
      return fail(read.error().code, options.corrections.string() + ":\n" + read.error().message);
    }
    corrections = std::move(*read);
  }
  const auto count = mailing.to_queue_again(corrections);
  const Question question{
      fmt::format("{} messages partiront à nouveau, avec le même contenu, à qui n'a pas été joint.",
                  count),
      fmt::format("{} messages will leave once more, with the same content, for who was not "
                  "reached.",
                  count),
      "renvoyer", "resend"};
  if (count > 0) {
    auto sure = confirm(screen, options.yes, question);
    if (!sure) return sure;
    // Ctrl-C at the question: signals wait until somebody looks.
    if (stopped_within({})) return fail("bureau.unconfirmed", "stopped: nothing was done");
  }
  if (!corrections.empty()) mailing.correct(corrections);
  screen.say(fmt::format("À renvoyer : {}", mailing.queue_again()),
             fmt::format("To send once more: {}", count));
  return {};
}

}  // namespace

Expected<MailingFile> read_mailing_file(const fs::path& path, const CredentialForms* forms) {
  struct stat what {};
  if (::stat(path.c_str(), &what) == 0 && (what.st_mode & 077) != 0) {
    return fail("mailing.readable", path.string() +
                                        " has a secret of every voter, and others than "
                                        "its owner may read it: chmod 600 " +
                                        path.string());
  }
  auto text = read_file(path);
  if (!text) return fail(text.error());
  const Secret<std::string> csv(std::move(*text));
  auto file = parse_mailing_file(csv.reveal(), forms);
  if (!file) return fail(file.error().code, path.string() + ":\n" + file.error().message);
  return file;
}

Expected<Channels> read_mailing_channels(const fs::path& path, MessageChannel channel) {
  auto channels = read_channels(path);
  if (!channels) return channels;
  const bool mail = channel == MessageChannel::email;
  if (mail ? channels->relays.empty() : channels->routes.empty()) {
    return fail("mailing.no_carrier", path.string() + " names no " +
                                          (mail ? "relay for mail" : "route for text messages"));
  }
  return channels;
}

void say_counts(const Screen& screen, const MailingPlan& plan, const MailingCounts& counts) {
  const auto line = [&](const char* french, const char* english, std::int64_t count) {
    if (count != 0) {
      screen.say(fmt::format("  {} : {}", french, count), fmt::format("  {}: {}", english, count));
    }
  };
  screen.say(fmt::format("Lignes : {}", plan.lines), fmt::format("Lines: {}", plan.lines));
  line("à envoyer", "to go", counts.to_go);
  line("remis au relais ou à l'opérateur", "accepted by relay or operator", counts.accepted);
  line("arrivée confirmée", "delivered", counts.delivered);
  line("remis à plus tard par le relais ou l'opérateur", "put off by relay or operator",
       counts.put_off);
  line("échecs", "failed", counts.failed);
  line("SMS sans rapport de remise", "text messages without report", counts.no_report);
  line("pas partis avant la clôture du vote", "not sent before the close", counts.expired);
  line("sans adresse utilisable", "without an address that can be used", counts.no_address);
}

Expected<int> send_mailing(const MailingOptions& options) {
  block_stop_signals();
  const Screen screen(options.language == "en");
  SystemClock clock;
  SystemRandom random;
  auto opened = Mailing::open(options.folder, clock, random);
  if (!opened) return fail(opened.error());
  Mailing& mailing = **opened;
  const auto& plan = mailing.plan();
  auto channels = read_mailing_channels(options.channels, plan.channel);
  if (!channels) return fail(channels.error());
  auto file = read_mailing_file(options.file, nullptr);
  if (!file) return fail(file.error());
  const auto lock = StateLock::take(options.folder);
  if (!lock) {
    if (lock.error().code != "server.running") return fail(lock.error());
    return fail("mailing.running", options.folder.string() + ": it is being sent already");
  }
  if (auto good = mailing.begin(std::move(*file)); !good) return fail(good.error());
  if (clock.now() >= plan.closes_at) {
    return fail("mailing.closed", "the vote has closed: nothing is sent any more");
  }
  // What has come back since the last run: who resends goes by it.
  while (!channels->maildir.empty()) {
    const auto taken = take_bounces(mailing.messages(), channels->maildir, channels->bounces);
    if (!taken) return fail(taken.error());
    if (*taken < limits::bounce_visit) break;
  }
  if (options.again) {
    if (auto good = ask_again(screen, mailing, options, mailing.file()); !good) {
      return fail(good.error());
    }
  }
  auto policy = plan.policy;
  for (auto* rate : {&policy.per_second.email, &policy.per_second.sms}) {
    if (options.per_second != 0) *rate = std::min(*rate, options.per_second);
  }
  Progress progress(screen, mailing.counts(), mailing.messages().outbox().carried());
  const auto address =
      fmt::format("http://{}:{}/", channels->operator_address, channels->operator_port);
  const web::Renderer renderer(web::asset);
  auto out = MessagesOut::make(mailing.messages(), policy, plan.sender, std::move(*channels), clock,
                               [&](std::string_view line) { progress.say(line); });
  if (!out) return fail(out.error());
  const auto nobody = std::make_shared<const http::ServerFigures>();
  if (auto started = (*out)->start(plan.election, renderer, nobody); !started) {
    return fail(started.error());
  }
  screen.say("Suivi de la remise : " + address, "Watch delivery: " + address);
  std::fflush(stdout);
  work_until_done(mailing, options, **out, progress);
  (*out)->finish();
  mailing.withdraw();
  mailing.wipe();
  progress.end();
  const auto counts = mailing.counts();
  say_counts(screen, plan, counts);
  say_next(screen, options, counts);
  return counts.to_go > 0 ? 3 : counts.unreached() > 0 ? 1 : 0;
}

}  // namespace isoloir::cli
