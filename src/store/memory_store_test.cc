#include "store/memory_store.h"

#include <vector>

#include <gtest/gtest.h>

#include "store/store_conformance.h"

namespace nowthen::store {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance,
                         ::testing::Values(Backend{
                             "memory", [] { return std::make_unique<MemoryStore>(); }, {}}),
                         [](const auto& test) { return test.param.name; });

class HeldCommits : public ::testing::Test {
 protected:
  void commit(std::string key) {
    Turn turn;
    turn.partitions.push_back({1, epoch_, {}, {{std::move(key), "value"}}});
    store_.commit(std::move(turn), [this](Result<CommitSeq> result) {
      codes_.push_back(result ? ErrorCode::none : result.error().code);
    });
  }
  std::size_t visible() { return store_.rows(); }

  MemoryStore store_;
  OwnerEpoch epoch_ = *store_.claim(1);
  std::vector<ErrorCode> codes_;
};

TEST_F(HeldCommits, wait_unseen_until_released_in_order) {
  store_.hold_commits();
  commit("a");
  commit("b");
  commit("c");
  EXPECT_EQ(store_.held(), 3u);
  EXPECT_EQ(visible(), 0u);
  EXPECT_EQ(store_.release(2), 2u);
  EXPECT_EQ(codes_.size(), 2u);
  EXPECT_EQ(visible(), 2u);
  store_.stop_holding();
  commit("d");
  EXPECT_EQ(codes_.size(), 3u) << "inline again";
  EXPECT_EQ(store_.release(), 1u);
  EXPECT_EQ(visible(), 4u);
}

TEST_F(HeldCommits, are_gone_after_a_crash) {
  commit("a");
  store_.hold_commits();
  commit("b");
  store_.crash();
  EXPECT_EQ(store_.release(), 0u);
  EXPECT_EQ(codes_.size(), 1u) << "a crash completes nothing";
  EXPECT_EQ(visible(), 1u);
}

TEST_F(HeldCommits, are_refused_when_the_partition_was_claimed_meanwhile) {
  store_.hold_commits();
  commit("a");
  ASSERT_TRUE(store_.claim(1));
  store_.release();
  EXPECT_EQ(codes_, std::vector{ErrorCode::lease_lost});
  EXPECT_EQ(visible(), 0u);
}

TEST_F(HeldCommits, fail_with_the_store_and_so_does_every_later_call) {
  store_.hold_commits();
  commit("a");
  store_.fail("disk gone");
  commit("b");
  EXPECT_EQ(codes_, (std::vector{ErrorCode::store_failed, ErrorCode::store_failed}));
  EXPECT_EQ(store_.claim(1).error().code, ErrorCode::store_failed);
  store_.scan({.from = "", .to = "z"},
              [](Result<Page> page) { EXPECT_EQ(page.error().message, "disk gone"); });
}

}  // namespace
}  // namespace nowthen::store
