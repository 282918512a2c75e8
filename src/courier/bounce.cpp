#include "courier/bounce.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.hpp"
#include "base/limits.hpp"
#include "courier/received_mail.hpp"

namespace isoloir {
namespace {

constexpr std::size_t bounce_id_digits = 32;

struct Verdict {
  BounceAction action;
  Reason reason;
};

// What of a mail matters here, each the first of its kind.
struct BounceParts {
  std::optional<std::string> status;  // the delivery report, decoded
  std::optional<std::string> words;   // what is written for people, decoded
  std::optional<MailHead> returned;   // the head of the mail that came back
  std::size_t parts = 0;              // met so far
};

bool in_bounce_text(std::string_view text, std::string_view lower_case_words) {
  return text.find(lower_case_words) != std::string_view::npos;
}

// --- the id -------------------------------------------------------------------------------------

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// `text` is lower case. The digits at its beginning; empty: not exactly so many.
std::string id_at_start(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_hex);
  if (end - text.begin() != static_cast<std::ptrdiff_t>(bounce_id_digits)) return {};
  return std::string(text.substr(0, bounce_id_digits));
}

// Of an address with characters before or after it, another one.
bool belongs_to_address(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("._-+@=/").find(c) != std::string_view::npos;
}

// The id in the first address LOCAL+id@DOMAIN of a field's value.
std::string id_in_addresses(const std::string& value, std::string_view local,
                            std::string_view domain) {
  const auto lower = ascii_lower(value);
  const std::string_view text = lower;
  for (auto plus = text.find('+'); plus != std::string_view::npos;
       plus = text.find('+', plus + 1)) {
    const auto before = text.substr(0, plus);
    if (!before.ends_with(local)) continue;
    if (before.size() > local.size() &&
        belongs_to_address(before[before.size() - local.size() - 1]))
      continue;
    auto id = id_at_start(text.substr(plus + 1));
    if (id.empty()) continue;
    auto rest = text.substr(plus + 1 + bounce_id_digits);
    if (!rest.starts_with('@') || !rest.substr(1).starts_with(domain)) continue;
    rest.remove_prefix(1 + domain.size());
    if (rest.empty() || !belongs_to_address(rest[0])) return id;
  }
  return {};
}

std::string id_of_recipient(const MailHead& head, std::string_view bounce_address) {
  const auto address = ascii_lower(bounce_address);
  const auto at = address.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == address.size()) return {};
  const auto local = std::string_view(address).substr(0, at);
  const auto domain = std::string_view(address).substr(at + 1);
  for (const std::string_view name : {"delivered-to", "x-original-to", "envelope-to", "to"}) {
    for (const auto& field : head.fields()) {
      if (field.name != name) continue;
      if (auto id = id_in_addresses(field.value, local, domain); !id.empty()) return id;
    }
  }
  return {};
}

// The next fields between empty lines, of which there may be more than one.
MailHead take_block(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  return MailHead::read(text);
}

std::string id_of_report(const BounceParts& parts) {
  if (parts.status) {
    std::string_view text = *parts.status;
    const auto whole = take_block(text);
    if (const auto* envelope = whole.find("original-envelope-id")) {
      auto id = id_at_start(ascii_lower(*envelope));
      if (id.size() == envelope->size() && !id.empty()) return id;
    }
  }
  if (!parts.returned) return {};
  const auto* message = parts.returned->find("message-id");
  if (message == nullptr || !message->starts_with('<') || !message->ends_with('>')) return {};
  auto id = id_at_start(ascii_lower(std::string_view(*message).substr(1)));
  return !id.empty() && (*message)[1 + bounce_id_digits] == '@' ? id : std::string{};
}

// --- why ----------------------------------------------------------------------------------------

struct EnhancedCode {  // RFC 3463
  int status_class = 0, subject = 0, detail = 0;
  bool says_nothing() const { return subject == 0 && detail == 0; }
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// One number of at most three digits; `text` goes beyond it. -1: none, or a longer one.
int take_number(std::string_view& text) {
  int value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    if (++digits > 3) return -1;
    value = value * 10 + (text[digits - 1] - '0');
  }
  text.remove_prefix(digits);
  return digits == 0 ? -1 : value;
}

std::optional<EnhancedCode> code_at_start(std::string_view text) {
  EnhancedCode code;
  code.status_class = text[0] - '0';
  text.remove_prefix(1);
  if (!text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  code.subject = take_number(text);
  if (code.subject < 0 || code.subject > 7 || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  code.detail = take_number(text);
  if (code.detail < 0) return std::nullopt;
  // "5.1.1." ends a sentence, "5.1.1.9" is an address of a machine.
  if (text.size() >= 2 && text[0] == '.' && is_digit(text[1])) return std::nullopt;
  return code;
}

// The first one of these classes.
std::optional<EnhancedCode> first_code(std::string_view text, std::string_view classes) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (classes.find(text[at]) == std::string_view::npos) continue;
    if (at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.')) continue;
    if (const auto code = code_at_start(text.substr(at))) return code;
  }
  return std::nullopt;
}

// `words`: of the system that refused, lower case.
Reason reason_of(const std::optional<EnhancedCode>& code, std::string_view words) {
  if (!code) return Reason::other;
  const auto [status_class, subject, detail] = *code;
  const bool permanent = status_class == 5;
  if (permanent && subject == 1 && (detail == 1 || detail == 2 || detail == 10)) {
    return Reason::unknown_recipient;
  }
  // Exchange Online says so of an address that its organisation does not have.
  if (permanent && subject == 4 && detail == 1 &&
      in_bounce_text(words, "recipient address rejected")) {
    return Reason::unknown_recipient;
  }
  if (subject == 2 && detail == 2) return Reason::full;
  if (subject == 7 || subject == 6) return Reason::blocked;
  return subject == 4 ? Reason::no_answer : Reason::other;
}

// --- what a report says -------------------------------------------------------------------------

std::optional<BounceAction> action_named(std::string_view word, std::optional<EnhancedCode> code) {
  if (word == "failed") return BounceAction::failed;
  if (word == "delayed") return BounceAction::delayed;
  if (word == "delivered") return BounceAction::delivered;
  if (word == "relayed" || word == "expanded") return BounceAction::relayed;
  if (!word.empty() || !code) return std::nullopt;
  // Some leave the action out; the class says it then.
  return code->status_class == 5   ? BounceAction::failed
         : code->status_class == 4 ? BounceAction::delayed
                                   : BounceAction::delivered;
}

std::optional<Verdict> judge_recipient(const MailHead& block) {
  const auto value = [&](std::string_view name) {
    const auto* found = block.find(name);
    return found == nullptr ? std::string{} : ascii_lower(*found);
  };
  auto code = first_code(value("status"), "245");
  const auto word = value("action");
  const auto action = action_named(word.substr(0, word.find_first_of(" \t(;")), code);
  if (!action) return std::nullopt;
  if (*action == BounceAction::delivered || *action == BounceAction::relayed) {
    return Verdict{*action, Reason::none};
  }
  // Exim writes 5.0.0 there whatever the other server has answered.
  const auto diagnostic = value("diagnostic-code");
  if (!code || code->says_nothing() || code->status_class == 2) {
    const auto better = first_code(diagnostic, "45");
    code = better ? better : code;
  }
  return Verdict{*action, reason_of(code, diagnostic)};
}

// Of several recipients, which a forwarding address has: what failed counts before what waits, and
// that before what arrived.
std::optional<Verdict> judge_report(std::string_view text) {
  constexpr std::array<BounceAction, 4> gravest_first = {
      BounceAction::failed, BounceAction::delayed, BounceAction::relayed, BounceAction::delivered};
  const auto gravity = [&](const Verdict& one) {
    return std::find(gravest_first.begin(), gravest_first.end(), one.action);
  };
  std::optional<Verdict> all;
  for (std::size_t k = 0; k < limits::report_blocks && !text.empty(); ++k) {
    const auto one = judge_recipient(take_block(text));
    if (one && (!all || gravity(*one) < gravity(*all))) all = one;
  }
  return all;
}

// --- what has no report -------------------------------------------------------------------------

bool from_mail_system(const MailHead& head) {
  if (head.find("x-failed-recipients") != nullptr) return true;
  const auto* from = head.find("from");
  if (from == nullptr) return false;
  const auto lower = ascii_lower(*from);
  const auto bracket = lower.rfind('<');
  auto local = std::string_view(lower).substr(bracket == std::string::npos ? 0 : bracket + 1);
  local = local.substr(0, local.find_first_of("@> \t("));
  return local == "mailer-daemon" || local == "mailerdaemon" || local == "postmaster";
}

bool null_return_path(const MailHead& head) {
  const auto* path = head.find("return-path");
  return path != nullptr && (*path == "<>" || path->empty());
}

bool still_tried(const MailHead& head, std::string_view words) {
  const auto* subject = head.find("subject");
  const auto lower = subject == nullptr ? std::string{} : ascii_lower(*subject);
  for (const std::string_view sign : {"delayed", "(delay)", "could not send message for past"}) {
    if (in_bounce_text(lower, sign)) return true;
  }
  for (const std::string_view sign : {"not yet been delivered", "still being retried",
                                      "will continue to be attempted", "do not need to resend"}) {
    if (in_bounce_text(words, sign)) return true;
  }
  return false;
}

std::optional<Verdict> judge_words(const MailHead& head, const BounceParts& parts,
                                   bool called_report) {
  if (!null_return_path(head)) return std::nullopt;
  const auto words = ascii_lower(parts.words.value_or(""));
  const auto code = first_code(words, "45");
  const auto* automatic = head.find("auto-submitted");
  const bool responder =
      automatic != nullptr && ascii_lower(*automatic).starts_with("auto-replied");
  if (!called_report && !from_mail_system(head) && (responder || !code)) return std::nullopt;
  const bool waits = still_tried(head, words);
  return Verdict{waits ? BounceAction::delayed : BounceAction::failed, reason_of(code, words)};
}

// --- the whole ----------------------------------------------------------------------------------

// A mail within the mail is looked at for its head alone: what it holds is not about our message.
void collect(const MailPart& part, std::size_t depth, BounceParts& found) {
  const auto type = part.type();
  if (type.starts_with("multipart/")) {
    if (depth >= limits::mail_depth) return;
    for (const auto text : part.parts(limits::mail_parts - found.parts)) {
      if (found.parts == limits::mail_parts) return;
      ++found.parts;
      collect(MailPart::read(text), depth + 1, found);
    }
  } else if (type == "message/delivery-status" || type == "message/global-delivery-status") {
    if (!found.status) found.status = part.decoded();
  } else if (type == "message/rfc822" || type == "text/rfc822-headers" ||
             type == "message/rfc822-headers" || type == "message/global" ||
             type == "message/global-headers") {
    if (found.returned) return;
    const auto decoded = part.decoded();
    std::string_view text = decoded;
    found.returned = MailHead::read(text);
  } else if (type.starts_with("text/") && !found.words) {
    found.words = part.decoded();
  }
}

std::optional<Verdict> judge_mail(const MailPart& mail, const BounceParts& parts) {
  const bool report = mail.type() == "multipart/report";
  const auto kind = ascii_lower(mail.type_parameter("report-type"));
  // Receipts of a reader and complaints are reports as well.
  if (report && !kind.empty() && kind != "delivery-status") return std::nullopt;
  // Some systems send reports with a return path, or in another multipart; both at once is a person
  // who forwards one.
  if (parts.status && (report || null_return_path(mail.head))) return judge_report(*parts.status);
  return judge_words(mail.head, parts, report && kind == "delivery-status");
}

}  // namespace

Expected<Bounce> parse_bounce(std::string_view text, std::string_view bounce_address) {
  const auto mail = MailPart::read(text.substr(0, limits::bounce_bytes));
  BounceParts parts;
  collect(mail, 0, parts);
  const auto verdict = judge_mail(mail, parts);
  if (!verdict) return fail("bounce.none", "the mail is no bounce");
  auto id = id_of_recipient(mail.head, bounce_address);
  if (id.empty()) id = id_of_report(parts);
  if (id.empty()) return fail("bounce.message", "the bounce does not say of which message");
  return Bounce{std::move(id), verdict->action, verdict->reason};
}

}  // namespace isoloir
