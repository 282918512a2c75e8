// The program itself, as an operator runs it: isoloir seats FILE.json
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/places.hpp"
#include "functional/program.hpp"

namespace isoloir {
namespace {

using nlohmann::json;
using test::contents;
using test::Outcome;

class SeatsCommand : public test::ProgramTest {
 protected:
  Outcome run(const std::string& arguments) const { return program("seats " + arguments); }

  Outcome run_on(const std::string& text, const std::string& options = "") const {
    write("votes.json", text);
    return run(path("votes.json") + " " + options);
  }
};

std::string with(const std::string& fields, const std::string& lists) {
  return R"({"rule":"proportional-highest-average",)" + fields + R"(,"lists":[)" + lists + "]}";
}

TEST_F(SeatsCommand, ReproducesThePublishedResult) {
  const std::string path = test::source_dir() + "/tests/data/ccmmep-2022.json";
  const json published = json::parse(contents(path));
  const auto result = run(path);
  ASSERT_EQ(result.code, 0) << result.err;
  json expected = {{"lists", published.at("lists")}, {"unfilled", 0}, {"ties", json::array()}};
  EXPECT_EQ(json::parse(result.out), expected);
  EXPECT_EQ(result.err, "");
}

TEST_F(SeatsCommand, ReportsATieAndTakesTheLot) {
  const std::string lists =
      R"({"name":"A","votes":5,"candidates":3},{"name":"É","votes":5,"candidates":3})";
  const auto tie = run_on(with(R"("seats":3)", lists));
  ASSERT_EQ(tie.code, 0) << tie.err;
  EXPECT_EQ(json::parse(tie.out), json::parse(R"({"lists":[{"name":"A","votes":5,"seats":1},
      {"name":"É","votes":5,"seats":1}],"unfilled":0,"ties":[{"seats":1,"between":["A","É"],
      "reason":"equal averages, votes and numbers of candidates"}]})"));
  const auto settled = run_on(with(R"("seats":3,"lots":["É"])", lists));
  ASSERT_EQ(settled.code, 0) << settled.err;
  EXPECT_EQ(json::parse(settled.out)["lists"][1]["seats"], 2);
  EXPECT_EQ(json::parse(settled.out)["ties"], json::array());
}

TEST_F(SeatsCommand, UnfilledSeatsMembersAndWorking) {
  const auto result = run_on(with(R"("seats":2,"valid_votes":100,"title":"t","note":"n","src":"s")",
                                  R"({"name":"A","votes":70,"candidates":1,"seats":9,
               "members":[{"name":"X"},{"name":"Y"},{"name":"Z"}]},
              {"name":"B","votes":30,"sigle":true})"),
                             "--working");
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out), json::parse(R"({"lists":[
      {"name":"A","votes":70,"seats":1,"by_quota":1,"by_average":1,"members":[
        {"name":"X","votes":"23 + 1/3"},{"name":"Y","votes":"23 + 1/3"},{"name":"Z","votes":"23 + 1/3"}]},
      {"name":"B","votes":30,"seats":0,"by_quota":0,"by_average":0}],
      "unfilled":1,"ties":[],"valid_votes":100,"quota":"100/2",
      "steps":[{"averages":["70/2","30/1"],"winner":"A","decided_by":"average","unfilled":true}]})"));
}

TEST_F(SeatsCommand, BadInputIsRefusedWithItsReason) {
  const std::string a = R"({"name":"A","votes":5})";
  const struct {
    std::string text;
    std::string reason;
  } cases[] = {
      {"", "json.syntax"},
      {"{", "json.syntax"},
      {"[]", "the file: is no object"},
      {"null", "the file: is no object"},
      {R"({"rule":"majority","seats":1,"lists":[]})", "the rule \"majority\" is unknown"},
      {R"({"seats":1,"lists":[]})", "the file: has no rule"},
      {with(R"("title":"t")", a), "the file: has no seats"},
      {R"({"rule":"proportional-highest-average","seats":1})", "the file: has no lists"},
      {with(R"("seats":0)", a), "there are no seats"},
      {with(R"("seats":-1)", a), "seats is no whole number"},
      {with(R"("seats":4294967296)", a), "seats is no whole number"},
      {with(R"("seats":1.5)", a), "json.number"},
      {with(R"("seats":"1")", a), "seats is no whole number"},
      {with(R"("seats":1,"seats":2)", a), "json.duplicate_key"},
      {with(R"("seats":1,"seat":2)", a), "unknown key \"seat\""},
      {with(R"("seats":1,"valid_votes":6)", a), "valid_votes is 6, the lists' votes add up to 5"},
      {with(R"("seats":1)", ""), "there are no lists"},
      {with(R"("seats":1)", R"({"votes":5})"), "list 1: has no name"},
      {with(R"("seats":1)", R"({"name":"A"})"), "list 1: has no votes"},
      {with(R"("seats":1)", a + R"(,{"name":"B","votes":-2})"), "list 2: votes is no whole number"},
      {with(R"("seats":1)", R"({"name":"A","votes":5,"vote":6})"), "unknown key \"vote\""},
      {with(R"("seats":1)", R"({"name":"A","votes":5,"sigle":1})"), "neither true nor false"},
      {with(R"("seats":1)", R"({"name":"A","votes":5,"members":{}})"), "members is no array"},
      {with(R"("seats":1)", R"({"name":"A","votes":5,"members":[{"name":"X","part":1}]})"),
       "list 1, member 1: has the unknown key \"part\""},
      {with(R"("seats":1)", a + "," + a), "\"A\" appears twice"},
      {with(R"("seats":1,"lots":["A"])", a), "no tie"},
      {with(R"("seats":1,"lots":[1])", a), "lots"},
      {with(R"("seats":1)", "7"), "list 1: is no object"},
      {with(R"("seats":1)", "{\"name\":\"\xff\",\"votes\":1}"), "json.syntax"},
      {std::string(2 << 20, ' ') + "{}", "too large"},
  };
  for (const auto& one : cases) {
    const auto result = run_on(one.text);
    EXPECT_EQ(result.code, 2) << one.text.substr(0, 200);
    EXPECT_EQ(result.out, "") << one.text.substr(0, 200);
    EXPECT_NE(result.err.find(one.reason), std::string::npos) << one.reason << "\n" << result.err;
  }
}

TEST_F(SeatsCommand, TwoRounds) {
  const auto majority = [&](const std::string& fields, const std::string& candidates) {
    return run_on(R"({"rule":"two-round-majority",)" + fields + R"(,"candidates":[)" + candidates +
                  "]}");
  };
  const std::string three = R"({"name":"A","votes":45,"birth_date":"1970-02-28"},
      {"name":"B","votes":45,"birth_date":"1969-12-31"},{"name":"C","votes":7})";
  const auto first = majority(R"("registered":400,"valid_votes":97,"seats":1)", three);
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(json::parse(first.out), json::parse(R"({"round":1,"valid_votes":97,"candidates":[
      {"name":"A","votes":45},{"name":"B","votes":45},{"name":"C","votes":7}],"elected":null,
      "second_round":["A","B"],"articles":["L126","L162"],"reason":"nobody has more than half of the valid votes; nobody has 12.5 % of the registered electors, the first two may stand","ties":[]})"));
  const auto second = majority(R"("round":2,"registered":400)", three);
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(json::parse(second.out).at("elected"), "B");
  EXPECT_EQ(json::parse(second.out).at("reason"), "equal votes, the eldest");
  const auto tie =
      majority(R"("round":2,"registered":9)", R"({"name":"A","votes":1},{"name":"B","votes":1})");
  EXPECT_EQ(json::parse(tie.out).at("ties"), json::parse(R"([{"places":1,"between":["A","B"],
                             "reason":"equal votes, birth dates not given"}])"));

  const struct {
    std::string fields, candidates, reason;
  } cases[] = {
      {R"("valid_votes":1)", R"({"name":"A","votes":1})", "the file: has no registered"},
      {R"("registered":1,"lists":[])", R"({"name":"A","votes":1})", "unknown key \"lists\""},
      {R"("registered":9,"seats":2)", R"({"name":"A","votes":1})", "this rule fills one seat"},
      {R"("registered":9,"round":3)", R"({"name":"A","votes":1})", "the round is 1 or 2"},
      {R"("registered":9,"valid_votes":2)", R"({"name":"A","votes":1})",
       "valid_votes is 2, the candidates' votes add up to 1"},
      {R"("registered":9)", R"({"name":"A","votes":1,"birth_date":1970})", "birth_date is no text"},
      {R"("registered":9)", R"({"name":"A","votes":1,"birth_date":"28/02/1970"})", "is no day"},
      {R"("registered":9)", R"({"name":"A"})", "candidate 1: has no votes"},
      {R"("registered":9)", R"({"name":"A","votes":10})", "more votes than registered electors"},
  };
  for (const auto& one : cases) {
    const auto refused = majority(one.fields, one.candidates);
    EXPECT_EQ(refused.code, 2) << one.reason;
    EXPECT_EQ(refused.out, "") << one.reason;
    EXPECT_NE(refused.err.find(one.reason), std::string::npos) << one.reason << "\n" << refused.err;
  }
}

TEST_F(SeatsCommand, NoFileNoResult) {
  for (const std::string arguments : {"", "/nonexistent/file.json", "/"}) {
    const auto result = run(arguments);
    EXPECT_EQ(result.code, 2) << arguments;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err, "");
  }
}

TEST_F(SeatsCommand, AResultThatCannotBeWrittenIsNoSuccess) {
  const std::string votes = with(R"("seats":1)", R"({"name":"A","votes":5})");
  EXPECT_EQ(run_on(votes, ">/dev/full").code, 1);
}

}  // namespace
}  // namespace isoloir
