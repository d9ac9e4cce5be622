#include "http/asio_reactor.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/timer.h"

namespace nowthen::http {

bool AsioReactor::poll() { return context_.poll() > 0; }

void AsioReactor::wait(Duration wait) { context_.run_one_for(wait); }

void AsioReactor::wake() {
  boost::asio::post(context_, [] {});
}

namespace {

class AsioTimer final : public Timer {
 public:
  AsioTimer(boost::asio::io_context& context, Duration wait, std::move_only_function<void()> job)
      : timer_(context, wait) {
    timer_.async_wait([job = std::move(job)](const boost::system::error_code& error) mutable {
      if (!error) job();
    });
  }

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace

std::unique_ptr<Timer> after(engine::Reactor& reactor, Duration wait,
                             std::move_only_function<void()> job) {
  return std::make_unique<AsioTimer>(static_cast<AsioReactor&>(reactor).context(), wait,
                                     std::move(job));
}

}  // namespace nowthen::http
