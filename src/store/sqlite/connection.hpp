// One SQLite connection with its prepared statements. For one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/database.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace isoloir::store {

class Connection {
 public:
  enum class Access { write, read };
  // A full checkpoint copies the log into the database and empties it, waiting for readers; a
  // passive one copies what it can without waiting.
  enum class Checkpoint { passive, full };

  // Creates the file for Access::write, with mode 0600. Throws StoreError.
  Connection(const std::string& path, Access access, int busy_timeout_ms);

  Rows query(std::string_view sql, const Values& parameters = {});
  std::int64_t execute(std::string_view sql, const Values& parameters = {});
  void script(std::string_view sql);  // never throws UniqueConflict

  // False once SQLite has rolled the transaction back by itself, as it may on a full disk.
  bool in_transaction() const;
  // A deferred foreign key that is still broken and would fail the commit of the whole batch.
  bool foreign_keys_pending() const;
  void set_busy_timeout(int ms);
  // Writes a page without changing anything, so that a commit reaches the disk.
  void touch();
  // Commits of this connection that wrote something.
  std::size_t commits() const { return commits_; }
  // Pages in the write-ahead log at the last commit of this connection.
  std::size_t log_pages() const { return log_pages_; }
  void checkpoint(Checkpoint mode);
  void rollback() noexcept;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  struct Outcome {
    Rows rows;
    std::int64_t changes = 0;
  };

  void configure(Access access);
  Outcome run(std::string_view sql, const Values& parameters);
  Rows step(sqlite3_stmt* statement, std::string_view sql);
  sqlite3_stmt* prepared(std::string_view sql);
  [[noreturn]] void raise(int code, std::string_view sql) const;

  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string, Statement> statements_;  // destroyed before the handle
  std::size_t log_pages_ = 0;
  std::size_t commits_ = 0;
};

}  // namespace isoloir::store
