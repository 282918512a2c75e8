// Single-use tokens: 32 random bytes, kept only as HMAC-SHA-256(versioned key, purpose || election
// || token), so that a token is good for one purpose in one election and a dump yields none
// (requirements 11, 12, 16).
#pragma once

#include <optional>
#include <string_view>

#include "base/random.hpp"
#include "crypto/transcript.hpp"

namespace isoloir::reissue {

enum class TokenPurpose {
  link,
  flow,
  cancel,
  password,
  account,
  account_opener,
  account_cancel,
  identification,
  contact
};

struct Token {
  Secret<ByteArray<32>> bytes;
  static Token generate(Random& random) { return {Secret(random.array<32>())}; }
  static std::optional<Token> parse(std::string_view base64url);
  std::string text() const { return base64url_encode(bytes.reveal()); }
};

ByteArray<32> token_mac(ByteView key, TokenPurpose purpose, const ElectionId& election,
                        const Token& token);

}  // namespace isoloir::reissue
