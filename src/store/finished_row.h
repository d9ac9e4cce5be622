#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/invocation.h"
#include "store/keys.h"

namespace nowthen::store {

/// What is kept of one journal entry after the end.
struct DigestEntry {
  std::string path;
  core::EntryKind kind = core::EntryKind::step;
  std::uint32_t done_seq = 0;
  std::uint32_t tries = 0;
  WallTime ended{};
  InvocationId child;
  ErrorCode code = ErrorCode::none;
  core::Bytes data;  ///< the first kDigestValueBytesMax bytes of `data_bytes`
  std::uint64_t data_bytes = 0;
  friend bool operator==(const DigestEntry&, const DigestEntry&) = default;
};

inline constexpr std::size_t kDigestValueBytesMax = 1024;
/// Of all entries of a digest together, encoded. Entries beyond it are counted only.
inline constexpr std::size_t kDigestBytesMax = 64u << 10;

/// An ended invocation, as status, search and repeated calls see it.
struct FinishedRow {
  InvocationId id;
  Bucket bucket{};
  std::string operation;
  std::uint32_t version = 1;
  Mode mode = Mode::auto_;
  core::OrderKey order;
  std::string idempotency_key;
  std::uint64_t fingerprint = 0;
  WallTime accepted{};
  WallTime ended{};
  core::State state = core::State::succeeded;
  std::string note;
  std::uint32_t attempt = 0;
  std::string cancel_note;
  std::string trace;
  std::string callback;  ///< a URL that is told of the end, by the invocation `told_by`
  InvocationId told_by;
  core::Outcome outcome;    ///< without its data when `result_row`
  bool result_row = false;  ///< the data is in the row result_key(id, bucket)
  core::Bytes input;
  bool input_row = false;           ///< the input is in the row input_key(id)
  std::uint32_t done = 0;           ///< journal entries, those beyond the digest included
  std::vector<DigestEntry> digest;  ///< the first ones, in order of done_seq
};

}  // namespace nowthen::store
