#include "identity/jose.hpp"

#include <cjose/cjose.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/bytes.hpp"
#include "base/limits.hpp"

namespace isoloir::jose {
namespace {

template <auto Free>
struct FreedBy {
  template <typename T>
  void operator()(T* thing) const {
    (void)Free(thing);
  }
};
using Jwk = std::unique_ptr<cjose_jwk_t, FreedBy<cjose_jwk_release>>;
using Jws = std::unique_ptr<cjose_jws_t, FreedBy<cjose_jws_release>>;
using Jwe = std::unique_ptr<cjose_jwe_t, FreedBy<cjose_jwe_release>>;

constexpr std::size_t kid_bytes_max = 256;

// Imported for each use: the library's objects count their users without a lock.
Jwk import_key(const std::string& json) {
  cjose_err ignored{};
  return Jwk(cjose_jwk_import(json.data(), json.size(), &ignored));
}

std::string string_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The parts between the dots, as they stand.
std::vector<std::string_view> parts_of(std::string_view compact) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto dot = compact.find('.');
    parts.push_back(compact.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    compact.remove_prefix(dot + 1);
  }
}

bool all_base64url(const std::vector<std::string_view>& parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [](std::string_view part) { return base64url_decode(part).has_value(); });
}

// Of a key or a header, where it is there. The library's own decoder ends the program on a padding
// sign in the middle (libcjose 0.6.2, base64.c).
bool is_base64url(const Json& object, const char* name) {
  return !object.contains(name) ||
         (object[name].is_string() && base64url_decode(string_of(object, name)).has_value());
}

bool is_p256_point(const Json& jwk) {
  return jwk.is_object() && string_of(jwk, "kty") == "EC" && string_of(jwk, "crv") == "P-256" &&
         is_base64url(jwk, "x") && is_base64url(jwk, "y");
}

// A header is read by us before the library sees the token. It may name what is awaited and its own
// type, nothing else: keys and their addresses (jwk, jku, x5u, x5c) would be the sender's word for
// who has sent it, `crit`, `b64` and `zip` would change what the token means.
Expected<Json> read_header(std::string_view encoded,
                           std::initializer_list<std::string_view> known) {
  const auto bytes = base64url_decode(encoded);
  auto header = bytes ? parse_json(as_text(*bytes)) : Expected<Json>(fail("jose.form", ""));
  if (!header || !header->is_object()) return fail("jose.form", "the token's header is no object");
  for (const auto& [name, value] : header->items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return fail("jose.header", "the token's header has a field that is not awaited");
    }
  }
  return header;
}

}  // namespace

std::string_view name_of(Signing algorithm) {
  return algorithm == Signing::es256 ? "ES256" : "RS256";
}

// ---- Keys of the provider

std::optional<KeySet::Key> KeySet::read_key(const Json& jwk) {
  if (!jwk.is_object() || string_of(jwk, "use") == "enc") return std::nullopt;
  Key key{string_of(jwk, "kid"), Signing::es256, ""};
  const auto type = string_of(jwk, "kty");
  Json own = {{"kty", type}};  // what is wanted of it, so that nothing private is kept
  if (is_p256_point(jwk)) {
    for (const char* name : {"crv", "x", "y"}) own[name] = string_of(jwk, name);
  } else if (type == "RSA" && is_base64url(jwk, "n") && is_base64url(jwk, "e")) {
    key.algorithm = Signing::rs256;
    for (const char* name : {"n", "e"}) own[name] = string_of(jwk, name);
  } else {
    return std::nullopt;
  }
  const auto meant_for = string_of(jwk, "alg");
  if (!meant_for.empty() && meant_for != name_of(key.algorithm)) return std::nullopt;
  key.json = own.dump();
  const auto imported = import_key(key.json);
  if (!imported || key.kid.size() > kid_bytes_max) return std::nullopt;
  cjose_err ignored{};
  const auto bits = cjose_jwk_get_keysize(imported.get(), &ignored);
  if (key.algorithm == Signing::rs256 &&
      (bits < limits::openid_rsa_bits_min || bits > limits::openid_rsa_bits_max)) {
    return std::nullopt;
  }
  return key;
}

Expected<KeySet> KeySet::parse(std::string_view json) {
  const auto document = parse_json(json);
  if (!document || !document->is_object() || !document->contains("keys") ||
      !(*document)["keys"].is_array()) {
    return fail("jose.keys", "this is no set of keys");
  }
  KeySet set;
  for (const auto& jwk : (*document)["keys"]) {
    if (set.keys_.size() == limits::openid_keys) break;
    if (auto key = read_key(jwk)) set.keys_.push_back(std::move(*key));
  }
  if (set.keys_.empty()) return fail("jose.keys", "no key of the set can check a signature here");
  return set;
}

bool KeySet::knows(std::string_view kid) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) { return key.kid == kid; });
}

// ---- Signed

Expected<std::string> verify(std::string_view compact, const KeySet& keys, Signing algorithm) {
  const auto parts = parts_of(compact);
  if (compact.size() > limits::openid_token_bytes || parts.size() != 3 || !all_base64url(parts)) {
    return fail("jose.form", "this is no signed token");
  }
  const auto header = read_header(parts[0], {"alg", "kid", "typ", "cty"});
  if (!header) return fail(header.error());
  if (string_of(*header, "alg") != name_of(algorithm)) {
    return fail("jose.algorithm", "the token is not signed by " + std::string(name_of(algorithm)));
  }
  // RFC 7518, section 3.4; the library would not look at more.
  if (algorithm == Signing::es256 && base64url_decode(parts[2])->size() != 64) {
    return fail("jose.signature", "the token's signature has another length");
  }
  const auto kid = string_of(*header, "kid");
  cjose_err ignored{};
  bool known = false;
  for (const auto& key : keys.keys_) {
    if (key.algorithm != algorithm || kid.empty() || key.kid != kid) continue;
    known = true;
    const Jws jws(cjose_jws_import(compact.data(), compact.size(), &ignored));
    const auto jwk = import_key(key.json);
    if (!jws || !jwk || !cjose_jws_verify(jws.get(), jwk.get(), &ignored)) continue;
    return std::string(as_text(*base64url_decode(parts[1])));
  }
  if (!known) return fail("jose.unknown_key", "the provider has no such key");
  return fail("jose.signature", "the token's signature is wrong");
}

// ---- Encrypted

DecryptionKey DecryptionKey::generate() {
  cjose_err why{};
  const Jwk made(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &why));
  ISOLOIR_ASSERT(made != nullptr);
  const std::unique_ptr<char, FreedBy<std::free>> text(cjose_jwk_to_json(made.get(), true, &why));
  ISOLOIR_ASSERT(text != nullptr);
  Json jwk = *parse_json(text.get());
  wipe(text.get(), std::char_traits<char>::length(text.get()));
  jwk["kid"] = "isoloir-" + string_of(jwk, "x").substr(0, 12);
  return DecryptionKey(Secret(jwk.dump()));
}

Expected<DecryptionKey> DecryptionKey::parse(std::string_view json) {
  const auto jwk = parse_json(json);
  const bool private_key =
      jwk && is_p256_point(*jwk) && !string_of(*jwk, "d").empty() && is_base64url(*jwk, "d");
  if (!private_key || !import_key(jwk->dump())) {
    return fail("jose.keys", "this is no private P-256 key as a JWK");
  }
  return DecryptionKey(Secret(std::string(json)));
}

std::string DecryptionKey::public_json() const {
  Json jwk = *parse_json(json_.reveal());
  Json shown = {{"kty", "EC"}, {"crv", "P-256"}, {"use", "enc"}, {"alg", "ECDH-ES"}};
  for (const char* name : {"x", "y", "kid"}) {
    if (jwk.contains(name)) shown[name] = jwk[name];
  }
  return shown.dump();
}

Expected<std::string> decrypt(std::string_view compact, const DecryptionKey& key) {
  const auto parts = parts_of(compact);
  if (compact.size() > limits::openid_token_bytes || parts.size() != 5 || !all_base64url(parts)) {
    return fail("jose.form", "this is no encrypted token");
  }
  const auto header =
      read_header(parts[0], {"alg", "enc", "kid", "typ", "cty", "epk", "apu", "apv", "iss", "aud"});
  if (!header) return fail(header.error());
  if (string_of(*header, "alg") != "ECDH-ES" || string_of(*header, "enc") != "A256GCM") {
    return fail("jose.algorithm", "the token is not encrypted by ECDH-ES with A256GCM");
  }
  if (!header->contains("epk") || !is_p256_point((*header)["epk"]) ||
      (*header)["epk"].contains("d") || !is_base64url(*header, "apu") ||
      !is_base64url(*header, "apv")) {
    return fail("jose.form", "the encrypted token's header has no key to agree with");
  }
  // The content's key is agreed on, so none is sent; the tag is whole (CVE-2023-37464).
  if (!parts[1].empty() || base64url_decode(parts[2])->size() != 12 ||
      base64url_decode(parts[4])->size() != 16) {
    return fail("jose.form", "the parts of the encrypted token have other lengths");
  }
  cjose_err ignored{};
  const Jwe jwe(cjose_jwe_import(compact.data(), compact.size(), &ignored));
  const auto jwk = import_key(key.json_.reveal());
  std::size_t size = 0;
  const std::unique_ptr<std::uint8_t, FreedBy<std::free>> content(
      jwe && jwk ? cjose_jwe_decrypt(jwe.get(), jwk.get(), &size, &ignored) : nullptr);
  if (!content) return fail("jose.decryption", "the token cannot be decrypted");
  return std::string(as_text({content.get(), size}));
}

}  // namespace isoloir::jose
