#include "service/code_swap.hpp"

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "service/confirmation.hpp"
#include "service/waiting_keys.hpp"

namespace isoloir::flows {
namespace {

using store::Transaction;

void swap_ballot_key(State& state, Transaction& transaction, const std::string& voter,
                     const FlowContest& place, const Point& key, TimeMs now) {
  Bytes number;
  append_u32(number, place.contest);
  const auto lookup = state.link_key().lookup("link", {as_bytes(voter), number});
  const auto row =
      transaction.query("SELECT sealed FROM link WHERE lookup = $1", {ByteView(lookup)});
  ISOLOIR_ASSERT(!row.empty());
  const auto old = state.link_key().unseal(row[0].blob(0), lookup);
  ISOLOIR_ASSERT(old.has_value());
  transaction.execute(
      "UPDATE link SET sealed = $2 WHERE lookup = $1",
      {ByteView(lookup), state.link_key().seal(key.encoded(), lookup, state.random())});
  put_waiting_key(state, transaction, {voter, now, place.contest, place.district, {}, key},
                  *Point::decode(*old));
}

}  // namespace

bool ever_used(State& state, Transaction& transaction, const Point& key) {
  if (was_waiting(state, transaction, key)) return true;
  return !transaction
              .query(
                  "SELECT 1 FROM roster_key WHERE ballot_key = $1 UNION ALL SELECT 1 FROM "
                  "voting_code WHERE sign_in_key = $1 UNION ALL SELECT 1 FROM replaced_code WHERE "
                  "sign_in_key = $1 LIMIT 1",
                  {ByteView(key.encoded())})
              .empty();
}

bool keys_fit(State& state, Transaction& transaction, const std::vector<FlowContest>& contests,
              const PublicKeys& keys) {
  if (contests.size() != keys.ballot_keys.size()) return false;
  std::set<Point> distinct{keys.sign_in_key};
  bool fit = !ever_used(state, transaction, keys.sign_in_key);
  for (std::size_t i = 0; i < contests.size(); ++i) {
    fit = fit && keys.ballot_keys[i].first == contests[i].contest &&
          distinct.insert(keys.ballot_keys[i].second).second &&
          !ever_used(state, transaction, keys.ballot_keys[i].second);
  }
  return fit;
}

bool within_maximum(State& state, Transaction& transaction,
                    const std::vector<FlowContest>& contests) {
  const auto room = [&](const FlowContest& place, std::int64_t waiting) {
    const auto listed = transaction.query(
        "SELECT COUNT(*) FROM reissue_key WHERE contest = $1 AND added = 1", {place.contest});
    return listed[0].integer(0) + waiting <
           std::int64_t{state.manifest().contests[place.contest].reissue_max};
  };
  const auto at_most = waiting_keys_at_most(transaction);
  if (std::all_of(contests.begin(), contests.end(),
                  [&](const FlowContest& place) { return room(place, at_most); })) {
    return true;
  }
  const auto waiting = waiting_keys(state, transaction);
  return std::all_of(contests.begin(), contests.end(), [&](const FlowContest& place) {
    return room(place, std::count_if(waiting.begin(), waiting.end(), [&](const WaitingKey& key) {
                  return key.contest == place.contest;
                }));
  });
}

void swap_code(State& state, Transaction& transaction, const std::string& voter,
               const std::vector<FlowContest>& contests, const PublicKeys& keys, TimeMs now) {
  const auto old =
      transaction.query("SELECT sign_in_key FROM voting_code WHERE voter = $1", {voter})[0].blob(0);
  transaction.execute(
      "INSERT INTO replaced_code (sign_in_key, voter, replaced_at) VALUES ($1, $2, $3)",
      {old, voter, now});
  transaction.execute(
      "UPDATE voting_code SET sign_in_key = $2, state = 'valid', failures = 0, changed_at = $3 "
      "WHERE voter = $1",
      {voter, ByteView(keys.sign_in_key.encoded()), now});
  forget_confirmations(state, transaction, voter);
  for (std::size_t i = 0; i < contests.size(); ++i) {
    swap_ballot_key(state, transaction, voter, contests[i], keys.ballot_keys[i].second, now);
  }
}

void send_notice(State& state, const TextSource& texts, Transaction& transaction, const Flow& flow,
                 const reissue::Token& cancel, const NoticeWords& words, TimeMs now) {
  const Json values = {{"created_at", now},
                       {"reference", flow.reference},
                       {"link", state.manifest().origin + "/reissue/cancel#" + cancel.text()}};
  const auto email =
      transaction.query("SELECT email FROM voter WHERE id = $1", {flow.voter})[0].text(0);
  outbox_of(state).queue(
      transaction, now,
      {flow.voter, "reissue-notice", MessageChannel::email, email,
       texts.text(words.subject, flow.language, Json::object()),
       texts.text(words.body, flow.language, values), now + limits::message_life_ms});
}

}  // namespace isoloir::flows
