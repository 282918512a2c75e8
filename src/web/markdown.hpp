// Markdown (CommonMark 0.30, through cmark) of an organiser, as HTML that can do nothing: no raw
// HTML, no script, no picture but those named, no address but a page's, a mailbox's, a telephone's.
// What is not allowed is left out or becomes its words. Pure, thread-safe.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace isoloir::web {

// HTML that goes into a page as it stands. This module alone makes it.
class SafeHtml {
 public:
  SafeHtml() = default;
  const std::string& text() const { return text_; }

 private:
  friend struct MarkdownReader;
  explicit SafeHtml(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct MarkdownPage {
  std::string title;  // of its first heading, which is not in the HTML
  SafeHtml html;
  std::vector<std::string> faults;  // what was left out, for who wrote it: "line 7: …"
};

// `pictures`: file names that may be shown, "vote-1.png"; they are served at `picture_path` + name.
// Errors: markdown.encoding (not UTF-8), markdown.title (it does not begin with a "# heading").
Expected<MarkdownPage> read_markdown(std::string_view source, const std::set<std::string>& pictures,
                                     std::string_view picture_path);

}  // namespace isoloir::web
