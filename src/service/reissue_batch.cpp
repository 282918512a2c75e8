// Batches of reissued keys for the board (docs/protocol.md section 5).
#include <algorithm>
#include <map>

#include "base/limits.hpp"
#include "election/signed_document.hpp"
#include "reissue/throttle.hpp"
#include "service/journal.hpp"
#include "service/reissue.hpp"
#include "service/waiting_keys.hpp"

namespace isoloir {
namespace {

using store::Transaction;

// Daily, and at the close whatever waits.
struct Look {
  bool due = false;
  bool closed = false;
};
Look look(State& state, Transaction& transaction) {
  const auto hours = transaction.query("SELECT opens_at, grace_ends_at FROM hours WHERE id = 1")[0];
  if (!hours.is_null(1)) return {true, true};
  const auto next = transaction.query("SELECT next_at FROM reissue_look WHERE id = 1");
  const TimeMs at = next.empty() ? hours.integer(0) + day_ms : next[0].integer(0);
  if (state.now() < at) return {};
  transaction.execute(
      "INSERT INTO reissue_look (id, next_at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET "
      "next_at = excluded.next_at",
      {state.now() + day_ms});
  return {true, false};
}

// Before the close those of a contest and district wait for each other.
void keep_back_few(std::vector<WaitingKey>& keys) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> sizes;
  for (const auto& key : keys) ++sizes[{key.contest, key.district}];
  std::erase_if(keys, [&](const WaitingKey& key) {
    return sizes.at({key.contest, key.district}) < limits::reissue_batch_minimum;
  });
}

void list_key(Transaction& transaction, std::int64_t number, const WaitingKey& place,
              const Point& key, bool added) {
  transaction.execute(
      "INSERT INTO reissue_key (batch, contest, district, added, ballot_key) VALUES ($1, $2, $3, "
      "$4, $5)",
      {number, place.contest, place.district, added ? 1 : 0, ByteView(key.encoded())});
}

// From under the link key into the open: roster, lists, and the persons of this batch.
void publish(State& state, Transaction& transaction, std::int64_t number,
             const std::vector<WaitingKey>& keys) {
  std::map<std::string, TimeMs> persons;
  for (const auto& key : keys) {
    transaction.execute("UPDATE roster_key SET in_force = 0 WHERE ballot_key = $1",
                        {ByteView(key.removed.encoded())});
    transaction.execute(
        "INSERT INTO roster_key (ballot_key, contest, district, in_force) VALUES ($1, $2, $3, 1)",
        {ByteView(key.added.encoded()), key.contest, key.district});
    list_key(transaction, number, key, key.removed, false);
    list_key(transaction, number, key, key.added, true);
    remove_waiting_key(state, transaction, key.added);
    auto& at = persons[key.voter];
    at = std::max(at, key.at);
  }
  for (const auto& [voter, at] : persons) {
    transaction.execute(
        "INSERT INTO reissue_person (batch, voter, at, salt) VALUES ($1, $2, $3, $4)",
        {number, voter, at, state.random().bytes(16)});
  }
}

// Leaves as for sign-offs, of no contest: a person is reissued a code, not a contest.
Digest register_root(Transaction& transaction, std::int64_t number, std::int64_t& persons) {
  std::vector<Digest> leaves;
  for (const auto& row :
       transaction.query("SELECT voter, at, salt FROM reissue_person WHERE batch = $1", {number})) {
    const auto entry = canonical_json({{"at", row.integer(1)},
                                       {"contest", nullptr},
                                       {"salt", hex_encode(row.blob(2))},
                                       {"voter", row.text(0)}});
    leaves.push_back(leaf_hash(as_bytes(entry)));
  }
  std::sort(leaves.begin(), leaves.end());
  persons = static_cast<std::int64_t>(leaves.size());
  return merkle_root(leaves);
}

std::vector<Point> keys_of(Transaction& transaction, std::int64_t number, std::int64_t contest,
                           std::int64_t district, bool added) {
  std::vector<Point> keys;
  for (const auto& row : transaction.query(
           "SELECT ballot_key FROM reissue_key WHERE batch = $1 AND contest = $2 AND district = $3 "
           "AND added = $4 ORDER BY ballot_key",
           {number, contest, district, added ? 1 : 0})) {
    keys.push_back(*Point::decode(row.blob(0)));
  }
  return keys;
}

Json units_of(State& state, Transaction& transaction, std::int64_t number) {
  Json units = Json::array();
  for (const auto& row : transaction.query(
           "SELECT DISTINCT contest, district FROM reissue_key WHERE batch = $1 ORDER BY contest, "
           "district",
           {number})) {
    const auto root = [&](const std::vector<Point>& keys) {
      return hex_encode(roster_root(state.manifest().election_id,
                                    static_cast<std::uint32_t>(row.integer(0)),
                                    static_cast<std::uint32_t>(row.integer(1)), keys));
    };
    const auto removed = keys_of(transaction, number, row.integer(0), row.integer(1), false);
    const auto added = keys_of(transaction, number, row.integer(0), row.integer(1), true);
    ISOLOIR_ASSERT(removed.size() == added.size());
    units.push_back({{"contest", row.integer(0)},
                     {"district", row.integer(1)},
                     {"size", added.size()},
                     {"removed_root", root(removed)},
                     {"added_root", root(added)}});
  }
  return units;
}

TimeMs last_batch_at(Transaction& transaction) {
  const auto rows =
      transaction.query("SELECT text FROM reissue_batch ORDER BY number DESC LIMIT 1");
  if (rows.empty()) return 0;
  return *integer_field(SignedDocument::parse(rows[0].text(0))->body(), "at");
}

}  // namespace

void gather_reissues_when_due(State& state) {
  (void)state.database().write([&](Transaction& transaction) -> Status {
    const auto [due, closed] = look(state, transaction);
    if (!due || waiting_keys_at_most(transaction) == 0) return {};
    auto keys = waiting_keys(state, transaction);
    if (!closed) keep_back_few(keys);
    if (keys.empty()) return {};
    const auto number =
        transaction.query("SELECT COALESCE(MAX(number), -1) + 1 FROM reissue_batch")[0].integer(0);
    const TimeMs at = std::max(state.now(), last_batch_at(transaction));
    publish(state, transaction, number, keys);
    std::int64_t persons = 0;
    const auto root = register_root(transaction, number, persons);
    SignedDocument batch({{"type", "reissue-batch"},
                          {"number", number},
                          {"at", at},
                          {"persons", persons},
                          {"register_root", hex_encode(root)},
                          {"units", units_of(state, transaction, number)}});
    batch.sign(state.keys().board, state.fingerprint(), state.random());
    transaction.execute("INSERT INTO reissue_batch (number, text, logged) VALUES ($1, $2, 0)",
                        {number, batch.text()});
    journal(transaction, at, {{"step", "reissue batch"}, {"number", number}});
    return {};
  });
}

}  // namespace isoloir
