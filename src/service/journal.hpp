// The journal: what happened, hash-chained, without secrets (reissue design, "Journal"). Each row's
// hash covers the row before it, so that a row changed, removed or inserted later shows.
#pragma once

#include "base/canonical_json.hpp"
#include "base/clock.hpp"
#include "store/database.hpp"

namespace isoloir {

// Appends within the caller's transaction. `row` holds a "step" and what belongs to it; never a
// token, code, password, answer, NUMEN, NIR, address, message body or captcha value.
void journal(store::Transaction& transaction, TimeMs at, const Json& row);

// The first number whose hash does not follow, or nothing when the chain holds.
Expected<std::optional<std::int64_t>> check_journal(store::Database& database);

}  // namespace isoloir
