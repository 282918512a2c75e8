// The program itself, as the organiser decides a claim on the electoral roll beside a server:
// isoloir roll correct|strike-off VOTER --state DIR
#include <fcntl.h>

#include "courier/outbox.hpp"
#include "functional/roll_command.hpp"
#include "service/claim_made.hpp"
#include "service/reissue.hpp"
#include "stands_in.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using test::Outcome;

using test::RollCommand;

TEST_F(RollCommand, CorrectShowsBeforeAndAfterAndTellsTheVoter) {
  serve_with("inbox");
  const auto done =
      roll_command("correct e1 --given-names Camille --email camille@autre.example --claim " +
                   made_claim(*state));
  expect_done(done);
  for (const char* words :
       {"Voter E1, Mme VOTANTE E1", "given names: E1 → Camille",
        "e-mail: E1@portal.example → camille@autre.example", "Done: the roll is corrected.",
        "The account ends,", "Messages that tell the voter: 2."}) {
    EXPECT_TRUE(done.says(words)) << words << "\n" << done.out;
  }
  clock.set(SystemClock().now());
  InboxTransport transport;
  outbox_of(*state).deliver(transport, state->now());
  const auto inbox = read_inbox(*state);
  ASSERT_EQ(inbox.size(), 2u);
  EXPECT_EQ(inbox[0].subject, "Vos coordonnées sur la liste électorale ont été corrigées");
  for (const char* words : {"votre adresse électronique sur la liste", "à ouvrir de nouveau", "———",
                            "Did you ask for it?"}) {
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
  expect_refused(roll_command("correct E1 --phone 1 --claim K7QD-2M4X"), "roll.claim");
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

struct StrikeOffByFiles : RollCommand {
  StrikeOffByFiles() {
    put("manifest.json", state->manifest_text());
    fingerprint = hex_encode(state->fingerprint().bytes);
    for (const auto member : {president, secretary, delegate1}) {
      make_holder(member, ceremonies[0].holders[member].clone());
    }
  }
  Outcome draft(const std::string& who, const std::string& name) const {
    return roll_command("strike-off " + who + " --draft " + at(name));
  }
  Outcome sign(const std::string& name, Member by) const {
    return run("trustee sign " + at(name) + " --manifest " + at("manifest.json") +
               " --fingerprint " + fingerprint + holder(by));
  }
  std::int64_t registered(std::uint32_t contest) {
    return count_rows("voter_contest WHERE contest = " + std::to_string(contest));
  }
  // The key of a voter as it is shown to people: its first group of eight.
  std::string shown_key(std::size_t voter, std::uint32_t contest) const {
    return hex_encode(credential(voter).ballot_key(contest).key.encoded()).substr(0, 8);
  }
};

TEST_F(StrikeOffByFiles, DraftedSignedPosted) {
  const auto drafted = draft("e1 --contest 0", "event");
  expect_done(drafted);
  for (const auto& words :
       {std::string("Striking off voter E1, Mme VOTANTE E1"), std::string("Contest 0: National"),
        shown_key(0, 0), std::string("Présidente, Secrétaire")}) {
    EXPECT_TRUE(drafted.says(words)) << words << "\n" << drafted.out;
  }
  EXPECT_EQ(registered(0), 3);
  EXPECT_FALSE(stands_in(get("event"), "E1")) << "the event names no one";

  expect_refused(sign("event", delegate1), "trustee.role");
  const auto seen = sign("event", secretary);
  expect_done(seen);
  for (const auto& words :
       {std::string("Radier une personne de la liste du scrutin 0 : National"),
        std::string("Strike a person off the roll of contest 0: National"), shown_key(0, 0)}) {
    EXPECT_TRUE(seen.says(words)) << words << "\n" << seen.out;
  }
  const auto posted = bureau("post " + at("event"));
  expect_done(posted);
  EXPECT_TRUE(posted.says("event 0, signed by Secrétaire")) << posted.out;
  EXPECT_EQ(registered(0), 2);
  EXPECT_EQ(registered(1), 3);
  expect_refused(bureau("post " + at("event")), "bureau.replayed");
  expect_refused(draft("E1 --contest 0", "again"), "roll.not_registered");
}

TEST_F(StrikeOffByFiles, OfEveryContestOrByWhoIsPresent) {
  put("all-1", "taken");
  expect_refused(draft("E2 --all", "all"), "bureau.draft_exists");
  EXPECT_FALSE(fs::exists(at("all-0"))) << "all or none";
  fs::remove(at("all-1"));
  expect_done(draft("E2 --all", "all"));
  for (const char* file : {"all-0", "all-1"}) {
    expect_done(sign(file, president));
    expect_done(bureau("post " + at(file)));
  }
  EXPECT_EQ(registered(0), 2);
  EXPECT_EQ(registered(1), 2);
  expect_refused(draft("E2 --all", "none"), "roll.not_registered");

  expect_refused(roll_command("strike-off E3 --all"), "bureau.holders");
  expect_refused(roll_command("strike-off E3 --all" + holder(delegate1)), "bureau.signer");
  expect_done(
      roll_command("strike-off E3 --contest 1 --contest 0 --contest 1" + holder(president)));
  EXPECT_EQ(registered(0), 1);
  EXPECT_EQ(registered(1), 1);
}

TEST_F(StrikeOffByFiles, WhoHasVotedIsForTheJudge) {
  clock.set(SystemClock().now());
  EXPECT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE hours SET opens_at = $1", {clock.now() - hour});
    t.execute("UPDATE contest_phase SET phase = 'open'", {});
    return {};
  }));
  ASSERT_EQ(cast(in_space(0), ballot(0, 0, 0)), "recorded");
  expect_refused(draft("E1 --all", "event"), "roll.voted");
  const auto french = roll_command("strike-off E1 --contest 0 --draft " + at("event"), "fr");
  EXPECT_EQ(french.code, 1);
  EXPECT_NE(french.err.find("seul un juge peut en décider"), std::string::npos) << french.err;
  EXPECT_FALSE(fs::exists(at("event")));
  expect_refused(draft("E1", "event"), "roll.nothing");
  expect_refused(draft("E9 --all", "event"), "roll.unknown_voter");
  expect_refused(draft("E1 --contest 7", "event"), "roll.not_registered");
  expect_done(draft("E1 --contest 1", "event"));
}

}  // namespace
}  // namespace isoloir::cli
