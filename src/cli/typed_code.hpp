// A code that a person types, or a script gives, on standard input.
#pragma once

#include <string>

#include "election/credential.hpp"

namespace isoloir::cli {

// One line; `prompt` stands before it on a terminal. Errors: those of Code::parse.
Expected<Code> typed_code(const std::string& prompt);

}  // namespace isoloir::cli
