#include "service/reissue_flow.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "reissue/throttle.hpp"
#include "service/journal.hpp"
#include "service/reissue_evidence.hpp"

namespace isoloir::flows {
namespace {

using store::Row;
using store::Transaction;

constexpr std::string_view columns =
    "SELECT f.id, f.voter, f.reference, f.state, f.state_at, f.expires_at, f.requested_at, "
    "f.issued_at, f.session, f.language, f.token_mac, f.cookie_mac, f.cancel_mac, f.token_hash, "
    "f.keys_hash, f.link_ms, m.status, COALESCE(m.accepted_at, m.status_at), m.expires_at, "
    "f.procedure, "
    "f.activation FROM reissue_flow f LEFT JOIN "
    "message m ON m.id = f.message WHERE f.key_version = ";

// A link lives from the relay's acceptance; while the message waits it has not begun to.
reissue::FlowState link_queued(const Row& row) {
  const reissue::LinkQueued queued{row.integer(4), row.integer(5)};
  if (row.is_null(16)) return queued;
  const std::string& status = row.text(16);
  const bool accepted = status == "accepted" || status == "delivered";
  if (!accepted && status != "queued" && status != "sent") return queued;
  const TimeMs from = accepted ? row.integer(17) : row.integer(18);
  return *reissue::step(queued, reissue::RelayAccepted{from, row.integer(15)}, from);
}

reissue::FlowState read_state(const Row& row) {
  const std::string& name = row.text(3);
  const TimeMs at = row.integer(4);
  if (name == "link-queued") return link_queued(row);
  if (name == "opened") return reissue::Opened{at, row.integer(5)};
  if (name == "password-chosen") return reissue::PasswordChosen{at, row.integer(5)};
  if (name == "issued") return reissue::Issued{at, row.integer(5)};
  if (name == "acknowledged") return reissue::Acknowledged{row.integer(7)};
  if (name == "expired") return reissue::Expired{at, row.optional_integer(7)};
  if (name == "superseded") return reissue::Superseded{at};
  ISOLOIR_ASSERT(name == "cancelled");
  return reissue::Cancelled{at};
}

struct StateColumns {
  const char* name;
  TimeMs at = 0;
  TimeMs expires_at = 0;
};
struct ToColumns {
  StateColumns operator()(const reissue::LinkQueued& s) const {
    return {"link-queued", s.sent_at, s.expires_at};
  }
  StateColumns operator()(const reissue::Opened& s) const {
    return {"opened", s.opened_at, s.expires_at};
  }
  StateColumns operator()(const reissue::PasswordChosen& s) const {
    return {"password-chosen", s.opened_at, s.expires_at};
  }
  StateColumns operator()(const reissue::Issued& s) const {
    return {"issued", s.issued_at, s.repeat_until};
  }
  StateColumns operator()(const reissue::Acknowledged& s) const {
    return {"acknowledged", s.issued_at, s.issued_at};
  }
  StateColumns operator()(const reissue::Expired& s) const { return {"expired", s.since, s.since}; }
  StateColumns operator()(const reissue::Superseded& s) const {
    return {"superseded", s.newer_at, s.newer_at};
  }
  StateColumns operator()(const reissue::Cancelled& s) const { return {"cancelled", s.at, s.at}; }
  // Never outlive the request or the transaction in which they are reached.
  template <typename Passing>
  StateColumns operator()(const Passing&) const {
    ISOLOIR_ASSERT(false);
  }
};

constexpr const char* name_of(Procedure procedure) {
  return procedure == Procedure::account ? "account" : "credential";
}
Procedure procedure_of(std::string_view name) {
  return name == name_of(Procedure::account) ? Procedure::account : Procedure::credential;
}

Flow read_flow(const Row& row) {
  return {row.blob(0),           row.text(1),
          row.text(2),           read_state(row),
          row.integer(6),        row.optional_integer(7),
          row.blob(8),           row.text(9),
          row.blob(10),          row.optional_blob(11),
          row.optional_blob(12), row.optional_blob(13),
          row.optional_blob(14), procedure_of(row.text(19)),
          row.integer(20) != 0};
}

std::string select(std::string_view condition) {
  return std::string(columns) + std::to_string(token_key_version) + " AND " +
         std::string(condition);
}

}  // namespace

std::optional<Flow> find(State& state, Transaction& transaction, By column,
                         const reissue::Token& token) {
  using reissue::TokenPurpose;
  struct Lookup {
    By column;
    TokenPurpose purpose;
    const char* condition;
  };
  static constexpr Lookup lookups[] = {
      {By::token, TokenPurpose::link, "f.token_mac = $1"},
      {By::opener, TokenPurpose::flow, "f.cookie_mac = $1"},
      {By::cancel, TokenPurpose::cancel, "f.cancel_mac = $1"},
      {By::password, TokenPurpose::password, "f.token_mac = $1"},
      {By::account, TokenPurpose::account, "f.token_mac = $1"},
      {By::account_opener, TokenPurpose::account_opener, "f.cookie_mac = $1"},
      {By::account_cancel, TokenPurpose::account_cancel, "f.cancel_mac = $1"}};
  const auto* lookup = std::find_if(std::begin(lookups), std::end(lookups),
                                    [&](const Lookup& one) { return one.column == column; });
  const auto rows = transaction.query(
      select(lookup->condition), {ByteView(isoloir::token_mac(state, lookup->purpose, token))});
  if (rows.empty()) return std::nullopt;
  return read_flow(rows[0]);
}

std::optional<Flow> look_up(State& state, By column, std::string_view text) {
  const auto token = reissue::Token::parse(text);
  if (!token) return std::nullopt;
  return *state.database().read([&](Transaction& transaction) -> Expected<std::optional<Flow>> {
    return find(state, transaction, column, *token);
  });
}

std::vector<Flow> of_voter(State&, Transaction& transaction, const std::string& voter,
                           Procedure procedure) {
  std::vector<Flow> flows;
  for (const auto& row : transaction.query(
           select("f.voter = $1 AND f.procedure = $2 ORDER BY f.requested_at DESC, f.id"),
           {voter, name_of(procedure)})) {
    flows.push_back(read_flow(row));
  }
  return flows;
}

std::vector<Flow> overdue(State&, Transaction& transaction, TimeMs now) {
  std::vector<Flow> flows;
  for (const auto& row :
       transaction.query(select("f.state IN ('link-queued', 'opened', 'password-chosen', 'issued') "
                                "AND f.expires_at <= $1"),
                         {now})) {
    flows.push_back(read_flow(row));
  }
  return flows;
}

SessionToken successor(const State& state, ByteView session, ByteView flow) {
  return {Secret(state.peppered("session after reissue", {session, flow}))};
}

namespace {

void end_all(State& state, Transaction& transaction, const std::string& voter, Procedure procedure,
             const reissue::FlowEvent& event, TimeMs now) {
  for (auto& flow : of_voter(state, transaction, voter, procedure)) {
    const auto next = reissue::step(flow.state, event, now);
    if (!next) continue;
    flow.state = *next;
    save_state(transaction, flow);
  }
}

}  // namespace

void supersede_all(State& state, Transaction& transaction, const std::string& voter,
                   Procedure procedure, TimeMs now) {
  end_all(state, transaction, voter, procedure, reissue::Supersede{}, now);
}

void withdraw_all(State& state, Transaction& transaction, const std::string& voter,
                  Procedure procedure, TimeMs now) {
  end_all(state, transaction, voter, procedure, reissue::Withdraw{}, now);
}

void forget_issued(Transaction& transaction, const std::string& voter, TimeMs now) {
  transaction.execute(
      "UPDATE reissue_flow SET state = 'expired', state_at = $2, expires_at = $2, issued_at = "
      "NULL, "
      "cancel_mac = NULL, keys_hash = NULL, sms_tries = 3 WHERE voter = $1 AND procedure = "
      "'credential' AND issued_at IS NOT NULL",
      {voter, now});
}

void save_state(Transaction& transaction, const Flow& flow) {
  const auto values = std::visit(ToColumns(), flow.state);
  transaction.execute(
      "UPDATE reissue_flow SET state = $2, state_at = $3, expires_at = $4, password_salt = CASE $2 "
      "WHEN 'password-chosen' THEN password_salt END, password_mac = CASE $2 WHEN "
      "'password-chosen' THEN password_mac END WHERE id = $1",
      {flow.id, values.name, values.at, values.expires_at});
  // A link that opens nothing any more need not leave.
  const auto* superseded = std::get_if<reissue::Superseded>(&flow.state);
  if (!superseded) return;
  const auto rows = transaction.query(
      "SELECT message FROM reissue_flow WHERE id = $1 AND message IS NOT NULL", {flow.id});
  if (!rows.empty()) Outbox::supersede(transaction, rows[0].blob(0), superseded->newer_at);
}

void remember_expiry(Transaction& transaction, Flow flow, TimeMs now) {
  const auto expired = reissue::step(flow.state, reissue::Expire{}, now);
  if (!expired) return;
  flow.state = *expired;
  save_state(transaction, flow);
}

void insert_queued(Transaction& transaction, const Flow& flow, store::Value message,
                   TimeMs link_ms) {
  const auto values = std::visit(ToColumns(), flow.state);
  transaction.execute(
      "INSERT INTO reissue_flow (id, voter, reference, state, state_at, expires_at, requested_at, "
      "session, language, message, link_ms, key_version, token_mac, procedure) VALUES ($1, $2, $3, "
      "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
      {flow.id, flow.voter, flow.reference, values.name, values.at, values.expires_at,
       flow.requested_at, flow.session, flow.language, std::move(message), link_ms,
       token_key_version, flow.token_mac, name_of(flow.procedure)});
}

void give_to(State& state, Transaction& transaction, Flow& flow, const reissue::Token& token,
             const reissue::Token& opener) {
  const auto token_hash = sha256(token.bytes.reveal());
  flow.token_hash = Bytes(token_hash.begin(), token_hash.end());
  transaction.execute("UPDATE reissue_flow SET cookie_mac = $2, token_hash = $3 WHERE id = $1",
                      {flow.id, ByteView(token_mac(state, reissue::TokenPurpose::flow, opener)),
                       ByteView(token_hash)});
}

TimeMs steady_now(State& state, Transaction& transaction) {
  const auto last = transaction.query("SELECT at FROM journal ORDER BY number DESC LIMIT 1");
  return last.empty() ? state.now() : std::max(state.now(), last[0].integer(0));
}

void note(State& state, Transaction& transaction, TimeMs at, std::string_view step,
          const std::string& voter, Json more) {
  more["step"] = step;
  more["voter"] = hex_encode(state.peppered("journal", {as_bytes(voter)}));
  journal(transaction, at, more);
}

ByteArray<32> attempt_key(const State& state, std::string_view what, std::string_view who) {
  return state.peppered("reissue attempt", {as_bytes(what), as_bytes(who)});
}

std::vector<TimeMs> attempts(Transaction& transaction, const ByteArray<32>& key, TimeMs now) {
  std::vector<TimeMs> times;
  for (const auto& row :
       transaction.query("SELECT at FROM attempt WHERE key = $1 AND at > $2 ORDER BY at",
                         {ByteView(key), now - day_ms})) {
    times.push_back(row.integer(0));
  }
  return times;
}

Bytes add_attempt(State& state, Transaction& transaction, const ByteArray<32>& key, TimeMs now,
                  store::Value voter) {
  Bytes id = state.random().bytes(16);
  transaction.execute("INSERT INTO attempt (id, key, voter, at) VALUES ($1, $2, $3, $4)",
                      {id, ByteView(key), std::move(voter), now});
  return id;
}

void forgive(State& state, const Bytes& attempt) {
  try {
    (void)state.database().write([&](Transaction& transaction) -> Status {
      transaction.execute("DELETE FROM attempt WHERE id = $1", {attempt});
      return {};
    });
  } catch (const store::StoreError&) {
  }
}

std::optional<ReissueRefusal> count_destination(State& state, Transaction& transaction,
                                                const ReissueTerms& terms, std::string_view what,
                                                std::string_view destination,
                                                const std::string& voter, TimeMs now) {
  const auto key = attempt_key(state, what, destination);
  const auto voter_mac = state.peppered("journal", {as_bytes(voter)});
  const bool typed = what == "destination";
  std::vector<ByteArray<32>> voters;
  std::vector<TimeMs> earlier;
  for (const auto& row :
       transaction.query("SELECT voter, at FROM attempt WHERE key = $1 AND at > $2 ORDER BY at",
                         {ByteView(key), now - day_ms})) {
    voters.push_back(row.array<32>(0));
    if (typed || voters.back() == voter_mac) earlier.push_back(row.integer(1));
  }
  if (reissue::too_many_voters(voters, voter_mac, terms.destination_voters)) {
    note(state, transaction, now, "reissue refused: destination of others", voter, {{"alert", 1}});
    auto refused = refusal("reissue.throttled");
    refused.alert = true;
    return refused;
  }
  if (const auto at = reissue::retry_at(earlier, terms.destination, now)) {
    return refusal("reissue.throttled", *at);
  }
  add_attempt(state, transaction, key, now, ByteView(voter_mac));
  return std::nullopt;
}

std::optional<ReissueRefusal> shut(State& state, Transaction& transaction,
                                   const ReissueTerms& terms, const std::string& voter) {
  if (!transaction
           .query("SELECT 1 FROM reissue_flow WHERE voter = $1 AND procedure = 'credential' AND "
                  "state = "
                  "'cancelled'",
                  {voter})
           .empty()) {
    return refusal("reissue.blocked");
  }
  // The closing hour counts as soon as it strikes, as for who wants to enter the voting space.
  const auto hours =
      transaction.query("SELECT closes_at, grace_ends_at FROM hours WHERE id = 1")[0];
  const bool over = !hours.is_null(1) || steady_now(state, transaction) >= hours.integer(0);
  bool possible = false;
  // Nobody here could sign the guardian's part of a batch.
  if (!over && !state.manifest().guardian_key) {
    for (const auto& row : transaction.query(
             "SELECT p.phase FROM voter_contest c JOIN contest_phase p ON p.contest = c.contest "
             "WHERE c.voter = $1",
             {voter})) {
      const auto& phase = row.text(0);
      possible = possible || phase == "open" || phase == "suspended" ||
                 (phase == "sealed" && terms.before_opening);
    }
  }
  if (!possible) return refusal("reissue.closed");
  return std::nullopt;
}

std::optional<ReissueRefusal> closed(State& state, Transaction& transaction,
                                     const ReissueTerms& terms, const std::string& voter) {
  if (auto refused = shut(state, transaction, terms, voter)) return refused;
  if (codes_made(transaction, voter) >= terms.per_election) return refusal("reissue.limit");
  return std::nullopt;
}

std::int64_t codes_made(Transaction& transaction, const std::string& voter) {
  return transaction
      .query(
          "SELECT COUNT(*) FROM reissue_flow WHERE voter = $1 AND procedure = 'credential' AND "
          "issued_at IS NOT NULL",
          {voter})[0]
      .integer(0);
}

std::vector<FlowContest> contests_to_vote(Transaction& transaction, const std::string& voter) {
  std::vector<FlowContest> contests;
  for (const auto& row : transaction.query(
           "SELECT c.contest, c.district FROM voter_contest c LEFT JOIN sign_off s ON s.contest = "
           "c.contest AND s.voter = c.voter WHERE c.voter = $1 AND s.voter IS NULL ORDER BY "
           "c.contest",
           {voter})) {
    contests.push_back(
        {static_cast<std::uint32_t>(row.integer(0)), static_cast<std::uint32_t>(row.integer(1))});
  }
  return contests;
}

ReissueRefusal refusal(std::string_view code, TimeMs at) {
  return {std::string(code), std::string(code), at, 0, false};
}

tl::unexpected<ReissueRefusal> refuse(std::string_view code, TimeMs at) {
  return tl::make_unexpected(refusal(code, at));
}
tl::unexpected<ReissueRefusal> refuse(const reissue::Refusal& why) {
  return refuse(why.code, why.at);
}

}  // namespace isoloir::flows
