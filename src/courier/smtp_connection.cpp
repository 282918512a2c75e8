#include "courier/smtp_connection.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "base/ascii.hpp"

namespace isoloir {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

int milliseconds_to(steady_clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, limits::mail_timeout_ms));
}

}  // namespace

struct SmtpConnection::Curl {
  Curl() {
    static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) throw std::runtime_error("libcurl does not start");
    handle = curl_easy_init();
    if (!handle) throw std::runtime_error("libcurl has no memory");
  }
  ~Curl() { curl_easy_cleanup(handle); }
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;

  template <typename Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
      throw std::runtime_error("this libcurl lacks an option");
    }
  }
  void prepare(const SmtpServer& server, Until until);
  bool wait(short events, Until until) const;

  // What libcurl itself is answered, line by line. A 220 is a greeting, or the word to begin TLS:
  // what was announced before it, in plain text, anybody may have written.
  static std::size_t hear(char* data, std::size_t, std::size_t size, void* target) {
    auto& extensions = static_cast<Curl*>(target)->extensions;
    const std::string_view line(data, size);
    if (line.starts_with("220")) extensions.clear();
    if (line.starts_with("250") && size > 4 && extensions.size() < 100) {
      const auto word = line.substr(4, line.find_first_of(" =\r\n", 4) - 4);
      std::string upper(word.substr(0, 40));
      for (char& c : upper) c = ascii_upper(c);
      extensions.insert(upper);
    }
    return size;
  }
  // libcurl's own limit for connecting would count the greeting and the login too, for which some
  // relays take their time.
  static int watch(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& curl = *static_cast<Curl*>(target);
    curl_off_t connected_after = 0;
    curl_easy_getinfo(curl.handle, CURLINFO_CONNECT_TIME_T, &connected_after);
    return connected_after == 0 && steady_clock::now() > curl.connected_by ? 1 : 0;
  }

  CURL* handle = nullptr;
  std::set<std::string> extensions;
  Until connected_by;
};

void SmtpConnection::Curl::prepare(const SmtpServer& server, Until until) {
  const bool number_of_six = server.host.find(':') != std::string::npos;
  const auto url =
      fmt::format("{}://{}:{}/{}", server.security == SmtpSecurity::tls ? "smtps" : "smtp",
                  number_of_six ? "[" + server.host + "]" : server.host, server.port, server.hello);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_CONNECT_ONLY, 1L);
  set(CURLOPT_PROXY, "");  // whatever the environment says
  set(CURLOPT_NOSIGNAL, 1L);
  if (server.security != SmtpSecurity::none) {
    set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  }
  if (!server.ca_file.empty()) {
    set(CURLOPT_CAINFO, server.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // and no others
  }
  if (!server.user.empty()) {
    set(CURLOPT_USERNAME, server.user.c_str());
    set(CURLOPT_PASSWORD, server.password.reveal().c_str());
  }
  set(CURLOPT_HEADERFUNCTION, &Curl::hear);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  connected_by = steady_clock::now() + milliseconds(server.connect_timeout_ms);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Curl::watch);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
  const auto left_ms = static_cast<long>(std::max(milliseconds_to(until), 1));
  set(CURLOPT_CONNECTTIMEOUT_MS, left_ms);
  set(CURLOPT_TIMEOUT_MS, left_ms);
}

bool SmtpConnection::Curl::wait(short events, Until until) const {
  curl_socket_t file = CURL_SOCKET_BAD;
  curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, &file);
  for (;;) {
    const int left_ms = milliseconds_to(until);
    if (file == CURL_SOCKET_BAD || left_ms == 0) return false;
    pollfd entry{file, events, 0};
    const int ready = ::poll(&entry, 1, left_ms);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

SmtpConnection::SmtpConnection(std::unique_ptr<Curl> curl) : curl_(std::move(curl)) {}

tl::expected<std::unique_ptr<SmtpConnection>, SendOutcome> SmtpConnection::open(
    const SmtpServer& server, Until until) {
  auto curl = std::make_unique<Curl>();
  curl->prepare(server, until);
  const auto done = curl_easy_perform(curl->handle);
  long code = 0;
  curl_easy_getinfo(curl->handle, CURLINFO_RESPONSE_CODE, &code);
  if (done == CURLE_LOGIN_DENIED && code / 100 != 4) {
    return tl::make_unexpected(SendOutcome(Delivery::unreachable, Reason::credentials));
  }
  if (done != CURLE_OK) return tl::make_unexpected(SendOutcome(Delivery::unreachable));
  // libcurl goes on as nobody where it is not asked who it is.
  if (!server.user.empty() && curl->extensions.count("AUTH") == 0) {
    return tl::make_unexpected(SendOutcome(Delivery::unreachable, Reason::credentials));
  }
  return std::unique_ptr<SmtpConnection>(new SmtpConnection(std::move(curl)));
}

SmtpConnection::~SmtpConnection() {
  if (usable_ && silent()) send("QUIT\r\n", steady_clock::now());
}

bool SmtpConnection::announces(std::string_view extension) const {
  return curl_->extensions.count(std::string(extension)) != 0;
}

// A relay speaks when it is spoken to. What it has said unasked is its farewell, or would be taken
// for the answer to what comes next, and so on with every mail that follows.
bool SmtpConnection::silent() {
  char byte = 0;
  std::size_t count = 0;
  return received_.empty() && curl_easy_recv(curl_->handle, &byte, 1, &count) == CURLE_AGAIN;
}

bool SmtpConnection::send(std::string_view bytes, Until until) {
  while (usable_ && !bytes.empty()) {
    std::size_t count = 0;
    const auto done = curl_easy_send(curl_->handle, bytes.data(), bytes.size(), &count);
    bytes.remove_prefix(std::min(count, bytes.size()));
    usable_ = done == CURLE_OK || (done == CURLE_AGAIN && curl_->wait(POLLOUT, until));
  }
  return usable_;
}

std::optional<SmtpReply> SmtpConnection::reply(Until until) {
  std::array<char, 4096> buffer;
  while (usable_) {
    auto taken = take_smtp_reply(received_);
    if (taken && *taken) {
      usable_ = (*taken)->code != 421;  // with which it hangs up
      return std::move(*taken);
    }
    std::size_t count = 0;
    const auto done = taken ? curl_easy_recv(curl_->handle, buffer.data(), buffer.size(), &count)
                            : CURLE_WEIRD_SERVER_REPLY;
    received_.append(buffer.data(), count);
    usable_ =
        (done == CURLE_OK && count != 0) || (done == CURLE_AGAIN && curl_->wait(POLLIN, until));
  }
  return std::nullopt;
}

std::optional<SmtpReply> SmtpConnection::command(std::string_view line, Until until) {
  usable_ = usable_ && silent();
  return send(std::string(line) + "\r\n", until) ? reply(until) : std::nullopt;
}

}  // namespace isoloir
