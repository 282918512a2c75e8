// Writing the printable pages of the command line.
#pragma once

#include <string>
#include <string_view>

namespace isoloir::cli {

// For element content and double-quoted attributes.
std::string escaped(std::string_view text);

}  // namespace isoloir::cli
