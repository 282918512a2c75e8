// Codes and the keys that they carry (docs/protocol.md section 4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/schnorr.hpp"

namespace isoloir {

// How many characters of the alphabet carry a code, five bits each, and whether one more checks
// them.
struct CodeForm {
  std::uint32_t characters = 16;
  bool checked = true;
  std::uint32_t length() const { return characters + (checked ? 1 : 0); }
  std::uint32_t bits() const { return 5 * characters; }
  friend bool operator==(const CodeForm&, const CodeForm&) = default;
};

// Normalised characters, a check character last. A voting code has the form of the election's
// credentials; every other code (activation, transport) has the default one.
class Code {
 public:
  static Code generate(Random& random, const CodeForm& form = {});
  // Errors: code.form (length or alphabet), code.check (the check character disagrees: mistyped).
  static Expected<Code> parse(std::string_view typed, const CodeForm& form = {});

  const std::string& normalised() const { return text_.reveal(); }
  // In groups of four, what is left over on the last: XXXX-XXXX-XXXX-XXXXX.
  Secret<std::string> shown() const;
  std::vector<std::string> groups() const;
  Code clone() const { return Code(text_.clone()); }

 private:
  explicit Code(Secret<std::string> text) : text_(std::move(text)) {}
  Secret<std::string> text_;
};

// How a code first reaches its voter.
enum class Handover { post, email, sms };
std::string_view name_of(Handover handover);  // "post", "email", "sms"
std::optional<Handover> handover(std::string_view name);

// What carries a voter's keys in an election (protocol section 4).
struct CredentialForms {
  CodeForm code;
  Handover code_by = Handover::post;
  // Typed by the voter and secret like the code; without it the handle is the roll's identifier.
  std::optional<CodeForm> identifier;
  Handover identifier_by = Handover::email;
  // The voter types the roll's identifier, a member's number known to others: the code alone is
  // secret.
  bool roll_number = false;
  friend bool operator==(const CredentialForms&, const CredentialForms&) = default;
};

// Of at most 30 data characters: so many weights differ.
char code_check_character(std::string_view data_characters);

struct Credential {
  Secret<ByteArray<32>> seed;
  ElectionId election;

  KeyPair sign_in_key() const;
  KeyPair ballot_key(std::uint32_t contest) const;
};

// Argon2id, about 10 ms. handle: UTF-8.
Credential derive_credential(const Code& code, std::string_view handle, const ElectionId& election);

// What proves a code beside a consular number, where the identifier is lost: a sign-in key under a
// handle of its own (consular_number.hpp), good for nothing else. About 10 ms.
KeyPair derive_recovery_key(const Code& code, std::string_view consular_number,
                            const ElectionId& election);

// The statement of a sign-in proof, without S and R.
Transcript sign_in_statement(const Fingerprint& fingerprint, const ByteArray<32>& nonce,
                             const ByteArray<32>& session_binding, std::string_view origin);

}  // namespace isoloir
