// Who is enrolled after the seal: the events, what comes beside them, the count and its
// verification to the end.
#include "service/enrolment.hpp"

#include <future>

#include "service/account_links.hpp"
#include "service/claim_made.hpp"
#include "service/electoral_roll.hpp"
#include "service/journal.hpp"
#include "service/recovery_fixture.hpp"
#include "service/roll_change_fixture.hpp"
#include "stands_in.hpp"

namespace isoloir {
namespace {

// What the registrar, an officer and the server's operator do with late electors.
template <typename Fixture>
struct Enrolling : Fixture {
  using Fixture::count_rows;
  using Fixture::Fixture;

  Voter late_voter(const std::string& id, std::vector<VoterContest> contests = {{0, 0}, {1, 0}}) {
    Voter voter;
    voter.id = id;
    voter.title = "Mme";
    voter.birth_name = "TARDIVE";
    voter.given_names = id;
    voter.email = id + "@portal.example";
    voter.contests = std::move(contests);
    return voter;
  }
  // As `registrar issue --late`; the codes stand in `issued`.
  LateElectors issue(std::vector<Voter> voters, const CredentialForms& forms = {}) {
    Roll late{std::move(voters)};
    issued = issue_codes(late, this->state->manifest().election_id, forms, this->random);
    return {std::move(late), issued.keys};
  }
  std::vector<SignedDocument> drafts_of(const LateElectors& late) {
    auto documents = draft_enrolments(*this->state, late, "");
    EXPECT_TRUE(documents) << code_of(documents);
    return documents ? *documents : std::vector<SignedDocument>();
  }
  std::vector<SignedDocument> signed_by(const LateElectors& late,
                                        const std::vector<const KeyPair*>& signers) {
    auto events = drafts_of(late);
    for (auto& event : events) {
      for (const auto* signer : signers) {
        event.sign(*signer, this->state->fingerprint(), this->random);
      }
    }
    return events;
  }
  const KeyPair& member(std::size_t holder) const {
    return this->ceremonies[0].holders[holder].signing();
  }
  std::vector<SignedDocument> events_for(const LateElectors& late) {
    return signed_by(late, {&this->registrar, &member(1)});
  }
  std::string post_all(const LateElectors& late, const std::vector<SignedDocument>& events) {
    return code_of(isoloir::enrol(*this->state, late, events, &this->texts, ""));
  }
  std::string check(const LateElectors& late) {
    return code_of(check_enrolment(*this->state, late, ""));
  }
  // From the roll to the end. The fixture knows them then as it knows its own voters.
  std::string enrol(std::vector<Voter> voters) {
    const auto late = issue(std::move(voters));
    const auto done = post_all(late, events_for(late));
    if (done == "good") adopt(late);
    return done;
  }
  void adopt(const LateElectors& late) {
    for (std::size_t i = 0; i < late.roll.voters.size(); ++i) {
      this->roll.voters.push_back(late.roll.voters[i]);
      this->codes.push_back(issued.codes[i].clone());
    }
  }
  std::map<std::string, std::int64_t> sizes() {
    std::map<std::string, std::int64_t> rows;
    for (const char* table : {"voter", "voter_contest", "voting_code", "roster_key", "link",
                              "roll_entry", "event", "identifier", "recovery", "message"}) {
      rows[table] = count_rows(table);
    }
    return rows;
  }
  Issued issued;
};

struct Enrolment : Enrolling<RollChange> {
  enum : std::size_t { first_late = 4 };  // place among the fixture's voters
  void vote(std::size_t voter, std::initializer_list<std::uint32_t> contests) {
    const Session session = in_space(voter);
    for (const auto contest : contests) {
      ASSERT_EQ(cast(session, ballot(voter, contest, 0)), "recorded") << voter << " " << contest;
    }
  }
  std::string bureau_says(const char* event, std::uint32_t contest) {
    return code_of(
        post_event(*state, {event, 0, contest, {{"reason", "test"}}}, {&officer(president)}));
  }
  Json closed_and_counted() {
    tick_at(fixture_closes);
    tick_at(fixture_closes + hour);
    return count();
  }
};

TEST_F(Enrolment, FromTheImportToTheVerifiedResult) {
  ASSERT_EQ(enrol({late_voter("L1")}), "good") << "before the opening";
  EXPECT_EQ(count_rows("event"), 2);
  tick_at(fixture_opens);
  // In a suspended contest too; the verifier agrees.
  ASSERT_EQ(bureau_says("suspend", 1), "good");
  ASSERT_EQ(enrol({late_voter("L2", {{1, 0}}), late_voter("L3", {{1, 0}})}), "good");
  ASSERT_EQ(bureau_says("resume", 1), "good");
  EXPECT_EQ(read_electoral_roll(*state, 0, "tardive", 1).found, 1u);
  EXPECT_EQ(read_electoral_roll(*state, 1, "tardive", 1).found, 3u);
  EXPECT_EQ(contests_left(first_late + 1), std::vector<std::uint32_t>{1});

  vote(0, {0, 1});
  vote(first_late, {0, 1});
  vote(first_late + 1, {1});
  const auto result = closed_and_counted();
  EXPECT_EQ(result["contests"][0]["registered"], 5);
  EXPECT_EQ(result["contests"][1]["registered"], 7);
  EXPECT_EQ(result["contests"][0]["sign_offs"], 2);
  EXPECT_EQ(result["contests"][1]["sign_offs"], 3);
  EXPECT_EQ(verified(), "good");
  EXPECT_EQ(roll_changes, "4 enrolments, 0 strike-offs");
  EXPECT_EQ(check_journal(state->database()).value(), std::nullopt);
}

TEST_F(Enrolment, TheRegistrarAndOneOfficerSign) {
  const auto late = issue({late_voter("L1", {{0, 0}})});
  const auto before = sizes();
  const auto posted_by = [&](const std::vector<const KeyPair*>& signers) {
    return post_all(late, signed_by(late, signers));
  };
  const auto stranger = KeyPair::generate(random);
  EXPECT_EQ(posted_by({}), "bureau.signer");
  EXPECT_EQ(posted_by({&registrar}), "bureau.signer");
  EXPECT_EQ(posted_by({&officer(president)}), "bureau.signer");
  EXPECT_EQ(posted_by({&registrar, &officer(delegate1)}), "bureau.signer");
  EXPECT_EQ(posted_by({&stranger, &officer(president)}), "bureau.signer");
  EXPECT_EQ(posted_by({&registrar, &officer(president), &officer(secretary)}), "bureau.signer");
  EXPECT_EQ(posted_by({&registrar, &state->keys().board}), "bureau.signer");
  EXPECT_EQ(posted_by({&state->keys().board}), "bureau.signer");
  EXPECT_EQ(sizes(), before);
  // Without what comes beside it the event is nothing, whoever has signed.
  EXPECT_EQ(post(events_for(late).front()), "bureau.event");
  EXPECT_EQ(sizes(), before);
  EXPECT_EQ(posted_by({&officer(president), &registrar}), "good") << "in any order";
}

TEST_F(Enrolment, AllOrNobody) {
  const auto late = issue({late_voter("L1"), late_voter("L2", {{1, 0}})});
  auto events = events_for(late);
  ASSERT_EQ(events.size(), 3u);
  const auto before = sizes();
  const auto without = [&](std::size_t left_out) {
    auto some = events;
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(left_out));
    return post_all(late, some);
  };
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(without(i), "roll.incomplete") << i;
  auto twice = events;
  twice.push_back(events[0]);
  EXPECT_EQ(post_all(late, twice), "roll.incomplete");
  const auto alone = issue({late_voter("L1")});
  EXPECT_EQ(post_all(alone, events), "roll.incomplete") << "of another import";
  EXPECT_EQ(post_all(late, {events[0], events[1], signed_file(*place(0, 0))}), "bureau.event");
  EXPECT_EQ(post_all({alone.roll, late.keys}, events), "import.voters");
  auto unsigned_one = events;
  unsigned_one[2] = SignedDocument(events[2].body());
  EXPECT_EQ(post_all(late, unsigned_one), "bureau.signer") << "the last of them";
  EXPECT_EQ(sizes(), before);
  std::swap(events[0], events[2]);
  EXPECT_EQ(post_all(late, events), "good") << "in any order";
  EXPECT_EQ(post_all(late, events), "bureau.replayed");
  auto after = before;
  for (const auto& [table, more] : {std::pair{"voter", 2},
                                    {"voter_contest", 3},
                                    {"voting_code", 2},
                                    {"roster_key", 3},
                                    {"link", 3},
                                    {"roll_entry", 3},
                                    {"event", 3},
                                    {"message", 2}}) {
    after[table] += more;
  }
  EXPECT_EQ(sizes(), after);
}

// Neither the log nor the order of what is stored says who of several has which key.
TEST_F(Enrolment, TheirEventsStandInTheOrderOfTheKeys) {
  std::vector<Voter> voters;
  for (int i = 1; i <= 8; ++i) voters.push_back(late_voter("L" + std::to_string(i)));
  const auto late = issue(std::move(voters));
  std::vector<std::pair<std::uint32_t, std::string>> places;
  for (const auto& event : drafts_of(late)) {
    places.emplace_back(*u32_field(event.body(), "contest"),
                        *text_field(event.body()["data"], "key"));
  }
  EXPECT_EQ(places.size(), 16u);
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
}

// Where the rows of two neighbours lie in the database's file follows the order of the writes.
TEST_F(Enrolment, WhatStandsByVoterIsWrittenBeforeTheEventsAndNotInTheirOrder) {
  (void)state->database().write([](store::Transaction& t) -> Status {
    t.script("CREATE TABLE written (n INTEGER PRIMARY KEY, what TEXT NOT NULL, who TEXT) STRICT");
    const auto traced = [&](const std::string& table, const std::string& who) {
      t.script("CREATE TRIGGER trace_" + table + " AFTER INSERT ON " + table +
               " BEGIN INSERT INTO written (what, who) VALUES ('" + table + "', " + who + "); END");
    };
    for (const char* table : {"voter_contest", "roll_entry"}) traced(table, "NEW.voter");
    traced("voter", "NEW.id");
    traced("voting_code", "NEW.voter");
    for (const char* table : {"link", "roster_key"}) traced(table, "NULL");
    return {};
  });
  std::vector<Voter> voters;
  for (const int i : {5, 2, 8, 1, 7, 3, 6, 4})
    voters.push_back(late_voter("L" + std::to_string(i)));
  ASSERT_EQ(enrol(std::move(voters)), "good");
  const auto written = *state->database().read([](store::Transaction& t) -> Expected<store::Rows> {
    return t.query("SELECT what, who FROM written ORDER BY n");
  });
  ASSERT_EQ(written.size(), 8u * (2 + 4 * 2));
  std::vector<std::string> people;
  for (std::size_t n = 0; n < written.size(); ++n) {
    EXPECT_EQ(written[n].text(0) == "roster_key", n >= 8u * (2 + 3 * 2)) << n;
    if (written[n].text(0) == "voter_contest") people.push_back(written[n].text(1));
    if (written[n].text(0) == "roll_entry") {
      EXPECT_EQ(written[n].text(1), people.back());
    }
  }
  EXPECT_TRUE(std::is_sorted(people.begin(), people.end()));
}

TEST_F(Enrolment, RefusedByName) {
  const auto before = sizes();
  const auto one = [&](const std::function<void(Voter&)>& change) {
    auto voter = late_voter("L1");
    change(voter);
    return check(issue({voter}));
  };
  EXPECT_EQ(one([](Voter&) {}), "good");
  EXPECT_EQ(one([](Voter& v) { v.id = "E1"; }), "roll.registered");
  EXPECT_EQ(one([](Voter& v) { v.id = "e1"; }), "roll.taken");
  EXPECT_EQ(one([](Voter& v) { v.email = "e2@PORTAL.example"; }), "roll.email_taken");
  EXPECT_EQ(one([](Voter& v) { v.numen = right_number(0); }), "roll.taken");
  EXPECT_EQ(one([](Voter& v) { v.numen = "99X1234567ABC"; }), "good");

  const auto changed = [&](const std::function<void(LateElectors&)>& change) {
    auto late = issue({late_voter("L1"), late_voter("L2")});
    change(late);
    return check(late);
  };
  EXPECT_EQ(changed([](LateElectors& l) { l.keys.pop_back(); }), "import.voters");
  EXPECT_EQ(changed([](LateElectors& l) { l.roll.voters.pop_back(); }), "import.voters");
  EXPECT_EQ(changed([](LateElectors& l) { l.roll.voters[0].contests.pop_back(); }),
            "import.voters");
  EXPECT_EQ(changed([](LateElectors& l) {
              l.keys[0].replaced = {{l.keys[0].sign_in_key, 1}};
            }),
            "import.replaces");
  EXPECT_EQ(changed([](LateElectors& l) {
              l.keys[0].identifier = "ABCDEFGHJKMN";
              l.keys[1].identifier = "BBCDEFGHJKMN";
            }),
            "import.identifiers");
  EXPECT_EQ(changed([](LateElectors& l) { l.keys[0].ballot_keys[0] = l.keys[1].ballot_keys[0]; }),
            "import.used");
  EXPECT_EQ(changed([](LateElectors& l) { l.keys[0].sign_in_key = l.keys[1].sign_in_key; }),
            "import.used");
  // A key of the rosters, a sign-in key, one that a reissue has replaced.
  const auto of_another = [&](const Point& key) {
    return changed([&](LateElectors& l) { l.keys[1].ballot_keys[1].key = key; });
  };
  EXPECT_EQ(of_another(credential(0).ballot_key(0).key), "import.used");
  EXPECT_EQ(of_another(credential(0).sign_in_key().key), "import.used");
  EXPECT_EQ(
      changed([&](LateElectors& l) { l.keys[0].sign_in_key = credential(0).sign_in_key().key; }),
      "import.used");
  EXPECT_EQ(code_of(check_enrolment(*state, issue({late_voter("L1")}), "K7QD-2M4X")), "roll.claim");
  EXPECT_EQ(sizes(), before);

  tick_at(fixture_opens);
  clock.advance(hour);
  const auto replaced = credential(0);
  replace_code(0);
  EXPECT_EQ(of_another(replaced.sign_in_key().key), "import.used");
  EXPECT_EQ(of_another(credential(0).ballot_key(0).key), "import.used") << "waits for its batch";
}

// Of 100 000 voters on the roll as fast as of ten.
TEST_F(Enrolment, WhoIsThereAlreadyIsFoundByAnIndex) {
  for (const char* statement :
       {"SELECT id FROM voter WHERE id = 'e1' COLLATE NOCASE",
        "SELECT 1 FROM voter WHERE numen_mac = x'00' AND id != 'E1'",
        "SELECT 1 FROM voter WHERE email_key = 'e1' AND id != 'E1'",
        "SELECT 1 FROM recovery WHERE recovery_key IN (x'00', x'01') LIMIT 1",
        "SELECT id FROM voter WHERE birth_date = '1970-01-01'"}) {
    const auto plan = *state->database().read([&](store::Transaction& t) -> Expected<std::string> {
      return t.query(std::string("EXPLAIN QUERY PLAN ") + statement).at(0).text(3);
    });
    EXPECT_TRUE(plan.starts_with("SEARCH")) << statement << ": " << plan;
  }
}

TEST_F(Enrolment, NotOnceTheVoteIsOver) {
  tick_at(fixture_opens);
  const auto late = issue({late_voter("L1")});
  clock.set(fixture_closes - minute);
  const auto events = events_for(late);
  const auto before = sizes();
  const Session inside = in_space(0);  // so that the grace period lasts
  clock.set(fixture_closes);           // the hour has struck; the beat comes later
  EXPECT_EQ(check(late), "roll.closed");
  EXPECT_EQ(post_all(late, events), "roll.closed");
  tick_at(fixture_closes);
  EXPECT_EQ(post_all(late, events), "roll.closed");
  EXPECT_EQ(code_of(draft_enrolments(*state, late, "")), "roll.closed");
  tick_at(fixture_closes + hour);
  EXPECT_EQ(post_all(late, events), "roll.closed") << "frozen";
  auto after = sizes();
  after["event"] = before.at("event");
  EXPECT_EQ(after["voter"], before.at("voter"));
  EXPECT_EQ(after["roster_key"], before.at("roster_key"));
}

TEST_F(Enrolment, TheSamePersonComesOnce) {
  tick_at(fixture_opens);
  const auto first = issue({late_voter("L1")});
  const auto first_codes = std::move(issued);
  const auto second = issue({late_voter("L1")});
  const auto one = events_for(first), other = events_for(second);
  auto racing = std::async(std::launch::async, [&] { return post_all(first, one); });
  const auto ours = post_all(second, other);
  const auto theirs = racing.get();
  EXPECT_TRUE((ours == "good") != (theirs == "good")) << ours << " " << theirs;
  EXPECT_EQ(ours == "good" ? theirs : ours, "roll.registered");
  EXPECT_EQ(count_rows("voter WHERE id = 'L1'"), 1);
  EXPECT_EQ(count_rows("link"), 10);
  EXPECT_EQ(check(first), "roll.registered");
  EXPECT_EQ(check(second), "roll.registered");
}

// Whatever is signed, an import that has served serves no second time, nor a part of it.
TEST_F(Enrolment, AnImportServesOnce) {
  const auto late = issue({late_voter("L1")});
  auto part = late;
  part.roll.voters[0].contests = {{1, 0}};
  part.keys[0].ballot_keys.erase(part.keys[0].ballot_keys.begin());
  auto first = late;
  first.roll.voters[0].contests = {{0, 0}};
  first.keys[0].ballot_keys.pop_back();
  const auto anew = [&](const LateElectors& electors, std::vector<SignedDocument> events) {
    std::int64_t number = count_rows("event");
    for (auto& event : events) {
      Json body = event.body();
      body["number"] = number++;
      event = SignedDocument(std::move(body));
      event.sign(registrar, state->fingerprint(), random);
      event.sign(officer(president), state->fingerprint(), random);
    }
    return post_all(electors, events);
  };
  const auto all_events = events_for(late), part_events = events_for(part);
  ASSERT_EQ(anew(first, events_for(first)), "good");
  const auto before = sizes();
  EXPECT_EQ(anew(late, all_events), "roll.registered");
  EXPECT_EQ(anew(part, part_events), "roll.registered");
  roll.voters.push_back(late.roll.voters[0]);
  ASSERT_EQ(strike(first_late, 0), "good");
  EXPECT_EQ(anew(part, part_events), "import.used") << "her code of before";
  EXPECT_EQ(sizes().at("voter"), before.at("voter"));
  EXPECT_EQ(count_rows("voter_contest WHERE voter = 'L1'"), 0);
}

TEST_F(Enrolment, TheRollIsTheOneOfTheLastDraft) {
  auto late = issue({late_voter("L1")});
  late.file[0] = 1;
  const auto events = events_for(late);
  auto other = late;
  other.file[0] = 2;
  other.roll.voters[0].birth_name = "AUTRE";
  EXPECT_EQ(post_all(other, events), "roll.other");
  EXPECT_EQ(count_rows("voter"), 4);
  EXPECT_EQ(post_all(late, events), "good");
}

// The claim and who it was for, and no name.
TEST_F(Enrolment, TheJournalHasDraftAndDeed) {
  const auto claim = made_claim(*state);
  const auto late = issue({late_voter("L1")});
  ASSERT_TRUE(draft_enrolments(*state, late, claim));
  const auto events = events_for(late);
  ASSERT_TRUE(isoloir::enrol(*state, late, events, nullptr, claim));
  const auto rows = *state->database().read([](store::Transaction& t) -> Expected<store::Rows> {
    return t.query("SELECT row FROM journal WHERE row LIKE '%enrol%' ORDER BY number");
  });
  std::vector<std::string> steps;
  for (const auto& row : rows) {
    const auto json = Json::parse(row.text(0));
    steps.push_back(json["step"]);
    EXPECT_FALSE(stands_in(row.text(0), "L1")) << row.text(0);
    if (json["step"] == "event") continue;
    EXPECT_EQ(json["contests"], (Json{0, 1}));
    EXPECT_EQ(json["roll"], hex_encode(state->peppered("late roll", {late.file})));
  }
  ASSERT_EQ(steps, (std::vector<std::string>{"enrolment drafted", "enrolment drafted", "event",
                                             "event", "enrolled"}));
  EXPECT_EQ(Json::parse(rows[0].text(0))["claim"], claim);
  EXPECT_EQ(Json::parse(rows[4].text(0))["claim"], claim);
}

// She was struck off all her contests: her account is there, her entry as well.
TEST_F(Enrolment, WhoWasStruckOffComesBackByANewCode) {
  tick_at(fixture_opens);
  const auto old_code = credential(3);
  const auto portal = in_space(3);
  ASSERT_EQ(strike(3, 0), "good");
  auto again = roll.voters[3];
  EXPECT_EQ(check(issue({again})), "roll.registered") << "on the roll of the other";
  ASSERT_EQ(strike(3, 1), "good");
  EXPECT_EQ(check(issue({again})), "roll.unlike") << "the fixture gave her a NUMEN";
  again.numen = right_number(3);
  auto moved = again;
  moved.email = "elsewhere@portal.example";
  const auto other = check_enrolment(*state, issue({moved}), "");
  ASSERT_EQ(code_of(other), "roll.unlike");
  EXPECT_NE(other.error().message.find("courriel"), std::string::npos) << other.error().message;

  const auto late = issue({again});
  ASSERT_EQ(post_all(late, events_for(late)), "good");
  codes[3] = issued.codes[0].clone();
  EXPECT_EQ(count_rows("voter"), 4);
  EXPECT_EQ(count_rows("session WHERE voter = 'E4'"), 0);
  EXPECT_EQ(code_of(sign_in(*state, SignInPolicy{}, "E4@portal.example", "Isoloir-1234-abcd", "")),
            "good");
  EXPECT_EQ(try_code(3, old_code), CodeVerdict::Kind::replaced);
  vote(3, {0, 1});
  vote(0, {0, 1});
  const auto result = closed_and_counted();
  EXPECT_EQ(result["contests"][0]["registered"], 4);
  EXPECT_EQ(result["contests"][1]["registered"], 4);
  EXPECT_EQ(verified(), "good");
  EXPECT_EQ(roll_changes, "2 enrolments, 2 strike-offs");
}

// What was made of her former code, and blocked, means nothing to the one that she is given now.
TEST_F(Enrolment, WhatRestedOnHerFormerCodeIsOver) {
  tick_at(fixture_opens);
  roll.voters[3].numen = right_number(3);
  policy.per_election = 2;
  std::vector<std::string> cancels;
  for (int i = 0; i < 2; ++i) {
    clock.advance(hour);
    replace_code(3);
    cancels.push_back(token_in("reissue-notice"));
  }
  clock.advance(hour);
  EXPECT_EQ(ask_code(3, form(3)), "reissue.limit");
  ASSERT_TRUE(cancel_reissue(*state, cancels[1]));
  for (const std::uint32_t contest : {0, 1}) ASSERT_EQ(strike(3, contest), "good");
  const auto late = issue({roll.voters[3]});
  ASSERT_EQ(post_all(late, events_for(late)), "good");
  codes[3] = issued.codes[0].clone();

  for (const auto& cancel : cancels) {
    const auto blocked = cancel_reissue(*state, cancel);
    EXPECT_EQ(blocked ? "blocked" : blocked.error().code, "reissue.link_unknown");
  }
  EXPECT_EQ(try_code(3, credential(3)), CodeVerdict::Kind::accepted);
  clock.advance(25 * hour);
  replace_code(3);
  vote(3, {0, 1});
  vote(0, {0, 1});
  closed_and_counted();
  EXPECT_EQ(verified(), "good");
}

struct EnrolmentAmongMany : Enrolment {
  EnrolmentAmongMany() {
    for (std::size_t i = 4; i < 10; ++i) more.push_back(late_voter("L" + std::to_string(i)));
  }
  std::vector<Voter> more;
  // What the fixture's own voters have beside the code.
  void make_reissuable(std::size_t voter) {
    ASSERT_TRUE(create_account(*state, {roll.voters[voter].id, "Isoloir-1234-abcd",
                                        "Première voiture ?", std::string(right_answer)}));
    set_number(voter, "numen", right_number(voter));
  }
};

// A new code for who was enrolled: among ten, nobody knows any more whose key is hers.
TEST_F(EnrolmentAmongMany, ANewCodeTakesTheEnrolledKeysPlace) {
  tick_at(fixture_opens);
  ASSERT_EQ(enrol(more), "good");
  for (std::size_t voter = first_late; voter < 10; ++voter) make_reissuable(voter);
  const auto enrolled = credential(first_late).ballot_key(0).key;
  clock.advance(hour);
  for (std::size_t voter = 0; voter < 10; ++voter) replace_code(voter);
  tick_at(fixture_opens + 24 * hour);
  ASSERT_EQ(count_rows("reissue_batch"), 1);
  EXPECT_EQ(place(first_late, 0)->key, credential(first_late).ballot_key(0).key);
  EXPECT_NE(place(first_late, 0)->key, enrolled);
  // And whom an officer strikes off: by the new key, and one who kept hers.
  ASSERT_EQ(strike(first_late + 1, 0), "good");
  ASSERT_EQ(enrol({late_voter("L99")}), "good");
  ASSERT_EQ(strike(10, 1), "good");
  vote(first_late, {0, 1});
  vote(10, {0});
  const auto result = closed_and_counted();
  EXPECT_EQ(result["contests"][0]["registered"], 10);
  EXPECT_EQ(result["contests"][1]["registered"], 10);
  EXPECT_EQ(verified(), "good");
  EXPECT_EQ(roll_changes, "14 enrolments, 2 strike-offs");
}

// By mail where there is an address; and where voters open their accounts by links, hers leaves as
// everybody's.
TEST_F(Enrolment, SheIsToldAndInvited) {
  AccountPolicy account;
  account.invitations_from = fixture_opens;
  account.activation_link_ms = 48 * hour;
  AccountLinks links(*state, account, SignInPolicy{}, texts);
  const auto sent = [&](std::string_view kind) {
    std::vector<InboxMessage> of_kind;
    for (auto& message : inbox()) {
      if (message.kind == kind) of_kind.push_back(std::move(message));
    }
    return of_kind;
  };
  tick_at(fixture_opens);
  links.work();
  EXPECT_TRUE(sent("account-link").empty()) << "all have accounts";
  const auto late = issue({late_voter("L1")});
  const auto events = events_for(late);
  EXPECT_TRUE(sent("enrolled").empty()) << "a draft tells nobody";
  ASSERT_EQ(post_all(late, events), "good");
  const auto told = sent("enrolled");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].destination, "L1@portal.example");
  for (const char* said : {"fr message.enrolled_body", "en message.enrolled_body", "- National",
                           "- Académie", "- Academy"}) {
    EXPECT_NE(told[0].body.find(said), std::string::npos) << told[0].body;
  }
  links.work();
  const auto invitations = sent("account-link");
  ASSERT_EQ(invitations.size(), 1u);
  EXPECT_EQ(invitations[0].destination, "L1@portal.example");
  EXPECT_NE(invitations[0].body.find("message.account_activation_body"), std::string::npos);
  links.work();
  EXPECT_EQ(sent("account-link").size(), 1u) << "once";
  // Who was struck off before she had opened an account is invited anew.
  roll.voters.push_back(late.roll.voters[0]);
  for (const std::uint32_t contest : {0, 1}) ASSERT_EQ(strike(first_late, contest), "good");
  const auto again = issue({late_voter("L1")});
  ASSERT_EQ(post_all(again, events_for(again)), "good");
  links.work();
  EXPECT_EQ(sent("account-link").size(), 2u);
  // Without words nobody is told.
  const auto quiet = issue({late_voter("L2")});
  ASSERT_TRUE(isoloir::enrol(*state, quiet, events_for(quiet), nullptr, ""));
  EXPECT_EQ(sent("enrolled").size(), 2u);
}

// ---- Where voters sign in with an identifier

using EnrolmentByIdentifier = Enrolling<RecoveryFixture>;

TEST_F(EnrolmentByIdentifier, SheSignsInAndRecoversAsOthers) {
  const auto forms = identifier_and_password();
  const auto abroad = [&](const std::string& id) {
    auto voter = late_voter(id);
    voter.email = "couple@portal.example";
    voter.numic = "300400500";
    return voter;
  };
  EXPECT_EQ(check(issue({abroad("L1")})), "import.identifiers") << "codes without identifiers";
  auto taken = abroad("L1");
  taken.numic = roll.voters[0].numic;
  EXPECT_EQ(check(issue({taken}, forms)), "roll.taken");
  auto late = issue({abroad("L1")}, forms);
  auto same = late;
  same.keys[0].identifier = identifier(0);
  EXPECT_EQ(check(same), "import.identifiers");
  same = late;
  same.keys[0].recovery_key =
      derive_recovery_key(codes[0], number(0), state->manifest().election_id).key;
  EXPECT_EQ(check(same), "import.used");

  ASSERT_EQ(post_all(late, events_for(late)), "good");
  adopt(late);
  identifiers.push_back(issued.identifiers[0].clone());
  EXPECT_EQ(this->sign_in(3, codes[3]), KeyVerdict::Kind::accepted);
  ask_identifier(3);
  EXPECT_EQ(inbox("identifier").size(), 1u);

  // Struck off and back: the identifier and the recovery of then are nothing any more.
  const auto old = identifier(3);
  for (const std::uint32_t contest : {0, 1}) {
    const auto at = *state->database().read([&](store::Transaction& t) -> Expected<RollPlace> {
      return place_of(*state, t, "L1", contest);
    });
    const auto key = hex_encode(at.key.encoded());
    ASSERT_TRUE(post_event(
        *state, {"strike-off", 0, contest, {{"district", 0}, {"key", key}}, "L1"}, {&member(0)}));
  }
  const auto with_number = [&](const std::string& numic, const std::string& numel) {
    auto voter = abroad("L1");
    voter.numic = numic;
    voter.numel = numel;
    const auto checked = check_enrolment(*state, issue({voter}, forms), "");
    return checked ? "good" : checked.error().code + ": " + checked.error().message.substr(0, 67);
  };
  for (const auto& [numic, numel] :
       {std::pair("300400501", ""), std::pair("", "300400500"), std::pair("", "")}) {
    EXPECT_EQ(with_number(numic, numel),
              "roll.unlike: L1 was on the roll with another entry: numic, numel; write the late")
        << numic << " " << numel;
  }
  late = issue({abroad("L1")}, forms);
  ASSERT_EQ(post_all(late, events_for(late)), "good");
  codes[3] = issued.codes[0].clone();
  identifiers[3] = issued.identifiers[0].clone();
  EXPECT_NE(identifier(3), old);
  EXPECT_EQ(count_rows("identifier"), 4);
  EXPECT_EQ(count_rows("recovery"), 4);
  EXPECT_EQ(this->sign_in(3, codes[3]), KeyVerdict::Kind::accepted);
}

struct VotingWithTexts : VotingFixture {
  using VotingFixture::VotingFixture;
  PlainTexts texts;
};
struct EnrolmentByNumber : Enrolling<VotingWithTexts> {
  static CredentialForms forms() {
    CredentialForms by_number;
    by_number.roll_number = true;
    return by_number;
  }
  EnrolmentByNumber() : Enrolling(3, forms()) {}
};

TEST_F(EnrolmentByNumber, NumbersAreAloneAsTheyAreTyped) {
  EXPECT_EQ(check(issue({late_voter("E-1")}, forms())), "import.identifiers");
  EXPECT_EQ(check(issue({late_voter("L-1"), late_voter("L.1")}, forms())), "import.identifiers");
  const auto late = issue({late_voter("L-1")}, forms());
  EXPECT_EQ(post_all(late, events_for(late)), "good");
}

}  // namespace
}  // namespace isoloir
