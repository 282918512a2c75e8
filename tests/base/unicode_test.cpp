#include "base/unicode.hpp"

#include <gtest/gtest.h>

namespace isoloir {
namespace {

using namespace std::string_literals;

TEST(Unicode, WhatIsNotSeenAsItselfIsNotShown) {
  EXPECT_EQ(printable("Élection d’essai – 2022, 中文, \u00a0!"),
            "Élection d’essai – 2022, 中文, \u00a0!");
  EXPECT_EQ(printable("a\nb\tc\x1b[2J\x7f\0"s), "a?b?c?[2J??");
  EXPECT_EQ(printable("\u0085\u009b"), "??") << "C1 controls";
  EXPECT_EQ(printable("veri\u200bfied \u202edeifirev \u00ad\u2028\u2029\ufeff\u2066"),
            "veri?fied ?deifirev ?????");
  EXPECT_EQ(printable("a\xff\xc3"), "a??") << "no UTF-8";
  EXPECT_EQ(printable("\xed\xa0\x80").find('\xed'), std::string::npos) << "a surrogate";
}

}  // namespace
}  // namespace isoloir
