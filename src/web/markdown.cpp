#include "web/markdown.hpp"

#include <cmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "base/unicode.hpp"

namespace isoloir::web {

struct MarkdownReader {
  static SafeHtml made(std::string text) { return SafeHtml(std::move(text)); }
};

namespace {

struct FreeNode {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
using Document = std::unique_ptr<cmark_node, FreeNode>;
struct FreeIterator {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};

std::string_view text_of(const char* text) {
  return text ? std::string_view(text) : std::string_view();
}

// The words of a node and of all within it.
std::string words_of(cmark_node* root) {
  std::string words;
  const std::unique_ptr<cmark_iter, FreeIterator> iterator(cmark_iter_new(root));
  for (auto event = cmark_iter_next(iterator.get()); event != CMARK_EVENT_DONE;
       event = cmark_iter_next(iterator.get())) {
    auto* node = cmark_iter_get_node(iterator.get());
    const auto type = cmark_node_get_type(node);
    if (event != CMARK_EVENT_ENTER) continue;
    if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) {
      words += text_of(cmark_node_get_literal(node));
    } else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK) {
      words += ' ';
    }
  }
  return words;
}

// One of our own pages, another site over TLS, a mailbox, a telephone. "//host" is another site's.
bool is_allowed_link(std::string_view address) {
  if (address.starts_with('#')) return true;
  if (address.starts_with('/')) return !address.starts_with("//") && !address.starts_with("/\\");
  for (const std::string_view scheme : {"https://", "mailto:", "tel:"}) {
    if (address.starts_with(scheme)) return true;
  }
  return false;
}

// In place of a node: what is within it, or its words.
void give_way(cmark_node* node) {
  while (auto* child = cmark_node_first_child(node)) cmark_node_insert_before(node, child);
  cmark_node_unlink(node);
  cmark_node_free(node);
}

class Sieve {
 public:
  Sieve(const std::set<std::string>& pictures, std::string_view picture_path)
      : pictures_(pictures), picture_path_(picture_path) {}

  std::vector<std::string> run(cmark_node* document) {
    std::vector<cmark_node*> suspects;
    const std::unique_ptr<cmark_iter, FreeIterator> iterator(cmark_iter_new(document));
    for (auto event = cmark_iter_next(iterator.get()); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(iterator.get())) {
      auto* node = cmark_iter_get_node(iterator.get());
      const auto type = cmark_node_get_type(node);
      const bool leaf = type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE;
      // After what is within it: a link may hold a picture.
      if ((event == CMARK_EVENT_ENTER && leaf) ||
          (event == CMARK_EVENT_EXIT && (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE))) {
        suspects.push_back(node);
      }
    }
    for (auto* node : suspects) judge(node);
    return std::move(faults_);
  }

 private:
  void judge(cmark_node* node) {
    const auto type = cmark_node_get_type(node);
    const int line = cmark_node_get_start_line(node);
    const std::string address(text_of(cmark_node_get_url(node)));
    if (type == CMARK_NODE_IMAGE) return judge_picture(node, address, line);
    if (type == CMARK_NODE_LINK) {
      if (is_allowed_link(address)) return;
      fault(line, fmt::format("the address \"{}\" is no link here: a page of this site, https, "
                              "mailto or tel",
                              address));
      return give_way(node);
    }
    fault(line, "HTML is left out");
    cmark_node_unlink(node);
    cmark_node_free(node);
  }
  void judge_picture(cmark_node* node, const std::string& address, int line) {
    if (!pictures_.contains(address)) {
      fault(line, fmt::format("the picture \"{}\" is not beside the page", address));
      return give_way(node);
    }
    if (words_of(node).empty()) {
      fault(line, fmt::format("the picture \"{}\" has no words for who does not see it", address));
    }
    cmark_node_set_url(node, (picture_path_ + address).c_str());
  }
  // A node within a line has none of its own.
  void fault(int line, std::string_view what) {
    faults_.push_back(line > 0 ? fmt::format("line {}: {}", line, what) : std::string(what));
  }

  const std::set<std::string>& pictures_;
  const std::string picture_path_;
  std::vector<std::string> faults_;
};

}  // namespace

Expected<MarkdownPage> read_markdown(std::string_view source, const std::set<std::string>& pictures,
                                     std::string_view picture_path) {
  if (!nfkc_casefold(source)) return fail("markdown.encoding", "the page is not UTF-8");
  const Document document(cmark_parse_document(source.data(), source.size(), CMARK_OPT_DEFAULT));
  auto* heading = cmark_node_first_child(document.get());
  if (!heading || cmark_node_get_type(heading) != CMARK_NODE_HEADING ||
      cmark_node_get_heading_level(heading) != 1 || words_of(heading).empty()) {
    return fail("markdown.title", "a page begins with its title, \"# Title\"");
  }
  MarkdownPage page;
  page.title = words_of(heading);
  cmark_node_unlink(heading);
  cmark_node_free(heading);
  page.faults = Sieve(pictures, picture_path).run(document.get());
  // Without CMARK_OPT_UNSAFE: what the sieve let through by mistake is left out here.
  const std::unique_ptr<char, decltype(&std::free)> html(
      cmark_render_html(document.get(), CMARK_OPT_DEFAULT), &std::free);
  page.html = MarkdownReader::made(html.get());
  return page;
}

}  // namespace isoloir::web
