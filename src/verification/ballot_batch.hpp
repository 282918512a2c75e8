// The equations of many ballots of one place as one sum of multiples (docs/protocol.md section 6).
// Internal to this folder and its tests.
//
// Under a coefficient c for each equation, what must vanish is the sum of
//
//   c (A0 + e0 alpha - z0 B)   c (B0 + e0 beta - z0 Y)
//   c (A1 + e1 alpha - z1 B)   c (B1 + e1 (beta - B) - z1 Y)      for each option
//   c (A + e sum alpha - z B)  c (B + e (sum beta - B) - z Y)     c (R + e C - s B)
//
// so the commitments have their coefficient alone, of 128 bits; each alpha and beta one scalar made
// of its two proofs and of the sum's, whose points are therefore never added up; and the generator
// and the election key one scalar each, over all ballots.
#pragma once

#include "multiexp/engine.hpp"
#include "verification/ballot_judge.hpp"
#include "verification/ciphertext_sums.hpp"
#include "verification/coefficients.hpp"

namespace isoloir::verification {

// Where the fields of a ballot lie, in bytes.
struct BallotLayout {
  std::size_t options;
  static constexpr std::size_t district = 40, key = 44, first_option = 76, option_bytes = 288;
  std::size_t option(std::size_t i) const { return first_option + option_bytes * i; }
  std::size_t sum_proof() const { return option(options); }
  std::size_t signature() const { return sum_proof() + 96; }
};

// Not thread-safe. load, then weigh, then holds.
class BallotBatch {
 public:
  BallotBatch(const BallotPlace& place, const multiexp::Engine& engine);

  // Reads the ballots, whose bytes must stay until weigh has been called. Those that are canonical
  // and of this place are numbered anew, in order: numbers()[i] is which of the given the i-th is.
  void load(std::span<const ByteView> ballots);
  const std::vector<std::size_t>& numbers() const { return numbers_; }

  // Draws 4 coefficients an option and 3 more for each loaded ballot, and makes the scalars.
  void weigh(CoefficientSource& coefficients);

  // Whether the equations of these of the loaded ballots hold, as the coefficients see it.
  bool holds(std::size_t first, std::size_t count) const;

  void add_to(CiphertextSums& sums) const;  // all loaded ballots

 private:
  // The scalars that a ballot proves itself with, and its challenges e.
  struct OptionResponses {
    Words4 e0, z0, z1, e;
  };
  struct Responses {
    std::vector<OptionResponses> options;
    Words4 sum_z, sum_e, signature_s, signature_e;
  };
  struct FixedScalars {
    WideScalar generator, election_key;  // to be taken away
  };

  std::size_t full_width() const { return 2 * place_.options + 1; }
  std::size_t half_width() const { return 4 * place_.options + 3; }
  bool read_responses(ByteView ballot, Responses& responses) const;
  void find_challenges();
  template <typename Write, typename Take>
  void hash_statements(const Transcript& begun, std::size_t count, const Write& write,
                       const Take& take) const;
  bool decode_points(std::span<const ByteView> ballots, std::size_t place);
  void forget(std::size_t number);
  void weigh_ballot(std::size_t number, CoefficientSource& coefficients);

  const BallotPlace place_;
  const BallotLayout layout_;
  const multiexp::Engine& engine_;
  const bool eight_at_once_;  // hashes
  multiexp::AffinePoint generator_, election_key_;

  std::vector<std::size_t> numbers_;
  std::vector<ByteView> ballots_;  // loaded
  std::vector<Responses> responses_;
  std::vector<multiexp::AffinePoint> full_points_;  // alpha, beta of each option, C; by ballot
  std::vector<multiexp::AffinePoint> half_points_;  // A0, B0, A1, B1 of each option, A, B, R
  std::vector<multiexp::FullScalar> full_scalars_;
  std::vector<multiexp::HalfScalar> half_scalars_;
  std::vector<FixedScalars> fixed_;  // by ballot
};

}  // namespace isoloir::verification
