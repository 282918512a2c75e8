// The log of an election, and the ballots' leaves that wait for its next round. They wait under the
// link key: written in clear beside a sign-off they would tie the voter to her place in the log for
// whoever reads the write-ahead log (docs/protocol.md section 12).
#pragma once

#include "board/log.hpp"
#include "service/state.hpp"

namespace isoloir {

// `signed_file`: as the log's constructor wants it.
Log open_log(State& state, const std::filesystem::path& signed_file = {});

void put_pending_leaf(State& state, store::Transaction& transaction, const Digest& leaf);
bool leaves_pending(store::Transaction& transaction);

}  // namespace isoloir
