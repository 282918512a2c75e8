#include "verification/forged_proofs.hpp"

#include <numeric>

namespace isoloir::test {
namespace {

struct Statement {
  const Fingerprint& fingerprint;
  const Point& election_key;
  ByteArray<64> core;
};

ByteArray<32> beta_bytes(const Ciphertext& option, const ForgedOption& plan) {
  auto bytes = option.beta.encoded();
  if (plan.top_bit) bytes[31] |= 0x80;
  return bytes;
}

ByteArray<64> core_of(const Ballot& ballot, const std::vector<ForgedOption>& plans) {
  Transcript core(SealedRole::ballot_core, ballot.fingerprint);
  core.add(ballot.contest).add(ballot.district).add(ballot.key);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    core.add(ballot.options[i].alpha).add(ByteView(beta_bytes(ballot.options[i], plans[i])));
  }
  return core.hash();
}

OptionProof prove(const Statement& statement, std::uint32_t index, const ForgedOption& plan,
                  const Ciphertext& option, Random& random) {
  const auto& y = statement.election_key;
  const Scalar w = plan.w.value_or(Scalar::random(random));
  const Scalar simulated_e = plan.e.value_or(Scalar::random(random));
  const Scalar simulated_z = plan.z.value_or(Scalar::random(random));
  const Point other_beta = plan.one ? option.beta : option.beta - Point::generator();
  const Point true_a = base_multiply(w);
  const Point true_b = w * y;
  const Point other_a = base_multiply(simulated_z) - simulated_e * option.alpha;
  const Point other_b = simulated_z * y - simulated_e * other_beta;
  OptionProof proof;
  proof.a0 = (plan.one ? other_a : true_a) + plan.off_a0;
  proof.b0 = (plan.one ? other_b : true_b) + plan.off_b0;
  proof.a1 = (plan.one ? true_a : other_a) + plan.off_a1;
  proof.b1 = (plan.one ? true_b : other_b) + plan.off_b1;
  const Scalar e = Transcript(SealedRole::option_proof, statement.fingerprint)
                       .add(ByteView(statement.core))
                       .add(index)
                       .add(proof.a0)
                       .add(proof.b0)
                       .add(proof.a1)
                       .add(proof.b1)
                       .scalar();
  proof.e0 = plan.one ? simulated_e : e - simulated_e;
  const Scalar true_z = w + (plan.one ? e - proof.e0 : proof.e0) * plan.r;
  proof.z0 = plan.one ? simulated_z : true_z;
  proof.z1 = plan.one ? true_z : simulated_z;
  return proof;
}

SumProof prove_sum(const Statement& statement, const ForgedBallot& plan, Random& random) {
  const Scalar w = Scalar::random(random);
  SumProof proof;
  proof.a = base_multiply(w) + plan.off_sum_a;
  proof.b = w * statement.election_key + plan.off_sum_b;
  Scalar total;
  for (const auto& option : plan.options) total = total + option.r;
  const Scalar e = Transcript(SealedRole::sum_proof, statement.fingerprint)
                       .add(ByteView(statement.core))
                       .add(proof.a)
                       .add(proof.b)
                       .scalar();
  proof.z = w + e * total;
  return proof;
}

void sign(Bytes& bytes, const Fingerprint& fingerprint, const KeyPair& key, const Scalar& nonce,
          const Point& off) {
  const auto unsigned_size = bytes.size() - 64;
  SchnorrProof signature;
  signature.commitment = base_multiply(nonce) + off;
  const Scalar e = Transcript(SealedRole::ballot_signature, fingerprint)
                       .add(ByteView(sha512(ByteView(bytes).first(unsigned_size))))
                       .add(key.key)
                       .add(signature.commitment)
                       .scalar();
  signature.response = nonce + e * key.secret.reveal();
  bytes.resize(unsigned_size);
  append(bytes, signature.encoded());
}

}  // namespace

Bytes forge_ballot(TestElection& e, std::uint32_t contest, std::uint32_t district,
                   std::size_t choice, const KeyPair& key,
                   const std::function<void(ForgedBallot&)>& change) {
  ForgedBallot plan;
  plan.fingerprint = e.fingerprint();
  plan.contest = contest;
  plan.district = district;
  for (std::size_t i = 0; i < e.manifest.contests[contest].options.size(); ++i) {
    plan.options.emplace_back().r = Scalar::random(e.random);
    plan.options.back().one = i == choice;
  }
  if (change) change(plan);
  const Point& y = e.manifest.bureaus[0].key;
  Ballot ballot;
  ballot.fingerprint = plan.fingerprint;
  ballot.contest = plan.contest;
  ballot.district = plan.district;
  ballot.key = key.key;
  for (const auto& option : plan.options) {
    const Point beta = option.r * y;
    ballot.options.push_back(
        {base_multiply(option.r), option.one ? beta + Point::generator() : beta});
  }
  const Statement statement{ballot.fingerprint, y, core_of(ballot, plan.options)};
  for (std::uint32_t i = 0; i < plan.options.size(); ++i) {
    ballot.proofs.push_back(prove(statement, i, plan.options[i], ballot.options[i], e.random));
  }
  ballot.sum_proof = prove_sum(statement, plan, e.random);
  if (plan.proven) plan.proven(ballot);
  Bytes bytes = ballot.encode();
  for (std::size_t i = 0; i < plan.options.size(); ++i) {
    const auto beta = beta_bytes(ballot.options[i], plan.options[i]);
    std::copy(beta.begin(), beta.end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(76 + 288 * i + 32));
  }
  if (plan.encoded) plan.encoded(bytes);
  sign(bytes, ballot.fingerprint, key, plan.signature_nonce.value_or(Scalar::random(e.random)),
       plan.off_signature);
  return bytes;
}

void sign_ballot(Bytes& bytes, const Fingerprint& fingerprint, const KeyPair& key, Random& random) {
  sign(bytes, fingerprint, key, Scalar::random(random), {});
}

const HolderState& holder_of(const TestElection& e, std::uint32_t group, std::uint32_t index) {
  std::size_t before = 0;
  for (std::uint32_t g = 0; g < group; ++g)
    before += e.manifest.bureaus[0].groups[g].members.size();
  return e.ceremony.holders.at(before + index - 1);
}

void forge_share(TestElection& e, std::uint32_t group, std::uint32_t index,
                 const std::function<void(ForgedShare&)>& change, std::size_t place) {
  const auto& holder = holder_of(e, group, index);
  ForgedShare plan;
  plan.place = place;
  plan.secret = holder.share().clone().reveal();
  plan.share_key = e.manifest.bureaus[0].groups[group].members[index - 1].share_key;
  if (change) change(plan);
  auto& text = e.files[export_path::shares(0, group, index)];
  Json body = Json::parse(text)["body"];
  Json& share = body["shares"].at(plan.place);
  const auto k = share["contest"].get<std::uint32_t>();
  const auto u = share["unit"].get<std::uint32_t>();
  const auto i = share["option"].get<std::uint32_t>();
  const auto unit =
      std::find_if(e.tally->units.begin(), e.tally->units.end(),
                   [&](const CountingUnit& one) { return one.contest == k && one.unit == u; });
  const auto& sum = unit->total.sums.at(i);
  const Point partial = plan.secret * sum.alpha + plan.off_partial;
  const Scalar w = plan.nonce.value_or(Scalar::random(e.random));
  const Point a = base_multiply(w) + plan.off_a;
  const Point b = w * sum.alpha + plan.off_b;
  Transcript statement(SealedRole::decryption_share, e.tally->fingerprint);
  statement.add(ByteView(e.tally->hash)).add(k).add(u).add(i).add(group).add(index);
  statement.add(plan.share_key).add(sum.alpha).add(sum.beta).add(partial).add(a).add(b);
  const Scalar z = w + statement.scalar() * plan.secret;
  share["D"] = hex_encode(partial.encoded());
  share["A"] = hex_encode(a.encoded());
  share["B"] = hex_encode(b.encoded());
  share["z"] = hex_encode(z.encoded());
  text = e.signed_text(std::move(body), {&holder.signing()});
}

Scalar secret_of(const TestElection& e) {
  Scalar secret;
  const auto& groups = e.manifest.bureaus[0].groups;
  for (std::uint32_t g = 0; g < groups.size(); ++g) {
    std::vector<std::uint32_t> indices(groups[g].threshold);
    std::iota(indices.begin(), indices.end(), 1);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      secret = secret + lagrange(indices, i, 0) * holder_of(e, g, indices[i]).share().reveal();
    }
  }
  return secret;
}

ByteArray<32> not_reduced(const Scalar& scalar) {
  // l, little-endian.
  static const auto order =
      *hex_decode_array<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  ByteArray<32> sum{};
  unsigned carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    carry += static_cast<unsigned>(scalar.encoded()[i]) + order[i];
    sum[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return sum;
}

}  // namespace isoloir::test
