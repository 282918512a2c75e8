// Who is struck off the roll of a contest: the event, what follows from it, and the count and its
// verification to the end.
#include "service/strike_off.hpp"

#include <future>

#include "service/electoral_roll.hpp"
#include "service/journal.hpp"
#include "service/roll_change_fixture.hpp"

namespace isoloir {
namespace {

struct StrikeOff : RollChange {
  using RollChange::RollChange;
};

TEST_F(StrikeOff, FromTheEventToTheVerifiedResult) {
  ASSERT_EQ(strike(3, 0), "good") << "before the opening";
  tick_at(fixture_opens);
  EXPECT_EQ(read_electoral_roll(*state, 0, "", 1).found, 3u);
  EXPECT_EQ(read_electoral_roll(*state, 1, "E4", 1).found, 1u);
  EXPECT_EQ(contests_left(3), std::vector<std::uint32_t>{1});

  // Her open space is told the truth; the other contest is as it was.
  const Session open = in_space(2);
  EXPECT_EQ(post(signed_file(*place(2, 0))), "good") << "found by the key alone";
  EXPECT_EQ(cast(open, ballot(2, 0, 0)), "ballot.not_registered");
  EXPECT_EQ(cast(open, ballot(2, 1, 0)), "recorded");
  // Nor with the key in somebody else's session: it is in force no more.
  EXPECT_EQ(place(2, 0).error().code, "roll.not_registered");
  EXPECT_EQ(strike(2, 1), "roll.voted");

  for (const std::size_t voter : {0, 1}) {
    const Session session = in_space(voter);
    ASSERT_EQ(cast(session, ballot(voter, 0, 0)), "recorded");
    ASSERT_EQ(cast(session, ballot(voter, 1, 0)), "recorded");
  }
  const auto late = *place(3, 1);
  tick_at(fixture_closes);
  EXPECT_EQ(code_of(post_event(*state, draft_of(late), {&officer(president)})), "bureau.phase");
  EXPECT_EQ(strike(3, 1), "roll.closed") << "nobody was inside: frozen at once";
  tick_at(fixture_closes + hour);
  const auto result = count();
  EXPECT_EQ(result["contests"][0]["registered"], 2);
  EXPECT_EQ(result["contests"][1]["registered"], 4);
  EXPECT_EQ(result["contests"][0]["sign_offs"], 2);
  EXPECT_EQ(verified(), "good");
  EXPECT_EQ(roll_changes, "0 enrolments, 2 strike-offs");
  EXPECT_EQ(check_journal(state->database()).value(), std::nullopt);
}

// Whoever changes a strike-off of an export: it is another leaf, and another signature.
TEST_F(StrikeOff, AMailTellsHerOnceItHasTakenPlace) {
  tick_at(fixture_opens);
  const auto told = [&] {
    std::vector<std::string> destinations;
    for (const auto& message : inbox()) {
      if (message.kind == "struck-off") destinations.push_back(message.destination);
    }
    return destinations;
  };
  const auto event = signed_file(*place(0, 1));
  EXPECT_TRUE(told().empty()) << "a draft tells nobody";
  EXPECT_EQ(code_of(post_event(*state, event, &texts)), "good");
  EXPECT_EQ(told(), std::vector{roll.voters[0].email});
  EXPECT_EQ(code_of(post_event(*state, event, &texts)), "bureau.replayed");
  EXPECT_EQ(told().size(), 1u);
  auto draft = draft_of(*place(1, 1), roll.voters[1].id);
  draft.texts = &texts;
  ASSERT_TRUE(post_event(*state, draft, {&officer(president)}));
  EXPECT_EQ(told().size(), 2u);
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("UPDATE voter SET email = '' WHERE id = $1", {roll.voters[2].id});
    return {};
  }));
  EXPECT_EQ(code_of(post_event(*state, signed_file(*place(2, 1)), &texts)), "good");
  EXPECT_EQ(told().size(), 2u) << "no address";
}

TEST_F(StrikeOff, AChangedOneIsRefusedByTheVerifier) {
  tick_at(fixture_opens);
  ASSERT_EQ(strike(3, 0), "good");
  const Session session = in_space(0);
  ASSERT_EQ(cast(session, ballot(0, 0, 0)), "recorded");
  ASSERT_EQ(cast(session, ballot(0, 1, 0)), "recorded");
  const auto voted = credential(0).ballot_key(0).key;
  tick_at(fixture_closes);
  tick_at(fixture_closes + hour);
  count();
  ASSERT_EQ(verified(), "good");
  const auto with = [&](const std::function<void(Json&)>& change, const KeyPair& by) {
    return verified([&](PublicFiles& files) {
      auto& text = files.at("events/000001.json");
      Json body = SignedDocument::parse(text)->body();
      change(body);
      SignedDocument document(std::move(body));
      document.sign(by, state->fingerprint(), random);
      text = document.text();
    });
  };
  // The log holds the one that was posted, and no other.
  EXPECT_EQ(with([&](Json& body) { body["data"]["key"] = hex_encode(voted.encoded()); },
                 officer(president)),
            "V6 log.event");
  EXPECT_EQ(with([](Json&) {}, officer(delegate1)), "V6 log.event");
}

TEST_F(StrikeOff, OfficersAloneUntilTheClose) {
  const auto at = *place(3, 0);
  const auto signed_by = [&](const KeyPair& key) {
    return code_of(post_event(*state, draft_of(at), {&key}));
  };
  EXPECT_EQ(signed_by(officer(delegate1)), "bureau.signer");
  EXPECT_EQ(signed_by(state->keys().board), "bureau.signer");
  const auto changed = [&](const std::function<void(EventDraft&)>& change) {
    auto draft = draft_of(at);
    change(draft);
    return code_of(post_event(*state, draft, {&officer(president)}));
  };
  EXPECT_EQ(changed([](EventDraft& d) { d.data["district"] = 1; }), "bureau.data");
  EXPECT_EQ(changed([](EventDraft& d) { d.data["key"] = "00"; }), "bureau.data");
  EXPECT_EQ(changed([](EventDraft& d) { d.data["why"] = "claim"; }), "bureau.data");
  EXPECT_EQ(changed([](EventDraft& d) { d.contest = 7; }), "bureau.contest");
  EXPECT_EQ(changed([](EventDraft& d) { d.contest = {}; }), "bureau.contest");
  EXPECT_EQ(changed([](EventDraft& d) { d.contest = 1; }), "roll.key");  // of the other contest
  EXPECT_EQ(changed([&](EventDraft& d) {
              d.data["key"] = hex_encode(KeyPair::generate(random).key.encoded());
            }),
            "roll.key");
  EXPECT_EQ(count_rows("event"), 0);
  EXPECT_EQ(contests_left(3).size(), 2u);
  // A voter who is named wrongly is not the one who is struck off.
  EXPECT_EQ(changed([](EventDraft& d) { d.voter = "E1"; }), "good");
  EXPECT_EQ(contests_left(0).size(), 2u);
  EXPECT_EQ(contests_left(3), std::vector<std::uint32_t>{1});
  EXPECT_EQ(changed([](EventDraft&) {}), "roll.key") << "once";

  tick_at(fixture_opens);
  set_phase(1, "suspended");
  EXPECT_EQ(strike(3, 1), "good");
  EXPECT_EQ(strike(3, 1), "roll.not_registered");
  // As soon as the hour strikes, before the next beat writes it down.
  clock.set(fixture_closes);
  EXPECT_EQ(strike(2, 0), "bureau.phase");
}

// Drafted first, voted meanwhile: the vote stands.
TEST_F(StrikeOff, AVoteThatCameFirstStands) {
  tick_at(fixture_opens);
  const auto event = signed_file(*place(0, 0));
  const Session session = in_space(0);
  ASSERT_EQ(cast(session, ballot(0, 0, 0)), "recorded");
  EXPECT_EQ(post(event), "roll.voted");
  EXPECT_EQ(count_rows("event"), 1);
  EXPECT_EQ(contests_left(0).size(), 2u);
  // At once: the one or the other, and never half of each.
  for (std::size_t voter = 1; voter < 4; ++voter) {
    const Session hers = in_space(voter);
    const auto bytes = ballot(voter, 0, 0);
    const auto file = signed_file(*place(voter, 0));
    auto casting = std::async(std::launch::async, [&] { return cast(hers, bytes); });
    const auto struck = post(file);
    const auto recorded = casting.get();
    const bool off = struck == "good" && recorded == "ballot.not_registered";
    EXPECT_TRUE(off || (struck == "roll.voted" && recorded == "recorded"))
        << struck << " " << recorded;
    EXPECT_EQ(contests_left(voter).size(), off ? 1u : 2u);
  }
}

TEST_F(StrikeOff, SeveralDraftsAreOneAfterTheOther) {
  tick_at(fixture_opens);
  const auto drafts = draft_for_officers(*state, {draft_of(*place(0, 0)), draft_of(*place(0, 1))});
  ASSERT_TRUE(drafts) << drafts.error().code;
  ASSERT_EQ(drafts->size(), 2u);
  EXPECT_EQ((*drafts)[0].body()["number"], 1);
  EXPECT_EQ((*drafts)[1].body()["number"], 2);
  EXPECT_EQ(contests_left(0).size(), 2u) << "a draft changes nothing";
  EXPECT_EQ(count_rows("event"), 1);
  auto files = *drafts;
  for (auto& file : files) file.sign(officer(secretary), state->fingerprint(), random);
  EXPECT_EQ(post(files[1]), "bureau.stale");
  EXPECT_EQ(post(files[0]), "good");
  EXPECT_EQ(post(files[1]), "good");
  EXPECT_TRUE(contests_left(0).empty());
  // She keeps her account, and enters no voting space.
  EXPECT_EQ(code_of(sign_in(*state, SignInPolicy{}, "E1@portal.example", "Isoloir-1234-abcd", "")),
            "good");
  EXPECT_EQ(code_of(enter(portal_session(0).session, credential(0).sign_in_key())),
            "voting.no_contest");
}

// Who has a new code that the board does not know yet is struck off by the key that it knows.
TEST_F(StrikeOff, AKeyThatWaitsForItsBatchAppearsNowhere) {
  tick_at(fixture_opens);
  const auto old = credential(0).ballot_key(0).key;
  clock.advance(hour);
  replace_code(0);
  clock.advance(hour);
  replace_code(1);
  EXPECT_EQ(place(0, 0)->key, old);
  // A flow that was open when she was struck off goes on with what is left.
  clock.advance(hour);
  const auto cookie = cookie_for(0);
  const auto before = keys_for(*reissues().view(cookie), new_credential(0, Code::generate(random)));
  ASSERT_EQ(post(signed_file(*place(0, 0))), "good");
  EXPECT_EQ(cast(in_space(0), ballot(0, 0, 0)), "ballot.not_registered");
  EXPECT_EQ(issue_code(cookie, before), "reissue.keys");
  auto code = Code::generate(random);
  const auto view = reissues().view(cookie);
  ASSERT_EQ(view->contests.size(), 1u);
  ASSERT_EQ(issue_code(cookie, keys_for(*view, new_credential(0, code))), "issued");
  codes[0] = std::move(code);
  for (const std::size_t voter : {0, 1}) {
    ASSERT_EQ(cast(in_space(voter), ballot(voter, 1, 0)), "recorded");
  }
  ASSERT_EQ(cast(in_space(1), ballot(1, 0, 0)), "recorded");
  tick_at(fixture_closes);
  ASSERT_EQ(count_rows("reissue_batch"), 1);
  tick_at(fixture_closes + hour);
  const auto result = count();
  EXPECT_EQ(result["contests"][0]["registered"], 3);
  EXPECT_EQ(result["contests"][1]["registered"], 4);
  EXPECT_EQ(verified(), "good");
  EXPECT_EQ(count_rows("reissue_key WHERE contest = 0 AND added = 1"), 1) << "the other's";
}

struct StrikeOffAmongMany : StrikeOff {
  StrikeOffAmongMany() : StrikeOff(11) {}
};
// A batch between draft and post: the draft names a key that is gone. After it, the new key is the
// one that is struck off.
TEST_F(StrikeOffAmongMany, ABatchThatCameBetweenMakesTheDraftStale) {
  tick_at(fixture_opens);
  clock.advance(hour);
  for (std::size_t voter = 0; voter < 10; ++voter) replace_code(voter);
  clock.set(fixture_opens + 24 * hour - minute);
  const auto event = signed_file(*place(0, 0));
  tick_at(fixture_opens + 24 * hour);
  ASSERT_EQ(count_rows("reissue_batch"), 1);
  EXPECT_EQ(post(event), "roll.key");
  EXPECT_EQ(place(0, 0)->key, credential(0).ballot_key(0).key);
  ASSERT_EQ(post(signed_file(*place(0, 0))), "good");
  ASSERT_EQ(cast(in_space(1), ballot(1, 0, 0)), "recorded");
  ASSERT_EQ(cast(in_space(1), ballot(1, 1, 0)), "recorded");
  tick_at(fixture_closes);
  tick_at(fixture_closes + hour);
  EXPECT_EQ(count()["contests"][0]["registered"], 10);
  EXPECT_EQ(verified(), "good");
}

}  // namespace
}  // namespace isoloir
