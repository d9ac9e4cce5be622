#include <utility>

#include "store/codec.h"
#include "store/row.h"

namespace nowthen::store {
namespace {

Result<core::Bytes> decode_bytes(char range, std::string_view key, std::string_view value) {
  const Result<std::string_view> payload = unseal(key, value);
  if (!payload) return payload.error();
  if (key.empty() || key.front() != range) return malformed(key);
  return core::Bytes(*payload);
}

}  // namespace

RowWrite encode_opaque(std::string key, std::string_view payload) {
  std::string value;
  value.reserve(payload.size() + kRowFrameBytes);
  Writer out(value);
  out.u8(kRowVersion);
  out.raw(payload);
  seal(key, value);
  return {std::move(key), std::move(value)};
}

Result<core::Bytes> decode_opaque(std::string_view key, std::string_view value) {
  const Result<std::string_view> payload = unseal(key, value);
  if (!payload) return payload.error();
  return core::Bytes(*payload);
}

RowWrite encode_input(InvocationId id, std::string_view input) {
  return encode_opaque(input_key(id), input);
}
Result<core::Bytes> decode_input(std::string_view key, std::string_view value) {
  return decode_bytes('P', key, value);
}
Result<core::Bytes> decode_result(std::string_view key, std::string_view value) {
  return decode_bytes('R', key, value);
}

RowWrite encode_state(std::uint16_t partition, const core::OrderKey& order, std::string_view name,
                      std::string_view bytes) {
  return encode_opaque(state_key(partition, order, name), bytes);
}
Result<core::Bytes> decode_state(std::string_view key, std::string_view value) {
  return decode_bytes('K', key, value);
}

RowWrite encode_idempotency(std::uint16_t partition, std::string_view record,
                            const core::IdempotencyRecord& value) {
  std::string payload;
  Writer out(payload);
  put_id(out, value.id);
  out.be64(value.fingerprint);
  return encode_opaque(idempotency_key(partition, record), payload);
}

Result<core::IdempotencyRecord> decode_idempotency(std::string_view key, std::string_view value) {
  const Result<core::Bytes> payload = decode_bytes('I', key, value);
  if (!payload) return payload.error();
  Reader in(*payload);
  core::IdempotencyRecord record;
  record.id = take_id(in);
  record.fingerprint = in.be64();
  if (!in.finished()) return malformed(key);
  return record;
}

RowWrite encode_epoch(std::uint16_t partition, OwnerEpoch epoch) {
  std::string payload;
  Writer(payload).be64(static_cast<std::uint64_t>(epoch));
  return encode_opaque(epoch_key(partition), payload);
}

Result<OwnerEpoch> decode_epoch(std::string_view key, std::string_view value) {
  const Result<core::Bytes> payload = decode_bytes('E', key, value);
  if (!payload) return payload.error();
  Reader in(*payload);
  const auto epoch = static_cast<OwnerEpoch>(in.be64());
  if (!in.finished()) return malformed(key);
  return epoch;
}

}  // namespace nowthen::store
