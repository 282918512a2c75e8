// What the pages that are printed have in common: French with English beside it, no script; and
// those that a bureau signs: A4, numbered. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "election/manifest.hpp"

namespace isoloir::cli {

// Up to <body>. The title is text, the style sheet CSS as it stands.
std::string printed_head(std::string_view title, std::string_view style_sheet);

// Of a bureau's page, up to the beginning of what it says; `french` and `english` name it.
std::string page_head(const Manifest& manifest, std::string_view french, std::string_view english);
inline constexpr std::string_view page_end = "</main>\n</body>\n</html>\n";

// Escaped. French, then English in a lighter tone.
std::string two(std::string_view french, std::string_view english);
std::string heading(int level, std::string_view french, std::string_view english);
std::string role_name(BureauRole role);
std::string code_of(ByteView bytes);
std::string number_of(std::uint64_t value);

}  // namespace isoloir::cli
