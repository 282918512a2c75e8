// isoloir election: from a portal's folder to an election that can be served
// (docs/first-election.md). Each step works on files that travel on sticks, checks all it is given
// before it writes, and says who must act next.
//
// The election's folder holds, besides draft.json and each ceremony's plan.json, what will lie in
// the export under the same paths (sealing_paths), sealing.html, the page of the sealing, and in
// broken/ what was sealed before and broken again.
#pragma once

#include <filesystem>

#include "service/install.hpp"
#include "service/setup.hpp"

namespace isoloir::cli {

// The files of sealing_paths from the election's folder. Errors: election.unsealed (no
// manifest.json yet), those of Manifest::parse, file.missing.
Expected<PublicFiles> read_sealed_files(const std::filesystem::path& folder);

inline constexpr const char* sealing_page_file = "sealing.html";

struct UnsealOptions {
  std::filesystem::path folder;
  std::string reason;
};
// Moves the seal, with what was sealed, to broken/N in the election's folder.
Expected<std::string> run_unseal(const UnsealOptions& options);
// What lies there, oldest first. Errors: file.missing, seal.broken.
Expected<std::vector<BrokenSealing>> read_broken_seals(const std::filesystem::path& folder);

struct InstallOptions {
  std::filesystem::path folder;
  std::filesystem::path state;
  std::filesystem::path roll;
  std::filesystem::path import;
  std::filesystem::path accounts;  // empty: none are made
};
Expected<std::string> run_install(const InstallOptions& options);

struct AccountOptions {
  std::filesystem::path state;
  std::filesystem::path from;
  std::filesystem::path generate;
};
Expected<std::string> run_accounts(const AccountOptions& options);

}  // namespace isoloir::cli
