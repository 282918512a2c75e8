#include "identity/openid.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/service_address.hpp"
#include "crypto/hash.hpp"

namespace isoloir::openid {
namespace {

std::string claim(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Seconds since 1970, of this millennium.
std::optional<TimeMs> time_claim(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number_integer()) return std::nullopt;
  const auto seconds = found->get<std::int64_t>();
  if (seconds < 0 || seconds > 100'000'000'000) return std::nullopt;
  return seconds * 1000;
}

// RFC 3986, section 2.3: what is unreserved stands, the rest is escaped.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    result += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

std::string with_parameters(std::string url, Fields fields) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + encoded_fields(fields);
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

Status judge_audience(const Json& claims, const Registration& registration) {
  const auto found = claims.find("aud");
  if (found == claims.end() || !(found->is_string() || (found->is_array() && found->size() == 1))) {
    return fail("openid.audience", "the token names no audience, or several");
  }
  const auto& one = found->is_array() ? found->front() : *found;
  const bool ours = one.is_string() && one.get_ref<const std::string&>() == registration.client_id;
  if (!ours || (claims.contains("azp") && claim(claims, "azp") != registration.client_id)) {
    return fail("openid.audience", "the token is for somebody else");
  }
  return {};
}

// Which hash at_hash is made with, ES256 and RS256 alike: the left half of SHA-256.
bool is_hash_of(std::string_view at_hash, std::string_view access_token) {
  const auto digest = sha256(as_bytes(access_token));
  return at_hash == base64url_encode(ByteView(digest).first(16));
}

void lacks(std::vector<std::string>& found, const Json& document, const char* field,
           std::string_view wanted) {
  const auto list = document.find(field);
  if (list == document.end() || !list->is_array()) return;  // not said, so not known
  const auto same = [&](const Json& one) { return one.is_string() && one == std::string(wanted); };
  if (std::any_of(list->begin(), list->end(), same)) return;
  found.push_back(fmt::format("{} has no {}", field, wanted));
}

}  // namespace

std::string encoded_fields(Fields fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text.append(text.empty() ? "" : "&").append(name).append("=").append(escaped(value));
  }
  return text;
}

// ---- Discovery

Expected<Discovery> read_discovery(std::string_view json, const Registration& registration) {
  const auto document = parse_json(json);
  if (!document || !document->is_object()) {
    return fail("openid.discovery", "the provider's description is no JSON object");
  }
  if (claim(*document, "issuer") != registration.issuer) {
    return fail("openid.discovery", "the description is of another issuer");
  }
  const bool here = place_of_service(registration.issuer) == ServicePlace::this_machine;
  Discovery discovery;
  const std::pair<const char*, std::string Discovery::*> fields[] = {
      {"authorization_endpoint", &Discovery::authorization_endpoint},
      {"token_endpoint", &Discovery::token_endpoint},
      {"userinfo_endpoint", &Discovery::userinfo_endpoint},
      {"jwks_uri", &Discovery::jwks_uri},
      {"end_session_endpoint", &Discovery::end_session_endpoint}};
  for (const auto& [name, field] : fields) {
    discovery.*field = claim(*document, name);
    const auto place = place_of_service(discovery.*field);
    // A provider elsewhere has no business with services of this machine.
    if (!place || (place == ServicePlace::this_machine && !here)) {
      return fail("openid.discovery", fmt::format("{} is missing, or no https:// address", name));
    }
  }
  const auto names = document->find("authorization_response_iss_parameter_supported");
  discovery.names_itself = names != document->end() && *names == Json(true);
  return discovery;
}

std::vector<std::string> differences(std::string_view json, const Registration& registration) {
  const auto discovery = read_discovery(json, registration);
  if (!discovery) return {discovery.error().message};
  const auto document = *parse_json(json);
  std::vector<std::string> found;
  for (const auto& scope : registration.scopes) lacks(found, document, "scopes_supported", scope);
  for (const auto& acr : registration.acr_values) {
    lacks(found, document, "acr_values_supported", acr);
  }
  lacks(found, document, "response_types_supported", "code");
  lacks(found, document, "token_endpoint_auth_methods_supported", "client_secret_post");
  lacks(found, document, "id_token_signing_alg_values_supported",
        name_of(registration.id_token_signing));
  lacks(found, document, "userinfo_signing_alg_values_supported",
        name_of(registration.userinfo_signing));
  if (registration.encrypted) {
    for (const char* token : {"id_token", "userinfo"}) {
      const auto field = [&](const char* what) {
        return fmt::format("{}_encryption_{}_values_supported", token, what);
      };
      lacks(found, document, field("alg").c_str(), "ECDH-ES");
      lacks(found, document, field("enc").c_str(), "A256GCM");
    }
  }
  return found;
}

// ---- Addresses

std::string authorization_url(const Discovery& discovery, const Registration& registration,
                              std::string_view redirect_uri, std::string_view state,
                              std::string_view nonce) {
  return with_parameters(discovery.authorization_endpoint,
                         {{"response_type", "code"},
                          {"client_id", registration.client_id},
                          {"redirect_uri", redirect_uri},
                          {"scope", joined(registration.scopes)},
                          {"acr_values", registration.acr_values.front()},
                          {"state", state},
                          {"nonce", nonce}});
}

std::string logout_url(const Discovery& discovery, std::string_view id_token,
                       std::string_view return_uri, std::string_view state) {
  return with_parameters(
      discovery.end_session_endpoint,
      {{"id_token_hint", id_token}, {"state", state}, {"post_logout_redirect_uri", return_uri}});
}

// ---- Tokens

Expected<TokenAnswer> read_token_answer(std::string_view json) {
  const auto answer = parse_json(json);
  const auto wrong = [] { return fail("openid.answer", "the provider's answer holds no tokens"); };
  if (!answer || !answer->is_object()) return wrong();
  TokenAnswer tokens{claim(*answer, "access_token"), claim(*answer, "id_token")};
  const auto type = claim(*answer, "token_type");
  const bool bearer = type == "Bearer" || type == "bearer";
  const bool visible =
      std::all_of(tokens.access_token.begin(), tokens.access_token.end(),
                  [](char c) { return c > ' ' && c < '\x7f'; });  // it goes into a header
  if (tokens.access_token.empty() || tokens.id_token.empty() || !bearer || !visible) return wrong();
  return tokens;
}

Expected<std::string> judge_id_token(const Json& claims, const Registration& registration,
                                     const Expectation& expectation) {
  if (!claims.is_object()) return fail("openid.claims", "the ID token holds no claims");
  if (claim(claims, "iss") != registration.issuer) {
    return fail("openid.issuer", "the ID token is of another issuer");
  }
  if (auto good = judge_audience(claims, registration); !good) return fail(good.error());
  const auto expires = time_claim(claims, "exp"), issued = time_claim(claims, "iat");
  if (!expires || !issued) return fail("openid.claims", "the ID token has no times");
  const TimeMs skew = limits::openid_clock_skew_ms;
  if (*expires + skew <= expectation.now) return fail("openid.expired", "the ID token has expired");
  if (*issued > expectation.now + skew ||
      *issued + limits::openid_token_age_ms + skew < expectation.now) {
    return fail("openid.time",
                "the ID token was not issued just now: is this machine's clock right?");
  }
  if (expectation.nonce.empty() ||
      !equal_constant_time(as_bytes(claim(claims, "nonce")), as_bytes(expectation.nonce))) {
    return fail("openid.nonce", "the ID token answers another request");
  }
  const auto& accepted = registration.acr_values;
  if (std::find(accepted.begin(), accepted.end(), claim(claims, "acr")) == accepted.end()) {
    return fail("openid.acr", "the provider is less sure of the person than is wanted");
  }
  if (claims.contains("at_hash") &&
      !is_hash_of(claim(claims, "at_hash"), expectation.access_token)) {
    return fail("openid.claims", "the ID token belongs to another access token");
  }
  const auto subject = claim(claims, "sub");
  if (subject.empty() || subject.size() > limits::openid_text_bytes) {
    return fail("openid.claims", "the ID token names nobody");
  }
  return subject;
}

Status judge_userinfo(const Json& claims, const Registration& registration,
                      std::string_view subject, TimeMs now) {
  // An ID token is signed by the same keys for the same audience: what answers a nonce is none.
  if (claims.is_object() && claims.contains("nonce")) {
    return fail("openid.claims", "an ID token comes in the place of userinfo");
  }
  if (!claims.is_object() || claim(claims, "sub") != subject) {
    return fail("openid.subject", "userinfo speaks of somebody else than the ID token");
  }
  if (claim(claims, "iss") != registration.issuer) {
    return fail("openid.issuer", "userinfo is of another issuer");
  }
  if (auto good = judge_audience(claims, registration); !good) return good;
  const auto expires = time_claim(claims, "exp");
  if (claims.contains("exp") && (!expires || *expires + limits::openid_clock_skew_ms <= now)) {
    return fail("openid.expired", "userinfo has expired");
  }
  const auto& refused = registration.refused_providers;
  const auto provider = claim(claims, "idp_id");
  if (!refused.empty() && provider.empty()) {
    return fail("openid.claims", "userinfo does not say who has identified the person (idp_id)");
  }
  if (std::find(refused.begin(), refused.end(), provider) != refused.end()) {
    return fail("openid.delegate", "somebody else may act for the person");
  }
  return {};
}

}  // namespace isoloir::openid
