// Codes and the keys that they carry (docs/protocol.md section 4).
#pragma once

#include "base/result.hpp"
#include "crypto/schnorr.hpp"

namespace isoloir {

// 17 normalised characters, check character last.
class Code {
 public:
  static Code generate(Random& random);  // 80 bits
  // Errors: code.form (length or alphabet), code.check (the check character disagrees: mistyped).
  static Expected<Code> parse(std::string_view typed);

  const std::string& normalised() const { return text_.reveal(); }
  Secret<std::string> shown() const;  // XXXX-XXXX-XXXX-XXXXX
  Code clone() const { return Code(text_.clone()); }

 private:
  explicit Code(Secret<std::string> text) : text_(std::move(text)) {}
  Secret<std::string> text_;
};

char code_check_character(std::string_view sixteen_data_characters);

struct Credential {
  Secret<ByteArray<32>> seed;
  ElectionId election;

  KeyPair sign_in_key() const;
  KeyPair ballot_key(std::uint32_t contest) const;
};

// Argon2id, about 10 ms. handle: UTF-8.
Credential derive_credential(const Code& code, std::string_view handle, const ElectionId& election);

// The statement of a sign-in proof, without S and R.
Transcript sign_in_statement(const Fingerprint& fingerprint, const ByteArray<32>& nonce,
                             const ByteArray<32>& session_binding, std::string_view origin);

}  // namespace isoloir
