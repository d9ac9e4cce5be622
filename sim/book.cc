#include "sim/book.h"

#include <algorithm>

#include "store/codec.h"

namespace nowthen::sim {
namespace {

std::string describe(const core::Message& message) {
  std::string text = "message to partition " + std::to_string(message.partition) + ": ";
  if (const auto* call = std::get_if<core::Invoke>(&message.body)) {
    return text + (call->sent ? "send " : "call ") + call->operation + " as " + to_string(call->id);
  }
  if (const auto* cancel = std::get_if<core::Cancel>(&message.body)) {
    return text + "cancel " + to_string(cancel->id);
  }
  const auto& ended = std::get<core::ChildEnded>(message.body);
  return text + "end of " + to_string(ended.parent.call) + " for " + to_string(ended.parent.id);
}

}  // namespace

CommitSeen Book::apply(const store::Turn& turn, unsigned life, WallTime wall) {
  CommitSeen seen;
  seen.life = life;
  seen.wall = wall;
  before_.clear();
  erased_journals_.clear();
  for (const store::PartitionWrites& writes : turn.partitions) {
    for (const store::RangeErase& range : writes.ranges) erase_range(range, seen);
    for (const store::RowWrite& row : writes.rows) {
      if (row.value) {
        put(row.key, *row.value, seen);
      } else {
        erase(row.key, seen);
      }
    }
  }
  finish(seen);
  return seen;
}

void Book::put(const std::string& key, const std::string& value, CommitSeen& seen) {
  switch (key.front()) {
    case 'L':
      return put_header(key, value, seen);
    case 'J':
      return put_entry(key, value, seen);
    case 'F':
      return put_finished(key, value, seen);
    case 'P':
      inputs_.insert(key);
      return;
    case 'O': {
      const auto message = store::decode_message(key, value);
      if (!message) return seen.wrong.push_back(message.error().message);
      outbox_[key] = describe(*message);
      return;
    }
    case 'R': {
      const auto result = store::decode_result(key, value);
      if (!result) return seen.wrong.push_back(result.error().message);
      results_[key] = *result;
      return;
    }
    case 'I': {
      const auto record = store::decode_idempotency(key, value);
      if (!record) return seen.wrong.push_back(record.error().message);
      records_[key] = *record;
      seen.records.push_back(key);
      return;
    }
    case 'K': {
      const auto bytes = store::decode_state(key, value);
      const auto place = store::parse_state_key(key);
      if (!bytes || !place) return seen.wrong.push_back("per-key state cannot be read");
      state_[{place->order, place->name}] = *bytes;
      return;
    }
    default:
      return;  // policies
  }
}

void Book::erase(const std::string& key, CommitSeen& seen) {
  const auto id = store::invocation_of_key(key);
  switch (key.front()) {
    case 'L':
      if (const auto live = live_.find(*id); live != live_.end()) {
        before_.emplace(*id, live->second);
        live_.erase(live);
      }
      return;
    case 'J': {
      const auto place = store::parse_entry_key(key);
      erased_journals_.push_back(place->id);
      const auto journal = journals_.find(place->id);
      if (journal == journals_.end()) return;
      journal->second.erase(place->index);
      if (journal->second.empty()) journals_.erase(journal);
      return;
    }
    case 'F':
      return purge(key, seen);
    case 'R':
      results_.erase(key);
      return;
    case 'P':
      inputs_.erase(key);
      return;
    case 'O':
      outbox_.erase(key);
      return;
    case 'I':
      records_.erase(key);
      seen.records.push_back(key);
      return;
    case 'K':
      if (const auto place = store::parse_state_key(key)) state_.erase({place->order, place->name});
      return;
    default:
      return;
  }
}

void Book::erase_range(const store::RangeErase& range, CommitSeen& seen) {
  const auto keys_in = [&range](const auto& rows) {
    std::vector<std::string> keys;
    const auto end = rows.lower_bound(range.to);
    for (auto row = rows.lower_bound(range.from); row != end; ++row) {
      if constexpr (requires { row->first; }) {
        keys.push_back(row->first);
      } else {
        keys.push_back(*row);
      }
    }
    return keys;
  };
  std::vector<std::string> keys = keys_in(finished_);
  for (const auto& each :
       {keys_in(results_), keys_in(records_), keys_in(inputs_), keys_in(outbox_)}) {
    keys.insert(keys.end(), each.begin(), each.end());
  }
  for (const auto& [id, header] : live_) {
    if (std::string key = store::live_key(id); range.from <= key && key < range.to) {
      keys.push_back(std::move(key));
    }
  }
  for (const std::string& key : keys) erase(key, seen);
}

void Book::put_header(const std::string& key, const std::string& value, CommitSeen& seen) {
  auto header = store::decode_header(key, value);
  if (!header) return seen.wrong.push_back(header.error().message);
  const InvocationId id = (*header)->id;
  std::shared_ptr<const core::Invocation>& slot = live_[id];
  before_.emplace(id, slot);
  slot = std::move(*header);
}

void Book::put_entry(const std::string& key, const std::string& value, CommitSeen& seen) {
  auto entry = store::decode_entry(key, value);
  if (!entry) return seen.wrong.push_back(entry.error().message);
  const auto place = store::parse_entry_key(key);
  auto& journal = journals_[place->id];
  if (const auto old = journal.find(place->index); old != journal.end()) {
    seen.wrong.push_back(store::describe_key(key) + " was '" + old->second.path +
                         "' and is written again");
  }
  for (const auto& [index, other] : journal) {
    if (other.path == entry->path) {
      seen.wrong.push_back("'" + entry->path + "' is recorded twice in the journal of " +
                           to_string(place->id));
    }
  }
  journal[place->index] = *entry;
  seen.entries.push_back({place->id, place->index, std::move(*entry), nullptr});
}

void Book::put_finished(const std::string& key, const std::string& value, CommitSeen& seen) {
  auto row = store::decode_finished(key, value);
  if (!row) return seen.wrong.push_back(row.error().message);
  if (endings_.contains(row->id)) {
    seen.wrong.push_back(to_string(row->id) + " ended a second time");
  }
  finished_[key] = row->id;
  seen.ended.push_back(std::move(*row));
}

void Book::purge(const std::string& key, CommitSeen& seen) {
  const auto row = finished_.find(key);
  if (row == finished_.end()) return;
  const auto place = store::parse_finished_key(key);
  endings_[row->second].purged = true;
  seen.purged.emplace_back(row->second, place->bucket);
  finished_.erase(row);
}

void Book::finish(CommitSeen& seen) {
  for (store::FinishedRow& row : seen.ended) {
    if (row.result_row) {
      const auto result = results_.find(store::result_key(row.id, row.bucket));
      if (result == results_.end()) {
        seen.wrong.push_back("the result row of " + to_string(row.id) + " is missing");
      } else {
        row.outcome.data = result->second;
      }
    }
    endings_[row.id] = {row.state, row.outcome, row.ended, row.order, false};
  }
  for (const auto& [id, before] : before_) {
    const auto now = live_.find(id);
    seen.headers.push_back({before, now == live_.end() ? nullptr : now->second});
  }
  for (CommitSeen::Entry& entry : seen.entries) {
    if (const auto before = before_.find(entry.id); before != before_.end()) {
      entry.header_before = before->second;
    } else if (const auto same = live_.find(entry.id); same != live_.end()) {
      entry.header_before = same->second;
    }
  }
  std::ranges::sort(erased_journals_);
  const auto repeated = std::ranges::unique(erased_journals_);
  erased_journals_.erase(repeated.begin(), repeated.end());
  for (const InvocationId id : erased_journals_) {
    if (live_.contains(id)) seen.restarted.push_back(id);
  }
}

const core::Invocation* Book::header(InvocationId id) const {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second.get();
}

const std::map<std::uint32_t, core::Entry>* Book::journal(InvocationId id) const {
  const auto found = journals_.find(id);
  return found == journals_.end() ? nullptr : &found->second;
}

const core::Entry* Book::entry(InvocationId id, std::string_view path) const {
  const auto found = journals_.find(id);
  if (found == journals_.end()) return nullptr;
  for (const auto& [index, entry] : found->second) {
    if (entry.path == path) return &entry;
  }
  return nullptr;
}

const Ending* Book::ending(InvocationId id) const {
  const auto found = endings_.find(id);
  return found == endings_.end() ? nullptr : &found->second;
}

const core::IdempotencyRecord* Book::record(const std::string& record) const {
  const auto found = records_.find(record);
  return found == records_.end() ? nullptr : &found->second;
}

std::size_t Book::kept_rows() const {
  return live_.size() + journals_.size() + finished_.size() + results_.size() + records_.size() +
         outbox_.size() + inputs_.size();
}

}  // namespace nowthen::sim
