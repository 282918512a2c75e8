// Sums of many multiples of points of ristretto255 (RFC 9496), for public data alone: decoding and
// multi-scalar multiplication, by an engine that is chosen when the program runs.
//
// Points are worked on as representatives on the curve -x^2 + y^2 = 1 + d x^2 y^2 over the integers
// modulo p = 2^255 - 19. A point of the group is a class of four representatives (the torsion
// points added), so neither equality nor the identity is that of coordinates: see point.hpp. Sums
// of representatives represent the sum of the points.
//
// Thread-safe: an engine has no state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "multiexp/public_data.hpp"

namespace isoloir::multiexp {

// limb[0] + 2^51 limb[1] + ... + 2^204 limb[4] modulo p; not always the least such value. Wherever
// one passes between an engine and its caller each limb is below 2^52, which is also what a
// processor's 52-bit products take.
struct FieldElement {
  std::uint64_t limb[5];
};

// As decoded: Z = 1, so the affine forms that additions want need no inversion. The identity
// decodes to (0, 1).
struct AffinePoint {
  FieldElement x, y;
};

// (X/Z, Y/Z) with T = XY/Z, Z not 0.
struct ExtendedPoint {
  FieldElement x, y, z, t;
};

// Little-endian. A full scalar is below the group order l (so below 2^253); a half one is any
// number below 2^128. Zero is an ordinary scalar.
using FullScalar = std::array<std::uint8_t, 32>;
using HalfScalar = std::array<std::uint8_t, 16>;

// The terms of a sum, the two widths apart because half ones cost half. Points and scalars of one
// width are as many. Points may repeat, be the identity or be each other's negatives; a caller who
// has several scalars for one point adds those first, which is cheaper.
struct Terms {
  std::span<const AffinePoint> full_points;
  std::span<const FullScalar> full_scalars;
  std::span<const AffinePoint> half_points;
  std::span<const HalfScalar> half_scalars;
};

enum class Identity : bool { refused, allowed };

struct Engine {
  const char* name;  // "portable", "fma", "ifma"

  // Decodes the encoding of 32 bytes at each pointer (RFC 9496 section 4.3.1: canonical,
  // non-negative, of the group) to the place of the same number in `points`, which has room for
  // all. Encodings lie wherever they were read to; no alignment. Gives the number of the first that
  // is not good, or their count; what stands in `points` from there on is then undefined.
  std::size_t (*decode)(std::span<const std::uint8_t* const> encodings, AffinePoint* points,
                        Identity identity);

  // The sum of scalar times point over all terms; the identity (0, 1, 1, 0) of none. Made for some
  // ten terms (one ballot) to some hundred thousand.
  ExtendedPoint (*multiply_sum)(const Terms& terms);

  // sums[i] += points[i], as many of both: running totals of ciphertexts.
  void (*add_each)(std::span<ExtendedPoint> sums, std::span<const AffinePoint> points);
};

const Engine& portable_engine();  // everywhere
const Engine* fma_engine();       // AVX2 and FMA; null where processor or system lacks them
const Engine* ifma_engine();      // AVX-512 IFMA; likewise
const Engine& best_engine();      // the last of these that is there

}  // namespace isoloir::multiexp
