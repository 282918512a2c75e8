// How the subcommands declare what may be written after `isoloir`: a thin coat over CLI11, which
// command_line.cpp alone includes, because it costs every file that does seconds to compile.
//
// Command and Option are handles, copied freely; they live as long as run_command_line, and so must
// the variables that options are bound to. What a variable holds when it is bound is the option's
// default, and the help shows it unless it is empty or zero. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace isoloir::cli {

class Option {
 public:
  Option required() const;
  Option one_of(const std::vector<std::string>& words) const;
  Option between(unsigned least, unsigned most) const;
  Option between(double least, double most) const;
  Option excludes(Option other) const;

 private:
  friend class Command;
  explicit Option(CLI::Option* option) : option_(option) {}
  CLI::Option* option_;
};

class Command {
 public:
  // A command that has subcommands needs one of them to be named.
  Command add(const std::string& name, const std::string& what) const;

  // `name` with dashes is an option, without is told by its place. A list takes one value each time
  // that its option is given; one that is told by its place takes all that stand there.
  Option option(const std::string& name, std::string& value, const std::string& what) const;
  // Nothing where it is not given, which is not the same as an empty text.
  Option option(const std::string& name, std::optional<std::string>& value,
                const std::string& what) const;
  Option option(const std::string& name, std::filesystem::path& value,
                const std::string& what) const;
  Option option(const std::string& name, std::vector<std::string>& values,
                const std::string& what) const;
  Option option(const std::string& name, std::vector<std::uint32_t>& values,
                const std::string& what) const;
  Option option(const std::string& name, std::uint16_t& value, const std::string& what) const;
  Option option(const std::string& name, std::uint32_t& value, const std::string& what) const;
  Option option(const std::string& name, std::uint64_t& value, const std::string& what) const;
  Option option(const std::string& name, double& value, const std::string& what) const;
  Option flag(const std::string& name, bool& value, const std::string& what) const;

  // Gives the exit code: 0 success, 1 a negative verdict or a failed step, 2 bad use or bad input.
  // After add() where the command has subcommands too: then it runs when none of them is named, and
  // none of its options may be required.
  void runs(std::function<int()> run) const;

 private:
  friend int run_command_line(int argc, char** argv, const std::string& what,
                              const std::string& version,
                              std::initializer_list<void (*)(Command)> declarations);
  Command(CLI::App& app, int& exit_code) : app_(&app), exit_code_(&exit_code) {}
  CLI::App* app_;
  int* exit_code_;
};

// Reads the command line and runs the one command that it names. Gives the exit code, 2 and words
// on stderr when it names none; what a command throws passes through. `version` is what --version
// says.
int run_command_line(int argc, char** argv, const std::string& what, const std::string& version,
                     std::initializer_list<void (*)(Command)> declarations);

}  // namespace isoloir::cli
