// Procedure B from the click on the link on: the new password, its message, and what happens when
// that cannot be delivered.
#include "base/limits.hpp"
#include "election/consular_number.hpp"
#include "reissue/throttle.hpp"
#include "service/code_swap.hpp"
#include "service/identifier.hpp"
#include "service/recovery_asked.hpp"
#include "service/reissue_evidence.hpp"

namespace isoloir {
namespace {

using flows::By;
using flows::Flow;
using flows::refusal;
using flows::refuse;
using reissue::Token;
using reissue::TokenPurpose;
using store::Transaction;

flows::PublicKeys keys_of(const Credential& credential, const std::vector<FlowContest>& contests) {
  flows::PublicKeys keys{credential.sign_in_key().key, {}};
  for (const auto& place : contests) {
    keys.ballot_keys.push_back({place.contest, credential.ballot_key(place.contest).key});
  }
  return keys;
}

// Raised before anything is compared (requirement 24), for who has the link, hence not by others
// (requirement 25). Counted as wrong until it is known to be right.
struct Try {
  Bytes id;
  std::uint32_t left = 0;
  TimeMs next_at = 0;
};
tl::expected<Try, ReissueRefusal> begin_try(State& state, Transaction& transaction,
                                            const ProofLimit& limit, const std::string& voter,
                                            TimeMs now) {
  const auto key = flows::attempt_key(state, "wrong identifier", voter);
  auto wrong = flows::attempts(transaction, key, now);
  if (const auto at = reissue::proof_retry_at(wrong, limit, now)) {
    return tl::make_unexpected(refusal("reissue.delayed", *at));
  }
  Try begun{flows::add_attempt(state, transaction, key, now), 0, now};
  wrong.push_back(now);
  begun.left = reissue::proofs_left(wrong, limit, now);
  begun.next_at = reissue::proof_retry_at(wrong, limit, now).value_or(now);
  return begun;
}

}  // namespace

Recoveries::Made Recoveries::make(std::string_view identifier, std::string_view number) const {
  const auto& election = state_.manifest().election_id;
  auto password = Code::generate(state_.random(), forms_.code);
  auto credential = derive_credential(password, identifier, election);
  const auto recovery = derive_recovery_key(password, number, election).key;
  return {std::move(password), std::move(credential), recovery};
}

// The old password dies here, and with it every session. False when the manifest allows no more
// new keys without the bureau (check V8).
bool Recoveries::swap(Transaction& transaction, const std::string& voter, const Bytes& flow,
                      const std::string& language, const std::string& phone, const Made& made,
                      TimeMs now) {
  const auto contests = flows::contests_to_vote(transaction, voter);
  if (!flows::within_maximum(state_, transaction, contests)) return false;
  const auto keys = keys_of(made.credential, contests);
  ISOLOIR_ASSERT(flows::keys_fit(state_, transaction, contests, keys));
  flows::swap_code(state_, transaction, voter, contests, keys, now);
  transaction.execute("UPDATE recovery SET recovery_key = $2 WHERE voter = $1",
                      {voter, ByteView(made.recovery_key.encoded())});
  transaction.execute("DELETE FROM session WHERE voter = $1", {voter});  // requirement 54
  const auto reference =
      transaction.query("SELECT reference FROM reissue_flow WHERE id = $1", {flow})[0].text(0);
  // A message with an older password must neither arrive after this one nor be made again.
  for (const auto& row : transaction.query("SELECT id FROM message WHERE voter = $1 AND kind = "
                                           "'password' AND superseded_at IS NULL",
                                           {voter})) {
    Outbox::supersede(transaction, row.blob(0), now);
  }
  transaction.execute(
      "UPDATE reissue_flow SET sms_tries = 3 WHERE voter = $1 AND id <> $2 AND sms_tries > 0",
      {voter, flow});
  const auto sms = outbox_of(state_).queue(
      transaction, now,
      {voter, "password", MessageChannel::sms, phone, "",
       texts_.text("message.password_sms", language,
                   {{"password", made.password.shown().reveal()}, {"reference", reference}}),
       now + limits::password_message_ms});
  transaction.execute("UPDATE reissue_flow SET sms = $2, sms_tries = sms_tries + 1 WHERE id = $1",
                      {flow, ByteView(sms)});
  return true;
}

// Three steps, as in reissue.cpp: the try is counted for good before the comparison.
ReissueResult<NewPassword> Recoveries::renew(std::string_view text, std::string_view identifier) {
  const auto found = flows::look_up(state_, By::password, text);
  if (!found) return refuse("reissue.link_unknown");
  if (!state_.held_link_key()) return refuse("reissue.closed");
  const auto number = *state_.database().read(
      [&](Transaction& transaction) -> Expected<std::optional<std::string>> {
        return consular_number_of(state_, transaction, found->voter);
      });
  if (!number) return refuse("reissue.link_unknown");  // a damaged row
  const Made made = make(identifier, *number);
  const auto token = *Token::parse(text);
  using Begun = tl::expected<Try, ReissueRefusal>;
  const auto begun = *state_.database().write([&](Transaction& transaction) -> Expected<Begun> {
    return find_open(transaction, token).and_then([&](const OpenLink& link) -> Begun {
      return begin_try(state_, transaction, policy_.password.proofs, link.flow.voter, link.now);
    });
  });
  if (!begun) return tl::make_unexpected(begun.error());
  const auto known = *state_.database().read(
      [&](Transaction& transaction) -> Expected<std::optional<reissue::KnownIdentifier>> {
        return EvidenceVerifier::identifier(state_, transaction, found->voter, identifier);
      });
  if (!known) {
    (void)state_.database().write([&](Transaction& transaction) -> Status {
      flows::note(state_, transaction, flows::steady_now(state_, transaction),
                  "identifier wrong under a password link", found->voter,
                  {{"reference", found->reference}});
      return {};
    });
    auto wrong = refusal("reissue.wrong_proof", begun->next_at);
    wrong.tries_left = begun->left;
    return tl::make_unexpected(wrong);
  }
  try {
    return *state_.database().write(
        [&](Transaction& transaction) -> Expected<ReissueResult<NewPassword>> {
          transaction.execute("DELETE FROM attempt WHERE id = $1", {begun->id});
          return renew_in(transaction, token, *known, made);
        });
  } catch (const store::StoreError&) {
    flows::forgive(state_, begun->id);
    throw;
  }
}

tl::expected<Recoveries::OpenLink, ReissueRefusal> Recoveries::find_open(Transaction& transaction,
                                                                         const Token& token) {
  auto flow = flows::find(state_, transaction, By::password, token);
  const auto evidence =
      flow ? EvidenceVerifier::link(state_, TokenPurpose::password, token, flow->token_mac)
           : std::nullopt;
  if (!evidence) return refuse("reissue.link_unknown");
  const TimeMs now = flows::steady_now(state_, transaction);
  // Before the link's own state: a block superseded it.
  if (auto shut = flows::shut(state_, transaction, policy_.password, flow->voter);
      shut && shut->code == "reissue.blocked") {
    return tl::make_unexpected(*shut);
  }
  const auto opened =
      reissue::step(flow->state, reissue::OpenLink{*evidence, false, minute_ms}, now);
  if (!opened) {
    flows::remember_expiry(transaction, *flow, now);
    return refuse(opened.error().code, opened.error().at);
  }
  flow->state = *opened;
  return OpenLink{std::move(*flow), now};
}

ReissueResult<NewPassword> Recoveries::renew_in(Transaction& transaction, const Token& token,
                                                const reissue::KnownIdentifier& known,
                                                const Made& made) {
  auto open = find_open(transaction, token);
  if (!open) return tl::make_unexpected(open.error());
  const TimeMs now = open->now;
  auto& flow = open->flow;
  if (auto shut = recovery_refused(state_, transaction, policy_, Recovered::password, flow.voter)) {
    return tl::make_unexpected(*shut);
  }
  const auto phone = phone_of(transaction, flow.voter);
  if (!phone) return refuse("reissue.no_phone");
  const auto issued = reissue::step(flow.state, reissue::ProveIdentifier{known}, now)
                          .and_then([&](const auto& proven) {
                            return reissue::step(proven, reissue::Issue{0}, now);
                          });
  if (!issued) return refuse(issued.error().code, issued.error().at);
  if (!swap(transaction, flow.voter, flow.id, flow.language, *phone, made, now)) {
    return refuse("reissue.contest_limit");
  }
  const auto cancel = Token::generate(state_.random());
  flow.state = *issued;
  flows::save_state(transaction, flow);
  transaction.execute("UPDATE reissue_flow SET issued_at = $2, cancel_mac = $3 WHERE id = $1",
                      {flow.id, now, ByteView(token_mac(state_, TokenPurpose::cancel, cancel))});
  flows::supersede_all(state_, transaction, flow.voter, flows::Procedure::credential, now);
  transaction.execute(  // requirement 27
      "DELETE FROM attempt WHERE key = $1",
      {ByteView(flows::attempt_key(state_, "wrong identifier", flow.voter))});
  flows::send_notice(state_, texts_, transaction, flow, cancel,
                     {"message.password_notice_subject", "message.password_notice_body"}, now);
  flows::note(state_, transaction, now, "password replaced", flow.voter,
              {{"reference", flow.reference}});
  return NewPassword{flow.reference, now, phone->substr(phone->size() - 2)};
}

// ---- When the message is lost

void Recoveries::retry_messages() {
  const auto rows = state_.database().read([](Transaction& transaction) -> Expected<store::Rows> {
    return transaction.query(
        "SELECT f.id, f.voter, f.sms_tries FROM reissue_flow f JOIN message m ON m.id = f.sms "
        "WHERE m.status IN ('failed', 'expired') AND f.sms_tries IN (1, 2) AND f.state <> "
        "'cancelled' ORDER BY m.status_at LIMIT 20");
  });
  for (const auto& row : *rows) make_again(row.text(1), row.blob(0), row.integer(2));
  tell_silence();
}

// The operators have it and say nothing: it may have arrived, so that another would take from her a
// password that works. She is told what to do if it has not.
void Recoveries::tell_silence() {
  const auto silent = [](Transaction& transaction) -> Expected<store::Rows> {
    return transaction.query(
        "SELECT f.id, f.voter, f.language, f.reference FROM reissue_flow f JOIN message m ON m.id "
        "= f.sms WHERE m.status = 'accepted' AND m.reason = 'no_report' AND f.sms_tries IN (1, 2) "
        "AND f.silence_told = 0 AND f.state <> 'cancelled' ORDER BY m.status_at LIMIT 20");
  };
  if (state_.database().read(silent)->empty()) return;
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    const auto rows = silent(transaction);
    for (const auto& row : *rows) {
      const auto& voter = row.text(1);
      transaction.execute("UPDATE reissue_flow SET silence_told = 1 WHERE id = $1", {row.blob(0)});
      const Json trace = {{"reference", row.text(3)}};
      flows::note(state_, transaction, flows::steady_now(state_, transaction),
                  "password message not heard of", voter, trace);
      if (flows::shut(state_, transaction, policy_.password, voter)) continue;
      const auto email =
          transaction.query("SELECT email FROM voter WHERE id = $1", {voter})[0].text(0);
      tell(transaction, voter, email, "password-silence",
           {"message.password_silence_body", "message.password_silence_subject"}, row.text(2),
           trace);
    }
    return {};
  });
}

// Once with a fresh value; then the voter is told. A password that has signed in did arrive: see
// SignInTries::succeed.
void Recoveries::make_again(const std::string& voter, const Bytes& id, std::int64_t tries) {
  const auto [identifier, number] =
      *state_.database().read([&](Transaction& t) -> Expected<std::pair<std::string, std::string>> {
        return std::pair(identifier_of(state_, t, voter),
                         consular_number_of(state_, t, voter).value_or(""));
      });
  const Made made = make(identifier, number);
  const bool known = !identifier.empty() && !number.empty();
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    const TimeMs now = flows::steady_now(state_, transaction);
    const auto row = transaction.query(
        "SELECT language, reference FROM reissue_flow WHERE id = $1 AND sms_tries = $2",
        {id, tries});
    if (row.empty()) return {};
    const Json trace = {{"reference", row[0].text(1)}};
    const bool shut = flows::shut(state_, transaction, policy_.password, voter).has_value();
    const auto phone = phone_of(transaction, voter);
    const bool again = tries == 1 && phone && !shut && known &&
                       swap(transaction, voter, id, row[0].text(0), *phone, made, now);
    if (again) {
      flows::note(state_, transaction, now, "password made again, its message was lost", voter,
                  trace);
      return {};
    }
    transaction.execute("UPDATE reissue_flow SET sms_tries = 3 WHERE id = $1", {id});
    flows::note(state_, transaction, now, "password message lost", voter, trace);
    if (shut) return {};  // closed, or blocked by the voter: there is nothing to tell
    const auto email =
        transaction.query("SELECT email FROM voter WHERE id = $1", {voter})[0].text(0);
    tell(transaction, voter, email, "password-lost",
         {"message.password_lost_body", "message.password_lost_subject"}, row[0].text(0), trace);
    return {};
  });
}

}  // namespace isoloir
