// The HTTP server: one I/O thread that never blocks, and bounded lanes of threads on which handlers
// run as straight synchronous code. TLS ends at a proxy before it, or it listens on loopback.
//
// A connection answers one message at a time, so that answers to pipelined requests come in order.
// What breaks the header policy (wire.hpp) or a limit is answered from Handler::error_page, and the
// connection closes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "http/address.hpp"
#include "http/message.hpp"

namespace isoloir::http {

// light: memory only; crypto: a core at work; database: waits for the disk; ballots: wait for those
// that are judged with them, then for the disk. outbound: jobs that wait for another service.
enum class Lane { light, crypto, database, ballots, outbound };

// A HEAD arrives here as a GET: the server leaves the body of its answer out.
class Handler {
 public:
  virtual ~Handler() = default;

  // These three are called on the I/O thread, error_page and handle on lane threads too, several at
  // a time. They must not wait for anything. What they throw becomes a bare answer.
  virtual Lane lane(const Request& request) = 0;
  // The lane is full, or what failed will pass. The server sets 503 and, where absent, Retry-After.
  virtual Response busy_page(const Request& request) = 0;
  // request: null when the head could not be read. The server sets the status.
  virtual Response error_page(int status, const Request* request) = 0;

  // Called on a thread of the lane. What it throws is reported and becomes error_page(500), or
  // busy_page where it passes: then the same request may be sent again.
  virtual Response handle(const Request& request) = 0;
  virtual bool passing(const std::exception&) const { return false; }
};

std::string_view name_of(Lane lane);  // "light", "crypto", "database", "ballots", "outbound"

// Of one lane, since the server's start.
struct LaneFigures {
  std::atomic<std::uint64_t> taken{0};     // requests that the lane took
  std::atomic<std::uint64_t> answered{0};  // of those, handled: the others wait or are at it
  std::atomic<std::uint64_t> refused{0};   // it was full
};
using ServerFigures = std::array<LaneFigures, 5>;  // by Lane

struct LaneSize {
  unsigned threads;
  std::size_t queue;  // requests that may wait
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::vector<AddressRange> trusted_proxies;
  int message_timeout_ms = limits::http_message_timeout_ms;  // to receive a message; to send one
  int idle_timeout_ms = limits::http_idle_timeout_ms;        // between messages
  int linger_timeout_ms = limits::http_linger_timeout_ms;
  std::size_t connections = limits::http_connections;
  LaneSize light{limits::lane_light_threads, limits::lane_light_queue};
  LaneSize crypto{std::thread::hardware_concurrency(), limits::lane_crypto_queue};
  LaneSize database{limits::lane_database_threads, limits::lane_database_queue};
  LaneSize ballots{limits::lane_ballots_threads, limits::lane_ballots_queue};
  LaneSize outbound{limits::lane_outbound_threads, limits::lane_outbound_queue};
  // Told of each exception that a handler threw: its type and message, nothing of the request. From
  // any thread.
  std::function<void(std::string_view)> report = [](std::string_view) {};
  // Counted into while the server runs; whoever else holds it may read it at any time.
  std::shared_ptr<ServerFigures> figures = std::make_shared<ServerFigures>();
};

struct ServerCore;

// Not thread-safe: one owner starts and stops it.
class Server {
 public:
  // The handler outlives the server.
  Server(ServerOptions options, Handler& handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();  // stop()

  // Errors: http.listen (address taken, malformed or not ours).
  Status start();
  // Once started.
  std::uint16_t port() const;
  // Stops accepting, closes idle connections, answers every message that has begun to arrive, joins
  // its threads. Takes at most the time of a message, its handling and its answer. May be called
  // again.
  void stop();

 private:
  std::unique_ptr<ServerCore> core_;
};

}  // namespace isoloir::http
