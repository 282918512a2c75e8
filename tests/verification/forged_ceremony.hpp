// A key ceremony whose members' secrets are all the forger's: everything after the point at which
// it departs from docs/protocol.md section 9 is made consistently, up to the manifest's keys.
#pragma once

#include "election/ceremony_statements.hpp"
#include "verification/election_fixture.hpp"

namespace isoloir::test {

struct ForgedCeremony {
  struct Member {
    std::vector<Scalar> coefficients;
    std::vector<Point> commitments;  // of the coefficients
  };
  std::vector<std::vector<Member>> groups;
  // Each message before it is signed, and after.
  std::function<void(const CeremonySlot&, Json& body)> body;
  std::function<void(const CeremonySlot&, std::string& text)> text;
};

// For a setup, in an election where nobody votes: its holders know no share of these keys. `change`
// comes before anything is said; who changes coefficients computes their commitments.
void hold_again(TestElection& e, const std::function<void(ForgedCeremony&)>& change);

}  // namespace isoloir::test
