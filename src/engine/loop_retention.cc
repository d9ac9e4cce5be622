// Retention: finished invocations lie in buckets by the time they may go, and go together.

#include <array>

#include "base/planted.h"
#include "engine/loop.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

constexpr std::size_t kAuxRowsPerTurn = 1'000;
constexpr Duration kBudgetToldEvery = std::chrono::hours(1);

}  // namespace

/// The last bucket that may go: its time has come, or there is no room for it any more.
store::Bucket Loop::last_due_bucket() {
  const auto now_s = std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count();
  auto due = static_cast<store::Bucket>(std::max<std::int64_t>(now_s, 1) - 1);
  if (seams_.disk_budget == 0) return due;
  std::uint64_t bytes = 0;
  store::Bucket oldest = store::kLastBucket;
  for (const auto& partition : partitions_) {
    if (partition->buckets.empty()) continue;
    const store::Bucket first = partition->buckets.begin()->first;
    const std::uint16_t number = partition->state.partition;
    oldest = std::min(oldest, first);
    const std::array ranges = {store::finished_keys_from(number, first),
                               store::result_keys_from(number, first)};
    for (const auto& [from, to] : ranges) bytes += seams_.store.bytes(from, to);
    for (const auto& [bucket, about] : partition->buckets) bytes += about.input_bytes;
  }
  if (bytes <= seams_.disk_budget) return due;
  if (budget_told_ <= now_) {
    budget_told_ = after(now_, kBudgetToldEvery);
    seams_.log({.level = LogLevel::warning,
                .message = "ended invocations take more than their part of disk_budget (" +
                           std::to_string(seams_.disk_budget) +
                           " bytes a loop): those whose time comes next go early"});
  }
  return std::max(due, oldest);
}

/// One bucket at a time, and a part of it a turn: what goes on meanwhile is held up by little.
bool Loop::drop_buckets() {
  if (dropping_) return false;
  const store::Bucket due = last_due_bucket();
  for (const auto& partition : partitions_) {
    if (partition->buckets.empty()) continue;
    const auto& [oldest, about] = *partition->buckets.begin();
    if (oldest > due) continue;
    partition->dropped = std::max(partition->dropped, oldest);
    if (about.written > committed_) continue;  // its last rows are not there yet
    if (!partition->drop_after) partition->drop_after = seams_.outbox->last();
    if (!seams_.outbox->gone_up_to(*partition->drop_after)) continue;
    drop_bucket(*partition, oldest);
    return true;
  }
  return false;
}

/// Rows beside the bucket (idempotency records, large inputs) are erased with the finished row that
/// names them, a part at a time; when none is left, the rest goes as a range.
void Loop::drop_bucket(Partition& partition, store::Bucket bucket) {
  dropping_ = true;
  const std::uint16_t number = partition.state.partition;
  store::Scan scan;
  auto range = store::finished_keys(number, bucket, store::Aux::rows);
  scan.from = std::max(range.from, partition.drop_from);  // what was erased may still be there
  scan.to = std::move(range.to);
  scan.rows_max = kAuxRowsPerTurn;
  seams_.store.scan(
      std::move(scan),
      on_loop<Result<store::Page>>([this, &partition, bucket](Result<store::Page> page) {
        if (!page) return fail(page.error());
        const std::uint16_t own = partition.state.partition;
        partition.dirty = open_->seq();
        dropping_ = false;
        next_upkeep_ = now_;  // the rest, or another bucket, with one of the next turns
        const std::string last_read = page->rows.empty() ? "" : page->rows.back().key;
        for (store::Row& row : page->rows) {
          const auto finished = store::decode_finished(row.key, row.value);
          if (!finished) return fail(finished.error());
          for (std::string& key : store::aux_keys(*finished))
            open_->erase(partition, std::move(key));
          open_->erase(partition, std::move(row.key));
        }
        if (page->more) {
          partition.drop_from = last_read + '\0';
          return;
        }
        partition.drop_from.clear();
        open_->erase(partition, store::finished_keys(own, bucket));
        open_->erase(partition, store::result_keys(own, bucket));
        partition.buckets.erase(bucket);
        partition.drop_after.reset();
        if (!planted(Bug::retention_drops_parent)) return;
        for (const auto& [id, live] : partition.state.live) {
          if (live.state == core::State::suspended) open_->erase(partition, store::live_key(id));
        }
      }));
}

}  // namespace nowthen::engine
