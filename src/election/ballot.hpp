// The encrypted ballot of docs/protocol.md section 6: layout, making and judging.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/schnorr.hpp"

namespace isoloir {

inline constexpr std::size_t ballot_bytes(std::size_t options) {
  return 236 + 288 * options;
}

struct Ciphertext {
  Point alpha;
  Point beta;
  friend bool operator==(const Ciphertext&, const Ciphertext&) = default;
};

struct OptionProof {
  Point a0, b0, a1, b1;
  Scalar e0, z0, z1;
};
struct SumProof {
  Point a, b;
  Scalar z;
};

struct Ballot {
  Fingerprint fingerprint;
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  Point key;  // C
  std::vector<Ciphertext> options;
  std::vector<OptionProof> proofs;
  SumProof sum_proof;
  SchnorrProof signature;

  Bytes encode() const;
  // Length for `option_count`, magic, canonical points, scalars < l. Errors: ballot.length,
  // ballot.encoding.
  static Expected<Ballot> decode(ByteView bytes, std::size_t option_count);
};

// The first 44 bytes, enough to look the contest up. Errors: ballot.length, ballot.encoding.
struct BallotHeader {
  Fingerprint fingerprint;
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
};
Expected<BallotHeader> read_ballot_header(ByteView bytes);

// Judges everything that needs only the ballot and the election key Y, in the order of the checks
// V11, V12, V13 and the distinct alphas of V14. Errors: ballot.signature, ballot.option_proof,
// ballot.sum_proof, ballot.alpha.
Status verify_ballot(const Ballot& ballot, const Point& election_key);

// `secret` is c_k. choice < option_count.
Ballot make_ballot(const Fingerprint& fingerprint, std::uint32_t contest, std::uint32_t district,
                   std::size_t option_count, std::size_t choice, const Point& election_key,
                   const Scalar& secret, Random& random);

// Tracker: SHA-256 of the whole ballot; shown in Crockford base 32 in groups of four.
struct Tracker {
  ByteArray<32> bytes{};
  friend auto operator<=>(const Tracker&, const Tracker&) = default;
};
Tracker tracker_of(ByteView ballot);
std::string tracker_text(const Tracker& tracker);
std::optional<Tracker> parse_tracker(
    std::string_view text);  // hex, or base 32 with or without groups

}  // namespace isoloir
