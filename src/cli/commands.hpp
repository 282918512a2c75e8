// The subcommands of the one binary.
#pragma once

#include "cli/command_line.hpp"

namespace isoloir::cli {

void add_assistance(Command app);
void add_claim(Command app);
void add_bench(Command app);
void add_bureau(Command app);
void add_check(Command app);
void add_contact(Command app);
void add_demo(Command app);
void add_election(Command app);
void add_mailing(Command app);
void add_registrar(Command app);
void add_rehearse(Command app);
void add_roll(Command app);
void add_seats(Command app);
void add_second_round(Command app);
void add_serve(Command app);
void add_trustee(Command app);
void add_verify(Command app);
void add_voter(Command app);
void add_witness(Command app);

}  // namespace isoloir::cli
