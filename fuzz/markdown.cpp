// What an organiser writes in Markdown: whatever it is, the HTML made of it has no element but
// Markdown's, no address but an allowed one, no attribute but theirs.
#include <array>
#include <cstddef>
#include <cstdint>

#include "web/markdown.hpp"

namespace {

// The whole of a tag, as cmark writes it.
bool is_known(std::string_view tag) {
  for (const std::string_view address : {"<a href=\"", "<img src=\"/pictures/"}) {
    if (!tag.starts_with(address)) continue;
    tag.remove_prefix(address.size());
    if (address.starts_with("<img")) return tag.starts_with("a.png\" alt=\"");
    for (const std::string_view start : {"#", "/", "https://", "mailto:", "tel:"}) {
      if (tag.starts_with(start)) return !tag.starts_with("//") && !tag.starts_with("/\\");
    }
    return false;
  }
  if (tag.starts_with("<ol start=\"") || tag.starts_with("<code class=\"language-")) return true;
  if (tag.starts_with("</"))
    tag.remove_prefix(2);
  else
    tag.remove_prefix(1);
  constexpr std::array<std::string_view, 19> names = {
      "p>",  "a>",  "em>", "strong>", "code>", "pre>", "ul>",   "ol>",   "li>", "blockquote>",
      "h1>", "h2>", "h3>", "h4>",     "h5>",   "h6>",  "hr />", "br />", "p />"};
  for (const auto name : names) {
    if (tag == name) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  const std::string source = "# T\n\n" + std::string(reinterpret_cast<const char*>(data), size);
  const auto page = web::read_markdown(source, {"a.png"}, "/pictures/");
  if (!page) {
    ISOLOIR_ASSERT(page.error().code == "markdown.encoding");
    return 0;
  }
  const std::string_view html = page->html.text();
  for (auto at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
    const auto end = html.find('>', at);
    ISOLOIR_ASSERT(end != std::string_view::npos);
    const auto tag = html.substr(at, end + 1 - at);
    ISOLOIR_ASSERT(tag.find('<', 1) == std::string_view::npos && is_known(tag));
    at = end;
  }
  return 0;
}
