// The field in eight lanes, against the slowest arithmetic there is.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "multiexp/field.hpp"
#include "multiexp/ifma_kernels.hpp"

namespace isoloir::multiexp {
namespace {

#define SKIP_WITHOUT_IFMA()                                                             \
  if (ifma_engine() == nullptr) {                                                       \
    GTEST_SKIP() << "this processor or its system has no AVX-512 IFMA: nothing tested"; \
  }

// A value in limbs of 52 bits.
struct Limbs {
  std::uint64_t limb[5];
};
constexpr std::uint64_t bits_52 = (std::uint64_t{1} << 52) - 1;
constexpr std::uint64_t bits_47 = (std::uint64_t{1} << 47) - 1;
constexpr std::uint64_t most_of_last = bits_47 + (1 << 13);

// A number below 2^320 in words of 32 bits, and what is left of one modulo p: bit by bit.
using Number = std::array<std::uint32_t, 20>;

Number number_of(const Limbs& a) {
  Number sum{};
  for (std::size_t limb = 0; limb < 5; ++limb) {
    for (std::size_t bit = 0; bit < 64; ++bit) {
      if ((a.limb[limb] >> bit & 1) == 0) continue;
      const std::size_t place = 52 * limb + bit;
      std::uint64_t carry = std::uint64_t{1} << (place % 32);
      for (std::size_t word = place / 32; carry != 0; ++word) {
        carry += sum[word];
        sum[word] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
    }
  }
  return sum;
}

Number product_of(const Number& a, const Number& b) {
  Number product{};
  for (std::size_t i = 0; i < 10; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; i + j < product.size(); ++j) {
      carry += std::uint64_t{a[i]} * b[j] + product[i + j];
      product[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  return product;
}

// a - p where a is not below it, else a.
FieldBytes less_p(const std::array<std::uint8_t, 33>& a) {
  std::array<std::uint8_t, 33> rest{};
  int borrow = 0;
  for (std::size_t i = 0; i < 33; ++i) {
    const int of_p = i == 0 ? 0xed : i < 31 ? 0xff : i == 31 ? 0x7f : 0;
    const int difference = a[i] - of_p - borrow;
    rest[i] = static_cast<std::uint8_t>(difference);
    borrow = difference < 0 ? 1 : 0;
  }
  FieldBytes result;
  std::copy_n(borrow != 0 ? a.begin() : rest.begin(), 32, result.begin());
  return result;
}

FieldBytes slow_modulo(const Number& a) {
  FieldBytes value{};
  for (std::size_t bit = 32 * a.size(); bit-- > 0;) {
    std::array<std::uint8_t, 33> twice{};
    unsigned carry = a[bit / 32] >> (bit % 32) & 1;
    for (std::size_t i = 0; i < 32; ++i) {
      carry += 2u * value[i];
      twice[i] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    value = less_p(twice);
  }
  return value;
}

FieldBytes slow_sum(const FieldBytes& a, const FieldBytes& b) {
  std::array<std::uint8_t, 33> sum{};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned>(a[i]) + b[i];
    sum[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return less_p(sum);
}

// What products see: the highest 12 bits of all limbs but the last are anything.
Limbs lane_of(const ifma::FieldLanes& lanes, std::size_t lane) {
  Limbs a;
  for (int i = 0; i < 4; ++i) a.limb[i] = lanes.limb[i][lane] & bits_52;
  a.limb[4] = lanes.limb[4][lane];
  return a;
}

std::uint64_t edge_limb(Random& random, bool last) {
  const std::uint64_t most = last ? bits_47 : bits_52;
  const std::uint64_t edges[] = {0,         1,        18,   19,       most - 19,
                                 most - 18, most - 1, most, most / 2, most / 2 + 1};
  const auto choice = random.below(std::size(edges) + 2);
  const std::uint64_t limb =
      choice < std::size(edges)
          ? edges[choice]
          : ((std::uint64_t{random.below(1u << 26)} << 26) + random.below(1u << 26)) & most;
  if (last) return random.below(4) == 0 ? most_of_last : limb;
  return limb | std::uint64_t{random.below(1u << 12)} << 52;
}

void expect_lane(const ifma::FieldResults& results, std::size_t lane, const Limbs& a,
                 const Limbs& b) {
  const auto slow = [](const Limbs& value) { return slow_modulo(number_of(value)); };
  const FieldBytes product = slow_modulo(product_of(number_of(a), number_of(b)));
  EXPECT_EQ(slow(lane_of(results.product, lane)), product);
  const Number least = number_of(lane_of(results.least_product, lane));
  for (std::size_t i = 0; i < product.size(); ++i) {
    EXPECT_EQ(static_cast<std::uint8_t>(least[i / 4] >> (8 * (i % 4))), product[i]);
  }
  EXPECT_EQ(slow(lane_of(results.square, lane)),
            slow_modulo(product_of(number_of(a), number_of(a))));
  EXPECT_EQ(slow(lane_of(results.sum, lane)), slow_sum(slow(a), slow(b)));
  EXPECT_EQ(slow_sum(slow(lane_of(results.difference, lane)), slow(b)), slow(a));
  EXPECT_EQ(slow(lane_of(results.there_and_back, lane)), slow(a));
  const FieldBytes square = slow(lane_of(results.square, lane)), xy2 = slow_sum(product, product);
  EXPECT_EQ(slow_sum(slow(lane_of(results.less_two, lane)), xy2), FieldBytes{});
  EXPECT_EQ(slow_sum(slow(lane_of(results.four_less_two, lane)), slow_sum(square, square)),
            slow_sum(xy2, xy2));
  for (const auto* result : {&results.product, &results.square, &results.sum, &results.difference,
                             &results.least_product, &results.there_and_back, &results.less_two,
                             &results.four_less_two}) {
    for (int i = 0; i < 4; ++i) EXPECT_LE(result->limb[i][lane], bits_52);
    EXPECT_LE(result->limb[4][lane], result == &results.least_product ? bits_47 : most_of_last);
  }
}

// Limbs at the bounds and around multiples of p, other ones in each lane; first the largest of all,
// then those whose products have the largest halves, low and high: (2^52 - x)(2^52 - x) with x x
// next to 2^52.
TEST(Ifma, FieldAtItsBounds) {
  SKIP_WITHOUT_IFMA();
  SeededRandom random(31);
  for (int round = 0; round < 20; ++round) {
    ifma::FieldLanes a, b;
    for (int limb = 0; limb < 5; ++limb) {
      const std::uint64_t largest = limb == 4 ? most_of_last : ~std::uint64_t{0};
      const std::uint64_t halves = limb == 4 ? 1 : bits_52 - (1u << 26) + 2;
      for (std::size_t lane = 0; lane < ifma::lanes; ++lane) {
        a.limb[limb][lane] = round == 0   ? largest
                             : round == 1 ? halves
                                          : edge_limb(random, limb == 4);
        b.limb[limb][lane] = round < 2 ? a.limb[limb][lane] : edge_limb(random, limb == 4);
      }
    }
    ifma::FieldResults results;
    ifma::field_operations(a, b, results);
    for (std::size_t lane = 0; lane < ifma::lanes; ++lane) {
      expect_lane(results, lane, lane_of(a, lane), lane_of(b, lane));
    }
  }
}

// The products whose least value is next to 0 or p: of a small number and 1.
TEST(Ifma, LeastValuesAtTheEdges) {
  SKIP_WITHOUT_IFMA();
  for (std::uint64_t first = 0; first < 64; first += ifma::lanes) {
    ifma::FieldLanes above{}, below{}, one{};
    for (std::size_t lane = 0; lane < ifma::lanes; ++lane) {
      one.limb[0][lane] = 1;
      above.limb[0][lane] = first + lane;
      below.limb[0][lane] = bits_52 - (first + lane);
      for (int limb = 1; limb < 5; ++limb) below.limb[limb][lane] = limb < 4 ? bits_52 : bits_47;
    }
    for (const auto& value : {above, below}) {
      ifma::FieldResults results;
      ifma::field_operations(value, one, results);
      for (std::size_t lane = 0; lane < ifma::lanes; ++lane) {
        expect_lane(results, lane, lane_of(value, lane), lane_of(one, lane));
      }
    }
  }
}

}  // namespace
}  // namespace isoloir::multiexp
