#include "base/local_time.hpp"

#include <fmt/format.h>
#include <unicode/basictz.h>
#include <unicode/timezone.h>

#include <chrono>
#include <cstdio>
#include <memory>

namespace isoloir {

Expected<TimeMs> from_local_time(std::string_view local, std::string_view zone) {
  const std::unique_ptr<icu::TimeZone> found(icu::TimeZone::createTimeZone(
      icu::UnicodeString::fromUTF8({zone.data(), static_cast<int32_t>(zone.size())})));
  const auto* rules = dynamic_cast<const icu::BasicTimeZone*>(found.get());
  if (!rules || *found == icu::TimeZone::getUnknown()) {
    return fail("time.zone", fmt::format("there is no time zone \"{}\"", zone));
  }
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const std::string text(local);
  const int read = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u", &year, &month, &day, &hour,
                               &minute, &second);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (read != 6 || !date.ok() || hour > 23 || minute > 59 || second > 59 ||
      text != fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, month, day, hour, minute,
                          second)) {
    return fail("time.local", fmt::format("\"{}\" is no time like 2022-12-01T08:00:00", local));
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const TimeMs wall = (days * 86'400LL + hour * 3600 + minute * 60 + second) * 1000;
  const auto offset = [&](UTimeZoneLocalOption choice) {
    int32_t raw = 0, summer = 0;
    UErrorCode status = U_ZERO_ERROR;
    rules->getOffsetFromLocal(static_cast<UDate>(wall), choice, choice, raw, summer, status);
    return raw + summer;
  };
  const auto former = offset(UCAL_TZ_LOCAL_FORMER);
  if (former != offset(UCAL_TZ_LOCAL_LATTER)) {
    return fail("time.local", fmt::format("{} does not exist or exists twice in {}: the clocks "
                                          "change then",
                                          local, zone));
  }
  return wall - former;
}

}  // namespace isoloir
