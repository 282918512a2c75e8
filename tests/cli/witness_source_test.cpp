#include "cli/witness_source.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace isoloir::cli {
namespace {

// Answers on the first connection that comes, until it is closed, and takes no other.
struct OneConnection {
  OneConnection() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(file, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_EQ(::listen(file, 8), 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    answering = std::thread([this] { answer(); });
  }
  ~OneConnection() {
    answering.join();
    ::close(file);
  }
  void answer() const {
    const int peer = ::accept(file, nullptr, nullptr);
    ::shutdown(file, SHUT_RDWR);  // whoever else calls is refused
    std::string received;
    char bytes[4096];
    for (ssize_t read; (read = ::read(peer, bytes, sizeof bytes)) > 0;) {
      received.append(bytes, static_cast<std::size_t>(read));
      if (!received.ends_with("\r\n\r\n") && !received.ends_with("cosigned")) continue;
      received.clear();
      const std::string_view said = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntile";
      EXPECT_EQ(::write(peer, said.data(), said.size()), static_cast<ssize_t>(said.size()));
    }
    ::close(peer);
  }
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string url;
  std::thread answering;
};

// A first look at a long log asks for thousands of tiles.
TEST(WitnessSourceTest, AsksAllOnOneConnection) {
  const OneConnection server;
  WitnessSource source(server.url, [] { return false; });
  for (const auto* path : {"/a", "/b", "/c"}) {
    const auto tile = source.get(path, 4);
    ASSERT_TRUE(tile) << path << ": " << tile.error().message;
    EXPECT_EQ(*tile, "tile");
  }
  EXPECT_TRUE(source.post("/d", "cosigned"));
  EXPECT_TRUE(source.get("/e", 4));
}

}  // namespace
}  // namespace isoloir::cli
