// Who is struck off the roll of a contest (event `strike-off`, docs/protocol.md section 8): from
// the voter to the key that the event names, and what the event does. Which key is whose stands
// under the link key alone. Used inside a transaction of the database, before the freeze.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "courier/text_source.hpp"
#include "service/state.hpp"

namespace isoloir {

// A place on the roll of a contest, as the board knows it.
struct RollPlace {
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  Point key;
  friend bool operator==(const RollPlace&, const RollPlace&) = default;
};

// Her place that can be struck off. Where a new key of hers waits for its batch, it is the one that
// the board still has: the new one will appear nowhere. Errors: roll.not_registered (she is not on
// the roll of this contest), roll.voted (she has voted in it: only a judge decides), roll.closed
// (the box is frozen).
Expected<RollPlace> place_of(State& state, store::Transaction& transaction,
                             const std::string& voter, std::uint32_t contest);

// Whose place this may be. It opens every link of the contest and district, 1.6 s for 100 000: look
// before a transaction that writes.
std::optional<std::string> holder_of(State& state, store::Transaction& transaction,
                                     const RollPlace& place);

// Journals that these places' keys are shown beside her name: whoever has seen that knows her
// ballot by its key, should she vote after all.
void note_strike_off(State& state, const std::string& voter, const std::vector<RollPlace>& places);

// Takes the place away with its link, its line of the online roll, a code that confirms a vote. The
// account stays. A mail by `texts` (null where this server sends none) tells her, where the roll
// has an address. `holder`: who may have the place; where it is not hers it is looked for. Errors:
// roll.voted; roll.key (nobody has this key in this contest and district any more: a new one has
// taken its place, or it was struck off).
Status strike_off(State& state, store::Transaction& transaction, const std::string& holder,
                  const RollPlace& place, const TextSource* texts);

}  // namespace isoloir
