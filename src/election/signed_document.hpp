// Signed documents (docs/protocol.md section 2): {"body": {"type": ...}, "signatures": [{"key",
// "signature"}...]}.
#pragma once

#include <variant>
#include <vector>

#include "base/canonical_json.hpp"
#include "crypto/schnorr.hpp"

namespace isoloir {

// The context in which a body's type is signed.
using SigningContext = std::variant<ElectionId, Fingerprint>;

class SignedDocument {
 public:
  SignedDocument(Json body) : body_(std::move(body)) {}

  // Strict: canonical JSON, the two fields only, keys and signatures well-formed, sorted by key,
  // none twice. Error: document.form. Signatures are not judged here.
  static Expected<SignedDocument> parse(std::string_view text);
  // As parse, with body.type == type and every signature good, at least one. Errors: document.form,
  // document.type, document.signature.
  static Expected<SignedDocument> parse_and_verify(std::string_view text, std::string_view type,
                                                   const SigningContext& context);

  void sign(const KeyPair& signer, const SigningContext& context, Random& random);
  void add_signature(const Point& key, const SchnorrProof& signature);
  // Takes the other's signatures too, each key's once; nothing when its body is another.
  bool merge(const SignedDocument& other);
  bool signatures_good(const SigningContext& context) const;
  bool signed_by(const Point& key) const;
  std::vector<Point> signers() const;

  const Json& body() const { return body_; }
  std::string text() const;  // canonical JSON

 private:
  struct Signature {
    Point key;
    SchnorrProof proof;
  };
  Json body_;
  std::vector<Signature> signatures_;  // ascending by key
};

// A body's field, or nothing when absent or of another type.
std::optional<std::string> text_field(const Json& body, std::string_view name);
std::optional<std::uint32_t> u32_field(const Json& body, std::string_view name);
std::optional<std::int64_t> integer_field(const Json& body, std::string_view name);
std::optional<Point> point_field(const Json& body, std::string_view name);
// True when the object has exactly these fields.
bool has_exactly(const Json& object, std::initializer_list<std::string_view> names);

}  // namespace isoloir
