#include "sim/sim_store.h"

#include "base/assert.h"
#include "sim/life.h"
#include "sim/world.h"

namespace nowthen::sim {

Error SimStore::failure(std::string_view what) {
  failed_ = true;
  return {ErrorCode::store_failed, "simulated: " + std::string(what)};
}

Result<store::OwnerEpoch> SimStore::claim(std::uint16_t partition) {
  if (world_.dice().chance(world_.plan().start_fails)) return failure("a claim failed");
  auto epoch = world_.disk().rows.claim(partition);
  world_.disk().owner[partition] = life_.number();
  return epoch;
}

Result<store::CommitSeq> SimStore::write(store::Turn turn) {
  const store::Turn copy = turn;
  Result<store::CommitSeq> result{store::CommitSeq{}};
  world_.disk().rows.commit(std::move(turn),
                            [&result](Result<store::CommitSeq> done) { result = std::move(done); });
  if (!result) {
    world_.note(life_.number(), "commit refused: " + result.error().message);
    return result;
  }
  for (const store::PartitionWrites& writes : copy.partitions) {
    if (world_.disk().owner[writes.partition] == life_.number()) continue;
    world_.wrong("old epochs are refused",
                 "life " + std::to_string(life_.number()) + " wrote to partition " +
                     std::to_string(writes.partition) + ", which life " +
                     std::to_string(world_.disk().owner[writes.partition]) + " owns");
  }
  world_.committed(copy, life_.number());
  return result;
}

void SimStore::commit(store::Turn turn, store::Completion<Result<store::CommitSeq>> done) {
  if (life_.doomed) return;
  if (failed_) return done(failure("it has failed before"));
  Dice& dice = world_.dice();
  const Plan& plan = world_.plan();
  if (dice.chance(plan.crash_before_commit)) return world_.doom(life_, "before a commit");
  const bool dies = dice.chance(plan.crash_after_commit);
  const bool fails = dice.chance(plan.commit_fails);
  if (fails && dice.chance(500)) return done(failure("a write failed"));
  const auto finish = [this, dies, fails](store::Turn rows, auto&& then) {
    auto result = write(std::move(rows));
    if (dies) return world_.doom(life_, "after a commit");
    if (fails) result = failure("fsync failed");
    if (!result) failed_ = true;
    then(std::move(result));
  };
  if (plan.commit_max == Duration::zero() || life_.starting || dice.chance(100)) {
    return finish(std::move(turn), done);
  }
  const Duration until_written = dice.wait(Duration(1), plan.commit_max);
  const Duration until_told = dice.wait(Duration(1), plan.commit_max);
  world_.in_flight(life_, +1);
  world_.later(
      until_written, life_.number(),
      [this, finish, until_told, turn = std::move(turn), done = std::move(done)]() mutable {
        finish(std::move(turn), [&](Result<store::CommitSeq> result) {
          world_.later(until_told, life_.number(),
                       [this, result = std::move(result), done = std::move(done)]() mutable {
                         world_.in_flight(life_, -1);
                         done(std::move(result));
                       });
        });
      });
}

/// Answers with what is there now or when the answer comes: a read beside a commit may see either.
template <class T, class Look>
void SimStore::look(Look look, store::Completion<Result<T>> done) {
  if (life_.doomed) return;
  if (failed_) return done(failure("it has failed before"));
  Dice& dice = world_.dice();
  const Plan& plan = world_.plan();
  if (!life_.starting && dice.chance(plan.read_fails)) return done(failure("a read failed"));
  if (plan.read_max == Duration::zero() || life_.starting || dice.chance(300)) {
    return look(std::move(done));
  }
  const Duration wait = dice.wait(Duration(1), plan.read_max);
  world_.in_flight(life_, +1);
  auto tell = [this, done = std::move(done)](Result<T> result) mutable {
    world_.in_flight(life_, -1);
    done(std::move(result));
  };
  if (dice.chance(500)) {
    world_.later(wait, life_.number(), [look = std::move(look), tell = std::move(tell)]() mutable {
      look(std::move(tell));
    });
    return;
  }
  look([this, wait, tell = std::move(tell)](Result<T> result) mutable {
    world_.later(wait, life_.number(),
                 [tell = std::move(tell), result = std::move(result)]() mutable {
                   tell(std::move(result));
                 });
  });
}

void SimStore::read(std::vector<std::string> keys,
                    store::Completion<Result<std::vector<std::optional<std::string>>>> done) {
  using Values = std::vector<std::optional<std::string>>;
  look<Values>(
      [this, keys = std::move(keys)](store::Completion<Result<Values>> then) mutable {
        world_.disk().rows.read(std::move(keys), std::move(then));
      },
      std::move(done));
}

std::uint64_t SimStore::bytes(std::string_view from, std::string_view to) const {
  return world_.disk().rows.bytes(from, to);
}

void SimStore::scan(store::Scan scan, store::Completion<Result<store::Page>> done) {
  look<store::Page>(
      [this, scan = std::move(scan)](store::Completion<Result<store::Page>> then) mutable {
        world_.disk().rows.scan(std::move(scan), std::move(then));
      },
      std::move(done));
}

}  // namespace nowthen::sim
