#include "http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "http/raw_socket.hpp"

namespace isoloir::http {
namespace {

using test::RawSocket;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::string_literals;

// Answers "<method> <path>|<query>|<body>" unless a test gives it something else to do.
class Echo : public Handler {
 public:
  Lane lane(const Request& request) override {
    if (request.path == "/lane-fails") throw std::runtime_error("no lane");
    if (on_lane) on_lane(request);
    return request.path.starts_with("/crypto") ? Lane::crypto : Lane::light;
  }
  Response handle(const Request& request) override {
    ++handled;
    if (on_handle) return on_handle(request);
    const auto* method = request.method == Method::post ? "POST" : "GET";
    return Response::text(std::string(method) + " " + request.path + "|" + request.query + "|" +
                          request.body);
  }
  Response busy_page(const Request&) override { return Response::html("busy page"); }
  Response error_page(int status, const Request* request) override {
    return Response::html("error page " + std::to_string(status) +
                          (request ? " for " + request->path : ""));
  }

  bool passing(const std::exception& exception) const override {
    return std::string_view(exception.what()) == "will pass";
  }

  std::function<Response(const Request&)> on_handle;
  std::function<void(const Request&)> on_lane;
  std::atomic<int> handled = 0;
};

struct Running {
  explicit Running(ServerOptions options = {}, std::function<Response(const Request&)> handle = {})
      : server((echo.on_handle = std::move(handle), with_report(std::move(options))), echo) {
    const auto started = server.start();
    EXPECT_TRUE(started) << started.error().message;
  }
  ServerOptions with_report(ServerOptions options) {
    options.report = [this](std::string_view text) {
      const std::lock_guard lock(mutex);
      reports.emplace_back(text);
    };
    return options;
  }
  std::uint16_t port() const { return server.port(); }

  std::mutex mutex;
  std::vector<std::string> reports;
  Echo echo;
  Server server;
};

std::string get(std::string_view target, std::string_view more = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
         "\r\n";
}

// What the server sends until it closes; fails the test when it keeps the connection.
std::string until_closed(RawSocket& socket) {
  auto answer = socket.read_to_end();
  EXPECT_TRUE(answer) << "the connection stays open";
  return answer.value_or("");
}

std::string exchange(std::uint16_t port, std::string_view bytes) {
  RawSocket socket(port);
  socket.send(bytes);
  return until_closed(socket);
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST(Server, AnswersGetAndPost) {
  Running running;
  Client client("127.0.0.1", running.port());
  const auto page = client.get("/a%20b/%C3%A9?x=1&y");
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->body, "GET /a b/é|x=1&y|");
  const auto posted = client.post_form("/form", {{{"a", "é"}}});
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->body, "POST /form||a=%C3%A9");
  EXPECT_EQ(client.request("POST", "/empty")->body, "POST /empty||");
}

TEST(Server, SetsSecurityHeadersOnPagesAndErrors) {
  Running running;
  Client client("127.0.0.1", running.port());
  for (const auto* target : {"/", "/%00"}) {
    const auto page = client.get(target);
    ASSERT_TRUE(page);
    const auto header = [&](std::string_view name) {
      const auto* value = find_header(page->headers, name);
      return value ? *value : "";
    };
    EXPECT_THAT(header("Content-Security-Policy"), StartsWith("default-src 'none'; "));
    EXPECT_THAT(header("Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(header("Content-Security-Policy"), HasSubstr("require-trusted-types-for 'script'"));
    EXPECT_THAT(header("Content-Security-Policy"), Not(HasSubstr("unsafe")));
    EXPECT_THAT(header("Content-Security-Policy"), Not(HasSubstr("data:")));
    EXPECT_EQ(header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(header("X-Frame-Options"), "DENY");
    EXPECT_EQ(header("Cross-Origin-Opener-Policy"), "same-origin");
    EXPECT_EQ(header("Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_THAT(header("Permissions-Policy"), HasSubstr("camera=()"));
    EXPECT_EQ(header("Cache-Control"), "no-store");
  }
}

TEST(Server, LetsAResponseSetItsOwnPolicy) {
  Running running({}, [](const Request&) {
    return Response::text("x").set_header("cache-control", "public, max-age=60");
  });
  const auto answer = exchange(running.port(), get("/", "Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("cache-control: public, max-age=60\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("no-store")));
  EXPECT_THAT(answer, HasSubstr("X-Frame-Options: DENY\r\n"));
}

struct Attack {
  const char* name;
  std::string bytes;
};

// Each must get one 400 and a closed connection: what follows it on the connection is never read as
// a request.
std::vector<Attack> smuggling_attacks() {
  const std::string hidden = get("/hidden");
  const auto post = [](const std::string& fields, const std::string& body) {
    return "POST /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
  };
  const std::string chunked_end = "0\r\n\r\n";
  return {
      {"CL and TE", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunked_end)},
      {"TE and CL", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunked_end)},
      {"TE chunked", post("Transfer-Encoding: chunked\r\n", chunked_end)},
      {"TE in capitals", post("TRANSFER-ENCODING: CHUNKED\r\n", chunked_end)},
      {"TE identity", post("Transfer-Encoding: identity\r\n", "")},
      {"TE empty", post("Transfer-Encoding:\r\n", "")},
      {"TE unknown", post("Transfer-Encoding: xchunked\r\n", chunked_end)},
      {"TE twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", chunked_end)},
      {"TE with tab", post("Transfer-Encoding:\tchunked\r\n", chunked_end)},
      {"TE with vertical tab", post("Transfer-Encoding: \x0b"
                                    "chunked\r\n",
                                    chunked_end)},
      {"TE space before colon", post("Transfer-Encoding : chunked\r\n", chunked_end)},
      {"TE behind a bare CR", post("X: y\rTransfer-Encoding: chunked\r\n", chunked_end)},
      {"TE behind a bare LF", post("X: y\nTransfer-Encoding: chunked\r\n", chunked_end)},
      {"TE folded", post("X: y\r\n Transfer-Encoding: chunked\r\n", chunked_end)},
      {"bad chunk", post("Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n")},
      {"chunk with extension", post("Transfer-Encoding: chunked\r\n", "1;x\r\na\r\n0\r\n\r\n")},
      {"CL twice, equal", post("Content-Length: 1\r\nContent-Length: 1\r\n", "a")},
      {"CL twice, different", post("Content-Length: 0\r\nContent-Length: 5\r\n", "hello")},
      {"CL list", post("Content-Length: 1, 1\r\n", "a")},
      {"CL with plus", post("Content-Length: +1\r\n", "a")},
      {"CL negative", post("Content-Length: -1\r\n", "a")},
      {"CL with inner space", post("Content-Length: 1 0\r\n", "0123456789")},
      {"CL in hexadecimal", post("Content-Length: 0x1\r\n", "a")},
      {"CL with fraction", post("Content-Length: 1.0\r\n", "a")},
      {"CL empty", post("Content-Length:\r\n", "")},
      {"CL space before colon", post("Content-Length : 1\r\n", "a")},
      {"CL folded", post("Content-Length:\r\n 1\r\n", "a")},
      {"CL with NUL", post("Content-Length: 1\0\r\n"s, "a")},
      {"body with GET", "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"},
      {"request as the body of GET", "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                                         std::to_string(hidden.size()) + "\r\n\r\n" + hidden},
      {"body with HEAD", "HEAD /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"},
      {"no Host", "GET /a HTTP/1.1\r\n\r\n"},
      {"no Host, HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n"},
      {"two Hosts", "GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"},
      {"empty Host", "GET /a HTTP/1.1\r\nHost:\r\n\r\n"},
      {"Host list", "GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n"},
      {"Host with path", "GET /a HTTP/1.1\r\nHost: h/x\r\n\r\n"},
      {"Host folded", "GET /a HTTP/1.1\r\nHost: h\r\n x\r\n\r\n"},
      {"LF-only lines", "GET /a HTTP/1.1\nHost: h\n\n"},
      {"LF-only last line", "GET /a HTTP/1.1\r\nHost: h\r\n\n"},
      {"LF-only request line", "GET /a HTTP/1.1\nHost: h\r\n\r\n"},
      {"CR CR LF", "GET /a HTTP/1.1\r\nHost: h\r\r\n\r\n"},
      {"space before the first field", "GET /a HTTP/1.1\r\n X: y\r\nHost: h\r\n\r\n"},
      {"empty first line", "\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"NUL in a value", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"s},
      {"NUL in a name", "GET /a HTTP/1.1\r\nHost: h\r\nX\0Y: a\r\n\r\n"s},
      {"escape character in a value", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\x1b[2J\r\n\r\n"},
      {"DEL in a value", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\x7f\r\n\r\n"},
      {"field without colon", "GET /a HTTP/1.1\r\nHost: h\r\nX\r\n\r\n"},
      {"field without name", "GET /a HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n"},
      {"name with parenthesis", "GET /a HTTP/1.1\r\nHost: h\r\nX(: x\r\n\r\n"},
      {"name with accent", "GET /a HTTP/1.1\r\nHost: h\r\n\xC3\xA9: x\r\n\r\n"},
      {"absolute-form", "GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"authority-form", "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"asterisk-form", "GET * HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"empty target", "GET  HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"target with space", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"target with tab", "GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"raw byte in target", "GET /\xC3\xA9 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"raw byte in query", "GET /?\xC3\xA9 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"two spaces", "GET  /a HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"space after version", "GET /a HTTP/1.1 \r\nHost: h\r\n\r\n"},
      {"space before method", " GET /a HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"HTTP/0.9", "GET /a\r\n\r\n"},
      {"HTTP/2.0", "GET /a HTTP/2.0\r\nHost: h\r\n\r\n"},
      {"HTTP/1.2", "GET /a HTTP/1.2\r\nHost: h\r\n\r\n"},
      {"http in small letters", "GET /a http/1.1\r\nHost: h\r\n\r\n"},
      {"NUL in path", get("/%00")},
      {"backslash", get("/a%5Cb")},
      {"raw backslash", get("/a\\b")},
      {"dot segment", get("/a/../b")},
      {"escaped dot segment", get("/a/%2e%2E/b")},
      {"single dot", get("/./a")},
      {"last dot segment", get("/a/..")},
      {"escaped slash", get("/a%2Fb")},
      {"double slash", get("//evil.example/")},
      {"bad escape", get("/%4")},
      {"overlong UTF-8", get("/%C0%AF")},
      {"newline in path", get("/a%0Ab")},
  };
}

TEST(Server, RefusesRequestSmuggling) {
  Running running;
  for (const auto& [name, bytes] : smuggling_attacks()) {
    const auto answer = exchange(running.port(), bytes + get("/hidden"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << name;
    const bool has_body = !bytes.starts_with("HEAD ");
    EXPECT_EQ(count(answer, "error page 400"), has_body ? 1u : 0u) << name;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << name;
    EXPECT_EQ(count(answer, "HTTP/1.1 "), 1u) << name;
  }
  EXPECT_EQ(running.echo.handled, 0);
}

TEST(Server, RefusesSmugglingBehindAGoodRequest) {
  Running running;
  const auto answer = exchange(
      running.port(), get("/first") + "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n" +
                          "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get("/hidden"));
  EXPECT_THAT(answer, HasSubstr("GET /first||"));
  EXPECT_EQ(count(answer, "HTTP/1.1 200"), 1u);
  EXPECT_EQ(count(answer, "HTTP/1.1 400"), 1u);
  EXPECT_EQ(running.echo.handled, 1);
}

TEST(Server, ABodyIsNeverReadAsARequest) {
  Running running;
  const std::string body = get("/inside");
  const auto answer =
      exchange(running.port(),
               "POST /outer HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n\r\n" + body + get("/after", "Connection: close\r\n"));
  EXPECT_EQ(running.echo.handled, 2);
  EXPECT_THAT(answer, HasSubstr("POST /outer||" + body));
  EXPECT_THAT(answer, HasSubstr("GET /after||"));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  // The first is the slowest: it ends only once the test has sent everything.
  std::latch sent(1);
  Running running({}, [&](const Request& request) {
    if (request.path == "/crypto0") sent.wait();
    return Response::text("[" + request.path + request.body + "]");
  });
  RawSocket socket(running.port());
  std::string bytes;
  for (int i = 0; i < 20; ++i)
    bytes += i % 2 == 0 ? get("/crypto" + std::to_string(i))
                        : "POST /light HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n" +
                              std::to_string(10 + i);
  socket.send(bytes + get("/end", "Connection: close\r\n"));
  sent.count_down();
  const auto answer = until_closed(socket);
  std::size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    const auto expected = i % 2 == 0 ? "[/crypto" + std::to_string(i) + "]"
                                     : "[/light" + std::to_string(10 + i) + "]";
    const auto found = answer.find(expected);
    ASSERT_NE(found, std::string::npos) << expected;
    EXPECT_GE(found, at);
    at = found;
  }
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK"), 21u);
}

TEST(Server, HeadGivesTheHeadersOfGetWithoutBody) {
  Running running;
  auto answer = exchange(
      running.port(), "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n" + get("/b", "Connection: close\r\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("GET /a||")));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("GET /b||"));
}

TEST(Server, RefusesOtherMethods) {
  Running running;
  for (const auto* method : {"PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "FOO"}) {
    const auto answer =
        exchange(running.port(), std::string(method) + " /a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD, POST\r\n")) << method;
    EXPECT_THAT(answer, HasSubstr("error page 405")) << method;
  }
  EXPECT_THAT(exchange(running.port(), "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"),
              StartsWith("HTTP/1.1 405 "));
  EXPECT_EQ(running.echo.handled, 0);
}

TEST(Server, RefusesAnOversizedHead) {
  Running running;
  const std::string room(limits::http_head_bytes, 'x');
  EXPECT_THAT(exchange(running.port(), get("/", "X: " + room + "\r\n")),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange(running.port(), "GET /" + room), StartsWith("HTTP/1.1 431 "));
  std::string fields;
  for (std::size_t i = 0; i < limits::http_header_fields; ++i) fields += "X: y\r\n";
  EXPECT_THAT(exchange(running.port(), get("/", fields)), StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(running.echo.handled, 0);
  const std::string most(limits::http_head_bytes - 100, 'x');
  EXPECT_THAT(exchange(running.port(), get("/", "Connection: close\r\nX: " + most + "\r\n")),
              StartsWith("HTTP/1.1 200 "));
}

TEST(Server, RefusesAnOversizedBodyAndTheRefusalIsRead) {
  Running running;
  Client client("127.0.0.1", running.port());
  EXPECT_EQ(client.request("POST", "/", {}, std::string(limits::http_body_bytes, 'x'))->status,
            200);
  // Sent whole, although the server reads none of it: the answer must still arrive.
  const auto refused =
      client.request("POST", "/big", {}, std::string(limits::http_body_bytes + 1, 'x'));
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->status, 413);
  EXPECT_EQ(refused->body, "error page 413 for /big");
  EXPECT_THAT(exchange(running.port(),
                       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: "
                       "9999999999999999999\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(running.echo.handled, 1);
}

TEST(Server, RefusesASlowMessage) {
  ServerOptions options;
  options.message_timeout_ms = 50;
  Running running(options);
  for (const auto* begun : {"G", "GET / HTTP/1.1\r\nHost: h\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX:",
                            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf",
                            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n"}) {
    const auto answer = exchange(running.port(), begun);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 ")) << begun;
    EXPECT_THAT(answer, HasSubstr("error page 408")) << begun;
  }
  EXPECT_EQ(running.echo.handled, 0);
}

TEST(Server, TheDeadlineIsForTheWholeMessage) {
  // Bytes keep coming, each well before any timeout between bytes would strike.
  ServerOptions options;
  options.message_timeout_ms = 100;
  Running running(options);
  RawSocket socket(running.port());
  socket.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n");
  EXPECT_TRUE(socket.drip_until_answered('x', 2'000));
  EXPECT_THAT(until_closed(socket), StartsWith("HTTP/1.1 408 "));
  RawSocket in_head(running.port());
  in_head.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  EXPECT_TRUE(in_head.drip_until_answered('x', 2'000));
  EXPECT_THAT(until_closed(in_head), StartsWith("HTTP/1.1 408 "));
}

TEST(Server, AnswersWhoHasEndedSending) {
  Running running;
  RawSocket whole(running.port());
  whole.send(get("/a") + get("/b"));
  whole.end_sending();
  const auto answer = until_closed(whole);
  EXPECT_THAT(answer, HasSubstr("GET /a||"));
  EXPECT_THAT(answer, HasSubstr("GET /b||"));
  // Half a message is none, and nobody is left to be told.
  for (const auto* part :
       {"", "GET /c HTTP/1.1\r\n", "POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhal"}) {
    RawSocket half(running.port());
    half.send(part);
    half.end_sending();
    EXPECT_EQ(until_closed(half), "") << part;
  }
  EXPECT_EQ(running.echo.handled, 2);
}

TEST(Server, ClosesIdleConnections) {
  ServerOptions options;
  options.idle_timeout_ms = 50;
  EXPECT_EQ(exchange(Running(options).port(), ""), "");
  options.idle_timeout_ms = 1000;  // in which a client has asked
  EXPECT_EQ(count(exchange(Running(options).port(), get("/")), "HTTP/1.1 "), 1u);
}

TEST(Server, GivesThe100ContinueThatIsWaitedFor) {
  Running running;
  RawSocket socket(running.port());
  const std::string head =
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n";
  socket.send(head + "Expect: 100-Continue\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("hello");
  EXPECT_THAT(until_closed(socket), HasSubstr("POST /a||hello"));
  // Not when the body is there already, and not for a body that will be refused.
  EXPECT_THAT(exchange(running.port(), head + "Expect: 100-continue\r\n\r\nhello"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(exchange(running.port(),
                       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999\r\n"
                       "Expect: 100-continue\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange(running.port(), head + "Expect: miracles\r\n\r\nhello"),
              StartsWith("HTTP/1.1 417 "));
}

TEST(Server, KeepsAliveOnlyWhereAsked) {
  Running running;
  EXPECT_THAT(exchange(running.port(), "GET / HTTP/1.0\r\nHost: h\r\n\r\n"),
              HasSubstr("Connection: close\r\n"));
  RawSocket socket(running.port());
  socket.send(get("/a"));
  EXPECT_THAT(socket.read_until("GET /a||"), Not(HasSubstr("Connection:")));
  socket.send(get("/b", "Connection: x, Close\r\n"));
  EXPECT_THAT(until_closed(socket), HasSubstr("GET /b||"));
}

TEST(Server, AFullLaneAnswersBusyAtOnce) {
  std::latch release(1);
  std::latch running_both(2);
  std::latch queued(1);
  ServerOptions options;
  options.crypto = {2, 1};
  const auto& figures = (*options.figures)[static_cast<std::size_t>(Lane::crypto)];
  Running running(options, [&](const Request& request) {
    if (request.path == "/crypto/run") running_both.count_down();
    if (request.path.starts_with("/crypto")) release.wait();
    return Response::text("done");
  });
  running.echo.on_lane = [&](const Request& request) {
    if (request.path == "/crypto/queued") queued.count_down();
  };
  RawSocket first(running.port()), second(running.port()), third(running.port());
  first.send(get("/crypto/run"));
  second.send(get("/crypto/run"));
  running_both.wait();
  third.send(get("/crypto/queued"));
  queued.wait();
  // Two run, and the one that may wait does.
  const auto busy = exchange(running.port(), get("/crypto/more", "Connection: close\r\n"));
  EXPECT_THAT(busy, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(busy, HasSubstr("Retry-After: 5\r\n"));
  EXPECT_THAT(busy, HasSubstr("busy page"));
  EXPECT_THAT(busy, HasSubstr("X-Frame-Options: DENY\r\n"));
  EXPECT_EQ(figures.taken, 3u);
  EXPECT_EQ(figures.answered, 0u);
  EXPECT_EQ(figures.refused, 1u);
  // Another lane is not held up.
  Client client("127.0.0.1", running.port());
  EXPECT_EQ(client.get("/light")->body, "done");
  release.count_down();
  for (auto* socket : {&first, &second, &third})
    EXPECT_THAT(socket->read_until("done"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(figures.taken, 3u);
  EXPECT_EQ(figures.answered, 3u);
}

TEST(Server, AnExceptionIsReportedWithoutTheRequest) {
  Running running({}, [](const Request&) -> Response { throw std::runtime_error("disk full"); });
  Client client("127.0.0.1", running.port());
  const auto page = client.get("/secret-path", {{"X-Secret", "header"}});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 500);
  EXPECT_EQ(page->body, "error page 500 for /secret-path");
  EXPECT_EQ(client.get("/lane-fails")->status, 500);
  running.server.stop();
  EXPECT_EQ(running.reports, (std::vector<std::string>{"std::runtime_error: disk full",
                                                       "std::runtime_error: no lane"}));
}

TEST(Server, WhatWillPassIsBusyAndReported) {
  Running running({}, [](const Request&) -> Response { throw std::runtime_error("will pass"); });
  Client client("127.0.0.1", running.port());
  const auto page = client.get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 503);
  EXPECT_EQ(page->body, "busy page");
  EXPECT_EQ(*find_header(page->headers, "Retry-After"), "5");
  running.server.stop();
  EXPECT_EQ(running.reports, std::vector<std::string>{"std::runtime_error: will pass"});
}

TEST(Server, AHeaderThatWouldSplitTheResponseBecomes500) {
  for (const auto& header :
       {Header{"X", "a\r\nSet-Cookie: b"}, Header{"X\r\nY", "a"}, Header{"X: y", "a"},
        Header{"", "a"}, Header{"Content-Length", "0"}, Header{"Transfer-Encoding", "chunked"}}) {
    Running running({}, [&](const Request&) {
      Response response = Response::text("x");
      response.headers.push_back(header);
      return response;
    });
    const auto answer = exchange(running.port(), get("/", "Connection: close\r\n"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 ")) << header.name;
    EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie"))) << header.name;
  }
}

TEST(Server, ForwardedAddressesComeFromTrustedProxiesAlone) {
  const auto address = [](const Request& request) {
    return Response::text(request.client_address);
  };
  const Headers forwarded = {{"X-Forwarded-For", "203.0.113.1, 2001:DB8::7"}};
  Running plain({}, address);
  Client direct("127.0.0.1", plain.port());
  EXPECT_EQ(direct.get("/", forwarded)->body, "127.0.0.1");
  ServerOptions options;
  options.trusted_proxies = {AddressRange::parse("127.0.0.0/8").value()};
  Running proxied(options, address);
  Client proxy("127.0.0.1", proxied.port());
  EXPECT_EQ(proxy.get("/", forwarded)->body, "2001:db8::7");
  EXPECT_EQ(proxy.get("/", {{"X-Forwarded-For", "203.0.113.1, nobody"}})->body, "127.0.0.1");
  EXPECT_EQ(proxy.get("/")->body, "127.0.0.1");
}

TEST(Server, StopAnswersWhatHasBegun) {
  std::latch handling(1);
  std::latch release(1);
  ServerOptions options;
  options.linger_timeout_ms = 50;
  Running running(options, [&](const Request& request) {
    if (request.path == "/crypto") {
      handling.count_down();
      release.wait();
    }
    return Response::text("done " + request.body);
  });
  RawSocket idle(running.port()), in_handler(running.port()), in_body(running.port()),
      in_head(running.port());
  in_body.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(in_body.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
  idle.send(get("/"));
  idle.read_until("done ");
  in_head.send(get("/"));
  in_head.read_until("done ");
  in_head.send("GET /x HTTP/1.1\r\n");
  in_handler.send(get("/crypto"));
  handling.wait();
  auto stopped = std::async(std::launch::async, [&] { running.server.stop(); });
  EXPECT_EQ(until_closed(idle), "");  // so it is stopping
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  in_body.send("hello");
  EXPECT_THAT(until_closed(in_body), HasSubstr("done hello"));
  in_head.send("Host: h\r\n\r\n");
  const auto head_answer = until_closed(in_head);
  EXPECT_THAT(head_answer, HasSubstr("done "));
  EXPECT_THAT(head_answer, HasSubstr("Connection: close\r\n"));
  release.count_down();
  EXPECT_THAT(until_closed(in_handler), HasSubstr("done "));
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  Client late("127.0.0.1", running.port());
  const auto refused = late.get("/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "client.connect");
}

TEST(Server, StopIsQuickWithoutWorkAndMayBeRepeated) {
  Running running;
  running.server.stop();
  running.server.stop();
  Echo echo;
  Server never_started({}, echo);
}

TEST(Server, AnAddressInUseIsAnError) {
  Running running;
  Echo echo;
  for (const auto* address : {"127.0.0.1", "not an address", "192.0.2.1"}) {
    ServerOptions options;
    options.address = address;
    options.port = running.port();
    Server second(options, echo);
    const auto started = second.start();
    ASSERT_FALSE(started) << address;
    EXPECT_EQ(started.error().code, "http.listen");
  }
}

TEST(Server, HoldsToItsConnectionLimitAndServesTheNextWhenOneLeaves) {
  ServerOptions options;
  options.connections = 2;
  options.linger_timeout_ms = 50;
  Running running(options);
  auto first = std::make_unique<RawSocket>(running.port());
  RawSocket second(running.port());
  first->send("GET / HTTP/1.1\r\n");
  second.send(get("/second"));
  // Every place is taken, so that an answer does not keep its own.
  EXPECT_THAT(until_closed(second), HasSubstr("Connection: close\r\n"));
  RawSocket third(running.port()), fourth(running.port());
  third.send("GET / HTTP/1.1\r\n");
  fourth.send(get("/fourth"));
  first.reset();
  EXPECT_THAT(until_closed(fourth), HasSubstr("GET /fourth||"));
}

TEST(Server, ServesManyConnectionsKeptAlive) {
  Running running;
  constexpr int clients = 200;
  constexpr int rounds = 10;
  constexpr int threads = 8;
  std::vector<std::unique_ptr<Client>> all;
  for (int i = 0; i < clients; ++i)
    all.push_back(std::make_unique<Client>("127.0.0.1", running.port()));
  std::atomic<int> good = 0;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < threads; ++worker)
    workers.emplace_back([&, worker] {
      for (int round = 0; round < rounds; ++round)
        for (int i = worker; i < clients; i += threads) {
          const auto path = (i % 2 == 0 ? "/crypto" : "/light") + std::to_string(i * 100 + round);
          const auto page = all[static_cast<std::size_t>(i)]->request("POST", path, {}, "b");
          if (page && page->body == "POST " + path + "||b") ++good;
        }
    });
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(good, clients * rounds);
}

TEST(Client, KeepsCookiesAndTheConnection) {
  Running running({}, [](const Request& request) {
    if (request.path == "/in") return Response::text("in").with_cookie("session", "s1");
    if (request.path == "/out") return Response::text("out").without_cookie("session");
    return Response::text(request.cookie("session").value_or("none"));
  });
  Client client("127.0.0.1", running.port());
  EXPECT_EQ(client.get("/")->body, "none");
  EXPECT_TRUE(client.get("/in"));
  EXPECT_EQ(client.get("/")->body, "s1");
  EXPECT_TRUE(client.get("/out"));
  EXPECT_EQ(client.get("/")->body, "none");
}

TEST(Client, GivesUpAtItsDeadlineAndConnectsAgain) {
  std::latch release(1);
  Running running({}, [&](const Request& request) {
    if (request.path == "/crypto") release.wait();
    return Response::text("done");
  });
  Client client("127.0.0.1", running.port(), {.deadline_ms = 50});
  const auto late = client.get("/crypto");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "client.deadline");
  release.count_down();
  Client patient("127.0.0.1", running.port());
  EXPECT_TRUE(patient.get("/", {{"Connection", "close"}}));
  EXPECT_EQ(patient.get("/")->body, "done");
}

// A proxy that nobody named makes one address of all visitors: said once, at the first request.
TEST(Server, AProxyThatIsNotTrustedIsWarnedOfOnce) {
  const auto ask = [](const Running& at, const Headers& headers) {
    Client client("127.0.0.1", at.port());
    EXPECT_TRUE(client.get("/", headers));
  };
  Running running;
  ask(running, {});
  EXPECT_TRUE(running.reports.empty());
  ask(running, {{"X-Forwarded-For", "192.0.2.1"}});
  ask(running, {{"X-Forwarded-For", "192.0.2.2"}});
  ASSERT_EQ(running.reports.size(), 1u);
  EXPECT_THAT(running.reports[0], HasSubstr("--trusted-proxy"));
  ServerOptions named;
  named.trusted_proxies.push_back(*AddressRange::parse("127.0.0.1"));
  Running trusting(std::move(named));
  ask(trusting, {{"X-Forwarded-For", "192.0.2.1"}});
  EXPECT_TRUE(trusting.reports.empty());
}

}  // namespace
}  // namespace isoloir::http
