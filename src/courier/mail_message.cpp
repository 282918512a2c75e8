#include "courier/mail_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/ascii.hpp"
#include "base/bytes.hpp"
#include "base/html.hpp"
#include "base/limits.hpp"
#include "base/unicode.hpp"

namespace isoloir {
namespace {

// ---- Headers

bool header_text(std::string_view text) {
  constexpr std::string_view ends_a_line("\r\n\0", 3);
  return text.size() <= limits::mail_header_bytes && valid_utf8(text) &&
         text.find_first_of(ends_a_line) == std::string_view::npos;
}

bool needs_no_encoding(std::string_view text) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~'; };
  return text.size() <= 60 && std::all_of(text.begin(), text.end(), plain) &&
         text.find("=?") == std::string_view::npos && !text.starts_with(' ') &&
         !text.ends_with(' ');
}

// Whole characters, so that each encoded word is text of its own (RFC 2047 section 5).
std::string_view characters_within(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while ((static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

// The longest that leaves room for "Subject: " on a line of 76.
constexpr std::size_t encoded_word_bytes = 39;

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto piece = characters_within(text, encoded_word_bytes);
    if (!out.empty()) out += "\r\n ";
    out += "=?utf-8?B?" + base64_encode(as_bytes(piece)) + "?=";
    text.remove_prefix(piece.size());
  }
  return out;
}

std::string subject_header(std::string_view text) {
  return needs_no_encoding(text) ? std::string(text) : encoded_words(text);
}

// A display name other than plain words has a syntax of its own; encoded, it needs none.
std::string from_header(const MailSender& sender) {
  auto address = "<" + sender.mailbox.address() + ">";
  if (sender.name.empty()) return address;
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           c == '-';
  };
  const bool words =
      needs_no_encoding(sender.name) && std::all_of(sender.name.begin(), sender.name.end(), word);
  return (words ? sender.name : encoded_words(sender.name)) + "\r\n " + address;
}

// RFC 5322 section 3.3, in English whatever the locale.
std::string date_header(TimeMs at) {
  using namespace std::chrono;
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_time<milliseconds> time{milliseconds(at)};
  const auto day = floor<std::chrono::days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", days[weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

// ---- Bodies

constexpr std::size_t line_length = 76;  // RFC 2045 section 6.7

// Quoted-printable. Only \n ends a line; a stray \r comes out as the character that it is.
std::string quoted_printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\r\n";
      length = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const bool plain = (c > ' ' && c <= '~' && c != '=') || (c == ' ' && !ends_line);
    const std::size_t width = plain ? 1 : 3;
    if (length + width > line_length - (ends_line ? 0 : 1)) {
      out += "=\r\n";
      length = 0;
    }
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'=', digits[byte >> 4], digits[byte & 15]};
    }
    length += width;
  }
  return out;
}

// HTML has no other control characters than these.
std::string without_controls(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\t' || static_cast<unsigned char>(c) >= ' ') out += c;
  }
  return out;
}

// The length of the web address that a text begins with; 0 for none. What an address may hold but
// a sentence puts after it is left out of it.
std::size_t address_length(std::string_view text) {
  const std::string_view scheme = text.starts_with("https://")  ? "https://"
                                  : text.starts_with("http://") ? "http://"
                                                                : "";
  if (scheme.empty()) return 0;
  const auto part_of_it = [](char c) {
    return c > ' ' && c <= '~' && std::string_view("<>\"\\^`{|}").find(c) == std::string_view::npos;
  };
  const auto end = std::find_if_not(text.begin(), text.end(), part_of_it);
  auto length = static_cast<std::size_t>(end - text.begin());
  while (std::string_view(".,;:!?')]").find(text[length - 1]) != std::string_view::npos) --length;
  return length > scheme.size() ? length : 0;
}

std::string html_line(std::string_view line) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t i = 0; i < line.size();) {
    const auto length = address_length(line.substr(i));
    if (length == 0) {
      ++i;
      continue;
    }
    const auto address = html_escaped(without_controls(line.substr(i, length)));
    out += html_escaped(without_controls(line.substr(done, i - done)));
    out += fmt::format("<a href=\"{0}\">{0}</a>", address);
    done = i += length;
  }
  return out + html_escaped(without_controls(line.substr(done)));
}

std::string part(std::string_view type, std::string_view text) {
  return fmt::format(
      "Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\n{}\r\n",
      type, quoted_printable(text));
}

Status judge(const OutgoingMessage& message, const MailSender& sender) {
  if (!hex_decode_array<16>(message.id)) return fail("mail.id", "a mail's id is 32 digits");
  if (!header_text(sender.name)) return fail("mail.sender", "the sender's name fits no header");
  if (!header_text(message.subject)) return fail("mail.subject", "the subject fits no header");
  if (message.body.size() > limits::mail_text_bytes || !valid_utf8(message.body)) {
    return fail("mail.text", "the text of a mail is too long, or not UTF-8");
  }
  return {};
}

}  // namespace

std::string mail_html(std::string_view subject, std::string_view plain_text) {
  std::string out = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>" +
                    html_escaped(without_controls(subject)) + "</title></head><body>\n";
  bool open = false;
  while (!plain_text.empty()) {
    const auto end = std::min(plain_text.find('\n'), plain_text.size());
    const auto line = plain_text.substr(0, end);
    plain_text.remove_prefix(std::min(end + 1, plain_text.size()));
    if (line.empty()) {
      if (open) out += "</p>\n";
      open = false;
    } else {
      out += (open ? "<br>\n" : "<p>") + html_line(line);
      open = true;
    }
  }
  return out + (open ? "</p>\n" : "") + "</body></html>\n";
}

Expected<std::string> write_mail(const OutgoingMessage& message, const MailSender& sender,
                                 TimeMs at) {
  if (auto good = judge(message, sender); !good) return fail(std::move(good.error()));
  const auto recipient = read_mailbox(message.destination);
  if (!recipient) return fail("mail.recipient", "the recipient is no single plain address");
  const auto reply_to = read_mailbox(message.reply_to);
  if (!reply_to && !message.reply_to.empty()) {
    return fail("mail.reply_to", "whom to reply to is no single plain address");
  }
  const auto boundary = "=_" + message.id;  // which no quoted-printable text can hold
  std::string mail;
  const auto header = [&mail](std::string_view name, std::string_view value) {
    mail += fmt::format("{}: {}\r\n", name, value);
  };
  header("From", from_header(sender));
  header("To", recipient->address());
  if (reply_to) header("Reply-To", reply_to->address());
  header("Subject", subject_header(message.subject));
  header("Date", date_header(at));
  header("Message-ID", "<" + message.id + "@" + sender.mailbox.domain + ">");
  header("Auto-Submitted", "auto-generated");  // RFC 3834: no machine should answer
  header("X-Auto-Response-Suppress", "All");   // the same for Exchange
  header("MIME-Version", "1.0");
  header("Content-Type", "multipart/alternative;\r\n boundary=\"" + boundary + "\"");
  mail += "\r\n";
  for (const auto& body : {part("text/plain", message.body),
                           part("text/html", mail_html(message.subject, message.body))}) {
    mail += fmt::format("--{}\r\n{}", boundary, body);
  }
  return mail + "--" + boundary + "--\r\n";
}

}  // namespace isoloir
