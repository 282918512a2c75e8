// The program itself, as an operator runs it: isoloir rehearse PORTAL
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/places.hpp"
#include "functional/program.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::contents;
using test::Outcome;

class RehearseCommand : public test::ProgramTest {
 protected:
  // What the command leaves behind in the temporary folder is seen here.
  RehearseCommand() { fs::create_directory(folder_ / "tmp"); }

  Outcome rehearse(const std::string& options, const std::string& portal = "education") const {
    return program("rehearse " + test::source_dir() + "/portals/" + portal + " " + options, "",
                   "TMPDIR=" + path("tmp"));
  }
};

TEST_F(RehearseCommand, AWholeElectionIsVerifiedAndItsCountsAreThoseCast) {
  const auto result = rehearse("--voters 12 --reissue 0.25 --json --export " + path("export"));
  ASSERT_EQ(result.code, 0) << result.err << result.out;
  const json summary = json::parse(result.out);
  EXPECT_EQ(summary.at("verdict"), "passed");
  EXPECT_EQ(summary.at("verified"), true);
  EXPECT_EQ(summary.at("counts_equal"), true);
  EXPECT_EQ(summary.at("voters"), 12);
  EXPECT_EQ(summary.at("voters_failed"), 0);
  // As the portal's own roll has it: of its first twelve four vote in two contests, the others in
  // three.
  EXPECT_EQ(summary.at("ballots"), 12 * 3 - 4);
  EXPECT_EQ(summary.at("receipts"), 12 * 3 - 4);
  EXPECT_EQ(summary.at("reissued"), 3);
  const auto times = [&](const std::string& step) {
    return summary.at("steps").at(step).at("count").get<int>();
  };
  EXPECT_EQ(times("sign-in"), 12 + 2) << "two typed a wrong password once";
  EXPECT_EQ(times("new code"), 3);
  EXPECT_EQ(times("voting code"), 12 + 2 + 3) << "two wrong ones, three that were replaced";
  // Voters 2, 7 and 12 sent each ballot twice, and another in its place.
  EXPECT_EQ(times("ballot"), 12 * 3 - 4 + 2 * (3 + 2 + 3));
  EXPECT_GT(summary.at("server_peak_kib"), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(summary.at("server_peak_kib"), 300 * 1024);
#endif
  EXPECT_TRUE(fs::is_empty(folder_ / "tmp")) << "the practice state is gone";

  // The export by itself, without the program that made it.
  const json counted = json::parse(contents(folder_ / "export/result.json"));
  int sign_offs = 0;
  for (const auto& contest : counted.at("contests"))
    sign_offs += contest.at("sign_offs").get<int>();
  EXPECT_EQ(sign_offs, 12 * 3 - 4);
  EXPECT_EQ(program("verify " + path("export")).code, 0);
}

// Keys of identifier and password, eleven constituencies with their districts, two rounds.
TEST_F(RehearseCommand, TheLegislativePortal) {
  const auto result =
      rehearse("--voters 24 --reissue 0.125 --json --export " + path("export"), "legislative");
  ASSERT_EQ(result.code, 0) << result.err << result.out;
  const json summary = json::parse(result.out);
  EXPECT_EQ(summary.at("verdict"), "passed");
  EXPECT_EQ(summary.at("ballots"), 24);
  EXPECT_EQ(summary.at("receipts"), 24);
  EXPECT_EQ(summary.at("reissued"), 3) << "lost passwords";
  EXPECT_EQ(summary.at("steps").at("new password").at("count"), 3);
  EXPECT_GT(summary.at("steps").at("voting code").at("count"), 24) << "some typed a wrong password";
  const json counted = json::parse(contents(folder_ / "export/result.json"));
  ASSERT_EQ(counted.at("contests").size(), 11u);
  for (const auto& contest : counted.at("contests")) EXPECT_TRUE(contest.contains("majority"));

  // R176-3-7: the second round is an election of its own, with other codes for everybody.
  const json second = summary.at("second_round");
  EXPECT_EQ(second.at("verdict"), "passed");
  EXPECT_EQ(second.at("old_credentials_refused"), true);
  EXPECT_GT(second.at("ballots"), 0);
  const json manifest = json::parse(contents(folder_ / "export-2/manifest.json"));
  for (const auto& contest : manifest.at("contests")) EXPECT_EQ(contest.at("round"), 2);
  EXPECT_EQ(program("verify " + path("export-2")).code, 0);

  // The same from the export, as an organiser does it.
  const std::string portal = test::source_dir() + "/portals/legislative";
  const std::string make = "second-round " + path("export") + " " + portal + " --to " +
                           path("second") +
                           " --opens 2022-06-10T12:00:00 --closes 2022-06-15T12:00:00"
                           " --title-fr 'Second tour' --title-en 'Second round' --roll " +
                           portal + "/roll.csv";
  const auto undecided = program(make);
  std::string stand;
  for (const auto& contest : counted.at("contests")) {
    const auto number = contest.at("contest").get<std::size_t>();
    const json first = json::parse(contents(folder_ / "export/manifest.json"));
    for (const auto& tie : contest.at("majority").at("undecided")) {
      for (const auto& option : tie.at("between")) {
        const auto& name = first["contests"][number]["options"][option.get<std::size_t>()]["name"];
        stand += " --stand '" + std::to_string(number) + ":" + name.get<std::string>() + "'";
      }
    }
  }
  if (!stand.empty()) {
    EXPECT_EQ(undecided.code, 2) << undecided.out;
    EXPECT_NE(undecided.err.find("the article does not say who stands"), std::string::npos)
        << undecided.err;
    EXPECT_FALSE(fs::exists(folder_ / "second"));
  }
  const auto made = stand.empty() ? undecided : program(make + stand);
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_NE(made.out.find("second round: "), std::string::npos) << made.out;
  EXPECT_EQ(program("check " + path("second") + " --roll " + path("second/roll.csv")).code, 0);
  EXPECT_EQ(program(make + stand).code, 2) << "a folder that is there is left alone";
}

// One to seven contests for each voter; of contests in which few of the forty vote the count is one
// of few ballots, or of none.
TEST_F(RehearseCommand, TheAcademiesPortalWithTheContestsOfItsOwnRoll) {
  const auto result =
      rehearse("--voters 40 --reissue 0.05 --json --export " + path("export"), "academies");
  ASSERT_EQ(result.code, 0) << result.err << result.out;
  const json summary = json::parse(result.out);
  EXPECT_EQ(summary.at("verdict"), "passed");
  EXPECT_EQ(summary.at("counts_equal"), true);
  EXPECT_EQ(summary.at("voters_failed"), 0);
  EXPECT_EQ(summary.at("reissued"), 2);
  // Who votes in what: the last cell of each line of the roll.
  std::ifstream lines(test::source_dir() + "/portals/academies/roll.csv");
  std::string line;
  std::getline(lines, line);
  std::vector<int> expected(14);
  for (int i = 0; i < 40 && std::getline(lines, line); ++i) {
    std::stringstream contests(line.substr(line.rfind(';') + 1));
    for (std::string one; std::getline(contests, one, '|');) ++expected.at(std::stoul(one));
  }
  const json counted = json::parse(contents(folder_ / "export/result.json"));
  std::vector<int> sign_offs;
  for (const auto& contest : counted.at("contests")) sign_offs.push_back(contest.at("sign_offs"));
  EXPECT_EQ(sign_offs, expected);
}

TEST_F(RehearseCommand, WithoutARollEverybodyVotesInThreeContests) {
  fs::create_directory(folder_ / "portal");
  fs::copy(test::source_dir() + "/portals/academies/portal.toml", folder_ / "portal");
  const auto rehearsal = [&] {
    return program("rehearse " + path("portal") + " --voters 2 --reissue 0 --json", "",
                   "TMPDIR=" + path("tmp"));
  };
  const auto result = rehearsal();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out).at("ballots"), 6);
  write("portal/roll.csv", "identifiant;scrutins\nA1;99\n");
  const auto wrong = rehearsal();
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("portal/roll.csv:\n"), std::string::npos) << wrong.err;
}

TEST_F(RehearseCommand, LinesForPeople) {
  const auto result = rehearse("--voters 1 --reissue 0");
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("verdict: \"passed\"\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("ballots: 3\n"), std::string::npos) << result.out;
}

TEST_F(RehearseCommand, AnExportThatIsThereIsLeftAlone) {
  fs::create_directory(folder_ / "export");
  write("export/mine", "kept");
  const auto result = rehearse("--voters 1 --export " + path("export"));
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(contents(folder_ / "export/mine"), "kept");
  EXPECT_TRUE(fs::is_empty(folder_ / "tmp"));
}

// A number that others know and a code by e-mail; without captcha, and nothing to renew alone.
TEST_F(RehearseCommand, TheAssociationsPortal) {
  EXPECT_EQ(rehearse("--voters 3", "association").code, 2) << "a lost code is the assistance's";
  const auto result =
      rehearse("--voters 12 --reissue 0 --json --export " + path("export"), "association");
  ASSERT_EQ(result.code, 0) << result.err << result.out;
  const json summary = json::parse(result.out);
  EXPECT_EQ(summary.at("verdict"), "passed");
  EXPECT_EQ(summary.at("ballots"), 12);
  EXPECT_FALSE(summary.at("steps").contains("captcha"));
  EXPECT_EQ(program("verify " + path("export")).code, 0);
}

}  // namespace
}  // namespace isoloir
