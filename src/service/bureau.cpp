#include "service/bureau.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "election/count.hpp"
#include "service/enrolment.hpp"
#include "service/freeze.hpp"
#include "service/journal.hpp"
#include "service/reissue.hpp"
#include "service/strike_off.hpp"

namespace isoloir {
namespace {

using store::Transaction;

enum class Signer {
  board,
  officer,
  registrar_and_officer,
  board_or_officer,
  president,
  opening_rule
};
enum class Scope { election, bureau, contest, bureau_or_contest };

// The table of section 8.
struct EventRule {
  std::string_view name;
  Signer signer;
  Scope scope;
};
constexpr EventRule event_rules[] = {
    {"open", Signer::board, Scope::election},
    {"suspend", Signer::officer, Scope::contest},
    {"resume", Signer::officer, Scope::contest},
    {"extend", Signer::officer, Scope::election},
    {"enrol", Signer::registrar_and_officer, Scope::contest},
    {"strike-off", Signer::officer, Scope::contest},
    {"unseal", Signer::officer, Scope::bureau_or_contest},
    {"reseal", Signer::officer, Scope::bureau_or_contest},
    {"close", Signer::board_or_officer, Scope::election},
    {"freeze", Signer::board, Scope::election},
    {"count", Signer::opening_rule, Scope::bureau},
    {"close-count", Signer::president, Scope::bureau},
};

// An event whose form has been judged.
struct Event {
  const EventRule* rule = nullptr;
  std::int64_t number = 0;
  TimeMs at = 0;
  std::uint32_t bureau = 0;
  std::optional<std::uint32_t> contest;
  Json data;
  bool by_board = false;
  BesideEvent beside;
};

tl::unexpected<Error> refuse_phase(std::string why) {
  return fail("bureau.phase", std::move(why));
}

std::int64_t next_number(Transaction& transaction) {
  return transaction.query("SELECT COALESCE(MAX(number), -1) + 1 FROM event")[0].integer(0);
}

// Of the last event, or nothing before the first.
TimeMs last_time(Transaction& transaction) {
  const auto rows = transaction.query("SELECT text FROM event ORDER BY number DESC LIMIT 1");
  if (rows.empty()) return 0;
  return *integer_field(SignedDocument::parse(rows[0].text(0))->body(), "at");
}

Status judge_scope(const Manifest& manifest, const Event& event) {
  const auto wrong = [](std::string why) { return fail("bureau.contest", std::move(why)); };
  const Scope scope = event.rule->scope;
  if (event.bureau >= manifest.bureaus.size()) return wrong("there is no such bureau");
  if (scope == Scope::election && event.bureau != 0) {
    return wrong("the first bureau acts for the whole election");
  }
  if (scope == Scope::election || scope == Scope::bureau) {
    if (event.contest) return wrong("this event concerns no single contest");
    return {};
  }
  if (!event.contest) {
    if (scope == Scope::bureau_or_contest) return {};
    return wrong("this event concerns one contest: which?");
  }
  const auto* contest = manifest.contest(*event.contest);
  if (!contest || contest->bureau != event.bureau) {
    return wrong("this bureau has no such contest");
  }
  return {};
}

bool is_reason(const Json& data) {
  const auto reason = text_field(data, "reason");
  return has_exactly(data, {"reason"}) && reason && !reason->empty() &&
         reason->size() <= limits::event_reason_bytes;
}

// The district is one of its contest's: judge_scope comes first.
std::optional<RollPlace> place_in(const Manifest& manifest, const Event& event) {
  const auto district = u32_field(event.data, "district");
  const auto key = point_field(event.data, "key");
  if (!has_exactly(event.data, {"district", "key"}) || !district || !key ||
      *district >= manifest.contest(*event.contest)->districts.size()) {
    return std::nullopt;
  }
  return RollPlace{*event.contest, *district, *key};
}

Status judge_data(const Manifest& manifest, const Event& event) {
  const auto& name = event.rule->name;
  const auto& data = event.data;
  bool good = false;
  if (name == "open" || name == "close") {
    good = has_exactly(data, {});
  } else if (name == "extend") {
    good = has_exactly(data, {"closes_at"}) && integer_field(data, "closes_at");
  } else if (name == "strike-off" || name == "enrol") {
    good = place_in(manifest, event).has_value();
  } else if (name == "freeze") {
    good = has_exactly(data, {"ballots", "box_root", "pads", "sign_off_root", "sign_offs"});
  } else if (name == "count") {
    const auto tally = text_field(data, "tally");
    good = has_exactly(data, {"bijection", "tally"}) && data["bijection"] == Json(true) && tally &&
           hex_decode_array<64>(*tally);
  } else if (name == "close-count") {
    const auto result = text_field(data, "result");
    good = has_exactly(data, {"result"}) && result && hex_decode_array<32>(*result);
  } else {
    good = is_reason(data);
  }
  if (!good)
    return fail("bureau.data",
                "the data of this event is not what " + std::string(name) + " carries");
  return {};
}

// Exactly the keys that the table names; signatures good.
Status judge_signers(const Manifest& manifest, const Event& event, const SignedDocument& document) {
  const auto wrong = [](std::string why) { return fail("bureau.signer", std::move(why)); };
  const auto signers = document.signers();
  if (signers.empty()) return wrong("nobody has signed");
  if (!document.signatures_good(manifest.fingerprint())) return wrong("a signature is wrong");
  const Signer wanted = event.rule->signer;
  if (event.by_board) {
    if (wanted == Signer::board || wanted == Signer::board_or_officer) return {};
    return wrong("the server cannot sign this");
  }
  if (wanted == Signer::board) return wrong("only the server signs this");
  auto members = signers;
  if (wanted == Signer::registrar_and_officer && std::erase(members, manifest.registrar_key) != 1) {
    return wrong("the registrar must sign too");
  }
  bool officer = false;
  bool president = false;
  for (const auto& key : members) {
    const auto member = member_of(manifest, key);
    if (!member || member->bureau != event.bureau) {
      return wrong("a signer is no member of this bureau");
    }
    officer =
        officer || member->role == BureauRole::president || member->role == BureauRole::secretary;
    president = president || member->role == BureauRole::president;
  }
  if (wanted == Signer::opening_rule) {
    if (fulfils_opening_rule(manifest.bureaus[event.bureau], signers)) return {};
    return wrong("these members may not open the box: too few of a group");
  }
  if (wanted == Signer::president) {
    if (president) return {};
    return wrong("a president of this bureau must sign");
  }
  if (members.size() != 1 || !officer) {
    return wrong("one president or secretary of this bureau signs");
  }
  return {};
}

Expected<Event> read_event(Transaction& transaction, State& state, const SignedDocument& document,
                           BesideEvent beside) {
  const Json& body = document.body();
  const auto malformed = [](std::string why) { return fail("bureau.event", std::move(why)); };
  const auto number = integer_field(body, "number");
  const auto at = integer_field(body, "at");
  const auto bureau = u32_field(body, "bureau");
  const auto name = text_field(body, "event");
  if (!has_exactly(body, {"at", "bureau", "contest", "data", "event", "number", "type"}) ||
      text_field(body, "type") != "event" || !number || !at || !bureau || !name) {
    return malformed("not an event");
  }
  Event event;
  for (const auto& rule : event_rules) {
    if (rule.name == *name) event.rule = &rule;
  }
  if (!event.rule) return malformed("no event is called " + *name);
  event.contest = u32_field(body, "contest");
  if (!event.contest && !body["contest"].is_null()) return malformed("no such contest");
  if (*number != next_number(transaction)) {
    const auto there = transaction.query("SELECT text FROM event WHERE number = $1", {*number});
    if (!there.empty() && SignedDocument::parse(there[0].text(0))->body() == body) {
      return fail("bureau.replayed", "the log has this event already");
    }
    return fail("bureau.stale", "another event took its number: draft it again");
  }
  event.by_board = document.signers() == std::vector<Point>{state.manifest().board_key};
  const TimeMs last = last_time(transaction);
  if (*at < last || *at > std::max(state.now(), last)) {
    return malformed("its time is before the last event's, or in the future");
  }
  // The count's event goes from holder to holder, each on a machine of its own.
  const bool circulates = event.rule->signer == Signer::opening_rule;
  if (!event.by_board && !circulates && *at < std::max(state.now() - limits::event_age_ms, last)) {
    return fail("bureau.stale", "it was drafted too long ago: draft it again");
  }
  event.number = *number;
  event.at = *at;
  event.bureau = *bureau;
  event.data = body["data"];
  event.beside = std::move(beside);
  return event;
}

// ---- Effects

void set_phase(Transaction& transaction, std::string_view from, std::string_view to) {
  transaction.execute("UPDATE contest_phase SET phase = $2 WHERE phase = $1", {from, to});
}

Status open_vote(Transaction& transaction, const VotePhases& phases, const Event& event) {
  if (!phases.all("sealed")) return refuse_phase("the vote has been opened already");
  if (event.at < phases.opens_at) return fail("bureau.hours", "it is not the opening hour yet");
  set_phase(transaction, "sealed", "open");
  return {};
}

Status change_contest(Transaction& transaction, const VotePhases& phases, const Event& event) {
  const auto& phase = phases.contests.at(*event.contest);
  const char* next = "suspended";
  if (event.rule->name == "suspend") {
    if (phase != "open") {
      return refuse_phase("only an open contest can be suspended; this one is " + phase);
    }
  } else {
    if (phase != "suspended") {
      return refuse_phase("only a suspended contest can be resumed; this one is " + phase);
    }
    next = phases.grace_ends_at ? "grace" : "open";
  }
  transaction.execute("UPDATE contest_phase SET phase = $2 WHERE contest = $1",
                      {*event.contest, next});
  return {};
}

// Between the opening and the close.
Status require_open(const VotePhases& phases) {
  if (phases.all("sealed")) return refuse_phase("the vote is not open yet");
  if (phases.grace_ends_at) return refuse_phase("the vote is closed");
  return {};
}

Status extend_hours(Transaction& transaction, const VotePhases& phases, const Event& event) {
  if (auto open = require_open(phases); !open) return open;
  const auto closes_at = *integer_field(event.data, "closes_at");
  if (closes_at <= phases.closes_at || closes_at <= event.at) {
    return fail("bureau.hours", "an extension ends later than the vote does now");
  }
  transaction.execute("UPDATE hours SET closes_at = $1 WHERE id = 1", {closes_at});
  return {};
}

Status close_vote(Transaction& transaction, const State& state, const VotePhases& phases,
                  const Event& event) {
  if (auto open = require_open(phases); !open) return open;
  if (event.by_board && event.at < phases.closes_at) {
    return fail("bureau.hours", "it is not the closing hour yet");
  }
  const TimeMs end =
      std::min(event.at, phases.closes_at) + TimeMs{state.manifest().grace_seconds} * 1000;
  transaction.execute("UPDATE hours SET grace_ends_at = $1 WHERE id = 1", {end});
  set_phase(transaction, "open", "grace");
  return {};
}

// Traces only (R211-541), but each seal is broken before it is renewed.
Status trace_seal(Transaction& transaction, const VotePhases& phases, const Event& event) {
  if (phases.all("frozen")) return refuse_phase("the box is frozen");
  bool broken = false;
  for (const auto& earlier : read_events(transaction)) {
    const Json& body = earlier.body();
    if (body["bureau"] != event.bureau || u32_field(body, "contest") != event.contest) continue;
    if (body["event"] == "unseal") broken = true;
    if (body["event"] == "reseal") broken = false;
  }
  if (broken == (event.rule->name == "reseal")) return {};
  return refuse_phase(broken ? "the seal is broken already" : "the seal is whole");
}

Status judge_freeze(Transaction& transaction, const VotePhases& phases) {
  if (!phases.all("frozen")) return refuse_phase("ballots may still come in");
  if (!events_named(transaction, "freeze").empty()) return refuse_phase("frozen already");
  return {};
}

Status open_count(Transaction& transaction, const Event& event) {
  if (events_named(transaction, "freeze").empty()) return refuse_phase("the box is not frozen yet");
  if (!events_named(transaction, "count", event.bureau).empty()) {
    return refuse_phase("the count of this bureau has been opened already");
  }
  return {};
}

Status end_count(Transaction& transaction, const State& state, const Event& event) {
  if (events_named(transaction, "count", event.bureau).empty()) {
    return refuse_phase("the count of this bureau has not been opened");
  }
  if (!events_named(transaction, "close-count", event.bureau).empty()) {
    return refuse_phase("the count of this bureau is closed already");
  }
  const auto result =
      transaction.query("SELECT content FROM public_file WHERE path = 'result.json'");
  if (result.empty()) return refuse_phase("there is no result yet");
  if (text_field(event.data, "result") != hex_encode(sha256(result[0].blob(0)))) {
    return fail("bureau.data", "the event names another result than the one computed");
  }
  if (auto settled = check_ties_settled(*parse_json(as_text(result[0].blob(0)))); !settled) {
    return settled;
  }
  auto awaited = counting_bureaus(state.manifest());
  const bool counts = awaited.erase(event.bureau) != 0;
  for (const auto bureau : bureaus_closed(transaction)) awaited.erase(bureau);
  if (counts && awaited.empty()) {
    owe(transaction, duty_destroy_link_key, event.at);
  }
  return {};
}

// Until the close: whoever may still finish then is on the roll.
Status change_roll(Transaction& transaction, State& state, const VotePhases& phases,
                   const Event& event) {
  if (phases.grace_ends_at || event.at >= phases.closes_at)
    return refuse_phase("the vote is closed");
  if (!state.held_link_key()) {
    return refuse_phase("the link key is not on this machine: the key's holder cannot be found");
  }
  const auto place = *place_in(state.manifest(), event);
  const auto& [voter, texts, late] = event.beside;
  if (event.rule->name == "strike-off") return strike_off(state, transaction, voter, place, texts);
  if (late) return enrol_at(state, transaction, *late, place);
  return fail("bureau.event", "who is enrolled comes beside the event: isoloir roll enrol --post");
}

Status take_effect(Transaction& transaction, State& state, const Event& event) {
  const auto phases = read_phases(transaction);
  const auto& name = event.rule->name;
  if (name == "open") return open_vote(transaction, phases, event);
  if (name == "suspend" || name == "resume") return change_contest(transaction, phases, event);
  if (name == "extend") return extend_hours(transaction, phases, event);
  if (name == "strike-off" || name == "enrol")
    return change_roll(transaction, state, phases, event);
  if (name == "close") return close_vote(transaction, state, phases, event);
  if (name == "freeze") return judge_freeze(transaction, phases);
  if (name == "count") return open_count(transaction, event);
  if (name == "close-count") return end_count(transaction, state, event);
  return trace_seal(transaction, phases, event);
}

}  // namespace

// Whom a strike-off that came as a file is about, found without keeping the writer waiting. Empty
// for any other event, and where nobody is.
std::string struck_off_by(State& state, const SignedDocument& document) {
  const Json& body = document.body();
  const auto contest = u32_field(body, "contest");
  if (text_field(body, "event") != "strike-off" || !contest || !body.contains("data")) return {};
  const auto district = u32_field(body["data"], "district");
  const auto key = point_field(body["data"], "key");
  if (!district || !key || !state.held_link_key()) return {};
  return *state.database().read([&](Transaction& transaction) -> Expected<std::string> {
    return holder_of(state, transaction, {*contest, *district, *key}).value_or("");
  });
}

SignedDocument draft_event(Transaction& transaction, State& state, const EventDraft& draft) {
  return SignedDocument({{"type", "event"},
                         {"number", next_number(transaction)},
                         {"event", draft.name},
                         {"at", std::max(state.now(), last_time(transaction))},
                         {"bureau", draft.bureau},
                         {"contest", draft.contest ? Json(*draft.contest) : Json(nullptr)},
                         {"data", draft.data}});
}

Status append_signed_event(Transaction& transaction, State& state, const SignedDocument& document,
                           const BesideEvent& beside) {
  const auto event = read_event(transaction, state, document, beside);
  if (!event) return fail(event.error());
  if (auto good = judge_scope(state.manifest(), *event); !good) return good;
  if (auto good = judge_data(state.manifest(), *event); !good) return good;
  if (auto good = judge_signers(state.manifest(), *event, document); !good) return good;
  if (auto done = take_effect(transaction, state, *event); !done) return done;
  transaction.execute("INSERT INTO event (number, text, logged) VALUES ($1, $2, 0)",
                      {event->number, document.text()});
  Json row = {{"step", "event"}, {"event", event->rule->name}, {"number", event->number}};
  if (event->contest) row["contest"] = *event->contest;
  journal(transaction, state.now(), row);
  return {};
}

Expected<std::vector<SignedDocument>> draft_for_officers(State& state,
                                                         const std::vector<EventDraft>& drafts,
                                                         const BeforeDrafts& first) {
  std::vector<SignedDocument> drafted;
  const auto tried = state.database().write([&](Transaction& transaction) -> Status {
    if (first) {
      if (auto ready = first(transaction); !ready) return ready;
    }
    for (const auto& draft : drafts) {
      const auto document = draft_event(transaction, state, draft);
      const auto event =
          read_event(transaction, state, document, {draft.voter, nullptr, draft.late});
      if (!event) return fail(event.error());
      if (auto good = judge_scope(state.manifest(), *event); !good) return good;
      if (auto good = judge_data(state.manifest(), *event); !good) return good;
      if (auto done = take_effect(transaction, state, *event); !done) return done;
      transaction.execute("INSERT INTO event (number, text, logged) VALUES ($1, $2, 0)",
                          {event->number, document.text()});
      drafted.push_back(document);
    }
    return fail("bureau.drafted", "the effects are taken back");
  });
  if (tried.error().code != "bureau.drafted") return fail(tried.error());
  return drafted;
}

Expected<std::int64_t> append_event(Transaction& transaction, State& state, const EventDraft& draft,
                                    const std::vector<const KeyPair*>& signers) {
  auto document = draft_event(transaction, state, draft);
  for (const auto* signer : signers) {
    document.sign(*signer, state.fingerprint(), state.random());
  }
  const BesideEvent beside{draft.voter, draft.texts, draft.late};
  if (const auto done = append_signed_event(transaction, state, document, beside); !done) {
    return fail(done.error());
  }
  return *integer_field(document.body(), "number");
}

Expected<std::int64_t> post_event(State& state, const EventDraft& draft,
                                  const std::vector<const KeyPair*>& signers) {
  return state.database().write(
      [&](Transaction& transaction) { return append_event(transaction, state, draft, signers); });
}

Expected<std::int64_t> post_event(State& state, const SignedDocument& event,
                                  const TextSource* texts) {
  const std::string voter = struck_off_by(state, event);
  return state.database().write([&](Transaction& transaction) -> Expected<std::int64_t> {
    if (auto done = append_signed_event(transaction, state, event, {voter, texts, nullptr});
        !done) {
      return fail(done.error());
    }
    return *integer_field(event.body(), "number");
  });
}

std::vector<SignedDocument> read_events(Transaction& transaction) {
  std::vector<SignedDocument> events;
  for (const auto& row : transaction.query("SELECT text FROM event ORDER BY number")) {
    auto event = SignedDocument::parse(row.text(0));
    ISOLOIR_ASSERT(event.has_value());
    events.push_back(std::move(*event));
  }
  return events;
}

std::vector<SignedDocument> events_named(Transaction& transaction, std::string_view name,
                                         std::optional<std::uint32_t> bureau) {
  auto events = read_events(transaction);
  std::erase_if(events, [&](const SignedDocument& event) {
    return text_field(event.body(), "event") != name ||
           (bureau && u32_field(event.body(), "bureau") != bureau);
  });
  return events;
}

std::set<std::uint32_t> bureaus_closed(Transaction& transaction) {
  std::set<std::uint32_t> bureaus;
  for (const auto& event : events_named(transaction, "close-count")) {
    bureaus.insert(*u32_field(event.body(), "bureau"));
  }
  return bureaus;
}

std::optional<MemberPlace> member_of(const Manifest& manifest, const Point& signing_key) {
  for (std::uint32_t b = 0; b < manifest.bureaus.size(); ++b) {
    const auto& groups = manifest.bureaus[b].groups;
    for (std::uint32_t g = 0; g < groups.size(); ++g) {
      for (std::uint32_t j = 0; j < groups[g].members.size(); ++j) {
        const auto& member = groups[g].members[j];
        if (member.signing_key == signing_key) {
          return MemberPlace{b, g, j + 1, member.name, member.role};
        }
      }
    }
  }
  return std::nullopt;
}

bool VotePhases::all(std::string_view phase) const {
  return std::all_of(contests.begin(), contests.end(),
                     [&](const std::string& own) { return own == phase; });
}
bool VotePhases::any(std::string_view phase) const {
  return std::find(contests.begin(), contests.end(), phase) != contests.end();
}

VotePhases read_phases(Transaction& transaction) {
  VotePhases phases;
  for (const auto& row : transaction.query("SELECT phase FROM contest_phase ORDER BY contest")) {
    phases.contests.push_back(row.text(0));
  }
  const auto hours =
      transaction.query("SELECT opens_at, closes_at, grace_ends_at FROM hours WHERE id = 1");
  phases.opens_at = hours[0].integer(0);
  phases.closes_at = hours[0].integer(1);
  phases.grace_ends_at = hours[0].optional_integer(2);
  return phases;
}

VotePhases phases_of(State& state) {
  return *state.database().read(
      [](Transaction& transaction) -> Expected<VotePhases> { return read_phases(transaction); });
}

bool is_voting(State& state) {
  const auto phases = phases_of(state);
  return phases.any("open") || phases.any("suspended") || phases.any("grace");
}

std::int64_t voters_inside(Transaction& transaction) {
  return transaction
      .query(
          "SELECT COUNT(DISTINCT s.voter) FROM session s JOIN voter_contest c ON c.voter = "
          "s.voter LEFT JOIN sign_off o ON o.voter = c.voter AND o.contest = c.contest WHERE "
          "s.space_opened_at IS NOT NULL AND o.voter IS NULL")[0]
      .integer(0);
}

void tick(State& state, Log& log) {
  const std::vector<const KeyPair*> board = {&state.keys().board};
  // Another process may have been first: then the event is refused, and that is well.
  const auto post = [&](const char* name) {
    (void)post_event(state, {name, 0, {}, Json::object()}, board);
  };
  auto phases = phases_of(state);
  if (phases.all("sealed") && state.now() >= phases.opens_at) {
    post("open");
    phases = phases_of(state);
  }
  if (!phases.all("sealed") && !phases.grace_ends_at && state.now() >= phases.closes_at) {
    post("close");
    phases = phases_of(state);
  }
  gather_reissues_when_due(state);
  if (phases.grace_ends_at) freeze_when_due(state, log);
  pay_duties(state);
}

}  // namespace isoloir
