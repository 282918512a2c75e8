// Brings a database to the schema that this program expects, step by step.
#pragma once

#include <span>
#include <string_view>

#include "store/database.hpp"

namespace isoloir::store {

// Once released, a migration never changes: a correction is the next one.
struct Migration {
  int version;  // 1, 2, 3 …
  std::string_view name;
  std::string_view sql;  // several statements, run in one transaction
};

// Applies what the table schema_version does not list yet; each step is in the database whole or
// not at all, so that it may be started again after a kill, and by two processes at once. Errors:
// store.schema_newer (a newer program was here), store.schema_differs (a migration of the same
// number had another name). A migration that fails throws its StoreError; those before it stay.
Status migrate(Database& database, std::span<const Migration> migrations);

}  // namespace isoloir::store
