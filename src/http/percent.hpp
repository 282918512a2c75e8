// Percent-encoding (RFC 3986 section 2.1) and UTF-8 (RFC 3629), shared by targets and forms. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace isoloir::http {

// Decodes %XX, and + as a space where asked (forms). Nothing on a bad escape, and on a raw byte
// that is not visible ASCII: browsers always escape those.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// Shortest forms only, no surrogates, at most U+10FFFF.
bool is_utf8(std::string_view text);

// A control character of Unicode (U+0000–U+001F, U+007F–U+009F) in valid UTF-8, other than those of
// `allowed`.
bool has_control(std::string_view utf8, std::string_view allowed = {});

}  // namespace isoloir::http
