// Policy of [reissue.…] and [messages] in portal.toml: how what is lost is replaced by the voter
// alone, and how messages leave. The portal's file gives every number.
#pragma once

#include <cstdint>
#include <optional>
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
enum class ReissueMethod { question, franceconnect };

// What every procedure has.
struct ReissueTerms {
  std::uint32_t per_election = 3;  // for one voter
  bool before_opening = false;     // also while the election is sealed
  RateLimit requests{1, 3, 6};     // of one voter
  RateLimit destination{1, 3, 5};
  std::uint32_t destination_voters = 2;  // in 24 hours
};

// Where wrong proofs can be counted for a voter, and how they are slowed down.
struct ProofLimit {
  std::uint32_t per_day = 5;
  std::int64_t first_delay_ms = 60'000;  // after a wrong proof; doubles with each
};

// [reissue.voting_code], procedure A: a voting code that the voter's browser makes.
struct ReissuePolicy : ReissueTerms {
  std::vector<ReissueMethod> methods{ReissueMethod::question};
  std::int64_t email_link_ms = 120 * 60'000;  // from the relay's acceptance
  std::int64_t sms_link_ms = 10 * 60'000;
  std::int64_t opened_ms = 30 * 60'000;  // from the click to the new code
  std::int64_t repeat_ms = 10 * 60'000;  // the same request gets the same answer
  ProofLimit proofs;
  RateLimit network{10, 60, 0};  // then a captcha, never a refusal: schools share addresses
  // Calling codes to which text messages go: 33 for France, 262, 590, 594, 596, 687, 689 overseas.
  std::vector<std::string> phone_countries;
};

// [reissue.password], procedure B: a password that the server makes and sends to the phone on file.
struct PasswordPolicy : ReissueTerms {
  std::int64_t email_link_ms = 120 * 60'000;  // from the relay's acceptance
  ProofLimit proofs;                          // wrong identifiers under the link
  std::vector<std::string> phone_countries;
};

// [reissue.identifier], procedure C: the identifier to the e-mail address on file.
struct IdentifierPolicy : ReissueTerms {};

// Where a voter signs in with both. Never both by self-service (L2): who had one of the two again
// has the other from the assistance alone for so long.
struct RecoveryPolicy {
  PasswordPolicy password;
  IdentifierPolicy identifier;
  std::int64_t apart_ms = 24 * 3'600'000;
};

// How many messages leave a second at most; of each channel a share is kept for flows that have
// proven something (requirement 43).
struct MessageRates {
  std::uint32_t email = 50;
  std::uint32_t sms = 30;
  std::uint32_t kept_percent = 30;
};

struct MessagePolicy {
  std::string email_sender;  // address in From
  std::string sms_sender;    // 1 to 11 letters and digits (requirement 45)
  MessageRates per_second;
};

}  // namespace isoloir
