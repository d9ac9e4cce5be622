// Functions of arrays: sorting, grouping, joining, searching.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "expr/arithmetic.h"
#include "expr/builtins.h"
#include "expr/memory.h"
#include "expr/order.h"
#include "expr/paths.h"

namespace nowthen::expr {
namespace {

/// An element and what it is sorted by.
struct Keyed {
  Value element;
  Value key;
};

/// The input with the keys that the argument holds for each of its elements, sorted by them;
/// elements with like keys stay in order.
std::vector<Keyed> sorted(Call& call, const Value* keys) {
  std::vector<Keyed> all;
  if (!call.input.is_array()) {
    call.raised.error(described(call.input) + " cannot be sorted, as it is not an array");
    return all;
  }
  const Elements elements = call.input.elements();
  if (Memory::is_short_of(elements.size() * sizeof(Keyed))) {
    call.raised.budget("memory: an array is too long to be sorted");
    return all;
  }
  const Value* const by = keys == nullptr ? elements.first : keys->elements().first;
  const auto places = sorted_places(by, elements.size(), call.raised);
  if (!places) return all;
  all.reserve(elements.size());
  for (const std::uint32_t place : *places) all.push_back({elements[place], by[place]});
  return all;
}

Value sort(Call& call) {
  Value made = Value::array();
  for (Keyed& each : sorted(call, nullptr)) made.append(std::move(each.element));
  return made;
}

Value sort_by(Call& call) {
  Value made = Value::array();
  for (Keyed& each : sorted(call, &call.arguments[0])) made.append(std::move(each.element));
  return made;
}

bool is_like(const Keyed& a, const Keyed& b, Raised& raised) {
  return compare(a.key, b.key, raised) == std::strong_ordering::equal;
}

Value group_by(Call& call) {
  std::vector<Keyed> all = sorted(call, &call.arguments[0]);
  Value groups = Value::array();
  for (std::size_t i = 0; i < all.size();) {
    Value group = Value::array();
    const std::size_t first = i;
    do {
      group.append(std::move(all[i].element));
    } while (++i < all.size() && is_like(all[first], all[i], call.raised));
    groups.append(std::move(group));
  }
  return groups;
}

Value unique_by_keys(Call& call, const Value* keys) {
  std::vector<Keyed> all = sorted(call, keys);
  Value made = Value::array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == 0 || !is_like(all[i - 1], all[i], call.raised)) made.append(std::move(all[i].element));
  }
  return made;
}

Value unique(Call& call) { return unique_by_keys(call, nullptr); }
Value unique_by(Call& call) { return unique_by_keys(call, &call.arguments[0]); }

/// The least element, the first of many; or the greatest, the last of many.
Value extreme(Call& call, const Value* keys, bool greatest) {
  if (!call.input.is_array())
    return call.raised.error(described(call.input) + " cannot be iterated over");
  const Elements elements = call.input.elements();
  const Elements by = keys == nullptr ? elements : keys->elements();
  std::size_t best = 0;
  for (std::size_t i = 1; i < elements.size(); ++i) {
    const auto order = compare(by[i], by[best], call.raised);
    if (!order) return {};
    if (greatest ? *order >= 0 : *order < 0) best = i;
  }
  return elements.size() == 0 ? Value() : elements[best];
}

Value min(Call& call) { return extreme(call, nullptr, false); }
Value max(Call& call) { return extreme(call, nullptr, true); }
Value min_by(Call& call) { return extreme(call, &call.arguments[0], false); }
Value max_by(Call& call) { return extreme(call, &call.arguments[0], true); }

/// Calls `visit` with each part of an array or object; raises for all else.
template <class Visit>
void each_part(Call& call, const Value& of, Visit visit) {
  if (of.is_array()) {
    for (const Value& element : of.elements()) visit(element);
  } else if (of.is_object()) {
    for (const Field& field : of.fields()) visit(field.value);
  } else {
    call.raised.error("Cannot iterate over " +
                      (of.is_null() ? std::string("null") : described(of)));
  }
}

Value add_all(Call& call) {
  Value sum;
  each_part(call, call.input, [&](const Value& part) {
    if (!call.raised) sum = add(std::move(sum), part, call.raised);
  });
  return sum;
}

Value reverse(Call& call) {
  if (call.input.is_null()) return Value::array();
  if (call.input.is_string()) {
    const std::string_view text = call.input.text();
    std::string reversed;
    for (std::size_t end = text.size(); end > 0;) {
      std::size_t at = end - 1;
      while (at > 0 && (text[at] & 0xc0) == 0x80) --at;
      reversed += text.substr(at, end - at);
      end = at;
    }
    return Value(std::string_view(reversed));
  }
  if (!call.input.is_array()) return call.raised.error("Cannot reverse " + described(call.input));
  Value made = Value::array();
  const Elements elements = call.input.elements();
  for (std::size_t i = elements.size(); i-- > 0;) made.append(elements[i]);
  return made;
}

Value join(Call& call) {
  Value joined;
  bool first = true;
  each_part(call, call.input, [&](const Value& part) {
    if (call.raised) return;
    if (!first) joined = add(std::move(joined), call.arguments[0], call.raised);
    if (first) joined = Value("");
    first = false;
    if (call.raised || part.is_null()) return;
    if (part.is_number() || part.kind() == Kind::boolean) {
      const std::string text = json_of(part, call.raised);
      joined = add(std::move(joined), Value(std::string_view(text)), call.raised);
    } else {
      joined = add(std::move(joined), part, call.raised);
    }
  });
  return first ? Value("") : joined;
}

/// No recursion: what is inside waits until what was before it is done.
Value flatten_to(Call& call, double depth) {
  if (depth < 0) return call.raised.error("flatten depth must not be negative");
  struct Level {
    Value of;
    std::size_t at;
  };
  Value flat = Value::array();
  Value top = Value::array();
  each_part(call, call.input, [&](const Value& part) { top.append(part); });
  std::vector<Level> levels;
  levels.push_back({std::move(top), 0});
  while (!levels.empty() && !call.raised) {
    Level& level = levels.back();
    if (!call.raised.spend(1)) return {};
    if (Memory::exceeded()) return call.raised.budget("memory");
    if (level.at == level.of.elements().size()) {
      levels.pop_back();
      continue;
    }
    Value element = level.of.elements()[level.at++];
    if (element.is_array() && static_cast<double>(levels.size()) <= depth) {
      levels.push_back({std::move(element), 0});
    } else {
      flat.append(std::move(element));
    }
  }
  return flat;
}

Value flatten(Call& call) { return flatten_to(call, 1e9); }
Value flatten_depth(Call& call) {
  if (!call.arguments[0].is_number())
    return call.raised.error("flatten depth must not be negative");
  return flatten_to(call, call.arguments[0].number());
}

Value transpose(Call& call) {
  if (!call.input.is_array())
    return call.raised.error("Cannot iterate over " + described(call.input));
  const Elements rows = call.input.elements();
  std::size_t width = 0;
  for (const Value& row : rows) {
    if (!row.is_array()) return call.raised.error("Cannot transpose " + described(row));
    width = std::max(width, row.elements().size());
  }
  if (Memory::is_short_of(width * rows.size() * sizeof(Value)))
    return call.raised.budget("memory: a transposed array is too large");
  Value made = Value::array();
  for (std::size_t i = 0; i < width; ++i) {
    Value column = Value::array();
    for (const Value& row : rows)
      column.append(i < row.elements().size() ? row.elements()[i] : Value());
    made.append(std::move(column));
  }
  return made;
}

/// The place of the argument in the sorted input, or -1 - the place where it would be.
Value bsearch(Call& call) {
  if (!call.input.is_array())
    return call.raised.error(described(call.input) + " cannot be searched from");
  const Elements elements = call.input.elements();
  std::size_t low = 0;
  std::size_t high = elements.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const auto order = compare(elements[middle], call.arguments[0], call.raised);
    if (!order) return {};
    if (*order == 0) return Value(static_cast<double>(middle));
    (*order < 0 ? low = middle + 1 : high = middle);
  }
  return Value(-1 - static_cast<double>(low));
}

Value indices(Call& call) { return positions(call.input, call.arguments[0], call.raised); }

Value index_of(Call& call) {
  const Value all = indices(call);
  return all.is_array() && all.elements().size() > 0 ? all.elements()[0] : Value();
}

Value rindex_of(Call& call) {
  const Value all = indices(call);
  return all.is_array() && all.elements().size() > 0 ? all.elements()[all.elements().size() - 1]
                                                     : Value();
}

Value string_indices(Call& call) {
  if (!call.arguments[0].is_string())
    return call.raised.error(described(call.arguments[0]) + " is not a string");
  return indices(call);
}

Value to_array(Call& call) {
  return call.input.is_array() ? std::move(call.input) : Value::array(&call.input, 1);
}

constexpr Builtin kBuiltins[] = {{"sort", 0, sort},
                                 {"_sort_by", 1, sort_by},
                                 {"_group_by", 1, group_by},
                                 {"unique", 0, unique},
                                 {"_unique_by", 1, unique_by},
                                 {"min", 0, min},
                                 {"max", 0, max},
                                 {"_min_by", 1, min_by},
                                 {"_max_by", 1, max_by},
                                 {"add", 0, add_all},
                                 {"reverse", 0, reverse},
                                 {"join", 1, join},
                                 {"flatten", 0, flatten},
                                 {"flatten", 1, flatten_depth},
                                 {"transpose", 0, transpose},
                                 {"bsearch", 1, bsearch},
                                 {"indices", 1, indices},
                                 {"index", 1, index_of},
                                 {"rindex", 1, rindex_of},
                                 {"_strindices", 1, string_indices},
                                 {"toarray", 0, to_array}};

}  // namespace

std::span<const Builtin> array_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
