#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>

#include "http/message.h"

namespace nowthen::http {

/// Beast's parser, filling a `Request`; parts of the body are given on as they come.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  using Verb = boost::beast::http::verb;
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;
  using Code = boost::beast::error_code;

  explicit RequestParser(Request& request) : request_(request) { body_limit(boost::none); }

  /// The body that came since the last time.
  std::string take_body() { return std::exchange(body_, {}); }
  bool is_http11() const { return version_ >= 11; }

 private:
  void on_request_impl(Verb verb, Text, Text target, int, Code&) override;
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(Field, Text name, Text value, Code&) override {
    // Fields after the body are trailers: nothing here asks for them.
    if (!headers_done_) request_.headers.push_back({std::string(name), std::string(value)});
  }
  void on_header_impl(Code&) override { headers_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(Text body, Code&) override {
    body_.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Code&) override {
    body_.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(Code&) override {}

  Request& request_;
  std::string body_;
  int version_ = 11;
  bool headers_done_ = false;
};

}  // namespace nowthen::http
