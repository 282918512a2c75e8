// One worker of the courier as a process, so that a test can kill it: storm_courier DATABASE CLOCK
// CHANNELS email|sms. As cli/messages_out.cpp has them all in the server: the operator's file,
// outbox, routing, a worker, and for text messages the listener for reports (web/operator_site.cpp)
// and the beat that follows up. Runs until it is killed.
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "courier/channels.hpp"
#include "courier/sms_report.hpp"
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
  ReportDesk(std::function<Outbox()> outbox, const Routing& routing, const Clock& clock)
      : outbox_(std::move(outbox)), routing_(routing), clock_(clock) {}

  http::Lane lane(const http::Request&) override { return http::Lane::database; }
  http::Response busy_page(const http::Request&) override { return http::Response::text(""); }
  http::Response error_page(int, const http::Request*) override { return http::Response::text(""); }
  bool passing(const std::exception&) const override { return true; }
  http::Response handle(const http::Request& request) override {
    const auto said = parse_sms_report(request.query, SymmetricKey(ByteArray<32>{7}));
    if (!said) {
      say("a report that is none: " + request.query);
      return http::Response::text("");
    }
    if (said->state == SmsState::accepted || said->state == SmsState::buffered) {
      return http::Response::text("");
    }
    DeliveryReport report{{}, said->route, DeliveryReport::State::failed, said->reason};
    if (said->state == SmsState::delivered) report.state = DeliveryReport::State::delivered;
    const auto id = *hex_decode(said->message_id);
    std::copy(id.begin(), id.end(), report.message.begin());
    outbox_().report(report, clock_.now(),
                     [&](const OutgoingMessage& message) { return routing_.elsewhere(message); });
    return http::Response::text("");
  }

 private:
  const std::function<Outbox()> outbox_;
  const Routing& routing_;
  const Clock& clock_;
};

int run(const char* file, const char* shared_clock, const char* channels_file, bool texts) {
  test::StormClock clock(shared_clock);
  const auto database = store::open_sqlite({file});
  SystemRandom random;
  const auto outbox = [&] { return Outbox(*database, SymmetricKey(ByteArray<32>{7}), random); };
  auto channels = read_channels(channels_file);
  if (!channels) throw std::runtime_error(channels.error().message);
  const MessagePolicy policy{"scrutin@vote.example.org", "Scrutin2026", {1000, 1000, 30}};
  const auto routing =
      make_routing(*channels, policy, {"Scrutin", "Ballot"}, ByteArray<32>{7}, clock, say);
  if (!routing) throw std::runtime_error(routing.error().message);

  ReportDesk desk(outbox, **routing, clock);
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
    settings.beat = [&] {
      const auto now = clock.now();
      (*routing)->judge(outbox().carriages(now - (*routing)->floor().window_ms));
      outbox().follow_up(
          (*routing)->reporting_routes(), now - channels->report_wait_ms, now,
          [&](const OutgoingMessage& message) { return (*routing)->elsewhere(message); });
    };
  }
  MessageWorkers workers(
      outbox, [&] { return clock.now(); }, **routing, std::move(settings), say);
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
