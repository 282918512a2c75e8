// HTTP exchanges with another service, through libcurl: TLS checked by the system's authorities, no
// redirection followed. Blocks.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace isoloir {

using Deadline = std::chrono::steady_clock::time_point;

struct FetchHeader {
  std::string name;
  Secret<std::string> value;  // visible ASCII and spaces
};

struct FetchRequest {
  std::string url;  // is_fetchable
  std::string accept;
  Secret<std::string> bearer{};  // an access token, or empty
  Secret<std::string> form{};    // application/x-www-form-urlencoded, by POST; empty: GET
  // Where this is one exchange of several that have so much time together.
  Deadline deadline = Deadline::max();
  std::vector<FetchHeader> headers{};
  std::string body_type{};     // content type of `body`, which goes by POST in place of a form
  Secret<std::string> body{};  // any bytes
  std::size_t answer_bytes = limits::openid_answer_bytes;
  int connect_timeout_ms = limits::openid_connect_timeout_ms;
  int answer_timeout_ms = limits::openid_answer_timeout_ms;  // of the whole exchange
  // Asked before it begins and at least every second: whether nobody wants the answer any more.
  std::function<bool()> abandoned{};
};

struct FetchAnswer {
  long status = 0;
  std::string content_type;  // lower case, without parameters
  std::string body;
};

// https://, or http:// of this machine (127.0.0.1 or localhost, with a port).
bool is_fetchable(std::string_view url);

// Exchanges one after another, which keep the connection and nothing else. One thread.
class Fetcher {
 public:
  Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;
  ~Fetcher();
  // As fetch() below.
  Expected<FetchAnswer> fetch(const FetchRequest& request);

 private:
  void* const curl_;
};

// One exchange, of which nothing is kept. Thread-safe.
//
// Errors: fetch.address, fetch.header (a line break or another control character in a header),
// fetch.unreached (no byte of the request has left: no such host, no connection, no TLS),
// fetch.network (cut or too slow once it had, or past the deadline), fetch.too_large (over
// `answer_bytes`), fetch.abandoned. Their messages name the host, no more.
Expected<FetchAnswer> fetch(const FetchRequest& request);

}  // namespace isoloir
