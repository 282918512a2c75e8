// FranceConnect in place of question and link, from the civil identity on; the dialogue with a
// provider is tests/browser/franceconnect.test.mjs.
#include "service/identification.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "base/limits.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

// A connection of its own that writes, for as long as it lives.
class ExclusiveWriter {
 public:
  explicit ExclusiveWriter(const std::filesystem::path& database) {
    EXPECT_EQ(sqlite3_open(database.c_str(), &handle_), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~ExclusiveWriter() { sqlite3_close(handle_); }
  ExclusiveWriter(const ExclusiveWriter&) = delete;
  ExclusiveWriter& operator=(const ExclusiveWriter&) = delete;

 private:
  sqlite3* handle_ = nullptr;
};

class Identification : public ReissueFixture {
 protected:
  Identification() {
    for (std::size_t v = 0; v < roll.voters.size(); ++v) {
      is_born(v, "ÉLECTEUR", "Camille " + std::to_string(v), "1985-02-28", "75056");
    }
  }
  void is_born(std::size_t voter, std::string_view name, std::string_view given,
               std::string_view date, std::string_view place) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute(
          "UPDATE voter SET birth_name = $2, given_names = $3, birth_date = $4, gender = 'F', "
          "birth_place = $5, birth_country = '99100' WHERE id = $1",
          {roll.voters[voter].id, name, given, date, place});
      return {};
    }));
  }
  static PivotIdentity vouched(std::size_t voter) {
    return {"Electeur",   {"CAMILLE " + std::to_string(voter), "Andrée"},
            "1985-02-28", "female",
            "75114",      "99100"};
  }
  ReissueResult<ReissueOpened> identify(std::size_t voter, const PivotIdentity& identity) {
    return reissues().open_identified(portal_session(voter).session, identity, "192.0.2.1", "fr");
  }
  std::string identify_code(std::size_t voter, const PivotIdentity& identity) {
    const auto opened = identify(voter, identity);
    return opened ? "opened" : opened.error().code;
  }
  std::size_t count(const std::string& table) {
    return *state->database().read([&](store::Transaction& t) -> Expected<std::size_t> {
      return static_cast<std::size_t>(t.query("SELECT COUNT(*) FROM " + table)[0].integer(0));
    });
  }
};

TEST_F(Identification, R59WhoIsIdentifiedMakesANewCodeAtOnce) {
  const auto opened = identify(0, vouched(0));
  ASSERT_TRUE(opened) << opened.error().code;
  EXPECT_TRUE(inbox().empty()) << "no link leaves";
  const auto status = reissues().status(roll.voters[0].id);
  EXPECT_EQ(status.kind, ReissueStatus::Kind::opened);
  EXPECT_TRUE(status.identified);
  const auto view = reissues().view(opened->opener);
  ASSERT_TRUE(view);
  const auto code = Code::generate(random);
  const auto credential = new_credential(0, code);
  EXPECT_EQ(issue_code(opened->opener, keys_for(*view, credential)), "issued");
  EXPECT_EQ(try_code(0, credential), CodeVerdict::Kind::accepted);
  EXPECT_FALSE(token_in("reissue-notice").empty()) << "47: the address on file is told";
}

TEST_F(Identification, R59AnotherNobodyOrSeveralAreNotBelieved) {
  auto stranger = vouched(0);
  stranger.birth_date = "1985-02-27";
  EXPECT_EQ(identify_code(0, stranger), "reissue.identity");
  auto homonym = vouched(0);
  homonym.birth_place = "69123";
  EXPECT_EQ(identify_code(0, homonym), "reissue.identity") << "of the same name and day, elsewhere";
  EXPECT_TRUE(alerts.empty());
  EXPECT_EQ(identify_code(0, vouched(1)), "reissue.identity");
  EXPECT_EQ(alerts.size(), 1u) << "somebody else of the roll sits in this session";
  is_born(1, "ELECTEUR", "Camille 0", "1985-00-00", "");
  EXPECT_EQ(identify_code(0, vouched(0)), "reissue.identity")
      << "of whom the roll says little, nobody can say that she is not the one";
  EXPECT_EQ(count("reissue_flow"), 0u);
}

TEST_F(Identification, R59ARollThatSaysTooLittleIsNobodys) {
  is_born(0, "ÉLECTEUR", "Camille 0", "1985-02-28", "");
  EXPECT_EQ(identify_code(0, vouched(0)), "reissue.identity") << "born in France says nothing";
}

TEST_F(Identification, R17R18ItReplacesALinkAndIsReplacedByOne) {
  const auto link = link_for(0);
  clock.advance(minute);
  const auto opened = identify(0, vouched(0));
  ASSERT_TRUE(opened) << opened.error().code;
  EXPECT_EQ(open_code(link), "reissue.link_superseded");
  clock.advance(minute);
  (void)link_for(0);
  const auto late = reissues().view(opened->opener);
  EXPECT_FALSE(late) << "the newer request is the one";
}

TEST_F(Identification, LimitsAndBlocksAreThoseOfTheLink) {
  ASSERT_TRUE(identify(0, vouched(0)));
  const auto again = identify(0, vouched(0));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "reissue.throttled");
  EXPECT_EQ(again.error().at, clock.now() + minute);
  EXPECT_EQ(ask_code(0, form(0)), "reissue.throttled") << "counted together";
  policy.per_election = 1;
  replace_code(1);
  clock.advance(minute);
  EXPECT_EQ(identify_code(1, vouched(1)), "reissue.limit");
  ASSERT_TRUE(cancel_reissue(*state, token_in("reissue-notice")));
  EXPECT_EQ(identify_code(1, vouched(1)), "reissue.blocked");
}

TEST_F(Identification, R05NothingOnceTheVoteIsClosed) {
  clock.set(fixture_closes);
  EXPECT_EQ(identify_code(0, vouched(0)), "reissue.closed");
}

TEST_F(Identification, R54ASessionThatEndedMeanwhileOpensNothing) {
  const auto portal = portal_session(0).session;
  Sessions(*state, {hour, hour}).end(portal);
  const auto opened = reissues().open_identified(portal, vouched(0), "192.0.2.1", "fr");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "identity.stale");
  EXPECT_EQ(count("reissue_flow"), 0u);
}

// A provider that nobody can reach.
class Unreachable : public Identification {
 protected:
  openid::Registration registration{
      "http://127.0.0.1:1/api/v2", "isoloir", {"openid"}, {"eidas1"}, jose::Signing::es256,
      jose::Signing::es256,        false,     {}};
  openid::Client client{registration, {Secret(std::string("secret")), {}}, clock};
  Reissues self_service = reissues();
  Identifications identifications{*state, client, self_service,
                                  [this](std::string_view line) { alerts.emplace_back(line); }};
  std::string begin_code(const Session& session) {
    const auto begun = identifications.begin(session);
    return begun ? "begun" : begun.error().code;
  }
};

TEST_F(Unreachable, ItIsSaidAndTriesAreCounted) {
  const auto session = portal_session(0).session;
  for (std::size_t i = 0; i < limits::openid_tries_minute; ++i) {
    EXPECT_EQ(begin_code(session), "identity.unavailable");
  }
  EXPECT_EQ(alerts.size(), limits::openid_tries_minute);
  EXPECT_EQ(begin_code(session), "reissue.throttled");
  clock.advance(minute);
  EXPECT_EQ(begin_code(session), "identity.unavailable");
  EXPECT_EQ(begin_code(portal_session(1).session), "identity.unavailable") << "another voter";
}

TEST_F(Unreachable, WhatWouldBeRefusedOnTheWayBackIsRefusedBefore) {
  (void)link_for(0);
  EXPECT_EQ(begin_code(portal_session(0).session), "reissue.throttled");
  clock.set(fixture_closes);
  EXPECT_EQ(begin_code(portal_session(0).session), "reissue.closed");
  EXPECT_TRUE(alerts.empty()) << "nobody was asked";
}

TEST_F(Unreachable, R56NoReturnIsAwaitedThatNobodyAskedFor) {
  const auto session = portal_session(0).session;
  const auto finish = [&](const std::optional<std::string>& state_text) {
    return identifications.finish(session, {state_text, "code", {}, {}, "192.0.2.1", "fr"})
        ->opened.error()
        .code;
  };
  // Another program holds the database for writing: none of this may wait for it.
  ExclusiveWriter writer(paths().database());
  for (const auto& text : {std::optional<std::string>(), std::optional<std::string>(""),
                           std::optional<std::string>("x"), std::optional(std::string(43, 'A'))}) {
    EXPECT_EQ(finish(text), "identity.stale");
  }
}

TEST_F(Unreachable, TheRowOfAStateIsGoneAfterItsTime) {
  EXPECT_EQ(begin_code(portal_session(0).session), "identity.unavailable");
  EXPECT_EQ(count("identification"), 1u);
  clock.advance(limits::openid_round_trip_ms + 1);
  EXPECT_EQ(begin_code(portal_session(0).session), "identity.unavailable");
  EXPECT_EQ(count("identification"), 1u);
}

TEST_F(Unreachable, ALogoutIsOursOrNothing) {
  for (const auto* held : {"", "AAAA", "by-hand"}) {
    EXPECT_EQ(identifications.logout(held).error().code, "identity.logout") << held;
  }
}

// ---- One answer for a question that comes twice

TEST(AnsweredOnce, TheSameForAMinute) {
  AnsweredOnce<int> once;
  int asked = 0;
  const auto work = [&] { return ++asked; };
  const ByteArray<32> key{1}, other{2};
  EXPECT_EQ(once.once(key, 0, work), 1);
  EXPECT_EQ(once.once(key, minute_ms - 1, work), 1);
  EXPECT_EQ(once.once(other, 0, work), 2);
  EXPECT_EQ(once.once(key, minute_ms, work), 3);
  EXPECT_THROW(once.once({3}, 0, []() -> int { throw std::runtime_error("disk"); }),
               std::runtime_error);
  EXPECT_EQ(once.once({3}, 0, work), 4) << "what failed is no answer";
  EXPECT_EQ(once.once({4}, 0, work, [](const int&) { return false; }), 5);
  EXPECT_EQ(once.once({4}, 0, work), 6) << "nor what is not to be kept";
}

TEST(AnsweredOnce, AsManyWaitAsMay) {
  AnsweredOnce<int> once(1);
  std::promise<void> begun, go, waits;
  const ByteArray<32> key{1};
  const auto never = []() -> int { throw std::runtime_error("asked twice"); };
  auto first = std::async(std::launch::async, [&] {
    return once.once(key, 0, [&] {
      begun.set_value();
      go.get_future().wait();
      return 7;
    });
  });
  begun.get_future().wait();
  // Of two more, one waits and the other is told at once that it may not.
  std::atomic<int> answers = 0;
  const auto more = [&] {
    const auto answer = once.once(key, 0, never);
    if (++answers == 1) waits.set_value();
    return answer;
  };
  auto second = std::async(std::launch::async, more);
  auto third = std::async(std::launch::async, more);
  waits.get_future().wait();
  EXPECT_EQ(once.once(key, 0, never), std::nullopt);
  go.set_value();
  EXPECT_EQ(first.get(), 7);
  EXPECT_EQ(second.get().value_or(0) + third.get().value_or(0), 7);
  EXPECT_EQ(once.once(key, 0, never), 7) << "nobody waits for what is there";
}

// ---- What is held of a provider

using Wanted = openid::Held<int>::Wanted;

// Requirement 57, of a provider whose keys cannot be had: an unknown key costs one question a
// minute.
TEST(Held, WhatIsNotToBeHadIsAskedForOnceAMinuteToo) {
  openid::Held<int> held;
  int fetched = 0;
  bool down = false;
  const auto fetch = [&]() -> Expected<int> {
    ++fetched;
    if (down) return fail("openid.network", "down");
    return fetched;
  };
  const TimeMs refresh = limits::openid_keys_refresh_ms;
  const TimeMs start = 10 * refresh;
  EXPECT_EQ(held.get(start, Wanted::held, fetch), 1);
  down = true;
  EXPECT_FALSE(held.get(start + 1, Wanted::renewed, fetch));
  EXPECT_FALSE(held.get(start + 2, Wanted::renewed, fetch));
  EXPECT_FALSE(held.get(start + refresh, Wanted::renewed, fetch));
  EXPECT_EQ(fetched, 2);
  EXPECT_EQ(held.get(start + 3, Wanted::held, fetch), 1) << "what is held serves whom it serves";
  EXPECT_FALSE(held.get(start + 1 + refresh, Wanted::renewed, fetch)) << "the next minute";
  EXPECT_EQ(fetched, 3);
  down = false;
  EXPECT_FALSE(held.get(start + 2 + refresh, Wanted::renewed, fetch));
  EXPECT_EQ(held.get(start, Wanted::renewed, fetch), 4) << "the clock was set back";
  EXPECT_EQ(fetched, 4);
}

TEST(Held, WhoIsToBeSentThereIsToldWhenItDoesNotAnswer) {
  openid::Held<int> held;
  int fetched = 0;
  bool down = false;
  const auto fetch = [&]() -> Expected<int> {
    ++fetched;
    if (down) return fail("openid.network", "down");
    return fetched;
  };
  const TimeMs start = 1'000'000;
  EXPECT_EQ(held.get(start, Wanted::answering, fetch), 1);
  down = true;
  EXPECT_EQ(held.get(start + limits::openid_answering_ms - 1, Wanted::answering, fetch), 1);
  EXPECT_EQ(fetched, 1) << "it has just answered";
  EXPECT_FALSE(held.get(start + limits::openid_answering_ms, Wanted::answering, fetch));
  EXPECT_EQ(held.get(start + limits::openid_answering_ms, Wanted::held, fetch), 1)
      << "who is on the way back is served";
  down = false;
  EXPECT_EQ(held.get(start + limits::openid_answering_ms + 1, Wanted::answering, fetch), 3)
      << "nobody waits once it answers again";
}

TEST(Held, FetchedOnceUsedWhileItIsGoodAndLongerWhereNothingNewerCanBeHad) {
  openid::Held<int> held;
  int fetched = 0;
  bool down = false;
  const auto fetch = [&]() -> Expected<int> {
    ++fetched;
    if (down) return fail("openid.network", "down");
    return fetched;
  };
  const TimeMs life = limits::openid_discovery_life_ms;
  EXPECT_EQ(held.get(0, Wanted::held, fetch), 1);
  EXPECT_EQ(held.get(life - 1, Wanted::held, fetch), 1);
  EXPECT_EQ(held.get(life - 1, Wanted::renewed, fetch), 2) << "an unknown key: at once";
  EXPECT_EQ(held.get(life, Wanted::renewed, fetch), 2) << "then once a minute";
  EXPECT_EQ(held.get(life - 1 + limits::openid_keys_refresh_ms, Wanted::renewed, fetch), 3);
  down = true;
  const TimeMs later = 3 * life;
  EXPECT_EQ(held.get(later, Wanted::held, fetch), 3) << "the old one serves";
  EXPECT_EQ(held.get(later + limits::openid_retry_ms - 1, Wanted::held, fetch), 3);
  EXPECT_EQ(fetched, 4) << "and nobody waits for the provider again just now";
  EXPECT_FALSE(held.get(later + limits::openid_stale_ms, Wanted::held, fetch)) << "not for ever";
  EXPECT_FALSE(held.get(later + limits::openid_stale_ms, Wanted::held, fetch));
  EXPECT_EQ(fetched, 6) << "with nothing held, each asks";
}

TEST(Held, WhoeverComesMeanwhileWaitsForTheSame) {
  openid::Held<int> held;
  std::promise<void> go;
  const auto gate = go.get_future().share();
  std::atomic<int> fetched = 0;
  const auto fetch = [&]() -> Expected<int> {
    gate.wait();
    return ++fetched;
  };
  auto first = std::async(std::launch::async, [&] { return *held.get(0, Wanted::held, fetch); });
  auto second = std::async(std::launch::async, [&] { return *held.get(0, Wanted::held, fetch); });
  go.set_value();
  EXPECT_EQ(first.get() + second.get(), 2);
  EXPECT_EQ(fetched, 1);
}

}  // namespace
}  // namespace isoloir
