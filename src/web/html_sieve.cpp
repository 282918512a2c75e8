#include "web/html_sieve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/unicode.hpp"

namespace isoloir::web {
namespace {

constexpr std::size_t most_faults = 20;
constexpr std::string_view spaces = " \t\r\n";
constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

const std::set<std::string_view> elements = {
    "a",      "abbr",    "address", "article", "aside",      "b",        "blockquote", "body",
    "br",     "caption", "cite",    "code",    "col",        "colgroup", "dd",         "details",
    "div",    "dl",      "dt",      "em",      "figcaption", "figure",   "footer",     "h1",
    "h2",     "h3",      "h4",      "h5",      "h6",         "head",     "header",     "hr",
    "html",   "i",       "img",     "li",      "main",       "mark",     "meta",       "nav",
    "ol",     "p",       "pre",     "q",       "s",          "section",  "small",      "span",
    "strong", "style",   "sub",     "summary", "sup",        "table",    "tbody",      "td",
    "tfoot",  "th",      "thead",   "time",    "title",      "tr",       "u",          "ul"};
const std::set<std::string_view> attributes = {
    "alt",    "charset", "class", "colspan", "content", "datetime", "dir",   "headers",
    "height", "href",    "id",    "lang",    "name",    "open",     "role",  "rowspan",
    "scope",  "span",    "src",   "start",   "style",   "title",    "value", "width"};

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

// What could name something elsewhere, or hide a name that does.
bool is_plain_style(std::string_view css) {
  const auto small = lower(css);
  for (const std::string_view word :
       {"\\", "&", "@import", "url(", "src(", "image(", "image-set"}) {
    if (small.find(word) != std::string::npos) return false;
  }
  return true;
}

bool is_own_picture(std::string_view address) {
  for (const std::string_view type : {"png", "jpeg", "gif", "webp"}) {
    if (address.starts_with(fmt::format("data:image/{};base64,", type))) return true;
  }
  return false;
}

class HtmlReader {
 public:
  explicit HtmlReader(std::string_view html) : html_(html) {}

  std::vector<std::string> run() {
    if (!nfkc_casefold(html_) || html_.find('\0') != std::string_view::npos) {
      return {"the file is not UTF-8"};
    }
    skip("\xEF\xBB\xBF");
    if (lower(html_.substr(at_, 15)) == "<!doctype html>") at_ += 15;
    while ((at_ = html_.find('<', at_)) != std::string_view::npos && faults_.size() < most_faults) {
      tag_ = at_++;
      if (const auto what = tag(); !what.empty()) fault(what);
    }
    return std::move(faults_);
  }

 private:
  // After the "<": what is wrong with the tag; at its end if nothing is.
  std::string tag() {
    const bool end = skip("/");
    const auto name = lower(take(std::string(letters) + "0123456789"));
    if (name.empty())
      return "\"<\" begins no element: it is written &lt;, and there are no comments";
    if (!elements.contains(name)) return fmt::format("the element \"{}\" is not allowed", name);
    while (!skip(">")) {
      const bool apart = !take(spaces).empty();
      if (skip("/>")) break;
      if (skip(">")) break;
      if (!apart || end) return fmt::format("the tag \"{}\" is not well written", name);
      if (const auto what = attribute(); !what.empty()) return what;
    }
    return !end && (name == "style" || name == "title") ? raw_text(name) : "";
  }

  std::string attribute() {
    const auto name = lower(take(std::string(letters) + "-"));
    if (name.empty()) return "an attribute is not well written";
    if (!attributes.contains(name) && !name.starts_with("aria-")) {
      return fmt::format("the attribute \"{}\" is not allowed", name);
    }
    if (!skip("=")) return "";
    const auto quote = html_.substr(at_, 1);
    const auto close =
        quote == "\"" || quote == "'" ? html_.find(quote, at_ + 1) : std::string_view::npos;
    if (close == std::string_view::npos)
      return fmt::format("the value of \"{}\" stands in quotes", name);
    const auto value = html_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    if (value.find_first_of("<>") != std::string_view::npos) {
      return fmt::format("in the value of \"{}\", < and > are written &lt; and &gt;", name);
    }
    if (name == "href" && !value.starts_with('#')) {
      return fmt::format("the link \"{}\" leads elsewhere: only #… is allowed", value);
    }
    if (name == "src" && !is_own_picture(value)) {
      return "a picture is in the file itself: data:image/png;base64,… (or jpeg, gif, webp)";
    }
    if (name == "style" && !is_plain_style(value)) return style_fault;
    return "";
  }

  // A browser takes what stands in these as text, up to their end tag.
  std::string raw_text(const std::string& name) {
    const auto end = std::min(html_.find('<', at_), html_.size());
    const auto text = html_.substr(at_, end - at_);
    if (lower(html_.substr(end, name.size() + 3)) != "</" + name + ">") {
      return fmt::format("\"{}\" holds text, then its end", name);
    }
    return name == "style" && !is_plain_style(text) ? style_fault : "";
  }

  bool skip(std::string_view text) {
    if (!html_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  std::string_view take(std::string_view among) {
    const auto end = std::min(html_.find_first_not_of(among, at_), html_.size());
    const auto taken = html_.substr(at_, end - at_);
    at_ = end;
    return taken;
  }
  void fault(std::string_view what) {
    const auto line =
        1 + std::count(html_.begin(), html_.begin() + static_cast<std::ptrdiff_t>(tag_), '\n');
    faults_.push_back(fmt::format("line {}: {}", line, what));
  }

  static constexpr const char* style_fault =
      "styles may not use url(), @import, image-set() or the like, nor \\ or &";
  const std::string_view html_;
  std::size_t at_ = 0, tag_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> html_faults(std::string_view html) {
  return HtmlReader(html).run();
}

}  // namespace isoloir::web
