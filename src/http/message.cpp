#include "http/message.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/ascii.hpp"

namespace isoloir::http {
namespace {

// cookie-octet, RFC 6265 section 4.1.1; every character of it may stand in a value, those of a
// token in a name.
bool is_cookie_octet(char character) {
  return character > ' ' && character <= '~' && character != '"' && character != ',' &&
         character != ';' && character != '\\';
}

bool is_cookie_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char character) {
    return (ascii_lower(character) >= 'a' && ascii_lower(character) <= 'z') ||
           (character >= '0' && character <= '9') || character == '_' || character == '-';
  });
}

constexpr std::string_view cookie_prefix = "__Host-";

Header cookie_header(std::string_view name, std::string_view value, std::string_view attributes) {
  if (!is_cookie_name(name) || !std::all_of(value.begin(), value.end(), is_cookie_octet))
    throw std::invalid_argument("cookie name or value outside the grammar");
  std::string text(cookie_prefix);
  text.append(name).append("=").append(value).append("; Path=/; Secure; HttpOnly; SameSite=");
  return {"Set-Cookie", text.append(attributes)};
}

Response typed(std::string_view type, std::string body, int status) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  response.headers.push_back({"Content-Type", std::string(type)});
  return response;
}

}  // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return ascii_lower(a) == ascii_lower(b); });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& header : headers)
    if (equal_ignoring_case(header.name, name)) return &header.value;
  return nullptr;
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  const auto* value = find_header(headers, name);
  return value ? std::optional<std::string_view>(*value) : std::nullopt;
}

std::vector<std::pair<std::string, std::string>> Request::cookies() const {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& header : headers) {
    if (!equal_ignoring_case(header.name, "Cookie")) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      const auto pair = trim(rest.substr(0, rest.find(';')));
      rest.remove_prefix(std::min(rest.size(), rest.find(';') == std::string_view::npos
                                                   ? rest.size()
                                                   : rest.find(';') + 1));
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos) continue;
      result.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
  }
  return result;
}

std::optional<std::string> Request::cookie(std::string_view name) const {
  for (auto& [key, value] : cookies())
    if (key.size() == cookie_prefix.size() + name.size() && key.starts_with(cookie_prefix) &&
        key.ends_with(name))
      return std::move(value);
  return std::nullopt;
}

Response Response::html(std::string body, int status) {
  return typed("text/html; charset=utf-8", std::move(body), status);
}

Response Response::text(std::string body, int status) {
  return typed("text/plain; charset=utf-8", std::move(body), status);
}

Response Response::json(std::string body, int status) {
  return typed("application/json", std::move(body), status);
}

Response Response::redirect_303(std::string path) {
  // Browsers read a backslash as a slash, and drop tabs and newlines: only visible ASCII without
  // '\' may pass.
  const bool visible = std::all_of(path.begin(), path.end(), [](char character) {
    return character > ' ' && character <= '~' && character != '\\';
  });
  if (!visible || !path.starts_with('/') || path.starts_with("//"))
    throw std::invalid_argument("redirection outside this site");
  Response response;
  response.status = 303;
  response.headers.push_back({"Location", std::move(path)});
  return response;
}

Response& Response::set_header(std::string_view name, std::string value) & {
  std::erase_if(headers,
                [&](const Header& header) { return equal_ignoring_case(header.name, name); });
  headers.push_back({std::string(name), std::move(value)});
  return *this;
}

Response Response::set_header(std::string_view name, std::string value) && {
  return std::move(set_header(name, std::move(value)));
}

Response& Response::with_cookie(std::string_view name, std::string_view value,
                                SameSite same_site) & {
  headers.push_back(cookie_header(name, value, same_site == SameSite::lax ? "Lax" : "Strict"));
  return *this;
}

Response Response::with_cookie(std::string_view name, std::string_view value,
                               SameSite same_site) && {
  return std::move(with_cookie(name, value, same_site));
}

Response& Response::without_cookie(std::string_view name) & {
  headers.push_back(cookie_header(name, "", "Lax; Max-Age=0"));
  return *this;
}

Response Response::without_cookie(std::string_view name) && {
  return std::move(without_cookie(name));
}

}  // namespace isoloir::http
