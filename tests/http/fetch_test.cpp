#include "http/fetch.hpp"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>

#include "http/server.hpp"

namespace {
// What becomes of a question for silent.invalid: no answer until the test gives one.
enum class Question { none, asked, answered };
std::atomic<Question> question{Question::none};
}  // namespace

// In place of the C library's, for libcurl too.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (name && std::string_view(name) == "silent.invalid") {
    question = Question::asked;
    question.wait(Question::asked);
    return EAI_AGAIN;
  }
  static const auto ask =
      reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return ask(name, service, hints, found);
}

namespace isoloir {
namespace {

// Answers what it was asked.
struct Mirror final : http::Handler {
  http::Lane lane(const http::Request&) override { return http::Lane::light; }
  http::Response busy_page(const http::Request&) override { return http::Response::text("busy"); }
  http::Response error_page(int, const http::Request*) override {
    return http::Response::text("error");
  }
  http::Response handle(const http::Request& request) override {
    std::string seen = request.method == http::Method::post ? "POST " : "GET ";
    seen += request.path + "\n";
    for (const auto* name : {"Accept", "Authorization", "Content-Type", "X-First", "X-Second"}) {
      if (const auto value = request.header(name))
        seen += name + (": " + std::string(*value)) + "\n";
    }
    return http::Response::text(seen + request.body);
  }
};

struct FetchTest : testing::Test {
  FetchTest() { EXPECT_TRUE(server.start()); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server.port()) + "/page"; }

  Mirror mirror;
  http::Server server{{}, mirror};
};

std::string code(const FetchRequest& request) {
  const auto answer = fetch(request);
  return answer ? "answered" : answer.error().code;
}

FetchRequest with_header(std::string url, std::string name, std::string value) {
  FetchRequest request{std::move(url), "*/*"};
  request.headers.push_back({std::move(name), Secret(std::move(value))});
  return request;
}

TEST_F(FetchTest, BringsHeadersFormsAndBodiesOfAnyKind) {
  FetchRequest plain{url(), "text/plain", Secret<std::string>("token")};
  EXPECT_EQ(fetch(plain)->body, "GET /page\nAccept: text/plain\nAuthorization: Bearer token\n");
  FetchRequest form{url(), "*/*", {}, Secret<std::string>("a=b")};
  EXPECT_EQ(fetch(form)->body,
            "POST /page\nAccept: */*\nContent-Type: application/x-www-form-urlencoded\na=b");
  auto raw = with_header(url(), "X-First", "one two");
  raw.headers.push_back({"X-Second", Secret<std::string>("%d")});
  raw.body_type = "text/plain; charset=UTF-8";
  raw.body = Secret<std::string>("é\nà");
  const auto answer = fetch(raw);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_EQ(answer->body,
            "POST /page\nAccept: */*\nContent-Type: text/plain; charset=UTF-8\nX-First: one "
            "two\nX-Second: %d\né\nà");
}

TEST_F(FetchTest, NoHeaderBringsAnother) {
  for (const auto* value : {"a\r\nX-Second: b", "a\nb", "a\r", "caf\xC3\xA9"}) {
    EXPECT_EQ(code(with_header(url(), "X-First", value)), "fetch.header");
  }
  EXPECT_EQ(code(with_header(url(), "X-First", std::string("a\0b", 3))), "fetch.header");
  EXPECT_EQ(code(with_header(url(), "X-First: a\nX-Second", "b")), "fetch.header");
}

// A port of this machine at which nobody answers; at first nobody listens either.
struct SilentPort {
  SilentPort() : file(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(file, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  ~SilentPort() { ::close(file); }
  void listen() const { ASSERT_EQ(::listen(file, 1), 0); }
  bool was_called() const {
    pollfd caller{file, POLLIN, 0};
    return ::poll(&caller, 1, 0) == 1;
  }
  const int file;
  std::string url;
};

TEST_F(FetchTest, SaysWhetherTheRequestHadLeft) {
  const SilentPort port;
  FetchRequest request{port.url, "*/*"};
  request.body_type = "text/plain";
  request.body = Secret<std::string>("text");
  request.answer_timeout_ms = 200;
  EXPECT_EQ(code(request), "fetch.unreached") << "nobody listens";
  port.listen();
  EXPECT_EQ(code(request), "fetch.network") << "the kernel took it, nobody answers";
  EXPECT_EQ(code({"http://no-such-host.invalid/", "*/*"}), "fetch.address");
  EXPECT_EQ(code({"https://no-such-host.invalid/", "*/*"}), "fetch.unreached");
}

// Nothing of an exchange goes into the next.
TEST_F(FetchTest, OneAfterAnotherEachIsItsOwn) {
  Fetcher fetcher;
  auto raw = with_header(url(), "X-First", "one");
  raw.bearer = Secret<std::string>("token");
  raw.body_type = "text/plain";
  raw.body = Secret<std::string>("text");
  EXPECT_EQ(fetcher.fetch(raw)->body,
            "POST /page\nAccept: */*\nAuthorization: Bearer token\nContent-Type: "
            "text/plain\nX-First: one\ntext");
  EXPECT_EQ(fetcher.fetch({url(), "text/plain"})->body, "GET /page\nAccept: text/plain\n");
  const SilentPort port;
  EXPECT_EQ(fetcher.fetch({port.url, "*/*"}).error().code, "fetch.unreached");
}

TEST_F(FetchTest, EndsWhenNobodyWantsTheAnswer) {
  FetchRequest request{url(), "*/*"};
  request.abandoned = [] { return false; };
  EXPECT_EQ(code(request), "answered");
  request.abandoned = [] { return true; };
  EXPECT_EQ(code(request), "fetch.abandoned");

  const SilentPort port;
  port.listen();
  request.url = port.url;
  request.abandoned = [&] { return port.was_called(); };  // in the midst of it
  EXPECT_EQ(code(request), "fetch.abandoned");
}

TEST_F(FetchTest, EndsWhileTheNameServerIsSilent) {
  FetchRequest request{"https://silent.invalid/", "*/*"};
  request.abandoned = [] { return question == Question::asked; };
  auto ended = std::async(std::launch::async, [&] { return code(request); });
  EXPECT_EQ(ended.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  question = Question::answered;
  question.notify_all();
  EXPECT_EQ(ended.get(), "fetch.abandoned");
}

}  // namespace
}  // namespace isoloir
