#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <nowthen/id.h>
#include <nowthen/policy.h>
#include <nowthen/result.h>

namespace nowthen {

class JsonReader;

/// One field of a struct while it is read. Made by NOWTHEN_JSON.
struct JsonField {
  std::string_view name;
  void* target;
  void (*read)(JsonReader&, void*);
  bool optional;  ///< may be absent
  bool seen = false;
};
/// The JSON name of one enumerator. Made by NOWTHEN_JSON_ENUM.
struct JsonName {
  std::string_view name;
  std::int64_t value;
};

/// Appends JSON to a string. Commas are its business. Throws `CodecFailed` for what JSON cannot
/// hold: text that is not UTF-8, NaN and infinities, more than 256 levels.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void natural(std::uint64_t value);
  void number(double value);  ///< the shortest text that reads back as the same number
  void number(float value);
  void string(std::string_view value);
  void name_of(const JsonName* names, std::size_t count, std::int64_t value);
  void begin_object();
  void field(std::string_view name);  ///< its value follows; `name` stays until then
  void end_object();
  void begin_array();
  void end_array();
  void raw(std::string_view json);  ///< a value that is JSON already; it is not checked

 private:
  void before_value();
  void enter(char bracket);
  void leave(char bracket);
  void quoted(std::string_view text);
  [[noreturn]] void fail(std::string_view why) const;

  std::string& out_;
  std::string_view field_;  // that is written
  std::uint32_t depth_ = 0;
  bool comma_ = false;  // a value was written before in the same array or object
};

/// Reads JSON strictly (RFC 8259; UTF-8 checked, duplicate names refused, at most 256 levels,
/// numbers exact or out of range). After the first error every call does nothing; the error names
/// the place: "field 'items[3].price': expected a number". `text` must outlive the reader.
class JsonReader {
 public:
  /// What becomes of fields of an object that nobody asked for.
  enum class Unknown : std::uint8_t { skipped, refused };
  explicit JsonReader(std::string_view text, Unknown unknown = Unknown::skipped)
      : text_(text), unknown_(unknown) {}

  bool ok() const { return !failed_; }
  /// Precondition: !ok(). `codec_failed`.
  Error error() const;

  bool null();  ///< takes `null` if it is next
  bool next_is_number();
  void boolean(bool& value);
  void integer(std::int64_t& value, std::int64_t min, std::int64_t max);
  void natural(std::uint64_t& value, std::uint64_t max);
  void number(double& value);
  void string(std::string& value);
  void name_of(const JsonName* names, std::size_t count, std::int64_t& value);
  /// An object with these fields. Unknown ones are checked and skipped, or refused.
  void object(JsonField* fields, std::size_t count);
  /// An object of any names: `entry(reader, target, name)` reads each value.
  void entries(void* target, void (*entry)(JsonReader&, void*, std::string&& name));
  /// False on error. Then `next_element` until it is false.
  bool begin_array();
  bool next_element();
  void skip();             ///< checks any value
  std::string_view raw();  ///< checks any value and gives its text
  void finish();           ///< nothing but white space may follow

  /// Reports an error here. The first one counts.
  void fail(std::string_view what);
  /// Puts a place in front of the error while it goes up.
  void failed_in_element(std::size_t index);
  void failed_in_field(std::string_view name);

 private:
  class Names;
  bool expect(char c, std::string_view what);
  bool literal(std::string_view word);
  void white_space();
  bool enter();
  bool next_name(bool first, std::string& name);
  bool raw_string(std::string& value);
  std::string_view number_text(bool& is_integer);

  std::string_view text_;
  Unknown unknown_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  bool first_ = false;  // the next element is the first of its array
  bool failed_ = false;
  std::string what_;
  std::string place_;
};

/// Whether `text` is one strict JSON value; `codec_failed` says where it is not.
Result<void> validate_json(std::string_view text);

// What a user struct or enum gets from its macro; found by argument-dependent lookup.
void nowthen_json_write(JsonWriter& writer, const InvocationId& id);
void nowthen_json_read(JsonReader& reader, InvocationId& id);

namespace json {

void write_duration(JsonWriter& writer, Duration duration);
void read_duration(JsonReader& reader, Duration& duration);
/// RFC 3339 in UTC with as many digits of the second as it takes: "2026-01-31T12:00:00.25Z".
void write_time(JsonWriter& writer, std::chrono::sys_time<Duration> time);
void read_time(JsonReader& reader, std::chrono::sys_time<Duration>& time);

template <class T>
concept Described = requires(JsonWriter& w, JsonReader& r, const T& in, T& out) {
  nowthen_json_write(w, in);
  nowthen_json_read(r, out);
};
template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                  !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                  !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsTime = false;
template <class D>
inline constexpr bool kIsTime<std::chrono::time_point<std::chrono::system_clock, D>> =
    std::convertible_to<D, Duration>;
template <class T>
inline constexpr bool kIsArray = false;
template <class T, std::size_t N>
inline constexpr bool kIsArray<std::array<T, N>> = true;
template <class T>
concept TimeSpan = requires {
  typename T::rep;
  typename T::period;
} && std::convertible_to<T, Duration>;
template <class T>
concept Map = requires {
  typename T::mapped_type;
  requires std::same_as<typename T::key_type, std::string>;
};
template <class T>
concept TupleLike = requires { std::tuple_size<T>::value; };
template <class T>
concept Sequence = requires(T& t, typename T::value_type value) {
  t.begin();
  t.insert(t.end(), std::move(value));
};
template <class T>
inline constexpr bool kHasForm = false;

template <class T>
void write(JsonWriter& w, const T& value) {
  if constexpr (Described<T>) {
    nowthen_json_write(w, value);
  } else if constexpr (std::same_as<T, bool>) {
    w.boolean(value);
  } else if constexpr (std::is_enum_v<T>) {
    write(w, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (Integer<T> && std::is_signed_v<T>) {
    w.integer(value);
  } else if constexpr (Integer<T>) {
    w.natural(value);
  } else if constexpr (std::same_as<T, double> || std::same_as<T, float>) {
    w.number(value);
  } else if constexpr (std::same_as<T, std::string>) {
    w.string(value);
  } else if constexpr (TimeSpan<T>) {
    write_duration(w, value);
  } else if constexpr (kIsTime<T>) {
    write_time(w, value);
  } else if constexpr (kIsOptional<T>) {
    if (value) {
      write(w, *value);
    } else {
      w.null();
    }
  } else if constexpr (Map<T>) {
    w.begin_object();
    for (const auto& [name, element] : value) {
      w.field(name);
      write(w, element);
    }
    w.end_object();
  } else if constexpr (kIsArray<T> || (Sequence<T> && !TupleLike<T>)) {
    w.begin_array();
    for (const auto& element : value) write<typename T::value_type>(w, element);
    w.end_array();
  } else if constexpr (TupleLike<T>) {
    w.begin_array();
    std::apply([&w](const auto&... elements) { (write(w, elements), ...); }, value);
    w.end_array();
  } else {
    static_assert(
        kHasForm<T>,
        "nowthen: this type has no JSON form: write NOWTHEN_JSON(Type, field, ...) beside "
        "it, or specialise nowthen::Codec");
  }
}

template <class T>
void read(JsonReader& r, T& value);

template <class T>
void read_into(JsonReader& r, void* target) {
  read(r, *static_cast<T*>(target));
}
template <class T>
void read_entry(JsonReader& r, void* target, std::string&& name) {
  typename T::mapped_type element{};
  read(r, element);
  if (r.ok()) static_cast<T*>(target)->emplace(std::move(name), std::move(element));
}
/// One element of an array of fixed length.
template <class T>
void read_element(JsonReader& r, T& element, std::size_t index) {
  if (!r.ok()) return;
  if (!r.next_element()) {
    r.fail("too few elements");
    return;
  }
  read(r, element);
  if (!r.ok()) r.failed_in_element(index);
}
inline void end_elements(JsonReader& r) {
  if (r.ok() && r.next_element()) r.fail("too many elements");
}

template <class T>
void read_sequence(JsonReader& r, T& value) {
  value.clear();
  if (!r.begin_array()) return;
  for (std::size_t i = 0; r.next_element(); ++i) {
    typename T::value_type element{};
    read(r, element);
    if (!r.ok()) return r.failed_in_element(i);
    value.insert(value.end(), std::move(element));
  }
}

template <class T>
void read(JsonReader& r, T& value) {
  if constexpr (Described<T>) {
    nowthen_json_read(r, value);
  } else if constexpr (std::same_as<T, bool>) {
    r.boolean(value);
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    read(r, number);
    value = static_cast<T>(number);
  } else if constexpr (Integer<T> && std::is_signed_v<T>) {
    std::int64_t number = 0;
    r.integer(number, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    value = static_cast<T>(number);
  } else if constexpr (Integer<T>) {
    std::uint64_t number = 0;
    r.natural(number, std::numeric_limits<T>::max());
    value = static_cast<T>(number);
  } else if constexpr (std::same_as<T, double>) {
    r.number(value);
  } else if constexpr (std::same_as<T, float>) {
    double number = 0;
    r.number(number);
    if (number > std::numeric_limits<float>::max() || number < std::numeric_limits<float>::lowest())
      return r.fail("the number is out of range");
    value = static_cast<float>(number);
  } else if constexpr (std::same_as<T, std::string>) {
    r.string(value);
  } else if constexpr (TimeSpan<T>) {
    Duration duration{};
    read_duration(r, duration);
    value = std::chrono::duration_cast<T>(duration);
    if (Duration{value} != duration) r.fail("the duration is too fine for its type");
  } else if constexpr (kIsTime<T>) {
    std::chrono::sys_time<Duration> time{};
    read_time(r, time);
    value = std::chrono::time_point_cast<typename T::duration>(time);
    if (value != time) r.fail("the time is too fine for its type");
  } else if constexpr (kIsOptional<T>) {
    if (r.null()) {
      value.reset();
    } else {
      read(r, value.emplace());
    }
  } else if constexpr (Map<T>) {
    value.clear();
    r.entries(&value, &read_entry<T>);
  } else if constexpr (kIsArray<T>) {
    if (!r.begin_array()) return;
    for (std::size_t i = 0; i < value.size(); ++i) read_element(r, value[i], i);
    end_elements(r);
  } else if constexpr (TupleLike<T>) {
    if (!r.begin_array()) return;
    std::size_t i = 0;
    std::apply([&](auto&... elements) { (read_element(r, elements, i++), ...); }, value);
    end_elements(r);
  } else if constexpr (Sequence<T>) {
    read_sequence(r, value);
  } else {
    static_assert(
        kHasForm<T>,
        "nowthen: this type has no JSON form: write NOWTHEN_JSON(Type, field, ...) beside "
        "it, or specialise nowthen::Codec");
  }
}

template <class T>
JsonField field(std::string_view name, T& target) {
  return {name, &target, &read_into<T>, kIsOptional<T>};
}

}  // namespace json
}  // namespace nowthen

// NOWTHEN_EACH(M, T, a, b, ...) is M(T, a) M(T, b) ...; up to 256 arguments.
#define NOWTHEN_PARENS ()
#define NOWTHEN_EXPAND(...) \
  NOWTHEN_EXPAND3(NOWTHEN_EXPAND3(NOWTHEN_EXPAND3(NOWTHEN_EXPAND3(__VA_ARGS__))))
#define NOWTHEN_EXPAND3(...) \
  NOWTHEN_EXPAND2(NOWTHEN_EXPAND2(NOWTHEN_EXPAND2(NOWTHEN_EXPAND2(__VA_ARGS__))))
#define NOWTHEN_EXPAND2(...) \
  NOWTHEN_EXPAND1(NOWTHEN_EXPAND1(NOWTHEN_EXPAND1(NOWTHEN_EXPAND1(__VA_ARGS__))))
#define NOWTHEN_EXPAND1(...) __VA_ARGS__
#define NOWTHEN_EACH(macro, type, ...) \
  __VA_OPT__(NOWTHEN_EXPAND(NOWTHEN_EACH_STEP(macro, type, __VA_ARGS__)))
#define NOWTHEN_EACH_STEP(macro, type, one, ...) \
  macro(type, one) __VA_OPT__(NOWTHEN_EACH_AGAIN NOWTHEN_PARENS(macro, type, __VA_ARGS__))
#define NOWTHEN_EACH_AGAIN() NOWTHEN_EACH_STEP
#define NOWTHEN_JSON_WRITE_FIELD(type, name) \
  writer.field(#name);                       \
  ::nowthen::json::write(writer, value.name);
#define NOWTHEN_JSON_READ_FIELD(type, name) ::nowthen::json::field(#name, value.name),
#define NOWTHEN_JSON_ENUMERATOR(type, name) \
  ::nowthen::JsonName{#name, static_cast<std::int64_t>(type::name)},

/// Gives a struct its JSON form: an object of these public fields. One line, in the namespace of
/// the struct, after it. A field is required unless it is a std::optional; unknown fields in the
/// bytes are ignored, so that code can evolve. The struct must be default constructible.
#define NOWTHEN_JSON(Type, ...)                                                         \
  [[maybe_unused]] inline void nowthen_json_write(::nowthen::JsonWriter& writer,        \
                                                  [[maybe_unused]] const Type& value) { \
    writer.begin_object();                                                              \
    NOWTHEN_EACH(NOWTHEN_JSON_WRITE_FIELD, Type __VA_OPT__(, ) __VA_ARGS__)             \
    writer.end_object();                                                                \
  }                                                                                     \
  [[maybe_unused]] inline void nowthen_json_read(::nowthen::JsonReader& reader,         \
                                                 [[maybe_unused]] Type& value) {        \
    ::nowthen::JsonField fields[] = {NOWTHEN_EACH(                                      \
        NOWTHEN_JSON_READ_FIELD, Type __VA_OPT__(, ) __VA_ARGS__)::nowthen::JsonField{  \
        {}, nullptr, nullptr, true}};                                                   \
    reader.object(fields, sizeof(fields) / sizeof(fields[0]) - 1);                      \
  }                                                                                     \
  static_assert(true)

/// Gives an enum its JSON form: the name of the enumerator as a string. Enums without this line are
/// numbers. Writing a value without a name throws `CodecFailed`.
#define NOWTHEN_JSON_ENUM(Type, ...)                                                           \
  [[maybe_unused]] inline void nowthen_json_write(::nowthen::JsonWriter& writer,               \
                                                  const Type& value) {                         \
    const ::nowthen::JsonName names[] = {                                                      \
        NOWTHEN_EACH(NOWTHEN_JSON_ENUMERATOR, Type, __VA_ARGS__)};                             \
    writer.name_of(names, sizeof(names) / sizeof(names[0]), static_cast<std::int64_t>(value)); \
  }                                                                                            \
  [[maybe_unused]] inline void nowthen_json_read(::nowthen::JsonReader& reader, Type& value) { \
    const ::nowthen::JsonName names[] = {                                                      \
        NOWTHEN_EACH(NOWTHEN_JSON_ENUMERATOR, Type, __VA_ARGS__)};                             \
    std::int64_t number = static_cast<std::int64_t>(value);                                    \
    reader.name_of(names, sizeof(names) / sizeof(names[0]), number);                           \
    value = static_cast<Type>(number);                                                         \
  }                                                                                            \
  static_assert(true)
