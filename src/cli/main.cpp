#include <sodium.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.hpp"
#include "cli/server.hpp"

int main(int argc, char** argv) {
  if (sodium_init() < 0) {
    std::fputs("isoloir: libsodium cannot start on this machine\n", stderr);
    return 2;
  }
  CLI::App app{"isoloir: Internet voting that anyone can verify"};
  app.require_subcommand(1);
  int exit_code = 0;
  // In the order in which an election needs them, then what needs no election.
  isoloir::cli::add_election(app, exit_code);
  isoloir::cli::add_registrar(app, exit_code);
  isoloir::cli::add_trustee(app, exit_code);
  isoloir::cli::add_serve(app, exit_code);
  isoloir::cli::add_voter(app, exit_code);
  isoloir::cli::add_bureau(app, exit_code);
  isoloir::cli::add_verify(app, exit_code);
  isoloir::cli::add_demo(app, exit_code);
  isoloir::cli::add_rehearse(app, exit_code);
  isoloir::cli::add_seats(app, exit_code);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const isoloir::store::StoreError& error) {
    return isoloir::cli::report(error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "isoloir: %s\n", error.what());
    return 2;
  }
  return exit_code;
}
