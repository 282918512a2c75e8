#include "courier/smtp_relay.hpp"

#include <algorithm>

namespace isoloir {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t local_part_bytes = 64;  // RFC 5321 section 4.5.3.1.1

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':';
  });
}

bool is_this_machine(std::string_view host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

Status judge_settings(const SmtpRelaySettings& settings) {
  const auto& server = settings.server;
  if (!is_host(server.host) || server.port == 0) {
    return fail("smtp.host", "the relay needs the name or the address of a host, and a port");
  }
  if (server.security == SmtpSecurity::none && !is_this_machine(server.host)) {
    return fail("smtp.security", "only a relay on this machine may be spoken to without TLS");
  }
  const auto& password = server.password.reveal();
  if (server.user.empty() != password.empty() || has_control_character(server.user) ||
      has_control_character(password)) {
    return fail("smtp.credentials", "the relay needs a user and a password, or neither");
  }
  if (!read_mailbox(settings.from)) return fail("smtp.from", "the sender is no plain address");
  const auto bounces = read_mailbox(settings.bounces);
  if (settings.bounces.empty()) return {};
  if (!bounces || bounces->local.size() + 33 > local_part_bytes) {
    return fail("smtp.bounces", "the address for bounces is no plain address, or too long");
  }
  return {};
}

// RFC 5321 section 4.5.2; the text ends in CRLF.
std::string with_dots(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  bool begins_line = true;
  for (const char c : text) {
    if (begins_line && c == '.') out += '.';
    out += c;
    begins_line = c == '\n';
  }
  return out + ".\r\n";
}

}  // namespace

Expected<std::unique_ptr<SmtpRelay>> SmtpRelay::make(SmtpRelaySettings settings,
                                                     const Clock& clock) {
  if (auto good = judge_settings(settings); !good) return fail(std::move(good.error()));
  MailSender sender{*read_mailbox(settings.from), settings.from_name};
  settings.server.hello = sender.mailbox.domain;
  return std::unique_ptr<SmtpRelay>(new SmtpRelay(std::move(settings), std::move(sender), clock));
}

SmtpRelay::SmtpRelay(SmtpRelaySettings settings, MailSender sender, const Clock& clock)
    : settings_(std::move(settings)), sender_(std::move(sender)), clock_(clock) {}

SendOutcome SmtpRelay::carry(const OutgoingMessage& message) {
  const auto letter = write(message);
  // Nothing that it could become later on.
  auto outcome = letter ? hand_over(*letter) : SendOutcome(Delivery::refused, Reason::other);
  outcome.carrier = settings_.name;
  return outcome;
}

Expected<SmtpRelay::Letter> SmtpRelay::write(const OutgoingMessage& message) const {
  const auto mail = write_mail(message, sender_, clock_.now());
  if (!mail) return fail(mail.error());
  const auto bounces = read_mailbox(settings_.bounces);
  return Letter{bounces ? bounces->local + "+" + message.id + "@" + bounces->domain
                        : sender_.mailbox.address(),
                read_mailbox(message.destination)->address(), message.id, with_dots(*mail)};
}

SendOutcome SmtpRelay::hand_over(const Letter& letter) {
  const auto now = steady_clock::now();
  const auto until = now + milliseconds(settings_.timeout_ms);
  if (auto kept = take_kept()) {
    const auto soon = now + milliseconds(settings_.kept_answer_ms);
    if (auto outcome = converse(*kept, letter, std::min(soon, until), until)) {
      keep(std::move(kept));
      return *outcome;
    }
  }
  auto fresh = SmtpConnection::open(settings_.server, until);
  if (!fresh) return fresh.error();
  auto outcome = converse(**fresh, letter, until, until);
  keep(std::move(*fresh));
  return outcome.value_or(Delivery::unreachable);
}

std::optional<SendOutcome> SmtpRelay::converse(SmtpConnection& connection, const Letter& letter,
                                               Until first_answer, Until until) {
  const bool reports = connection.announces("DSN");  // RFC 3461
  auto sender = "MAIL FROM:<" + letter.sender + ">";
  if (reports) sender += " RET=HDRS ENVID=" + letter.id;
  auto recipient = "RCPT TO:<" + letter.recipient + ">";
  if (reports) recipient += " NOTIFY=SUCCESS,FAILURE,DELAY";

  struct Command {
    std::string_view line;
    SmtpStep step;
    int awaited;  // the first digit
    Until until;
  };
  for (const auto& [line, step, awaited, in_time] :
       {Command{sender, SmtpStep::sender, 2, first_answer},
        Command{recipient, SmtpStep::recipient, 2, until},
        Command{"DATA", SmtpStep::content, 3, until}}) {
    const auto reply = connection.command(line, in_time);
    if (!reply || reply->code == 421) return std::nullopt;
    if (reply->code / 100 == awaited) continue;
    // An unfinished mail would spoil the next one.
    const auto reset = connection.command("RSET", until);
    if (!reset || reset->code != 250) connection.give_up();
    return judge_smtp_reply(step, *reply);
  }
  if (!connection.send(letter.content, until)) return std::nullopt;
  const auto reply = connection.reply(until);
  if (!reply) return Delivery::later;
  if (reply->code == 421) return std::nullopt;
  if (reply->code / 100 == 2) return Delivery::accepted;
  return judge_smtp_reply(SmtpStep::content, *reply);
}

std::unique_ptr<SmtpConnection> SmtpRelay::take_kept() {
  std::vector<Kept> old;  // ends after the lock does
  const std::lock_guard lock(mutex_);
  const auto oldest = steady_clock::now() - milliseconds(settings_.idle_ms);
  const auto fresh = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const Kept& kept) { return kept.since > oldest; });
  old.assign(std::make_move_iterator(kept_.begin()), std::make_move_iterator(fresh));
  kept_.erase(kept_.begin(), fresh);
  if (kept_.empty()) return nullptr;
  auto taken = std::move(kept_.back().connection);
  kept_.pop_back();
  return taken;
}

void SmtpRelay::keep(std::unique_ptr<SmtpConnection> connection) {
  if (!connection->usable()) return;
  const std::lock_guard lock(mutex_);
  if (kept_.size() < limits::mail_connections_kept) {
    kept_.push_back({std::move(connection), steady_clock::now()});
  }
}

}  // namespace isoloir
