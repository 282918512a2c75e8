// What a person writes by one of the portal's forms, to the help desk ("AIDE ?") or to who decides
// claims (service/claim): judged, stored with a reference, mailed there with the person's address
// as Reply-To, and acknowledged to that address. It is open to all, signed in or not, and says
// nothing of who is on the roll.
//
// No request holds identifier and secret together: a form with what looks like either is refused
// (service/credential_in_text). The acknowledgement holds nothing that was typed, so that the form
// is no relay for others' mail. The stored form is sealed under a key of the pepper. Thread-safe.
#pragma once

#include <map>

#include "courier/outbox.hpp"
#include "courier/text_source.hpp"
#include "portal/portal.hpp"
#include "service/session.hpp"

namespace isoloir {

enum class HelpTopic {
  identifier,
  password,
  code,
  sign_in,
  voting,
  other,
  not_on_roll,  // the topics of claims
  roll_error,
  other_voter,
  candidacy
};
std::string_view name_of(HelpTopic topic);  // "identifier", "password", "code", "sign_in", ...
std::optional<HelpTopic> help_topic(std::string_view name);
std::string_view text_of(HelpTopic topic);  // id of its text
// Those that a voter of such an election may meet, in the order of the form.
std::vector<HelpTopic> help_topics(const CredentialForms& forms);

// To whom a form goes, and in which words (ids of texts).
struct RequestDesk {
  std::string_view kind;  // of the row: "help" or "claim"
  std::string_view message_kind, acknowledgement_kind;
  std::string email;
  std::vector<HelpTopic> topics;
  bool name_required = false;
  std::string_view subject, text, acknowledgement_subject, acknowledgement_body;
};
// The portal has an assistance with an address.
RequestDesk help_desk(const Portal& portal);

// As typed, in UTF-8.
struct HelpForm {
  std::string topic;
  std::string name;  // may be empty, as the telephone
  std::string email;
  std::string phone;
  std::string text;       // line breaks as browsers send them
  std::string contest{};  // of a claim: its number, or empty for none in particular
};

// The contest that it names; null for none.
const Contest* contest_of(const Manifest& manifest, const HelpForm& form);

// What is wrong with a form: the id of the text to show by field ("topic", "name", "email",
// "phone", "text"); `piece` is what looks like a credential, `characters` how long the text is.
struct HelpFaults {
  std::map<std::string, std::string> by_field;
  std::string piece;
  std::size_t characters = 0;
};

struct HelpSender {
  ByteArray<32> session{};
  std::string page;  // names the page that the form stood on: what it sends twice is one request
  std::string client_address;
  std::string language;  // "fr" or "en": of the acknowledgement
  std::string voter{};   // of a claim: whose session it is, or empty
};

struct HelpSent {
  std::string reference;
  bool acknowledged = false;  // else that address had had too many
};

class HelpRequests {
 public:
  // What is given outlives it.
  HelpRequests(State& state, const Portal& portal, const TextSource& texts, RequestDesk desk)
      : state_(state), portal_(portal), texts_(texts), desk_(std::move(desk)) {}

  HelpFaults judge(const HelpForm& form) const;

  // What the same form of the same page was answered, if it was sent before.
  std::optional<HelpSent> earlier(const HelpSender& sender, const HelpForm& form) const;

  // Stores the request and queues its mails, in one transaction; the same form again changes
  // nothing. Refused, with the time from which on it may be sent, when this network has sent too
  // many: nothing is stored. Asserts that judge found no fault.
  tl::expected<HelpSent, TimeMs> send(const HelpSender& sender, const HelpForm& form);

  // Forgets tries of more than a day ago.
  void sweep();

 private:
  ByteArray<32> form_mac(const HelpSender& sender, const HelpForm& form) const;
  MessageId mail_desk(store::Transaction& transaction, TimeMs now, const HelpSender& sender,
                      const HelpForm& form, const std::string& reference);
  std::optional<MessageId> acknowledge(store::Transaction& transaction, TimeMs now,
                                       const HelpSender& sender, const HelpForm& form,
                                       const std::string& reference);

  State& state_;
  const Portal& portal_;
  const TextSource& texts_;
  const RequestDesk desk_;
};

// For the help desk's command, beside the server; reads only.
struct HelpRequestRow {
  std::string reference;
  TimeMs at = 0;
  std::string topic;
  std::string language;
  std::string mail;  // status of the mail to the help desk, as courier/outbox.hpp says
  TimeMs mail_at = 0;
  std::string acknowledgement;  // the same of the voter's; empty when none was sent
};
std::vector<HelpRequestRow> help_requests(State& state,
                                          std::string_view kind);  // newest first

struct StoredHelpRequest {
  HelpRequestRow row;
  HelpForm form;
};
// Errors: help.unknown (none of that kind); help.sealed (of another pepper, or damaged).
Expected<StoredHelpRequest> read_help_request(State& state, std::string_view kind,
                                              std::string_view reference);
// Without what is blank at both ends, lines parted by LF; and how many characters UTF-8 holds.
std::string trimmed_text(std::string_view text);
std::size_t characters_of(std::string_view utf8);

// What is kept beside a request under the key that its form is under, bound to its reference.
Bytes seal_for_request(State& state, std::string_view reference, std::string_view text);
Expected<std::string> unseal_for_request(State& state, std::string_view reference, ByteView sealed);

}  // namespace isoloir
