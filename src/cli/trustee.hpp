// isoloir trustee: the holders' tool. Everything travels as files on sticks; each holder's private
// file is sealed under its activation code (holder_file.hpp).
//
// The private file is written, under its new state, before anything that depends on it leaves;
// nothing is replaced but the private file and a document that gains a signature.
//
// The subcommands, by what they are about: the ceremony (trustee_ceremony.hpp), signatures
// (trustee_sign.hpp), the count (trustee_count.hpp). Here is what they share. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/command_line.hpp"
#include "cli/holder_file.hpp"

namespace isoloir::cli {

struct HolderOptions {
  std::string file;
  std::string code_file;

  void declare(Command command, bool required);
  // Asks for the code. Errors: those of ask_code and HolderFile::open.
  Expected<HolderFile> open() const;
};

// What a step of a command has to say, on the screen, or its error in French and English; gives the
// exit code.
int report_step(const Expected<std::string>& result, const char* command = "trustee");

// A subcommand of `trustee` that runs one step.
template <typename Options>
Command add_trustee_step(Command trustee, const char* name, const char* what,
                         const std::shared_ptr<Options>& options,
                         std::function<Expected<std::string>(const Options&)> run) {
  const Command command = trustee.add(name, what);
  command.runs([options, run] { return report_step(run(*options)); });
  return command;
}

void add_trustee_ceremony(Command trustee);
void add_trustee_sign(Command trustee);
void add_trustee_count(Command trustee);

}  // namespace isoloir::cli
