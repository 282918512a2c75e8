// One HTTP exchange with another service, through libcurl: TLS checked by the system's authorities,
// no redirection followed, nothing kept. Blocks. Thread-safe.
#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace isoloir {

using Deadline = std::chrono::steady_clock::time_point;

struct FetchRequest {
  std::string url;  // https://, or http:// of this machine
  std::string accept;
  Secret<std::string> bearer{};  // an access token, or empty
  Secret<std::string> form{};    // application/x-www-form-urlencoded, by POST; empty: GET
  // Where this is one exchange of several that have so much time together.
  Deadline deadline = Deadline::max();
};

struct FetchAnswer {
  long status = 0;
  std::string content_type;  // lower case, without parameters
  std::string body;
};

// Errors: fetch.address, fetch.network (not reached, cut, too slow: limits::openid_*_timeout_ms or
// past the deadline),
// fetch.too_large (over limits::openid_answer_bytes). Their messages name the host, no more.
Expected<FetchAnswer> fetch(const FetchRequest& request);

}  // namespace isoloir
