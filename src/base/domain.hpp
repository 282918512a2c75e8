// Domain names as people type them: UTS #46 and the scripts of their labels, through ICU.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace isoloir {

// The name in ASCII, lower case, internationalised labels as "xn--..." (UTS #46, nontransitional,
// with the rules of STD 3, at least two labels); nothing for what is no domain name.
std::optional<std::string> domain_to_ascii(std::string_view utf8);

// Whether a label of an ASCII name, decoded, mixes letters of two scripts: "xn--pypal-4ve.com"
// looks like another name. False for what is no domain name.
bool mixes_scripts(std::string_view ascii_domain);

}  // namespace isoloir
