#include "service/roll_correction.hpp"

#include "code_of.hpp"
#include "service/claim_made.hpp"
#include "service/electoral_roll.hpp"
#include "service/journal.hpp"
#include "service/reissue_fixture.hpp"
#include "stands_in.hpp"

namespace isoloir {
namespace {

struct RollCorrectionTest : ReissueFixture {
  std::string correct(std::string_view voter, const RollCells& cells, std::string_view claim = "") {
    return code_of(correct_roll(*state, voter, cells, claim, &texts, false));
  }
  std::string field(std::size_t voter, const std::string& name) {
    return *state->database().read([&](store::Transaction& t) -> Expected<std::string> {
      return t.query("SELECT " + name + " FROM voter WHERE id = $1", {roll.voters[voter].id})[0]
          .optional_text(0)
          .value_or("null");
    });
  }
  std::vector<std::string> addresses_told() {
    std::vector<std::string> told;
    for (const auto& message : inbox()) {
      if (message.kind == "roll-corrected") told.push_back(message.destination);
    }
    std::sort(told.begin(), told.end());
    return told;
  }
  std::string last_journal_row() {
    return *state->database().read([&](store::Transaction& t) -> Expected<std::string> {
      return t.query("SELECT row FROM journal ORDER BY number DESC LIMIT 1")[0].text(0);
    });
  }
  std::vector<std::string> on_roll(std::string_view words) {
    std::vector<std::string> names;
    for (const auto& line : read_electoral_roll(*state, 1, words, 1).lines) {
      names.push_back(line.name + " " + line.given_names);
    }
    return names;
  }
};

TEST_F(RollCorrectionTest, NamesAreCorrectedAndTheRollIsReadByThem) {
  const auto plan =
      plan_correction(*state, "e2", {{"nom_usage", " Dupont-Été "}, {"civilite", "Mme"}});
  ASSERT_TRUE(plan) << plan.error().code;
  EXPECT_EQ(plan->voter, "E2");
  EXPECT_EQ(plan->name, "Mme VOTANTE E2");
  ASSERT_EQ(plan->cells.size(), 1u);  // the civility is so already
  EXPECT_EQ(plan->cells[0].before, "");
  EXPECT_EQ(plan->cells[0].after, "Dupont-Été");
  EXPECT_EQ(field(1, "usage_name"), "") << "a plan writes nothing";

  const auto open = portal_session(1);
  const auto claim = made_claim(*state);
  const auto typed = claim.substr(0, 4) + claim.substr(5);  // without its hyphen
  ASSERT_EQ(correct("e2", {{"nom_usage", " Dupont-Été "}, {"prenoms", "Zoé"}}, typed), "good");
  EXPECT_EQ(on_roll("dupont ete"), std::vector<std::string>{"Dupont-Été Zoé"});
  EXPECT_EQ(on_roll("votante zoe").size(), 1u);  // by the name of birth too
  EXPECT_EQ(on_roll("E2").size(), 0u);
  EXPECT_EQ(on_roll("").size(), 3u);
  EXPECT_EQ(count_rows("roll_entry"), 6);
  EXPECT_TRUE(addresses_told().empty());
  EXPECT_TRUE(Sessions(*state, limits).find(open.token.text(), false)) << "she goes on";

  // Which fields and why, and nothing of hers.
  const auto row = last_journal_row();
  EXPECT_NE(row.find(R"("step":"roll corrected")"), std::string::npos) << row;
  EXPECT_NE(row.find(R"("columns":["nom_usage","prenoms"])"), std::string::npos) << row;
  EXPECT_NE(row.find(claim), std::string::npos) << row;
  for (const char* hers : {"Dupont", "Zoé", "VOTANTE"}) {
    EXPECT_EQ(row.find(hers), std::string::npos) << row;
  }
  EXPECT_FALSE(stands_in(row, "E2")) << row;
  EXPECT_EQ(*check_journal(state->database()), std::nullopt);
}

TEST_F(RollCorrectionTest, TheReadersRulesHoldAndARefusalChangesNothing) {
  const auto rows = count_rows("journal");
  EXPECT_EQ(correct("E9", {{"prenoms", "Zoé"}}), "roll.unknown_voter");
  EXPECT_EQ(correct("E1", {{"nom_naissance", "  "}}), "roll.invalid");
  EXPECT_EQ(correct("E1", {{"nom_usage", "a\nb"}}), "roll.invalid");
  EXPECT_EQ(correct("E1", {{"nom_usage", "\xE9t\xE9"}}), "roll.invalid");  // Latin-1
  EXPECT_EQ(correct("E1", {{"nom_usage", std::string(2000, 'a')}}), "roll.invalid");
  EXPECT_EQ(correct("E1", {{"courriel", "nobody"}}), "roll.invalid");
  EXPECT_EQ(correct("E1", {{"courriel", ""}}), "roll.invalid");  // it signs in
  EXPECT_EQ(correct("E1", {{"telephone", std::string(33, '1')}}), "roll.invalid");
  EXPECT_EQ(correct("E1", {{"courriel", "e2@PORTAL.example"}}), "roll.email_taken");
  // One value that is refused takes the good ones with it.
  EXPECT_EQ(correct("E1", {{"prenoms", "Zoé"}, {"courriel", "x"}}), "roll.invalid");
  EXPECT_EQ(correct("E1", {{"civilite", "Mme"}}), "roll.unchanged");
  for (const char* claim : {"de Mme Zoé", "R-2022/17", "K7QD-2M4X"}) {
    EXPECT_EQ(correct("E1", {{"prenoms", "Zoé"}}, claim), "roll.claim") << claim;
  }
  EXPECT_EQ(field(0, "given_names"), "E1");
  EXPECT_EQ(field(0, "email"), "E1@portal.example");
  EXPECT_EQ(count_rows("journal"), rows);
  // Her own address in other letters is hers.
  EXPECT_EQ(correct("E1", {{"courriel", "e1@portal.example"}}, ""), "good");
  EXPECT_EQ(field(0, "email_key"), "e1@portal.example");

  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute("UPDATE hours SET grace_ends_at = closes_at", {});
    return {};
  }));
  EXPECT_EQ(correct("E1", {{"prenoms", "Zoé"}}), "roll.closed");
}

TEST_F(RollCorrectionTest, WithAnotherAddressWhatWasSentIsGoodForNothing) {
  const auto link = link_for(0);
  const auto others = link_for(1);
  const auto open = portal_session(0);
  const auto others_open = portal_session(1);
  ASSERT_EQ(correct("E1", {{"courriel", "camille@autre.example"}}), "good");
  EXPECT_EQ(open_code(link), "reissue.link_expired");
  EXPECT_EQ(open_code(others), "opened");
  EXPECT_FALSE(Sessions(*state, limits).find(open.token.text(), false));
  EXPECT_TRUE(Sessions(*state, limits).find(others_open.token.text(), false));
  EXPECT_EQ(addresses_told(),
            (std::vector<std::string>{"E1@portal.example", "camille@autre.example"}));
  // Where the organiser made her account she signs in with the new address, and with no other.
  const auto signs_in = [&](std::string_view email) {
    return code_of(sign_in(*state, SignInPolicy{5, minute}, email, "Isoloir-1234-abcd", ""));
  };
  EXPECT_EQ(signs_in("Camille@autre.example"), "good");
  EXPECT_EQ(signs_in("E1@portal.example"), "sign_in.refused");
  const auto row = last_journal_row();
  EXPECT_EQ(row.find("autre"), std::string::npos) << row;
}

TEST_F(RollCorrectionTest, WithAnotherNumberTooAndSheStaysSignedIn) {
  const auto link = link_for(0);
  const auto open = portal_session(0);
  ASSERT_EQ(correct("E1", {{"telephone", "06 12 34 56 78"}}), "good");
  EXPECT_EQ(open_code(link), "reissue.link_expired");
  EXPECT_TRUE(Sessions(*state, limits).find(open.token.text(), false));
  EXPECT_EQ(addresses_told(), std::vector<std::string>{"E1@portal.example"});
  // Without a way for messages nobody is told, and the caller says so.
  const auto untold = correct_roll(*state, "E1", {{"telephone", ""}}, "", nullptr, true);
  ASSERT_TRUE(untold);
  EXPECT_TRUE(untold->of_address);
  EXPECT_EQ(untold->told, 0);
  EXPECT_EQ(addresses_told().size(), 1u);
}

// Whoever reads the address before may have opened the account: it is opened anew at the one after.
// Where accounts are the organiser's business nobody could.
TEST_F(RollCorrectionTest, AnotherAddressOpensTheAccountAnew) {
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute("UPDATE voter SET invited_at = 1", {});
    return {};
  }));
  const auto waiting = [&] { return count_rows("voter WHERE invited_at IS NULL"); };
  (void)link_for(1);
  (void)link_for(2);
  ASSERT_TRUE(state->database().write([](store::Transaction& t) -> Status {
    t.execute("UPDATE reissue_flow SET cancel_mac = randomblob(32)", {});
    return {};
  }));
  const auto accounts = count_rows("account");
  ASSERT_EQ(correct("E2", {{"telephone", "06 12 34 56 78"}}), "good");
  const auto kept =
      correct_roll(*state, "E1", {{"courriel", "a@autre.example"}}, "", &texts, false);
  ASSERT_TRUE(kept);
  EXPECT_FALSE(kept->invited);
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(count_rows("account"), accounts);
  const auto anew = correct_roll(*state, "E2", {{"courriel", "b@autre.example"}}, "", &texts, true);
  ASSERT_TRUE(anew);
  EXPECT_TRUE(anew->invited);
  EXPECT_EQ(waiting(), 1);
  EXPECT_EQ(count_rows("account WHERE voter = 'E2'"), 0);
  // What was sent to the address before could still block what is opened anew.
  EXPECT_EQ(count_rows("reissue_flow WHERE voter = 'E2' AND cancel_mac IS NOT NULL"), 0);
  EXPECT_EQ(count_rows("reissue_flow WHERE voter = 'E3' AND cancel_mac IS NOT NULL"), 1);
  EXPECT_EQ(count_rows("account"), accounts - 1);
}

struct RollCorrectionByIdentifier : VotingFixture {
  RollCorrectionByIdentifier() : VotingFixture(3, identifier_and_password()) {}
};
// Where an identifier signs in, a couple may share an address, and one may have none.
TEST_F(RollCorrectionByIdentifier, AnAddressMayBeSharedOrTakenAway) {
  EXPECT_EQ(
      code_of(correct_roll(*state, "E1", {{"courriel", "E2@portal.example"}}, "", nullptr, false)),
      "good");
  EXPECT_EQ(code_of(correct_roll(*state, "E3", {{"courriel", ""}}, "", nullptr, false)), "good");
  EXPECT_EQ(count_rows("voter WHERE email_key IS NOT NULL"), 0);
}

}  // namespace
}  // namespace isoloir
