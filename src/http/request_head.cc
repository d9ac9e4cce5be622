#include "http/request_head.h"

#include <algorithm>

namespace nowthen::http {
namespace {

constexpr std::string_view kOwn[] = {"host", "connection", "content-length", "transfer-encoding"};

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto fits = [kMarks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, fits);
}

bool is_field_value(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (!text.empty() && (blank(text.front()) || blank(text.back()))) return false;
  return std::ranges::all_of(text, [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

Result<std::string> request_head(const ClientRequest& request) {
  const auto refuse = [](std::string why) {
    return Error{ErrorCode::invalid_argument, std::move(why)};
  };
  if (!is_token(request.method)) return refuse("the method is not one of HTTP");
  std::string head = request.method;
  head += ' ';
  head += request.url.target;
  head += " HTTP/1.1\r\nHost: ";
  head += request.url.authority();
  head += "\r\n";
  for (const Header& header : request.headers) {
    if (!is_token(header.name)) return refuse("a header has a name that HTTP does not allow");
    if (std::ranges::find(kOwn, lower_case(header.name)) != std::end(kOwn))
      return refuse("the header " + header.name + " is the client's own");
    if (!is_field_value(header.value))
      return refuse("the value of the header " + header.name +
                    " has a control character, or white space at an end");
    head += header.name;
    head += ": ";
    head += header.value;
    head += "\r\n";
  }
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  head += "\r\n";
  return head;
}

}  // namespace nowthen::http
