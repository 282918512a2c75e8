#include "web/information.hpp"

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/limits.hpp"

namespace isoloir::web {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";

}  // namespace

Expected<InformationPages> InformationPages::read(const fs::path& portal_folder,
                                                  const Portal& portal) {
  InformationPages all;
  std::string problems;
  const auto folder = portal_folder / "pages";
  const auto problem = [&](const fs::path& file, std::string_view what) {
    problems += fmt::format("{}: {}\n", file.string(), what);
  };
  const auto content = [&](const fs::path& file,
                           std::uintmax_t most) -> std::optional<std::string> {
    auto text = read_file(file, most);
    if (text) return std::move(*text);
    problems += text.error().message + "\n";
    return std::nullopt;
  };
  std::set<std::string> names;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const auto name = entry.path().filename().string();
      if (!name.ends_with(".png")) continue;
      auto bytes = content(entry.path(), limits::information_picture_bytes);
      if (!bytes) continue;
      if (!bytes->starts_with(png_signature)) {
        problem(entry.path(), "is no PNG picture");
        continue;
      }
      names.insert(name);
      all.pictures_.emplace(name, std::move(*bytes));
    }
  }
  for (const auto& item : portal.information) {
    if (item.page.empty()) continue;
    for (const auto language : {Language::french, Language::english}) {
      const auto file = folder / fmt::format("{}.{}.md", item.page, language_code(language));
      const auto source = content(file, limits::information_page_bytes);
      if (!source) continue;
      auto page = read_markdown(*source, names, information_path);
      if (!page) {
        problem(file, page.error().message);
        continue;
      }
      for (const auto& fault : page->faults) problem(file, fault);
      all.pages_.emplace(std::pair(item.page, language), std::move(*page));
    }
  }
  if (!problems.empty()) return fail("portal.pages", problems);
  return all;
}

const MarkdownPage* InformationPages::page(std::string_view name, Language language) const {
  const auto found = pages_.find({std::string(name), language});
  return found == pages_.end() ? nullptr : &found->second;
}

const std::string* InformationPages::picture(std::string_view name) const {
  const auto found = pictures_.find(name);
  return found == pictures_.end() ? nullptr : &found->second;
}

}  // namespace isoloir::web
