#include <atomic>
#include <ctime>
#include <future>
#include <optional>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/asio_connection.h"
#include "http/asio_reactor.h"
#include "http/listener.h"
#include "http/timer.h"

namespace nowthen::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr Duration kPause = std::chrono::milliseconds(100);

asio::io_context& context_of(engine::Loop& loop) {
  return static_cast<AsioReactor&>(loop.reactor()).context();
}

/// RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

/// The connections of one loop, and the second that they share. Loop thread only.
class Place : public std::enable_shared_from_this<Place> {
 public:
  Place(engine::Loop& loop, Front& front, const ConnectionLimits& limits,
        std::atomic<std::size_t>& open)
      : timer_(context_of(loop)),
        shared_(std::make_shared<ConnectionPlace>(loop, front, limits, open)) {}
  /// With the reactor, whose timer keeps it: no answer comes any more.
  ~Place() {
    std::vector<std::shared_ptr<AsioConnection>> left;
    for (AsioConnection* each : shared_->connections) left.push_back(each->shared_from_this());
    for (const auto& each : left) each->abandon();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void tick() {
    shared_->now = std::chrono::steady_clock::now();
    shared_->date = http_date(std::time(nullptr));
    const std::vector<AsioConnection*> all(shared_->connections.begin(),
                                           shared_->connections.end());
    for (AsioConnection* connection : all) {
      if (!shared_->connections.contains(connection)) continue;
      const auto held = connection->shared_from_this();
      held->look();
    }
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->tick();
    });
  }
  void add(tcp::socket socket, const TlsIdentity* identity) {
    std::make_shared<AsioConnection>(Wire(std::move(socket), identity), shared_)->start();
  }
  void stop() {
    const std::vector<AsioConnection*> all(shared_->connections.begin(),
                                           shared_->connections.end());
    for (AsioConnection* connection : all) connection->close_when_answered();
  }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<ConnectionPlace> shared_;
};

class AsioListener final : public Listener {
 public:
  explicit AsioListener(ListenerOptions options) : options_(std::move(options)) {}

  Result<void> bind() {
    if (options_.tls) {
      auto identity = TlsIdentity::load(*options_.tls);
      if (!identity) return identity.error();
      identity_ = std::move(*identity);
    }
    error_code error;
    const std::string& host = options_.address.host;
    const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
    if (error)
      return Error{ErrorCode::invalid_argument, "'" + host + "' is no address to listen on"};
    const tcp::endpoint endpoint(address, options_.address.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(4'096, error);
    if (error) {
      return Error{ErrorCode::unavailable,
                   "cannot listen on " + to_string(options_.address) + ": " + error.message()};
    }
    options_.address.port = acceptor_.local_endpoint(error).port();
    return {};
  }

  Address address() const override { return options_.address; }

  void start(engine::Engine& engine, Front& front) override {
    for (const auto& loop : engine.loops()) {
      auto place = std::make_shared<Place>(*loop, front, options_.limits, open_);
      loops_.push_back(loop.get());
      places_.push_back(place);
      loop->post([place] { place->tick(); });
    }
    // The acceptor was bound before there were loops; from now on it lives on the first.
    error_code error;
    const auto protocol = acceptor_.local_endpoint(error).protocol();
    const int socket = acceptor_.release(error);
    loops_.front()->post([this, protocol, socket] {
      live_.emplace(context_of(*loops_.front()));
      error_code failed;
      live_->assign(protocol, socket, failed);
      accept();
    });
  }

  /// Nothing of it is on a loop any more when it returns: loops and their sockets may go.
  void stop() override {
    if (loops_.empty()) return;
    std::vector<std::promise<void>> done(loops_.size());
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      loops_[i]->post([this, i, &done] {
        if (i == 0) {
          pause_.reset();
          live_.reset();
        }
        places_[i]->stop();
        done[i].set_value();
      });
    }
    for (std::promise<void>& each : done) each.get_future().wait();
    loops_.clear();
    places_.clear();
  }

  std::size_t connections() const override { return open_.load(std::memory_order_relaxed); }

  Result<void> reload_tls() override {
    if (!options_.tls) return {};
    auto identity = TlsIdentity::load(*options_.tls);
    if (!identity) return identity.error();
    if (loops_.empty()) return identity_ = std::move(*identity), Result<void>();
    std::promise<void> taken;
    const std::future<void> done = taken.get_future();
    loops_.front()->post(
        [this, identity = std::move(*identity), taken = std::move(taken)]() mutable {
          identity_ = std::move(identity);
          taken.set_value();
        });
    done.wait();  // a loop that stops drops the job, and with it the promise
    return {};
  }

 private:
  /// Says why, as far as that goes without waiting.
  void turn_away(tcp::socket& socket) const {
    const Problem problem{
        503,
        "unavailable",
        "connections_max (" + std::to_string(options_.connections_max) + ") connections are open",
        "",
        {}};
    std::string text;
    write_problem(text, problem);
    text = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: " + std::string(kProblem) +
           "\r\nContent-Length: " + std::to_string(text.size()) +
           "\r\nRetry-After: 1\r\nConnection: close\r\n\r\n" + text;
    error_code ignored;
    if (identity_) return;  // without a handshake nothing can be said
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text), ignored);
  }
  void accept() {
    const std::size_t turn = next_++ % loops_.size();
    live_->async_accept(context_of(*loops_[turn]),
                        [this, turn](const error_code& error, tcp::socket socket) {
                          if (error == asio::error::operation_aborted || !live_) return;
                          if (error) return accept_later();
                          give(turn, std::move(socket));
                          accept();
                        });
  }
  /// Without a file descriptor left it fails at once, again and again, and the loop would do
  /// nothing else.
  void accept_later() {
    pause_ = after(loops_.front()->reactor(), kPause, [this] {
      if (live_) accept();
    });
  }
  void give(std::size_t turn, tcp::socket socket) {
    if (open_.fetch_add(1, std::memory_order_relaxed) >= options_.connections_max) {
      open_.fetch_sub(1, std::memory_order_relaxed);
      return turn_away(socket);
    }
    if (engine::Loop::here() == loops_[turn])
      return places_[turn]->add(std::move(socket), identity_.get());
    loops_[turn]->post(
        [place = places_[turn], socket = std::move(socket), identity = identity_]() mutable {
          place->add(std::move(socket), identity.get());
        });
  }

  ListenerOptions options_;
  asio::io_context binding_;
  tcp::acceptor acceptor_{binding_};
  std::optional<tcp::acceptor> live_;            ///< on the first loop
  std::unique_ptr<Timer> pause_;                 ///< of accepting; there too
  std::shared_ptr<const TlsIdentity> identity_;  ///< used on the first loop, once it is started
  std::vector<engine::Loop*> loops_;
  std::vector<std::shared_ptr<Place>> places_;
  std::size_t next_ = 0;
  std::atomic<std::size_t> open_ = 0;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(ListenerOptions options) {
  auto listener = std::make_unique<AsioListener>(std::move(options));
  if (auto bound = listener->bind(); !bound) return bound.error();
  return std::unique_ptr<Listener>(std::move(listener));
}

std::unique_ptr<engine::Reactor> make_reactor() { return std::make_unique<AsioReactor>(); }

}  // namespace nowthen::http
