#include "base/local_time.hpp"

#include <gtest/gtest.h>

namespace isoloir {
namespace {

std::string code_of(std::string_view local, std::string_view zone = "Europe/Paris") {
  const auto time = from_local_time(local, zone);
  return time ? "good" : time.error().code;
}

// Against `date -u -d 'TZ="Europe/Paris" 2022-12-01 08:00' +%s`.
TEST(LocalTime, TheZoneAndItsSummerCount) {
  EXPECT_EQ(from_local_time("2022-12-01T08:00:00", "Europe/Paris"), 1'669'878'000'000);
  EXPECT_EQ(from_local_time("2022-07-01T08:00:00", "Europe/Paris"), 1'656'655'200'000);
  EXPECT_EQ(from_local_time("2022-12-01T08:00:00", "Pacific/Noumea"), 1'669'842'000'000);
  EXPECT_EQ(from_local_time("1970-01-01T00:00:00", "UTC"), 0);
}

TEST(LocalTime, AnHourThatIsNotOrIsTwiceIsRefused) {
  EXPECT_EQ(code_of("2026-03-29T02:30:00"), "time.local");
  EXPECT_EQ(code_of("2026-10-25T02:30:00"), "time.local");
  EXPECT_EQ(code_of("2026-10-25T03:00:00"), "good");
  EXPECT_EQ(code_of("2026-03-29T01:59:59"), "good");
}

TEST(LocalTime, OnlyOneForm) {
  for (const auto* text : {"", "2022-12-01", "2022-12-01T08:00", "2022-12-01T08:00:00Z",
                           "2022-12-1T08:00:00", "2022-02-29T08:00:00", "2022-12-01T24:00:00",
                           "2022-12-01 08:00:00", " 2022-12-01T08:00:00", "2022-13-01T08:00:00"}) {
    EXPECT_EQ(code_of(text), "time.local") << text;
  }
  EXPECT_EQ(code_of("2022-12-01T08:00:00", "Europe/Lutetia"), "time.zone");
  EXPECT_EQ(code_of("2022-12-01T08:00:00", ""), "time.zone");
}

}  // namespace
}  // namespace isoloir
