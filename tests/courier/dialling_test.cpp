#include "courier/dialling.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/canonical_json.hpp"
#include "base/files.hpp"
#include "base/places.hpp"

namespace isoloir {
namespace {

TEST(Dialling, AgreesWithLibphonenumber) {
  const auto text = read_file(test::source_dir() + "/tests/data/dialling_vectors.json");
  ASSERT_TRUE(text);
  std::set<std::string> countries;
  for (const auto& vector : Json::parse(*text)) {
    countries.insert(std::string(vector["country"]));
    for (const std::string number : vector["numbers"]) {
      EXPECT_EQ(dialled_country(number), std::string(vector["country"])) << number;
    }
  }
  EXPECT_GT(countries.size(), 230U);
}

TEST(Dialling, OverseasFranceIsToldApartByTheFirstDigits) {
  EXPECT_EQ(dialled_country("+33612345678"), "FR");
  EXPECT_EQ(dialled_country("+262692123456"), "RE");
  EXPECT_EQ(dialled_country("+262639123456"), "YT");
  EXPECT_EQ(dialled_country("+262269123456"), "YT");
  EXPECT_EQ(dialled_country("+590690123456"), "GP");
  EXPECT_EQ(dialled_country("+594694123456"), "GF");
  EXPECT_EQ(dialled_country("+596696123456"), "MQ");
  EXPECT_EQ(dialled_country("+687751234"), "NC");
  EXPECT_EQ(dialled_country("+68987123456"), "PF");
  EXPECT_EQ(dialled_country("+508551234"), "PM");
  EXPECT_EQ(dialled_country("+681721234"), "WF");
}

TEST(Dialling, OthersAndNobodys) {
  EXPECT_EQ(dialled_country("+5491123456789"), "AR");
  EXPECT_EQ(dialled_country("+12125551234"), "US/CA");
  EXPECT_EQ(dialled_country("+18095551234"), "DO");
  EXPECT_EQ(dialled_country("+79161234567"), "RU");
  EXPECT_EQ(dialled_country("+77011234567"), "KZ");
  EXPECT_EQ(dialled_country("+8821612345678"), "001");
  for (const auto* nobody : {"", "+", "33612345678", "0612345678", "+999123", "+2101234", "+ 33"}) {
    EXPECT_EQ(dialled_country(nobody), "") << nobody;
  }
}

}  // namespace
}  // namespace isoloir
