// The freeze (R211-572, docs/protocol.md sections 8 and 12): after the grace period box, sign-off
// list and counter stand still under one signed event, the box loses every tie to the voters, and
// the database every trace of what tied them.
//
// Steps, each repeated safely after a kill: the phase `frozen` (no ballot comes in any more) -> a
// round of the log (every ballot's leaf is in it) -> one transaction that rewrites the box, deletes
// ballots and links and appends the event -> a round of the log with the event -> traces erased.
#pragma once

#include <string_view>

#include "board/log.hpp"
#include "service/state.hpp"

namespace isoloir {

// Freezes when the vote is closed and the grace period is over or nobody is left inside; goes on
// with a freeze that was cut short; else does nothing. Throws std::runtime_error when a ballot
// cannot be opened under the link key: nothing is frozen without it.
void freeze_when_due(State& state, Log& log);

// ---- What a committed step owes outside the database

inline constexpr std::string_view duty_erase_traces = "erase-traces";
inline constexpr std::string_view duty_destroy_link_key = "destroy-link-key";
void owe(store::Transaction& transaction, std::string_view duty, TimeMs at);
// Every process forgets a link key whose destruction was due; the first to do so journals it.
void pay_duties(State& state);

}  // namespace isoloir
