#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

#include "core/effect.h"
#include "core/partition_state.h"
#include "store/finished_row.h"
#include "store/keys.h"
#include "store/store.h"

namespace nowthen::store {

// Rows to and from the types of core. docs/formats/rows.md has the bytes.
//
// Every value is a version byte, a payload and a CRC-32C of key, version and payload: a row that
// was torn, changed or put at another key is found out. All decoders return `corruption` for such
// a row and `newer_version` for an intact one of a later version; the message names kind and id.
// Encoders never fail: limits are checked before a command is applied. All are thread-safe.

/// Inputs and results up to this size stay in the header or finished row.
inline constexpr std::size_t kInlineBytesMax = 1024;

/// The live header with open entries (those with core::is_stored), buffered signals and a small
/// input. A larger input must be written once with `encode_input`.
RowWrite encode_header(const core::Invocation& invocation);
/// Comes back with `stored` set, `done` empty and `last_seq` that of the cancel: the journal rows
/// are to be added. With `input_row`, the input is to be fetched from input_key(id).
Result<std::unique_ptr<core::Invocation>> decode_header(std::string_view key,
                                                        std::string_view value);

RowWrite encode_input(InvocationId id, std::string_view input);
Result<core::Bytes> decode_input(std::string_view key, std::string_view value);

/// Entry number `index` of `done`.
RowWrite encode_entry(InvocationId id, std::uint32_t index, const core::Entry& entry);
Result<core::Entry> decode_entry(std::string_view key, std::string_view value);

/// Appends the finished row of an ended invocation, and the row of its result if that is large.
/// Its live rows are erased by the caller; the input row stays until the bucket goes.
void encode_finished(const core::Invocation& invocation, Bucket bucket,
                     std::vector<RowWrite>& rows);
Result<FinishedRow> decode_finished(std::string_view key, std::string_view value);
Result<core::Bytes> decode_result(std::string_view key, std::string_view value);
/// What must be erased beside a finished row with Aux::rows when its bucket is dropped.
std::vector<std::string> aux_keys(const FinishedRow& row);

RowWrite encode_idempotency(std::uint16_t partition, std::string_view record,
                            const core::IdempotencyRecord& value);
Result<core::IdempotencyRecord> decode_idempotency(std::string_view key, std::string_view value);

RowWrite encode_state(std::uint16_t partition, const core::OrderKey& order, std::string_view name,
                      std::string_view bytes);
Result<core::Bytes> decode_state(std::string_view key, std::string_view value);

/// A message in the outbox of `partition`, its sender. The waiter in it is not stored.
/// A decoded Invoke is `redelivered`: it may have arrived before.
RowWrite encode_message(std::uint16_t partition, std::uint64_t seq, const core::Message& message);
Result<core::Message> decode_message(std::string_view key, std::string_view value);

RowWrite encode_epoch(std::uint16_t partition, OwnerEpoch epoch);
Result<OwnerEpoch> decode_epoch(std::string_view key, std::string_view value);

/// Rows whose payload is the caller's: policy rows, facts about the data folder.
RowWrite encode_opaque(std::string key, std::string_view payload);
Result<core::Bytes> decode_opaque(std::string_view key, std::string_view value);

}  // namespace nowthen::store
