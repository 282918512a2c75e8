// isoloir election: from a portal's folder to an election that can be served
// (docs/first-election.md). Each step works on files that travel on sticks, checks all it is given
// before it writes, and says who must act next.
//
// The election's folder holds, besides draft.json and each ceremony's plan.json, what will lie in
// the export under the same paths (sealing_paths), and sealing.html, the page of the sealing.
#pragma once

#include <filesystem>

#include "service/install.hpp"

namespace isoloir::cli {

// The files of sealing_paths from the election's folder. Errors: election.unsealed (no
// manifest.json yet), those of Manifest::parse, file.missing.
Expected<PublicFiles> read_sealed_files(const std::filesystem::path& folder);

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
