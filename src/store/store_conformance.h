#pragma once

#include <functional>
#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/store.h"

namespace nowthen::store {

/// A backend under test.
struct Backend {
  std::string name;
  std::function<std::unique_ptr<Store>()> open;                          ///< a new, empty store
  std::function<std::unique_ptr<Store>(std::unique_ptr<Store>)> reopen;  ///< durable ones only
};
inline void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

/// What every Store promises: the tests are in store_conformance_test.cc, and each backend's own
/// test file instantiates them.
class StoreConformance : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    store_ = GetParam().open();
    ASSERT_NE(store_, nullptr);
    epoch_ = claim(1);
  }

  template <class T, class Call>
  static Result<T> wait_for(Call call) {
    std::promise<Result<T>> promise;
    std::future<Result<T>> future = promise.get_future();
    call([&promise](Result<T> result) { promise.set_value(std::move(result)); });
    return future.get();
  }

  OwnerEpoch claim(std::uint16_t partition) {
    const auto epoch = store_->claim(partition);
    EXPECT_TRUE(epoch);
    return epoch ? *epoch : OwnerEpoch{};
  }
  Result<CommitSeq> commit(Turn turn) {
    return wait_for<CommitSeq>(
        [&](auto done) { store_->commit(std::move(turn), std::move(done)); });
  }
  Result<CommitSeq> write(std::vector<RowWrite> rows, std::vector<RangeErase> ranges = {}) {
    Turn turn;
    turn.partitions.push_back({1, epoch_, std::move(ranges), std::move(rows)});
    return commit(std::move(turn));
  }
  std::vector<std::optional<std::string>> read(std::vector<std::string> keys) {
    using Values = std::vector<std::optional<std::string>>;
    auto values =
        wait_for<Values>([&](auto done) { store_->read(std::move(keys), std::move(done)); });
    EXPECT_TRUE(values);
    return values ? *values : Values{};
  }
  std::optional<std::string> read_one(std::string key) {
    auto values = read({std::move(key)});
    return values.empty() ? std::nullopt : values[0];
  }
  Page scan(Scan range) {
    auto page = wait_for<Page>([&](auto done) { store_->scan(range, std::move(done)); });
    EXPECT_TRUE(page);
    return page ? *page : Page{};
  }
  std::string keys(const Page& page) {
    std::string text;
    for (const Row& row : page.rows) text += row.key + " ";
    return text;
  }

  std::unique_ptr<Store> store_;
  OwnerEpoch epoch_{};
};

/// And what a durable one promises beyond that.
class DurableStoreConformance : public StoreConformance {};

}  // namespace nowthen::store
