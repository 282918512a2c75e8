// Policy of [account] in portal.toml: how voters open their account on the portal, and how they are
// given another password.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "election/manifest.hpp"
#include "portal/reissue_policy.hpp"

namespace isoloir {

struct AccountPolicy {
  TimeMs invitations_from = 0;  // then everybody without an account is sent a link
  std::int64_t activation_link_ms = 30 * 24 * 3'600'000LL;  // from the relay's acceptance
  std::int64_t password_link_ms = 120 * 60'000;             // the same, of a forgotten password
  std::int64_t opened_ms = 30 * 60'000;                     // from the click to the last step
  RateLimit requests{1, 3, 6};                              // for one address
  std::vector<BilingualText> questions;                     // to choose from, or one's own
};

}  // namespace isoloir
