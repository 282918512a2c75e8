// Canonical JSON, RFC 8785 (JCS), restricted as docs/protocol.md section "Canonical JSON" says:
// integers below 2^53 only, no floats, no duplicate keys, no lone surrogates. What is not already
// canonical is refused, never repaired.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace isoloir {

using Json = nlohmann::json;

// Keys sorted by UTF-16 code units, no white space, shortest escapes. Asserts that the value holds
// no floats and only valid UTF-8: what comes from outside has passed parse_json before.
std::string canonical_json(const Json& value);

// Any JSON text of at most limits::json_bytes and limits::json_depth; errors: json.syntax,
// json.duplicate_key, json.number, json.too_large.
Expected<Json> parse_json(std::string_view text);

// As parse_json, and the text must be byte for byte what canonical_json would write; error:
// json.not_canonical.
Expected<Json> parse_canonical_json(std::string_view text);

}  // namespace isoloir
