// The program itself, as the help desk runs it beside a server: isoloir assistance --state DIR
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/places.hpp"
#include "functional/program.hpp"
#include "service/help_request.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

using test::contents;
using test::Outcome;

// The fixture holds the state open as the server does.
struct AssistanceCommand : ReissueFixture {
  const fs::path files = folder.string() + "-out";
  AssistanceCommand() {
    fs::create_directory(files);
    portal.assistance = {"01 99 00 00 02", {"always", "toujours"}, "desk@portal.example"};
  }
  ~AssistanceCommand() override { fs::remove_all(files); }

  Outcome run(const std::string& arguments) {
    const auto out = files / "out", err = files / "err";
    const int status = std::system((test::binary_dir() + "/isoloir assistance " + arguments + " >" +
                                    out.string() + " 2>" + err.string())
                                       .c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(out), contents(err)};
  }
  std::string send(const std::string& text) {
    const auto sent = HelpRequests(*state, portal, texts, help_desk(portal))
                          .send({{}, text, "192.0.2.1", "fr"},
                                {"code", "Camille V.", "camille@example.org", "", text});
    EXPECT_TRUE(sent);
    return sent ? sent->reference : "";
  }
  std::string at_state() const { return " --state " + folder.string(); }

  Portal portal = *Portal::parse(fixture_portal, "fixture.toml");
};

TEST_F(AssistanceCommand, ListsAndReads) {
  EXPECT_EQ(run(at_state()).out, "Aucune demande d'assistance\n");
  const auto first = send("Première ligne\r\nseconde ligne");
  (void)inbox();
  clock.advance(1000);
  const auto second = send("Autre");
  const auto list = run(at_state());
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_EQ(list.out, second +
                          "  jeudi 1 décembre 2022 à 09h00  code de vote non reçu ou perdu (mail : "
                          "en attente d'envoi)\n" +
                          first +
                          "  jeudi 1 décembre 2022 à 09h00  code de vote non reçu ou perdu (mail : "
                          "remis)\n");
  for (const std::string text : {"Camille", "camille", "ligne"}) {
    EXPECT_FALSE(list.says(text)) << "the list names nobody";
  }
  const auto read = run(first + at_state());
  EXPECT_EQ(read.code, 0) << read.err;
  for (const std::string& text :
       {"Référence : " + first + "\n", std::string("Reçue le : jeudi 1 décembre 2022 à 09h00\n"),
        std::string("Nom saisi : Camille V.\n"),
        std::string("Adresse saisie : camille@example.org\n"),
        std::string("Téléphone saisi : non indiqué\n"),
        std::string("Mail à l'assistance : remis (jeudi 1 décembre 2022 à 09h00)\n"),
        std::string("Accusé de réception : remis\n"),
        std::string("\n\nPremière ligne\nseconde ligne\n")}) {
    EXPECT_TRUE(read.says(text)) << text << " in\n" << read.out;
  }
  const auto english = run(second + " --lang en" + at_state());
  EXPECT_TRUE(english.says("About : voting code lost\n")) << english.out;
  EXPECT_TRUE(english.says("Acknowledgement : none, too many requests from this address\n"));
}

TEST_F(AssistanceCommand, ForPrograms) {
  const auto reference = send("Texte");
  const auto parsed = [](const Outcome& outcome) {
    const auto json = parse_json(outcome.out.substr(0, outcome.out.size() - 1));
    EXPECT_TRUE(json) << outcome.out;
    return json.value_or(Json::object());
  };
  const auto list = parsed(run("--json" + at_state()));
  ASSERT_EQ(list.at("requests").size(), 1u);
  EXPECT_EQ(list.at("requests")[0].at("reference"), reference);
  EXPECT_EQ(list.at("requests")[0].at("at"), clock.now());
  EXPECT_EQ(list.at("requests")[0].at("mail"), "queued");
  EXPECT_FALSE(list.at("requests")[0].contains("email"));
  const auto one = parsed(run(reference + " --json" + at_state()));
  EXPECT_EQ(one.at("email"), "camille@example.org");
  EXPECT_EQ(one.at("text"), "Texte");
  EXPECT_EQ(one.at("acknowledgement"), "queued");
}

TEST_F(AssistanceCommand, ItChangesNothing) {
  const auto reference = send("Texte");
  const auto rows = count_rows("journal");
  EXPECT_EQ(run(at_state()).code, 0);
  EXPECT_EQ(run(reference + at_state()).code, 0);
  EXPECT_EQ(count_rows("journal"), rows);
  EXPECT_EQ(count_rows("message WHERE status = 'queued'"), 2);
  EXPECT_FALSE(send("Encore").empty()) << "the server goes on beside it";
}

TEST_F(AssistanceCommand, RefusalsSayWhatToDo) {
  const auto unknown = run("K7QD-2M4X" + at_state());
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.out, "");
  EXPECT_EQ(unknown.err, "isoloir: K7QD-2M4X : aucune demande n'a cette référence\n");
  EXPECT_EQ(run("K7QD-2M4X --lang en" + at_state()).err,
            "isoloir: K7QD-2M4X: no request has this reference\n");
  const auto nowhere = run("--state " + files.string());
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_NE(nowhere.err.find("il n'y a pas d'élection dans ce dossier"), std::string::npos);
  EXPECT_EQ(run("").code, 2);
}

}  // namespace
}  // namespace isoloir
