#include "identity/pivot_identity.hpp"

#include <gtest/gtest.h>

namespace isoloir {
namespace {

Json claims() {
  return {{"sub", "x"},
          {"family_name", "ÉLECTEUR"},
          {"given_name", "Camille Andrée"},
          {"gender", "female"},
          {"birthdate", "1985-02-28"},
          {"birthplace", "75056"},
          {"birthcountry", "99100"}};
}
RollIdentity on_roll() {
  return {"ÉLECTEUR", "Camille", "1985-02-28", "F", "75056", "99100"};
}
PivotIdentity identity() {
  return *read_pivot_identity(claims());
}

TEST(PivotIdentity, IsReadFromTheClaims) {
  const auto read = identity();
  EXPECT_EQ(read.family_name, "ÉLECTEUR");
  EXPECT_EQ(read.given_names, (std::vector<std::string>{"Camille", "Andrée"}));
  auto with_list = claims();
  with_list["given_name_array"] = {"Camille Andrée", "Zoé"};
  EXPECT_EQ(read_pivot_identity(with_list)->given_names,
            (std::vector<std::string>{"Camille Andrée", "Zoé"}))
      << "the list knows which names are one";
  auto abroad = claims();
  abroad["birthplace"] = "";
  abroad["birthcountry"] = "99404";
  EXPECT_TRUE(read_pivot_identity(abroad));
}

TEST(PivotIdentity, WhatIsMissingOrMalformedIsRefused) {
  const std::vector<std::pair<const char*, Json>> bad = {
      {"family_name", ""},
      {"family_name", "--"},
      {"family_name", 7},
      {"given_name", ""},
      {"given_name", nullptr},
      {"gender", "unspecified"},
      {"gender", "F"},
      {"birthdate", "28/02/1985"},
      {"birthdate", "1985-02"},
      {"birthdate", "0000-00-00"},
      {"birthdate", "1985-0A-01"},
      {"birthplace", "7505"},
      {"birthplace", "75O56"},
      {"birthcountry", ""},
      {"birthcountry", "FR"},
      {"given_name_array", "Camille"},
      {"given_name_array", Json::array()},
      {"given_name_array", {1, 2}},
      {"family_name", std::string(300, 'A')},
      {"given_name_array", std::vector<std::string>(17, "A")}};
  for (const auto& [name, value] : bad) {
    auto changed = claims();
    changed[name] = value;
    const auto read = read_pivot_identity(changed);
    ASSERT_FALSE(read) << name << " " << value;
    EXPECT_EQ(read.error().code, "identity.claims");
    EXPECT_EQ(read.error().message.find("1985"), std::string::npos) << "nothing of the person";
  }
  for (const char* name :
       {"family_name", "given_name", "gender", "birthdate", "birthplace", "birthcountry"}) {
    auto less = claims();
    less.erase(name);
    EXPECT_FALSE(read_pivot_identity(less)) << name;
  }
  for (const auto& other : {Json::array(), Json(nullptr), Json("x")}) {
    EXPECT_FALSE(read_pivot_identity(other));
  }
}

struct Names {
  const char* vouched_family;
  std::vector<std::string> vouched_given;
  const char* roll_family;
  const char* roll_given;
  bool same;
};

TEST(PivotIdentity, R59NamesAreComparedAsPeopleReadThem) {
  const Names all[] = {
      {"ÉLECTEUR", {"Camille"}, "ELECTEUR", "CAMILLE", true},
      {"E\u0301lecteur", {"Camille"}, "ÉLECTEUR", "camille", true},  // NFD
      {"L'URNE", {"Sacha"}, "L\u2019Urne", "Sacha", true},           // typographic apostrophe
      {"L URNE", {"Sacha"}, "L'URNE", "Sacha", true},
      {"LURNE", {"Sacha"}, "L'URNE", "Sacha", true},
      {"BULLETIN-BLANC", {"Jean-François"}, "BULLETIN BLANC", "Jean François", true},
      {"BULLETIN\u2010BLANC", {"Jean", "Francois"}, "BULLETIN-BLANC", "Jean-François", true},
      {"CŒUR", {"Lætitia"}, "COEUR", "Laetitia", true},
      {"STRASSE", {"Zoë"}, "Straße", "ZOE", true},
      {"İNCE", {"Ali"}, "INCE", "Ali", true},
      {"VOTANTE", {"Claude", "Marie"}, "VOTANTE", "Claude", true},  // the roll has the first alone
      {"VOTANTE", {"Claude", "Marie"}, "VOTANTE", "Claude, Marie", true},
      {"VOTANTE", {"Claude", "Marie"}, "VOTANTE", "Claude Marie Anne", false},
      {"VOTANTE", {"Claude", "Marie"}, "VOTANTE", "Marie", false},
      {"VOTANTE", {"Jean-Claude"}, "VOTANTE", "Jean", false},  // half of a name is another name
      {"VOTANTE", {"Claude"}, "VOTANTE", "Claud", false},
      {"VOTANTE", {"Claude"}, "VOTANT", "Claude", false},
      {"VOTANTE", {"Claude"}, "", "Claude", false},
      {"VOTANTE", {"Claude"}, "VOTANTE", "", false},
      {"VOTANTE", {"Claude"}, "VOTANTE", "-", false},
      {"НОВИКОВА", {"Анна"}, "НОВИКОВА", "анна", true},
      {"НОВИКОВА", {"Анна"}, "NOVIKOVA", "Anna", false},
      {"VOTANTE", {"Claude"}, "VOTANTE", "\xff", false},
  };
  for (const auto& one : all) {
    auto vouched = identity();
    vouched.family_name = one.vouched_family;
    vouched.given_names = one.vouched_given;
    auto roll = on_roll();
    roll.birth_name = one.roll_family;
    roll.given_names = one.roll_given;
    EXPECT_EQ(may_be_same_person(vouched, roll), one.same)
        << one.vouched_family << " / " << one.roll_family << " " << one.roll_given;
  }
}

TEST(PivotIdentity, R59DatesPlacesAndGender) {
  const auto same = [](auto change) {
    auto vouched = identity();
    auto roll = on_roll();
    change(vouched, roll);
    return may_be_same_person(vouched, roll);
  };
  EXPECT_TRUE(same([](auto&, auto&) {}));
  EXPECT_FALSE(same([](auto& v, auto&) { v.birth_date = "1985-02-27"; }));
  EXPECT_FALSE(same([](auto& v, auto&) { v.birth_date = "1984-02-28"; }));
  EXPECT_TRUE(same([](auto& v, auto&) { v.birth_date = "1985-02-00"; })) << "presumed day";
  EXPECT_TRUE(same([](auto& v, auto&) { v.birth_date = "1985-00-00"; })) << "presumed month";
  EXPECT_TRUE(same([](auto&, auto& r) { r.birth_date = "1985-00-00"; }));
  EXPECT_FALSE(same([](auto& v, auto&) { v.birth_date = "1985-03-00"; }));
  EXPECT_FALSE(same([](auto&, auto& r) { r.birth_date = ""; })) << "the roll knows no date";
  EXPECT_FALSE(same([](auto& v, auto&) { v.gender = "male"; }));
  EXPECT_TRUE(same([](auto&, auto& r) { r.gender = ""; }));
  EXPECT_FALSE(same([](auto& v, auto&) { v.birth_place = "69123"; }));
  EXPECT_FALSE(same([](auto& v, auto&) { v.birth_country = "99404"; }));
  EXPECT_TRUE(same([](auto&, auto& r) { r.birth_place = ""; })) << "a country is a place";
  EXPECT_TRUE(same([](auto&, auto& r) { r.birth_country = ""; }));
  EXPECT_TRUE(same([](auto&, auto& r) { r.birth_place = r.birth_country = ""; }));
  const auto places = [&](const char* on_roll, const char* vouched) {
    return same([&](auto& v, auto& r) {
      r.birth_place = on_roll;
      v.birth_place = vouched;
    });
  };
  EXPECT_TRUE(places("75056", "75114")) << "an arrondissement is its city";
  EXPECT_TRUE(places("69381", "69123"));
  EXPECT_TRUE(places("13055", "13216"));
  EXPECT_FALSE(places("75056", "75121"));
  EXPECT_FALSE(places("13055", "69381"));
  EXPECT_TRUE(places("2A004", "20004")) << "Corsica before 1976";
  EXPECT_FALSE(places("2A004", "2B033"));
  EXPECT_FALSE(places("75056", "20004"));
  EXPECT_TRUE(same([](auto& v, auto& r) {
    v.birth_place = "";
    v.birth_country = r.birth_country = "99352";
    r.birth_place = "92131";
  })) << "abroad the country decides";
  EXPECT_TRUE(same([](auto& v, auto& r) {
    v.birth_place = "";
    v.birth_country = r.birth_country = "99404";
    r.birth_place = "";
  })) << "born abroad";
}

TEST(PivotIdentity, R59WhatTheRollMustSayOfABirth) {
  auto roll = on_roll();
  EXPECT_TRUE(tells_people_apart(roll));
  roll.birth_place = "";
  EXPECT_FALSE(tells_people_apart(roll)) << "France alone";
  roll.birth_country = "99404";
  EXPECT_TRUE(tells_people_apart(roll));
  roll.birth_country = "";
  EXPECT_FALSE(tells_people_apart(roll));
}

}  // namespace
}  // namespace isoloir
