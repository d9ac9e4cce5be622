#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nowthen/id.h>

#include "base/time.h"
#include "core/invocation.h"

namespace nowthen::store {

// The keys of all rows. docs/formats/keys.md has their bytes. Keys compare as unsigned bytes; the
// first letter names the range, then comes the partition, big-endian as every number in a key.

/// When the finished rows of a range may be dropped together: Unix time in seconds.
enum class Bucket : std::uint32_t {};
/// Whether rows outside of the bucket belong to a finished row (its idempotency record, its input)
/// and must be erased one by one when the bucket goes.
enum class Aux : std::uint8_t { none, rows };

/// `from` <= key < `to`.
struct KeyRange {
  std::string from;
  std::string to;
};

/// The width of the buckets for a retention: 16 to 32 of them cover it. A power of two seconds, so
/// that buckets of near retentions fall together. Precondition: `retain` is not negative.
std::uint32_t bucket_width_s(Duration retain);
/// Where a row goes that must be kept for `retain` after `ended`. It is kept a sixteenth longer at
/// most, or a second. Times outside of 1970..2106 go to the nearest bucket.
Bucket bucket_of(WallTime ended, Duration retain);
inline constexpr auto kLastBucket = static_cast<Bucket>(UINT32_MAX);
/// The next one there may be. After the last comes the first.
constexpr Bucket bucket_after(Bucket bucket) {
  return static_cast<Bucket>(std::to_underlying(bucket) + 1);
}

// ---- the key of each row ----------------------------------------------------------------------

std::string live_key(InvocationId id);
/// Entry number `index` (from 0) of the journal of a live invocation.
std::string entry_key(InvocationId id, std::uint32_t index);
/// Input above kInlineBytesMax, of a live or a finished invocation.
std::string input_key(InvocationId id);
std::string finished_key(InvocationId id, Bucket bucket, Aux aux);
/// Result above kInlineBytesMax of a finished invocation.
std::string result_key(InvocationId id, Bucket bucket);
/// `record` as core::idempotency_record makes it.
std::string idempotency_key(std::uint16_t partition, std::string_view record);
std::string state_key(std::uint16_t partition, const core::OrderKey& order, std::string_view name);
std::string outbox_key(std::uint16_t partition, std::uint64_t seq);
/// Of the current owner of a partition. Written by the store alone.
std::string epoch_key(std::uint16_t partition);
/// Of a fact about the whole data folder, such as its number of partitions.
std::string meta_key(std::string_view name);
std::string declaration_key(std::string_view operation);
std::string override_key(std::string_view operation);
/// Change number `seq` of the policy of an operation.
std::string policy_history_key(std::string_view operation, std::uint64_t seq);
/// Of an entry of the audit; `number` tells those of one microsecond apart.
std::string audit_key(WallTime at, std::uint64_t number);

// ---- ranges ------------------------------------------------------------------------------------

/// Every key that begins with `prefix`. Precondition: it holds a byte other than 0xff.
KeyRange keys_with_prefix(std::string_view prefix);
KeyRange live_keys(std::uint16_t partition);
/// The journals of all live invocations of a partition.
KeyRange entry_keys(std::uint16_t partition);
KeyRange entry_keys(InvocationId id);
/// Oldest bucket first.
KeyRange finished_keys(std::uint16_t partition);
KeyRange finished_keys(std::uint16_t partition, Bucket bucket);
KeyRange finished_keys(std::uint16_t partition, Bucket bucket, Aux aux);
/// What lies in buckets after `bucket`: a scan of one row from there finds the next bucket.
KeyRange finished_keys_after(std::uint16_t partition, Bucket bucket);
KeyRange result_keys(std::uint16_t partition, Bucket bucket);
/// Of `bucket` and later ones.
KeyRange finished_keys_from(std::uint16_t partition, Bucket bucket);
KeyRange result_keys_from(std::uint16_t partition, Bucket bucket);
KeyRange state_keys(std::uint16_t partition, const core::OrderKey& order);
KeyRange outbox_keys(std::uint16_t partition);
/// Oldest first.
KeyRange audit_keys();
KeyRange policy_keys();
KeyRange policy_keys(std::string_view operation);

// ---- back ---------------------------------------------------------------------------------------

/// The invocation of a live, entry, input, finished or result key; none for other keys.
std::optional<InvocationId> invocation_of_key(std::string_view key);

struct EntryPlace {
  InvocationId id;
  std::uint32_t index = 0;
};
std::optional<EntryPlace> parse_entry_key(std::string_view key);

struct FinishedPlace {
  InvocationId id;
  Bucket bucket{};
  Aux aux = Aux::none;
};
std::optional<FinishedPlace> parse_finished_key(std::string_view key);

struct StatePlace {
  std::uint16_t partition = 0;
  core::OrderKey order;
  std::string name;
};
std::optional<StatePlace> parse_state_key(std::string_view key);
std::optional<std::uint64_t> parse_outbox_key(std::string_view key);

enum class PolicyRow : std::uint8_t { declaration, override_, history };
struct PolicyPlace {
  std::string operation;
  PolicyRow row = PolicyRow::declaration;
  std::uint64_t seq = 0;  ///< of the history
};
std::optional<PolicyPlace> parse_policy_key(std::string_view key);

std::optional<WallTime> parse_audit_key(std::string_view key);

/// For messages: "journal entry 3 of 01h...". Any bytes are described.
std::string describe_key(std::string_view key);

}  // namespace nowthen::store
