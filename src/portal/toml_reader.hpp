// Reading a file of settings in TOML: every mistake is noted with its line, and reading goes on, so
// that whoever writes the file sees them all at once. Used by the .cpp files that link toml++.
#pragma once

#include <fmt/format.h>

#include <toml++/toml.h>
#include <set>
#include <string>
#include <string_view>

#include "election/manifest.hpp"

namespace isoloir {

class TomlReader {
 public:
  explicit TomlReader(std::string_view file) : file_(file) {}

  void problem(const toml::node& at, std::string_view what) {
    problem(at.source().begin.line, what);
  }
  void problem(toml::source_index line, std::string_view what) {
    problems_ += fmt::format("{}:{}: {}\n", file_, line, what);
  }
  const std::string& problems() const { return problems_; }

  // Says which keys a table may have; the others are problems.
  void known(const toml::table& table, const std::set<std::string_view>& names) {
    for (const auto& [key, node] : table) {
      if (!names.contains(key.str())) {
        problem(node, fmt::format("the key \"{}\" is not known here", key.str()));
      }
    }
  }
  const toml::table& table(const toml::table& parent, std::string_view name) {
    static const toml::table empty;
    if (const auto* child = parent[name].as_table()) return *child;
    missing(parent, name, "a table");
    return empty;
  }
  std::string text(const toml::table& parent, std::string_view name) {
    const auto* node = parent.get(name);
    if (node && node->is_string() && !node->as_string()->get().empty()) {
      return node->as_string()->get();
    }
    missing(parent, name, "a text");
    return {};
  }
  BilingualText bilingual(const toml::table& parent, std::string_view name) {
    const auto& both = table(parent, name);
    known(both, {"fr", "en"});
    return {text(both, "en"), text(both, "fr")};
  }
  std::uint32_t number(const toml::table& parent, std::string_view name, std::int64_t least,
                       std::int64_t most) {
    const auto* node = parent.get(name);
    if (node && node->is_integer()) {
      const auto value = node->as_integer()->get();
      if (value >= least && value <= most) return static_cast<std::uint32_t>(value);
      problem(*node, fmt::format("\"{}\" must lie between {} and {}", name, least, most));
      return static_cast<std::uint32_t>(least);
    }
    missing(parent, name, "an integer");
    return static_cast<std::uint32_t>(least);
  }
  // Where it may be absent.
  std::string text_or_nothing(const toml::table& parent, std::string_view name) {
    return parent.contains(name) ? text(parent, name) : "";
  }
  bool flag(const toml::table& parent, std::string_view name) {
    const auto* node = parent.get(name);
    if (node && node->is_boolean()) return node->as_boolean()->get();
    missing(parent, name, "true or false");
    return false;
  }
  std::string local_time(const toml::table& parent, std::string_view name) {
    const auto* node = parent.get(name);
    if (node && node->is_date_time() && !node->as_date_time()->get().offset) {
      const auto value = node->as_date_time()->get();
      return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", value.date.year, value.date.month,
                         value.date.day, value.time.hour, value.time.minute, value.time.second);
    }
    missing(parent, name, "a local date and time such as 2022-12-01T08:00:00, without offset");
    return {};
  }
  const toml::array& array(const toml::table& parent, std::string_view name) {
    static const toml::array empty;
    if (const auto* found = parent[name].as_array(); found && !found->empty()) return *found;
    missing(parent, name, "a list with at least one entry");
    return empty;
  }

 private:
  void missing(const toml::table& parent, std::string_view name, std::string_view what) {
    const auto* node = parent.get(name);
    problem(node ? node->source().begin.line : parent.source().begin.line,
            node ? fmt::format("\"{}\" must be {}", name, what)
                 : fmt::format("\"{}\" is missing: {}", name, what));
  }
  std::string file_;
  std::string problems_;
};

}  // namespace isoloir
