// The sums of many ballots, which are public: by the engines of src/multiexp, in whose coordinates
// an addition costs a fraction of what it costs between encodings.
#pragma once

#include <span>
#include <vector>

#include "election/count.hpp"

namespace isoloir {

// As adding one after the other, on all cores. Every ballot has as many options. Thread-safe.
Aggregate aggregate(std::size_t options, std::span<const std::vector<Ciphertext>> ballots);

}  // namespace isoloir
