// The program itself, as the registrar runs it: isoloir registrar issue
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "cli/notice.hpp"
#include "election/registrar.hpp"
#include "functional/program.hpp"
#include "service/setup.hpp"
#include "web/assets.hpp"
#include "web/locale.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::Outcome;

const ElectionId election{*hex_decode_array<16>("00112233445566778899aabbccddeeff")};
const std::vector<std::uint32_t> districts{1, 2};
Contest contest_of(std::string en, std::string fr, std::vector<std::string> names) {
  Contest contest;
  contest.name = {std::move(en), std::move(fr)};
  contest.seats = 5;
  contest.rule = "proportional-highest-average";
  contest.options.resize(2);
  contest.options[0].name = "A";
  contest.options[1].blank = true;
  TallyUnit all{"All", {}};
  for (std::uint32_t d = 0; d < names.size(); ++d) all.districts.push_back(d);
  contest.units = {all};
  contest.districts = std::move(names);
  return contest;
}

ElectionDraft draft_of() {
  ElectionDraft draft;
  draft.id = election;
  draft.title = {"Professional elections", "Élections <professionnelles>"};
  draft.origin = "https://elections.education.example";
  draft.assistance = {"01 99 00 00 01", {"8:00 to 18:00", "de 8 h à 18 h"}};
  draft.hours = {1669878000000, 1670515200000, 1800};
  draft.contests = {contest_of("National council", "Conseil national", {"France"}),
                    contest_of("Academic council", "Conseil académique", {"Lille", "La Réunion"})};
  draft.ceremonies = {
      {election, {}, "Bureau", {{"Présidence", 1, {{"Ada", BureauRole::president}}}}}};
  draft.server = {Point::generator(), {}};
  return draft;
}
const std::string draft = draft_of().text();

constexpr std::string_view roll =
    "identifiant;civilite;nom_naissance;prenoms;courriel;scrutins;circonscription\n"
    "E1;Mme;L'ÉLECTRICE & <Cie>;Zoé;zoe@education.example;0|1;1\n"
    "all;M.;VOTANT;Loïc;loic@education.example;1;0\n";

class RegistrarCommand : public test::ProgramTest {
 protected:
  RegistrarCommand() {
    write("draft.json", draft);
    write("roll.csv", roll);
  }

  Outcome run(const std::string& options = "", const std::string& input = "") const {
    return program("registrar issue --draft " + path("draft.json") + " --roll " + path("roll.csv") +
                       " --out " + path(out_) + " " + options,
                   input);
  }

  // Neither the folder nor a trace of its making.
  bool nothing_written() const {
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().filename().string().starts_with("issued")) return false;
    }
    return true;
  }

  std::string out_ = "issued";
};

std::string match(const std::string& text, const std::string& pattern) {
  std::smatch found;
  return std::regex_search(text, found, std::regex(pattern)) ? found[1].str() : "";
}

Code code_shown(const std::string& out, const std::string& label) {
  return Code::parse(match(out, label + ": ([0-9A-Z-]+)\n")).value();
}

// The code as the voter reads it from the four groups of her notice.
Code code_printed(const std::string& notice) {
  std::string typed;
  const std::string block = match(notice, "<p class=\"characters\">(.*)</p>");
  const std::regex group("<span>([0-9A-Z]+)</span>");
  for (std::sregex_iterator i(block.begin(), block.end(), group), end; i != end; ++i) {
    typed += (*i)[1].str() + " ";
  }
  return Code::parse(typed).value();
}

TEST_F(RegistrarCommand, NoticesImportAndRostersAgree) {
  const Outcome result = run("--one-file");
  ASSERT_EQ(result.code, 0) << result.err;
  const fs::path issued = folder_ / "issued";
  const auto keys =
      open_import(contents(issued / "server/import.sealed"), election,
                  code_shown(result.out, "transport code of import.sealed"), districts);
  ASSERT_TRUE(keys) << keys.error().message;
  ASSERT_EQ(keys->size(), 2u);
  const auto rosters = collect_rosters(*keys, election, districts).value();
  const auto registrar = open_registrar_key(contents(issued / "registrar.key"),
                                            code_shown(result.out, "code of registrar.key"));
  ASSERT_TRUE(registrar) << registrar.error().message;
  EXPECT_EQ(match(result.out, "registrar: ([0-9a-f]+)\n"), hex_encode(registrar->key.encoded()));
  const auto status = check_roster_document(contents(issued / "server/roster.json"), registrar->key,
                                            rosters, election);
  EXPECT_TRUE(status) << status.error().message;
  ASSERT_EQ(rosters.size(), 3u);
  for (const auto& roster : rosters) {
    Bytes expected;
    for (const auto& key : roster.keys) append(expected, key.encoded());
    const auto name =
        std::to_string(roster.entry.contest) + "-" + std::to_string(roster.entry.district) + ".bin";
    EXPECT_EQ(contents(issued / "server/roster" / name), as_text(expected)) << name;
    EXPECT_EQ(expected.size(), 32u);
  }
  for (const auto& voter : *keys) {
    const std::string notice = contents(issued / "notices" / (voter.id + ".html"));
    const auto credential = derive_credential(code_printed(notice), voter.id, election);
    EXPECT_EQ(credential.sign_in_key().key, voter.sign_in_key) << voter.id;
  }
}

TEST_F(RegistrarCommand, TheNoticeSaysWhatTheVoterNeedsAndNothingMore) {
  ASSERT_EQ(run("--one-file").code, 0);
  const std::string notice = contents(folder_ / "issued/notices/E1.html");
  for (const std::string text :
       {"Élections &lt;professionnelles&gt;", "Professional elections",
        "Mme Zoé L'ÉLECTRICE &amp; &lt;Cie&gt;", "Conseil national", "Academic council",
        "La Réunion", "https://elections.education.example", "jeudi 1 décembre 2022 à 08h00",
        "Thursday 1 December 2022 at 08:00", "<svg", "Gardez ce code secret", "Never give",
        "<b>01 99 00 00 01</b> (de 8 h à 18 h)", "(8:00 to 18:00)"}) {
    EXPECT_NE(notice.find(text), std::string::npos) << text;
  }
  // One district is no choice, hence no news; the address signs in, so it never stands by the code.
  for (const std::string text :
       {"France", "zoe@education.example", "Lille", "<Cie>", "src=", "url(", "<link", "<script"}) {
    EXPECT_EQ(notice.find(text), std::string::npos) << text;
  }
  const std::string all = contents(folder_ / "issued/all-notices.html");
  for (const std::string id : {"E1", "all"}) {
    const std::string one = contents(folder_ / "issued/notices" / (id + ".html"));
    const auto start = one.find("<article>");
    EXPECT_NE(all.find(one.substr(start, one.find("</article>") - start)), std::string::npos);
  }
}

// What she is to click and to fill in is called what it is called on the screen.
TEST_F(RegistrarCommand, TheNoticeNamesFieldsAndButtonsAsTheScreensDo) {
  ASSERT_EQ(run().code, 0);
  const std::regex break_of_line("&nbsp;|\\s+");
  const auto notice =
      std::regex_replace(contents(folder_ / "issued/notices/E1.html"), break_of_line, " ");
  const auto check = [&](const char* catalogue, const std::string& open, const std::string& close) {
    const auto texts = web::Catalogue::parse(web::asset(catalogue).value()).value();
    for (const auto* id : {"sign_in.email", "sign_in.password", "home.vote", "home.vote_link",
                           "voting.code", "voting.download", "voting.print"}) {
      const auto& label = texts.find(id)->forms.front();
      EXPECT_NE(notice.find(open + label + close), std::string::npos) << label;
    }
  };
  check("locale/fr.mo", "« ", " »");
  check("locale/en.mo", "“", "”");
}

TEST_F(RegistrarCommand, TheCodesStandOnTheNoticesAlone) {
  const Outcome result = run();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_FALSE(fs::exists(folder_ / "issued/all-notices.html"));
  const Code code = code_printed(contents(folder_ / "issued/notices/E1.html"));
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "issued")) {
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, entry.is_directory() ? 0700u : 0600u) << entry.path();
    if (entry.is_directory()) continue;
    files.insert(entry.path().lexically_relative(folder_ / "issued").string());
    if (entry.path().extension() == ".html") continue;
    const std::string content = contents(entry.path());
    EXPECT_EQ(content.find(code.normalised()), std::string::npos) << entry.path();
    EXPECT_EQ(content.find(code.shown().reveal()), std::string::npos) << entry.path();
  }
  EXPECT_EQ(files, (std::set<std::string>{"notices/E1.html", "notices/all.html", "registrar.key",
                                          "server/import.sealed", "server/roster.json",
                                          "server/roster/0-0.bin", "server/roster/1-0.bin",
                                          "server/roster/1-1.bin"}));
  EXPECT_EQ(result.err.find(code.shown().reveal()), std::string::npos);
  EXPECT_EQ(result.out.find(code.shown().reveal()), std::string::npos);
}

TEST_F(RegistrarCommand, AKeyMadeEarlierSignsAgain) {
  const Outcome first = run();
  ASSERT_EQ(first.code, 0) << first.err;
  fs::rename(folder_ / "issued", folder_ / "first");
  const std::string key = "--key " + path("first/registrar.key");
  const Outcome second = run(key, match(first.out, "code of registrar.key: (.*)\n") + "\n");
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(match(second.out, "registrar: (.*)\n"), match(first.out, "registrar: (.*)\n"));
  EXPECT_FALSE(fs::exists(folder_ / "issued/registrar.key"));
  EXPECT_NE(contents(folder_ / "issued/notices/E1.html"),
            contents(folder_ / "first/notices/E1.html"));

  fs::remove_all(folder_ / "issued");
  const Outcome wrong =
      run(key, match(first.out, "transport code of import.sealed: (.*)\n") + "\n");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("sealed_file.code_or_content"), std::string::npos) << wrong.err;
  EXPECT_TRUE(nothing_written());
}

// "Annule et remplace" (L34): every voter has another code, and the server will know the one
// before.
TEST_F(RegistrarCommand, EveryCodeIsReplaced) {
  const auto first = run();
  ASSERT_EQ(first.code, 0) << first.err;
  const std::string label = "transport code of import.sealed";
  const auto keys_in = [&](const std::string& folder, const Outcome& said) {
    return open_import(contents(folder_ / folder / "server/import.sealed"), election,
                       code_shown(said.out, label), districts)
        .value();
  };
  EXPECT_FALSE(contents(folder_ / "issued/notices/E1.html").find("ANNULE") != std::string::npos);
  const auto earlier = "--replaces " + path("issued/server/import.sealed");
  out_ = "issued-anew";
  EXPECT_NE(run(earlier, "0000-0000-0000-00000\n").err.find("sealed_file.code_or_content"),
            std::string::npos);
  EXPECT_EQ(run("--replaces " + path("nowhere")).code, 2);
  EXPECT_FALSE(fs::exists(folder_ / "issued-anew"));

  // A voter more, another gone.
  write("roll.csv", std::string(roll.substr(0, roll.find("all;"))) +
                        "E3;M.;NOUVEAU;Luc;luc@education.example;1;0\n");
  const auto second = run(earlier, code_shown(first.out, label).shown().reveal() + "\n");
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_TRUE(second.says("Électeurs dont le code est remplacé : 1, ")) << second.out;
  const auto before = keys_in("issued", first), after = keys_in("issued-anew", second);
  ASSERT_EQ(after[0].id, "E1");
  EXPECT_NE(after[0].sign_in_key, before[0].sign_in_key);
  ASSERT_EQ(after[0].replaced.size(), 1u);
  EXPECT_EQ(after[0].replaced[0].sign_in_key, before[0].sign_in_key);
  EXPECT_TRUE(after[1].replaced.empty()) << "she had none";
  const auto notice = contents(folder_ / "issued-anew/notices/E1.html");
  EXPECT_NE(notice.find("ANNULE ET REMPLACE"), std::string::npos);
  EXPECT_NE(notice.find(web::format_time(after[0].replaced[0].at, web::Language::french)),
            std::string::npos);
  EXPECT_EQ(contents(folder_ / "issued-anew/notices/E3.html").find("ANNULE"), std::string::npos);

  // And once more: both codes that she had are known as such, oldest first.
  out_ = "issued-thrice";
  const auto third = run("--replaces " + path("issued-anew/server/import.sealed"),
                         code_shown(second.out, label).shown().reveal() + "\n");
  ASSERT_EQ(third.code, 0) << third.err;
  const auto last = keys_in("issued-thrice", third);
  ASSERT_EQ(last[0].replaced.size(), 2u);
  EXPECT_EQ(last[0].replaced[0], after[0].replaced[0]);
  EXPECT_EQ(last[0].replaced[1].sign_in_key, after[0].sign_in_key);
  EXPECT_GE(last[0].replaced[1].at, last[0].replaced[0].at);
}

TEST_F(RegistrarCommand, ABadRollIsNamedByLineAndNothingIsWritten) {
  write("roll.csv", std::string(roll) + "E3;M.;VOTANT;Loïc;loic@education.example;9;0\nE4\n");
  const Outcome result = run();
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "La liste électorale est à corriger ; rien n'a été écrit.\n"
            "isoloir registrar: roll.invalid\n" +
                path("roll.csv") +
                ": "
                "line 4, column courriel: is the same as on line 3\n"
                "line 4, column scrutins: contest 9 does not exist: they are 0 to 1\n"
                "line 5: 1 cells, but the header has 7\n");
  EXPECT_TRUE(nothing_written());
}

TEST_F(RegistrarCommand, ABadDraftIsRefusedWithItsReason) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = draft;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::pair<std::string, std::string> cases[] = {
      {"", "the draft is damaged"},
      {draft + "\n", "the draft is damaged"},
      {"[]", "no good \"type\""},
      {with("\"type\":\"draft\"", "\"type\":\"seal\""), "no good \"type\""},
      {with("\"type\":\"draft\"", "\"type\":\"draft\",\"z\":1"), "no good \"set of fields\""},
      {with("\"characters\":16", "\"characters\":11"), "no good \"credentials\""},
      {with("\"by\":\"post\"", "\"by\":\"pigeon\""), "no good \"credentials\""},
      {with("\"identifier\":null", "\"identifier\":{}"), "no good \"credentials\""},
      {with("},\"election_id\":\"00112233", "},\"election_id\":\"0011223"),
       "no good \"election_id\""},
      {with("\"fr\":\"Élections <professionnelles>\"", "\"fr\":7"), "no good \"title\""},
      {with("https://elections", "Elections"), "no good \"origin\""},
      {with("1669878000000", "1679878000000"), "no good \"opens_at, closes_at"},
      {with("\"seats\":5", "\"seats\":-5"), "no good \"contests: seats\""},
      {with("{\"name\":\"Lille\"}", "7"), "no good \"contests: districts\""},
      {with("\"role\":\"president\"", "\"role\":\"king\""), "no good \"ceremonies\""},
      {with("\"bureau\":0", "\"bureau\":1"), "no good \"ceremonies\""},
      {with("\"checkpoint\":\"0", "\"checkpoint\":\""), "no good \"keys\""},
  };
  for (const auto& [text, reason] : cases) {
    write("draft.json", text);
    const Outcome result = run();
    EXPECT_EQ(result.code, 2) << reason;
    EXPECT_NE(result.err.find("draft.form\n"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find(reason), std::string::npos) << reason << "\n" << result.err;
    EXPECT_TRUE(nothing_written()) << reason;
  }
}

// L1: identifier and password leave by different ways, in files that nobody needs together.
TEST_F(RegistrarCommand, IdentifiersAndPasswordsLeaveApart) {
  auto by_two_ways = draft_of();
  by_two_ways.credentials = {{12, false}, Handover::sms, CodeForm{12, false}, Handover::email};
  write("draft.json", by_two_ways.text());
  write("roll.csv",
        "identifiant;nom_naissance;prenoms;courriel;telephone;scrutins;circonscription\n"
        "E1;ALPHA;Zoé;couple@example.org;+1 202 555 0101;0;0\n"
        "E2;BRAVO;Loïc;couple@example.org;+262 639 98 00 05;1;1\n"
        "E3;CHARLIE;Ève;;;0;0\n");
  const Outcome result = run();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(result.says("without address or number: 2 (unreached.csv)")) << result.out;
  EXPECT_FALSE(fs::exists(folder_ / "issued/notices"));
  EXPECT_EQ(contents(folder_ / "issued/unreached.csv"),
            "identifiant_electeur;canal\nE3;email\nE3;sms\n");
  struct stat status {};
  ASSERT_EQ(::stat(path("issued/sms.csv").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0077u, 0u);
  const std::string mail = contents(folder_ / "issued/email.csv"),
                    sms = contents(folder_ / "issued/sms.csv");
  const std::string code = "([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})\n";
  const auto keys =
      open_import(contents(folder_ / "issued/server/import.sealed"), election,
                  code_shown(result.out, "transport code of import.sealed"), districts);
  ASSERT_TRUE(keys) << keys.error().message;
  for (const auto& [line, mail_to, sms_to] :
       {std::tuple{0u, "E1;couple@example.org;", "E1;\\+1 202 555 0101;"},
        {1u, "E2;couple@example.org;", "E2;\\+262 639 98 00 05;"},
        {2u, "E3;;", "E3;;"}}) {
    const auto identifier = *Code::parse(match(mail, mail_to + code), {12, false});
    const auto password = *Code::parse(match(sms, sms_to + code), {12, false});
    EXPECT_EQ((*keys)[line].identifier, identifier.normalised());
    EXPECT_EQ((*keys)[line].sign_in_key,
              derive_credential(password, identifier.normalised(), election).sign_in_key().key);
    EXPECT_EQ(mail.find(password.shown().reveal()), std::string::npos);
    EXPECT_EQ(sms.find(identifier.shown().reveal()), std::string::npos);
  }
}

// The roll's identifier is typed, and the one code leaves by e-mail: nothing else is secret.
TEST_F(RegistrarCommand, ACodeByEmailForARollNumber) {
  auto by_number = draft_of();
  by_number.credentials.roll_number = true;
  by_number.credentials.code_by = Handover::email;
  write("draft.json", by_number.text());
  const std::string head = "identifiant;nom_naissance;prenoms;courriel;scrutins;circonscription\n";
  write("roll.csv", head +
                        "ad-1;ALPHA;Zoé;couple@example.org;0;0\n"
                        "AD.1;BRAVO;Loïc;couple@example.org;1;1\n");
  EXPECT_NE(run().err.find("\"ad-1\" and \"AD.1\" would be the same"), std::string::npos);
  EXPECT_TRUE(nothing_written());
  write("roll.csv", head +
                        "AD-1;ALPHA;Zoé;couple@example.org;0;0\n"
                        "ad-2;BRAVO;Loïc;couple@example.org;1;1\n"
                        "AD-3;CHARLIE;Ève;;0;0\n");
  const Outcome result = run();
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_FALSE(fs::exists(folder_ / "issued/notices"));
  EXPECT_EQ(contents(folder_ / "issued/unreached.csv"), "identifiant_electeur;canal\nAD-3;email\n");
  const auto mail = contents(folder_ / "issued/email.csv");
  EXPECT_TRUE(mail.starts_with("identifiant_electeur;courriel;code_de_vote\n"));
  const auto keys =
      open_import(contents(folder_ / "issued/server/import.sealed"), election,
                  code_shown(result.out, "transport code of import.sealed"), districts);
  ASSERT_TRUE(keys) << keys.error().message;
  const auto code = *Code::parse(match(mail, "ad-2;couple@example.org;([0-9A-Z-]+)\n"));
  EXPECT_EQ((*keys)[1].identifier, "AD2");
  EXPECT_EQ((*keys)[1].sign_in_key, derive_credential(code, "AD2", election).sign_in_key().key);
}

TEST_F(RegistrarCommand, AnExistingFolderIsLeftAlone) {
  fs::create_directory(folder_ / "issued");
  write("issued/keep", "me");
  const Outcome result = run();
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("exists already"), std::string::npos) << result.err;
  EXPECT_EQ(contents(folder_ / "issued/keep"), "me");
}

TEST_F(RegistrarCommand, CodesThatCannotBeShownAreNotKept) {
  const Outcome result = run(">/dev/full");
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("nothing was kept"), std::string::npos) << result.err;
  EXPECT_TRUE(nothing_written());
}

TEST_F(RegistrarCommand, AFolderThatCannotBeMadeIsAFailure) {
  out_ = "nowhere/issued";
  const Outcome result = run();
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("cannot make a folder"), std::string::npos) << result.err;
  EXPECT_TRUE(nothing_written());
}

TEST(Notice, CodesAreReadAloudInBothLanguages) {
  EXPECT_EQ(cli::read_aloud("70KX", true), "sept, zéro, Kilo, X-ray");
  EXPECT_EQ(cli::read_aloud("19AZ", false), "one, nine, Alfa, Zulu");
}

}  // namespace
}  // namespace isoloir
