// The voting space: the voting code, the contests, the ballot, the receipt (docs/protocol.md
// sections 4, 7 and 8).
#pragma once

#include "board/log.hpp"
#include "service/session.hpp"

namespace isoloir {

struct CodePolicy {
  std::uint32_t tries = 5;
  std::int64_t proof_life_ms = 600'000;
};

struct CodeVerdict {
  enum class Kind { accepted, wrong, invalidated, replaced };
  Kind kind = Kind::wrong;
  std::uint32_t tries_left = 0;
  TimeMs replaced_at = 0;
};

// What the browser makes of a voting code (protocol section 4): the key, proven under the nonce of
// its page.
struct CodeProof {
  ByteArray<32> nonce{};
  Point key;
  SchnorrProof proof;
};

// Judges a sign-in proof under the session's nonce, which is used up. The failure counter is raised
// first; the last failure invalidates the code. A replaced code of the voter is told as such and
// costs no try. Error: code.nonce (none, expired, or another page's, opened since: nothing was
// counted, ask for a new one), voting.closed (no contest is open: the code may be right, but nobody
// new enters; who was in the space before the close may enter it again from the same session),
// voting.not_open.
Expected<CodeVerdict> open_voting_space(State& state, const CodePolicy& policy,
                                        const Session& session, const CodeProof& given);

// Whether this voter may enter the voting space now: any contest open, or suspended for a while.
// `inside`: was let in before in the same session, and may come back in the grace period
// (R211-563). Errors: voting.closed, voting.not_open, voting.no_contest (she was struck off the
// roll of every one).
Status may_enter(State& state, const std::string& voter, bool inside);
// Whose this key was, and when another took its place, if one did.
struct ReplacedCode {
  std::string voter;
  TimeMs at = 0;
  bool with_all = false;  // before the opening, with everybody's, identifiers too
};
std::optional<ReplacedCode> replaced_code(store::Transaction& transaction, const Point& key);
// When every code was replaced last, before the opening ("annule et remplace").
std::optional<TimeMs> codes_replaced_at(State& state);

struct CodeState {
  bool valid = false;
  std::uint32_t tries_left = 0;
  TimeMs changed_at = 0;
};
CodeState code_state(State& state, const CodePolicy& policy, const std::string& voter);

struct VoterContestState {
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  std::string phase;               // a row of contest_phase
  std::optional<TimeMs> voted_at;  // signed off
};
std::vector<VoterContestState> contests_of(State& state, const std::string& voter);

// When the last ballot may come, by the close that is written down or else by the closing hour: a
// ballot between the end and the next beat is late. Phases stay rows: this closes, it never opens.
TimeMs grace_end(const State& state, store::Transaction& transaction);

// Whether this session may cast in this contest now. Errors: ballot.not_registered (she is not
// on its roll), ballot.already_voted, ballot.key (the voting space is not open in it),
// voting.not_open, voting.suspended, voting.closed.
Status may_cast(State& state, store::Transaction& transaction, const Session& session,
                std::uint32_t contest);

// The code that validates a vote where policy wants one (service/confirmation.hpp), as typed.
class Confirmations;
struct GivenConfirmation {
  Confirmations& confirmations;
  std::string code;
  std::string language;  // of the message that confirms the sign-off
};

// Takes a ballot. Whatever the answer, calling again with the same bytes is safe. Gives the
// tracker. Errors: those of the ballot (ballot.*), ballot.fingerprint, ballot.contest (there is no
// such one), ballot.not_registered (she is not on its roll, or no longer),
// ballot.district, voting.not_open, voting.suspended, voting.closed, ballot.already_voted,
// ballot.key (not this voter's key, or not in force), with `confirmation` those of
// Confirmations::use. It is used up in the transaction that takes the ballot; null where policy
// asks for none.
Expected<Tracker> cast_ballot(State& state, const Session& session, ByteView bytes,
                              const GivenConfirmation* confirmation = nullptr);

// Whether a ballot with this tracker was accepted; before and after the freeze and the count.
bool is_held(State& state, const Tracker& tracker);

// The entry of an accepted ballot, or nothing for a tracker that the box does not hold. Nothing
// for any once an export has left, which shows the trackers of all to everybody; nor once the count
// is closed: the nonce is gone with the link key, and with it all receipts but those that voters
// keep.
std::optional<Bytes> entry_of(State& state, const Tracker& tracker);

struct Hours {
  TimeMs opens_at = 0;
  TimeMs closes_at = 0;
  std::optional<TimeMs> grace_ends_at;
};
Hours hours_of(State& state);

}  // namespace isoloir
