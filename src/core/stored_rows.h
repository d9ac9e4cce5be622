#pragma once

// For tests: the rows of one partition as a store would hold them, kept as values.

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "core/effect.h"
#include "core/partition_state.h"

namespace nowthen::core {

class StoredRows {
 public:
  /// Writes what one command changed. What is live is written as it is now.
  void write(PartitionState& state, const std::vector<RowChange>& changes) {
    std::set<InvocationId> headers;
    std::set<InvocationId> entries;
    for (const RowChange& change : changes) {
      if (const auto* header = std::get_if<HeaderChanged>(&change)) {
        headers.insert(header->id);
        entries.insert(header->id);
      } else if (const auto* entry = std::get_if<EntryAdded>(&change)) {
        entries.insert(entry->id);
      } else if (const auto* ended = std::get_if<Ended>(&change)) {
        end(*ended);
      } else if (const auto* erased = std::get_if<JournalErased>(&change)) {
        EXPECT_EQ(journals_[erased->id].size(), erased->rows);
        journals_.erase(erased->id);
      } else if (const auto* taken = std::get_if<IdempotencyKeyTaken>(&change)) {
        keys_[taken->record] = {taken->id, taken->fingerprint};
      } else if (const auto* value = std::get_if<StateChanged>(&change)) {
        EXPECT_FALSE(value->order.empty());
        values_[{value->order, value->name}] = value->value;
      }
    }
    for (const InvocationId id : headers) write_header(state, id);
    for (const InvocationId id : entries) write_entries(state, id);
  }

  /// Gives `state` the row that it asked for.
  void fetch(PartitionState& state, const Missing& missing) const {
    if (const auto* needs = std::get_if<NeedsInvocation>(&missing)) {
      if (state.find(needs->id) != nullptr) {
        state.reload(read(needs->id));
      } else {
        const auto found = finished_.find(needs->id);
        const Finished absent{.state = {}, .outcome = {}, .done = 0, .absent = true};
        state.fetched_finished[needs->id] = found == finished_.end() ? absent : found->second;
      }
    } else if (const auto* record = std::get_if<NeedsIdempotencyKey>(&missing)) {
      const auto found = keys_.find(record->record);
      auto& slot = state.fetched_keys[record->record];
      if (found != keys_.end()) slot = found->second;
    } else {
      const auto& needed = std::get<NeedsState>(missing);
      const auto found = values_.find({needed.order, needed.name});
      auto& slot = state.fetched_state[{needed.order, needed.name}];
      if (found != values_.end()) slot = found->second;
    }
  }

  std::vector<InvocationId> live_ids() const {
    std::vector<InvocationId> ids;
    for (const auto& [id, header] : headers_) ids.push_back(id);
    return ids;
  }
  bool has(InvocationId id) const { return headers_.contains(id); }
  /// A live invocation as its rows have it.
  std::unique_ptr<Invocation> read(InvocationId id) const {
    auto invocation = std::make_unique<Invocation>(headers_.at(id));
    Invocation& inv = *invocation;
    const auto journal = journals_.find(id);
    if (journal != journals_.end()) inv.done = journal->second;
    inv.last_seq = inv.cancel_seq;
    for (const Entry& entry : inv.done) {
      std::erase_if(inv.open, [&](const Entry& open) { return open.path == entry.path; });
      inv.last_seq = std::max(inv.last_seq, entry.done_seq);
      inv.journal_bytes += entry.path.size() + entry.outcome.data.size();
    }
    inv.rows = static_cast<std::uint32_t>(inv.done.size());
    return invocation;
  }
  const Finished* finished(InvocationId id) const {
    const auto found = finished_.find(id);
    return found == finished_.end() ? nullptr : &found->second;
  }
  Duration retain(InvocationId id) const { return retain_.at(id); }
  /// Retention removes a finished invocation. Its idempotency record may go a little later.
  void purge(InvocationId id) { finished_.erase(id); }
  std::optional<Bytes> value(const OrderKey& order, const std::string& name) const {
    const auto found = values_.find({order, name});
    return found == values_.end() ? std::nullopt : found->second;
  }

 private:
  static const Invocation* stored(PartitionState& state, InvocationId id) {
    const Live* live = state.find(id);
    if (live == nullptr) return nullptr;  // ended by the same command
    EXPECT_TRUE(live->loaded && live->loaded->stored);
    return live->loaded.get();
  }
  void write_header(PartitionState& state, InvocationId id) {
    const Invocation* from = stored(state, id);
    if (from == nullptr) return;
    Invocation header;
    static_cast<Header&>(header) = *from;
    header.state = stored_state(*from);
    header.input = from->input;
    header.signals = from->signals;
    for (const Entry& entry : from->open) {
      if (!is_stored(entry)) continue;
      header.open.push_back(entry);
      if (entry.stage == Stage::running) header.open.back().due = kAtOnce;
      header.open.back().stage = Stage::left;
    }
    header.stored = true;
    headers_.insert_or_assign(id, std::move(header));
  }
  void write_entries(PartitionState& state, InvocationId id) {
    if (stored(state, id) == nullptr) return;
    Invocation& from = *state.find(id)->loaded;
    std::vector<Entry>& journal = journals_[id];
    EXPECT_EQ(journal.size(), from.rows);
    for (; from.rows < from.done.size(); ++from.rows) journal.push_back(from.done[from.rows]);
  }
  void end(const Ended& ended) {
    const Invocation& inv = *ended.invocation;
    headers_.erase(inv.id);
    journals_.erase(inv.id);
    EXPECT_FALSE(finished_.contains(inv.id));
    finished_[inv.id] = {.state = inv.state, .outcome = inv.outcome, .done = inv.last_seq};
    retain_[inv.id] = ended.retain;
  }

  std::map<InvocationId, Invocation> headers_;
  std::map<InvocationId, std::vector<Entry>> journals_;
  std::map<InvocationId, Finished> finished_;
  std::map<InvocationId, Duration> retain_;
  std::map<std::string, IdempotencyRecord> keys_;
  std::map<std::pair<OrderKey, std::string>, std::optional<Bytes>> values_;
};

}  // namespace nowthen::core
