#include "service/waiting_keys.hpp"

#include <algorithm>
#include <tuple>

#include "base/limits.hpp"

namespace isoloir {
namespace {

using store::Transaction;

// In force, or replaced again before its batch.
enum class Standing : std::uint8_t { in_force = 1, replaced = 2 };

ByteArray<32> lookup_of(State& state, const Point& added) {
  return state.link_key().lookup("waiting key", {added.encoded()});
}

// removed ‖ added ‖ u32 contest ‖ u32 district ‖ u64 at ‖ u8 standing ‖ u8 length of the voter's
// identifier ‖ the identifier, zeros up to limits::roll_id_bytes. The length tells nothing.
Bytes encode(const WaitingKey& key, Standing standing) {
  ISOLOIR_ASSERT(key.voter.size() <= limits::roll_id_bytes);
  Bytes bytes;
  append(bytes, key.removed.encoded());
  append(bytes, key.added.encoded());
  append_u32(bytes, key.contest);
  append_u32(bytes, key.district);
  append_u64(bytes, static_cast<std::uint64_t>(key.at));
  bytes.push_back(static_cast<std::uint8_t>(standing));
  bytes.push_back(static_cast<std::uint8_t>(key.voter.size()));
  append(bytes, as_bytes(key.voter));
  bytes.resize(bytes.size() + limits::roll_id_bytes - key.voter.size());
  return bytes;
}

// What `encode` wrote: authenticated, so its form is not in question.
std::pair<WaitingKey, Standing> decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto point = [&] { return *Point::decode(*reader.take(32)); };
  const Point removed = point();
  const Point added = point();
  const auto contest = *reader.take_u32();
  const auto district = *reader.take_u32();
  const std::uint64_t high = *reader.take_u32();
  const auto at = static_cast<TimeMs>(high << 32 | *reader.take_u32());
  const auto standing = static_cast<Standing>((*reader.take(1))[0]);
  const auto length = (*reader.take(1))[0];
  return {{std::string(as_text(*reader.take(length))), at, contest, district, removed, added},
          standing};
}

std::pair<WaitingKey, Standing> open(State& state, ByteView sealed, ByteView lookup) {
  const auto bytes = state.link_key().unseal(sealed, lookup);
  ISOLOIR_ASSERT(bytes.has_value());
  return decode(*bytes);
}

std::optional<std::pair<WaitingKey, Standing>> find(State& state, Transaction& transaction,
                                                    const Point& key) {
  const auto lookup = lookup_of(state, key);
  const auto rows =
      transaction.query("SELECT sealed FROM waiting_key WHERE lookup = $1", {ByteView(lookup)});
  if (rows.empty()) return std::nullopt;
  return open(state, rows[0].blob(0), lookup);
}

void write(State& state, Transaction& transaction, const WaitingKey& key, Standing standing) {
  const auto lookup = lookup_of(state, key.added);
  transaction.execute(
      "INSERT INTO waiting_key (lookup, sealed) VALUES ($1, $2) ON CONFLICT (lookup) DO UPDATE SET "
      "sealed = excluded.sealed",
      {ByteView(lookup), state.link_key().seal(encode(key, standing), lookup, state.random())});
}

}  // namespace

void put_waiting_key(State& state, Transaction& transaction, WaitingKey key,
                     const Point& replaced) {
  key.removed = replaced;
  if (const auto earlier = find(state, transaction, replaced)) {
    key.removed = earlier->first.removed;
    write(state, transaction, earlier->first, Standing::replaced);
  }
  write(state, transaction, key, Standing::in_force);
}

bool is_waiting_in_force(State& state, Transaction& transaction, const Point& key,
                         std::uint32_t contest, std::uint32_t district) {
  const auto found = find(state, transaction, key);
  return found && found->second == Standing::in_force && found->first.contest == contest &&
         found->first.district == district;
}

bool was_waiting(State& state, Transaction& transaction, const Point& key) {
  return find(state, transaction, key).has_value();
}

Point key_on_board(State& state, Transaction& transaction, const Point& key) {
  const auto waiting = find(state, transaction, key);
  return waiting ? waiting->first.removed : key;
}

void withdraw_waiting_key(State& state, Transaction& transaction, const Point& key) {
  if (const auto waiting = find(state, transaction, key)) {
    write(state, transaction, waiting->first, Standing::replaced);
  }
}

std::vector<WaitingKey> waiting_keys(State& state, Transaction& transaction) {
  std::vector<WaitingKey> keys;
  for (const auto& row : transaction.query("SELECT lookup, sealed FROM waiting_key")) {
    auto [key, standing] = open(state, row.blob(1), row.blob(0));
    if (standing == Standing::in_force) keys.push_back(std::move(key));
  }
  std::sort(keys.begin(), keys.end(), [](const WaitingKey& a, const WaitingKey& b) {
    return std::tie(a.contest, a.district, a.added) < std::tie(b.contest, b.district, b.added);
  });
  return keys;
}

std::int64_t waiting_keys_at_most(Transaction& transaction) {
  return transaction.query("SELECT COUNT(*) FROM waiting_key")[0].integer(0);
}

void remove_waiting_key(State& state, Transaction& transaction, const Point& added) {
  transaction.execute("DELETE FROM waiting_key WHERE lookup = $1",
                      {ByteView(lookup_of(state, added))});
}

}  // namespace isoloir
