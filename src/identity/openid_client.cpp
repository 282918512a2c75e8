#include "identity/openid_client.hpp"

#include "base/limits.hpp"
#include "http/fetch.hpp"

namespace isoloir::openid {
namespace {

constexpr long ok = 200;

tl::unexpected<Error> no_answer(std::string why) {
  return fail("openid.network", std::move(why));
}

// The body of a good answer, of this type where the type matters.
Expected<std::string> body_of(const FetchRequest& request) {
  auto answer = fetch(request);
  if (!answer) return no_answer(answer.error().message);
  if (answer->status != ok) {
    return no_answer("the provider answers " + std::to_string(answer->status));
  }
  return std::move(answer->body);
}

std::string discovery_address(const Registration& registration) {
  return registration.issuer + "/.well-known/openid-configuration";
}

}  // namespace

Client::Client(Registration registration, ClientSecrets secrets, Clock& clock)
    : registration_(std::move(registration)), secrets_(std::move(secrets)), clock_(clock) {}

Client::~Client() = default;

// ---- What is held

Expected<std::string> Client::fetch_discovery() {
  return body_of({discovery_address(registration_), "application/json"});
}

Expected<Discovery> Client::discovery() {
  return discovery_.get(clock_.now(), false, [this]() -> Expected<Discovery> {
    const auto document = fetch_discovery();
    if (!document) return fail(document.error());
    auto read = read_discovery(*document, registration_);
    if (!read) return no_answer(read.error().message);
    return read;
  });
}

Expected<jose::KeySet> Client::keys(bool again) {
  const auto places = discovery();
  if (!places) return fail(places.error());
  return keys_.get(clock_.now(), again, [&]() -> Expected<jose::KeySet> {
    const auto document = body_of({places->jwks_uri, "application/json"});
    if (!document) return fail(document.error());
    auto read = jose::KeySet::parse(*document);
    if (!read) return no_answer(read.error().message);
    return read;
  });
}

// ---- The dialogue

Expected<std::string> Client::authorization_url(std::string_view redirect_uri,
                                                std::string_view state, std::string_view nonce) {
  const auto places = discovery();
  if (!places) return fail(places.error());
  return openid::authorization_url(*places, registration_, redirect_uri, state, nonce);
}

Expected<std::string> Client::logout_url(std::string_view id_token, std::string_view return_uri,
                                         std::string_view state) {
  const auto places = discovery();
  if (!places) return fail(places.error());
  return openid::logout_url(*places, id_token, return_uri, state);
}

Status Client::judge_issuer(const std::optional<std::string>& issuer) {
  const auto places = discovery();
  if (!places) return fail(places.error());
  if (issuer ? *issuer != registration_.issuer : places->names_itself) {
    return fail("openid.issuer", "the return names another provider, or none");
  }
  return {};
}

Expected<std::string> Client::signed_token(std::string token) const {
  if (!registration_.encrypted) return token;
  return jose::decrypt(token, *secrets_.decryption_key);
}

Expected<Json> Client::claims_of(std::string_view token, jose::Signing signing) {
  const auto held = keys(false);
  if (!held) return fail(held.error());
  auto payload = jose::verify(token, *held, signing);
  if (!payload && payload.error().code == "jose.unknown_key") {
    const auto newer = keys(true);
    if (!newer) return fail(newer.error());
    payload = jose::verify(token, *newer, signing);
  }
  if (!payload) return fail(payload.error());
  auto claims = parse_json(*payload);
  if (!claims) return fail("openid.claims", "the token holds no JSON");
  return claims;
}

Expected<Identified> Client::identify(std::string_view code, std::string_view redirect_uri,
                                      std::string_view nonce) {
  const auto places = discovery();
  if (!places) return fail(places.error());
  Secret<std::string> form(encoded_fields({{"grant_type", "authorization_code"},
                                           {"redirect_uri", redirect_uri},
                                           {"client_id", registration_.client_id},
                                           {"client_secret", secrets_.client_secret.reveal()},
                                           {"code", code}}));
  const auto answer = fetch({places->token_endpoint, "application/json", {}, std::move(form)});
  if (!answer) return no_answer(answer.error().message);
  if (answer->status == 400 || answer->status == 401) {
    return fail("openid.refused",
                "the provider refuses the code: " + std::to_string(answer->status));
  }
  if (answer->status != ok) {
    return no_answer("the provider answers " + std::to_string(answer->status));
  }
  auto tokens = read_token_answer(answer->body);
  if (!tokens) return fail(tokens.error());
  auto id_token = signed_token(std::move(tokens->id_token));
  if (!id_token) return fail(id_token.error());
  const auto id_claims = claims_of(*id_token, registration_.id_token_signing);
  if (!id_claims) return fail(id_claims.error());
  const auto subject = judge_id_token(*id_claims, registration_,
                                      {std::string(nonce), clock_.now(), tokens->access_token});
  if (!subject) return fail(subject.error());
  auto answered = body_of(
      {places->userinfo_endpoint, "application/jwt", Secret(std::string(tokens->access_token))});
  if (!answered) return fail(answered.error());
  const auto userinfo = signed_token(std::move(*answered));
  if (!userinfo) return fail(userinfo.error());
  const auto claims = claims_of(*userinfo, registration_.userinfo_signing);
  if (!claims) return fail(claims.error());
  if (auto good = judge_userinfo(*claims, registration_, *subject, clock_.now()); !good) {
    return fail(good.error());
  }
  auto identity = read_pivot_identity(*claims);
  if (!identity) return fail(identity.error());
  return Identified{std::move(*identity), std::move(*id_token)};
}

}  // namespace isoloir::openid
