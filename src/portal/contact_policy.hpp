// Policy of [contact_check] in portal.toml: when, before the vote, each voter is asked by which of
// the roll's channels she is reached.
#pragma once

#include "base/clock.hpp"

namespace isoloir {

struct ContactPolicy {
  TimeMs from = 0;   // then messages leave
  TimeMs until = 0;  // exclusive: then none leaves, and no answer counts any more
  bool email = false;
  bool sms = false;  // at least one of the two
};

}  // namespace isoloir
