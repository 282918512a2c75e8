// Batches of reissued keys for the board (docs/protocol.md section 5).
#include <algorithm>

#include "election/signed_document.hpp"
#include "reissue/throttle.hpp"
#include "service/journal.hpp"
#include "service/reissue.hpp"

namespace isoloir {
namespace {

using store::Transaction;

bool is_due(State& state, Transaction& transaction) {
  const auto oldest = transaction.query("SELECT MIN(at) FROM reissue_person WHERE batch = -1");
  if (oldest[0].is_null(0)) return false;
  const auto hours = transaction.query("SELECT grace_ends_at FROM hours WHERE id = 1");
  return !hours[0].is_null(0) || oldest[0].integer(0) + reissue::day_ms <= state.now();
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
    if (!is_due(state, transaction)) return {};
    const auto number =
        transaction.query("SELECT COALESCE(MAX(number), -1) + 1 FROM reissue_batch")[0].integer(0);
    const TimeMs at = std::max(state.now(), last_batch_at(transaction));
    transaction.execute("UPDATE reissue_key SET batch = $1 WHERE batch IS NULL", {number});
    transaction.execute("UPDATE reissue_person SET batch = $1 WHERE batch = -1", {number});
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
