#include "cli/duties.hpp"

#include <fmt/format.h>

#include <set>

#include "cli/screen.hpp"
#include "service/accounts.hpp"
#include "service/bureau.hpp"

namespace isoloir::cli {
namespace {

std::string heard_of(const Log::Standing::OfWitness& witness) {
  return witness.at ? moment(*witness.at, web::Language::english) : "never";
}

std::string missing_cosignatures(const Log::Standing& standing) {
  auto line = fmt::format(
      "checkpoints wait for witnesses, and new receipts with them: {}, of which each needs {} "
      "cosignature{}; last heard of",
      standing.waiting, standing.threshold, standing.threshold == 1 ? "" : "s");
  for (const auto& witness : standing.witnesses) {
    line += fmt::format("{} {}: {}", &witness == &standing.witnesses.front() ? "" : ",",
                        witness.name, heard_of(witness));
  }
  return line;
}

}  // namespace

std::vector<Duty> duties_of(State& state, Log& log, Sessions& sessions,
                            const SelfService& services) {
  std::vector<Duty> duties{
      {"hours and freeze", [&] { tick(state, log); }},
      {"round of the log", [&] { log.append_round(is_voting(state)); }},
      {"end of old sessions", [&] { sessions.sweep(); }},
      {"end of old sign-in failures", [&] { forget_old_failures(state); }},
  };
  if (auto* help = services.help) {
    duties.push_back({"end of old requests for help", [help] { help->sweep(); }});
  }
  if (auto* claims = services.claims) {
    duties.push_back({"end of old claims' tries", [claims] { claims->requests().sweep(); }});
  }
  if (auto* recoveries = services.recoveries) {
    duties.push_back({"lost passwords and identifiers", [recoveries] { recoveries->work(); }});
  }
  if (auto* accounts = services.accounts) {
    duties.push_back({"links of voters' accounts", [accounts] { accounts->work(); }});
  }
  if (auto* contact = services.contact) {
    duties.push_back({"contact check", [contact] { contact->work(); }});
  }
  // After who answers what was asked: a server that was down for an hour still does.
  duties.push_back({"end of old reissues", [&] { sweep_reissues(state); }});
  if (auto* confirmations = services.confirmations) {
    duties.push_back({"confirmation codes that did not get through",
                      [confirmations] { confirmations->send_elsewhere(); }});
    duties.push_back(
        {"end of old confirmation codes", [confirmations] { confirmations->sweep(); }});
  }
  duties.push_back({"purge of messages", [&] { outbox_of(state).purge(state.now()); }});
  return duties;
}

Duty watch_witnesses(std::function<Log::Standing()> standing, const Clock& clock,
                     std::function<void(std::string_view)> say) {
  return {
      "witnesses of the log", [standing = std::move(standing), &clock, say = std::move(say),
                               told = false, behind = std::set<std::string>()]() mutable {
        const auto now = standing();
        const bool overdue = now.is_overdue(clock.now());
        if (overdue && !told) say(missing_cosignatures(now));
        if (told && !overdue) say("checkpoints no longer wait long for witnesses");
        told = overdue;
        for (const auto& witness : now.witnesses) {
          const bool late = witness.is_overdue(clock.now());
          if (late && behind.insert(witness.name).second) {
            say(fmt::format(
                "the witness {} is behind by more than a minute, {} checkpoint{}; last heard "
                "of: {}",
                witness.name, witness.behind, witness.behind == 1 ? "" : "s", heard_of(witness)));
          }
          if (!late && behind.erase(witness.name) > 0) {
            say(fmt::format("the witness {} is no longer behind", witness.name));
          }
        }
      }};
}

void do_duties(std::vector<Duty>& duties, const std::function<void(std::string_view)>& report) {
  for (auto& duty : duties) {
    try {
      duty.work();
    } catch (const std::exception& error) {
      ++duty.failures;
      report(fmt::format("{}: failed {} time{} since the start, tried again at the next beat: {}",
                         duty.name, duty.failures, duty.failures == 1 ? "" : "s", error.what()));
    }
  }
}

}  // namespace isoloir::cli
