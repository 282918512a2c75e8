// What the help desk may know of a voter: whether the code is valid, what became of each message,
// what can be done next and when. Never whether or when the voter has voted, never a secret, an
// address in full, an answer or a number.
#pragma once

#include "portal/reissue_policy.hpp"
#include "service/contact_check.hpp"
#include "service/recovery.hpp"
#include "service/reissue.hpp"
#include "service/voting.hpp"

namespace isoloir {

struct DeskReissue {
  std::string reference;
  // sent, opened, issued (the answer may still be repeated), done (the code was noted, or the time
  // to repeat is over), expired (nothing was made), superseded (by a newer link), blocked
  std::string state;
  TimeMs requested_at = 0;
  TimeMs at = 0;     // of the state
  TimeMs until = 0;  // of sent and opened
};

// On the portal, where voters have one.
struct DeskAccount {
  enum class State { none, active, blocked };
  State state = State::none;
  TimeMs blocked_at = 0;
  std::vector<DeskReissue> links;  // newest first
};

inline constexpr std::size_t desk_matches = 20;  // persons listed

// One of those whom a caller may be.
struct DeskMatch {
  std::string voter;
  std::string name;        // "Mme VOTANTE CAMILLE"
  std::string birth_year;  // empty when the roll has none
};

struct VoterDesk {
  std::string voter;
  std::string name;
  enum class Code { valid, invalidated, blocked };
  Code code = Code::valid;
  TimeMs code_since = 0;
  std::uint32_t code_tries_left = 0;   // of a valid code
  std::vector<TimeMs> replaced_at;     // every time that the code was replaced, oldest first
  std::vector<DeskReissue> reissues;   // newest first
  std::vector<MessageTrace> messages;  // newest first, destinations masked
  std::optional<DeskAccount> account;
  std::vector<ContactTrace> contacts;  // of the contact check, by channel

  enum class Next {
    ask,         // may ask for a new code, from next_at on
    open_link,   // has a link, good until next_until; another from next_at on
    finish,      // has opened it: goes on in that browser until next_until; another from next_at on
    not_yet,     // the vote is not open
    over,        // it is closed
    closed,      // not in this election, or not now
    limit,       // had as many as self-service gives
    blocked,     // blocked by the voter
    no_service,  // no message leaves this server, or the portal has no reissue
    apart,       // had the other of identifier and password; from next_at on
    no_phone,    // on file, to which a text message could go
    no_email,    // on file
    no_number    // NUMIC or NUMEL on the roll
  };
  Next next = Next::no_service;
  TimeMs next_at = 0;  // a full minute, as the voter's page says it; not later than `now`: at once
  TimeMs next_until = 0;
  std::uint32_t proofs_left = 0;  // wrong proofs that may still be given today
  TimeMs now = 0;

  // Where voters sign in with identifier and password: `next` is of a lost password, these are of a
  // lost identifier.
  bool with_keys = false;
  bool code_alone = false;  // sent once, and the same again by the assistance
  Next identifier_next = Next::no_service;
  TimeMs identifier_next_at = 0;
};

// By what a caller says: identifier on the roll, professional e-mail, reference of a request (with
// or without its hyphen), or words of the name, in any order, case and accents apart. At most
// desk_matches and one more, by identifier. Reads only, as the next.
std::vector<DeskMatch> find_voters(State& state, std::string_view said);

// What can be asked for online: at most one of the two.
struct DeskPolicy {
  const ReissuePolicy* reissue = nullptr;
  const RecoveryPolicy* recovery = nullptr;
};
// Reads only, so that it may run beside the server. Error: desk.unknown_voter.
Expected<VoterDesk> desk_of(State& state, const DeskPolicy& policy, const CodePolicy& codes,
                            const std::string& voter);

// "c…@e….org", "+33…78": enough to know it again, not enough to learn it.
std::string masked(std::string_view destination);

}  // namespace isoloir
