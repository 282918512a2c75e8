// What DNS says of a domain that mail is sent from, and what receiving servers make of it: SPF
// (RFC 7208), DKIM (RFC 6376, RFC 8301, RFC 8463), DMARC (RFC 7489).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"

namespace isoloir {

enum class TextResult {
  found,
  nothing,  // no such name, or none of this kind
  failed,   // the resolver answers that it cannot tell (SERVFAIL, REFUSED and others)
  silent    // no resolver answers
};

struct TextAnswer {
  TextResult result = TextResult::nothing;
  std::vector<std::string> texts;  // each TXT record with its strings joined
};

class TextLookup {
 public:
  virtual ~TextLookup() = default;
  virtual TextAnswer texts(const std::string& name) = 0;
};

struct DnsServer {
  std::string address;  // IPv4
  std::uint16_t port = 53;

  static std::optional<DnsServer> parse(std::string_view text);  // "192.0.2.1:53", "192.0.2.1"
};

// Asks a resolver through libresolv; the one of /etc/resolv.conf without another. An answer that
// is too long for a datagram is asked for by TCP. One thread.
class DnsTextLookup final : public TextLookup {
 public:
  explicit DnsTextLookup(const std::optional<DnsServer>& server,
                         int wait_s = limits::mail_dns_wait_s);
  ~DnsTextLookup() override;
  TextAnswer texts(const std::string& name) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

enum class MailFact {
  dns_failed,
  dns_silent,
  spf_missing,
  spf_several,
  spf_malformed,  // detail: the term
  spf_lookups,    // detail: how many
  spf_everybody,  // +all
  spf_nobody,     // no server is listed
  spf_open,       // ?all, or no "all"
  spf_soft,       // ~all
  spf_good,
  dmarc_missing,
  dmarc_several,
  dmarc_malformed,
  dmarc_watching,  // p=none
  dmarc_good,      // detail: the policy
  dkim_unnamed,    // nobody has said which selectors there are
  dkim_missing,
  dkim_several,
  dkim_malformed,
  dkim_revoked,
  dkim_short,    // detail: bits
  dkim_weak,     // detail: bits
  dkim_ed25519,  // which few receivers verify
  dkim_testing,  // t=y
  dkim_good      // detail: bits
};

// Whether mail may not arrive, or anybody may write in the domain's name, as long as it stands.
bool is_problem(MailFact fact);

struct MailNote {
  MailFact fact;
  std::string name;    // that was asked
  std::string detail;  // of the record, which is a stranger's word
};

// Pure; never empty. `name` is where the records stand. Of `texts` only those of the kind count.
std::vector<MailNote> judge_spf(const std::string& name, const std::vector<std::string>& texts);
std::vector<MailNote> judge_dmarc(const std::string& name, const std::vector<std::string>& texts,
                                  bool of_parent);
std::vector<MailNote> judge_dkim(const std::string& name, const std::vector<std::string>& texts);

// Whether a DKIM selector can be a part of a name.
bool is_selector(std::string_view text);

// All of it for mail from `domain` (ASCII) whose envelope sender, to which it is returned, is of
// `envelope_domain`: that is where SPF is looked for. DMARC is looked for at the names above as
// well, up to two labels (the tree walk of its next version, in place of a list of public
// suffixes). Ends with the first lookup that nobody answers.
std::vector<MailNote> examine_mail_domain(const std::string& domain,
                                          const std::string& envelope_domain,
                                          const std::vector<std::string>& selectors,
                                          TextLookup& lookup);

}  // namespace isoloir
