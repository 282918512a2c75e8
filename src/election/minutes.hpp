// A bureau's minutes of result and operations (docs/protocol.md section 11): figures that follow
// from the result and from what the log holds. Pure functions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "election/manifest.hpp"
#include "election/signed_document.hpp"

namespace isoloir {

// Of an export that is verified: nothing of it is judged here.
struct MinutesSources {
  const Manifest& manifest;
  std::string_view result;  // result.json
  const std::vector<SignedDocument>& events;
  const std::vector<SignedDocument>& batches;
};

// The body of minutes/<bureau>.json, made at this time.
Json minutes_body(const MinutesSources& sources, std::uint32_t bureau, TimeMs at);

// When the bureau closed its count; nothing before it has.
std::optional<TimeMs> count_closed_at(const std::vector<SignedDocument>& events,
                                      std::uint32_t bureau);

// An event of the bureau, or of the election as a whole.
bool concerns(const Json& event, std::uint32_t bureau);

// Signed by members of the bureau alone, a president or a secretary among them.
bool signed_as_minutes(const Bureau& bureau, const std::vector<Point>& signers);

}  // namespace isoloir
