#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/answer_parser.h"
#include "http/client.h"

namespace nowthen::http {

/// What the links of one client share.
struct LinkSeams {
  boost::asio::io_context& context;
  std::shared_ptr<const Egress> egress;
  ClientOptions options;
  /// Made with the first link that needs it: reading the system's certificates takes 50 ms, which
  /// a server that starts has better uses for.
  std::optional<boost::asio::ssl::context> tls = std::nullopt;
};

/// One connection: opened to an address that was checked, then one exchange after the other.
/// Callbacks come later, on the loop, and not at all after `close`.
class Link final : public std::enable_shared_from_this<Link> {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Opened = std::move_only_function<void(std::optional<ClientError>)>;
  struct Exchanged {
    std::optional<ClientResponse> response;
    std::string fault;            ///< without a response: "the answer broke off before its end"
    bool closed_unheard = false;  ///< the peer closed before any byte of the answer came
    bool reusable = false;
  };
  using Done = std::move_only_function<void(Exchanged)>;

  explicit Link(std::shared_ptr<LinkSeams> seams);

  /// Once.
  void open(const Url& url, Opened opened);
  /// Precondition: opened, and no exchange is under way.
  void exchange(std::string_view method, std::string head, std::string body, Done done);
  /// Whether the peer has kept silent since the last exchange, as it should.
  bool is_quiet();
  void close();

 private:
  void resolve();
  void check(const std::vector<Tcp::endpoint>& found);
  void connect_next();
  void shake_hands();
  void limit(std::string what);
  void fail_open(ClientError::Kind kind, std::string message, bool timed_out = false);
  void succeed_open();

  void write();
  void read();
  void have_read(const boost::system::error_code& error, std::size_t bytes);
  void settle(AnswerParser::State state, bool closed);

  std::shared_ptr<LinkSeams> seams_;
  Tcp::resolver resolver_;
  Tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<Tcp::socket&>> tls_;
  boost::asio::steady_timer timer_;

  Url url_;
  Opened opened_;
  std::vector<Tcp::endpoint> endpoints_;
  std::size_t next_ = 0;
  std::string last_failure_;
  bool late_ = false;  // the timer has ended this part of opening

  Done done_;
  std::optional<AnswerParser> parser_;
  std::string head_, body_;
  bool written_ = false;
  std::array<char, 16384> bytes_;
};

/// TLS 1.2 or later, verified. `invalid_argument` if `ca_file` cannot be read.
Result<boost::asio::ssl::context> make_tls(const std::string& ca_file);

}  // namespace nowthen::http
