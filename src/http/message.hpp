// What a handler receives and returns. Plain values: no socket, no library, safe to move between
// threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace isoloir::http {

enum class Method { get, head, post, other };

struct Header {
  std::string name;
  std::string value;
};
using Headers = std::vector<Header>;

// ASCII without case: field names and the tokens of HTTP.
bool equal_ignoring_case(std::string_view left, std::string_view right);
// Without the spaces and tabs at both ends (OWS, RFC 9110 section 5.6.3).
std::string_view trim(std::string_view text);
// The first field of that name, whatever its case; null when there is none.
const std::string* find_header(const Headers& headers, std::string_view name);

struct Request {
  Method method = Method::get;
  // Percent-decoded valid UTF-8 that starts with '/'; no empty or dot segment, no backslash, no
  // control character, and no slash that was escaped: two different targets never name one path by
  // normalisation.
  std::string path;
  std::string query;  // as received, without '?'; read it with read_query (form.hpp)
  Headers headers;
  std::string body;
  // Canonical text of the IPv4 or IPv6 address. For throttles and journals, never for links.
  std::string client_address;

  std::optional<std::string_view> header(std::string_view name) const;
  // Every cookie sent, in order, names as on the wire.
  std::vector<std::pair<std::string, std::string>> cookies() const;
  // The value of the cookie that Response::with_cookie set under this name, so without its
  // "__Host-" prefix.
  std::optional<std::string> cookie(std::string_view name) const;
};

enum class SameSite { lax, strict };

struct Response {
  int status = 200;
  Headers headers;  // Content-Length, Connection, Date and absent security headers are the server's
  std::string body;

  static Response html(std::string body, int status = 200);
  static Response text(std::string body, int status = 200);
  static Response json(std::string body, int status = 200);
  // See Other (RFC 9110 section 15.4.4) to a path of this site. Throws std::invalid_argument on
  // anything else ("//host", "https:…"), so that no input can send a voter elsewhere.
  static Response redirect_303(std::string path);

  // Replaces any field of that name.
  Response& set_header(std::string_view name, std::string value) &;
  Response set_header(std::string_view name, std::string value) &&;
  // "__Host-<name>=<value>; Path=/; Secure; HttpOnly; SameSite=…" for the length of the browser
  // session (RFC 6265bis section 4.1.3.2). Throws std::invalid_argument when name or value is not
  // of the cookie grammar.
  Response& with_cookie(std::string_view name, std::string_view value,
                        SameSite same_site = SameSite::lax) &;
  Response with_cookie(std::string_view name, std::string_view value,
                       SameSite same_site = SameSite::lax) &&;
  Response& without_cookie(std::string_view name) &;
  Response without_cookie(std::string_view name) &&;
};

}  // namespace isoloir::http
