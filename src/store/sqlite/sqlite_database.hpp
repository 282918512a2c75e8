// The SQLite engine: one file in WAL mode, one writer thread with group commit, pooled readers.
// https://www.sqlite.org/wal.html
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/limits.hpp"
#include "store/database.hpp"

namespace isoloir::store {

struct SqliteOptions {
  std::string path;  // created with mode 0600 if missing, set to it if not
  int busy_timeout_ms = limits::database_busy_timeout_ms;
  std::size_t writer_queue = limits::writer_queue;
  std::size_t writer_batch = limits::writer_batch;
  std::size_t readers = limits::database_readers;
  std::size_t checkpoint_pages = limits::database_checkpoint_pages;
};

// Throws StoreError. Other processes may open the same file, on the same machine (WAL is shared
// memory: no network file system).
std::unique_ptr<Database> open_sqlite(SqliteOptions options);

}  // namespace isoloir::store
