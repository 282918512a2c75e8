// A mail relay as a carrier: one mail, one recipient. Connections are kept for the mails that
// follow. Bounces of each mail come to an address of its own (VERP), bounces+ID@domain, from which
// the message is known whatever the bounce says.
//
// What is `accepted` has been promised by the relay. `refused` and `later` are its words about this
// recipient or this text. What concerns the relay itself (no connection, no TLS, no login, garbage,
// 421, a refused sender) is `unreachable`, and nothing was handed over. When the connection breaks
// after the mail's last byte, nobody knows: that is `later`, and the recipient may get the mail
// twice, with the same Message-ID.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "courier/mail_message.hpp"
#include "courier/smtp_connection.hpp"
#include "courier/transport.hpp"

namespace isoloir {

struct SmtpRelaySettings {
  std::string name;   // as the operator calls it
  SmtpServer server;  // its `hello` is made here, the domain of `from`
  std::string from;   // one address
  std::string from_name;
  std::string bounces;  // one address, whose mailbox takes what is sent to it with a +tag; empty:
                        // `from`, without VERP
  int timeout_ms = limits::mail_timeout_ms;  // of one mail
  int kept_answer_ms = limits::mail_kept_answer_ms;
  int idle_ms = limits::mail_idle_ms;
};

// Thread-safe. No secret, address or text in anything that it says; it logs nothing.
class SmtpRelay final : public Carrier {
 public:
  // Does not connect. Errors: smtp.host, smtp.security (plain text to another machine),
  // smtp.credentials (a user without password or a password without user, or a control character
  // in them), smtp.from, smtp.bounces (no plain address, or too long for its tag).
  static Expected<std::unique_ptr<SmtpRelay>> make(SmtpRelaySettings settings, const Clock& clock);

  std::string_view name() const override { return settings_.name; }
  SendOutcome carry(const OutgoingMessage& message) override;

 private:
  using Until = SmtpConnection::Until;
  struct Letter {
    std::string sender;     // of the envelope
    std::string recipient;  // likewise
    std::string id;
    std::string content;  // as sent after DATA, with the final dot
  };
  struct Kept {
    std::unique_ptr<SmtpConnection> connection;
    std::chrono::steady_clock::time_point since;
  };

  SmtpRelay(SmtpRelaySettings settings, MailSender sender, const Clock& clock);
  Expected<Letter> write(const OutgoingMessage& message) const;
  SendOutcome hand_over(const Letter& letter);
  std::unique_ptr<SmtpConnection> take_kept();
  void keep(std::unique_ptr<SmtpConnection> connection);

  // Nothing when the connection has failed before the mail was handed over.
  static std::optional<SendOutcome> converse(SmtpConnection& connection, const Letter& letter,
                                             Until first_answer, Until until);

  const SmtpRelaySettings settings_;
  const MailSender sender_;
  const Clock& clock_;
  std::mutex mutex_;
  std::vector<Kept> kept_;  // the one used last at the end
};

}  // namespace isoloir
