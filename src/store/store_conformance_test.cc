#include "store/store_conformance.h"

#include <functional>
#include <thread>

#include "store/keys.h"

namespace nowthen::store {
namespace {

TEST_P(StoreConformance, rows_are_read_back_and_overwritten_and_erased) {
  ASSERT_TRUE(write({{"a", "1"}, {"b", ""}}));
  EXPECT_EQ(read({"b", "none", "a"}),
            (std::vector<std::optional<std::string>>{"", std::nullopt, "1"}));
  ASSERT_TRUE(write({{"a", "2"}, {"b", std::nullopt}, {"never there", std::nullopt}}));
  EXPECT_EQ(read_one("a"), "2");
  EXPECT_EQ(read_one("b"), std::nullopt);
  EXPECT_TRUE(read({}).empty());
}

TEST_P(StoreConformance, commit_numbers_rise_by_one) {
  const auto first = write({{"a", "1"}});
  const auto second = write({{"a", "2"}});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(static_cast<std::uint64_t>(*first) + 1, static_cast<std::uint64_t>(*second));
}

TEST_P(StoreConformance, ranges_go_before_rows_and_the_last_write_of_a_key_wins) {
  ASSERT_TRUE(write({{"L1", "old"}, {"L2", "old"}, {"L3", "old"}, {"M", "old"}}));
  ASSERT_TRUE(write({{"L2", "new"},
                     {"x", "1"},
                     {"x", "2"},
                     {"y", "1"},
                     {"y", std::nullopt},
                     {"z", std::nullopt},
                     {"z", "3"}},
                    {{"L", "L3"}}));
  EXPECT_EQ(read({"L1", "L2", "L3", "M", "x", "y", "z"}),
            (std::vector<std::optional<std::string>>{std::nullopt, "new", "old", "old", "2",
                                                     std::nullopt, "3"}));
}

TEST_P(StoreConformance, writes_of_a_later_partition_in_a_turn_come_later) {
  Turn turn;
  turn.partitions.push_back({1, epoch_, {}, {{"k", "first"}, {"r1", "first"}}});
  turn.partitions.push_back({2, claim(2), {{"r", "s"}}, {{"k", "second"}}});
  ASSERT_TRUE(commit(std::move(turn)));
  EXPECT_EQ(read_one("k"), "second");
  EXPECT_EQ(read_one("r1"), std::nullopt);
}

TEST_P(StoreConformance, erased_ranges_end_before_their_end) {
  ASSERT_TRUE(write({{"a", "1"}, {"ab", "1"}, {"b", "1"}, {"c", "1"}}));
  ASSERT_TRUE(write({}, {{"ab", "c"}}));
  EXPECT_EQ(keys(scan({.from = "a", .to = "z"})), "a c ");
  ASSERT_TRUE(write({}, {{"c", "a"}, {"a", "a"}}));  // empty ranges
  EXPECT_EQ(keys(scan({.from = "a", .to = "z"})), "a c ");
}

// Ranges that begin at the key of a row, among many rows of the same kind, of all kinds.
TEST_P(StoreConformance, ranges_between_the_keys_of_invocations) {
  const auto id = [](std::uint64_t i) { return InvocationId::make(i, 1, i * 7); };
  const std::vector<std::function<std::string(InvocationId)>> kinds = {
      [](InvocationId of) { return live_key(of); },
      [](InvocationId of) { return entry_key(of, 1); },
      [](InvocationId of) { return finished_key(of, Bucket{5}, Aux::none); },
      [](InvocationId of) { return result_key(of, Bucket{5}); }};
  for (const auto& key : kinds) {
    const KeyRange all{key(id(0)), key(id(1'000))};
    for (std::uint64_t round = 0; round < 5; ++round) {
      std::vector<RowWrite> rows;
      for (std::uint64_t i = 0; i < 40; ++i) rows.push_back({key(id(round * 40 + i)), "v"});
      ASSERT_TRUE(write(std::move(rows)));
      ASSERT_TRUE(write({}, {{key(id(round * 40 + 10)), key(id(round * 40 + 20))}}));
    }
    const Page page = scan({.from = all.from, .to = all.to});
    EXPECT_EQ(page.rows.size(), 150u);
    EXPECT_EQ(read_one(key(id(9))), "v");
    EXPECT_EQ(read_one(key(id(10))), std::nullopt);
    EXPECT_EQ(read_one(key(id(19))), std::nullopt);
    EXPECT_EQ(read_one(key(id(20))), "v");
    ASSERT_TRUE(write({}, {{all.from, all.to}}));
    EXPECT_EQ(scan({.from = all.from, .to = all.to}).rows.size(), 0u);
  }
}

TEST_P(StoreConformance, keys_compare_as_unsigned_bytes) {
  const std::string zero("k\0", 2), high("k\xff"), mid("k\x7f");
  ASSERT_TRUE(write({{high, "3"}, {mid, "2"}, {zero, "1"}, {"k", "0"}}));
  const Page page = scan({.from = "k", .to = "l"});
  ASSERT_EQ(page.rows.size(), 4u);
  EXPECT_EQ(page.rows[0].key, "k");
  EXPECT_EQ(page.rows[1].key, zero);
  EXPECT_EQ(page.rows[2].key, mid);
  EXPECT_EQ(page.rows[3].key, high);
}

TEST_P(StoreConformance, scans_go_both_ways_and_stop_at_their_limits) {
  for (const char* key : {"Fa1", "Fa2", "Fb1", "Fb2", "G"}) ASSERT_TRUE(write({{key, "12345"}}));
  EXPECT_EQ(keys(scan({.from = "F", .to = "G"})), "Fa1 Fa2 Fb1 Fb2 ");
  EXPECT_EQ(keys(scan({.from = "F", .to = "G", .newest_first = true})), "Fb2 Fb1 Fa2 Fa1 ");
  EXPECT_EQ(keys(scan({.from = "Fa2", .to = "Fb2"})), "Fa2 Fb1 ");
  EXPECT_EQ(keys(scan({.from = "Fa2", .to = "Fb2", .newest_first = true})), "Fb1 Fa2 ");
  EXPECT_EQ(keys(scan({.from = "G", .to = "F"})), "");

  Page page = scan({.from = "F", .to = "G", .rows_max = 3});
  EXPECT_EQ(keys(page), "Fa1 Fa2 Fb1 ");
  EXPECT_TRUE(page.more);
  page = scan({.from = "F", .to = "G", .rows_max = 4});
  EXPECT_EQ(page.rows.size(), 4u);
  EXPECT_FALSE(page.more);
  page = scan({.from = "F", .to = "G", .rows_max = 1, .newest_first = true});
  EXPECT_EQ(keys(page), "Fb2 ");
  EXPECT_TRUE(page.more);
  // A row is 8 bytes: the second one passes the limit and is the last.
  page = scan({.from = "F", .to = "G", .bytes_max = 8});
  EXPECT_EQ(keys(page), "Fa1 Fa2 ");
  EXPECT_TRUE(page.more);
  page = scan({.from = "F", .to = "G", .bytes_max = 31});
  EXPECT_EQ(page.rows.size(), 4u);
  EXPECT_FALSE(page.more);
}

TEST_P(StoreConformance, claims_raise_the_epoch_and_refuse_the_old_owner) {
  const OwnerEpoch second = claim(1);
  EXPECT_GT(second, epoch_);
  EXPECT_EQ(write({{"a", "old"}}).error().code, ErrorCode::lease_lost);
  EXPECT_EQ(read_one("a"), std::nullopt);
  epoch_ = second;
  EXPECT_TRUE(write({{"a", "new"}}));
  EXPECT_EQ(read_one("a"), "new");
}

TEST_P(StoreConformance, one_old_epoch_refuses_the_whole_turn) {
  Turn turn;
  turn.partitions.push_back({1, epoch_, {}, {{"a", "1"}}});
  turn.partitions.push_back({2, OwnerEpoch{99}, {}, {{"b", "1"}}});
  EXPECT_EQ(commit(turn).error().code, ErrorCode::lease_lost);
  EXPECT_EQ(read({"a", "b"}), (std::vector<std::optional<std::string>>(2)));
  turn.partitions[1].epoch = claim(2);
  EXPECT_TRUE(commit(turn));
  EXPECT_EQ(read({"a", "b"}), (std::vector<std::optional<std::string>>{"1", "1"}));
}

TEST_P(StoreConformance, large_and_many_rows) {
  const std::string large(16u << 20, 'x');
  ASSERT_TRUE(write({{"large", large}}));
  EXPECT_EQ(read_one("large"), large);
  const Page page = scan({.from = "large", .to = "m"});
  ASSERT_EQ(page.rows.size(), 1u);
  EXPECT_EQ(page.rows[0].value, large);
  std::vector<RowWrite> rows;
  for (int i = 0; i < 5'000; ++i) rows.push_back({"n" + std::to_string(10'000 + i), "v"});
  ASSERT_TRUE(write(std::move(rows)));
  EXPECT_EQ(scan({.from = "n", .to = "o", .rows_max = 10'000}).rows.size(), 5'000u);
}

// Two loops commit at once while a third thread reads: every turn is there whole or not at all.
TEST_P(StoreConformance, the_room_of_a_range_is_about_what_was_written_there) {
  std::vector<RowWrite> rows;
  for (int i = 1'000; i < 2'000; ++i) {
    std::string value;
    while (value.size() < 1'000) value += std::to_string(std::hash<int>()(i * 7919) ^ value.size());
    rows.push_back({std::string("F\0\1", 3) + std::to_string(i), std::move(value)});
  }
  ASSERT_TRUE(write(std::move(rows)));
  const std::uint64_t bytes = store_->bytes(std::string("F\0\1", 3), std::string("F\0\2", 3));
  // What is in no file yet RocksDB guesses by chance: good for the order of magnitude.
  EXPECT_GT(bytes, 100'000u);
  EXPECT_LT(bytes, 10'000'000u);
  EXPECT_EQ(store_->bytes(std::string("F\0\2", 3), std::string("F\0\3", 3)), 0u);
}

TEST_P(StoreConformance, concurrent_turns_are_atomic) {
  constexpr int kTurns = 100;
  const std::vector<OwnerEpoch> epochs = {epoch_, claim(2)};
  const auto loop = [&](std::uint16_t partition) {
    for (int i = 1; i <= kTurns; ++i) {
      const std::string number = std::to_string(i);
      const std::string of = std::to_string(partition);
      Turn turn;
      turn.partitions.push_back(
          {partition, epochs[partition - 1u], {}, {{"a" + of, number}, {"b" + of, number}}});
      ASSERT_TRUE(commit(std::move(turn)));
      ASSERT_EQ(read({"a" + of}), (std::vector<std::optional<std::string>>{number}));
    }
  };
  std::thread first(loop, std::uint16_t{1}), second(loop, std::uint16_t{2});
  for (int i = 0; i < kTurns; ++i) {
    const Page page = scan({.from = "a", .to = "c"});
    std::vector<std::string> values;
    for (const Row& row : page.rows) values.push_back(row.value);
    // a1 [a2] b1 [b2]: halves of one turn are equal.
    const std::size_t half = values.size() / 2;
    for (std::size_t k = 0; k < half; ++k) EXPECT_EQ(values[k], values[half + k]);
  }
  first.join();
  second.join();
  EXPECT_EQ(read({"a1", "b1", "a2", "b2"}),
            (std::vector<std::optional<std::string>>(4, std::to_string(kTurns))));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DurableStoreConformance);

TEST_P(DurableStoreConformance, what_was_committed_is_there_after_reopening) {
  ASSERT_TRUE(write({{"Fa", "1"}, {"Fb", "2"}, {"L", "3"}, {"J", std::string(100'000, 'j')}}));
  ASSERT_TRUE(write({{"L", std::nullopt}}, {{"Fa", "Fb"}}));
  store_ = GetParam().reopen(std::move(store_));
  ASSERT_NE(store_, nullptr);
  EXPECT_EQ(read({"Fa", "Fb", "L", "J"}),
            (std::vector<std::optional<std::string>>{std::nullopt, "2", std::nullopt,
                                                     std::string(100'000, 'j')}));
  EXPECT_EQ(write({{"x", "1"}}).error().code, ErrorCode::lease_lost) << "nobody owns it yet";
  const OwnerEpoch next = claim(1);
  EXPECT_GT(next, epoch_);
  epoch_ = next;
  EXPECT_TRUE(write({{"x", "1"}}));
}

}  // namespace
}  // namespace nowthen::store
