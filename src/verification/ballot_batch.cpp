#include "verification/ballot_batch.hpp"

#include <array>

#include "multiexp/point.hpp"
#include "verification/sha512_eight.hpp"

namespace isoloir::verification {
namespace {

ByteView field(ByteView ballot, std::size_t at) {
  return ballot.subspan(at, 32);
}

bool read_scalar(ByteView ballot, std::size_t at, Words4& scalar) {
  scalar = words_of<4>(ballot.data() + at);
  return is_scalar(scalar);
}

multiexp::AffinePoint decoded(const multiexp::Engine& engine, const Point& point) {
  multiexp::AffinePoint result;
  const auto good =
      engine.decode(std::array{point.encoded().data()}, &result, multiexp::Identity::allowed);
  ISOLOIR_ASSERT(good == 1);
  return result;
}

template <typename Value>
std::span<const Value> part(const std::vector<Value>& values, std::size_t width, std::size_t first,
                            std::size_t count) {
  return std::span(values).subspan(first * width, count * width);
}

template <typename Value>
std::vector<Value> with_two(std::span<const Value> values, const Value& one, const Value& other) {
  std::vector<Value> result;
  result.reserve(values.size() + 2);
  result.assign(values.begin(), values.end());
  result.push_back(one);
  result.push_back(other);
  return result;
}

}  // namespace

BallotBatch::BallotBatch(const BallotPlace& place, const multiexp::Engine& engine)
    : place_(place),
      layout_{place.options},
      engine_(engine),
      eight_at_once_(&engine == multiexp::ifma_engine() && has_sha512_eight()),
      generator_(decoded(engine, Point::generator())),
      election_key_(decoded(engine, place.election_key)) {}

// ---- Reading

void BallotBatch::load(std::span<const ByteView> ballots) {
  numbers_.clear();
  ballots_.clear();
  responses_.clear();
  for (std::size_t i = 0; i < ballots.size(); ++i) {
    if (ballots[i].size() != ballot_bytes(place_.options)) continue;
    const auto header = read_ballot_header(ballots[i]);
    Responses responses;
    if (!header || header->fingerprint != place_.fingerprint || header->contest != place_.contest ||
        (place_.district && header->district != *place_.district) ||
        !read_responses(ballots[i], responses)) {
      continue;
    }
    numbers_.push_back(i);
    ballots_.push_back(ballots[i]);
    responses_.push_back(std::move(responses));
  }
  full_points_.resize(ballots_.size() * full_width());
  half_points_.resize(ballots_.size() * half_width());
  if (!decode_points(ballots_, 0)) {
    // One by one, to leave out those that are not canonical.
    for (std::size_t place = 0; place < ballots_.size();) {
      if (decode_points(std::span(ballots_).subspan(place, 1), place)) {
        ++place;
      } else {
        forget(place);
      }
    }
  }
  find_challenges();
}

void BallotBatch::forget(std::size_t number) {
  const auto at = static_cast<std::ptrdiff_t>(number);
  numbers_.erase(numbers_.begin() + at);
  ballots_.erase(ballots_.begin() + at);
  responses_.erase(responses_.begin() + at);
}

bool BallotBatch::read_responses(ByteView ballot, Responses& responses) const {
  bool good = true;
  responses.options.resize(place_.options);
  for (std::size_t i = 0; i < place_.options; ++i) {
    auto& option = responses.options[i];
    const std::size_t scalars = layout_.option(i) + 6 * 32;
    good = good && read_scalar(ballot, scalars, option.e0) &&
           read_scalar(ballot, scalars + 32, option.z0) &&
           read_scalar(ballot, scalars + 64, option.z1);
  }
  return good && read_scalar(ballot, layout_.sum_proof() + 64, responses.sum_z) &&
         read_scalar(ballot, layout_.signature() + 32, responses.signature_s);
}

// As section 6 defines them; election/ballot.cpp hashes the same from decoded ballots. Statements
// of one kind are of one length in all ballots.
void BallotBatch::find_challenges() {
  const auto& fingerprint = place_.fingerprint;
  const std::size_t options = place_.options, count = ballots_.size();
  const auto sum_proof = layout_.sum_proof(), signature = layout_.signature();
  std::vector<ByteArray<64>> cores(count), bodies(count);
  const auto kept_in = [](std::vector<ByteArray<64>>& digests) {
    return
        [&digests](std::size_t ballot, const ByteArray<64>& digest) { digests[ballot] = digest; };
  };
  const auto challenge = [](const ByteArray<64>& digest) {
    return words_of(Scalar::reduce(digest));
  };

  Transcript core(SealedRole::ballot_core, fingerprint);
  core.add(place_.contest);
  hash_statements(
      core, count,
      [&](std::size_t ballot, Transcript& statement) {
        const auto bytes = ballots_[ballot];
        statement.add(read_u32(bytes.subspan(BallotLayout::district, 4)))
            .add(field(bytes, BallotLayout::key));
        for (std::size_t i = 0; i < options; ++i) {
          statement.add(field(bytes, layout_.option(i))).add(field(bytes, layout_.option(i) + 32));
        }
      },
      kept_in(cores));
  hash_statements(
      Transcript(SealedRole::option_proof, fingerprint), count * options,
      [&](std::size_t number, Transcript& statement) {
        const std::size_t ballot = number / options, i = number % options;
        statement.add(ByteView(cores[ballot])).add(static_cast<std::uint32_t>(i));
        for (std::size_t commitment = 2; commitment < 6; ++commitment) {
          statement.add(field(ballots_[ballot], layout_.option(i) + 32 * commitment));
        }
      },
      [&](std::size_t number, const ByteArray<64>& digest) {
        responses_[number / options].options[number % options].e = challenge(digest);
      });
  hash_statements(
      Transcript(SealedRole::sum_proof, fingerprint), count,
      [&](std::size_t ballot, Transcript& statement) {
        const auto bytes = ballots_[ballot];
        statement.add(ByteView(cores[ballot]))
            .add(field(bytes, sum_proof))
            .add(field(bytes, sum_proof + 32));
      },
      [&](std::size_t ballot, const ByteArray<64>& digest) {
        responses_[ballot].sum_e = challenge(digest);
      });
  hash_each(
      eight_at_once_, count,
      [&](std::size_t ballot, std::size_t) { return ballots_[ballot].first(signature); },
      kept_in(bodies));
  hash_statements(
      Transcript(SealedRole::ballot_signature, fingerprint), count,
      [&](std::size_t ballot, Transcript& statement) {
        const auto bytes = ballots_[ballot];
        statement.add(ByteView(bodies[ballot]))
            .add(field(bytes, BallotLayout::key))
            .add(field(bytes, signature));
      },
      [&](std::size_t ballot, const ByteArray<64>& digest) {
        responses_[ballot].signature_e = challenge(digest);
      });
}

// Of each number below `count`, what `write` adds to `begun`.
template <typename Write, typename Take>
void BallotBatch::hash_statements(const Transcript& begun, std::size_t count, const Write& write,
                                  const Take& take) const {
  std::vector<Transcript> statements(lanes_of_sha512, begun);
  hash_each(
      eight_at_once_, count,
      [&](std::size_t number, std::size_t place) {
        statements[place] = begun;
        write(number, statements[place]);
        return statements[place].input();
      },
      take);
}

// To the places of the loaded ballots from `place` on.
bool BallotBatch::decode_points(std::span<const ByteView> ballots, std::size_t place) {
  std::vector<const std::uint8_t*> full, half;
  full.reserve(ballots.size() * full_width());
  half.reserve(ballots.size() * half_width());
  for (const auto ballot : ballots) {
    for (std::size_t i = 0; i < place_.options; ++i) {
      const auto* const option = ballot.data() + layout_.option(i);
      for (std::size_t point = 0; point < 2; ++point) full.push_back(option + 32 * point);
      for (std::size_t point = 2; point < 6; ++point) half.push_back(option + 32 * point);
    }
    full.push_back(ballot.data() + BallotLayout::key);
    half.push_back(ballot.data() + layout_.sum_proof());
    half.push_back(ballot.data() + layout_.sum_proof() + 32);
    half.push_back(ballot.data() + layout_.signature());
  }
  using multiexp::Identity;
  return engine_.decode(full, full_points_.data() + place * full_width(), Identity::refused) ==
             full.size() &&
         engine_.decode(half, half_points_.data() + place * half_width(), Identity::refused) ==
             half.size();
}

// ---- Weighing

void BallotBatch::weigh(CoefficientSource& coefficients) {
  full_scalars_.clear();
  half_scalars_.clear();
  fixed_.assign(ballots_.size(), {});
  for (std::size_t i = 0; i < ballots_.size(); ++i) weigh_ballot(i, coefficients);
}

void BallotBatch::weigh_ballot(std::size_t number, CoefficientSource& coefficients) {
  const auto& responses = responses_[number];
  auto& fixed = fixed_[number];
  const auto draw = [&] {
    const Words2 coefficient = coefficients.next();
    half_scalars_.push_back(bytes_of(coefficient));
    return coefficient;
  };
  const auto first_option = half_scalars_.size();
  half_scalars_.resize(first_option + 4 * place_.options);
  const Words2 c_sum_a = draw(), c_sum_b = draw(), c_signature = draw();
  WideScalar sum_alpha, sum_beta;  // what the sum's proof takes of every alpha and beta
  sum_alpha.add_product(c_sum_a, responses.sum_e);
  sum_beta.add_product(c_sum_b, responses.sum_e);
  fixed.generator.add_product(c_sum_a, responses.sum_z);
  fixed.generator.add_product(c_sum_b, responses.sum_e);
  fixed.generator.add_product(c_signature, responses.signature_s);
  fixed.election_key.add_product(c_sum_b, responses.sum_z);
  for (std::size_t i = 0; i < place_.options; ++i) {
    const auto& option = responses.options[i];
    const Words4 e1 = difference(option.e, option.e0);
    const Words2 c[4] = {coefficients.next(), coefficients.next(), coefficients.next(),
                         coefficients.next()};
    for (std::size_t k = 0; k < 4; ++k) half_scalars_[first_option + 4 * i + k] = bytes_of(c[k]);
    WideScalar alpha = sum_alpha, beta = sum_beta;
    alpha.add_product(c[0], option.e0);
    alpha.add_product(c[2], e1);
    beta.add_product(c[1], option.e0);
    beta.add_product(c[3], e1);
    full_scalars_.push_back(alpha.reduced().encoded());
    full_scalars_.push_back(beta.reduced().encoded());
    fixed.generator.add_product(c[0], option.z0);
    fixed.generator.add_product(c[2], option.z1);
    fixed.generator.add_product(c[3], e1);
    fixed.election_key.add_product(c[1], option.z0);
    fixed.election_key.add_product(c[3], option.z1);
  }
  WideScalar key;
  key.add_product(c_signature, responses.signature_e);
  full_scalars_.push_back(key.reduced().encoded());
}

// ---- Judging

bool BallotBatch::holds(std::size_t first, std::size_t count) const {
  FixedScalars fixed;
  for (std::size_t i = first; i < first + count; ++i) {
    fixed.generator.add(fixed_[i].generator);
    fixed.election_key.add(fixed_[i].election_key);
  }
  const Scalar generator = Scalar() - fixed.generator.reduced();
  const Scalar election_key = Scalar() - fixed.election_key.reduced();
  const auto points =
      with_two(part(full_points_, full_width(), first, count), generator_, election_key_);
  const auto scalars = with_two(part(full_scalars_, full_width(), first, count),
                                generator.encoded(), election_key.encoded());
  return multiexp::is_identity(
      engine_.multiply_sum({points, scalars, part(half_points_, half_width(), first, count),
                            part(half_scalars_, half_width(), first, count)}));
}

void BallotBatch::add_to(CiphertextSums& sums) const {
  for (std::size_t i = 0; i < ballots_.size(); ++i) {
    sums.add_ballot(engine_, part(full_points_, full_width(), i, 1).first(2 * place_.options));
  }
}

}  // namespace isoloir::verification
