// One worker of the courier as a process, so that a test can kill it: storm_courier DATABASE CLOCK
// CHANNELS email|sms. As cli/messages_out.cpp has them all in the server: the operator's file,
// outbox, routing, a worker, and for text messages the listener for reports (web/operator_site.cpp)
// and the beat that follows up. Runs until it is killed.
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "courier/channels.hpp"
#include "courier/hearing.hpp"
#include "courier/storm_clock.hpp"
#include "courier/workers.hpp"
#include "http/server.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir {
namespace {

void say(std::string_view line) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

class ReportDesk final : public http::Handler {
 public:
  ReportDesk(const MessageStore& messages, const Routing& routing)
      : messages_(messages), routing_(routing) {}

  http::Lane lane(const http::Request&) override { return http::Lane::database; }
  http::Response busy_page(const http::Request&) override { return http::Response::text(""); }
  http::Response error_page(int, const http::Request*) override { return http::Response::text(""); }
  bool passing(const std::exception&) const override { return true; }
  http::Response handle(const http::Request& request) override {
    if (!take_sms_report(messages_, routing_, request.query)) {
      say("a report that is none: " + request.query);
    }
    return http::Response::text("");
  }

 private:
  const MessageStore& messages_;
  const Routing& routing_;
};

int run(const char* file, const char* shared_clock, const char* channels_file, bool texts) {
  test::StormClock clock(shared_clock);
  const auto database = store::open_sqlite({file});
  SystemRandom random;
  const MessageStore messages(*database, SymmetricKey(ByteArray<32>{7}), ByteArray<32>{7}, random,
                              clock);
  auto channels = read_channels(channels_file);
  if (!channels) throw std::runtime_error(channels.error().message);
  const MessagePolicy policy{"scrutin@vote.example.org", "Scrutin2026", {1000, 1000, 30}};
  const auto routing =
      make_routing(*channels, policy, {"Scrutin", "Ballot"}, messages.report_key(), clock, say);
  if (!routing) throw std::runtime_error(routing.error().message);

  ReportDesk desk(messages, **routing);
  http::ServerOptions options;
  options.port = channels->operator_port;
  options.report = say;
  http::Server listener(std::move(options), desk);
  MessageWorkers::Settings settings;
  settings.rates = policy.per_second;
  settings.mail_workers = texts ? 0 : 1;
  settings.sms_workers = texts ? 1 : 0;
  settings.poll_ms = 20;
  settings.beat_ms = 200;
  if (texts) {
    if (const auto started = listener.start(); !started) throw std::runtime_error("no listener");
    settings.beat = [&] { follow_up(messages, **routing, channels->report_wait_ms); };
  }
  MessageWorkers workers([&] { return messages.outbox(); }, [&] { return messages.now(); },
                         **routing, std::move(settings), say);
  for (;;) ::pause();
}

}  // namespace
}  // namespace isoloir

int main(int count, char** arguments) {
  try {
    if (count != 5) throw std::runtime_error("DATABASE CLOCK CHANNELS email|sms");
    return isoloir::run(arguments[1], arguments[2], arguments[3],
                        std::string_view(arguments[4]) == "sms");
  } catch (const std::exception& error) {
    isoloir::say(error.what());
    return 1;
  }
}
