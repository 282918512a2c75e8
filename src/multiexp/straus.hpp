// A sum of multiples for few terms (Straus, "Addition chains of vectors", 1964): one chain of
// doublings for all, and of each point its odd multiples up to fifteen.
#pragma once

#include "multiexp/engine.hpp"

namespace isoloir::multiexp {

ExtendedPoint straus(const Terms& terms);

}  // namespace isoloir::multiexp
