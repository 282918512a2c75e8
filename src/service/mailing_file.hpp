// The file of which a mailing is made: email.csv or sms.csv of `isoloir registrar issue`, with
// where to each voter is written, and her identifier, password or voting code (docs/roll.md). Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "courier/transport.hpp"
#include "crypto/sealing.hpp"
#include "election/credential.hpp"

namespace isoloir {

// What a voter is sent.
enum class Handed { identifier, password, code };
std::string_view name_of(Handed what);  // "identifier", "password", "code"
std::optional<Handed> handed(std::string_view name);

struct MailingLine {
  std::string voter;
  std::string address;   // local@ascii.domain, or E.164 with its +; empty where it cannot be used
  std::string unusable;  // why it cannot: "no_address", "bad_address"; empty where it can
  Secret<std::string> code;  // as the voter types it, in groups
};

struct MailingFile {
  MessageChannel channel = MessageChannel::email;
  Handed what = Handed::identifier;
  std::vector<MailingLine> lines;  // in the order of the file; at least one
};

// With `forms`, those of the portal, each code must be of its form and sent by its channel. Error:
// mailing.file, all that is wrong, by line and column, and nothing of what stands there.
Expected<MailingFile> parse_mailing_file(std::string_view csv, const CredentialForms* forms);

// Addresses by voter, of a file with the columns identifiant_electeur and courriel (telephone).
using MailingCorrections = std::map<std::string, std::string>;
// Each for a voter of `file`, and such as can be used. Error: mailing.corrections.
Expected<MailingCorrections> parse_mailing_corrections(std::string_view csv,
                                                       const MailingFile& file);

// Who has the file has the key, and nobody else: made of all its voters and codes, in their order,
// and of a salt, at the cost of a single code (protocol
// section 4), as the file may have one.
SymmetricKey mailing_key(const MailingFile& file, const ByteArray<16>& salt);

}  // namespace isoloir
