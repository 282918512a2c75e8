// The key ceremony by files (docs/protocol.md section 9). A ceremony folder holds plan.json and one
// file for each message (CeremonySlot::file_name). One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/holder_file.hpp"

namespace isoloir::cli {

// A folder's plan and messages. Errors: trustee.file, ceremony.plan.
struct CeremonyFolder {
  CeremonyPlan plan;
  std::vector<std::string> messages;
};
Expected<CeremonyFolder> read_ceremony_folder(const std::filesystem::path& folder);

// Makes and writes this holder's next message, and again those that the folder has lost; gives what
// the holder reads. Errors: those of read_as_holder and next_message, trustee.file.
Expected<std::string> ceremony_step(const std::filesystem::path& folder, HolderFile& holder,
                                    Random& random);

}  // namespace isoloir::cli
