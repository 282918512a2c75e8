#include "cli/duties.hpp"

#include <algorithm>

#include "service/bureau.hpp"
#include "service/reissue_fixture.hpp"

namespace isoloir::cli {
namespace {

// What a duty writes, and the duty that then fails.
struct Broken {
  const char* table;
  const char* column;
  const char* duty;
};

void PrintTo(const Broken& broken, std::ostream* out) {
  *out << broken.duty;
}

struct Duties : ReissueFixture, testing::WithParamInterface<Broken> {
  Sessions sessions{*state, limits};
  InboxTransport transport;
  ConfirmationPolicy confirming;
  Confirmations confirmations{*state, confirming, texts};
  std::vector<Duty> duties = duties_of(*state, *log, sessions, {.confirmations = &confirmations});
  std::vector<std::string> said;

  void beat() {
    said.clear();
    do_duties(duties, [&](std::string_view line) { said.emplace_back(line); });
  }
  void script(std::string_view sql) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.script(sql);
      return {};
    }));
  }
};

TEST_P(Duties, EachIsDoneWhateverBecomesOfTheOthers) {
  const auto& [table, column, name] = GetParam();
  const std::string failed = name;
  // Something to do for each.
  ASSERT_EQ(ask_code(1, form(1)), "sent");
  outbox_of(*state).deliver(transport, state->now());
  beat();
  ASSERT_TRUE(said.empty()) << said[0];
  clock.advance(25 * hour);
  ASSERT_EQ(ask_code(2, form(2)), "sent");
  script("INSERT INTO throttle (key, failures, delayed_until, at) VALUES (x'00', 1, 0, 1)");
  script("INSERT INTO confirmation (voter, contest, code_mac, state, expires_at, tries) VALUES ('" +
         roll.voters[0].id + "', 0, x'00', 'sent', 1, 0)");
  ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
    put_pending_leaf(*state, t, random.array<32>());
    return {};
  }));
  for (const auto& event :
       {std::string("INSERT"), std::string("UPDATE OF ") + column, std::string("DELETE")}) {
    script("CREATE TRIGGER broken_" + event.substr(0, 6) + " BEFORE " + event + " ON " + table +
           " BEGIN SELECT RAISE(ABORT, 'broken'); END");
  }
  beat();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].starts_with(failed + ": failed 1 time since the start")) << said[0];
  beat();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].starts_with(failed + ": failed 2 times since the start")) << said[0];
  for (const auto& duty : duties) EXPECT_EQ(duty.failures, duty.name == failed ? 2u : 0u);

  const auto before = " < " + std::to_string(clock.now() - 24 * hour);
  const std::pair<std::string, std::string> left[] = {
      {"round of the log", "pending_leaf"},
      {"end of old confirmation codes", "confirmation"},
      {"end of old sessions", "session WHERE seen_at" + before},
      {"end of old sign-in failures", "throttle"},
      {"end of old reissues", "attempt WHERE at" + before},
      {"purge of messages", "message WHERE sealed IS NOT NULL AND status_at" + before},
  };
  for (const auto& [duty, rows] : left) EXPECT_EQ(count_rows(rows) == 0, duty != failed) << duty;

  for (const std::string event : {"INSERT", "UPDATE", "DELETE"}) {
    script("DROP TRIGGER broken_" + event);
  }
  beat();
  EXPECT_TRUE(said.empty());
  for (const auto& [duty, rows] : left) EXPECT_EQ(count_rows(rows), 0) << "done late: " << duty;
}
INSTANTIATE_TEST_SUITE_P(, Duties,
                         testing::Values(Broken{"session", "id", "end of old sessions"},
                                         Broken{"throttle", "key", "end of old sign-in failures"},
                                         Broken{"attempt", "id", "end of old reissues"},
                                         Broken{"confirmation", "code_mac",
                                                "end of old confirmation codes"},
                                         Broken{"log_leaf", "leaf", "round of the log"},
                                         Broken{"message", "sealed", "purge of messages"}));

}  // namespace
}  // namespace isoloir::cli
