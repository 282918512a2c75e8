#include "base/local_time.hpp"

#include <fmt/format.h>
#include <unicode/basictz.h>
#include <unicode/timezone.h>

#include <charconv>
#include <chrono>
#include <memory>

namespace isoloir {

Expected<TimeMs> from_local_time(std::string_view local, std::string_view zone) {
  const std::unique_ptr<icu::TimeZone> found(icu::TimeZone::createTimeZone(
      icu::UnicodeString::fromUTF8({zone.data(), static_cast<int32_t>(zone.size())})));
  const auto* rules = dynamic_cast<const icu::BasicTimeZone*>(found.get());
  if (!rules || *found == icu::TimeZone::getUnknown()) {
    return fail("time.zone", fmt::format("there is no time zone \"{}\"", zone));
  }
  // What is no number there stays 0, and then the text is not the one that these numbers give.
  const auto part = [&](std::size_t at, std::size_t length) {
    unsigned value = 0;
    if (local.size() == 19) std::from_chars(local.data() + at, local.data() + at + length, value);
    return value;
  };
  const unsigned year = part(0, 4), month = part(5, 2), day = part(8, 2);
  const unsigned hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59 ||
      local != fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, month, day, hour, minute,
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
