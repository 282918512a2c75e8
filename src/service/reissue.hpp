// A lost voting code and its successor (reissue design, procedure A): proof by challenge question
// and number, a single-use link to a personal destination, new public keys made in the voter's
// browser. The server never knows a code. Requirement numbers are those of the design.
//
// What matters happens in one transaction each; times never run back (requirement 21). Thread-safe.
#pragma once

#include <functional>

#include "courier/message_store.hpp"
#include "courier/text_source.hpp"
#include "identity/pivot_identity.hpp"
#include "portal/reissue_policy.hpp"
#include "service/answered_once.hpp"
#include "service/session.hpp"

namespace isoloir {

// Why not. `code` is stable; `message_id` is the text to show, `message.*` excluded.
struct ReissueRefusal {
  std::string code;
  std::string message_id;
  TimeMs at = 0;  // wrong_proof, delayed, throttled: try again from then on; link_*: see there
  std::uint32_t tries_left = 0;  // wrong_proof
  bool alert = false;            // the journal's row says so too
};
template <typename T>
using ReissueResult = tl::expected<T, ReissueRefusal>;

enum class ReissueChannel { email, sms };

struct ReissueRequest {
  std::string answer;  // to the challenge question, as typed
  std::string
      identity;  // NUMEN or the first ten characters of the social security number, as typed
  ReissueChannel channel = ReissueChannel::email;
  std::string destination;  // as typed
  std::string client_address;
  std::string language;         // "fr" or "en": of the messages
  bool captcha_solved = false;  // a captcha of this request, asked for after reissue.captcha
};
struct ReissueSent {
  std::string reference;    // "K7QD-2M4X", also in the message
  std::string destination;  // as typed, to show; not kept
  ReissueChannel channel = ReissueChannel::email;
  TimeMs link_expires_at = 0;
  // What the asking session's cookie will be once the code is replaced, when the old one dies.
  std::string next_session;
};

// What the browser holds that has come back from FranceConnect: the flow is open in it.
struct ReissueOpened {
  std::string opener;  // base64url, for view and issue
  std::string reference;
  std::string next_session;  // as in ReissueSent
};

struct FlowContest {
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
};
struct FlowView {
  std::string handle;                 // of the credential
  std::vector<FlowContest> contests;  // for which new ballot keys are wanted: not yet voted in
  std::string token_hash;             // hex, 32 bytes: item of the possession proofs
  std::string reference;
  std::string language;
  TimeMs expires_at = 0;
  bool issued = false;
  bool identified = false;  // she came by FranceConnect, not by a link
};

struct NewBallotKey {
  std::uint32_t contest = 0;
  Point key;
  SchnorrProof proof;
};
struct NewKeys {
  Point sign_in_key;
  SchnorrProof sign_in_proof;
  std::vector<NewBallotKey> ballot_keys;  // ascending by contest
};
struct IssuedCode {
  std::string reference;
  TimeMs issued_at = 0;
};

struct ReissueStatus {
  enum class Kind { none, sent, opened, issued, blocked };
  Kind kind = Kind::none;
  TimeMs at = 0;
  std::string reference;
  bool identified = false;  // opened by FranceConnect, in the browser that asked
  // The code that is good now, where one was made: a later request replaces it only when it ends in
  // another.
  std::optional<TimeMs> issued_at{};
  std::string issued_reference{};
  std::optional<MessageTrace> message{};  // the one that carries the link, while it is `sent`
  std::int64_t codes_left = 0;            // that policy allows her to make herself
};

struct CancelledReissue {
  std::string reference;
  // Contests in which a vote was cast after the new code was made: it stays in the box, the bureau
  // named in the manifest must be told.
  std::vector<std::uint32_t> voted_since;
  bool too_late = false;  // the box is frozen: there was nothing left to block
};

// The statement of a key possession proof (protocol section 4), without key and R. Contest: nothing
// for the sign-in key.
Transcript possession_statement(const Fingerprint& fingerprint, const ByteArray<32>& token_hash,
                                std::optional<std::uint32_t> contest);

class Reissues {
 public:
  // `alert`: one line for the operator, without anything of a voter, when something looks like an
  // attack; the journal has its row by then. Called from any thread.
  using Alert = std::function<void(std::string_view)>;
  Reissues(State& state, const ReissuePolicy& policy, const TextSource& texts, Alert alert = {})
      : state_(state), policy_(policy), texts_(texts), alert_(std::move(alert)) {}

  // Step 1 and 2: the form on the portal, for who is signed in. Refusals: reissue.wrong_proof
  // (answer or number, never which; tries_left, at), reissue.delayed (wrong before: at),
  // reissue.throttled (at; 0 where waiting is not the point), reissue.captcha (many requests from
  // this network: ask again with a captcha solved), reissue.destination (message_id says why),
  // reissue.closed, reissue.limit (as many as policy allows), reissue.blocked (assistance). The
  // same form of the same session within a minute of a link that was sent, or while it is still
  // looked at, gets the same answer, and nothing is counted: a second click.
  ReissueResult<ReissueSent> request(const Session& session, const ReissueRequest& request);

  // The same for whom FranceConnect has identified: it replaces question and link (requirement 59).
  // Refusals: reissue.identity (not hers as the roll has it, or not hers alone; `alert` where it is
  // that of somebody else on the roll), identity.stale (the session has ended meanwhile),
  // reissue.throttled, reissue.closed, reissue.limit, reissue.blocked.
  ReissueResult<ReissueOpened> open_identified(const Session& session, const PivotIdentity& vouched,
                                               std::string_view client_address,
                                               std::string_view language);

  // Whether that would be refused now whoever she is.
  std::optional<ReissueRefusal> refusal_of_identified(store::Transaction& transaction,
                                                      const std::string& voter);

  // What a browser brings to open a link: 32 random bytes, base64url. It has them, as a cookie,
  // before the link is spent, so that an answer that is lost loses nothing.
  std::string new_opener();
  // The click on the link page, in any browser: from then on the flow is `opener`'s alone, and the
  // same opener gets the same answer. Refusals: reissue.link_unknown, reissue.link_expired (at:
  // since when), reissue.link_used (at: issued), reissue.link_superseded (at: when the newer one
  // was sent), reissue.link_elsewhere (at: opened in another browser), reissue.link_cancelled,
  // reissue.opener (none, or that of another flow: nothing was spent, bring a new one).
  ReissueResult<FlowView> open(std::string_view token, std::string_view opener);

  // Nothing for an opener of no living flow: back to the start (requirement 1).
  std::optional<FlowView> view(std::string_view opener);

  // Replaces the code. The same flow with the same keys gets the same answer for policy's
  // repeat_ms, while they are in force; other keys do not. Refusals: those of open, reissue.keys
  // (contests missing or too many, a key ever used, a proof that is wrong), reissue.outdated (at:
  // since then the code made by this flow is no longer valid), reissue.closed, reissue.limit,
  // reissue.blocked.
  ReissueResult<IssuedCode> issue(std::string_view opener, const NewKeys& keys);

  // The voter has written the code down: the flow is over, its opener good for nothing.
  void acknowledge(std::string_view opener);

  // For the page on which the request was made.
  ReissueStatus status(const std::string& voter);

  // Tells the voter that the voting code was invalidated (requirement 26), once for each time, and
  // whether self-service helps; call after a verdict `invalidated`. One that its owner blocked is
  // not told.
  void notify_invalidated(const std::string& voter, std::string_view language);

 private:
  ReissueResult<ReissueSent> request_once(const Session& session, const ReissueRequest& request);

  State& state_;
  const ReissuePolicy& policy_;
  const TextSource& texts_;
  const Alert alert_;
  AnsweredOnce<ReissueResult<ReissueSent>> asked_;  // by session and form
};

// The link in the notice of any procedure. Blocks what was made and self-service; again is no
// error. Refusal: reissue.link_unknown.
ReissueResult<CancelledReissue> cancel_reissue(State& state, std::string_view token);

// Forgets tries of more than a day ago, and writes down what is past its time, so that a clock set
// back later opens nothing (requirement 21).
void sweep_reissues(State& state);

// Gathers what was reissued into a signed batch of the board (protocol section 5): once a day what
// is numerous enough to hide whose it is, and whatever waits once the vote is closed. Called by
// `tick`.
void gather_reissues_when_due(State& state);

// The outbox of this election, under a key of the server's pepper. For who delivers:
//   Outbox outbox = outbox_of(state); outbox.deliver(transport, state.now());
//   outbox.purge(state.now());
Outbox outbox_of(State& state);
MessageStore messages_of(State& state);
// Messages of the demonstration's inbox, newest first, each for at most an hour.
std::vector<InboxMessage> read_inbox(State& state);

// Whether the texts of messages are good for this election: a text message with its link fits one
// segment (requirement 45). Asked when the server starts. Error: message.too_long.
Status check_message_texts(const State& state, const TextSource& texts);

}  // namespace isoloir
