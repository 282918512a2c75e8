// Authenticated encryption: XChaCha20-Poly1305 under a key, and files sealed under a typed code.
#pragma once

#include <optional>
#include <string_view>

#include "base/random.hpp"
#include "base/result.hpp"
#include "crypto/hash.hpp"

namespace isoloir {

using SymmetricKey = Secret<ByteArray<32>>;

// nonce (24 random bytes) || ciphertext || tag (16). associated_data is authenticated, not stored.
Bytes seal(const SymmetricKey& key, ByteView plaintext, ByteView associated_data, Random& random);
std::optional<Bytes> unseal(const SymmetricKey& key, ByteView sealed, ByteView associated_data);

// The same with a nonce that the caller guarantees to be used once under this key; no nonce in the
// output.
Bytes seal_with_nonce(ByteView key, ByteView nonce, ByteView plaintext);
std::optional<Bytes> unseal_with_nonce(ByteView key, ByteView nonce, ByteView sealed);

// A small file sealed under a code: "ISOLOIR-SEALED-2\n" <title line> "\n" <salt, 32 hex> "\n"
// <base64> "\n". The three first lines are the associated data, so a file cannot pass for another.
// Key: Argon2id of the code, which a generator has made (80 bits; docs/adr/0011). Errors of open:
// sealed_file.form, sealed_file.code_or_content.
std::string seal_file(std::string_view title, std::string_view code, ByteView content,
                      Random& random);
Expected<Secret<Bytes>> open_sealed_file(std::string_view title, std::string_view code,
                                         std::string_view file);

}  // namespace isoloir
