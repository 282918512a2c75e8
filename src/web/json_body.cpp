#include "web/json_body.hpp"

namespace isoloir::web {

bool csrf_good(const http::Request& request, const Session& session) {
  const auto sent = request.header("X-CSRF-Token").value_or("");
  return equal_constant_time(as_bytes(sent), as_bytes(session.csrf));
}

std::string field(const Json& json, std::string_view name) {
  if (!json.is_object()) return {};
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return {};
  auto text = found->get<std::string>();
  return text.find('\0') == std::string::npos ? text : std::string();
}

std::optional<CodeProof> code_proof(const Json& body) {
  const auto nonce = hex_decode_array<32>(field(body, "nonce"));
  const auto key_bytes = hex_decode_array<32>(field(body, "key"));
  const auto proof_bytes = hex_decode_array<64>(field(body, "proof"));
  const auto key = key_bytes ? Point::decode(*key_bytes) : std::nullopt;
  const auto proof = proof_bytes ? SchnorrProof::decode(*proof_bytes) : std::nullopt;
  if (!nonce || !key || !proof) return std::nullopt;
  return CodeProof{*nonce, *key, *proof};
}

}  // namespace isoloir::web
