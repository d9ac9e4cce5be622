#include "expr/paths.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/find.h"
#include "base/utf8.h"
#include "expr/arithmetic.h"
#include "expr/memory.h"
#include "expr/order.h"

namespace nowthen::expr {
namespace {

constexpr double kIndexMax = 536'870'911;  // as in jq

Value cannot_index(const Value& of, const Value& key, Raised& raised) {
  return raised.error("Cannot index " + std::string(name_of(of.kind())) + " with " +
                      described(key));
}

/// Of an array, the position that `key` is for; below 0 or beyond the end if there is none.
double place_of(const Value& array, double key) {
  const double whole = std::trunc(key);
  return whole < 0 ? whole + static_cast<double>(array.elements().size()) : whole;
}

struct Range {
  std::size_t from = 0;
  std::size_t to = 0;
};

/// The range of a slice; false where a limit is no number.
bool range_of(std::size_t size, const Value& from, const Value& to, Range& range) {
  if ((!from.is_null() && !from.is_number()) || (!to.is_null() && !to.is_number())) return false;
  const auto count = static_cast<double>(size);
  double begin = from.is_null() ? 0 : from.number();
  double end = to.is_null() ? count : to.number();
  if (std::isnan(begin)) begin = 0;
  if (std::isnan(end)) end = count;
  if (begin < 0) begin += count;
  if (end < 0) end += count;
  begin = std::clamp(begin, 0.0, count);
  end = std::clamp(end, begin, count);
  range = {static_cast<std::size_t>(begin), static_cast<std::size_t>(std::ceil(end))};
  return true;
}

/// A limit in a key that is a slice; false, which is none, where it is not there.
Value limit(const Value& key, const char* name) {
  const Value* found = key.find(Value(name));
  return found == nullptr ? Value(false) : *found;
}

Value bad_limits(const Value& of, Raised& raised) {
  return raised.error("Start and end indices of an " + std::string(name_of(of.kind())) +
                      " slice must be numbers");
}

std::size_t byte_of_character(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size()) {
    if ((text[at] & 0xc0) != 0x80 && count-- == 0) break;
    ++at;
  }
  return at;
}

Value set_slice(Value of, const Value& key, Value value, Raised& raised) {
  Range range;
  if (of.is_string()) return raised.error("Cannot update string slices");
  if (of.is_null()) of = Value::array();
  if (!range_of(of.elements().size(), limit(key, "start"), limit(key, "end"), range))
    return bad_limits(of, raised);
  if (!value.is_array())
    return raised.error("A slice of an array can only be assigned another array");
  Value made = Value::array();
  for (std::size_t i = 0; i < range.from; ++i) made.append(of.elements()[i]);
  for (const Value& element : value.elements()) made.append(element);
  for (std::size_t i = range.to; i < of.elements().size(); ++i) made.append(of.elements()[i]);
  return made;
}

Value set(Value of, const Value& key, Value value, Raised& raised) {
  if (key.is_string() && (of.is_object() || of.is_null())) {
    if (of.is_null()) of = Value::object();
    of.set(key, std::move(value));
    return of;
  }
  if (key.is_number() && (of.is_array() || of.is_null())) {
    if (of.is_null()) of = Value::array();
    if (std::isnan(key.number())) return raised.error("Cannot set array element at NaN index");
    const double place = place_of(of, key.number());
    if (place < 0) return raised.error("Out of bounds negative array index");
    if (place > kIndexMax) return raised.error("Array index too large");
    const auto index = static_cast<std::size_t>(place);
    if (index > of.elements().size() && Memory::is_short_of(index * sizeof(Value)))
      return raised.budget("memory: an array is too long");
    of.set(index, std::move(value));
    return of;
  }
  if (key.is_object() && (of.is_array() || of.is_null() || of.is_string()))
    return set_slice(std::move(of), key, std::move(value), raised);
  if (key.is_array() && of.is_array())
    return raised.error("Cannot update field at array index of array");
  return cannot_index(of, key, raised);
}

/// Takes what `key` is for out of `of`, which must be whole again later.
Value take(Value& of, const Value& key, Raised& raised) {
  if (of.is_object() && key.is_string()) return of.take(key);
  if (of.is_array() && key.is_number() && !std::isnan(key.number())) {
    const double place = place_of(of, key.number());
    if (place < 0 || place >= static_cast<double>(of.elements().size())) return {};
    return of.take(static_cast<std::size_t>(place));
  }
  return index(of, key, raised);
}

/// Whether it can be gone along, which takes a step for each key.
bool is_path(const Value& path, Raised& raised) {
  if (!path.is_array())
    raised.error("Path must be specified as an array");
  else if (path.elements().size() > kDepthMax)
    raised.error("Path too deep");
  else
    raised.spend(path.elements().size());
  return !raised;
}

/// Changes what `path` is for by `change(inner, key)`: the value before the last key, and that.
template <class Change>
Value change_at(Value of, Elements path, Raised& raised, Change change) {
  std::vector<Value> outer;
  const std::size_t last = path.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    Value inner = take(of, path[i], raised);
    if (raised) return {};
    outer.push_back(std::move(of));
    of = std::move(inner);
  }
  of = change(std::move(of), path[last]);
  for (std::size_t i = last; i-- > 0 && !raised;) {
    of = set(std::move(outer.back()), path[i], std::move(of), raised);
    outer.pop_back();
  }
  return of;
}

/// Without what `keys` are for: those of one object.
Value without_names(Value of, const Elements& keys, Raised& raised) {
  for (const Value& key : keys) {
    if (!key.is_string())
      return raised.error("Cannot delete " + std::string(name_of(key.kind())) + " field of object");
  }
  if (!raised.spend(keys.size() + of.fields().size() / 8)) return {};
  if (keys.size() == 1) {
    of.erase(keys[0]);
    return of;
  }
  Value gone = Value::object();
  for (const Value& key : keys) gone.set(key, Value());
  Value left = Value::object();
  for (const Field& field : of.fields()) {
    if (gone.find(field.name) == nullptr) left.set(field.name, field.value);
  }
  return left;
}

/// Likewise of one array: places and slices, all as they are before anything goes.
Value without_places(Value of, const Elements& keys, Raised& raised) {
  const std::size_t size = of.elements().size();
  std::vector<Range> ranges;
  for (const Value& key : keys) {
    Range range;
    if (key.is_object()) {
      if (!range_of(size, limit(key, "start"), limit(key, "end"), range))
        return bad_limits(of, raised);
    } else if (!key.is_number()) {
      return raised.error("Cannot delete " + std::string(name_of(key.kind())) +
                          " element of array");
    } else {
      const double place = std::isnan(key.number()) ? -1 : place_of(of, key.number());
      if (place < 0 || place >= static_cast<double>(size)) continue;
      range = {static_cast<std::size_t>(place), static_cast<std::size_t>(place) + 1};
    }
    ranges.push_back(range);
  }
  if (!raised.spend(keys.size() + size / 16)) return {};
  if (ranges.size() == 1) {
    of.erase(ranges[0].from, ranges[0].to);
    return of;
  }
  std::ranges::sort(ranges, {}, &Range::from);
  Value left = Value::array();
  std::size_t at = 0;
  for (const Range& range : ranges) {
    for (; at < range.from; ++at) left.append(of.elements()[at]);
    at = std::max(at, range.to);
  }
  for (; at < size; ++at) left.append(of.elements()[at]);
  return left;
}

Value without(Value of, const Elements& keys, Raised& raised) {
  if (keys.size() == 0 || of.is_null()) return of;
  if (of.is_object()) return without_names(std::move(of), keys, raised);
  if (of.is_array()) return without_places(std::move(of), keys, raised);
  return raised.error("Cannot delete fields from " + std::string(name_of(of.kind())));
}

}  // namespace

Value index(const Value& of, const Value& key, Raised& raised) {
  switch (of.kind()) {
    case Kind::object:
      if (key.is_string()) {
        if (!raised.spend(key.text().size() / 64)) return {};
        const Value* found = of.find(key);
        return found == nullptr ? Value() : *found;
      }
      break;
    case Kind::array:
      if (key.is_number()) {
        if (std::isnan(key.number())) return {};
        const double place = place_of(of, key.number());
        if (place < 0 || place >= static_cast<double>(of.elements().size())) return {};
        return of.elements()[static_cast<std::size_t>(place)];
      }
      if (key.is_array()) return positions(of, key, raised);
      if (key.is_object()) return slice(of, limit(key, "start"), limit(key, "end"), raised);
      break;
    case Kind::string:
      if (key.is_object()) return slice(of, limit(key, "start"), limit(key, "end"), raised);
      break;
    case Kind::null:
      if (key.is_string() || key.is_number() || key.is_object()) return {};
      break;
    default:
      break;
  }
  return cannot_index(of, key, raised);
}

Value slice(const Value& of, const Value& from, const Value& to, Raised& raised) {
  Range range;
  if (of.is_null()) return {};
  if (of.is_array()) {
    const Elements elements = of.elements();
    if (!range_of(elements.size(), from, to, range)) return bad_limits(of, raised);
    Value made = Value::array();
    for (std::size_t i = range.from; i < range.to; ++i) made.append(elements[i]);
    return made;
  }
  if (of.is_string()) {
    std::string_view text = of.text();
    if (!raised.spend(text.size() / 64)) return {};
    if (!range_of(count_characters(text), from, to, range)) return bad_limits(of, raised);
    text.remove_prefix(byte_of_character(text, range.from));
    return Value(text.substr(0, byte_of_character(text, range.to - range.from)));
  }
  Value limits[] = {Value("start"), from, Value("end"), to};
  return cannot_index(of, Value::object(limits, 2), raised);
}

Value get_path(Value of, const Value& path, Raised& raised) {
  if (!is_path(path, raised)) return {};
  for (const Value& key : path.elements()) {
    of = index(of, key, raised);
    if (raised) return {};
  }
  return of;
}

Value set_path(Value of, const Value& path, Value value, Raised& raised) {
  if (!is_path(path, raised)) return {};
  if (path.elements().size() == 0) return value;
  return change_at(std::move(of), path.elements(), raised, [&](Value inner, const Value& key) {
    return set(std::move(inner), key, std::move(value), raised);
  });
}

Value take_path(Value& of, const Value& path, Raised& raised) {
  if (!is_path(path, raised)) return {};
  if (path.elements().size() == 0) return std::exchange(of, Value());
  Value all = get_path(of, path, raised);
  if (raised || all.is_null() || !(all.is_array() || all.is_object() || all.is_string()))
    return all;
  all = Value();
  Value taken;
  of = change_at(std::move(of), path.elements(), raised, [&](Value inner, const Value& key) {
    taken = take(inner, key, raised);
    return inner;
  });
  return taken;
}

// In order, all that is behind one key comes together: it is done first, then what goes away itself
// goes at once, so that nothing moves before its turn.
Value delete_paths(Value of, const Value& paths, Raised& raised) {
  if (!paths.is_array()) return raised.error("Paths must be specified as an array");
  const Elements all = paths.elements();
  for (const Value& path : all) {
    if (!path.is_array())
      return raised.error("Path must be specified as array, not " +
                          std::string(name_of(path.kind())));
    if (!is_path(path, raised)) return {};
    if (path.elements().size() == 0) return {};
  }
  const auto places = sorted_places(all.first, all.size(), raised);
  if (!places) return {};
  /// A value, and the paths that lead on from it: those from `at` up to `end`.
  struct Level {
    Value of;
    std::size_t at, end;
    Value gone = Value::array();  ///< keys
  };
  std::vector<Level> levels;
  levels.push_back({std::move(of), 0, all.size()});
  for (;;) {
    if (raised) return {};
    Level& level = levels.back();
    const std::size_t depth = levels.size() - 1;
    if (level.at == level.end) {
      Value done = without(std::move(level.of), level.gone.elements(), raised);
      levels.pop_back();
      if (raised || levels.empty()) return done;
      Level& outer = levels.back();
      // The paths that led here are those before its place.
      const Value& key = all[(*places)[outer.at - 1]].elements()[depth - 1];
      outer.of = set(std::move(outer.of), key, std::move(done), raised);
      continue;
    }
    const Elements path = all[(*places)[level.at]].elements();
    const Value& key = path[depth];
    const std::size_t first = level.at;
    while (++level.at < level.end) {
      const auto order = compare(all[(*places)[level.at]].elements()[depth], key, raised);
      if (!order) return {};
      if (*order != 0) break;
    }
    if (path.size() == depth + 1) {
      level.gone.append(key);  // and all that is in it
      continue;
    }
    // Of what is not there nothing is to be taken away, and nothing comes to be.
    if (index(level.of, key, raised).is_null()) continue;
    Value inner = take(level.of, key, raised);
    const std::size_t end = level.at;
    levels.push_back({std::move(inner), first, end});
  }
}

Value positions(const Value& of, const Value& what, Raised& raised) {
  Value found = Value::array();
  if (of.is_string() && what.is_string()) {
    const std::string_view text = of.text();
    const std::string_view part = what.text();
    if (part.empty()) return found;
    std::size_t characters = 0;
    std::size_t counted = 0;
    for (std::size_t at = 0; (at = find_text(text, part, at)) != text.npos; ++at) {
      if (!raised.spend((at - counted + part.size()) / 64)) return {};
      characters += count_characters(text.substr(counted, at - counted));
      counted = at;
      found.append(Value(static_cast<double>(characters)));
    }
    return found;
  }
  if (!of.is_array()) return index(of, what, raised);
  const Elements all = of.elements();
  const Elements parts = what.is_array() ? what.elements() : Elements{&what, 1};
  if (parts.size() == 0) return found;
  for (std::size_t at = 0; at + parts.size() <= all.size(); ++at) {
    bool same = true;
    for (std::size_t i = 0; i < parts.size() && same; ++i) {
      const auto order = compare(all[at + i], parts[i], raised);
      if (!order) return {};
      same = *order == 0;
    }
    if (same) found.append(Value(static_cast<double>(at)));
  }
  return found;
}

}  // namespace nowthen::expr
