#include "election/checkpoint.hpp"

#include <gtest/gtest.h>

namespace isoloir {
namespace {

// A note signed by a key that is not ours must be refused, one with an unknown
// signature beside ours accepted.
TEST(Checkpoint, SignedNote) {
  SeededRandom random(1);
  const auto key = Ed25519KeyPair::generate(random);
  const auto other = Ed25519KeyPair::generate(random);
  const Checkpoint checkpoint{"log.example/1", 42, random.array<32>()};
  const std::string note = sign_checkpoint(checkpoint, key);
  const auto opened = open_checkpoint(note, "log.example/1", key.key);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->size, 42u);
  EXPECT_EQ(opened->root, checkpoint.root);
  EXPECT_EQ(open_checkpoint(note, "log.example/2", key.key).error().code, "checkpoint.origin");
  EXPECT_EQ(open_checkpoint(note, "log.example/1", other.key).error().code, "checkpoint.signature");
  EXPECT_TRUE(
      open_checkpoint(note + "\xe2\x80\x94 witness.example AAAAAAAA\n", "log.example/1", key.key));
  for (std::size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open_checkpoint(changed, "log.example/1", key.key)) << i;
    EXPECT_FALSE(open_checkpoint(note.substr(0, i), "log.example/1", key.key)) << i;
  }
}

TEST(Checkpoint, ReceiptHoldsAndEveryChangeIsRefused) {
  SeededRandom random(2);
  const auto key = Ed25519KeyPair::generate(random);
  const auto receipt_key = ReceiptKey::of_bytes(random.array<32>());
  const Tracker tracker{random.array<32>()};
  std::vector<Digest> leaves;
  for (int i = 0; i < 11; ++i) leaves.push_back(leaf_hash(pad_entry(random.array<32>())));
  const Bytes entry = ballot_entry(receipt_key, tracker);
  leaves[6] = leaf_hash(entry);
  const Checkpoint checkpoint{"log.example/1", leaves.size(), merkle_root(leaves)};
  const Receipt receipt{entry, 6, inclusion_proof(leaves, 6), sign_checkpoint(checkpoint, key)};
  const std::string text = receipt.text();
  const auto parsed = Receipt::parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text(), text);
  EXPECT_EQ(check_receipt(*parsed, "log.example/1", key.key).value(), tracker);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto again = Receipt::parse(changed);
    const auto verdict =
        again ? check_receipt(*again, "log.example/1", key.key) : Expected<Tracker>(fail("x", ""));
    EXPECT_FALSE(verdict) << i;
  }
}

}  // namespace
}  // namespace isoloir
