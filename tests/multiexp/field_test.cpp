// The portable engine's field and digits, at the bounds that their comments argue.
#include "multiexp/field.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "multiexp/recoding.hpp"

namespace isoloir::multiexp {
namespace {

// Small numbers modulo p are enough to check products of the largest limbs: limb i stands for
// 2^(51 i), and 2^255 for 19.
FieldElement all_limbs(std::uint64_t limb) {
  return {{limb, limb, limb, limb, limb}};
}

TEST(Field, TheLargestLimbsStayWithinBounds) {
  const FieldElement loose = all_limbs(loose_bound - 1);
  const FieldElement tight = carry(loose);
  for (const auto limb : tight.limb) EXPECT_LT(limb, tight_bound);
  EXPECT_TRUE(equal(tight, loose));
  EXPECT_TRUE(equal(square(loose), multiply(tight, tight)));
  EXPECT_TRUE(equal(multiply(loose, loose), multiply(tight, tight)));
  for (const auto& product : {multiply(loose, loose), square(loose)}) {
    for (const auto limb : product.limb) EXPECT_LT(limb, tight_bound);
  }
}

TEST(Field, LeastValuesAtTheEdges) {
  const FieldElement p{{limb_mask - 18, limb_mask, limb_mask, limb_mask, limb_mask}};
  const FieldElement twice_p = add(p, p);
  EXPECT_TRUE(is_zero(p));
  EXPECT_TRUE(is_zero(twice_p));
  EXPECT_TRUE(is_zero(field_zero));
  for (std::uint64_t more = 0; more < 40; ++more) {
    const FieldElement small{{more, 0, 0, 0, 0}};
    EXPECT_EQ(field_bytes(add(p, small)), field_bytes(small)) << more;
    EXPECT_EQ(field_bytes(add(twice_p, small)), field_bytes(small)) << more;
    EXPECT_EQ(is_negative(add(p, small)), more % 2 == 1);
    EXPECT_TRUE(equal(negate(negate(small)), small));
    EXPECT_EQ(is_zero(negate(small)), more == 0);
  }
  SeededRandom random(3);
  for (int i = 0; i < 100; ++i) {
    auto bytes = random.array<32>();
    bytes[31] &= 0x3f;
    EXPECT_EQ(field_bytes(field_from_bytes(bytes.data())), bytes);
  }
}

TEST(Digits, SignedWindowsAddUpToTheScalar) {
  SeededRandom random(4);
  for (unsigned width = 2; width <= 16; ++width) {
    for (const unsigned bits : {half_bits, full_bits}) {
      auto scalar = random.array<32>();
      if (width % 2 == 0) scalar.fill(0xff);
      scalar[31] &= 0x1f;
      const auto bytes = std::span(scalar).first(bits == half_bits ? 16 : 32);
      const SignedWindows windows(bytes, bits, width);
      const unsigned places = SignedWindows::count(bits, width);
      // Horner modulo p: both sides are below it.
      FieldElement value = field_zero;
      for (unsigned place = places; place-- > 0;) {
        const int digit = windows.digit(place, places, width);
        EXPECT_LE(std::abs(digit), 1 << (width - 1));
        value = multiply(value, {{std::uint64_t{1} << width, 0, 0, 0, 0}});
        const FieldElement size{{static_cast<std::uint64_t>(std::abs(digit)), 0, 0, 0, 0}};
        value = carry(digit < 0 ? subtract(value, size) : add(value, size));
      }
      FieldBytes expected{};
      std::copy(bytes.begin(), bytes.end(), expected.begin());
      EXPECT_EQ(field_bytes(value), expected) << width << " " << bits;
    }
  }
}

TEST(Digits, TheNonAdjacentFormAddsUpToTheScalar) {
  SeededRandom random(5);
  for (int round = 0; round < 20; ++round) {
    auto scalar = random.array<32>();
    if (round % 2 == 0) scalar.fill(0xff);
    scalar[31] &= 0x1f;
    const auto bytes = std::span(scalar).first(round < 10 ? 32 : 16);
    const auto form = non_adjacent_form(bytes);
    FieldElement value = field_zero;
    for (std::size_t place = form.size(); place-- > 0;) {
      value = carry(add(value, value));
      const int digit = form[place];
      EXPECT_TRUE(digit == 0 || (digit % 2 != 0 && std::abs(digit) < 16));
      const FieldElement size{{static_cast<std::uint64_t>(std::abs(digit)), 0, 0, 0, 0}};
      value = carry(digit < 0 ? subtract(value, size) : add(value, size));
    }
    FieldBytes expected{};
    std::copy(bytes.begin(), bytes.end(), expected.begin());
    EXPECT_EQ(field_bytes(value), expected);
  }
}

}  // namespace
}  // namespace isoloir::multiexp
