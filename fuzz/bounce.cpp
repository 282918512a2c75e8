// A mail of a stranger to the bounce address: the id that is taken from it stands in it, a status
// without an error has no reason, the way that lines end changes nothing, and a mail within a mail
// is never taken for the mail itself.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/ascii.hpp"
#include "base/limits.hpp"
#include "courier/bounce.hpp"
#include "courier/received_mail.hpp"

namespace {

using namespace isoloir;

constexpr std::string_view address = "bounces@vote.example.org";

// Its id: whole in the mail, unless folded or encoded there.
void check_id(const Bounce& bounce, std::string_view mail) {
  ISOLOIR_ASSERT(bounce.message.size() == 32);
  ISOLOIR_ASSERT(std::all_of(bounce.message.begin(), bounce.message.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  }));
  const auto lower = ascii_lower(mail);
  const bool encoded = lower.find("base64") != std::string::npos ||
                       lower.find("quoted-printable") != std::string::npos;
  ISOLOIR_ASSERT(encoded || lower.find(bounce.message) != std::string::npos);
}

void check_meaning(const Bounce& bounce) {
  const bool arrived =
      bounce.action == BounceAction::delivered || bounce.action == BounceAction::relayed;
  ISOLOIR_ASSERT(arrived == (bounce.reason == Reason::none));
  ISOLOIR_ASSERT(bounce.reason != Reason::credentials && bounce.reason != Reason::greylisted);
}

// Of a text that has no CR, lines that end in CRLF.
std::string with_carriage_returns(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '\n' ? "\r\n" : std::string(1, c));
  return out;
}

void check_line_ends(const Expected<Bounce>& bounce, std::string_view mail) {
  if (mail.find('\r') != std::string_view::npos) return;
  const auto other = with_carriage_returns(mail);
  if (other.size() > limits::bounce_bytes) return;
  const auto same = parse_bounce(other, address);
  ISOLOIR_ASSERT(same.has_value() == bounce.has_value());
  if (!same) {
    ISOLOIR_ASSERT(same.error().code == bounce.error().code);
    return;
  }
  ISOLOIR_ASSERT(same->message == bounce->message && same->action == bounce->action &&
                 same->reason == bounce->reason);
}

// Forwarded by a person, whose mail has a return path, no bounce is one.
void check_forwarded(std::string_view mail) {
  std::string forwarded =
      "Return-Path: <alix@example.org>\nFrom: alix@example.org\n"
      "To: bounces+0123456789abcdef0123456789abcdef@vote.example.org\n"
      "Content-Type: multipart/mixed; boundary=outer\n\n--outer\n\nSee below.\n--outer\n"
      "Content-Type: message/rfc822\n\n";
  forwarded += mail;
  const auto bounce = parse_bounce(forwarded, address);
  ISOLOIR_ASSERT(!bounce && bounce.error().code == "bounce.none");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view mail(reinterpret_cast<const char*>(data), size);
  const auto bounce = parse_bounce(mail, address);
  if (bounce) {
    check_id(*bounce, mail);
    check_meaning(*bounce);
  } else {
    ISOLOIR_ASSERT(bounce.error().code == "bounce.none" || bounce.error().code == "bounce.message");
  }
  check_line_ends(bounce, mail);
  check_forwarded(mail);
  const auto part = MailPart::read(mail);
  ISOLOIR_ASSERT(part.head.fields().size() <= limits::mail_fields);
  ISOLOIR_ASSERT(part.decoded().size() <= mail.size());
  ISOLOIR_ASSERT(part.parts(limits::mail_parts).size() <= limits::mail_parts);
  return 0;
}
