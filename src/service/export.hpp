// Writing the export of an election (docs/protocol.md section 11): everything that anyone needs to
// verify it, and nothing that tells who voted what.
#pragma once

#include <filesystem>

#include "service/state.hpp"

namespace isoloir {

// Writes the files of section 11 that there are so far: before the count none of tally.json,
// shares/ and result.json. `folder` is there whole or not at all; it must not exist, or be empty.
// One snapshot of the database. Before the freeze there is no export, because opened pads would
// tell how many have voted (R211-570).
//
// Errors: export.folder (not empty), export.not_frozen, export.not_logged (an event waits for the
// log's next round: try again), export.witnesses (the last
// checkpoint has not the cosignatures that the manifest asks for). Throws
// std::filesystem::filesystem_error, StoreError.
Status write_export(State& state, const std::filesystem::path& folder);
// Whether the last checkpoint is cosigned as the manifest asks.
bool last_checkpoint_witnessed(const Manifest& manifest, store::Transaction& transaction);
// What write_export asks of the folder, before a step that cannot be taken back. Error:
// export.folder.
Status export_has_place(const std::filesystem::path& target);

}  // namespace isoloir
