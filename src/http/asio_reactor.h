#pragma once

#include <boost/asio/io_context.hpp>

#include "engine/reactor.h"

namespace nowthen::http {

/// The sockets of one loop. What is posted to `context` runs on the loop's thread, between turns.
/// Heavy to include: connection.cc, client.cc and their like only.
class AsioReactor : public engine::Reactor {
 public:
  bool poll() override;
  void wait(Duration wait) override;
  void wake() override;

  boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_{1};  // one thread runs it
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
};

}  // namespace nowthen::http
