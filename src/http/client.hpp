// A small blocking HTTP/1.1 client with keep-alive, for loopback: functional tests and the
// rehearsal. It follows no redirection and resends nothing. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/form.hpp"
#include "http/message.hpp"

namespace isoloir::http {

struct ClientOptions {
  int deadline_ms = 30'000;  // for one request, from connecting to the last byte
  bool keep_cookies = true;  // hold what Set-Cookie gives, and send it back
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

class Client {
 public:
  // address: an IPv4 or IPv6 address in figures.
  Client(std::string address, std::uint16_t port, ClientOptions options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Errors: client.connect, client.deadline, client.closed (before the whole answer),
  // client.malformed.
  Expected<ClientResponse> request(std::string_view method, std::string_view target,
                                   const Headers& headers = {}, std::string_view body = {});
  Expected<ClientResponse> get(std::string_view target, const Headers& headers = {});
  Expected<ClientResponse> post_form(std::string_view target, const Form& form,
                                     Headers headers = {});

  std::map<std::string, std::string>& cookies() { return cookies_; }  // names as on the wire
  void disconnect();

 private:
  struct Exchange;
  Status connect(Exchange& exchange);
  Status send_all(Exchange& exchange, std::string_view bytes);
  Status receive(Exchange& exchange);
  Expected<std::string> read_head(Exchange& exchange);
  Expected<ClientResponse> read_response(Exchange& exchange, bool head_only);
  std::string serialise_request(std::string_view method, std::string_view target,
                                const Headers& headers, std::string_view body) const;
  void keep_cookies(const Headers& headers);
  bool still_open() const;

  std::string address_;
  std::uint16_t port_;
  ClientOptions options_;
  std::map<std::string, std::string> cookies_;
  std::string received_;
  int socket_ = -1;
};

}  // namespace isoloir::http
