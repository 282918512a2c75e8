#include <sodium.h>

#include <cstdio>
#include <exception>
#include <string>

#include "cli/commands.hpp"
#include "cli/server.hpp"
#include "election/protocol_version.hpp"

int main(int argc, char** argv) {
  using namespace isoloir::cli;
  if (sodium_init() < 0) {
    std::fputs("isoloir: libsodium cannot start on this machine\n", stderr);
    return 2;
  }
  try {
    // In the order in which an election needs them, then what needs no election.
    return run_command_line(
        argc, argv, "isoloir: Internet voting that anyone can verify",
        "isoloir " ISOLOIR_VERSION ", protocol " + std::string(isoloir::protocol_version),
        {add_check, add_election, add_registrar, add_mailing, add_trustee, add_serve, add_voter,
         add_assistance, add_claim, add_contact, add_roll, add_bureau, add_witness, add_verify,
         add_demo, add_rehearse, add_seats, add_second_round, add_bench});
  } catch (const isoloir::store::StoreError& error) {
    return report(error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "isoloir: %s\n", error.what());
    return 2;
  }
}
