// The database as the services see it: transactions, typed rows, one writer's word that what was
// acknowledged stays. No engine shows through; tests/contract holds every engine to this text.
//
// SQL. One text for SQLite and PostgreSQL: parameters $1…$N, each used; RETURNING, ON CONFLICT and
// row values are fine; ids and times (milliseconds since 1970) come from the application. Avoid
// IDENTITY, now(), SKIP LOCKED, writing CTEs, ILIKE, string_agg, and write CAST(SUM(x) AS BIGINT).
// Schemas are written with INTEGER (64 bits), TEXT, BLOB and STRICT, plus WITHOUT ROWID where the
// order of insertion must leave no trace; an engine that spells these otherwise translates
// script(). STRICT matters: without it SQLite stores whatever it is given. Text is UTF-8 without
// NUL.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace isoloir::store {

// Null, 64-bit integer, text or blob, never converted into one another.
class Value {
 public:
  using Data = std::variant<std::monostate, std::int64_t, std::string, Bytes>;

  Value() = default;  // null
  Value(std::nullopt_t) {}
  template <std::integral T>
  requires(sizeof(T) > 1)  // neither bool nor char: say 0 or 1, or give text
      Value(T value)
      : data_(static_cast<std::int64_t>(value)) {
    ISOLOIR_ASSERT(std::in_range<std::int64_t>(value));
  }
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(ByteView blob) : data_(Bytes(blob.begin(), blob.end())) {}
  Value(Bytes blob) : data_(std::move(blob)) {}
  template <typename T>
  Value(const std::optional<T>& value) : Value(value ? Value(*value) : Value()) {}

  // Out of line, where g++ 12 does not take the variant's members for uninitialised.
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  const Data& data() const { return data_; }
  friend bool operator==(const Value&, const Value&) = default;

 private:
  Data data_;
};

using Values = std::vector<Value>;

// Columns by index from 0. A getter of another type than the column's, or beyond the last column,
// is a mistake in our own SQL: it asserts.
class Row {
 public:
  explicit Row(Values values) : values_(std::move(values)) {}

  std::size_t size() const { return values_.size(); }
  const Value& operator[](std::size_t column) const;
  bool is_null(std::size_t column) const;
  std::int64_t integer(std::size_t column) const;
  const std::string& text(std::size_t column) const;
  const Bytes& blob(std::size_t column) const;
  std::optional<std::int64_t> optional_integer(std::size_t column) const;
  std::optional<std::string> optional_text(std::size_t column) const;
  std::optional<Bytes> optional_blob(std::size_t column) const;
  template <std::size_t N>
  ByteArray<N> array(std::size_t column) const {
    const auto bytes = to_array<N>(blob(column));
    ISOLOIR_ASSERT(bytes.has_value());
    return *bytes;
  }

 private:
  Values values_;
};

using Rows = std::vector<Row>;

// Infrastructure failed, or our own SQL is wrong. The message names tables and columns, never a
// parameter's value.
class StoreError : public std::runtime_error {
 public:
  enum class Kind {
    busy,        // the queue of writes is full; nothing was tried
    locked,      // another process held the database for longer than the busy timeout
    full,        // no space left
    io,          // the disk, memory, or the connection to the database
    corrupt,     // not a database, or a damaged one
    read_only,   // a write in a read transaction
    constraint,  // a key, check, type or foreign key of the schema
    statement,   // SQL or a parameter that the engine refuses
  };
  StoreError(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  Kind kind() const { return kind_; }
  // It may go away by itself or by what an operator does beside the running program: try again.
  bool passing() const { return is_passing(kind_); }
  static bool is_passing(Kind kind) {
    return kind == Kind::busy || kind == Kind::locked || kind == Kind::full || kind == Kind::io;
  }

 private:
  Kind kind_;
};

std::string_view name_of(StoreError::Kind kind);  // "full", "read-only" …

// A row with this primary or unique key exists. The statement had no effect; the job may catch this
// and go on. Every other StoreError, caught or not, fails the job.
class UniqueConflict final : public StoreError {
 public:
  explicit UniqueConflict(const std::string& message) : StoreError(Kind::constraint, message) {}
};

// Valid during the job that received it, on the thread that runs the job.
class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Rows query(std::string_view sql, const Values& parameters = {}) = 0;
  // The number of rows inserted, changed or deleted by the statement itself.
  virtual std::int64_t execute(std::string_view sql, const Values& parameters = {}) = 0;
  // Several statements without parameters or results, for schemas. A conflict fails the job.
  virtual void script(std::string_view sql) = 0;
};

// Thread-safe. The destructor lets the writes under way end, then closes; reads must have ended.
class Database {
 public:
  virtual ~Database() = default;

  // Runs job(Transaction&), which gives an Expected<T>, at most once, alone among the writers of
  // all processes, and returns what it gave once that is durable. Jobs of several threads may share
  // one commit, in the order in which they were queued; each sees those before it. A job that
  // returns an Error or throws leaves nothing behind and disturbs no other; what it throws arrives
  // here. If the commit fails, every job in it gets a StoreError, whatever it returned (it may have
  // judged by what is now gone), and nothing of any is kept. After a StoreError of kind io the
  // caller cannot tell a lost answer from a lost write: the rows are there wholly or not at all, so
  // jobs are written to be repeated. A job runs on another thread and holds up every writer: no
  // network, no slow cryptography, no write() or read() inside.
  template <typename Job>
  auto write(Job&& job) {
    return run<Job>(job, &Database::run_write);
  }

  // Runs job(Transaction&), which gives an Expected<T>, on the calling thread over one snapshot,
  // taken at its first query. Not to be nested: connections are few.
  template <typename Job>
  auto read(Job&& job) {
    return run<Job>(job, &Database::run_read);
  }

  // Writes waiting for the writer, for health checks and metrics.
  virtual std::size_t queued_writes() const = 0;

  // Why the database cannot be written now: the kind of the last failure of the disk or of another
  // process's lock, until something has been written again. While it stands the engine tries once a
  // second by itself, and other processes' locks are not waited for. Never blocks.
  virtual std::optional<StoreError::Kind> trouble() const = 0;

  // After it returns, no file of the database holds what had been deleted before the call (blocks
  // that the file system freed earlier are beyond its reach). Waits for readers and other
  // processes, at most for the busy timeout, then StoreError of kind locked.
  virtual void erase_traces() = 0;

 protected:
  using Step = std::function<bool(Transaction&)>;  // false: roll back
  virtual void run_write(const Step& step) = 0;
  virtual void run_read(const Step& step) = 0;

 private:
  template <typename Job>
  auto run(Job& job, void (Database::*engine)(const Step&)) {
    using Result = std::invoke_result_t<Job&, Transaction&>;
    static_assert(std::same_as<typename Result::error_type, Error>, "a job gives an Expected<T>");
    std::optional<Result> result;
    (this->*engine)([&](Transaction& transaction) {
      result.emplace(job(transaction));
      return result->has_value();
    });
    return Result(std::move(*result));
  }
};

}  // namespace isoloir::store
