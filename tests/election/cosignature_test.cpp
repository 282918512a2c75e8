#include "election/cosignature.hpp"

#include <gtest/gtest.h>

#include "election/checkpoint.hpp"

namespace isoloir {
namespace {

TEST(Cosignature, KeysAreWrittenAndRead) {
  SeededRandom random(1);
  const auto key = WitnessKey::of("witness.example/w", Ed25519KeyPair::generate(random));
  ASSERT_TRUE(key);
  const auto vkey = key->witness.vkey();
  const auto read = Witness::parse(vkey);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->vkey(), vkey);
  EXPECT_EQ(WitnessKey::parse(key->text().reveal())->witness.vkey(), vkey);
  EXPECT_FALSE(WitnessKey::parse(vkey));
  EXPECT_FALSE(Witness::parse("x" + vkey));  // another key's id
  EXPECT_FALSE(Witness::parse(vkey.substr(0, vkey.size() - 4)));
  for (const std::string name : {"", "a b", "a+b", "a\nb", "\xc3\xa9"}) {
    EXPECT_FALSE(Witness::of(name, key->pair.key)) << name;
  }
  const Ed25519KeyPair log = Ed25519KeyPair::generate(random);
  EXPECT_FALSE(Witness::parse(log_vkey("log.example/1", log.key)));  // of a log, not of a witness
  EXPECT_EQ(parse_witnesses({vkey, vkey, "nobody"}).size(), 1u);
}

TEST(Cosignature, GoodOnesAreCountedOnce) {
  SeededRandom random(2);
  const auto log = Ed25519KeyPair::generate(random);
  const Checkpoint checkpoint{"log.example/1", 16, {}};
  const auto one = *WitnessKey::of("one.example", Ed25519KeyPair::generate(random));
  const auto two = *WitnessKey::of("two.example", Ed25519KeyPair::generate(random));
  const auto stranger = *WitnessKey::of("one.example", Ed25519KeyPair::generate(random));
  const std::vector<Witness> all{one.witness, two.witness};
  const auto note = sign_checkpoint(checkpoint, log);
  const auto body = checkpoint.body();
  EXPECT_EQ(count_cosignatures(note, all), 0u);
  const auto by_one = cosign(body, one, 1'700'000'000);
  EXPECT_EQ(count_cosignatures(note + by_one + by_one, all), 1u);
  EXPECT_EQ(count_cosignatures(note + cosign(body, stranger, 1), all), 0u);
  const auto both = note + by_one + cosign(body, two, 1ull << 40);
  EXPECT_EQ(count_cosignatures(both, all), 2u);
  EXPECT_EQ(cosignatures_of(both, all)[0], by_one);
  EXPECT_TRUE(open_checkpoint(both, "log.example/1", log.key));
  bool wrong = false;
  const auto other = Checkpoint{"log.example/1", 32, {}}.body();
  EXPECT_EQ(cosignatures_of(note + cosign(other, one, 1), all, &wrong)[0], "");
  EXPECT_TRUE(wrong);
}

}  // namespace
}  // namespace isoloir
