// Start: what is live is loaded from its rows, and what the last process held begins again.

#include <future>

#include "engine/live_rows.h"
#include "engine/loop.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

/// Waits for a completion that may come from another thread. Only at start, when nothing runs.
template <class T, class Call>
T wait_for(Call call) {
  std::promise<T> promise;
  auto future = promise.get_future();
  call([&promise](T value) { promise.set_value(std::move(value)); });
  return future.get();
}

Result<void> scan_all(store::Store& store, store::KeyRange range,
                      const std::function<Result<void>(const store::Row&)>& each) {
  while (true) {
    store::Scan scan;
    scan.from = range.from;
    scan.to = range.to;
    scan.rows_max = 10'000;
    auto page = wait_for<Result<store::Page>>([&](store::Completion<Result<store::Page>> done) {
      store.scan(std::move(scan), std::move(done));
    });
    if (!page) return page.error();
    for (const store::Row& row : page->rows) {
      if (auto done = each(row); !done) return done;
    }
    if (!page->more) return {};
    range.from = page->rows.back().key + '\0';
  }
}

}  // namespace

Result<void> Loop::recover(const std::vector<InvocationId>& suspects) {
  now_ = std::max(now_, seams_.clock.now());
  for (const auto& partition : partitions_) {
    if (auto done = recover_partition(*partition); !done) return done;
  }
  for (const auto& partition : partitions_) {
    process({partition->state.partition, core::Recover{suspects}, std::nullopt});
  }
  for (const auto& [code, count] : without_code_) {
    seams_.log({.level = LogLevel::warning,
                .message = std::to_string(count) + " live invocations of version " +
                           std::to_string(code.second) +
                           " have no code here: each is parked when it would run",
                .operation = code.first});
  }
  without_code_.clear();
  for (const InvocationId id : std::exchange(code_is_back_, {}))
    process({id.partition(), core::Resume{id, core::WaiterId::none}, std::nullopt});
  if (parked_ > 0)
    seams_.log(
        {.level = LogLevel::warning,
         .message = std::to_string(parked_) + " live invocations are parked: each needs a person"});
  return {};
}

/// Counts what a person should know of, and what had no code before and has it now.
void Loop::note_found(const Partition& partition, const core::Invocation& invocation) {
  const auto& operations = partition.state.operations;
  const auto op = operations.find(invocation.operation);
  const bool here = op != operations.end() && op->second->runs(invocation.version);
  if (!here) ++without_code_[{invocation.operation, invocation.version}];
  if (invocation.state != core::State::parked) return;
  if (here && invocation.park_reason == core::ParkReason::no_executor) {
    code_is_back_.push_back(invocation.id);
  } else {
    ++parked_;
  }
}

Result<void> Loop::recover_partition(Partition& partition) {
  store::Store& store = seams_.store;
  const std::uint16_t number = partition.state.partition;
  auto epoch = store.claim(number);
  if (!epoch) return epoch.error();
  partition.epoch = *epoch;

  auto done = scan_all(store, store::live_keys(number), [&](const store::Row& row) -> Result<void> {
    auto header = store::decode_header(row.key, row.value);
    if (!header) return header.error();
    (*header)->header_row = true;
    note_found(partition, **header);
    if ((*header)->state != core::State::running) {
      partition.state.enter(std::move(*header));
      return {};
    }
    using Loaded = Result<std::unique_ptr<core::Invocation>>;
    auto whole = wait_for<Loaded>([&](store::Completion<Loaded> loaded) {
      read_live(store, (*header)->id, std::move(loaded));
    });
    if (!whole) return whole.error();
    partition.state.enter(std::move(*whole));
    return {};
  });
  if (!done) return done;

  for (store::KeyRange range = store::finished_keys(number);;) {
    store::Scan scan;
    scan.from = range.from;
    scan.to = range.to;
    scan.rows_max = 1;
    auto page = wait_for<Result<store::Page>>([&](store::Completion<Result<store::Page>> next) {
      store.scan(std::move(scan), std::move(next));
    });
    if (!page) return page.error();
    if (page->rows.empty()) break;
    const auto place = store::parse_finished_key(page->rows.front().key);
    if (!place)
      return Error{ErrorCode::corruption,
                   "a key in the range of finished invocations "
                   "cannot be read"};
    partition.buckets.emplace(place->bucket, EndedBucket{});
    range = store::finished_keys_after(number, place->bucket);
  }

  return scan_all(store, store::outbox_keys(number), [&](const store::Row& row) -> Result<void> {
    auto message = store::decode_message(row.key, row.value);
    if (!message) return message.error();
    const std::uint64_t seq = store::parse_outbox_key(row.key).value_or(0);
    partition.last_outbox = std::max(partition.last_outbox, seq);
    if (auto* call = std::get_if<core::Invoke>(&message->body)) call->redelivered = true;
    deliver({number, seq, seams_.outbox->add()}, std::move(*message));
    return {};
  });
}

}  // namespace nowthen::engine
