#include "http/asio_link.h"

#include <cerrno>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "http/ip_address.h"

namespace nowthen::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Below this, head and body go out as one piece: one packet, one TLS record.
constexpr std::size_t kOnePieceMax = 16384;

bool is_closed(const error_code& error) {
  return error == asio::error::eof || error == asio::error::connection_reset ||
         error == asio::error::connection_aborted || error == asio::error::broken_pipe ||
         error == asio::ssl::error::stream_truncated;
}

std::string text_of(const Link::Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

}  // namespace

Result<asio::ssl::context> make_tls(const std::string& ca_file) {
  try {  // the constructor of a context has no other way to fail
    asio::ssl::context tls(asio::ssl::context::tls_client);
    error_code error;
    if (SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION) != 1)
      return Error{ErrorCode::unavailable, "TLS 1.2 is not there"};
    tls.set_default_verify_paths(error);  // without any, only `ca_file` is trusted
    if (!ca_file.empty()) {
      tls.load_verify_file(ca_file, error);
      if (error)
        return Error{ErrorCode::invalid_argument,
                     "no certificate can be read from '" + ca_file + "': " + error.message()};
    }
    tls.set_verify_mode(asio::ssl::verify_peer, error);
    return tls;
  } catch (const std::exception& failed) {
    return Error{ErrorCode::unavailable, std::string("TLS: ") + failed.what()};
  }
}

Link::Link(std::shared_ptr<LinkSeams> seams)
    : seams_(std::move(seams)),
      resolver_(seams_->context),
      socket_(seams_->context),
      timer_(seams_->context) {}

// ---- opening ----------------------------------------------------------------------------------

void Link::open(const Url& url, Opened opened) {
  NT_ASSERT(!opened_ && !socket_.is_open());
  url_ = url;
  opened_ = std::move(opened);
  resolve();
}

void Link::limit(std::string what) {
  late_ = false;
  last_failure_ = std::move(what);
  timer_.expires_after(seams_->options.connect_max);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    // One that had fired before it was set anew is of an earlier part.
    if (error || !self->opened_ || self->timer_.expiry() > std::chrono::steady_clock::now()) return;
    self->late_ = true;
    error_code ignored;
    self->socket_.close(ignored);  // what is under way ends with an error
    if (self->endpoints_.empty())  // a name that is being looked up cannot be stopped
      self->fail_open(ClientError::Kind::not_sent,
                      self->last_failure_ + ": no answer within connect_max (" +
                          format_duration(self->seams_->options.connect_max) + ")",
                      true);
  });
}

void Link::resolve() {
  if (const std::optional<IpAddress> address = IpAddress::parse(url_.host)) {
    error_code error;
    const asio::ip::address numeric = asio::ip::make_address(address->text(), error);
    asio::post(seams_->context, [self = shared_from_this(), numeric] {
      if (self->opened_) self->check({Tcp::endpoint(numeric, self->url_.port)});
    });
    return;
  }
  limit("look up " + url_.host);
  resolver_.async_resolve(url_.host, std::to_string(url_.port), Tcp::resolver::numeric_service,
                          [self = shared_from_this()](const error_code& error,
                                                      const Tcp::resolver::results_type& found) {
                            if (!self->opened_) return;
                            if (error)
                              return self->fail_open(ClientError::Kind::not_sent,
                                                     self->last_failure_ + ": " + error.message());
                            self->check({found.begin(), found.end()});
                          });
}

void Link::check(const std::vector<Tcp::endpoint>& found) {
  std::string refusal;
  for (const Tcp::endpoint& endpoint : found) {
    const Result<void> allowed =
        seams_->egress->check(url_.host, endpoint.address().to_string(), endpoint.port());
    if (allowed) {
      endpoints_.push_back(endpoint);
    } else if (refusal.empty()) {
      refusal = allowed.error().message;
    }
  }
  if (endpoints_.empty()) return fail_open(ClientError::Kind::refused_egress, std::move(refusal));
  connect_next();
}

void Link::connect_next() {
  if (next_ == endpoints_.size())
    return fail_open(ClientError::Kind::not_sent, last_failure_, late_);
  const Tcp::endpoint& endpoint = endpoints_[next_++];
  limit("connect to " + text_of(endpoint));
  error_code error;
  socket_.close(error);
  socket_.async_connect(endpoint, [self = shared_from_this()](const error_code& failed) {
    if (!self->opened_) return;
    if (failed) {
      self->last_failure_ +=
          ": " + (self->late_ ? "no answer within connect_max (" +
                                    format_duration(self->seams_->options.connect_max) + ")"
                              : failed.message());
      return self->connect_next();
    }
    error_code ignored;
    self->socket_.set_option(Tcp::no_delay(true), ignored);
    if (self->url_.scheme == Scheme::https) return self->shake_hands();
    self->succeed_open();
  });
}

void Link::shake_hands() {
  limit("TLS with " + url_.host);
  if (!seams_->tls) {
    Result<asio::ssl::context> made = make_tls(seams_->options.ca_file);
    if (!made) return fail_open(ClientError::Kind::not_sent, made.error().message);
    seams_->tls.emplace(std::move(*made));
  }
  tls_.emplace(socket_, *seams_->tls);
  error_code error;
  tls_->set_verify_callback(asio::ssl::host_name_verification(url_.host), error);
  SSL* ssl = tls_->native_handle();
  constexpr unsigned char kAlpn[] = "\x08http/1.1";
  bool set = SSL_set_alpn_protos(ssl, kAlpn, sizeof(kAlpn) - 1) == 0;
  if (!IpAddress::parse(url_.host))  // RFC 6066 3: a name, never an address
    set = SSL_set_tlsext_host_name(ssl, url_.host.c_str()) == 1 && set;
  if (error || !set) return fail_open(ClientError::Kind::not_sent, last_failure_);
  tls_->async_handshake(
      asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& failed) {
        if (!self->opened_) return;
        if (!failed) return self->succeed_open();
        std::string why = self->late_ ? "not done within connect_max" : failed.message();
        if (const long verdict = SSL_get_verify_result(self->tls_->native_handle());
            verdict != X509_V_OK)
          why += std::string(": ") + X509_verify_cert_error_string(verdict);
        self->fail_open(ClientError::Kind::not_sent, self->last_failure_ + ": " + why, self->late_);
      });
}

void Link::fail_open(ClientError::Kind kind, std::string message, bool timed_out) {
  Opened opened = std::exchange(opened_, nullptr);
  close();
  opened(ClientError{kind, timed_out, std::move(message)});
}

void Link::succeed_open() {
  timer_.cancel();
  Opened opened = std::exchange(opened_, nullptr);
  opened(std::nullopt);
}

// ---- exchanging -------------------------------------------------------------------------------

void Link::exchange(std::string_view method, std::string head, std::string body, Done done) {
  NT_ASSERT(!done_ && !opened_);
  done_ = std::move(done);
  parser_.emplace(AnswerParser::Limits{seams_->options.response_header_bytes_max,
                                       seams_->options.response_body_bytes_max},
                  method);
  head_ = std::move(head);
  body_ = std::move(body);
  if (head_.size() + body_.size() <= kOnePieceMax) {
    head_ += body_;
    body_.clear();
  }
  written_ = false;
  write();
  read();  // meanwhile: who refuses a large body may answer before its end (RFC 9112 9.5)
}

void Link::write() {
  const std::array<asio::const_buffer, 2> pieces = {asio::buffer(head_), asio::buffer(body_)};
  // If it fails, the reader will see the same, or an answer that came before.
  auto then = [self = shared_from_this()](const error_code& error, std::size_t) {
    self->written_ = !error;
  };
  if (tls_) {
    asio::async_write(*tls_, pieces, std::move(then));
  } else {
    asio::async_write(socket_, pieces, std::move(then));
  }
}

void Link::read() {
  auto then = [self = shared_from_this()](const error_code& error, std::size_t bytes) {
    if (self->done_) self->have_read(error, bytes);
  };
  if (tls_) {
    tls_->async_read_some(asio::buffer(bytes_), std::move(then));
  } else {
    socket_.async_read_some(asio::buffer(bytes_), std::move(then));
  }
}

void Link::have_read(const error_code& error, std::size_t bytes) {
  using State = AnswerParser::State;
  State state = parser_->feed({bytes_.data(), bytes});
  if (state == State::reading && error) {
    if (!is_closed(error)) {
      Exchanged ended;
      ended.fault = "the answer broke off: " + error.message();
      return std::exchange(done_, nullptr)(std::move(ended));
    }
    state = parser_->end(error == asio::error::eof ? AnswerParser::Ending::clean
                                                   : AnswerParser::Ending::cut);
    return settle(state, true);
  }
  if (state == State::reading) return read();
  settle(state, false);
}

void Link::settle(AnswerParser::State state, bool closed) {
  Exchanged ended;
  if (state == AnswerParser::State::complete) {
    ended.reusable = !closed && written_ && parser_->reusable();
    ended.response = parser_->take();
  } else {
    ended.closed_unheard = closed && !parser_->begun();
    ended.fault = ended.closed_unheard ? "the connection was closed before an answer came"
                                       : "the answer " + parser_->fault();
  }
  std::exchange(done_, nullptr)(std::move(ended));
}

bool Link::is_quiet() {
  if (tls_ && SSL_pending(tls_->native_handle()) > 0) return false;
  char byte = 0;
  const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Link::close() {
  opened_ = nullptr;
  done_ = nullptr;
  timer_.cancel();
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace nowthen::http
