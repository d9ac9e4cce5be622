// Retention: finished invocations lie in buckets by the time they may go, and go together.

#include <array>

#include "base/planted.h"
#include "engine/loop.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

constexpr std::size_t kAuxRowsPerTurn = 1'000;

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
                               store::result_keys_from(number, first), store::input_keys(number)};
    for (const auto& [from, to] : ranges) bytes += seams_.store.bytes(from, to);
  }
  const bool over = bytes > seams_.disk_budget;
  if (over && !std::exchange(over_budget_, over)) {
    seams_.log("ended invocations take more than their part of disk_budget (" +
               std::to_string(seams_.disk_budget) +
               " bytes a loop): those whose time comes next go early");
  }
  over_budget_ = over;
  return over ? std::max(due, oldest) : due;
}

bool Loop::drop_buckets() {
  const store::Bucket due = last_due_bucket();
  bool worked = false;
  for (const auto& partition : partitions_) {
    if (partition->buckets.empty() || partition->dropping) continue;
    const auto [oldest, written] = *partition->buckets.begin();
    if (oldest > due) continue;
    partition->dropped = std::max(partition->dropped, oldest);
    if (written > committed_) continue;  // its last rows are not there yet
    if (!partition->drop_after) partition->drop_after = seams_.outbox->last();
    if (!seams_.outbox->gone_up_to(*partition->drop_after)) continue;
    partition->dropping = true;
    drop_bucket(*partition, oldest);
    worked = true;
  }
  return worked;
}

/// Rows beside the bucket (idempotency records, large inputs) are erased with the finished row that
/// names them, a part at a time; when none is left, the rest goes as a range.
void Loop::drop_bucket(Partition& partition, store::Bucket bucket) {
  const std::uint16_t number = partition.state.partition;
  store::Scan scan;
  auto range = store::finished_keys(number, bucket, store::Aux::rows);
  scan.from = std::move(range.from);
  scan.to = std::move(range.to);
  scan.rows_max = kAuxRowsPerTurn;
  seams_.store.scan(
      std::move(scan),
      on_loop<Result<store::Page>>([this, &partition, bucket](Result<store::Page> page) {
        if (!page) return fail(page.error());
        const std::uint16_t own = partition.state.partition;
        partition.dirty = open_->seq();
        partition.dropping = false;
        for (store::Row& row : page->rows) {
          const auto finished = store::decode_finished(row.key, row.value);
          if (!finished) return fail(finished.error());
          for (std::string& key : store::aux_keys(*finished))
            open_->erase(partition, std::move(key));
          open_->erase(partition, std::move(row.key));
        }
        if (page->more) {
          next_upkeep_ = now_;  // the rest with one of the next turns
          return;
        }
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
