// Goal: values share what is large, change only what they have alone, count what they hold, and
// are freed whatever their depth; pinned ones are read by many threads.

#include "expr/value.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "expr/memory.h"
#include "expr/read.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

Value of(std::string_view json) {
  auto value = read_json(json);
  EXPECT_TRUE(value) << json << ": " << (value ? "" : value.error().message);
  return value ? std::move(*value) : Value();
}
std::string text_of(const Value& value) {
  std::string text;
  write_json(text, value);
  return text;
}

TEST(Value, kinds_and_truth) {
  const std::pair<const char*, Kind> kinds[] = {{"null", Kind::null},
                                                {"false", Kind::boolean},
                                                {"true", Kind::boolean},
                                                {"1", Kind::number},
                                                {"1.50", Kind::number},
                                                {"\"a\"", Kind::string},
                                                {"\"a longer text than fits\"", Kind::string},
                                                {"[]", Kind::array},
                                                {"123456789012345678901234567890", Kind::number},
                                                {"{}", Kind::object}};
  for (const auto& [json, kind] : kinds) {
    EXPECT_EQ(of(json).kind(), kind) << json;
    EXPECT_EQ(of(json).is_true(),
              std::string_view(json) != "null" && std::string_view(json) != "false");
  }
  EXPECT_EQ(name_of(Kind::object), "object");
}

TEST(Value, texts_of_any_length_are_what_was_given) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string text(size, 'x');
    const Value value{std::string_view(text)};
    const Value copy = value;
    EXPECT_EQ(value.text(), text);
    EXPECT_EQ(copy.text(), text);
  }
  const std::string_view zeros("a\0b\0", 4);
  EXPECT_EQ(Value(zeros).text(), zeros);
}

TEST(Value, change_is_seen_by_nobody_else) {
  Value a = of("[1,[2,3],{\"x\":1}]");
  const Value before = a;
  a.set(0, Value(9.0));
  a.set(5, Value("new"));
  Value inner = a.take(1);
  inner.append(Value(4.0));
  a.set(1, std::move(inner));
  Value object = a.take(2);
  object.set(Value("x"), Value(true));
  object.set(Value("y"), Value());
  a.set(2, std::move(object));
  EXPECT_EQ(text_of(before), "[1,[2,3],{\"x\":1}]");
  EXPECT_EQ(text_of(a), "[9,[2,3,4],{\"x\":true,\"y\":null},null,null,\"new\"]");
  a.erase(1, 5);
  EXPECT_EQ(text_of(a), "[9,\"new\"]");
}

TEST(Value, object_keeps_the_order_of_its_names_at_any_size) {
  for (const std::size_t size : {3u, 11u, 12u, 13u, 40u, 1000u}) {
    Value object = Value::object();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < size; ++i) {
      names.push_back("a name that is long " + std::to_string(i * 7919 % size));
      object.set(Value(std::string_view(names.back())), Value(static_cast<double>(i)));
    }
    object.set(Value(std::string_view(names[1])), Value("again"));
    ASSERT_EQ(object.fields().size(), size);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_EQ(object.fields().first[i].name.text(), names[i]);
      ASSERT_NE(object.find(Value(std::string_view(names[i]))), nullptr) << size;
    }
    EXPECT_EQ(object.find(Value("nobody")), nullptr);
    const Value before = object;
    object.erase(Value(std::string_view(names[0])));
    EXPECT_EQ(object.find(Value(std::string_view(names[0]))), nullptr);
    EXPECT_EQ(object.find(Value(std::string_view(names[1])))->text(), "again");
    EXPECT_EQ(object.fields().size(), size - 1);
    EXPECT_EQ(before.fields().size(), size);
    EXPECT_TRUE(object.take(Value(std::string_view(names[2]))).is_number());
    EXPECT_TRUE(object.find(Value(std::string_view(names[2])))->is_null());
  }
}

TEST(Value, alone_is_changed_in_its_place) {
  Value array = Value::array();
  for (int i = 0; i < 1000; ++i) array.append(Value(static_cast<double>(i)));
  const Value* first = array.elements().begin();
  array.set(500, Value("changed"));
  EXPECT_EQ(array.elements().begin(), first);
  const Value shared = array;
  array.set(500, Value("again"));
  EXPECT_NE(array.elements().begin(), first);
  EXPECT_EQ(shared.elements()[500].text(), "changed");
}

TEST(Value, what_is_freed_is_counted_and_depth_does_not_matter) {
  const auto left = [](std::size_t bytes) { return !Memory::is_short_of(bytes); };
  const Memory::Budget budget(100u << 20);
  {
    Value deep;
    for (int i = 0; i < 500'000; ++i) {
      Value outer = Value::array(&deep, 1);
      deep = std::move(outer);
    }
    EXPECT_FALSE(left(90u << 20));
    EXPECT_TRUE(left(50u << 20));
    EXPECT_FALSE(Memory::exceeded());
    const Memory::Budget less(1000);
    const Value large(std::string_view(std::string(2000, 'x')));
    EXPECT_TRUE(Memory::exceeded());
  }
  EXPECT_TRUE(left(100u << 20));
  EXPECT_FALSE(Memory::exceeded());
}

TEST(Value, pinned_is_read_by_many_threads) {
  Value pinned =
      of(R"({"a": [1, "a text that is not short", {"b": 1.50}], "c": "another long text"})");
  const std::string expected = text_of(pinned);
  pinned.pin();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        Value mine = pinned;
        mine.set(Value("c"), *mine.find(Value("a")));
        EXPECT_EQ(text_of(pinned), expected);
        EXPECT_NE(text_of(mine), expected);
      }
    });
  }
  threads.clear();
  pinned.unpin();
  EXPECT_TRUE(pinned.is_null());
}

}  // namespace
}  // namespace nowthen::expr
