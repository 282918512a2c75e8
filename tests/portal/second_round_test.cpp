// From a first round to the second (Code électoral, L162; R176-3-7).
#include "portal/second_round.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/places.hpp"
#include "portal/portal.hpp"

namespace isoloir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct SecondRound : testing::Test {
  std::string toml = *read_file(test::source_dir() + "/portals/legislative/portal.toml");
  Portal portal = *Portal::parse(toml, "portal.toml");
  Manifest manifest;
  Json result = {{"contests", Json::array()}};
  SecondRoundTerms terms{{}, "2022-06-10T12:00:00", "2022-06-15T12:00:00"};

  SecondRound() {
    terms.election.fr = "Législatives, second tour";
    terms.election.en = "Legislative \"second\" round";
    manifest.contests = portal.contests;
    for (std::uint32_t k = 0; k < portal.contests.size(); ++k) {
      // The options are drawn: the numbers of the result are not those of the file.
      auto& options = manifest.contests[k].options;
      std::reverse(options.begin(), options.end());
      result["contests"].push_back({{"contest", k},
                                    {"registered", 100},
                                    {"majority",
                                     {{"round", 1},
                                      {"elected", option(k, 0)},
                                      {"second_round", Json::array()},
                                      {"articles", {"L126"}},
                                      {"undecided", Json::array()}}}});
    }
  }
  // The number of the n-th candidate of the file.
  std::size_t option(std::uint32_t contest, std::size_t n) const {
    const auto& file = portal.contests[contest].options;
    const auto& drawn = manifest.contests[contest].options;
    const auto named = [&](const ContestOption& one) { return one.name == file[n].name; };
    return static_cast<std::size_t>(std::find_if(drawn.begin(), drawn.end(), named) -
                                    drawn.begin());
  }
  Json& majority(std::size_t contest) { return result["contests"][contest]["majority"]; }
  void again(std::uint32_t contest, const std::vector<std::size_t>& standing) {
    majority(contest)["elected"] = nullptr;
    for (const auto n : standing) majority(contest)["second_round"].push_back(option(contest, n));
  }
  void equals(std::uint32_t contest, std::uint32_t places, const std::vector<std::size_t>& names) {
    Json between = Json::array();
    for (const auto n : names) between.push_back(option(contest, n));
    majority(contest)["undecided"].push_back({{"places", places}, {"between", between}});
  }
  std::string error(const std::vector<StandingChange>& added,
                    const std::vector<StandingChange>& withdrawn = {}) {
    const auto standing = standing_again(manifest, result, added, withdrawn);
    return standing ? "" : standing.error().code;
  }
  StandingAgain standing(const std::vector<StandingChange>& added = {},
                         const std::vector<StandingChange>& withdrawn = {}) {
    const auto found = standing_again(manifest, result, added, withdrawn);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : StandingAgain();
  }
};

TEST_F(SecondRound, L162WhoMayStandIsTakenFromTheResult) {
  again(0, {1, 3});
  again(4, {0, 1, 2});
  const auto found = standing();
  ASSERT_EQ(found.size(), portal.contests.size());
  EXPECT_THAT(found[0], ElementsAre("BRAVO Chloé", "DELTA Gaëlle"));
  EXPECT_EQ(found[4].size(), 3u);
  EXPECT_THAT(found[1], IsEmpty()) << "elected";
}

TEST_F(SecondRound, OfEqualsPeopleDecideAndOfNobodyElse) {
  again(0, {1});
  equals(0, 1, {0, 3});
  EXPECT_EQ(error({}), "second_round.tie");
  EXPECT_THAT(standing({{0, "ALPHA Anne"}})[0], ElementsAre("BRAVO Chloé", "ALPHA Anne"));
  EXPECT_EQ(standing({{0, "ALPHA Anne"}, {0, "DELTA Gaëlle"}})[0].size(), 3u) << "or all of them";
  EXPECT_EQ(error({{0, "CHARLIE Émilie"}}), "second_round.name") << "she is no equal";
  EXPECT_EQ(error({{0, "NOBODY"}}), "second_round.name");
  EXPECT_EQ(error({{99, "ALPHA Anne"}}), "second_round.name");
  EXPECT_EQ(error({{0, "ALPHA Anne"}, {1, portal.contests[1].options[0].name}}),
            "second_round.name")
      << "that contest is decided";
}

TEST_F(SecondRound, WhoWithdrawsDoesNotStandAndSomebodyMust) {
  again(0, {0, 1});
  EXPECT_THAT(standing({}, {{0, "ALPHA Anne"}})[0], ElementsAre("BRAVO Chloé"));
  EXPECT_EQ(error({}, {{0, "CHARLIE Émilie"}}), "second_round.name");
  EXPECT_EQ(error({}, {{0, "ALPHA Anne"}, {0, "BRAVO Chloé"}}), "second_round.nobody");
}

TEST_F(SecondRound, AContestWithoutASecondRoundIsRefusedAndOneWithoutElectorsLeftOut) {
  majority(2)["elected"] = nullptr;
  result["contests"][2]["registered"] = 0;
  EXPECT_THAT(standing()[2], IsEmpty());
  manifest.contests[0].round = 2;
  EXPECT_EQ(error({}), "second_round.contest");
}

TEST_F(SecondRound, ThePortalHasTheContestsThatAreLeftAndNothingElseChanges) {
  again(0, {1, 3});
  again(10, {0, 1});
  const auto text = second_round_portal(toml, "portal.toml", standing(), terms);
  ASSERT_TRUE(text) << text.error().message;
  const auto second = Portal::parse(*text, "second");
  ASSERT_TRUE(second) << second.error().message;
  ASSERT_EQ(second->contests.size(), 2u);
  EXPECT_EQ(second->contests[0].name.fr, portal.contests[0].name.fr);
  EXPECT_EQ(second->contests[1].name.fr, portal.contests[10].name.fr);
  EXPECT_EQ(second->contests[0].districts, portal.contests[0].districts);
  EXPECT_EQ(second->contests[0].unit_minimum, portal.contests[0].unit_minimum);
  EXPECT_EQ(second->contests[0].round, 2u);
  EXPECT_EQ(second->contests[0].options[0].name, "BRAVO Chloé");
  EXPECT_EQ(second->contests[0].options[0].substitute, "BRAVO David");
  EXPECT_EQ(second->election.fr, "Législatives, second tour");
  EXPECT_EQ(second->election.en, "Legislative \"second\" round");
  EXPECT_EQ(second->closes_local, "2022-06-15T12:00:00");
  EXPECT_THAT(*text, HasSubstr("# One bureau for all constituencies")) << "comments stay";
  EXPECT_THAT(*text, Not(HasSubstr("ALPHA Anne")));
  const auto head = toml.substr(toml.find("[sign_in]"));
  EXPECT_THAT(*text, HasSubstr(head.substr(0, head.find("[[contest]]"))));
}

TEST_F(SecondRound, WhatCannotBeEditedIsRefused) {
  again(0, {1, 3});
  const auto refused = [&](const std::string& text) {
    const auto made = second_round_portal(text, "portal.toml", standing(), terms);
    return made ? "" : made.error().code;
  };
  EXPECT_EQ(refused(toml), "");
  auto spaced = toml;
  spaced.replace(spaced.find("[hours]"), 7, "[ hours ]");
  EXPECT_EQ(refused(spaced), "second_round.layout");
  auto fewer = standing();
  fewer.pop_back();
  EXPECT_EQ(second_round_portal(toml, "portal.toml", fewer, terms).error().code,
            "second_round.layout");
  terms.closes = terms.opens;
  EXPECT_THAT(refused(toml), Not("")) << "no hours at all";
}

TEST_F(SecondRound, TheRollIsRenumberedAndWhoHasNoContestLeftIsNotOnIt) {
  StandingAgain standing(4);
  standing[1] = {"A"};
  standing[3] = {"B", "C"};
  const auto roll = second_round_roll(
      "\xEF\xBB\xBF"
      "identifiant;prenoms;Scrutins;circonscription\r\n"
      "E1;\"Anne; Marie\";1;2\r\n"
      "E2;Bob;0;0\n"
      "\n"
      "E3;Cy;0|1 | 3:5;1\n",
      standing);
  ASSERT_TRUE(roll) << roll.error().message;
  EXPECT_EQ(*roll,
            "identifiant;prenoms;Scrutins;circonscription\n"
            "E1;\"Anne; Marie\";0;2\n"
            "E3;Cy;0|1:5;1\n");
  const auto bad = [&](std::string_view csv) {
    const auto made = second_round_roll(csv, standing);
    return made ? "" : made.error().message;
  };
  EXPECT_THAT(bad("identifiant;scrutins\nE1;7\n"), HasSubstr("line 2"));
  EXPECT_THAT(bad("identifiant;scrutins\nE1;x\n"), HasSubstr("line 2"));
  EXPECT_THAT(bad("identifiant;nom\nE1;x\n"), HasSubstr("no column scrutins"));
  EXPECT_THAT(bad("identifiant;scrutins\n\"E1;0\n"), HasSubstr("line"));
}

}  // namespace
}  // namespace isoloir
