// Functions of objects, and of values of any kind: keys, entries, containment, types.

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/find.h"
#include "base/utf8.h"
#include "expr/builtins.h"
#include "expr/library.h"
#include "expr/memory.h"
#include "expr/order.h"
#include "expr/paths.h"

namespace nowthen::expr {
namespace {

Value length(Call& call) {
  switch (call.input.kind()) {
    case Kind::null:
      return Value(0.0);
    case Kind::number: {
      if (!call.input.is_exact()) return Value(std::fabs(call.input.number()));
      const std::string_view text = call.input.text();
      return Value::exact(text.substr(text.starts_with('-') ? 1 : 0));
    }
    case Kind::string:
      return Value(static_cast<double>(count_characters(call.input.text())));
    case Kind::array:
      return Value(static_cast<double>(call.input.elements().size()));
    case Kind::object:
      return Value(static_cast<double>(call.input.fields().size()));
    case Kind::boolean:
      break;
  }
  return call.raised.error(described(call.input) + " has no length");
}

Value keys_of(Call& call, bool is_sorted) {
  Value keys = Value::array();
  if (call.input.is_array()) {
    for (std::size_t i = 0; i < call.input.elements().size(); ++i)
      keys.append(Value(static_cast<double>(i)));
  } else if (!call.input.is_object()) {
    return call.raised.error(described(call.input) + " has no keys");
  } else if (is_sorted) {
    for (const Field* field : sorted_fields(call.input, call.raised)) keys.append(field->name);
  } else {
    for (const Field& field : call.input.fields()) keys.append(field.name);
  }
  return keys;
}

Value keys(Call& call) { return keys_of(call, true); }
Value keys_unsorted(Call& call) { return keys_of(call, false); }

Value has(Call& call) {
  const Value& key = call.arguments[0];
  if (call.input.is_null()) return Value(false);
  if (call.input.is_object() && key.is_string()) {
    call.raised.spend(key.text().size() / 64);
    return Value(call.input.find(key) != nullptr);
  }
  if (call.input.is_array() && key.is_number()) {
    const double place = std::trunc(key.number());
    return Value(place >= 0 && place < static_cast<double>(call.input.elements().size()));
  }
  return call.raised.error("Cannot check whether " + std::string(name_of(call.input.kind())) +
                           " has a " + std::string(name_of(key.kind())) + " key");
}

Value to_entries(Call& call) {
  const Value keys = keys_of(call, false);
  Value entries = Value::array();
  if (call.raised) return {};
  if (Memory::is_short_of(keys.elements().size() * 150))
    return call.raised.budget("memory: too many entries");
  for (const Value& key : keys.elements()) {
    Value parts[] = {Value("key"), key, Value("value"), index(call.input, key, call.raised)};
    entries.append(Value::object(parts, 2));
  }
  return entries;
}

/// The name that an entry holds: `.key`, or the first that is true of its other names.
Value name_in(const Value& entry) {
  if (const Value* key = entry.find(Value("key")); key != nullptr && !key->is_null()) return *key;
  for (const char* const name : {"k", "name", "Name", "K", "Key"}) {
    const Value* key = entry.find(Value(name));
    if (key != nullptr && key->is_true()) return *key;
  }
  return {};
}

/// The value that it holds, of the first name that is there.
Value value_in(const Value& entry) {
  for (const char* const name : {"value", "v", "Value"}) {
    if (const Value* value = entry.find(Value(name))) return *value;
  }
  return {};
}

Value from_entries(Call& call) {
  Value made = Value::object();
  if (!call.input.is_array() && !call.input.is_object())
    return call.raised.error("Cannot iterate over " +
                             (call.input.is_null() ? "null" : described(call.input)));
  const auto take = [&](const Value& entry) {
    if (!entry.is_object()) {
      call.raised.error("Cannot index " + std::string(name_of(entry.kind())) +
                        " with string (\"key\")");
      return;
    }
    Value name = name_in(entry);
    if (!name.is_string()) name = Value(std::string_view(json_of(name, call.raised)));
    if (call.raised.spend(name.text().size() / 64)) made.set(std::move(name), value_in(entry));
  };
  if (call.input.is_array()) {
    for (const Value& entry : call.input.elements()) {
      if (!call.raised) take(entry);
    }
  } else {
    for (const Field& field : call.input.fields()) {
      if (!call.raised) take(field.value);
    }
  }
  return made;
}

/// An array or object in which the parts of another one are looked for, one after the other.
struct Search {
  const Value& whole;
  const Value& part;
  std::size_t sought = 0;  ///< the part of `part` whose turn it is
  std::size_t tried = 0;   ///< so many places are not where it is

  bool is_over() const {
    return sought == (part.is_array() ? part.elements().size() : part.fields().size());
  }
  const Value& wanted() const {
    return part.is_array() ? part.elements()[sought] : part.fields().begin()[sought].value;
  }
  /// Where it may be next; null if it is nowhere.
  const Value* candidate() const {
    if (whole.is_array())
      return tried < whole.elements().size() ? &whole.elements()[tried] : nullptr;
    return tried == 0 ? whole.find(part.fields().begin()[sought].name) : nullptr;
  }
};

/// Whether all of `part` is in `whole`.
bool is_within(const Value& whole, const Value& part, Call& call) {
  std::vector<Search> open;
  // None: the answer takes a search of its own.
  const auto look = [&](const Value& in, const Value& wanted) -> std::optional<bool> {
    if (in.kind() != wanted.kind()) return false;
    if (!call.raised.spend(1 + (in.is_string() ? in.text().size() / 64 : 0))) return false;
    if (in.is_string()) return find_text(in.text(), wanted.text()) != std::string_view::npos;
    if (!in.is_array() && !in.is_object())
      return compare(in, wanted, call.raised) == std::strong_ordering::equal;
    if (open.size() > kDepthMax) {
      call.raised.error("Containment check too deep");
      return false;
    }
    open.push_back({in, wanted});
    return std::nullopt;
  };
  std::optional<bool> found = look(whole, part);
  while (!open.empty() && !call.raised) {
    Search& search = open.back();
    if (found && *found) {
      ++search.sought;
      search.tried = 0;
    } else if (found) {
      ++search.tried;
    }
    found.reset();
    const bool is_over = search.is_over();
    const Value* candidate = is_over ? nullptr : search.candidate();
    if (candidate != nullptr) {
      found = look(*candidate, search.wanted());
    } else {
      found = is_over;
      open.pop_back();
    }
  }
  return found.value_or(false);
}

Value contains(Call& call) {
  const Value& part = call.arguments[0];
  const bool are_words = call.input.kind() == Kind::boolean;
  if (call.input.kind() != part.kind() || (are_words && call.input.is_true() != part.is_true()))
    return call.raised.error(described(call.input) + " and " + described(part) +
                             " cannot have their containment checked");
  return Value(is_within(call.input, part, call));
}

Value type(Call& call) { return Value(name_of(call.input.kind())); }

Value builtins(Call&) {
  Value names = Value::array();
  for (const std::string& name : names_of_functions()) names.append(Value(std::string_view(name)));
  return names;
}

Value yes(Call&) { return Value(true); }
Value line_number(Call& call) { return Value(static_cast<double>(call.around.line)); }

constexpr Builtin kBuiltins[] = {{"length", 0, length},
                                 {"keys", 0, keys},
                                 {"keys_unsorted", 0, keys_unsorted},
                                 {"has", 1, has},
                                 {"to_entries", 0, to_entries},
                                 {"from_entries", 0, from_entries},
                                 {"contains", 1, contains},
                                 {"type", 0, type},
                                 {"builtins", 0, builtins, true, false},
                                 {"have_literal_numbers", 0, yes, true, false},
                                 {"have_decnum", 0, yes, true, false},
                                 {"input_line_number", 0, line_number, false, false}};

}  // namespace

std::span<const Builtin> object_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
