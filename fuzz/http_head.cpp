// The head of a message, as bytes of a stranger: what the policy lets through has one reading, and
// read again from what was understood it is understood the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "http/address.hpp"
#include "http/form.hpp"
#include "http/percent.hpp"
#include "http/wire.hpp"

namespace {

using namespace isoloir;

void check_path(std::string_view path) {
  ISOLOIR_ASSERT(path.starts_with('/') && http::is_utf8(path) && !http::has_control(path));
  ISOLOIR_ASSERT(path.find("//") == std::string_view::npos &&
                 path.find('\\') == std::string_view::npos);
  for (const std::string_view part : {"/../", "/./"}) {
    ISOLOIR_ASSERT(path.find(part) == std::string_view::npos);
  }
  ISOLOIR_ASSERT(!path.ends_with("/..") && !path.ends_with("/."));
}

// Every byte escaped but the slashes: another spelling of the same path.
std::string escaped(std::string_view path) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '/')
      text += c;
    else
      text.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return text;
}

std::string written(const http::Head& head) {
  const auto& request = head.request;
  std::string text = request.method == http::Method::get    ? "GET "
                     : request.method == http::Method::head ? "HEAD "
                                                            : "POST ";
  text += escaped(request.path);
  if (!request.query.empty()) text += "?" + request.query;
  text += " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scan = http::scan_head(text, 0);
  if (scan.bad || scan.end == 0 || scan.end > limits::http_head_bytes) return 0;
  ISOLOIR_ASSERT(scan.end <= size && text.substr(0, scan.end).ends_with("\r\n\r\n"));
  const auto head = http::parse_head(text.substr(0, scan.end));
  if (head.refusal != 0) {
    ISOLOIR_ASSERT(head.refusal == 400 || head.refusal == 405 || head.refusal == 413 ||
                   head.refusal == 417 || head.refusal == 431);
    return 0;
  }
  const auto& request = head.request;
  ISOLOIR_ASSERT(request.method != http::Method::other);
  check_path(request.path);
  ISOLOIR_ASSERT(head.body_bytes <= limits::http_body_bytes);
  ISOLOIR_ASSERT(request.method == http::Method::post || head.body_bytes == 0);
  ISOLOIR_ASSERT(request.headers.size() <= limits::http_header_fields);
  ISOLOIR_ASSERT(!request.header("Transfer-Encoding") && request.header("Host"));
  (void)request.cookies();
  (void)http::client_address("192.0.2.1", request.headers,
                             {http::AddressRange::parse("192.0.2.1").value()});
  if (const auto query = http::read_query(request)) {
    const auto again = http::parse_form(http::encode_form(*query));
    ISOLOIR_ASSERT(again && *again == *query);
  }
  // Of HTTP/1.0 an expectation means nothing.
  if (request.header("Expect") && !head.expects_continue) return 0;
  const auto rewritten = written(head);
  if (rewritten.size() > limits::http_head_bytes) return 0;
  const auto same = http::parse_head(rewritten);
  ISOLOIR_ASSERT(same.refusal == 0 && same.body_bytes == head.body_bytes);
  ISOLOIR_ASSERT(same.request.path == request.path && same.request.query == request.query);
  ISOLOIR_ASSERT(same.request.cookies() == request.cookies());
  return 0;
}
