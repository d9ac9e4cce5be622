// How user types are stored.

#include <array>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <nowthen/codec.h>

namespace shop {

enum class Color : int { red = 1, green = 5 };
NOWTHEN_JSON_ENUM(Color, red, green);
enum class Level : unsigned char { low, high = 200 };

struct Item {
  std::string sku;
  int count = 0;
  std::optional<double> price;
};
NOWTHEN_JSON(Item, sku, count, price);

struct Order {
  std::vector<Item> items;
  std::map<std::string, Color> colors;
  Level level = Level::low;
  std::chrono::milliseconds patience{};
  nowthen::InvocationId id;
  std::array<int, 2> range{};
  std::tuple<bool, std::string> extra;
  bool operator==(const Order&) const = delete;
};
NOWTHEN_JSON(Order, items, colors, level, patience, id, range, extra);

struct Empty {};
NOWTHEN_JSON(Empty);

struct Tree {
  std::vector<Tree> branches;
};
NOWTHEN_JSON(Tree, branches);

struct Wide {
  int a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2, b3, b4, b5, b6, b7, b8, b9, c1, c2, c3, c4, c5;
  int c6, c7, c8, c9, d1, d2, d3, d4, d5, d6, d7, d8, d9, e1, e2, e3, e4, e5, e6, e7, e8, e9;
};
NOWTHEN_JSON(Wide, a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2, b3, b4, b5, b6, b7, b8, b9, c1, c2,
             c3, c4, c5, c6, c7, c8, c9, d1, d2, d3, d4, d5, d6, d7, d8, d9, e1, e2, e3, e4, e5, e6,
             e7, e8, e9);

struct Custom {
  int value = 0;
};

}  // namespace shop

template <>
struct nowthen::Codec<shop::Custom> {
  static std::string encode(const shop::Custom& value) { return std::string(1, char(value.value)); }
  static Result<shop::Custom> decode(std::string_view bytes) {
    if (bytes.size() != 1) return Error(ErrorCode::codec_failed, "one byte");
    return shop::Custom{bytes[0]};
  }
};

namespace nowthen {
namespace {

using namespace std::chrono_literals;
using shop::Order;

template <class T>
std::string why(std::string_view text) {
  const Result<T> result = Codec<T>::decode(text);
  if (result) return "";
  EXPECT_EQ(result.error().code, ErrorCode::codec_failed);
  return result.error().message;
}

const std::string kOrder =
    R"({"items":[{"sku":"a","count":2,"price":1.5},{"sku":"b","count":0,"price":null}],)"
    R"("colors":{"hat":"green"},"level":200,"patience":"1500ms","id":"000001x140003g00000000001a",)"
    R"("range":[1,2],"extra":[true,"x"]})";

TEST(Codec, a_nested_struct_survives_the_round_trip) {
  const Result<Order> order = Codec<Order>::decode(kOrder);
  ASSERT_TRUE(order.has_value()) << order.error().message;
  EXPECT_EQ(order->items[0].price, 1.5);
  EXPECT_FALSE(order->items[1].price.has_value());
  EXPECT_EQ(order->colors.at("hat"), shop::Color::green);
  EXPECT_EQ(order->level, shop::Level::high);
  EXPECT_EQ(order->patience, 1500ms);
  std::string expected = kOrder;
  expected.replace(expected.find("1500ms"), 6, format_duration(1500ms));
  EXPECT_EQ(Codec<Order>::encode(*order), expected);
}

TEST(Codec, errors_name_the_field) {
  EXPECT_EQ(why<shop::Item>("{}"), "field 'sku': missing");
  EXPECT_EQ(why<shop::Item>(R"({"sku":1})"), "field 'sku': expected a string");
  EXPECT_EQ(why<shop::Item>(R"({"sku":"a","count":1,"sku":"b"})"),
            "field 'sku': the name is there twice");
  EXPECT_EQ(why<shop::Item>(R"({"sku":"a","count":1,"x":1,"x":1})"),
            "field 'x': the name is there twice");
  std::string bad = kOrder;
  bad.replace(bad.find("1.5"), 3, "[]");
  EXPECT_EQ(why<Order>(bad), "field 'items[0].price': expected a number");
  bad = kOrder;
  bad.replace(bad.find("green"), 5, "blue");
  EXPECT_EQ(why<Order>(bad), "field 'colors.hat': 'blue' is not one of the names");
  bad = kOrder;
  bad.replace(bad.find("[1,2]"), 5, "[1]");
  EXPECT_EQ(why<Order>(bad), "field 'range': too few elements");
  bad.replace(bad.find("[1]"), 3, "[1,2,3]");
  EXPECT_EQ(why<Order>(bad), "field 'range': too many elements");
  bad = kOrder;
  bad.replace(bad.find("1500ms"), 6, "soon");
  EXPECT_EQ(why<Order>(bad), "field 'patience': expected a duration like \"300ms\"");
  bad.replace(bad.find("soon"), 4, "1us");
  EXPECT_EQ(why<Order>(bad), "field 'patience': the duration is too fine for its type");
  EXPECT_EQ(why<shop::Item>("{\"sku\":\"a\",\"count\":1} x"), "more text after the value");
}

TEST(Codec, fields_may_come_in_any_order_and_unknown_ones_are_skipped) {
  const auto item =
      Codec<shop::Item>::decode(R"({"new":{"deep":[1,{"a":null}]},"count":3,"sku":"a"})");
  ASSERT_TRUE(item.has_value()) << item.error().message;
  EXPECT_EQ(item->count, 3);
  EXPECT_EQ(why<shop::Item>(R"({"new":[1,],"count":3,"sku":"a"})"),
            "field 'new[1]': expected a value");
}

TEST(Codec, small_forms) {
  EXPECT_EQ(Codec<shop::Empty>::encode({}), "{}");
  EXPECT_EQ(why<shop::Empty>("{\"a\":1}"), "");
  EXPECT_EQ(Codec<shop::Wide>::encode({}).size(), 45u * 7 + 1);
  EXPECT_EQ(why<shop::Wide>(Codec<shop::Wide>::encode({})), "");
  EXPECT_EQ(Codec<std::optional<int>>::encode({}), "null");
  EXPECT_EQ(Codec<std::optional<int>>::decode("")->has_value(), false);
  EXPECT_EQ(Codec<std::vector<bool>>::encode({true, false}), "[true,false]");
  EXPECT_EQ(*Codec<std::vector<bool>>::decode("[true,false]"), (std::vector<bool>{true, false}));
  EXPECT_EQ(*Codec<std::set<int>>::decode("[3,1]"), (std::set<int>{1, 3}));
  EXPECT_EQ((Codec<std::pair<int, std::string>>::encode({1, "a"})), "[1,\"a\"]");
  EXPECT_EQ(Codec<Bytes>::encode(Bytes("\xff\x00")), "\xff");
  EXPECT_EQ(Codec<Bytes>::decode("any")->str(), "any");
  EXPECT_EQ(Codec<shop::Custom>::decode("a")->value, 'a');
}

TEST(Codec, times_are_rfc_3339_in_utc) {
  using Time = std::chrono::sys_time<Duration>;
  const auto text = [](std::int64_t us) { return Codec<Time>::encode(Time(Duration(us))); };
  EXPECT_EQ(text(0), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(text(-1), "\"1969-12-31T23:59:59.999999Z\"");
  EXPECT_EQ(text(1'709'210'096'500'000), "\"2024-02-29T12:34:56.5Z\"");
  for (const std::int64_t us :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'709'210'096'000'001},
        std::int64_t{253'402'300'800'000'000}, std::numeric_limits<std::int64_t>::max(),
        std::int64_t{-62'167'219'200'000'001}, std::int64_t{8'404'400'184'044'001'729}})
    EXPECT_EQ(Codec<Time>::decode(text(us))->time_since_epoch().count(), us);
  for (const char* bad :
       {"\"2024-02-30T00:00:00Z\"", "\"2024-02-28T24:00:00Z\"", "\"2024-02-28 00:00:00Z\"",
        "\"2024-02-28T00:00:00\"", "\"2024-02-28T00:00:00.Z\"", "\"2024-02-28T00:00:00.1234567Z\"",
        "\"2024-02-28T00:00:00+01:00\"", "\"2024-13-28T00:00:00Z\"", "\"\"", "null"})
    EXPECT_NE(why<Time>(bad), "") << bad;
}

TEST(Codec, what_json_cannot_hold_is_refused_when_written) {
  EXPECT_THROW((void)Codec<double>::encode(std::numeric_limits<double>::quiet_NaN()), CodecFailed);
  EXPECT_THROW((void)Codec<float>::encode(std::numeric_limits<float>::infinity()), CodecFailed);
  EXPECT_THROW((void)Codec<std::string>::encode("\xff"), CodecFailed);
  EXPECT_THROW((void)Codec<shop::Color>::encode(static_cast<shop::Color>(2)), CodecFailed);
  shop::Tree tree;
  for (int i = 0; i < 300; ++i) {
    shop::Tree parent;
    parent.branches.push_back(std::move(tree));
    tree = std::move(parent);
  }
  EXPECT_THROW((void)Codec<shop::Tree>::encode(tree), CodecFailed);
}

}  // namespace
}  // namespace nowthen
