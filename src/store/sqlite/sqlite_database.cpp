#include "store/sqlite/sqlite_database.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "store/sqlite/connection.hpp"

namespace isoloir::store {
namespace {

using Kind = StoreError::Kind;
using Access = Connection::Access;
using Checkpoint = Connection::Checkpoint;

class SqliteTransaction final : public Transaction {
 public:
  explicit SqliteTransaction(Connection& connection) : connection_(connection) {}

  Rows query(std::string_view sql, const Values& parameters) override {
    Rows rows;
    attempt([&] { rows = connection_.query(sql, parameters); });
    return rows;
  }
  std::int64_t execute(std::string_view sql, const Values& parameters) override {
    std::int64_t changes = 0;
    attempt([&] { changes = connection_.execute(sql, parameters); });
    return changes;
  }
  void script(std::string_view sql) override {
    attempt([&] { connection_.script(sql); });
  }

  // What no job may catch and go on from.
  const std::optional<StoreError>& failure() const { return failure_; }

 private:
  void attempt(const std::function<void()>& action) {
    if (failure_) throw StoreError(*failure_);
    try {
      action();
    } catch (const UniqueConflict&) {
      throw;
    } catch (const StoreError& error) {
      failure_ = error;
      throw;
    }
  }

  Connection& connection_;
  std::optional<StoreError> failure_;
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(SqliteOptions options)
      : options_(std::move(options)),
        write_connection_(options_.path, Access::write, options_.busy_timeout_ms),
        writer_([this] { write_batches(); }) {}

  ~SqliteDatabase() override {
    {
      std::unique_lock lock(queue_mutex_);
      closing_ = true;
      queue_changed_.notify_one();
      callers_gone_.wait(lock, [&] { return callers_ == 0; });
    }
    writer_.join();
  }

  std::size_t queued_writes() const override {
    const std::lock_guard lock(queue_mutex_);
    return queue_.size();
  }

  std::optional<StoreError::Kind> trouble() const override {
    const std::lock_guard lock(queue_mutex_);
    return trouble_;
  }

  void erase_traces() override;

 protected:
  void run_write(const Step& step) override;
  void run_read(const Step& step) override;

 private:
  // On the stack of the thread that waits in run_write.
  struct Pending {
    const Step& step;
    std::exception_ptr error;
    bool done = false;
    std::condition_variable finished;
  };
  using Batch = std::vector<Pending*>;

  void write_batches();
  bool take_batch(Batch& batch);
  void set_trouble(std::optional<Kind> kind);
  void commit(const Batch& batch);
  void fail_all(const Batch& batch, const StoreError& error);
  void run_job(Pending& pending);
  void report(const Batch& batch);
  void checkpoint();

  std::unique_ptr<Connection> take_reader();
  void give_back(std::unique_ptr<Connection> reader);

  const SqliteOptions options_;

  mutable std::mutex queue_mutex_;  // guards what follows up to closing_, and every Pending's done
  std::condition_variable queue_changed_;
  std::deque<Pending*> queue_;
  std::size_t callers_ = 0;  // in run_write: they still need the mutex after their answer
  std::condition_variable callers_gone_;
  bool closing_ = false;
  std::optional<Kind> trouble_;

  std::mutex readers_mutex_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<Connection>> free_readers_;
  std::size_t readers_open_ = 0;

  Connection write_connection_;  // used by the writer thread alone
  std::size_t full_checkpoint_at_ = options_.checkpoint_pages * 16;
  std::thread writer_;  // last: starts when all else is there
};

void SqliteDatabase::run_write(const Step& step) {
  ISOLOIR_ASSERT(std::this_thread::get_id() != writer_.get_id());  // would wait for itself
  Pending pending{step, nullptr, false, {}};
  std::unique_lock lock(queue_mutex_);
  if (queue_.size() >= options_.writer_queue) {
    throw StoreError(Kind::busy, "the queue of writes is full");
  }
  queue_.push_back(&pending);
  queue_changed_.notify_one();
  ++callers_;
  pending.finished.wait(lock, [&] { return pending.done; });
  if (--callers_ == 0) callers_gone_.notify_all();
  lock.unlock();
  if (pending.error) std::rethrow_exception(std::move(pending.error));
}

void SqliteDatabase::write_batches() {
  for (Batch batch; take_batch(batch);) {
    commit(batch);
    report(batch);
    checkpoint();
  }
}

// Waits for jobs, in trouble at most a second: then the batch is empty, and writing is tried. False
// once closing and drained.
bool SqliteDatabase::take_batch(Batch& batch) {
  std::unique_lock lock(queue_mutex_);
  const auto ready = [&] { return closing_ || !queue_.empty(); };
  if (trouble_) {
    queue_changed_.wait_for(lock, std::chrono::milliseconds(limits::database_probe_ms), ready);
  } else {
    queue_changed_.wait(lock, ready);
  }
  const auto count = std::min(queue_.size(), options_.writer_batch);
  const auto end = queue_.begin() + std::ptrdiff_t(count);
  batch.assign(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  return !batch.empty() || !closing_;
}

void SqliteDatabase::commit(const Batch& batch) {
  const auto commits = write_connection_.commits();
  try {
    write_connection_.execute("BEGIN IMMEDIATE");
    for (Pending* pending : batch) run_job(*pending);
    if (batch.empty()) write_connection_.touch();
    write_connection_.execute("COMMIT");
    // Jobs that changed nothing say nothing of the disk.
    if (write_connection_.commits() != commits) set_trouble(std::nullopt);
  } catch (const StoreError& error) {
    fail_all(batch, error);
    if (error.passing() || error.kind() == Kind::corrupt || error.kind() == Kind::read_only) {
      set_trouble(error.kind());
    }
  } catch (const std::exception& error) {  // no memory
    fail_all(batch, StoreError(Kind::io, error.what()));
  }
}

// Once a lock has been waited for in vain, the many who come after do not wait for it each in turn.
void SqliteDatabase::set_trouble(std::optional<Kind> kind) {
  const std::lock_guard lock(queue_mutex_);
  if (trouble_ == kind) return;
  trouble_ = kind;
  write_connection_.set_busy_timeout(
      kind == Kind::locked ? std::min(limits::database_hasty_timeout_ms, options_.busy_timeout_ms)
                           : options_.busy_timeout_ms);
}

void SqliteDatabase::fail_all(const Batch& batch, const StoreError& error) {
  write_connection_.rollback();
  // A copy each: the threads that catch them share nothing.
  for (Pending* pending : batch) pending->error = std::make_exception_ptr(StoreError(error));
}

// Throws what fails the whole batch.
void SqliteDatabase::run_job(Pending& pending) {
  write_connection_.execute("SAVEPOINT job");
  SqliteTransaction transaction(write_connection_);
  bool keep = false;
  try {
    keep = pending.step(transaction);
    if (transaction.failure()) throw StoreError(*transaction.failure());
    if (keep && write_connection_.foreign_keys_pending()) {
      throw StoreError(Kind::constraint, "a deferred foreign key is broken");
    }
  } catch (...) {
    keep = false;
    pending.error = std::current_exception();
  }
  // A failure of the disk or of memory is everyone's, and SQLite may have rolled all back.
  if (const auto& failure = transaction.failure()) {
    const Kind kind = failure->kind();
    if (kind != Kind::constraint && kind != Kind::statement) throw StoreError(*failure);
  }
  if (!write_connection_.in_transaction()) {
    throw StoreError(Kind::statement, "a job ended the transaction");
  }
  if (!keep) write_connection_.execute("ROLLBACK TO job");
  write_connection_.execute("RELEASE job");
}

void SqliteDatabase::report(const Batch& batch) {
  const std::lock_guard lock(queue_mutex_);
  for (Pending* pending : batch) {
    pending->done = true;
    pending->finished.notify_one();  // under the lock: the waiter owns the condition
  }
}

// After the answers, so that no voter waits for it. It may fail: all is safe in the log, and the
// next commit tries again. Steady readers can keep the log from starting anew, so when it has grown
// sixteenfold the writer waits for them, and if that fails, again only at twice the size.
void SqliteDatabase::checkpoint() {
  const std::size_t pages = write_connection_.log_pages();
  if (pages < options_.checkpoint_pages) {
    full_checkpoint_at_ = options_.checkpoint_pages * 16;
    return;
  }
  const bool full = pages >= full_checkpoint_at_;
  if (full) full_checkpoint_at_ = pages * 2;
  try {
    write_connection_.checkpoint(full ? Checkpoint::full : Checkpoint::passive);
  } catch (const StoreError&) {
  }
}

// SQLite waits for readers and writers by itself, but gives up at once where another checkpoint is
// under way: the writer's own after a commit, or another process's.
// https://www.sqlite.org/c3ref/wal_checkpoint_v2.html
void SqliteDatabase::erase_traces() {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.busy_timeout_ms);
  Connection connection(options_.path, Access::write, options_.busy_timeout_ms);
  for (;;) {
    try {
      return connection.checkpoint(Checkpoint::full);
    } catch (const StoreError& error) {
      if (error.kind() != Kind::locked || std::chrono::steady_clock::now() >= until) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void SqliteDatabase::run_read(const Step& step) {
  auto reader = take_reader();
  try {
    reader->execute("BEGIN");
    SqliteTransaction transaction(*reader);
    step(transaction);
    if (transaction.failure()) throw StoreError(*transaction.failure());
  } catch (...) {
    give_back(std::move(reader));
    throw;
  }
  give_back(std::move(reader));
}

std::unique_ptr<Connection> SqliteDatabase::take_reader() {
  {
    std::unique_lock lock(readers_mutex_);
    const auto possible = [&] {
      return !free_readers_.empty() || readers_open_ < options_.readers;
    };
    reader_free_.wait(lock, possible);
    if (!free_readers_.empty()) {
      auto reader = std::move(free_readers_.back());
      free_readers_.pop_back();
      return reader;
    }
    ++readers_open_;
  }
  try {
    return std::make_unique<Connection>(options_.path, Access::read, options_.busy_timeout_ms);
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

// A connection that cannot end its transaction is closed rather than reused.
void SqliteDatabase::give_back(std::unique_ptr<Connection> reader) {
  if (reader) reader->rollback();
  {
    const std::lock_guard lock(readers_mutex_);
    if (reader && !reader->in_transaction()) {
      free_readers_.push_back(std::move(reader));
    } else {
      --readers_open_;
    }
  }
  reader_free_.notify_one();
}

}  // namespace

std::unique_ptr<Database> open_sqlite(SqliteOptions options) {
  return std::make_unique<SqliteDatabase>(std::move(options));
}

}  // namespace isoloir::store
