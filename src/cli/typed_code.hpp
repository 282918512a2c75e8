// A code that a person types, or a script gives, on standard input; and the registrar's import that
// it opens.
#pragma once

#include <filesystem>
#include <string>

#include "election/credential.hpp"
#include "election/registrar.hpp"

namespace isoloir::cli {

// One line; `prompt` stands before it on a terminal. Errors: those of Code::parse.
Expected<Code> typed_code(const std::string& prompt);

// Under the transport code that is typed. Errors: file.missing, file.read, those of typed_code and
// open_import (names the file).
Expected<std::vector<VoterKeys>> read_import(const std::filesystem::path& path,
                                             const ElectionId& election,
                                             ContestDistricts districts);

}  // namespace isoloir::cli
