#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace nowthen::expr {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

/// "null", "boolean", ...: what the function `type` answers.
std::string_view name_of(Kind kind);

class Value;
struct Node;
struct Field;

/// The elements of an array, in order. Valid while the value lives and is not changed.
struct Elements {
  const Value* first = nullptr;
  std::size_t count = 0;
  const Value* begin() const { return first; }
  const Value* end() const;
  const Value& operator[](std::size_t index) const;
  std::size_t size() const { return count; }
};

/// The fields of an object, in the order in which their names were first set. Valid like Elements.
struct Fields {
  const Field* first = nullptr;
  std::size_t count = 0;
  const Field* begin() const { return first; }
  const Field* end() const;
  std::size_t size() const { return count; }
};

/// A JSON value (RFC 8259), immutable to whoever shares it. 16 bytes: null, booleans, doubles, and
/// strings and exact numbers of up to 14 bytes are in it; what is larger is shared and counted.
///
/// A number is a double, or, where a double would be written otherwise than it was read, its text:
/// canonical as in decimal.h, exact as long as it is only copied, compared and written.
///
/// Counting is not atomic: a value and what it shares belong to one thread at a time. What `pin`
/// has gone over is counted no more, and may be read by any number of threads.
class Value {
 public:
  static constexpr std::size_t kInlineMax = 14;  ///< bytes

  Value() noexcept { set_words(0, 0); }
  explicit Value(bool is) noexcept { set_words(std::uint64_t(is ? Tag::true_ : Tag::false_), 0); }
  explicit Value(double number) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, &number, sizeof(bits));
    set_words(std::uint64_t(Tag::number), bits);
  }
  /// UTF-8.
  explicit Value(std::string_view text) : Value(Tag::short_text, text) {}
  explicit Value(const char* text) : Value(std::string_view(text)) {}
  /// Of a number that is to be kept as it is written. Precondition: canonical (decimal.h).
  static Value exact(std::string_view decimal) { return {Tag::short_exact, decimal}; }
  /// Takes `count` values from `elements`, leaving nulls.
  static Value array(Value* elements, std::size_t count);
  static Value array() { return array(nullptr, 0); }
  /// Of names and values in turn, `count` pairs: taken; of a name that is there twice the last
  /// value counts, at the place of the first.
  static Value object(Value* names_and_values, std::size_t count);
  static Value object() { return object(nullptr, 0); }
  /// Of `names`, no two of which are alike, and `values`. Both are shared.
  static Value record(const Elements& names, const Value* values);

  Value(const Value& other) noexcept {
    std::memcpy(bytes_, other.bytes_, sizeof(bytes_));
    if (is_shared()) share();
  }
  Value(Value&& other) noexcept {
    std::memcpy(bytes_, other.bytes_, sizeof(bytes_));
    other.set_words(0, 0);
  }
  Value& operator=(const Value& other) noexcept {
    Value copy(other);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    Value taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Value() {
    if (is_shared()) release();
  }
  void swap(Value& other) noexcept {
    unsigned char kept[sizeof(bytes_)];
    std::memcpy(kept, bytes_, sizeof(bytes_));
    std::memcpy(bytes_, other.bytes_, sizeof(bytes_));
    std::memcpy(other.bytes_, kept, sizeof(bytes_));
  }

  Kind kind() const;
  bool is_null() const { return tag() == Tag::null; }
  /// All but null and false.
  bool is_true() const { return tag() >= Tag::true_; }
  bool is_number() const { return kind() == Kind::number; }
  bool is_string() const { return tag() == Tag::short_text || tag() == Tag::text; }
  bool is_array() const { return tag() == Tag::array; }
  bool is_object() const { return tag() == Tag::object; }

  /// The nearest double. Precondition: a number.
  double number() const {
    if (tag() != Tag::number) return number_of_text();
    double value;
    std::memcpy(&value, bytes_ + 8, sizeof(value));
    return value;
  }
  /// Whether it is a number that is kept as it was written.
  bool is_exact() const { return tag() == Tag::short_exact || tag() == Tag::exact; }
  /// The double of a number that is not exact; null of all else.
  const double* plain_number() const {
    return tag() == Tag::number ? reinterpret_cast<const double*>(bytes_ + 8) : nullptr;
  }
  /// Whether both are the same scalar, or share what is in them.
  bool is_identical(const Value& other) const {
    return std::memcmp(bytes_, other.bytes_, sizeof(bytes_)) == 0;
  }
  /// Of a string, or of a number that `is_exact`. Valid while this value is not changed or moved.
  std::string_view text() const;
  /// Precondition: an array.
  Elements elements() const;
  /// Precondition: an object.
  Fields fields() const;
  /// The value of a field; null if there is none. Precondition: an object, and a string.
  const Value* find(const Value& name) const;

  // Changes this value alone: what is shared with others is copied first.

  /// Precondition: a string, and UTF-8.
  void append_text(std::string_view more);

  /// Precondition: an array. Elements between the last one and `index` become null.
  void set(std::size_t index, Value element);
  void append(Value element) { set(elements().size(), std::move(element)); }
  /// Precondition: an array, and from <= to <= size.
  void erase(std::size_t from, std::size_t to);
  /// Precondition: an object, and a string.
  void set(Value name, Value value);
  void erase(const Value& name);
  /// Takes an element or the value of a field out, to be changed and set again: null stays in its
  /// place. So what only this value had is changed in its place, without a copy.
  Value take(std::size_t index);
  Value take(const Value& name);

  /// From now on what is in it is shared by any threads, is not counted and not freed, until
  /// `unpin`. Precondition: nobody else has a part of it.
  void pin();
  /// Frees what `pin` kept. Precondition: pinned, and nobody else uses it any more.
  void unpin();

 private:
  enum class Tag : std::uint8_t {
    null,
    false_,
    true_,
    number,
    short_exact,
    short_text,
    exact,
    text,
    array,
    object  // these are shared
  };

  Value(Tag of_short, std::string_view text);
  void set_short(Tag tag, std::string_view text);
  Tag tag() const { return Tag(bytes_[0]); }
  bool is_shared() const { return tag() >= Tag::exact; }
  void set_words(std::uint64_t low, std::uint64_t high) noexcept {
    std::memcpy(bytes_, &low, sizeof(low));
    std::memcpy(bytes_ + 8, &high, sizeof(high));
  }
  template <class T>
  T* node() const {
    T* node;
    std::memcpy(&node, bytes_ + 8, sizeof(node));
    return node;
  }
  void set_node(Tag tag, Node* node) {
    set_words(std::uint64_t(tag), 0);
    std::memcpy(bytes_ + 8, &node, sizeof(node));
  }
  void share() const noexcept;
  void release() noexcept;
  void free_node() noexcept;
  double number_of_text() const;
  friend struct Shared;

  // The tag; then of short texts a length and bytes up to the end, with zeros behind, so that equal
  // ones have equal bytes; of doubles, and of what is shared, 8 bytes from 8 on.
  alignas(8) unsigned char bytes_[16];
};

struct Field {
  Value name;
  Value value;
};

inline const Value* Elements::end() const { return first + count; }
inline const Value& Elements::operator[](std::size_t index) const { return first[index]; }
inline const Field* Fields::end() const { return first + count; }

// ---- how it is kept ----

/// What is shared begins with this.
struct Node {
  union {
    std::uint64_t users;
    Node* next;  ///< of those that are to be freed
  };
  std::uint32_t size;  ///< bytes, elements or fields
  std::uint8_t tag;
  bool pinned;
};

struct TextNode : Node {
  using Part = char;
  std::uint32_t capacity = 0;
};
struct ArrayNode : Node {
  using Part = Value;
  std::uint32_t capacity = 0;
};
struct ObjectNode : Node {
  using Part = Field;
  std::uint32_t capacity = 0;
  std::uint32_t slots = 0;         ///< of the index, a power of two; 0: there is none
  std::uint32_t* index = nullptr;  ///< places of fields, and one more than that; 0: none
};
/// What is behind a node.
template <class T>
typename T::Part* parts(T& node) {
  return reinterpret_cast<typename T::Part*>(&node + 1);
}

inline Kind Value::kind() const {
  constexpr Kind kKinds[] = {Kind::null,   Kind::boolean, Kind::boolean, Kind::number,
                             Kind::number, Kind::string,  Kind::number,  Kind::string,
                             Kind::array,  Kind::object};
  return kKinds[bytes_[0]];
}

inline std::string_view Value::text() const {
  if (!is_shared()) return {reinterpret_cast<const char*>(bytes_ + 2), bytes_[1]};
  auto* shared = node<TextNode>();
  return {parts(*shared), shared->size};
}

inline Elements Value::elements() const {
  auto* array = node<ArrayNode>();
  return {parts(*array), array->size};
}

inline Fields Value::fields() const {
  auto* object = node<ObjectNode>();
  return {parts(*object), object->size};
}

inline void Value::share() const noexcept {
  Node* shared = node<Node>();
  if (!shared->pinned) ++shared->users;
}

inline void Value::release() noexcept {
  Node* shared = node<Node>();
  if (!shared->pinned && --shared->users == 0) free_node();
}

}  // namespace nowthen::expr
