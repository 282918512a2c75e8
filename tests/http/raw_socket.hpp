// A TCP connection that sends exactly the bytes it is given, for what no well-behaved client would
// send.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace isoloir::http::test {

class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port);
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket();

  void send(std::string_view bytes);
  void end_sending();  // half-closes
  // Sends this byte every five milliseconds until the server says something; false when it never
  // does.
  bool drip_until_answered(char byte, int times);
  // Everything up to the close by the server; nothing when it does not close within ten seconds.
  std::optional<std::string> read_to_end();
  // Up to and with this text; what was received when the server closes or ten seconds pass.
  std::string read_until(std::string_view text);

 private:
  enum class Read { data, closed, nothing };
  Read receive();
  int socket_;
  std::string received_;
};

}  // namespace isoloir::http::test
