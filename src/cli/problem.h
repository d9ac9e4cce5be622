#pragma once

#include <optional>
#include <string>

#include "cli/exit.h"
#include "cli/transport.h"

namespace nowthen::cli {

/// An RFC 9457 problem of ours: the server refused, or says how an invocation ended.
struct Problem {
  std::string slug;  ///< "not-found"
  std::string title;
  std::string detail;
  std::string invocation;  ///< the stored invocation that it is about; may be empty
};

/// None: the body is something else, such as what an operation itself answered.
std::optional<Problem> problem_of(const Reply& reply);
/// "not-found: there is no operation 'x' (see http://host/errors/not-found)". Printable.
std::string to_line(const Problem& problem, const Reply& reply, const std::string& server);
/// What a status means to a script; `slug` of the problem, or empty.
Exit exit_of(int status, const std::string& slug);

}  // namespace nowthen::cli
