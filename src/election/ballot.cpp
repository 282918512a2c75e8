#include "election/ballot.hpp"

#include <algorithm>
#include <set>

#include "crypto/hash.hpp"
#include "election/crockford.hpp"

namespace isoloir {
namespace {

constexpr std::string_view magic = "ISB1";
constexpr std::size_t header_bytes = 44;

ByteArray<64> ballot_core(const Ballot& ballot) {
  Transcript transcript(SealedRole::ballot_core, ballot.fingerprint);
  transcript.add(ballot.contest).add(ballot.district).add(ballot.key);
  for (const auto& option : ballot.options) transcript.add(option.alpha).add(option.beta);
  return transcript.hash();
}

Scalar option_challenge(const Fingerprint& fingerprint, const ByteArray<64>& core,
                        std::uint32_t index, const OptionProof& proof) {
  return Transcript(SealedRole::option_proof, fingerprint)
      .add(ByteView(core))
      .add(index)
      .add(proof.a0)
      .add(proof.b0)
      .add(proof.a1)
      .add(proof.b1)
      .scalar();
}

Scalar sum_challenge(const Fingerprint& fingerprint, const ByteArray<64>& core,
                     const SumProof& proof) {
  return Transcript(SealedRole::sum_proof, fingerprint)
      .add(ByteView(core))
      .add(proof.a)
      .add(proof.b)
      .scalar();
}

Transcript signature_statement(const Ballot& ballot, ByteView unsigned_bytes) {
  return Transcript(SealedRole::ballot_signature, ballot.fingerprint)
      .add(ByteView(sha512(unsigned_bytes)));
}

Bytes encode_unsigned(const Ballot& ballot) {
  Bytes out;
  out.reserve(ballot_bytes(ballot.options.size()));
  append(out, as_bytes(magic));
  append(out, ballot.fingerprint.bytes);
  append_u32(out, ballot.contest);
  append_u32(out, ballot.district);
  append(out, ballot.key.encoded());
  for (std::size_t i = 0; i < ballot.options.size(); ++i) {
    const auto& proof = ballot.proofs[i];
    for (const auto* point : {&ballot.options[i].alpha, &ballot.options[i].beta, &proof.a0,
                              &proof.b0, &proof.a1, &proof.b1}) {
      append(out, point->encoded());
    }
    for (const auto* scalar : {&proof.e0, &proof.z0, &proof.z1}) append(out, scalar->encoded());
  }
  append(out, ballot.sum_proof.a.encoded());
  append(out, ballot.sum_proof.b.encoded());
  append(out, ballot.sum_proof.z.encoded());
  return out;
}

// Reads points and scalars and remembers whether one was bad, so that the layout below stays
// readable.
struct FieldReader {
  ByteReader reader;
  bool good = true;

  Point point() {
    const auto value = Point::decode(reader.take(32).value_or(ByteView{}));
    good = good && value;
    return value.value_or(Point());
  }
  Scalar scalar() {
    const auto value = Scalar::decode(reader.take(32).value_or(ByteView{}));
    good = good && value;
    return value.value_or(Scalar());
  }
};

// The proof that (alpha, beta) holds 0 or 1: the true branch honestly, the other one simulated.
OptionProof prove_option(const Fingerprint& fingerprint, const ByteArray<64>& core,
                         std::uint32_t index, const Ciphertext& option, bool chosen,
                         const Scalar& r, const Point& election_key, Random& random) {
  const Point& base = Point::generator();
  const ByteArray<64> statement =
      Transcript(SealedRole::option_proof, fingerprint).add(ByteView(core)).add(index).hash();
  const SecretScalar w = hedged_nonce(random, r, statement);
  const Scalar simulated_e = Scalar::random(random);
  const Scalar simulated_z = Scalar::random(random);
  const Point true_a = base_multiply(w.reveal());
  const Point true_b = w.reveal() * election_key;
  const Point other_beta = chosen ? option.beta : option.beta - base;
  const Point other_a = base_multiply(simulated_z) - simulated_e * option.alpha;
  const Point other_b = simulated_z * election_key - simulated_e * other_beta;

  OptionProof proof;
  if (chosen) {
    proof = {other_a, other_b, true_a, true_b, simulated_e, simulated_z, Scalar()};
    const Scalar e1 = option_challenge(fingerprint, core, index, proof) - simulated_e;
    proof.z1 = w.reveal() + e1 * r;
  } else {
    proof = {true_a, true_b, other_a, other_b, Scalar(), Scalar(), simulated_z};
    proof.e0 = option_challenge(fingerprint, core, index, proof) - simulated_e;
    proof.z0 = w.reveal() + proof.e0 * r;
  }
  return proof;
}

bool option_proof_good(const Ballot& ballot, const ByteArray<64>& core, std::uint32_t index,
                       const Point& election_key) {
  const auto& option = ballot.options[index];
  const auto& proof = ballot.proofs[index];
  const Scalar e1 = option_challenge(ballot.fingerprint, core, index, proof) - proof.e0;
  return base_multiply(proof.z0) == proof.a0 + proof.e0 * option.alpha &&
         proof.z0 * election_key == proof.b0 + proof.e0 * option.beta &&
         base_multiply(proof.z1) == proof.a1 + e1 * option.alpha &&
         proof.z1 * election_key == proof.b1 + e1 * (option.beta - Point::generator());
}

bool sum_proof_good(const Ballot& ballot, const ByteArray<64>& core, const Point& election_key) {
  Point alpha, beta;
  for (const auto& option : ballot.options) {
    alpha = alpha + option.alpha;
    beta = beta + option.beta;
  }
  const auto& proof = ballot.sum_proof;
  const Scalar e = sum_challenge(ballot.fingerprint, core, proof);
  return base_multiply(proof.z) == proof.a + e * alpha &&
         proof.z * election_key == proof.b + e * (beta - Point::generator());
}

}  // namespace

Bytes Ballot::encode() const {
  Bytes out = encode_unsigned(*this);
  append(out, signature.encoded());
  return out;
}

Expected<BallotHeader> read_ballot_header(ByteView bytes) {
  ByteReader reader(bytes);
  const auto start = reader.take(magic.size());
  const auto fingerprint = reader.take_array<32>();
  const auto contest = reader.take_u32();
  const auto district = reader.take_u32();
  if (!district) return fail("ballot.length", "shorter than a ballot's header");
  if (as_text(*start) != magic) return fail("ballot.encoding", "not a ballot of version 1");
  return BallotHeader{Fingerprint{*fingerprint}, *contest, *district};
}

Expected<Ballot> Ballot::decode(ByteView bytes, std::size_t option_count) {
  if (bytes.size() != ballot_bytes(option_count)) {
    return fail("ballot.length", "the length is not that of a ballot with " +
                                     std::to_string(option_count) + " options");
  }
  const auto header = read_ballot_header(bytes);
  if (!header) return fail(header.error());
  Ballot ballot;
  ballot.fingerprint = header->fingerprint;
  ballot.contest = header->contest;
  ballot.district = header->district;
  FieldReader fields{ByteReader(bytes.subspan(header_bytes))};
  ballot.key = fields.point();
  for (std::size_t i = 0; i < option_count; ++i) {
    Ciphertext option;
    OptionProof proof;
    for (auto* point : {&option.alpha, &option.beta, &proof.a0, &proof.b0, &proof.a1, &proof.b1}) {
      *point = fields.point();
    }
    for (auto* scalar : {&proof.e0, &proof.z0, &proof.z1}) *scalar = fields.scalar();
    ballot.options.push_back(option);
    ballot.proofs.push_back(proof);
  }
  ballot.sum_proof.a = fields.point();
  ballot.sum_proof.b = fields.point();
  ballot.sum_proof.z = fields.scalar();
  ballot.signature.commitment = fields.point();
  ballot.signature.response = fields.scalar();
  if (!fields.good) return fail("ballot.encoding", "a point or scalar is not canonical");
  return ballot;
}

Status verify_ballot(const Ballot& ballot, const Point& election_key) {
  ISOLOIR_ASSERT(ballot.options.size() == ballot.proofs.size());
  const Bytes unsigned_bytes = encode_unsigned(ballot);
  if (!schnorr_verify(signature_statement(ballot, unsigned_bytes), ballot.key, ballot.signature)) {
    return fail("ballot.signature", "the signature is not by the key of the ballot");
  }
  const auto core = ballot_core(ballot);
  for (std::uint32_t i = 0; i < ballot.options.size(); ++i) {
    if (!option_proof_good(ballot, core, i, election_key)) {
      return fail("ballot.option_proof", "option " + std::to_string(i) + " is not proven 0 or 1");
    }
  }
  if (!sum_proof_good(ballot, core, election_key)) {
    return fail("ballot.sum_proof", "the options are not proven to sum to 1");
  }
  std::set<Point> alphas;
  for (const auto& option : ballot.options) {
    if (!alphas.insert(option.alpha).second) {
      return fail("ballot.alpha", "two options share their first component");
    }
  }
  return {};
}

Ballot make_ballot(const Fingerprint& fingerprint, std::uint32_t contest, std::uint32_t district,
                   std::size_t option_count, std::size_t choice, const Point& election_key,
                   const Scalar& secret, Random& random) {
  ISOLOIR_ASSERT(choice < option_count);
  Ballot ballot;
  ballot.fingerprint = fingerprint;
  ballot.contest = contest;
  ballot.district = district;
  ballot.key = base_multiply(secret);
  std::vector<SecretScalar> randomness;
  SecretScalar total;
  for (std::size_t i = 0; i < option_count; ++i) {
    randomness.emplace_back(Scalar::random(random));
    const Scalar& r = randomness.back().reveal();
    Point beta = r * election_key;
    if (i == choice) beta = beta + Point::generator();
    ballot.options.push_back({base_multiply(r), beta});
    total.reveal() = total.reveal() + r;
  }
  const auto core = ballot_core(ballot);
  for (std::uint32_t i = 0; i < option_count; ++i) {
    ballot.proofs.push_back(prove_option(fingerprint, core, i, ballot.options[i], i == choice,
                                         randomness[i].reveal(), election_key, random));
  }
  const SecretScalar w =
      hedged_nonce(random, total.reveal(),
                   Transcript(SealedRole::sum_proof, fingerprint).add(ByteView(core)).hash());
  ballot.sum_proof.a = base_multiply(w.reveal());
  ballot.sum_proof.b = w.reveal() * election_key;
  ballot.sum_proof.z =
      w.reveal() + sum_challenge(fingerprint, core, ballot.sum_proof) * total.reveal();
  ballot.signature =
      schnorr_prove(signature_statement(ballot, encode_unsigned(ballot)), secret, random);
  return ballot;
}

Tracker tracker_of(ByteView ballot) {
  return {sha256(ballot)};
}

std::string tracker_text(const Tracker& tracker) {
  std::string text;
  for (std::size_t i = 0; i < 52; ++i) {
    int value = 0;
    for (std::size_t bit = 5 * i; bit < 5 * i + 5; ++bit) {
      value = value * 2 + (bit < 256 ? tracker.bytes[bit / 8] >> (7 - bit % 8) & 1 : 0);
    }
    if (i != 0 && i % 4 == 0) text.push_back('-');
    text.push_back(crockford_alphabet[static_cast<std::size_t>(value)]);
  }
  return text;
}

std::optional<Tracker> parse_tracker(std::string_view text) {
  if (const auto bytes = hex_decode_array<32>(text)) return Tracker{*bytes};
  const auto digits = crockford_normalise(text);
  if (!digits || digits->size() != 52) return std::nullopt;
  Tracker tracker;
  for (std::size_t bit = 0; bit < 256; ++bit) {
    const int value = crockford_value((*digits)[bit / 5]) >> (4 - bit % 5) & 1;
    tracker.bytes[bit / 8] = static_cast<std::uint8_t>(tracker.bytes[bit / 8] << 1 | value);
  }
  if (crockford_value(digits->back()) & 15) return std::nullopt;  // the four padding bits
  return tracker;
}

}  // namespace isoloir
