#include "service/help_desk.hpp"

#include <algorithm>

#include "service/reissue_fixture.hpp"

namespace isoloir {
namespace {

struct HelpDesk : ReissueFixture {
  VoterDesk desk(std::size_t voter = 0) {
    const auto found = desk_of(*state, {&policy, nullptr}, {}, roll.voters[voter].id);
    EXPECT_TRUE(found);
    return *found;
  }
  std::vector<std::string> states() {
    std::vector<std::string> names;
    for (const auto& item : desk().reissues) names.push_back(item.state);
    return names;
  }
  using Code = VoterDesk::Code;
  using Next = VoterDesk::Next;
  using States = std::vector<std::string>;
};

TEST_F(HelpDesk, FollowsAVoterThroughAReissue) {
  auto seen = desk();
  EXPECT_EQ(seen.voter, "E1");
  EXPECT_EQ(seen.code, Code::valid);
  EXPECT_TRUE(seen.reissues.empty() && seen.messages.empty() && seen.replaced_at.empty());
  EXPECT_EQ(seen.next, Next::ask);
  EXPECT_EQ(seen.next_at, clock.now()) << "at once";

  const TimeMs asked = clock.now();
  const auto sent = ask(0, form(0));
  ASSERT_TRUE(sent);
  seen = desk();
  ASSERT_EQ(seen.reissues.size(), 1u);
  EXPECT_EQ(seen.reissues[0].reference, sent->reference);
  EXPECT_EQ(seen.reissues[0].state, "sent");
  EXPECT_EQ(seen.reissues[0].requested_at, asked);
  EXPECT_EQ(seen.next, Next::open_link) << "before anything else";
  EXPECT_EQ(seen.next_until, seen.reissues[0].until);
  EXPECT_EQ(seen.next_at, asked + minute) << "once a minute";
  ASSERT_EQ(seen.messages.size(), 1u);
  EXPECT_EQ(seen.messages[0].kind, "reissue-link");
  EXPECT_EQ(seen.messages[0].status, "queued");
  EXPECT_EQ(seen.messages[0].opened, false);
  EXPECT_EQ(seen.messages[0].destination, "c…@e….org");

  const auto link = token_in("reissue-link");
  EXPECT_EQ(desk().reissues[0].until, asked + policy.email_link_ms) << "once the relay has it";
  clock.advance(minute);
  const auto opened = open_link(link);
  EXPECT_EQ(desk().messages[0].status, "delivered");
  EXPECT_EQ(desk().messages[0].opened, true);
  EXPECT_EQ(states(), States{"opened"});
  EXPECT_EQ(desk().next, Next::finish);
  clock.advance(minute);
  const TimeMs made = clock.now();
  ASSERT_EQ(issue_code(opened->cookie,
                       keys_for(opened->view, new_credential(0, isoloir::Code::generate(random)))),
            "issued");
  seen = desk();
  EXPECT_EQ(states(), States{"issued"});
  EXPECT_EQ(seen.code, Code::valid);
  EXPECT_EQ(seen.code_since, made);
  EXPECT_EQ(seen.replaced_at, std::vector<TimeMs>{made});
  EXPECT_EQ(seen.messages.size(), 2u);
  EXPECT_EQ(seen.messages[0].kind, "reissue-notice");
  EXPECT_FALSE(seen.messages[0].opened) << "it has no link that is opened";
  EXPECT_EQ(seen.messages[1].opened, true);
  EXPECT_EQ(seen.messages[0].destination, "E…@p….example");
  clock.advance(policy.repeat_ms);
  EXPECT_EQ(states(), States{"done"});
  outbox_of(*state).purge(clock.now() + hour);
  EXPECT_EQ(desk().messages[1].destination, "") << "wiped";
  EXPECT_EQ(desk().messages[1].status, "delivered") << "the row stays";
}

TEST_F(HelpDesk, SaysWhenTheNextRequestIsAllowed) {
  const TimeMs first = clock.now();
  auto wrong = form(0);
  wrong.answer = "wrong";
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask_code(0, wrong), "reissue.wrong_proof");
    EXPECT_EQ(desk().proofs_left, 4u - static_cast<unsigned>(i));
    const auto next = desk().next_at;
    EXPECT_EQ(next, (i < 4 ? clock.now() + (minute << i) : first + 24 * hour));
    clock.set(next - 1);
    EXPECT_EQ(ask_code(0, form(0)), "reissue.delayed") << "and it is true";
    clock.set(next);
  }
  EXPECT_EQ(desk().next_at, clock.now());
  EXPECT_EQ(ask_code(0, form(0)), "sent");
}

TEST_F(HelpDesk, NamesTheAssistedPath) {
  policy.per_election = 1;
  replace_code(0);
  EXPECT_EQ(desk().next, Next::limit);
  policy.per_election = 3;
  EXPECT_EQ(desk().next, Next::ask);
  ASSERT_TRUE(cancel_reissue(*state, token_in("reissue-notice")));
  EXPECT_EQ(desk().next, Next::blocked);
  EXPECT_EQ(desk().code, Code::blocked);
  EXPECT_EQ(states(), States{"blocked"});
  EXPECT_EQ(desk(1).next, Next::ask) << "another voter";
  EXPECT_EQ(desk_of(*state, {}, {}, "E2")->next, Next::no_service);
  EXPECT_EQ(desk_of(*state, {&policy, nullptr}, {}, "E9").error().code, "desk.unknown_voter");
  clock.set(fixture_closes);
  EXPECT_EQ(desk(1).next, Next::over);
}

TEST_F(HelpDesk, BeforeTheHourTheVoteIsNotOpenYet) {
  clock.set(fixture_opens - hour);
  set_phase(0, "sealed");
  set_phase(1, "sealed");
  EXPECT_EQ(desk().next, Next::not_yet);
}

// As the voter's own page says it: to the minute, and never before it has come.
TEST_F(HelpDesk, TheNextTimeIsThatOfTheVotersPage) {
  clock.set(fixture_opens + hour + 20'000);
  ASSERT_EQ(ask_code(0, form(0)), "sent");
  EXPECT_EQ(desk().next_at, fixture_opens + hour + 2 * minute);
}

// By whatever the caller can say.
TEST_F(HelpDesk, FindsTheCaller) {
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute(
        "UPDATE voter SET birth_name = 'LEFÈVRE-Ñandú', given_names = 'Zoé', birth_date = "
        "'1971-03-04' WHERE id = 'E2'",
        {});
    t.execute("UPDATE voter SET usage_name = 'D’Été', birth_date = '1980-00-00' WHERE id = 'E3'",
              {});
    return {};
  }));
  const auto found = [&](std::string_view said) {
    std::string ids;
    for (const auto& match : find_voters(*state, said)) ids += match.voter + " ";
    return ids;
  };
  EXPECT_EQ(found("E2"), "E2 ");
  EXPECT_EQ(found("e2"), "E2 ");
  EXPECT_EQ(found("e2@Portal.Example"), "E2 ");
  EXPECT_EQ(found("lefevre nandu zoe"), "E2 ");
  EXPECT_EQ(found("Zoé Lefèvre"), "E2 ");
  EXPECT_EQ(found("mme d'ete"), "E3 ");
  EXPECT_EQ(found("Votante"), "E1 E3 ") << "birth names too";
  EXPECT_EQ(found("Votant"), "") << "whole words";
  EXPECT_EQ(found("personne"), "");
  EXPECT_EQ(found(""), "");
  const auto sent = ask(0, form(0));
  ASSERT_TRUE(sent);
  EXPECT_EQ(found(sent->reference), "E1 ");
  EXPECT_EQ(found(sent->reference.substr(0, 4) + sent->reference.substr(5)), "E1 ");
  const auto match = find_voters(*state, "zoe").at(0);
  EXPECT_EQ(match.name, "Mme LEFÈVRE-Ñandú Zoé");
  EXPECT_EQ(match.birth_year, "1971");
  EXPECT_EQ(desk(1).name, match.name);
}

TEST_F(HelpDesk, AnInvalidatedCodeAndTheStatesOfLinks) {
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(desk().code_tries_left, 5 - i);
    (void)try_code(0, credential(1));
  }
  EXPECT_EQ(desk().code, Code::invalidated);
  EXPECT_EQ(desk().code_since, clock.now());
  (void)link_for(0);
  clock.advance(2 * minute);
  (void)link_for(0);
  EXPECT_EQ(states(), (States{"sent", "superseded"}));
  clock.advance(policy.email_link_ms);
  EXPECT_EQ(states(), (States{"expired", "superseded"}));
}

// The same for who has voted and who has not: sign-offs are nobody's business here.
TEST_F(HelpDesk, TellsNothingOfTheVote) {
  const auto before = desk();
  ASSERT_EQ(cast(in_space(0), ballot(0, 0, 1)), "recorded");
  const auto after = desk();
  EXPECT_EQ(after.code, before.code);
  EXPECT_EQ(after.code_since, before.code_since);
  EXPECT_EQ(after.next, before.next);
  EXPECT_EQ(after.reissues.size() + after.messages.size() + after.replaced_at.size(), 0u);
}

TEST_F(HelpDesk, MasksWhatItNames) {
  EXPECT_EQ(masked("camille.electeur@example.org"), "c…@e….org");
  EXPECT_EQ(masked("x@mail.example.co.uk"), "x…@m….uk");
  EXPECT_EQ(masked("+33612345678"), "+33…78");
  EXPECT_EQ(masked("+331"), "…");
  EXPECT_EQ(masked(""), "");
}

}  // namespace
}  // namespace isoloir
