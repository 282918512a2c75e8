// Wall-clock times of a place, as people and portal.toml write them. Thread-safe.
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace isoloir {

// "2022-12-01T08:00:00" in a zone of the tz database ("Europe/Paris"). Errors: time.zone (no such
// zone), time.local (another form, no such day, or an hour that the change to or from summer time
// leaves out or has twice).
Expected<TimeMs> from_local_time(std::string_view local, std::string_view zone);

}  // namespace isoloir
