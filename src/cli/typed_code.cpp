#include "cli/typed_code.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "base/files.hpp"

namespace isoloir::cli {

Expected<Code> typed_code(const std::string& prompt) {
  if (isatty(STDIN_FILENO) != 0) std::fprintf(stderr, "%s: ", prompt.c_str());
  Secret<std::string> typed;
  std::getline(std::cin, typed.reveal());
  return Code::parse(typed.reveal());
}

Expected<std::vector<VoterKeys>> read_import(const std::filesystem::path& path,
                                             const ElectionId& election,
                                             ContestDistricts districts) {
  const auto file = read_file(path);
  if (!file) return fail(file.error());
  const auto code = typed_code("Transport code of " + path.string());
  if (!code) return fail(code.error());
  auto keys = open_import(*file, election, *code, districts);
  if (!keys) return fail(keys.error().code, path.string() + ": " + keys.error().message);
  return keys;
}

}  // namespace isoloir::cli
