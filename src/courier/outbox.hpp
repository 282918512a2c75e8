// Messages to voters, and to the help desk for them: queued in the caller's transaction, sealed
// under the courier's key, handed to a transport, tracked, and purged soon after (reissue
// requirements 34, 46, 48, 49).
//
// status: queued -> sent (handed over, no answer yet) -> accepted -> delivered | failed, or queued
// again for another carrier; expired; superseded (a newer one took its place before it left).
// Thread-safe: several workers may deliver at a time, each message is one's alone.
#pragma once

#include <functional>
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
  std::string carrier;      // relay or route whose word is the last; empty: none had it
  std::string reason;       // name_of(Reason)
  std::optional<TimeMs> accepted_at;
  std::optional<TimeMs> delivered_at;
  std::optional<TimeMs> superseded_at;  // by a newer one
  MessageId id{};
  std::optional<bool> opened{};  // its link, if it has one: told by who has made that
};

// What a carrier, or a mail that came back, says of a message that had been accepted.
struct DeliveryReport {
  MessageId message{};
  std::string carrier{};  // who says so; empty: the one that had it last
  enum class State { delivered, delayed, failed } state = State::delivered;
  Reason reason = Reason::none;
};

// Of one slot of limits::carriage_slot_ms: the messages that a carrier took in it, and what is
// known of them by now; those that it refused or put off.
struct Carriage {
  TimeMs slot = 0;
  MessageChannel channel = MessageChannel::email;
  std::string carrier;
  std::string place;  // country of a number, domain of an address; empty: one of few messages
  std::int64_t accepted = 0, delivered = 0, failed = 0, unreported = 0, refused = 0, postponed = 0;
};

// What waits, of one channel.
struct Waiting {
  MessageChannel channel = MessageChannel::email;
  std::int64_t queued = 0;
  std::optional<TimeMs> oldest_at;      // queued and due, since when
  std::int64_t unreported = 0;          // accepted, nothing heard since
  std::optional<TimeMs> unreported_at;  // the oldest of them
};

class MessageBudget;

class Outbox {
 public:
  Outbox(store::Database& database, SymmetricKey key, Random& random)
      : database_(database), key_(std::move(key)), random_(random) {}

  MessageId queue(store::Transaction& transaction, TimeMs now, const NewMessage& message);

  // Sends what is due, at most `most`, each message on its own: one that cannot be sent waits 1, 2,
  // 4 ... minutes and up to a quarter more, while the others go. A message whose sending was cut
  // short is sent once more, never a third time; one that is of no use any more, never. What
  // `budget` does not allow now waits for the next call; without one all goes. A channel whose
  // carriers are all unreachable waits, at no message's expense. Of one
  // channel, or of both. Gives how many left.
  std::size_t deliver(Transport& transport, TimeMs now, MessageBudget* budget = nullptr,
                      std::size_t most = SIZE_MAX,
                      std::optional<MessageChannel> only = std::nullopt);

  // Where no worker is at work: what a killed one had in its hands is due now, and not only when
  // its lease has ended.
  void take_up(TimeMs now);

  // Whether a carrier is left for a message whose way by `carried_by` came to nothing.
  using Elsewhere = std::function<bool(const OutgoingMessage&)>;
  // False where the message is not known. A report that is late or comes twice changes nothing that
  // a newer word has settled: what was delivered stays so.
  bool report(const DeliveryReport& report, TimeMs now, const Elsewhere& elsewhere);
  // Text messages that were accepted until `accepted_until` by one of `carriers`, which report, and
  // of which nothing was heard: they go elsewhere, or are marked as such.
  void follow_up(const std::vector<std::string>& carriers, TimeMs accepted_until, TimeMs now,
                 const Elsewhere& elsewhere);
  // A newer message takes its place: what has not left never will.
  static void supersede(store::Transaction& transaction, ByteView id, TimeMs now);

  // Wipes destination and text of what came to an end `limits::message_kept_ms` ago; the row stays.
  void purge(TimeMs now);

  // What has been delivered and is not purged, newest first; to one voter, or to all.
  std::vector<InboxMessage> inbox(std::optional<std::string_view> voter = std::nullopt);

  // By slot, carrier and place, from `since` on.
  std::vector<Carriage> carriages(TimeMs since);
  // All of them, by carrier and, of text messages, country; slot 0.
  std::vector<Carriage> carried();
  std::vector<Waiting> waiting(TimeMs now);

  // Of one message; without its destination.
  static std::optional<MessageTrace> trace_of(store::Transaction& transaction, ByteView id);
  // What was sent to a voter, newest first.
  std::vector<MessageTrace> traces_of(store::Transaction& transaction, std::string_view voter);

 private:
  std::optional<OutgoingMessage> claim(TimeMs now, MessageBudget* budget, const bool (&down)[2]);
  void settle(const OutgoingMessage& message, const SendOutcome& outcome, TimeMs now);
  void settle_later(store::Transaction& transaction, ByteView id, const SendOutcome& outcome,
                    TimeMs now);
  struct Due {
    bool messages = false;  // to send
    bool expired = false;   // of no use any more
  };
  Due due(TimeMs now, std::optional<MessageChannel> only);

  store::Database& database_;
  const SymmetricKey key_;
  Random& random_;
};

// Whether a text fits one text message: at most 160 characters of the GSM 7-bit alphabet (3GPP TS
// 23.038), those of its extension counting twice (requirement 45).
bool fits_one_sms(std::string_view utf8);

}  // namespace isoloir
