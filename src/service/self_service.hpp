// What voters do over messages. Each is null where the portal has none, or where no channel carries
// messages: then the pages name the assistance, by telephone.
#pragma once

#include "service/account_links.hpp"
#include "service/claim.hpp"
#include "service/confirmation.hpp"
#include "service/contact_check.hpp"
#include "service/help_request.hpp"
#include "service/identification.hpp"
#include "service/recovery.hpp"
#include "service/reissue.hpp"

namespace isoloir {

struct SelfService {
  Reissues* reissues = nullptr;
  Identifications* identifications = nullptr;  // only beside reissues
  Recoveries* recoveries = nullptr;
  Confirmations* confirmations = nullptr;  // null too where a vote takes no code
  HelpRequests* help = nullptr;
  AccountLinks* accounts = nullptr;
  Claims* claims = nullptr;
  ContactCheck* contact = nullptr;  // with or without a channel: links that were sent are answered
};

}  // namespace isoloir
