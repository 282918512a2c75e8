#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "base/unicode.hpp"
#include "cli/screen.hpp"

namespace isoloir::cli {
namespace {

template <typename T>
CLI::Option* bind(CLI::App& app, const std::string& name, T& value, const std::string& what) {
  auto* option = app.add_option(name, value, what);
  if (value != T{}) option->capture_default_str();
  return option;
}

// Letters to change, add or leave out.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

// CLI11 would only say that a subcommand is missing.
void say_unknown(const std::string& word, const CLI::App& command, const CLI::App& program) {
  std::string all, near;
  for (const auto* known : command.get_subcommands({})) {
    all += (all.empty() ? "" : ", ") + known->get_name();
    if (distance(word, known->get_name()) <= 2) near = known->get_name();
  }
  for (const auto* other : program.get_subcommands({})) {  // seal is a step of election
    for (const auto* known : other->get_subcommands({})) {
      if (word == known->get_name()) near = "isoloir " + other->get_name() + " " + word;
    }
  }
  const std::string shown = printable(word);
  std::fputs(
      both("« " + shown + " » n'est pas une commande" +
               (near.empty() ? "." : " ; peut-être : " + near + " ?") + " Commandes : " + all + ".",
           "\"" + shown + "\" is no command" +
               (near.empty() ? "." : "; did you mean: " + near + "?") + " Commands: " + all + ".")
          .c_str(),
      stderr);
}

// Whether every word that must name a command does. What follows an option is the parser's.
bool names_commands(const CLI::App& app, int argc, char** argv) {
  const auto* command = &app;
  for (int i = 1; i < argc; ++i) {
    const auto known = command->get_subcommands({});
    if (command->get_require_subcommand_min() == 0 || command->get_option_no_throw(argv[i])) {
      return true;
    }
    const auto found = std::find_if(known.begin(), known.end(), [&](const CLI::App* one) {
      return one->get_name() == argv[i];
    });
    if (found == known.end()) {
      say_unknown(argv[i], *command, app);
      return false;
    }
    command = *found;
  }
  if (command->get_subcommands({}).empty()) return true;
  std::fputs(command->help().c_str(), stderr);
  return false;
}

}  // namespace

Option Option::required() const {
  option_->required();
  return *this;
}
Option Option::one_of(const std::vector<std::string>& words) const {
  option_->check(CLI::IsMember(words));
  return *this;
}
Option Option::between(unsigned least, unsigned most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}
Option Option::between(double least, double most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}
Option Option::excludes(Option other) const {
  option_->excludes(other.option_);
  return *this;
}

Command Command::add(const std::string& name, const std::string& what) const {
  app_->require_subcommand(1);
  return {*app_->add_subcommand(name, what), *exit_code_};
}

Option Command::option(const std::string& name, std::string& value, const std::string& what) const {
  return Option(bind(*app_, name, value, what));
}
Option Command::option(const std::string& name, std::optional<std::string>& value,
                       const std::string& what) const {
  return Option(app_->add_option(name, value, what));
}
Option Command::option(const std::string& name, std::filesystem::path& value,
                       const std::string& what) const {
  return Option(bind(*app_, name, value, what));
}
Option Command::option(const std::string& name, std::vector<std::string>& values,
                       const std::string& what) const {
  return Option(app_->add_option(name, values, what)->allow_extra_args(!name.starts_with("-")));
}
Option Command::option(const std::string& name, std::vector<std::uint32_t>& values,
                       const std::string& what) const {
  return Option(app_->add_option(name, values, what)->allow_extra_args(false));
}
Option Command::option(const std::string& name, std::uint16_t& value,
                       const std::string& what) const {
  return Option(bind(*app_, name, value, what));
}
Option Command::option(const std::string& name, std::uint32_t& value,
                       const std::string& what) const {
  return Option(bind(*app_, name, value, what));
}
Option Command::option(const std::string& name, std::uint64_t& value,
                       const std::string& what) const {
  return Option(bind(*app_, name, value, what));
}
Option Command::option(const std::string& name, double& value, const std::string& what) const {
  return Option(bind(*app_, name, value, what));
}
Option Command::flag(const std::string& name, bool& value, const std::string& what) const {
  return Option(app_->add_flag(name, value, what));
}

void Command::runs(std::function<int()> run) const {
  app_->require_subcommand(0, 1);
  app_->callback([app = app_, exit_code = exit_code_, run = std::move(run)] {
    if (app->get_subcommands().empty()) *exit_code = run();
  });
}

int run_command_line(int argc, char** argv, const std::string& what, const std::string& version,
                     std::initializer_list<void (*)(Command)> declarations) {
  CLI::App app{what};
  app.set_version_flag("--version", version, "The program's version and the protocol's");
  int exit_code = 0;
  for (const auto declare : declarations) declare(Command(app, exit_code));
  if (!names_commands(app, argc, argv)) return 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}

}  // namespace isoloir::cli
