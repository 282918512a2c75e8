// What organisers write in Markdown can do nothing to who reads it.
#include "web/markdown.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "base/temporary_folder.hpp"
#include "web/information.hpp"

namespace isoloir::web {
namespace {

namespace fs = std::filesystem;

std::string html_of(std::string_view body, const std::set<std::string>& pictures = {}) {
  const auto page = read_markdown("# Titre\n\n" + std::string(body), pictures, "/information/");
  EXPECT_TRUE(page) << body;
  return page ? page->html.text() : "";
}
std::size_t faults_of(std::string_view body) {
  return read_markdown("# Titre\n\n" + std::string(body), {"a.png"}, "/information/")
      ->faults.size();
}

TEST(Markdown, SaysWhatIsWritten) {
  const auto page = read_markdown(
      "# L’aide & *vous*\n\n## Deux\n\nUn [lien](/tracker) et **gras**, `code`.\n\n1. un\n2. "
      "deux\n\n"
      "![Une page](a.png)\n",
      {"a.png"}, "/information/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->title, "L’aide & vous");
  EXPECT_TRUE(page->faults.empty());
  const auto& html = page->html.text();
  for (const char* part : {"<h2>Deux</h2>", "<a href=\"/tracker\">lien</a>",
                           "<strong>gras</strong>", "<code>code</code>", "<li>deux</li>",
                           "<img src=\"/information/a.png\" alt=\"Une page\" />"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part << "\n" << html;
  }
  EXPECT_EQ(html.find("<h1"), std::string::npos);
}

TEST(Markdown, HostileTextDoesNothing) {
  for (const char* body : {"<script>alert(1)</script>",
                           "a <script>alert(1)</script> b",
                           "<img src=x onerror=alert(1)>",
                           "<iframe src=\"https://evil.example\"></iframe>",
                           "<style>*{display:none}</style>",
                           "[x](javascript:alert(1))",
                           "[x](JaVaScRiPt:alert(1))",
                           "[x](&#106;avascript:alert(1))",
                           "[x](data:text/html;base64,PHNjcmlwdD4=)",
                           "[x](vbscript:x)",
                           "[x](file:///etc/passwd)",
                           "[x](//evil.example)",
                           "[x](/\\evil.example)",
                           "[x](http://evil.example)",
                           "<javascript:alert(1)>",
                           "![x](https://evil.example/pixel.png)",
                           "![x](data:image/svg+xml;base64,PHN2Zz4=)",
                           "![x](../../etc/passwd)",
                           "[![x](//evil.example/a.png)](javascript:alert(1))",
                           "[a]: javascript:alert(1)\n\n[a]",
                           "<a href=\"javascript:alert(1)\">x</a>"}) {
    const auto html = html_of(body);
    for (const char* bad :
         {"<script", "<img", "<iframe", "<style", "<svg", "href=\"javascript", "href=\"vbscript",
          "href=\"data", "href=\"file", "href=\"//", "evil.example\"", "src="}) {
      EXPECT_EQ(html.find(bad), std::string::npos) << body << "\n" << html;
    }
    EXPECT_GE(faults_of(body), 1u) << body << ": who wrote it is told";
  }
  // What only looks like markup is text.
  EXPECT_EQ(html_of("<svg/onload=alert(1)>"), "<p>&lt;svg/onload=alert(1)&gt;</p>\n");
  EXPECT_NE(html_of("`<script>`").find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(html_of("a < b & c \"d\"").find("a &lt; b &amp; c"), std::string::npos);
}

TEST(Markdown, APictureHasWordsForWhoDoesNotSeeIt) {
  EXPECT_EQ(faults_of("![](a.png)"), 1u);
  EXPECT_EQ(faults_of("![Une page](a.png)"), 0u);
}

TEST(Markdown, APageHasATitleAndIsText) {
  for (const char* source : {"", "texte", "## Deux\n", "#\n", "<h1>x</h1>"}) {
    EXPECT_EQ(read_markdown(source, {}, "/").error().code, "markdown.title") << source;
  }
  EXPECT_EQ(read_markdown("# a\n\xff\xfe", {}, "/").error().code, "markdown.encoding");
}

// Whatever is written, every tag is one that Markdown has, and every address an allowed one.
RC_GTEST_PROP(MarkdownProperties, NoTextMakesAnotherTag, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "<", ">", "script", "a", "[", "](", ")", "![", "javascript:", "//x", "`", "*", "\n", "\n\n",
      "&", "#", "\"", "'", "<a href=", "<!--", "-->", "https://x", " ", "1. ", "- ", "    "));
  std::string body;
  for (const auto& piece : pieces) body += piece;
  const auto html = html_of(body);
  for (auto at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const auto tag = html.substr(at, html.find('>', at) - at);
    bool known = false;
    for (const char* start :
         {"<p",          "</p",    "<a href=\"/", "<a href=\"#", "<a href=\"https://",
          "</a",         "<em",    "</em",        "<strong",     "</strong",
          "<code",       "</code", "<pre",        "</pre",       "<ul",
          "</ul",        "<ol",    "</ol",        "<li",         "</li",
          "<h",          "</h",    "<hr",         "<br",         "<blockquote",
          "</blockquote"}) {
      known = known || tag.starts_with(start);
    }
    RC_ASSERT(known);
    RC_ASSERT(!tag.starts_with("<a href=\"//"));
  }
}

struct InformationTest : testing::Test {
  InformationTest() {
    fs::create_directories(fs::path(folder.file("")) / "pages");
    write("aide.fr.md", "# Aide\n\n![Écran](a.png)\n");
    write("aide.en.md", "# Help\n\n![Screen](a.png)\n");
    write("a.png", "\x89PNG\r\n\x1a\n…");
    portal.information = {{"aide", {"Help", "Aide"}}, {"", {"Form", "Formulaire"}}};
  }
  void write(const std::string& name, std::string_view content) const {
    std::ofstream(fs::path(folder.file("")) / "pages" / name, std::ios::binary) << content;
  }
  std::string problem() const {
    const auto pages = InformationPages::read(fs::path(folder.file("")), portal);
    return pages ? "" : pages.error().message;
  }
  TemporaryFolder folder;
  Portal portal;
};

TEST_F(InformationTest, PagesAndPicturesAreRead) {
  const auto pages = InformationPages::read(fs::path(folder.file("")), portal);
  ASSERT_TRUE(pages) << pages.error().message;
  EXPECT_EQ(pages->page("aide", Language::french)->title, "Aide");
  EXPECT_EQ(pages->page("aide", Language::english)->title, "Help");
  EXPECT_TRUE(pages->picture("a.png")->starts_with("\x89PNG"));
  for (const char* name : {"", "edito", "../portal", "aide.fr.md", "a.png\n"}) {
    EXPECT_EQ(pages->page(name, Language::french), nullptr) << name;
    EXPECT_EQ(pages->picture(name), nullptr) << name;
  }
}

TEST_F(InformationTest, WhatIsWrongIsNamedByItsFile) {
  write("aide.en.md", "no title");
  EXPECT_NE(problem().find("aide.en.md: a page begins with its title"), std::string::npos)
      << problem();
  write("aide.en.md", "# Help\n\n<b>x</b> ![s](b.png)\n");
  EXPECT_NE(problem().find("the picture \"b.png\" is not beside the page"), std::string::npos);
  EXPECT_NE(problem().find("HTML is left out"), std::string::npos);
  write("a.png", "<svg onload=alert(1)>");
  EXPECT_NE(problem().find("a.png: is no PNG picture"), std::string::npos);
  fs::remove(fs::path(folder.file("")) / "pages/aide.fr.md");
  EXPECT_NE(problem().find("aide.fr.md: there is no such file"), std::string::npos);
}

}  // namespace
}  // namespace isoloir::web
