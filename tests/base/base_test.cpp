#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "base/canonical_json.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace isoloir {
namespace {

TEST(Bytes, EncodingsAreStrict) {
  const Bytes bytes{0xfb, 0xff, 0x00};
  EXPECT_EQ(hex_encode(bytes), "fbff00");
  EXPECT_EQ(hex_decode("fbff00"), bytes);
  EXPECT_FALSE(hex_decode("FBFF00"));
  EXPECT_FALSE(hex_decode("fbf"));
  EXPECT_EQ(base64_encode(bytes), "+/8A");
  EXPECT_EQ(base64url_encode(bytes), "-_8A");
  EXPECT_EQ(base64_decode("+/8A"), bytes);
  EXPECT_FALSE(base64_decode("-_8A"));
  EXPECT_EQ(base64_decode("AA=="), Bytes{0});
  EXPECT_FALSE(base64_decode("AB=="));  // trailing bits
  EXPECT_FALSE(base64_decode("AA"));
  EXPECT_FALSE(base64url_decode("AA=="));
  EXPECT_EQ(base64_decode(""), Bytes{});
}

TEST(Bytes, ReaderStopsAtTheEnd) {
  const Bytes bytes{0, 0, 1, 2, 9};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.take_u32(), 258u);
  EXPECT_FALSE(reader.take(2));
  EXPECT_EQ(reader.remaining(), 1u);
}

// Vectors from RFC 8785 sections 3.2.2 and 3.2.3, without its floats.
TEST(CanonicalJson, Rfc8785) {
  const auto value = parse_json(
      "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet "
      "With Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":"
      "\"Control\",\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}");
  ASSERT_TRUE(value);
  EXPECT_EQ(canonical_json(*value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"\xc3\xb6\":"
            "\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
            "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet "
            "With Dagesh\"}");
  EXPECT_EQ(
      canonical_json(*parse_json("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"")),
      "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
}

TEST(CanonicalJson, RefusesWhatIsAmbiguous) {
  const auto code = [](std::string_view text) {
    const auto value = parse_canonical_json(text);
    return value ? std::string("accepted") : value.error().code;
  };
  EXPECT_EQ(code("{\"a\":1,\"b\":[true,null,-5]}"), "accepted");
  EXPECT_EQ(code("{\"b\":1,\"a\":1}"), "json.not_canonical");
  EXPECT_EQ(code("{\"a\": 1}"), "json.not_canonical");
  EXPECT_EQ(code("{\"a\":1,\"a\":1}"), "json.duplicate_key");
  EXPECT_EQ(code("1.0"), "json.number");
  EXPECT_EQ(code("1e3"), "json.number");
  EXPECT_EQ(code("9007199254740992"), "json.number");
  EXPECT_EQ(code("9007199254740991"), "accepted");
  EXPECT_EQ(code("\"\\ud800\""), "json.syntax");
  EXPECT_EQ(code("\"\xff\""), "json.syntax");
  EXPECT_EQ(code("-0"), "json.not_canonical");
  EXPECT_EQ(code("{} "), "json.not_canonical");
  EXPECT_EQ(code("{}x"), "json.syntax");
  EXPECT_EQ(code(std::string(33, '[') + std::string(33, ']')), "json.too_large");
}

TEST(Clock, SystemClockNeverGoesBack) {
  SystemClock clock;
  TimeMs last = 0;
  for (int i = 0; i < 1000; ++i) {
    const TimeMs now = clock.now();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(Random, BelowStaysBelowAndReachesAll) {
  SeededRandom random(1);
  std::array<int, 7> seen{};
  for (int i = 0; i < 700; ++i) ++seen.at(random.below(7));
  for (const int count : seen) EXPECT_GT(count, 50);
}

TEST(Secret, MovedFromIsEmptyOrZero) {
  Secret<Bytes> first(Bytes{1, 2, 3});
  Secret<Bytes> second(std::move(first));
  EXPECT_EQ(second.reveal(), (Bytes{1, 2, 3}));
  EXPECT_TRUE(first.reveal().empty());
}

}  // namespace
}  // namespace isoloir
