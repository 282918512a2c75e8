#include "election/roll.hpp"

#include <gtest/gtest.h>

#include <rapidcheck.h>  // after gtest

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/places.hpp"
#include "election/consular_number.hpp"

namespace isoloir {
namespace {

const std::vector<std::uint32_t> districts{1, 1, 3};

const std::string header =
    "identifiant;nom_naissance;prenoms;courriel;scrutins;circonscription;date_naissance;"
    "commune_naissance;pays_naissance;numen;nir10;sexe;telephone\n";
// The cells of `header`, one of which a test replaces.
std::string row(std::size_t changed = SIZE_MAX, const std::string& value = "") {
  std::vector<std::string> cells{"E1",         "ÉLECTEUR",
                                 "Camille",    "camille@education.example",
                                 "0|2",        "1",
                                 "1985-02-28", "75056",
                                 "99100",      "12E3456789ABC",
                                 "2850275056", "F",
                                 "0600000001"};
  if (changed != SIZE_MAX) cells.at(changed) = value;
  std::string line;
  for (const auto& cell : cells) line += cell + ";";
  line.back() = '\n';
  return line;
}

std::string problems(const std::string& csv) {
  const auto roll = parse_roll(csv, districts);
  if (roll) return "";
  EXPECT_EQ(roll.error().code, "roll.invalid");
  return roll.error().message;
}

#define EXPECT_PROBLEM(csv, text)                                                  \
  do {                                                                             \
    const std::string found = problems(csv);                                       \
    EXPECT_NE(found.find(text), std::string::npos) << "found \"" << found << "\""; \
  } while (false)

TEST(Roll, ReadsEveryField) {
  const auto roll = parse_roll(
      "Civilité;Identifiant;Nom naissance;nom-usage;PRÉNOMS;sexe;date_naissance;commune_naissance;"
      "pays_naissance;courriel;téléphone;NUMEN;nir10;scrutins;circonscription\n"
      " Mme ;E-1.a_B;D'ÉTÉ;\"LE \"\"GRAND\"\"; SŒUR\";Anne-Zoé;f;1970-00-00;2a004;99100;"
      "Zoe+x@Education.example;+262 692 00 00 00;12e3456789abc;170022a004;2|0 | 1:0;2\n",
      districts);
  ASSERT_TRUE(roll) << roll.error().message;
  const Voter expected{"E-1.a_B",
                       "Mme",
                       "D'ÉTÉ",
                       "LE \"GRAND\"; SŒUR",
                       "Anne-Zoé",
                       "F",
                       "1970-00-00",
                       "2A004",
                       "99100",
                       "Zoe+x@Education.example",
                       "+262 692 00 00 00",
                       "12E3456789ABC",
                       "170022A004",
                       "",
                       "",
                       {{0, 0}, {1, 0}, {2, 2}}};
  ASSERT_EQ(roll->voters.size(), 1u);
  EXPECT_EQ(roll->voters[0], expected);
}

// Where the address does not sign in: it may be shared, absent, or no column at all.
TEST(Roll, AddressesThatDoNotSignIn) {
  const std::vector<std::uint32_t> one{1};
  const std::string shared =
      "identifiant;nom_naissance;prenoms;courriel;scrutins\nA;X;Y;z@example.org;0\n"
      "B;X;Z;Z@example.org;0\nC;X;T;;0\n";
  const auto roll = parse_roll(shared, one, RollAddress::optional);
  ASSERT_TRUE(roll) << roll.error().message;
  EXPECT_EQ(roll->voters.size(), 3u);
  EXPECT_TRUE(parse_roll("identifiant;nom_naissance;prenoms;scrutins\nA;X;Y;0\n", one,
                         RollAddress::optional));
  EXPECT_FALSE(parse_roll(shared, one));
  const auto wrong =
      parse_roll("identifiant;nom_naissance;prenoms;courriel;scrutins\nA;X;Y;no address;0\n", one,
                 RollAddress::optional);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("line 2, column courriel"), std::string::npos);
}

TEST(Roll, SeparatorsLineEndsAndByteOrderMarkAreAllOne) {
  const auto plain = parse_roll(header + row(), districts);
  ASSERT_TRUE(plain) << plain.error().message;
  std::string commas = header + row(), windows;
  std::replace(commas.begin(), commas.end(), ';', ',');
  for (const char c : header + row()) windows += c == '\n' ? std::string("\r\n") : std::string{c};
  std::string no_last_end = header + row();
  no_last_end.pop_back();
  for (const auto& same : {commas, windows, no_last_end, "\xEF\xBB\xBF" + header + row(),
                           windows.substr(0, windows.size() - 2), header + row() + "\n  \n"}) {
    const auto roll = parse_roll(same, districts);
    ASSERT_TRUE(roll) << roll.error().message;
    EXPECT_EQ(*roll, *plain);
  }
}

TEST(Roll, ABadCellIsNamedByLineAndColumn) {
  const struct {
    std::size_t cell;
    std::string value;
    std::string problem;
  } cases[] = {
      {0, "", "line 2, column identifiant: is empty"},
      {0, "../E1", "line 2, column identifiant: must be"},
      {0, ".E1", "column identifiant"},
      {0, "É1", "column identifiant"},
      {0, "E 1", "column identifiant"},
      {0, std::string(65, 'E'), "column identifiant"},
      {1, "", "column nom_naissance: is empty"},
      {1, "\"A\nB\"", "column nom_naissance: holds a line break"},
      {1, "A\tB", "column nom_naissance"},
      {1, "A\xC2\x85", "column nom_naissance"},
      {1, std::string(1025, 'A'), "line 2: cell 2 is over 1024 bytes"},
      {2, "", "column prenoms: is empty"},
      {3, "", "column courriel: is empty"},
      {3, "camille", "column courriel: is no plain"},
      {3, "camille@education", "column courriel"},
      {3, "a@b@education.example", "column courriel"},
      {3, "a b@education.example", "column courriel"},
      {3, "\"a,b@education.example\"", "column courriel"},
      {3, "a..b@education.example", "column courriel"},
      {3, ".a@education.example", "column courriel"},
      {3, "a@-education.example", "column courriel"},
      {3, "a@education..example", "column courriel"},
      {3, "a@education.example.", "column courriel"},
      {3, "a@127.0.0.1", "column courriel"},
      {3, "a(x)@education.example", "column courriel"},
      {3, "\"\"\"a\"\"@education.example\"", "column courriel"},
      {3, "é@education.example", "column courriel"},
      {3, std::string(65, 'a') + "@education.example", "column courriel"},
      {3, "\"a\r\nBcc: b@education.example\"", "column courriel"},
      {4, "", "column scrutins: is empty"},
      {4, "3", "line 2, column scrutins: contest 3 does not exist: they are 0 to 2"},
      {4, "2:3", "column scrutins: district 3 of contest 2 does not exist: they are 0 to 2"},
      {4, "0:1", "column scrutins: district 1 of contest 0 does not exist"},
      {4, "0|0", "column scrutins: names contest 0 twice"},
      {4, "0|", "column scrutins: is no list"},
      {4, "0,1", "column scrutins: is no list"},
      {4, "-1", "column scrutins: is no list"},
      {4, "2:", "column scrutins: is no list"},
      {4, "99999999999", "column scrutins: is no list"},
      {5, "", "column scrutins: contest 2 has 3 districts"},
      {5, "3", "column scrutins: district 3 of contest 2 does not exist"},
      {5, "x", "column circonscription: is no district number"},
      {6, "28/02/1985", "column date_naissance"},
      {6, "1985-02-29", "column date_naissance"},
      {6, "1900-02-29", "column date_naissance"},
      {6, "1985-13-01", "column date_naissance"},
      {6, "1985-00-05", "column date_naissance"},
      {6, "1985-04-31", "column date_naissance"},
      {6, "1885-04-30", "column date_naissance"},
      {6, "1985-4-30", "column date_naissance"},
      {7, "7505", "column commune_naissance"},
      {7, "2C004", "column commune_naissance"},
      {8, "France", "column pays_naissance"},
      {8, "33100", "column pays_naissance"},
      {9, "12E3456789AB", "column numen"},
      {9, "12E3456789AB-", "column numen"},
      {10, "285027505", "column nir10"},
      {10, "5850275056", "column nir10"},
      {10, "285022C004", "column nir10"},
      {10, "28502 5056", "column nir10"},
      {11, "X", "column sexe: must be F or M"},
      {12, std::string(33, '0'), "column telephone"},
  };
  for (const auto& one : cases) EXPECT_PROBLEM(header + row(one.cell, one.value), one.problem);
}

TEST(Roll, GoodCellsOfUnusualKinds) {
  const std::pair<std::size_t, std::string> cases[] = {{6, ""},
                                                       {6, "1985-04-00"},
                                                       {6, "1985-00-00"},
                                                       {6, "2000-02-29"},
                                                       {7, ""},
                                                       {8, ""},
                                                       {9, ""},
                                                       {10, ""},
                                                       {11, ""},
                                                       {12, ""},
                                                       {7, "2B033"},
                                                       {7, "97411"},
                                                       {8, "99134"},
                                                       {10, "185022B033"},
                                                       {4, "0"},
                                                       {4, "2:2"},
                                                       {4, "2:0|1"},
                                                       {10, "7850275056"},
                                                       {3, "o'neill@ac-lille.education.example"}};
  for (const auto& [cell, value] : cases) EXPECT_EQ(problems(header + row(cell, value)), "");
}

TEST(Roll, DuplicatesNameBothLines) {
  const std::string second = "e1;B;C;CAMILLE@education.example;0;;;;;12e3456789abc;;;\n";
  const std::string found = problems(header + row() + "\n" + second);
  EXPECT_NE(found.find("line 4, column identifiant: is the same as on line 2"), std::string::npos)
      << found;
  EXPECT_NE(found.find("line 4, column courriel: is the same as on line 2"), std::string::npos);
  EXPECT_NE(found.find("line 4, column numen: is the same as on line 2"), std::string::npos);
  // Two persons may share the first ten characters, and have no NUMEN.
  EXPECT_EQ(problems(header + row(9, "") + "E2;B;C;b@education.example;0;;;;;;2850275056;;\n"), "");
}

TEST(Roll, ProblemsHoldNoPersonalNumber) {
  const std::string found = problems(header + row(9, "SECRETNUMEN") + row(10, "2850275X"));
  EXPECT_EQ(found.find("SECRETNUMEN"), std::string::npos) << found;
  EXPECT_EQ(found.find("2850275X"), std::string::npos);
  EXPECT_EQ(found.find("camille"), std::string::npos);
}

TEST(Roll, TheFormOfTheFile) {
  EXPECT_PROBLEM("", "line 1: the file is empty");
  EXPECT_PROBLEM("\xEF\xBB\xBF", "line 1: the file is empty");
  EXPECT_PROBLEM(header, "line 1: the file has a header and no voter");
  EXPECT_PROBLEM(header + "\n\n", "line 1: the file has a header and no voter");
  EXPECT_PROBLEM("identifiant;courriel\n", "line 1, column scrutins: is missing from the header");
  EXPECT_PROBLEM("numenn;" + header, "line 1: unknown column \"numenn\"");
  EXPECT_PROBLEM("Sexe;" + header, "line 1, column sexe: stands twice in the header");
  EXPECT_PROBLEM(header + row() + "E2;B;C\n", "line 3: 3 cells, but the header has 13");
  EXPECT_PROBLEM(header + row() + ";" + row(), "line 3: 14 cells, but the header has 13");
  EXPECT_PROBLEM(header + row(1, "\"A"),
                 "line 2: cell 2 opens a quotation mark that is not closed");
  EXPECT_PROBLEM(header + row(1, "A\"B"), "line 2: cell 2 has a quotation mark in its middle");
  EXPECT_PROBLEM(header + row(1, "\"A\"B"), "line 2: cell 2 goes on after its closing");
  // A line break within quotes moves the lines that follow.
  EXPECT_PROBLEM(header + row(1, "\"A\nB\"") + "E2\n", "line 4: 1 cells");
}

TEST(Roll, AWrongEncodingIsNamed) {
  EXPECT_PROBLEM(header + row() + "E2;\xC9LECTEUR;C;c@education.example;0;;;;;;;;\n",
                 "line 3: the file is not in UTF-8 (byte C9), but probably in Latin-1");
  EXPECT_PROBLEM(std::string("\xFF\xFEi\0d\0", 6), "line 1: the file is in UTF-16");
  EXPECT_PROBLEM(header + row(1, std::string("A\0B", 3)), "line 2: the file holds a NUL byte");
  for (const std::string bad : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                "\xF5\x80\x80\x80", "\x80", "\xE2\x82"}) {
    EXPECT_PROBLEM(header + row(1, bad), "line 2: the file is not in UTF-8");
  }
  EXPECT_EQ(problems(header + row(1, "€ \xF0\x9F\x97\xB3")), "");
}

TEST(Roll, TwentyProblemsAreToldAndTheRestCounted) {
  std::string csv = header;
  for (int i = 0; i < 30; ++i) csv += "E\n";
  const std::string found = problems(csv);
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 20);
  EXPECT_NE(found.find("line 21: 1 cells"), std::string::npos);
  EXPECT_EQ(found.find("line 22:"), std::string::npos);
  EXPECT_TRUE(found.ends_with("and 10 more")) << found;
}

TEST(Roll, AHundredThousandRows) {
  std::string csv = header;
  for (int i = 0; i < 100'000; ++i) {
    const std::string n = std::to_string(i);
    csv += "E" + n + ";ÉLECTEUR;Camille;c" + n +
           "@education.example;0|2;1;1985-02-28;75056;99100;" + "1" +
           std::string(12 - n.size(), 'A') + n + ";2850275056;F;0600000001\n";
  }
  const auto roll = parse_roll(csv, districts);
  ASSERT_TRUE(roll) << roll.error().message;
  EXPECT_EQ(roll->voters.size(), 100'000u);
  EXPECT_EQ(roll->voters.back().id, "E99999");
  EXPECT_PROBLEM(csv + row(0, "E7"), "line 100002, column identifiant: is the same as on line 9");
}

TEST(Roll, TheSampleOfTheEducationPortal) {
  std::ifstream file(test::source_dir() + "/portals/education/roll.csv", std::ios::binary);
  const std::string csv{std::istreambuf_iterator<char>(file), {}};
  const auto roll = parse_roll(csv, std::vector<std::uint32_t>{1, 1, 1});
  ASSERT_TRUE(roll) << roll.error().message;
  EXPECT_EQ(roll->voters.size(), 27u);
  std::size_t without_numen = 0, of_corsica = 0;
  for (const auto& voter : roll->voters) {
    EXPECT_TRUE(voter.email.ends_with("@education.example")) << voter.id;
    without_numen += voter.numen.empty() ? 1 : 0;
    of_corsica += voter.nir10.substr(5, 2) == "2A" ? 1 : 0;
  }
  EXPECT_GT(without_numen, 0u);
  EXPECT_GT(of_corsica, 0u);
}

// Any text that a cell may hold: no control characters, no white space at its ends.
rc::Gen<std::string> any_text() {
  const auto character = rc::gen::element<std::string>("a", "Z", "é", "œ", "ÿ", "'", "-", " ", "\"",
                                                       ";", ",", "|", ":", "€", "\xF0\x9F\x97\xB3");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(character),
                      [](const std::vector<std::string>& characters) {
                        std::string text = "x";
                        for (const auto& one : characters) text += one;
                        return text + "y";
                      });
}

Voter any_voter(std::size_t number) {
  const auto optional = [](rc::Gen<std::string> gen) {
    return *rc::gen::oneOf(rc::gen::just(std::string()), std::move(gen));
  };
  const std::string n = std::to_string(number);
  Voter voter;
  voter.id = "E" + n;
  voter.title = optional(any_text());
  voter.birth_name = *any_text();
  voter.usage_name = optional(any_text());
  voter.given_names = *any_text();
  voter.gender = *rc::gen::element<std::string>("", "F", "M");
  voter.birth_date = *rc::gen::element<std::string>("", "1970-00-00", "1999-12-31");
  voter.birth_place = *rc::gen::element<std::string>("", "2A004", "75056");
  voter.birth_country = *rc::gen::element<std::string>("", "99100");
  voter.email = "e" + n + "@education.example";
  voter.phone = *rc::gen::element<std::string>("", "+33 6 00 00 00 00");
  voter.numen = *rc::gen::element<std::string>("", std::string(13 - n.size(), 'A') + n);
  voter.nir10 = *rc::gen::element<std::string>("", "170022A004");
  voter.numic = *rc::gen::element<std::string>("", std::to_string(100'000'000 + number));
  voter.numel = *rc::gen::element<std::string>("", std::to_string(200'000'000 + number));
  for (std::uint32_t contest = 0; contest < districts.size(); ++contest) {
    if (*rc::gen::arbitrary<bool>() || contest + 1 == districts.size()) {
      voter.contests.push_back({contest, *rc::gen::inRange(0u, districts[contest])});
    }
  }
  return voter;
}

TEST(Roll, WhatIsWrittenIsReadBack) {
  const bool held = rc::check([] {
    Roll roll;
    const auto size = *rc::gen::inRange<std::size_t>(1, 20);
    for (std::size_t i = 0; i < size; ++i) roll.voters.push_back(any_voter(i));
    const auto again = parse_roll(write_roll(roll, *rc::gen::element(';', ',')), districts);
    RC_ASSERT(again.has_value());
    RC_ASSERT((*again == roll));
  });
  EXPECT_TRUE(held);
}

// NUMIC and NUMEL, as offices write them; what is kept are their digits.
TEST(Roll, ConsularNumbers) {
  const std::string with = "identifiant;nom_naissance;prenoms;courriel;scrutins;numic;numel\n";
  const auto line = [](std::string_view id, std::string_view numbers) {
    return std::string(id) + ";NOM;Prénom;" + std::string(id) + "@example.org;0;" +
           std::string(numbers) + "\n";
  };
  const auto roll = parse_roll(with + line("E1", "123 456 789;") + line("E2", ";O12-345-678") +
                                   line("E3",
                                        "123.456.788;1"
                                        "23456789"),
                               districts);
  ASSERT_TRUE(roll) << roll.error().message;
  EXPECT_EQ(roll->voters[0].numic, "123456789");
  EXPECT_EQ(consular_number(roll->voters[0]), "123456789");
  EXPECT_EQ(roll->voters[1].numel, "012345678");
  EXPECT_EQ(consular_number(roll->voters[1]), "012345678") << "failing a NUMIC";
  EXPECT_EQ(consular_number(roll->voters[2]), "123456788") << "both: the NUMIC counts";
  for (const std::string_view wrong : {"1234;", "12345678A;", ";1234567890123456"}) {
    const auto refused = parse_roll(with + line("E1", wrong), districts);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().message.find("is no number of 5 to 15 digits"), std::string::npos);
    EXPECT_EQ(refused.error().message.find("1234"), std::string::npos) << "not told";
  }
  const auto twice =
      parse_roll(with + line("E1", "123456789;") + line("E2", "123 456 789;"), districts);
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("column numic: is the same as on line 2"),
            std::string::npos);
}

// Whatever the bytes: a whole roll, or a named problem.
TEST(Roll, DamagedFilesGiveProblemsOrAWholeRoll) {
  const bool held = rc::check([] {
    std::string csv = header + row() + row(0, "E2");
    const auto place = *rc::gen::inRange<std::size_t>(0, csv.size());
    csv[place] = static_cast<char>(*rc::gen::inRange(0, 256));
    const auto roll = parse_roll(csv, districts);
    if (roll) {
      RC_ASSERT((parse_roll(write_roll(*roll), districts).value() == *roll));
    } else {
      RC_ASSERT(roll.error().message.starts_with("line "));
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace isoloir
