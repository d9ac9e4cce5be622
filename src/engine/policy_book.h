#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/policy.h>

#include "base/time.h"
#include "store/store.h"

namespace nowthen::engine {

/// One recorded change of the override of an operation.
struct PolicyChange {
  std::uint64_t seq = 0;  ///< 1, 2, ... per operation
  std::string who;
  WallTime when{};
  PolicyPatch before;  ///< the whole override, before and after
  PolicyPatch after;
};

/// "change 4: mode=auto answer_within=", in the words of `nowthen policy set`.
std::string describe(const PolicyChange& change);

/// One field of the policy in force, and the layer it comes from.
struct PolicyField {
  enum class Layer : std::uint8_t { declaration, override_ };
  std::string name;
  std::string value;
  Layer layer = Layer::declaration;
};

/// What is in force for an operation, and where it comes from.
struct PolicyView {
  std::vector<PolicyField> fields;
  std::uint64_t revision = 0;        ///< the last change; 0: there was none
  std::vector<std::string> ignored;  ///< overridden fields that the declaration does not allow
};

/// A change of what is in force.
struct PolicyReplaced {
  std::optional<Policy> before;  ///< none: the operation is new
  Policy after;
};

/// The layers of every operation's policy. Owned by one loop; no thread-safety of its own.
class PolicyBook {
 public:
  /// The declaration, in code or by somebody. It never wipes an override.
  void declare(const std::string& operation, Declaration declaration);
  /// Forgets declaration and override; the history stays.
  void undeclare(const std::string& operation);
  /// Rows stored by an earlier process; unknown operations are kept for the day they come back.
  Result<void> load(const std::vector<store::Row>& rows);

  bool has(std::string_view operation) const;
  /// The seq of its last change; 0 if there was none.
  std::uint64_t revision(std::string_view operation) const;
  /// Declaration plus what of the override `allow` covers.
  Policy effective(std::string_view operation) const;
  std::vector<PolicyField> fields(std::string_view operation) const;
  /// Names of overridden fields that `allow` does not cover (any more): in no effect.
  std::vector<std::string> ignored(std::string_view operation) const;
  std::vector<PolicyChange> history(std::string_view operation) const;

  /// What `patch` would make of the override. `not_found`, `invalid_argument` naming field,
  /// value and what is allowed. Nothing is changed: `record` does that once it is durable.
  Result<PolicyChange> propose(std::string_view operation, const PolicyPatch& patch,
                               std::string who, WallTime when) const;
  /// The override as it was before change `seq`.
  Result<PolicyChange> propose_revert(std::string_view operation, std::uint64_t seq,
                                      std::string who, WallTime when) const;
  static std::vector<store::RowWrite> rows(std::string_view operation, const PolicyChange& change);
  void record(std::string_view operation, PolicyChange change);

 private:
  struct Operation {
    Declaration declaration;
    bool declared = false;
    PolicyPatch override_;
    std::vector<PolicyChange> history;
  };
  static bool covered(const Declaration& declaration, std::string_view field,
                      const std::string& value);
  static std::string allowed(const Declaration& declaration, std::string_view field);
  Result<PolicyChange> propose_override(const Operation& operation, PolicyPatch after,
                                        std::string who, WallTime when) const;

  std::map<std::string, Operation, std::less<>> operations_;
};

}  // namespace nowthen::engine
