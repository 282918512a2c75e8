// Ballots made by somebody who does not keep to the rules: who chooses what an honest voter leaves
// to chance, or spoils a commitment before its challenge is known, so that chosen equations are off
// by chosen points and all others hold.
#pragma once

#include <functional>
#include <optional>

#include "election/ballot.hpp"

namespace isoloir {

struct Forgery {
  // Spoils commitments; called when all but the signature's are there, before any challenge.
  std::function<void(Ballot&)> spoil = [](Ballot&) {};
  Point signature_error;  // added to R

  std::optional<Scalar> simulated_e;  // of every branch that is not true
  std::optional<Scalar> simulated_z;
  bool randomness_sums_to_zero = false;
  bool repeats_alpha = false;
};

class Forger {
 public:
  Forger(const Fingerprint& fingerprint, std::uint32_t contest, std::uint32_t district,
         const Point& election_key, Random& random)
      : fingerprint_(fingerprint),
        contest_(contest),
        district_(district),
        election_key_(election_key),
        random_(random) {}

  Ballot make(std::size_t options, std::size_t choice, const Forgery& forgery = {});
  // The voter's signature on whatever the ballot now says.
  void sign(Ballot& ballot, const Scalar& secret, const Point& error = {}) const;

 private:
  Fingerprint fingerprint_;
  std::uint32_t contest_, district_;
  Point election_key_;
  Random& random_;
};

}  // namespace isoloir
