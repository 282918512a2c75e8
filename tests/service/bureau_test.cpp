#include "service/bureau.hpp"

#include <fstream>
#include <future>
#include <thread>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "code_of.hpp"
#include "crypto/hash.hpp"
#include "service/count.hpp"
#include "service/export.hpp"
#include "service/freeze.hpp"
#include "service/journal.hpp"
#include "service/voting_fixture.hpp"
#include "verification/verification.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

struct BureauTest : VotingFixture {
  explicit BureauTest(std::string_view more_of_portal = {}) : VotingFixture(3, {}, more_of_portal) {
    fs::create_directories(out);
  }
  ~BureauTest() override { fs::remove_all(out); }

  // Members by their place in the fixture's ceremony.
  enum Member : std::size_t { president, secretary, delegate1, delegate2, delegate3 };
  const KeyPair& key(Member member) const { return ceremonies[0].holders[member].signing(); }

  std::string post(const std::string& name, std::optional<std::uint32_t> contest, Json data,
                   std::vector<const KeyPair*> signers) {
    return code_of(post_event(*state, {name, 0, contest, std::move(data)}, signers));
  }
  Json reason() const { return Json::object({{"reason", "incident"}}); }
  std::string suspend(std::uint32_t contest, Member by = president) {
    return post("suspend", contest, reason(), {&key(by)});
  }
  std::string resume(std::uint32_t contest, Member by = president) {
    return post("resume", contest, reason(), {&key(by)});
  }

  void tick_at(TimeMs now) {
    clock.set(now);
    tick(*state, *log);
    log->append_round(is_voting(*state));
  }
  std::string phases() {
    std::string joined;
    for (const auto& phase : phases_of(*state).contests) {
      joined += (joined.empty() ? "" : " ") + phase;
    }
    return joined;
  }
  std::vector<std::string> event_names() {
    return *state->database().read([](store::Transaction& t) -> Expected<std::vector<std::string>> {
      std::vector<std::string> names;
      for (const auto& event : read_events(t)) names.push_back(event.body()["event"]);
      return names;
    });
  }
  bool receipt_good(const Bytes& ballot_bytes) {
    const auto entry = entry_of(*state, tracker_of(ballot_bytes));
    const auto receipt = entry ? log->receipt(*entry) : std::nullopt;
    const auto& manifest = state->manifest();
    return receipt && check_receipt(*receipt, manifest.log_origin, manifest.checkpoint_key) ==
                          tracker_of(ballot_bytes);
  }
  std::string shares_of(const Tally& tally, Member member) {
    auto& holder = ceremonies[0].holders[member];
    EXPECT_TRUE(holder.bind_tally(tally.hash));
    return *make_shares(state->manifest(), tally, 0, holder, random);
  }
  std::vector<const KeyPair*> quorum() const {
    return {&key(secretary), &key(delegate1), &key(delegate3)};
  }

  // Every voter votes in both contests, choices 0, 1 and 0; then the grace period ends.
  void vote_and_freeze() {
    tick_at(fixture_opens);
    for (std::size_t voter = 0; voter < 3; ++voter) {
      const Session session = in_space(voter);
      for (std::uint32_t k = 0; k < 2; ++k) {
        cast_bytes.push_back(ballot(voter, k, voter == 1 ? 1 : 0));
        EXPECT_EQ(cast(session, cast_bytes.back()), "recorded");
      }
    }
    tick_at(fixture_closes);
    tick_at(fixture_closes + 1);
    ASSERT_EQ(phases(), "frozen frozen");
  }
  Tally opened_tally() {
    auto tally = prepare_count(*state);
    EXPECT_TRUE(tally) << code_of(tally);
    for (const std::int64_t at_once : {1, 2}) {
      EXPECT_EQ(prepare_count(*state, at_once)->hash, tally->hash);
    }
    EXPECT_EQ(code_of(open_count(*state, *tally, 0, quorum())), "good");
    log->append_round(false);
    return std::move(*tally);
  }
  std::string counted() {
    const Tally tally = opened_tally();
    for (const auto member : {secretary, delegate1, delegate3}) {
      EXPECT_EQ(code_of(import_shares(*state, tally, shares_of(tally, member))), "good");
    }
    const auto result = finish_count(*state, tally);
    EXPECT_TRUE(result) << code_of(result) << result.error().message;
    return result.value_or("");
  }

  std::vector<Bytes> cast_bytes;
  fs::path out = fs::path(folder.string() + "-out");
};

// ---- The life of an election

TEST_F(BureauTest, LifeFromTheOpeningToTheVerifiedResult) {
  tick_at(fixture_opens - 1);
  EXPECT_EQ(phases(), "sealed sealed");
  EXPECT_FALSE(is_voting(*state));
  EXPECT_EQ(log->size(), 0u);
  tick_at(fixture_opens);
  EXPECT_EQ(phases(), "open open");
  EXPECT_TRUE(is_voting(*state));
  EXPECT_EQ(log->size(), 16u);

  // L11, L34: one contest stands still, the other goes on.
  const Session second = in_space(1);
  EXPECT_EQ(suspend(0), "good");
  EXPECT_EQ(phases(), "suspended open");
  const Bytes national = ballot(1, 0, 1);
  EXPECT_EQ(cast(second, national), "voting.suspended");
  EXPECT_EQ(cast(second, ballot(1, 1, 0)), "recorded");
  EXPECT_EQ(resume(0, secretary), "good");
  EXPECT_EQ(cast(second, national), "recorded");
  const Bytes first = ballot(0, 0, 0);
  EXPECT_EQ(cast(in_space(0), first), "recorded");

  // L19: E3 is inside at the close, E2 signs in again too late.
  const Session third = in_space(2);
  tick_at(fixture_closes - 1);
  EXPECT_EQ(phases(), "open open");
  tick_at(fixture_closes);
  EXPECT_EQ(phases(), "grace grace");
  EXPECT_EQ(code_of(enter(portal_session(0).session, credential(0).sign_in_key())),
            "voting.closed");
  clock.advance(29 * minute);
  const Bytes last = ballot(2, 0, 2);
  EXPECT_EQ(cast(third, last), "recorded");
  tick_at(clock.now());
  EXPECT_EQ(phases(), "grace grace");  // E1 and E3 have not voted in the second contest
  EXPECT_EQ(phases_of(*state).grace_ends_at, fixture_closes + 30 * minute);
  tick_at(fixture_closes + 30 * minute);

  // L35
  EXPECT_EQ(phases(), "frozen frozen");
  EXPECT_FALSE(is_voting(*state));
  EXPECT_EQ(cast(third, ballot(2, 1, 0)), "voting.closed");
  EXPECT_EQ(count_rows("ballot"), 0);
  EXPECT_EQ(count_rows("link"), 0);
  EXPECT_EQ(count_rows("box"), 4);
  for (const auto& bytes : {first, national, last}) {
    EXPECT_TRUE(receipt_good(bytes));
    EXPECT_EQ(cast(third, bytes), "recorded");  // a retry of what was recorded
  }
  EXPECT_EQ(code_of(write_export(*state, out / "before")), "good");
  EXPECT_FALSE(fs::exists(out / "before/result.json"));

  const Json result = Json::parse(counted());
  EXPECT_EQ(result["contests"][0]["votes"], Json::parse("[1,1,1]"));
  EXPECT_EQ(result["contests"][0]["registered"], 3);
  EXPECT_EQ(result["contests"][1]["votes"], Json::parse("[1,0]"));

  // One vote each for an odd number of seats: until the lot is drawn nobody closes the count.
  ASSERT_EQ(result["contests"][0]["seats"]["ties"].size(), 1u);
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "count.tie");
  const Json tied =
      Json::object({{"result", hex_encode(sha256(as_bytes(canonical_json(result))))}});
  EXPECT_EQ(post("close-count", {}, tied, {&key(president)}), "count.tie");
  EXPECT_NE(state->held_link_key(), nullptr);
  EXPECT_EQ(code_of(finish_count(*state, *prepare_count(*state), {{0, {1}}})), "good");
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "good");
  tick_at(clock.now());

  // L is gone, from disk and memory; what voters keep stays good.
  EXPECT_FALSE(fs::exists(paths().link_key()));
  EXPECT_EQ(state->held_link_key(), nullptr);
  EXPECT_FALSE(entry_of(*state, tracker_of(first)));
  EXPECT_TRUE(is_held(*state, tracker_of(first)));
  EXPECT_EQ(cast(third, first), "recorded");
  EXPECT_EQ(event_names(), (std::vector<std::string>{"open", "suspend", "resume", "close", "freeze",
                                                     "count", "close-count"}));
  EXPECT_EQ(check_journal(state->database()).value(), std::nullopt);

  EXPECT_EQ(code_of(write_export(*state, out / "final")), "good");
  const auto reader = ExportReader::of_folder(out / "final");
  ASSERT_TRUE(reader);
  Anchors anchors;
  anchors.fingerprint = state->fingerprint();
  anchors.checkpoint = log->checkpoint_note();
  const Report report = verify_export(*reader, anchors);
  if (const auto* failure = report.first_failure()) {
    ADD_FAILURE() << "V" << failure->number << " " << failure->code << ": " << failure->detail;
  }
  EXPECT_TRUE(report.anchored) << report.anchoring;

  reopen();
  EXPECT_EQ(state->held_link_key(), nullptr);
  EXPECT_EQ(phases(), "frozen frozen");
}

TEST_F(BureauTest, TheFreezeComesAsSoonAsNobodyIsInside) {
  tick_at(fixture_opens);
  const auto leaver = portal_session(1);
  EXPECT_EQ(enter(leaver.session, credential(1).sign_in_key())->kind, CodeVerdict::Kind::accepted);
  const Session voter = in_space(0);
  tick_at(fixture_closes);
  EXPECT_EQ(cast(voter, ballot(0, 0, 0)), "recorded");
  EXPECT_EQ(cast(voter, ballot(0, 1, 0)), "recorded");
  tick_at(fixture_closes + 1);
  EXPECT_EQ(phases(), "grace grace");
  Sessions(*state, limits).end(leaver.session);
  tick_at(fixture_closes + 2);
  EXPECT_EQ(phases(), "frozen frozen");
}

// A contest that its bureau has suspended takes no ballot because a clock strikes.
TEST_F(BureauTest, WhatIsSuspendedAtTheCloseStaysSo) {
  tick_at(fixture_opens);
  const Session inside = in_space(0);
  EXPECT_EQ(suspend(0), "good");
  tick_at(fixture_closes);
  EXPECT_EQ(phases(), "suspended grace");
  EXPECT_EQ(cast(inside, ballot(0, 0, 0)), "voting.suspended");
  EXPECT_EQ(resume(0), "good");
  EXPECT_EQ(phases(), "grace grace");
  EXPECT_EQ(cast(inside, ballot(0, 0, 0)), "recorded");
  EXPECT_EQ(code_of(enter(portal_session(1).session, credential(1).sign_in_key())),
            "voting.closed");
}

TEST_F(BureauTest, AClockSetBackChangesNothing) {
  tick_at(fixture_opens + hour);
  tick_at(fixture_opens - hour);
  EXPECT_EQ(phases(), "open open");
  EXPECT_EQ(suspend(0), "good");
  const Session inside = in_space(0);
  tick_at(fixture_closes);
  tick_at(fixture_opens);
  EXPECT_EQ(phases(), "suspended grace");
  EXPECT_EQ(code_of(enter(portal_session(1).session, credential(1).sign_in_key())),
            "voting.closed");
  std::vector<TimeMs> times;
  (void)state->database().read([&](store::Transaction& t) -> Status {
    for (const auto& event : read_events(t)) times.push_back(event.body()["at"]);
    return {};
  });
  EXPECT_EQ(times,
            (std::vector<TimeMs>{fixture_opens + hour, fixture_opens + hour, fixture_closes}));
}

TEST_F(BureauTest, AServerThatWasAwayCatchesUp) {
  tick_at(fixture_closes + hour);
  EXPECT_EQ(phases(), "frozen frozen");
  EXPECT_EQ(event_names(), (std::vector<std::string>{"open", "close", "freeze"}));
  EXPECT_EQ(Json::parse(counted())["contests"][0]["votes"], Json::parse("[0,0,0]"));
}

TEST_F(BureauTest, TheHoursCanBeExtendedAndTheVoteClosedEarly) {
  tick_at(fixture_opens);
  const auto extend = [&](TimeMs until) {
    return post("extend", {}, Json::object({{"closes_at", until}}), {&key(secretary)});
  };
  EXPECT_EQ(extend(fixture_closes), "bureau.hours");
  EXPECT_EQ(extend(fixture_closes + hour), "good");
  const Session inside = in_space(0);
  tick_at(fixture_closes + hour - 1);
  EXPECT_EQ(phases(), "open open");
  EXPECT_EQ(post("close", {}, Json::object(), {&key(president)}), "good");
  EXPECT_EQ(phases(), "grace grace");
  EXPECT_EQ(phases_of(*state).grace_ends_at, fixture_closes + hour - 1 + 30 * minute);
  EXPECT_EQ(extend(fixture_closes + 2 * hour), "bureau.phase");
}

// ---- Refusals

TEST_F(BureauTest, EventsOutOfTheirPhaseAreRefused) {
  const auto& board = state->keys().board;
  const auto open = [&] { return post("open", {}, Json::object(), {&board}); };
  const auto close = [&](const KeyPair& by) { return post("close", {}, Json::object(), {&by}); };
  EXPECT_EQ(open(), "bureau.hours");
  EXPECT_EQ(suspend(0), "bureau.phase");
  EXPECT_EQ(close(key(president)), "bureau.phase");
  tick_at(fixture_opens);
  EXPECT_EQ(open(), "bureau.phase");
  EXPECT_EQ(resume(0), "bureau.phase");
  EXPECT_EQ(suspend(0), "good");
  EXPECT_EQ(suspend(0), "bureau.phase");
  EXPECT_EQ(close(board), "bureau.hours");
  EXPECT_EQ(code_of(prepare_count(*state)), "count.not_frozen");
  EXPECT_EQ(code_of(write_export(*state, out / "early")), "export.not_frozen");
  EXPECT_FALSE(fs::exists(out / "early"));
  Tally none;
  EXPECT_EQ(code_of(open_count(*state, none, 0, quorum())), "bureau.phase");
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "count.no_result");
  EXPECT_EQ(post("reseal", {}, reason(), {&key(president)}), "bureau.phase");
  EXPECT_EQ(post("unseal", {}, reason(), {&key(president)}), "good");
  EXPECT_EQ(post("unseal", {}, reason(), {&key(president)}), "bureau.phase");
  EXPECT_EQ(post("unseal", 1, reason(), {&key(president)}), "good");
  EXPECT_EQ(post("reseal", {}, reason(), {&key(president)}), "good");
  tick_at(fixture_closes);
  EXPECT_EQ(close(key(president)), "bureau.phase");
  tick_at(fixture_closes + hour);
  EXPECT_EQ(resume(0), "bureau.phase");
  EXPECT_EQ(post("freeze", {},
                 {{"box_root", ""},
                  {"ballots", Json::array()},
                  {"pads", 0},
                  {"sign_offs", Json::array()},
                  {"sign_off_root", ""}},
                 {&board}),
            "bureau.phase");
}

TEST_F(BureauTest, OnlyWhoMaySignSigns) {
  tick_at(fixture_opens);
  const auto stranger = KeyPair::generate(random);
  const auto& board = state->keys().board;
  EXPECT_EQ(suspend(0, delegate1), "bureau.signer");
  EXPECT_EQ(post("suspend", 0, reason(), {&stranger}), "bureau.signer");
  EXPECT_EQ(post("suspend", 0, reason(), {&board}), "bureau.signer");
  EXPECT_EQ(post("suspend", 0, reason(), {}), "bureau.signer");
  EXPECT_EQ(post("close", {}, Json::object(), {&key(president), &stranger}), "bureau.signer");
  EXPECT_EQ(post("freeze", {},
                 {{"box_root", ""},
                  {"ballots", Json::array()},
                  {"pads", 0},
                  {"sign_offs", Json::array()},
                  {"sign_off_root", ""}},
                 {&key(president)}),
            "bureau.signer");
  // Signed, then changed.
  const auto forged = state->database().write([&](store::Transaction& t) -> Status {
    auto event = draft_event(t, *state, {"suspend", 0, 0, reason()});
    event.sign(key(president), state->fingerprint(), random);
    Json text = Json::parse(event.text());
    text["body"]["contest"] = 1;
    return append_signed_event(t, *state, *SignedDocument::parse(canonical_json(text)));
  });
  EXPECT_EQ(code_of(forged), "bureau.signer");
  EXPECT_EQ(phases(), "open open");
  EXPECT_EQ(event_names(), std::vector<std::string>{"open"});
}

TEST_F(BureauTest, EventsMustBeWhatTheTableSays) {
  tick_at(fixture_opens);
  const std::vector<const KeyPair*> by{&key(president)};
  EXPECT_EQ(post("suspend", {}, reason(), by), "bureau.contest");
  EXPECT_EQ(post("suspend", 2, reason(), by), "bureau.contest");
  EXPECT_EQ(post("close", 0, Json::object(), by), "bureau.contest");
  EXPECT_EQ(code_of(post_event(*state, {"suspend", 1, 0, reason()}, by)), "bureau.contest");
  EXPECT_EQ(post("suspend", 0, Json::object(), by), "bureau.data");
  EXPECT_EQ(post("suspend", 0, Json::object({{"reason", ""}}), by), "bureau.data");
  EXPECT_EQ(post("reboot", {}, Json::object(), by), "bureau.event");
  // A draft that was signed while another event came in, or that looks ahead.
  const auto shifted = [&](const char* field, std::int64_t by_much) {
    return code_of(state->database().write([&](store::Transaction& t) -> Status {
      Json body = draft_event(t, *state, {"suspend", 0, 0, reason()}).body();
      body[field] = body[field].get<std::int64_t>() + by_much;
      SignedDocument event(body);
      event.sign(key(president), state->fingerprint(), random);
      return append_signed_event(t, *state, event);
    }));
  };
  EXPECT_EQ(shifted("number", -1), "bureau.stale");
  EXPECT_EQ(shifted("number", 1), "bureau.stale");
  EXPECT_EQ(shifted("at", 1), "bureau.event");
  EXPECT_EQ(shifted("at", -1), "bureau.event");
  EXPECT_EQ(shifted("at", 0), "good");
}

// A close dated back would take minutes from those who are inside.
TEST_F(BureauTest, AnOfficersEventIsOfNow) {
  tick_at(fixture_opens);
  clock.set(fixture_opens + hour);
  const auto dated = [&](const std::string& name, Json data, const KeyPair& by, TimeMs at) {
    return code_of(state->database().write([&](store::Transaction& t) -> Status {
      Json body = draft_event(t, *state, {name, 0, {}, std::move(data)}).body();
      body["at"] = at;
      SignedDocument event(body);
      event.sign(by, state->fingerprint(), random);
      return append_signed_event(t, *state, event);
    }));
  };
  const auto close = [&](TimeMs at) { return dated("close", Json::object(), key(president), at); };
  EXPECT_EQ(close(clock.now() - limits::event_age_ms - 1), "bureau.stale");
  EXPECT_EQ(dated("extend", {{"closes_at", fixture_closes + hour}}, key(secretary),
                  clock.now() - limits::event_age_ms - 1),
            "bureau.stale");
  EXPECT_EQ(close(clock.now() + 1), "bureau.event");
  EXPECT_EQ(phases(), "open open");
  EXPECT_EQ(close(clock.now() - limits::event_age_ms), "good");
  EXPECT_EQ(phases_of(*state).grace_ends_at, clock.now() - limits::event_age_ms + 30 * minute);
}

// Between two beats nothing but the clock says that the hour has struck.
TEST_F(BureauTest, TheHoursHoldBetweenTwoBeats) {
  tick_at(fixture_opens);
  const Session inside = in_space(0);
  const Session late = in_space(1);
  clock.set(fixture_closes - 1);
  EXPECT_EQ(enter(portal_session(2).session, credential(2).sign_in_key())->kind,
            CodeVerdict::Kind::accepted);
  clock.set(fixture_closes);
  EXPECT_EQ(code_of(enter(portal_session(2).session, credential(2).sign_in_key())),
            "voting.closed");
  EXPECT_EQ(phases(), "open open");
  clock.set(fixture_closes + 30 * minute - 1);
  const Bytes national = ballot(0, 0, 0);
  EXPECT_EQ(cast(inside, national), "recorded");
  clock.set(fixture_closes + 30 * minute);
  EXPECT_EQ(cast(late, ballot(1, 0, 0)), "voting.closed");
  EXPECT_EQ(cast(inside, ballot(0, 1, 0)), "voting.closed");
  EXPECT_EQ(cast(inside, national), "recorded");  // a retry
  EXPECT_EQ(phases(), "open open");

  // The beat after the hour, not yet the one after the grace period.
  clock.set(fixture_closes);
  EXPECT_EQ(post("close", {}, Json::object(), {&state->keys().board}), "good");
  EXPECT_EQ(phases(), "grace grace");
  clock.set(fixture_closes + 30 * minute);
  EXPECT_EQ(cast(late, ballot(1, 0, 0)), "voting.closed");

  // Set back before the closing hour: what is written down stays closed.
  clock.set(fixture_closes - hour);
  EXPECT_EQ(code_of(enter(portal_session(2).session, credential(2).sign_in_key())),
            "voting.closed");
  tick_at(fixture_closes + 30 * minute);
  clock.set(fixture_closes - hour);
  EXPECT_EQ(cast(late, ballot(1, 0, 0)), "voting.closed");
}

// ---- Kills

TEST_F(BureauTest, AFreezeCutShortIsFinished) {
  tick_at(fixture_opens);
  const Bytes bytes = ballot(0, 0, 0);
  EXPECT_EQ(cast(in_space(0), bytes), "recorded");
  // Killed before the leaf was in the log and before anything but the phases was written.
  clock.set(fixture_closes);
  EXPECT_EQ(post("close", {}, Json::object(), {&state->keys().board}), "good");
  set_phase(0, "frozen");
  set_phase(1, "frozen");
  reopen();
  EXPECT_EQ(count_rows("ballot"), 1);
  tick_at(fixture_closes);
  EXPECT_EQ(count_rows("box"), 1);
  EXPECT_EQ(event_names().back(), "freeze");
  EXPECT_TRUE(receipt_good(bytes));
  tick_at(fixture_closes);
  reopen();
  tick_at(fixture_closes + hour);
  EXPECT_EQ(event_names(), (std::vector<std::string>{"open", "close", "freeze"}));
  EXPECT_TRUE(prepare_count(*state));
}

std::string everything_in(const fs::path& folder) {
  std::string content;
  for (const auto& file : fs::directory_iterator(folder)) content += *read_file(file.path());
  return content;
}

// Of what tied voters to ballots nothing is left in any file of the database.
TEST_F(BureauTest, TheFreezeLeavesNoTraceOfTheLinks) {
  tick_at(fixture_opens);
  EXPECT_EQ(cast(in_space(0), ballot(0, 0, 0)), "recorded");
  std::vector<Bytes> ties;
  (void)state->database().read([&](store::Transaction& t) -> Status {
    for (const auto& row : t.query("SELECT sealed FROM ballot")) ties.push_back(row.blob(0));
    for (const auto& row : t.query("SELECT lookup FROM link")) ties.push_back(row.blob(0));
    return {};
  });
  ASSERT_EQ(ties.size(), 6u);
  // A page of the database breaks a long value; its first bytes stay together.
  const auto held = [&](const Bytes& tie) {
    return everything_in(folder).find(as_text(ByteView(tie).first(24))) != std::string::npos;
  };
  for (const auto& tie : ties) EXPECT_TRUE(held(tie));
  clock.set(fixture_closes + hour);
  (void)post_event(*state, {"close", 0, {}, Json::object()}, {&state->keys().board});
  freeze_when_due(*state, *log);
  reopen();  // killed before the traces were erased
  tick_at(fixture_closes + hour);
  for (const auto& tie : ties) EXPECT_FALSE(held(tie));
  const auto journal_text =
      *state->database().read([](store::Transaction& t) -> Expected<std::string> {
        std::string text;
        for (const auto& row : t.query("SELECT row FROM journal")) text += row.text(0);
        return text;
      });
  EXPECT_NE(journal_text.find("traces erased"), std::string::npos);
}

// As in a second round, where all seats of a bureau were filled in the first.
struct IdleBureauTest : BureauTest {
  IdleBureauTest()
      : BureauTest(R"toml(
[[bureau]]
name = "Sans scrutin"
[[bureau.group]]
name = "Présidence"
threshold = 1
members = [{ name = "P2", role = "president" }]
[[bureau.group]]
name = "Délégués"
threshold = 1
members = [{ name = "D4", role = "delegate" }]
)toml") {}
};

// Protocol sections 9 and 12: all that is counted is closed, so L is destroyed, and V22 says so.
TEST_F(IdleBureauTest, ABureauWithoutAContestIsNotWaitedFor) {
  vote_and_freeze();
  const Tally tally = *prepare_count(*state);
  EXPECT_EQ(draft_counts(*state, tally).size(), 1u);
  counted();
  EXPECT_NE(state->held_link_key(), nullptr);
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "good");
  tick_at(clock.now());
  EXPECT_EQ(state->held_link_key(), nullptr);
  EXPECT_EQ(code_of(write_export(*state, out / "final")), "good");
  const Report report = verify_export(*ExportReader::of_folder(out / "final"), {});
  EXPECT_EQ(report.first_failure(), nullptr) << report.first_failure()->detail;
  EXPECT_TRUE(report.counted);
  // Should it close its count all the same, L is not destroyed twice.
  const auto& idle = ceremonies[1].holders;
  EXPECT_EQ(code_of(open_count(*state, tally, 1, {&idle[0].signing(), &idle[1].signing()})),
            "good");
  EXPECT_EQ(code_of(close_count(*state, 1, idle[0].signing())), "good");
}

TEST_F(BureauTest, TheDestructionOfTheLinkKeySurvivesAKill) {
  vote_and_freeze();
  const std::string held = *read_file(paths().link_key());
  fs::rename(paths().link_key(), out / "aside");
  EXPECT_EQ(code_of(State::open(paths(), clock, random)), "link_key.missing");
  fs::rename(out / "aside", paths().link_key());
  counted();
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "good");
  log->append_round(false);
  reopen();  // killed before the escrow was destroyed
  EXPECT_NE(state->held_link_key(), nullptr);
  // The file is overwritten, not only unlinked: a second name of it shows what is left.
  fs::create_hard_link(paths().link_key(), out / "name");
  state->destroy_link_key();
  EXPECT_EQ((*read_file(out / "name")).find(held.substr(0, 32)), std::string::npos);
  reopen();  // killed before that was minuted
  EXPECT_EQ(state->held_link_key(), nullptr);
  tick_at(clock.now());
  tick_at(clock.now());
  const auto minuted = *state->database().read([](store::Transaction& t) -> Expected<std::int64_t> {
    return t.query("SELECT COUNT(*) FROM journal WHERE row LIKE '%link key destroyed%'")[0].integer(
        0);
  });
  EXPECT_EQ(minuted, 1);
  EXPECT_EQ(code_of(prepare_count(*state)), "count.link_key");
}

// ---- Count

TEST_F(BureauTest, TheCountNeedsTheOpeningRuleAndItsEventInTheLog) {
  vote_and_freeze();
  const auto tally = prepare_count(*state);
  ASSERT_TRUE(tally) << code_of(tally);
  EXPECT_EQ(code_of(open_count(*state, *tally, 0, {&key(president), &key(delegate1)})),
            "bureau.signer");
  EXPECT_EQ(code_of(open_count(*state, *tally, 0, {&key(delegate2), &key(delegate1)})),
            "bureau.signer");
  const auto shares = shares_of(*tally, president);
  EXPECT_EQ(code_of(import_shares(*state, *tally, shares)), "count.not_opened");
  EXPECT_EQ(code_of(open_count(*state, *tally, 0, quorum())), "good");
  EXPECT_EQ(code_of(open_count(*state, *tally, 0, quorum())), "bureau.phase");
  EXPECT_EQ(code_of(import_shares(*state, *tally, shares)), "count.not_opened");  // not logged yet
  EXPECT_EQ(code_of(write_export(*state, out / "e")), "export.not_logged");
  log->append_round(false);
  EXPECT_EQ(code_of(import_shares(*state, *tally, shares)), "good");
  EXPECT_EQ(code_of(import_shares(*state, *tally, shares)), "good");
  EXPECT_EQ(code_of(finish_count(*state, *tally)), "count.threshold");
  EXPECT_EQ(code_of(import_shares(*state, *tally, shares_of(*tally, delegate2))), "good");
  EXPECT_EQ(code_of(finish_count(*state, *tally)), "count.threshold");
  EXPECT_EQ(code_of(import_shares(*state, *tally, shares_of(*tally, delegate1))), "good");
  EXPECT_EQ(code_of(finish_count(*state, *tally)), "good");
  EXPECT_EQ(code_of(close_count(*state, 0, key(secretary))), "bureau.signer");
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "good");
  // L37: results can no longer change.
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "bureau.phase");
  EXPECT_EQ(code_of(finish_count(*state, *tally)), "count.closed");
  EXPECT_EQ(code_of(import_shares(*state, *tally, shares_of(*tally, secretary))), "count.closed");
}

TEST_F(BureauTest, WrongSharesAreKeptWithTheirReasonUntilBetterOnesCome) {
  vote_and_freeze();
  const Tally tally = opened_tally();
  const auto good = shares_of(tally, delegate2);
  Json body = Json::parse(good)["body"];
  std::swap(body["shares"][0]["D"], body["shares"][1]["D"]);
  SignedDocument wrong(body);
  EXPECT_EQ(code_of(import_shares(*state, tally, wrong.text())), "shares.signature");
  wrong.sign(key(delegate2), state->fingerprint(), random);
  const auto kept = import_shares(*state, tally, wrong.text());
  ASSERT_TRUE(kept) << code_of(kept);
  EXPECT_EQ(kept->left_out, "shares.proof");
  for (const auto member : {president, delegate1, delegate3}) {
    EXPECT_EQ(code_of(import_shares(*state, tally, shares_of(tally, member))), "good");
  }
  EXPECT_EQ(import_shares(*state, tally, good)->left_out, "");
  EXPECT_EQ(code_of(import_shares(*state, tally, wrong.text())), "count.shares_given");
  EXPECT_EQ(Json::parse(*finish_count(*state, tally))["left_out"], Json::array());
}

// The result says which shares it leaves out: whatever came after it would make the export false.
TEST_F(BureauTest, AfterTheResultNoSharesComeInAndTheExportStaysTrue) {
  vote_and_freeze();
  const Tally tally = opened_tally();
  const auto spoilt = [&](Member member) {
    Json body = Json::parse(shares_of(tally, member))["body"];
    std::swap(body["shares"][0]["D"], body["shares"][1]["D"]);
    SignedDocument wrong(body);
    wrong.sign(key(member), state->fingerprint(), random);
    return wrong.text();
  };
  EXPECT_EQ(import_shares(*state, tally, spoilt(delegate2))->left_out, "shares.proof");
  const auto first = shares_of(tally, president);
  EXPECT_EQ(code_of(import_shares(*state, tally, first)), "good");
  for (const auto member : {delegate1, delegate3}) {
    EXPECT_EQ(code_of(import_shares(*state, tally, shares_of(tally, member))), "good");
  }
  const auto result = finish_count(*state, tally);
  ASSERT_TRUE(result) << code_of(result);
  EXPECT_EQ(Json::parse(*result)["left_out"],
            Json::parse(R"([{"bureau":0,"group":1,"index":2,"reason":"shares.proof"}])"));
  for (const auto& late :
       {spoilt(secretary), shares_of(tally, secretary), shares_of(tally, delegate2)}) {
    EXPECT_EQ(code_of(import_shares(*state, tally, late)), "count.has_result");
  }
  EXPECT_EQ(code_of(import_shares(*state, tally, first)), "good");  // the same again
  EXPECT_EQ(*finish_count(*state, tally), *result);
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "good");
  tick_at(clock.now());
  EXPECT_EQ(code_of(write_export(*state, out / "final")), "good");
  const Report report = verify_export(*ExportReader::of_folder(out / "final"), {});
  EXPECT_EQ(report.first_failure(), nullptr) << report.first_failure()->detail;
}

// The writer brings a third delegate's shares while a count that has read without them waits for
// it.
TEST_F(BureauTest, SharesThatComeInDuringTheCountMakeItBeDoneAgain) {
  vote_and_freeze();
  const Tally tally = opened_tally();
  for (const auto member : {secretary, delegate1, delegate3}) {
    ASSERT_EQ(code_of(import_shares(*state, tally, shares_of(tally, member))), "good");
  }
  const auto late = shares_of(tally, delegate2);
  std::future<std::string> counting;
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    counting = std::async(std::launch::async, [&] { return code_of(finish_count(*state, tally)); });
    while (state->database().queued_writes() == 0) std::this_thread::yield();
    t.execute("INSERT INTO public_file (path, content) VALUES ($1, $2)",
              {export_path::shares(0, 1, 2), as_bytes(late)});
    return {};
  }));
  EXPECT_EQ(counting.get(), "count.shares_moved");
  EXPECT_EQ(code_of(close_count(*state, 0, key(president))), "count.no_result");
  EXPECT_EQ(code_of(finish_count(*state, tally)), "good");
}

TEST_F(BureauTest, ABoxThatDoesNotFitTheLogIsNotCounted) {
  vote_and_freeze();
  EXPECT_TRUE(prepare_count(*state));
  const auto change = [&](std::string_view sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute(sql);
      return {};
    }));
  };
  change("CREATE TABLE kept AS SELECT * FROM box WHERE contest = 0");
  change("DELETE FROM box WHERE contest = 0");
  EXPECT_EQ(code_of(prepare_count(*state)), "count.box");
  change("INSERT INTO box SELECT * FROM kept");
  EXPECT_TRUE(prepare_count(*state));
  // A ballot that was receipted and never boxed.
  change("DELETE FROM log_pad WHERE position = (SELECT MAX(position) FROM log_pad)");
  EXPECT_EQ(code_of(prepare_count(*state)), "count.bijection");
}

// ---- Export

TEST_F(BureauTest, AnExportNeverCoversAnother) {
  vote_and_freeze();
  EXPECT_EQ(code_of(write_export(*state, out / "export")), "good");
  EXPECT_EQ(code_of(write_export(*state, out / "export")), "export.folder");
  fs::create_directory(out / "empty");
  EXPECT_EQ(code_of(write_export(*state, (out / "empty").string() + "/")), "good");
  const auto index = parse_export_index(*read_file(out / "empty/index.json"));
  ASSERT_TRUE(index);
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(out / "empty")) {
    files += entry.is_regular_file();
  }
  EXPECT_EQ(files, index->size() + 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(out), fs::directory_iterator()), 2);
}

}  // namespace
}  // namespace isoloir
