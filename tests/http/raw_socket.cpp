#include "http/raw_socket.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace isoloir::http::test {

RawSocket::RawSocket(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
}

RawSocket::~RawSocket() {
  ::close(socket_);
}

void RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // refused early; the answer tells
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawSocket::end_sending() {
  ::shutdown(socket_, SHUT_WR);
}

bool RawSocket::drip_until_answered(char byte, int times) {
  pollfd descriptor{socket_, POLLIN, 0};
  for (int i = 0; i < times; ++i) {
    send({&byte, 1});
    if (poll(&descriptor, 1, 5) == 1) return true;
  }
  return false;
}

RawSocket::Read RawSocket::receive() {
  pollfd descriptor{socket_, POLLIN, 0};
  if (poll(&descriptor, 1, 10'000) != 1) return Read::nothing;
  std::array<char, 4096> chunk{};
  const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
  if (got <= 0) return Read::closed;
  received_.append(chunk.data(), static_cast<std::size_t>(got));
  return Read::data;
}

std::optional<std::string> RawSocket::read_to_end() {
  Read read = Read::data;
  while (read == Read::data) read = receive();
  if (read == Read::nothing) return std::nullopt;
  return std::move(received_);
}

std::string RawSocket::read_until(std::string_view text) {
  while (received_.find(text) == std::string::npos)
    if (receive() != Read::data) return std::move(received_);
  const auto end = received_.find(text) + text.size();
  std::string result = received_.substr(0, end);
  received_.erase(0, end);
  return result;
}

}  // namespace isoloir::http::test
