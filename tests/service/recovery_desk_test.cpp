// What the help desk reads of a voter who signs in with identifier and password.
#include "service/help_desk.hpp"
#include "service/recovery_fixture.hpp"

namespace isoloir {
namespace {

struct RecoveryDesk : RecoveryFixture {
  using Next = VoterDesk::Next;
  VoterDesk desk(std::size_t voter = 0) {
    return *desk_of(*state, {nullptr, &policy}, {0, 10 * minute}, id(voter));
  }
  void set(std::size_t voter, std::string_view column, std::string_view value) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute("UPDATE voter SET " + std::string(column) + " = $2 WHERE id = $1",
                {id(voter), value});
      return {};
    }));
  }
};

TEST_F(RecoveryDesk, FollowsALostPassword) {
  EXPECT_TRUE(desk().with_keys);
  EXPECT_EQ(desk().next, Next::ask);
  EXPECT_EQ(desk().identifier_next, Next::ask);
  EXPECT_EQ(desk().proofs_left, policy.password.proofs.per_day);
  const auto link = token_for(0);
  EXPECT_EQ(desk().next, Next::open_link);
  EXPECT_EQ(desk().next_until, clock.now() + policy.password.email_link_ms);
  EXPECT_EQ(desk().messages[0].kind, "password-link");
  EXPECT_NE(renew(link, identifier(1)), "renewed");
  EXPECT_EQ(desk().proofs_left, policy.password.proofs.per_day - 1);
  clock.advance(minute);
  EXPECT_EQ(renew(link, identifier(0)), "renewed");
  EXPECT_EQ(desk().reissues[0].state, "done");
  EXPECT_EQ(desk().next, Next::ask) << "as often as policy says";
  EXPECT_EQ(desk().identifier_next, Next::apart) << "never both (L2)";
  EXPECT_GE(desk().identifier_next_at, clock.now() + policy.apart_ms - minute);
  EXPECT_EQ(desk(1).identifier_next, Next::ask) << "another voter";
  clock.set(desk().identifier_next_at);
  EXPECT_EQ(desk().identifier_next, Next::ask);
}

TEST_F(RecoveryDesk, SaysWhatStandsInTheWay) {
  ask_identifier(1);
  EXPECT_EQ(desk(1).next, Next::apart);
  set(0, "phone", "");
  EXPECT_EQ(desk(0).next, Next::no_phone);
  EXPECT_EQ(desk(0).identifier_next, Next::ask);
  set(0, "email", "");
  EXPECT_EQ(desk(0).next, Next::no_email);
  EXPECT_EQ(desk(0).identifier_next, Next::no_email);
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    t.execute("DELETE FROM recovery WHERE voter = $1", {id(2)});
    return {};
  }));
  EXPECT_EQ(desk(2).next, Next::no_number);
  clock.set(fixture_closes);
  EXPECT_EQ(desk(2).next, Next::over);
  EXPECT_EQ(desk(2).identifier_next, Next::over);
  EXPECT_EQ(desk_of(*state, {}, {0, 0}, id(0))->next, Next::no_service);
}

}  // namespace
}  // namespace isoloir
