// Text in pages that are written without a template: what is printed, the HTML part of a mail.
#pragma once

#include <string>
#include <string_view>

namespace isoloir {

// For element content and double-quoted attributes.
std::string html_escaped(std::string_view text);

}  // namespace isoloir
