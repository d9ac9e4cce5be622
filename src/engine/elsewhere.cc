#include "engine/elsewhere.h"

#include "base/wire.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

constexpr std::uint8_t kVersion = 1;

Error malformed(std::string_view key) {
  return {ErrorCode::corruption, store::describe_key(key) + " cannot be read"};
}

}  // namespace

store::RowWrite encode_elsewhere(const OperationElsewhere& operation) {
  std::string bytes;
  Writer out(bytes);
  const auto& [policy, allow, key_scope, non_blocking] = operation.declaration;
  out.u8(kVersion);
  out.u8(operation.pulled ? 1 : 0);
  out.bytes(operation.executor);
  out.bytes(key_scope);
  out.varint(policy_fields().size());
  for (const std::string& field : policy_fields()) {
    out.bytes(field);
    out.bytes(*policy_field(policy, field));
  }
  out.varint(allow.modes.size());
  for (const Mode mode : allow.modes) out.u8(static_cast<std::uint8_t>(mode));
  out.u8(allow.answer_within ? 1 : 0);
  if (allow.answer_within) {
    out.zigzag(allow.answer_within->first.count());
    out.zigzag(allow.answer_within->second.count());
  }
  return store::encode_opaque(store::declaration_key(operation.name), bytes);
}

Result<OperationElsewhere> decode_elsewhere(std::string_view key, std::string_view value) {
  const auto place = store::parse_policy_key(key);
  auto bytes = store::decode_opaque(key, value);
  if (!bytes) return bytes.error();
  Reader in(*bytes);
  if (!place || in.u8() != kVersion) return malformed(key);
  OperationElsewhere operation;
  operation.name = place->operation;
  operation.pulled = in.u8() != 0;
  operation.executor = in.bytes();
  operation.declaration.key_scope = in.bytes();
  PolicyPatch patch;
  const std::size_t fields = in.count();
  for (std::size_t i = 0; i < fields && !in.failed(); ++i) {
    std::string field(in.bytes());
    patch.set(std::move(field), std::string(in.bytes()));
  }
  const std::size_t modes = in.count();
  for (std::size_t i = 0; i < modes && !in.failed(); ++i) {
    const std::uint8_t mode = in.u8();
    if (mode > static_cast<std::uint8_t>(Mode::later)) in.fail();
    operation.declaration.allow.modes.push_back(static_cast<Mode>(mode));
  }
  if (in.u8() != 0) {
    const Duration from{in.zigzag()};
    operation.declaration.allow.answer_within = {from, Duration{in.zigzag()}};
  }
  if (!in.finished()) return malformed(key);
  if (auto valid = apply_patch(operation.declaration.policy, patch); !valid) return valid.error();
  return operation;
}

}  // namespace nowthen::engine
