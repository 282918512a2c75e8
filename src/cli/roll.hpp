// What the commands of `isoloir roll` share. One thread.
#pragma once

#include <functional>

#include "cli/bureau_desk.hpp"
#include "cli/command_line.hpp"
#include "service/strike_off.hpp"

namespace isoloir::cli {

// A step at the desk of this state; gives the exit code.
int run_roll(const BureauOptions& options, const std::function<Status(Desk&)>& step);

// Contest, district and key of a place, which the officers compare with what `trustee sign` shows
// them: an event names no one.
void say_place(const Desk& desk, const RollPlace& place);

void add_roll_enrol(Command roll);

}  // namespace isoloir::cli
