#include "election/credential.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "election/consular_number.hpp"
#include "election/crockford.hpp"

namespace isoloir {
namespace {

constexpr std::size_t checked_characters_max = 30;
constexpr std::size_t group_characters = 4;

// GF(32) = GF(2)[x]/(x^5 + x^2 + 1)
int times_x(int value) {
  value <<= 1;
  return value & 32 ? value ^ 0b100101 : value;
}
int multiply(int a, int b) {
  int product = 0;
  for (; b != 0; b >>= 1, a = times_x(a)) {
    if (b & 1) product ^= a;
  }
  return product;
}

Scalar derived(DraftRole role, const Credential& credential, std::optional<std::uint32_t> contest) {
  Transcript transcript(role, credential.election);
  transcript.add(ByteView(credential.seed.reveal()));
  if (contest) transcript.add(*contest);
  return transcript.scalar();
}

}  // namespace

std::string_view name_of(Handover handover) {
  return handover == Handover::post ? "post" : handover == Handover::email ? "email" : "sms";
}

std::optional<Handover> handover(std::string_view name) {
  for (const auto one : {Handover::post, Handover::email, Handover::sms}) {
    if (name_of(one) == name) return one;
  }
  return std::nullopt;
}

char code_check_character(std::string_view data) {
  ISOLOIR_ASSERT(data.size() <= checked_characters_max);
  int check = 0;
  int weight = 1;
  for (const char c : data) {
    weight = times_x(weight);
    check ^= multiply(weight, crockford_value(c));
  }
  return crockford_alphabet[static_cast<std::size_t>(check)];
}

Code Code::generate(Random& random, const CodeForm& form) {
  Secret<std::string> text{std::string()};
  text.reveal().reserve(form.length());
  for (std::size_t i = 0; i < form.characters; ++i) {
    text.reveal().push_back(crockford_alphabet[random.below(32)]);
  }
  if (form.checked) text.reveal().push_back(code_check_character(text.reveal()));
  return Code(std::move(text));
}

Expected<Code> Code::parse(std::string_view typed, const CodeForm& form) {
  auto text = crockford_normalise(typed);
  if (!text || text->size() != form.length()) {
    return fail("code.form", "not " + std::to_string(form.length()) + " characters of the alphabet",
                "code.form");
  }
  Secret<std::string> secret(std::move(*text));
  const std::string_view view = secret.reveal();
  if (form.checked && code_check_character(view.substr(0, form.characters)) != view.back()) {
    return fail("code.check", "the check character disagrees", "code.check");
  }
  return Code(std::move(secret));
}

std::vector<std::string> Code::groups() const {
  const std::string& text = text_.reveal();
  std::vector<std::string> groups;
  for (std::size_t at = 0; at < text.size(); at += group_characters) {
    const auto group = text.substr(at, group_characters);
    if (group.size() == 1 && !groups.empty()) {
      groups.back() += group;  // a check character by itself would look forgotten
    } else {
      groups.push_back(group);
    }
  }
  return groups;
}

Secret<std::string> Code::shown() const {
  Secret<std::string> text{std::string()};
  for (const auto& group : groups()) {
    text.reveal() += (text.reveal().empty() ? "" : "-") + group;
  }
  return text;
}

KeyPair Credential::sign_in_key() const {
  return KeyPair::of(SecretScalar(derived(DraftRole::sign_in_key, *this, std::nullopt)));
}
KeyPair Credential::ballot_key(std::uint32_t contest) const {
  return KeyPair::of(SecretScalar(derived(DraftRole::ballot_key, *this, contest)));
}

Credential derive_credential(const Code& code, std::string_view handle,
                             const ElectionId& election) {
  const auto digest = Transcript(DraftRole::credential_salt, election).add(handle).hash();
  ByteArray<16> salt;
  std::copy_n(digest.begin(), salt.size(), salt.begin());
  return {argon2id(as_bytes(code.normalised()), salt, argon2_code), election};
}

KeyPair derive_recovery_key(const Code& code, std::string_view consular_number,
                            const ElectionId& election) {
  return derive_credential(code, recovery_handle(consular_number), election).sign_in_key();
}

Transcript sign_in_statement(const Fingerprint& fingerprint, const ByteArray<32>& nonce,
                             const ByteArray<32>& session_binding, std::string_view origin) {
  return Transcript(SealedRole::sign_in_proof, fingerprint)
      .add(ByteView(nonce))
      .add(ByteView(session_binding))
      .add(origin);
}

}  // namespace isoloir
