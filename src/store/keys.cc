#include "store/keys.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/wire.h"

namespace nowthen::store {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kLiveKeyBytes = 3 + kIdBytes;

std::string start_key(char range, std::uint16_t partition, std::size_t capacity) {
  std::string key;
  key.reserve(capacity);
  key.push_back(range);
  Writer(key).be16(partition);
  return key;
}

void put_id(std::string& key, InvocationId id) {
  Writer writer(key);
  writer.be64(id.high);
  writer.be64(id.low);
}

std::string id_key(char range, InvocationId id) {
  std::string key = start_key(range, id.partition(), kLiveKeyBytes);
  put_id(key, id);
  return key;
}

std::string bucket_key(char range, std::uint16_t partition, Bucket bucket) {
  std::string key = start_key(range, partition, kLiveKeyBytes + 5);
  Writer(key).be32(static_cast<std::uint32_t>(bucket));
  return key;
}

// A zero byte in the text becomes 00 ff, the end is 00 01: texts of any bytes sort as they do
// alone, and none is a prefix of another.
void put_text(std::string& key, std::string_view text) {
  for (const char byte : text) {
    key.push_back(byte);
    if (byte == '\0') key.push_back('\xff');
  }
  key.push_back('\0');
  key.push_back('\x01');
}

std::string order_key_prefix(std::uint16_t partition, const core::OrderKey& order) {
  std::string key = start_key('K', partition, 3 + order.scope.size() + order.key.size() + 4 + 16);
  put_text(key, order.scope);
  put_text(key, order.key);
  return key;
}

std::string policy_prefix(std::string_view operation) {
  std::string key = "C";
  put_text(key, operation);
  return key;
}

}  // namespace

std::uint32_t bucket_width_s(Duration retain) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(retain).count();
  const auto width = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds / 16, 1));
  return static_cast<std::uint32_t>(std::bit_floor(std::min<std::uint64_t>(width, 1u << 31)));
}

Bucket bucket_of(WallTime ended, Duration retain) {
  const WallTime due = after(std::max(ended, WallTime{}), retain);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(due.time_since_epoch()).count();
  const auto at = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
  const std::uint64_t width = bucket_width_s(retain);
  const std::uint64_t bucket = (at + width - 1) / width * width;
  return static_cast<Bucket>(std::min<std::uint64_t>(bucket, 0xffffffffu));
}

std::string live_key(InvocationId id) { return id_key('L', id); }

std::string entry_key(InvocationId id, std::uint32_t index) {
  std::string key = start_key('J', id.partition(), kLiveKeyBytes + 4);
  put_id(key, id);
  Writer(key).be32(index);
  return key;
}

std::string input_key(InvocationId id) { return id_key('P', id); }

std::string finished_key(InvocationId id, Bucket bucket, Aux aux) {
  std::string key = bucket_key('F', id.partition(), bucket);
  key.push_back(static_cast<char>(aux));
  put_id(key, id);
  return key;
}

std::string result_key(InvocationId id, Bucket bucket) {
  std::string key = bucket_key('R', id.partition(), bucket);
  put_id(key, id);
  return key;
}

std::string idempotency_key(std::uint16_t partition, std::string_view record) {
  return start_key('I', partition, 3 + record.size()).append(record);
}

std::string state_key(std::uint16_t partition, const core::OrderKey& order, std::string_view name) {
  return order_key_prefix(partition, order).append(name);
}

std::string outbox_key(std::uint16_t partition, std::uint64_t seq) {
  std::string key = start_key('O', partition, 11);
  Writer(key).be64(seq);
  return key;
}

std::string epoch_key(std::uint16_t partition) { return start_key('E', partition, 3); }

std::string audit_key(WallTime at, std::uint64_t number) {
  std::string key = "A";
  Writer out(key);
  out.be64(static_cast<std::uint64_t>(to_us(at)));
  out.be64(number);
  return key;
}
KeyRange audit_keys() { return keys_with_prefix("A"); }
std::string meta_key(std::string_view name) { return std::string("M").append(name); }

std::string declaration_key(std::string_view operation) {
  return policy_prefix(operation).append(1, 'd');
}
std::string override_key(std::string_view operation) {
  return policy_prefix(operation).append(1, 'o');
}
std::string policy_history_key(std::string_view operation, std::uint64_t seq) {
  std::string key = policy_prefix(operation).append(1, 'h');
  Writer(key).be64(seq);
  return key;
}

KeyRange keys_with_prefix(std::string_view prefix) {
  std::string to(prefix);
  while (!to.empty() && to.back() == '\xff') to.pop_back();
  NT_ASSERT(!to.empty());
  to.back() = static_cast<char>(static_cast<unsigned char>(to.back()) + 1);
  return {std::string(prefix), std::move(to)};
}

KeyRange live_keys(std::uint16_t partition) {
  return keys_with_prefix(start_key('L', partition, 3));
}
KeyRange entry_keys(std::uint16_t partition) {
  return keys_with_prefix(start_key('J', partition, 3));
}
KeyRange entry_keys(InvocationId id) { return keys_with_prefix(id_key('J', id)); }
KeyRange finished_keys(std::uint16_t partition) {
  return keys_with_prefix(start_key('F', partition, 3));
}
KeyRange finished_keys(std::uint16_t partition, Bucket bucket) {
  return keys_with_prefix(bucket_key('F', partition, bucket));
}
KeyRange finished_keys(std::uint16_t partition, Bucket bucket, Aux aux) {
  return keys_with_prefix(bucket_key('F', partition, bucket).append(1, static_cast<char>(aux)));
}
KeyRange finished_keys_after(std::uint16_t partition, Bucket bucket) {
  return {finished_keys(partition, bucket).to, finished_keys(partition).to};
}
KeyRange result_keys(std::uint16_t partition, Bucket bucket) {
  return keys_with_prefix(bucket_key('R', partition, bucket));
}
KeyRange finished_keys_from(std::uint16_t partition, Bucket bucket) {
  return {finished_keys(partition, bucket).from, finished_keys(partition).to};
}
KeyRange result_keys_from(std::uint16_t partition, Bucket bucket) {
  return {result_keys(partition, bucket).from, result_keys(partition, kLastBucket).to};
}
KeyRange state_keys(std::uint16_t partition, const core::OrderKey& order) {
  return keys_with_prefix(order_key_prefix(partition, order));
}
KeyRange outbox_keys(std::uint16_t partition) {
  return keys_with_prefix(start_key('O', partition, 3));
}
KeyRange policy_keys() { return keys_with_prefix("C"); }
KeyRange policy_keys(std::string_view operation) {
  return keys_with_prefix(policy_prefix(operation));
}

}  // namespace nowthen::store
