// A sealed election becomes the state of the server that will hold it. One call at a time on one
// state.
#pragma once

#include "election/registrar.hpp"
#include "election/roll.hpp"
#include "service/setup.hpp"

namespace isoloir {

// What can be checked before the roll: a state that waits for an election, or holds this one under
// a seal that the manifest names as broken and whose vote has never opened; the sealing whole and
// good, of this server's keys and this program's scripts. Errors: state.exists, state.opened (votes
// may have been cast under the broken seal), state.link_key (a link key without its election lies
// there), server_keys.missing, server_keys.form,
// server_keys.other (the manifest names another server), seal.incomplete (names who has not
// signed), assets.other, install.hours (the vote is over), and those of check_sealing.
Expected<Sealing> check_installable(const StatePaths& paths, const PublicFiles& files,
                                    const std::vector<BoothAsset>& assets, const Clock& clock);

struct InstallInput {
  const PublicFiles& files;               // of sealing_paths
  const std::vector<BoothAsset>& assets;  // of the program that will serve
  const Roll& roll;
  const std::vector<VoterKeys>& keys;  // the registrar's import, opened
};

// The server's keys stand in the state's folder already (draft). Everything is checked, made in a
// folder beside, and takes its place at the end: all or nothing. A state of a broken seal, which
// nobody holds meanwhile, is set aside then as STATE.broken-N, without its link key. What voters
// did under that seal stays: their accounts are carried over, how many is given, and codes that
// they renewed or blocked do not come back. Errors: those of check_installable and import_roll,
// state.aside (that place is taken), import.renewed (this import would bring such codes back),
// import.replaces (its codes are other ones, and it does not know those before).
Expected<std::size_t> install_election(const StatePaths& paths, const InstallInput& input,
                                       Clock& clock, Random& random);

// The scripts in the manifest are these, no other. Error: assets.other (names the first).
Status check_assets(const Manifest& manifest, const std::vector<BoothAsset>& assets);

}  // namespace isoloir
