// What a portal's organiser tells voters: pages in Markdown and their pictures, from the folder
// `pages` beside portal.toml, read when the server starts. Immutable, thread-safe.
#pragma once

#include <filesystem>
#include <map>

#include "portal/portal.hpp"
#include "web/locale.hpp"
#include "web/markdown.hpp"

namespace isoloir::web {

inline constexpr std::string_view information_path = "/information/";

class InformationPages {
 public:
  InformationPages() = default;
  // pages/NAME.fr.md and pages/NAME.en.md of every [[information]] of the portal, and the pictures
  // (PNG) there. Error: portal.pages, one problem a line, each "FILE: what is wrong": a file that
  // is missing, too large, no UTF-8, no PNG, without a title, or with something that would be left
  // out.
  static Expected<InformationPages> read(const std::filesystem::path& portal_folder,
                                         const Portal& portal);

  const MarkdownPage* page(std::string_view name, Language language) const;
  const std::string* picture(std::string_view name) const;  // "vote-1.png": its bytes

 private:
  std::map<std::pair<std::string, Language>, MarkdownPage> pages_;
  std::map<std::string, std::string, std::less<>> pictures_;
};

}  // namespace isoloir::web
