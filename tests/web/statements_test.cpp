// What candidates write is read when the server starts, and refused where it could do something.
#include "web/statements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/limits.hpp"
#include "base/temporary_folder.hpp"
#include "web/html_sieve.hpp"

namespace isoloir::web {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(HtmlSieve, WhatShowsItselfPasses) {
  for (const char* html :
       {"", "texte", "<p>a &lt; b &amp; c</p>",
        "\xEF\xBB\xBF<!DOCTYPE html>\n<HTML LANG='fr'></HTML>",
        "<!doctype html><meta charset=\"utf-8\"><title>a > b</title><h1 id=\"x\">é</h1><br/><hr />",
        "<style>p > b { color: #123; }</style><p style=\"margin: 0\" class='a b'>x</p>",
        "<a href=\"#x\">là</a><details open><summary>s</summary>t</details>",
        "<img alt=\"x\" src=\"data:image/png;base64,iVBORw0KGgo=\">",
        "<table><tr><th scope=\"col\" aria-label=\"n\">1</th><td colspan=\"2\">2</td></tr></table>",
        "javascript: onload= url(x) @import sont des mots"}) {
    EXPECT_THAT(html_faults(html), IsEmpty()) << html;
  }
}

TEST(HtmlSieve, WhatCouldDoSomethingIsRefusedByItsLine) {
  for (const char* bad : {"<script>alert(1)</script>",
                          "<SCRIPT src=x></SCRIPT>",
                          "<script/x>",
                          "</script>",
                          "<meta http-equiv=\"refresh\" content=\"0;url=https://evil.example\">",
                          "<img src=\"x\" onerror=\"alert(1)\">",
                          "<p onclick='alert(1)'>x</p>",
                          "<p\nonclick=''>",
                          "<svg onload=\"alert(1)\"></svg>",
                          "<svg/onload=alert(1)>",
                          "<math></math>",
                          "<base href=\"https://evil.example/\">",
                          "<iframe srcdoc=\"x\"></iframe>",
                          "<object data=\"x\"></object>",
                          "<embed src=\"x\">",
                          "<form action=\"/sign-out\"></form>",
                          "<input>",
                          "<button>x</button>",
                          "<textarea></textarea>",
                          "<noscript></noscript>",
                          "<link rel=\"stylesheet\" href=\"#\">",
                          "<template></template>",
                          "<video src=\"x\"></video>",
                          "<a href=\"javascript:alert(1)\">x</a>",
                          "<a href=\"&#106;avascript:alert(1)\">x</a>",
                          "<a href=\" #x\">x</a>",
                          "<a href=\"https://evil.example\">x</a>",
                          "<a href=\"/vote\">x</a>",
                          "<a href=\"mailto:a@example.org\">x</a>",
                          "<a href=\"\">x</a>",
                          "<a href=#x>x</a>",
                          "<a href=\"#x\" target=\"_top\">x</a>",
                          "<a href=\"#x\" ping=\"https://evil.example\">x</a>",
                          "<img src=\"https://evil.example/pixel.png\">",
                          "<img src=\"pixel.png\">",
                          "<img src=\"data:image/svg+xml;base64,PHN2Zz4=\">",
                          "<img srcset=\"x 2x\">",
                          "<style>@import \"https://evil.example/a.css\";</style>",
                          "<style>p { background: URL(https://evil.example/a.png) }</style>",
                          "<style>p { background: u\\72l(x) }</style>",
                          "<style><!-- </style>",
                          "<style>p::after { content: '<p title=\"' } </style><script>'\">",
                          "<p style=\"background: url(x)\">",
                          "<p style=\"background: u&#114;l(x)\">",
                          "<p style=\"background: image-set('x' 1x)\">",
                          "<body background=\"x\">",
                          "<title><img src=\"x\"></title>",
                          "<title>x",
                          "<style>x",
                          "<!-- x -->",
                          "<!>",
                          "<?php x ?>",
                          "<![CDATA[x]]>",
                          "a < b",
                          "<",
                          "</",
                          "<p",
                          "<p ",
                          "<p class",
                          "<p class=",
                          "<p class=\"x",
                          "<p class=\"x\"id=\"y\">",
                          "<p class=\"<script>\">",
                          "<p/x>",
                          "<p class=\"a\" \"b\">",
                          "<a:b>",
                          "</p class=\"x\">",
                          "<!doctype html><!doctype html>"}) {
    const auto faults = html_faults("<p>un</p>\n<p>deux</p>\n" + std::string(bad) + "\n");
    ASSERT_FALSE(faults.empty()) << bad;
    EXPECT_THAT(faults.front(), StartsWith("line 3: ")) << bad;
  }
  EXPECT_THAT(html_faults("<p>\xff</p>"), ElementsAre("the file is not UTF-8"));
  EXPECT_THAT(html_faults(std::string("<p>\0</p>", 8)), ElementsAre("the file is not UTF-8"));
}

TEST(HtmlSieve, EveryFaultIsNamedUntilTheyAreTooMany) {
  EXPECT_THAT(html_faults("<script>\n</script>\n<p onclick=\"x\">\n<a href=\"//x\">"),
              ElementsAre("line 1: the element \"script\" is not allowed",
                          "line 2: the element \"script\" is not allowed",
                          "line 3: the attribute \"onclick\" is not allowed",
                          "line 4: the link \"//x\" leads elsewhere: only #… is allowed"));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "<blink>";
  EXPECT_EQ(html_faults(many).size(), 20u);
}

struct StatementsTest : testing::Test {
  StatementsTest() { fs::create_directories(files); }
  void name(const std::string& file) {
    portal.statements[{0, "Liste " + std::to_string(portal.statements.size())}] = file;
  }
  void write(const std::string& file, std::string_view content) {
    std::ofstream(files / file, std::ios::binary) << content;
  }
  std::string problem() const {
    const auto read = Statements::read(folder.file(""), portal);
    EXPECT_TRUE(read || read.error().code == "portal.statements");
    return read ? "" : read.error().message;
  }
  TemporaryFolder folder;
  const fs::path files = fs::path(folder.file("")) / "statements";
  Portal portal;
};

TEST_F(StatementsTest, WhatThePortalNamesIsRead) {
  EXPECT_EQ(problem(), "") << "none";
  for (const char* file : {"a.html", "b.pdf", "a.html"}) name(file);  // one file, two lists
  write("a.html", "<p>a</p>");
  write("b.pdf", "%PDF-1.7\n\xff\xfe\x00");
  write("other.html", "<script>");
  const auto read = Statements::read(folder.file(""), portal);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read->find("a.html"), "<p>a</p>");
  EXPECT_TRUE(read->find("b.pdf")->starts_with("%PDF-"));
  for (const char* none : {"", "other.html", "../portal.toml", "a.html\n"}) {
    EXPECT_EQ(read->find(none), nullptr) << none;
  }
}

TEST_F(StatementsTest, WhatIsWrongIsNamedByItsFile) {
  for (const char* file : {"a.html", "b.pdf", "c.html", "d.pdf", "e.html", "f.pdf"}) name(file);
  write("a.html", "<p>\n<img src=\"x\" onerror=\"alert(1)\">");
  write("b.pdf", "<script>alert(1)</script>");
  fs::create_symlink("/etc/hostname", files / "c.html");
  fs::create_directory(files / "d.pdf");
  write("f.pdf", "%PDF-1.4 << /S /JavaScript /JS (app.alert(1)) >>");
  const auto said = problem();
  EXPECT_THAT(said, HasSubstr("statements/a.html: line 2: a picture is in the file itself"));
  EXPECT_THAT(said, HasSubstr("statements/b.pdf: is no PDF\n"));
  EXPECT_THAT(said, HasSubstr("statements/c.html: is a link, not a file\n"));
  EXPECT_THAT(said, HasSubstr("statements/d.pdf: there is no such file\n"));
  EXPECT_THAT(said, HasSubstr("statements/e.html: there is no such file\n"));
  EXPECT_THAT(said, HasSubstr("statements/f.pdf: holds something active (/JavaScript)\n"));
}

TEST_F(StatementsTest, TheyAreOfLimitedSize) {
  name("a.pdf");
  write("a.pdf", "%PDF-" + std::string(limits::statement_bytes - 5, ' '));
  EXPECT_EQ(problem(), "");
  write("a.pdf", "%PDF-" + std::string(limits::statement_bytes - 4, ' '));
  EXPECT_THAT(problem(), HasSubstr("a.pdf: larger than 2097152 bytes\n"));
  // One file under many names takes no disk.
  write("a.pdf", "%PDF-" + std::string(limits::statement_bytes - 5, ' '));
  const auto fits = limits::statements_bytes / limits::statement_bytes;
  for (std::size_t i = 1; i <= fits; ++i) {
    const auto file = "b" + std::to_string(1000 + i) + ".pdf";
    fs::create_hard_link(files / "a.pdf", files / file);
    name(file);
    if (i == fits - 1) {
      EXPECT_EQ(problem(), "");
    }
  }
  EXPECT_THAT(problem(),
              HasSubstr("all statements up to this one are larger than 268435456 bytes"));
}

}  // namespace
}  // namespace isoloir::web
