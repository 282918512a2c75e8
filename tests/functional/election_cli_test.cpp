// isoloir election, step by step, and what each step refuses. The ceremony is held in this process,
// because each private file costs Argon2id at its full 256 MiB; tests/functional/
// first_election_test.cpp runs the real one.
#include <sys/stat.h>

#include <algorithm>

#include "base/places.hpp"
#include "cli/server.hpp"
#include "cli/trustee_ceremony.hpp"
#include "crypto/hash.hpp"
#include "functional/program.hpp"
#include "functional/server_process.hpp"
#include "http/client.hpp"
#include "service/accounts.hpp"
#include "service/install.hpp"
#include "service/voting.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::Outcome;

constexpr std::string_view roll_csv =
    "identifiant;civilite;nom_naissance;prenoms;courriel;scrutins;circonscription\n"
    "A001;Mme;PREMIÈRE;Alix;a001@education.example;0|1|2;0\n"
    "A002;M.;DEUXIÈME;Dominique;a002@education.example;0|1|2;0\n";
const std::string education = test::source_dir() + "/portals/education";

class ElectionCommand : public test::ProgramTest {
 protected:
  ElectionCommand() { write("roll.csv", roll_csv); }

  Outcome election(const std::string& arguments, const std::string& input = "") const {
    return program("election " + arguments, input);
  }
  // The portal, with hours to come.
  void write_portal_of_tomorrow() {
    auto toml = contents(education + "/portal.toml");
    const auto set = [&](const std::string& name, const std::string& value) {
      const auto at = toml.find("\n" + name + " = ") + 1;
      toml.replace(at, toml.find('\n', at) - at, name + " = " + value);
    };
    set("opens", "2122-12-01T08:00:00");
    set("closes", "2122-12-08T17:00:00");
    write("portal/portal.toml", toml);
    for (const char* name : {"pages", "statements"}) {
      fs::copy(education + "/" + name, folder_ / "portal" / name);
    }
    portal_ = path("portal");
  }
  std::int64_t rows(const std::string& state, const std::string& sql) const {
    const auto database = store::open_sqlite({.path = folder_ / state / "isoloir.sqlite"});
    return *database->read([&](store::Transaction& t) -> Expected<std::int64_t> {
      return t.query(sql).at(0).integer(0);
    });
  }
  void execute(const std::string& state, const std::string& sql) const {
    const auto database = store::open_sqlite({.path = folder_ / state / "isoloir.sqlite"});
    ASSERT_TRUE(database->write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  }
  Outcome unseal(const std::string& reason) const {
    return election("unseal " + path("election") + " --reason '" + reason + "'");
  }
  Outcome draft(const std::string& options = "--open-now 24") const {
    return election("draft " + portal_ + " --origin https://vote.example --state " + path("state") +
                    " --out " + path("election") + " " + options);
  }
  Outcome issue(const std::string& options = "", const std::string& input = "") {
    auto issued = program("registrar issue --draft " + path("election/draft.json") + " --roll " +
                              path("roll.csv") + " --out " + path(issued_) + " " + options,
                          input);
    const std::string label = "transport code of import.sealed: ";
    if (const auto at = issued.out.find(label); at != std::string::npos) {
      transport_code_ = issued.out.substr(at + label.size());
    }
    return issued;
  }
  Outcome seal() const {
    return election("seal " + path("election") + " --registrar " + path(issued_ + "/server"));
  }
  void hold_ceremony() {
    const auto read = ElectionDraft::parse(contents(folder_ / "election/draft.json"));
    ASSERT_TRUE(read) << read.error().message;
    ceremony_ = run_ceremony_locally(read->ceremonies[0], random);
    const auto record = CeremonyRecord::read(read->ceremonies[0], ceremony_.messages);
    ASSERT_TRUE(record);
    for (const auto& [slot, text] : record->messages()) {
      write("election/ceremony/0/" + slot.file_name(), text);
    }
  }
  void prepare(const std::string& options = "--open-now 24") {
    ASSERT_EQ(draft(options).code, 0);
    ASSERT_EQ(issue().code, 0);
    hold_ceremony();
    const auto sealed = seal();
    ASSERT_EQ(sealed.code, 0) << sealed.err;
  }
  Manifest manifest() const {
    return Manifest::parse(contents(folder_ / "election/manifest.json")).value();
  }
  // In place of `election sign`; all but the last so many members.
  void sign(std::size_t leave_out = 0) {
    auto seal_text = SignedDocument::parse(contents(folder_ / "election/seal.json")).value();
    for (std::size_t i = 0; i + leave_out < ceremony_.holders.size(); ++i) {
      seal_text.sign(ceremony_.holders[i].signing(), manifest().fingerprint(), random);
    }
    write("election/seal.json", seal_text.text());
  }
  Outcome install(const std::string& code = "", const std::string& roll_file = "roll.csv") const {
    return election("install " + path("election") + " --state " + path("state") + " --roll " +
                        path(roll_file) + " --import " + path(issued_ + "/server/import.sealed"),
                    code.empty() ? transport_code_ : code);
  }
  // Neither a database nor a link key, whole or in the making: the keys of the draft alone.
  bool nothing_installed() const {
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const auto name = entry.path().filename().string();
      if (name.starts_with("state") && name != "state") return false;
    }
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(folder_ / "state")) {
      files += entry.path().filename() == "server.keys" ? 0 : 1;
    }
    return files == 0 && fs::exists(folder_ / "state/server.keys");
  }
  void expect_refused(const Outcome& result, const std::string& code,
                      const std::string& detail = "") const {
    EXPECT_EQ(result.code, 2) << result.out << result.err;
    EXPECT_EQ(result.out, "") << code;
    EXPECT_NE(result.err.find("(" + code + ")"), std::string::npos) << code << "\n" << result.err;
    EXPECT_NE(result.err.find(detail), std::string::npos) << detail << "\n" << result.err;
  }

  SystemRandom random;
  std::string portal_ = education;
  std::string issued_ = "issued";
  std::string transport_code_;
  LocalCeremony ceremony_;
};

TEST_F(ElectionCommand, TheDraftKeepsThePrivateKeysOnTheServer) {
  const auto drafted = draft();
  ASSERT_EQ(drafted.code, 0) << drafted.err;
  const auto read = ElectionDraft::parse(contents(folder_ / "election/draft.json"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->origin, "https://vote.example");
  EXPECT_EQ(read->hours.closes_at - read->hours.opens_at, 24 * 3'600'000);
  const auto plan = CeremonyPlan::parse(contents(folder_ / "election/ceremony/0/plan.json"));
  ASSERT_TRUE(plan);
  EXPECT_EQ(*plan, read->ceremonies.at(0));
  EXPECT_EQ(plan->groups.at(1).members.size(), 3u);
  const auto portal = read_portal(education);
  for (std::size_t k = 0; k < portal->contests.size(); ++k) {
    const auto names = [](const Contest& contest) {
      std::multiset<std::string> all;
      for (const auto& option : contest.options) all.insert(option.name);
      return all;
    };
    EXPECT_EQ(names(read->contests[k]), names(portal->contests[k]));
    EXPECT_TRUE(read->contests[k].options.back().blank);
  }

  const auto keys = ServerKeys::read(folder_ / "state/server.keys");
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->board.key, read->server.board);
  EXPECT_EQ(keys->checkpoint.key, read->server.checkpoint);
  struct stat status {};
  ASSERT_EQ(::stat(path("state/server.keys").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  const auto secret = hex_encode(keys->board.secret.reveal().encoded());
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "election")) {
    if (entry.is_regular_file()) {
      EXPECT_EQ(contents(entry.path()).find(secret), std::string::npos) << entry.path();
    }
  }
}

TEST_F(ElectionCommand, ADraftThatCannotBeIsRefusedAndNothingIsMade) {
  for (const std::string origin :
       {"vote.example", "http://vote.example", "https://Vote.example", "https://vote.example/",
        "https://vote.example:443", "https://", "https://vote.example:", "http://localhost"}) {
    const auto result = election("draft " + education + " --state " + path("state") + " --out " +
                                 path("election") + " --open-now 1 --origin '" + origin + "'");
    expect_refused(result, "draft.origin", "write https://host");
  }
  expect_refused(draft(""), "draft.hours", "portal.toml: the vote closes on 2022-12-08");

  std::string toml = contents(education + "/portal.toml");
  const auto at = toml.find("grace_minutes");
  write("portal/portal.toml", toml.replace(at, 5, "Grace"));
  expect_refused(election("draft " + path("portal") + " --origin https://vote.example --state " +
                          path("state") + " --out " + path("election") + " --open-now 1"),
                 "portal.invalid", path("portal/portal.toml") + ":");
  EXPECT_FALSE(fs::exists(folder_ / "election"));
  EXPECT_FALSE(fs::exists(folder_ / "state"));

  ASSERT_EQ(draft().code, 0);
  const auto before = contents(folder_ / "election/draft.json");
  const auto keys = contents(folder_ / "state/server.keys");
  expect_refused(draft(), "election.out");
  fs::rename(folder_ / "election", folder_ / "kept");
  expect_refused(draft(), "state.exists");
  EXPECT_FALSE(fs::exists(folder_ / "election"));
  EXPECT_EQ(contents(folder_ / "kept/draft.json"), before);
  EXPECT_EQ(contents(folder_ / "state/server.keys"), keys);
}

TEST_F(ElectionCommand, AnOpeningThatIsPastIsPointedOut) {
  const auto day = [](int from_now) {
    const auto at = static_cast<std::time_t>(SystemClock().now() / 1000 + from_now * 86'400);
    std::tm utc{};
    gmtime_r(&at, &utc);
    char text[11];
    return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d", &utc));
  };
  std::string toml = contents(education + "/portal.toml");
  toml.replace(toml.find("2022-12-01T"), 10, day(-2));
  toml.replace(toml.find("2022-12-08T"), 10, day(2));
  write("portal/portal.toml", toml);
  const auto drafted = election("draft " + path("portal") + " --origin https://vote.example" +
                                " --state " + path("state") + " --out " + path("election"));
  EXPECT_EQ(drafted.code, 0) << drafted.err;
  EXPECT_TRUE(drafted.says("The opening hour is past")) << drafted.out;
  fs::remove_all(folder_ / "state");
  fs::remove_all(folder_ / "election");
  EXPECT_FALSE(draft().says("The opening hour is past"));
}

TEST_F(ElectionCommand, SealingNamesWhatIsMissing) {
  ASSERT_EQ(draft().code, 0);
  expect_refused(election("check " + path("election")), "election.unsealed");
  expect_refused(seal(), "file.missing", "issued/server/roster.json");
  ASSERT_EQ(issue().code, 0);
  expect_refused(seal(), "ceremony.incomplete", "Délégués de liste 3 (Déléguée de la liste C)");
  hold_ceremony();
  const auto last = folder_ / "election/ceremony/0/4-01-03.json";
  fs::rename(last, folder_ / "forgotten");
  expect_refused(seal(), "ceremony.incomplete",
                 "messages of round 4 are missing from Délégués de liste 3");
  fs::rename(folder_ / "forgotten", last);

  const std::string keys = contents(folder_ / "issued/server/roster/1-0.bin");
  write("issued/server/roster/1-0.bin", keys.substr(32));
  expect_refused(seal(), "roster.size", "roster/1-0.bin");
  write("issued/server/roster/1-0.bin", keys);
  const std::string document = contents(folder_ / "issued/server/roster.json");
  auto changed = document;
  changed.replace(changed.find("\"size\":2"), 8, "\"size\":1");
  write("issued/server/roster.json", changed);
  expect_refused(seal(), "document.signature", "roster.json");
  write("issued/server/roster.json", document);
  EXPECT_FALSE(fs::exists(folder_ / "election/manifest.json"));

  const auto sealed = seal();
  ASSERT_EQ(sealed.code, 0) << sealed.err;
  EXPECT_TRUE(sealed.says("Still to sign the seal (election sign): Présidente du bureau, "));
  const auto fingerprint = manifest().fingerprint();
  expect_refused(seal(), "election.sealed");
  EXPECT_EQ(manifest().fingerprint(), fingerprint);
}

TEST_F(ElectionCommand, AnotherBureausCeremonyIsNotSealed) {
  ASSERT_EQ(draft().code, 0);
  ASSERT_EQ(issue().code, 0);
  auto plan = CeremonyPlan::parse(contents(folder_ / "election/ceremony/0/plan.json")).value();
  plan.groups[1].threshold = 1;  // one delegate alone
  const auto weak = run_ceremony_locally(plan, random);
  const auto record = CeremonyRecord::read(plan, weak.messages);
  write("election/ceremony/0/plan.json", plan.text());
  for (const auto& [slot, text] : record->messages()) {
    write("election/ceremony/0/" + slot.file_name(), text);
  }
  expect_refused(seal(), "ceremony.plan", "Bureau de vote électronique centralisateur");
  EXPECT_FALSE(fs::exists(folder_ / "election/manifest.json"));
}

// The member sees all that she signs; the last signature makes the page.
TEST_F(ElectionCommand, AMemberSignsWhatSheSees) {
  prepare();
  sign(1);
  const auto fingerprint = hex_encode(manifest().fingerprint().bytes);
  const HolderFile holder(folder_ / "holder", Code::parse("0000-0000-0000-00000").value(),
                          ceremony_.holders.back().clone());
  ASSERT_TRUE(holder.create(random));
  const auto run = [&](const std::string& read_out) {
    return election(
        "sign " + path("election") + " --holder " + path("holder") + " --fingerprint " + read_out,
        "0000-0000-0000-00000\n");
  };
  const auto before = contents(folder_ / "election/seal.json");
  expect_refused(run(std::string(64, '0')), "seal.fingerprint");
  EXPECT_EQ(contents(folder_ / "election/seal.json"), before);
  EXPECT_FALSE(fs::exists(folder_ / "election/sealing.html"));

  expect_refused(run("12"), "anchor.form");
  // As it is printed and read aloud.
  std::string grouped;
  for (std::size_t i = 0; i < fingerprint.size(); ++i) {
    if (i > 0 && i % 4 == 0) grouped += ' ';
    grouped += static_cast<char>(std::toupper(static_cast<unsigned char>(fingerprint[i])));
  }
  const auto done = run("'" + grouped + "'");
  ASSERT_EQ(done.code, 0) << done.err;
  for (const std::string text :
       {"Professional elections 2022",
        "Contest 1: National joint administrative committee, 6 seats, "
        "2 registered",
        "The box is empty", "The sealing is complete", "vote blanc / blank vote"}) {
    EXPECT_TRUE(done.says(text)) << text << "\n" << done.out;
  }
  std::size_t at = done.out.find("Contest 0");
  const auto sealed = manifest();
  for (const auto& option : sealed.contests[0].options) {
    if (option.blank) continue;
    at = done.out.find(option.name, at);
    EXPECT_NE(at, std::string::npos) << option.name << " out of its order";
  }
  const auto checked = election("check " + path("election"));
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_TRUE(checked.says("The sealing is complete"));
}

TEST_F(ElectionCommand, ThePageSaysWhatWasSealed) {
  prepare();
  sign();
  const auto checked = election("check " + path("election"));
  ASSERT_EQ(checked.code, 0) << checked.err;
  const std::string page = contents(folder_ / "election/sealing.html");
  const auto groups = [](ByteView bytes, std::size_t digits = 8) {
    std::string out;
    const std::string hex = hex_encode(bytes);
    for (std::size_t i = 0; i < hex.size(); i += digits) {
      out += (i ? " " : "") + hex.substr(i, digits);
    }
    return out;
  };
  EXPECT_TRUE(checked.says("SHA-256 " + groups(sha256(as_bytes(page)))));
  const auto sealed = manifest();
  EXPECT_NE(page.find(groups(sealed.fingerprint().bytes, 4)), std::string::npos);
  EXPECT_NE(page.find(groups(sealed.bureaus[0].ceremony)), std::string::npos);
  EXPECT_NE(page.find(groups(sealed.bureaus[0].key.encoded())), std::string::npos);
  EXPECT_NE(page.find(groups(sealed.registrar_key.encoded())), std::string::npos);
  std::size_t at = 0;
  for (const auto& contest : sealed.contests) {
    for (const auto& option : contest.options) {
      at = page.find(option.blank ? "<li>Vote blanc" : "<b>" + option.name + "</b>", at);
      ASSERT_NE(at, std::string::npos) << option.name << " out of its order";
    }
  }
  for (const auto& group : sealed.bureaus[0].groups) {
    for (const auto& member : group.members) {
      EXPECT_NE(page.find(member.name), std::string::npos);
    }
  }
  for (const std::string foreign : {"src=", "url(", "<link", "<script"}) {
    EXPECT_EQ(page.find(foreign), std::string::npos) << foreign;
  }
  EXPECT_EQ(election("check " + path("election")).code, 0);
  EXPECT_EQ(contents(folder_ / "election/sealing.html"), page);
}

TEST_F(ElectionCommand, InstallsOnceAndWhole) {
  prepare();
  sign();
  const auto installed = install();
  ASSERT_EQ(installed.code, 0) << installed.err;
  EXPECT_TRUE(installed.says("2 voters"));
  SystemClock clock;
  const auto state = State::open({folder_ / "state"}, clock, random);
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ((*state)->fingerprint(), manifest().fingerprint());
  EXPECT_TRUE(voter_profile(**state, "A002"));
  struct stat status {};
  ASSERT_EQ(::stat(path("state").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
  ASSERT_EQ(::stat(path("state.link-key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_EQ(entry.path().string().find(".partial"), std::string::npos) << entry.path();
  }
  const auto link_key = contents(folder_ / "state.link-key");
  expect_refused(install(), "state.exists");
  EXPECT_EQ(contents(folder_ / "state.link-key"), link_key);
  EXPECT_TRUE(State::open({folder_ / "state"}, clock, random));
}

// L34: the bureau breaks its seal before the opening, every code is replaced, and the seal that
// stands names the one before, which stays.
TEST_F(ElectionCommand, ABrokenSealIsKeptAndNamed) {
  ASSERT_EQ(draft("").code, 2) << "the portal's hours are past";
  write_portal_of_tomorrow();
  ASSERT_EQ(draft("").code, 0);
  ASSERT_EQ(issue().code, 0);
  hold_ceremony();
  expect_refused(unseal("Trop tôt"), "election.unsealed");
  ASSERT_EQ(seal().code, 0);
  sign();
  ASSERT_EQ(election("check " + path("election")).code, 0);
  const auto first = manifest();
  ASSERT_EQ(install("", "roll.csv --accounts " + path("accounts.csv")).code, 0);
  const auto accounts = rows("state", "SELECT COUNT(*) FROM account");
  EXPECT_EQ(accounts, 2);
  const auto first_code = transport_code_;

  expect_refused(seal(), "election.sealed", "election unseal");
  for (const std::string reason : {"", "   ", "deux\nlignes", "\x1b[2J", "\xff"}) {
    expect_refused(unseal(reason), "unseal.reason");
  }
  const auto broken = unseal("Fichier des codes perdu & retrouvé");
  ASSERT_EQ(broken.code, 0) << broken.err;
  EXPECT_TRUE(broken.says("Seal broken"));
  expect_refused(unseal("encore"), "election.unsealed");
  EXPECT_FALSE(fs::exists(folder_ / "election/roster.json"));
  EXPECT_TRUE(fs::exists(folder_ / "election/broken/0/sealing.html"));
  expect_refused(install(first_code), "election.unsealed");

  issued_ = "issued-anew";
  ASSERT_EQ(issue("--replaces " + path("issued/server/import.sealed"), first_code).code, 0);
  ASSERT_EQ(seal().code, 0);
  const auto second = manifest();
  ASSERT_EQ(second.broken_seals.size(), 1u);
  EXPECT_EQ(second.broken_seals[0].fingerprint, first.fingerprint());
  EXPECT_EQ(second.broken_seals[0].reason, "Fichier des codes perdu & retrouvé");
  EXPECT_NE(second.log_origin, first.log_origin) << "one log of one key has one history";
  EXPECT_EQ(second.bureaus[0].key, first.bureaus[0].key) << "no ceremony anew";
  EXPECT_NE(second.rosters[0].root, first.rosters[0].root);
  sign();
  const auto checked = election("check " + path("election"));
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_TRUE(checked.says("Replaces a broken seal")) << checked.out;
  const auto page = contents(folder_ / "election/sealing.html");
  EXPECT_NE(page.find("Fichier des codes perdu &amp; retrouvé"), std::string::npos) << page;

  // While a server holds the state, it stays; then it makes room.
  {
    const auto held = StateLock::take(folder_ / "state");
    ASSERT_TRUE(held);
    expect_refused(install(), "server.running");
  }
  const auto installed = install();
  ASSERT_EQ(installed.code, 0) << installed.err;
  EXPECT_EQ(rows("state", "SELECT COUNT(*) FROM account"), 2) << "voters keep their accounts";
  EXPECT_EQ(rows("state", "SELECT COUNT(*) FROM replaced_code"), 2);
  EXPECT_EQ(rows("state", "SELECT COUNT(*) FROM replacement"), 1);
  EXPECT_EQ(rows("state.broken-0", "SELECT COUNT(*) FROM replaced_code"), 0);
  EXPECT_FALSE(fs::exists(folder_ / "state.broken-0.link-key"));
  SystemClock clock;
  const auto state = State::open({folder_ / "state"}, clock, random);
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ((*state)->fingerprint(), second.fingerprint());
  ASSERT_TRUE(codes_replaced_at(**state));
  expect_refused(install(), "state.exists");

  // The log of the second seal is where its manifest says.
  EXPECT_EQ(second.log_path(), first.log_path() + "/seal-2");
  execute("state", "UPDATE hours SET opens_at = 1");
  test::ServerProcess server(folder_,
                             {{"serve", portal_, "--state", path("state"), "--port", "0"}, {}, 0});
  http::Client client("127.0.0.1", server.listening());
  Expected<http::ClientResponse> note = client.get(second.log_path() + "/checkpoint", {});
  for (int i = 0; note && note->status == 404 && i < 100'000; ++i) {  // until its first round
    note = client.get(second.log_path() + "/checkpoint", {});
  }
  ASSERT_TRUE(note && note->status == 200) << server.err();
  EXPECT_TRUE(note->body.starts_with(second.log_origin + "\n")) << note->body;
  EXPECT_EQ(client.get(first.log_path() + "/checkpoint", {})->status, 404);
}

// Cut short between the copy and the removal, or between the two states: done again, it is done.
TEST_F(ElectionCommand, WhatWasKilledWhileBreakingASealIsDoneAgain) {
  write_portal_of_tomorrow();
  ASSERT_EQ(draft("").code, 0);
  ASSERT_EQ(issue().code, 0);
  hold_ceremony();
  ASSERT_EQ(seal().code, 0);
  sign();
  ASSERT_EQ(install("", "roll.csv --accounts " + path("accounts.csv")).code, 0);
  fs::copy(folder_ / "election", folder_ / "sealed", fs::copy_options::recursive);
  ASSERT_EQ(unseal("premier motif").code, 0);
  fs::copy(folder_ / "sealed", folder_ / "election",
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  ASSERT_EQ(unseal("second motif").code, 0);
  EXPECT_FALSE(fs::exists(folder_ / "election/broken/1"));
  EXPECT_FALSE(fs::exists(folder_ / "election/manifest.json"));
  ASSERT_EQ(seal().code, 0);
  EXPECT_EQ(manifest().broken_seals.at(0).reason, "premier motif");
  sign();
  // Set aside, and not yet replaced.
  fs::remove(folder_ / "state.link-key");
  fs::create_directories(folder_ / "state.broken-0");
  fs::rename(folder_ / "state/isoloir.sqlite", folder_ / "state.broken-0/isoloir.sqlite");
  const auto installed = install();
  ASSERT_EQ(installed.code, 0) << installed.err;
  EXPECT_EQ(rows("state", "SELECT COUNT(*) FROM account"), 2);

  const auto reason = contents(folder_ / "election/broken/0/reason.json");
  for (const std::string bad : {"", "{}", "{\"at\":1,\"reason\":\"x\"}"}) {
    write("election/broken/0/reason.json", bad);
    fs::remove(folder_ / "election/manifest.json");
    expect_refused(seal(), "seal.broken");
  }
  write("election/broken/0/reason.json", reason);
}

// Under a seal that has opened votes may have been cast: they are not set aside.
TEST_F(ElectionCommand, AStateWhoseVoteHasOpenedStays) {
  write_portal_of_tomorrow();
  prepare("");
  sign();
  ASSERT_EQ(install().code, 0);
  ASSERT_EQ(unseal("motif").code, 0);
  ASSERT_EQ(seal().code, 0);
  sign();
  execute("state", "UPDATE contest_phase SET phase = 'open' WHERE contest = 0");
  expect_refused(install(), "state.opened");
  EXPECT_TRUE(fs::exists(folder_ / "state.link-key"));
  execute("state", "UPDATE contest_phase SET phase = 'sealed'");
  write("state.broken-0/isoloir.sqlite", "another record");
  expect_refused(install(), "state.aside");
  EXPECT_EQ(contents(folder_ / "state.broken-0/isoloir.sqlite"), "another record");
}

TEST_F(ElectionCommand, NoSealIsBrokenFromTheOpeningOn) {
  prepare();
  sign();
  expect_refused(unseal("motif"), "unseal.open");
  EXPECT_TRUE(fs::exists(folder_ / "election/manifest.json"));
}

// What voters did under the broken seal stays done: a code that was given up does not come back.
TEST_F(ElectionCommand, CodesGivenUpUnderABrokenSealDoNotComeBack) {
  write_portal_of_tomorrow();
  prepare("");
  sign();
  const auto first_code = transport_code_;
  ASSERT_EQ(install().code, 0);
  const auto renewed = KeyPair::generate(random).key;
  execute("state",
          "INSERT INTO replaced_code SELECT sign_in_key, voter, 1 FROM voting_code WHERE "
          "voter = 'A001'; UPDATE voting_code SET sign_in_key = x'" +
              hex_encode(renewed.encoded()) + "' WHERE voter = 'A001'; " +
              "UPDATE voting_code SET state = 'invalidated' WHERE voter = 'A002'");
  ASSERT_EQ(unseal("motif").code, 0);
  ASSERT_EQ(seal().code, 0);
  sign();
  const auto same = election("check " + path("election"));
  EXPECT_TRUE(same.says("Codes: the SAME as under the broken seal")) << same.out;
  expect_refused(install(), "import.renewed", "2 voters, A001, A002");

  // New codes that do not know those before are refused too; those that do withdraw the renewed
  // one.
  issued_ = "unknowing";
  ASSERT_EQ(issue().code, 0);
  ASSERT_EQ(unseal("motif").code, 0);
  ASSERT_EQ(seal().code, 0);
  sign();
  expect_refused(install(), "import.replaces", "A001, A002");
  expect_refused(install(), "import.replaces", "leave out late electors, who are enrolled anew");
  issued_ = "knowing";
  ASSERT_EQ(issue("--replaces " + path("issued/server/import.sealed"), first_code).code, 0);
  ASSERT_EQ(unseal("motif").code, 0);
  ASSERT_EQ(seal().code, 0);
  sign();
  const auto other = election("check " + path("election"));
  EXPECT_TRUE(other.says("Codes: others than under the broken seal")) << other.out;
  EXPECT_TRUE(other.says("Seals broken before this one: 3")) << other.out;
  ASSERT_EQ(install().code, 0);
  EXPECT_EQ(rows("state", "SELECT COUNT(*) FROM voting_code WHERE state = 'valid'"), 2);
  EXPECT_EQ(rows("state",
                 "SELECT COUNT(*) FROM replaced_code r JOIN replacement p ON p.at = "
                 "r.replaced_at"),
            3);
  EXPECT_EQ(rows("state",
                 "SELECT COUNT(*) FROM replaced_code WHERE voter = 'A001' AND sign_in_key "
                 "= x'" +
                     hex_encode(renewed.encoded()) + "'"),
            1);
  fs::rename(folder_ / "election/broken/1", folder_ / "election/broken/gone");
  fs::remove(folder_ / "election/manifest.json");
  expect_refused(seal(), "seal.broken", "broken/1: missing");
}

// An account goes with the person, not with the number of her file.
TEST_F(ElectionCommand, AnAccountIsNotCarriedToAnotherPerson) {
  write_portal_of_tomorrow();
  prepare("");
  sign();
  ASSERT_EQ(install("", "roll.csv --accounts " + path("accounts.csv")).code, 0);
  ASSERT_EQ(unseal("motif").code, 0);
  ASSERT_EQ(seal().code, 0);
  sign();
  std::string other(roll_csv);
  other.replace(other.find("Dominique"), 9, "Sacha");
  write("other.csv", other);
  const auto installed = install("", "other.csv");
  ASSERT_EQ(installed.code, 0) << installed.err;
  EXPECT_TRUE(installed.says("Accounts carried over: 1")) << installed.out;
  EXPECT_EQ(rows("state", "SELECT COUNT(*) FROM account WHERE voter = 'A001'"), 1);
}

TEST_F(ElectionCommand, AnInstallationThatDoesNotFitLeavesNothing) {
  prepare();
  sign(2);
  expect_refused(install(), "seal.incomplete",
                 "the seal is not signed by: Délégué de la liste B, Déléguée de la liste C");
  EXPECT_TRUE(nothing_installed());
  sign();
  expect_refused(install("0000-0000-0000-00000\n"), "sealed_file.code_or_content",
                 "issued/server/import.sealed");
  expect_refused(install("0000\n"), "code.form");
  write("bad.csv", std::string(roll_csv) + "A003;M.;TROISIÈME;Sacha;a003@education.example;7;0\n");
  expect_refused(install("", "bad.csv"), "roll.invalid",
                 path("bad.csv") + ": line 4, column scrutins: contest 7 does not exist");
  write("longer.csv",
        std::string(roll_csv) + "A003;M.;TROISIÈME;Sacha;a003@education.example;0;0\n");
  expect_refused(install("", "longer.csv"), "import.voters", "without codes: A003 (");
  std::string other(roll_csv);
  other.replace(other.find("A002"), 4, "B002");
  write("other.csv", other);
  expect_refused(install("", "other.csv"), "import.voters",
                 "; without codes: B002; not on the roll: A002 (");
  std::string fewer(roll_csv);
  fewer.replace(fewer.find("0|1"), 3, "0");
  write("fewer.csv", fewer);
  expect_refused(install("", "fewer.csv"), "import.voters",
                 "; codes for other contests or another district: A001 (");
  expect_refused(install("", "nowhere.csv"), "file.missing", "nowhere.csv");
  expect_refused(install("", "roll.csv --accounts " + path("bad.csv")), "election.out", "bad.csv");
  EXPECT_TRUE(nothing_installed());

  // A ballot key of one voter in the place of another's.
  const std::string keys = contents(folder_ / "election/roster/0-0.bin");
  write("election/roster/0-0.bin", keys.substr(32) + keys.substr(0, 32));
  expect_refused(install(), "keys.form", "roster/0-0.bin");
  write("election/roster/0-0.bin", keys);

  const auto own = contents(folder_ / "state/server.keys");
  ServerKeys::generate(random).write(folder_ / "state/server.keys");
  expect_refused(install(), "server_keys.other");
  EXPECT_TRUE(nothing_installed());
  fs::remove(folder_ / "state/server.keys");
  expect_refused(install(), "server_keys.missing");
  write("state/server.keys", own);
  write("state.link-key", "another election's");
  expect_refused(install(), "state.link_key", "state.link-key");
  EXPECT_EQ(contents(folder_ / "state.link-key"), "another election's");
  fs::remove(folder_ / "state.link-key");

  ASSERT_EQ(install().code, 0) << "and good, it goes in after all";
}

// Sealed by a program with another booth: nobody signs it here, and it is not installed.
TEST_F(ElectionCommand, AnAssetThatDiffersIsRefused) {
  prepare();
  const auto read = ElectionDraft::parse(contents(folder_ / "election/draft.json")).value();
  PublicFiles rosters;
  for (const std::string name :
       {"roster.json", "roster/0-0.bin", "roster/1-0.bin", "roster/2-0.bin"}) {
    rosters[name] = contents(folder_ / "election" / name);
  }
  auto assets = booth_assets();
  assets.at(0).sha256[0] ^= 1;
  const std::vector<CeremonyRecord> records{
      CeremonyRecord::read(read.ceremonies[0], ceremony_.messages).value()};
  const auto files = seal_election({read, rosters, records, assets, read.hours.opens_at});
  ASSERT_TRUE(files) << files.error().message;
  for (const auto& [name, content] : *files) write("election/" + name, content);
  expect_refused(election("sign " + path("election") + " --holder " + path("none") +
                          " --fingerprint " + hex_encode(manifest().fingerprint().bytes)),
                 "assets.other", "/assets/booth.js");
  sign();
  expect_refused(install(), "assets.other", "/assets/booth.js");
  EXPECT_TRUE(nothing_installed());
}

TEST_F(ElectionCommand, AccountsFromAFileOrMadeHere) {
  prepare();
  sign();
  ASSERT_EQ(install().code, 0);
  const auto accounts = [&](const std::string& options) {
    return election("accounts --state " + path("state") + " " + options);
  };
  write("bad.csv",
        "identifiant;mot_de_passe;question;reponse\n"
        "A001;faible;Ville ?;Lyon\n"
        "A009;Girafe-Tuba-19;Ville ?;Lyon\n"
        "A002;Girafe-Tuba-19;;Lyon\n"
        "A002;Girafe-Tuba-19;Ville ?;'\n"
        "A002;Girafe-Tuba-19;Ville ?\n");
  const auto bad = accounts("--from " + path("bad.csv"));
  expect_refused(bad, "account.file", path("bad.csv") + ": line 2, column mot_de_passe: ");
  for (const std::string text :
       {"line 3, column identifiant: is not on the roll",
        "line 4, column question: ", "line 5, column reponse: ", "line 6: 3 cells"}) {
    EXPECT_NE(bad.err.find(text), std::string::npos) << text << "\n" << bad.err;
  }
  expect_refused(accounts(""), "account.use");

  write("own.csv", "question;identifiant;mot_de_passe;reponse\nVille ?;A001;Girafe-Tuba-19;Lyon\n");
  const auto own = accounts("--from " + path("own.csv"));
  ASSERT_EQ(own.code, 0) << own.err;
  EXPECT_TRUE(own.says("voters with one: 1 of 2"));
  SystemClock clock;
  const auto state = State::open({folder_ / "state"}, clock, random);
  const auto signs_in = [&](const std::string& email, const std::string& password) {
    return sign_in(**state, {}, email, password, "127.0.0.1").has_value();
  };
  EXPECT_TRUE(signs_in("a001@education.example", "Girafe-Tuba-19"));

  const auto made = accounts("--generate " + path("made.csv"));
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(made.says("voters with one: 2 of 2"));
  struct stat status {};
  ASSERT_EQ(::stat(path("made.csv").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  const std::string csv = contents(folder_ / "made.csv");
  EXPECT_EQ(csv.find("\nA001;"), std::string::npos) << "she has one already";
  const auto at = csv.find("A002;") + 5;
  const auto password = csv.substr(at, csv.find(';', at) - at);
  EXPECT_TRUE(signs_in("a002@education.example", password)) << password;
  EXPECT_TRUE(signs_in("a001@education.example", "Girafe-Tuba-19")) << "and still does";
  expect_refused(accounts("--generate " + path("made.csv")), "election.out");
  // The same passwords again.
  EXPECT_EQ(accounts("--from " + path("made.csv")).code, 0);
  EXPECT_TRUE(accounts("--generate " + path("none.csv")).says("no file is written"));
  EXPECT_FALSE(fs::exists(folder_ / "none.csv"));
  // Killed after the accounts were made, or before: a file of passwords is that of accounts.
  fs::rename(folder_ / "made.csv", folder_ / "made.csv.partial");
  EXPECT_EQ(accounts("--generate " + path("made.csv")).code, 0);
  EXPECT_EQ(contents(folder_ / "made.csv"), csv);
  write("late.csv.partial", "identifiant;mot_de_passe;question;repo");
  EXPECT_TRUE(accounts("--generate " + path("late.csv")).says("no file is written"));
  EXPECT_FALSE(fs::exists(folder_ / "late.csv.partial"));
}

}  // namespace
}  // namespace isoloir::cli
