// One mail as it goes over the wire: headers, and the text twice, plain and as HTML made from it
// (RFC 5322, 2045 to 2047). Seven-bit, lines of at most 76 characters but for an address in a
// header, so no relay has a reason to change anything. Nothing in it is fetched from anywhere, and
// nothing tells the sender that it was read. Pure; thread-safe.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "courier/transport.hpp"

namespace isoloir {

struct MailSender {
  Mailbox mailbox;
  std::string name;  // UTF-8; empty for none
};

// Lines end in CRLF; lines that begin with a dot are as they are. The same message at the same time
// is the same mail. Errors, none of which quotes what it is about: mail.id, mail.recipient,
// mail.reply_to (no single plain address), mail.subject, mail.sender (CR, LF, NUL, not UTF-8, or
// longer than limits::mail_header_bytes), mail.text (not UTF-8, longer than
// limits::mail_text_bytes).
Expected<std::string> write_mail(const OutgoingMessage& message, const MailSender& sender,
                                 TimeMs at);

// The text of a web page that shows this plain text: paragraphs, lines, and each http:// or
// https:// address a link of which one sees where it leads.
std::string mail_html(std::string_view subject, std::string_view plain_text);

}  // namespace isoloir
