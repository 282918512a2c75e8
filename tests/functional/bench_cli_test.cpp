// isoloir bench verify: that each way runs and says what it measured; never how fast.
#include "base/canonical_json.hpp"
#include "functional/program.hpp"

namespace isoloir::cli {
namespace {

using Bench = test::ProgramTest;

TEST_F(Bench, SaysInOneLineWhatItMeasured) {
  for (const std::string mode : {"sodium", "single", "batch"}) {
    const auto result = program(
        "bench verify --options 2 --ballots 5 --batch 3 --engine portable "
        "--json --mode " +
        mode);
    ASSERT_EQ(result.code, 0) << result.err;
    const auto line = Json::parse(result.out);
    EXPECT_EQ(line["mode"], mode);
    EXPECT_EQ(line["engine"], mode == "sodium" ? "libsodium" : "portable");
    EXPECT_EQ(line["options"], 2);
    EXPECT_EQ(line["ballots"], 5);
    EXPECT_EQ(line["batch"], mode == "batch" ? 3 : 1);
    EXPECT_GT(line["ballots_per_second_per_core"], 0);
    EXPECT_GT(line["milliseconds_per_ballot"], 0);
  }
  const auto words = program("bench verify --options 2 --ballots 2");
  EXPECT_EQ(words.code, 0);
  EXPECT_TRUE(words.says("2 ballots of 2 options (2 distinct ones, repeated), in batches of 128"));
  EXPECT_EQ(program("bench verify --mode guess").code, 2);
  EXPECT_EQ(program("bench verify --options 0").code, 2);
}

}  // namespace
}  // namespace isoloir::cli
