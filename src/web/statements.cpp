#include "web/statements.hpp"

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "web/html_sieve.hpp"

namespace isoloir::web {
namespace {

namespace fs = std::filesystem;

// In most files such things lie packed, where this does not see them: a hint for who made it by
// mistake. What protects is that the file is saved and not opened (Site::statement).
std::vector<std::string> pdf_faults(std::string_view pdf) {
  if (!pdf.starts_with("%PDF-")) return {"is no PDF"};
  std::vector<std::string> faults;
  for (const std::string_view name : {"/JavaScript", "/Launch", "/EmbeddedFile", "/RichMedia"}) {
    if (pdf.find(name) != std::string_view::npos) {
      faults.push_back(fmt::format("holds something active ({})", name));
    }
  }
  return faults;
}

}  // namespace

Expected<Statements> Statements::read(const fs::path& portal_folder, const Portal& portal) {
  Statements all;
  std::string problems;
  std::size_t bytes = 0;
  for (const auto& [option, name] : portal.statements) {
    if (all.files_.contains(name)) continue;  // of several contests
    const auto file = portal_folder / "statements" / name;
    // A link could lead to the server's own files.
    if (fs::is_symlink(file)) {
      problems += fmt::format("{}: is a link, not a file\n", file.string());
      continue;
    }
    auto content = read_file(file, limits::statement_bytes);
    if (!content) {
      problems += content.error().message + "\n";
      continue;
    }
    for (const auto& fault :
         name.ends_with(".pdf") ? pdf_faults(*content) : html_faults(*content)) {
      problems += fmt::format("{}: {}\n", file.string(), fault);
    }
    bytes += content->size();
    all.files_.emplace(name, std::move(*content));
    if (bytes > limits::statements_bytes) {
      problems += fmt::format("{}: all statements up to this one are larger than {} bytes\n",
                              file.string(), limits::statements_bytes);
      break;
    }
  }
  if (!problems.empty()) return fail("portal.statements", problems);
  return all;
}

const std::string* Statements::find(std::string_view name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second;
}

}  // namespace isoloir::web
