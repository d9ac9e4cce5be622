#pragma once

#include <map>

#include "sim/book.h"
#include "store/memory_store.h"

namespace nowthen::sim {

class Life;
class World;

/// What outlives every process: the rows, and who owns the partitions.
struct Disk {
  store::MemoryStore rows;
  Book book;
  std::map<std::uint16_t, unsigned> owner;  ///< the life that claimed it last
  std::vector<InvocationId> suspects;       ///< whose code ran at the last death
};

/// The store as one life sees it: slow, failing, and silent about what it has done at a crash.
class SimStore final : public store::Store {
 public:
  SimStore(World& world, Life& life) : world_(world), life_(life) {}

  Result<store::OwnerEpoch> claim(std::uint16_t partition) override;
  void commit(store::Turn turn, store::Completion<Result<store::CommitSeq>> done) override;
  void read(std::vector<std::string> keys,
            store::Completion<Result<std::vector<std::optional<std::string>>>> done) override;
  void scan(store::Scan scan, store::Completion<Result<store::Page>> done) override;
  std::uint64_t bytes(std::string_view from, std::string_view to) const override;

 private:
  Result<store::CommitSeq> write(store::Turn turn);
  Error failure(std::string_view what);
  template <class T, class Look>
  void look(Look look, store::Completion<Result<T>> done);

  World& world_;
  Life& life_;
  bool failed_ = false;
};

}  // namespace nowthen::sim
