#include "cli/typed_code.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace isoloir::cli {

Expected<Code> typed_code(const std::string& prompt) {
  if (isatty(STDIN_FILENO) != 0) std::fprintf(stderr, "%s: ", prompt.c_str());
  Secret<std::string> typed;
  std::getline(std::cin, typed.reveal());
  return Code::parse(typed.reveal());
}

}  // namespace isoloir::cli
