// Policy of [reissue.voting_code] and [messages] in portal.toml: how a lost voting code is replaced
// by the voter alone, and how messages leave. The portal's file gives every number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace isoloir {

// At most so many within each window; 0 is no limit for that window.
struct RateLimit {
  std::uint32_t per_minute = 0;
  std::uint32_t per_hour = 0;
  std::uint32_t per_day = 0;
};

// How a voter may prove who she is; the choice page lists those that policy names.
enum class ReissueMethod { question };

struct ReissuePolicy {
  std::vector<ReissueMethod> methods{ReissueMethod::question};
  std::int64_t email_link_ms = 120 * 60'000;  // from the relay's acceptance
  std::int64_t sms_link_ms = 10 * 60'000;
  std::int64_t opened_ms = 30 * 60'000;  // from the click to the new code
  std::int64_t repeat_ms = 10 * 60'000;  // the same request gets the same answer
  std::uint32_t per_election = 3;        // new codes for one voter
  bool before_opening = false;           // also while the election is sealed
  RateLimit requests{1, 3, 6};           // of one voter
  std::uint32_t wrong_proofs_per_day = 5;
  std::int64_t first_delay_ms = 60'000;  // after a wrong proof; doubles with each
  RateLimit network{10, 60, 0};          // then a captcha, never a refusal: schools share addresses
  RateLimit destination{1, 3, 5};
  std::uint32_t destination_voters = 2;  // in 24 hours
  // Calling codes to which text messages go: 33 for France, 262, 590, 594, 596, 687, 689 overseas.
  std::vector<std::string> phone_countries;
};

struct MessagePolicy {
  std::string email_sender;  // address in From
  std::string sms_sender;    // 1 to 11 letters and digits (requirement 45)
};

}  // namespace isoloir
