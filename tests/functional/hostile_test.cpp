// Strangers at the door of the running program: what they send is refused in the site's own words,
// serves nobody else's session, and reads no file.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "base/limits.hpp"
#include "functional/election.hpp"
#include "http/form.hpp"
#include "http/raw_socket.hpp"

namespace isoloir::test {
namespace {

using http::test::RawSocket;

class Hostile : public Election {
 protected:
  void SetUp() override { start(); }

  http::ClientResponse get(http::Client& client, const std::string& target,
                           http::Headers headers = {}) {
    auto response = client.request("GET", target, headers);
    EXPECT_TRUE(response) << target;
    return response.value_or(http::ClientResponse{});
  }
  http::Client stranger() const { return http::Client("127.0.0.1", port()); }
  std::string raw(const std::string& bytes) {
    RawSocket socket(port());
    socket.send(bytes);
    return socket.read_to_end().value_or("still open");
  }
  static std::string request(const std::string& first_line, const std::string& more = "") {
    return first_line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more + "\r\n";
  }
};

TEST_F(Hostile, NoPathLeavesTheSite) {
  auto client = stranger();
  const auto id = hex_encode(
      Manifest::parse(get(client, "/election/manifest.json").body).value().election_id.bytes);
  const std::string log = "/log/" + id;
  for (int i = 0; i < 200 && get(client, log + "/checkpoint").status != 200; ++i) {
    ::usleep(50'000);  // the first round
  }
  ASSERT_EQ(get(client, log + "/checkpoint").status, 200);
  ASSERT_EQ(get(client, log + "/tile/0/000.p/16").status, 200);
  for (const std::string path :
       {"/assets/", "/assets/portal.css/", "/assets/..%2fviews%2fsign_in.mustache",
        "/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets//etc/passwd",
        "/assets/views/sign_in.mustache", "/assets/portal.css%00.js", "/captcha/", "/captcha/.png",
        "/captcha/../state/server.keys.png", "/inbox/../healthz"}) {
    const auto status = get(client, path).status;
    EXPECT_TRUE(status == 404 || status == 400) << path << " " << status;
    client.disconnect();
  }
  for (const std::string tile :
       {"/tile/0/000", "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/017",
        "/tile/0/000.p/-1", "/tile/0/00", "/tile/0/0000", "/tile/0/x000", "/tile/0/x000/",
        "/tile/8/000.p/1", "/tile/00/000.p/16", "/tile/-1/000.p/16", "/tile/63/000.p/16",
        "/tile/18446744073709551616/000.p/16", "/tile/0/x999/x999/x999/x999/x999/999.p/16",
        "/tile//000.p/16", "/tile/entries/000.p/16", "/checkpoint/x", "/"}) {
    const auto status = get(client, log + tile).status;
    EXPECT_TRUE(status == 404 || status == 400) << tile << " " << status;
    client.disconnect();
  }
  EXPECT_EQ(get(client, "/log/" + std::string(32, '0') + "/checkpoint").status, 404);
}

TEST_F(Hostile, EveryPageHasItsHead) {
  for (const std::string path :
       {"/", "/sign-in", "/signed-out", "/voting-space", "/tracker", "/suivi", "/result",
        "/reissue", "/r", "/reissue/cancel", "/api/contests", "/api/receipt", "/assets/portal.css",
        "/assets/booth.js", "/election/manifest.json", "/healthz", "/demo", "/inbox", "/nowhere"}) {
    const auto whole = raw(request("GET " + path));
    const auto head = raw(request("HEAD " + path));
    const auto status = [](const std::string& text) { return text.substr(0, text.find('\r')); };
    EXPECT_EQ(status(head), status(whole)) << path;
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << path << " has a body with HEAD";
    for (const char* field : {"Content-Type: ", "Content-Security-Policy: ", "Content-Length: "}) {
      if (whole.find(field) < whole.find("\r\n\r\n")) {
        EXPECT_NE(head.find(field), std::string::npos) << path << " " << field;
      }
    }
  }
  // A POST's address is no page, and a page's takes no POST.
  EXPECT_NE(raw(request("HEAD /api/ballot")).find("HTTP/1.1 404 "), std::string::npos);
  EXPECT_NE(raw(request("POST /voting-space", "Content-Length: 0\r\n")).find("HTTP/1.1 404 "),
            std::string::npos);
}

// Links are made from the manifest's origin: whatever the request calls us goes nowhere.
TEST_F(Hostile, TheHostHeaderGoesNowhere) {
  for (const std::string host : {"evil.example", "evil.example:8080", "[2001:db8::1]:80"}) {
    for (const std::string path : {"/", "/sign-in", "/tracker", "/nowhere"}) {
      const auto answer = raw("GET " + path + " HTTP/1.1\r\nHost: " + host +
                              "\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n");
      EXPECT_EQ(answer.find("evil.example"), std::string::npos) << path;
      EXPECT_EQ(answer.find("2001:db8"), std::string::npos) << path;
    }
  }
}

TEST_F(Hostile, FormsThatNoBrowserSends) {
  auto client = stranger();
  const auto page = get(client, "/sign-in");
  const auto csrf = after(page.body, "name=\"csrf\" value=\"");
  const auto send = [&](const std::string& body,
                        const std::string& type = "application/x-www-form-urlencoded") {
    const auto response = client.request("POST", "/sign-in", {{"Content-Type", type}}, body);
    client.disconnect();
    return response ? response->status : 0;
  };
  const std::string good = "csrf=" + csrf + "&email=a%40b&password=x&captcha_id=y&captcha=1";
  EXPECT_EQ(send(good), 200) << "a wrong captcha is told on the page";
  for (const std::string& bad :
       {good + "&email=second%40b", good + "&x=%00", good + "&x=%FF", good + "&x=%C0%AF",
        good + "&x=%ED%A0%80", good + "&x=%", good + "&x=%4", good + "&", "&" + good, good + "&=x",
        good + "&x", good + std::string("\0", 1), good + "&x=\xC3\xA9",
        good + "&x=" + std::string(limits::form_field_bytes + 1, 'x')}) {
    EXPECT_EQ(send(bad), 400) << bad.substr(good.size(), 20);
  }
  std::string many = good;
  for (std::size_t i = 0; i < limits::form_fields; ++i) many += "&f" + std::to_string(i) + "=";
  EXPECT_EQ(send(many), 400);
  EXPECT_EQ(send(good + "&x=" + std::string(limits::http_body_bytes, 'x')), 413);
  EXPECT_EQ(send(good, "multipart/form-data; boundary=x"), 400);
  EXPECT_EQ(send(good, "text/plain"), 400);
  EXPECT_EQ(send(""), 200) << "as after a session's end: start again";
}

TEST_F(Hostile, JsonThatOursNeverSends) {
  auto one = voter(0);
  ASSERT_EQ(one->enter().is, "ok");
  const auto send = [&](const std::string& body) {
    const auto response = one->client().request(
        "POST", "/api/ballot",
        {{"Content-Type", "application/json"}, {"X-CSRF-Token", one->csrf()}}, body);
    one->client().disconnect();
    // No JSON; or JSON, and no ballot in it.
    const bool refused = response && response->body.find("\"refused\"") != std::string::npos;
    return refused ? 400 : response ? response->status : 0;
  };
  for (const std::string bad :
       {"", "{", "[]", "null", "1", "\"x\"", "{\"ballot\":1}", "{\"ballot\":null}",
        "{\"ballot\":[]}", "{}", "{\"ballot\":\"!\"}", "{\"ballot\":\"x\",\"ballot\":\"y\"}",
        "{\"ballot\":\"\xff\"}", "{\"ballot\":\"\\ud800\"}", "{\"a\":1e999}",
        "{\"ballot\":\"AAA\"}"}) {
    EXPECT_EQ(send(bad), 400) << bad;
  }
  std::string deep = "{\"ballot\":";
  for (int i = 0; i < 20'000; ++i) deep += '[';
  EXPECT_EQ(send(deep), 400);
  // Well-formed and no ballot: named, and nothing is signed off.
  const auto refused = one->cast(base64_encode(Bytes(524, 7)));
  EXPECT_EQ(refused.is, "refused");
  EXPECT_EQ(refused.body.at("code"), "ballot.encoding");
  auto tampered = base64_decode(one->ballot(one->places()[0], 0)).value();
  tampered.back() ^= 1;
  EXPECT_EQ(one->cast(base64_encode(tampered)).is, "refused");
  EXPECT_EQ(number("SELECT COUNT(*) FROM sign_off"), 0);
}

TEST_F(Hostile, RequestsFromElsewhereAreNotTheVoters) {
  auto one = voter(0);
  auto other = voter(1);
  ASSERT_EQ(one->enter().is, "ok");
  ASSERT_EQ(other->enter().is, "ok");
  const auto ballot = one->ballot(one->places()[0], 0);
  const auto send = [&](const http::Headers& headers) {
    const auto response =
        one->client().request("POST", "/api/ballot", headers, canonical_json({{"ballot", ballot}}));
    return response ? response->status : 0;
  };
  EXPECT_EQ(send({}), 401) << "no token";
  EXPECT_EQ(send({{"X-CSRF-Token", ""}}), 401);
  EXPECT_EQ(send({{"X-CSRF-Token", other->csrf()}}), 401) << "another session's token";
  EXPECT_EQ(send({{"X-CSRF-Token", one->csrf() + "A"}}), 401);
  EXPECT_EQ(number("SELECT COUNT(*) FROM sign_off"), 0);
  // The token of the page before sign-in does not open anything after it.
  auto third = voter(2);
  const auto page = third->get("/sign-in").page;
  const auto old_csrf = after(page, "name=\"csrf\" value=\"");
  ASSERT_EQ(third->enter().is, "ok");
  const auto replayed =
      third->client().request("POST", "/api/ballot", {{"X-CSRF-Token", old_csrf}},
                              canonical_json({{"ballot", third->ballot(third->places()[0], 0)}}));
  EXPECT_EQ(replayed.value().status, 401);
  // A form on another site comes without cookies, and wipes nothing in the voter's browser.
  auto elsewhere = stranger();
  const auto wiped = elsewhere.post_form("/sign-out", {{{"csrf", "x"}}}).value();
  EXPECT_EQ(http::find_header(wiped.headers, "Set-Cookie"), nullptr);
  EXPECT_EQ(http::find_header(wiped.headers, "Clear-Site-Data"), nullptr);
  EXPECT_EQ(one->client().post_form("/sign-out", {{{"csrf", other->csrf()}}}).value().status, 303);
  EXPECT_EQ(one->cast(ballot).is, "status 401") << "the cookie is gone";
  EXPECT_EQ(number("SELECT COUNT(*) FROM session WHERE voter IS NOT NULL"), 2)
      << "and the session, though the page was another session's: the other two go on";
}

TEST_F(Hostile, ASessionThatTheAttackerKnowsIsNotTheVoters) {
  // The attacker opens a session and plants its cookie in the voter's browser.
  auto attacker = stranger();
  get(attacker, "/sign-in");
  const auto planted = attacker.cookies().at("__Host-session");
  auto one = voter(0);
  one->client().cookies()["__Host-session"] = planted;
  ASSERT_EQ(one->enter().is, "ok");
  EXPECT_NE(one->client().cookies().at("__Host-session"), planted) << "a new one at sign-in";
  EXPECT_EQ(get(attacker, "/api/contests").status, 401);
  EXPECT_EQ(get(attacker, "/voting-space").status, 303);
  // A value of one's own choice is never taken over.
  auto chooser = stranger();
  chooser.cookies()["__Host-session"] = std::string(43, 'A');
  get(chooser, "/sign-in");
  EXPECT_NE(chooser.cookies().at("__Host-session"), std::string(43, 'A'));
  EXPECT_EQ(number("SELECT COUNT(*) FROM session WHERE voter IS NOT NULL"), 1);
}

TEST_F(Hostile, CookiesThatNoBrowserSends) {
  auto one = voter(0);
  ASSERT_EQ(one->enter().is, "ok");
  const auto mine = one->client().cookies().at("__Host-session");
  const auto status = [&](const std::string& cookies) {
    const auto answer =
        raw("GET /api/contests HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + cookies +
            "\r\n");
    return answer.substr(9, 3);
  };
  EXPECT_EQ(status("Cookie: __Host-session=" + mine + "\r\n"), "200");
  // Without the prefix any neighbouring host could have set it.
  EXPECT_EQ(status("Cookie: session=" + mine + "\r\n"), "401");
  EXPECT_EQ(status("Cookie: __host-session=" + mine + "\r\n"), "401");
  // Twice: the first counts, whichever header it comes in; never a mixture.
  EXPECT_EQ(status("Cookie: __Host-session=x; __Host-session=" + mine + "\r\n"), "401");
  EXPECT_EQ(status("Cookie: __Host-session=" + mine + "; __Host-session=x\r\n"), "200");
  EXPECT_EQ(status("Cookie: __Host-session=x\r\nCookie: __Host-session=" + mine + "\r\n"), "401");
  EXPECT_EQ(status("Cookie: ;;;=;__Host-session;\r\nCookie: __Host-session=" + mine + "\r\n"),
            "200");
  EXPECT_EQ(status("Cookie: __Host-session=" + std::string(15'000, 'A') + "\r\n"), "401");
  EXPECT_EQ(status("Cookie: __Host-session=" + std::string(17'000, 'A') + "\r\n"), "431");
}

// More connections than there are places: those that say nothing leave after the idle time, and
// until then a request under way is answered.
TEST_F(Hostile, FiveThousandConnectionsThatSayNothing) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 6'000) GTEST_SKIP() << "this machine allows too few descriptors";
  auto one = voter(0);
  ASSERT_EQ(one->enter().is, "ok");
  const auto ballot = one->ballot(one->places()[0], 0);
  RawSocket under_way(port());
  under_way.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
  std::vector<std::unique_ptr<RawSocket>> crowd;
  for (int i = 0; i < 5'000; ++i) crowd.push_back(std::make_unique<RawSocket>(port()));
  under_way.send("\r\n");
  EXPECT_NE(under_way.read_until("}").find("\"status\":\"ok\""), std::string::npos);
  EXPECT_EQ(one->cast(ballot).is, "recorded") << "its connection is kept from before";
  crowd.clear();
  EXPECT_EQ(voter(1)->get("/sign-in").status, 200);
  EXPECT_EQ(stop(SIGTERM).code, 0);
}

}  // namespace
}  // namespace isoloir::test
