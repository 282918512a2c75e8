// What became of messages, summed up for who watches over them, and what is wrong with it. Pure.
//
// A share is of messages whose fate is known. Of text messages: delivered among those delivered,
// failed, or without a report when it was due, as Routing::judge has it. Of mail, whose arrival
// hardly anybody confirms: accepted and not returned, among those accepted or refused. A message
// that two routes had counts in each.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "courier/routing.hpp"

namespace isoloir {

struct Share {
  std::int64_t of = 0;
  std::int64_t among = 0;
  std::int64_t percent() const { return among == 0 ? 0 : of * 100 / among; }  // rounded down
};

// Of carriages of one channel.
struct DeliveryTally {
  std::int64_t accepted = 0, delivered = 0, failed = 0, unreported = 0, refused = 0, postponed = 0;

  void add(const Carriage& carriage);
  void add(const DeliveryTally& other);
  // Accepted, and nothing heard of them: not yet, or by a carrier that reports nothing.
  std::int64_t silent() const;
  Share share(MessageChannel channel) const;
};

struct DeliveryAlarm {
  // In the order in which they are told.
  enum class Kind {
    carrier_down,  // name, since, reason
    few_arrive,    // name (a place), share, since
    many_refused,  // name (a country), share: accepted of those offered, since
    few_reported,  // name, share: of those whose report is due, with a report; since
    set_aside,     // name, places
    waits,         // share.among: how many; since: the oldest
    unreported,    // share.among: how many text messages; since: the oldest
  };
  Kind kind = Kind::carrier_down;
  MessageChannel channel = MessageChannel::email;
  std::string name{};
  Share share{};
  TimeMs since = 0;
  Reason reason = Reason::none;
  std::set<std::string> places{};
};

// `day`: carriages of the last 24 hours. Places and routes are judged by the floor's window and
// what lies before it until the floor's sample is there, so that few messages an hour are judged
// too; `report_wait_ms`: after which a message without a report goes elsewhere.
std::vector<DeliveryAlarm> delivery_alarms(const std::vector<Carriage>& day,
                                           const std::vector<Waiting>& waiting,
                                           const std::vector<Routing::Standing>& standings,
                                           const RouteFloor& floor, std::int64_t report_wait_ms,
                                           TimeMs now);

}  // namespace isoloir
