#include "courier/delivery.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "base/limits.hpp"

namespace isoloir {
namespace {

using Kind = DeliveryAlarm::Kind;
using Slots = std::map<TimeMs, DeliveryTally, std::greater<>>;  // newest first
using Measure = Share (*)(const DeliveryTally&);

Share arrived_by_mail(const DeliveryTally& tally) {
  return tally.share(MessageChannel::email);
}
Share arrived_by_sms(const DeliveryTally& tally) {
  return tally.share(MessageChannel::sms);
}
Share accepted(const DeliveryTally& tally) {
  return {tally.accepted, tally.accepted + tally.refused};
}
Share reported(const DeliveryTally& tally) {
  const auto heard = tally.delivered + tally.failed;
  return {heard, heard + tally.unreported};
}

// An alarm for each whose share is below the floor; those that fare worst first.
void judge(const std::map<std::string, Slots>& all, MessageChannel channel, Kind kind,
           Measure measure, const RouteFloor& floor, TimeMs now,
           std::vector<DeliveryAlarm>& alarms) {
  const auto begin = alarms.size();
  for (const auto& [name, slots] : all) {
    DeliveryTally sum;
    TimeMs since = now;
    for (const auto& [slot, tally] : slots) {
      const bool within = slot + limits::carriage_slot_ms > now - floor.window_ms;
      if (!within && measure(sum).among >= floor.sample) break;
      sum.add(tally);
      since = slot;
    }
    const auto share = measure(sum);
    if (share.among < floor.sample || share.of * 100 >= share.among * floor.floor_percent) continue;
    alarms.push_back({kind, channel, name, share, since});
  }
  std::stable_sort(alarms.begin() + static_cast<std::ptrdiff_t>(begin), alarms.end(),
                   [](const DeliveryAlarm& a, const DeliveryAlarm& b) {
                     return a.share.of * b.share.among < b.share.of * a.share.among;
                   });
}

}  // namespace

void DeliveryTally::add(const Carriage& carriage) {
  add(DeliveryTally{carriage.accepted, carriage.delivered, carriage.failed, carriage.unreported,
                    carriage.refused, carriage.postponed});
}

void DeliveryTally::add(const DeliveryTally& other) {
  accepted += other.accepted;
  delivered += other.delivered;
  failed += other.failed;
  unreported += other.unreported;
  refused += other.refused;
  postponed += other.postponed;
}

// A report may come before the carrier's own answer is written down, and of one carrier twice.
std::int64_t DeliveryTally::silent() const {
  return std::max<std::int64_t>(0, accepted - delivered - failed - unreported);
}

Share DeliveryTally::share(MessageChannel channel) const {
  if (channel == MessageChannel::sms) return {delivered, delivered + failed + unreported};
  return {std::max<std::int64_t>(0, accepted - failed), accepted + refused};
}

std::vector<DeliveryAlarm> delivery_alarms(const std::vector<Carriage>& day,
                                           const std::vector<Waiting>& waiting,
                                           const std::vector<Routing::Standing>& standings,
                                           const RouteFloor& floor, std::int64_t report_wait_ms,
                                           TimeMs now) {
  std::map<std::string, Slots> domains, countries, routes;
  for (const auto& each : day) {
    const bool sms = each.channel == MessageChannel::sms;
    (sms ? countries : domains)[each.place][each.slot].add(each);
    if (sms) routes[each.carrier][each.slot].add(each);
  }
  std::vector<DeliveryAlarm> alarms;
  bool all_report = true;
  for (const auto& each : standings) {
    if (each.down_since != 0) {
      alarms.push_back(
          {Kind::carrier_down, each.channel, each.name, {}, each.down_since, each.reason});
    }
    if (each.channel == MessageChannel::sms && !each.reports) all_report = false;
  }
  using enum MessageChannel;
  judge(countries, sms, Kind::few_arrive, arrived_by_sms, floor, now, alarms);
  judge(domains, email, Kind::few_arrive, arrived_by_mail, floor, now, alarms);
  judge(countries, sms, Kind::many_refused, accepted, floor, now, alarms);
  judge(routes, sms, Kind::few_reported, reported, floor, now, alarms);
  for (const auto& each : standings) {
    if (each.set_aside.empty()) continue;
    alarms.push_back(
        {Kind::set_aside, each.channel, each.name, {}, 0, Reason::none, each.set_aside});
  }
  for (const auto& each : waiting) {
    if (each.oldest_at && now - *each.oldest_at > limits::message_overdue_ms) {
      alarms.push_back({Kind::waits, each.channel, "", {0, each.queued}, *each.oldest_at});
    }
  }
  // Long ago they should have gone elsewhere, or been counted as without report.
  for (const auto& each : waiting) {
    if (each.channel == sms && all_report && each.unreported_at &&
        now - *each.unreported_at > report_wait_ms + limits::message_overdue_ms) {
      alarms.push_back(
          {Kind::unreported, each.channel, "", {0, each.unreported}, *each.unreported_at});
    }
  }
  return alarms;
}

}  // namespace isoloir
