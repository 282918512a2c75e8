// The program itself, as an organiser runs it before the draft: isoloir check PORTAL_DIR
#include <algorithm>

#include "base/places.hpp"
#include "courier/peer.hpp"
#include "functional/program.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

class CheckCommand : public test::ProgramTest {
 protected:
  CheckCommand() {
    fs::copy(fs::path(test::source_dir()) / "portals/education", folder_ / "portal",
             fs::copy_options::recursive);
  }
  test::Outcome check(const std::string& options = "") const {
    return program("check " + path("portal") + " " + options);
  }
  void change(const std::string& from, const std::string& to) const {
    std::string text = test::contents(folder_ / "portal/portal.toml");
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write("portal/portal.toml", text.replace(at, from.size(), to));
  }
  std::size_t line_of(const std::string& words) const {
    const std::string text = test::contents(folder_ / "portal/portal.toml");
    const auto at = text.begin() + static_cast<std::ptrdiff_t>(text.find(words));
    return static_cast<std::size_t>(std::count(text.begin(), at, '\n')) + 1;
  }
  void expect_problem(std::size_t line, const std::string& words) const {
    const auto result = check();
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.out, "");
    const auto place = "portal.toml:" + std::to_string(line) + ": ";
    EXPECT_NE(result.err.find(place), std::string::npos) << place << "\n" << result.err;
    EXPECT_NE(result.err.find(words), std::string::npos) << words << "\n" << result.err;
  }
};

TEST_F(CheckCommand, SaysWhatThePortalSays) {
  const auto result = check();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  for (const char* words :
       {"Portail Élections, Élections professionnelles 2022",
        "Vote du jeudi 1 décembre 2022 à 08h00 au jeudi 8 décembre 2022 à 17h00 (heure de Paris)",
        "Ces heures sont passées", "1 sur 2 (Présidence) et 2 sur 3 (Délégués de liste)",
        "Contest 2, Academy social committee: seats 10, lists 3, new codes 1000 at most",
        "lien valable 120 min par courriel, 10 min par SMS",
        "envoyé à partir du lundi 14 novembre 2022 à 08h00, valable 30 jours",
        "forgotten password: link valid 120 min; 4 challenge questions", "Électeurs : "}) {
    EXPECT_TRUE(result.says(words)) << words << "\n" << result.out;
  }
  EXPECT_FALSE(result.says("Pas d'assistance"));
}

TEST_F(CheckCommand, ASmallerPortalIsSaidToBeSmaller) {
  change(
      "[assistance]                   # on every page and on the voting notices\n"
      "phone = \"01 99 00 00 01\"\n"
      "hours.fr = \"du lundi au vendredi de 8 h à 18 h\"\n"
      "hours.en = \"Monday to Friday, 8:00 to 18:00\"\n"
      "email = \"assistance@education.example\"   # the help desk's: \"AIDE ?\" writes there\n",
      "");
  change("2022-12-08T17", "2099-12-08T17");
  change("interval_seconds = 5", "interval_seconds = 60");
  change("2022-12-01T08", "2099-12-01T08");
  fs::remove(folder_ / "portal/roll.csv");
  const auto result = check();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(result.says("No assistance: election draft will refuse it."));
  EXPECT_TRUE(result.says("There is no roll in this folder"));
  EXPECT_FALSE(result.says("These hours are past"));
}

TEST_F(CheckCommand, EveryProblemIsNamedByItsLine) {
  change("idle_minutes", "idle_minuts");
  change("tries = 5", "tries = 0");
  expect_problem(line_of("idle_minuts"), "the key \"idle_minuts\" is not known here");
  expect_problem(line_of("tries = 0"), "\"tries\" must lie between 1 and 20");
}

TEST_F(CheckCommand, PagesThatAreNotThereOrWouldLoseSomething) {
  fs::remove(folder_ / "portal/pages/aide.en.md");
  write("portal/pages/edito.fr.md", "# Édito\n\n<script>alert(1)</script>\n");
  const auto result = check();
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("aide.en.md: there is no such file"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("edito.fr.md: line 3: HTML is left out"), std::string::npos);
  change("page = \"edito\"", "page = \"../edito\"");
  expect_problem(line_of("page = \"../edito\"") - 1, "small letters, digits and hyphens");
}

TEST_F(CheckCommand, StatementsThatAreNotThereOrCouldDoSomething) {
  fs::remove(folder_ / "portal/statements/csa-ministeriel-liste-b.pdf");
  write("portal/statements/csa-academie-liste-d.html", "<p>D</p>\n<script>alert(1)</script>\n");
  const auto result = check();
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("csa-ministeriel-liste-b.pdf: there is no such file"),
            std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find("csa-academie-liste-d.html: line 2: the element \"script\""),
            std::string::npos);
  change("\"csa-ministeriel-liste-a.html\"", "\"../portal.toml\"");
  expect_problem(line_of("../portal.toml"), "\"statement\" is the name of a file");
}

TEST_F(CheckCommand, AccountsThatNobodyCouldOpenInTime) {
  change("invitations_from = 2022-11-14T08:00:00", "invitations_from = 2022-12-08T17:00:00");
  expect_problem(line_of("[account]"), "not before the vote closes");
  change("invitations_from = 2022-12-08T17:00:00", "invitation_from = 2022-11-14T08:00:00");
  expect_problem(line_of("invitation_from"), "is not known here");
}

TEST_F(CheckCommand, AnHourThatTheClocksLeaveOutOrHaveTwice) {
  change("2022-12-01T08:00:00", "2022-03-27T02:30:00");
  expect_problem(line_of("[hours]"), "2022-03-27T02:30:00 does not exist or exists twice");
  change("2022-03-27T02:30:00", "2022-10-30T02:30:00");
  expect_problem(line_of("[hours]"), "2022-10-30T02:30:00 does not exist or exists twice");
  change("2022-10-30T02:30:00", "2022-12-01T08:00:00");
  change("Europe/Paris", "Europe/Pariss");
  expect_problem(line_of("[portal]"), "there is no time zone \"Europe/Pariss\"");
}

TEST_F(CheckCommand, MinutesOfASessionThatContradictEachOther) {
  change("warning_minutes = 2", "warning_minutes = 10");
  change("idle_minutes = 20", "idle_minutes = 10");
  expect_problem(line_of("[session]"), "warning_minutes must lie below idle_minutes");
}

TEST_F(CheckCommand, ATextThatNoPageHasIsNamed) {
  change("[board]",
         "[texts]\n\"captcha.labell\" = { fr = \"Chiffres\", en = \"Digits\" }\n[board]");
  const auto wrong = check();
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("captcha.labell"), std::string::npos) << wrong.err;
  change("captcha.labell", "captcha.label");
  EXPECT_EQ(check().code, 0);
}

TEST_F(CheckCommand, TheLegislativePortal) {
  const auto good = program("check " + test::source_dir() + "/portals/legislative");
  ASSERT_EQ(good.code, 0) << good.err;
  EXPECT_TRUE(good.says("candidates 4")) << good.out;
  EXPECT_TRUE(good.says("Without e-mail: 1; without telephone: 1.")) << good.out;
  EXPECT_TRUE(good.says("Each vote is validated by a code of 6 digits")) << good.out;
  EXPECT_FALSE(good.says("No confirmation code can reach")) << good.out;
  write("roll.csv",
        "identifiant;civilite;nom_naissance;prenoms;courriel;telephone;scrutins;circonscription;"
        "numic\n"
        "L001;Mme;PREMIÈRE;Alix;;;0;0;100200301\n"
        "L002;M.;DEUXIÈME;Dominique;;+1 202 555 0102;0;0;100200302\n");
  const auto unreachable =
      program("check " + test::source_dir() + "/portals/legislative --roll " + path("roll.csv"));
  ASSERT_EQ(unreachable.code, 0) << unreachable.err;
  EXPECT_TRUE(unreachable.says("Without e-mail and telephone: 1. No confirmation code can reach"))
      << unreachable.out;
}

TEST_F(CheckCommand, TheAssociationsPortal) {
  const std::string portal = test::source_dir() + "/portals/association";
  const auto good = program("check " + portal);
  ASSERT_EQ(good.code, 0) << good.err;
  EXPECT_TRUE(good.says("Identifier of the roll, voting code of 17 (80 bits, email) characters"))
      << good.out;
  EXPECT_FALSE(good.says("Some without an address")) << good.out;
  const std::string head =
      "identifiant;civilite;nom_naissance;prenoms;courriel;scrutins;circonscription\n";
  write("roll.csv", head + "AD-1;Mme;PREMIÈRE;Alix;;0;0\n");
  const auto unreached = program("check " + portal + " --roll " + path("roll.csv"));
  EXPECT_TRUE(unreached.says("Some without an address for their code")) << unreached.out;
  write("roll.csv", head +
                        "AD-1;Mme;PREMIÈRE;Alix;a@association.example;0;0\n"
                        "AD1;M.;DEUXIÈME;Loïc;b@association.example;0;0\n");
  const auto same = program("check " + portal + " --roll " + path("roll.csv"));
  EXPECT_EQ(same.code, 2);
  EXPECT_NE(same.err.find("\"AD-1\" and \"AD1\" would be the same"), std::string::npos) << same.err;
}

TEST_F(CheckCommand, TheAcademiesPortal) {
  const auto good = program("check " + test::source_dir() + "/portals/academies");
  ASSERT_EQ(good.code, 0) << good.err;
  for (const char* words :
       {"Contest 13, Social committee of the central administration and of posts abroad",
        "Voters: 2000; by contest 0: 2000, 1: 831, "}) {
    EXPECT_TRUE(good.says(words)) << words << "\n" << good.out;
  }
}

TEST_F(CheckCommand, TheRollIsReadAgainstThePortal) {
  write("roll.csv",
        "identifiant;civilite;nom_naissance;prenoms;courriel;scrutins;circonscription\n"
        "A001;Mme;PREMIÈRE;Alix;a001@education.example;0|1;0\n"
        "A002;M.;DEUXIÈME;Dominique;a002@education.example;0;0\n");
  const auto good = check("--roll " + path("roll.csv"));
  ASSERT_EQ(good.code, 0) << good.err;
  EXPECT_TRUE(good.says("Voters: 2; by contest 0: 2, 1: 1, 2: 0")) << good.out;
  EXPECT_TRUE(good.says("Without NUMEN or social security number: 2.")) << good.out;

  write("roll.csv",
        "identifiant;civilite;nom_naissance;prenoms;courriel;scrutins;circonscription\n"
        "A001;Mme;PREMIÈRE;Alix;a001@education.example;0|7;0\n");
  const auto bad = check("--roll " + path("roll.csv"));
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.out, "");
  EXPECT_NE(bad.err.find("roll.csv:\nline 2, column scrutins"), std::string::npos) << bad.err;
  EXPECT_EQ(check("--roll " + path("nowhere.csv")).code, 2);
  EXPECT_EQ(program("check " + path("nowhere")).code, 2);
}

// A resolver on loopback that has these TXT records of the sender's domain, and nothing else.
struct CheckMail : CheckCommand {
  CheckMail() {
    // The provider that the file names is nobody's.
    auto text = test::contents(folder_ / "portal/portal.toml");
    const auto begin = text.find("[franceconnect]"), end = text.find("\n[", begin);
    if (begin != std::string::npos) text.erase(begin, end - begin);
    const std::string methods = "[\"question\", \"franceconnect\"]";
    if (const auto at = text.find(methods); at != std::string::npos) {
      text.replace(at, methods.size(), "[\"question\"]");
    }
    write("portal/portal.toml", text);
  }
  test::Outcome check_mail(const std::vector<std::string>& records, const std::string& options) {
    const auto port = test::unused_port();
    std::vector<std::string> command = {"/usr/sbin/dnsmasq",
                                        "--keep-in-foreground",
                                        "--conf-file=/dev/null",
                                        "--no-resolv",
                                        "--no-hosts",
                                        "--listen-address=127.0.0.1",
                                        "--bind-interfaces",
                                        "--pid-file=",
                                        "--log-facility=-",
                                        "--local=/example/",
                                        "--port=" + std::to_string(port)};
    for (const auto& record : records) command.push_back("--txt-record=" + record);
    test::Peer resolver(command, folder_ / "dnsmasq.log");
    EXPECT_TRUE(resolver.listens(port)) << test::contents(folder_ / "dnsmasq.log");
    return check("--live --resolver 127.0.0.1:" + std::to_string(port) + " " + options);
  }
};

TEST_F(CheckMail, DnsThatLetsMailsArrive) {
  const auto good = check_mail(
      {"education.example,v=spf1 ip4:192.0.2.25 ~all", "_dmarc.education.example,v=DMARC1; p=none",
       "s1._domainkey.education.example,v=DKIM1; k=ed25519; "
       "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
      "--dkim-selector s1");
  ASSERT_EQ(good.code, 0) << good.err;
  for (const char* words :
       {"Courriels de elections@education.example, vus par DNS :",
        "SPF de education.example : « v=spf1 ip4:192.0.2.25 ~all ».",
        "change to -all once all your servers are listed",
        "DMARC, _dmarc.education.example: p=none, the policy only watches",
        "DKIM, s1._domainkey.education.example: an Ed25519 key", "Électeurs : "}) {
    EXPECT_TRUE(good.says(words)) << words << "\n" << good.out;
  }
}

TEST_F(CheckMail, DnsThatLosesThemIsExplained) {
  const auto bad =
      check_mail({"education.example,v=spf1 -all", "old._domainkey.education.example,v=DKIM1; p="},
                 "--dkim-selector old --dkim-selector none");
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.out, "");
  for (const char* words :
       {"  ! SPF of education.example: \"v=spf1 -all\" lists no server; your mails will be refused",
        "  ! DKIM, old._domainkey.education.example : clé révoquée",
        "  ! DKIM, none._domainkey.education.example: no key.",
        "  ! DMARC, _dmarc.education.example : aucun enregistrement", "(mail.domain)"}) {
    EXPECT_NE(bad.err.find(words), std::string::npos) << words << "\n" << bad.err;
  }
}

// Receivers ask about the envelope's sender, which is where bounces go.
TEST_F(CheckMail, SpfIsThatOfTheAddressToWhichMailsAreReturned) {
  write("operator.token", "a token of the operator's\n");
  write("channels.toml", R"([mail]
bounces = "bounces@returned.example"
maildir = "returned"
workers = 1
[[mail.relay]]
name = "relay"
host = "127.0.0.1"
port = 25
security = "none"
[operator]
address = "127.0.0.1"
port = 8082
token_file = "operator.token"
)");
  const auto channels = " --channels " + (folder_ / "channels.toml").string();
  const std::vector<std::string> records = {"education.example,v=spf1 ip4:192.0.2.25 -all",
                                            "_dmarc.education.example,v=DMARC1; p=none"};
  EXPECT_EQ(check_mail(records, "").code, 0);
  const auto bad = check_mail(records, channels);
  EXPECT_EQ(bad.code, 2);
  EXPECT_NE(bad.err.find("  ! SPF of returned.example: no record."), std::string::npos) << bad.err;
  auto both_of_them = records;
  both_of_them.push_back("returned.example,v=spf1 ip4:192.0.2.25 -all");
  const auto good = check_mail(both_of_them, channels);
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_TRUE(good.says("SPF of returned.example")) << good.out;
  write("channels.toml", "[mail]\n");
  EXPECT_EQ(check(channels).code, 2) << "read without DNS as well";
}

TEST_F(CheckMail, ARecordMovesNoTerminal) {
  const auto bad = check_mail({"education.example,v=spf1 \x1b[2J -all"}, "");
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.err.find('\x1b'), std::string::npos) << bad.err;
}

TEST_F(CheckMail, WhatCannotBeAskedIsBadUse) {
  const auto resolver = check("--live --resolver dns.example");
  EXPECT_EQ(resolver.code, 2);
  EXPECT_NE(resolver.err.find("(check.resolver)"), std::string::npos) << resolver.err;
  const auto selector = check("--live --resolver 127.0.0.1:1 --dkim-selector 'a b'");
  EXPECT_EQ(selector.code, 2);
  EXPECT_NE(selector.err.find("(check.selector)"), std::string::npos) << selector.err;
  const auto silent = check("--live --resolver 127.0.0.1:1");
  EXPECT_EQ(silent.code, 2);
  EXPECT_NE(silent.err.find("no DNS resolver answers"), std::string::npos) << silent.err;
}

}  // namespace
}  // namespace isoloir::cli
