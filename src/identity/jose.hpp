// Signed and encrypted tokens as an OpenID provider sends them: JWS (RFC 7515), JWE (RFC 7516),
// keys as JWK (RFC 7517). What is accepted is a list of our own, however much more the library can
// do: a token's header never chooses how, or with whose key, it is judged (RFC 8725). Pure;
// thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/canonical_json.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace isoloir::jose {

enum class Signing { es256, rs256 };
std::string_view name_of(Signing algorithm);

// The public keys by which a provider signs. Keys other than P-256 and RSA of at least 2 048 bits,
// and those for encryption, are left out.
class KeySet {
 public:
  // A JWK set. Error: jose.keys (no such document, or no key of it serves).
  static Expected<KeySet> parse(std::string_view json);

  bool knows(std::string_view kid) const;
  std::size_t size() const { return keys_.size(); }

 private:
  friend Expected<std::string> verify(std::string_view, const KeySet&, Signing);
  struct Key {
    std::string kid;
    Signing algorithm = Signing::es256;
    std::string json;
  };
  static std::optional<Key> read_key(const Json& jwk);
  std::vector<Key> keys_;
};

// The payload of a JWS in compact form that one of the keys has signed by this algorithm. Errors:
// jose.form, jose.algorithm (another one, "none" and HMACs among them), jose.header (it brings a
// key along, or wants what we do not know), jose.unknown_key (no such kid for this algorithm: the
// set may be old), jose.signature.
Expected<std::string> verify(std::string_view compact, const KeySet& keys, Signing algorithm);

// The key of this service (P-256) to whose public half a provider encrypts.
class DecryptionKey {
 public:
  static DecryptionKey generate();
  // A private JWK with its kid. Error: jose.keys.
  static Expected<DecryptionKey> parse(std::string_view json);

  const Secret<std::string>& json() const { return json_; }
  std::string public_json() const;  // with alg, use and kid, to be registered with the provider

 private:
  friend Expected<std::string> decrypt(std::string_view, const DecryptionKey&);
  explicit DecryptionKey(Secret<std::string> json) : json_(std::move(json)) {}
  Secret<std::string> json_;
};

// The content of a JWE in compact form: ECDH-ES with A256GCM and nothing else, so that no token has
// keys derived from passwords, or tries one algorithm's key with another. Errors: jose.form,
// jose.algorithm, jose.header, jose.decryption.
Expected<std::string> decrypt(std::string_view compact, const DecryptionKey& key);

}  // namespace isoloir::jose
