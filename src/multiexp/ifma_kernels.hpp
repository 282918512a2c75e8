// What ifma.cpp asks of the one file that is compiled for AVX-512 IFMA: loops over eight points at
// a time, on plain arrays. Nothing here may be called before ifma_engine() has seen that the
// processor has it. The decisions (how wide the digits are, what is refused) are lane_engine.hpp's.
#pragma once

#include "multiexp/engine.hpp"
#include "multiexp/lane_kernels.hpp"

namespace isoloir::multiexp::ifma {

inline constexpr std::size_t lanes = 8;

// Four registers of eight, as one chain of squarings alone would wait for itself.
inline constexpr std::size_t decoded_at_once = 4 * lanes;

// Decodes `count` encodings, at most decoded_at_once, to `points`; bit i of what is given is set
// when encoding i is not good (points[i] is then undefined).
std::uint32_t decode_some(const std::uint8_t* const* encodings, std::size_t count,
                          AffinePoint* points, bool identity_allowed);

// Points in the forms that additions to buckets want: addend_words words for each eight begun.
inline constexpr std::size_t addend_words = 4 * 5 * lanes;
void make_addends(const AffinePoint* points, std::size_t count, std::uint64_t* addends);

// Buckets 0 to `most`, each for all lanes: bucket b of lane l sums the points whose digit in that
// lane is b, or their negatives where it is -b; bucket 0 is of no use to anybody. So the lanes
// never want the same bucket. Words begin at a multiple of 64 bytes.
inline constexpr std::size_t bucket_words = 20 * lanes;
void empty_buckets(std::uint64_t* buckets, std::size_t most);
void fill_buckets(std::uint64_t* buckets, const DigitLanes<lanes>& digits,
                  const std::uint64_t* addends, const BiasedScalar* scalars, std::size_t count);
// In each lane the sum of each bucket b, from 1 to `most`, times b; as bucket_words words, which
// combine reads.
void drain_buckets(const std::uint64_t* buckets, std::size_t most, std::uint64_t* sums);

// The sum over all groups g and lanes l of sums[g] in l times 2^(width * (8 g + l)).
ExtendedPoint combine(const std::uint64_t* sums, std::size_t groups, unsigned width);

// sums[i] += points[i]
void add_each(ExtendedPoint* sums, const AffinePoint* points, std::size_t count);

// For tests: lane by lane, the operations of ifma_field.hpp on its factors, in limbs of 52 bits.
struct FieldLanes {
  std::uint64_t limb[5][lanes];
};
struct FieldResults {
  FieldLanes product, square, sum, difference, least_product, there_and_back;
  FieldLanes less_two, four_less_two;  // -2 a b, 4 a b - 2 a a: as much as is ever taken away
};
void field_operations(const FieldLanes& a, const FieldLanes& b, FieldResults& results);

}  // namespace isoloir::multiexp::ifma
