#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nowthen/log.h>
#include <nowthen/result.h>

#include "base/time.h"
#include "store/store.h"

namespace nowthen::engine {

/// Who did what: one entry for every change that a person or program asks for, in the commit of
/// that change.
struct AuditEntry {
  WallTime at{};
  std::string who;
  std::string action;   ///< "policy.change", "invocation.cancel", ...
  std::string subject;  ///< the operation, invocation or key that it is about
  std::string detail;
};

/// `number` tells entries of the same microsecond apart.
store::RowWrite encode_audit(const AuditEntry& entry, std::uint64_t number);
Result<AuditEntry> decode_audit(std::string_view key, std::string_view value);
/// What a log is told of it.
LogLine to_log_line(const AuditEntry& entry);

}  // namespace nowthen::engine
