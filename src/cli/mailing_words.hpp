// The words of the first delivery, in both languages, as we do not know the voter's.
#pragma once

#include "portal/portal.hpp"
#include "service/mailing.hpp"

namespace isoloir::cli {

// What a mailing has from the draft, or from the manifest.
struct MailingElection {
  BilingualText title;
  std::string origin;
  TimeMs opens_at = 0;
  TimeMs closes_at = 0;
  bool replaces = false;  // what voters were sent before is good for nothing
};

// All of the plan but what Mailing::prepare adds. A text message speaks both languages where both
// fit, else French. Errors: mailing.sender (the portal's file says from whom messages leave, and
// does not), mailing.too_long (a text message with its code is not a single one).
Expected<MailingPlan> plan_mailing(const Portal& portal, const MailingElection& election,
                                   const MailingFile& file);

}  // namespace isoloir::cli
