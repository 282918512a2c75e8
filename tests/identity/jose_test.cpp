// Tokens of another implementation (scripts/jose_vectors.mjs): what is accepted, what is refused
// and why.
#include "identity/jose.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "base/places.hpp"

namespace isoloir::jose {
namespace {

const Json& vectors() {
  static const Json all =
      Json::parse(*read_file(test::source_dir() + "/tests/data/jose_vectors.json"));
  return all;
}

KeySet provider_keys() {
  return *KeySet::parse(vectors()["keys"].dump());
}

DecryptionKey our_key() {
  return *DecryptionKey::parse(vectors()["decryption_key"].dump());
}

Signing signing_named(const Json& name) {
  return name == "ES256" ? Signing::es256 : Signing::rs256;
}

std::string told(const Expected<std::string>& result, const std::string& good) {
  if (!result) return result.error().code;
  return *result == good ? "good" : "other content";
}

TEST(Jose, R57SignedTokensOfAnotherImplementation) {
  const auto keys = provider_keys();
  for (const auto& one : vectors()["signed"]) {
    const auto result =
        verify(one["token"].get<std::string>(), keys, signing_named(one["algorithm"]));
    EXPECT_EQ(told(result, vectors()["payload"]), one["result"]) << one["name"];
  }
  EXPECT_GE(vectors()["signed"].size(), 38u);
}

TEST(Jose, R57EncryptedTokensOfAnotherImplementation) {
  const auto key = our_key();
  for (const auto& one : vectors()["encrypted"]) {
    const auto result = decrypt(one["token"].get<std::string>(), key);
    EXPECT_EQ(told(result, vectors()["inner"]), one["result"]) << one["name"];
  }
  EXPECT_GE(vectors()["encrypted"].size(), 16u);
}

TEST(Jose, NoByteOfAGoodTokenCanBeChanged) {
  const auto keys = provider_keys();
  const std::string good = vectors()["signed"][0]["token"];
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string other = good;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify(other, keys, Signing::es256)) << "at " << i;
  }
}

TEST(Jose, KeysThatDoNotServeAreLeftOut) {
  const auto keys = provider_keys();
  EXPECT_EQ(keys.size(), 3u);
  for (const char* kid : {"es1", "es2", "rs1"}) EXPECT_TRUE(keys.knows(kid)) << kid;
  for (const char* kid : {"es384", "weak", "enc1", "oct1", ""})
    EXPECT_FALSE(keys.knows(kid)) << kid;
}

TEST(Jose, WhatIsNoSetOfKeysIsRefused) {
  const std::string point = vectors()["keys"]["keys"][0].dump();
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"keys": {}})"),
        std::string(R"({"keys": []})"), std::string(R"({"keys": [7, null, "es1"]})"),
        R"({"keys": [)" + point, std::string(R"({"keys": [{"kty": "EC", "crv": "P-256"}]})"),
        std::string(R"({"keys": [{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}]})"),
        std::string(R"({"keys": [{"kty": "RSA", "n": "AAAA", "e": "AQAB"}]})")}) {
    const auto keys = KeySet::parse(text);
    EXPECT_TRUE(!keys && keys.error().code == "jose.keys") << text;
  }
}

// The library's decoder ends the program on one in the middle: found by the fuzzer.
TEST(Jose, APaddingSignAnywhereInAKeyOrAHeaderIsRefused) {
  const auto padded = [](std::string text, std::size_t at) { return text.replace(at, 1, "="); };
  for (const auto& key : vectors()["keys"]["keys"]) {
    for (const char* name : {"x", "y", "n", "e"}) {
      if (!key.contains(name)) continue;
      const std::string value = key[name];
      for (std::size_t i = 0; i < value.size(); ++i) {
        Json other = key;
        other[name] = padded(value, i);
        EXPECT_FALSE(KeySet::parse(Json{{"keys", {other}}}.dump())) << name << " at " << i;
      }
    }
  }
  for (const char* name : {"x", "y", "d"}) {
    Json other = vectors()["decryption_key"];
    other[name] = padded(other[name], 5);
    EXPECT_FALSE(DecryptionKey::parse(other.dump())) << name;
  }
  const std::string good = vectors()["encrypted"][0]["token"];
  const auto dot = good.find('.');
  const Json header = *parse_json(as_text(*base64url_decode(good.substr(0, dot))));
  const auto with = [&](const Json& other) {
    return decrypt(base64url_encode(as_bytes(other.dump())) + good.substr(dot), our_key());
  };
  for (const char* name : {"x", "y"}) {
    Json other = header;
    other["epk"][name] = padded(other["epk"][name], 5);
    EXPECT_EQ(told(with(other), ""), "jose.form") << name;
  }
  {
    Json other = header;
    other["epk"]["d"] = padded(std::string(43, 'A'), 4);
    EXPECT_EQ(told(with(other), ""), "jose.form") << "a private half";
  }
  for (const char* name : {"apu", "apv"}) {
    Json other = header;
    other[name] = "AA=A";
    EXPECT_EQ(told(with(other), ""), "jose.form") << name;
  }
}

TEST(Jose, ASetHasSoManyKeysAndNoMore) {
  Json many = {{"keys", Json::array()}};
  for (std::size_t i = 0; i < 3 * limits::openid_keys; ++i) {
    many["keys"].push_back(vectors()["keys"]["keys"][0]);
  }
  EXPECT_EQ(KeySet::parse(many.dump())->size(), limits::openid_keys);
}

TEST(Jose, ATokenOfAnySizeIsJudgedBeforeItIsRead) {
  const std::string long_one = std::string(limits::openid_token_bytes, 'A') + ".AAAA.AAAA";
  EXPECT_EQ(verify(long_one, provider_keys(), Signing::es256).error().code, "jose.form");
  EXPECT_EQ(decrypt(long_one + ".AAAA.AAAA", our_key()).error().code, "jose.form");
}

TEST(Jose, AKeyOfOursIsReadAsItWasWritten) {
  const auto key = DecryptionKey::generate();
  const auto again = DecryptionKey::parse(key.json().reveal());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_json(), key.public_json());
  const auto shown = Json::parse(key.public_json());
  EXPECT_FALSE(shown.contains("d")) << "nothing private";
  EXPECT_EQ(shown["alg"], "ECDH-ES");
  EXPECT_FALSE(shown["kid"].get<std::string>().empty());
  EXPECT_NE(DecryptionKey::generate().public_json(), key.public_json());
  EXPECT_FALSE(DecryptionKey::parse(key.public_json())) << "the public half decrypts nothing";
}

}  // namespace
}  // namespace isoloir::jose
