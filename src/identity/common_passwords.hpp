// The passwords that attackers try first: some 49 000 that leaked most often, of the list that
// @zxcvbn-ts/language-common carries, embedded when the program is built. Thread-safe.
#pragma once

#include <string_view>

namespace isoloir {

// Whether `folded` (nfkc_casefold) is on the list.
bool is_listed_password(std::string_view folded);

// Whether a password is one of the list dressed up, as people do to satisfy a rule: in other case,
// with digits and signs before and after, or with signs and digits in place of letters
// ("M0tdep@sse2022!" is "motdepasse"). What is left within must have at least four letters. Any
// UTF-8; what is none is on no list.
bool is_common_password(std::string_view password);

}  // namespace isoloir
