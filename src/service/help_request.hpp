// What a person writes to the help desk by the portal's form "AIDE ?": judged, stored with a
// reference, mailed to the help desk with the person's address as Reply-To, and acknowledged to
// that address. It is open to all, signed in or not, and says nothing of who is on the roll.
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

enum class HelpTopic { identifier, password, code, sign_in, voting, other };
std::string_view name_of(HelpTopic topic);  // "identifier", "password", "code", "sign_in", ...
std::optional<HelpTopic> help_topic(std::string_view name);
std::string_view text_of(HelpTopic topic);  // id of its text
// Those that a voter of such an election may meet, in the order of the form.
std::vector<HelpTopic> help_topics(const CredentialForms& forms);

// As typed, in UTF-8.
struct HelpForm {
  std::string topic;
  std::string name;  // may be empty, as the telephone
  std::string email;
  std::string phone;
  std::string text;  // line breaks as browsers send them
};

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
};

struct HelpSent {
  std::string reference;
  bool acknowledged = false;  // else that address had had too many
};

class HelpRequests {
 public:
  // `portal` has an assistance with an address. What is given outlives it.
  HelpRequests(State& state, const Portal& portal, const TextSource& texts)
      : state_(state), portal_(portal), texts_(texts) {}

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
  MessageId mail_help_desk(store::Transaction& transaction, TimeMs now, const HelpSender& sender,
                           const HelpForm& form, const std::string& reference);
  std::optional<MessageId> acknowledge(store::Transaction& transaction, TimeMs now,
                                       const HelpSender& sender, const HelpForm& form,
                                       const std::string& reference);

  State& state_;
  const Portal& portal_;
  const TextSource& texts_;
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
std::vector<HelpRequestRow> help_requests(State& state);  // newest first

struct StoredHelpRequest {
  HelpRequestRow row;
  HelpForm form;
};
// Errors: help.unknown; help.sealed (of another pepper, or damaged).
Expected<StoredHelpRequest> read_help_request(State& state, std::string_view reference);

}  // namespace isoloir
