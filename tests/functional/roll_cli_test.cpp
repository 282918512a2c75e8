// The program itself, as the organiser decides a claim on the electoral roll beside a server:
// isoloir roll correct|strike-off VOTER --state DIR
#include <fcntl.h>

#include <fstream>

#include "courier/outbox.hpp"
#include "functional/by_files.hpp"
#include "service/reissue.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using test::Outcome;

struct RollCommand : test::ByFiles {
  RollCommand() {
    fs::copy_file(fs::path(ISOLOIR_SOURCE_DIR) / "portals/education/portal.toml",
                  folder / "portal.toml");
    // The program's clock is the machine's: sealed until tomorrow.
    EXPECT_TRUE(state->database().write([](store::Transaction& t) -> Status {
      const TimeMs now = SystemClock().now();
      t.execute("UPDATE hours SET opens_at = $1, closes_at = $2",
                {now + 24 * hour, now + 48 * hour});
      return {};
    }));
  }
  Outcome roll_command(const std::string& arguments, const std::string& language = "en") const {
    return run("roll " + arguments + " --lang " + language + " --state " + folder.string());
  }
  // As the server notes when it starts.
  void serve_with(std::string_view channel) {
    std::ofstream(folder / "channel.txt") << channel << "\n";
  }
};

TEST_F(RollCommand, CorrectShowsBeforeAndAfterAndTellsTheVoter) {
  serve_with("inbox");
  const auto done =
      roll_command("correct e1 --given-names Camille --email camille@autre.example --claim R-17");
  expect_done(done);
  for (const char* words : {"Voter E1, Mme VOTANTE E1", "given names: E1 → Camille",
                            "e-mail: E1@portal.example → camille@autre.example",
                            "Done: the roll is corrected.", "Messages that tell the voter: 2."}) {
    EXPECT_TRUE(done.says(words)) << words << "\n" << done.out;
  }
  clock.set(SystemClock().now());
  InboxTransport transport;
  outbox_of(*state).deliver(transport, state->now());
  const auto inbox = read_inbox(*state);
  ASSERT_EQ(inbox.size(), 2u);
  EXPECT_EQ(inbox[0].subject, "Vos coordonnées sur la liste électorale ont été corrigées");
  for (const char* words :
       {"votre adresse électronique ou votre numéro", "———", "Did you ask for it?"}) {
    EXPECT_NE(inbox[0].body.find(words), std::string::npos) << inbox[0].body;
  }

  // Without a way for messages the organiser must tell her.
  serve_with("none");
  const auto alone = roll_command("correct E2 --phone 0612345678", "fr");
  expect_done(alone);
  EXPECT_TRUE(alone.says("téléphone : (rien) → 0612345678")) << alone.out;
  EXPECT_TRUE(alone.says("Aucun message n'a pu partir : prévenez l'électeur.")) << alone.out;
}

TEST_F(RollCommand, CorrectRefusesByNameAndChangesNothing) {
  serve_with("none");
  expect_refused(roll_command("correct E1"), "roll.nothing");
  expect_refused(roll_command("correct E9 --phone 1"), "roll.unknown_voter");
  expect_refused(roll_command("correct E1 --email nobody"), "roll.invalid");
  expect_refused(roll_command("correct E1 --email E2@portal.example"), "roll.email_taken");
  expect_refused(roll_command("correct E1 --phone 1 --claim 'Mme Dupont'"), "roll.claim");
  const auto french = roll_command("correct E1 --birth-name ''", "fr");
  EXPECT_EQ(french.code, 2);
  EXPECT_NE(french.err.find("Cette valeur n'est pas admise sur la liste"), std::string::npos);
  EXPECT_NE(french.err.find("column nom_naissance: is empty"), std::string::npos) << french.err;
  // A person at a terminal is asked first.
  if (const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY); terminal >= 0) {
    ::close(terminal);
    const auto asked =
        at_terminal("roll correct E1 --phone 1 --lang fr --state " + folder.string(), "non");
    EXPECT_NE(asked.find("tapez « corriger »"), std::string::npos) << asked;
    EXPECT_NE(asked.find("(bureau.unconfirmed)"), std::string::npos) << asked;
  }
  const auto unchanged = roll_command("correct E1 --civility Mme");
  expect_refused(unchanged, "roll.unchanged");
}

}  // namespace
}  // namespace isoloir::cli
