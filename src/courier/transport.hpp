// How a message leaves: the interface between the outbox and whatever carries messages. A carrier
// is one relay for mail (courier/smtp_relay.hpp) or one route for text messages
// (courier/kannel_route.hpp).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace isoloir {

enum class MessageChannel { email, sms };
std::string_view name_of(MessageChannel channel);  // "email", "sms"

struct OutgoingMessage {
  std::string id;  // 32 hexadecimal digits; the same when it is sent again
  MessageChannel channel = MessageChannel::email;
  std::string destination;  // one address, local@ascii.domain, or E.164 with its +
  std::string subject;      // empty for a text message
  std::string body;         // plain text, lines end in \n
  std::string reply_to;     // empty: the sender
  std::vector<std::string>
      carried_by{};            // names of carriers that had it already, and whose way failed
  std::int64_t useful_ms = 0;  // from now on; then it should arrive no more. 0: that is not known
};

enum class Delivery {
  accepted,    // the relay or the route has it; reports may follow
  delivered,   // it has arrived
  refused,     // never try again
  later,       // this message, not now
  unreachable  // whatever the message: the carrier is down, or lets us in no more
};

// Why not, in classes that a help desk can act on.
enum class Reason {
  none,
  unknown_recipient,  // no such mailbox or number (RFC 3463 5.1.1, 5.1.10; SMPP 0x0b)
  full,               // the mailbox is full (x.2.2)
  blocked,            // policy, reputation, content (x.7.x, x.6.x)
  greylisted,         // asked to come back (4.x.x before the first acceptance)
  no_answer,          // the recipient's host or phone could not be reached in time (4.4.x)
  credentials,        // the carrier does not know us
  no_report,          // the carrier had it, and nothing was heard of it in time
  no_route,           // no carrier goes there
  other
};
std::string_view name_of(Reason reason);  // "", "unknown_recipient", ...

struct SendOutcome {
  SendOutcome(Delivery result_of_it, Reason why = Reason::none, std::string who = {})
      : result(result_of_it), reason(why), carrier(std::move(who)) {}

  Delivery result;
  Reason reason;
  std::string carrier;  // whose answer it is
};

// All carriers together, or in their place what a demonstration has. Thread-safe. May throw, which
// counts as `later`.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual SendOutcome send(const OutgoingMessage& message) = 0;
};

// The demonstration's: every message stays in the database, where its inbox pages read it.
class InboxTransport final : public Transport {
 public:
  SendOutcome send(const OutgoingMessage&) override { return Delivery::delivered; }
};

// Thread-safe: several workers send at a time. May throw, which counts as `unreachable`.
class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual std::string_view name() const = 0;  // as the operator calls it
  virtual SendOutcome carry(const OutgoingMessage& message) = 0;
};

}  // namespace isoloir
