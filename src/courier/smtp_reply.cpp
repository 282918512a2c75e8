#include "courier/smtp_reply.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/limits.hpp"

namespace isoloir {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// 0 for a line that is part of no reply.
int code_of(std::string_view line) {
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return 0;
  if (line[0] < '2' || line[0] > '5') return 0;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

// class "." subject "." detail, as RFC 3463 has them; empty for other text.
std::string status_of(std::string_view text) {
  text = text.substr(0, text.find(' '));
  std::array<std::size_t, 3> digits{};
  std::size_t part = 0;
  for (const char c : text) {
    if (c == '.') {
      if (++part > 2) return {};
    } else if (!is_digit(c) || ++digits[part] > 3) {
      return {};
    }
  }
  return digits[0] == 1 && digits[1] > 0 && digits[2] > 0 ? std::string(text) : std::string();
}

bool says(const SmtpReply& reply, std::initializer_list<std::string_view> any_of) {
  return std::any_of(any_of.begin(), any_of.end(), [&](std::string_view words) {
    return reply.text.find(words) != std::string::npos;
  });
}

// Its class apart: "1.1" of "5.1.1".
std::string_view detail_of(const SmtpReply& reply) {
  return reply.status.empty() ? std::string_view() : std::string_view(reply.status).substr(2);
}

SendOutcome judge_temporary(const SmtpReply& reply) {
  const auto detail = detail_of(reply);
  if (detail == "2.2") return {Delivery::later, Reason::full};
  if (detail.starts_with("4.")) return {Delivery::later, Reason::no_answer};
  if (detail.starts_with("3.")) return {Delivery::later, Reason::other};  // the relay's own trouble
  if (detail.starts_with("7.") || reply.code == 450 || reply.code == 451) {
    return {Delivery::later, Reason::greylisted};
  }
  return {Delivery::later, Reason::other};
}

SendOutcome judge_permanent(const SmtpReply& reply) {
  const auto detail = detail_of(reply);
  // 1.2: the domain does not exist, or takes no mail.
  if (detail == "1.1" || detail == "1.10" || detail == "1.2") {
    return {Delivery::refused, Reason::unknown_recipient};
  }
  if (detail == "2.2") return {Delivery::refused, Reason::full};
  if (detail.starts_with("7.") || detail.starts_with("6.")) {
    return {Delivery::refused, Reason::blocked};
  }
  if (!detail.empty()) return {Delivery::refused, Reason::other};
  if (reply.code == 552) return {Delivery::refused, Reason::full};
  if (reply.code == 550 && says(reply, {"unknown", "no such"})) {
    return {Delivery::refused, Reason::unknown_recipient};
  }
  return {Delivery::refused, Reason::other};
}

// Replies that every mail would get, whoever it is for.
bool wants_a_login(const SmtpReply& reply) {
  if (reply.code == 530 || reply.code == 535 || reply.code == 538) return true;
  // Of Postfix, Exim, Sendmail and Exchange, to who may not send through them. Their codes are
  // those of a recipient refused by policy, and taking them for that would lose every mail.
  return reply.code / 100 == 5 && says(reply, {"relay access denied", "relay not permitted",
                                               "relaying denied", "unable to relay"});
}

bool not_understood(const SmtpReply& reply) {
  return reply.code == 500 || reply.code == 502 || reply.code == 503 || reply.code == 504 ||
         reply.code == 555;
}

}  // namespace

Expected<std::optional<SmtpReply>> take_smtp_reply(std::string& received) {
  SmtpReply reply;
  std::size_t from = 0;
  for (;;) {
    const auto end = received.find('\n', from);
    if (std::min(end, received.size()) > limits::mail_reply_bytes) {
      return fail("smtp.reply", "the relay's reply does not end");
    }
    if (end == std::string::npos) return std::nullopt;
    std::string_view line(received.data() + from, end - from);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const int code = code_of(line);
    if (code == 0 || (reply.code != 0 && code != reply.code)) {
      return fail("smtp.reply", "the relay answers with something else than a reply");
    }
    const auto text = line.substr(std::min<std::size_t>(4, line.size()));
    reply.code = code;
    if (reply.status.empty() && text.starts_with(line[0])) reply.status = status_of(text);
    reply.text += ascii_lower(text) + "\n";
    from = end + 1;
    if (line.size() > 3 && line[3] == '-') continue;
    received.erase(0, from);
    return reply;
  }
}

SendOutcome judge_smtp_reply(SmtpStep step, const SmtpReply& reply) {
  if (wants_a_login(reply)) return {Delivery::unreachable, Reason::credentials};
  if (reply.code == 421 || reply.code < 400 || not_understood(reply)) return Delivery::unreachable;
  if (step == SmtpStep::sender) {
    return {Delivery::unreachable, reply.code >= 500 ? Reason::blocked : Reason::none};
  }
  return reply.code >= 500 ? judge_permanent(reply) : judge_temporary(reply);
}

}  // namespace isoloir
