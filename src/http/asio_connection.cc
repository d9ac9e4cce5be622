#include "http/asio_connection.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

namespace nowthen::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;

constexpr Duration kLeaveWithin = std::chrono::seconds(2);
constexpr std::size_t kAheadBytesMax = 64u << 10;  // of a pipeline, while a request is served
constexpr std::size_t kChunkLineMax = 16u << 10;   // as far as it waits for its end; trailers too

void append_number(std::string& out, std::size_t number, int base = 10) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number, base);
  out.append(digits, end.ptr);
}

/// A header value of ours may quote what a user wrote: no line may end in it (RFC 9110 5.5).
void append_value(std::string& out, std::string_view value) {
  const std::size_t start = out.size();
  out += value;
  for (std::size_t i = start; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    if (c < 0x20 || c == 0x7f) out[i] = ' ';
  }
}

}  // namespace

void RequestParser::on_request_impl(Verb verb, Text, Text target, int version, Code&) {
  version_ = version;
  switch (verb) {
    case Verb::get:
      request_.method = Method::get;
      break;
    case Verb::head:
      request_.method = Method::head;
      break;
    case Verb::post:
      request_.method = Method::post;
      break;
    case Verb::put:
      request_.method = Method::put;
      break;
    case Verb::patch:
      request_.method = Method::patch;
      break;
    case Verb::delete_:
      request_.method = Method::delete_;
      break;
    case Verb::options:
      request_.method = Method::options;
      break;
    default:
      request_.method = Method::other;
  }
  request_.target.assign(target.data(), target.size());
}

AsioConnection::AsioConnection(Wire wire, std::shared_ptr<ConnectionPlace> place)
    : wire_(std::move(wire)), place_(std::move(place)) {
  error_code error;
  const auto peer = wire_.peer(error);
  if (!error) peer_ = peer.address().to_string();
  place_->connections.insert(this);
}

AsioConnection::~AsioConnection() {
  place_->connections.erase(this);
  if (!gone_) place_->open.fetch_sub(1, std::memory_order_relaxed);
}

void AsioConnection::start() {
  if (wire_.is_tls()) phase_ = Phase::handshake;
  patience(wire_.is_tls() ? place_->limits.handshake_within : place_->limits.header_within);
  await_data();
}

void AsioConnection::close() {
  if (std::exchange(gone_, true)) return;
  place_->open.fetch_sub(1, std::memory_order_relaxed);  // whoever still answers it does not count
  // The upload holds this. It may be at work right now.
  if (upload_) place_->loop.post([self = shared_from_this()] { self->upload_.reset(); });
  // An answer that ends with the connection is whole only if we say so (RFC 9112 9.8).
  wire_.close(!writing_ && (phase_ == Phase::head || phase_ == Phase::leaving));
}

void AsioConnection::close_when_answered() {
  keep_alive_ = false;
  if ((phase_ == Phase::handshake || phase_ == Phase::head) && !writing_) close();
}

void AsioConnection::look() {
  if (gone_) return;
  if (place_->now >= write_deadline_) return close();
  if (place_->now < deadline_) return;
  if (phase_ == Phase::handshake || phase_ == Phase::leaving ||
      (phase_ == Phase::head && in_.empty())) {
    close();
  } else if (phase_ != Phase::serving) {
    const char* part = phase_ == Phase::head ? "head" : "body";
    refuse({408,
            "request-timeout",
            std::string("the ") + part + " of the request came too slowly",
            "",
            {}});
  }
}

// ---- reading ---------------------------------------------------------------------------------

void AsioConnection::await_data() {
  if (waiting_ || gone_ || ended_ || upload_full_) return;
  if ((phase_ == Phase::serving || writing_) && in_.size() >= kAheadBytesMax) return;
  waiting_ = true;
  wire_.await_readable([self = shared_from_this()](const error_code& error) {
    self->waiting_ = false;
    if (!error && !self->gone_) self->on_readable();
  });
}

void AsioConnection::shake_hands() {
  error_code error;
  wire_.shake_hands(error);
  if (!error) {
    phase_ = Phase::head;
    patience(place_->limits.header_within);
  } else if (error != asio::error::would_block) {
    if (!wire_.turn_plain()) return close();
    refuse({400, "malformed-request", "TLS is spoken here: say https://", "", {}});
  }
  await_data();
}

void AsioConnection::on_readable() {
  if (phase_ == Phase::handshake) return shake_hands();
  error_code error;
  const std::size_t size = wire_.read_some(place_->scratch, error);
  if (error == asio::error::would_block) return await_data();
  if (error == asio::error::eof && (phase_ == Phase::serving || writing_)) {
    // It may have closed its side only (RFC 9112 9.6), and still wait for the answers.
    ended_ = true;
    if (in_.empty()) keep_alive_ = false;
    return;
  }
  if (error) return close();
  take({place_->scratch.data(), size});
  await_data();
}

void AsioConnection::take(std::string_view bytes) {
  if (phase_ == Phase::leaving) return;
  if (in_.empty()) {
    const std::size_t used = parse(bytes);
    in_.assign(bytes.substr(used));
  } else {
    in_.append(bytes);
    std::string all = std::move(in_);
    in_.clear();
    const std::size_t used = parse(all);
    in_ = all.substr(used);
  }
}

/// Parses and serves request after request until one is under way. Returns how much it used up.
std::size_t AsioConnection::parse(std::string_view bytes) {
  parsing_ = true;
  std::size_t used = 0;
  while (used < bytes.size() && (phase_ == Phase::head || phase_ == Phase::body)) {
    // No request is begun before the last answer has left.
    if (upload_full_ || (writing_ && phase_ == Phase::head)) break;
    const std::string_view rest = bytes.substr(used);
    const std::size_t now = phase_ == Phase::head ? parse_head(rest) : parse_body(rest);
    if (now == 0) break;
    used += now;
  }
  parsing_ = false;
  return phase_ == Phase::leaving ? bytes.size() : used;
}

std::size_t AsioConnection::parse_head(std::string_view bytes) {
  if (!parser_) {
    request_ = {};
    parser_.emplace(request_);
    parser_->header_limit(static_cast<std::uint32_t>(place_->limits.header_bytes_max));
    parser_->eager(false);
    patience(place_->limits.header_within);
  }
  error_code error;
  const std::size_t used = parser_->put(asio::buffer(bytes.data(), bytes.size()), error);
  if (error == beast_http::error::need_more) return used;
  if (error) return refuse_broken(error, bytes), used;
  if (!parser_->is_header_done()) return used;
  keep_alive_ = parser_->keep_alive();
  http11_ = parser_->is_http11();
  head_only_ = request_.method == Method::head;
  request_.peer = peer_;
  if (auto problem = check_head(bytes.substr(0, used))) return refuse(*problem), used;
  phase_ = Phase::body;
  patience(place_->limits.body_pause_max);
  plan_body();
  if (phase_ == Phase::body && parser_->is_done()) request_complete();
  return used;
}

/// What Beast lets pass and we do not. `raw`: the head as it came.
std::optional<Problem> AsioConnection::check_head(std::string_view raw) {
  const auto malformed = [](std::string detail) {
    return Problem{400, "malformed-request", std::move(detail), "", {}};
  };
  // RFC 9112 5.2: a line that goes on in the next one is refused.
  if (raw.find("\n ") != raw.npos || raw.find("\n\t") != raw.npos)
    return malformed("a header goes on in a second line (obs-fold)");
  if (request_.target.size() > place_->limits.target_bytes_max) {
    return Problem{414,
                   "too-large",
                   "the target is larger than target_bytes_max (" +
                       std::to_string(place_->limits.target_bytes_max) + ")",
                   "",
                   {}};
  }
  // RFC 9112 3.2.2: the absolute form is accepted; the host in it counts as Host.
  if (request_.target.starts_with("http://") || request_.target.starts_with("https://")) {
    const std::size_t host = request_.target.find("//") + 2;
    const std::size_t path = std::min(request_.target.find('/', host), request_.target.size());
    const std::string authority = request_.target.substr(host, path - host);
    if (authority.empty()) return malformed("the target has no host");
    for (Header& header : request_.headers) {
      if (is_named(header, "Host")) header.value = authority;
    }
    request_.target.erase(0, path);
    if (request_.target.empty()) request_.target = "/";
  }
  if (!request_.target.starts_with('/') && request_.target != "*")
    return malformed("the target is not a path");
  return check_framing();
}

std::optional<Problem> AsioConnection::check_framing() {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t codings = 0;
  const std::string* coding = nullptr;
  for (const Header& header : request_.headers) {
    if (is_named(header, "Host")) ++hosts;
    if (is_named(header, "Content-Length")) {
      const bool number = header.value.find_first_not_of("0123456789") == header.value.npos;
      lengths += number ? 1 : 2;  // RFC 9112 6.3: "7, 7" is one number said twice; not here
    }
    if (!is_named(header, "Transfer-Encoding")) continue;
    ++codings;
    coding = &header.value;
  }
  const auto malformed = [](std::string detail) {
    return Problem{400, "malformed-request", std::move(detail), "", {}};
  };
  // RFC 9112 3.2: exactly one Host; 6.3: a length and a coding together smuggle requests.
  if (hosts > 1) return malformed("more than one Host");
  if (hosts == 0 && http11_) return malformed("there is no Host");
  if (lengths > 1) return malformed("more than one Content-Length");
  if (codings > 1) return malformed("more than one Transfer-Encoding");
  // RFC 9112 6.1: HTTP/1.0 has no codings, and what stands between may not know this one.
  if (coding != nullptr && !http11_) return malformed("Transfer-Encoding in HTTP/1.0");
  if (lengths > 0 && coding != nullptr)
    return malformed("Content-Length and Transfer-Encoding together");
  if (coding != nullptr && *coding != "chunked") {
    return Problem{
        501, "not-implemented", "the transfer coding '" + *coding + "' is not known", "", {}};
  }
  if (const std::string* encoding = request_.header("Content-Encoding")) {
    if (*encoding != "identity") {
      return Problem{415,
                     "unsupported-media-type",
                     "a body is taken as it is; Content-Encoding: " + *encoding,
                     "",
                     {}};
    }
  }
  return std::nullopt;
}

void AsioConnection::plan_body() {
  Front::Plan plan = place_->front.plan(request_);
  if (auto* refusal = std::get_if<Response>(&plan)) {
    keep_alive_ = keep_alive_ && parser_->is_done();  // nobody reads the body
    phase_ = Phase::serving;
    return respond(std::move(*refusal));
  }
  body_bytes_max_ = SIZE_MAX;
  if (auto* whole = std::get_if<Front::Whole>(&plan)) {
    body_bytes_max_ = whole->body_bytes_max;
    serve_ = std::move(whole->serve);
  }
  const auto length = parser_->content_length();
  if (length && *length > body_bytes_max_) {
    return refuse({413,
                   "too-large",
                   "the body is larger than body_bytes_max (" + std::to_string(body_bytes_max_) +
                       ") of this call",
                   "",
                   {}});
  }
  parser_->eager(true);
  if (auto* streamed = std::get_if<Front::Streamed>(&plan))
    upload_ = streamed->open(request_, Exchange(shared_from_this(), place_->loop));
  const std::string* expect = request_.header("Expect");
  if (expect != nullptr && !parser_->is_done() && http11_) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    flush();
  }
}

std::size_t AsioConnection::parse_body(std::string_view bytes) {
  std::size_t used = 0;
  while (phase_ == Phase::body && !parser_->is_done() && used < bytes.size()) {
    // "0", CRLF, CRLF: the least that ends a chunked body. Beast 1.81 asserts on less.
    if (parser_->chunked() && bytes.size() - used < 5) break;
    error_code error;
    used += parser_->put(asio::buffer(bytes.data() + used, bytes.size() - used), error);
    const bool more = take_body(parser_->take_body());
    if (phase_ != Phase::body) return bytes.size();  // refused
    if (error == beast_http::error::need_more || !more) break;
    if (error) return refuse_broken(error, {}), bytes.size();
  }
  if (!upload_full_) patience(place_->limits.body_pause_max);
  if (phase_ == Phase::body && parser_->is_done()) {
    request_complete();
  } else if (!upload_full_ && bytes.size() - used > kChunkLineMax) {
    refuse({431,
            "too-large",
            "the line of a chunk, or the trailers, are larger than " +
                std::to_string(kChunkLineMax) + " bytes",
            "",
            {}});
    return bytes.size();
  }
  return used;
}

bool AsioConnection::take_body(std::string_view part) {
  if (part.empty()) return true;
  if (upload_) {
    upload_full_ = !upload_->take(part);
    if (upload_full_) deadline_ = SteadyTime::max();  // it is we who do not read
    return !upload_full_;
  }
  if (request_.body.size() + part.size() > body_bytes_max_) {
    refuse({413,
            "too-large",
            "the body is larger than body_bytes_max (" + std::to_string(body_bytes_max_) +
                ") of this call",
            "",
            {}});
    return false;
  }
  request_.body += part;
  return true;
}

void AsioConnection::resume_upload() {
  if (!std::exchange(upload_full_, false) || gone_) return;
  patience(place_->limits.body_pause_max);
  std::string bytes = std::move(in_);
  in_.clear();
  if (phase_ == Phase::body && parser_->is_done()) request_complete();
  take(bytes);
  await_data();
}

void AsioConnection::request_complete() {
  if (upload_full_) return;
  deadline_ = SteadyTime::max();
  phase_ = Phase::serving;
  parser_.reset();
  if (upload_) {
    const std::unique_ptr<Upload> upload = std::move(upload_);
    return upload->end();
  }
  auto serve = std::move(serve_);
  serve(std::move(request_), Exchange(shared_from_this(), place_->loop));
}

void AsioConnection::refuse_broken(const Code& error, std::string_view bytes) {
  Problem problem{
      400, "malformed-request", "the request is not HTTP/1.1: " + error.message(), "", {}};
  if (error == beast_http::error::header_limit) {
    const bool in_target = request_.target.empty() && bytes.find('\n') == bytes.npos;
    problem = {in_target ? 414 : 431,
               "too-large",
               "the head is larger than header_bytes_max (" +
                   std::to_string(place_->limits.header_bytes_max) + ")",
               "",
               {}};
  } else if (error == beast_http::error::bad_version) {
    problem = {505, "version-not-supported", "HTTP/1.1 and HTTP/1.0 are spoken here", "", {}};
  }
  refuse(problem);
}

/// Answers, and closes: where the next request would begin is not known. An answer that has begun
/// stays without its end, by which the client sees that it is not whole.
void AsioConnection::refuse(const Problem& problem) {
  upload_.reset();
  keep_alive_ = false;
  if (in_parts_) return next_request();
  phase_ = Phase::serving;
  respond(to_response(problem));
}

// ---- writing ---------------------------------------------------------------------------------

void AsioConnection::append_head(const Response& response, std::optional<std::size_t> length) {
  place_->front.answered(response.status);
  out_ += "HTTP/1.1 ";
  append_number(out_, static_cast<std::size_t>(response.status));
  out_ += ' ';
  out_ += reason_phrase(response.status);
  out_ += "\r\nDate: ";
  out_ += place_->date;
  if (!response.content_type.empty()) {
    out_ += "\r\nContent-Type: ";
    append_value(out_, response.content_type);
  }
  if (length) {
    if (response.status != 204) {
      out_ += "\r\nContent-Length: ";
      append_number(out_, *length);
    }
  } else if (chunked_) {
    out_ += "\r\nTransfer-Encoding: chunked";
  }
  for (const Header& header : response.headers) {
    out_ += "\r\n";
    out_ += header.name;
    out_ += ": ";
    append_value(out_, header.value);
  }
  if (!keep_alive_) out_ += "\r\nConnection: close";
  out_ += "\r\n\r\n";
}

void AsioConnection::respond(Response response) {
  if (gone_ || phase_ != Phase::serving) return;
  append_head(response, response.body.size());
  if (!head_only_) out_ += response.body;
  next_request();
}

void AsioConnection::begin(Response head) {
  if (gone_ || phase_ == Phase::leaving) return;
  chunked_ = http11_;
  if (!chunked_ || head_only_) keep_alive_ = false;
  append_head(head, std::nullopt);
  if (head_only_) return next_request();  // the parts are for nobody
  in_parts_ = true;
  flush();
}

void AsioConnection::write(std::string_view part) {
  if (gone_ || part.empty() || !in_parts_) return;
  if (unsent() + part.size() > place_->limits.unsent_bytes_max) return close();
  if (chunked_) {
    append_number(out_, part.size(), 16);
    out_ += "\r\n";
  }
  out_ += part;
  if (chunked_) out_ += "\r\n";
  flush();
}

void AsioConnection::end() {
  if (gone_ || !in_parts_) return;
  if (chunked_) out_ += "0\r\n\r\n";
  next_request();
}

void AsioConnection::flush() {
  if (writing_ || gone_) return;
  while (out_sent_ < out_.size()) {
    error_code error;
    out_sent_ += wire_.write_some(std::string_view(out_).substr(out_sent_), error);
    if (error == asio::error::would_block) {
      if (out_sent_ > out_.size() / 2) out_.erase(0, std::exchange(out_sent_, 0));
      writing_ = true;
      write_deadline_ = place_->now + place_->limits.write_pause_max;
      wire_.await_writable([self = shared_from_this()](const error_code& failed) {
        self->writing_ = false;
        self->write_deadline_ = SteadyTime::max();
        if (!failed && !self->gone_) self->on_flushed();
      });
      return;
    }
    if (error) return close();
  }
  out_.clear();
  out_sent_ = 0;
}

void AsioConnection::on_flushed() {
  flush();
  if (ended_ && !writing_ && phase_ == Phase::leaving) return close();
  if (!writing_ && phase_ == Phase::leaving) {
    wire_.end();
    patience(kLeaveWithin);
  }
  if (!writing_ && phase_ == Phase::head) go_on();
}

/// The answer is in `out_`.
void AsioConnection::next_request() {
  parser_.reset();
  in_parts_ = false;
  deadline_ = SteadyTime::max();
  if (!keep_alive_) {
    phase_ = Phase::leaving;
    flush();
    if (ended_ && !writing_) return close();
    if (!writing_) on_flushed();
    return await_data();  // what still comes is read away, so that the answer arrives
  }
  phase_ = Phase::head;
  flush();
  if (gone_) return;
  if (!writing_ && !parsing_) go_on();  // else `on_flushed` or `parse` does
}

/// To the next request: it may be here already.
void AsioConnection::go_on() {
  if (gone_) return;
  patience(place_->limits.idle_max);
  if (!in_.empty()) {
    const std::string ahead = std::exchange(in_, {});
    take(ahead);
  }
  if (ended_ && !writing_ && (phase_ == Phase::head || phase_ == Phase::body)) return close();
  await_data();
}

}  // namespace nowthen::http
