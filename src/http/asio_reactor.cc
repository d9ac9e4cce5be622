#include "http/asio_reactor.h"

#include <boost/asio/post.hpp>

namespace nowthen::http {

bool AsioReactor::poll() { return context_.poll() > 0; }

void AsioReactor::wait(Duration wait) { context_.run_one_for(wait); }

void AsioReactor::wake() {
  boost::asio::post(context_, [] {});
}

}  // namespace nowthen::http
