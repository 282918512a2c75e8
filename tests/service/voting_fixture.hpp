// A small sealed election with a real database, a clock that is set by hand, and voters who can do
// what the browser does.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "base/temporary_folder.hpp"
#include "election/credential.hpp"
#include "service/accounts.hpp"
#include "service/election_log.hpp"
#include "service/install.hpp"
#include "service/voting.hpp"

namespace isoloir {

inline constexpr std::string_view fixture_portal = R"toml(
[portal]
title = { fr = "Portail", en = "Portal" }
election = { fr = "Élection d'essai", en = "Test election" }
time_zone = "Europe/Paris"
time_zone_name = { fr = "Heure de Paris", en = "Paris time" }
[hours]
opens = 2022-12-01T08:00:00
closes = 2022-12-08T17:00:00
grace_minutes = 30
[sign_in]
scheme = "email-password"
captcha_minutes = 10
failures_per_account = 5
first_delay_seconds = 60
[session]
idle_minutes = 20
warning_minutes = 2
absolute_minutes = 240
[voting_code]
tries = 5
proof_minutes = 10
[board]
interval_seconds = 5
[[bureau]]
name = "Bureau"
[[bureau.group]]
name = "Présidence"
threshold = 1
members = [{ name = "Présidente", role = "president" }, { name = "Secrétaire", role = "secretary" }]
[[bureau.group]]
name = "Délégués"
threshold = 2
members = [{ name = "D1", role = "delegate" }, { name = "D2", role = "delegate" }, { name = "D3", role = "delegate" }]
[[contest]]
name = { fr = "National", en = "National" }
bureau = 0
seats = 3
rule = "proportional-highest-average"
reissue_max = 30
list = [{ name = "A", candidates = ["a1", "a2", "a3"] }, { name = "B", candidates = ["b1", "b2", "b3"] }]
[[contest]]
name = { fr = "Académie", en = "Academy" }
bureau = 0
seats = 2
rule = "proportional-highest-average"
reissue_max = 30
list = [{ name = "C", candidates = ["c1", "c2"] }]
)toml";

inline constexpr std::int64_t minute = 60'000;
inline constexpr std::int64_t hour = 60 * minute;
inline constexpr TimeMs fixture_opens = 1'669'878'000'000;  // 2022-12-01 07:00 UTC
inline constexpr TimeMs fixture_closes = fixture_opens + 177 * hour;

// As the legislative portal has them.
inline CredentialForms identifier_and_password() {
  return {{12, false}, Handover::sms, CodeForm{12, false}, Handover::email};
}

struct VotingFixture : testing::Test {
  explicit VotingFixture(std::size_t voters = 3, const CredentialForms& forms = {},
                         std::string_view more_of_portal = {}) {
    create(voters, forms, std::string(fixture_portal).append(more_of_portal));
  }
  ~VotingFixture() override {
    log.reset();
    state.reset();
  }

  StatePaths paths() const { return {folder}; }

  // As after a kill: everything from disk again.
  void reopen() {
    log.reset();
    state.reset();
    auto opened = State::open(paths(), clock, random);
    ASSERT_TRUE(opened) << opened.error().code << " " << opened.error().message;
    state = std::move(*opened);
    log.reset(new Log(open_log(*state)));
  }

  Credential credential(std::size_t voter) const {
    const auto handle =
        identifiers.empty() ? roll.voters[voter].id : identifiers[voter].normalised();
    return derive_credential(codes[voter], handle, state->manifest().election_id);
  }
  OpenedSession portal_session(std::size_t voter) {
    return Sessions(*state, limits).open(roll.voters[voter].id);
  }
  Expected<CodeVerdict> enter(const Session& session, const KeyPair& key) {
    const auto nonce = Sessions(*state, limits).new_nonce(session);
    const auto statement =
        sign_in_statement(state->fingerprint(), nonce, session.id, state->manifest().origin);
    return open_voting_space(
        *state, {}, session,
        {nonce, key.key, schnorr_prove(statement, key.secret.reveal(), random)});
  }
  // Signed in and in the voting space.
  Session in_space(std::size_t voter) {
    const auto opened = portal_session(voter);
    const auto verdict = enter(opened.session, credential(voter).sign_in_key());
    EXPECT_TRUE(verdict) << verdict.error().code;
    EXPECT_EQ(verdict->kind, CodeVerdict::Kind::accepted);
    return *Sessions(*state, limits).find(opened.token.text(), false);
  }
  Bytes ballot(std::size_t voter, std::uint32_t contest, std::size_t choice) {
    const auto& rules = state->manifest().contests[contest];
    const auto key = credential(voter).ballot_key(contest);
    return make_ballot(state->fingerprint(), contest, 0, rules.options.size(), choice,
                       state->manifest().bureau_of(rules).key, key.secret.reveal(), random)
        .encode();
  }
  std::string cast(const Session& session, ByteView bytes) {
    const auto tracker = cast_ballot(*state, session, bytes);
    return tracker ? "recorded" : tracker.error().code;
  }
  std::int64_t count_rows(const std::string& table) {
    return *state->database().read([&](store::Transaction& t) -> Expected<std::int64_t> {
      return t.query("SELECT COUNT(*) FROM " + table)[0].integer(0);
    });
  }
  void set_phase(std::uint32_t contest, std::string_view phase) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute("UPDATE contest_phase SET phase = $2 WHERE contest = $1", {contest, phase});
      return {};
    }));
  }

  SystemRandom random;
  ManualClock clock{fixture_opens - hour};
  SessionLimits limits{20 * minute, 240 * minute};
  const TemporaryFolder own;
  std::filesystem::path folder = own / "state";  // the link key lies beside it
  std::string draft_text;
  Roll roll;
  std::vector<Code> codes;
  std::vector<Code> identifiers;  // where the forms have one
  const KeyPair registrar = KeyPair::generate(random);
  std::vector<LocalCeremony> ceremonies;
  std::unique_ptr<State> state;
  std::unique_ptr<Log> log;

 private:
  void create(std::size_t voters, const CredentialForms& forms, const std::string& portal_text) {
    const auto portal = Portal::parse(portal_text, "fixture.toml");
    ASSERT_TRUE(portal) << portal.error().message;
    const auto keys = ServerKeys::generate(random);
    auto draft = draw_draft(*portal, "http://localhost:8080",
                            {fixture_opens, fixture_closes, 30 * 60}, keys.published(), random);
    draft.credentials = forms;
    draft_text = draft.text();
    for (std::size_t v = 1; v <= voters; ++v) {
      Voter voter;
      voter.id = "E" + std::to_string(v);
      voter.title = "Mme";
      voter.birth_name = "VOTANTE";
      voter.given_names = voter.id;
      voter.email = voter.id + "@portal.example";
      if (forms.identifier) {  // who signs in with one lives abroad; the third has no NUMIC
        (v == 3 ? voter.numel : voter.numic) = std::to_string(100'200'300 + v);
        voter.phone = "+33 6 00" + std::to_string(1'000'010 + v).substr(1);
      }
      voter.contests = {{0, 0}, {1, 0}};
      roll.voters.push_back(voter);
    }
    auto issued = issue_codes(roll, draft.id, draft.credentials, random);
    const auto districts = districts_per_contest(draft.contests);
    const auto rosters = collect_rosters(issued.keys, draft.id, districts);
    auto document = roster_document(*rosters, draft.id);
    document.sign(registrar, draft.id, random);
    std::vector<CeremonyRecord> records;
    for (const auto& plan : draft.ceremonies) {
      ceremonies.push_back(run_ceremony_locally(plan, random));
      records.push_back(*CeremonyRecord::read(plan, ceremonies.back().messages));
    }
    auto files = seal_election({draft, roster_files(document, *rosters), records, {}, clock.now()});
    ASSERT_TRUE(files) << files.error().message;
    for (const auto& ceremony : ceremonies) {
      for (const auto& holder : ceremony.holders) sign_seal(*files, holder.signing(), random);
    }
    std::filesystem::create_directories(folder);
    keys.write(paths().keys());
    const auto installed =
        install_election(paths(), {*files, {}, roll, issued.keys}, clock, random);
    ASSERT_TRUE(installed) << installed.error().message;
    codes = std::move(issued.codes);
    identifiers = std::move(issued.identifiers);
    reopen();
  }
};

}  // namespace isoloir
