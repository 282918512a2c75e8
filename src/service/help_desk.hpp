// What the help desk may know of a voter: whether the code is valid, what became of each message,
// what can be done next and when. Never whether or when the voter has voted, never a secret, an
// address in full, an answer or a number.
#pragma once

#include "portal/reissue_policy.hpp"
#include "service/reissue.hpp"

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

struct VoterDesk {
  std::string voter;
  enum class Code { valid, invalidated, blocked };
  Code code = Code::valid;
  TimeMs code_since = 0;
  std::vector<TimeMs> replaced_at;     // every time that the code was replaced, oldest first
  std::vector<DeskReissue> reissues;   // newest first
  std::vector<MessageTrace> messages;  // newest first, destinations masked

  enum class Next {
    ask,        // may ask for a new code, from next_at on
    closed,     // not now: the hours
    limit,      // had as many as self-service gives: the assisted path
    blocked,    // blocked by the voter: the assisted path
    no_service  // this portal has no reissue: the assisted path
  };
  Next next = Next::no_service;
  TimeMs next_at = 0;  // of ask; not later than `now`: at once
  TimeMs now = 0;
};

// `policy`: null where the portal has no reissue. Reads only, so that it may run beside the server.
// Error: desk.unknown_voter.
Expected<VoterDesk> desk_of(State& state, const ReissuePolicy* policy, const std::string& voter);

// "c…@e….org", "+33…78": enough to know it again, not enough to learn it.
std::string masked(std::string_view destination);

}  // namespace isoloir
