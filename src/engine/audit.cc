#include "engine/audit.h"

#include "base/wire.h"
#include "store/codec.h"

namespace nowthen::engine {

store::RowWrite encode_audit(const AuditEntry& entry, std::uint64_t number) {
  std::string bytes;
  Writer out(bytes);
  const auto& [at, who, action, subject, detail] = entry;
  out.bytes(who);
  out.bytes(action);
  out.bytes(subject);
  out.bytes(detail);
  return store::encode_opaque(store::audit_key(at, number), bytes);
}

Result<AuditEntry> decode_audit(std::string_view key, std::string_view value) {
  auto bytes = store::decode_opaque(key, value);
  if (!bytes) return bytes.error();
  AuditEntry entry;
  const auto at = store::parse_audit_key(key);
  Reader in(*bytes);
  entry.who = in.bytes();
  entry.action = in.bytes();
  entry.subject = in.bytes();
  entry.detail = in.bytes();
  if (!at || !in.finished())
    return Error{ErrorCode::corruption, store::describe_key(key) + " cannot be read"};
  entry.at = *at;
  return entry;
}

LogLine to_log_line(const AuditEntry& entry) {
  LogLine line;
  line.message = entry.action;
  if (auto id = parse_invocation_id(entry.subject)) {
    line.invocation = *id;
  } else if (entry.action.starts_with("operation.") || entry.action.starts_with("policy.")) {
    line.operation = entry.subject;
  } else {
    line.message += " " + entry.subject;
  }
  line.message += " by " + entry.who;
  // A declaration may hold what is nobody's business.
  if (!entry.detail.empty() && entry.action != "operation.declare")
    line.message += ": " + entry.detail;
  return line;
}

}  // namespace nowthen::engine
