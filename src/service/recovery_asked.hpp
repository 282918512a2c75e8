// What was asked of a recovery, from the request to the beat, and what its link stands for; used by
// src/service/recovery*.cpp alone.
#pragma once

#include "service/recovery.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {

struct Recoveries::Asked {
  Json what;  // texts: procedure, number, address (of the network), language, reference; email, or
              // key
  std::string text(const char* name) const { return what.at(name).get<std::string>(); }
};

struct Recoveries::OpenLink {
  flows::Flow flow;
  TimeMs now = 0;
};

struct Recoveries::Made {
  Code password;
  Credential credential;
  Point recovery_key;
};

}  // namespace isoloir
