#include "contract/database_contract.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "store/temporary_folder.hpp"

namespace isoloir::store {

// One folder per test: the engine is made anew with each test's parameter.
struct SqliteEngine {
  std::unique_ptr<Database> operator()() const {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name(test->name());
    std::replace(name.begin(), name.end(), '/', '_');
    SqliteOptions options;
    options.path = folder->file(name + ".db");
    return open_sqlite(options);
  }
  std::shared_ptr<TemporaryFolder> folder = std::make_shared<TemporaryFolder>();
};

INSTANTIATE_TEST_SUITE_P(Sqlite, DatabaseContract,
                         testing::Values(Engine{"sqlite", SqliteEngine{}}));

}  // namespace isoloir::store
