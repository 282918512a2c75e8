#include "store/sqlite/connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/limits.hpp"

namespace isoloir::store {
namespace {

using Kind = StoreError::Kind;

Kind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Kind::locked;
    case SQLITE_FULL:
      return Kind::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Kind::corrupt;
    case SQLITE_READONLY:
      return Kind::read_only;
    case SQLITE_CONSTRAINT:
      return Kind::constraint;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return Kind::statement;
    default:
      return Kind::io;
  }
}

// The log and the shared memory take their mode from this file. Closing a second descriptor of an
// open database would drop the process's locks on it, hence O_EXCL, and chmod by name.
void make_private(const std::string& path) {
  constexpr mode_t owner_only = S_IRUSR | S_IWUSR;
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, owner_only);
  if (descriptor >= 0) {
    ::close(descriptor);
    return;
  }
  const int reason = errno;
  if (reason == EEXIST && ::chmod(path.c_str(), owner_only) == 0) return;
  throw StoreError(reason == ENOSPC ? Kind::full : Kind::io,
                   fmt::format("cannot make {} private: {}", path,
                               std::generic_category().message(reason == EEXIST ? errno : reason)));
}

// Static: the parameters outlive the step. No data must not become null.
int bind(sqlite3_stmt* statement, int index, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.data())) {
    return sqlite3_bind_int64(statement, index, *integer);
  }
  if (const auto* text = std::get_if<std::string>(&value.data())) {
    return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Bytes>(&value.data())) {
    if (blob->empty()) return sqlite3_bind_zeroblob(statement, index, 0);
    return sqlite3_bind_blob64(statement, index, blob->data(), blob->size(), SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, index);
}

Value column_value(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement, column);
    case SQLITE_TEXT: {
      const auto* text = sqlite3_column_text(statement, column);
      if (text == nullptr) throw StoreError(Kind::io, "no memory for a text");
      const auto size = std::size_t(sqlite3_column_bytes(statement, column));
      return std::string(reinterpret_cast<const char*>(text), size);
    }
    case SQLITE_BLOB: {
      const auto* blob = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
      const auto size = std::size_t(sqlite3_column_bytes(statement, column));
      if (blob == nullptr && size != 0) throw StoreError(Kind::io, "no memory for a blob");
      return Bytes(blob, blob + size);
    }
    case SQLITE_NULL:
      return {};
    default:
      throw StoreError(Kind::statement, "a floating-point number in a result");
  }
}

// Leaves a cached statement without locks and without anyone's data.
struct ResetLater {
  sqlite3_stmt* statement;
  ~ResetLater() {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }
};

}  // namespace

void Connection::Close::operator()(sqlite3* handle) const {
  sqlite3_close(handle);
}

void Connection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Connection::Connection(const std::string& path, Access access, int busy_timeout_ms) {
  if (access == Access::write) make_private(path);
  sqlite3* handle = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (handle == nullptr) throw StoreError(Kind::io, "no memory for a connection");
  if (opened != SQLITE_OK) raise(opened, path);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  // Replaces the automatic checkpoint, which would make the committing voters wait for it.
  sqlite3_wal_hook(
      handle,
      [](void* self, sqlite3*, const char*, int pages) {
        auto* connection = static_cast<Connection*>(self);
        connection->log_pages_ = std::size_t(pages);
        ++connection->commits_;
        return SQLITE_OK;
      },
      this);
  configure(access);
}

void Connection::configure(Access access) {
  for (const int option : {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL}) {
    sqlite3_db_config(handle_.get(), option, 0, nullptr);  // "x" is a name, never a text
  }
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  script(
      "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;"
      "PRAGMA temp_store=MEMORY; PRAGMA synchronous=FULL;");
  if (access == Access::read) return script("PRAGMA query_only=ON");
  const Rows mode = query("PRAGMA journal_mode=WAL");
  if (mode.size() != 1 || mode[0].text(0) != "wal") {
    throw StoreError(Kind::io, "the file system does not support a write-ahead log");
  }
}

Rows Connection::query(std::string_view sql, const Values& parameters) {
  return run(sql, parameters).rows;
}

std::int64_t Connection::execute(std::string_view sql, const Values& parameters) {
  return run(sql, parameters).changes;
}

void Connection::script(std::string_view sql) {
  const int code = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return;
  // Never a UniqueConflict, which promises that nothing has happened.
  throw StoreError(kind_of(code),
                   fmt::format("sqlite {}: {}, in a script", code, sqlite3_errmsg(handle_.get())));
}

Connection::Outcome Connection::run(std::string_view sql, const Values& parameters) {
  sqlite3_stmt* statement = prepared(sql);
  ISOLOIR_ASSERT(sqlite3_bind_parameter_count(statement) == int(parameters.size()));
  const ResetLater reset_later{statement};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto* text = std::get_if<std::string>(&parameters[i].data());
    if (text != nullptr && text->find('\0') != std::string::npos) {
      throw StoreError(Kind::statement, fmt::format("NUL in a text, in {}", sql));
    }
    const int index = sqlite3_bind_parameter_index(statement, fmt::format("${}", i + 1).c_str());
    ISOLOIR_ASSERT(index != 0);
    const int code = bind(statement, index, parameters[i]);
    if (code != SQLITE_OK) raise(code, sql);
  }
  Outcome outcome;
  // sqlite3_changes keeps its value over statements that change no row.
  const auto before = sqlite3_total_changes64(handle_.get());
  outcome.rows = step(statement, sql);
  if (sqlite3_total_changes64(handle_.get()) != before) {
    outcome.changes = sqlite3_changes64(handle_.get());
  }
  return outcome;
}

Rows Connection::step(sqlite3_stmt* statement, std::string_view sql) {
  Rows rows;
  for (;;) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return rows;
    if (code != SQLITE_ROW) raise(code, sql);
    Values values;
    const int columns = sqlite3_column_count(statement);
    values.reserve(std::size_t(columns));
    for (int column = 0; column < columns; ++column) {
      values.push_back(column_value(statement, column));
    }
    rows.emplace_back(std::move(values));
  }
}

sqlite3_stmt* Connection::prepared(std::string_view sql) {
  const std::string key(sql);
  if (const auto found = statements_.find(key); found != statements_.end()) {
    return found->second.get();
  }
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), key.c_str(), int(key.size() + 1),
                                      SQLITE_PREPARE_PERSISTENT, &statement, &tail);
  Statement owned(statement);
  if (code != SQLITE_OK) raise(code, sql);
  ISOLOIR_ASSERT(statement != nullptr && *tail == '\0');  // exactly one statement
  if (statements_.size() >= limits::database_statements) statements_.clear();
  return statements_.emplace(key, std::move(owned)).first->second.get();
}

void Connection::set_busy_timeout(int ms) {
  sqlite3_busy_timeout(handle_.get(), ms);
}

void Connection::touch() {
  const auto version = query("PRAGMA user_version")[0].integer(0);
  script(fmt::format("PRAGMA user_version = {}", version));
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

bool Connection::foreign_keys_pending() const {
  int pending = 0;
  int unused = 0;
  sqlite3_db_status(handle_.get(), SQLITE_DBSTATUS_DEFERRED_FKS, &pending, &unused, 0);
  return pending != 0;
}

void Connection::checkpoint(Checkpoint mode) {
  const int how = mode == Checkpoint::full ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(handle_.get(), "main", how, nullptr, nullptr);
  if (code != SQLITE_OK) raise(code, "checkpoint");
}

void Connection::rollback() noexcept {
  if (in_transaction()) sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Connection::raise(int code, std::string_view sql) const {
  const std::string message =
      fmt::format("sqlite {}: {}, in {}", code, sqlite3_errmsg(handle_.get()), sql);
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
      code == SQLITE_CONSTRAINT_ROWID) {
    throw UniqueConflict(message);
  }
  throw StoreError(kind_of(code), message);
}

}  // namespace isoloir::store
