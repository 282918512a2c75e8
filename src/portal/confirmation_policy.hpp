// Policy of [confirmation] in portal.toml: a vote is validated by a code that the voter receives
// (Code électoral, R176-3-9). The portal's file gives every number.
#pragma once

#include "portal/reissue_policy.hpp"

namespace isoloir {

struct ConfirmationPolicy {
  std::uint32_t digits = 6;            // 6 to 8
  std::int64_t life_ms = 60 * 60'000;  // from the request, a whole number of minutes
  std::uint32_t tries = 5;             // then another code must be asked for
  RateLimit resend{1, 5, 10};          // codes for one voter and contest, the first one among them
  // Where the first message to a voter did not get through, another code goes to the other address
  // on file, without being asked for.
  bool other_channel = false;
  bool sign_off_mail = true;  // the sign-off is confirmed by a message
};

}  // namespace isoloir
