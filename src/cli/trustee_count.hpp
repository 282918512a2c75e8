// A holder's part of the count (docs/protocol.md section 10), on a machine of its own: verify, see
// what would be opened, compare T with what is read aloud; only then sign, or make shares. Either
// binds the private file to T. One thread.
#pragma once

#include <filesystem>
#include <string>

#include "cli/holder_file.hpp"
#include "verification/verification.hpp"

namespace isoloir::cli {

// Signs the `count` event in `document` when its T is the one of the checked count: into `out`, a
// new file, or, without a name, in place. The private file is bound to T and saved before. Errors:
// trustee.document, trustee.tally (the event is of another T), holder.second_tally, count.holder,
// trustee.file.
Expected<std::string> attest_count(const CheckedCount& checked,
                                   const std::filesystem::path& document,
                                   const std::filesystem::path& out, HolderFile& holder,
                                   Random& random);

// Binds the file to T, seals it, then writes <bureau>-<group>-<index>.json into `out`. Errors:
// those of count_opened, holder.second_tally, count.holder, trustee.file.
Expected<std::string> make_share_file(const CheckedCount& checked, const std::filesystem::path& out,
                                      HolderFile& holder, Random& random);

}  // namespace isoloir::cli
