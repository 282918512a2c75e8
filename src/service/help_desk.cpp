#include "service/help_desk.hpp"

#include <algorithm>

#include "reissue/throttle.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr std::string_view ellipsis = "…";

struct ToDeskState {
  TimeMs now;
  const flows::Flow& flow;
  DeskReissue operator()(const reissue::LinkQueued& s) const {
    if (now >= s.expires_at) return with("expired", s.expires_at);
    return with("sent", s.sent_at, s.expires_at);
  }
  DeskReissue operator()(const reissue::Opened& s) const {
    if (now >= s.expires_at) return with("expired", s.expires_at);
    return with("opened", s.opened_at, s.expires_at);
  }
  DeskReissue operator()(const reissue::Issued& s) const {
    return with(now < s.repeat_until ? "issued" : "done", s.issued_at);
  }
  DeskReissue operator()(const reissue::Acknowledged& s) const { return with("done", s.issued_at); }
  DeskReissue operator()(const reissue::Expired& s) const {
    return s.issued_at ? with("done", *s.issued_at) : with("expired", s.since);
  }
  DeskReissue operator()(const reissue::Superseded& s) const {
    return with("superseded", s.newer_at);
  }
  DeskReissue operator()(const reissue::Cancelled& s) const { return with("blocked", s.at); }
  template <typename Passing>
  DeskReissue operator()(const Passing&) const {
    ISOLOIR_ASSERT(false);
  }
  DeskReissue with(const char* state, TimeMs at, TimeMs until = 0) const {
    return {flow.reference, state, flow.requested_at, at, until};
  }
};

void read_code(Transaction& transaction, VoterDesk& desk) {
  for (const auto& row : transaction.query(
           "SELECT state, changed_at FROM voting_code WHERE voter = $1", {desk.voter})) {
    if (row.text(0) != "valid") desk.code = VoterDesk::Code::invalidated;
    desk.code_since = row.integer(1);
  }
  for (const auto& row : transaction.query(
           "SELECT replaced_at FROM replaced_code WHERE voter = $1 ORDER BY replaced_at",
           {desk.voter})) {
    desk.replaced_at.push_back(row.integer(0));
  }
}

void read_next(State& state, Transaction& transaction, const ReissuePolicy& policy,
               VoterDesk& desk) {
  using Next = VoterDesk::Next;
  if (const auto shut = flows::closed(state, transaction, policy, desk.voter)) {
    desk.next = shut->code == "reissue.blocked" ? Next::blocked
                : shut->code == "reissue.limit" ? Next::limit
                                                : Next::closed;
    return;
  }
  desk.next = Next::ask;
  const auto tries = [&](std::string_view what) {
    return flows::attempts(transaction, flows::attempt_key(state, what, desk.voter), desk.now);
  };
  const auto requested = reissue::retry_at(tries("request"), policy.requests, desk.now);
  const auto proven = reissue::proof_retry_at(tries("wrong proof"), policy.wrong_proofs_per_day,
                                              policy.first_delay_ms, desk.now);
  desk.next_at = std::max(requested.value_or(desk.now), proven.value_or(desk.now));
}

}  // namespace

Expected<VoterDesk> desk_of(State& state, const ReissuePolicy* policy, const std::string& voter) {
  auto outbox = outbox_of(state);
  return state.database().read([&](Transaction& transaction) -> Expected<VoterDesk> {
    if (transaction.query("SELECT 1 FROM voter WHERE id = $1", {voter}).empty()) {
      return fail("desk.unknown_voter", voter + ": there is no such voter on the roll");
    }
    VoterDesk desk;
    desk.voter = voter;
    desk.now = flows::steady_now(state, transaction);
    read_code(transaction, desk);
    for (const auto& flow : flows::of_voter(state, transaction, voter)) {
      desk.reissues.push_back(std::visit(ToDeskState{desk.now, flow}, flow.state));
      if (desk.reissues.back().state == "blocked") desk.code = VoterDesk::Code::blocked;
    }
    desk.messages = outbox.traces_of(transaction, voter);
    for (auto& message : desk.messages) message.destination = masked(message.destination);
    if (policy) read_next(state, transaction, *policy, desk);
    return desk;
  });
}

std::string masked(std::string_view destination) {
  const std::string dots(ellipsis);
  const auto at = destination.find('@');
  if (at != std::string_view::npos) {
    const auto domain = destination.substr(at + 1);
    const auto last = domain.rfind('.');
    const auto top = last == std::string_view::npos ? std::string_view() : domain.substr(last);
    return std::string(destination.substr(0, 1)) + dots + "@" + std::string(domain.substr(0, 1)) +
           dots + std::string(top);
  }
  if (destination.size() < 8) return destination.empty() ? "" : dots;
  return std::string(destination.substr(0, 3)) + dots +
         std::string(destination.substr(destination.size() - 2));
}

}  // namespace isoloir
