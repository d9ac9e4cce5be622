#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

namespace nowthen::store {

/// Fences owners of a partition: each claim raises it, and commits under an older one are refused.
enum class OwnerEpoch : std::uint64_t {};
/// Counts commits of a store, from 1, in the order in which they became durable.
enum class CommitSeq : std::uint64_t {};

template <class T>
using Completion = std::move_only_function<void(T)>;

/// One row: a key (compared as unsigned bytes) and its value, or none to erase it.
struct RowWrite {
  std::string key;
  std::optional<std::string> value;
};
/// Erases every row with `from` <= key < `to`.
struct RangeErase {
  std::string from;
  std::string to;
};
struct PartitionWrites {
  std::uint16_t partition = 0;
  OwnerEpoch epoch{};
  std::vector<RangeErase> ranges;  ///< applied before `rows`
  std::vector<RowWrite> rows;      ///< later writes of a key win
};
/// What one loop changed in one turn: written as one, or not at all.
struct Turn {
  std::vector<PartitionWrites> partitions;
};

struct Scan {
  std::string from;  ///< inclusive
  std::string to;    ///< exclusive
  std::size_t rows_max = 1'000;
  std::size_t bytes_max = 4u << 20;  ///< stops after the row that passes it
  bool newest_first = false;         ///< from the end towards the start
};
struct Row {
  std::string key;
  std::string value;
};
struct Page {
  std::vector<Row> rows;
  bool more = false;  ///< limits stopped it before the range ended
};

/// A keyed, ordered, atomic store. The seam behind which the engine keeps its rows.
///
/// Completions are called exactly once, inline or later, on any thread; they must not block.
/// Every call may come from several threads at once; calls of one caller that are not
/// concurrent take effect in order. Errors: `store_failed` (a write or fsync failed: final, every
/// later call fails so too), `corruption` (names the row), `lease_lost` (an old epoch).
class Store {
 public:
  virtual ~Store() = default;

  /// Becomes the owner of a partition, durably. Older owners' commits are refused from now on.
  virtual Result<OwnerEpoch> claim(std::uint16_t partition) = 0;

  /// Makes all row changes of `turn` durable, or none. Non-empty. On `lease_lost` nothing was
  /// written for any partition. One commit per loop in flight at most.
  virtual void commit(Turn turn, Completion<Result<CommitSeq>> done) = 0;

  /// Returns once every commit that may complete by itself has completed. Nobody commits meanwhile.
  virtual void settle() {}

  /// Values of the keys, in their order; none where there is no row. Sees what is committed.
  virtual void read(std::vector<std::string> keys,
                    Completion<Result<std::vector<std::optional<std::string>>>> done) = 0;

  /// Rows of a range, in key order (or the reverse).
  virtual void scan(Scan scan, Completion<Result<Page>> done) = 0;

  /// Copies all that is committed into a new folder, which then is one of this store, while commits
  /// go on. Blocks for long. `already_exists`; `invalid_state` where a backend keeps no folder.
  virtual Result<void> back_up(const std::string&) {
    return Error{ErrorCode::invalid_state, "what is kept in memory cannot be backed up"};
  }

  /// About how much room the rows `from` <= key < `to` take, in bytes. What was erased may count
  /// until it is gone for good. 0 where a backend does not know.
  virtual std::uint64_t bytes(std::string_view, std::string_view) const { return 0; }
};

}  // namespace nowthen::store
