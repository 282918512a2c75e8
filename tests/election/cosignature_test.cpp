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
}

// What comes after a wrong line is not found, because it is not looked at.
TEST(Cosignature, OfWhatIsSentEachWitnessIsJudgedOnceUpToTheFirstThatIsWrong) {
  SeededRandom random(3);
  std::vector<WitnessKey> keys;
  std::vector<Witness> all;
  for (const auto* name : {"one.example", "two.example", "three.example"}) {
    keys.push_back(*WitnessKey::of(name, Ed25519KeyPair::generate(random)));
    all.push_back(keys.back().witness);
  }
  const auto body = Checkpoint{"log.example/1", 16, {}}.body();
  const auto good = [&](std::size_t i) { return cosign(body, keys[i], 7); };
  const auto wrong = [&](std::size_t i) { return cosign("another text\n", keys[i], 7); };
  const std::vector<std::string> none(3), first{"held", "", ""};
  const auto found = [&](const std::string& lines, const std::vector<std::string>& held) {
    const auto judged = new_cosignatures(body + "\n" + lines, all, held);
    if (!judged) return judged.error().code;
    std::string text;
    for (const auto& line : *judged) text += line;
    return text;
  };
  EXPECT_EQ(found(good(2) + good(0), none), good(0) + good(2));
  EXPECT_EQ(found(good(0) + good(1), first), good(1));
  EXPECT_EQ(found(wrong(0), first), "");
  EXPECT_EQ(found(good(0) + wrong(0), none), good(0));
  EXPECT_EQ(found(wrong(0) + good(0), none), "cosignature.signature");
  EXPECT_EQ(found(wrong(0) + good(1) + wrong(2), first), "cosignature.signature");
  EXPECT_EQ(found(good(1) + wrong(2), none), "cosignature.signature");
  EXPECT_EQ(found("", none), "cosignature.stranger");
  const auto stranger = *WitnessKey::of("four.example", Ed25519KeyPair::generate(random));
  EXPECT_EQ(found(cosign(body, stranger, 7), none), "cosignature.stranger");
}

}  // namespace
}  // namespace isoloir
