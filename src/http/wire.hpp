// HTTP/1.1 on the wire: the header policy for what is read (RFC 9112, made strict against request
// smuggling), and the bytes of what is answered. Pure, apart from the date of an answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace isoloir::http {

// Where the head ends in what has been received so far, looking at bytes from `from` on.
struct HeadScan {
  std::size_t end = 0;  // one past the empty line; 0 while it has not come
  bool bad = false;     // a line that does not end in CR LF
};
HeadScan scan_head(std::string_view received, std::size_t from);

struct Head {
  Request request;  // without body and client address; path empty when the head could not be read
  std::size_t body_bytes = 0;
  bool keep_alive = false;
  bool expects_continue = false;
  int refusal = 0;  // status to refuse the message with; after it the connection must close
};

// The policy on one complete head. 400: bare CR or LF, folded line, control character, bad grammar,
// any Transfer-Encoding, a Content-Length repeated or not all digits, other than one Host, a target
// that is not a plain path (Request::path), a body with GET or HEAD. 405: another method than GET,
// HEAD, POST. 413: body over limits::http_body_bytes. 417: unknown expectation. 431: more than
// limits::http_header_fields.
Head parse_head(std::string_view head);

struct WireMessage {
  std::string head;
  std::string body;
};

// Adds framing, Date and every security header that the response does not set itself. head_only:
// the answer to a HEAD. Throws std::invalid_argument on a header that would break the framing.
WireMessage serialise(Response response, bool head_only, bool keep_alive);

}  // namespace isoloir::http
