// What voters can do by themselves over messages. Each is null where the portal has none, or where
// no channel carries messages: then the pages name the assistance, by telephone.
#pragma once

#include "service/help_request.hpp"
#include "service/recovery.hpp"
#include "service/reissue.hpp"

namespace isoloir {

struct SelfService {
  Reissues* reissues = nullptr;
  Recoveries* recoveries = nullptr;
  HelpRequests* help = nullptr;
};

}  // namespace isoloir
