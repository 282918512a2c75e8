// Signing in with an identifier and a password from which the browser derives the voter's keys:
// what opens the portal opens the voting space (docs/protocol.md section 4). Wrong passwords delay,
// and never lock out (reissue requirement 25).
#pragma once

#include "service/sign_in_tries.hpp"
#include "service/voting.hpp"

namespace isoloir {

struct KeySignInPolicy {
  SignInPolicy tries;
  std::int64_t proof_life_ms = 600'000;
  // The identifier is no secret: anybody may fail in a voter's name, from her own network too. The
  // right code, of 80 bits, passes whatever has failed before (requirement 25).
  bool code_alone = false;
};

struct KeySignIn {
  std::string identifier;  // normalised
  CodeProof proof;
};

struct KeyVerdict {
  enum class Kind {
    accepted,
    refused,    // an unknown pair: never says which
    delayed,    // too many failures: until `at`
    replaced,   // an older password of hers, replaced at `at`: this is no try
    withdrawn,  // a whole pair that was replaced at `at`, before the opening
    blocked,    // her right password, which she or the assistance has blocked
  };
  Kind kind = Kind::refused;
  std::string voter;  // when accepted
  TimeMs at = 0;
};

// Whether `nonce` is the session's fresh one; then it is used up.
bool use_up_nonce(State& state, std::int64_t proof_life_ms, const Session& session,
                  const ByteArray<32>& nonce);

// Judges the proof under the session's nonce, which is used up. Errors: code.nonce (none, expired,
// or another page's: nothing was counted), and, for the right pair alone, those of
// may_enter.
Expected<KeyVerdict> sign_in_by_keys(State& state, const KeySignInPolicy& policy,
                                     const Session& session, const KeySignIn& given,
                                     std::string_view client_address);

}  // namespace isoloir
