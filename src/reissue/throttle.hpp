// How often somebody may try, as pure functions of the times of earlier tries. A time in the future
// (the clock was set back) counts as one just now.
#pragma once

#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "portal/reissue_policy.hpp"

namespace isoloir::reissue {

// From when on one more is within the limit, or nothing when it is now. `earlier` is ascending.
std::optional<TimeMs> retry_at(std::span<const TimeMs> earlier, const RateLimit& limit, TimeMs now);

// After wrong proofs: `per_day` in 24 hours at most, and after the n-th of them a delay of
// first_delay_ms times 2^(n-1), counted from the last one. `wrong` is ascending.
std::optional<TimeMs> proof_retry_at(std::span<const TimeMs> wrong, const ProofLimit& limit,
                                     TimeMs now);
std::uint32_t proofs_left(std::span<const TimeMs> wrong, const ProofLimit& limit, TimeMs now);

// One destination for several voters: whether `voter` would be one too many among those of the last
// 24 hours.
bool too_many_voters(std::span<const ByteArray<32>> voters_of_destination,
                     const ByteArray<32>& voter, std::uint32_t most);

// A moment to wait for is told to the minute, hence never before it has come.
constexpr TimeMs next_full_minute(TimeMs at) {
  return (at + minute_ms - 1) / minute_ms * minute_ms;
}

}  // namespace isoloir::reissue
