// Another program that a test speaks to: started in a folder of its own, ended with the test.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace isoloir::test {

// Whether this process is the one that may use a port from here to its end: the holder of a Unix
// socket named after it, which the kernel takes back by itself.
inline bool reserves(std::uint16_t port) {
  const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const auto text = "isoloir-test-port-" + std::to_string(port);
  std::copy(text.begin(), text.end(), name.sun_path + 1);  // abstract: of no folder
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  const bool first = ::bind(file, reinterpret_cast<sockaddr*>(&name), size) == 0;
  if (!first) ::close(file);
  return first;
}

// A port of loopback that nobody listens on. Below those that the kernel gives to connections, and
// reserved: many tests look for one at the same time, and it is taken only later.
inline std::uint16_t unused_port() {
  static std::mt19937 draw{std::random_device{}()};
  std::uniform_int_distribution<unsigned> ports(12'000, 31'999);
  for (int tries = 0; tries < 1000; ++tries) {
    const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(ports(draw)));
    const bool bound = ::bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(file);
    if (bound && reserves(ntohs(address.sin_port))) return ntohs(address.sin_port);
  }
  throw std::runtime_error("no port is free");
}

class Peer {
 public:
  // Its output goes to `log`. Found by PATH.
  Peer(const std::vector<std::string>& command, const std::filesystem::path& log) {
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const auto name = log.string();
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("no process can be started");
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int out = ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(out, STDOUT_FILENO);
      ::dup2(out, STDERR_FILENO);
      ::execvp(arguments[0], arguments.data());
      ::_exit(127);
    }
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { stop(); }

  // Waits until it accepts connections; false when it ended before, or after `seconds`.
  bool listens(std::uint16_t port, int seconds = 20) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (running() && std::chrono::steady_clock::now() < until) {
      const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(port);
      const bool connected =
          ::connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      ::close(file);
      if (connected) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  bool running() {
    if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) == process_) process_ = 0;
    return process_ > 0;
  }
  void send(int signal) {
    if (running()) ::kill(process_, signal);
  }
  void stop(int signal = SIGTERM) {
    if (process_ <= 0) return;
    ::kill(process_, signal);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  pid_t process_ = 0;
};

}  // namespace isoloir::test
