// The subcommands of the one binary. Each add_* declares its options on the application and sets
// `exit_code` when it runs: 0 success, 1 a negative verdict or a failed step, 2 bad use or bad
// input.
#pragma once

#include <CLI/CLI.hpp>

namespace isoloir::cli {

void add_bureau(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_election(CLI::App& app, int& exit_code);
void add_registrar(CLI::App& app, int& exit_code);
void add_rehearse(CLI::App& app, int& exit_code);
void add_seats(CLI::App& app, int& exit_code);
void add_serve(CLI::App& app, int& exit_code);
void add_trustee(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_voter(CLI::App& app, int& exit_code);

}  // namespace isoloir::cli
