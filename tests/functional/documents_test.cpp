// Documents that say "shown by" name tests that exist.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "base/places.hpp"
#include "functional/program.hpp"

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

// Every match's groups, joined by a point.
std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    found.insert(it->size() == 3 ? (*it)[1].str() + "." + (*it)[2].str() : (*it)[1].str());
  }
  return found;
}

struct Tests {
  std::set<std::string> cases;  // Suite.Name
  std::string journeys;
};
Tests all_tests() {
  Tests tests;
  const std::regex declared(R"((?:TEST(?:_F|_P)?|RC_GTEST_PROP)\((\w+),\s*(\w+)[,)])");
  for (const auto& file :
       fs::recursive_directory_iterator(fs::path(test::source_dir()) / "tests")) {
    const auto kind = file.path().extension();
    if (kind == ".cpp" || kind == ".hpp") {
      tests.cases.merge(matches(contents(file.path()), declared));
    } else if (kind == ".mjs") {
      tests.journeys += contents(file.path());
    }
  }
  return tests;
}

TEST(Documents, NameTestsThatExist) {
  const auto tests = all_tests();
  ASSERT_TRUE(tests.cases.contains("Documents.NameTestsThatExist"));
  const std::regex quoted_case(R"(`([A-Z]\w+)\.([A-Z]\w+)`)");
  const std::regex journey(R"re("([^"`]{20,}?)(?: …)?")re");
  for (const char* name : {"compliance.md", "threat-model.md"}) {
    const auto text = contents(fs::path(test::source_dir()) / "docs" / name);
    const auto cases = matches(text, quoted_case);
    EXPECT_GT(cases.size(), 20u) << name;
    for (const auto& test : cases) EXPECT_TRUE(tests.cases.contains(test)) << name << ": " << test;
    for (const auto& title : matches(text, journey)) {
      EXPECT_NE(tests.journeys.find(title), std::string::npos) << name << ": " << title;
    }
  }
}

}  // namespace
}  // namespace isoloir::test
