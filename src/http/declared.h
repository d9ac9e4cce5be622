#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "engine/elsewhere.h"

namespace nowthen::http {

/// The body of `PUT /v1/operations/{name}`: what runs it, its policy, what may be overridden. The
/// error names the field.
Result<engine::OperationElsewhere> parse_declaration(std::string name, std::string_view body);

/// What runs the attempts of an operation, from the words that are kept of it.
struct PullTarget {
  Duration lease = std::chrono::seconds(30);  ///< 1 s..24 h
};
/// `{"pull": {...}}`; none for another executor.
std::optional<PullTarget> pull_target(std::string_view executor);

/// A merge patch of a policy (RFC 7396): `{"mode": "later", "retry": {"factor": 3}, "retain":
/// null}`.
Result<PolicyPatch> parse_policy_patch(std::string_view json);

}  // namespace nowthen::http
