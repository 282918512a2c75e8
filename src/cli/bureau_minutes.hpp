// isoloir bureau minutes: an officer verifies the final export on her own machine, signs the
// minutes that follow from it, and has them printed.
#pragma once

#include "cli/command_line.hpp"

namespace isoloir::cli {

void add_bureau_minutes(Command bureau);

}  // namespace isoloir::cli
