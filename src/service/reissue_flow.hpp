// A reissue's row in the database, as the engine's state and back, for src/service/reissue*.cpp;
// and the steady time and the counters of tries, for whoever throttles.
#pragma once

#include "reissue/engine.hpp"
#include "reissue/token.hpp"
#include "service/reissue.hpp"

namespace isoloir::flows {

// What a flow gives: voting code or password (procedures A and B), or an account on the portal. A
// voter may have one of each under way.
enum class Procedure { credential, account };

struct Flow {
  Bytes id;
  std::string voter;
  std::string reference;
  reissue::FlowState state;
  TimeMs requested_at = 0;
  std::optional<TimeMs> issued_at;
  Bytes session;  // in which it was requested
  std::string language;
  Bytes token_mac;
  std::optional<Bytes> cookie_mac;  // of the opener
  std::optional<Bytes> cancel_mac;
  std::optional<Bytes> token_hash;
  std::optional<Bytes> keys_hash;
  Procedure procedure = Procedure::credential;
  bool activation = false;  // has made an account
};

// token: of procedure A's link
enum class By { token, opener, cancel, password, account, account_opener, account_cancel };
std::optional<Flow> find(State& state, store::Transaction& transaction, By column,
                         const reissue::Token& token);
// Looked for without a write, so that a flood of made-up tokens does not queue for the writer.
std::optional<Flow> look_up(State& state, By column, std::string_view token);
std::vector<Flow> of_voter(State& state, store::Transaction& transaction, const std::string& voter,
                           Procedure procedure);  // newest first
// Living links of the voter die (requirements 17, 18).
void supersede_all(State& state, store::Transaction& transaction, const std::string& voter,
                   Procedure procedure, TimeMs now);
// The same, without a newer one: to their holders they have expired.
void withdraw_all(State& state, store::Transaction& transaction, const std::string& voter,
                  Procedure procedure, TimeMs now);
// What was issued to her before she left the roll is over: neither its notice's link nor a block by
// it means the code that she is given now, it counts in no limit, and no lost message has it made
// again.
void forget_issued(store::Transaction& transaction, const std::string& voter, TimeMs now);
void save_state(store::Transaction& transaction, const Flow& flow);
// Once seen to be over it stays over, wherever the clock goes (requirement 21).
void remember_expiry(store::Transaction& transaction, Flow flow, TimeMs now);

// A row for a link that is queued; `state` of the flow is LinkQueued, its token_mac is set.
// `message` carries the link, null when none was sent.
void insert_queued(store::Transaction& transaction, const Flow& flow, store::Value message,
                   TimeMs link_ms);
// The flow of this token, which is open, belongs to this browser from now on.
void give_to(State& state, store::Transaction& transaction, Flow& flow, const reissue::Token& token,
             const reissue::Token& opener);
// Flows that look as if their time were over, for who writes that down.
std::vector<Flow> overdue(State& state, store::Transaction& transaction, TimeMs now);

// The portal session that goes on once the code is replaced. Who asked gets it as a second cookie
// at once; it is a session from the swap on, when the one that asked dies (requirement 54).
// Derived, so that no column holds it.
SessionToken successor(const State& state, ByteView session, ByteView flow);

// Never before what the journal has seen (requirement 21).
TimeMs steady_now(State& state, store::Transaction& transaction);

// Row of the journal: step, flow, voter as HMAC, and `more`.
void note(State& state, store::Transaction& transaction, TimeMs at, std::string_view step,
          const std::string& voter, Json more = Json::object());

// Tries of the last day, ascending. What: "request", "wrong proof" (of a voter), "network",
// "destination"; "help network", "help destination" (of the assistance form);
// and those of src/service/recovery*.cpp.
ByteArray<32> attempt_key(const State& state, std::string_view what, std::string_view who);
std::vector<TimeMs> attempts(store::Transaction& transaction, const ByteArray<32>& key, TimeMs now);
// Gives the new row's id.
Bytes add_attempt(State& state, store::Transaction& transaction, const ByteArray<32>& key,
                  TimeMs now, store::Value voter = {});
// The proof was right, only what follows could not be written: that is no wrong try. On a disk that
// takes nothing at all it stays counted.
void forgive(State& state, const Bytes& attempt);

// Counts a message of `what` ("destination" of procedure A, where it was typed, or one on file) to
// `destination`, unless it has too many, or had some for too many voters (requirement 41: then the
// journal's row and the refusal are an alert). One on file is counted for each voter by itself: a
// couple shares it. Refusal: reissue.throttled.
std::optional<ReissueRefusal> count_destination(State& state, store::Transaction& transaction,
                                                const ReissueTerms& terms, std::string_view what,
                                                std::string_view destination,
                                                const std::string& voter, TimeMs now);

// Whether a code may be replaced now; gives the refusal's code: reissue.blocked, reissue.closed,
// reissue.limit (as often as the terms allow).
std::optional<ReissueRefusal> closed(State& state, store::Transaction& transaction,
                                     const ReissueTerms& terms, const std::string& voter);
// New codes that the voter has made herself.
std::int64_t codes_made(store::Transaction& transaction, const std::string& voter);
// The same without the limit.
std::optional<ReissueRefusal> shut(State& state, store::Transaction& transaction,
                                   const ReissueTerms& terms, const std::string& voter);

std::vector<FlowContest> contests_to_vote(store::Transaction& transaction,
                                          const std::string& voter);

ReissueRefusal refusal(std::string_view code, TimeMs at = 0);
tl::unexpected<ReissueRefusal> refuse(std::string_view code, TimeMs at = 0);
tl::unexpected<ReissueRefusal> refuse(const reissue::Refusal& why);

}  // namespace isoloir::flows
