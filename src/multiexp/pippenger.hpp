// A sum of multiples for many terms: the bucket method (Pippenger, "On the evaluation of powers and
// monomials", 1980; Bernstein, Doumen, Lange, Oosterwijk, "Faster batch forgery identification",
// 2012, section 4) with signed digits.
#pragma once

#include "multiexp/engine.hpp"

namespace isoloir::multiexp {

ExtendedPoint pippenger(const Terms& terms);

}  // namespace isoloir::multiexp
