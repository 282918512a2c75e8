// From the click on the link to the new code, its notice and its blocking.
#include <algorithm>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "reissue/throttle.hpp"
#include "service/code_swap.hpp"
#include "service/reissue.hpp"
#include "service/reissue_evidence.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {
namespace {

using flows::By;
using flows::Flow;
using flows::refuse;
using reissue::Token;
using reissue::TokenPurpose;
using store::Transaction;

// What the page needs to make new keys; the flow's state is known.
// The one that carried the link: nothing where FranceConnect took its place.
std::optional<Bytes> message_of(Transaction& transaction, const Flow& flow) {
  return transaction.query("SELECT message FROM reissue_flow WHERE id = $1", {flow.id})[0]
      .optional_blob(0);
}

FlowView view_of(Transaction& transaction, const Flow& flow) {
  FlowView view{flow.voter, {}, "", flow.reference, flow.language, 0, false, false};
  view.identified = !message_of(transaction, flow);
  view.token_hash = hex_encode(*flow.token_hash);
  if (const auto* opened = std::get_if<reissue::Opened>(&flow.state)) {
    view.expires_at = opened->expires_at;
    view.contests = flows::contests_to_vote(transaction, flow.voter);
  } else if (const auto* issued = std::get_if<reissue::Issued>(&flow.state)) {
    view.expires_at = issued->repeat_until;
    view.issued = true;
  }
  return view;
}

ReissueResult<FlowView> open_flow(State& state, const ReissuePolicy& policy,
                                  Transaction& transaction, const Token& token,
                                  const Token& opener) {
  auto flow = flows::find(state, transaction, By::token, token);
  if (!flow) return refuse("reissue.link_unknown");
  const auto evidence = EvidenceVerifier::link(state, TokenPurpose::link, token, flow->token_mac);
  if (!evidence) return refuse("reissue.link_unknown");
  const TimeMs now = flows::steady_now(state, transaction);
  const auto opener_mac = token_mac(state, TokenPurpose::flow, opener);
  const bool same_browser = flow->cookie_mac && equal_constant_time(opener_mac, *flow->cookie_mac);
  const auto next =
      reissue::step(flow->state, reissue::OpenLink{*evidence, same_browser, policy.opened_ms}, now);
  if (!next) {
    flows::remember_expiry(transaction, *flow, now);
    return refuse(next.error());
  }
  flow->state = *next;
  if (same_browser) return view_of(transaction, *flow);
  if (flows::find(state, transaction, By::opener, opener)) return refuse("reissue.opener");
  flows::save_state(transaction, *flow);
  flows::give_to(state, transaction, *flow, token, opener);
  flows::note(state, transaction, now, "reissue link opened", flow->voter,
              {{"reference", flow->reference}});
  return view_of(transaction, *flow);
}

// ---- The swap

flows::PublicKeys public_keys(const NewKeys& keys) {
  flows::PublicKeys all{keys.sign_in_key, {}};
  for (const auto& item : keys.ballot_keys) all.ballot_keys.push_back({item.contest, item.key});
  return all;
}

// What recognises the same keys again. Under the link key: a plain hash of public keys, stored
// beside the voter, would let anybody try the published keys until one fits, and so tie the voter
// to a ballot for ever (protocol section 12).
ByteArray<32> hash_of(const LinkKey& link_key, const NewKeys& keys) {
  Bytes bytes(keys.sign_in_key.encoded().begin(), keys.sign_in_key.encoded().end());
  for (const auto& item : keys.ballot_keys) {
    append_u32(bytes, item.contest);
    append(bytes, item.key.encoded());
  }
  return link_key.lookup("reissue keys", {bytes});
}

// Every cookie of the old code dies here; the session that asked goes on outside the voting space,
// under the id that its browser was given when it asked (requirement 54).
void end_sessions(State& state, Transaction& transaction, const Flow& flow) {
  const auto next = sha256(flows::successor(state, flow.session, flow.id).bytes.reveal());
  transaction.execute(
      "UPDATE session SET id = $3, space_opened_at = NULL, nonce = NULL WHERE id = $2 AND voter = "
      "$1",
      {flow.voter, flow.session, ByteView(next)});
  transaction.execute("DELETE FROM session WHERE voter = $1 AND id <> $2",
                      {flow.voter, ByteView(next)});
}

struct NewCode {
  const NewKeys& keys;
  ByteArray<32> hash;
  std::optional<reissue::KeyPossession> possession;
};

// The same answer again, as long as policy says and the answer is true: a yes to keys that another
// flow has replaced, or that wrong tries have invalidated, would show a code that opens nothing.
ReissueResult<IssuedCode> repeat(Transaction& transaction, const Flow& flow, const NewCode& code,
                                 TimeMs now) {
  reissue::Repeat event;
  event.same_keys = flow.keys_hash && equal_constant_time(*flow.keys_hash, code.hash);
  const auto current = transaction.query(
      "SELECT sign_in_key, state, changed_at FROM voting_code WHERE voter = $1", {flow.voter})[0];
  if (current.array<32>(0) != code.keys.sign_in_key.encoded() || current.text(1) != "valid") {
    event.outdated_at = current.integer(2);
  }
  const auto next = reissue::step(flow.state, event, now);
  if (!next) return refuse(next.error());
  return IssuedCode{flow.reference, *flow.issued_at};
}

ReissueResult<IssuedCode> issue_code(State& state, const ReissuePolicy& policy,
                                     const TextSource& texts, Transaction& transaction,
                                     const Token& opener, const NewCode& code) {
  auto flow = flows::find(state, transaction, By::opener, opener);
  if (!flow) return refuse("reissue.link_unknown");
  const TimeMs now = flows::steady_now(state, transaction);
  if (std::holds_alternative<reissue::Issued>(flow->state)) {
    return repeat(transaction, *flow, code, now);
  }
  if (!code.possession) return refuse("reissue.keys");
  const auto armed = reissue::step(flow->state, reissue::Arm{*code.possession}, now);
  if (!armed) {
    flows::remember_expiry(transaction, *flow, now);
    return refuse(armed.error());
  }
  if (auto shut = flows::closed(state, transaction, policy, flow->voter)) {
    return tl::make_unexpected(*shut);
  }
  const auto contests = flows::contests_to_vote(transaction, flow->voter);
  const auto keys = public_keys(code.keys);
  if (!flows::within_maximum(state, transaction, contests)) return refuse("reissue.limit");
  if (!flows::keys_fit(state, transaction, contests, keys)) return refuse("reissue.keys");
  const auto issued = reissue::step(*armed, reissue::Issue{policy.repeat_ms}, now);
  if (!issued) return refuse(issued.error());

  const auto cancel = Token::generate(state.random());
  flows::swap_code(state, transaction, flow->voter, contests, keys, now);
  flow->state = *issued;
  flows::save_state(transaction, *flow);
  transaction.execute(
      "UPDATE reissue_flow SET issued_at = $2, cancel_mac = $3, keys_hash = $4 WHERE id = $1",
      {flow->id, now, ByteView(token_mac(state, TokenPurpose::cancel, cancel)),
       ByteView(code.hash)});
  flows::supersede_all(state, transaction, flow->voter, flows::Procedure::credential, now);
  end_sessions(state, transaction, *flow);
  transaction.execute(  // success clears the counter of wrong proofs (requirement 27)
      "DELETE FROM attempt WHERE key = $1",
      {ByteView(flows::attempt_key(state, "wrong proof", flow->voter))});
  flows::send_notice(state, texts, transaction, *flow, cancel,
                     {"message.reissue_notice_subject", "message.reissue_notice_body"}, now);
  flows::note(state, transaction, now, "voting code replaced", flow->voter,
              {{"reference", flow->reference}});
  return IssuedCode{flow->reference, now};
}

// ---- Blocking

ReissueResult<CancelledReissue> cancel_code(State& state, Transaction& transaction,
                                            const Token& token) {
  auto flow = flows::find(state, transaction, By::cancel, token);
  const auto evidence =
      flow && flow->cancel_mac
          ? EvidenceVerifier::cancel(state, TokenPurpose::cancel, token, *flow->cancel_mac)
          : std::nullopt;
  if (!evidence) return refuse("reissue.link_unknown");
  const TimeMs now = flows::steady_now(state, transaction);
  const bool again = std::holds_alternative<reissue::Cancelled>(flow->state);
  const auto next = reissue::step(flow->state, reissue::Cancel{*evidence}, now);
  if (!next) return refuse(next.error());
  CancelledReissue cancelled{flow->reference, {}, false};
  for (const auto& row : transaction.query(
           "SELECT contest FROM sign_off WHERE voter = $1 AND at >= $2 ORDER BY contest",
           {flow->voter, whole_minute(*flow->issued_at)})) {
    cancelled.voted_since.push_back(static_cast<std::uint32_t>(row.integer(0)));
  }
  cancelled.too_late =
      transaction.query("SELECT 1 FROM contest_phase WHERE phase <> 'frozen'").empty();
  if (again || cancelled.too_late) return cancelled;
  flow->state = *next;
  flows::save_state(transaction, *flow);
  flows::supersede_all(state, transaction, flow->voter, flows::Procedure::credential, now);
  transaction.execute(
      "UPDATE voting_code SET state = 'invalidated', changed_at = $2 WHERE voter = $1",
      {flow->voter, now});
  transaction.execute("UPDATE session SET space_opened_at = NULL, nonce = NULL WHERE voter = $1",
                      {flow->voter});
  flows::note(state, transaction, now, "voting code blocked by its owner", flow->voter,
              {{"reference", flow->reference}});
  return cancelled;
}

struct ToStatus {
  TimeMs now;
  const Flow& flow;
  using Kind = ReissueStatus::Kind;
  ReissueStatus operator()(const reissue::LinkQueued& s) const {
    if (now >= s.expires_at) return {};
    return {Kind::sent, s.sent_at, flow.reference};
  }
  ReissueStatus operator()(const reissue::Opened& s) const {
    if (now >= s.expires_at) return {};
    return {Kind::opened, s.opened_at, flow.reference};
  }
  ReissueStatus operator()(const reissue::Cancelled& s) const {
    return {Kind::blocked, s.at, flow.reference};
  }
  template <typename Other>
  ReissueStatus operator()(const Other&) const {
    if (!flow.issued_at) return {};
    return {Kind::issued, *flow.issued_at, flow.reference};
  }
};

// Refusals say what was not done; what was counted or noted stays.
template <typename Result, typename Job>
Result write_result(State& state, Job&& job) {
  return *state.database().write(
      [&](Transaction& transaction) -> Expected<Result> { return job(transaction); });
}

}  // namespace

std::string Reissues::new_opener() {
  return Token::generate(state_.random()).text();
}

ReissueResult<FlowView> Reissues::open(std::string_view text, std::string_view opener_text) {
  if (!flows::look_up(state_, By::token, text)) return refuse("reissue.link_unknown");
  const auto opener = Token::parse(opener_text);
  if (!opener) return refuse("reissue.opener");
  return write_result<ReissueResult<FlowView>>(state_, [&](Transaction& transaction) {
    return open_flow(state_, policy_, transaction, *Token::parse(text), *opener);
  });
}

std::optional<FlowView> Reissues::view(std::string_view opener_text) {
  const auto opener = Token::parse(opener_text);
  if (!opener) return std::nullopt;
  return *state_.database().read(
      [&](Transaction& transaction) -> Expected<std::optional<FlowView>> {
        const auto flow = flows::find(state_, transaction, By::opener, *opener);
        if (!flow) return std::nullopt;
        const auto view = view_of(transaction, *flow);
        if (flows::steady_now(state_, transaction) >= view.expires_at) return std::nullopt;
        return view;
      });
}

ReissueResult<IssuedCode> Reissues::issue(std::string_view opener, const NewKeys& keys) {
  const auto flow = flows::look_up(state_, By::opener, opener);
  if (!flow) return refuse("reissue.link_unknown");
  const auto link_key = state_.held_link_key();
  if (!link_key) return refuse("reissue.closed");  // gone with the close of the count
  const NewCode code{keys, hash_of(*link_key, keys),
                     EvidenceVerifier::possession(state_, *to_array<32>(*flow->token_hash), keys)};
  return write_result<ReissueResult<IssuedCode>>(state_, [&](Transaction& transaction) {
    return issue_code(state_, policy_, texts_, transaction, *Token::parse(opener), code);
  });
}

void Reissues::acknowledge(std::string_view opener) {
  if (!flows::look_up(state_, By::opener, opener)) return;
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    auto flow = flows::find(state_, transaction, By::opener, *Token::parse(opener));
    if (!flow) return {};
    const auto next = reissue::step(flow->state, reissue::Acknowledge{}, state_.now());
    if (!next) return {};
    flow->state = *next;
    flows::save_state(transaction, *flow);
    return {};
  });
}

ReissueResult<CancelledReissue> cancel_reissue(State& state, std::string_view text) {
  if (!flows::look_up(state, By::cancel, text)) return refuse("reissue.link_unknown");
  return write_result<ReissueResult<CancelledReissue>>(state, [&](Transaction& transaction) {
    return cancel_code(state, transaction, *Token::parse(text));
  });
}

ReissueStatus Reissues::status(const std::string& voter) {
  return *state_.database().read([&](Transaction& transaction) -> Expected<ReissueStatus> {
    const auto all = flows::of_voter(state_, transaction, voter, flows::Procedure::credential);
    for (const auto& flow : all) {
      if (std::holds_alternative<reissue::Cancelled>(flow.state)) {
        return ToStatus{0, flow}(std::get<reissue::Cancelled>(flow.state));
      }
    }
    const TimeMs now = flows::steady_now(state_, transaction);
    auto status =
        all.empty() ? ReissueStatus{} : std::visit(ToStatus{now, all.front()}, all.front().state);
    status.codes_left =
        std::max<std::int64_t>(0, policy_.per_election - flows::codes_made(transaction, voter));
    if (all.empty()) return status;
    const auto message = message_of(transaction, all.front());
    status.identified = status.kind == ReissueStatus::Kind::opened && !message;
    if (status.kind == ReissueStatus::Kind::sent && message) {
      status.message = Outbox::trace_of(transaction, *message);
    }
    const auto issued = std::find_if(all.begin(), all.end(),
                                     [](const Flow& flow) { return flow.issued_at.has_value(); });
    if (issued != all.end()) {
      status.issued_at = issued->issued_at;
      status.issued_reference = issued->reference;
    }
    return status;
  });
}

void sweep_reissues(State& state) {
  (void)state.database().write([&](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM attempt WHERE at <= $1", {state.now() - day_ms});
    // Requests that no beat has answered for want of a channel (requirement 46).
    transaction.execute("DELETE FROM recovery_request WHERE at <= $1", {state.now() - hour_ms});
    const TimeMs now = flows::steady_now(state, transaction);
    for (const auto& flow : flows::overdue(state, transaction, now)) {
      flows::remember_expiry(transaction, flow, now);
    }
    return {};
  });
}

}  // namespace isoloir
