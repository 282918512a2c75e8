#include "identity/openid.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "http/fetch.hpp"

namespace isoloir::openid {
namespace {

constexpr TimeMs now = 1'795'000'000'000;

Registration registration() {
  return {"https://provider.example/api/v2",
          "isoloir",
          {"openid", "given_name"},
          {"eidas1", "eidas2"},
          jose::Signing::es256,
          jose::Signing::es256,
          false};
}

Json id_claims() {
  return {{"iss", "https://provider.example/api/v2"},
          {"aud", "isoloir"},
          {"sub", "subject"},
          {"nonce", "nonce"},
          {"acr", "eidas1"},
          {"iat", now / 1000},
          {"exp", now / 1000 + 60}};
}

std::string verdict(const Json& claims, TimeMs at = now) {
  const auto subject = judge_id_token(claims, registration(), {"nonce", at, "access"});
  return subject ? *subject : subject.error().code;
}

std::string with(const char* name, const Json& value) {
  auto claims = id_claims();
  claims[name] = value;
  return verdict(claims);
}

TEST(Openid, R56R57AnIdTokenIsOursFreshAndSureEnough) {
  EXPECT_EQ(verdict(id_claims()), "subject");
  EXPECT_EQ(with("iss", "https://provider.example/api/v2/"), "openid.issuer");
  EXPECT_EQ(with("iss", Json::array({"https://provider.example/api/v2"})), "openid.issuer");
  EXPECT_EQ(with("aud", "another"), "openid.audience");
  EXPECT_EQ(with("aud", Json::array({"isoloir"})), "subject");
  EXPECT_EQ(with("aud", Json::array({"isoloir", "another"})), "openid.audience");
  EXPECT_EQ(with("aud", Json::array()), "openid.audience");
  EXPECT_EQ(with("aud", nullptr), "openid.audience");
  EXPECT_EQ(with("azp", "another"), "openid.audience");
  EXPECT_EQ(with("azp", "isoloir"), "subject");
  EXPECT_EQ(with("nonce", "other"), "openid.nonce");
  EXPECT_EQ(with("nonce", ""), "openid.nonce");
  EXPECT_EQ(with("acr", "eidas0"), "openid.acr");
  EXPECT_EQ(with("acr", "eidas2"), "subject");
  EXPECT_EQ(with("acr", nullptr), "openid.acr");
  EXPECT_EQ(with("sub", ""), "openid.claims");
  EXPECT_EQ(with("sub", std::string(257, 'a')), "openid.claims");
  EXPECT_EQ(with("exp", "soon"), "openid.claims");
  EXPECT_EQ(with("exp", -1), "openid.claims");
  EXPECT_EQ(with("exp", std::int64_t{1} << 62), "openid.claims");
  for (const char* name : {"iss", "aud", "sub", "nonce", "acr", "iat", "exp"}) {
    auto less = id_claims();
    less.erase(name);
    EXPECT_TRUE(verdict(less).starts_with("openid.")) << name;
  }
  EXPECT_EQ(verdict(Json::array()), "openid.claims");
}

TEST(Openid, R57TheHourOfAnIdToken) {
  const TimeMs skew = limits::openid_clock_skew_ms;
  EXPECT_EQ(verdict(id_claims(), now + 60'000 + skew - 1000), "subject");
  EXPECT_EQ(verdict(id_claims(), now + 60'000 + skew), "openid.expired");
  EXPECT_EQ(with("iat", (now + skew) / 1000), "subject");
  EXPECT_EQ(with("iat", (now + skew) / 1000 + 1), "openid.time");
  EXPECT_EQ(with("iat", (now - limits::openid_token_age_ms - skew) / 1000), "subject");
  EXPECT_EQ(with("iat", (now - limits::openid_token_age_ms - skew) / 1000 - 1), "openid.time");
}

TEST(Openid, TheAccessTokensHashIsJudgedWhereThereIsOne) {
  const auto digest = sha256(as_bytes("access"));
  EXPECT_EQ(with("at_hash", base64url_encode(ByteView(digest).first(16))), "subject");
  EXPECT_EQ(with("at_hash", base64url_encode(digest)), "openid.claims");
  EXPECT_EQ(with("at_hash", ""), "openid.claims");
}

TEST(Openid, R58R60UserinfoIsOfTheSamePersonAndOfNobodyWhoActsForHer) {
  const Json good = {{"iss", "https://provider.example/api/v2"}, {"aud", "isoloir"}, {"sub", "me"}};
  const auto judged = [&](const Json& claims) {
    const auto status = judge_userinfo(claims, registration(), "me", now);
    return status ? std::string("good") : status.error().code;
  };
  const auto changed = [&](const char* name, const Json& value) {
    auto claims = good;
    claims[name] = value;
    return judged(claims);
  };
  EXPECT_EQ(judged(good), "good");
  EXPECT_EQ(changed("sub", "you"), "openid.subject");
  EXPECT_EQ(changed("sub", nullptr), "openid.subject");
  EXPECT_EQ(changed("iss", "https://attacker.example"), "openid.issuer");
  EXPECT_EQ(changed("aud", "another"), "openid.audience");
  EXPECT_EQ(changed("exp", now / 1000 - 31), "openid.expired");
  EXPECT_EQ(changed("exp", "x"), "openid.expired");
  EXPECT_EQ(changed("exp", now / 1000 + 60), "good");
  auto strict = registration();
  strict.refused_providers = {"aidants"};
  const auto through = [&](const Json& provider) {
    auto claims = good;
    if (!provider.is_null()) claims["idp_id"] = provider;
    const auto status = judge_userinfo(claims, strict, "me", now);
    return status ? std::string("good") : status.error().code;
  };
  EXPECT_EQ(through("impots"), "good");
  EXPECT_EQ(through("aidants"), "openid.delegate");
  EXPECT_EQ(through(nullptr), "openid.claims") << "who does not say so could be anybody's aide";
  EXPECT_EQ(changed("idp_id", "aidants"), "good") << "a portal that refuses nobody";
  EXPECT_EQ(judged(Json::array()), "openid.subject");
  EXPECT_EQ(changed("nonce", "nonce"), "openid.claims") << "an ID token, signed by the same keys";
}

Json description() {
  const std::string base = "https://provider.example/api/v2";
  return {{"issuer", base},
          {"authorization_endpoint", base + "/authorize"},
          {"token_endpoint", base + "/token"},
          {"userinfo_endpoint", base + "/userinfo"},
          {"jwks_uri", base + "/jwks"},
          {"end_session_endpoint", base + "/session/end"},
          {"scopes_supported", {"openid", "given_name"}},
          {"acr_values_supported", {"eidas1", "eidas2"}},
          {"id_token_signing_alg_values_supported", {"ES256", "HS256"}},
          {"userinfo_signing_alg_values_supported", {"RS256"}}};
}

TEST(Openid, ADescriptionIsOfOurIssuerAndItsPlacesAreHttps) {
  EXPECT_TRUE(read_discovery(description().dump(), registration()));
  const auto refused = [](const char* name, const Json& value) {
    auto changed = description();
    changed[name] = value;
    const auto read = read_discovery(changed.dump(), registration());
    return !read && read.error().code == "openid.discovery";
  };
  EXPECT_TRUE(refused("issuer", "https://attacker.example/api/v2"));
  for (const char* url : {"http://provider.example/token", "https://", "ftp://provider.example/t",
                          "https://provider.example/a b", "https://provider.example/\nHost: x",
                          "file:///etc/passwd", "http://127.0.0.1:9300/token", ""}) {
    EXPECT_TRUE(refused("token_endpoint", url)) << url;
  }
  EXPECT_TRUE(refused("jwks_uri", nullptr));
  for (const char* text : {"", "[]", "{", "7"}) {
    EXPECT_FALSE(read_discovery(text, registration())) << text;
  }
}

// Which service is called is read in one way only, by whoever asks (base/service_address.hpp).
TEST(Openid, TheMachineItselfIsCalledByAProviderOfThisMachineAlone) {
  auto own = registration();
  own.issuer = "http://127.0.0.1:9300/api/v2";
  const auto read = [&](const std::string& token_endpoint) {
    auto document = description();
    document["issuer"] = own.issuer;
    document["token_endpoint"] = token_endpoint;
    return read_discovery(document.dump(), own).has_value();
  };
  for (const char* url : {"http://127.0.0.1:9300/token", "http://localhost:9300?a=b",
                          "https://127.0.0.1/token", "https://provider.example:444/token"}) {
    EXPECT_TRUE(read(url)) << url;
  }
  for (const char* url : {"http://127.0.0.1:x@evil.example/token",
                          "http://127.0.0.1:80@evil.example/token",
                          "http://localhost:@evil.example/",
                          "http://127.0.0.1/token",
                          "http://127.0.0.1:/token",
                          "http://127.0.0.1:9300\\@evil.example/",
                          "http://127.0.0.1:9300#@evil.example/",
                          "http://127.0.0.1.evil.example:80/token",
                          "http://127.0.0.2:80/",
                          "http://2130706433:80/",
                          "http://[::1]:80/",
                          "http://LOCALHOST:80/",
                          "HTTP://localhost:80/",
                          "http://localhost:123456/",
                          "https://user@provider.example/token",
                          "https://user:word@provider.example/token",
                          "https://provider.example:/token",
                          "https://:443/",
                          "https:///token",
                          "https://provider%2eexample/token",
                          "https:provider.example"}) {
    EXPECT_FALSE(read(url)) << url;
    FetchRequest request;
    request.url = url;
    const auto answer = fetch(request);
    EXPECT_TRUE(!answer && answer.error().code == "fetch.address") << url;
  }
}

TEST(Openid, DifferencesFromTheRegistrationAreNamed) {
  EXPECT_EQ(differences(description().dump(), registration()),
            std::vector<std::string>{"userinfo_signing_alg_values_supported has no ES256"});
  auto other = registration();
  other.scopes.push_back("birthdate");
  other.acr_values = {"eidas3"};
  EXPECT_EQ(differences(description().dump(), other).size(), 3u);
  EXPECT_EQ(differences("{}", other).size(), 1u);
}

TEST(Openid, TheAddressOfTheProviderHoldsWhatItListsAndNoMore) {
  const auto discovery = *read_discovery(description().dump(), registration());
  EXPECT_EQ(
      authorization_url(discovery, registration(), "https://vote.example/retour?a=b", "s+1", "n&1"),
      "https://provider.example/api/v2/authorize?response_type=code&client_id=isoloir&"
      "redirect_uri=https%3A%2F%2Fvote.example%2Fretour%3Fa%3Db&scope=openid%20given_name&"
      "acr_values=eidas1&state=s%2B1&nonce=n%261");
  EXPECT_EQ(logout_url(discovery, "a.b.c", "https://vote.example/", "s"),
            "https://provider.example/api/v2/session/end?id_token_hint=a.b.c&state=s&"
            "post_logout_redirect_uri=https%3A%2F%2Fvote.example%2F");
}

TEST(Openid, AnAnswerWithTokens) {
  EXPECT_EQ(
      read_token_answer(R"({"access_token":"a","id_token":"b","token_type":"Bearer"})")->id_token,
      "b");
  for (const char* text :
       {"", "[]", R"({"access_token":"a","token_type":"Bearer"})",
        R"({"access_token":"a","id_token":"b","token_type":"mac"})",
        R"({"access_token":"a\r\nHost: x","id_token":"b","token_type":"Bearer"})",
        R"({"access_token":["a"],"id_token":"b","token_type":"Bearer"})"}) {
    const auto answer = read_token_answer(text);
    EXPECT_TRUE(!answer && answer.error().code == "openid.answer") << text;
  }
}

}  // namespace
}  // namespace isoloir::openid
