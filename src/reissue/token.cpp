#include "reissue/token.hpp"

#include "base/result.hpp"
#include "crypto/hash.hpp"

namespace isoloir::reissue {
namespace {

std::string_view name_of(TokenPurpose purpose) {
  switch (purpose) {
    case TokenPurpose::link:
      return "reissue link";
    case TokenPurpose::flow:
      return "reissue flow";
    case TokenPurpose::cancel:
      return "reissue cancel";
    case TokenPurpose::password:
      return "password link";
    case TokenPurpose::account:
      return "account link";
    case TokenPurpose::account_opener:
      return "account opener";
    case TokenPurpose::account_cancel:
      return "account cancel";
    case TokenPurpose::identification:
      return "identification";
    case TokenPurpose::contact:
      return "contact check";
  }
  ISOLOIR_ASSERT(false);
}

}  // namespace

std::optional<Token> Token::parse(std::string_view base64url) {
  const auto decoded = base64url_decode(base64url);
  const auto bytes = decoded ? to_array<32>(*decoded) : std::nullopt;
  if (!bytes) return std::nullopt;
  return Token{Secret(*bytes)};
}

ByteArray<32> token_mac(ByteView key, TokenPurpose purpose, const ElectionId& election,
                        const Token& token) {
  return hmac_sha256(
      key, {as_bytes(name_of(purpose)), ByteArray<1>{0}, election.bytes, token.bytes.reveal()});
}

}  // namespace isoloir::reissue
