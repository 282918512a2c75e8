#include "http/wire.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>
#include <ctime>
#include <stdexcept>

#include "base/limits.hpp"
#include "http/percent.hpp"

namespace isoloir::http {
namespace {

namespace beast = boost::beast::http;
using Parser = beast::request_parser<beast::empty_body>;

// What Beast tolerates and we do not: folded lines, and control characters in places. Lines end in
// CR LF here (scan_head), so that a CR elsewhere is a bare one.
bool clean_lines(std::string_view head) {
  while (!head.empty()) {
    const auto line = head.substr(0, head.find('\n') - 1);
    head.remove_prefix(line.size() + 2);
    if (line.starts_with(' ') || line.starts_with('\t')) return false;
    for (const char character : line)
      if ((static_cast<unsigned char>(character) < 0x20 && character != '\t') || character == 0x7F)
        return false;
  }
  return true;
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// uri-host [":" port], RFC 9110 section 7.2; the name itself is of no consequence, as links never
// use it.
bool plausible_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' ||
           c == ']';
  });
}

bool parse_target(std::string_view target, Request& request) {
  const auto question = target.find('?');
  const auto raw = target.substr(0, question);
  if (!raw.starts_with('/') || target.find('#') != std::string_view::npos) return false;
  const auto query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  if (std::any_of(query.begin(), query.end(), [](char c) { return c <= ' ' || c > '~'; }))
    return false;
  auto path = percent_decode(raw, false);
  if (!path || !is_utf8(*path) || has_control(*path)) return false;
  if (path->find('\\') != std::string::npos) return false;
  // An escaped slash would make one path of two targets, and be read in two ways by a proxy and by
  // us.
  if (std::count(path->begin(), path->end(), '/') != std::count(raw.begin(), raw.end(), '/'))
    return false;
  std::string_view rest(*path);
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const auto segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    if (segment == "." || segment == ".." || (segment.empty() && !rest.empty())) return false;
  }
  request.path = std::move(*path);
  request.query = query;
  return true;
}

Method method_of(std::string_view text) {
  if (text == "GET") return Method::get;
  if (text == "HEAD") return Method::head;
  if (text == "POST") return Method::post;
  return Method::other;
}

// The length of the body, 400 or 413; RFC 9112 section 6.3 with nothing left to choose.
int read_framing(const Headers& headers, Head& head) {
  int hosts = 0;
  int lengths = 0;
  for (const auto& [name, value] : headers) {
    if (equal_ignoring_case(name, "Transfer-Encoding")) return 400;
    if (equal_ignoring_case(name, "Host")) {
      if (++hosts > 1 || !plausible_host(value)) return 400;
    } else if (equal_ignoring_case(name, "Content-Length")) {
      if (++lengths > 1 || !all_digits(value)) return 400;
      const auto parsed =
          std::from_chars(value.data(), value.data() + value.size(), head.body_bytes);
      if (parsed.ec != std::errc() || head.body_bytes > limits::http_body_bytes) return 413;
    }
  }
  return hosts == 1 ? 0 : 400;
}

// Everything that the policy asks of a head that Beast could read; 0 or the status to refuse it
// with.
int apply_policy(const beast::request<beast::empty_body>& message, Head& head) {
  auto& request = head.request;
  request.method = method_of({message.method_string().data(), message.method_string().size()});
  for (const auto& field : message) {
    if (request.headers.size() == limits::http_header_fields) return 431;
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  const int framing = read_framing(request.headers, head);
  if (framing == 400) return framing;
  const std::string_view target(message.target().data(), message.target().size());
  if (request.method == Method::other) return 405;
  if (!parse_target(target, request)) return 400;
  if (framing != 0) return framing;
  if (request.method != Method::post && head.body_bytes != 0) return 400;
  head.keep_alive = message.version() == 11 && message.keep_alive();
  if (const auto expectation = request.header("Expect"); expectation && message.version() == 11) {
    if (!equal_ignoring_case(*expectation, "100-continue")) return 417;
    head.expects_continue = true;
  }
  return 0;
}

constexpr std::array<std::array<std::string_view, 2>, 8> default_headers = {{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
     "connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; "
     "base-uri 'none'; require-trusted-types-for 'script'; trusted-types isoloir"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy",
     "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"},
    {"Cache-Control", "no-store"},
}};

// IMF-fixdate, RFC 9110 section 5.6.7. The program never calls setlocale, so that names are
// English.
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

void add_line(std::string& head, std::string_view name, std::string_view value) {
  const auto breaks = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  };
  if (name.empty() || std::any_of(name.begin(), name.end(), breaks) ||
      name.find_first_of(": \t") != std::string_view::npos ||
      std::any_of(value.begin(), value.end(), breaks))
    throw std::invalid_argument("header that would break the framing");
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

HeadScan scan_head(std::string_view received, std::size_t from) {
  for (auto at = received.find('\n', from); at != std::string_view::npos;
       at = received.find('\n', at + 1)) {
    if (at == 0 || received[at - 1] != '\r') return {0, true};
    if (at >= 3 && received[at - 2] == '\n') return {at + 1, false};
  }
  return {};
}

Head parse_head(std::string_view raw) {
  Head head;
  head.refusal = 400;
  if (!clean_lines(raw)) return head;
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits::http_head_bytes));
  parser.body_limit(boost::none);  // the policy's own limit gives 413
  parser.eager(false);
  boost::beast::error_code error;
  const auto used = parser.put(boost::asio::buffer(raw.data(), raw.size()), error);
  if (error || used != raw.size() || !parser.is_header_done()) return head;
  head.refusal = apply_policy(parser.get(), head);
  return head;
}

WireMessage serialise(Response response, bool head_only, bool keep_alive) {
  const auto reason =
      beast::obsolete_reason(beast::int_to_status(static_cast<unsigned>(response.status)));
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason);
  head += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Connection") ||
        equal_ignoring_case(name, "Transfer-Encoding"))
      throw std::invalid_argument("header that is the server's to set");
    add_line(head, name, value);
  }
  for (const auto& [name, value] : default_headers)
    if (!find_header(response.headers, name)) add_line(head, name, value);
  add_line(head, "Date", http_date());
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) add_line(head, "Content-Length", std::to_string(response.body.size()));
  if (!keep_alive) add_line(head, "Connection", "close");
  head += "\r\n";
  if (bodiless || head_only) response.body.clear();
  return {std::move(head), std::move(response.body)};
}

}  // namespace isoloir::http
