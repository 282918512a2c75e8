#include "crypto/group.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "crypto/ed25519.hpp"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "crypto/schnorr.hpp"
#include "crypto/sealing.hpp"

namespace isoloir {
namespace {

// RFC 9496 appendix A.1: multiples of the generator.
TEST(Group, Rfc9496Multiples) {
  const std::array<const char*, 6> multiples = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
      "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
      "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
      "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
      "e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e"};
  Point running;
  for (std::size_t i = 0; i < multiples.size(); ++i) {
    EXPECT_EQ(hex_encode(running.encoded()), multiples[i]);
    EXPECT_EQ(base_multiply(Scalar::from_u64(i)), running);
    EXPECT_EQ(Scalar::from_u64(i) * Point::generator(), running);
    running = running + Point::generator();
  }
}

// RFC 9496 appendix A.2: encodings that must be refused (non-canonical, negative, off the curve).
TEST(Group, Rfc9496BadEncodings) {
  for (const char* bad : {"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
                          "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
                          "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
                          "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    EXPECT_FALSE(Point::decode(*hex_decode(bad))) << bad;
  }
  auto top_bit = Point::generator().encoded();
  top_bit[31] |= 0x80;
  EXPECT_FALSE(Point::decode(top_bit));
  EXPECT_FALSE(Point::decode_or_identity(top_bit));
  EXPECT_FALSE(Point::decode(ByteArray<32>{}));
  EXPECT_TRUE(Point::decode_or_identity(ByteArray<32>{}));
  EXPECT_FALSE(Point::decode(Bytes(31)));
}

TEST(Group, ScalarsAreReducedAndZeroIsOrdinary) {
  EXPECT_TRUE(Scalar::decode(ByteArray<32>{}));
  const auto order =
      *hex_decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  EXPECT_FALSE(Scalar::decode(order));
  auto below = order;
  --below[0];
  EXPECT_TRUE(Scalar::decode(below));
  EXPECT_EQ(*Scalar::decode(below) + Scalar::from_u64(1), Scalar());
  EXPECT_TRUE((Scalar() * Point::generator()).is_identity());
  EXPECT_TRUE((Scalar::from_u64(5) * Point()).is_identity());
  EXPECT_TRUE(base_multiply(Scalar()).is_identity());
  EXPECT_EQ(Scalar::from_u64(7).inverse() * Scalar::from_u64(7), Scalar::from_u64(1));
}

TEST(Schnorr, AcceptsItsOwnAndNothingElse) {
  SeededRandom random(3);
  const KeyPair pair = KeyPair::generate(random);
  const Fingerprint fingerprint{random.array<32>()};
  const Transcript statement = Transcript(SealedRole::sealed_signature, fingerprint).add("text");
  const auto proof = schnorr_prove(statement, pair.secret.reveal(), random);
  EXPECT_TRUE(schnorr_verify(statement, pair.key, proof));
  EXPECT_FALSE(schnorr_verify(statement, pair.key + pair.key, proof));
  EXPECT_FALSE(schnorr_verify(Transcript(SealedRole::sealed_signature, fingerprint).add("texs"),
                              pair.key, proof));
  EXPECT_FALSE(schnorr_verify(Transcript(SealedRole::sign_in_proof, fingerprint).add("text"),
                              pair.key, proof));
  EXPECT_FALSE(schnorr_verify(Transcript(SealedRole::sealed_signature, Fingerprint{}).add("text"),
                              pair.key, proof));
  auto wrong = proof;
  wrong.response = wrong.response + Scalar::from_u64(1);
  EXPECT_FALSE(schnorr_verify(statement, pair.key, wrong));
  EXPECT_EQ(SchnorrProof::decode(proof.encoded())->response, proof.response);
}

TEST(Sealing, OpensOnlyWholeAndUnderTheRightData) {
  SeededRandom random(4);
  const SymmetricKey key(random.array<32>());
  const SymmetricKey other(random.array<32>());
  const Bytes sealed = seal(key, as_bytes("content"), as_bytes("row 1"), random);
  EXPECT_EQ(unseal(key, sealed, as_bytes("row 1")), to_bytes("content"));
  EXPECT_FALSE(unseal(key, sealed, as_bytes("row 2")));
  EXPECT_FALSE(unseal(other, sealed, as_bytes("row 1")));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(unseal(key, changed, as_bytes("row 1")));
    EXPECT_FALSE(unseal(key, ByteView(sealed).first(i), as_bytes("row 1")));
  }
}

TEST(Sealing, FileUnderACode) {
  SeededRandom random(5);
  const std::string file = seal_file("trustee 1", "CODE", as_bytes("share"), random);
  EXPECT_EQ(open_sealed_file("trustee 1", "CODE", file)->reveal(), to_bytes("share"));
  EXPECT_EQ(open_sealed_file("trustee 1", "CODF", file).error().code,
            "sealed_file.code_or_content");
  EXPECT_EQ(open_sealed_file("trustee 2", "CODE", file).error().code, "sealed_file.form");
  EXPECT_EQ(open_sealed_file("trustee 1", "CODE", file.substr(0, file.size() - 2)).error().code,
            "sealed_file.form");
  EXPECT_EQ(open_sealed_file("trustee 1", "CODE", "").error().code, "sealed_file.form");
}

// RFC 8032 section 7.1, test 2.
TEST(Ed25519, Rfc8032) {
  const auto pair = Ed25519KeyPair::of(Secret(
      *hex_decode_array<32>("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
  EXPECT_EQ(hex_encode(pair.key),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const auto signature = ed25519_sign(pair, Bytes{0x72});
  EXPECT_EQ(
      hex_encode(signature),
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
      "f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(ed25519_verify(pair.key, Bytes{0x72}, signature));
  EXPECT_FALSE(ed25519_verify(pair.key, Bytes{0x73}, signature));
}

// RFC 4231, test case 2.
TEST(Hash, Rfc4231) {
  EXPECT_EQ(hex_encode(hmac_sha256(as_bytes("Jefe"),
                                   {as_bytes("what do ya want "), as_bytes("for nothing?")})),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Merkle, AgreesWithTheDefinitionAndProofsHold) {
  // The definition of RFC 6962 section 2.1, written as it reads there.
  std::function<Digest(std::span<const Digest>)> definition = [&](std::span<const Digest> d) {
    if (d.size() == 1) return d[0];
    std::size_t k = 1;
    while (k * 2 < d.size()) k *= 2;
    return node_hash(definition(d.first(k)), definition(d.subspan(k)));
  };
  EXPECT_EQ(hex_encode(merkle_root({})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  std::vector<Digest> leaves;
  MerkleTree tree;
  for (std::uint32_t n = 1; n <= 40; ++n) {
    Bytes entry;
    append_u32(entry, n);
    leaves.push_back(leaf_hash(entry));
    tree.append(leaves.back());
    const Digest root = merkle_root(leaves);
    ASSERT_EQ(tree.accumulator().root(), root);
    ASSERT_EQ(root, definition(leaves));
    for (std::uint32_t i = 0; i < n; ++i) {
      auto proof = inclusion_proof(leaves, i);
      ASSERT_TRUE(verify_inclusion(leaves[i], i, n, proof, root));
      ASSERT_EQ(tree.inclusion(i, n), proof);
      ASSERT_EQ(tree.root(i + 1), merkle_root(std::span(leaves).first(i + 1)));
      ASSERT_FALSE(verify_inclusion(leaves[i], i + 1, n, proof, root));
      if (n > 1) {
        ASSERT_FALSE(verify_inclusion(leaves[(i + 1) % n], i, n, proof, root));
      }
      proof.push_back(root);
      ASSERT_FALSE(verify_inclusion(leaves[i], i, n, proof, root));
      const auto old = merkle_root(std::span(leaves).first(i + 1));
      auto consistency = consistency_proof(leaves, i + 1);
      ASSERT_TRUE(verify_consistency(i + 1, old, n, root, consistency)) << i << " " << n;
      if (i + 1 < n) {
        ASSERT_FALSE(verify_consistency(i + 1, root, n, root, consistency));
        consistency.pop_back();
        ASSERT_FALSE(verify_consistency(i + 1, old, n, root, consistency));
      }
    }
  }
}

// The test tree that Certificate Transparency's implementations share (eight leaves).
TEST(Merkle, CertificateTransparencyVectors) {
  std::vector<Digest> leaves;
  for (const char* entry : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                            "606162636465666768696a6b6c6d6e6f"}) {
    leaves.push_back(leaf_hash(*hex_decode(entry)));
  }
  EXPECT_EQ(hex_encode(merkle_root(leaves)),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  EXPECT_EQ(hex_encode(merkle_root(std::span(leaves).first(1))),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

}  // namespace
}  // namespace isoloir
