#include "http/message.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "http/address.hpp"

namespace isoloir::http {
namespace {

TEST(Message, CookiesAreWrittenForThisHostAlone) {
  const auto response = Response::html("x")
                            .with_cookie("session", "abc_-9")
                            .with_cookie("form", "1", SameSite::strict);
  ASSERT_EQ(response.headers.size(), 3u);
  EXPECT_EQ(response.headers[1].name, "Set-Cookie");
  EXPECT_EQ(response.headers[1].value,
            "__Host-session=abc_-9; Path=/; Secure; HttpOnly; SameSite=Lax");
  EXPECT_EQ(response.headers[2].value, "__Host-form=1; Path=/; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(Response().without_cookie("session").headers[0].value,
            "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
}

TEST(Message, CookiesOutsideTheGrammarAreRefused) {
  for (const auto* value : {"a;b", "a b", "a\r\nX: y", "é", "a,b", "\"a\""})
    EXPECT_THROW(Response().with_cookie("a", value), std::invalid_argument) << value;
  for (const auto* name : {"", "a=b", "a;", "a b", "a\n"})
    EXPECT_THROW(Response().with_cookie(name, "1"), std::invalid_argument) << name;
}

TEST(Message, CookiesAreReadBack) {
  Request request;
  request.headers = {{"cookie", "a=1; __Host-session=x=y;b=2;; c ; session=forged"}};
  EXPECT_EQ(request.cookie("session"), "x=y");
  EXPECT_EQ(request.cookie("a"), std::nullopt);  // not under the prefix
  EXPECT_EQ(request.cookies().size(), 4u);
  EXPECT_EQ(request.cookies()[3], (std::pair<std::string, std::string>("session", "forged")));
}

TEST(Message, RedirectsStayOnThisSite) {
  const auto response = Response::redirect_303("/vote?contest=1");
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(*find_header(response.headers, "location"), "/vote?contest=1");
  for (const auto* path : {"", "vote", "//evil.example", "https://evil.example", "/\\evil.example",
                           "/\t/evil.example", "/a\r\nSet-Cookie: x=y"})
    EXPECT_THROW(Response::redirect_303(path), std::invalid_argument) << path;
}

TEST(Message, SettingAHeaderReplacesIt) {
  const auto response = Response::text("x").set_header("content-TYPE", "text/css");
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers[0].value, "text/css");
}

TEST(Address, HasOneSpelling) {
  EXPECT_EQ(canonical_address("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical_address("2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_EQ(canonical_address("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical_address("::FFFF:C000:0201"), "192.0.2.1");
  for (const auto* text : {"", "192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.1:80", "[::1]",
                           "::1%lo", " 192.0.2.1", "unknown", "1:2:3:4:5:6:7:8:9"})
    EXPECT_EQ(canonical_address(text), std::nullopt) << text;
}

TEST(Address, RangesHoldWhatTheirPrefixSays) {
  const auto holds = [](std::string_view range, std::string_view address) {
    return AddressRange::parse(range).value().contains(address);
  };
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(holds("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(holds("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(holds("2001:db8::/32", "2001:db8:1::1"));
  EXPECT_FALSE(holds("2001:db8::/32", "2001:db9::1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "not an address"));
  for (const auto* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1",
                           "10.0.0.1/8", "::/129", "example.org", "10.0.0.0/8/8"}) {
    const auto range = AddressRange::parse(text);
    EXPECT_EQ(range ? "accepted" : range.error().code, "address.range") << text;
  }
}

TEST(Address, ForwardedHopsCountFromTrustedProxiesAlone) {
  const std::vector<AddressRange> trusted = {AddressRange::parse("10.0.0.0/8").value()};
  const Headers forwarded = {{"X-Forwarded-For", "203.0.113.9, 198.51.100.7"}};
  EXPECT_EQ(client_address("10.1.2.3", forwarded, trusted), "198.51.100.7");
  EXPECT_EQ(client_address("192.0.2.1", forwarded, trusted), "192.0.2.1");
  EXPECT_EQ(client_address("10.1.2.3", forwarded, {}), "10.1.2.3");
  EXPECT_EQ(client_address("10.1.2.3", {}, trusted), "10.1.2.3");
  const auto through = [&](Headers headers) {
    return client_address("10.1.2.3", headers, trusted);
  };
  EXPECT_EQ(through({{"x-forwarded-for", "::FFFF:198.51.100.7 "}}), "198.51.100.7");
  EXPECT_EQ(through({{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "2.2.2.2"}}), "2.2.2.2");
  for (const auto* hop :
       {"", "1.1.1.1,", "1.1.1.1, unknown", "1.1.1.1:80", "[::1]", "1.1.1.1;2.2.2.2"})
    EXPECT_EQ(through({{"X-Forwarded-For", hop}}), "10.1.2.3") << hop;
}

}  // namespace
}  // namespace isoloir::http
