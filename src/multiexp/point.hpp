// What an engine's sums mean: the classes of points that ristretto255 is made of (RFC 9496).
#pragma once

#include <array>

#include "multiexp/engine.hpp"

namespace isoloir::multiexp {

// A class is the identity's when X = 0 or Y = 0: its four members are (0, 1), (0, -1) and the two
// points of order four, (i, 0) and (-i, 0).
bool is_identity(const ExtendedPoint& point);

// The canonical encoding of the class (RFC 9496 section 4.3.2).
std::array<std::uint8_t, 32> encode(const ExtendedPoint& point);

ExtendedPoint sum(const ExtendedPoint& a, const ExtendedPoint& b);
ExtendedPoint identity();

}  // namespace isoloir::multiexp
