// Failed tries to sign in: counted for who is named and from where, known or not, and slowed down.
// An attacker elsewhere never delays the voter (reissue requirement 25). Thread-safe.
#pragma once

#include "service/state.hpp"

namespace isoloir {

struct SignInPolicy {
  std::uint32_t failures = 5;
  std::int64_t first_delay_ms = 60'000;  // after so many; doubles with each, up to 16 times
};

// The tries of one name from one network.
class SignInTries {
 public:
  // `name`: the folded address or the identifier that was typed.
  SignInTries(State& state, const SignInPolicy& policy, std::string_view name,
              std::string_view client_address);

  // Raises the counter before anything is compared, so that a connection cut in time gains nothing
  // (requirement 24). Until when to wait, or nothing: the try may be judged.
  std::optional<TimeMs> begin() const;
  // What was counted was no guess: forgets the failures.
  void forgive() const;
  // Forgets the failures; the journal says, no finer than `at`, that this voter has signed in.
  void succeed(const std::string& voter, TimeMs at) const;

 private:
  State& state_;
  SignInPolicy policy_;
  ByteArray<32> key_;
};

// Failures are counted for a day after the last one; rows of older ones, of made-up names too, go
// here, at every beat.
void forget_old_failures(State& state);

// For throttles: the /32 of IPv4, the /64 of IPv6, of a canonical address.
std::string network_of(std::string_view client_address);
// For the journal, which keeps less: the /24 of IPv4, the /48 of IPv6.
std::string journal_network_of(std::string_view client_address);

}  // namespace isoloir
