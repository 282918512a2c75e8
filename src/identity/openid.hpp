// What an OpenID provider's answers must say before anybody is believed (OpenID Connect Core 1.0;
// FranceConnect v2). Requirements 56 to 58. Pure; the network is in identity/openid_client.hpp.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "identity/jose.hpp"

namespace isoloir::openid {

// As this service is registered with the provider: policy, none of it secret.
struct Registration {
  std::string issuer;  // "https://…/api/v2"
  std::string client_id;
  std::vector<std::string> scopes;      // "openid" first
  std::vector<std::string> acr_values;  // accepted; the first is asked for
  jose::Signing id_token_signing = jose::Signing::es256;
  jose::Signing userinfo_signing = jose::Signing::es256;
  bool encrypted = false;  // both tokens, to our key (FranceConnect+)
  // By idp_id, a claim that must be there then: through these somebody may act for the person.
  std::vector<std::string> refused_providers{};
};

// OpenID Connect Discovery 1.0.
struct Discovery {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string userinfo_endpoint;
  std::string jwks_uri;
  std::string end_session_endpoint;
  bool names_itself = false;  // in what it sends back (RFC 9207)
};
// Errors: openid.discovery (malformed, of another issuer, an address that is no https:// one of
// ours to call; names the field). Plain http:// serves on the machine itself alone, of an issuer
// that is there too.
Expected<Discovery> read_discovery(std::string_view json, const Registration& registration);
// Whether the provider offers what is registered, for who sets the portal up: each difference is a
// line. Empty: all is there.
std::vector<std::string> differences(std::string_view json, const Registration& registration);

// Where the browser goes to be identified. FranceConnect refuses parameters that it does not list,
// so there are no others: no PKCE, no login_hint, no max_age.
std::string authorization_url(const Discovery& discovery, const Registration& registration,
                              std::string_view redirect_uri, std::string_view state,
                              std::string_view nonce);
// Where it goes to be signed out there; it comes back to `return_uri`, with `state`.
std::string logout_url(const Discovery& discovery, std::string_view id_token,
                       std::string_view return_uri, std::string_view state);

// Of an address's query and of application/x-www-form-urlencoded alike: every character that is not
// plain is escaped.
using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
std::string encoded_fields(Fields fields);

struct TokenAnswer {  // RFC 6749, section 5.1
  std::string access_token;
  std::string id_token;
};
// Error: openid.answer.
Expected<TokenAnswer> read_token_answer(std::string_view json);

struct Expectation {
  std::string nonce;
  TimeMs now = 0;
  std::string access_token;  // judged by at_hash, where there is one
};
// The `sub` of the claims of an ID token whose signature is good. Errors: openid.issuer,
// openid.audience, openid.expired, openid.time, openid.nonce, openid.acr, openid.claims.
Expected<std::string> judge_id_token(const Json& claims, const Registration& registration,
                                     const Expectation& expectation);
// Those of userinfo, signed likewise. Errors: openid.subject (another person's), openid.issuer,
// openid.audience, openid.expired, openid.claims (an ID token in its place), openid.delegate
// (somebody acts for the person: Aidants Connect, requirement 60).
Status judge_userinfo(const Json& claims, const Registration& registration,
                      std::string_view subject, TimeMs now);

}  // namespace isoloir::openid
