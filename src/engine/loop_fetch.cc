// Rows that `apply` asked for: from what this loop has not committed yet, else from the store.
// While a fetch of a partition is under way its commands wait, in order; with a store that
// completes inline that is never seen.

#include "base/assert.h"
#include "engine/live_rows.h"
#include "engine/loop.h"
#include "engine/overloaded.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

core::Finished absent() { return {.state = {}, .outcome = {}, .done = 0, .absent = true}; }

}  // namespace

void Loop::fetch(Partition& partition, const core::Missing& missing, Incoming incoming) {
  NT_ASSERT(!partition.fetching);
  partition.fetching = true;
  if (const auto* needs = std::get_if<core::NeedsInvocation>(&missing))
    incoming.fetched = needs->id;
  partition.waiting.push_front(std::move(incoming));
  std::visit(
      Overloaded{[&](const core::NeedsInvocation& needs) { fetch_invocation(partition, needs.id); },
                 [&](const core::NeedsIdempotencyKey& needs) { fetch_key(partition, needs); },
                 [&](const core::NeedsState& needs) { fetch_state(partition, needs); }},
      missing);
}

void Loop::fetched(Partition& partition, const Result<void>& result) {
  if (!result) {
    fail(result.error());
    return;
  }
  partition.fetching = false;
  // The first was asked for; those behind it came in the meantime. A new fetch stops the drain.
  while (!partition.waiting.empty() && !partition.fetching) {
    Incoming next = std::move(partition.waiting.front());
    partition.waiting.pop_front();
    process(std::move(next));
  }
}

void Loop::fetch_key(Partition& partition, const core::NeedsIdempotencyKey& needs) {
  find_key(partition, needs.record,
           [this, &partition, record = needs.record](Result<KeyFound> found) {
             if (!found) return fetched(partition, found.error());
             partition.state.fetched_keys[record] = *found;
             fetched(partition, {});
           });
}

void Loop::find_key(Partition& partition, const std::string& record,
                    std::move_only_function<void(Result<KeyFound>)> then) {
  for (const Turn* turn : {open_.get(), in_flight_.get()}) {
    if (turn == nullptr) continue;
    if (auto own = turn->idempotency(record)) return then(KeyFound(*own));
  }
  std::string key = store::idempotency_key(partition.state.partition, record);
  read_one(std::move(key), [then = std::move(then)](std::string_view row,
                                                    std::optional<std::string> value) mutable {
    if (!value) return then(KeyFound());
    auto decoded = store::decode_idempotency(row, *value);
    if (!decoded) return then(decoded.error());
    then(KeyFound(*decoded));
  });
}

void Loop::fetch_state(Partition& partition, const core::NeedsState& needs) {
  auto& into = partition.state.fetched_state;
  for (const Turn* turn : {open_.get(), in_flight_.get()}) {
    if (turn == nullptr) continue;
    if (const auto own = turn->state(needs.order, needs.name)) {
      into[{needs.order, needs.name}] = *own;
      return fetched(partition, {});
    }
  }
  std::string key = store::state_key(partition.state.partition, needs.order, needs.name);
  read_one(std::move(key), [this, &partition, needs](std::string_view row,
                                                     std::optional<std::string> value) {
    std::optional<core::Bytes>& slot = partition.state.fetched_state[{needs.order, needs.name}];
    if (value) {
      auto decoded = store::decode_state(row, *value);
      if (!decoded) return fetched(partition, decoded.error());
      slot = std::move(*decoded);
    }
    fetched(partition, {});
  });
}

void Loop::fetch_invocation(Partition& partition, InvocationId id) {
  if (partition.state.find(id) != nullptr) {
    read_live_rows(id, [this, &partition](Result<std::unique_ptr<core::Invocation>> loaded) {
      if (!loaded) return fetched(partition, loaded.error());
      if ((*loaded)->state != partition.state.find((*loaded)->id)->state) {
        return fetched(partition, Error{ErrorCode::lease_lost,
                                        to_string((*loaded)->id) +
                                            " was changed by another engine that owns it now"});
      }
      partition.state.reload(std::move(*loaded));
      fetched(partition, {});
    });
    return;
  }
  for (const Turn* turn : {open_.get(), in_flight_.get()}) {
    if (turn == nullptr) continue;
    if (const core::Finished* own = turn->finished(id)) {
      partition.state.fetched_finished[id] = *own;
      return fetched(partition, {});
    }
  }
  read_finished_row(partition, id,
                    [this, &partition, id](Result<std::optional<store::FinishedRow>> row) {
                      if (!row) return fetched(partition, row.error());
                      core::Finished& slot = partition.state.fetched_finished[id];
                      slot = absent();
                      if (*row)
                        slot = {(*row)->state, std::move((*row)->outcome), (*row)->done, false};
                      fetched(partition, {});
                    });
}

void Loop::read_finished_row(const Partition& partition, InvocationId id,
                             store::Completion<Result<std::optional<store::FinishedRow>>> done) {
  for (Turn* turn : {open_.get(), in_flight_.get()}) {
    if (turn == nullptr || turn->finished(id) == nullptr) continue;
    turn->jobs_held.push_back([this, &partition, id, done = std::move(done)]() mutable {
      read_finished_row(partition, id, std::move(done));
    });
    return;
  }
  read_finished(seams_.store, partition.buckets, id,
                on_loop<Result<std::optional<store::FinishedRow>>>(std::move(done)));
}

void Loop::read_live_rows(InvocationId id,
                          store::Completion<Result<std::unique_ptr<core::Invocation>>> done) {
  read_live(seams_.store, id, on_loop<Result<std::unique_ptr<core::Invocation>>>(std::move(done)));
}

void Loop::read_one(
    std::string key,
    std::move_only_function<void(std::string_view, std::optional<std::string>)> then) {
  using Values = Result<std::vector<std::optional<std::string>>>;
  std::vector<std::string> keys{key};
  seams_.store.read(
      std::move(keys),
      on_loop<Values>([this, key = std::move(key), then = std::move(then)](Values values) mutable {
        if (!values) return fail(values.error());
        then(key, std::move(values->front()));
      }));
}

void Loop::see(Partition& partition, InvocationId id, Look look) {
  const auto tell = [this, &partition](std::move_only_function<void()> told) {
    when_committed(partition, std::move(told));
  };
  if (const core::Live* live = partition.state.find(id)) {
    if (live->loaded) return tell(look(Seen{partition.state, live->loaded.get(), nullptr}));
    read_live_rows(id, [tell, &partition, look = std::move(look)](
                           Result<std::unique_ptr<core::Invocation>> loaded) mutable {
      if (!loaded) return tell(look(loaded.error()));
      tell(look(Seen{partition.state, loaded->get(), nullptr}));
    });
    return;
  }
  read_finished_row(
      partition, id,
      [tell, id, &partition,
       look = std::move(look)](Result<std::optional<store::FinishedRow>> row) mutable {
        if (!row) return tell(look(row.error()));
        if (!*row) {
          return tell(look(Error{ErrorCode::not_found, "there is no invocation " + to_string(id) +
                                                           ", or retention has removed it"}));
        }
        tell(look(Seen{partition.state, nullptr, &**row}));
      });
}

}  // namespace nowthen::engine
