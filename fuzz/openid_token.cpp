// What an OpenID provider sends: tokens, keys, answers, claims, whatever bytes they are. Nothing is
// accepted that no key has signed: the only token with a good signature is the one below, byte for
// byte.
#include <sodium.h>

#include <cstddef>
#include <cstdint>

#include "base/files.hpp"
#include "base/places.hpp"
#include "base/unicode.hpp"
#include "identity/openid.hpp"
#include "identity/pivot_identity.hpp"

namespace {

using namespace isoloir;

const Json& vectors() {
  static const Json all =
      Json::parse(*read_file(test::source_dir() + "/tests/data/jose_vectors.json"));
  return all;
}

const openid::Registration& registration() {
  static const openid::Registration own{"https://provider.example/api/v2",
                                        "isoloir",
                                        {"openid"},
                                        {"eidas1"},
                                        jose::Signing::es256,
                                        jose::Signing::es256,
                                        false,
                                        {"aidants"}};
  return own;
}

// Bytes laid over a good token at a place that the input chooses, so that more than its form is
// reached.
std::string laid_over(std::string good, std::string_view input) {
  if (input.size() < 2) return good;
  const auto place = static_cast<std::size_t>(static_cast<unsigned char>(input[0]) * 256 +
                                              static_cast<unsigned char>(input[1]));
  const auto bytes = input.substr(2);
  const auto at = place % good.size();
  return good.replace(at, std::min(bytes.size(), good.size() - at), bytes);
}

void judge_signed(std::string_view token) {
  static const auto keys = *jose::KeySet::parse(vectors()["keys"].dump());
  static const std::string good = vectors()["signed"][0]["token"];
  const auto payload = jose::verify(token, keys, jose::Signing::es256);
  ISOLOIR_ASSERT(!payload || token.substr(0, token.rfind('.')) == good.substr(0, good.rfind('.')));
}

void judge_encrypted(std::string_view token) {
  static const auto key = *jose::DecryptionKey::parse(vectors()["decryption_key"].dump());
  static const std::string inner = vectors()["inner"];
  const auto content = jose::decrypt(token, key);
  ISOLOIR_ASSERT(!content || *content == inner);
}

void judge_claims(std::string_view text) {
  const auto claims = parse_json(text);
  if (!claims) return;
  (void)openid::judge_id_token(*claims, registration(), {"nonce", 1'700'000'000'000, "access"});
  (void)openid::judge_userinfo(*claims, registration(), "subject", 1'700'000'000'000);
  const auto identity = read_pivot_identity(*claims);
  if (!identity) return;
  // Whoever it is, she is herself.
  std::string given;
  for (const auto& name : identity->given_names) given += name + " ";
  const RollIdentity self{identity->family_name, given,
                          identity->birth_date,  identity->gender == "female" ? "F" : "M",
                          identity->birth_place, identity->birth_country};
  ISOLOIR_ASSERT(letters_and_digits(given).empty() || may_be_same_person(*identity, self));
}

}  // namespace

// First byte: what the rest is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ISOLOIR_ASSERT(sodium_init() >= 0);
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      judge_signed(rest);
      break;
    case 1:
      judge_signed(laid_over(vectors()["signed"][0]["token"], rest));
      break;
    case 2:
      judge_encrypted(laid_over(vectors()["encrypted"][0]["token"], rest));
      break;
    case 3:
      (void)jose::KeySet::parse(rest);
      break;
    case 4:
      (void)openid::read_discovery(rest, registration());
      (void)openid::read_token_answer(rest);
      break;
    case 5:
      judge_claims(rest);
      break;
    default:
      judge_encrypted(rest);
  }
  return 0;
}
