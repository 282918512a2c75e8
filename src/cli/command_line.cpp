#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

namespace isoloir::cli {
namespace {

template <typename T>
CLI::Option* bind(CLI::App& app, const std::string& name, T& value, const std::string& what) {
  auto* option = app.add_option(name, value, what);
  if (value != T{}) option->capture_default_str();
  return option;
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
Option Command::option(const std::string& name, std::filesystem::path& value,
                       const std::string& what) const {
  return Option(bind(*app_, name, value, what));
}
Option Command::option(const std::string& name, std::vector<std::string>& values,
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
  app_->callback([exit_code = exit_code_, run = std::move(run)] { *exit_code = run(); });
}

int run_command_line(int argc, char** argv, const std::string& what,
                     std::initializer_list<void (*)(Command)> declarations) {
  CLI::App app{what};
  int exit_code = 0;
  for (const auto declare : declarations) declare(Command(app, exit_code));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}

}  // namespace isoloir::cli
