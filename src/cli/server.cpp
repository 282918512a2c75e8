#include "cli/server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/files.hpp"
#include "cli/duties.hpp"
#include "cli/messages_out.hpp"
#include "crypto/hash.hpp"
#include "service/election_log.hpp"
#include "service/electoral_roll.hpp"
#include "service/identifier.hpp"
#include "service/install.hpp"
#include "web/assets.hpp"
#include "web/message_texts.hpp"

namespace isoloir::cli {
namespace {

constexpr const char* portal_file = "portal.toml";
constexpr const char* channel_file = "channel.txt";
constexpr std::string_view inbox_channel = "inbox\n";  // the demonstration's
constexpr std::string_view no_channel = "none\n";
constexpr std::string_view real_channels = "channels\n";

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

void say(std::string_view what) {
  std::fprintf(stderr, "isoloir: %.*s\n", static_cast<int>(what.size()), what.data());
}

// The duties at every board interval. The first time before the constructor returns: whoever is
// told that the server listens finds the vote open when its hour has come.
class Heartbeat {
 public:
  Heartbeat(std::vector<Duty> duties, std::uint32_t interval_seconds)
      : duties_(std::move(duties)), interval_(interval_seconds) {
    do_duties(duties_, say);
    thread_ = std::thread([this] { run(); });
  }
  ~Heartbeat() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, interval_, [this] { return stopping_; })) {
      lock.unlock();
      do_duties(duties_, say);
      lock.lock();
    }
    lock.unlock();
    // What was acknowledged last gets its receipt before the server is gone.
    do_duties(duties_, say);
  }

  std::vector<Duty> duties_;
  const std::chrono::seconds interval_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

// What went wrong with requests, one line each; the same again within ten seconds is counted, as a
// full disk should not be filled by telling so. Thread-safe.
class FailureReport {
 public:
  void tell(std::string_view what) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    if (what == last_ && now - told_ < quiet) {
      ++untold_;
      return;
    }
    if (untold_ > 0) std::fprintf(stderr, "isoloir: the last line, %zu times more\n", untold_);
    std::fprintf(stderr, "isoloir: %.*s\n", static_cast<int>(what.size()), what.data());
    last_ = what;
    told_ = now;
    untold_ = 0;
  }

 private:
  static constexpr std::chrono::seconds quiet{10};
  std::mutex mutex_;
  std::string last_;
  std::chrono::steady_clock::time_point told_;
  std::size_t untold_ = 0;
};

// For the help desk's command. Not worth a server that does not start on a full disk.
void keep_text(const std::filesystem::path& file, const std::string& text) try {
  if (!text.empty() && read_file(file).value_or("") != text) {
    write_file(file, text, FileMode::shared);
  }
} catch (const std::exception& error) {
  say(error.what());
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

Expected<StateLock> StateLock::take(const std::filesystem::path& folder) {
  const auto path = folder / "server.lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    const int code = errno;
    const std::string reason = std::generic_category().message(code);
    if (code == ENOENT) return fail("state.missing", folder.string() + ": " + reason);
    return fail("state.read_only",
                path.string() + ": " + reason + "; the server's user must be able to write here");
  }
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return fail("server.running", folder.string() + ": a server is running on this state already");
  }
  return StateLock(file);
}
StateLock::~StateLock() {
  if (file_ >= 0) ::close(file_);
}

void block_stop_signals() {
  const auto set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int run_server(State& state, const Portal& portal, ServerSettings settings) {
  raise_file_limit();
  if (const auto same = check_assets(state.manifest(), booth_assets()); !same) {
    std::fprintf(stderr, "isoloir: warning: %s\n", same.error().message.c_str());
  }
  if (const auto fits = check_forms(state, portal.credentials); !fits) return report(fits.error());
  Log log = open_log(state, state.paths().checkpoint());
  const web::Renderer renderer(web::asset, overrides_of(portal));
  const web::MessageTexts texts(renderer, portal);
  if (const auto good = check_message_texts(state, texts); !good) return report(good.error());
  // Without a way out for messages there is neither reissue by the voter nor a form to the help
  // desk: the pages name the assistance. Where a vote is validated by a code, nobody could vote.
  SystemClock wall_clock;
  const bool with_inbox = settings.demo.has_value();
  std::unique_ptr<MessagesOut> messages;
  if (with_inbox || settings.channels) {
    if (with_inbox) settings.channels.reset();
    auto made = MessagesOut::make(messages_of(state), portal.messages, portal.title,
                                  std::move(settings.channels), wall_clock, say);
    if (!made) return report(made.error());
    messages = std::move(*made);
  }
  std::optional<Reissues> reissues;
  if (messages && portal.reissue) reissues.emplace(state, *portal.reissue, texts, say);
  std::optional<openid::Client> franceconnect;
  std::optional<Identifications> identifications;
  if (reissues && portal.franceconnect && settings.franceconnect) {
    franceconnect.emplace(registration_of(*portal.franceconnect),
                          std::move(*settings.franceconnect), wall_clock);
    identifications.emplace(state, *franceconnect, *reissues, say);
  }
  std::optional<HelpRequests> help;
  if (messages && portal.assistance && !portal.assistance->email.empty()) {
    help.emplace(state, portal, texts, help_desk(portal));
  }
  std::optional<Claims> claims;
  if (messages && portal.claims) claims.emplace(state, portal, texts);
  std::optional<Recoveries> recoveries;
  if (portal.recovery) {
    const auto good = check_recovery_texts(texts, portal.credentials);
    if (!good) return report(good.error());
    if (messages) {
      recoveries.emplace(
          state, *portal.recovery, portal.credentials,
          SignInPolicy{portal.sign_in_failures, portal.sign_in_first_delay_seconds * 1000LL}, texts,
          say);
    }
  }
  std::optional<Confirmations> confirmations;
  if (portal.confirmation) {
    if (!messages) {
      return report(
          {"server.no_channel",
           "this portal's [confirmation] sends each voter a code that validates the vote, "
           "and this server has no channel for messages: nobody could vote. `--channels` "
           "names the file that says how they leave (docs/operations.md)",
           {}});
    }
    confirmations.emplace(state, *portal.confirmation, texts);
    if (const auto good = confirmations->check_texts(); !good) return report(good.error());
  }
  std::optional<AccountLinks> accounts;
  if (messages && portal.account) {
    accounts.emplace(
        state, *portal.account,
        SignInPolicy{portal.sign_in_failures, portal.sign_in_first_delay_seconds * 1000LL}, texts);
  }
  std::optional<ContactCheck> contact;
  if (portal.contact_check) {
    contact.emplace(state, *portal.contact_check, messages ? &texts : nullptr);
    if (const auto good = contact->check_texts(); !good) return report(good.error());
  }
  const SelfService services{reissues ? &*reissues : nullptr,
                             identifications ? &*identifications : nullptr,
                             recoveries ? &*recoveries : nullptr,
                             confirmations ? &*confirmations : nullptr,
                             help ? &*help : nullptr,
                             accounts ? &*accounts : nullptr,
                             claims ? &*claims : nullptr,
                             contact ? &*contact : nullptr};
  web::Site site(state, log, portal, renderer, std::move(settings.demo), services,
                 std::move(settings.information), std::move(settings.statements));
  http::ServerOptions options;
  options.address = settings.address;
  options.port = settings.port;
  options.trusted_proxies = std::move(settings.trusted_proxies);
  FailureReport failures;
  options.report = [&](std::string_view what) { failures.tell(what); };
  const auto figures = options.figures;
  http::Server server(std::move(options), site);
  if (portal.roll_online) prepare_electoral_roll(state);
  if (const auto started = server.start(); !started) return report(started.error());
  if (messages) {
    if (const auto started =
            messages->start(portal.election, renderer, figures, [&log] { return log.standing(); });
        !started)
      return report(started.error());
  }
  // After the port is ours: a server that cannot start does nothing to the election.
  keep_text(state.paths().folder / portal_file, settings.portal_text);
  keep_text(state.paths().folder / channel_file, std::string(with_inbox ? inbox_channel
                                                             : messages ? real_channels
                                                                        : no_channel));
  auto duties = duties_of(state, log, site.sessions(), services);
  duties.push_back({"how the vote stands", [&site] { site.read_standing(); }});
  duties.push_back(watch_witnesses([&log] { return log.standing(); }, state.clock(), say));
  Heartbeat heartbeat(std::move(duties), portal.board_interval_seconds);
  std::printf("listening http://localhost:%u\n", unsigned{server.port()});
  std::fflush(stdout);
  const auto set = stop_signals();
  int signal_number = 0;
  sigwait(&set, &signal_number);
  server.stop();
  return 0;
}

bool carries_links(const std::filesystem::path& state) {
  const auto channel = read_file(state / channel_file);
  return channel && *channel != no_channel;
}

Expected<Portal> read_portal(const std::filesystem::path& folder) {
  const auto text = portal_text(folder);
  if (!text) return fail(text.error());
  return Portal::parse(*text, (folder / portal_file).string());
}

Expected<std::string> portal_text(const std::filesystem::path& folder) {
  return read_file(folder / portal_file);
}

web::TextOverrides overrides_of(const Portal& portal) {
  web::TextOverrides overrides;
  for (const auto& [id, text] : portal.texts) {
    overrides[web::Language::french][id] = text.fr;
    overrides[web::Language::english][id] = text.en;
  }
  return overrides;
}

Expected<std::optional<openid::ClientSecrets>> read_franceconnect(
    const Portal& portal, const std::filesystem::path& secret_file,
    const std::filesystem::path& key_file) {
  if (secret_file.empty()) return std::nullopt;
  auto text = read_file(secret_file);
  if (!text) return fail(text.error());
  const auto from = text->find_first_not_of(" \r\n\t");
  if (from == std::string::npos) {
    return fail("franceconnect.secret", secret_file.string() + " is empty");
  }
  openid::ClientSecrets secrets{
      Secret(text->substr(from, text->find_last_not_of(" \r\n\t") - from + 1)), {}};
  wipe(text->data(), text->size());
  const bool encrypted = portal.franceconnect && portal.franceconnect->encrypted;
  if (encrypted && key_file.empty()) {
    return fail("franceconnect.secret",
                "[franceconnect] says that tokens come encrypted: name the key to which they are");
  }
  if (!key_file.empty()) {
    const auto json = read_file(key_file);
    if (!json) return fail(json.error());
    auto key = jose::DecryptionKey::parse(*json);
    if (!key) return fail(key.error().code, key_file.string() + ": " + key.error().message);
    secrets.decryption_key.emplace(std::move(*key));
  }
  return secrets;
}

Status check_texts(const Portal& portal) try {
  const web::Renderer renderer(web::asset, overrides_of(portal));
  return {};
} catch (const std::runtime_error& error) {
  return fail("portal.texts", std::string("[texts] of portal.toml: ") + error.what());
}

std::vector<BoothAsset> booth_assets() {
  std::vector<BoothAsset> assets;
  for (const std::string_view name : {"booth.js", "receipt_check.js", "worker.js"}) {
    if (const auto content = web::asset("web/" + std::string(name))) {
      assets.push_back({"/assets/" + std::string(name), sha256(as_bytes(*content))});
    }
  }
  return assets;
}

int report(const Error& error, int exit_code) {
  std::fprintf(stderr, "isoloir: %s\n", error.message.c_str());
  return exit_code;
}

int report(const store::StoreError& error) {
  using Kind = store::StoreError::Kind;
  const auto advice = [&] {
    switch (error.kind()) {
      case Kind::full:
        return "make room on the disk of the state, then start again";
      case Kind::locked:
      case Kind::busy:
        return "another program holds the database: end it, then start again";
      case Kind::corrupt:
        return "keep the files as they are, and bring the newest good copy";
      case Kind::read_only:
      case Kind::io:
        return "the server's user must be able to read and write the state; look at the disk";
      default:
        return "the database is not one that this program made";
    }
  };
  std::fprintf(stderr, "isoloir: %s: %s, see docs/operations.md\n", error.what(), advice());
  return 2;
}

}  // namespace isoloir::cli
