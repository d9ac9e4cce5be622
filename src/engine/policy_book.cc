#include "engine/policy_book.h"

#include <algorithm>

#include "base/wire.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

constexpr std::size_t kHistoryKept = 1'000;

void put_patch(Writer& out, const PolicyPatch& patch) {
  out.varint(patch.fields.size());
  for (const auto& [field, value] : patch.fields) {
    out.bytes(field);
    out.bytes(value.value_or(""));  // an override holds values only
  }
}

PolicyPatch take_patch(Reader& in) {
  PolicyPatch patch;
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    std::string field = std::string(in.bytes());
    patch.fields[std::move(field)] = std::string(in.bytes());
  }
  return patch;
}

Error malformed(std::string_view key) {
  return {ErrorCode::corruption, store::describe_key(key) + " cannot be read"};
}

Error unknown(std::string_view operation) {
  return {ErrorCode::not_found, "there is no operation '" + std::string(operation) + "'"};
}

}  // namespace

std::string describe(const PolicyChange& change) {
  const auto& before = change.before.fields;
  const auto& after = change.after.fields;
  std::string text = "change " + std::to_string(change.seq) + ":";
  for (const auto& [field, value] : after) {
    const auto was = before.find(field);
    if (was == before.end() || was->second != value) text += " " + field + "=" + value.value_or("");
  }
  for (const auto& [field, value] : before) {
    if (!after.contains(field)) text += " " + field + "=";
  }
  return text;
}

void PolicyBook::declare(const std::string& operation, Declaration declaration) {
  Operation& entry = operations_[operation];
  entry.declaration = std::move(declaration);
  entry.declared = true;
}

void PolicyBook::undeclare(const std::string& operation) {
  const auto it = operations_.find(operation);
  if (it == operations_.end()) return;
  it->second.declared = false;
  it->second.override_ = {};
}

Result<void> PolicyBook::load(const std::vector<store::Row>& rows) {
  for (const store::Row& row : rows) {
    const auto place = store::parse_policy_key(row.key);
    auto payload = store::decode_opaque(row.key, row.value);
    if (!payload) return payload.error();
    if (!place) return malformed(row.key);
    if (place->row == store::PolicyRow::declaration) continue;  // the engine's
    Operation& entry = operations_[place->operation];
    Reader in(*payload);
    if (place->row == store::PolicyRow::override_) {
      entry.override_ = take_patch(in);
    } else if (place->row == store::PolicyRow::history) {
      PolicyChange change;
      change.seq = place->seq;
      change.who = std::string(in.bytes());
      change.when = from_us(in.zigzag());
      change.before = take_patch(in);
      change.after = take_patch(in);
      entry.history.push_back(std::move(change));
    }
    if (!in.finished()) return malformed(row.key);
  }
  return {};
}

bool PolicyBook::has(std::string_view operation) const {
  const auto it = operations_.find(operation);
  return it != operations_.end() && it->second.declared;
}

std::uint64_t PolicyBook::revision(std::string_view operation) const {
  const auto it = operations_.find(operation);
  if (it == operations_.end() || it->second.history.empty()) return 0;
  return it->second.history.back().seq;
}

bool PolicyBook::covered(const Declaration& declaration, std::string_view field,
                         const std::string& value) {
  const Allow& allow = declaration.allow;
  if (field == "mode") {
    if (to_string(declaration.policy.mode) == value) return true;
    return std::ranges::any_of(allow.modes,
                               [&value](Mode mode) { return to_string(mode) == value; });
  }
  if (field == "answer_within") {
    const auto wanted = parse_duration(value);
    if (!wanted) return false;
    if (*wanted == declaration.policy.answer_within) return true;
    return allow.answer_within && allow.answer_within->first <= *wanted &&
           *wanted <= allow.answer_within->second;
  }
  return true;
}

/// What an operator may choose, in words. Of a field that `covered` may refuse.
std::string PolicyBook::allowed(const Declaration& declaration, std::string_view field) {
  if (field == "mode") {
    std::string text(to_string(declaration.policy.mode));
    for (const Mode mode : declaration.allow.modes) {
      if (mode != declaration.policy.mode) text += ", " + std::string(to_string(mode));
    }
    return text;
  }
  std::string text = format_duration(declaration.policy.answer_within);
  if (const auto& range = declaration.allow.answer_within)
    text += ", or " + format_duration(range->first) + " to " + format_duration(range->second);
  return text;
}

Policy PolicyBook::effective(std::string_view operation) const {
  const auto it = operations_.find(operation);
  if (it == operations_.end()) return {};
  const Operation& entry = it->second;
  PolicyPatch patch;
  for (const auto& [field, value] : entry.override_.fields) {
    if (value && covered(entry.declaration, field, *value)) patch.fields[field] = value;
  }
  Policy policy = entry.declaration.policy;
  if (!apply_patch(policy, patch)) policy = entry.declaration.policy;
  return policy;
}

std::vector<PolicyField> PolicyBook::fields(std::string_view operation) const {
  const Policy policy = effective(operation);
  const auto it = operations_.find(operation);
  std::vector<PolicyField> fields;
  for (const std::string& name : policy_fields()) {
    PolicyField field{name, *policy_field(policy, name), PolicyField::Layer::declaration};
    if (it != operations_.end()) {
      const auto overridden = it->second.override_.fields.find(name);
      if (overridden != it->second.override_.fields.end() &&
          covered(it->second.declaration, name, *overridden->second)) {
        field.layer = PolicyField::Layer::override_;
      }
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

std::vector<std::string> PolicyBook::ignored(std::string_view operation) const {
  std::vector<std::string> names;
  const auto it = operations_.find(operation);
  if (it == operations_.end()) return names;
  for (const auto& [field, value] : it->second.override_.fields) {
    if (!covered(it->second.declaration, field, value.value_or(""))) names.push_back(field);
  }
  return names;
}

std::vector<PolicyChange> PolicyBook::history(std::string_view operation) const {
  const auto it = operations_.find(operation);
  return it == operations_.end() ? std::vector<PolicyChange>{} : it->second.history;
}

Result<PolicyChange> PolicyBook::propose(std::string_view operation, const PolicyPatch& patch,
                                         std::string who, WallTime when) const {
  const auto it = operations_.find(operation);
  if (it == operations_.end() || !it->second.declared) return unknown(operation);
  const Operation& of = it->second;
  PolicyPatch after = of.override_;
  for (const auto& [field, value] : patch.fields) {
    if (auto known = policy_field({}, field); !known) return known.error();
    if (value) {
      after.fields[field] = value;
    } else {
      after.fields.erase(field);
    }
  }
  auto change = propose_override(of, std::move(after), std::move(who), when);
  if (!change) return change;
  for (const auto& [field, value] : patch.fields) {
    if (!value || covered(of.declaration, field, *value)) continue;
    return Error{ErrorCode::invalid_argument,
                 "policy field " + field + ": '" + *value + "' is not what the declaration of '" +
                     std::string(operation) + "' allows: " + allowed(of.declaration, field)};
  }
  return change;
}

Result<PolicyChange> PolicyBook::propose_revert(std::string_view operation, std::uint64_t seq,
                                                std::string who, WallTime when) const {
  const auto it = operations_.find(operation);
  if (it == operations_.end() || !it->second.declared) return unknown(operation);
  const auto change = std::ranges::find(it->second.history, seq, &PolicyChange::seq);
  if (change == it->second.history.end()) {
    return Error{ErrorCode::not_found,
                 "'" + std::string(operation) + "' has no policy change " + std::to_string(seq)};
  }
  return propose_override(it->second, change->before, std::move(who), when);
}

Result<PolicyChange> PolicyBook::propose_override(const Operation& operation, PolicyPatch after,
                                                  std::string who, WallTime when) const {
  Policy policy = operation.declaration.policy;
  if (auto valid = apply_patch(policy, after); !valid) return valid.error();
  const std::uint64_t last = operation.history.empty() ? 0 : operation.history.back().seq;
  return PolicyChange{last + 1, std::move(who), when, operation.override_, std::move(after)};
}

std::vector<store::RowWrite> PolicyBook::rows(std::string_view operation,
                                              const PolicyChange& change) {
  std::string patch;
  Writer patch_out(patch);
  put_patch(patch_out, change.after);
  std::string line;
  Writer out(line);
  out.bytes(change.who);
  out.zigzag(to_us(change.when));
  put_patch(out, change.before);
  put_patch(out, change.after);
  std::vector<store::RowWrite> rows;
  rows.push_back(store::encode_opaque(store::override_key(operation), patch));
  rows.push_back(store::encode_opaque(store::policy_history_key(operation, change.seq), line));
  if (change.seq > kHistoryKept) {
    rows.push_back({store::policy_history_key(operation, change.seq - kHistoryKept), {}});
  }
  return rows;
}

void PolicyBook::record(std::string_view operation, PolicyChange change) {
  Operation& entry = operations_.find(operation)->second;
  entry.override_ = change.after;
  entry.history.push_back(std::move(change));
  if (entry.history.size() > kHistoryKept) entry.history.erase(entry.history.begin());
}

}  // namespace nowthen::engine
