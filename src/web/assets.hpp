// Files compiled into the program: templates, catalogues, styles, bundles. Names are relative and
// stable:
//   views/...    as in views/            locale/...   as in locale/, each .po compiled to .mo
//   static/...   as in styles/static/    web/...      what booth/build.mjs makes: portal.css,
//   booth.js, worker.js, receipt_check.js and .css
// Read-only data of the program, valid as long as it runs; callable from any thread. Filled in by
// cmake/assets.cmake.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace isoloir::web {

// The content of `name`, byte for byte (it may hold NUL), or nothing when no such file was compiled
// in.
std::optional<std::string_view> asset(std::string_view name);

// Every name, sorted bytewise.
std::span<const std::string_view> asset_names();

}  // namespace isoloir::web
