// Where the sources and the build are: in no command line and no literal, so that what was compiled
// for one clone serves another (ccache).
#pragma once

#include <string>

namespace isoloir::test {

std::string source_dir();  // without a slash at the end
std::string binary_dir();

}  // namespace isoloir::test
