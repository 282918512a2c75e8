#include "courier/routing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/limits.hpp"
#include "courier/place.hpp"

namespace isoloir {

Routing::Routing(std::vector<std::unique_ptr<Carrier>> relays, std::vector<SmsRoute> routes,
                 const RouteFloor& floor, Clock& clock, Say say)
    : floor_(floor), clock_(clock), say_(std::move(say)) {
  const auto seat = [this](std::unique_ptr<Carrier> carrier, MessageChannel channel) -> Seat& {
    auto made = std::make_unique<Seat>();
    made->standing.name = carrier->name();
    made->standing.channel = channel;
    made->carrier = std::move(carrier);
    seats_.push_back(std::move(made));
    return *seats_.back();
  };
  for (auto& relay : relays) seat(std::move(relay), MessageChannel::email);
  for (auto& route : routes) {
    auto& made = seat(std::move(route.carrier), MessageChannel::sms);
    made.codes = std::move(route.codes);
    made.standing.reports = route.reports;
  }
}

bool Routing::serves(const Seat& seat, const OutgoingMessage& message) const {
  if (seat.standing.channel != message.channel) return false;
  if (message.channel == MessageChannel::email || seat.codes.empty()) return true;
  const auto number = std::string_view(message.destination).substr(1);  // after the +
  return std::any_of(seat.codes.begin(), seat.codes.end(),
                     [&](const std::string& code) { return number.starts_with(code); });
}

// In the order in which they are tried: routes that were set aside for the country come last, since
// a message by them is better than none.
std::vector<Routing::Seat*> Routing::candidates(const OutgoingMessage& message) const {
  const auto place = place_of(message.channel, message.destination);
  std::vector<Seat*> found, aside;
  for (const auto& seat : seats_) {
    const auto& had = message.carried_by;
    if (!serves(*seat, message)) continue;
    if (message.channel == MessageChannel::sms &&
        std::find(had.begin(), had.end(), seat->standing.name) != had.end()) {
      continue;
    }
    (seat->standing.set_aside.contains(place) ? aside : found).push_back(seat.get());
  }
  found.insert(found.end(), aside.begin(), aside.end());
  return found;
}

bool Routing::elsewhere(const OutgoingMessage& message) const {
  const std::lock_guard lock(mutex_);
  return message.channel == MessageChannel::sms && !candidates(message).empty();
}

void Routing::note(Seat& seat, const SendOutcome& outcome) {
  std::string said;
  {
    const std::lock_guard lock(mutex_);
    auto& standing = seat.standing;
    if (outcome.result == Delivery::unreachable) {
      seat.retry_at = clock_.now() + limits::carrier_down_ms;
      if (standing.down_since == 0 || standing.reason != outcome.reason) {
        said = fmt::format("{} does not take messages{}{}", standing.name,
                           outcome.reason == Reason::none ? "" : ": ", name_of(outcome.reason));
      }
      if (standing.down_since == 0) standing.down_since = clock_.now();
      standing.reason = outcome.reason;
    } else if (standing.down_since != 0) {
      said = fmt::format("{} takes messages again", standing.name);
      standing.down_since = 0;
      standing.reason = Reason::none;
    }
  }
  if (!said.empty()) say_(said);
}

SendOutcome Routing::send(const OutgoingMessage& message) {
  std::vector<Seat*> to_try;
  bool served = false;
  {
    const std::lock_guard lock(mutex_);
    for (auto* seat : candidates(message)) {
      served = true;
      const bool resting = seat->standing.down_since != 0 && clock_.now() < seat->retry_at;
      if (!resting) to_try.push_back(seat);
    }
  }
  if (!served) return {Delivery::refused, Reason::no_route};
  SendOutcome outcome = Delivery::unreachable;
  for (auto* seat : to_try) {
    try {
      outcome = seat->carrier->carry(message);
    } catch (const std::exception&) {
      outcome = Delivery::unreachable;
    }
    outcome.carrier = seat->standing.name;
    note(*seat, outcome);
    if (outcome.result != Delivery::unreachable) return outcome;
  }
  return outcome;
}

void Routing::judge(const std::vector<Carriage>& recent) {
  struct Sum {
    std::int64_t delivered = 0;
    std::int64_t known = 0;
  };
  std::map<std::pair<std::string, std::string>, Sum> sums;
  for (const auto& each : recent) {
    if (each.channel != MessageChannel::sms) continue;
    auto& sum = sums[{each.carrier, each.place}];
    sum.delivered += each.delivered;
    sum.known += each.delivered + each.failed + each.unreported;
  }
  std::vector<std::string> said;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& seat : seats_) {
      auto& standing = seat->standing;
      if (standing.channel != MessageChannel::sms || !standing.reports) continue;
      std::set<std::string> aside;
      for (const auto& [key, sum] : sums) {
        if (key.first != standing.name || sum.known < floor_.sample) continue;
        if (sum.delivered * 100 >= sum.known * floor_.floor_percent) continue;
        aside.insert(key.second);
        if (standing.set_aside.contains(key.second)) continue;
        said.push_back(fmt::format(
            "{} is set aside for {}: {} of {} messages arrived", standing.name,
            key.second.empty() ? "unknown countries" : key.second, sum.delivered, sum.known));
      }
      for (const auto& place : standing.set_aside) {
        if (!aside.contains(place)) {
          said.push_back(fmt::format("{} is tried again for {}", standing.name, place));
        }
      }
      standing.set_aside = std::move(aside);
    }
  }
  for (const auto& line : said) say_(line);
}

std::vector<std::string> Routing::reporting_routes() const {
  std::vector<std::string> names;
  for (const auto& seat : seats_) {
    if (seat->standing.reports) names.push_back(seat->standing.name);
  }
  return names;
}

std::vector<Routing::Standing> Routing::standings() const {
  const std::lock_guard lock(mutex_);
  std::vector<Standing> all;
  for (const auto& seat : seats_) all.push_back(seat->standing);
  return all;
}

}  // namespace isoloir
