// The code that validates a vote, sent to the voter's address on file (Code électoral, R176-3-9),
// and the message that confirms the sign-off. Requirement numbers are those of the reissue design.
//
// A code is of a voter and a contest and of nothing else: no row ties it to a ballot
// (docs/adr/0008). It is kept as HMAC under the pepper, checked and used up in the transaction that
// takes the ballot. What names a voter here tells no time finer than the minute of a sign-off
// (docs/protocol.md section 12). Thread-safe.
#pragma once

#include "courier/outbox.hpp"
#include "courier/text_source.hpp"
#include "portal/confirmation_policy.hpp"
#include "service/session.hpp"

namespace isoloir {

// The kind of the message that confirms a sign-off: whoever sees one listed knows that she voted.
inline constexpr std::string_view sign_off_notice = "sign-off-notice";

struct ConfirmationSent {
  // sent: a code is on its way or there, and good. wait: none is, and none may be sent before
  // `another_at`. no_address: neither e-mail nor telephone on file: the assistance must help.
  enum class Kind { sent, wait, no_address };
  Kind kind = Kind::no_address;
  bool fresh = false;  // sent by this very request
  MessageChannel channel = MessageChannel::email;
  std::string destination;  // masked: "c•••@e•••.org", "••• 01"
  TimeMs expires_at = 0;    // sent: to the minute
  TimeMs another_at = 0;    // sent, wait: from when another may be asked for
  // What became of the message that carries the newest code.
  std::optional<MessageTrace> message{};
  // The code went here because nothing shows that the one to the first address on file arrived.
  bool elsewhere = false;
  std::string first_destination{};  // masked
  bool moves = false;  // it did not get through, and another is about to go to the other address
};

// What is left after a refusal.
struct ConfirmationLeft {
  std::uint32_t tries = 0;  // of the code that has most of them left
  TimeMs another_at = 0;    // from when another may be asked for
};

class Confirmations {
 public:
  Confirmations(State& state, const ConfirmationPolicy& policy, const TextSource& texts)
      : state_(state), policy_(policy), texts_(texts) {}

  std::uint32_t digits() const { return policy_.digits; }

  // The voter wants to validate: sends a code, unless a good one was sent before (a reload, another
  // tab). `another`: sends one all the same, as soon as policy lets; the earlier stays good, for it
  // may be on its way.
  // Code, row, message and throttle are one transaction. Errors: those of may_cast.
  Expected<ConfirmationSent> ask(const Session& session, std::uint32_t contest, bool another,
                                 std::string_view language);
  // What is known of the newest code; sends nothing. Errors: those of may_cast.
  Expected<ConfirmationSent> news(const Session& session, std::uint32_t contest);

  // In the transaction that takes the ballot: counts a try, then compares (requirement 24), and
  // uses the code up. The caller commits a refusal. Errors: confirmation.missing (nothing, or not
  // of the form: no try), confirmation.none (no code was sent), confirmation.expired,
  // confirmation.spent (too many tries: only another code helps), confirmation.older (this one is
  // over, a newer one is good), confirmation.wrong. The same
  // wrong code sent again, as after a lost answer, is one try.
  Status use(store::Transaction& transaction, const std::string& voter, std::uint32_t contest,
             std::string_view code);
  ConfirmationLeft left(const std::string& voter, std::uint32_t contest);

  // In the same transaction: confirms the sign-off to the voter, where policy wants it. Neither
  // choice nor tracker is in it.
  void tell_sign_off(store::Transaction& transaction, const std::string& voter,
                     std::uint32_t contest, TimeMs at, std::string_view language);

  // At every beat: a code whose message did not get through is followed by another to the other
  // address on file, where policy says so and the limit of `resend` lets.
  void send_elsewhere();

  // Writes down which codes are past their time, so that a clock set back later revives none
  // (requirement 21), and forgets those of more than a day ago.
  void sweep();

  // Whether the texts are good for this election: each text message fits one segment (requirement
  // 45). Error: message.too_long.
  Status check_texts() const;

 private:
  struct Address;
  std::vector<Address> addresses_of(store::Transaction& transaction,
                                    const std::string& voter) const;
  // Where the next code goes; nothing without an address.
  std::optional<Address> address_for(store::Transaction& transaction, const std::string& voter,
                                     std::uint32_t contest, TimeMs now) const;
  std::optional<MessageTrace> newest_message(store::Transaction& transaction,
                                             const std::string& voter, std::uint32_t contest) const;
  // Of the code that is good, or none; asks for nothing. No address: no_address.
  ConfirmationSent standing(store::Transaction& transaction, const std::string& voter,
                            std::uint32_t contest, TimeMs now) const;
  ByteArray<32> mac_of(const std::string& voter, std::uint32_t contest,
                       std::string_view code) const;
  TimeMs another_at(store::Transaction& transaction, const std::string& voter,
                    std::uint32_t contest, TimeMs now) const;
  TimeMs expires(store::Transaction& transaction, TimeMs now) const;
  void send(store::Transaction& transaction, const std::string& voter, std::uint32_t contest,
            const Address& address, std::string_view language, TimeMs now);
  Status judge(store::Transaction& transaction, const std::string& voter, std::uint32_t contest,
               std::string_view code);

  State& state_;
  const ConfirmationPolicy& policy_;
  const TextSource& texts_;
};

// With new keys: who had the old ones may have used codes and waits up, and the voter starts anew.
void forget_confirmations(State& state, store::Transaction& transaction, const std::string& voter);

// "c•••@e•••.org": enough for its owner to know it, for nobody else to write to it.
std::string masked_email(std::string_view address);
// "••• 01"
std::string masked_phone(std::string_view number);

}  // namespace isoloir
