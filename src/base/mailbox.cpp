#include "base/mailbox.hpp"

#include <algorithm>

#include "base/domain.hpp"
#include "base/limits.hpp"
#include "base/unicode.hpp"

namespace isoloir {
namespace {

// RFC 5321 Dot-string: no quotes, comments, spaces or control characters by construction. Nor % and
// !, by which some relays still route on (user%domain@relay, domain!user@relay): the message would
// go where nobody judged, the professional mailbox for one.
bool is_dot_string(std::string_view local) {
  constexpr std::string_view special = "#$&'*+-/=?^_`{|}~";
  if (local.empty() || local.size() > 64 || local.front() == '.' || local.back() == '.' ||
      local.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(local.begin(), local.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           special.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string Mailbox::local_key() const {
  std::string key = nfkc_casefold(local.substr(0, local.find('+'))).value_or("");
  std::erase(key, '.');
  return key;
}

std::optional<Mailbox> read_mailbox(std::string_view text) {
  const auto at = text.find('@');
  if (text.size() > limits::email_bytes || at == std::string_view::npos) return std::nullopt;
  const auto domain = domain_to_ascii(text.substr(at + 1));
  if (!is_dot_string(text.substr(0, at)) || !domain || domain->back() == '.') return std::nullopt;
  if (at + 1 + domain->size() > limits::email_bytes) return std::nullopt;  // longer in ASCII
  return Mailbox{std::string(text.substr(0, at)), *domain};
}

}  // namespace isoloir
