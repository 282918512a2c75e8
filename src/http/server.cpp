#include "http/server.hpp"

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/core/demangle.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <typeinfo>
#include <unordered_set>
#include <utility>

#include "http/lane.hpp"
#include "http/wire.hpp"

namespace isoloir::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t read_bytes = 4096;
constexpr std::chrono::milliseconds accept_retry{100};

}  // namespace

std::string_view name_of(Lane lane) {
  constexpr std::array<std::string_view, 5> names{"light", "crypto", "database", "ballots",
                                                  "outbound"};
  return names[static_cast<std::size_t>(lane)];
}

class Session;

// What sessions share. Everything but `lanes`, `handler` and `options` belongs to the I/O thread
// once started.
struct ServerCore {
  ServerCore(ServerOptions server_options, Handler& server_handler)
      : options(std::move(server_options)), handler(server_handler) {}

  void accept();
  void session_ended(Session* session);
  void begin_stop();
  void run();
  bool full() const { return sessions.size() >= options.connections; }
  LaneThreads& lane(Lane name) { return *lanes[static_cast<std::size_t>(name)]; }

  // Once: a proxy on this machine that was not named makes one address of all visitors, and so one
  // limit for all.
  void warn_of_proxy(std::string_view peer, const Request& request) {
    if (warned_of_proxy || !options.trusted_proxies.empty()) return;
    const bool loopback = peer == "::1" || peer.starts_with("127.");
    if (!loopback || !request.header("X-Forwarded-For")) return;
    warned_of_proxy = true;
    options.report(
        "warning: a proxy on this machine sends X-Forwarded-For, and no --trusted-proxy names it: "
        "all visitors count as one address, whose limits they share; see docs/operations.md");
  }

  // Runs what a handler does; what it throws is reported, and nothing returned.
  template <typename Call>
  std::optional<Response> guarded(Call call) {
    try {
      return call();
    } catch (const std::exception& exception) {
      options.report(boost::core::demangle(typeid(exception).name()) + ": " + exception.what());
    } catch (...) {
      options.report("exception of unknown type");
    }
    return std::nullopt;
  }
  Response error_page(int status, const Request* request) {
    auto page = guarded([&] { return handler.error_page(status, request); });
    if (!page) page = Response::text("Error " + std::to_string(status) + "\n");
    page->status = status;
    return std::move(*page);
  }
  Response busy_page(const Request& request) {
    auto page = guarded([&] { return handler.busy_page(request); });
    if (!page) page = Response::text("Busy\n");
    page->status = 503;
    if (!find_header(page->headers, "Retry-After"))
      page->set_header("Retry-After", std::to_string(limits::retry_after_seconds));
    return std::move(*page);
  }
  // On a thread of a lane.
  Response handle(const Request& request) {
    bool passing = false;
    auto response = guarded([&] {
      try {
        return handler.handle(request);
      } catch (const std::exception& exception) {
        passing = handler.passing(exception);
        throw;
      }
    });
    if (response) return std::move(*response);
    return passing ? busy_page(request) : error_page(500, &request);
  }

  ServerOptions options;
  Handler& handler;
  std::unordered_set<Session*> sessions;
  bool stopping = false;
  bool accept_paused = false;
  bool warned_of_proxy = false;
  std::uint16_t port = 0;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_timer{io};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::array<std::unique_ptr<LaneThreads>, std::tuple_size_v<ServerFigures>> lanes;
  std::thread io_thread;
};

// One connection. Lives as long as an operation on it, or a job for it on a lane, is under way; all
// its functions run on the I/O thread. While a lane handles its request, request_ belongs to that
// lane.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(ServerCore& core, tcp::socket socket)
      : core_(core), socket_(std::move(socket)), timer_(core.io) {
    core_.sessions.insert(this);
  }
  ~Session() { core_.session_ended(this); }

  void start() {
    error_code error;
    socket_.set_option(tcp::no_delay(true), error);
    auto address = socket_.remote_endpoint(error).address();
    if (error) return close();
    if (address.is_v6()) {
      auto plain = address.to_v6();
      plain.scope_id(0);
      address = plain;
    }
    peer_ = canonical_address(address.to_string()).value_or("");
    next_message();
  }

  // A connection that waits for a message closes; one whose message has come, even unread, answers
  // it first.
  void stop_when_idle() {
    error_code error;
    if (phase_ == Phase::idle && socket_.available(error) == 0) socket_.cancel(error);
  }

 private:
  enum class Phase { idle, head, body, handling, writing, draining, closed };

  void next_message() {
    request_ = {};
    scanned_ = 0;
    head_only_ = false;
    keep_alive_ = false;
    if (core_.stopping) return close();
    if (buffer_.empty()) {
      buffer_ = {};  // an idle connection keeps no memory
      phase_ = Phase::idle;
      arm(core_.options.idle_timeout_ms);
      read(read_bytes);
    } else {
      begin_message();
    }
  }

  void begin_message() {
    phase_ = Phase::head;
    arm(core_.options.message_timeout_ms);
    on_head_bytes();
  }

  void read(std::size_t bytes) {
    const auto size = buffer_.size();
    buffer_.resize(size + bytes);
    socket_.async_read_some(
        asio::buffer(buffer_.data() + size, bytes),
        [self = shared_from_this(), size](error_code error, std::size_t received) {
          self->buffer_.resize(size + received);
          self->on_read(error);
        });
  }

  void on_read(error_code error) {
    if (phase_ == Phase::closed) return;
    if (timed_out_) return refuse(408);
    if (error) return close();
    switch (phase_) {
      case Phase::idle:
        return begin_message();
      case Phase::head:
        return on_head_bytes();
      case Phase::body:
        return on_body_bytes();
      default:
        return drain();
    }
  }

  void on_head_bytes() {
    const auto scan = scan_head(buffer_, scanned_);
    scanned_ = buffer_.size();
    if (scan.bad) return refuse(400);
    if (scan.end > limits::http_head_bytes ||
        (scan.end == 0 && buffer_.size() >= limits::http_head_bytes))
      return refuse(431);
    if (scan.end == 0) return read(read_bytes);
    auto head = parse_head(std::string_view(buffer_).substr(0, scan.end));
    buffer_.erase(0, scan.end);
    request_ = std::move(head.request);
    request_.client_address =
        client_address(peer_, request_.headers, core_.options.trusted_proxies);
    core_.warn_of_proxy(peer_, request_);
    head_only_ = request_.method == Method::head;
    if (head.refusal != 0) return refuse(head.refusal);
    if (head_only_) request_.method = Method::get;
    body_bytes_ = head.body_bytes;
    keep_alive_ = head.keep_alive;
    phase_ = Phase::body;
    if (head.expects_continue && buffer_.size() < body_bytes_) return send_continue();
    on_body_bytes();
  }

  void send_continue() {
    static constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(interim.data(), interim.size()),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (self->timed_out_) return self->refuse(408);
                        if (error) return self->close();
                        self->on_body_bytes();
                      });
  }

  void on_body_bytes() {
    if (buffer_.size() < body_bytes_) return read(body_bytes_ - buffer_.size());
    request_.body = buffer_.substr(0, body_bytes_);
    buffer_.erase(0, body_bytes_);
    dispatch();
  }

  void dispatch() {
    phase_ = Phase::handling;
    timer_.cancel();
    std::optional<Lane> lane;
    // The page is unused: guarded is for the exception alone.
    core_.guarded([&] {
      lane = core_.handler.lane(request_);
      return Response();
    });
    if (!lane) return send(core_.error_page(500, &request_));
    auto& figures = (*core_.options.figures)[static_cast<std::size_t>(*lane)];
    const bool accepted = core_.lane(*lane).try_submit(
        [&core = core_, &figures, self = shared_from_this()]() mutable {
          auto response = core.handle(self->request_);
          ++figures.answered;
          // The lane gives the session back whole: its last reference must die on the I/O thread.
          asio::post(core.io, [self = std::move(self), response = std::move(response)]() mutable {
            self->send(std::move(response));
          });
        });
    ++(accepted ? figures.taken : figures.refused);
    if (!accepted) send(core_.busy_page(request_));
  }

  void refuse(int status) {
    timed_out_ = false;
    keep_alive_ = false;
    auto page = core_.error_page(status, request_.path.empty() ? nullptr : &request_);
    if (status == 405) page.set_header("Allow", "GET, HEAD, POST");
    send(std::move(page));
  }

  void send(Response response) {
    phase_ = Phase::writing;
    // With every place taken, one that keeps its connection would keep another out.
    if (core_.stopping || core_.full()) keep_alive_ = false;
    try {
      wire_ = serialise(std::move(response), head_only_, keep_alive_);
    } catch (const std::exception& exception) {
      core_.options.report(exception.what());
      wire_ = serialise(Response::text("Error 500\n", 500), head_only_, keep_alive_);
    }
    arm(core_.options.message_timeout_ms);
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(wire_.head),
                                                       asio::buffer(wire_.body)};
    asio::async_write(socket_, buffers, [self = shared_from_this()](error_code error, std::size_t) {
      if (self->phase_ == Phase::closed) return;
      if (error) return self->close();
      if (self->keep_alive_) return self->next_message();
      self->linger();
    });
  }

  // Closing a socket with unread input resets it, and the peer may lose the answer: what still
  // comes is read and thrown away until the peer closes (RFC 9112 section 9.6).
  void linger() {
    phase_ = Phase::draining;
    error_code error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    if (error) return close();
    arm(core_.options.linger_timeout_ms);
    buffer_.clear();
    read(read_bytes);
  }

  void drain() {
    drained_ += buffer_.size();
    buffer_.clear();
    if (drained_ > limits::http_linger_bytes) return close();
    read(read_bytes);
  }

  void arm(int timeout_ms) {
    timer_.expires_after(std::chrono::milliseconds(timeout_ms));
    timer_.async_wait([self = shared_from_this()](error_code error) {
      // A timer set again after it had fired leaves this call behind: it is not its turn yet.
      if (error || self->timer_.expiry() > asio::steady_timer::clock_type::now()) return;
      self->on_deadline();
    });
  }

  void on_deadline() {
    if (phase_ == Phase::handling) return;
    if (phase_ != Phase::head && phase_ != Phase::body) return close();
    error_code error;
    timed_out_ = true;
    socket_.cancel(error);
  }

  void close() {
    phase_ = Phase::closed;
    timer_.cancel();
    error_code error;
    socket_.close(error);
  }

  ServerCore& core_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  Phase phase_ = Phase::idle;
  std::string peer_;
  std::string buffer_;       // received and not yet used
  std::size_t scanned_ = 0;  // of buffer_, in search of the head's end
  std::size_t body_bytes_ = 0;
  std::size_t drained_ = 0;
  Request request_;
  bool head_only_ = false;
  bool keep_alive_ = false;
  bool timed_out_ = false;
  WireMessage wire_;
};

void ServerCore::accept() {
  accept_paused = full();  // the kernel's queue holds them until a session ends
  if (stopping || accept_paused) return;
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (stopping) return;
    if (error) {
      // Out of descriptors, most likely: asking again at once would spin.
      accept_timer.expires_after(accept_retry);
      accept_timer.async_wait([this](error_code cancelled) {
        if (!cancelled) accept();
      });
      return;
    }
    guarded([&] {
      std::make_shared<Session>(*this, std::move(socket))->start();
      return Response();
    });
    accept();
  });
}

void ServerCore::session_ended(Session* session) {
  sessions.erase(session);
  if (stopping && sessions.empty()) work.reset();
  if (accept_paused && !stopping) accept();
}

void ServerCore::begin_stop() {
  stopping = true;
  error_code error;
  acceptor.close(error);
  accept_timer.cancel();
  for (auto* session : sessions) session->stop_when_idle();
  if (sessions.empty()) work.reset();
}

void ServerCore::run() {
  while (true) {
    try {
      io.run();
      return;
    } catch (
        const std::exception& exception) {  // out of memory: that connection ends, the others go on
      options.report(exception.what());
    }
  }
}

Server::Server(ServerOptions options, Handler& handler)
    : core_(std::make_unique<ServerCore>(std::move(options), handler)) {}

Server::~Server() {
  stop();
}

Status Server::start() {
  auto& core = *core_;
  ISOLOIR_ASSERT(!core.io_thread.joinable());
  const auto& options = core.options;
  error_code error;
  const tcp::endpoint endpoint(asio::ip::make_address(options.address, error), options.port);
  if (!error) core.acceptor.open(endpoint.protocol(), error);
  if (!error) core.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) core.acceptor.bind(endpoint, error);
  if (!error) core.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) core.port = core.acceptor.local_endpoint(error).port();
  if (error) {
    error_code ignored;
    core.acceptor.close(ignored);
    return fail("http.listen", "cannot listen on " + options.address + " port " +
                                   std::to_string(options.port) + ": " + error.message());
  }
  for (const auto& [lane, size] :
       {std::pair(Lane::light, options.light), std::pair(Lane::crypto, options.crypto),
        std::pair(Lane::database, options.database), std::pair(Lane::ballots, options.ballots),
        std::pair(Lane::outbound, options.outbound)})
    core.lanes[static_cast<std::size_t>(lane)] =
        std::make_unique<LaneThreads>(size.threads, size.queue);
  core.work.emplace(core.io.get_executor());
  core.accept();
  core.io_thread = std::thread([&core] { core.run(); });
  return {};
}

std::uint16_t Server::port() const {
  return core_->port;
}

void Server::stop() {
  auto& core = *core_;
  if (!core.io_thread.joinable()) return;
  asio::post(core.io, [&core] { core.begin_stop(); });
  core.io_thread.join();  // ends when the last session has, so that no lane has work left
  for (auto& lane : core.lanes) lane.reset();
}

}  // namespace isoloir::http
