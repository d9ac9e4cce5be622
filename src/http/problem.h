#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nowthen/id.h>
#include <nowthen/result.h>

#include "http/message.h"

namespace nowthen::http {

/// An RFC 9457 problem. `type` is the name of its page: /errors/{type}.
struct Problem {
  int status = 400;
  std::string type;
  std::string detail;
  std::string field;        ///< of the request, where it is about one
  InvocationId invocation;  ///< the stored one that it is about; null: none
};

/// The problem of an error of the engine; the table in docs/http.md.
Problem to_problem(const Error& error, InvocationId invocation = {});
/// `field`: of the body, the query or the headers; else that which `detail` begins with, if any.
Problem invalid(std::string detail, std::string field = {});

/// A message that begins with the field that it is about, as those of JsonReader and of policies
/// do ("field 'retry.factor': ..."): that field, or nothing, and the rest.
struct AboutField {
  std::string_view field;
  std::string_view what;
};
AboutField about_field(std::string_view message);

/// Appends the problem as a JSON object.
void write_problem(std::string& out, const Problem& problem);
/// With Retry-After where trying again may help at once.
Response to_response(const Problem& problem);

}  // namespace nowthen::http
