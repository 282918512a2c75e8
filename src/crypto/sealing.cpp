#include "crypto/sealing.hpp"

#include <sodium.h>

#include <algorithm>

namespace isoloir {
namespace {

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::string_view sealed_magic = "ISOLOIR-SEALED-2\n";

Bytes encrypt(ByteView key, ByteView nonce, ByteView plaintext, ByteView associated_data) {
  Bytes out(plaintext.size() + tag_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      out.data(), nullptr, plaintext.data(), plaintext.size(), associated_data.data(),
      associated_data.size(), nullptr, nonce.data(), key.data());
  return out;
}

std::optional<Bytes> decrypt(ByteView key, ByteView nonce, ByteView sealed,
                             ByteView associated_data) {
  if (sealed.size() < tag_bytes) return std::nullopt;
  Bytes out(sealed.size() - tag_bytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          out.data(), nullptr, nullptr, sealed.data(), sealed.size(), associated_data.data(),
          associated_data.size(), nonce.data(), key.data()) != 0) {
    return std::nullopt;
  }
  return out;
}

std::string sealed_header(std::string_view title, ByteView salt) {
  return std::string(sealed_magic) + std::string(title) + "\n" + hex_encode(salt) + "\n";
}

}  // namespace

Bytes seal(const SymmetricKey& key, ByteView plaintext, ByteView associated_data, Random& random) {
  Bytes out = random.bytes(nonce_bytes);
  append(out, encrypt(key.reveal(), ByteView(out).first(nonce_bytes), plaintext, associated_data));
  return out;
}

std::optional<Bytes> unseal(const SymmetricKey& key, ByteView sealed, ByteView associated_data) {
  if (sealed.size() < nonce_bytes) return std::nullopt;
  return decrypt(key.reveal(), sealed.first(nonce_bytes), sealed.subspan(nonce_bytes),
                 associated_data);
}

Bytes seal_with_nonce(ByteView key, ByteView nonce, ByteView plaintext) {
  ISOLOIR_ASSERT(key.size() == 32 && nonce.size() == nonce_bytes);
  return encrypt(key, nonce, plaintext, {});
}
std::optional<Bytes> unseal_with_nonce(ByteView key, ByteView nonce, ByteView sealed) {
  ISOLOIR_ASSERT(key.size() == 32 && nonce.size() == nonce_bytes);
  return decrypt(key, nonce, sealed, {});
}

std::string seal_file(std::string_view title, std::string_view code, ByteView content,
                      Random& random) {
  ISOLOIR_ASSERT(title.find('\n') == std::string_view::npos);
  const auto salt = random.array<16>();
  const std::string header = sealed_header(title, salt);
  const auto key = argon2id(as_bytes(code), salt, argon2_sealing);
  return header + base64_encode(seal(key, content, as_bytes(header), random)) + "\n";
}

Expected<Secret<Bytes>> open_sealed_file(std::string_view title, std::string_view code,
                                         std::string_view file) {
  const auto malformed =
      fail("sealed_file.form", "not a complete sealed file of this kind: " + std::string(title));
  const std::string start = std::string(sealed_magic) + std::string(title) + "\n";
  if (!file.starts_with(start) || file.size() < start.size() + 34 || file.back() != '\n') {
    return malformed;
  }
  const auto salt = hex_decode_array<16>(file.substr(start.size(), 32));
  if (!salt || file[start.size() + 32] != '\n') return malformed;
  const std::string header = sealed_header(title, *salt);
  const auto sealed = base64_decode(file.substr(header.size(), file.size() - header.size() - 1));
  if (!sealed) return malformed;
  const auto key = argon2id(as_bytes(code), *salt, argon2_sealing);
  auto content = unseal(key, *sealed, as_bytes(header));
  if (!content) {
    return fail("sealed_file.code_or_content",
                "the code is not the one of this file, or the file was changed");
  }
  return Secret<Bytes>(std::move(*content));
}

}  // namespace isoloir
