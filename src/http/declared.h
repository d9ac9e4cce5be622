#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nowthen/json.h>
#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "engine/elsewhere.h"
#include "http/http_target.h"

namespace nowthen::http {

/// The body of `PUT /v1/operations/{name}`: what runs it, its policy, what may be overridden. The
/// error names the field.
Result<engine::OperationElsewhere> parse_declaration(std::string name, std::string_view body);

/// What runs the attempts of an operation, from the words that are kept of it.
struct PullTarget {
  Duration lease = std::chrono::seconds(30);  ///< 1 s..24 h
};
/// What runs an operation, from the words that are kept of it: one of the two, or (both empty)
/// something else.
struct DeclaredExecutor {
  std::optional<PullTarget> pull;
  std::shared_ptr<const HttpTarget> http;
};
DeclaredExecutor parse_executor(std::string_view executor);

/// A merge patch of a policy (RFC 7396): `{"mode": "later", "retry": {"factor": 3}, "retain":
/// null}`.
Result<PolicyPatch> parse_policy_patch(std::string_view json);

/// One field of a policy: a number is written as a number, everything else as text.
void write_policy_value(JsonWriter& out, std::string_view text);

}  // namespace nowthen::http
