// Procedures B and C of the reissue design; R.. are its requirements.
#include "service/recovery.hpp"

#include <fstream>
#include <future>

#include "service/recovery_fixture.hpp"
#include "stands_in.hpp"
#include "store/fault_vfs.hpp"

namespace isoloir {
namespace {

using Kind = KeyVerdict::Kind;

struct RecoveryTest : RecoveryFixture {
  void script(const std::string& sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  }
  // As after a kill: everything from disk again.
  void restart(const TextSource& words) {
    service.reset();
    reopen();
    service = std::make_unique<Recoveries>(*state, policy, identifier_and_password(),
                                           SignInPolicy{}, words);
  }
  Bytes recovery_key(std::size_t voter) {
    return *state->database().read([&](store::Transaction& t) -> Expected<Bytes> {
      return t.query("SELECT recovery_key FROM recovery WHERE voter = $1", {id(voter)})[0].blob(0);
    });
  }
  void expect_as_before(const std::string& why);
  const Bytes first_recovery_key = recovery_key(0);
};
struct ManyRecoveriesTest : RecoveryFixture {
  ManyRecoveriesTest() : RecoveryFixture(5) {}
};

std::string journal_of(State& state) {
  return *state.database().read([](store::Transaction& t) -> Expected<std::string> {
    std::string all;
    for (const auto& row : t.query("SELECT row FROM journal")) all += row.text(0) + "\n";
    return all;
  });
}

TEST_F(RecoveryTest, ALostPasswordIsReplacedAndTheNewOneVotes) {
  const auto session = portal_session(0).token.text();
  ask("100200301", "E1@PORTAL.example");
  const auto links = inbox("password-link");
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].destination, "E1@portal.example") << "R36: the stored string";
  EXPECT_TRUE(
      value_of(links[0], "link").starts_with("http://localhost:8080/password-renewal/link#"))
      << "R44: the configured origin";
  EXPECT_EQ(sign_in(0, codes[0]), Kind::accepted) << "nothing has changed yet";

  const auto renewed = service->renew(token(), identifier(0));
  ASSERT_TRUE(renewed) << renewed.error().code;
  EXPECT_EQ(renewed->phone_end, "11");
  const auto sms = inbox("password");
  ASSERT_EQ(sms.size(), 1u);
  EXPECT_EQ(sms[0].channel, MessageChannel::sms);
  EXPECT_EQ(sms[0].destination, "+33600000011");
  const auto notices = inbox("reissue-notice");
  ASSERT_EQ(notices.size(), 1u) << "R47";
  EXPECT_EQ(notices[0].destination, "E1@portal.example");

  auto password = sent_password();
  EXPECT_EQ(sign_in(0, codes[0]), Kind::replaced);
  EXPECT_EQ(sign_in(0, password), Kind::accepted);
  EXPECT_FALSE(Sessions(*state, limits).find(session, false)) << "R54: the old one is dead";
  codes[0] = std::move(password);
  EXPECT_EQ(cast(in_space(0), ballot(0, 0, 0)), "recorded");
}

TEST_F(RecoveryTest, ALostIdentifierComesByMailToWhoKnowsThePassword) {
  ask_identifier(2);  // by NUMEL, having no NUMIC
  const auto mails = inbox("identifier");
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].destination, "E3@portal.example");
  EXPECT_EQ(value_of(mails[0], "identifier"), identifiers[2].shown().reveal());
  const auto notices = inbox("identifier-notice");
  ASSERT_EQ(notices.size(), 1u) << "R47: by the other channel";
  EXPECT_EQ(notices[0].destination, "+33600000013");
  EXPECT_EQ(sign_in(2, codes[2]), Kind::accepted) << "nothing has changed";
}

TEST_F(RecoveryTest, WhoKnowsTooLittleSetsNothingOff) {
  ask("100200301", "E2@portal.example");  // another's address
  ask("100200399", "E1@portal.example");  // no such number
  ask_identifier(number(0), codes[1]);    // another's password
  ask_identifier("100200399", codes[0]);
  EXPECT_TRUE(inbox().empty());
  EXPECT_EQ(count_rows("reissue_flow"), 0);
  EXPECT_EQ(count_rows("identifier_sent"), 0);
  EXPECT_EQ(count_rows("recovery_request"), 0) << "R46: what was typed is gone";
}

TEST_F(RecoveryTest, R01NothingWithoutTheStepBefore) {
  EXPECT_EQ(renew(std::string(43, 'A'), identifier(0)), "reissue.link_unknown");
  EXPECT_EQ(renew("", identifier(0)), "reissue.link_unknown");
  EXPECT_EQ(count_rows("message"), 0);
}

TEST_F(RecoveryTest, R04R13SixteenAtOnceAndOneSucceeds) {
  const auto link = token_for(0);
  std::vector<std::future<std::string>> tries;
  for (int i = 0; i < 16; ++i) {
    tries.push_back(std::async(std::launch::async, [&] { return renew(link, identifier(0)); }));
  }
  std::map<std::string, int> outcomes;
  for (auto& one : tries) ++outcomes[one.get()];
  EXPECT_EQ(outcomes["renewed"], 1);
  EXPECT_EQ(outcomes["reissue.link_used"] + outcomes["reissue.delayed"], 15)
      << "after the first, or while it is looked at";
  EXPECT_EQ(inbox("password").size(), 1u);
}

TEST_F(RecoveryTest, R05ClosedIsClosed) {
  clock.set(fixture_closes - 5 * minute);
  const auto link = token_for(0);
  EXPECT_FALSE(service->shut(Recoveries::Recovered::password));
  clock.set(fixture_closes);
  EXPECT_TRUE(service->shut(Recoveries::Recovered::password)) << "as the hour strikes";
  EXPECT_EQ(renew(link, identifier(0)), "reissue.closed");
  ask(1);
  ask_identifier(2);
  EXPECT_EQ(count_rows("message"), 1) << "the first link alone";
}

TEST_F(RecoveryTest, R05BeforeOpeningAsPolicySays) {
  set_phase(0, "sealed");
  set_phase(1, "sealed");
  EXPECT_TRUE(service->shut(Recoveries::Recovered::password));
  ask(0);
  EXPECT_TRUE(inbox().empty());
  policy.password.before_opening = true;
  EXPECT_FALSE(service->shut(Recoveries::Recovered::password));
  EXPECT_TRUE(service->shut(Recoveries::Recovered::identifier));
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
}

TEST_F(RecoveryTest, R07WhoHasVotedVotesNoSecondTime) {
  EXPECT_EQ(cast(in_space(0), ballot(0, 0, 0)), "recorded");
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  codes[0] = sent_password();
  EXPECT_NE(cast(in_space(0), ballot(0, 0, 1)), "recorded");
  EXPECT_EQ(cast(in_space(0), ballot(0, 1, 0)), "recorded") << "the other contest";
  EXPECT_EQ(count_rows("ballot"), 2);
}

TEST_F(RecoveryTest, R08NeverBothByOneself) {
  const auto link = token_for(0);
  ask_identifier(0);
  ASSERT_EQ(inbox("identifier").size(), 1u);
  EXPECT_EQ(renew(link, identifier(0)), "reissue.apart") << "a link that was sent before";
  ask(0);
  EXPECT_EQ(inbox("password-refused").size(), 1u) << "the voter is told";
  clock.advance(day_ms);
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  codes[0] = sent_password();
  ask_identifier(0);
  EXPECT_EQ(inbox("identifier-refused").size(), 1u) << "the other way round";
}

TEST_F(RecoveryTest, R09R61NothingHoldsBothAndNoLogHoldsOne) {
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  const auto password = sent_password();
  clock.advance(day_ms);
  codes[0] = password.clone();
  ask_identifier(0);
  const auto shown = identifiers[0].shown().reveal();
  for (const auto& message : inbox()) {
    EXPECT_FALSE(message.body.find(shown) != std::string::npos &&
                 message.body.find(password.shown().reveal()) != std::string::npos);
    if (message.channel == MessageChannel::sms) {
      EXPECT_EQ(message.body.find(shown), std::string::npos) << "L1: by its own channel";
    } else {
      EXPECT_EQ(message.body.find(password.shown().reveal()), std::string::npos);
    }
  }
  const auto rows = journal_of(*state);
  EXPECT_NE(rows.find("password replaced"), std::string::npos);
  EXPECT_NE(rows.find("identifier sent"), std::string::npos);
  for (const auto& secret : {identifier(0), shown, password.normalised(), password.shown().reveal(),
                             number(0), email(0)}) {
    EXPECT_EQ(rows.find(secret), std::string::npos) << secret;
  }
  EXPECT_FALSE(stands_in(rows, id(0))) << rows;
}

TEST_F(RecoveryTest, R12ADumpYieldsNoTokenPasswordIdentifierOrNumber) {
  const auto link = token_for(0);
  const auto raw = reissue::Token::parse(link)->bytes.reveal();
  EXPECT_EQ(renew(link, identifier(0)), "renewed");
  const auto password = sent_password();
  clock.advance(minute);
  (void)service->ask_password(number(1), email(1), {"192.0.2.9", "fr"});  // still waits
  std::string dump;
  for (const char* name : {"isoloir.sqlite", "isoloir.sqlite-wal"}) {
    std::ifstream file(folder / name, std::ios::binary);
    dump += std::string(std::istreambuf_iterator<char>(file), {});
  }
  ASSERT_GT(dump.size(), 10'000u);
  for (const auto& secret :
       {link, std::string(as_text(raw)), password.normalised(), password.shown().reveal(),
        identifier(0), identifier(1), number(0), number(1)}) {
    EXPECT_EQ(dump.find(secret), std::string::npos) << secret;
  }
}

TEST_F(RecoveryTest, R16ATokenServesItsPurposeAlone) {
  const auto link = token_for(0);
  EXPECT_EQ(cancel_reissue(*state, link).error().code, "reissue.link_unknown");
  ReissuePolicy codes_policy;
  Reissues codes_service(*state, codes_policy, texts);
  EXPECT_EQ(codes_service.open(link, codes_service.new_opener()).error().code,
            "reissue.link_unknown");
  EXPECT_EQ(renew(link, identifier(0)), "renewed");
  const auto notice = inbox("reissue-notice")[0];
  const auto cancel = value_of(notice, "link").substr(value_of(notice, "link").find('#') + 1);
  EXPECT_EQ(renew(cancel, identifier(0)), "reissue.link_unknown");
  EXPECT_TRUE(cancel_reissue(*state, cancel));
}

TEST_F(RecoveryTest, R17ASecondRequestKillsTheFirstLink) {
  const auto first = token_for(0), second = token_for(0);
  ASSERT_NE(first, second);
  const auto refused = service->renew(first, identifier(0));
  EXPECT_EQ(refused.error().code, "reissue.link_superseded");
  EXPECT_EQ(refused.error().at, state->now());
  EXPECT_EQ(renew(second, identifier(0)), "renewed");
}

TEST_F(RecoveryTest, R19R21PastItsLifeForGood) {
  const auto link = token_for(0);
  clock.advance(policy.password.email_link_ms);
  EXPECT_EQ(renew(link, identifier(0)), "reissue.link_expired");
  clock.advance(-policy.password.email_link_ms);
  EXPECT_EQ(renew(link, identifier(0)), "reissue.link_expired") << "wherever the clock goes";
}

// Of requirement 20: nothing but the request of the link has happened.
void RecoveryTest::expect_as_before(const std::string& why) {
  EXPECT_EQ(count_rows("replaced_code"), 0) << why;
  EXPECT_EQ(count_rows("waiting_key"), 0) << why;
  EXPECT_EQ(count_rows("message"), 1) << why << ": the link's alone";
  EXPECT_EQ(count_rows("reissue_flow WHERE state = 'link-queued'"), 1) << why;
  EXPECT_EQ(recovery_key(0), first_recovery_key) << why;
  EXPECT_EQ(sign_in(0, codes[0]), Kind::accepted) << why;
}

// Requirement 20: what fails after the link is consumed leaves it valid and the old keys in force,
// for the process that opens the database next too.
TEST_F(RecoveryTest, R20ACrashBeforeTheCommitLeavesTheLinkAndTheOldPassword) {
  const auto link = token_for(0);
  for (const std::string inserted :
       {"waiting_key WHEN 1", "replaced_code WHEN 1", "message WHEN NEW.kind = 'password'",
        "message WHEN NEW.kind = 'reissue-notice'", "journal WHEN 1"}) {
    script("CREATE TRIGGER crash BEFORE INSERT ON " + inserted +
           " BEGIN SELECT RAISE(ABORT, 'crash'); END");
    EXPECT_THROW((void)renew(link, identifier(0)), store::StoreError) << inserted;
    script("DROP TRIGGER crash");
    restart(texts);
    expect_as_before(inserted);
  }
  EXPECT_EQ(renew(link, identifier(0)), "renewed") << "at once: the right identifier is no try";
  EXPECT_EQ(sign_in(0, codes[0]), Kind::replaced);
  EXPECT_EQ(sign_in(0, sent_password()), Kind::accepted);
}

// Requirement 20 at the commit itself: the disk fails at each of its operations, the process starts
// anew. Either nothing happened or all of it, the message with the new password included.
TEST_F(RecoveryTest, R20ADiskThatFailsAtTheCommit) {
  struct ArmingTexts final : TextSource {
    PlainTexts plain;
    std::function<void()> at_notice;  // the link is consumed, the commit comes
    std::string text(std::string_view id, std::string_view language,
                     const Json& values) const override {
      if (at_notice && id == "message.password_notice_body") at_notice();
      return plain.text(id, language, values);
    }
  } arming;
  FaultVfs disk;
  restart(arming);
  const auto link = token_for(0);
  int operation = 0, rolled_back = 0;
  std::string outcome;
  while (outcome != "renewed" && operation < 200) {
    ++operation;
    arming.at_notice = [&] { disk.arm(operation, SQLITE_IOERR, FaultVfs::Lasting::once); };
    try {
      outcome = renew(link, identifier(0));
    } catch (const store::StoreError&) {
      outcome = "lost";
    }
    arming.at_notice = {};
    disk.heal();
    restart(arming);
    if (count_rows("replaced_code") > 0) break;
    EXPECT_EQ(outcome, "lost") << operation;
    expect_as_before("operation " + std::to_string(operation));
    script("DELETE FROM attempt WHERE at > 0");  // of an answer that the disk could not keep
    ++rolled_back;
  }
  EXPECT_GT(rolled_back, 3) << "faults fall before the commit";
  EXPECT_EQ(inbox("password").size(), 1u);
  EXPECT_EQ(sign_in(0, codes[0]), Kind::replaced);
  EXPECT_EQ(sign_in(0, sent_password()), Kind::accepted);
  EXPECT_EQ(renew(link, identifier(0)), "reissue.link_used");
  service.reset();
  log.reset();
  state.reset();
}

TEST_F(RecoveryTest, R22R23FiveWrongIdentifiersAndTheSixthRightIsRefused) {
  const TimeMs start = state->now();
  std::uint32_t tried = 0;
  const auto wrong = [&](std::string_view link) {
    const auto refused = service->renew(link, identifier(1));
    ASSERT_EQ(refused.error().code, "reissue.wrong_proof") << tried;
    EXPECT_EQ(refused.error().tries_left, 5 - ++tried);
    EXPECT_EQ(renew(link, identifier(0)), "reissue.delayed") << "R24: at once, right or wrong";
    if (tried < 5) {
      EXPECT_EQ(refused.error().at, state->now() + (minute << (tried - 1)));
    }
    clock.set(refused.error().at);
  };
  for (int i = 0; i < 2; ++i) {
    const auto link = token_for(0);  // R23: a new link counts no anew
    wrong(link);
    wrong(link);
    clock.advance(hour);
  }
  const auto link = token_for(0);
  wrong(link);
  clock.set(start + 4 * hour);
  EXPECT_EQ(renew(token_for(0), identifier(0)), "reissue.delayed") << "five today";
  clock.set(start + 3 * day_ms);
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
}

// Requirement 24: the try under a link is counted, whatever becomes of its answer and of the
// comparison.
TEST_F(RecoveryTest, R24ATryUnderALinkIsCountedThoughNothingElseIs) {
  const auto link = token_for(0);
  const auto attempts = count_rows("attempt");
  script("CREATE TRIGGER crash BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'crash'); END");
  EXPECT_THROW((void)renew(link, identifier(1)), store::StoreError);
  script("DROP TRIGGER crash");
  EXPECT_EQ(count_rows("attempt"), attempts + 1);
  EXPECT_EQ(renew(link, identifier(0)), "reissue.delayed");
  clock.advance(minute);
  script("ALTER TABLE identifier RENAME COLUMN lookup TO gone");
  EXPECT_THROW((void)renew(link, identifier(1)), store::StoreError) << "killed in the comparison";
  script("ALTER TABLE identifier RENAME COLUMN gone TO lookup");
  EXPECT_EQ(count_rows("attempt"), attempts + 2);
  EXPECT_EQ(renew(link, identifier(0)), "reissue.delayed");
  clock.advance(2 * minute);
  const auto third = service->renew(link, identifier(1));
  ASSERT_EQ(third.error().code, "reissue.wrong_proof");
  EXPECT_EQ(third.error().tries_left, 2u);
  clock.advance(4 * minute);
  EXPECT_EQ(renew(link, identifier(0)), "renewed");
}

TEST_F(RecoveryTest, R27SuccessClearsTheCounter) {
  EXPECT_EQ(renew(token_for(0), identifier(1)), "reissue.wrong_proof");
  clock.advance(hour);
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  clock.advance(hour);
  const auto wrong = service->renew(token_for(0), identifier(1));
  ASSERT_EQ(wrong.error().code, "reissue.wrong_proof");
  EXPECT_EQ(wrong.error().tries_left, 4u);
}

TEST_F(RecoveryTest, R25AThousandFailuresElsewhereDoNotKeepTheVoterOut) {
  const auto wrong = Code::generate(random, identifier_and_password().code);
  for (int i = 0; i < 1000; ++i) {
    clock.advance(1000);
    (void)service->ask_password(number(0), "wrong" + std::to_string(i) + "@portal.example",
                                {"198.51.100.7", "fr"});
    if (i % 100 == 0) ask_identifier(number(0), wrong, "198.51.100.7");
  }
  service->work();
  EXPECT_TRUE(inbox().empty());
  ask_identifier(0);
  EXPECT_EQ(inbox("identifier").size(), 1u);
  clock.advance(day_ms);
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
}

// Who knows number and address, but has no mailbox: whenever more is refused, a link lives there.
TEST_F(RecoveryTest, R25RequestsInHerNameLeaveHerALink) {
  policy.password.destination = {1, 3, 0};
  for (int i = 0; i < 80; ++i) {
    clock.advance(10 * minute);
    (void)service->ask_password(number(0), email(0),
                                {"198.51.100." + std::to_string(i % 200), "fr"});
    service->work();
  }
  const auto newest = inbox("password-link");
  ASSERT_FALSE(newest.empty());
  EXPECT_LT(state->now() - newest[0].created_at, hour);
  EXPECT_EQ(renew(token(), identifier(0)), "renewed");
  codes[0] = sent_password();
  clock.advance(25 * hour);
  ask_identifier(0);
  EXPECT_EQ(inbox("identifier").size(), 1u) << "the one is not counted for the other";
}

TEST_F(RecoveryTest, ACoupleSharesAnAddress) {
  set("email", 1, email(0));
  ask(0);
  (void)service->ask_password(number(1), email(0), {"192.0.2.1", "fr"});  // within the minute
  service->work();
  EXPECT_EQ(inbox("password-link").size(), 2u);
}

TEST_F(RecoveryTest, ThrottledRequestsSendNothingMore) {
  for (int i = 0; i < 5; ++i) ask(0);
  EXPECT_EQ(count_rows("message WHERE kind = 'password-link'"), 3) << "three in an hour";
  EXPECT_EQ(inbox("password-link").size(), 1u) << "those that a newer one replaced did not leave";
  clock.advance(2 * hour);
  ask(0);
  EXPECT_EQ(count_rows("reissue_flow"), 4);
}

TEST_F(RecoveryTest, ASecondClickIsOneRequest) {
  clock.advance(minute);
  const auto first = service->ask_password(number(0), email(0), {"192.0.2.1", "fr"});
  EXPECT_EQ(service->ask_password(number(0), email(0), {"192.0.2.1", "fr"}), first);
  service->work();
  EXPECT_EQ(inbox("password-link").size(), 1u);
}

TEST_F(RecoveryTest, R34TheRelayIsDown) {
  transport.mail = Delivery::later;
  ask(0);
  EXPECT_TRUE(inbox().empty());
  clock.advance(10 * minute);
  transport.mail = Delivery::delivered;
  EXPECT_EQ(inbox("password-link").size(), 1u);
  EXPECT_EQ(renew(token(), identifier(0)), "renewed");
}

TEST_F(ManyRecoveriesTest, R41OneAddressForAThirdVoterIsRefusedAndAlerted) {
  for (std::size_t v = 1; v < 4; ++v) set("email", v, "shared@example.org");
  for (std::size_t v = 1; v < 4; ++v) {
    clock.advance(hour);
    ask(number(v), "shared@example.org");
  }
  EXPECT_EQ(count_rows("reissue_flow"), 2);
  EXPECT_EQ(alerts.size(), 1u);
  EXPECT_NE(journal_of(*state).find("\"alert\":1"), std::string::npos);
}

TEST_F(RecoveryTest, R42NoMessageToAPhoneThatCannotBeServedAndTheVoterIsTold) {
  set("phone", 0, "+41 79 000 00 00");
  set("phone", 1, "");
  set("phone", 2, "12");
  for (std::size_t v = 0; v < 3; ++v) ask(v);
  EXPECT_EQ(inbox("password-link").size(), 0u);
  const auto told = inbox("password-refused");
  ASSERT_EQ(told.size(), 3u);
  EXPECT_NE(told[0].body.find("message.password_no_phone_body"), std::string::npos);
}

TEST_F(RecoveryTest, PhonesFromOverseasAndAbroad) {
  for (const auto& [written, sent] :
       std::vector<std::pair<std::string, std::string>>{{"0692 00 00 01", "+262692000001"},
                                                        {"+262 (0)692 00 00 01", "+262692000001"},
                                                        {"00590 690 00 00 02", "+590690000002"},
                                                        {"+1 (202) 555-0101", "+12025550101"}}) {
    set("phone", 0, written);
    clock.advance(day_ms);
    EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed") << written;
    EXPECT_EQ(inbox("password")[0].destination, sent);
    policy.password.per_election = 100;
  }
}

TEST_F(RecoveryTest, WithoutAnAddressTheIdentifierIsTheAssistancesBusiness) {
  set("email", 0, "");
  ask_identifier(0);
  EXPECT_TRUE(inbox("identifier").empty());
  const auto told = inbox("identifier-refused");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].channel, MessageChannel::sms);
  ask(number(0), "");
  EXPECT_TRUE(inbox("password-link").empty()) << "no address is not an address on file";
}

TEST_F(RecoveryTest, R47TheNoticeBlocks) {
  const auto first_link = token_for(0);
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  const auto notice = inbox("reissue-notice")[0];
  const auto link = value_of(notice, "link");
  ASSERT_TRUE(cancel_reissue(*state, link.substr(link.find('#') + 1)));
  const auto password = sent_password();
  EXPECT_EQ(sign_in(0, password), Kind::blocked);
  ask(0);
  EXPECT_EQ(renew(first_link, identifier(0)), "reissue.blocked") << "whatever link she opens";
  EXPECT_EQ(inbox("password-link").size(), 2u) << "self-service is over";
  EXPECT_NE(inbox("password-refused")[0].body.find("message.password_blocked_body"),
            std::string::npos);
}

TEST_F(RecoveryTest, AsManyAsPolicyGives) {
  policy.password.per_election = 1;
  policy.identifier.per_election = 1;
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  clock.advance(hour);
  ask(0);
  EXPECT_NE(inbox("password-refused")[0].body.find("message.password_limit_body"),
            std::string::npos);
  ask_identifier(1);
  clock.advance(hour);
  ask_identifier(1);
  EXPECT_EQ(count_rows("identifier_sent"), 1);
  EXPECT_NE(inbox("identifier-refused")[0].body.find("message.identifier_limit_body"),
            std::string::npos);
}

// Procedure B: on failure one more message, with a fresh value; then the voter is told.
TEST_F(RecoveryTest, ALostMessageIsMadeAgainOnceWithAnotherPassword) {
  const auto link = token_for(0);
  EXPECT_EQ(renew(link, identifier(0)), "renewed");
  transport.sms = Delivery::refused;
  (void)inbox();
  transport.sms = Delivery::delivered;
  service->work();
  const auto password = sent_password();
  EXPECT_EQ(sign_in(0, password), Kind::accepted);
  EXPECT_EQ(sign_in(0, codes[0]), Kind::replaced);
  EXPECT_EQ(count_rows("replaced_code"), 2) << "the value that was lost is no longer good";
  service->work();
  EXPECT_EQ(inbox("password").size(), 1u);
  EXPECT_TRUE(inbox("password-lost").empty());
}

TEST_F(RecoveryTest, ASecondLostMessageIsTold) {
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  transport.sms = Delivery::refused;
  for (int i = 0; i < 4; ++i) {
    (void)inbox();
    service->work();
  }
  const auto told = inbox("password-lost");
  ASSERT_EQ(told.size(), 1u) << "once";
  EXPECT_EQ(told[0].destination, "E1@portal.example");
  EXPECT_EQ(count_rows("replaced_code"), 2);
}

// It may have arrived: another would end one that works.
TEST_F(RecoveryTest, SilenceAboutAPasswordIsToldAndMakesNoOther) {
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  transport.sms = Delivery::accepted;
  (void)inbox();
  service->work();
  EXPECT_TRUE(inbox("password-silence").empty()) << "a report may still come";
  outbox_of(*state).follow_up({""}, state->now(), state->now(),
                              [](const OutgoingMessage&) { return false; });
  for (int i = 0; i < 3; ++i) service->work();
  const auto told = inbox("password-silence");
  ASSERT_EQ(told.size(), 1u) << "once";
  EXPECT_EQ(told[0].destination, "E1@portal.example");
  EXPECT_EQ(count_rows("replaced_code"), 1) << "the password stands";
  // Late news that it failed: another is made, as ever.
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE message SET status = 'failed' WHERE kind = 'password'");
    return {};
  }));
  service->work();
  EXPECT_EQ(count_rows("replaced_code"), 2);
}

TEST_F(RecoveryTest, APasswordThatWasUsedIsNotMadeAgain) {
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  const auto password = sent_password();
  EXPECT_EQ(sign_in(0, password), Kind::accepted);
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("DELETE FROM session");  // she looked, and left
    t.execute("UPDATE message SET status = 'failed' WHERE kind = 'password'");
    return {};
  }));
  service->work();
  EXPECT_EQ(sign_in(0, password), Kind::accepted);
  EXPECT_TRUE(inbox("password-lost").empty());
}

TEST_F(RecoveryTest, ALostMessageOfAnOlderRenewalTouchesNoNewerPassword) {
  transport.sms = Delivery::later;
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  (void)inbox();
  clock.advance(10 * minute);
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  transport.sms = Delivery::delivered;
  const auto password = sent_password();
  EXPECT_EQ(inbox("password").size(), 1u) << "the older one no longer leaves";
  clock.advance(hour);
  (void)inbox();
  service->work();
  EXPECT_EQ(sign_in(0, password), Kind::accepted);
}

TEST_F(RecoveryTest, ARequestSurvivesAKillAndADamagedOneHoldsUpNobody) {
  clock.advance(minute);
  (void)service->ask_password(number(0), email(0), {"192.0.2.1", "fr"});
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("INSERT INTO recovery_request (id, at, sealed) VALUES ($1, 0, $1)", {Bytes(16)});
    return {};
  }));
  service.reset();
  reopen();
  make_service();
  service->work();
  EXPECT_EQ(inbox("password-link").size(), 1u);
  EXPECT_EQ(count_rows("recovery_request"), 0);
}

TEST_F(RecoveryTest, ANonceServesOnce) {
  const auto session = Sessions(*state, limits).open().session;
  const auto nonce = Sessions(*state, limits).new_nonce(session);
  const CodeProof proof{nonce, KeyPair::generate(random).key, {}};
  EXPECT_TRUE(service->ask_identifier(session, number(0), proof, 10 * minute, {"192.0.2.1", "fr"}));
  clock.advance(2 * minute);
  const auto again =
      service->ask_identifier(session, number(0), proof, 10 * minute, {"192.0.2.1", "fr"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "code.nonce");
}

TEST_F(RecoveryTest, ADamagedIdentifierIsOneVotersTrouble) {
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE identifier SET sealed = $2 WHERE voter = $1", {id(0), Bytes(60)});
    t.execute("UPDATE recovery SET sealed = $2 WHERE voter = $1", {id(0), Bytes(60)});
    return {};
  }));
  ask_identifier(0);
  EXPECT_TRUE(inbox().empty());
  EXPECT_EQ(renew(token_for(0), identifier(0)), "reissue.link_unknown");
  ask_identifier(1);
  EXPECT_EQ(inbox("identifier").size(), 1u);
}

// As at sign-in: of the number and the network, whoever it is, and said.
TEST_F(RecoveryTest, WrongPasswordsDelayAndSuccessForgets) {
  const auto wrong = Code::generate(random, identifier_and_password().code);
  for (int i = 0; i < 4; ++i) ask_identifier(number(0), wrong);
  ask_identifier(0);
  EXPECT_EQ(inbox("identifier").size(), 1u) << "R27: forgotten";
  for (int i = 0; i < 5; ++i) ask_identifier("999999999", wrong);
  const auto session = Sessions(*state, limits).open().session;
  const auto nonce = Sessions(*state, limits).new_nonce(session);
  const auto delayed =
      service->ask_identifier(session, "999999999", {nonce, KeyPair::generate(random).key, {}},
                              10 * minute, {"192.0.2.1", "fr"});
  ASSERT_FALSE(delayed);
  EXPECT_EQ(delayed.error().code, "reissue.delayed");
  EXPECT_GT(delayed.error().at, state->now());
  EXPECT_EQ(count_rows("throttle"), 1) << "of the other number alone";
}

// The number of one kind is another voter's of the other kind.
TEST_F(RecoveryTest, ANumberOfTwoKindsIsToldApartByAddressAndPassword) {
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE recovery SET lookup = $2 WHERE voter = $1",
              {id(1), ByteView(state->peppered("numel", {as_bytes(number(0))}))});
    return {};
  }));
  ask(number(0), email(1));
  EXPECT_EQ(inbox("password-link")[0].destination, email(1));
  ask_identifier(0);
  EXPECT_EQ(inbox("identifier")[0].destination, email(0));
}

// Requirement 18: a link made under another version of the key is a link no more.
TEST_F(RecoveryTest, R18AnotherKeyVersionKillsOlderLinks) {
  const auto link = token_for(0);
  script("UPDATE reissue_flow SET key_version = 0");
  EXPECT_EQ(renew(link, identifier(0)), "reissue.link_unknown");
  EXPECT_EQ(sign_in(0, codes[0]), Kind::accepted) << "her password stays";
  script("UPDATE reissue_flow SET key_version = 1");
  EXPECT_EQ(renew(link, identifier(0)), "renewed") << "the row was good otherwise";
}

// Requirement 43: the link that anybody can ask for waits behind the password of who followed one.
TEST_F(RecoveryTest, R43TheLinkIsOfAnUnprovenFlowAndThePasswordIsNot) {
  EXPECT_EQ(renew(token_for(0), identifier(0)), "renewed");
  std::map<std::string, std::int64_t> proven;
  ASSERT_TRUE(state->database().read([&](store::Transaction& t) -> Status {
    for (const auto& row : t.query("SELECT kind, proven FROM message")) {
      proven[row.text(0)] = row.integer(1);
    }
    return {};
  }));
  EXPECT_EQ(proven.at("password-link"), 0);
  EXPECT_EQ(proven.at("password"), 1);
  EXPECT_EQ(proven.at("reissue-notice"), 1);
}

}  // namespace
}  // namespace isoloir
