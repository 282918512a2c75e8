#include "base/temporary_folder.hpp"
#include "contract/database_contract.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir::store {

Opener create_sqlite() {
  return [folder = std::make_shared<TemporaryFolder>()] {
    SqliteOptions options;
    options.path = folder->file("contract.db");
    return open_sqlite(options);
  };
}

INSTANTIATE_TEST_SUITE_P(Sqlite, DatabaseContract,
                         testing::Values(Engine{"sqlite", create_sqlite}));

}  // namespace isoloir::store
