// What the organiser's page shows of delivery and of the log's witnesses: views/delivery.mustache,
// filled. Pure.
#pragma once

#include "board/log.hpp"
#include "courier/delivery.hpp"
#include "web/render.hpp"

namespace isoloir::web {

struct DeliveryState {
  std::vector<Carriage> carriages;  // of the last 7 days
  std::vector<Waiting> waiting;
  std::vector<Routing::Standing> standings;
  RouteFloor floor;
  std::int64_t report_wait_ms = 0;
  TimeMs now = 0;
  std::optional<Log::Standing> log{};  // where an election is served
};

// What was asked for in the page's address.
struct DeliveryQuestion {
  enum class Period { hour, day, week };
  Period period = Period::day;
  bool live = true;  // asked for anew every minute
  Language language = Language::french;

  static DeliveryQuestion parse(std::string_view query);  // what it does not know is as if absent
  std::string url() const;
};

Json delivery_data(const DeliveryState& state, const DeliveryQuestion& asked,
                   const Renderer& renderer);

}  // namespace isoloir::web
