// The field in four lanes, at the bounds that its comments argue, against the portable engine's.
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "multiexp/field.hpp"
#include "multiexp/fma_kernels.hpp"

namespace isoloir::multiexp {
namespace {

#define SKIP_WITHOUT_FMA()                                                              \
  if (fma_engine() == nullptr) {                                                        \
    GTEST_SKIP() << "this processor or its system has no AVX2 and FMA: nothing tested"; \
  }

// src/multiexp/fma_field.hpp
constexpr std::int64_t factor_most = (std::int64_t{1} << 50) + (1 << 15);
constexpr std::int64_t field_most = (std::int64_t{1} << 51) + (1 << 15);
constexpr std::int64_t wide_most = std::int64_t{1} << 60;

using SignedLimbs = std::array<std::int64_t, 5>;

// Limb by limb: the sign, what lies above 51 bits and the rest, as the portable field's limbs are
// small and positive.
FieldElement element_of(const SignedLimbs& limbs) {
  FieldElement sum = field_zero;
  for (std::size_t i = 0; i < 5; ++i) {
    const auto size = static_cast<std::uint64_t>(std::abs(limbs[i]));
    FieldElement low{}, high{};
    low.limb[i] = size & limb_mask;
    high.limb[(i + 1) % 5] = (size >> 51) * (i == 4 ? 19 : 1);
    const FieldElement both = carry(add(low, high));
    sum = carry(limbs[i] < 0 ? subtract(sum, both) : add(sum, both));
  }
  return sum;
}
template <typename Lanes>
SignedLimbs limbs_of(const Lanes& lanes, std::size_t lane) {
  SignedLimbs limbs;
  for (std::size_t i = 0; i < 5; ++i) limbs[i] = static_cast<std::int64_t>(lanes.limb[i][lane]);
  return limbs;
}

struct Operands {
  fma::FactorLanes a, b;
  fma::FieldLanes to_carry;
};

void expect_right(const Operands& operands) {
  fma::FieldResults results;
  fma::field_operations(operands.a, operands.b, operands.to_carry, results);
  for (std::size_t lane = 0; lane < fma::lanes; ++lane) {
    const FieldElement a = element_of(limbs_of(operands.a, lane));
    const FieldElement b = element_of(limbs_of(operands.b, lane));
    const FieldElement ab = multiply(a, b), ab2 = carry(add(ab, ab)), aa = square(a);
    const FieldElement wanted = element_of(limbs_of(operands.to_carry, lane));
    const auto expect = [&](const fma::FieldLanes& result, const FieldElement& expected) {
      const SignedLimbs limbs = limbs_of(result, lane);
      EXPECT_TRUE(equal(element_of(limbs), expected));
      for (const auto limb : limbs) EXPECT_TRUE(limb >= 0 && limb <= field_most) << limb;
    };
    expect(results.product, ab);
    expect(results.square, aa);
    expect(results.sum, add(a, b));
    expect(results.difference, subtract(a, b));
    expect(results.less_two, negate(ab2));
    expect(results.four_less_two, subtract(add(ab2, ab2), carry(add(aa, aa))));
    expect(results.there_and_back, wanted);
    FieldElement least;
    for (std::size_t i = 0; i < 5; ++i) {
      least.limb[i] = static_cast<std::uint64_t>(results.least.limb[i][lane]);
      EXPECT_LE(least.limb[i], limb_mask);
    }
    EXPECT_EQ(field_bytes(least), field_bytes(wanted));
    EXPECT_EQ(results.least.limb[0][lane] & 1, field_bytes(wanted)[0] & 1);
  }
}

// Where halves change their exponents and their rounding: at the most and next to it, at powers of
// two and next to them, at 0.
std::int64_t limb_at_edge(Random& random, std::int64_t most) {
  const std::int64_t half = std::int64_t{1} << (most == wide_most ? 59 : 50);
  const std::int64_t edges[] = {0,        1,    19,       half - 1, half,
                                half + 1, most, most - 1, half / 2, half - (1 << 25)};
  const auto choice = random.below(std::size(edges) + 3);
  const auto any = std::int64_t{random.below(1u << 30)} << 30 | random.below(1u << 30);
  const std::int64_t limb = choice < std::size(edges) ? edges[choice] : any % most;
  return random.below(2) == 0 ? limb : -limb;
}

// All the signs of limbs that are the largest there are, two by two, so that in one lane or another
// everything adds up that can; in lane 2 the low halves of all products do, as 2^50 times an odd
// number is halfway between two high halves. Then everything at edges.
TEST(Fma, FieldAtItsBounds) {
  SKIP_WITHOUT_FMA();
  Operands operands;
  for (unsigned signs = 0; signs < 1024; ++signs) {
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t lane = 0; lane < fma::lanes; ++lane) {
        constexpr std::int64_t half = std::int64_t{1} << 50;
        const auto size = static_cast<double>(lane < 2 ? factor_most : half);
        const auto other = lane == 2 ? static_cast<double>(factor_most - 3) : size;
        operands.a.limb[i][lane] = (signs >> i & 1) != 0 ? -size : size;
        operands.b.limb[i][lane] = (signs >> (5 + i) & 1) != 0 ? -other : other;
        operands.to_carry.limb[i][lane] = (signs >> i & 1) != 0 ? -wide_most : wide_most;
      }
    }
    expect_right(operands);
  }
  SeededRandom random(41);
  for (int round = 0; round < 3'000; ++round) {
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t lane = 0; lane < fma::lanes; ++lane) {
        operands.a.limb[i][lane] = static_cast<double>(limb_at_edge(random, factor_most));
        operands.b.limb[i][lane] = static_cast<double>(limb_at_edge(random, factor_most));
        operands.to_carry.limb[i][lane] = limb_at_edge(random, wide_most);
      }
    }
    expect_right(operands);
  }
}

// Next to 0, p and 2p, on either side.
TEST(Fma, LeastValuesAtTheEdges) {
  SKIP_WITHOUT_FMA();
  for (std::int64_t times = -2; times <= 2; ++times) {
    for (std::int64_t first = -40; first < 40; first += fma::lanes) {
      Operands operands{};
      for (std::size_t lane = 0; lane < fma::lanes; ++lane) {
        const auto of_p = static_cast<std::int64_t>(limb_mask);
        for (auto& limb : operands.to_carry.limb) limb[lane] = times * of_p;
        operands.to_carry.limb[0][lane] += first + static_cast<std::int64_t>(lane) - 18 * times;
      }
      expect_right(operands);
    }
  }
}

}  // namespace
}  // namespace isoloir::multiexp
