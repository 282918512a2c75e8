// The program itself, as the help desk runs it beside a server: isoloir voter ID --state DIR
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "base/places.hpp"
#include "functional/program.hpp"
#include "service/account_links.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

using test::contents;
using test::Outcome;

// The fixture holds the state open as the server does.
struct VoterCommand : ReissueFixture {
  const fs::path files = folder.string() + "-out";
  VoterCommand() {
    fs::create_directory(files);
    fs::copy_file(fs::path(test::source_dir()) / "portals/education/portal.toml",
                  folder / "portal.toml");
    serve_with("inbox");
    // The program's clock is the machine's.
    EXPECT_TRUE(state->database().write([](store::Transaction& t) -> Status {
      t.execute("UPDATE hours SET closes_at = 4102444800000", {});
      return {};
    }));
  }
  ~VoterCommand() override { fs::remove_all(files); }

  Outcome run(const std::string& arguments) {
    const auto out = files / "out", err = files / "err";
    const int status = std::system((test::binary_dir() + "/isoloir voter " + arguments + " >" +
                                    out.string() + " 2>" + err.string())
                                       .c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(out), contents(err)};
  }
  // As the server notes when it starts.
  void serve_with(std::string_view channel) {
    std::ofstream(folder / "channel.txt") << channel << "\n";
  }
  std::string at_state() const { return " --state " + folder.string(); }
};

TEST_F(VoterCommand, TellsWhatHelpsAndNothingElse) {
  auto request = form(0);
  request.channel = ReissueChannel::sms;
  request.destination = "06 12 34 56 78";
  ASSERT_EQ(ask_code(0, request), "sent");
  (void)inbox();
  clock.advance(2 * minute);
  replace_code(0);
  ASSERT_EQ(cast(in_space(0), ballot(0, 0, 1)), "recorded");
  (void)inbox();
  // The program reads the machine's clock.
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE hours SET closes_at = $1 WHERE id = 1", {SystemClock().now() + 24 * hour});
    return {};
  }));

  const auto french = run("E1" + at_state());
  EXPECT_EQ(french.code, 0) << french.err;
  EXPECT_EQ(french.err, "");
  for (const auto* text :
       {"Électeur E1, Mme VOTANTE E1\n", "  essais restants : 5",
        "Code de vote : valable (depuis le jeudi 1 décembre 2022 à 09h02)",
        "un code a été remplacé le jeudi 1 décembre 2022 à 09h02", "nouveau code créé",
        "remplacée par une demande plus récente", "lien pour un nouveau code, SMS à +33…78 : remis",
        "lien pour un nouveau code, e-mail à c…@e….org : remis",
        "avis de création d'un code ou d'un mot de passe, e-mail à E…@p….example : remis",
        "Ensuite : l'électeur "}) {
    EXPECT_NE(french.out.find(text), std::string::npos) << text << "\nin\n" << french.out;
  }
  const auto english = run("E1 --lang en" + at_state());
  for (const auto* text : {"Voter E1, Mme VOTANTE E1\n", "  tries left : 5",
                           "Voting code : valid (since Thursday 1 December 2022",
                           "text message to +33…78 : delivered", "Next: the voter "}) {
    EXPECT_NE(english.out.find(text), std::string::npos) << text << "\nin\n" << english.out;
  }
  const auto as_json = run("E1 --json" + at_state());
  const auto json = parse_json(as_json.out.substr(0, as_json.out.size() - 1));
  ASSERT_TRUE(json) << as_json.out;
  EXPECT_EQ(json->at("code").at("state"), "valid");
  EXPECT_EQ(json->at("replaced_at").size(), 1u);
  EXPECT_EQ(json->at("messages").size(), 3u);
  EXPECT_EQ(json->at("reissues").size(), 2u);
  EXPECT_EQ(json->at("next").at("step"), "ask");

  for (const auto& said : {french.out, english.out, as_json.out}) {
    for (const std::string& secret :
         {std::string("camille"), std::string("33612345"), std::string("0612345"),
          std::string("06 12 34 5"), std::string("portal.example"), std::string(right_answer),
          right_number(0), std::string("/r#"), std::string("cancel#")}) {
      EXPECT_EQ(said.find(secret), std::string::npos) << secret;
    }
  }
  // Who has voted looks like who has not: but for the vote, E2 does the same.
  EXPECT_EQ(french.out.find("vot\xc3\xa9"), std::string::npos);
}

// Who forgot her password, or has blocked her account: a link leaves, and the agent never sees it
// (requirement 10).
TEST_F(VoterCommand, HasALinkSentForTheAccount) {
  EXPECT_NE(run("E1" + at_state()).out.find("Compte sur le portail : activé"), std::string::npos);
  serve_with("none");
  EXPECT_EQ(run("E1 --send-link" + at_state()).code, 2);
  EXPECT_EQ(count_rows("recovery_request"), 0);
  serve_with("inbox");
  const auto sent = run("E1 --send-link" + at_state());
  EXPECT_EQ(sent.code, 0) << sent.err;
  EXPECT_NE(sent.out.find("Un lien part"), std::string::npos) << sent.out;
  clock.set(SystemClock().now());
  const AccountPolicy accounts{};
  AccountLinks(*state, accounts, SignInPolicy{}, texts).work();
  std::size_t links = 0;
  for (const auto& message : inbox()) {
    if (message.kind != "account-link") continue;
    ++links;
    EXPECT_EQ(message.destination, "E1@portal.example");
    const auto token = message.body.substr(message.body.find("/account#") + 9, 43);
    EXPECT_EQ(sent.out.find(token), std::string::npos);
  }
  EXPECT_EQ(links, 1u);
  const auto english = run("E1 --lang en" + at_state()).out;
  EXPECT_NE(english.find("link sent, not opened yet"), std::string::npos) << english;
}

// A server without a way out for messages serves no reissue, whatever its portal would allow.
TEST_F(VoterCommand, WhatThisServerCannotDoIsNotPromised) {
  EXPECT_NE(run("E1" + at_state()).out.find("peut demander un nouveau code"), std::string::npos);
  serve_with("none");
  const auto french = run("E1" + at_state()).out;
  EXPECT_NE(french.find("ce serveur n'envoie aucun message"), std::string::npos) << french;
  EXPECT_NE(french.find("L'assistance ne peut rien créer"), std::string::npos);
  EXPECT_EQ(french.find("peut demander un nouveau code"), std::string::npos);
  const auto english = run("E1 --lang en" + at_state()).out;
  EXPECT_NE(english.find("this server sends no messages"), std::string::npos) << english;
  EXPECT_NE(english.find("The help desk cannot make anything"), std::string::npos);
}

// The caller gives a name; of several, those who it may be.
TEST_F(VoterCommand, TakesWhatTheCallerSays) {
  EXPECT_EQ(run("e2@portal.example" + at_state()).out, run("E2" + at_state()).out);
  EXPECT_EQ(run("'votante e2'" + at_state()).out, run("E2" + at_state()).out);
  const auto several = run("votante" + at_state());
  EXPECT_EQ(several.code, 1);
  EXPECT_NE(several.out.find("Plusieurs personnes correspondent"), std::string::npos);
  for (const std::string id : {"E1", "E2", "E3"}) {
    EXPECT_NE(several.out.find("  " + id + "  Mme VOTANTE " + id), std::string::npos);
  }
  EXPECT_EQ(several.out.find('@'), std::string::npos);
}

TEST_F(VoterCommand, ItChangesNothing) {
  const auto rows = count_rows("journal");
  EXPECT_EQ(run("E1" + at_state()).code, 0);
  EXPECT_EQ(count_rows("journal"), rows);
  EXPECT_EQ(count_rows("attempt"), 0);
  EXPECT_EQ(ask_code(0, form(0)), "sent") << "the server goes on beside it";
}

TEST_F(VoterCommand, RefusalsSayWhatToDo) {
  const auto unknown = run("E9" + at_state());
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.out, "");
  EXPECT_NE(unknown.err.find("E9 : personne ne correspond sur la liste"), std::string::npos);
  EXPECT_NE(unknown.err.find("la référence d'une demande"), std::string::npos);
  EXPECT_NE(run("E9 --lang en" + at_state()).err.find("E9: nobody on the roll fits"),
            std::string::npos);
  const auto nowhere = run("E1 --state " + files.string());
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_NE(nowhere.err.find("il n'y a pas d'élection dans ce dossier"), std::string::npos);
  fs::remove(folder / "portal.toml");
  const auto never_served = run("E1" + at_state());
  EXPECT_EQ(never_served.code, 2);
  EXPECT_NE(never_served.err.find("--portal"), std::string::npos);
  EXPECT_EQ(run("E1" + at_state() + " --portal " + test::source_dir() + "/portals/education").code,
            0);
  EXPECT_EQ(run("E1 --lang de" + at_state()).code, 2);
  EXPECT_EQ(run(at_state()).code, 2);
}

}  // namespace
}  // namespace isoloir
