#include "web/delivery_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/limits.hpp"
#include "http/form.hpp"

namespace isoloir::web {
namespace {

using Kind = DeliveryAlarm::Kind;
using Period = DeliveryQuestion::Period;

struct PeriodName {
  Period period;
  std::string_view name;  // in the address
  const char* label;      // text id
  TimeMs length;
};
constexpr std::array periods{PeriodName{Period::hour, "hour", "delivery.last_hour", hour_ms},
                             PeriodName{Period::day, "day", "delivery.last_day", day_ms},
                             PeriodName{Period::week, "week", "delivery.last_week", 7 * day_ms}};

// A part of a bar, and its pattern in the view.
struct Outcome {
  std::string_view pattern;
  const char* sms;  // text ids; nothing: not of this channel
  const char* mail;
  std::int64_t count;
};
std::array<Outcome, 5> outcomes_of(const DeliveryTally& tally) {
  return {{{"delivered", "delivery.delivered", "delivery.confirmed", tally.delivered},
           {"silent", "delivery.silent", "delivery.no_return", tally.silent()},
           {"unreported", "delivery.unreported", nullptr, tally.unreported},
           {"failed", "delivery.failed", "delivery.returned", tally.failed},
           {"refused", "delivery.refused", "delivery.refused", tally.refused}}};
}

class Page {
 public:
  Page(const DeliveryState& state, const DeliveryQuestion& asked, const Renderer& renderer)
      : state_(state), asked_(asked), renderer_(renderer) {}

  Json data() const;

 private:
  std::string text(std::string_view id, const Json& values = Json::object()) const {
    return renderer_.text(id, asked_.language, values);
  }
  std::string percent(const Share& share) const {
    return text("delivery.percent", {{"percent", share.percent()}});
  }
  std::string place_name(MessageChannel channel, const std::string& place) const;
  std::string carrier_name(const std::string& carrier) const {
    return carrier.empty() ? text("delivery.no_carrier") : carrier;
  }
  Json alarm(const DeliveryAlarm& alarm) const;
  bool witnesses_overdue() const { return state_.log && state_.log->is_overdue(state_.now); }
  Json witnesses_alarm() const;
  std::string witnesses_behind() const;  // their names; empty where there is none
  Json witnesses() const;
  Json waiting() const;
  Json channel(MessageChannel channel) const;
  Json row(MessageChannel channel, std::string name, const DeliveryTally& tally) const;
  std::string figures(MessageChannel channel, const DeliveryTally& tally) const;
  Json hours(MessageChannel channel) const;

  const DeliveryState& state_;
  const DeliveryQuestion& asked_;
  const Renderer& renderer_;
};

std::string Page::place_name(MessageChannel channel, const std::string& place) const {
  if (channel == MessageChannel::email) {
    return place.empty() ? text("delivery.other_domains") : place;
  }
  if (place.empty()) return text("delivery.unknown_country");
  if (place == "001") return text("delivery.no_country");  // courier/dialling.hpp
  std::string names;
  for (std::size_t from = 0; from <= place.size();) {
    const auto to = std::min(place.find('/', from), place.size());
    names += (from == 0 ? "" : " / ") +
             country_name(std::string_view(place).substr(from, to - from), asked_.language);
    from = to + 1;
  }
  return names;
}

Json Page::alarm(const DeliveryAlarm& alarm) const {
  const bool sms = alarm.channel == MessageChannel::sms;
  Json values{{"of", alarm.share.of},
              {"among", alarm.share.among},
              {"missing", alarm.share.among - alarm.share.of},
              {"percent", alarm.share.percent()},
              {"since_at", alarm.since},
              {"name", alarm.name}};
  const auto said = [&](const char* what, const char* advice) {
    return Json{{"text", text(what, values)}, {"advice", text(advice, values)}};
  };
  switch (alarm.kind) {
    case Kind::carrier_down:
      return said("delivery.alarm_down",
                  alarm.reason == Reason::credentials ? "delivery.alarm_down_credentials"
                  : alarm.reason == Reason::blocked   ? "delivery.alarm_down_blocked"
                                                      : "delivery.alarm_down_unreachable");
    case Kind::few_arrive:
      values["name"] = place_name(alarm.channel, alarm.name);
      return sms ? said("delivery.alarm_few_arrive", "delivery.alarm_few_arrive_advice")
                 : said("delivery.alarm_mail_fails", "delivery.alarm_mail_fails_advice");
    case Kind::many_refused:
      values["name"] = place_name(alarm.channel, alarm.name);
      return said("delivery.alarm_refused", "delivery.alarm_refused_advice");
    case Kind::few_reported:
      values["name"] = carrier_name(alarm.name);
      return said("delivery.alarm_few_reported", "delivery.alarm_few_reported_advice");
    case Kind::set_aside: {
      std::string names;
      for (const auto& place : alarm.places) {
        names += (names.empty() ? "" : ", ") + place_name(alarm.channel, place);
      }
      values["places"] = names;
      return said("delivery.alarm_set_aside", "delivery.alarm_set_aside_advice");
    }
    case Kind::waits:
      return sms ? said("delivery.alarm_waits_sms", "delivery.alarm_waits_advice")
                 : said("delivery.alarm_waits_mail", "delivery.alarm_waits_advice");
    case Kind::unreported:
      break;
  }
  return said("delivery.alarm_unreported", "delivery.alarm_unreported_advice");
}

Json Page::witnesses_alarm() const {
  const Json values{{"waiting", static_cast<std::int64_t>(state_.log->waiting)},
                    {"threshold", static_cast<std::int64_t>(state_.log->threshold)}};
  return {{"text", text("delivery.alarm_witnesses", values)},
          {"advice", text("delivery.alarm_witnesses_advice", values)}};
}

std::string Page::witnesses_behind() const {
  std::string names;
  if (!state_.log) return names;
  for (const auto& each : state_.log->witnesses) {
    if (each.is_overdue(state_.now)) names += (names.empty() ? "" : ", ") + each.name;
  }
  return names;
}

Json Page::witnesses() const {
  Json rows = Json::array();
  if (!state_.log) return rows;
  for (const auto& each : state_.log->witnesses) {
    Json row{{"name", each.name}, {"behind", static_cast<std::int64_t>(each.behind)}};
    if (each.at) row["cosigned_at"] = *each.at;
    rows.push_back(std::move(row));
  }
  return rows;
}

Json Page::waiting() const {
  Json rows = Json::array();
  for (const auto& each : state_.waiting) {
    const bool sms = each.channel == MessageChannel::sms;
    Json row{{"name", text(sms ? "delivery.sms" : "delivery.mail")},
             {"queued", each.queued},
             {"unheard", each.unreported}};
    if (each.oldest_at) row["oldest_at"] = *each.oldest_at;
    if (sms && each.unreported_at) row["unheard_at"] = *each.unreported_at;
    rows.push_back(std::move(row));
  }
  return rows;
}

// "Remis : 4 ; Échoués : 32", for who does not see the bar.
std::string Page::figures(MessageChannel channel, const DeliveryTally& tally) const {
  std::string all;
  for (const auto& outcome : outcomes_of(tally)) {
    const auto* label = channel == MessageChannel::sms ? outcome.sms : outcome.mail;
    if (label == nullptr || outcome.count == 0) continue;
    if (!all.empty()) all += ", ";
    all += text("delivery.figure", {{"name", text(label)}, {"count", outcome.count}});
  }
  return all.empty() ? text("delivery.nothing") : all;
}

// With a bar of 200 units, the shares of its outcomes; positions and lengths are strings, as they
// are no quantities to be printed by a language's rules.
Json Page::row(MessageChannel channel, std::string name, const DeliveryTally& tally) const {
  constexpr std::int64_t width = 200;
  const auto outcomes = outcomes_of(tally);
  std::int64_t sum = 0, done = 0;
  for (const auto& outcome : outcomes) sum += outcome.count;
  Json parts = Json::array();
  for (const auto& outcome : outcomes) {
    if (outcome.count == 0) continue;
    const auto from = done * width / sum;
    done += outcome.count;
    parts.push_back({{"pattern", outcome.pattern},
                     {"x", std::to_string(from)},
                     {"length", std::to_string(done * width / sum - from)}});
  }
  const auto share = tally.share(channel);
  Json row{{"name", std::move(name)},        {"accepted", tally.accepted},
           {"delivered", tally.delivered},   {"silent", tally.silent()},
           {"unreported", tally.unreported}, {"failed", tally.failed},
           {"refused", tally.refused},       {"postponed", tally.postponed},
           {"parts", std::move(parts)},      {"figures", figures(channel, tally)}};
  if (share.among > 0) {
    row["percent"] = percent(share);
    row["of_among"] = text("delivery.of_among", {{"of", share.of}, {"among", share.among}});
  }
  return row;
}

// A stacked bar for each of the last 24 hours, and their rows.
Json Page::hours(MessageChannel channel) const {
  constexpr std::int64_t step = 30, left = 44, top = 22, height = 140;
  const auto first = state_.now - state_.now % hour_ms - 23 * hour_ms;
  std::array<DeliveryTally, 24> tallies{};
  for (const auto& each : state_.carriages) {
    if (each.channel != channel || each.slot < first || each.slot >= first + day_ms) continue;
    tallies[static_cast<std::size_t>((each.slot - first) / hour_ms)].add(each);
  }
  std::int64_t most = 0, most_hour = 0;
  const auto sum_of = [](const DeliveryTally& tally) {
    std::int64_t sum = 0;
    for (const auto& outcome : outcomes_of(tally)) sum += outcome.count;
    return sum;
  };
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    if (sum_of(tallies[i]) <= most) continue;
    most = sum_of(tallies[i]);
    most_hour = static_cast<std::int64_t>(i);
  }
  if (most == 0) return nullptr;
  Json bars = Json::array(), rows = Json::array();
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    const auto at = first + static_cast<TimeMs>(i) * hour_ms;
    const auto x = left + static_cast<std::int64_t>(i) * step;
    const auto sum = sum_of(tallies[i]);
    std::int64_t done = 0;
    Json parts = Json::array();
    for (const auto& outcome : outcomes_of(tallies[i])) {
      if (outcome.count == 0) continue;
      const auto from = done * height / most;
      done += outcome.count;
      const auto to = done * height / most;
      parts.push_back({{"pattern", outcome.pattern},
                       {"x", std::to_string(x + 3)},
                       {"y", std::to_string(top + height - to)},
                       {"length", std::to_string(to - from)}});
    }
    Json bar{{"middle", std::to_string(x + step / 2)}, {"parts", std::move(parts)}};
    // Five digits are wider than a bar.
    if (sum > 0 && (most < 10'000 || i % 2 == 1)) {
      bar["sum"] = format_number(sum, asked_.language);
      bar["sum_y"] = std::to_string(top + height - sum * height / most - 5);
    }
    if (i % 3 == 2) bar["hour"] = format_hour(at, asked_.language);
    bars.push_back(std::move(bar));
    rows.push_back(row(channel, format_hour(at, asked_.language), tallies[i]));
  }
  DeliveryTally day;
  for (const auto& tally : tallies) day.add(tally);
  const auto most_at = format_hour(first + most_hour * hour_ms, asked_.language);
  return {{"bars", std::move(bars)},
          {"rows", std::move(rows)},
          {"most", format_number(most, asked_.language)},
          {"figures", figures(channel, day)},
          {"most_hour", text("delivery.most_hour", {{"hour", most_at}, {"count", most}})}};
}

Json Page::channel(MessageChannel channel) const {
  const bool sms = channel == MessageChannel::sms;
  const auto period = std::find_if(periods.begin(), periods.end(),
                                   [&](const auto& each) { return each.period == asked_.period; });
  std::map<std::string, DeliveryTally> carriers, places;
  for (const auto& each : state_.standings) {
    if (each.channel == channel) carriers[each.name];
  }
  const bool there = !carriers.empty();
  for (const auto& each : state_.carriages) {
    if (each.channel != channel) continue;
    if (each.slot + limits::carriage_slot_ms <= state_.now - period->length) continue;
    carriers[each.carrier].add(each);
    places[each.place].add(each);
  }
  if (!there && places.empty()) return nullptr;

  Json by_carrier = Json::array(), by_place = Json::array();
  for (const auto& [name, tally] : carriers) {
    by_carrier.push_back(row(channel, carrier_name(name), tally));
  }
  std::vector<std::pair<std::string, DeliveryTally>> most(places.begin(), places.end());
  std::stable_sort(most.begin(), most.end(), [](const auto& a, const auto& b) {
    return a.second.accepted + a.second.refused > b.second.accepted + b.second.refused;
  });
  DeliveryTally rest;
  for (std::size_t i = 0; i < most.size(); ++i) {
    const auto& [place, tally] = most[i];
    if (i >= limits::delivery_places) {
      rest.add(tally);
    } else {
      by_place.push_back(row(channel, place_name(channel, place), tally));
    }
  }
  if (most.size() > limits::delivery_places) {
    by_place.push_back(row(channel, text("delivery.the_rest"), rest));
  }
  Json legend = Json::array();
  for (const auto& outcome : outcomes_of({})) {
    if (const auto* label = sms ? outcome.sms : outcome.mail) {
      legend.push_back({{"pattern", outcome.pattern}, {"name", text(label)}});
    }
  }
  const std::string title = text(sms ? "delivery.sms" : "delivery.mail");
  Json tables = Json::array();
  tables.push_back({{"caption", text(sms ? "delivery.by_route" : "delivery.by_relay")},
                    {"head", text(sms ? "delivery.route" : "delivery.relay")},
                    {"rows", std::move(by_carrier)}});
  if (!by_place.empty()) {
    tables.push_back({{"caption", text(sms ? "delivery.by_country" : "delivery.by_domain")},
                      {"head", text(sms ? "delivery.country" : "delivery.domain")},
                      {"rows", std::move(by_place)}});
  }
  Json data{{"title", title},
            {"sms", sms},
            {"legend", std::move(legend)},
            {"tables", std::move(tables)},
            {"hours", hours(channel)}};
  if (data["hours"].is_object()) {
    data["hour_tables"] = Json::array({{{"caption", text("delivery.by_hour")},
                                        {"head", text("delivery.hour")},
                                        {"rows", std::move(data["hours"]["rows"])}}});
    data["hours"].erase("rows");
  }
  return data;
}

Json Page::data() const {
  Json alarms = Json::array(), channels = Json::array(), links = Json::array();
  if (witnesses_overdue()) alarms.push_back(witnesses_alarm());
  if (const auto names = witnesses_behind(); !names.empty()) {
    alarms.push_back({{"text", text("delivery.alarm_behind", {{"names", names}})},
                      {"advice", text("delivery.alarm_behind_advice")}});
  }
  const auto day = state_.now - day_ms;
  std::vector<Carriage> recent;
  std::copy_if(state_.carriages.begin(), state_.carriages.end(), std::back_inserter(recent),
               [&](const Carriage& each) { return each.slot >= day; });
  for (const auto& each : delivery_alarms(recent, state_.waiting, state_.standings, state_.floor,
                                          state_.report_wait_ms, state_.now)) {
    alarms.push_back(alarm(each));
  }
  for (const auto each : {MessageChannel::sms, MessageChannel::email}) {
    if (auto shown = channel(each); !shown.is_null()) channels.push_back(std::move(shown));
  }
  auto other = asked_;
  for (const auto& each : periods) {
    other.period = each.period;
    links.push_back({{"label", text(each.label)},
                     {"url", other.url()},
                     {"here", each.period == asked_.period}});
  }
  other = asked_;
  other.live = !asked_.live;
  const auto live_url = other.url();
  other = asked_;
  other.language = Language::french;
  const auto french_url = other.url();
  other.language = Language::english;
  return {{"now_at", state_.now},
          {"live", asked_.live},
          {"live_url", live_url},
          {"french_url", french_url},
          {"english_url", other.url()},
          {"alarm_count", static_cast<std::int64_t>(alarms.size())},
          {"alarmed", !alarms.empty()},
          {"alarms", std::move(alarms)},
          {"witnessed", state_.log && !state_.log->witnesses.empty()},
          {"witnesses", witnesses()},
          {"waiting", waiting()},
          {"periods", std::move(links)},
          {"channels", std::move(channels)}};
}

}  // namespace

DeliveryQuestion DeliveryQuestion::parse(std::string_view query) {
  DeliveryQuestion asked;
  const auto form = http::parse_form(query);
  if (!form) return asked;
  if (const auto code = form->get("lang")) {
    asked.language = language_from_code(*code).value_or(Language::french);
  }
  for (const auto& each : periods) {
    if (form->get("since") == each.name) asked.period = each.period;
  }
  asked.live = form->get("live") != "no";
  return asked;
}

std::string DeliveryQuestion::url() const {
  const auto found = std::find_if(periods.begin(), periods.end(),
                                  [&](const auto& each) { return each.period == period; });
  return fmt::format("/?lang={}&since={}{}", language_code(language), found->name,
                     live ? "" : "&live=no");
}

Json delivery_data(const DeliveryState& state, const DeliveryQuestion& asked,
                   const Renderer& renderer) {
  return Page(state, asked, renderer).data();
}

}  // namespace isoloir::web
