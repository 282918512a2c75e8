#include <gtest/gtest.h>

#include "store/database.hpp"

namespace isoloir::store {
namespace {

TEST(Row, WrongTypeOrColumnAsserts) {
  const Row row({1, "text", std::nullopt, Bytes{1, 2}});
  EXPECT_EQ(row.integer(0), 1);
  EXPECT_EQ(row.optional_integer(2), std::nullopt);
  EXPECT_DEATH(row.text(0), "assertion failed");
  EXPECT_DEATH(row.blob(1), "assertion failed");
  EXPECT_DEATH(row.integer(2), "assertion failed");
  EXPECT_DEATH(row.optional_integer(1), "assertion failed");
  EXPECT_DEATH(row.array<3>(3), "assertion failed");
  EXPECT_DEATH(row.is_null(4), "assertion failed");
}

TEST(Value, KindsAreDistinct) {
  EXPECT_NE(Value("1"), Value(1));
  EXPECT_NE(Value("1"), Value(Bytes{'1'}));
  EXPECT_NE(Value(""), Value());
  EXPECT_EQ(Value(std::optional<int>()), Value());
  EXPECT_EQ(Value(std::optional<std::string>("a")), Value("a"));
  EXPECT_DEATH(Value(std::uint64_t{1} << 63), "assertion failed");
}

}  // namespace
}  // namespace isoloir::store
