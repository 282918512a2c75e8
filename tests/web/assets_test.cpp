#include "web/assets.hpp"
#include "base/places.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace isoloir::web {
namespace {

std::string file_content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Assets, TheTemplatesAreCompiledInByteForByte) {
  const std::filesystem::path source(test::source_dir());
  for (const auto name : asset_names()) {
    if (!name.starts_with("views/")) continue;
    EXPECT_EQ(*asset(name), file_content(source / name)) << name;
  }
}

TEST(Assets, EveryTemplateIsThere) {
  const std::filesystem::path source(test::source_dir());
  std::error_code absent;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(source / "views", absent)) {
    const auto name = entry.path().lexically_relative(source).string();
    EXPECT_TRUE(entry.is_directory() || asset(name)) << name;
  }
}

TEST(Assets, NamesAreSortedAndEachIsFound) {
  const auto names = asset_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const auto name : names) EXPECT_TRUE(asset(name)) << name;
  EXPECT_FALSE(asset("views/"));
  EXPECT_FALSE(asset("web/portal.css.map"));
  EXPECT_FALSE(asset(""));
}

// A page may fetch nothing from elsewhere, and the base sheet's typeface and crest are not ours to
// show.
TEST(Assets, TheStyleSheetIsSelfContained) {
  const auto css = asset("web/portal.css");
  ASSERT_TRUE(css);
  EXPECT_NE(css->find(".govuk-button"), std::string_view::npos);
  for (const auto* foreign :
       {"@font-face", "GDS Transport", "crest", "@import", "url(/", "url(http", "sourceMappingURL"})
    EXPECT_EQ(css->find(foreign), std::string_view::npos) << foreign;
}

}  // namespace
}  // namespace isoloir::web
