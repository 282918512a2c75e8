#include "identity/openid_client.hpp"

#include "base/limits.hpp"

namespace isoloir::openid {
namespace {

constexpr long ok = 200;

tl::unexpected<Error> no_answer(std::string why) {
  return fail("openid.network", std::move(why));
}

Expected<FetchAnswer> answer_of(const FetchRequest& request) {
  auto answer = fetch(request);
  if (!answer) return no_answer(answer.error().message);
  if (answer->status != ok) {
    return no_answer("the provider answers " + std::to_string(answer->status));
  }
  return std::move(*answer);
}

std::string discovery_address(const Registration& registration) {
  return registration.issuer + "/.well-known/openid-configuration";
}

}  // namespace

Client::Client(Registration registration, ClientSecrets secrets, Clock& clock,
               std::chrono::milliseconds patience)
    : registration_(std::move(registration)),
      secrets_(std::move(secrets)),
      clock_(clock),
      patience_(patience) {}

Client::~Client() = default;

// ---- What is held

Expected<std::string> Client::fetch_discovery() {
  return fetch_discovery(deadline());
}

Expected<std::string> Client::fetch_discovery(Deadline deadline) {
  return answer_of({discovery_address(registration_), "application/json", {}, {}, deadline})
      .map([](FetchAnswer answer) { return std::move(answer.body); });
}

Expected<Discovery> Client::discovery(Deadline deadline, Held<Discovery>::Wanted wanted) {
  return discovery_.get(clock_.now(), wanted, [&]() -> Expected<Discovery> {
    const auto document = fetch_discovery(deadline);
    if (!document) return fail(document.error());
    auto read = read_discovery(*document, registration_);
    if (!read) return no_answer(read.error().message);
    return read;
  });
}

Expected<jose::KeySet> Client::keys(bool again, Deadline deadline) {
  const auto places = discovery(deadline);
  if (!places) return fail(places.error());
  using Wanted = Held<jose::KeySet>::Wanted;
  return keys_.get(
      clock_.now(), again ? Wanted::renewed : Wanted::held, [&]() -> Expected<jose::KeySet> {
        const auto answer = answer_of({places->jwks_uri, "application/json", {}, {}, deadline});
        if (!answer) return fail(answer.error());
        auto read = jose::KeySet::parse(answer->body);
        if (!read) return no_answer(read.error().message);
        return read;
      });
}

// ---- The dialogue

Expected<std::string> Client::authorization_url(std::string_view redirect_uri,
                                                std::string_view state, std::string_view nonce) {
  const auto places = discovery(deadline(), Held<Discovery>::Wanted::answering);
  if (!places) return fail(places.error());
  return openid::authorization_url(*places, registration_, redirect_uri, state, nonce);
}

Expected<std::string> Client::logout_url(std::string_view id_token, std::string_view return_uri,
                                         std::string_view state) {
  const auto places = discovery(deadline(), Held<Discovery>::Wanted::answering);
  if (!places) return fail(places.error());
  return openid::logout_url(*places, id_token, return_uri, state);
}

Status Client::judge_issuer(const std::optional<std::string>& issuer) {
  const auto places = discovery(deadline());
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

Expected<Json> Client::claims_of(std::string_view token, jose::Signing signing, Deadline deadline) {
  const auto held = keys(false, deadline);
  if (!held) return fail(held.error());
  auto payload = jose::verify(token, *held, signing);
  if (!payload && payload.error().code == "jose.unknown_key") {
    const auto newer = keys(true, deadline);
    if (!newer) return fail(newer.error());
    payload = jose::verify(token, *newer, signing);
  }
  if (!payload) return fail(payload.error());
  auto claims = parse_json(*payload);
  if (!claims) return fail("openid.claims", "the token holds no JSON");
  return claims;
}

Expected<TokenAnswer> Client::redeem(const Discovery& places, std::string_view code,
                                     std::string_view redirect_uri, Deadline deadline) {
  Secret<std::string> form(encoded_fields({{"grant_type", "authorization_code"},
                                           {"redirect_uri", redirect_uri},
                                           {"client_id", registration_.client_id},
                                           {"client_secret", secrets_.client_secret.reveal()},
                                           {"code", code}}));
  const auto answer =
      fetch({places.token_endpoint, "application/json", {}, std::move(form), deadline});
  if (!answer) return no_answer(answer.error().message);
  if (answer->status == 400 || answer->status == 401) {
    return fail("openid.refused",
                "the provider refuses the code: " + std::to_string(answer->status));
  }
  if (answer->status != ok) {
    return no_answer("the provider answers " + std::to_string(answer->status));
  }
  return read_token_answer(answer->body);
}

// Signed, and said to be so (OpenID Connect Core, section 5.3.2).
Expected<std::string> Client::userinfo(const Discovery& places, const std::string& access_token,
                                       Deadline deadline) {
  auto answer = answer_of({places.userinfo_endpoint,
                           "application/jwt",
                           Secret(std::string(access_token)),
                           {},
                           deadline});
  if (!answer) return fail(answer.error());
  if (answer->content_type != "application/jwt") {
    return fail("openid.answer", "userinfo is not said to be a token (application/jwt)");
  }
  return signed_token(std::move(answer->body));
}

Expected<Identified> Client::identify(std::string_view code, std::string_view redirect_uri,
                                      std::string_view nonce) {
  const auto until = deadline();
  const auto places = discovery(until);
  if (!places) return fail(places.error());
  auto tokens = redeem(*places, code, redirect_uri, until);
  if (!tokens) return fail(tokens.error());
  auto id_token = signed_token(std::move(tokens->id_token));
  if (!id_token) return fail(id_token.error());
  const auto id_claims = claims_of(*id_token, registration_.id_token_signing, until);
  if (!id_claims) return fail(id_claims.error());
  const auto subject = judge_id_token(*id_claims, registration_,
                                      {std::string(nonce), clock_.now(), tokens->access_token});
  if (!subject) return fail(subject.error());
  const auto answered = userinfo(*places, tokens->access_token, until);
  if (!answered) return fail(answered.error());
  const auto claims = claims_of(*answered, registration_.userinfo_signing, until);
  if (!claims) return fail(claims.error());
  if (auto good = judge_userinfo(*claims, registration_, *subject, clock_.now()); !good) {
    return fail(good.error());
  }
  auto identity = read_pivot_identity(*claims);
  if (!identity) return fail(identity.error());
  return Identified{std::move(*identity), std::move(*id_token)};
}

}  // namespace isoloir::openid
