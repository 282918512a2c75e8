// One plain e-mail address, as a header of a mail can hold it and read it in one way only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace isoloir {

struct Mailbox {
  std::string local;   // as typed
  std::string domain;  // ASCII

  std::string address() const { return local + "@" + domain; }
  // Without plus-tag, dots and case: providers differ on them, and one mailbox must not count as
  // several.
  std::string local_key() const;
};

// RFC 5321 Dot-string at a domain name (base/domain.hpp): no quotes, comments, spaces, lists or
// control characters by construction, nor the % and ! of old routing. Nothing for all else.
std::optional<Mailbox> read_mailbox(std::string_view text);

}  // namespace isoloir
