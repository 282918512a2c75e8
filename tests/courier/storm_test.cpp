// Everything goes wrong at once, with all programs real: mails by SMTP to two relays (npm
// smtp-server), text messages by two Kannels to an operator each (npm smpp). Of the courier each
// worker is a process, and is killed in the middle of its work. Time runs ten times as fast, and
// faster while there is nothing to do but wait.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/places.hpp"
#include "courier/kannel_gateway.hpp"
#include "courier/outbox_fixture.hpp"
#include "courier/storm_clock.hpp"

namespace isoloir {
namespace {

using test::minute;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int storm_messages = 2'000;
#else
constexpr int storm_messages = 20'000;
#endif
constexpr int storm_texts = storm_messages / 10;  // a Kannel takes fewer than a relay
constexpr std::size_t storm_kills = 5;
constexpr TimeMs report_wait = 5 * minute;

// What an address or number says of itself: the programs at the other end go by it, too.
struct Planned {
  std::string destination;
  std::string status, reason;  // in the end
  TimeMs life = 24 * 60 * minute;
  bool reachable = true;  // so that it must have arrived
};

Planned planned_mail(int i) {
  const auto address = [&](const char* kind) {
    return fmt::format("{}-{}@d{}.example.org", kind, i, i % 7);
  };
  if (i % 50 == 1) return {address("gone"), "failed", "unknown_recipient", 24 * 60 * minute, false};
  if (i % 400 == 3) return {address("full"), "expired", "full", 15 * minute, false};
  return {address(i % 40 == 2 ? "grey" : "voter"), "accepted", ""};
}

// One of five goes to Argentina, one to Morocco, the others to France.
Planned planned_text(int i) {
  const auto number = [&](const char* code, const char* ending) {
    return fmt::format("{}{:06}{}", code, i, ending);
  };
  const int kind = i / 5 % 20;
  const auto* code = i % 5 == 3 ? "+54911" : i % 5 == 4 ? "+2126" : "+336";
  if (kind == 1) {
    return {number(code, "02"), "failed", "unknown_recipient", 24 * 60 * minute, false};
  }
  // Whose last word would depend on the order of the routes elsewhere.
  if (kind == 2) return {number("+336", "07"), "accepted", "no_report", 24 * 60 * minute, false};
  if (kind == 3) return {number("+336", "09"), "failed", "no_answer", 24 * 60 * minute, false};
  return {number(code, "01"), "delivered", ""};
}

class SmtpSink {
 public:
  SmtpSink(std::filesystem::path log) : log_(std::move(log)) { start(); }
  void start() {
    peer_.emplace(
        std::vector<std::string>{test::source_dir() + "/scripts/node",
                                 test::source_dir() + "/tests/courier/polite_smtp.mjs",
                                 std::to_string(port), R"({"disabledCommands": ["STARTTLS"]})"},
        log_);
    EXPECT_TRUE(peer_->listens(port));
  }
  void stop() { peer_.reset(); }

  // How often a mail to each address has come.
  std::map<std::string, int> arrived() const {
    std::map<std::string, int> found;
    std::istringstream lines(read_file(log_).value_or(""));
    for (std::string line; std::getline(lines, line);) {
      const auto event = Json::parse(line, nullptr, false);
      if (event.is_object() && event.contains("mail")) ++found[event["to"][0]];
    }
    return found;
  }

  const std::uint16_t port = test::unused_port();

 private:
  const std::filesystem::path log_;
  std::optional<test::Peer> peer_;
};

std::map<std::string, int> arrived(const test::KannelGateway& gateway) {
  std::map<std::string, int> found;
  for (const auto& line : gateway.reached()) ++found["+" + std::string(line["number"])];
  return found;
}

struct StormTest : test::OutboxTest {
  StormTest() {
    if (const auto* given = std::getenv("ISOLOIR_STORM_SEED")) seed = std::stoull(given);
    draw.seed(seed);
    std::filesystem::create_directories(folder / "returned/new");
    write_file(folder / "kannel.password", test::KannelGateway::password, FileMode::secret);
    write_file(folder / "operator.token", "a token of twenty characters", FileMode::secret);
    const auto relay = [](const char* name, const SmtpSink& sink) {
      return fmt::format(
          "[[mail.relay]]\nname = \"{}\"\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n",
          name, sink.port);
    };
    const auto route = [](const char* name, const test::KannelGateway& gateway, const char* codes) {
      const auto settings = gateway.settings();
      return fmt::format(
          "[[sms.route]]\nname = \"{}\"\nurl = \"{}\"\nuser = \"{}\"\npassword_file = "
          "\"kannel.password\"\nsmsc = \"{}\"\nreports = true\n{}",
          name, settings.url, settings.user, settings.smsc, codes);
    };
    // Argentina goes by the first, then the second; Morocco by the second, then the first again.
    const auto text =
        "[mail]\nbounces = \"bounces@vote.example.org\"\nmaildir = \"returned\"\nworkers = 1\n" +
        relay("relay-1", relays[0]) + relay("relay-2", relays[1]) +
        fmt::format("[sms]\nworkers = 1\nreport_minutes = {}\nfloor_percent = 50\n",
                    report_wait / minute) +
        route("first", first_operator, "codes = [\"33\", \"54\"]\n") +
        route("second", second_operator, "") +
        route("third", first_operator, "codes = [\"212\"]\n") +
        fmt::format(
            "[operator]\naddress = \"127.0.0.1\"\nport = {}\ntoken_file = "
            "\"operator.token\"\n",
            test::unused_port());
    write_file(folder / "channels.toml", text, FileMode::shared);
  }

  void queue_all() {
    (void)database->write([&](store::Transaction& t) -> Status {
      for (int i = 0; i < storm_messages; ++i) {
        const bool text = i < storm_texts;
        const auto plan = text ? planned_text(i) : planned_mail(i);
        const auto made = outbox().queue(
            t, clock.now(),
            {"E" + std::to_string(i), "reissue-link",
             text ? MessageChannel::sms : MessageChannel::email, plan.destination,
             text ? "" : "Votre lien", "Votre lien : https://vote.example/r#" + std::to_string(i),
             clock.now() + plan.life});
        messages[hex_encode(made)] = plan;
      }
      return {};
    });
  }
  void start_worker(const char* channel) {
    workers[channel] = std::make_unique<test::Peer>(
        std::vector<std::string>{test::binary_dir() + "/storm_courier", folder / "outbox.sqlite",
                                 folder / "clock", folder / "channels.toml", channel},
        folder / "courier.log");
  }
  // What it had taken to hand over is known to nobody from then on, but for the row.
  void kill_worker(const char* channel) {
    workers[channel]->stop(SIGKILL);
    const auto claimed = values(
        fmt::format("SELECT id FROM message WHERE status = 'sent' AND channel = '{}'", channel));
    std::size_t more = 0;
    for (const auto& found : claimed) more += cut_short.insert(found).second ? 1U : 0U;
    EXPECT_LE(more, 1U) << "one worker has one message";
    EXPECT_GT(count(fmt::format("status = 'queued' AND channel = '{}'", channel)), 0)
        << "killed when it had nothing to do";
    ++kills;
    start_worker(channel);
  }
  std::int64_t count(const std::string& condition) {
    return *database->read([&](store::Transaction& t) -> Expected<std::int64_t> {
      return t.query("SELECT COUNT(*) FROM message WHERE " + condition)[0].integer(0);
    });
  }
  enum class Left { nothing, waits, work };
  // What is still to be done: work as long as a message is due or in a worker's hands, or with an
  // operator who will report, be it after the time to wait for it: a loaded machine is slow.
  Left left() {
    const auto rows = *database->read([](store::Transaction& t) -> Expected<store::Rows> {
      return t.query(
          "SELECT id, status, next_at, cut_short, carrier, reason FROM message WHERE status IN "
          "('queued', 'sent') OR (status = 'accepted' AND channel = 'sms')");
    });
    const auto works = [&](const store::Row& row) {
      const auto message = hex_encode(row.blob(0));
      if (row.text(1) == "queued") return row.integer(2) <= clock.now();
      if (row.text(1) == "sent") return row.integer(3) > 0 || !cut_short.contains(message);
      const auto& plan = messages.at(message);
      if (row.text(5) == "no_report") return plan.status != "accepted";
      const auto& to = plan.destination;
      return !to.ends_with("07") && !(to.starts_with("+54") && row.text(4) == "first");
    };
    if (std::any_of(rows.begin(), rows.end(), works)) return Left::work;
    return std::all_of(rows.begin(), rows.end(),
                       [](const auto& row) { return row.text(5) == "no_report"; })
               ? Left::nothing
               : Left::waits;
  }
  // How many messages of each channel carriers have spoken of: cheap, so that it can be asked
  // often.
  std::map<std::string_view, std::int64_t> progress() {
    std::map<std::string_view, std::int64_t> found{{"email", 0}, {"sms", 0}};
    for (const auto& each : outbox().carriages(0)) {
      found[name_of(each.channel)] += each.accepted + each.refused;
    }
    return found;
  }

  // Kills of either worker, at moments drawn by chance: after so many messages of its channel, and
  // wherever it is in the cycle of a message then.
  struct Kill {
    const char* channel;
    std::int64_t after;
  };
  std::vector<Kill> draw_kills() {
    std::vector<Kill> drawn;
    for (std::size_t i = 0; i < storm_kills; ++i) {
      const bool text = i % 2 == 1;
      const auto all = text ? storm_texts : storm_messages - storm_texts;
      drawn.push_back({text ? "sms" : "email",
                       std::uniform_int_distribution<std::int64_t>(all / 20, all * 4 / 5)(draw)});
    }
    return drawn;
  }
  void kill_when_due(std::vector<Kill>& plan) {
    auto now = progress();
    const auto next = std::find_if(plan.begin(), plan.end(), [&](const Kill& kill) {
      return now[kill.channel] >= kill.after;
    });
    // What is cut short twice is given up.
    if (next == plan.end() || count("status = 'sent' AND cut_short = 1") > 0) return;
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::microseconds(std::uniform_int_distribution(0, 5000)(draw));
    while (std::chrono::steady_clock::now() < until) {
    }
    kill_worker(next->channel);
    plan.erase(next);
  }

  // The first relay is down for a minute, and later on both for a quarter of one.
  void relays_fail_and_return() {
    const auto percent = progress()["email"] * 100 / (storm_messages - storm_texts);
    const auto passed = [&](TimeMs span) { return clock.now() >= since + span; };
    const auto next = [&] {
      since = clock.now();
      ++act;
    };
    if (act == 0 && percent > 15) {
      relays[0].stop();
      next();
    } else if (act == 1 && passed(minute)) {
      relays[0].start();
      next();
    } else if (act == 2 && percent > 60) {
      for (auto& relay : relays) relay.stop();
      next();
    } else if (act == 3 && passed(minute / 4)) {
      for (auto& relay : relays) relay.start();
      next();
    }
  }

  // Until every message has come to its end, or nothing helps.
  bool weather_it() {
    auto kill_plan = draw_kills();
    auto looked = std::chrono::steady_clock::now();
    return test::wait_until(
        [&] {
          kill_when_due(kill_plan);
          relays_fail_and_return();
          const bool down = act % 2 == 1;
          const auto at = std::chrono::steady_clock::now();
          if (down || at < looked + std::chrono::seconds(1)) return false;
          looked = at;
          const auto found = left();
          if (found == Left::waits) clock.advance(report_wait + minute);
          return found == Left::nothing;
        },
        300);
  }

  std::uint64_t seed = std::random_device{}();
  std::mt19937_64 draw;
  test::StormClock clock{folder / "clock"};
  SmtpSink relays[2]{SmtpSink(folder / "relay-1"), SmtpSink(folder / "relay-2")};
  test::KannelGateway first_operator{true, R"({"54": "silent"})"};
  test::KannelGateway second_operator{true, R"({"212": "lost"})"};
  std::map<std::string, Planned> messages;  // by id
  std::map<std::string, std::unique_ptr<test::Peer>> workers;
  std::set<std::string> cut_short;  // ids of what a killed worker had in its hands
  std::size_t kills = 0;
  int act = 0;
  TimeMs since = 0;
};

TEST_F(StormTest, R34R48EveryMessageComesToItsEndAndNobodyIsLeftOut) {
  SCOPED_TRACE("ISOLOIR_STORM_SEED=" + std::to_string(seed));
  queue_all();
  start_worker("email");
  start_worker("sms");
  EXPECT_TRUE(weather_it());
  workers.clear();
  const auto log = read_file(folder / "courier.log").value_or("");
  EXPECT_EQ(kills, storm_kills);
  EXPECT_EQ(act, 4) << "the relays have failed and returned";
  for (const auto* said : {"relay-1 does not take messages", "relay-2 does not take messages",
                           "relay-1 takes messages again", "first is set aside for AR",
                           "second is set aside for MA"}) {
    EXPECT_THAT(log, testing::HasSubstr(said));
  }

  const auto rows = *database->read([](store::Transaction& t) -> Expected<store::Rows> {
    return t.query("SELECT id, status, reason FROM message");
  });
  EXPECT_EQ(rows.size(), static_cast<std::size_t>(storm_messages));
  std::vector<std::string> wrong;
  for (const auto& row : rows) {
    const auto& plan = messages.at(hex_encode(row.blob(0)));
    if (row.text(1) == plan.status && row.text(2) == plan.reason) continue;
    wrong.push_back(fmt::format("{}: {} {}, not {} {}", plan.destination, row.text(1), row.text(2),
                                plan.status, plan.reason));
  }
  EXPECT_EQ(wrong.size(), 0U) << testing::PrintToString(
      std::vector(wrong.begin(), wrong.begin() + std::min<std::ptrdiff_t>(20, std::ssize(wrong))));

  const std::array sinks{relays[0].arrived(), relays[1].arrived(), arrived(first_operator),
                         arrived(second_operator)};
  const auto came = [&](std::size_t sink, const std::string& destination) {
    const auto found = sinks.at(sink).find(destination);
    return found == sinks.at(sink).end() ? 0 : found->second;
  };
  int lost = 0, mails_of_none = 0;
  std::size_t duplicates = 0;
  for (const auto& [message, plan] : messages) {
    const auto& to = plan.destination;
    const bool text = to.starts_with("+");
    // What an operator has taken and brought to no phone may come again by the other.
    const int mailbox = came(0, to) + came(1, to);
    const int phone =
        (to.starts_with("+54") ? 0 : came(2, to)) + (to.starts_with("+212") ? 0 : came(3, to));
    const int twice_by_one = std::max(came(2, to) - 1, 0) + std::max(came(3, to) - 1, 0);
    if (plan.reachable && (text ? phone : mailbox) == 0) ++lost;
    if (!plan.reachable) mails_of_none += mailbox;
    const int more = !text            ? std::max(mailbox - 1, 0)
                     : plan.reachable ? std::max({phone - 1, twice_by_one, 0})
                                      : twice_by_one;
    if (more == 0) continue;
    duplicates += static_cast<std::size_t>(more);
    EXPECT_TRUE(more == 1 && cut_short.contains(message))
        << to << " came " << more
        << " times too often, which a worker killed at it can explain once";
  }
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(mails_of_none, 0);
  EXPECT_LE(duplicates, kills) << "one for each kill";
  if (HasFailure()) ADD_FAILURE() << log.substr(0, 10'000);
  fmt::print("{} messages, {} workers killed at {}, {} duplicates\n", rows.size(), kills,
             cut_short.size(), duplicates);
}

}  // namespace
}  // namespace isoloir
