// The part of isoloir check --live that is about mail: what DNS says of the domain that a portal's
// mails come from, in words that say what to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "courier/mail_domain.hpp"

namespace isoloir::cli {

struct MailCheck {
  std::vector<std::string> selectors;  // of DKIM, as the operator names them
  std::optional<std::string> resolver;
  std::string bounces;  // the address to which mail is returned; empty: the sender's own
};

// Errors: check.selector, check.resolver: bad use. mail.domain: mail may not arrive, or anybody may
// write in the domain's name; its message has all that was found, the good as well.
Expected<std::string> check_mail(const std::string& email_sender, const MailCheck& options);

}  // namespace isoloir::cli
