#include "service/mailing.hpp"

#include <gmock/gmock.h>

#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "courier/outbox_fixture.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const CredentialForms mailed_forms{
    {12, false}, Handover::sms, CodeForm{12, false}, Handover::email, false};

struct MailingTest : testing::Test {
  // Voters V0, V1 … with such addresses.
  std::string file_of(const std::vector<std::string>& addresses, bool sms = false) {
    std::string csv = sms ? "identifiant_electeur;telephone;mot_de_passe\n"
                          : "identifiant_electeur;courriel;identifiant\n";
    codes.clear();
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      codes.push_back(Code::generate(random, {12, false}).shown().reveal());
      csv += "V" + std::to_string(i) + ";" + addresses[i] + ";" + codes.back() + "\n";
    }
    return csv;
  }
  static std::vector<std::string> addresses_of(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back("v" + std::to_string(i) + "@example.org");
    return all;
  }
  void prepare(std::string csv) {
    text = std::move(csv);
    auto file = parse_mailing_file(text, &mailed_forms);
    ASSERT_TRUE(file) << file.error().message;
    MailingPlan plan;
    plan.channel = file->channel;
    plan.what = file->what;
    plan.closes_at = test::start + 60 * minute_ms;
    plan.body = "{code} is yours";
    plan.policy.per_second = {1000, 1000, 0};
    for (const auto& [name, content] : Mailing::prepare(plan, *file, random)) {
      write_file(folder / name, content, FileMode::secret);
    }
    ASSERT_TRUE(begin(text));
  }
  // As another run of the program.
  Status begin(const std::string& csv) {
    mailing.reset();
    auto opened = Mailing::open(folder, clock, random);
    if (!opened) return fail(opened.error());
    mailing = std::move(*opened);
    return mailing->begin(*parse_mailing_file(csv, nullptr));
  }
  Outbox outbox() { return mailing->messages().outbox(); }
  // What leaves with this answer.
  std::vector<std::string> leave(Delivery answer = Delivery::accepted,
                                 std::size_t most = SIZE_MAX) {
    transport.answer = answer;
    transport.sent.clear();
    outbox().deliver(transport, clock.now(), nullptr, most);
    std::vector<std::string> to;
    for (const auto& message : transport.sent) to.push_back(message.destination);
    return to;
  }
  std::vector<std::string> unreached() {
    std::vector<std::string> all;
    for (const auto& each : mailing->unreached()) {
      all.push_back(each.voter + " " + each.state + " " + each.reason);
    }
    return all;
  }
  void correct(const std::string& csv) {
    mailing->correct(*parse_mailing_corrections(csv, mailing->file()));
  }

  SystemRandom random;
  ManualClock clock{test::start};
  const TemporaryFolder own;
  const fs::path folder = own.path();
  std::string text;
  std::vector<std::string> codes;
  test::ScriptedTransport transport;
  std::unique_ptr<Mailing> mailing;
};

TEST_F(MailingTest, ItsFolderOpensNothingWithoutTheFile) {
  prepare(file_of(addresses_of(20)));
  mailing->queue(20);
  leave(Delivery::accepted, 5);
  correct("identifiant_electeur;courriel\nV1;moved@example.org\n");
  std::string bytes;
  for (const auto& entry : fs::directory_iterator(folder)) bytes += *read_file(entry.path());
  ASSERT_THAT(bytes, HasSubstr("V19"));
  for (const auto& code : codes) {
    EXPECT_EQ(bytes.find(code), std::string::npos);
    EXPECT_EQ(bytes.find(code.substr(0, 9)), std::string::npos);
  }
  EXPECT_EQ(bytes.find("v1@example"), std::string::npos);
  EXPECT_EQ(bytes.find("moved@example"), std::string::npos);
}

TEST_F(MailingTest, AnotherFileIsRefused) {
  prepare(file_of(addresses_of(3)));
  const auto lines = text;
  auto other_code = lines, other_order = lines, other_address = lines;
  other_code.replace(other_code.find(codes[1]), 14, "0000-0000-0000");
  const auto second = lines.find("\nV1;") + 1, third = lines.find("\nV2;") + 1;
  other_order =
      lines.substr(0, second) + lines.substr(third) + lines.substr(second, third - second);
  for (const auto& other : {other_code, other_order, lines.substr(0, third)}) {
    const auto begun = begin(other);
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, "mailing.other");
  }
  other_address.replace(other_address.find("v1@"), 3, "w1@");
  EXPECT_TRUE(begin(other_address));
}

TEST_F(MailingTest, LinesAreQueuedGraduallyAndEachOnce) {
  prepare(file_of(addresses_of(10)));
  EXPECT_EQ(mailing->queue(4), 4u);
  EXPECT_EQ(leave().size(), 4u);
  EXPECT_EQ(mailing->queue(4), 4u);
  EXPECT_EQ(mailing->counts().to_go, 6);
  ASSERT_TRUE(begin(text));
  EXPECT_EQ(mailing->left({}).untried, 0) << "withdrawn: their lines have no message";
  EXPECT_EQ(mailing->queue(4), 4u);
  EXPECT_THAT(leave(), UnorderedElementsAre("v4@example.org", "v5@example.org", "v6@example.org",
                                            "v7@example.org"));
  EXPECT_EQ(mailing->queue(4), 2u);
  EXPECT_THAT(leave(), UnorderedElementsAre("v8@example.org", "v9@example.org"));
  for (const auto& message : transport.sent) {
    EXPECT_EQ(message.body, codes[message.destination[1] == '8' ? 8 : 9] + " is yours");
  }
  EXPECT_EQ(mailing->queue(4), 0u);
  EXPECT_EQ(mailing->counts().accepted, 10);
}

// A worker killed in the middle: nobody knows whether the relay has it.
TEST_F(MailingTest, WhatAKilledWorkerHadIsSentOnceMoreAtOnce) {
  prepare(file_of(addresses_of(1)));
  struct Killed final : Transport {
    SendOutcome send(const OutgoingMessage&) override { throw 9; }
  } killed;
  mailing->queue(1);
  EXPECT_THROW(outbox().deliver(killed, clock.now()), int);
  EXPECT_THAT(leave(), IsEmpty());
  ASSERT_TRUE(begin(text));
  EXPECT_EQ(mailing->queue(1), 0u);
  EXPECT_THAT(leave(), ElementsAre("v0@example.org"));
}

TEST_F(MailingTest, OnlyWhoWasNotReachedIsSentItAgain) {
  prepare(file_of({"a@example.org", "b@example.org", "", "no address", "e@example.org"}));
  mailing->queue(9);
  leave(Delivery::refused, 1);
  leave(Delivery::later, 1);
  leave();
  EXPECT_EQ(mailing->counts().accepted, 1);
  EXPECT_EQ(mailing->unreached().size(), 4u);
  const MailingCorrections corrections{{"V2", "c@example.org"}, {"V4", "better@example.org"}};
  const auto expected = mailing->to_queue_again(corrections);
  mailing->correct(corrections);
  EXPECT_EQ(mailing->queue_again(), expected);
  EXPECT_EQ(expected, 3u) << "V3 has no address at all, and one has had it";
  const auto to = leave();
  EXPECT_EQ(to.size(), 3u);
  EXPECT_THAT(to, testing::Contains("c@example.org"));
  EXPECT_THAT(unreached(), ElementsAre("V3 no_address bad_address"));
  EXPECT_EQ(mailing->queue_again(), 0u);
  EXPECT_EQ(mailing->queue(9), 0u);
  clock.advance(30 * minute_ms);
  EXPECT_THAT(leave(), IsEmpty()) << "what was put off has been replaced";
}

TEST_F(MailingTest, CorrectionsStayForTheRunsThatFollow) {
  prepare(file_of(addresses_of(2)));
  mailing->queue(9);
  leave(Delivery::refused);
  correct("identifiant_electeur;courriel\nV1;moved@example.org\n");
  mailing->queue_again();
  EXPECT_THAT(leave(Delivery::refused),
              UnorderedElementsAre("v0@example.org", "moved@example.org"));
  ASSERT_TRUE(begin(text));
  mailing->queue_again();
  EXPECT_THAT(leave(), UnorderedElementsAre("v0@example.org", "moved@example.org"));
}

TEST_F(MailingTest, ATextMessageWithoutReportIsSentAgainAndALateReportCounts) {
  prepare(file_of({"0600000001", "0600000002", "0600000003"}, true));
  mailing->queue(9);
  struct Route final : Transport {
    SendOutcome send(const OutgoingMessage& message) override {
      taken.push_back(message);
      return {Delivery::accepted, Reason::none, "route"};
    }
    std::vector<OutgoingMessage> taken;
  } route;
  outbox().deliver(route, clock.now());
  const auto nowhere = [](const OutgoingMessage&) { return false; };
  const auto report = [&](std::size_t of, DeliveryReport::State state, Reason reason) {
    outbox().report({*hex_decode_array<16>(route.taken[of].id), "route", state, reason},
                    clock.now(), nowhere);
  };
  EXPECT_EQ(mailing->left({"route"}).awaited, 3);
  EXPECT_EQ(mailing->left({}).awaited, 0) << "of a route that reports nothing nothing is awaited";
  report(0, DeliveryReport::State::delivered, Reason::none);
  report(1, DeliveryReport::State::failed, Reason::unknown_recipient);
  clock.advance(3 * minute_ms);
  outbox().follow_up({"route"}, clock.now() - minute_ms, clock.now(), nowhere);
  mailing->wipe();
  EXPECT_EQ(mailing->left({"route"}).awaited, 0);
  EXPECT_EQ(mailing->counts().delivered, 1);
  const auto silent = unreached();
  ASSERT_EQ(silent.size(), 2u);
  EXPECT_EQ(mailing->queue_again(), 2u);
  route.taken.erase(route.taken.begin() + 3, route.taken.end());
  // Of the one that was silent, the first message was there after all.
  report(2, DeliveryReport::State::delivered, Reason::none);
  EXPECT_EQ(mailing->counts().delivered, 2);
  outbox().deliver(route, clock.now());
  EXPECT_EQ(mailing->counts().unreached(), 0);
}

TEST_F(MailingTest, AfterTheCloseNothingLeaves) {
  prepare(file_of(addresses_of(4)));
  mailing->queue(2);
  leave(Delivery::accepted, 1);
  clock.advance(60 * minute_ms);
  EXPECT_THAT(leave(), IsEmpty());
  EXPECT_EQ(mailing->queue(9), 0u);
  EXPECT_EQ(mailing->queue_again(), 0u);
  EXPECT_EQ(mailing->counts().expired, 3);
  EXPECT_EQ(mailing->counts().to_go, 0);
  EXPECT_EQ(unreached().size(), 3u);
}

TEST_F(MailingTest, WhatHasEndedIsWiped) {
  prepare(file_of(addresses_of(3)));
  mailing->queue(3);
  leave(Delivery::accepted, 2);
  EXPECT_EQ(outbox().inbox().size(), 2u);
  mailing->wipe();
  EXPECT_EQ(outbox().inbox().size(), 0u);
  EXPECT_EQ(leave().size(), 1u) << "what waits is whole";
}

TEST_F(MailingTest, AFileIsReadWholeOrNotAtAll) {
  const auto problems = [](std::string_view csv) {
    const auto file = parse_mailing_file(csv, &mailed_forms);
    return file ? "" : file.error().message;
  };
  const std::string head = "identifiant_electeur;courriel;identifiant\n";
  EXPECT_EQ(problems(head + "A;a@example.org;0000-0000-0000\nB;;1111-1111-1111\n"), "");
  const auto said = problems(head +
                             "A;a@example.org;SECRET\n=B;b@example.org;0000-0000-0000\n"
                             "a;c@example.org;0000-0000-0000\nD;d@example.org\n");
  EXPECT_EQ(said,
            "line 2, column identifiant: it is empty, or not of the portal's form\n"
            "line 3, column identifiant_electeur: it is no identifier of a roll\n"
            "line 4, column identifiant_electeur: this voter stands on an earlier line already\n"
            "line 5: 2 cells, where the first line has 3");
  EXPECT_THAT(problems("identifiant_electeur;telephone;identifiant\nA;06;0000-0000-0000\n"),
              HasSubstr("this portal sends it by email, not by sms"));
  EXPECT_THAT(problems("identifiant_electeur;courriel;code_de_vote\nA;a@b.example;0000\n"),
              HasSubstr("this portal's voters do not sign in with it"));
  EXPECT_THAT(problems("nom;courriel;identifiant\n"), HasSubstr("the columns must be"));
  EXPECT_THAT(problems(head), HasSubstr("names no voter"));
  EXPECT_THAT(problems(""), HasSubstr("empty"));
}

TEST_F(MailingTest, CorrectionsAreOfVotersOfTheFile) {
  prepare(file_of(addresses_of(2)));
  const auto read = [&](std::string_view csv) {
    const auto corrections = parse_mailing_corrections(csv, mailing->file());
    return corrections ? "" : corrections.error().message;
  };
  EXPECT_EQ(read("identifiant_electeur;courriel\nV0;x@example.org\n"), "");
  EXPECT_EQ(read("identifiant_electeur;courriel\nV7;x@example.org\nV0;none\n"),
            "line 2, column identifiant_electeur: the mailing has no such voter\n"
            "line 3, column courriel: it is empty, or nothing can be sent there");
  EXPECT_THAT(read("identifiant_electeur;telephone\n"), HasSubstr("the columns must be"));
}

}  // namespace
}  // namespace isoloir
