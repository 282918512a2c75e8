// Ballot keys that came by a reissue and wait for their batch on the board (docs/protocol.md
// section 5). Until then they stand under the link key alone, rows of one length in no order, and
// the roster in clear does not change: whoever reads the database, its log or two of its backups
// sees that a voter was given a new code and not which key she was given (section 12). Used inside
// a transaction of the database.
#pragma once

#include <string>
#include <vector>

#include "service/state.hpp"

namespace isoloir {

struct WaitingKey {
  std::string voter;  // permanent identifier, at most limits::roll_id_bytes
  TimeMs at = 0;      // of the reissue
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  Point removed;  // the key in force on the board
  Point added;
};

// Sets `added` in the place of `replaced`, the voter's key so far. When `replaced` waits itself, it
// will appear nowhere, and the new key stands for the one that it would have removed.
void put_waiting_key(State& state, store::Transaction& transaction, WaitingKey key,
                     const Point& replaced);

// In force in this contest and district although the board does not know it yet.
bool is_waiting_in_force(State& state, store::Transaction& transaction, const Point& key,
                         std::uint32_t contest, std::uint32_t district);
// Waits, or waited and was replaced again: nobody else may have it.
bool was_waiting(State& state, store::Transaction& transaction, const Point& key);

// The key that the board knows in the place of `key`, which is in force: `key` itself, unless it
// waits.
Point key_on_board(State& state, store::Transaction& transaction, const Point& key);
// Its voter was struck off: if it waits it will appear nowhere, and nobody else may have it.
void withdraw_waiting_key(State& state, store::Transaction& transaction, const Point& key);

// Those in force, in the order of contest, district and added key.
std::vector<WaitingKey> waiting_keys(State& state, store::Transaction& transaction);
// How many there are, at most: the cheap answer, which counts those that were replaced again too.
std::int64_t waiting_keys_at_most(store::Transaction& transaction);
// This one stands on the board now.
void remove_waiting_key(State& state, store::Transaction& transaction, const Point& added);

}  // namespace isoloir
