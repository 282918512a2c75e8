#include "store/migration.hpp"

#include <fmt/format.h>

namespace isoloir::store {
namespace {

Status create_version_table(Transaction& transaction) {
  transaction.script(
      "CREATE TABLE IF NOT EXISTS schema_version ("
      " version INTEGER NOT NULL PRIMARY KEY CHECK (version > 0), name TEXT NOT NULL) STRICT");
  return {};
}

Status check_history(Transaction& transaction, std::span<const Migration> migrations) {
  for (const Row& row : transaction.query("SELECT version, name FROM schema_version")) {
    const std::int64_t version = row.integer(0);
    if (version > std::int64_t(migrations.size())) {
      return fail("store.schema_newer",
                  fmt::format("the database is at version {}, this program knows {}: it has been "
                              "opened by a newer isoloir, use that one",
                              version, migrations.size()));
    }
    const Migration& known = migrations[std::size_t(version - 1)];
    if (row.text(1) != known.name) {
      return fail("store.schema_differs",
                  fmt::format("version {} of the database is \"{}\", of this program \"{}\"",
                              version, row.text(1), known.name));
    }
  }
  return {};
}

// Looks again inside the transaction: another process may have come first.
Status apply(Transaction& transaction, const Migration& migration) {
  const auto inserted = transaction.execute(
      "INSERT INTO schema_version (version, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      {migration.version, migration.name});
  if (inserted == 1) transaction.script(migration.sql);
  return {};
}

}  // namespace

Status migrate(Database& database, std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    ISOLOIR_ASSERT(migrations[i].version == int(i) + 1);
  }
  if (auto created = database.write(create_version_table); !created) return created;
  const auto check = [&](Transaction& transaction) {
    return check_history(transaction, migrations);
  };
  if (auto checked = database.read(check); !checked) return checked;
  for (const Migration& migration : migrations) {
    const auto step = [&](Transaction& transaction) { return apply(transaction, migration); };
    if (auto applied = database.write(step); !applied) return applied;
  }
  return {};
}

}  // namespace isoloir::store
