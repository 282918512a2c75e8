#include "crypto/hash.hpp"

#include <sodium.h>

#include <stdexcept>

#include "crypto/hash_state.hpp"

namespace isoloir {

ByteArray<32> sha256(ByteView bytes) {
  Sha256State state;
  state.add(bytes);
  return state.digest();
}

ByteArray<32> sha256(std::initializer_list<ByteView> parts) {
  Sha256State state;
  for (const auto part : parts) state.add(part);
  return state.digest();
}

ByteArray<64> sha512(ByteView bytes) {
  Sha512State state;
  state.add(bytes);
  return state.digest();
}

ByteArray<32> hmac_sha256(ByteView key, std::initializer_list<ByteView> parts) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  for (const auto part : parts) crypto_auth_hmacsha256_update(&state, part.data(), part.size());
  ByteArray<32> digest;
  crypto_auth_hmacsha256_final(&state, digest.data());
  return digest;
}

ByteArray<32> keyed_digest(ByteView key, std::string_view purpose,
                           std::initializer_list<ByteView> value) {
  Bytes joined;
  for (const auto part : value) {
    append_u32(joined, static_cast<std::uint32_t>(part.size()));
    append(joined, part);
  }
  const ByteArray<32> digest = hmac_sha256(key, {as_bytes(purpose), ByteArray<1>{0}, joined});
  wipe(joined.data(), joined.size());
  return digest;
}

Secret<ByteArray<32>> argon2id(ByteView password, const ByteArray<16>& salt, Argon2Cost cost) {
  Secret<ByteArray<32>> key;
  if (crypto_pwhash_argon2id(key.reveal().data(), key.reveal().size(),
                             reinterpret_cast<const char*>(password.data()), password.size(),
                             salt.data(), cost.passes, cost.memory_bytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    throw std::runtime_error("argon2id: not enough memory");
  }
  return key;
}

}  // namespace isoloir
