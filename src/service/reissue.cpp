// The request of a link: gate, proof, queue. Three steps, because the slow comparison must not hold
// up the database's writer, and because the counter is raised before it (requirement 24).
#include "service/reissue.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "reissue/destination.hpp"
#include "reissue/throttle.hpp"
#include "service/accounts.hpp"
#include "service/reference.hpp"
#include "service/reissue_evidence.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {
namespace {

using flows::add_attempt;
using flows::attempts;
using flows::refusal;
using store::Transaction;
template <typename T>
using Verdict = tl::expected<T, ReissueRefusal>;

// What one request needs all along.
struct Request {
  State& state;
  const ReissuePolicy& policy;
  const Session& session;
  const ReissueRequest& form;
  reissue::Destination destination;
  bool served = true;  // the phone's country is on the list

  const std::string& voter() const { return *session.voter; }
  ByteArray<32> key(std::string_view what, std::string_view who) const {
    return flows::attempt_key(state, what, who);
  }
};

std::string professional_address(State& state, const std::string& voter) {
  return *state.database().read([&](Transaction& transaction) -> Expected<std::string> {
    return transaction.query("SELECT email FROM voter WHERE id = $1", {voter})[0].text(0);
  });
}

std::optional<ReissueRefusal> judge_destination(Request& request) {
  const auto& form = request.form;
  if (form.channel == ReissueChannel::email) {
    const auto own = professional_address(request.state, request.voter());
    const auto email = reissue::judge_email(form.destination, own);
    if (!email) return ReissueRefusal{email.error().code, email.error().message_id};
    request.destination = *email;
    return std::nullopt;
  }
  const auto phone = reissue::judge_phone(form.destination, request.policy.phone_countries);
  if (!phone) return ReissueRefusal{phone.error().code, phone.error().message_id};
  request.destination = phone->destination;
  request.served = phone->served;
  return std::nullopt;
}

// ---- The gate

std::optional<ReissueRefusal> too_often(const Request& request, Transaction& transaction,
                                        TimeMs now) {
  const auto earlier = attempts(transaction, request.key("request", request.voter()), now);
  if (const auto at = reissue::retry_at(earlier, request.policy.requests, now)) {
    return refusal("reissue.throttled", *at);
  }
  return std::nullopt;
}

struct Begun {
  Bytes attempt;  // counted as wrong until it is known to be right
  std::uint32_t tries_left = 0;
  TimeMs next_at = 0;  // of the next try, should it be wrong
};

Verdict<Begun> pass_gate(const Request& request, Transaction& transaction) {
  State& state = request.state;
  const auto& policy = request.policy;
  const TimeMs now = flows::steady_now(state, transaction);
  if (auto shut = flows::closed(state, transaction, policy, request.voter())) {
    return tl::make_unexpected(*shut);
  }
  if (auto often = too_often(request, transaction, now)) return tl::make_unexpected(*often);
  const auto wrong_key = request.key("wrong proof", request.voter());
  auto wrong = attempts(transaction, wrong_key, now);
  if (const auto at = reissue::proof_retry_at(wrong, policy.proofs, now)) {
    return tl::make_unexpected(refusal("reissue.delayed", *at));
  }
  const auto network_key = request.key("network", network_of(request.form.client_address));
  if (const auto at =
          reissue::retry_at(attempts(transaction, network_key, now), policy.network, now);
      at && !request.form.captcha_solved) {
    return tl::make_unexpected(refusal("reissue.captcha", *at));
  }
  add_attempt(state, transaction, network_key, now);
  Begun begun{add_attempt(state, transaction, wrong_key, now), 0, now};
  wrong.push_back(now);
  begun.tries_left = reissue::proofs_left(wrong, policy.proofs, now);
  begun.next_at = reissue::proof_retry_at(wrong, policy.proofs, now).value_or(now);
  return begun;
}

// ---- The link

NewMessage link_message(const Request& request, const TextSource& texts,
                        const reissue::Token& token, const ReissueSent& sent, TimeMs now) {
  const auto& form = request.form;
  const Json values = {{"link", request.state.manifest().origin + "/r#" + token.text()},
                       {"reference", sent.reference},
                       {"expires_at", sent.link_expires_at},
                       {"minutes", (sent.link_expires_at - now) / minute_ms}};
  NewMessage message{request.voter(),
                     "reissue-link",
                     MessageChannel::email,
                     request.destination.address,
                     "",
                     "",
                     0};
  if (form.channel == ReissueChannel::sms) {
    message.channel = MessageChannel::sms;
    message.body = texts.text("message.reissue_link_sms", form.language, values);
    message.expires_at = now + request.policy.sms_link_ms;
  } else {
    message.subject = texts.text("message.reissue_link_subject", form.language, Json::object());
    message.body = texts.text("message.reissue_link_body", form.language, values);
    message.expires_at = now + request.policy.email_link_ms;
  }
  return message;
}

// Runs the engine from the start to the queued link: no row says that a step was done which was
// not.
tl::expected<reissue::FlowState, reissue::Refusal> queue_link(
    const EvidenceVerifier::Person& person, TimeMs link_ms, TimeMs now) {
  return reissue::step(reissue::Started{}, reissue::ChooseQuestion{}, now)
      .and_then([&](const auto& state) {
        return reissue::step(state, reissue::Prove{*person.answer, *person.number, 1}, now);
      })
      .and_then([&](const auto& state) {
        return reissue::step(state, reissue::QueueLink{link_ms}, now);
      });
}

Verdict<ReissueSent> send_link(const Request& request, Transaction& transaction,
                               const TextSource& texts, const EvidenceVerifier::Person& person,
                               const reissue::Token& token, const Bytes& attempt) {
  State& state = request.state;
  const auto& form = request.form;
  const TimeMs now = flows::steady_now(state, transaction);
  transaction.execute("DELETE FROM attempt WHERE id = $1", {attempt});
  if (auto shut = flows::closed(state, transaction, request.policy, request.voter())) {
    return tl::make_unexpected(*shut);
  }
  if (auto often = too_often(request, transaction, now)) return tl::make_unexpected(*often);
  if (auto full = flows::count_destination(state, transaction, request.policy, "destination",
                                           request.destination.key, request.voter(), now)) {
    return tl::make_unexpected(*full);
  }
  add_attempt(state, transaction, request.key("request", request.voter()), now);

  const bool sms = form.channel == ReissueChannel::sms;
  const TimeMs life = sms ? request.policy.sms_link_ms : request.policy.email_link_ms;
  const auto queued = queue_link(person, life, now);
  ISOLOIR_ASSERT(queued.has_value());
  ReissueSent sent{new_reference(state.random()), form.destination, form.channel,
                   std::get<reissue::LinkQueued>(*queued).expires_at, ""};
  store::Value message;
  if (request.served) {
    message = ByteView(
        outbox_of(state).queue(transaction, now, link_message(request, texts, token, sent, now)));
  }
  flows::supersede_all(state, transaction, request.voter(), flows::Procedure::credential, now);
  const auto mac = token_mac(state, reissue::TokenPurpose::link, token);
  const flows::Flow flow{state.random().bytes(16),
                         request.voter(),
                         sent.reference,
                         *queued,
                         now,
                         std::nullopt,
                         Bytes(request.session.id.begin(), request.session.id.end()),
                         form.language,
                         Bytes(mac.begin(), mac.end()),
                         {},
                         {},
                         {},
                         {}};
  sent.next_session = flows::successor(state, request.session.id, flow.id).text();
  flows::insert_queued(transaction, flow, std::move(message), life);
  flows::note(state, transaction, now, "reissue link queued", request.voter(),
              {{"reference", sent.reference},
               {"channel", sms ? "sms" : "email"},
               {"network", journal_network_of(form.client_address)}});
  return sent;
}

// A refusal keeps what was counted: the transaction is committed either way.
template <typename Job>
auto write_verdict(State& state, Job&& job) {
  using Result = std::invoke_result_t<Job&, Transaction&>;
  return *state.database().write(
      [&](Transaction& transaction) -> Expected<Result> { return job(transaction); });
}

}  // namespace

ReissueResult<ReissueSent> Reissues::request(const Session& session, const ReissueRequest& form) {
  const auto key = state_.peppered(
      "reissue form", {ByteView(session.id), as_bytes(form.answer), as_bytes(form.identity),
                       as_bytes(form.destination), as_bytes(form.language)});
  // A refusal is not kept: the next one is a try of its own.
  return *asked_.once(
      key, state_.now(), [&] { return request_once(session, form); },
      [](const ReissueResult<ReissueSent>& answer) { return answer.has_value(); });
}

ReissueResult<ReissueSent> Reissues::request_once(const Session& session,
                                                  const ReissueRequest& form) {
  ISOLOIR_ASSERT(session.voter.has_value());
  Request request{state_, policy_, session, form, {}};
  if (auto refused = judge_destination(request)) return tl::make_unexpected(*refused);
  const auto begun = write_verdict(
      state_, [&](Transaction& transaction) { return pass_gate(request, transaction); });
  if (!begun) return tl::make_unexpected(begun.error());

  const auto person = EvidenceVerifier::person(
      state_, request.voter(), std::string_view(form.answer).substr(0, limits::reissue_field_bytes),
      form.identity);
  if (!person.answer || !person.number) {
    return write_verdict(state_, [&](Transaction& transaction) -> Verdict<ReissueSent> {
      flows::note(state_, transaction, flows::steady_now(state_, transaction),
                  "reissue proof wrong", request.voter(),
                  {{"network", journal_network_of(form.client_address)}});
      auto wrong = refusal("reissue.wrong_proof", begun->next_at);
      wrong.tries_left = begun->tries_left;
      return tl::make_unexpected(wrong);
    });
  }
  const auto token = reissue::Token::generate(state_.random());
  auto sent = [&] {
    try {
      return write_verdict(state_, [&](Transaction& transaction) {
        return send_link(request, transaction, texts_, person, token, begun->attempt);
      });
    } catch (const store::StoreError&) {
      flows::forgive(state_, begun->attempt);
      throw;
    }
  }();
  if (!sent && sent.error().alert && alert_) {
    alert_(
        "alert: a reissue was asked for to a destination that other voters gave; see the journal");
  }
  return sent;
}

void Reissues::notify_invalidated(const std::string& voter, std::string_view language) {
  const Json values = {{"link", state_.manifest().origin + "/reissue"}};
  const auto subject = texts_.text("message.code_invalidated_subject", language, Json::object());
  const auto body = texts_.text("message.code_invalidated_body", language, values);
  const auto no_way =
      texts_.text("message.code_invalidated_assistance_body", language, Json::object());
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    const auto due = transaction.query(
        "SELECT v.email FROM voting_code c JOIN voter v ON v.id = c.voter WHERE c.voter = $1 AND "
        "c.state = 'invalidated' AND NOT EXISTS (SELECT 1 FROM message m WHERE m.voter = $1 AND "
        "m.kind = 'code-invalidated' AND m.created_at >= c.changed_at)",
        {voter});
    if (due.empty()) return {};
    const auto shut = flows::closed(state_, transaction, policy_, voter);
    // It was its owner who blocked it, and the page said so then: no tries did.
    if (shut && shut->code == "reissue.blocked") return {};
    const TimeMs now = flows::steady_now(state_, transaction);
    outbox_of(state_).queue(transaction, now,
                            {voter, "code-invalidated", MessageChannel::email, due[0].text(0),
                             subject, shut ? no_way : body, now + limits::message_life_ms});
    return {};
  });
}

MessageStore messages_of(State& state) {
  return MessageStore(state.database(), SymmetricKey(state.peppered("courier key", {})),
                      state.peppered("text message reports", {}), state.random(), state.clock());
}

Outbox outbox_of(State& state) {
  return messages_of(state).outbox();
}

std::vector<InboxMessage> read_inbox(State& state) {
  return outbox_of(state).inbox();
}

Status check_message_texts(const State& state, const TextSource& texts) {
  const Json values = {{"link", state.manifest().origin + "/r#" + std::string(43, 'A')},
                       {"reference", "K7QD-2M4X"},
                       {"minutes", 60}};
  for (const std::string_view language : {"fr", "en"}) {
    if (!fits_one_sms(texts.text("message.reissue_link_sms", language, values))) {
      return fail("message.too_long", "message.reissue_link_sms (" + std::string(language) +
                                          ") with its link is no single text message");
    }
  }
  return {};
}

}  // namespace isoloir
