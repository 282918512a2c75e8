// tests/data/ed25519_vectors.json, written by the browser's implementation: the acceptance rule of
// docs/protocol.md section 8 at its edges. A library that multiplies by the cofactor, or that stops
// refusing small orders, fails here.
#include <gtest/gtest.h>

#include "base/canonical_json.hpp"
#include "base/files.hpp"
#include "base/places.hpp"
#include "crypto/ed25519.hpp"

namespace isoloir {
namespace {

TEST(Ed25519, VectorsSharedWithTheBrowser) {
  const auto text = read_file(test::source_dir() + "/tests/data/ed25519_vectors.json");
  ASSERT_TRUE(text);
  const Json vectors = Json::parse(*text);
  ASSERT_EQ(vectors.size(), 22u);
  for (const auto& vector : vectors) {
    const auto hex = [&](const char* field) {
      return *hex_decode(vector[field].get<std::string>());
    };
    EXPECT_EQ(ed25519_verify(*to_array<32>(hex("key")), hex("message"), hex("signature")),
              vector["accept"].get<bool>())
        << vector["what"];
  }
}

}  // namespace
}  // namespace isoloir
