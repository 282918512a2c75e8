#include "election/signed_document.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace isoloir {
namespace {

Transcript statement(const Json& body, const SigningContext& context) {
  const auto digest = sha512(as_bytes(canonical_json(body)));
  if (const auto* draft = std::get_if<ElectionId>(&context)) {
    return Transcript(DraftRole::draft_signature, *draft).add(ByteView(digest));
  }
  return Transcript(SealedRole::sealed_signature, std::get<Fingerprint>(context))
      .add(ByteView(digest));
}

}  // namespace

Expected<SignedDocument> SignedDocument::parse(std::string_view text) {
  auto json = parse_canonical_json(text);
  if (!json) return fail(json.error());
  const auto malformed = [](std::string why) { return fail("document.form", std::move(why)); };
  if (!has_exactly(*json, {"body", "signatures"}) || !(*json)["body"].is_object() ||
      !(*json)["signatures"].is_array()) {
    return malformed("not a signed document");
  }
  SignedDocument document(std::move((*json)["body"]));
  for (const auto& item : (*json)["signatures"]) {
    const auto key = point_field(item, "key");
    const auto signature = text_field(item, "signature");
    const auto bytes = signature ? hex_decode_array<64>(*signature) : std::nullopt;
    const auto proof = bytes ? SchnorrProof::decode(*bytes) : std::nullopt;
    if (!has_exactly(item, {"key", "signature"}) || !key || !proof) {
      return malformed("a signature is not well-formed");
    }
    if (!document.signatures_.empty() && !(document.signatures_.back().key < *key)) {
      return malformed("signatures are not in ascending order of their keys");
    }
    document.signatures_.push_back({*key, *proof});
  }
  return document;
}

Expected<SignedDocument> SignedDocument::parse_and_verify(std::string_view text,
                                                          std::string_view type,
                                                          const SigningContext& context) {
  auto document = parse(text);
  if (!document) return document;
  if (text_field(document->body(), "type") != type) {
    return fail("document.type", "the document is not of type " + std::string(type));
  }
  if (document->signatures_.empty() || !document->signatures_good(context)) {
    return fail("document.signature", "a signature is missing or wrong");
  }
  return document;
}

void SignedDocument::sign(const KeyPair& signer, const SigningContext& context, Random& random) {
  add_signature(signer.key,
                schnorr_prove(statement(body_, context), signer.secret.reveal(), random));
}

void SignedDocument::add_signature(const Point& key, const SchnorrProof& signature) {
  const auto place = std::lower_bound(signatures_.begin(), signatures_.end(), key,
                                      [](const Signature& s, const Point& k) { return s.key < k; });
  if (place != signatures_.end() && place->key == key) return;
  signatures_.insert(place, {key, signature});
}

bool SignedDocument::merge(const SignedDocument& other) {
  if (other.body_ != body_) return false;
  for (const auto& s : other.signatures_) add_signature(s.key, s.proof);
  return true;
}

bool SignedDocument::signatures_good(const SigningContext& context) const {
  const Transcript transcript = statement(body_, context);
  return std::all_of(signatures_.begin(), signatures_.end(), [&](const Signature& s) {
    return schnorr_verify(transcript, s.key, s.proof);
  });
}

bool SignedDocument::signed_by(const Point& key) const {
  return std::any_of(signatures_.begin(), signatures_.end(),
                     [&](const Signature& s) { return s.key == key; });
}

std::vector<Point> SignedDocument::signers() const {
  std::vector<Point> keys;
  for (const auto& s : signatures_) keys.push_back(s.key);
  return keys;
}

std::string SignedDocument::text() const {
  Json signatures = Json::array();
  for (const auto& s : signatures_) {
    signatures.push_back(
        {{"key", hex_encode(s.key.encoded())}, {"signature", hex_encode(s.proof.encoded())}});
  }
  return canonical_json({{"body", body_}, {"signatures", std::move(signatures)}});
}

std::optional<std::string> text_field(const Json& body, std::string_view name) {
  if (!body.is_object()) return std::nullopt;
  const auto found = body.find(name);
  if (found == body.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::int64_t> integer_field(const Json& body, std::string_view name) {
  if (!body.is_object()) return std::nullopt;
  const auto found = body.find(name);
  if (found == body.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::optional<std::uint32_t> u32_field(const Json& body, std::string_view name) {
  const auto value = integer_field(body, name);
  if (!value || *value < 0 || *value > 0xffffffffLL) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::optional<Point> point_field(const Json& body, std::string_view name) {
  const auto text = text_field(body, name);
  const auto bytes = text ? hex_decode_array<32>(*text) : std::nullopt;
  return bytes ? Point::decode(*bytes) : std::nullopt;
}

bool has_exactly(const Json& object, std::initializer_list<std::string_view> names) {
  if (!object.is_object() || object.size() != names.size()) return false;
  return std::all_of(names.begin(), names.end(),
                     [&](std::string_view name) { return object.contains(name); });
}

}  // namespace isoloir
