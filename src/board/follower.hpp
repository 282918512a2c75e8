// What a witness does with a log: it remembers how far it has seen it, recomputes what came since,
// and tells a log that has grown from one that shows two histories (docs/protocol.md section 8).
// Pure but for the tiles that it asks for. One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "crypto/merkle.hpp"
#include "election/checkpoint.hpp"
#include "election/manifest.hpp"

namespace isoloir {

// "tile/1/x001/x234/067.p/8" of tlog-tiles.
std::string tile_path(std::size_t level, std::uint64_t index, std::size_t width);

// What must outlive a power cut: who forgot it could cosign a second history.
struct WitnessMemory {
  // A log that cannot be followed any more, and the two checkpoints that show it.
  struct Fork {
    std::string reason;  // code of an error: fork.smaller, fork.root, fork.inconsistent
    TimeMs seen_at = 0;
    std::string shown;  // the note that does not fit `note`
    friend bool operator==(const Fork&, const Fork&) = default;
  };

  Fingerprint fingerprint;
  std::string origin;
  ByteArray<32> log_key{};
  std::string witness;     // vkey of the key that signs by this memory, and of no other
  MerkleAccumulator tree;  // of the last checkpoint that was found good
  std::string note;        // that checkpoint; empty before the first
  std::optional<Fork> fork;

  // Canonical JSON. Error: witness.state.
  std::string text() const;
  static Expected<WitnessMemory> parse(std::string_view text);
};

// The bytes of a tile by its tile_path. Its errors pass through follow().
using ReadTile = std::function<Expected<std::string>(const std::string& path)>;

// Judges the log's newest note by what is remembered, and remembers it: nothing is signed here, and
// the memory is to be on the disk before anything is.
//
// Errors that are no fork, after which the memory is as before: those of open_checkpoint; those of
// `read_tile`; follow.tile (a tile of another size than asked for); follow.tiles (the tiles do not
// lead to the signed root, or to the one seen before where fewer entries are shown: a damaged
// server, or one that hides what it signed); follow.stale (fewer entries than were seen, and the
// beginning of them: an old checkpoint). For the last two of a smaller size all tiles are read.
// Errors that are one, which the memory has from then on and which every further call gives again:
// fork.smaller (fewer entries, and no beginning of those that were seen, by tiles that do lead to
// them), fork.root (same size, another root), fork.inconsistent (longer, and the tree that was seen
// is no beginning of it, by tiles that do lead to the signed root).
Status follow(WitnessMemory& memory, const std::string& note, TimeMs now,
              const ReadTile& read_tile);

}  // namespace isoloir
