// What lists and candidates tell voters (professions de foi): files in the folder `statements`
// beside portal.toml, PDF or HTML, read when the server starts. Immutable, thread-safe.
#pragma once

#include <filesystem>
#include <map>

#include "portal/portal.hpp"

namespace isoloir::web {

inline constexpr std::string_view statement_path = "/statements/";

class Statements {
 public:
  Statements() = default;
  // Every file that the portal names. Error: portal.statements, one problem a line, each "FILE:
  // what is wrong": a file that is missing, a link to elsewhere, too large, not what its name says,
  // or that holds something active (html_faults; of a PDF what it shows without being unpacked).
  static Expected<Statements> read(const std::filesystem::path& portal_folder,
                                   const Portal& portal);

  const std::string* find(std::string_view name) const;  // "liste-a.pdf": its bytes

 private:
  std::map<std::string, std::string, std::less<>> files_;
};

}  // namespace isoloir::web
