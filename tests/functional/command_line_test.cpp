// What the program says of itself, and to who mistypes a command.
#include "functional/program.hpp"

namespace isoloir::cli {
namespace {

using CommandLine = test::ProgramTest;

TEST_F(CommandLine, SaysItsVersionAndTheProtocols) {
  const auto version = program("--version");
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out.find("isoloir 0."), 0u) << version.out;
  EXPECT_TRUE(version.says(", protocol isoloir/1\n")) << version.out;
}

TEST_F(CommandLine, AnUnknownCommandIsNamedAndTheOthersListed) {
  for (const auto& [words, wrong, near] :
       {std::tuple{"frobnicate", "frobnicate", ""}, std::tuple{"verfy x", "verfy", "verify?"},
        std::tuple{"bureau staus --state x", "staus", "status?"}}) {
    const auto result = program(words);
    EXPECT_EQ(result.code, 2) << words;
    EXPECT_NE(result.err.find("« " + std::string(wrong) + " » n'est pas une commande"),
              std::string::npos)
        << result.err;
    EXPECT_NE(result.err.find("\"" + std::string(wrong) + "\" is no command"), std::string::npos);
    EXPECT_NE(result.err.find(near), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("did you mean") == std::string::npos, std::string(near).empty());
  }
  EXPECT_NE(program("frobnicate").err.find("election, registrar, mailing, trustee"),
            std::string::npos);
  EXPECT_NE(program("bureau frobnicate").err.find("status, open, suspend"), std::string::npos);
  EXPECT_NE(program("bureau seal").err.find("did you mean: isoloir election seal?"),
            std::string::npos);
  EXPECT_NE(program("--nosuch").err.find("« --nosuch » n'est pas une commande"), std::string::npos);
  EXPECT_EQ(program("--nosuch").code, 2);
}

TEST_F(CommandLine, NoCommandShowsTheHelp) {
  for (const auto& [words, command] : {std::pair{"", "verify"}, std::pair{"bureau", "suspend"}}) {
    const auto result = program(words);
    EXPECT_EQ(result.code, 2) << words;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(command), std::string::npos) << result.err;
  }
  EXPECT_EQ(program("--help").code, 0);
  EXPECT_EQ(program("bureau --help").code, 0);
}

TEST_F(CommandLine, HelpShowsDefaults) {
  const auto help = program("serve --help");
  EXPECT_EQ(help.code, 0);
  EXPECT_TRUE(help.says("=127.0.0.1")) << help.out;
  EXPECT_TRUE(help.says("=8080")) << help.out;
  EXPECT_TRUE(program("bureau status --help").says("{fr,en}=fr"));
  EXPECT_FALSE(program("bureau suspend --help").says("=0"));  // what must be given has none
}

}  // namespace
}  // namespace isoloir::cli
