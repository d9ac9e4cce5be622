#pragma once

#include <string>
#include <vector>

#include <nowthen/result.h>

namespace nowthen::cli {

/// Fields of a policy as they are given on the command line, "mode=later", "retry.factor=3".
struct PolicySettings {
  std::vector<std::string> names;  ///< in the order in which they were given
  std::string json;                ///< the object that the API takes: {"retry": {"factor": 3}, ...}
};

/// Numbers and `null` are written as such, all else as text; nothing after the = is `null`, which
/// gives the field back to the declaration. `allow` is given like "mode=auto,later". Which fields
/// and values there are is for the server to say. `invalid_argument` names the setting.
Result<PolicySettings> policy_settings(const std::vector<std::string>& settings,
                                       const std::vector<std::string>& allow = {});

}  // namespace nowthen::cli
