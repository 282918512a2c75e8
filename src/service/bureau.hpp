// The bureau's events (docs/protocol.md section 8): who may do what and when, and what follows from
// it in the database. An event and its effect are one transaction; times and phases are rows, so
// that a clock set back changes nothing. Thread-safe.
//
// phase of a contest: sealed -> open <-> suspended, at the close open -> grace <-> suspended, then
// frozen.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "board/log.hpp"
#include "courier/text_source.hpp"
#include "election/signed_document.hpp"
#include "service/state.hpp"

namespace isoloir {

struct LateElectors;  // service/enrolment

// ---- Events

struct EventDraft {
  std::string name;
  std::uint32_t bureau = 0;
  std::optional<std::uint32_t> contest;
  Json data = Json::object();
  std::string voter{};                // whom a strike-off is about, where known; stands in no event
  const TextSource* texts = nullptr;  // of the mail that tells that voter; null: none leaves
  const LateElectors* late = nullptr;  // among whom is whom an enrolment is about
};
// What of it comes beside the event when it is posted.
struct BesideEvent {
  std::string voter{};
  const TextSource* texts = nullptr;
  const LateElectors* late = nullptr;
};

// The next event, to be signed: it has its number, and the present time or that of the event before
// if that is later.
SignedDocument draft_event(store::Transaction& transaction, State& state, const EventDraft& draft);

// The same for officers who sign on machines of their own, one after the other in this order;
// refused now where append_signed_event would refuse one at once whoever signed. Nothing is kept.
// Errors: those of append_signed_event but bureau.signer.
// `first` runs before them in the transaction that is taken back, and may refuse.
using BeforeDrafts = std::function<Status(store::Transaction& transaction)>;
Expected<std::vector<SignedDocument>> draft_for_officers(State& state,
                                                         const std::vector<EventDraft>& drafts,
                                                         const BeforeDrafts& first = {});

// Judges a signed event, inserts it with its effect and journals it. Errors: bureau.event
// (malformed, unknown, or of a time that is not the next), bureau.replayed (it is there already),
// bureau.stale (another took its number, or an officer's was drafted more than limits::event_age_ms
// ago: draft again), bureau.contest
// (no such contest of this bureau), bureau.data, bureau.signer (a key that the event does not
// allow, or one that is missing), bureau.phase (not now), bureau.hours (too early), those of
// strike_off and enrol_at.
Status append_signed_event(store::Transaction& transaction, State& state,
                           const SignedDocument& event, const BesideEvent& beside = {});

// Drafts, signs and appends. Gives the number. Errors: those of append_signed_event.
Expected<std::int64_t> append_event(store::Transaction& transaction, State& state,
                                    const EventDraft& draft,
                                    const std::vector<const KeyPair*>& signers);
Expected<std::int64_t> post_event(State& state, const EventDraft& draft,
                                  const std::vector<const KeyPair*>& signers);
// One that came as a file.
Expected<std::int64_t> post_event(State& state, const SignedDocument& event,
                                  const TextSource* texts = nullptr);

// Whom a strike-off that came as a file is about, found without keeping the writer waiting. Empty
// where nobody has this place, or for another event.
std::string struck_off_by(State& state, const SignedDocument& document);

// All events in the order of their numbers.
std::vector<SignedDocument> read_events(store::Transaction& transaction);
// Those of this name; of one bureau where one is given.
std::vector<SignedDocument> events_named(store::Transaction& transaction, std::string_view name,
                                         std::optional<std::uint32_t> bureau = std::nullopt);
// The bureaus whose count is closed.
std::set<std::uint32_t> bureaus_closed(store::Transaction& transaction);

// ---- Members

struct MemberPlace {
  std::uint32_t bureau = 0;
  std::uint32_t group = 0;
  std::uint32_t index = 0;  // from 1
  std::string name;
  BureauRole role = BureauRole::delegate;
};
std::optional<MemberPlace> member_of(const Manifest& manifest, const Point& signing_key);

// ---- The vote as a whole

struct VotePhases {
  std::vector<std::string> contests;  // the phase of each
  TimeMs opens_at = 0;
  TimeMs closes_at = 0;                 // in force
  std::optional<TimeMs> grace_ends_at;  // set by the close
  bool all(std::string_view phase) const;
  bool any(std::string_view phase) const;
};
VotePhases read_phases(store::Transaction& transaction);
VotePhases phases_of(State& state);

// From the opening to the freeze: while rounds of the log must be padded even if nothing waits.
bool is_voting(State& state);

// Voters who are in the voting space and still have a contest to vote in; sessions that have
// expired count until Sessions::sweep removes them.
std::int64_t voters_inside(store::Transaction& transaction);

// What the clock brings: opens and closes at the hour, freezes at the end of the grace period or
// when nobody is left inside, and finishes what an earlier step owes, after a kill too. Called by
// the process that sequences the log, at its start and before every round. Throws StoreError and
// std::runtime_error.
void tick(State& state, Log& log);

}  // namespace isoloir
