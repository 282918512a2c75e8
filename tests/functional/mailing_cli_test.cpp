// isoloir mailing with the whole program: a real relay (npm smtp-server), a real Kannel; paused,
// killed, gone on with, and sent again to who was not reached.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <random>
#include <sstream>

#include "base/canonical_json.hpp"
#include "base/places.hpp"
#include "courier/kannel_gateway.hpp"
#include "courier/mail_reader.hpp"
#include "functional/server_process.hpp"

namespace isoloir::test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct MailingCommandTest : ProgramTest {
  MailingCommandTest() {
    portal = source_dir() + "/portals/legislative";
    EXPECT_EQ(program("election draft " + portal + " --origin https://vote.example --state " +
                      path("state") + " --out " + path("election") + " --open-now 24")
                  .code,
              0);
    write("operator.token", "a token of twenty characters");
    write("kannel.password", KannelGateway::password);
    std::filesystem::create_directories(path("returned/new"));
    std::filesystem::create_directories(path("returned/cur"));
  }
  static std::string code_of(std::mt19937& draw) {
    std::string code;
    for (int i = 0; i < 14; ++i) {
      code += i % 5 == 4 ? '-' : "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[draw() % 32];
    }
    return code;
  }
  // A line for each address, of voters V0, V1 …
  void write_file(const std::string& columns, const std::vector<std::string>& addresses) {
    std::mt19937 draw(2022);
    std::string csv = "identifiant_electeur;" + columns + "\n";
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      codes.push_back(code_of(draw));
      csv += fmt::format("V{};{};{}\n", i, addresses[i], codes.back());
    }
    write("file.csv", csv);
    std::filesystem::permissions(path("file.csv"), std::filesystem::perms(0600));
  }
  void write_channels(const std::string& mail, const std::string& sms) {
    write("channels.toml",
          "[mail]\nbounces = \"bounces@vote.example.org\"\nmaildir = \"returned\"\nworkers = 2\n" +
              mail + sms +
              fmt::format("[operator]\naddress = \"127.0.0.1\"\nport = {}\ntoken_file = "
                          "\"operator.token\"\n",
                          desk));
  }
  void prepare() {
    const auto said =
        program("mailing prepare " + path("file.csv") + " --portal " + portal + " --draft " +
                path("election/draft.json") + " --out " + path("dir") + " --lang en");
    ASSERT_EQ(said.code, 0) << said.err;
  }
  Outcome mailing(const std::string& step, const std::string& more = "") {
    const bool sends = step == "send" || step == "resend";
    return program("mailing " + step + " " + path("dir") +
                   (sends ? " " + path("file.csv") + " --channels " + path("channels.toml") : "") +
                   " " + more + (step == "report" ? "" : " --lang en"));
  }
  std::unique_ptr<ServerProcess> sending(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"mailing",        "send",       path("dir"),
                                       path("file.csv"), "--channels", path("channels.toml")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<ServerProcess>(folder_,
                                           ServerProcess::Setting{std::move(arguments), "", 0});
  }
  Json status() { return Json::parse(mailing("status", "--json").out); }

  std::string portal;
  std::vector<std::string> codes;
  const std::uint16_t desk = unused_port();
};

struct MailsOut : MailingCommandTest {
  static constexpr int voters = 300;
  MailsOut() {
    std::vector<std::string> addresses;
    for (int i = 0; i < voters; ++i) {
      addresses.push_back(i == 7        ? ""
                          : i % 50 == 1 ? fmt::format("gone-{}@example.org", i)
                                        : fmt::format("voter-{}@example.org", i));
    }
    write_file("courriel;identifiant", addresses);
    write_channels(fmt::format("[[mail.relay]]\nname = \"relay-1\"\nhost = \"127.0.0.1\"\nport = "
                               "{}\nsecurity = \"none\"\n",
                               port),
                   "");
    EXPECT_TRUE(relay.listens(port));
    prepare();
  }
  std::vector<Json> mails() const {
    std::vector<Json> found;
    std::istringstream lines(contents(folder_ / "relay.log"));
    for (std::string line; std::getline(lines, line);) {
      auto event = Json::parse(line, nullptr, false);
      if (event.is_object() && event.contains("mail")) found.push_back(std::move(event));
    }
    return found;
  }
  std::map<std::string, int> arrived() const {
    std::map<std::string, int> found;
    for (const auto& mail : mails()) {
      EXPECT_EQ(mail["to"].size(), 1u);
      ++found[mail["to"][0]];
    }
    return found;
  }
  bool arrive(std::size_t count) {
    return wait_until([&] { return mails().size() >= count; });
  }

  const std::uint16_t port = unused_port();
  Peer relay{{source_dir() + "/scripts/node", source_dir() + "/tests/courier/polite_smtp.mjs",
              std::to_string(port), R"({"disabledCommands": ["STARTTLS"]})"},
             folder_ / "relay.log"};
};

TEST_F(MailsOut, PausedKilledAndGoneOnWithEachVoterHasOne) {
  // A try of one's own first: nothing of the file is in it.
  EXPECT_EQ(mailing("sample", "--channels " + path("channels.toml") + " --to me@example.org").code,
            0);
  ASSERT_TRUE(arrive(1));
  const auto sample = mails()[0];
  EXPECT_EQ(sample["to"][0], "me@example.org");
  const auto shown = read_mail(sample["mail"].get<std::string>());
  EXPECT_THAT(shown.headers.at("subject"), HasSubstr("=?utf-8?B?"));
  EXPECT_THAT(shown.parts.at(0).body, HasSubstr("XXXX-XXXX-XXXX"));
  for (const auto& code : codes) EXPECT_THAT(shown.parts[0].body, Not(HasSubstr(code)));

  // A bucket of ten seconds leaves at once, so 100, and then 10 a second.
  auto run = sending({"--per-second", "10"});
  ASSERT_TRUE(arrive(50));
  const auto twice = sending();
  const auto refused = twice->wait();
  EXPECT_EQ(refused.code, 2);
  run->send(SIGINT);
  EXPECT_EQ(run->wait().code, 3);
  const auto paused = status();
  EXPECT_GT(paused["to_go"], 0);
  EXPECT_EQ(static_cast<std::size_t>(paused["accepted"]), mails().size() - 1);

  run = sending({"--per-second", "10"});
  ASSERT_TRUE(arrive(mails().size() + 50));
  run->send(SIGKILL);
  EXPECT_EQ(run->wait().signal, SIGKILL);
  EXPECT_GT(status()["to_go"], 0);

  const auto done = mailing("send");
  EXPECT_EQ(done.code, 1) << done.err;
  EXPECT_THAT(done.out, HasSubstr("Not reached: 7"));
  int duplicates = 0;
  for (const auto& [address, count] : arrived()) duplicates += count - 1;
  EXPECT_EQ(arrived().size(), 1u + voters - 7);
  EXPECT_LE(duplicates, 2) << "one for each of two workers that were killed";
  for (const auto& mail : mails()) {
    const std::string to = mail["to"][0];
    if (to == "me@example.org") continue;
    const auto number = std::stoul(to.substr(6));
    EXPECT_THAT(read_mail(mail["mail"].get<std::string>()).parts.at(0).body,
                HasSubstr("\n\n" + codes[number] + "\n\n"));
  }

  // Who could not be reached, by other addresses; and one whose mail comes back afterwards.
  const auto report = mailing("report").out;
  EXPECT_THAT(report, HasSubstr("\nV1;email;failed;unknown_recipient;"));
  EXPECT_THAT(report, HasSubstr("\nV7;email;no_address;no_address;\n"));
  EXPECT_EQ(std::count(report.begin(), report.end(), '\n'), 8);
  std::string corrected = "identifiant_electeur;courriel\n";
  for (const int i : {1, 7, 51, 101, 151, 201, 251}) {
    corrected += fmt::format("V{};voter-{}@example.org\n", i, i);
  }
  write("corrected.csv", corrected);
  const auto before = mails().size();
  const auto again = mailing("resend", "--yes --corrections " + path("corrected.csv"));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("To send once more: 7"));
  EXPECT_EQ(mails().size(), before + 7);
  EXPECT_EQ(arrived()["voter-7@example.org"], 1);

  const std::string from = mails().back()["from"];
  const auto id = from.substr(8, 32);
  auto bounce = contents(source_dir() + "/tests/data/bounces/postfix_unknown.eml");
  const std::string sample_id = "0123456789abcdef0123456789abcdef";
  for (auto at = bounce.find(sample_id); at != bounce.npos; at = bounce.find(sample_id)) {
    bounce.replace(at, sample_id.size(), id);
  }
  write("returned/new/1.bounce", bounce);
  EXPECT_EQ(mailing("send").code, 1);
  EXPECT_THAT(mailing("report").out, HasSubstr(";email;failed;unknown_recipient;"));
  EXPECT_EQ(mails().size(), before + 7);
  EXPECT_FALSE(std::filesystem::exists(path("returned/new/1.bounce")));
  // Who resends goes by what has come back since.
  const std::string earlier = mails().at(before + 5)["from"];
  for (auto at = bounce.find(id); at != bounce.npos; at = bounce.find(id)) {
    bounce.replace(at, id.size(), earlier.substr(8, 32));
  }
  write("returned/new/2.bounce", bounce);
  EXPECT_THAT(mailing("resend", "--yes").out, HasSubstr("To send once more: 2"));
  EXPECT_EQ(mails().size(), before + 9);

  std::string bytes;
  for (const auto& entry : std::filesystem::directory_iterator(path("dir"))) {
    bytes += contents(entry.path());
  }
  for (const auto& code : codes) EXPECT_EQ(bytes.find(code), bytes.npos);
}

TEST_F(MailsOut, AWaveStopsAndAnOpenFileIsRefused) {
  EXPECT_EQ(mailing("send", "--most 10").code, 3);
  EXPECT_EQ(mails().size(), 9u) << "one of ten is refused";
  EXPECT_EQ(status()["to_go"], voters - 1 - 10);
  std::filesystem::permissions(path("file.csv"), std::filesystem::perms(0640));
  const auto open = mailing("send");
  EXPECT_EQ(open.code, 2);
  EXPECT_THAT(open.err, HasSubstr("mailing.readable"));
  std::filesystem::permissions(path("file.csv"), std::filesystem::perms(0600));
  // Nobody answers: all waits, and is said once.
  relay.stop();
  auto run = sending();
  EXPECT_TRUE(wait_until(
      [&] { return run->err().find("relay-1 does not take messages") != std::string::npos; }));
  run->send(SIGTERM);
  EXPECT_EQ(run->wait().code, 3);
  EXPECT_EQ(status()["to_go"], voters - 1 - 10);
  EXPECT_EQ(mails().size(), 9u);
}

TEST_F(MailingCommandTest, TextMessagesEndWithTheirReports) {
  KannelGateway gateway;
  const auto settings = gateway.settings();
  write_channels(
      "[[mail.relay]]\nname = \"relay-1\"\nhost = \"127.0.0.1\"\nport = 9\nsecurity = "
      "\"none\"\n",
      fmt::format("[sms]\nworkers = 2\nreport_minutes = 1\nfloor_percent = "
                  "0\n[[sms.route]]\nname = \"kannel-1\"\nurl = \"{}\"\nuser = "
                  "\"{}\"\npassword_file = \"kannel.password\"\nsmsc = \"{}\"\nreports "
                  "= true\n",
                  settings.url, settings.user, settings.smsc));
  // The last two digits say what becomes of it (smpp_centre.mjs).
  write_file("telephone;mot_de_passe",
             {"06 00 00 00 01", "06 00 00 01 01", "06 00 00 02 02", "unknown"});
  prepare();
  const auto done = mailing("send");
  EXPECT_EQ(done.code, 1) << done.err;
  EXPECT_THAT(mailing("status").out, HasSubstr("delivered: 2"));
  const auto report = mailing("report").out;
  EXPECT_THAT(report, HasSubstr("\nV2;sms;failed;unknown_recipient;"));
  EXPECT_THAT(report, HasSubstr("\nV3;sms;no_address;bad_address;"));
  // One that never tells: paused while it is awaited, and not sent again.
  write("corrected.csv", "identifiant_electeur;telephone\nV2;06 00 00 03 07\nV3;06 00 00 04 01\n");
  std::vector<std::string> more{"--yes", "--corrections", path("corrected.csv")};
  std::vector<std::string> arguments{"mailing",        "resend",     path("dir"),
                                     path("file.csv"), "--channels", path("channels.toml")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  ServerProcess run(folder_, {arguments, "", 0});
  EXPECT_TRUE(wait_until([&] { return status()["delivered"] == 3 && status()["accepted"] == 1; }));
  const auto page = http::Client("127.0.0.1", desk).get("/");
  ASSERT_TRUE(page) << "it waits for the report";
  EXPECT_EQ(page->status, 401);
  run.send(SIGINT);
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(gateway.reached("+33600000307").size(), 1u);
  EXPECT_THAT(std::string(gateway.reached("+33600000001").at(0)["text"]), HasSubstr(codes[0]));
}

}  // namespace
}  // namespace isoloir::test
