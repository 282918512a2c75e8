// What the server does at every beat, each duty by itself: one that fails is said, counted and
// tried again at the next beat, and holds up no other. Nothing is lost meanwhile, because what
// waits stays in the database.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "board/log.hpp"
#include "service/self_service.hpp"

namespace isoloir::cli {

struct Duty {
  std::string name;  // as it is said: "round of the log"
  std::function<void()> work;
  std::uint64_t failures = 0;  // since the server started
};

// In this order: hours and freeze, one round of the log, old sessions, old tries of reissue,
// old tries of the form to the help desk, what is asked of lost passwords and identifiers,
// confirmation codes that did not get through, old ones, purge of messages.
std::vector<Duty> duties_of(State& state, Log& log, Sessions& sessions,
                            const SelfService& services);

// Says, each once, that checkpoints wait too long for their witnesses, and that they do no more;
// the same of each witness, however many others sign.
Duty watch_witnesses(std::function<Log::Standing()> standing, const Clock& clock,
                     std::function<void(std::string_view)> say);

// Does each once. `report` gets one line for each that failed.
void do_duties(std::vector<Duty>& duties, const std::function<void(std::string_view)>& report);

}  // namespace isoloir::cli
