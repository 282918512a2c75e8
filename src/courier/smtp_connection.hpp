// One connection to a mail relay. libcurl connects, insists on TLS, checks its certificate and logs
// in; the commands of a mail are sent from here, over libcurl's connection. Its own upload says
// neither which command a relay has refused nor whether the last dot had left, has no room for the
// parameters of RCPT (RFC 3461), and would send unknown to the relay where no AUTH is offered.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/limits.hpp"
#include "base/secret.hpp"
#include "courier/smtp_reply.hpp"
#include "courier/transport.hpp"

namespace isoloir {

enum class SmtpSecurity {
  none,      // to this machine alone
  starttls,  // from plain text to TLS; a relay that does not offer it gets nothing
  tls        // from the first byte
};

struct SmtpServer {
  std::string host;  // a name or an address
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::starttls;
  std::string user;  // empty: no login
  Secret<std::string> password;
  std::string ca_file;  // PEM; empty: the system's authorities
  std::string hello;    // the name that we give ourselves, a domain
  int connect_timeout_ms = limits::mail_connect_timeout_ms;
};

// For one thread at a time; it need not stay the same.
class SmtpConnection {
 public:
  using Until = std::chrono::steady_clock::time_point;

  // Why not: always `unreachable`, with Reason::credentials when it does not let us in.
  static tl::expected<std::unique_ptr<SmtpConnection>, SendOutcome> open(const SmtpServer& server,
                                                                         Until until);
  SmtpConnection(const SmtpConnection&) = delete;
  SmtpConnection& operator=(const SmtpConnection&) = delete;
  ~SmtpConnection();  // takes its leave and does not wait for the answer

  bool usable() const { return usable_; }
  void give_up() { usable_ = false; }
  bool announces(std::string_view extension) const;  // upper case: "DSN"

  // A line without its end, and the answer. Nothing when there is none in time, or none that one
  // could understand: the connection is of no more use.
  std::optional<SmtpReply> command(std::string_view line, Until until);

  // All of these bytes, or false: then the last of them has not left.
  bool send(std::string_view bytes, Until until);
  std::optional<SmtpReply> reply(Until until);

 private:
  struct Curl;
  explicit SmtpConnection(std::unique_ptr<Curl> curl);
  bool silent();

  std::unique_ptr<Curl> curl_;
  std::string received_;
  bool usable_ = true;
};

}  // namespace isoloir
