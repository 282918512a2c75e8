// What fma.cpp asks of the one file that is compiled for AVX2 and FMA: loops over four points at a
// time, on plain arrays. Nothing here may be called before fma_engine() has seen that the processor
// has them. The decisions (how wide the digits are, what is refused) are lane_engine.hpp's.
#pragma once

#include "multiexp/engine.hpp"
#include "multiexp/lane_kernels.hpp"

namespace isoloir::multiexp::fma {

inline constexpr std::size_t lanes = 4;

// Two registers of four, as one chain of squarings alone would wait for itself.
inline constexpr std::size_t decoded_at_once = 2 * lanes;

// All but combine, which is fma.cpp's, as in ifma_kernels.hpp, eight being four.
std::uint32_t decode_some(const std::uint8_t* const* encodings, std::size_t count,
                          AffinePoint* points, bool identity_allowed);

inline constexpr std::size_t addend_words = 3 * 5 * lanes;
void make_addends(const AffinePoint* points, std::size_t count, std::uint64_t* addends);

inline constexpr std::size_t bucket_words = 20 * lanes;
void empty_buckets(std::uint64_t* buckets, std::size_t most);
void fill_buckets(std::uint64_t* buckets, const DigitLanes<lanes>& digits,
                  const std::uint64_t* addends, const BiasedScalar* scalars, std::size_t count);
// As an ExtendedPoint a lane.
void drain_buckets(const std::uint64_t* buckets, std::size_t most, std::uint64_t* sums);

void add_each(ExtendedPoint* sums, const AffinePoint* points, std::size_t count);

// For tests: lane by lane, the operations of fma_field.hpp on two factors and on something to be
// carried.
struct FactorLanes {
  double limb[5][lanes];
};
struct FieldLanes {
  std::int64_t limb[5][lanes];
};
struct FieldResults {
  FieldLanes product, square, sum, difference;  // as they are carried to positive limbs
  FieldLanes less_two, four_less_two;           // -2 a b, 4 a b - 2 a a
  FieldLanes least, there_and_back;             // of what is carried
};
void field_operations(const FactorLanes& a, const FactorLanes& b, const FieldLanes& to_carry,
                      FieldResults& results);

}  // namespace isoloir::multiexp::fma
