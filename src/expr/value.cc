#include "expr/value.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <type_traits>

#include "base/assert.h"
#include "expr/decimal.h"
#include "expr/memory.h"

namespace nowthen::expr {

static_assert(std::endian::native == std::endian::little, "the tag is the lowest byte");

namespace {

/// From this number of fields on an object has an index of its names.
constexpr std::uint32_t kIndexed = 12;

static_assert(sizeof(Value) == 16 && sizeof(ArrayNode) % alignof(Value) == 0);
static_assert(sizeof(ObjectNode) % alignof(Field) == 0);

template <class T>
std::size_t bytes_of(std::size_t capacity) {
  return sizeof(T) + capacity * sizeof(typename T::Part);
}

template <class T>
T* make(std::uint8_t tag, std::size_t size, std::size_t capacity) {
  NT_ASSERT(capacity <= std::numeric_limits<std::uint32_t>::max());
  auto* node = ::new (Memory::allocate(bytes_of<T>(capacity))) T();
  node->users = 1;
  node->size = static_cast<std::uint32_t>(size);
  node->capacity = static_cast<std::uint32_t>(capacity);
  node->tag = tag;
  node->pinned = false;
  return node;
}

/// Values have no pointers to themselves: their bytes may move.
void move_bytes(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memmove(to, from, bytes);
}

/// What nobody outside knows, so that nobody can choose names that all get the same place.
struct Secret {
  std::uint64_t first, second;
};
Secret drawn() {
  std::random_device device;
  const auto word = [&] { return std::uint64_t(device()) << 32 | device(); };
  return {word(), word() | 1};
}

/// Both halves of the product, as in wyhash (Wang Yi, 2019).
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash_of(const Value& name) {
  static const Secret secret = drawn();
  const std::string_view text = name.text();
  std::uint64_t words[2];
  if (text.size() <= Value::kInlineMax) {
    std::memcpy(words, static_cast<const void*>(&name), sizeof(words));
    return mixed(words[0] ^ secret.first, words[1] ^ secret.second);
  }
  std::uint64_t hash = text.size();
  for (std::size_t at = 0; at < text.size(); at += sizeof(words)) {
    // The last words may have been read in part before.
    const std::size_t last = text.size() - sizeof(words[0]);
    std::memcpy(&words[0], text.data() + std::min(at, last), sizeof(words[0]));
    std::memcpy(&words[1], text.data() + std::min(at + 8, last), sizeof(words[1]));
    hash = mixed(words[0] ^ secret.first ^ hash, words[1] ^ secret.second);
  }
  return hash;
}

void drop_index(ObjectNode& object) {
  if (object.slots == 0) return;
  Memory::free(object.index, object.slots * sizeof(std::uint32_t));
  object.slots = 0;
  object.index = nullptr;
}

void enter(ObjectNode& object, std::uint32_t place) {
  const std::uint32_t mask = object.slots - 1;
  auto slot = static_cast<std::uint32_t>(hash_of(parts(object)[place].name)) & mask;
  while (object.index[slot] != 0) slot = (slot + 1) & mask;
  object.index[slot] = place + 1;
}

/// After fields have changed their places, or become more than half of the slots.
void make_index(ObjectNode& object) {
  drop_index(object);
  if (object.size < kIndexed) return;
  object.slots = std::bit_ceil(std::max(object.capacity, object.size)) * 2;
  const std::size_t bytes = object.slots * sizeof(std::uint32_t);
  object.index = static_cast<std::uint32_t*>(Memory::allocate(bytes));
  std::memset(object.index, 0, bytes);
  for (std::uint32_t i = 0; i < object.size; ++i) enter(object, i);
}

constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();

std::uint32_t place_of(ObjectNode& object, const Value& name) {
  const std::string_view wanted = name.text();
  const Field* fields = parts(object);
  const bool is_short = wanted.size() <= Value::kInlineMax;
  const auto is_it = [&](const Field& field) {
    return field.name.is_identical(name) || (!is_short && field.name.text() == wanted);
  };
  if (object.slots == 0) {
    for (std::uint32_t i = 0; i < object.size; ++i) {
      if (is_it(fields[i])) return i;
    }
    return kNowhere;
  }
  const std::uint32_t mask = object.slots - 1;
  for (auto slot = static_cast<std::uint32_t>(hash_of(name));; ++slot) {
    const std::uint32_t place = object.index[slot & mask];
    if (place == 0) return kNowhere;
    if (is_it(fields[place - 1])) return place - 1;
  }
}

std::size_t with_room(std::size_t size) { return size + size / 2 + 4; }

}  // namespace

/// Reaches into values for the functions below.
struct Shared {
  using Tag = Value::Tag;

  static bool only_user(const Value& value) {
    const auto* node = value.node<Node>();
    return node->users == 1 && !node->pinned;
  }
  static void replace(Value& value, Tag tag, Node* node) {
    value = Value();
    value.set_node(tag, node);
  }
  template <class T>
  static T* made(std::size_t size, std::size_t capacity) {
    constexpr bool is_array = std::is_same_v<T, ArrayNode>;
    constexpr bool is_object = std::is_same_v<T, ObjectNode>;
    return make<T>(std::uint8_t(is_array    ? Tag::array
                                : is_object ? Tag::object
                                            : Tag::text),
                   size, capacity);
  }

  /// The node of `value` alone, with room for `capacity` parts.
  template <class T>
  static T& own(Value& value, std::size_t capacity) {
    auto* old = value.node<T>();
    const bool alone = only_user(value);
    if (alone && old->capacity >= capacity) return *old;
    const std::size_t room = capacity > old->size ? with_room(capacity) : old->size;
    T* copy = made<T>(old->size, room);
    if (alone) {
      move_bytes(parts(*copy), parts(*old), old->size * sizeof(typename T::Part));
      old->size = 0;
    } else {
      std::uninitialized_copy_n(parts(*old), old->size, parts(*copy));
    }
    if constexpr (std::is_same_v<T, ObjectNode>) make_index(*copy);
    replace(value, Tag(copy->tag), copy);
    return *copy;
  }

  /// Calls `visit` with each value that is directly in the node.
  template <class Visit>
  static void each_part(Node* node, Visit visit) {
    if (node->tag == std::uint8_t(Tag::array)) {
      auto* array = static_cast<ArrayNode*>(node);
      for (std::uint32_t i = 0; i < array->size; ++i) visit(parts(*array)[i]);
    } else if (node->tag == std::uint8_t(Tag::object)) {
      auto* object = static_cast<ObjectNode*>(node);
      for (std::uint32_t i = 0; i < object->size; ++i) {
        visit(parts(*object)[i].name);
        visit(parts(*object)[i].value);
      }
    }
  }
  static void free_one(Node* node) noexcept {
    if (node->tag == std::uint8_t(Tag::array)) {
      free_memory(*static_cast<ArrayNode*>(node));
    } else if (node->tag == std::uint8_t(Tag::object)) {
      auto* object = static_cast<ObjectNode*>(node);
      drop_index(*object);
      free_memory(*object);
    } else {
      free_memory(*static_cast<TextNode*>(node));
    }
  }
  template <class T>
  static void free_memory(T& node) noexcept {
    Memory::free(&node, bytes_of<T>(node.capacity));
  }
  /// Frees `node`, and all that nobody uses without it. No recursion: values may be deep.
  static void free_all(Node* node) noexcept {
    node->next = nullptr;
    while (node != nullptr) {
      Node* following = node->next;
      each_part(node, [&following](const Value& part) {
        if (!part.is_shared()) return;
        Node* inner = part.node<Node>();
        if (inner->pinned || --inner->users > 0) return;
        inner->next = following;
        following = inner;
      });
      free_one(node);
      node = following;
    }
  }
};

std::string_view name_of(Kind kind) {
  constexpr std::string_view kNames[] = {"null", "boolean", "number", "string", "array", "object"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// A short text: its tag, its length and its bytes. Whole words, of which some may overlap.
void Value::set_short(Tag tag, std::string_view text) {
  const char* const from = text.data();
  const std::size_t size = text.size();
  std::uint64_t low = std::uint64_t(tag) | size << 8;
  std::uint64_t high = 0;
  if (size >= 8) {
    std::uint64_t first;
    std::uint64_t last;
    std::memcpy(&first, from, 8);
    std::memcpy(&last, from + size - 8, 8);
    low |= first << 16;
    // The bytes from the 7th on.
    high = size == 8 ? first >> 48 : (first >> 48) | (last >> 8 * (16 - size)) << 16;
  } else if (size >= 4) {
    std::uint32_t first;
    std::uint32_t last;
    std::memcpy(&first, from, 4);
    std::memcpy(&last, from + size - 4, 4);
    const std::uint64_t all = first | std::uint64_t(last) << 8 * (size - 4);
    low |= all << 16;
    high = all >> 48;
  } else {
    for (std::size_t i = 0; i < size; ++i)
      low |= std::uint64_t(static_cast<unsigned char>(from[i])) << 8 * (i + 2);
  }
  set_words(low, high);
}

Value::Value(Tag of_short, std::string_view text) {
  if (text.size() <= kInlineMax) {
    set_short(of_short, text);
    return;
  }
  const Tag tag = of_short == Tag::short_text ? Tag::text : Tag::exact;
  auto* node = make<TextNode>(std::uint8_t(tag), text.size(), text.size());
  std::memcpy(parts(*node), text.data(), text.size());
  set_node(tag, node);
}

Value Value::array(Value* elements, std::size_t count) {
  ArrayNode* node = Shared::made<ArrayNode>(count, count);
  move_bytes(parts(*node), elements, count * sizeof(Value));
  for (std::size_t i = 0; i < count; ++i) elements[i].set_words(0, 0);
  Value made;
  made.set_node(Tag::array, node);
  return made;
}

Value Value::object(Value* names_and_values, std::size_t count) {
  ObjectNode* node = Shared::made<ObjectNode>(0, count);
  Value made;
  made.set_node(Tag::object, node);
  Field* fields = parts(*node);
  if (count >= kIndexed) {
    for (std::size_t i = 0; i < count; ++i)
      made.set(std::move(names_and_values[2 * i]), std::move(names_and_values[2 * i + 1]));
    return made;
  }
  for (std::size_t i = 0; i < count; ++i) {
    Value& name = names_and_values[2 * i];
    Value& value = names_and_values[2 * i + 1];
    if (const std::uint32_t place = place_of(*node, name); place != kNowhere) {
      fields[place].value = std::move(value);
      continue;
    }
    ::new (fields + node->size) Field{std::move(name), std::move(value)};
    ++node->size;
  }
  return made;
}

Value Value::record(const Elements& names, const Value* values) {
  ObjectNode* node = Shared::made<ObjectNode>(names.size(), names.size());
  Field* fields = parts(*node);
  for (std::size_t i = 0; i < names.size(); ++i) ::new (fields + i) Field{names[i], values[i]};
  make_index(*node);
  Value made;
  made.set_node(Tag::object, node);
  return made;
}

double Value::number_of_text() const { return to_double(text()); }

const Value* Value::find(const Value& name) const {
  auto* object = node<ObjectNode>();
  const std::uint32_t place = place_of(*object, name);
  return place == kNowhere ? nullptr : &parts(*object)[place].value;
}

void Value::append_text(std::string_view more) {
  const std::string_view old = text();
  const std::size_t size = old.size() + more.size();
  if (size <= kInlineMax) {
    if (!more.empty()) std::memcpy(bytes_ + 2 + old.size(), more.data(), more.size());
    bytes_[1] = static_cast<unsigned char>(size);
    return;
  }
  if (!is_shared()) {
    auto* node = Shared::made<TextNode>(old.size(), with_room(size));
    std::memcpy(parts(*node), old.data(), old.size());
    set_node(Tag::text, node);
  }
  auto& node = Shared::own<TextNode>(*this, size);
  std::memcpy(parts(node) + node.size, more.data(), more.size());
  node.size = static_cast<std::uint32_t>(size);
}

void Value::set(std::size_t index, Value element) {
  const std::size_t size = node<ArrayNode>()->size;
  ArrayNode& array = Shared::own<ArrayNode>(*this, std::max(size, index + 1));
  while (array.size <= index) ::new (parts(array) + array.size++) Value();
  parts(array)[index] = std::move(element);
}

void Value::erase(std::size_t from, std::size_t to) {
  if (from == to) return;
  ArrayNode& array = Shared::own<ArrayNode>(*this, 0);
  Value* elements = parts(array);
  for (std::size_t i = from; i < to; ++i) elements[i] = Value();
  move_bytes(elements + from, elements + to, (array.size - to) * sizeof(Value));
  array.size -= static_cast<std::uint32_t>(to - from);
}

void Value::set(Value name, Value value) {
  const std::uint32_t place = place_of(*node<ObjectNode>(), name);
  if (place != kNowhere) {
    parts(Shared::own<ObjectNode>(*this, 0))[place].value = std::move(value);
    return;
  }
  ObjectNode& object = Shared::own<ObjectNode>(*this, node<ObjectNode>()->size + 1);
  ::new (parts(object) + object.size) Field{std::move(name), std::move(value)};
  ++object.size;
  if (object.slots == 0 || object.size > object.slots / 2) {
    make_index(object);
  } else {
    enter(object, object.size - 1);
  }
}

void Value::erase(const Value& name) {
  const std::uint32_t place = place_of(*node<ObjectNode>(), name);
  if (place == kNowhere) return;
  ObjectNode& object = Shared::own<ObjectNode>(*this, 0);
  Field* fields = parts(object);
  fields[place].~Field();
  move_bytes(fields + place, fields + place + 1, (object.size - place - 1) * sizeof(Field));
  --object.size;
  make_index(object);
}

Value Value::take(std::size_t index) {
  if (index >= node<ArrayNode>()->size) return Value();
  return std::exchange(parts(Shared::own<ArrayNode>(*this, 0))[index], Value());
}

Value Value::take(const Value& name) {
  const std::uint32_t place = place_of(*node<ObjectNode>(), name);
  if (place == kNowhere) return Value();
  return std::exchange(parts(Shared::own<ObjectNode>(*this, 0))[place].value, Value());
}

void Value::free_node() noexcept { Shared::free_all(node<Node>()); }

void Value::pin() {
  if (!is_shared()) return;
  // What is pinned is in one list from `this` on, so that it can be freed one by one.
  Node* last = node<Node>();
  last->pinned = true;
  last->next = nullptr;
  for (Node* at = last; at != nullptr; at = at->next) {
    Shared::each_part(at, [&last](const Value& part) {
      if (!part.is_shared()) return;
      Node* inner = part.node<Node>();
      if (std::exchange(inner->pinned, true)) return;
      inner->next = nullptr;
      last = last->next = inner;
    });
  }
}

void Value::unpin() {
  if (!is_shared()) return;
  Node* at = node<Node>();
  set_words(0, 0);
  while (at != nullptr) Shared::free_one(std::exchange(at, at->next));
}

}  // namespace nowthen::expr
