// Late electors come to the roll by files: the registrar's codes, two signatures on machines of
// their own, and what the server makes of them.
#include <fcntl.h>

#include <regex>

#include "courier/outbox.hpp"
#include "crypto/hash.hpp"
#include "functional/roll_command.hpp"
#include "service/claim_made.hpp"
#include "service/reissue.hpp"
#include "stands_in.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using test::Outcome;

constexpr std::string_view late_csv =
    "identifiant;civilite;nom_naissance;prenoms;courriel;scrutins\n"
    "L1;Mme;TARDIVE;Zoé;zoe@portal.example;0|1\n"
    "L2;M.;TARDIF;Loïc;loic@portal.example;1\n";

std::string shown_after(const std::string& text, const std::string& label) {
  std::smatch found;
  EXPECT_TRUE(std::regex_search(text, found, std::regex(label + ": ([0-9A-Z-]+)\n"))) << text;
  return found.empty() ? "" : found[1].str() + "\n";
}

struct EnrolByFiles : test::RollCommand {
  EnrolByFiles() {
    put("manifest.json", state->manifest_text());
    put("draft.json", draft_text);
    put("late.csv", std::string(late_csv));
    fingerprint = hex_encode(state->fingerprint().bytes);
    for (const auto member : {president, secretary, delegate1, delegate2}) {
      make_holder(member, ceremonies[0].holders[member].clone());
    }
    key_code = put_registrar_key("registrar.key", registrar);
  }
  std::string put_registrar_key(const std::string& name, const KeyPair& key) {
    const Code code = Code::generate(random);
    put(name, seal_registrar_key(key, code, random));
    return code.shown().reveal() + "\n";
  }

  Outcome issue(const std::string& options, const std::string& input) const {
    return run(
        "registrar issue --draft " + at("draft.json") + " --roll " + at("late.csv") + " " + options,
        input);
  }
  // The registrar's codes for late.csv; the transport code is remembered.
  void issue_late(const std::string& out = "late") {
    const auto done = issue("--late --key " + at("registrar.key") + " --out " + at(out), key_code);
    expect_done(done);
    transport = shown_after(done.out, "transport code of import.sealed");
  }
  std::string import() const { return at("late/server/import.sealed"); }
  Outcome enrol(const std::string& arguments, const std::string& language = "en") const {
    return run("roll enrol --roll " + at("late.csv") + " --import " + import() + " " + arguments +
                   " --lang " + language + " --state " + folder.string(),
               transport);
  }
  std::string files() const { return at("event-1") + " " + at("event-2") + " " + at("event-3"); }
  std::string anchor() const {
    return " --manifest " + at("manifest.json") + " --fingerprint " + fingerprint;
  }
  Outcome by_registrar(const std::string& documents, const std::string& key = "registrar.key") {
    return run(
        "registrar sign " + documents + anchor() + " --key " + at(key) + " --import " + import(),
        key_code + transport);
  }
  Outcome by_member(const std::string& documents, Member member) const {
    return run("trustee sign " + documents + anchor() + holder(member));
  }
  std::int64_t registered(std::uint32_t contest) {
    return count_rows("voter_contest WHERE contest = " + std::to_string(contest));
  }
  // The code on the late elector's notice, as she reads it.
  Code code_on_notice(const std::string& voter) const {
    const auto notice = get("late/notices/" + voter + ".html");
    std::string typed;
    const std::regex group("<span>([0-9A-Z]+)</span>");
    const auto from = notice.find("<p class=\"characters\">");
    const auto block = notice.substr(from, notice.find("</p>", from) - from);
    for (std::sregex_iterator i(block.begin(), block.end(), group), end; i != end; ++i) {
      typed += (*i)[1].str();
    }
    return *Code::parse(typed);
  }

  std::string key_code;
  std::string transport;
};

TEST_F(EnrolByFiles, FromTheRegistrarToTheVerifiedResult) {
  serve_with("inbox");
  issue_late();
  std::set<std::string> made;
  for (const auto& entry : fs::recursive_directory_iterator(stick / "late")) {
    if (entry.is_regular_file()) made.insert(entry.path().lexically_relative(stick).string());
  }
  EXPECT_EQ(made, (std::set<std::string>{"late/notices/L1.html", "late/notices/L2.html",
                                         "late/server/import.sealed"}))
      << "no second roster, no second key";

  const auto drafted = enrol("--draft " + at("event") + " --claim " + made_claim(*state));
  expect_done(drafted);
  const auto keys = *open_import(get("late/server/import.sealed"), state->manifest().election_id,
                                 *Code::parse(transport.substr(0, transport.size() - 1)),
                                 std::vector<std::uint32_t>{1, 1});
  const auto digest = hex_encode(sha256(as_bytes(late_csv)));
  for (const auto& words :
       {digest.substr(0, 8), std::string("Enrolment of voter L1, Mme TARDIVE Zoé"),
        std::string("contest 1: Academy"), std::string("Présidente, Secrétaire"),
        std::string("roll enrol --post"),
        hex_encode(keys[0].ballot_keys[0].key.encoded()).substr(0, 8),
        hex_encode(keys[1].ballot_keys[0].key.encoded()).substr(0, 8)}) {
    EXPECT_TRUE(drafted.says(words)) << words << "\n" << drafted.out;
  }
  const auto& bureau_name = state->manifest().bureaus[0].name;
  EXPECT_TRUE(drafted.says("Signs for the bureau " + bureau_name +
                           " (Présidente, Secrétaire): " + files() + "\n"))
      << drafted.out;
  EXPECT_EQ(registered(0), 3) << "a draft changes nothing";
  EXPECT_FALSE(stands_in(get("event-1"), "L1")) << "the event names no one";

  // Two of them first by the registrar, the third first by the bureau: the order does not matter.
  const auto seen = by_registrar(at("event-1") + " " + at("event-2"));
  expect_done(seen);
  for (const char* words :
       {"Inscrire une personne sur la liste du scrutin 0 : National", "Identifier on the roll: L1",
        "Enrol a person on the roll of contest 1: Academy", "Signed."}) {
    EXPECT_TRUE(seen.says(words)) << words << "\n" << seen.out;
  }
  const auto by_delegate = by_member(files(), delegate1);
  expect_refused(by_delegate, "trustee.role");
  EXPECT_NE(by_delegate.err.find(at("event-1") + ": "), std::string::npos) << by_delegate.err;
  const auto signed_by_bureau = by_member(files(), secretary);
  expect_done(signed_by_bureau);
  EXPECT_TRUE(signed_by_bureau.says("Elle pourra y voter.")) << signed_by_bureau.out;
  expect_refused(enrol("--post " + files()), "bureau.signer");
  expect_done(by_registrar(at("event-3")));

  expect_refused(bureau("post " + at("event-1")), "bureau.event");
  EXPECT_TRUE(bureau("post " + at("event-1")).err.find("roll enrol --post") != std::string::npos);
  expect_refused(enrol("--post " + at("event-1")), "roll.incomplete");
  EXPECT_EQ(registered(0), 3);
  put("late.csv", std::string(late_csv) + "\n");
  expect_refused(enrol("--post " + files()), "roll.other");
  put("late.csv", std::string(late_csv));
  const auto posted = enrol("--post " + files());
  expect_done(posted);
  EXPECT_TRUE(posted.says("Done: voters enrolled: 2; events 0, 1, 2.")) << posted.out;
  EXPECT_EQ(registered(0), 4);
  EXPECT_EQ(registered(1), 5);
  expect_refused(enrol("--post " + files()), "bureau.replayed");
  expect_refused(enrol("--draft " + at("again")), "roll.registered");

  // They vote with the codes on their notices, and all is counted and verified.
  reopen();
  clock.set(SystemClock().now());
  for (const auto& keys_of_one : keys) {
    Voter voter;
    voter.id = keys_of_one.id;
    roll.voters.push_back(voter);
    codes.push_back(code_on_notice(voter.id));
  }
  const auto hours = [&](const char* column) {
    EXPECT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute("UPDATE hours SET " + std::string(column) + " = $1", {clock.now()});
      return {};
    }));
  };
  hours("opens_at");
  tick(*state, *log);
  InboxTransport transport_of_mail;
  outbox_of(*state).deliver(transport_of_mail, state->now());
  const auto inbox = read_inbox(*state);
  EXPECT_EQ(std::count_if(inbox.begin(), inbox.end(),
                          [](const InboxMessage& message) {
                            return message.subject == "Votre inscription sur la liste électorale" &&
                                   message.body.find("- Academy") != std::string::npos;
                          }),
            2);
  const Session first = in_space(3), second = in_space(4), other = in_space(0);
  for (const std::uint32_t contest : {0, 1}) {
    EXPECT_EQ(cast(first, ballot(3, contest, 0)), "recorded");
    EXPECT_EQ(cast(other, ballot(0, contest, 0)), "recorded");
  }
  EXPECT_EQ(cast(second, ballot(4, 1, 0)), "recorded");
  log->append_round(true);
  hours("closes_at");
  log.reset();
  state.reset();
  prepare("first");
  std::string holders;
  for (const Member member : {president, delegate1, delegate2}) {
    const auto number = std::to_string(member);
    holders += " --holder " + at("holder-" + number) + ":" + at("code-" + number);
  }
  const auto counted = bureau("count" + holders);
  expect_done(counted);
  EXPECT_TRUE(counted.says("registered 4, sign-offs 2")) << counted.out;
  EXPECT_TRUE(counted.says("registered 5, sign-offs 3")) << counted.out;
  expect_done(bureau("close-count --yes --export " + at("final") + holder(president)));
  const auto verified = run("verify " + at("final") + " --fingerprint " + fingerprint);
  EXPECT_TRUE(verified.says("enrolments and strike-offs: 3 enrolments, 0 strike-offs"))
      << verified.out;
  EXPECT_EQ(verified.code, 0) << verified.out;
}

TEST_F(EnrolByFiles, TheRegistrarSignsForHerImportAlone) {
  issue_late();
  expect_done(enrol("--draft " + at("event")));
  const auto before = get("event-1");
  // Another event, another key, another registrar's manifest, another election's fingerprint.
  Json other = Json::parse(before)["body"];
  other["event"] = "strike-off";
  put("off", SignedDocument(other).text());
  expect_refused(by_registrar(at("event-1") + " " + at("off")), "registrar.event");
  other["event"] = "enrol";
  other["data"]["key"] = hex_encode(KeyPair::generate(random).key.encoded());
  put("stranger", SignedDocument(other).text());
  expect_refused(by_registrar(at("stranger")), "registrar.event");
  other = Json::parse(before)["body"];
  other["contest"] = 1;
  put("elsewhere", SignedDocument(other).text());
  expect_refused(by_registrar(at("elsewhere")), "registrar.event");
  other["contest"] = 7;
  put("nowhere", SignedDocument(other).text());
  expect_refused(by_registrar(at("nowhere")), "trustee.document");
  EXPECT_EQ(get("event-1"), before) << "all or none";
  const auto right =
      std::exchange(key_code, put_registrar_key("other.key", KeyPair::generate(random)));
  expect_refused(by_registrar(at("event-1"), "other.key"), "registrar.key");
  expect_refused(by_registrar(at("event-1")), "sealed_file.code_or_content");
  key_code = right;
  fingerprint[0] = fingerprint[0] == '0' ? '1' : '0';
  expect_refused(by_registrar(at("event-1")), "trustee.fingerprint");
  EXPECT_EQ(get("event-1"), before);
}

TEST_F(EnrolByFiles, RefusalsOfTheServersCommand) {
  issue_late();
  expect_refused(enrol(""), "roll.use");
  expect_refused(enrol("--post"), "roll.use");
  expect_refused(enrol(at("event")), "roll.use");
  expect_refused(enrol("--draft " + at("event") + " --post " + at("event")), "roll.use");
  expect_refused(enrol("--draft " + at("event") + " --claim K7QD-2M4X"), "roll.claim");
  const auto french = enrol("--draft " + at("event") + " --claim K7QD-2M4X", "fr");
  EXPECT_EQ(french.code, 2);
  EXPECT_NE(french.err.find("Aucune réclamation n'a cette référence"), std::string::npos);
  put("event-2", "taken");
  expect_refused(enrol("--draft " + at("event")), "bureau.draft_exists");
  EXPECT_FALSE(fs::exists(at("event-1"))) << "all or none";
  expect_refused(enrol("--post " + at("nothing")), "bureau.file");
  expect_refused(enrol("--post " + at("event-2")), "bureau.event");
  put("late.csv", std::string(late_csv) + "L3;;TARDIVE;Ève;eve@portal.example;0\n");
  expect_refused(enrol("--draft " + at("third")), "import.voters");
  put("late.csv", std::string(late_csv) + "L3;;TARDIVE;Ève;eve@portal.example;9\n");
  expect_refused(enrol("--draft " + at("third")), "roll.invalid");
  put("late.csv", std::string(late_csv));
  transport = key_code;
  expect_refused(enrol("--draft " + at("third")), "sealed_file.code_or_content");
  EXPECT_EQ(registered(0), 3);
}

// Perhaps the same person, under two identifiers.
TEST_F(EnrolByFiles, WhoHasTheBirthNameAndDateOfAnotherVoterIsSaid) {
  EXPECT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute(
        "UPDATE voter SET birth_date = '1970-02-28', birth_name = 'O''Tardivé' "
        "WHERE id IN ('E1', 'E2')");
    return {};
  }));
  put("late.csv",
      "identifiant;civilite;nom_naissance;prenoms;courriel;scrutins;date_naissance\n"
      "L1;Mme;O-TARDIVE;Zoé;zoe@portal.example;0;1970-02-28\n"
      "L2;Mme;O-TARDIVE;Zoé;zoe2@portal.example;0;1970-02-27\n");
  issue_late();
  const auto drafted = enrol("--draft " + at("event"));
  expect_done(drafted);
  for (const char* words : {"Mind: L1 has the birth name and the date of birth of E1, ",
                            "Mind: L1 has the birth name and the date of birth of E2, "}) {
    EXPECT_TRUE(drafted.says(words)) << drafted.out;
  }
  EXPECT_FALSE(drafted.says("Mind: L2")) << drafted.out;
  const auto french = enrol("--draft " + at("encore"), "fr");
  EXPECT_TRUE(french.says("Attention : L1 a le nom de naissance et la date de naissance de E1, "))
      << french.out;
}

TEST_F(EnrolByFiles, APersonAtATerminalIsAsked) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "no /dev/pts here, as in a bare chroot";
  ::close(terminal);
  issue_late();
  const auto typed = [&](const std::string& word) {
    return at_terminal("roll enrol --roll " + at("late.csv") + " --import " + import() +
                           " --draft " + at("event") + " --lang fr --state " + folder.string(),
                       transport + word);
  };
  const auto refused = typed("non");
  EXPECT_NE(refused.find("tapez « inscrire »"), std::string::npos) << refused;
  EXPECT_NE(refused.find("(bureau.unconfirmed)"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("Clé publique"), std::string::npos) << "shown once the journal says so";
  EXPECT_FALSE(fs::exists(at("event-1")));
  EXPECT_EQ(count_rows("journal WHERE row LIKE '%enrolment drafted%'"), 0);
  typed("inscrire");
  EXPECT_TRUE(fs::exists(at("event-1")));
  const auto signing = at_terminal("registrar sign " + at("event-1") + anchor() + " --key " +
                                       at("registrar.key") + " --import " + import() + " --lang en",
                                   key_code + transport + "no");
  EXPECT_NE(signing.find("type \"sign\""), std::string::npos) << signing;
  EXPECT_NE(signing.find("(bureau.unconfirmed)"), std::string::npos) << signing;
  EXPECT_TRUE(SignedDocument::parse(get("event-1"))->signers().empty());
}

TEST_F(EnrolByFiles, LateCodesWantTheRegistrarsKeyAndReplaceNothing) {
  const auto refused = [&](const std::string& options) {
    const auto outcome = issue("--late --out " + at("none") + options, key_code);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find("registrar.late"), std::string::npos) << outcome.err;
    EXPECT_FALSE(fs::exists(at("none")));
  };
  refused("");
  refused(" --key " + at("registrar.key") + " --replaces " + at("some.sealed"));
}

}  // namespace
}  // namespace isoloir::cli
