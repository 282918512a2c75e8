// An officer's events by files: drafted on the server, seen in words and signed on the member's own
// machine, posted on the server. No private file comes near it.
#include <fcntl.h>

#include "functional/by_files.hpp"
#include "service/count.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using test::Outcome;

class OfficersByFiles : public test::ByFiles {
 protected:
  // Open until an hour from now by the machine's clock, which is the commands'.
  void stay_open() {
    clock.set(fixture_opens);
    tick(*state, *log);
    const auto until = SystemClock().now() + hour;
    ASSERT_TRUE(post_event(*state, {"extend", 0, {}, Json::object({{"closes_at", until}})},
                           {&ceremonies[0].holders[president].signing()}));
    for (std::size_t voter = 0; voter < 3; ++voter) {
      const Session session = in_space(voter);
      for (const std::uint32_t contest : {0, 1}) {
        EXPECT_EQ(cast(session, ballot(voter, contest, 0)), "recorded");
      }
    }
    log->append_round(true);
    put("manifest.json", state->manifest_text());
    fingerprint = hex_encode(state->fingerprint().bytes);
    log.reset();
    state.reset();
    for (const auto member : {president, secretary, delegate1}) {
      make_holder(member, ceremonies[0].holders[member].clone());
    }
  }
  Outcome draft(const std::string& event, const std::string& name) const {
    return bureau(event + " --draft " + at(name));
  }
  Outcome sign(const std::string& name, const std::string& by) const {
    return run("trustee sign " + at(name) + " --manifest " + at("manifest.json") +
               " --fingerprint " + fingerprint + by);
  }
  Outcome post(const std::string& name, const std::string& more = "") const {
    return bureau("post " + at(name) + more);
  }
  bool says(const std::string& status) const { return bureau("status").says(status); }
  // Signed in the test, by whoever.
  void put_signed(const std::string& name, const Json& body, Member by) {
    SignedDocument document(body);
    document.sign(ceremonies[0].holders[by].signing(),
                  Fingerprint{*hex_decode_array<32>(fingerprint)}, random);
    put(name, document.text());
  }
  Json body_of(const std::string& name) const { return Json::parse(get(name))["body"]; }
};

TEST_F(OfficersByFiles, AContestIsSuspendedAndResumed) {
  stay_open();
  const std::string suspend = "suspend --contest 1 --reason 'Panne de réseau'";
  expect_refused(draft("resume --contest 1 --reason x", "early"), "bureau.phase");
  expect_refused(draft("suspend --contest 7 --reason x", "early"), "bureau.contest");
  expect_refused(draft("suspend --contest 1 --reason ''", "early"), "bureau.data");
  expect_refused(draft("suspend --contest 1 --reason \"$(printf 'a\\033[2J')\"", "early"),
                 "bureau.data");
  EXPECT_FALSE(fs::exists(at("early")));
  expect_refused(bureau(suspend), "bureau.holders");

  const auto drafted = draft(suspend, "event");
  expect_done(drafted);
  EXPECT_TRUE(drafted.says("Présidente, Secrétaire")) << drafted.out;
  EXPECT_TRUE(says("Contest 1 (Academy): open"));
  expect_refused(post("event"), "bureau.signer");  // by nobody yet

  // What is signed is seen before the code is asked for; nothing is signed without it.
  const auto unsigned_text = get("event");
  put("no-code", "0000\n");
  const auto seen = sign("event", " --holder " + at("holder-1") + " --code-file " + at("no-code"));
  expect_refused(seen, "code.form");
  for (const char* words : {"Suspendre le scrutin 1 : Académie", "Suspend contest 1: Academy",
                            "Reason: Panne de réseau", "Event 2, prepared on "}) {
    EXPECT_TRUE(seen.says(words)) << words << "\n" << seen.out;
  }
  expect_refused(sign("event", holder(delegate1)), "trustee.role");
  EXPECT_EQ(get("event"), unsigned_text);

  expect_done(sign("event", holder(secretary)));
  const auto posted = post("event");
  expect_done(posted);
  EXPECT_TRUE(posted.says("event 2, signed by Secrétaire")) << posted.out;
  EXPECT_TRUE(says("Contest 1 (Academy): suspended"));
  EXPECT_TRUE(says("Contest 1 is suspended, until: resume --contest 1, by "));
  EXPECT_TRUE(says("Contest 0 (National): open"));
  expect_refused(post("event"), "bureau.replayed");

  // Two drafts of one number: the second grew stale.
  expect_done(draft("resume --contest 1 --reason Fin", "resume"));
  expect_done(draft("suspend --contest 0 --reason Panne", "stale"));
  expect_done(sign("resume", holder(president)));
  expect_done(sign("stale", holder(president)));
  expect_done(post("resume"));
  expect_refused(post("stale"), "bureau.stale");
  EXPECT_TRUE(says("Contest 1 (Academy): open"));
  EXPECT_TRUE(says("Contest 0 (National): open"));
}

TEST_F(OfficersByFiles, WhatIsNotAnOfficersOwnIsRefused) {
  stay_open();
  expect_done(draft("suspend --contest 0 --reason Panne", "event"));
  const Json body = body_of("event");
  put_signed("delegate", body, delegate1);
  expect_refused(post("delegate"), "bureau.signer");
  put_signed("tampered", body, secretary);
  std::string text = get("tampered");
  text.replace(text.find("Panne"), 5, "Autre");
  put("tampered", text);
  expect_refused(post("tampered"), "bureau.signer");
  put("short", text.substr(0, text.size() / 2));
  expect_refused(post("short"), "bureau.event");
  expect_refused(post("none"), "bureau.file");
  const auto changed = [&](const char* field, Json value) {
    Json other = body;
    other[field] = std::move(value);
    put_signed("changed", other, secretary);
    return post("changed");
  };
  expect_refused(changed("number", 9), "bureau.stale");
  expect_refused(changed("at", fixture_opens + hour), "bureau.stale");  // years ago
  expect_refused(changed("at", SystemClock().now() + hour), "bureau.event");
  expect_refused(changed("bureau", 1), "bureau.contest");
  expect_refused(changed("contest", nullptr), "bureau.contest");
  expect_refused(changed("data", Json::object()), "bureau.data");
  expect_refused(changed("event", "extend"), "bureau.event");
  expect_refused(changed("event", "freeze"), "bureau.event");
  expect_refused(changed("event", "count"), "bureau.event");
  expect_refused(changed("type", "seal"), "bureau.event");
  EXPECT_TRUE(says("Contest 0 (National): open"));
  // Nothing of it is lost: the draft is still the next event.
  expect_done(sign("event", holder(president)));
  const auto spoilt = run("bureau post " + at("delegate") + " --state " + folder.string());
  EXPECT_NE(spoilt.err.find("qui en a le pouvoir"), std::string::npos) << spoilt.err;
  EXPECT_NE(spoilt.err.find(at("delegate")), std::string::npos) << spoilt.err;
  expect_done(post("event"));
}

TEST_F(OfficersByFiles, TheVoteAndTheCountAreClosed) {
  stay_open();
  expect_refused(draft("close-count", "end"), "count.no_result");
  expect_done(draft("close", "close"));
  expect_refused(draft("close", "close"), "bureau.draft_exists");
  expect_done(sign("close", holder(secretary)));
  if (const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY); terminal >= 0) {
    ::close(terminal);
    const auto asked =
        at_terminal("bureau post " + at("close") + " --lang en --state " + folder.string(), "yes");
    EXPECT_NE(asked.find("The vote will be closed for everybody, for good."), std::string::npos);
    EXPECT_NE(asked.find("(bureau.unconfirmed)"), std::string::npos) << asked;
    EXPECT_TRUE(says("Contest 0 (National): open"));
    const auto sure =
        at_terminal("bureau post " + at("close") + " --state " + folder.string(), "fermer");
    EXPECT_NE(sure.find("tapez « fermer »"), std::string::npos) << sure;
    EXPECT_FALSE(says("Contest 0 (National): open")) << sure;
  } else {
    expect_done(post("close"));
  }
  expect_refused(draft("close", "again"), "bureau.phase");

  prepare("first");  // frozen: nobody is inside
  make_holder(delegate2, ceremonies[0].holders[delegate2].clone());
  std::string holders;
  for (const Member member : {president, delegate1, delegate2}) {
    const auto number = std::to_string(member);
    holders += " --holder " + at("holder-" + number) + ":" + at("code-" + number);
  }
  const auto counted = bureau("count" + holders);
  expect_done(counted);

  const auto drafted = draft("close-count", "end");
  expect_done(drafted);
  EXPECT_TRUE(drafted.says("Présidente (isoloir trustee sign"));
  expect_refused(sign("end", holder(secretary)), "trustee.role");
  put_signed("secretary", body_of("end"), secretary);
  expect_refused(post("secretary", " --export " + at("final")), "bureau.signer");
  Json other = body_of("end");
  other["data"]["result"] = std::string(64, '7');
  put_signed("other", other, president);
  expect_refused(post("other", " --export " + at("final")), "bureau.data");
  EXPECT_TRUE(fs::exists(paths().link_key()));
  EXPECT_FALSE(fs::exists(at("final")));
  const auto shown = sign("end", holder(president));
  expect_done(shown);
  std::smatch digest;
  ASSERT_TRUE(
      std::regex_search(counted.out, digest, std::regex("result: ([0-9a-f]{8} [0-9a-f]{8})")));
  EXPECT_TRUE(shown.says(digest[1].str())) << shown.out;
  const auto ended = post("end", " --export " + at("final"));
  expect_done(ended);
  EXPECT_TRUE(ended.says("The link key is destroyed")) << ended.out;
  EXPECT_FALSE(fs::exists(paths().link_key()));
  expect_refused(post("end"), "bureau.replayed");
  const Json notes = Json::parse(get("final/log/checkpoints.json"));
  put("checkpoint", notes.back().get<std::string>());
  const auto verified = run("verify " + at("final") + " --fingerprint " + fingerprint +
                            " --checkpoint " + at("checkpoint"));
  expect_done(verified);
  EXPECT_EQ(verified.out.find("verified\n"), 0u) << verified.out;
}

}  // namespace
}  // namespace isoloir::cli
