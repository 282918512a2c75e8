// A practice election: sealed, open at once, with every key and every voter's secrets in the hands
// of this program. For the demonstration and the rehearsal, never for a real election. Its
// functions may be called from any thread.
#pragma once

#include <vector>

#include "election/ceremony.hpp"
#include "election/credential.hpp"
#include "portal/portal.hpp"
#include "service/accounts.hpp"

namespace isoloir::cli {

inline constexpr std::uint32_t practice_grace_seconds = 60;  // nobody waits half an hour to learn

// `wanted`, or any port of the loopback when that is 0, kept from all others but the server that
// will listen on it. The origin is in the manifest, and links and proofs are bound to it: one port
// for good, chosen before the election is made, which takes a while.
class KeptPort {
 public:
  explicit KeptPort(std::uint16_t wanted = 0);
  KeptPort(const KeptPort&) = delete;
  KeptPort& operator=(const KeptPort&) = delete;
  ~KeptPort();
  std::uint16_t number() const { return number_; }  // 0: it is taken

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

struct TypedIdentifier {
  std::string shown;
  std::string normalised;
};
struct PracticeVoter {
  Voter voter;
  Code code;
  std::optional<TypedIdentifier> identifier;  // where voters sign in with one
  std::optional<NewAccount> account;          // where they sign in with one, and have it
};
struct PracticeElection {
  std::vector<PracticeVoter> voters;  // in the order of the roll
  // Of each bureau of the portal: the real ceremony, with every holder at this machine.
  std::vector<LocalCeremony> ceremonies;
};

// Writes a new state for the portal's contests and this roll: open from now on for a week. Every
// step is that of a real election (docs/first-election.md), with every person at this machine.
// The last `without_account` of the roll have none yet, where voters sign in with one. Errors:
// those of collect_rosters, seal_election, install_election and create_account.
Expected<PracticeElection> create_practice(const StatePaths& paths, const Portal& portal,
                                           const Roll& roll, std::size_t without_account,
                                           const std::string& origin, Clock& clock, Random& random);

}  // namespace isoloir::cli
