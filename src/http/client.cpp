#include "http/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>

#include "base/limits.hpp"

namespace isoloir::http {
namespace {

using SteadyClock = std::chrono::steady_clock;

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

tl::unexpected<Error> malformed() {
  return fail("client.malformed", "answer is not HTTP/1.1");
}

Expected<ClientResponse> parse_answer_head(std::string_view head) {
  ClientResponse response;
  const auto line = head.substr(0, head.find("\r\n"));
  const auto status = line.size() >= 12 ? parse_number<int>(line.substr(9, 3)) : std::nullopt;
  if (!line.starts_with("HTTP/1.1 ") || !status) return malformed();
  response.status = *status;
  head.remove_prefix(line.size() + 2);
  while (head.size() > 2) {
    const auto field = head.substr(0, head.find("\r\n"));
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) return malformed();
    response.headers.push_back(
        {std::string(field.substr(0, colon)), std::string(trim(field.substr(colon + 1)))});
    head.remove_prefix(field.size() + 2);
  }
  return response;
}

}  // namespace

// One request and its answer, against the clock.
struct Client::Exchange {
  SteadyClock::time_point deadline;

  // Waits until the socket can be read or written.
  Status wait(int socket, short events) const {
    while (true) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
      if (left.count() <= 0) return fail("client.deadline", "no whole answer in time");
      pollfd descriptor{socket, events, 0};
      const int ready = poll(&descriptor, 1, static_cast<int>(left.count()));
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return fail("client.closed", std::strerror(errno));
    }
  }
};

Client::Client(std::string address, std::uint16_t port, ClientOptions options)
    : address_(std::move(address)), port_(port), options_(options) {}

Client::~Client() {
  disconnect();
}

void Client::disconnect() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  received_.clear();
}

// Between answers the server has nothing to say: readable means closed.
bool Client::still_open() const {
  pollfd descriptor{socket_, POLLIN, 0};
  return socket_ >= 0 && poll(&descriptor, 1, 0) == 0;
}

Status Client::connect(Exchange& exchange) {
  disconnect();
  sockaddr_in6 six{};
  sockaddr_in four{};
  const bool is_six = address_.find(':') != std::string::npos;
  six.sin6_family = AF_INET6;
  four.sin_family = AF_INET;
  six.sin6_port = four.sin_port = htons(port_);
  const int parsed = is_six ? inet_pton(AF_INET6, address_.c_str(), &six.sin6_addr)
                            : inet_pton(AF_INET, address_.c_str(), &four.sin_addr);
  if (parsed != 1) return fail("client.connect", "not an address: " + address_);
  socket_ = ::socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return fail("client.connect", std::strerror(errno));
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* target =
      is_six ? reinterpret_cast<const sockaddr*>(&six) : reinterpret_cast<const sockaddr*>(&four);
  const auto size = static_cast<socklen_t>(is_six ? sizeof six : sizeof four);
  if (::connect(socket_, target, size) != 0 && errno != EINPROGRESS)
    return fail("client.connect", std::strerror(errno));
  if (auto ready = exchange.wait(socket_, POLLOUT); !ready) return ready;
  int error = 0;
  socklen_t error_size = sizeof error;
  getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &error_size);
  if (error != 0) return fail("client.connect", std::strerror(error));
  return {};
}

Status Client::send_all(Exchange& exchange, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto ready = exchange.wait(socket_, POLLOUT); !ready) return ready;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // refused early: the answer may be there to read
    } else if (errno != EINTR) {
      return fail("client.closed", std::strerror(errno));
    }
  }
  return {};
}

// Appends at least one byte to received_.
Status Client::receive(Exchange& exchange) {
  std::array<char, 16 * 1024> chunk{};
  while (true) {
    const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got > 0) {
      received_.append(chunk.data(), static_cast<std::size_t>(got));
      return {};
    }
    if (got == 0) return fail("client.closed", "closed before the whole answer");
    if (errno == EAGAIN) {
      if (auto ready = exchange.wait(socket_, POLLIN); !ready) return ready;
    } else if (errno != EINTR) {
      return fail("client.closed", std::strerror(errno));
    }
  }
}

Expected<std::string> Client::read_head(Exchange& exchange) {
  std::size_t end = received_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (received_.size() > limits::http_head_bytes) return malformed();
    if (auto got = receive(exchange); !got) return fail(std::move(got.error()));
    end = received_.find("\r\n\r\n");
  }
  std::string head = received_.substr(0, end + 4);
  received_.erase(0, end + 4);
  return head;
}

Expected<ClientResponse> Client::read_response(Exchange& exchange, bool head_only) {
  Expected<ClientResponse> response = malformed();
  do {
    auto head = read_head(exchange);
    if (!head) return fail(std::move(head.error()));
    response = parse_answer_head(*head);
  } while (response && response->status < 200);
  if (!response || head_only || response->status == 204 || response->status == 304) return response;
  const auto* length = find_header(response->headers, "Content-Length");
  const auto bytes = length ? parse_number<std::size_t>(*length) : std::nullopt;
  if (!bytes) return malformed();
  while (received_.size() < *bytes)
    if (auto got = receive(exchange); !got) return fail(std::move(got.error()));
  response->body = received_.substr(0, *bytes);
  received_.erase(0, *bytes);
  return response;
}

std::string Client::serialise_request(std::string_view method, std::string_view target,
                                      const Headers& headers, std::string_view body) const {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  const auto add = [&](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  if (!find_header(headers, "Host")) {
    const bool is_six = address_.find(':') != std::string::npos;
    add("Host", (is_six ? "[" + address_ + "]" : address_) + ":" + std::to_string(port_));
  }
  for (const auto& [name, value] : headers) add(name, value);
  if (!cookies_.empty()) {
    std::string all;
    for (const auto& [name, value] : cookies_) {
      if (!all.empty()) all += "; ";
      all.append(name).append("=").append(value);
    }
    add("Cookie", all);
  }
  if (!body.empty() || method == "POST") add("Content-Length", std::to_string(body.size()));
  return text.append("\r\n").append(body);
}

void Client::keep_cookies(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!equal_ignoring_case(name, "Set-Cookie")) continue;
    const std::string_view pair = std::string_view(value).substr(0, value.find(';'));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string key(pair.substr(0, equals));
    if (value.find("; Max-Age=0") != std::string::npos)
      cookies_.erase(key);
    else
      cookies_[key] = pair.substr(equals + 1);
  }
}

Expected<ClientResponse> Client::request(std::string_view method, std::string_view target,
                                         const Headers& headers, std::string_view body) {
  Exchange exchange{SteadyClock::now() + std::chrono::milliseconds(options_.deadline_ms)};
  const auto lost = [&](Error error) {
    disconnect();
    return fail(std::move(error));
  };
  if (!still_open())
    if (auto connected = connect(exchange); !connected) return lost(std::move(connected.error()));
  if (auto sent = send_all(exchange, serialise_request(method, target, headers, body)); !sent)
    return lost(std::move(sent.error()));
  auto response = read_response(exchange, method == "HEAD");
  if (!response) return lost(std::move(response.error()));
  const auto* connection = find_header(response->headers, "Connection");
  if (connection && equal_ignoring_case(*connection, "close")) disconnect();
  if (options_.keep_cookies) keep_cookies(response->headers);
  return response;
}

Expected<ClientResponse> Client::get(std::string_view target, const Headers& headers) {
  return request("GET", target, headers);
}

Expected<ClientResponse> Client::post_form(std::string_view target, const Form& form,
                                           Headers headers) {
  headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  return request("POST", target, headers, encode_form(form));
}

}  // namespace isoloir::http
