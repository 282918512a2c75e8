// Ballots and decryption shares made by who knows the protocol and keeps to it but at one point:
// each equation of each proof can be off by a point of the forger's choice, each random scalar be a
// chosen one. Everything that is hashed is hashed as it stands in the end, so that a verifier that
// does not look at that one point accepts all of it.
#pragma once

#include "verification/election_fixture.hpp"

namespace isoloir::test {

struct ForgedOption {
  Scalar r;
  bool one = false;                      // what it encrypts
  std::optional<Scalar> e, z;            // of the branch that is simulated
  std::optional<Scalar> w;               // of the branch that is true
  bool top_bit = false;                  // of beta, which it has not, is set wherever beta stands
  Point off_a0, off_b0, off_a1, off_b1;  // what its equations are off by
};

struct ForgedBallot {
  Fingerprint fingerprint;
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  std::vector<ForgedOption> options;
  Point off_sum_a, off_sum_b, off_signature;
  std::optional<Scalar> signature_nonce;
  std::function<void(Ballot&)> proven;  // after the proofs
  std::function<void(Bytes&)> encoded;  // last, before it is signed
};

// As `e.ballot`, with `change` before anything is computed.
Bytes forge_ballot(TestElection& e, std::uint32_t contest, std::uint32_t district,
                   std::size_t choice, const KeyPair& key,
                   const std::function<void(ForgedBallot&)>& change);
// The signature of the ballot in `bytes`, in place of the one that it has.
void sign_ballot(Bytes& bytes, const Fingerprint& fingerprint, const KeyPair& key, Random& random);

// One share of the document of member j of group g, proven with the secret x. `off_a` and `off_b`:
// what the two equations are off by.
struct ForgedShare {
  std::size_t place = 0;  // in the document
  Scalar secret;
  Point share_key;
  Point off_partial, off_a, off_b;
  std::optional<Scalar> nonce;
};
// In the document that the fixture has made; signed again by its author.
void forge_share(TestElection& e, std::uint32_t group, std::uint32_t index,
                 const std::function<void(ForgedShare&)>& change, std::size_t place = 0);
const HolderState& holder_of(const TestElection& e, std::uint32_t group, std::uint32_t index);
// Of the election key: all trustees are the forger's.
Scalar secret_of(const TestElection& e);

// The bytes of a scalar plus l, which a lenient reader takes for the scalar.
ByteArray<32> not_reduced(const Scalar& scalar);

}  // namespace isoloir::test
