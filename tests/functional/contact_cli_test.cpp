// The program itself, as the organiser follows the contact check beside a server:
// isoloir contact status|report|pause|resume|resend --state DIR
#include <fcntl.h>

#include "functional/roll_command.hpp"
#include "service/contact_check.hpp"
#include "service/plain_texts.hpp"
#include "service/reissue.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using test::Outcome;

// Two voters have an address, a third has not; nobody has a telephone.
struct ContactCommand : test::RollCommand {
  ContactCommand() {
    script("UPDATE voter SET email = '' WHERE id = 'E3'");
    std::string toml = *read_file(fs::path(test::source_dir()) / "portals/legislative/portal.toml");
    const auto replace = [&](std::string_view from, std::string_view to) {
      const auto at = toml.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      toml.replace(at, from.size(), to);
    };
    replace("opens = 2022-05-27", "opens = 2099-05-27");
    replace("closes = 2022-06-01", "closes = 2099-06-01");
    replace("until = 2022-05-20", "until = 2099-05-20");
    write_file(folder / "portal.toml", toml, FileMode::shared);
    serve_with("inbox");
  }
  Outcome contact(const std::string& arguments, const std::string& language = "en") const {
    return run("contact " + arguments + " --lang " + language + " --state " + folder.string());
  }
  void script(const std::string& sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  }
  // As the server does.
  void beat() {
    clock.set(SystemClock().now());
    check.work();
    InboxTransport transport;
    outbox_of(*state).deliver(transport, state->now());
  }
  ContactPolicy policy{1, 4'000'000'000'000, true, true};
  PlainTexts texts;
  ContactCheck check{*state, policy, &texts};
};

TEST_F(ContactCommand, SaysHowItStandsAndWhoIsNotReached) {
  script(
      "INSERT INTO voter SELECT '=1+1;x', title, birth_name, usage_name, given_names, gender, "
      "birth_date, birth_place, birth_country, '', NULL, phone, numen_mac, nir_mac, NULL, NULL, "
      "NULL FROM voter WHERE id = 'E1'");
  script("INSERT INTO voter_contest (voter, contest, district) VALUES ('=1+1;x', 0, 0)");
  beat();
  const auto english = contact("status");
  expect_done(english);
  for (const char* words : {"The check lasts until: ", "E-mail, voters: 4\n",
                            "  delivered, not confirmed: 2\n", "  no address, no number: 2\n",
                            "Text message, voters: 4\n", "  no address, no number: 4\n"}) {
    EXPECT_TRUE(english.says(words)) << words << "\n" << english.out;
  }
  EXPECT_TRUE(contact("status", "fr").says("  remis, pas confirmé : 2\n"));
  const auto json = parse_json(contact("status --json").first_line());
  ASSERT_TRUE(json);
  EXPECT_EQ(json->at("phase"), "running");
  EXPECT_EQ(json->at("channels")[0].at("delivered"), 2);

  const auto report = contact("report");
  expect_done(report);
  EXPECT_EQ(report.first_line(), "identifier;channel;state;reason;since");
  EXPECT_TRUE(report.says("\n\"'=1+1;x\";email;no_destination;;20")) << report.out;
  EXPECT_TRUE(report.says("\nE1;email;delivered;;20")) << report.out;
  EXPECT_EQ(std::count(report.out.begin(), report.out.end(), '\n'), 9);
  for (const char* hers : {"@", "VOTANTE"}) EXPECT_FALSE(report.says(hers)) << report.out;

  serve_with("none");
  EXPECT_TRUE(contact("status").says("This server sends no messages")) << "nor will it";
}

TEST_F(ContactCommand, HoldsBackAndSendsAgain) {
  expect_done(contact("pause"));
  EXPECT_TRUE(contact("status").says("Sending has been held back since: "));
  beat();
  EXPECT_EQ(count_rows("message"), 0);
  expect_done(contact("resume"));
  beat();
  EXPECT_EQ(count_rows("message"), 2);
  const auto none = contact("resend --channel email --undelivered");
  expect_done(none);
  EXPECT_TRUE(none.says("Messages to send again: 0,")) << none.out;
  // A person at a terminal is asked first.
  if (const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY); terminal >= 0) {
    ::close(terminal);
    const auto asked =
        at_terminal("contact resend --channel email --lang fr --state " + folder.string(), "non");
    EXPECT_NE(asked.find("renvoyé : 2"), std::string::npos) << asked;
    EXPECT_NE(asked.find("tapez « renvoyer »"), std::string::npos) << asked;
    EXPECT_NE(asked.find("(bureau.unconfirmed)"), std::string::npos) << asked;
    EXPECT_EQ(check.count()[0].waiting, 0);
  }
  const auto again = contact("resend --channel email");
  expect_done(again);
  EXPECT_TRUE(again.says("Messages to send again: 2,")) << again.out;
  EXPECT_EQ(check.count()[0].waiting, 2);
  beat();
  EXPECT_EQ(count_rows("message"), 4);
}

TEST_F(ContactCommand, RefusalsSayWhy) {
  EXPECT_NE(contact("resend").code, 0) << "by which channel";
  script("UPDATE hours SET opens_at = 1");
  expect_refused(contact("resend --channel email"), "contact.hours");
  EXPECT_NE(contact("resend --channel sms", "fr").err.find("elle est terminée"), std::string::npos);
  fs::copy_file(fs::path(test::source_dir()) / "portals/education/portal.toml",
                folder / "portal.toml", fs::copy_options::overwrite_existing);
  expect_refused(contact("status"), "contact.none");
  fs::remove(folder / "portal.toml");
  expect_refused(contact("status"), "contact.no_server");
  expect_refused(run("contact status --state " + at("nowhere")), "state.missing");
}

}  // namespace
}  // namespace isoloir::cli
