#include "service/identification.hpp"

#include "base/limits.hpp"
#include "crypto/sealing.hpp"
#include "reissue/throttle.hpp"
#include "service/reference.hpp"
#include "service/reissue_evidence.hpp"
#include "service/reissue_flow.hpp"
#include "service/sign_in_tries.hpp"

namespace isoloir {
namespace {

using reissue::Token;
using reissue::TokenPurpose;
using store::Transaction;

// Nothing of it is stored: it is made again from the state that comes back.
std::string nonce_of(const State& state, const Token& token) {
  return base64url_encode(state.peppered("identification nonce", {token.bytes.reveal()}));
}

SymmetricKey logout_key(const State& state) {
  return SymmetricKey(state.peppered("identification logout", {}));
}

jose::Signing signing_of(std::string_view name) {
  return name == jose::name_of(jose::Signing::rs256) ? jose::Signing::rs256 : jose::Signing::es256;
}

std::string_view refusal_of(std::string_view error) {
  if (error == "openid.network") return "identity.unavailable";
  if (error == "identity.claims") return "reissue.identity";  // of somebody, who cannot be compared
  return error == "openid.delegate" ? "identity.delegate" : "identity.failed";
}

}  // namespace

openid::Registration registration_of(const FranceConnectPolicy& policy) {
  openid::Registration registration{
      policy.issuer,
      policy.client_id,
      {"openid", "given_name", "family_name", "birthdate", "gender", "birthplace", "birthcountry"},
      policy.acr_values,
      signing_of(policy.id_token_signing),
      signing_of(policy.userinfo_signing),
      policy.encrypted,
      policy.refused_providers};
  if (!policy.refused_providers.empty()) registration.scopes.push_back("idp_id");
  return registration;
}

void Identifications::tell(std::string_view step, const std::string& voter,
                           std::string_view reason) {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    Json more = Json::object();
    if (!reason.empty()) more["reason"] = reason;
    flows::note(state_, transaction, flows::steady_now(state_, transaction), step, voter, more);
    return {};
  });
}

ReissueResult<std::string> Identifications::begin(const Session& session) {
  ISOLOIR_ASSERT(session.voter.has_value());
  const auto& voter = *session.voter;
  const auto token = Token::generate(state_.random());
  const auto open =
      *state_.database().write([&](Transaction& transaction) -> Expected<ReissueResult<void>> {
        // What would be refused on the way back is refused before she goes.
        if (auto refusal = reissues_.refusal_of_identified(transaction, voter)) {
          return ReissueResult<void>(tl::make_unexpected(*refusal));
        }
        const TimeMs now = flows::steady_now(state_, transaction);
        const RateLimit tries{limits::openid_tries_minute, limits::openid_tries_hour, 0};
        const auto key = flows::attempt_key(state_, "identification", voter);
        const auto earlier = flows::attempts(transaction, key, now);
        if (const auto at = reissue::retry_at(earlier, tries, now)) {
          return ReissueResult<void>(flows::refuse("reissue.throttled", *at));
        }
        flows::add_attempt(state_, transaction, key, now);
        transaction.execute("DELETE FROM identification WHERE at < $1",
                            {now - limits::openid_round_trip_ms});
        transaction.execute(
            "INSERT INTO identification (state_mac, session, voter, at) VALUES ($1, $2, $3, $4)",
            {ByteView(token_mac(state_, TokenPurpose::identification, token)), ByteView(session.id),
             voter, now});
        return ReissueResult<void>();
      });
  if (!open) return tl::make_unexpected(open.error());
  auto url = client_.authorization_url(state_.manifest().origin + std::string(return_path),
                                       token.text(), nonce_of(state_, token));
  if (!url) {
    if (report_) report_("FranceConnect: " + url.error().message);
    return flows::refuse("identity.unavailable");
  }
  return std::move(*url);
}

// Taken away whoever brings it: a state that was seen by others is good for nobody.
bool Identifications::take(const Session& session, std::string_view state) {
  const auto token = Token::parse(state);
  if (!token) return false;
  const auto mac = token_mac(state_, TokenPurpose::identification, *token);
  // What nobody awaits costs no write, however often it is brought.
  const bool known = *state_.database().read([&](Transaction& transaction) -> Expected<bool> {
    return !transaction.query("SELECT 1 FROM identification WHERE state_mac = $1", {ByteView(mac)})
                .empty();
  });
  if (!known) return false;
  return *state_.database().write([&](Transaction& transaction) -> Expected<bool> {
    const auto rows = transaction.query(
        "SELECT session, voter, at FROM identification WHERE state_mac = $1", {ByteView(mac)});
    if (rows.empty()) return false;
    transaction.execute("DELETE FROM identification WHERE state_mac = $1", {ByteView(mac)});
    const TimeMs now = flows::steady_now(state_, transaction);
    return equal_constant_time(rows[0].blob(0), session.id) && rows[0].text(1) == session.voter &&
           now < rows[0].integer(2) + limits::openid_round_trip_ms;
  });
}

std::optional<Identifications::Outcome> Identifications::finish(const Session& session,
                                                                const Return& returned) {
  ISOLOIR_ASSERT(session.voter.has_value());
  const auto key = state_.peppered("identification return",
                                   {ByteView(session.id), as_bytes(returned.state.value_or(""))});
  return answers_.once(
      key, state_.now(), [&] { return finish_once(session, returned); },
      [](const Outcome& outcome) {
        return outcome.opened || outcome.opened.error().code != "identity.stale";
      });
}

Identifications::Outcome Identifications::finish_once(const Session& session,
                                                      const Return& returned) {
  const auto& voter = *session.voter;
  if (!returned.state || !take(session, *returned.state)) {
    return {flows::refuse("identity.stale"), ""};
  }
  const auto refuse = [&](std::string_view refusal, const Error& why) -> Outcome {
    tell("identification refused", voter, why.code);
    if (report_) report_("FranceConnect: " + why.code + ": " + why.message);
    return {flows::refuse(refusal), ""};
  };
  // An answer of another provider is not exchanged with this one.
  if (auto good = client_.judge_issuer(returned.issuer); !good) {
    return refuse(refusal_of(good.error().code), good.error());
  }
  if (returned.error) {
    const auto& error = *returned.error;
    if (error == "server_error" || error == "temporarily_unavailable") {
      return refuse("identity.unavailable", {"openid.error", "the provider says " + error, {}});
    }
    if (error != "access_denied") {
      return refuse("identity.failed", {"openid.error", "the provider answers an error", {}});
    }
    tell("identification given up", voter, {});
    return {flows::refuse("identity.aborted"), ""};
  }
  if (!returned.code || returned.code->empty()) {
    return refuse("identity.failed", {"openid.code", "the return brings no code", {}});
  }
  const auto token = Token::parse(*returned.state);
  const auto identified =
      client_.identify(*returned.code, state_.manifest().origin + std::string(return_path),
                       nonce_of(state_, *token));
  if (!identified) return refuse(refusal_of(identified.error().code), identified.error());
  auto logout = base64url_encode(
      seal(logout_key(state_), as_bytes(identified->id_token), {}, state_.random()));
  if (logout.size() > limits::openid_logout_bytes) logout = logout_by_hand;
  return {reissues_.open_identified(session, identified->identity, returned.client_address,
                                    returned.language),
          std::move(logout)};
}

Expected<Identifications::Logout> Identifications::logout(std::string_view held) {
  const auto sealed = base64url_decode(held);
  const auto id_token = sealed ? unseal(logout_key(state_), *sealed, {}) : std::nullopt;
  if (!id_token) return fail("identity.logout", "nobody was identified in this browser");
  auto token = Token::generate(state_.random()).text();
  auto url = client_.logout_url(as_text(*id_token),
                                state_.manifest().origin + std::string(signed_out_path), token);
  if (!url) return fail(url.error());
  return Logout{std::move(*url), std::move(token)};
}

// ---- The flow that is open at once

std::optional<ReissueRefusal> Reissues::refusal_of_identified(Transaction& transaction,
                                                              const std::string& voter) {
  if (auto shut = flows::closed(state_, transaction, policy_, voter)) return shut;
  const TimeMs now = flows::steady_now(state_, transaction);
  const auto earlier =
      flows::attempts(transaction, flows::attempt_key(state_, "request", voter), now);
  if (const auto at = reissue::retry_at(earlier, policy_.requests, now)) {
    return flows::refusal("reissue.throttled", *at);
  }
  return std::nullopt;
}

ReissueResult<ReissueOpened> Reissues::open_identified(const Session& session,
                                                       const PivotIdentity& vouched,
                                                       std::string_view client_address,
                                                       std::string_view language) {
  ISOLOIR_ASSERT(session.voter.has_value());
  const auto& voter = *session.voter;
  const auto token = Token::generate(state_.random());
  const auto opener = Token::generate(state_.random());
  using Answer = ReissueResult<ReissueOpened>;
  // Read before the write, which nothing long may hold up.
  const auto verdict =
      *state_.database().read([&](Transaction& transaction) -> Expected<EvidenceVerifier::Civil> {
        return EvidenceVerifier::civil(transaction, voter, vouched);
      });
  auto answer = *state_.database().write([&](Transaction& transaction) -> Expected<Answer> {
    const TimeMs now = flows::steady_now(state_, transaction);
    // She may have left, or been made to, while the provider was asked.
    if (transaction
            .query("SELECT 1 FROM session WHERE id = $1 AND voter = $2",
                   {ByteView(session.id), voter})
            .empty()) {
      return Answer(flows::refuse("identity.stale"));
    }
    if (!verdict.identity) {
      auto refusal = flows::refusal("reissue.identity");
      refusal.alert = verdict.another;
      Json more = {{"reason", verdict.another ? "another voter" : "nobody"}};
      if (refusal.alert) more["alert"] = true;
      flows::note(state_, transaction, now, "identity refused", voter, more);
      return Answer(tl::make_unexpected(refusal));
    }
    if (auto refusal = refusal_of_identified(transaction, voter)) {
      return Answer(tl::make_unexpected(*refusal));
    }
    flows::add_attempt(state_, transaction, flows::attempt_key(state_, "request", voter), now);
    const auto opened =
        reissue::step(reissue::Started{}, reissue::ChooseProvider{}, now)
            .and_then([&](const auto& chosen) {
              return reissue::step(chosen, reissue::ProveIdentity{*verdict.identity}, now);
            })
            .and_then([&](const auto& proven) {
              return reissue::step(proven, reissue::OpenIdentified{policy_.opened_ms}, now);
            });
    ISOLOIR_ASSERT(opened.has_value());
    flows::supersede_all(state_, transaction, voter, flows::Procedure::credential, now);
    const auto mac = token_mac(state_, TokenPurpose::link, token);
    flows::Flow flow{state_.random().bytes(16),
                     voter,
                     new_reference(state_.random()),
                     *opened,
                     now,
                     std::nullopt,
                     Bytes(session.id.begin(), session.id.end()),
                     std::string(language),
                     Bytes(mac.begin(), mac.end()),
                     {},
                     {},
                     {},
                     {}};
    flows::insert_queued(transaction, flow, {}, policy_.opened_ms);
    flows::give_to(state_, transaction, flow, token, opener);
    flows::note(state_, transaction, now, "reissue by identity", voter,
                {{"reference", flow.reference}, {"network", journal_network_of(client_address)}});
    return Answer(ReissueOpened{opener.text(), flow.reference,
                                flows::successor(state_, session.id, flow.id).text()});
  });
  if (!answer && answer.error().alert && alert_) {
    alert_("alert: a voter was identified as another voter of the roll");
  }
  return answer;
}

}  // namespace isoloir
