// The dialogue with an OpenID provider, over the network: its description and keys, held for a
// while; a code changed for an identity. Blocks for as long as the limits of base/limits.hpp say:
// for a lane of its own. Thread-safe.
#pragma once

#include <mutex>

#include "identity/openid.hpp"
#include "identity/pivot_identity.hpp"

namespace isoloir::openid {

struct ClientSecrets {
  Secret<std::string> client_secret;
  std::optional<jose::DecryptionKey> decryption_key;  // where tokens come encrypted
};

// Who the provider says has come, and the signed token by which the browser is signed out
// there.
struct Identified {
  PivotIdentity identity;
  std::string id_token;
};

class Client {
 public:
  // `clock` for the age of what is held and of tokens. Everything given outlives the client.
  Client(Registration registration, ClientSecrets secrets, Clock& clock);
  ~Client();

  const Registration& registration() const { return registration_; }

  // As the functions of identity/openid.hpp, of the provider's description. Errors: openid.network
  // (no answer, or none that can be used), openid.discovery.
  Expected<std::string> authorization_url(std::string_view redirect_uri, std::string_view state,
                                          std::string_view nonce);
  Expected<std::string> logout_url(std::string_view id_token, std::string_view return_uri,
                                   std::string_view state);

  // Whether a return from the provider is its own (RFC 9207): `issuer` is what it names, which must
  // be there where the provider says that it is. Error: openid.issuer; those of the description.
  Status judge_issuer(const std::optional<std::string>& issuer);
  // A code of the callback. Errors: those above, openid.refused (the provider does not take the
  // code, or us), openid.answer, those of jose::verify and jose::decrypt, of judge_id_token and
  // judge_userinfo, and identity.claims.
  Expected<Identified> identify(std::string_view code, std::string_view redirect_uri,
                                std::string_view nonce);

  // The description as the provider gives it now, for `isoloir check --live`.
  Expected<std::string> fetch_discovery();

 private:
  Expected<Discovery> discovery();
  Expected<jose::KeySet> keys(bool again);
  // What is inside where tokens come encrypted.
  Expected<std::string> signed_token(std::string token) const;
  // The claims of a token with a good signature; keys are fetched once more where it names one that
  // is not known.
  Expected<Json> claims_of(std::string_view token, jose::Signing signing);

  const Registration registration_;
  const ClientSecrets secrets_;
  Clock& clock_;
  std::mutex mutex_;  // of what is held; never kept while the network is waited for
  std::optional<Discovery> discovery_;
  TimeMs discovered_at_ = 0;
  std::optional<jose::KeySet> keys_;
  TimeMs keys_at_ = 0;
  std::optional<TimeMs> refreshed_at_;  // for a key that was not known
};

}  // namespace isoloir::openid
