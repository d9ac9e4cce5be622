#include <algorithm>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/answer_parser.h"

namespace nowthen::http {
namespace {

namespace beast = boost::beast;

/// RFC 9110 15.2 sets no bound to interim answers.
constexpr int kInterimMax = 32;
/// Of one line between chunks; Beast bounds header sections only.
constexpr std::size_t kChunkLineMax = 16u << 10;
/// "0", CRLF, CRLF: a chunked body does not end with less. Beast 1.81 asserts on less than that
/// where the first chunk is the last one.
constexpr std::size_t kChunksEndMin = 5;

}  // namespace

struct AnswerParser::Parts {
  using Parser = beast::http::response_parser<beast::http::string_body>;

  Limits limits;
  bool no_body;
  std::optional<Parser> parser;
  std::string buffer;  // what the parser has not taken
  bool begun = false;
  int interim = 0;
  std::optional<ClientResponse> response;  // from the end of the header section on
  std::string fault;

  void begin() {
    parser.emplace();
    parser->eager(false);  // headers are taken before trailers are read into them
    parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    parser->body_limit(limits.body_bytes_max);
    if (no_body) parser->skip(true);
    response.reset();
  }

  State fail(std::string why) {
    fault = std::move(why);
    return State::failed;
  }

  State fail(const beast::error_code& why) {
    using beast::http::error;
    if (why == error::header_limit)
      return fail("has more than response_header_bytes_max (" +
                  std::to_string(limits.header_bytes_max) + ") bytes of headers");
    if (why == error::body_limit)
      return fail("has more than response_body_bytes_max (" +
                  std::to_string(limits.body_bytes_max) + ") bytes");
    if (why == error::partial_message) return fail("broke off before its end");
    return fail("is not HTTP/1.1: " + why.message());
  }

  State parse() {
    std::string_view rest = buffer;
    while (!rest.empty() && !parser->is_done()) {
      if (parser->chunked() && parser->is_header_done() && rest.size() < kChunksEndMin) break;
      beast::error_code error;
      const std::size_t taken = parser->put(boost::asio::buffer(rest.data(), rest.size()), error);
      rest.remove_prefix(taken);
      if (parser->is_header_done() && !response) take_header();
      if (response && response->status < 100) return fail("is not HTTP/1.1: bad status");
      if (error == beast::http::error::need_more) break;
      if (error) return fail(error);
      if (parser->is_done() && parser->get().result_int() < 200) {
        if (parser->get().result_int() == 101) return fail("changes the protocol");
        if (++interim > kInterimMax)
          return fail("has more than " + std::to_string(kInterimMax) + " interim answers");
        begin();
      }
    }
    buffer.erase(0, buffer.size() - rest.size());
    if (parser->is_done()) return State::complete;
    const std::size_t most = parser->is_header_done() ? kChunkLineMax : limits.header_bytes_max;
    if (buffer.size() > most)
      return parser->is_header_done() ? fail("has a line between chunks that does not end")
                                      : fail(beast::http::error::header_limit);
    return State::reading;
  }

  void take_header() {
    response.emplace();
    response->status = static_cast<int>(parser->get().result_int());
    for (const auto& field : parser->get())
      response->headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
};

AnswerParser::AnswerParser(Limits limits, std::string_view method)
    : parts_(std::make_unique<Parts>()) {
  parts_->limits = limits;
  parts_->no_body = method == "HEAD";
  parts_->begin();
}

AnswerParser::~AnswerParser() = default;

AnswerParser::State AnswerParser::feed(std::string_view bytes) {
  if (bytes.empty()) return State::reading;
  parts_->begun = true;
  parts_->buffer += bytes;
  return parts_->parse();
}

AnswerParser::State AnswerParser::end(Ending ending) {
  Parts& parts = *parts_;
  if (!parts.parser->got_some()) return parts.fail("never began");
  beast::error_code error;
  if (parts.parser->need_eof() && parts.parser->is_header_done() && ending == Ending::cut)
    error = beast::http::error::partial_message;  // RFC 9112 9.8
  else
    parts.parser->put_eof(error);
  return error ? parts.fail(error) : State::complete;
}

bool AnswerParser::begun() const { return parts_->begun; }

bool AnswerParser::reusable() const {
  return parts_->parser->is_done() && parts_->parser->keep_alive() && parts_->buffer.empty();
}

ClientResponse AnswerParser::take() {
  ClientResponse response = std::move(*parts_->response);
  response.body = std::move(parts_->parser->get().body());
  return response;
}

const std::string& AnswerParser::fault() const { return parts_->fault; }

}  // namespace nowthen::http
