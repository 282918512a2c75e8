// The printed minutes of a bureau: what was done from the opening to the close of the count, the
// figures and the seats, a place for observations and for signatures.
#pragma once

#include <string>

#include "verification/verification.hpp"

namespace isoloir::cli {

// `minutes` are those that the bureau's members have signed.
std::string minutes_page(const CheckedResult& checked, std::uint32_t bureau,
                         const SignedDocument& minutes);

}  // namespace isoloir::cli
