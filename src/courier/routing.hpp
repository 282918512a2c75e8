// Which carrier has which message: relays for mail in the operator's order, routes for text
// messages by calling code, around those that are down, set aside or were tried already.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "courier/outbox.hpp"

namespace isoloir {

struct SmsRoute {
  std::unique_ptr<Carrier> carrier;
  std::vector<std::string> codes;  // calling codes, digits; none: every number
  bool reports = true;             // tells what became of a message
};

// When a route is set aside for a country: among at least `sample` messages that it took within
// `window_ms` and whose fate is known or overdue, fewer than `floor_percent` arrived.
struct RouteFloor {
  std::int64_t floor_percent = 50;
  std::int64_t sample = 20;
  std::int64_t window_ms = 30 * 60'000;
};

// Thread-safe.
class Routing final : public Transport {
 public:
  using Say = std::function<void(std::string_view)>;  // one line for the operator
  Routing(std::vector<std::unique_ptr<Carrier>> relays, std::vector<SmsRoute> routes,
          const RouteFloor& floor, Clock& clock, Say say);

  // Tries one carrier after the other until one has the message or speaks about it.
  SendOutcome send(const OutgoingMessage& message) override;
  // Whether a route is left that has not had it; for mail never, as another relay would bring it to
  // the same mailbox.
  bool elsewhere(const OutgoingMessage& message) const;
  // Sets routes aside, and takes them back when the window has passed over what went wrong.
  void judge(const std::vector<Carriage>& recent);

  std::vector<std::string> reporting_routes() const;
  const RouteFloor& floor() const { return floor_; }

  struct Standing {
    std::string name;
    MessageChannel channel = MessageChannel::email;
    TimeMs down_since = 0;  // 0: it answers, as far as is known
    Reason reason = Reason::none;
    std::set<std::string> set_aside;  // countries
    bool reports = false;             // it is a route that tells what became of a message
  };
  std::vector<Standing> standings() const;

 private:
  struct Seat {
    std::unique_ptr<Carrier> carrier;
    std::vector<std::string> codes;
    Standing standing;
    TimeMs retry_at = 0;  // while down
  };
  std::vector<Seat*> candidates(const OutgoingMessage& message) const;
  bool serves(const Seat& seat, const OutgoingMessage& message) const;
  void note(Seat& seat, const SendOutcome& outcome);

  mutable std::mutex mutex_;  // guards standings and retry_at
  std::vector<std::unique_ptr<Seat>> seats_;
  const RouteFloor floor_;
  Clock& clock_;
  const Say say_;
};

}  // namespace isoloir
