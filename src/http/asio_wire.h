#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "http/tls.h"

namespace nowthen::http {

/// The bytes of one connection, as they are or through TLS; nothing here waits. What is plain pays
/// for that there is TLS with one test each time.
class Wire {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Code = boost::system::error_code;

  /// Without `identity` it is plain.
  Wire(Tcp::socket socket, const TlsIdentity* identity) : socket_(std::move(socket)) {
    Code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(Tcp::no_delay(true), ignored);
    if (identity != nullptr) tls_.emplace(*identity, socket_.native_handle());
  }

  bool is_tls() const { return tls_.has_value(); }
  Tcp::endpoint peer(Code& error) const { return socket_.remote_endpoint(error); }

  /// `would_block`: call it again after `await_readable`.
  void shake_hands(Code& error) { (void)done(tls_->shake_hands(), read_waits_for_, error); }
  /// Whether the peer has spoken HTTP where TLS was expected; it can be answered from then on.
  bool turn_plain() {
    if (!tls_ || !tls_->heard_plain_http()) return false;
    tls_.reset();
    return true;
  }

  /// `would_block`, or `eof`: the peer sends no more, and has said so.
  template <std::size_t size>
  std::size_t read_some(std::array<char, size>& into, Code& error) {
    if (!tls_) return socket_.read_some(boost::asio::buffer(into), error);
    std::size_t got = 0;
    return done(tls_->read(into, got), read_waits_for_, error) ? got : 0;
  }
  std::size_t write_some(std::string_view bytes, Code& error) {
    if (!tls_) return socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
    std::size_t sent = 0;
    return done(tls_->write(bytes, sent), write_waits_for_, error) ? sent : 0;
  }

  /// Calls back later; it may have been closed meanwhile, with an error or without.
  template <class Told>
  void await_readable(Told told) {
    if (!tls_ || !tls_->holds_more()) return socket_.async_wait(read_waits_for_, std::move(told));
    boost::asio::post(socket_.get_executor(), [told = std::move(told)]() mutable { told(Code()); });
  }
  template <class Told>
  void await_writable(Told told) {
    socket_.async_wait(write_waits_for_, std::move(told));
  }

  /// All has been written; the peer may still send.
  void end() {
    Code ignored;
    if (tls_) tls_->say_end();
    socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  }
  /// `orderly`: what was written is whole, and the peer may know it.
  void close(bool orderly) {
    Code ignored;
    if (tls_ && orderly) tls_->say_end();
    tls_.reset();  // it knows the socket by a number that others will have
    socket_.close(ignored);
  }

 private:
  using Wait = Tcp::socket::wait_type;

  static bool done(TlsSession::Status status, Wait& waits_for, Code& error) {
    using Status = TlsSession::Status;
    waits_for = status == Status::wait_writable ? Wait::wait_write : Wait::wait_read;
    switch (status) {
      case Status::done:
        error = {};
        break;
      case Status::wait_readable:
      case Status::wait_writable:
        error = boost::asio::error::would_block;
        break;
      case Status::ended:
        error = boost::asio::error::eof;
        break;
      case Status::broken:
        error = boost::asio::error::connection_aborted;
        break;
    }
    return status == Status::done;
  }

  Tcp::socket socket_;
  std::optional<TlsSession> tls_;
  Wait read_waits_for_ = Wait::wait_read;
  Wait write_waits_for_ = Wait::wait_write;
};

}  // namespace nowthen::http
