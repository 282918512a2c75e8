// What is asked for, and the answers at the server's beat. The second half of procedure B is in
// recovery_renew.cpp.
#include "service/recovery.hpp"

#include "base/limits.hpp"
#include "base/unicode.hpp"
#include "reissue/destination.hpp"
#include "reissue/throttle.hpp"
#include "service/identifier.hpp"
#include "service/journal.hpp"
#include "service/recovery_asked.hpp"
#include "service/reissue_evidence.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {
namespace {

using flows::refusal;
using reissue::Token;
using reissue::TokenPurpose;
using store::Transaction;

Json trace(const Json& asked) {
  return {{"reference", asked["reference"]},
          {"network", journal_network_of(asked["address"].get<std::string>())}};
}

// Of who is no voter, and so has no name in the journal.
void note_unmatched(Transaction& transaction, TimeMs now, std::string_view step,
                    const Json& asked) {
  Json row = trace(asked);
  row["step"] = step;
  journal(transaction, now, row);
}

}  // namespace

std::string Recoveries::ask_password(std::string_view number, std::string_view email,
                                     const RecoveryPlace& place) {
  return requests_.take_down({{"procedure", "password"},
                              {"number", number},
                              {"email", nfkc_casefold(email).value_or("")},
                              {"address", place.client_address},
                              {"language", place.language}});
}

ReissueResult<std::string> Recoveries::ask_identifier(const Session& session,
                                                      std::string_view number,
                                                      const CodeProof& proof,
                                                      std::int64_t proof_life_ms,
                                                      const RecoveryPlace& place) {
  if (!use_up_nonce(state_, proof_life_ms, session, proof.nonce)) {
    return flows::refuse("code.nonce");
  }
  // Guesses are slowed down where they come from, not for the voter elsewhere (requirement 25).
  const SignInTries tries(state_, tries_, "recovery " + std::string(number), place.client_address);
  if (const auto at = tries.begin()) return flows::refuse("reissue.delayed", *at);
  const bool proven = schnorr_verify(
      sign_in_statement(state_.fingerprint(), proof.nonce, session.id, state_.manifest().origin),
      proof.key, proof.proof);
  const auto key = proven ? hex_encode(proof.key.encoded()) : std::string(64, '0');
  return requests_.take_down({{"procedure", "identifier"},
                              {"number", number},
                              {"key", key},
                              {"address", place.client_address},
                              {"language", place.language}});
}

bool Recoveries::shut(Recovered what) {
  const bool before_opening = what == Recovered::password ? policy_.password.before_opening
                                                          : policy_.identifier.before_opening;
  return *state_.database().read([&](Transaction& transaction) -> Expected<bool> {
    const auto hours =
        transaction.query("SELECT closes_at, grace_ends_at FROM hours WHERE id = 1")[0];
    if (!hours.is_null(1) || state_.now() >= hours.integer(0)) return true;
    return transaction
        .query(before_opening
                   ? "SELECT 1 FROM contest_phase WHERE phase IN ('sealed', 'open', 'suspended')"
                   : "SELECT 1 FROM contest_phase WHERE phase IN ('open', 'suspended')")
        .empty();
  });
}

void Recoveries::tell(Transaction& transaction, const std::string& voter,
                      const std::string& destination, std::string_view kind, const Words& words,
                      std::string_view language, const Json& values, bool proven) {
  const TimeMs now = flows::steady_now(state_, transaction);
  const bool mail = !words.subject.empty();
  NewMessage message{voter,
                     std::string(kind),
                     mail ? MessageChannel::email : MessageChannel::sms,
                     destination,
                     mail ? texts_.text(words.subject, language, Json::object()) : std::string(),
                     texts_.text(words.body, language, values),
                     now + limits::message_life_ms};
  message.proven = proven;
  outbox_of(state_).queue(transaction, now, message);
}

std::optional<std::string> Recoveries::phone_of(Transaction& transaction,
                                                const std::string& voter) {
  const auto row = transaction.query("SELECT phone FROM voter WHERE id = $1", {voter})[0];
  const auto phone = reissue::judge_phone(row.text(0), policy_.password.phone_countries);
  if (!phone || !phone->served) return std::nullopt;  // requirement 42
  return phone->destination.address;
}

// ---- At the beat

void Recoveries::work() {
  const auto failure =
      requests_.each([this](const Bytes& id, const Json& what) { answer(id, {what}); });
  retry_messages();
  if (failure) std::rethrow_exception(failure);
}

void Recoveries::answer(const Bytes& id, const Asked& asked) {
  const bool password = asked.what.value("procedure", "") == "password";
  const auto refused = *state_.database().write(
      [&](Transaction& transaction) -> Expected<std::optional<ReissueRefusal>> {
        AskedRequests::remove(transaction, id);
        if (asked.what.empty()) return std::nullopt;  // damaged: it would come back at every beat
        return password ? answer_password(transaction, asked)
                        : answer_identifier(transaction, asked);
      });
  if (refused && refused->alert && alert_) {
    alert_("alert: messages were asked for to the address of several voters; see the journal");
  }
  if (!password && !refused && !asked.what.empty()) {  // requirement 27
    SignInTries(state_, tries_, "recovery " + asked.text("number"), asked.text("address"))
        .forgive();
  }
}

// A link, or why there is none, to the address on file.
std::optional<ReissueRefusal> Recoveries::answer_password(Transaction& transaction,
                                                          const Asked& asked) {
  const TimeMs now = flows::steady_now(state_, transaction);
  const auto& policy = policy_.password;
  // Of number, address and network together: who knows the two, elsewhere, takes nothing from the
  // voter either; what goes to her address is limited by the hour, while a link lives longer.
  const auto key = flows::attempt_key(
      state_, "password request",
      asked.text("number") + " " + asked.text("email") + " " + network_of(asked.text("address")));
  if (reissue::retry_at(flows::attempts(transaction, key, now), policy.requests, now)) {
    note_unmatched(transaction, now, "password request too often", asked.what);
    return refusal("reissue.throttled");
  }
  flows::add_attempt(state_, transaction, key, now);
  const auto person =
      EvidenceVerifier::on_roll(state_, transaction, asked.text("number"), asked.text("email"));
  if (!person) {
    note_unmatched(transaction, now, "password request of nobody", asked.what);
    return refusal("recovery.unmatched");
  }
  const auto& voter = person->voter;
  const auto shut = recovery_refused(state_, transaction, policy_, Recovered::password, voter);
  if (auto full = flows::count_destination(state_, transaction, policy, "password destination",
                                           nfkc_casefold(person->email).value_or(""), voter, now)) {
    return full;
  }
  if (shut) {
    flows::note(state_, transaction, now, "password request refused", voter, trace(asked.what));
    say_no(transaction, voter, person->email, *shut, asked);
    return shut;
  }
  const auto queued =
      reissue::step(reissue::Started{}, reissue::Match{person->number, person->address}, now)
          .and_then([&](const auto& matched) {
            return reissue::step(matched, reissue::QueueLink{policy.email_link_ms}, now);
          });
  ISOLOIR_ASSERT(queued.has_value());
  const auto token = Token::generate(state_.random());
  const TimeMs until = std::get<reissue::LinkQueued>(*queued).expires_at;
  NewMessage link{
      voter,
      "password-link",
      MessageChannel::email,
      person->email,
      texts_.text("message.password_link_subject", asked.text("language"), Json::object()),
      texts_.text("message.password_link_body", asked.text("language"),
                  {{"link", state_.manifest().origin + "/password-renewal/link#" + token.text()},
                   {"reference", asked.text("reference")},
                   {"expires_at", until}}),
      until};
  link.proven = false;
  const auto message = outbox_of(state_).queue(transaction, now, link);
  flows::supersede_all(state_, transaction, voter, flows::Procedure::credential, now);
  const auto mac = token_mac(state_, TokenPurpose::password, token);
  flows::insert_queued(transaction,
                       {state_.random().bytes(16),
                        voter,
                        asked.text("reference"),
                        *queued,
                        now,
                        std::nullopt,
                        Bytes(),
                        asked.text("language"),
                        Bytes(mac.begin(), mac.end()),
                        {},
                        {},
                        {},
                        {}},
                       ByteView(message), policy.email_link_ms);
  flows::note(state_, transaction, now, "password link queued", voter, trace(asked.what));
  return std::nullopt;
}

std::optional<ReissueRefusal> Recoveries::answer_identifier(Transaction& transaction,
                                                            const Asked& asked) {
  const TimeMs now = flows::steady_now(state_, transaction);
  const auto& policy = policy_.identifier;
  const auto key_bytes = hex_decode_array<32>(asked.text("key"));
  const auto key = key_bytes ? Point::decode(*key_bytes) : std::nullopt;
  const auto person =
      key ? EvidenceVerifier::by_password(state_, transaction, asked.text("number"), *key)
          : std::nullopt;
  if (!person) {
    note_unmatched(transaction, now, "identifier request of nobody", asked.what);
    return refusal("recovery.unmatched");
  }
  const auto& voter = person->voter;
  const auto requests = flows::attempt_key(state_, "identifier request", voter);
  if (reissue::retry_at(flows::attempts(transaction, requests, now), policy.requests, now)) {
    flows::note(state_, transaction, now, "identifier request too often", voter, trace(asked.what));
    return refusal("reissue.throttled");
  }
  flows::add_attempt(state_, transaction, requests, now);
  const auto email = transaction.query("SELECT email FROM voter WHERE id = $1", {voter})[0].text(0);
  const auto phone = phone_of(transaction, voter);
  const auto shut = recovery_refused(state_, transaction, policy_, Recovered::identifier, voter);
  if (email.empty()) {
    flows::note(state_, transaction, now, "identifier request refused", voter, trace(asked.what));
    if (phone) {
      tell(transaction, voter, *phone, "identifier-refused", {"message.identifier_no_email_sms"},
           asked.text("language"), {{"reference", asked.text("reference")}});
    }
    return refusal("recovery.no_email");
  }
  if (auto full = flows::count_destination(state_, transaction, policy, "identifier destination",
                                           nfkc_casefold(email).value_or(""), voter, now)) {
    return full;
  }
  if (shut) {
    flows::note(state_, transaction, now, "identifier request refused", voter, trace(asked.what));
    say_no(transaction, voter, email, *shut, asked);
    return shut;
  }
  const auto done =
      reissue::step(reissue::Started{}, reissue::MatchKey{person->number, person->password}, now)
          .and_then([&](const auto& matched) {
            return reissue::step(matched, reissue::SendIdentifier{}, now);
          });
  ISOLOIR_ASSERT(done.has_value());
  const auto groups = Code::parse(identifier_of(state_, transaction, voter), *forms_.identifier);
  if (!groups) {  // a damaged row, or another pepper: one voter's trouble, not the server's
    flows::note(state_, transaction, now, "identifier unreadable", voter, trace(asked.what));
    return refusal("recovery.unreadable");
  }
  tell(transaction, voter, email, "identifier",
       {"message.identifier_body", "message.identifier_subject"}, asked.text("language"),
       {{"identifier", groups->shown().reveal()}, {"reference", asked.text("reference")}});
  if (phone) {  // requirement 47, by the other channel
    tell(transaction, voter, *phone, "identifier-notice", {"message.identifier_notice_sms"},
         asked.text("language"), {{"reference", asked.text("reference")}});
  }
  transaction.execute("INSERT INTO identifier_sent (id, voter, at) VALUES ($1, $2, $3)",
                      {state_.random().bytes(16), voter, now});
  flows::note(state_, transaction, now, "identifier sent", voter, trace(asked.what));
  return std::nullopt;
}

std::optional<Recoveries::Words> Recoveries::why_not(bool password, std::string_view code) {
  if (code == "reissue.limit") {
    return password ? Words{"message.password_limit_body", "message.password_limit_subject"}
                    : Words{"message.identifier_limit_body", "message.identifier_limit_subject"};
  }
  if (code == "reissue.blocked") {
    return password
               ? Words{"message.password_blocked_body", "message.password_blocked_subject"}
               : Words{"message.identifier_blocked_body", "message.identifier_blocked_subject"};
  }
  if (code == "reissue.apart") {
    return password ? Words{"message.password_apart_body", "message.password_apart_subject"}
                    : Words{"message.identifier_apart_body", "message.identifier_apart_subject"};
  }
  if (code == "reissue.no_phone") {
    return Words{"message.password_no_phone_body", "message.password_no_phone_subject"};
  }
  return std::nullopt;
}

void Recoveries::say_no(Transaction& transaction, const std::string& voter,
                        const std::string& email, const ReissueRefusal& refused,
                        const Asked& asked) {
  const bool password = asked.text("procedure") == "password";
  const auto words = why_not(password, refused.code);
  if (!words) return;
  tell(transaction, voter, email, password ? "password-refused" : "identifier-refused", *words,
       asked.text("language"),
       {{"reference", asked.text("reference")}, {"hours", policy_.apart_ms / hour_ms}},
       !password);  // who asked for an identifier has proven the password
}

std::optional<ReissueRefusal> recovery_refused(State& state, Transaction& transaction,
                                               const RecoveryPolicy& policy,
                                               Recoveries::Recovered what,
                                               const std::string& voter) {
  const bool password = what == Recoveries::Recovered::password;
  auto shut = password ? flows::closed(state, transaction, policy.password, voter)
                       : flows::shut(state, transaction, policy.identifier, voter);
  const auto sent =
      transaction.query("SELECT COUNT(*) FROM identifier_sent WHERE voter = $1", {voter});
  if (!shut && !password && sent[0].integer(0) >= policy.identifier.per_election) {
    shut = refusal("reissue.limit");
  }
  if (shut) return shut;
  // Never both by self-service (L2, requirement 8).
  const auto other =
      transaction.query(password ? "SELECT max(at) FROM identifier_sent WHERE voter = $1"
                                 : "SELECT max(issued_at) FROM reissue_flow WHERE voter = $1",
                        {voter})[0];
  if (!other.is_null(0) &&
      other.integer(0) > flows::steady_now(state, transaction) - policy.apart_ms) {
    auto apart = refusal("reissue.apart");
    apart.at = other.integer(0) + policy.apart_ms;
    return apart;
  }
  const auto row = transaction.query("SELECT email, phone FROM voter WHERE id = $1", {voter})[0];
  if (transaction.query("SELECT 1 FROM recovery WHERE voter = $1", {voter}).empty()) {
    return refusal("recovery.no_number");
  }
  if (row.text(0).empty()) return refusal("recovery.no_email");
  const auto phone = reissue::judge_phone(row.text(1), policy.password.phone_countries);
  if (password && (!phone || !phone->served)) return refusal("reissue.no_phone");
  return std::nullopt;
}

Status check_recovery_texts(const TextSource& texts, const CredentialForms& forms) {
  if (!forms.identifier) return {};
  const std::string password(forms.code.length() + forms.code.length() / 4, 'W');
  const Json values = {{"password", password}, {"reference", "K7QD-2M4X"}};
  for (const std::string_view language : {"fr", "en"}) {
    for (const std::string id : {"message.password_sms", "message.identifier_notice_sms",
                                 "message.identifier_no_email_sms"}) {
      if (!fits_one_sms(texts.text(id, language, values))) {
        return fail("message.too_long",
                    id + " (" + std::string(language) + ") is no single text message");
      }
    }
  }
  return {};
}

}  // namespace isoloir
