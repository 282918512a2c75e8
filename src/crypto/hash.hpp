// SHA-256 and SHA-512 through OpenSSL (hash_state.hpp says why), HMAC-SHA-256 and Argon2id through
// libsodium: the hash functions of the protocol.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/bytes.hpp"
#include "base/secret.hpp"

namespace isoloir {

ByteArray<32> sha256(ByteView bytes);
ByteArray<32> sha256(std::initializer_list<ByteView> parts);  // of their concatenation
ByteArray<64> sha512(ByteView bytes);
ByteArray<32> hmac_sha256(ByteView key, std::initializer_list<ByteView> parts);
// HMAC of a value for one purpose: purpose, a zero byte, then each part behind its length, so that
// neither two purposes nor two ways to cut a value meet. For look-up columns and peppered secrets.
ByteArray<32> keyed_digest(ByteView key, std::string_view purpose,
                           std::initializer_list<ByteView> value);

// Argon2id version 0x13, p = 1 (RFC 9106).
struct Argon2Cost {
  std::size_t memory_bytes;
  std::uint64_t passes;
};
inline constexpr Argon2Cost argon2_code{16 * 1024 * 1024, 1};      // protocol section 4
inline constexpr Argon2Cost argon2_password{19 * 1024 * 1024, 2};  // OWASP's minimum
inline constexpr Argon2Cost argon2_sealing{64 * 1024 * 1024, 2};   // of codes, never passwords
Secret<ByteArray<32>> argon2id(ByteView password, const ByteArray<16>& salt, Argon2Cost cost);

}  // namespace isoloir
