// How many messages a second pass through the outbox, with carriers that cost nothing, and what a
// long queue takes of memory. A report, never a verdict; each rate stands beside that of the least
// that any outbox would write: a row of the same size inserted and updated twice, each durably,
// through the same database by as many threads, in the same run.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>

#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "courier/workers.hpp"
#include "service/schema.hpp"
#include "store/migration.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir {
namespace {

constexpr TimeMs now = 1'700'000'000'000;
const std::string text(600, 'x');  // of a mail with a link

double seconds_of(const std::function<void()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

void by_threads(unsigned threads, std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> all;
  for (unsigned thread = 0; thread < threads; ++thread) {
    all.emplace_back([&, thread] {
      for (std::size_t i = thread; i < count; i += threads) work(i);
    });
  }
  for (auto& one : all) one.join();
}

double resident_mib() {
  const auto statm = read_file("/proc/self/statm").value();
  const auto pages = std::strtoul(statm.c_str() + statm.find(' '), nullptr, 10);
  return static_cast<double>(pages) * 4096 / (1024 * 1024);
}

struct CountingTransport final : Transport {
  explicit CountingTransport(std::size_t wanted) : left(wanted) {}
  SendOutcome send(const OutgoingMessage&) override {
    if (left-- == 1) all.set_value();
    return {Delivery::accepted, Reason::none, "relay"};
  }
  std::atomic<std::size_t> left;
  std::promise<void> all;
};

struct Bench {
  Bench() {
    if (!store::migrate(*database, schema_migrations())) throw std::runtime_error("schema");
  }
  Outbox outbox() { return Outbox(*database, SymmetricKey(ByteArray<32>{7}), random); }

  void queue(store::Transaction& t, std::size_t i) {
    outbox().queue(
        t, now,
        {"E" + std::to_string(i), "reissue-link", MessageChannel::email,
         "voter-" + std::to_string(i) + "@example.org", "Votre lien", text, now + 60 * minute_ms});
  }
  void queue_together(std::size_t count) {
    constexpr std::size_t together = 1000;
    for (std::size_t begin = 0; begin < count; begin += together) {
      (void)database->write([&](store::Transaction& t) -> Status {
        for (std::size_t i = 0; i < together; ++i) queue(t, begin + i);
        return {};
      });
    }
  }
  double send(unsigned workers, std::size_t count) {
    CountingTransport transport(count);
    // As many as leave, and not one more.
    MessageWorkers::Settings settings{workers, 0, {1'000'000, 1, 0}};
    return seconds_of([&] {
      MessageWorkers sending([this] { return outbox(); }, [] { return now; }, transport,
                             std::move(settings),
                             [](std::string_view line) { fmt::print("{}\n", line); });
      transport.all.get_future().wait();
    });
  }
  double plain(unsigned threads, std::size_t count) {
    (void)database->write([](store::Transaction& t) -> Status {
      t.script(
          "DROP TABLE IF EXISTS plain; CREATE TABLE plain (id BLOB PRIMARY KEY, status TEXT NOT "
          "NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID");
      return {};
    });
    const Bytes sealed(text.size() + 150);
    return seconds_of([&] {
      by_threads(threads, count, [&](std::size_t) {
        const auto id = random.bytes(16);
        const auto execute = [&](const char* sql, const store::Values& values) {
          (void)database->write([&](store::Transaction& t) -> Status {
            t.execute(sql, values);
            return {};
          });
        };
        execute("INSERT INTO plain (id, status, sealed) VALUES ($1, 'queued', $2)", {id, sealed});
        execute("UPDATE plain SET status = 'sent' WHERE id = $1", {id});
        execute("UPDATE plain SET status = 'accepted' WHERE id = $1", {id});
      });
    });
  }

  TemporaryFolder folder;
  SystemRandom random;
  std::unique_ptr<store::Database> database = store::open_sqlite({folder.file("outbox.sqlite")});
};

int run(std::size_t count, std::size_t most) {
  for (const unsigned workers : {1U, 2U, 4U}) {
    Bench bench;
    const auto rate = [count](double seconds) { return static_cast<double>(count) / seconds; };
    const auto plain = bench.plain(workers, count);
    const auto queued = seconds_of([&] {
      by_threads(workers, count, [&](std::size_t i) {
        (void)bench.database->write([&](store::Transaction& t) -> Status {
          bench.queue(t, i);
          return {};
        });
      });
    });
    const auto sent = bench.send(workers, count);
    fmt::print(
        "{} workers: {:.0f}/s queued, {:.0f}/s sent, {:.0f}/s both; plain rows {:.0f}/s; {:.2f} "
        "of them\n",
        workers, rate(queued), rate(sent), rate(queued + sent), rate(plain),
        plain / (queued + sent));
    std::fflush(stdout);
  }
  Bench bench;
  fmt::print("resident: {:.1f} MiB with none queued", resident_mib());
  bench.queue_together(most / 10);
  fmt::print(", {:.1f} with {}", resident_mib(), most / 10);
  bench.queue_together(most - most / 10);
  fmt::print(", {:.1f} with {}", resident_mib(), most);
  const auto seconds = bench.send(4, most / 5);
  fmt::print(", {:.1f} when {} of them have left, at {:.0f}/s\n", resident_mib(), most / 5,
             static_cast<double>(most / 5) / seconds);
  return 0;
}

}  // namespace
}  // namespace isoloir

// bench_outbox [MESSAGES [LONGEST QUEUE]]
int main(int argc, char** argv) {
  try {
    return isoloir::run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000,
                        argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100'000);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
