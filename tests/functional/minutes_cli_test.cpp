// isoloir bureau minutes: from the final export to minutes that members have signed, on paper and
// in the export.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <csignal>
#include <future>
#include <thread>

#include "cli/holder_file.hpp"
#include "functional/program.hpp"
#include "functional/server_process.hpp"
#include "verification/election_fixture.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::Files;
using test::Outcome;
using test::Signers;
using test::TestElection;

constexpr std::size_t president = 0, secretary = 1, delegate = 2;

const TestElection& good() {
  static const TestElection election;
  return election;
}

class MinutesCommand : public test::ProgramTest {
 protected:
  MinutesCommand() { stand_on(good()); }

  // Its export, its checkpoint, and the private files of its members.
  void stand_on(const TestElection& e) {
    fs::remove_all(folder_ / "export");
    for (const auto& [name, content] : e.files) write("export/" + name, content);
    write("checkpoint", e.notes.back());
    write("early", e.notes.front());
    fingerprint_ = hex_encode(e.fingerprint().bytes);
    for (const auto member : {president, secretary, delegate}) {
      put_holder(std::to_string(member), e.ceremony.holders[member].clone());
      if (e.second_bureau) {
        put_holder("1-" + std::to_string(member), e.second_bureau->holders[member].clone());
      }
    }
  }
  void put_holder(const std::string& name, HolderState state) {
    const Code code = Code::generate(random_);
    write("code-" + name, code.shown().reveal() + "\n");
    fs::remove(folder_ / ("holder-" + name));
    ASSERT_TRUE(cli::HolderFile(folder_ / ("holder-" + name), code.clone(), std::move(state))
                    .create(random_));
  }

  std::string arguments(const std::string& holder, const std::string& more = "",
                        const std::string& checkpoint = "checkpoint") const {
    return "bureau minutes " + path("export") + " --fingerprint " + fingerprint_ +
           " --checkpoint " + path(checkpoint) + " --page " + path(page_) + " --holder " +
           path("holder-" + holder) + " --code-file " + path("code-" + holder) + more;
  }
  Outcome sign(std::size_t member) const { return program(arguments(std::to_string(member))); }
  // The member's command is given and asks for her activation code; then `meanwhile`; then she
  // types it. What the command says lies in slow.err.
  template <typename Meanwhile>
  void while_asked_for_her_code(std::size_t member, Meanwhile meanwhile) const {
    const auto number = std::to_string(member);
    ASSERT_EQ(mkfifo(path("keyboard").c_str(), 0600), 0);
    const auto command = arguments(number);
    const auto other = std::async(std::launch::async, [&] {
      return std::system((test::binary_dir() + "/isoloir " +
                          command.substr(0, command.find(" --code-file")) + " <" +
                          path("keyboard") + " >" + path("slow.out") + " 2>" + path("slow.err"))
                             .c_str());
    });
    std::ofstream keyboard(folder_ / "keyboard");
    for (int i = 0;
         i < 600 && contents(folder_ / "slow.err").find("activation code") == std::string::npos;
         ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    meanwhile();
    keyboard << contents(folder_ / ("code-" + number));
    keyboard.close();
    other.wait();
  }
  Outcome verify() const {
    return program("verify " + path("export") + " --fingerprint " + fingerprint_ +
                   " --checkpoint " + path("checkpoint"));
  }
  std::size_t signatures() const {
    const auto text = contents(folder_ / "export/minutes/0.json");
    return text.empty() ? 0 : Json::parse(text)["signatures"].size();
  }
  Files export_files() const {
    Files files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "export")) {
      if (entry.is_regular_file()) files[entry.path().string()] = contents(entry.path());
    }
    return files;
  }
  void expect_refused(const Outcome& outcome, const std::string& code,
                      const std::string& french) const {
    EXPECT_EQ(outcome.code, 1) << outcome.out;
    EXPECT_NE(outcome.err.find("(" + code + ")"), std::string::npos) << code << outcome.err;
    EXPECT_NE(outcome.err.find(french), std::string::npos) << french << outcome.err;
    EXPECT_FALSE(fs::exists(folder_ / "minutes.html"));
    EXPECT_FALSE(fs::exists(folder_ / "export/minutes"));
  }

  SystemRandom random_;
  std::string fingerprint_;
  std::string page_ = "minutes.html";
};

TEST_F(MinutesCommand, SignedMinutesAreVerifiedWithTheExport) {
  const auto signed_by_president = sign(president);
  ASSERT_EQ(signed_by_president.code, 0) << signed_by_president.err;
  for (const char* words :
       {"Scrutin 0, Scrutin : inscrits 4, émargements 3 = exprimés 3 + blancs 0",
        "Contest 1, Contest: registered 2, sign-offs 2 = valid 1 + blank 1",
        "Alpha : voix 2, sièges 2", "Bêta: votes 1, seats 1", "Vote ouvert : ", "Vote closed: ",
        "suspensions : 1, reprises : 1", "Inscriptions : 1 ; radiations : 0 ; clés remplacées : 0",
        "Enrolments: 0; strike-offs: 1; keys replaced: 1", "Drawn up: ",
        "Personne ne l'a encore signé.", "The minutes are signed in the export (signature: 1)"}) {
    EXPECT_TRUE(signed_by_president.says(words)) << words << signed_by_president.out;
  }
  const auto verified = verify();
  EXPECT_EQ(verified.first_line(), "verified") << verified.out;
  EXPECT_TRUE(verified.says("minutes: of 1 bureau\n")) << verified.out;
}

TEST_F(MinutesCommand, ThePageSaysWhatWasDoneAndWhatCameOut) {
  ASSERT_EQ(sign(secretary).code, 0);
  const auto page = contents(folder_ / "minutes.html");
  for (const char* words : {"Procès-verbal des opérations et des résultats",
                            "Minutes of operations and results",
                            "counter(page)",
                            "counter(pages)",
                            "Ouverture du vote",
                            "A fire alarm",
                            "It was none",
                            "Fermeture du vote",
                            "Clôture du dépouillement",
                            "serveur (server)",
                            "Électeurs inscrits",
                            "Registered voters",
                            "Clés remplacées par les lots publiés",
                            "Registre public de cet export",
                            "à comparer à voix haute",
                            "Alpha",
                            "Bêta",
                            "Ada",
                            "Blaise",
                            "Chloé",
                            "Observations"}) {
    EXPECT_NE(page.find(words), std::string::npos) << words;
  }
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find(hex_encode(good().fingerprint().bytes).substr(0, 4)), std::string::npos);
}

TEST_F(MinutesCommand, ThePageOfAnEventfulVote) {
  TestElection::Hooks hooks;
  hooks.setup = [](TestElection& e) {
    auto& majority = e.manifest.contests[0];
    majority.rule = two_round_majority_rule;
    majority.round = 1;
    majority.seats = 1;
    for (auto& option : majority.options) {
      option.candidate = !option.blank;
      option.candidates.clear();
    }
    e.manifest.contests[1].options[1].common = {{"Nord", 2}, {"Sud & Est", 1}};
  };
  hooks.after = [](TestElection& e, const std::string& name) {
    if (name != "enrol") return;
    e.emit({"extend", nullptr, {{"closes_at", 1'200'000}}, {&e.president()}});
    e.emit({"unseal", 1, {{"reason", "Une panne <b>"}}, {&e.secretary()}});
    e.emit({"reseal", 1, {{"reason", "Réparée"}}, {&e.secretary()}});
  };
  hooks.event = [](Json& body, Signers&) {
    if (body["event"] == "close") body["at"] = 1'200'000;
  };
  stand_on(TestElection(hooks));
  const auto signed_by_president = sign(president);
  ASSERT_EQ(signed_by_president.code, 0) << signed_by_president.err;
  EXPECT_TRUE(signed_by_president.says("Alpha : voix 2, élu(e)")) << signed_by_president.out;
  EXPECT_EQ(verify().first_line(), "verified");
  const auto page = contents(folder_ / "minutes.html");
  for (const char* words : {"élu(e)", "Prolongation du vote jusqu'au jeudi 1 janvier 1970 à 01h20",
                            "Extension of the vote until Thursday 1 January 1970 at 01:20",
                            "Rupture du scellement : 1. Scrutin", "Une panne &lt;b&gt;",
                            "Nouveau scellement", "Nord : 0 + 2/3", "Sud &amp; Est : 0 + 1/3"}) {
    EXPECT_NE(page.find(words), std::string::npos) << words;
  }
}

TEST_F(MinutesCommand, ASecondSignatureIsAddedAndSigningTwiceChangesNothing) {
  ASSERT_EQ(sign(president).code, 0);
  const auto before = export_files();
  ASSERT_EQ(sign(president).code, 0);
  EXPECT_EQ(export_files(), before);
  const auto body = Json::parse(contents(folder_ / "export/minutes/0.json"))["body"];
  ASSERT_EQ(sign(secretary).code, 0);
  const auto by_delegate = sign(delegate);
  ASSERT_EQ(by_delegate.code, 0);
  EXPECT_TRUE(by_delegate.says("Déjà signé par : Ada, Blaise")) << by_delegate.out;
  EXPECT_EQ(signatures(), 3u);
  EXPECT_EQ(Json::parse(contents(folder_ / "export/minutes/0.json"))["body"], body);
  EXPECT_EQ(verify().first_line(), "verified");
}

TEST_F(MinutesCommand, EachBureauSignsItsOwn) {
  TestElection::Hooks hooks;
  hooks.two_bureaus = true;
  stand_on(TestElection(hooks));
  expect_refused(program(arguments("1-0")), "minutes.bureau", "Ce n'est pas le bureau");
  ASSERT_EQ(program(arguments("1-0", " --bureau 1")).code, 0);
  ASSERT_EQ(sign(president).code, 0);
  const auto verified = verify();
  EXPECT_EQ(verified.first_line(), "verified");
  EXPECT_TRUE(verified.says("minutes: of 2 bureaus\n")) << verified.out;
}

TEST_F(MinutesCommand, NothingIsSignedThatIsNotInOrder) {
  const auto before = export_files();
  write("code-1", Code::generate(random_).shown().reveal() + "\n");
  expect_refused(sign(secretary), "sealed_file.code_or_content", "Code faux");
  expect_refused(sign(delegate), "trustee.role", "n'a pas pouvoir de signer");
  expect_refused(program(arguments("0", " --bureau 7")), "minutes.bureau", "rien n'est signé");
  expect_refused(program(arguments("0", "", "early")), "minutes.anchors", "point de contrôle");
  const auto own = fingerprint_;
  fingerprint_.assign(64, '0');
  expect_refused(sign(president), "minutes.verification", "ne signez pas");
  fingerprint_ = own;
  EXPECT_EQ(export_files(), before);
}

TEST_F(MinutesCommand, AnExportThatIsNotVerifiedOrNotClosedHasNoMinutes) {
  write("export/box/0-1.bin", "x");
  const auto refused = sign(president);
  expect_refused(refused, "minutes.verification", "ne signez pas");
  EXPECT_NE(refused.err.find("V1 files: box/0-1.bin"), std::string::npos) << refused.err;

  TestElection::Hooks hooks;
  hooks.unclosed = true;
  stand_on(TestElection(hooks));
  expect_refused(sign(president), "minutes.count", "pas encore clos");

  stand_on(good());
  hooks.ceremony_seed = 7;
  put_holder("0", TestElection(hooks).ceremony.holders[president].clone());
  expect_refused(sign(president), "count.holder", "pas celui d'un membre de ce bureau");
}

TEST_F(MinutesCommand, APageThatCannotBeWrittenThereIsRefusedBeforeAnythingIsSigned) {
  const auto before = export_files();
  for (const char* page : {"export/minutes.html", "export/../export/minutes/0.html", "nowhere/page",
                           "export", "box"}) {
    fs::create_directories(folder_ / "box");
    page_ = page;
    expect_refused(sign(president), "minutes.page", "hors de l'export");
    EXPECT_EQ(export_files(), before) << page;
  }
}

TEST_F(MinutesCommand, WhoSignsMeanwhileKeepsHerSignature) {
  ASSERT_EQ(sign(president).code, 0);
  while_asked_for_her_code(secretary, [&] { ASSERT_EQ(sign(delegate).code, 0); });
  const auto told = contents(folder_ / "slow.err");
  EXPECT_NE(told.find("(minutes.changed)"), std::string::npos) << told;
  EXPECT_NE(told.find("Quelqu'un a signé entre-temps"), std::string::npos) << told;
  EXPECT_EQ(signatures(), 2u);
  ASSERT_EQ(sign(secretary).code, 0);
  EXPECT_EQ(signatures(), 3u);
  EXPECT_EQ(verify().first_line(), "verified");
}

TEST_F(MinutesCommand, ThePageThatCannotBeWrittenAfterAllIsMadeByTheSameCommand) {
  fs::create_directories(folder_ / "stick");
  page_ = "stick/minutes.html";
  while_asked_for_her_code(president, [&] { fs::remove_all(folder_ / "stick"); });
  const auto told = contents(folder_ / "slow.err");
  EXPECT_NE(told.find("(minutes.unprinted)"), std::string::npos) << told;
  EXPECT_NE(told.find("donnez la commande à nouveau"), std::string::npos) << told;
  EXPECT_EQ(signatures(), 1u);
  EXPECT_EQ(verify().first_line(), "verified");
  fs::create_directories(folder_ / "stick");
  ASSERT_EQ(sign(president).code, 0);
  EXPECT_NE(contents(folder_ / page_), "");
  EXPECT_EQ(signatures(), 1u);
}

TEST_F(MinutesCommand, MinutesOfTheFutureAreNotSigned) {
  TestElection::Hooks hooks;
  hooks.closed = [](TestElection& e) {
    e.files[export_path::minutes(0)] = e.minutes(
        0, {&e.president()}, [](Json& body) { body["at"] = SystemClock().now() + 3'600'000; });
  };
  stand_on(TestElection(hooks));
  EXPECT_EQ(verify().first_line(), "verified");
  const auto refused = sign(secretary);
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("(minutes.future)"), std::string::npos) << refused.err;
  EXPECT_EQ(signatures(), 1u);
}

TEST_F(MinutesCommand, NothingIsSweptBesidesAnExport) {
  write("elsewhere/a.part", "");
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "export/minutes");
  EXPECT_NE(sign(president).code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "elsewhere/a.part"));

  fs::remove_all(folder_ / "export");
  write("export/minutes/a.part", "");
  write("export/index.json.part", "");
  const auto refused = sign(president);
  EXPECT_NE(refused.err.find("(export.folder)"), std::string::npos) << refused.err;
  EXPECT_TRUE(fs::exists(folder_ / "export/minutes/a.part"));
  EXPECT_TRUE(fs::exists(folder_ / "export/index.json.part"));
}

TEST_F(MinutesCommand, MinutesOfAnEarlierExportAreTakenIntoALaterOne) {
  TestElection::Hooks hooks;
  hooks.two_bureaus = true;
  auto early = hooks;
  early.closed_by = {0};
  stand_on(TestElection(early));
  ASSERT_EQ(sign(president).code, 0);
  const auto minutes = contents(folder_ / "export/minutes/0.json");

  stand_on(TestElection(hooks));
  write("export/minutes/0.json", minutes);
  EXPECT_EQ(verify().code, 1);
  ASSERT_EQ(program(arguments("1-0", " --bureau 1")).code, 0);
  EXPECT_EQ(contents(folder_ / "export/minutes/0.json"), minutes);
  const auto verified = verify();
  EXPECT_EQ(verified.first_line(), "verified");
  EXPECT_TRUE(verified.says("minutes: of 2 bureaus\n")) << verified.out;
}

// Before each operation on the export's folder, as a second member signs.
TEST_F(MinutesCommand, KilledMidwayNothingIsLost) {
  ASSERT_EQ(sign(president).code, 0);
  const auto once_signed = export_files();
  test::Disk disk(folder_ / "disk", folder_ / "export");
  int kills = 0;
  for (;; ++kills) {
    fs::remove_all(folder_ / "export");
    for (const auto& [name, content] : once_signed) {
      fs::create_directories(fs::path(name).parent_path());
      std::ofstream(name, std::ios::binary) << content;
    }
    std::vector<std::string> words;
    std::istringstream line(arguments("1"));
    for (std::string word; line >> word;) words.push_back(word);
    disk->kill_at = kills + 1;
    test::ServerProcess run(folder_, {words, disk.page()});
    const auto ended = run.wait();
    disk->kill_at = 0;
    if (ended.signal == 0) break;
    ASSERT_EQ(ended.signal, SIGKILL);
    ASSERT_GE(signatures(), 1u) << kills;
    const auto again = sign(secretary);
    ASSERT_EQ(again.code, 0) << kills << again.err;
    EXPECT_EQ(signatures(), 2u) << kills;
    EXPECT_EQ(verify().first_line(), "verified") << kills;
  }
  EXPECT_GE(kills, 6);
}

}  // namespace
}  // namespace isoloir
