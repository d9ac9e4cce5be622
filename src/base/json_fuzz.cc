// Any text: what is accepted as JSON reads the same by every way of reading it, and what is written
// again from its parts is JSON of the same meaning.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nowthen/json.h>

#include "base/assert.h"
#include "base/utf8.h"

namespace {

using namespace nowthen;

/// Reads one value and writes it anew, white space and escapes gone.
void copy(JsonReader& in, JsonWriter& out);

void copy_entry(JsonReader& in, void* to, std::string&& name) {
  auto& out = *static_cast<JsonWriter*>(to);
  out.field(name);
  copy(in, out);
}

/// Reads a value with `read`, from a reader of its own.
template <class T, class Read>
T value_of(std::string_view json, Read read) {
  T value{};
  JsonReader reader(json);
  read(reader, value);
  reader.finish();
  NT_ASSERT(reader.ok());
  return value;
}

void copy_text(std::string_view json, JsonWriter& out) {
  const std::string text =
      value_of<std::string>(json, [](JsonReader& in, std::string& to) { in.string(to); });
  NT_ASSERT(is_utf8(text));
  out.string(text);
}

void copy(JsonReader& in, JsonWriter& out) {
  std::string_view json = in.raw();
  if (!in.ok()) return;
  NT_ASSERT(!json.empty() && validate_json(json));
  json.remove_prefix(json.find_first_not_of(" \t\r\n"));
  JsonReader inner(json);
  switch (json.front()) {
    case '{':
      out.begin_object();
      inner.entries(&out, copy_entry);
      out.end_object();
      break;
    case '[':
      out.begin_array();
      NT_ASSERT(inner.begin_array());
      while (inner.next_element()) copy(inner, out);
      out.end_array();
      break;
    case '"':
      return copy_text(json, out);
    default:
      return out.raw(json);
  }
  inner.finish();
  NT_ASSERT(inner.ok());
}

std::string copied(std::string_view text) {
  std::string anew;
  JsonWriter out(anew);
  JsonReader in(text);
  copy(in, out);
  in.finish();
  NT_ASSERT(in.ok());
  return anew;
}

/// Reads as a type: what is accepted is written as text that reads as the same value.
template <class T>
void read_as(std::string_view text) {
  T value{};
  JsonReader reader(text);
  json::read(reader, value);
  reader.finish();
  if (!reader.ok()) {
    NT_ASSERT(!reader.error().message.empty());
    return;
  }
  std::string written;
  JsonWriter out(written);
  json::write(out, value);
  T again{};
  JsonReader reading(written);
  json::read(reading, again);
  reading.finish();
  NT_ASSERT(reading.ok() && again == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const bool valid = validate_json(text).has_value();
  JsonReader skipping(text);
  skipping.skip();
  skipping.finish();
  NT_ASSERT(skipping.ok() == valid);
  // Only in what it nests does copying take more than one look, so that is bounded.
  if (valid && size <= 4'096) {
    const std::string anew = copied(text);
    NT_ASSERT(validate_json(anew) && copied(anew) == anew);
  }
  read_as<std::int64_t>(text);
  read_as<std::uint64_t>(text);
  read_as<std::uint8_t>(text);
  read_as<double>(text);
  read_as<bool>(text);
  read_as<std::string>(text);
  read_as<std::vector<std::optional<std::string>>>(text);
  read_as<std::map<std::string, std::vector<int>>>(text);
  read_as<Duration>(text);
  read_as<std::chrono::sys_time<Duration>>(text);
  read_as<InvocationId>(text);
  return 0;
}
