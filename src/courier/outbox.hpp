// Messages to voters, and to the help desk for them: queued in the caller's transaction, sealed
// under the courier's key, handed to a transport, tracked, and purged soon after (reissue
// requirements 34, 46, 48, 49).
//
// status: queued -> sent (handed over, no answer yet) -> accepted | delivered | failed, or expired.
// Thread-safe; one process delivers at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "courier/transport.hpp"
#include "crypto/sealing.hpp"
#include "store/database.hpp"

namespace isoloir {

using MessageId = ByteArray<16>;

struct NewMessage {
  std::string voter;  // on the roll; empty where it is nobody's
  std::string kind;   // "reissue-link", "reissue-notice", ...
  MessageChannel channel = MessageChannel::email;
  std::string destination;
  std::string subject;  // empty for a text message
  std::string body;
  TimeMs expires_at = 0;   // after which it would be of no use
  std::string reply_to{};  // address whose owner is answered; empty: the sender
  // Its row tells no time finer than the minute, from the queue to its end: sent around a vote, it
  // must tell no more than the sign-off. `now` is rounded down.
  bool by_minute = false;
  TimeMs not_before = 0;  // leaves then at the earliest
  // The flow has proven something, or the voter is signed in: it goes first, and has a share of the
  // budget of its own (requirement 43).
  bool proven = true;
};

struct InboxMessage {
  std::string id;  // hex
  TimeMs created_at = 0;
  std::string kind;
  MessageChannel channel = MessageChannel::email;
  std::string destination;
  std::string subject;
  std::string body;
  std::string reply_to;
};

// A message without its text, for who helps the voter.
struct MessageTrace {
  TimeMs created_at = 0;
  std::string kind;
  MessageChannel channel = MessageChannel::email;
  std::string status;
  TimeMs status_at = 0;
  std::string destination;  // empty once purged
};

class MessageBudget;

class Outbox {
 public:
  Outbox(store::Database& database, SymmetricKey key, Random& random)
      : database_(database), key_(std::move(key)), random_(random) {}

  MessageId queue(store::Transaction& transaction, TimeMs now, const NewMessage& message);

  // Sends what is due, each message on its own: one that cannot be sent waits 1, 2, 4 ... minutes
  // while the others go. A message whose sending was cut short is sent once more, never a third
  // time. What `budget` does not allow now waits for the next call; without one all goes.
  void deliver(Transport& transport, TimeMs now, MessageBudget* budget = nullptr);

  // Wipes destination and text of what came to an end `limits::message_kept_ms` ago; the row stays.
  void purge(TimeMs now);

  // What has been delivered and is not purged, newest first; to one voter, or to all.
  std::vector<InboxMessage> inbox(std::optional<std::string_view> voter = std::nullopt);

  // What was sent to a voter, newest first.
  std::vector<MessageTrace> traces_of(store::Transaction& transaction, std::string_view voter);

 private:
  std::optional<OutgoingMessage> claim(TimeMs now, MessageBudget* budget);
  void settle(const OutgoingMessage& message, Delivery delivery, TimeMs now);

  store::Database& database_;
  const SymmetricKey key_;
  Random& random_;
};

// Whether a text fits one text message: at most 160 characters of the GSM 7-bit alphabet (3GPP TS
// 23.038), those of its extension counting twice (requirement 45).
bool fits_one_sms(std::string_view utf8);

}  // namespace isoloir
