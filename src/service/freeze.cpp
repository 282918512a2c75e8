#include "service/freeze.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "election/ballot.hpp"
#include "service/bureau.hpp"
#include "service/election_log.hpp"
#include "service/journal.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr std::int64_t page_rows = 256;        // ballots in memory at once
constexpr std::size_t ballot_key_offset = 44;  // protocol section 6: C follows the header

// Where a ballot goes, and how it is found.
struct BoxPlace {
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  ByteArray<32> key{};
  Bytes lookup;
  friend bool operator<(const BoxPlace& a, const BoxPlace& b) {
    return std::tie(a.contest, a.district, a.key) < std::tie(b.contest, b.district, b.key);
  }
};

Bytes open_ballot(const LinkKey& link_key, ByteView sealed, ByteView lookup) {
  auto bytes = link_key.unseal(sealed, lookup);
  if (!bytes) throw std::runtime_error("a ballot cannot be opened under the link key");
  return std::move(*bytes);
}

// Runs outside the writing transaction: no ballot comes in any more.
std::vector<BoxPlace> places_in_order(State& state) {
  const auto link_key = state.held_link_key();
  if (!link_key) throw std::runtime_error("the link key is gone before the freeze");
  std::vector<BoxPlace> places;
  Bytes last;
  for (;;) {
    const auto rows = state.database().read([&](Transaction& transaction) -> Expected<store::Rows> {
      return transaction.query(
          "SELECT lookup_tracker, sealed FROM ballot WHERE lookup_tracker > $1 ORDER BY "
          "lookup_tracker LIMIT $2",
          {last, page_rows});
    });
    if (rows->empty()) break;
    for (const auto& row : *rows) {
      last = row.blob(0);
      const Bytes bytes = open_ballot(*link_key, row.blob(1), last);
      const auto header = read_ballot_header(bytes);
      ISOLOIR_ASSERT(header.has_value());
      places.push_back({header->contest, header->district,
                        *to_array<32>(ByteView(bytes).subspan(ballot_key_offset, 32)), last});
    }
  }
  std::sort(places.begin(), places.end());
  return places;
}

Digest rewrite_box(State& state, Transaction& transaction, const std::vector<BoxPlace>& places,
                   std::vector<std::int64_t>& ballots) {
  const auto link_key = state.held_link_key();
  MerkleAccumulator tree;
  for (const auto& place : places) {
    const auto row = transaction.query("SELECT sealed FROM ballot WHERE lookup_tracker = $1",
                                       {ByteView(place.lookup)});
    const Bytes bytes = open_ballot(*link_key, row.at(0).blob(0), place.lookup);
    transaction.execute(
        "INSERT INTO box (contest, district, ballot_key, tracker, ballot) VALUES ($1, $2, $3, $4, "
        "$5)",
        {place.contest, place.district, ByteView(place.key), ByteView(tracker_of(bytes).bytes),
         bytes});
    tree.append(leaf_hash(bytes));
    ++ballots.at(place.contest);
  }
  return tree.root();
}

Digest sign_off_root(Transaction& transaction, std::vector<std::int64_t>& sign_offs) {
  std::vector<Digest> leaves;
  for (const auto& row :
       transaction.query("SELECT contest, voter, at, salt FROM sign_off ORDER BY contest, voter")) {
    const auto entry = canonical_json({{"at", row.integer(2)},
                                       {"contest", row.integer(0)},
                                       {"salt", hex_encode(row.blob(3))},
                                       {"voter", row.text(1)}});
    leaves.push_back(leaf_hash(as_bytes(entry)));
    ++sign_offs.at(static_cast<std::size_t>(row.integer(0)));
  }
  std::sort(leaves.begin(), leaves.end());
  return merkle_root(leaves);
}

// No ballot comes in after this. Says whether the vote is frozen.
bool stop_casting(State& state) {
  return *state.database().write([&](Transaction& transaction) -> Expected<bool> {
    const auto phases = read_phases(transaction);
    if (!phases.grace_ends_at) return false;
    if (phases.all("frozen")) return true;
    if (state.now() < *phases.grace_ends_at && voters_inside(transaction) > 0) return false;
    transaction.execute("UPDATE contest_phase SET phase = 'frozen'");
    return true;
  });
}

// The freeze event and the duty to erase come in one transaction.
bool is_frozen(State& state) {
  return *state.database().read([](Transaction& transaction) -> Expected<bool> {
    return !transaction.query("SELECT 1 FROM duty WHERE name = $1", {duty_erase_traces}).empty();
  });
}

Status seal_box(State& state, Transaction& transaction, const std::vector<BoxPlace>& places) {
  if (!events_named(transaction, "freeze").empty()) return {};  // another process was first
  if (leaves_pending(transaction)) {
    return fail("freeze.pending", "the leaf of a ballot is not in the log");
  }
  if (transaction.query("SELECT COUNT(*) FROM ballot")[0].integer(0) !=
      static_cast<std::int64_t>(places.size())) {
    return fail("freeze.ballots", "ballots came in while the box was sorted");
  }
  const std::size_t contests = state.manifest().contests.size();
  std::vector<std::int64_t> ballots(contests);
  std::vector<std::int64_t> sign_offs(contests);
  const Digest box_root = rewrite_box(state, transaction, places, ballots);
  const Digest list_root = sign_off_root(transaction, sign_offs);
  const auto pads = transaction.query("SELECT COUNT(*) FROM log_pad")[0].integer(0);
  transaction.execute("DELETE FROM ballot");
  transaction.execute("DELETE FROM link");
  transaction.execute("DELETE FROM waiting_key");
  transaction.execute("UPDATE session SET nonce = NULL, nonce_at = NULL");
  const auto number = append_event(transaction, state,
                                   {"freeze",
                                    0,
                                    {},
                                    {{"box_root", hex_encode(box_root)},
                                     {"ballots", ballots},
                                     {"pads", pads},
                                     {"sign_offs", sign_offs},
                                     {"sign_off_root", hex_encode(list_root)}}},
                                   {&state.keys().board});
  if (!number) return fail(number.error());
  owe(transaction, duty_erase_traces, state.now());
  return {};
}

void pay(State& state, std::string_view duty, std::string_view step) {
  (void)state.database().write([&](Transaction& transaction) -> Status {
    const TimeMs now = state.now();
    if (transaction.execute("UPDATE duty SET done_at = $2 WHERE name = $1 AND done_at IS NULL",
                            {duty, now}) > 0) {
      journal(transaction, now, {{"step", step}});
    }
    return {};
  });
}

}  // namespace

void freeze_when_due(State& state, Log& log) {
  if (is_frozen(state) || !stop_casting(state)) return;
  log.append_round(true);
  const auto places = places_in_order(state);
  const auto done = state.database().write(
      [&](Transaction& transaction) -> Status { return seal_box(state, transaction, places); });
  if (!done) throw std::runtime_error(done.error().message);
  log.append_round(false);
}

void owe(Transaction& transaction, std::string_view duty, TimeMs at) {
  transaction.execute("INSERT INTO duty (name, due_at) VALUES ($1, $2)", {duty, at});
}

void pay_duties(State& state) {
  const auto rows = state.database().read([](Transaction& transaction) -> Expected<store::Rows> {
    return transaction.query("SELECT name, done_at FROM duty ORDER BY name");
  });
  for (const auto& row : *rows) {
    const bool due = row.is_null(1);
    if (row.text(0) == duty_destroy_link_key && (due || state.held_link_key())) {
      state.destroy_link_key();
      pay(state, duty_destroy_link_key, "link key destroyed");
    } else if (row.text(0) == duty_erase_traces && due) {
      state.database().erase_traces();
      pay(state, duty_erase_traces, "traces erased");
    }
  }
}

}  // namespace isoloir
