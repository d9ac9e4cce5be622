#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/invocation.h"
#include "core/partition_state.h"
#include "store/finished_row.h"
#include "store/store.h"

namespace nowthen::sim {

/// How an invocation ended: what every reader must be told.
struct Ending {
  core::State state = core::State::succeeded;
  core::Outcome outcome;
  WallTime ended{};
  core::OrderKey order;
  bool purged = false;
};

/// What one commit changed, in the words of the core.
struct CommitSeen {
  struct Header {
    std::shared_ptr<const core::Invocation> before;  ///< null: new
    std::shared_ptr<const core::Invocation> after;   ///< null: erased
  };
  struct Entry {
    InvocationId id;
    std::uint32_t index = 0;
    core::Entry entry;
    std::shared_ptr<const core::Invocation> header_before;
  };
  unsigned life = 0;
  WallTime wall{};  ///< the latest that any clock has shown
  std::vector<Header> headers;
  std::vector<Entry> entries;
  std::vector<InvocationId> restarted;  ///< journals erased, the invocation lives on
  std::vector<store::FinishedRow> ended;
  std::vector<std::pair<InvocationId, store::Bucket>> purged;
  std::vector<std::string> records;  ///< idempotency records written or erased
  std::vector<std::string> wrong;    ///< what a row alone shows to be wrong
};

/// The rows of the store as the outside sees them: decoded at every commit, kept beside the store.
/// Checkers compare it with what the engine says and does.
class Book {
 public:
  CommitSeen apply(const store::Turn& turn, unsigned life, WallTime wall);

  bool is_live(InvocationId id) const { return live_.contains(id); }
  /// It was stored once, whatever became of it.
  bool was_stored(InvocationId id) const { return live_.contains(id) || endings_.contains(id); }
  const core::Invocation* header(InvocationId id) const;
  const std::map<std::uint32_t, core::Entry>* journal(InvocationId id) const;
  const core::Entry* entry(InvocationId id, std::string_view path) const;
  const Ending* ending(InvocationId id) const;
  const core::IdempotencyRecord* record(const std::string& record) const;

  using Live = std::map<InvocationId, std::shared_ptr<const core::Invocation>>;
  const Live& live() const { return live_; }
  const std::map<InvocationId, Ending>& endings() const { return endings_; }
  const std::map<std::pair<core::OrderKey, std::string>, std::string>& state() const {
    return state_;
  }
  /// Messages on their way, by key: what they are.
  const std::map<std::string, std::string>& outbox() const { return outbox_; }
  std::size_t kept_rows() const;

 private:
  void put(const std::string& key, const std::string& value, CommitSeen& seen);
  void erase(const std::string& key, CommitSeen& seen);
  void erase_range(const store::RangeErase& range, CommitSeen& seen);
  void put_header(const std::string& key, const std::string& value, CommitSeen& seen);
  void put_entry(const std::string& key, const std::string& value, CommitSeen& seen);
  void put_finished(const std::string& key, const std::string& value, CommitSeen& seen);
  void purge(const std::string& key, CommitSeen& seen);
  void finish(CommitSeen& seen);

  Live live_;
  Live before_;  ///< of this commit: as it was, null for new ones
  std::map<InvocationId, std::map<std::uint32_t, core::Entry>> journals_;
  std::map<std::string, InvocationId> finished_;  ///< by key
  std::map<std::string, std::string> results_;    ///< large results, by key
  std::map<InvocationId, Ending> endings_;
  std::map<std::string, core::IdempotencyRecord> records_;  ///< by key
  std::map<std::pair<core::OrderKey, std::string>, std::string> state_;
  std::map<std::string, std::string> outbox_;
  std::set<std::string> inputs_;
  std::vector<InvocationId> erased_journals_;  ///< of this commit
};

}  // namespace nowthen::sim
