#include "verification/forger.hpp"

#include "crypto/hash.hpp"

namespace isoloir {
namespace {

struct Branches {
  Scalar w, simulated_e, simulated_z;
};

}  // namespace

void Forger::sign(Ballot& ballot, const Scalar& secret, const Point& error) const {
  const Bytes bytes = ballot.encode();
  const Scalar w = Scalar::random(random_);
  ballot.signature.commitment = base_multiply(w) + error;
  const Scalar e = Transcript(SealedRole::ballot_signature, fingerprint_)
                       .add(ByteView(sha512(ByteView(bytes).first(bytes.size() - 64))))
                       .add(ballot.key)
                       .add(ballot.signature.commitment)
                       .scalar();
  ballot.signature.response = w + e * secret;
}

Ballot Forger::make(std::size_t options, std::size_t choice, const Forgery& forgery) {
  const Scalar secret = Scalar::random(random_);
  Ballot ballot;
  ballot.fingerprint = fingerprint_;
  ballot.contest = contest_;
  ballot.district = district_;
  ballot.key = base_multiply(secret);
  std::vector<Scalar> r;
  std::vector<Branches> branches;
  Scalar total;
  for (std::size_t i = 0; i < options; ++i) {
    r.push_back(Scalar::random(random_));
    if (forgery.repeats_alpha && i == 1) r[1] = r[0];
    if (forgery.randomness_sums_to_zero && i + 1 == options) r[i] = Scalar() - total;
    total = total + r[i];
    branches.push_back({Scalar::random(random_),
                        forgery.simulated_e.value_or(Scalar::random(random_)),
                        forgery.simulated_z.value_or(Scalar::random(random_))});
    const auto& [w, e, z] = branches[i];
    const bool chosen = i == choice;
    const Point beta = r[i] * election_key_ + (chosen ? Point::generator() : Point());
    ballot.options.push_back({base_multiply(r[i]), beta});
    const Point other_beta = chosen ? beta : beta - Point::generator();
    const Point simulated_a = base_multiply(z) - e * ballot.options[i].alpha;
    const Point simulated_b = z * election_key_ - e * other_beta;
    OptionProof proof{base_multiply(w), w * election_key_, simulated_a, simulated_b, {}, {}, {}};
    if (chosen) {
      std::swap(proof.a0, proof.a1);
      std::swap(proof.b0, proof.b1);
    }
    ballot.proofs.push_back(proof);
  }
  const Scalar w = Scalar::random(random_);
  ballot.sum_proof = {base_multiply(w), w * election_key_, {}};
  forgery.spoil(ballot);

  Transcript core_items(SealedRole::ballot_core, fingerprint_);
  core_items.add(contest_).add(district_).add(ballot.key);
  for (const auto& option : ballot.options) core_items.add(option.alpha).add(option.beta);
  const auto core = core_items.hash();
  for (std::uint32_t i = 0; i < options; ++i) {
    auto& proof = ballot.proofs[i];
    const Scalar e = Transcript(SealedRole::option_proof, fingerprint_)
                         .add(ByteView(core))
                         .add(i)
                         .add(proof.a0)
                         .add(proof.b0)
                         .add(proof.a1)
                         .add(proof.b1)
                         .scalar();
    const Scalar true_e = e - branches[i].simulated_e;
    const Scalar true_z = branches[i].w + true_e * r[i];
    const bool chosen = i == choice;
    proof.e0 = chosen ? branches[i].simulated_e : true_e;
    proof.z0 = chosen ? branches[i].simulated_z : true_z;
    proof.z1 = chosen ? true_z : branches[i].simulated_z;
  }
  ballot.sum_proof.z = w + Transcript(SealedRole::sum_proof, fingerprint_)
                                   .add(ByteView(core))
                                   .add(ballot.sum_proof.a)
                                   .add(ballot.sum_proof.b)
                                   .scalar() *
                               total;
  sign(ballot, secret, forgery.signature_error);
  return ballot;
}

}  // namespace isoloir
