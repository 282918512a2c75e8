#include "service/enrolment.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "courier/outbox.hpp"
#include "service/accounts.hpp"
#include "service/claim.hpp"
#include "service/code_swap.hpp"
#include "service/electoral_roll.hpp"
#include "service/identifier.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {
namespace {

using store::Transaction;

std::vector<Point> all_keys(const VoterKeys& keys) {
  std::vector<Point> all{keys.sign_in_key};
  for (const auto& one : keys.ballot_keys) all.push_back(one.key);
  if (keys.recovery_key) all.push_back(*keys.recovery_key);
  return all;
}

bool signs_in_by_address(const LateElectors& late) {
  return !have_identifiers(late.keys);
}

// ---- Whether they can be enrolled

Status check_open(State& state, Transaction& transaction) {
  const auto phases = read_phases(transaction);
  const bool over = phases.grace_ends_at || state.now() >= phases.closes_at;
  if (!over && state.held_link_key()) return {};
  return fail("roll.closed", "the vote is over: the roll stays as it voted");
}

// What of it needs nobody of the roll.
Status check_late_import(Transaction& transaction, const LateElectors& late) {
  if (auto good = check_import(late.roll, late.keys); !good) return good;
  std::set<Point> distinct;
  for (const auto& keys : late.keys) {
    for (const auto& key : all_keys(keys)) {
      if (distinct.insert(key).second) continue;
      return fail("import.used", "a key stands twice in this import: issue the codes anew");
    }
    if (keys.replaced.empty()) continue;
    return fail("import.replaces",
                "this import replaces codes; those of late electors are made by `registrar issue "
                "--late`");
  }
  const bool by_identifier = !transaction.query("SELECT 1 FROM identifier LIMIT 1").empty();
  if (by_identifier != signs_in_by_address(late)) return {};
  return fail("import.identifiers", "voters of this election sign in otherwise");
}

// Nothing for who is new; else her identifier as the roll has it.
std::optional<std::string> earlier_entry(Transaction& transaction, const std::string& voter) {
  const auto rows = transaction.query("SELECT id FROM voter WHERE id = $1 COLLATE NOCASE", {voter});
  if (rows.empty()) return std::nullopt;
  return rows[0].text(0);
}

// In the order of identifiers, whatever that of the roll is; the two have been found to go
// together.
struct Person {
  const Voter* voter;
  const VoterKeys* keys;
  bool earlier = false;  // was on the roll before, and was struck off
};
std::vector<Person> with_keys(const LateElectors& late) {
  std::map<std::string_view, const VoterKeys*> by_id;
  for (const auto& keys : late.keys) by_id[keys.id] = &keys;
  std::vector<Person> people;
  for (const auto& voter : late.roll.voters) people.push_back({&voter, by_id.at(voter.id)});
  std::sort(people.begin(), people.end(),
            [](const Person& a, const Person& b) { return a.voter->id < b.voter->id; });
  return people;
}

// Of who was struck off: whatever changes in it is for `roll correct` to change, which tells her.
Status check_unchanged(State& state, Transaction& transaction, const Person& person,
                       bool address_signs_in) {
  const auto& voter = *person.voter;
  std::string columns;
  const auto fields = roll_fields(state, voter, address_signs_in);
  for (const auto& field : fields) {
    columns += (columns.empty() ? "" : ", ") + std::string(field.name);
  }
  const auto row =
      transaction.query("SELECT " + columns + " FROM voter WHERE id = $1", {voter.id})[0];
  std::set<std::string_view> other;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (row[i] != fields[i].value) other.insert(fields[i].column);
  }
  if (!recovers_by(state, transaction, voter, person.keys->recovery_key.has_value())) {
    other.insert("numic, numel");
  }
  if (other.empty()) return {};
  std::string named;
  for (const auto column : other) named += (named.empty() ? "" : ", ") + std::string(column);
  return fail("roll.unlike", voter.id + " was on the roll with another entry: " + named +
                                 "; write the late roll like it, and correct it by `roll correct`");
}

// Finds out whether she was on the roll before.
Status check_entry(State& state, Transaction& transaction, Person& person, bool address_signs_in) {
  const auto& voter = *person.voter;
  const auto entry = earlier_entry(transaction, voter.id);
  if (!entry) return {};
  person.earlier = true;
  if (*entry != voter.id) {
    return fail("roll.taken",
                "column identifiant: " + voter.id + " stands on the roll as " + *entry);
  }
  const auto contests = transaction.query(
      "SELECT contest FROM voter_contest WHERE voter = $1 ORDER BY contest", {voter.id});
  if (!contests.empty()) {
    return fail("roll.registered",
                voter.id + " is on the roll of contest " + std::to_string(contests[0].integer(0)) +
                    " already, and her code is one for all her contests: she is first struck off "
                    "those in which she has not voted, then enrolled in all of them anew");
  }
  return check_unchanged(state, transaction, person, address_signs_in);
}

// What nobody else on the roll may have.
Status check_own(State& state, Transaction& transaction, const Person& person,
                 bool address_signs_in) {
  const auto& voter = *person.voter;
  const auto& keys = *person.keys;
  const auto taken = [&](std::string_view column) {
    return fail("roll.taken", "column " + std::string(column) + ": another voter has that of " +
                                  voter.id + " already");
  };
  for (const auto& field : roll_fields(state, voter, address_signs_in)) {
    if (field.value == store::Value()) continue;
    const bool address = field.name == "email_key";
    if (!address && field.name != "numen_mac") continue;
    const auto others = transaction.query(
        "SELECT 1 FROM voter WHERE " + std::string(field.name) + " = $1 AND id != $2",
        {field.value, voter.id});
    if (others.empty()) continue;
    if (!address) return taken(field.column);
    return fail("roll.email_taken", "another voter signs in with the address of " + voter.id);
  }
  const auto number = voter_of_consular_number(state, transaction, voter);
  if (keys.recovery_key && number && *number != voter.id) return taken("numic, numel");
  const auto named = keys.identifier.empty()
                         ? std::nullopt
                         : voter_of_identifier(state, transaction, keys.identifier);
  if (!named || *named == voter.id) return {};
  return fail("import.identifiers",
              "another voter signs in with the identifier of " + voter.id + " already");
}

Status check_new_keys(State& state, Transaction& transaction, const VoterKeys& keys) {
  const auto all = all_keys(keys);
  const bool used = std::any_of(all.begin(), all.end(), [&](const Point& key) {
    return flows::ever_used(state, transaction, key);
  });
  if (!used && !hold_recovery_key(transaction, all)) return {};
  return fail("import.used", "a key of " + keys.id + " is in use, or was: issue her code anew");
}

Expected<std::vector<Person>> check_in(State& state, Transaction& transaction,
                                       const LateElectors& late) {
  if (auto open = check_open(state, transaction); !open) return fail(open.error());
  if (auto good = check_late_import(transaction, late); !good) return fail(good.error());
  const bool address_signs_in = signs_in_by_address(late);
  auto people = with_keys(late);
  for (auto& person : people) {
    auto good = check_entry(state, transaction, person, address_signs_in);
    if (good) good = check_own(state, transaction, person, address_signs_in);
    if (good) good = check_new_keys(state, transaction, *person.keys);
    if (!good) return fail(good.error());
  }
  return people;
}

Status may_come_in(State& state, Transaction& transaction, const LateElectors& late) {
  const auto people = check_in(state, transaction, late);
  return people ? Status() : fail(people.error());
}

// ---- What it does

// Her account stays; what rested on the code that she had, and what was asked for it, is over.
void give_new_code(State& state, Transaction& transaction, const VoterKeys& keys, TimeMs now) {
  flows::swap_code(state, transaction, keys.id, {}, {keys.sign_in_key, {}}, now);
  flows::withdraw_all(state, transaction, keys.id, flows::Procedure::credential, now);
  flows::forget_issued(transaction, keys.id, now);
  for (const char* const what : {"session", "identifier", "recovery"}) {
    transaction.execute("DELETE FROM " + std::string(what) + " WHERE voter = $1", {keys.id});
  }
  transaction.execute(
      "UPDATE voter SET invited_at = NULL WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM account a "
      "WHERE a.voter = $1)",
      {keys.id});
}

// Whatever stands by voter, before any event and in an order of its own: where a row lies in the
// database's file must not follow the order of the keys. Their keys come into force by the events.
Status bring_people(State& state, Transaction& transaction, const LateElectors& late) {
  const auto people = check_in(state, transaction, late);
  if (!people) return fail(people.error());
  const TimeMs now = flows::steady_now(state, transaction);
  for (const auto& [voter, keys, earlier] : *people) {
    if (earlier) {
      give_new_code(state, transaction, *keys, now);
    } else {
      insert_voter(state, transaction, *voter, signs_in_by_address(late));
      insert_code(state, transaction, *keys);
    }
    insert_identity(state, transaction, *voter, *keys);
    for (const auto& place : keys->ballot_keys) {
      insert_place(state, transaction, voter->id, place);
    }
    insert_roll_entries(transaction, voter->id,
                        roll_names(voter->usage_name, voter->birth_name, voter->given_names));
  }
  return {};
}

// In both languages, as hers is not known here.
void tell_enrolled(State& state, Transaction& transaction, const TextSource& texts,
                   const Voter& voter, TimeMs now) {
  if (voter.email.empty()) return;
  const auto said = [&](std::string_view language) {
    std::string names;
    for (const auto& place : voter.contests) {
      const auto& name = state.manifest().contests[place.contest].name;
      names += "\n- " + (language == "fr" ? name.fr : name.en);
    }
    return texts.text("message.enrolled_body", language,
                      {{"contests", names.substr(1)}, {"enrolled_at", now}});
  };
  outbox_of(state).queue(transaction, now,
                         {voter.id, "enrolled", MessageChannel::email, voter.email,
                          texts.text("message.enrolled_subject", "fr", Json::object()),
                          said("fr") + "\n\n———\n\n" + said("en"), now + limits::message_life_ms});
}

// No plain hash: the roll of one elector can be guessed.
std::string mac_of_roll(State& state, const LateElectors& late) {
  return hex_encode(state.peppered("late roll", {late.file}));
}

constexpr std::string_view drafted_step = "enrolment drafted";

// Names and dates stand in no event: what was shown with the draft is what comes to the roll.
Status check_drafted(State& state, Transaction& transaction, const LateElectors& late) {
  for (const auto& row :
       transaction.query("SELECT row FROM journal WHERE row LIKE $1 ORDER BY number DESC LIMIT 1",
                         {"%" + std::string(drafted_step) + "%"})) {
    if (text_field(Json::parse(row.text(0)), "roll") == mac_of_roll(state, late)) return {};
  }
  return fail("roll.other",
              "this roll is not the one of the last draft: bring that, or draft again");
}

void note_each(State& state, Transaction& transaction, const LateElectors& late,
               std::string_view step, const std::string& claim, TimeMs now) {
  for (const auto& voter : late.roll.voters) {
    Json row = {{"contests", Json::array()}};
    for (const auto& place : voter.contests) row["contests"].push_back(place.contest);
    if (!claim.empty()) row["claim"] = claim;
    row["roll"] = mac_of_roll(state, late);
    flows::note(state, transaction, now, step, voter.id, std::move(row));
  }
}

// ---- The events

std::optional<RollPlace> place_of_event(const SignedDocument& event) {
  const Json& body = event.body();
  const auto contest = u32_field(body, "contest");
  if (text_field(body, "event") != "enrol" || !contest || !body.contains("data")) {
    return std::nullopt;
  }
  const auto district = u32_field(body["data"], "district");
  const auto key = point_field(body["data"], "key");
  if (!district || !key) return std::nullopt;
  return RollPlace{*contest, *district, *key};
}

Status check_complete(const LateElectors& late, const std::vector<SignedDocument>& events) {
  const auto incomplete = [](std::string why) {
    return fail("roll.incomplete", why + ": bring all events of this import at once, and no other");
  };
  auto missing = late_places(late);
  for (const auto& event : events) {
    const auto place = place_of_event(event);
    if (!place) return fail("bureau.event", "not an event that enrols somebody");
    const auto found = std::find(missing.begin(), missing.end(), *place);
    if (found == missing.end()) {
      return incomplete("an event enrols a key that is not the import's, or enrols it twice");
    }
    missing.erase(found);
  }
  if (missing.empty()) return {};
  const auto& first = missing.front();
  return incomplete("no event enrols " + holder_among(late, first)->id + " in contest " +
                    std::to_string(first.contest));
}

std::int64_t number_of(const SignedDocument& event) {
  return integer_field(event.body(), "number").value_or(0);
}

bool are_in_log(Transaction& transaction, const std::vector<SignedDocument>& events) {
  const auto logged = events_named(transaction, "enrol");
  return std::all_of(events.begin(), events.end(), [&](const SignedDocument& event) {
    return std::any_of(logged.begin(), logged.end(),
                       [&](const SignedDocument& other) { return other.body() == event.body(); });
  });
}

}  // namespace

std::vector<RollPlace> late_places(const LateElectors& late) {
  std::vector<RollPlace> places;
  for (const auto& keys : late.keys) {
    for (const auto& one : keys.ballot_keys) places.push_back({one.contest, one.district, one.key});
  }
  std::sort(places.begin(), places.end(), [](const RollPlace& a, const RollPlace& b) {
    return std::tie(a.contest, a.district, a.key) < std::tie(b.contest, b.district, b.key);
  });
  return places;
}

const VoterKeys* holder_among(const LateElectors& late, const RollPlace& place) {
  const BallotKey wanted{place.contest, place.district, place.key};
  const auto found = std::find_if(late.keys.begin(), late.keys.end(), [&](const VoterKeys& keys) {
    return std::find(keys.ballot_keys.begin(), keys.ballot_keys.end(), wanted) !=
           keys.ballot_keys.end();
  });
  return found == late.keys.end() ? nullptr : &*found;
}

Status check_enrolment(State& state, const LateElectors& late, std::string_view claim) {
  if (auto known = claim_reference(state, claim); !known) return fail(known.error());
  return state.database().read(
      [&](Transaction& transaction) -> Status { return may_come_in(state, transaction, late); });
}

std::vector<Namesake> namesakes_of(State& state, const LateElectors& late) {
  using Namesakes = std::vector<Namesake>;
  return *state.database().read([&](Transaction& transaction) -> Expected<Namesakes> {
    Namesakes found;
    for (const auto& voter : late.roll.voters) {
      if (voter.birth_date.empty()) continue;
      const auto name = folded_names(voter.birth_name);
      for (const auto& row : transaction.query(
               "SELECT id, birth_name FROM voter WHERE birth_date = $1 AND id != $2 ORDER BY id",
               {voter.birth_date, voter.id})) {
        if (folded_names(row.text(1)) == name) found.push_back({voter.id, row.text(0)});
      }
    }
    return found;
  });
}

Expected<std::vector<SignedDocument>> draft_enrolments(State& state, const LateElectors& late,
                                                       std::string_view claim) {
  const auto reference = claim_reference(state, claim);
  if (!reference) return fail(reference.error());
  const auto noted = state.database().write([&](Transaction& transaction) -> Status {
    if (auto good = may_come_in(state, transaction, late); !good) return good;
    note_each(state, transaction, late, drafted_step, *reference,
              flows::steady_now(state, transaction));
    return {};
  });
  if (!noted) return fail(noted.error());
  std::vector<EventDraft> drafts;
  for (const auto& place : late_places(late)) {
    drafts.push_back({"enrol",
                      state.manifest().contests.at(place.contest).bureau,
                      place.contest,
                      {{"district", place.district}, {"key", hex_encode(place.key.encoded())}},
                      "",
                      nullptr,
                      &late});
  }
  return draft_for_officers(state, drafts, [&](Transaction& transaction) {
    return bring_people(state, transaction, late);
  });
}

Expected<std::vector<std::int64_t>> enrol(State& state, const LateElectors& late,
                                          std::vector<SignedDocument> events,
                                          const TextSource* texts, std::string_view claim) {
  if (auto good = check_import(late.roll, late.keys); !good) return fail(good.error());
  if (auto complete = check_complete(late, events); !complete) return fail(complete.error());
  const auto reference = claim_reference(state, claim);
  if (!reference) return fail(reference.error());
  std::sort(events.begin(), events.end(), [](const SignedDocument& a, const SignedDocument& b) {
    return number_of(a) < number_of(b);
  });
  prepare_electoral_roll(state);
  using Numbers = std::vector<std::int64_t>;
  return state.database().write([&](Transaction& transaction) -> Expected<Numbers> {
    if (are_in_log(transaction, events)) {
      return fail("bureau.replayed", "the log has these events already");
    }
    if (auto same = check_drafted(state, transaction, late); !same) return fail(same.error());
    if (auto brought = bring_people(state, transaction, late); !brought) {
      return fail(brought.error());
    }
    Numbers numbers;
    for (const auto& event : events) {
      const auto done = append_signed_event(transaction, state, event, {"", nullptr, &late});
      if (!done) return fail(done.error());
      numbers.push_back(number_of(event));
    }
    const TimeMs now = flows::steady_now(state, transaction);
    note_each(state, transaction, late, "enrolled", *reference, now);
    for (const auto& voter : late.roll.voters) {
      if (texts) tell_enrolled(state, transaction, *texts, voter, now);
    }
    return numbers;
  });
}

Status enrol_at(State& state, Transaction& transaction, const LateElectors& late,
                const RollPlace& place) {
  const auto* const holder = holder_among(late, place);
  if (!holder) return fail("roll.incomplete", "the event enrols a key that is not the import's");
  const auto own = place_of(state, transaction, holder->id, place.contest);
  if (!own || *own != place) {
    return fail("roll.incomplete", "the holder of the key has another place than the event's");
  }
  insert_roster_key(transaction, {place.contest, place.district, place.key});
  return {};
}

}  // namespace isoloir
