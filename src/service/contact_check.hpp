// Whether voters are reached, weeks before the vote: a message by each channel of the roll, whose
// link leads to a page with two buttons, and what the organiser reads of it. A link proves no
// identity and gives no right: whoever has it can say that the message has arrived, or came to the
// wrong person, and learns nothing. What matters happens in one transaction each. Thread-safe.
#pragma once

#include <functional>

#include "courier/outbox.hpp"
#include "courier/text_source.hpp"
#include "portal/contact_policy.hpp"
#include "service/state.hpp"

namespace isoloir {

enum class ContactAnswer { confirmed, not_mine };
std::string_view name_of(ContactAnswer answer);
std::optional<ContactAnswer> contact_answer(std::string_view name);

struct ContactHeard {
  enum class Kind {
    heard,    // noted, now or when it was said before
    over,     // the check has ended: no link means anything any more
    moved,    // the roll has another address or number since
    unknown,  // no such link
  };
  Kind kind = Kind::unknown;
  MessageChannel channel = MessageChannel::email;  // of heard
  TimeMs at = 0;                                   // of heard: since when; of over: the end
};

// Each voter of a contest is counted once, by what is known last.
struct ContactCount {
  MessageChannel channel = MessageChannel::email;
  std::int64_t voters = 0;
  std::int64_t waiting = 0;         // her turn has not come, or the message has not left
  std::int64_t sent = 0;            // a carrier has it
  std::int64_t delivered = 0;       // and says that it arrived
  std::int64_t failed = 0;          // refused, returned, or too late to leave
  std::int64_t confirmed = 0;       // by the link
  std::int64_t not_mine = 0;        // said by the link
  std::int64_t no_destination = 0;  // the roll has none
};

// A voter who has not confirmed, by one channel.
struct ContactGap {
  std::string voter;  // identifier on the roll
  MessageChannel channel = MessageChannel::email;
  std::string state;   // no_destination, waiting, sent, delivered, failed, not_mine
  std::string reason;  // name_of(Reason), "expired" or nothing
  TimeMs since = 0;    // of the state; 0: her turn has not come
};

class ContactCheck {
 public:
  // `texts` null: nothing leaves, answers are heard.
  ContactCheck(State& state, const ContactPolicy& policy, const TextSource* texts)
      : state_(state), policy_(policy), texts_(texts) {}

  // Whether the text message, link included, is a single one. Error: message.too_long.
  Status check_texts() const;

  // At every beat: queues the next messages where it is time and nobody has paused it, and wipes
  // the links a day after the end.
  void work();

  // What the link's page says when a button is pressed. The same again is no second answer, another
  // one takes its place: whoever has the mailbox may correct herself.
  ContactHeard hear(std::string_view token, ContactAnswer answer);

  // When no message leaves and no answer counts any more: `until`, or when the vote opens.
  TimeMs end();
  std::optional<TimeMs> paused_since();
  void pause();  // again is no error; nor is the next
  void resume();

  std::vector<ContactCount> count();  // by channel of the policy
  // In the order of identifiers, a thousand voters at a time.
  void each_gap(const std::function<void(const ContactGap&)>& tell);

  // To whom another message would go: who has not answered and has no message on its way;
  // `undelivered`: only where it failed, or the carrier reported nothing.
  std::int64_t to_resend(MessageChannel channel, bool undelivered);
  // The next beats send it; links that were sent before stay good. Gives to how many. Error:
  // contact.hours (not from `from` to the end).
  Expected<std::int64_t> resend(MessageChannel channel, bool undelivered);

 private:
  std::vector<MessageChannel> channels() const;
  void send_next(MessageChannel channel);
  std::string sms_body(const std::string& link) const;

  State& state_;
  const ContactPolicy& policy_;
  const TextSource* texts_;
};

// The roll has another address or number: what was said of the one before counts no more, and her
// turn comes anew.
void restart_contact_check(store::Transaction& transaction, const std::string& voter,
                           MessageChannel channel, TimeMs now);

// What the help desk may know, by channel; nothing of one whose turn has not come.
struct ContactTrace {
  MessageChannel channel = MessageChannel::email;
  std::optional<ContactAnswer> answer;
  TimeMs at = 0;             // of the answer, or since when there is none
  bool destination = false;  // the roll has one
};
std::vector<ContactTrace> contact_traces(store::Transaction& transaction, const std::string& voter);

}  // namespace isoloir
